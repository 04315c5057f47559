"""Trace once, replay fast: code written for single Values, run over whole batches."""

from .cache import ProgramCache
from .program import Program, trace, trace_graph

__all__ = ["Program", "ProgramCache", "trace", "trace_graph"]
