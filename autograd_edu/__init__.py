"""A scalar reverse-mode automatic differentiation engine for learning backpropagation.

Start with `Value`: a number that remembers how it was made. `steps`, `draw` and `check_gradient`
show what it remembers.
"""

from typing import TYPE_CHECKING

from .care import anomaly, release
from .engine.modes import ieee
from .engine.op import operation
from .engine.ops import (
    OPS, Op, abs as abs, acos, acosh, asin, asinh, atan, atan2, atanh, ceil, clip, cos, cosh,
    degrees, detach, dot, elu, erf, erfc, exp, exp2, expm1, floor, gelu, heaviside, hypot,
    leaky_relu, log, log10, log1p, log2, logsumexp, maximum, mean, minimum, mod, pow as pow,
    radians, register, relu, selu, sigmoid, sign, silu, sin, sinh, softplus, sqrt, square, step,
    strict_step, tan, tanh, total, where,
)  # fmt: skip
from .engine.modes import no_gc, no_grad, scope
from .engine.value import Constant, Value
from .printing import prints as _prints
from .version import __version__ as __version__

if TYPE_CHECKING:  # at run time these are imported when they are first used; see _LATER
    from . import data as data, lab as lab, nn as nn, optim as optim, plots as plots, train as train
    from .derivatives.check import check_gradient
    from .derivatives.dual import Dual
    from .derivatives.implicit import fixed_point, implicit
    from .derivatives.numeric import numeric_gradient
    from .derivatives.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
    from .nn.softmax import softmax
    from .pictures.drawing import draw, to_dot
    from .pictures.network.picture import draw_network
    from .pictures.steps import steps, walk
    from .program import Program, ProgramCache, trace, trace_graph

for _kind in (Value, Constant):  # the engine knows nothing of terminals
    _prints(_kind)

# `from autograd_edu import *` leaves Python's own abs and pow alone: they work on Values, too.
__all__ = [
    "OPS", "Constant", "Dual", "Op", "Program", "ProgramCache", "Value", "acos", "acosh", "anomaly",
    "asin", "asinh", "atan", "atan2", "atanh", "ceil", "check_gradient", "clip", "cos", "cosh",
    "degrees", "detach", "dot", "draw", "draw_network", "elu", "erf", "erfc", "exp", "exp2",
    "expm1", "fixed_point", "floor", "gelu", "grad", "heaviside", "hessian", "hvp", "hypot", "ieee",
    "implicit", "jacobian", "jvp", "leaky_relu", "log", "log1p", "log2", "log10", "logsumexp",
    "maximum", "mean", "minimum", "mod", "no_gc", "no_grad", "numeric_gradient", "operation",
    "radians", "register", "release", "relu", "scope", "selu", "sigmoid", "sign", "silu", "sin",
    "sinh", "softmax", "softplus", "sqrt", "square", "step", "steps", "strict_step", "tan", "tanh",
    "to_dot", "total", "trace", "trace_graph", "value_and_grad", "vjp", "walk", "where",
]  # fmt: skip

# Data have no docstring. This text stands for one in the reference, and doctest runs it.
__test__ = {
    "OPS": """
The rule table: every operation by name, also those that you make with `operation`.

>>> from autograd_edu import OPS
>>> OPS["tanh"](0.0), OPS["tanh"].slopes_of(("x",))
(0.0, ('1 - y**2',))
""",
}
_SUBMODULES = ("data", "lab", "nn", "optim", "plots", "train")
_LATER = {
    "derivatives.check": ("check_gradient",),
    "derivatives.dual": ("Dual",),
    "derivatives.implicit": ("fixed_point", "implicit"),
    "derivatives.numeric": ("numeric_gradient",),
    "derivatives.transforms":
        ("grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"),
    "nn.softmax": ("softmax",),
    "pictures.drawing": ("draw", "to_dot"),
    "pictures.network.picture": ("draw_network",),
    "pictures.steps": ("steps", "walk"),
    "program": ("Program", "ProgramCache", "trace", "trace_graph"),
}  # fmt: skip
_ELSEWHERE = {  # names of PyTorch, JAX and their kin
    "Tensor": "Value", "tensor": "Value", "Variable": "Value", "jit": "trace", "vmap": "trace",
    "compile": "trace", "gradcheck": "check_gradient", "stop_gradient": "detach",
    "enable_grad": "no_grad", "max": "maximum", "min": "minimum", "sum": "total",
}  # fmt: skip

if not TYPE_CHECKING:  # a type checker that saw this would take every misspelled name for a name

    def __getattr__(name):
        """Import a submodule, or the module that a name comes from, on first use."""
        from importlib import import_module

        if name in _SUBMODULES:
            return import_module(f".{name}", __name__)
        for module, names in _LATER.items():
            if name in names:
                globals()[name] = getattr(import_module(f".{module}", __name__), name)
                return globals()[name]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{_meant(name)}")

    def _meant(name):
        """What a name from another package, of a submodule, or with a slip is here."""
        from importlib import import_module

        from .errors import nearest

        if name.startswith("_"):
            return ""
        for submodule in (*_SUBMODULES, "errors"):
            if name in getattr(import_module(f".{submodule}", __name__), "__all__", ()):
                return f"; it is in the submodule {submodule}: {submodule}.{name}"
        meant = _ELSEWHERE.get(name) or nearest(name, __dir__())
        return f"; did you mean {meant!r}?" if meant else ""


def __dir__() -> list[str]:
    """The public names and the submodules, for completion at a prompt."""
    return sorted({*__all__, "abs", "pow", *_SUBMODULES})
