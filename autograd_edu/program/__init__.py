"""Trace once, replay fast: a computation written with single Values, run over whole batches by NumPy."""

from .cache import ProgramCache
from .program import Program, trace, trace_graph

__all__ = ["Program", "ProgramCache", "trace", "trace_graph"]
