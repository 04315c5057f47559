"""A scalar reverse-mode automatic differentiation engine that people learn backpropagation with.

Start with `Value`: a number that remembers how it was made. `steps`, `draw` and `check_gradient` show what it remembers.
"""

from .derivatives.check import check_gradient
from .pictures.drawing import draw, to_dot
from .derivatives.dual import Dual
from .derivatives.numeric import numeric_gradient
from .engine.op import operation
from .engine.ops import OPS, Op, register
from .engine.floats import ieee
from .engine.ops import (
    abs, acos, asin, atan, clip, cos, cosh, detach, dot, elu, erfc, exp, expm1, gelu, leaky_relu,
    log, log1p, logsumexp, maximum, minimum, pow, relu, selu, sigmoid, sin, sinh, softplus, sqrt,
    square, step, strict_step, tan, tanh, total, where,
)  # fmt: skip
from .pictures.steps import steps
from .derivatives.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad
from .engine.value import Constant, Value, no_gc, no_grad, scope

from .version import __version__ as __version__


def __getattr__(name: str) -> object:
    """`trace` and its kin, `draw_network` and `walk` on first use: most work needs neither them nor what they import."""
    from importlib import import_module

    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_LATER[name]}", __name__), name)


_LATER = {
    "Program": "program", "ProgramCache": "program", "trace": "program", "trace_graph": "program",
    "draw_network": "pictures.network.picture", "walk": "pictures.steps",
}  # fmt: skip


__all__ = [
    "OPS", "Constant", "Dual", "Op", "Program", "ProgramCache", "Value", "abs", "acos", "asin",
    "atan", "check_gradient", "clip", "cos", "cosh", "detach", "dot", "draw", "draw_network",
    "elu", "erfc", "exp", "expm1", "gelu", "grad", "hessian", "hvp", "ieee", "jacobian", "jvp",
    "leaky_relu", "log", "log1p", "logsumexp", "maximum", "minimum", "no_gc", "no_grad",
    "numeric_gradient", "operation", "pow", "register", "relu", "scope", "selu", "sigmoid", "sin",
    "sinh", "softplus", "sqrt", "square", "step", "steps", "strict_step", "tan", "tanh", "to_dot",
    "total", "trace", "trace_graph", "value_and_grad", "walk", "where",
]  # fmt: skip


def __dir__() -> list[str]:
    """All public names, for completion at a prompt."""
    return sorted({*globals(), *__all__})
