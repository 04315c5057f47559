"""A scalar reverse-mode automatic differentiation engine that people learn backpropagation with."""

from .dual import Dual
from .ops import OPS, Op, register
from .reals import ieee
from .syntax import (
    abs, acos, asin, atan, clip, cos, cosh, dot, elu, erfc, exp, expm1, gelu, leaky_relu, log, log1p, logsumexp, maximum, minimum, pow,
    relu, selu, sigmoid, sin, sinh, softplus, sqrt, square, step, tan, tanh, total, where,
)  # fmt: skip
from .transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad
from .value import Constant, Value, no_gc, no_grad, scope

__version__ = "0.1.0"
