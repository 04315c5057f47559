"""Trace once, replay fast: code written for single Values, run over whole batches.

What runs programs needs NumPy and is imported on first use. So the rows printed as JavaScript are
there without it, also in a browser.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cache import ProgramCache
    from .program import Program, trace, trace_graph

__all__ = ["Program", "ProgramCache", "trace", "trace_graph"]


def __getattr__(name: str) -> object:
    """The public names, on first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = ".cache" if name == "ProgramCache" else ".program"
    return getattr(import_module(module, __name__), name)
