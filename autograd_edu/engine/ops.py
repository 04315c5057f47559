"""The rule table: everything the package knows about an operation, one row each.

A row is a function of a namespace ``xp`` and the operands. It uses Python's operators and the
functions of ``xp``, so that one rule serves every kind of number: floats, arrays, Values, duals,
complex numbers, symbols. It may not ask `if` of an operand; ``xp.choose`` takes a branch. The row
is also the public function: ``tanh(x)`` applies it to numbers of any kind.

``formula`` and ``local_gradients`` say what the row computes, as Python expressions of the
operands' names and of ``y``, the result. They are what is printed, and the local gradients are
computed as they are printed, unless the row has a `local_gradient` rule of its own, which keeps
digits that the textbook formula loses (see `accurate`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, overload

from ..arithmetic.contracts import K, Kind, Namespace, Real, X
from ..arithmetic.rows import products, together
from ..errors import ArityError, OperandError
from . import accurate
from .op import OPS as OPS
from .op import Op as Op
from .op import operation
from .op import register as register

N = TypeVar("N", bound=Real)

# ---- arithmetic ----


@operation(formula="a + b", local_gradients=("1", "1"), example=(2.0, -3.0), symbol="+", adds=True)
def add(xp: Namespace[N], a: N, b: N) -> N:
    """The sum.

    >>> add(2.0, -3.0)
    -1.0
    """
    return a + b


@operation(
    formula="a - b", local_gradients=("1", "-1"), example=(2.0, -3.0), symbol="-", numpy="subtract"
)
def sub(xp: Namespace[N], a: N, b: N) -> N:
    """The difference.

    >>> sub(2.0, -3.0)
    5.0
    """
    return a - b


@operation(
    numpy="multiply", formula="a*b", local_gradients=("b", "a"), example=(2.0, -3.0), symbol="×",
    multiplies=True,
)  # fmt: skip
def mul(xp: Namespace[N], a: N, b: N) -> N:
    """The product.

    >>> mul(2.0, -3.0)
    -6.0
    """
    return a * b


@operation(numpy="negative", formula="-x", local_gradients=("-1",), example=(2.0,), symbol="neg")
def neg(xp: Namespace[N], x: N) -> N:
    """The negative.

    >>> neg(2.0)
    -2.0
    """
    return -x


@operation(
    numpy="divide", formula="a/b", local_gradients=("1/b", "-a/b**2"), example=(2.0, -3.0),
    symbol="÷", domain="{b} must not be zero", edges="a/0: error; in ieee() ±inf or nan",
)  # fmt: skip
def div(xp: Namespace[N], a: N, b: N) -> N:
    """The quotient.

    >>> div(3.0, 2.0)
    1.5
    """
    return a / b


div.local_gradient(accurate.quotient_gradient, of="b")


@operation(
    local_gradients=("1", "-floor(a/b)"), example=(7.5, 2.0), numpy="remainder", symbol="mod",
    domain="{b} must not be zero",
    edges="the sign is that of b; at a jump the local gradients are those from above",
)  # fmt: skip
def mod(xp: Namespace[N], a: N, b: N) -> N:
    """The remainder of a division, a - b·⌊a/b⌋, Python's ``a % b``.

    >>> mod(7.5, 2.0)
    1.5
    """
    return a % b


mod.local_gradient(lambda xp, y, a, b: -xp.floor((a - y) / b + 0.5), of="b")


@operation(
    numpy="power", formula="a**b",
    local_gradients=("0 if b == 0 else b*a**(b - 1)", "0 if a == 0 else y*log(a)"),
    example=(2.0, -3.0), symbol="xʸ", template="{0}^{1}", latex="{{{0}}}^{{{1}}}",
    domain="{a} must be positive, or {b} a whole number (positive, if {a} is zero)",
    edges="0⁰ = 1 with gradient (0, 0); a < 0 has no gradient for b; never complex",
)  # fmt: skip
def pow(xp: Namespace[N], a: N, b: N) -> N:
    """``a`` to the power ``b``.

    >>> pow(2.0, -3.0)
    0.125
    """
    return xp.pow(a, b)


pow.local_gradient(accurate.base_gradient)
pow.local_gradient(accurate.exponent_gradient)


@operation(formula="x**2", local_gradients=("2*x",), example=(-1.5,), symbol="x²")
def square(xp: Namespace[N], x: N) -> N:
    """x·x.

    >>> square(-1.5)
    2.25
    """
    return x * x


# ---- elementary functions ----


@operation(local_gradients=("y",), example=(0.5,), latex="e^{{{0}}}")
def exp(xp: Namespace[N], x: N) -> N:
    """The exponential function.

    >>> exp(0.0)
    1.0
    """
    return xp.exp(x)


@operation(
    local_gradients=("log(2)*y",),
    example=(0.5,),
)
def exp2(xp: Namespace[N], x: N) -> N:
    """2 to the power x.

    >>> exp2(3.0)
    8.0
    """
    return xp.exp2(x)


exp2.local_gradient(lambda xp, y, x: math.log(2.0) * y)


@operation(local_gradients=("exp(x)",), example=(0.5,), latex="e^{{{0}}} - 1")
def expm1(xp: Namespace[N], x: N) -> N:
    """exp(x) - 1, accurate near 0.

    >>> round(expm1(1e-10), 14)
    1e-10
    """
    return xp.expm1(x)


@operation(
    local_gradients=("1/x",), example=(0.5,), latex=r"\log", domain="{x} must be positive",
    edges="log 0: error; in ieee() -inf with gradient inf",
)  # fmt: skip
def log(xp: Namespace[N], x: N) -> N:
    """The natural logarithm.

    >>> log(1.0)
    0.0
    """
    return xp.log(x)


@operation(local_gradients=("1/(x*log(2))",), example=(0.5,), domain="{x} must be positive")
def log2(xp: Namespace[N], x: N) -> N:
    """The logarithm to base 2.

    >>> log2(8.0)
    3.0
    """
    return xp.log2(x)


log2.local_gradient(lambda xp, y, x: 1.4426950408889634 / x)


@operation(local_gradients=("1/(x*log(10))",), example=(0.5,), domain="{x} must be positive")
def log10(xp: Namespace[N], x: N) -> N:
    """The logarithm to base 10.

    >>> round(log10(1000.0), 9)
    3.0
    """
    return xp.log10(x)


log10.local_gradient(lambda xp, y, x: 0.4342944819032518 / x)


@operation(
    local_gradients=("1/(1 + x)",), example=(0.5,), latex=r"\log\left(1 + {0}\right)",
    domain="{x} must be greater than -1",
)  # fmt: skip
def log1p(xp: Namespace[N], x: N) -> N:
    """log(1 + x), accurate near 0.

    >>> round(log1p(1e-10), 14)
    1e-10
    """
    return xp.log1p(x)


@operation(
    local_gradients=("1/(2*y)",), example=(2.0,), symbol="√", template="√({0})",
    latex=r"\sqrt{{{0}}}", domain="{x} must not be negative",
    edges="√0 = 0 with gradient inf, an error if needed",
)  # fmt: skip
def sqrt(xp: Namespace[N], x: N) -> N:
    """The square root.

    >>> sqrt(2.25)
    1.5
    """
    return xp.sqrt(x)


@operation(
    numpy="absolute", local_gradients=("where(x > 0, 1, where(x < 0, -1, 0))",), example=(-1.5,),
    symbol="|x|", template="|{0}|", latex=r"\left|{0}\right|", edges="|x|′(0) = 0",
)  # fmt: skip
def abs(xp: Namespace[N], x: N) -> N:
    """The absolute value.

    >>> abs(-1.5)
    1.5
    """
    return x.__abs__()  # `abs` is the row


@operation(
    local_gradients=("0",), example=(-1.5,), edges="sign 0 = 0; the gradient is 0 everywhere"
)
def sign(xp: Namespace[N], x: N) -> N:
    """-1, 0 or 1: on which side of 0 the number is.

    >>> sign(-1.5)
    -1.0
    """
    return xp.choose(x > 0.0, 1.0, xp.choose(x < 0.0, -1.0, x))


@operation(local_gradients=("0",), example=(-1.5,), edges="the gradient is 0 everywhere")
def floor(xp: Namespace[N], x: N) -> N:
    """The largest whole number that is not above x.

    >>> floor(-1.5)
    -2.0
    """
    return xp.floor(x)


@operation(local_gradients=("0",), example=(-1.5,), edges="the gradient is 0 everywhere")
def ceil(xp: Namespace[N], x: N) -> N:
    """The smallest whole number that is not below x.

    >>> ceil(-1.5)
    -1.0
    """
    return -xp.floor(-x)


@operation(local_gradients=("cos(x)",), example=(0.5,), latex=r"\sin")
def sin(xp: Namespace[N], x: N) -> N:
    """The sine of an angle in radians.

    >>> round(sin(0.5), 4)
    0.4794
    """
    return xp.sin(x)


@operation(local_gradients=("-sin(x)",), example=(0.5,), latex=r"\cos")
def cos(xp: Namespace[N], x: N) -> N:
    """The cosine of an angle in radians.

    >>> round(cos(0.5), 4)
    0.8776
    """
    return xp.cos(x)


@operation(local_gradients=("1 + y**2",), example=(0.5,), latex=r"\tan")
def tan(xp: Namespace[N], x: N) -> N:
    """The tangent of an angle in radians.

    >>> round(tan(0.5), 4)
    0.5463
    """
    return xp.tan(x)


@operation(
    numpy="arcsin", local_gradients=("1/sqrt(1 - x**2)",), example=(0.5,), latex=r"\arcsin",
    domain="{x} must be in [-1, 1]", edges="gradient inf at ±1, an error if needed",
)  # fmt: skip
def asin(xp: Namespace[N], x: N) -> N:
    """The angle in [-π/2, π/2] whose sine is x.

    >>> round(asin(1.0), 4)
    1.5708
    """
    return xp.asin(x)


asin.local_gradient(lambda xp, y, x: 1.0 / xp.sqrt((1.0 - x) * (1.0 + x)))


@operation(
    numpy="arccos", local_gradients=("-1/sqrt(1 - x**2)",), example=(0.5,), latex=r"\arccos",
    domain="{x} must be in [-1, 1]", edges="gradient -inf at ±1, an error if needed",
)  # fmt: skip
def acos(xp: Namespace[N], x: N) -> N:
    """The angle in [0, π] whose cosine is x.

    >>> round(acos(-1.0), 4)
    3.1416
    """
    return xp.acos(x)


acos.local_gradient(lambda xp, y, x: -1.0 / xp.sqrt((1.0 - x) * (1.0 + x)))


@operation(numpy="arctan", local_gradients=("1/(1 + x**2)",), example=(0.5,), latex=r"\arctan")
def atan(xp: Namespace[N], x: N) -> N:
    """The angle in (-π/2, π/2) whose tangent is x.

    >>> round(atan(1.0), 4)
    0.7854
    """
    return xp.atan(x)


@operation(
    local_gradients=("b/(a**2 + b**2)", "-a/(a**2 + b**2)"), example=(0.5, -1.5), numpy="arctan2",
    edges="atan2(0, 0) = 0 has no gradient; at a = 0, b < 0 it is π; -0 is 0",
)  # fmt: skip
def atan2(xp: Namespace[N], a: N, b: N) -> N:
    """The angle in (-π, π] of the point with the height a and the abscissa b.

    >>> atan2(1.0, -1.0)
    2.356194490192345
    """
    return xp.atan2(a + 0.0, b + 0.0)


@atan2.local_gradient
def _(xp: Namespace[N], y: N, a: N, b: N) -> N | float:
    return accurate.cosine(xp, b, a) / xp.hypot(a, b)


@atan2.local_gradient
def _(xp: Namespace[N], y: N, a: N, b: N) -> N | float:
    return -accurate.cosine(xp, a, b) / xp.hypot(a, b)


@operation(local_gradients=("a/y", "b/y"), example=(3.0, -4.0), edges="no gradient at (0, 0)")
def hypot(xp: Namespace[N], a: N, b: N) -> N:
    """The length √(a² + b²), without overflow.

    >>> hypot(3.0, -4.0)
    5.0
    """
    return xp.hypot(a, b)


hypot.local_gradient(lambda xp, y, a, b: accurate.cosine(xp, a, b))
hypot.local_gradient(lambda xp, y, a, b: accurate.cosine(xp, b, a))


@operation(local_gradients=("pi/180",), example=(60.0,))
def radians(xp: Namespace[N], x: N) -> N:
    """An angle of x degrees, in radians.

    >>> round(radians(180.0), 4)
    3.1416
    """
    return 0.017453292519943295 * x


@operation(local_gradients=("180/pi",), example=(0.5,))
def degrees(xp: Namespace[N], x: N) -> N:
    """An angle of x radians, in degrees.

    >>> round(degrees(1.0), 4)
    57.2958
    """
    return 57.29577951308232 * x


@operation(local_gradients=("cosh(x)",), example=(0.5,), latex=r"\sinh")
def sinh(xp: Namespace[N], x: N) -> N:
    """The hyperbolic sine.

    >>> round(sinh(0.5), 4)
    0.5211
    """
    return xp.sinh(x)


@operation(local_gradients=("sinh(x)",), example=(0.5,), latex=r"\cosh")
def cosh(xp: Namespace[N], x: N) -> N:
    """The hyperbolic cosine.

    >>> round(cosh(0.5), 4)
    1.1276
    """
    return xp.cosh(x)


@operation(local_gradients=("1/sqrt(1 + x**2)",), example=(0.5,), numpy="arcsinh")
def asinh(xp: Namespace[N], x: N) -> N:
    """The number whose hyperbolic sine is x.

    >>> round(asinh(0.5), 4)
    0.4812
    """
    return xp.asinh(x)


@asinh.local_gradient
def _(xp: Namespace[N], y: N, x: N) -> N | float:
    """1/|x| far out, where x² would overflow."""
    near = lambda: 1.0 / xp.sqrt(1.0 + x * x)  # noqa: E731 - a branch
    return xp.choose(x.__abs__() < 1e9, near, lambda: 1.0 / x.__abs__())


@operation(
    local_gradients=("1/sqrt(x**2 - 1)",), example=(1.5,), numpy="arccosh",
    domain="{x} must be at least 1", edges="gradient inf at 1, an error if needed",
)  # fmt: skip
def acosh(xp: Namespace[N], x: N) -> N:
    """The number that is not negative and whose hyperbolic cosine is x.

    >>> round(acosh(1.5), 4)
    0.9624
    """
    return xp.acosh(x)


acosh.local_gradient(lambda xp, y, x: 1.0 / (xp.sqrt(x - 1.0) * xp.sqrt(x + 1.0)))


@operation(
    local_gradients=("1/(1 - x**2)",), example=(0.5,), numpy="arctanh",
    domain="{x} must be between -1 and 1", edges="±1: error; in ieee() ±inf with gradient inf",
)  # fmt: skip
def atanh(xp: Namespace[N], x: N) -> N:
    """The number whose hyperbolic tangent is x.

    >>> round(atanh(0.5), 4)
    0.5493
    """
    return xp.atanh(x)


atanh.local_gradient(lambda xp, y, x: 1.0 / ((1.0 - x) * (1.0 + x)))


@operation(local_gradients=("2/sqrt(pi)*exp(-x**2)",), example=(0.5,))
def erf(xp: Namespace[N], x: N) -> N:
    """The error function.

    >>> round(erf(0.5), 4)
    0.5205
    """
    return xp.erf(x)


erf.local_gradient(lambda xp, y, x: 2.0 / math.sqrt(math.pi) * accurate.gauss(xp, x, 1.0))


@operation(local_gradients=("-2/sqrt(pi)*exp(-x**2)",), example=(0.5,))
def erfc(xp: Namespace[N], x: N) -> N:
    """1 - erf(x), the complementary error function.

    >>> round(erfc(0.5), 4)
    0.4795
    """
    return xp.erfc(x)


erfc.local_gradient(lambda xp, y, x: -2.0 / math.sqrt(math.pi) * accurate.gauss(xp, x, 1.0))


# ---- activations ----


@operation(
    local_gradients=("y*(1 - y)",), example=(0.5,), symbol="σ", template="σ({0})", latex=r"\sigma",
    activation=True,
)  # fmt: skip
def sigmoid(xp: Namespace[N], x: N) -> N:
    """1/(1 + exp(-x)), the logistic function.

    >>> sigmoid(0.0)
    0.5
    """
    return accurate.sigmoid(xp, x)


@sigmoid.local_gradient
def _(xp: Namespace[N], y: N, x: N) -> N | float:
    """Keeps its digits where y(1 - y) has lost them: σ′(40) is 4.25e-18."""
    e = accurate.decay(xp, x)
    return e / ((1.0 + e) * (1.0 + e))


@operation(local_gradients=("1 - y**2",), example=(0.5,), latex=r"\tanh", activation=True)
def tanh(xp: Namespace[N], x: N) -> N:
    """The hyperbolic tangent.

    >>> round(tanh(0.5), 4)
    0.4621
    """
    return xp.tanh(x)


@tanh.local_gradient
def _(xp: Namespace[N], y: N, x: N) -> N | float:
    """Keeps its digits where 1 - y² has lost them: tanh′(19) is 1.26e-16."""
    e = accurate.decay(xp, 2.0 * x)
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


@operation(local_gradients=("sigmoid(x)",), example=(0.5,), activation=True)
def softplus(xp: Namespace[N], x: N) -> N:
    """log(1 + exp(x)), without overflow.

    >>> round(softplus(0.0), 4)
    0.6931
    """
    return xp.maximum(x, 0.0) + xp.log1p(xp.exp(-x.__abs__()))


softplus.local_gradient(lambda xp, y, x: accurate.sigmoid(xp, x))


@operation(
    local_gradients=("where(x > 0, 1, 0)",), example=(0.5,), symbol="ReLU", activation=True,
    rectifier=True, edges="relu′(0) = 0",
)  # fmt: skip
def relu(xp: Namespace[N], x: N) -> N:
    """x where positive, else 0.

    >>> relu(-1.5), relu(1.5)
    (0.0, 1.5)
    """
    return xp.maximum(x, 0.0)


@operation(
    local_gradients=("where(x > 0, 1, slope)", "where(x > 0, 0, x)"), example=(-1.5, 0.1),
    symbol="leaky ReLU", activation=True, latex=r"\operatorname{{leaky\_relu}}\left({all}\right)",
    edges="the gradient at 0 is the slope",
)  # fmt: skip
def leaky_relu(xp: Namespace[N], x: N, slope: N | float = 0.1) -> N:
    """x where positive, slope·x elsewhere; 0.1 as in the lectures (PyTorch's default is 0.01).

    A Value as slope is learned.

    >>> leaky_relu(-2.0), leaky_relu(-2.0, 0.5)
    (-0.2, -1.0)
    """
    return xp.choose(x > 0.0, x, slope * x)


@operation(
    local_gradients=("where(x > 0, 1, y + alpha)", "0 if x > 0 else exp(x) - 1"),
    example=(-1.5, 1.0), symbol="ELU", activation=True,
    edges="elu′(0) = α, the limit from the left",
)  # fmt: skip
def elu(xp: Namespace[N], x: N, alpha: N | float = 1.0) -> N:
    """x where positive, α(eˣ - 1) elsewhere.

    >>> round(elu(-1.5), 4)
    -0.7769
    """
    return xp.choose(x > 0.0, x, alpha * xp.expm1(xp.minimum(x, 0.0)))


@elu.local_gradient
def _(xp: Namespace[N], y: N, x: N, alpha: N) -> N | float:
    return xp.choose(x > 0.0, 1.0, lambda: alpha * xp.exp(xp.choose(x > 0.0, 0.0, x)))


@elu.local_gradient
def _(xp: Namespace[N], y: N, x: N, alpha: N) -> N | float:
    return xp.choose(x > 0.0, 0.0, lambda: xp.expm1(xp.choose(x > 0.0, 0.0, x)))


SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


@operation(
    local_gradients=("where(x > 0, 1.0507009873554805, y + 1.7580993408473766)",), example=(-1.5,),
    symbol="SELU", activation=True, edges="selu′(0) is the limit from the left",
)  # fmt: skip
def selu(xp: Namespace[N], x: N) -> N:
    """λx where positive, λα(eˣ - 1) elsewhere, with the constants that keep mean 0 and variance 1.

    Klambauer et al., "Self-normalizing neural networks" (2017).

    >>> round(selu(1.0), 4)
    1.0507
    """
    below = SELU_SCALE * SELU_ALPHA * xp.expm1(xp.minimum(x, 0.0))
    return xp.choose(x > 0.0, SELU_SCALE * x, below)


@selu.local_gradient
def _(xp: Namespace[N], y: N, x: N) -> N | float:
    below = lambda: SELU_SCALE * SELU_ALPHA * xp.exp(xp.choose(x > 0.0, 0.0, x))  # noqa: E731
    return xp.choose(x > 0.0, SELU_SCALE, below)


@operation(
    example=(0.5,), symbol="GELU", activation=True,
    local_gradients=("erfc(-x/sqrt(2))/2 + x*exp(-x**2/2)/sqrt(2*pi)",),
)  # fmt: skip
def gelu(xp: Namespace[N], x: N) -> N:
    """x·Φ(x), where Φ is the distribution function of the normal distribution.

    >>> round(gelu(0.5), 4)
    0.3457
    """
    return accurate.gelu(xp, x)


gelu.local_gradient(accurate.gelu_gradient)


@operation(
    local_gradients=("sigmoid(x)*(1 + x*(1 - sigmoid(x)))",), example=(0.5,), symbol="SiLU",
    activation=True,
)  # fmt: skip
def silu(xp: Namespace[N], x: N) -> N:
    """x·σ(x), also called swish.

    >>> round(silu(0.5), 4)
    0.3112
    """
    return accurate.silu(xp, x)


silu.local_gradient(accurate.silu_gradient)


def _step(op: Op, x: X, *, strict: bool = False) -> X:
    return (strict_step if strict else op).apply((x,))  # type: ignore[no-any-return]  # an X


@operation(
    called=_step, local_gradients=("0",), example=(0.5,), symbol="Θ", template="Θ({0})",
    latex=r"\Theta\left({0}\right)", edges="Θ(0) = 1; the gradient is 0 everywhere",
)  # fmt: skip
def step(xp: Namespace[N], x: N) -> N:
    """The hard threshold Θ: 1 where x ≥ 0 (with ``strict``, where x > 0), else 0.

    >>> step(0.0), step(0.0, strict=True)
    (1.0, 0.0)
    """
    return xp.choose(x >= 0.0, 1.0, xp.choose(x < 0.0, 0.0, x))


@operation(
    local_gradients=("0",), example=(0.5,), symbol="Θ>", template="Θ>({0})",
    latex=r"\Theta_{{>}}\left({0}\right)", edges="Θ>(0) = 0; the gradient is 0 everywhere",
)  # fmt: skip
def strict_step(xp: Namespace[N], x: N) -> N:
    """1 where x > 0, else 0.

    >>> strict_step(0.0)
    0.0
    """
    return xp.choose(x > 0.0, 1.0, xp.choose(x <= 0.0, 0.0, x))


# ---- choices: in these, an operand whose local gradient is 0 is not selected ----


@operation(
    local_gradients=("0",), example=(0.5,), symbol="detach", selects=True, stops=True,
    edges="no gradient flows back, not even where it would be infinite",
)  # fmt: skip
def detach(xp: Namespace[N], x: N) -> N:
    """The number of ``x`` without its history: a constant to every derivative.

    >>> detach(0.5)
    0.5
    """
    return 1.0 * x


def _ties(sign: str) -> Callable[..., tuple[str, ...]]:
    def shares(*xs: str) -> tuple[str, ...]:
        count = " + ".join(f"({x} {sign} y)" for x in xs)
        return tuple(f"({x} {sign} y)/({count})" for x in xs)

    return shares


@operation(
    groups=together, formula=lambda *xs: f"maximum({', '.join(xs)})", local_gradients=_ties(">="),
    example=(2.0, -3.0), symbol="max", latex=r"\max", selects=True, neutral=-math.inf,
    edges="k tied operands get 1/k each; nan from any side",
)  # fmt: skip
def maximum(xp: Namespace[N], xs: Sequence[N]) -> N:
    """The largest of the operands, or of one list of them. Ties share the gradient equally.

    >>> maximum(2.0, -3.0), maximum([1.0, 4.0, 2.0])
    (2.0, 4.0)
    """
    return accurate.over(xp.maximum, xs)


@maximum.local_gradient
def _(xp: Namespace[N], y: N, xs: Sequence[N]) -> Sequence[N | float]:
    return accurate.shares(xp, accurate.each(lambda x: x >= y, xs))


@operation(
    groups=together, formula=lambda *xs: f"minimum({', '.join(xs)})", local_gradients=_ties("<="),
    example=(2.0, -3.0), symbol="min", latex=r"\min", selects=True, neutral=math.inf,
    edges="k tied operands get 1/k each; nan from any side",
)  # fmt: skip
def minimum(xp: Namespace[N], xs: Sequence[N]) -> N:
    """The smallest of the operands, or of one list of them. Ties share the gradient equally.

    >>> minimum(2.0, -3.0), minimum([1.0, 4.0, 2.0])
    (-3.0, 1.0)
    """
    return accurate.over(xp.minimum, xs)


@minimum.local_gradient
def _(xp: Namespace[N], y: N, xs: Sequence[N]) -> Sequence[N | float]:
    return accurate.shares(xp, accurate.each(lambda x: x <= y, xs))


def _where(
    op: Op, condition: Kind | float, then: X | Callable[[], X], otherwise: X | Callable[[], X]
) -> X:
    if callable(then) or callable(otherwise):
        chosen = then if condition else otherwise
        return chosen() if callable(chosen) else chosen
    return op.apply((condition, then, otherwise))  # type: ignore[no-any-return]  # an X


@operation(
    local_gradients=("0", "where(condition > 0, 1, 0)", "where(condition > 0, 0, 1)"),
    called=_where, example=(1.0, 2.0, -3.0), selects=True,
    edges="only the taken branch receives a gradient",
)  # fmt: skip
def where(xp: Namespace[N], condition: N, then: N, otherwise: N) -> N:
    """``then`` if ``condition`` holds, else ``otherwise``; only the taken one gets a gradient.

    A branch given as a function is called only if it is taken:
    ``where(x > 0, lambda: sqrt(x), 0.0)``.

    >>> where(1.0 > 0.0, 2.0, -3.0)
    2.0
    """
    return xp.choose(condition > 0.0, then, otherwise)


@operation(
    local_gradients=(
        "where(x < low, 0, where(x > high, 0, 1))", "where(x < low, where(low > high, 0, 1), 0)",
        "where(maximum(x, low) > high, 1, 0)",
    ),
    example=(0.5, -1.0, 1.0), selects=True, edges="the gradient for x is 1 on the closed interval",
)  # fmt: skip
def clip(xp: Namespace[N], x: N, low: N, high: N) -> N:
    """``x``, but not below ``low`` and not above ``high``.

    >>> clip(1.5, -1.0, 1.0)
    1.0
    """
    return xp.minimum(xp.maximum(x, low), high)


# ---- sums ----


@operation(
    groups=together, formula=lambda *xs: " + ".join(xs),
    local_gradients=lambda *xs: ("1",) * len(xs), example=(2.0, -3.0, 0.5), symbol="Σ", neutral=0.0,
    adds=True, edges="correctly rounded",
)  # fmt: skip
def total(xp: Namespace[N], xs: Sequence[N]) -> N:
    """The correctly rounded sum of the operands, or of one list of them; 0.0 for none.

    >>> total([2.0, -3.0, 0.5])
    -0.5
    """
    return xp.total(xs)


@total.local_gradient
def _(xp: Namespace[N], y: N, xs: Sequence[N]) -> Sequence[N | float]:
    return accurate.each(lambda x: 1.0, xs)


def _products(*operands: str) -> str:
    ws, xs, bias = products(operands)
    return " + ".join([*(f"{w}*{x}" for w, x in zip(ws, xs, strict=True)), *bias])


def _factors(*operands: str) -> tuple[str, ...]:
    ws, xs, bias = products(operands)
    return (*xs, *ws, *("1" for _ in bias))


def _dot(op: Op, ws: Iterable[X], xs: Iterable[X], bias: X | None = None) -> X:
    try:
        ws, xs = tuple(ws), tuple(xs)
    except TypeError:
        raise OperandError(
            f"{op.name} takes a list of weights and a list of inputs; a list is written [a, b]"
        ) from None
    if len(ws) != len(xs):
        raise ArityError(
            f"{op.name} needs as many weights as inputs; "
            f"{len(ws)} weights and {len(xs)} inputs were given"
        )
    y: X = op.apply((*ws, *xs) if bias is None else (*ws, *xs, bias))
    return y


@operation(
    groups=products, called=_dot, formula=_products, local_gradients=_factors, symbol="Σ w·x",
    example=(2.0, -3.0, 0.5, 1.5, 0.25), edges="each product rounded once, their sum once",
)  # fmt: skip
def dot(xp: Namespace[N], ws: Sequence[N], xs: Sequence[N], bias: Sequence[N]) -> N:
    """Σ wᵢxᵢ (+ bias) as one operation: a neuron's pre-activation.

    >>> dot([2.0, -3.0], [0.5, 1.5], 0.25)
    -3.25
    """
    return xp.dot(ws, xs, bias)


@dot.local_gradient
def _(
    xp: Namespace[N], y: N, ws: Sequence[N], xs: Sequence[N], bias: Sequence[N]
) -> Sequence[N | float]:
    return (*xs, *ws, 1.0) if len(bias) else (*xs, *ws)


@operation(
    numpy="logaddexp", groups=together, formula=lambda *xs: f"logsumexp({', '.join(xs)})",
    local_gradients=lambda *xs: tuple(f"exp({x} - y)" for x in xs), example=(2.0, -3.0, 0.5),
    symbol="log Σ exp", template="log Σ exp({all})", latex=r"\log\sum\exp", neutral=-math.inf,
    parts=accurate.exponentials,
)  # fmt: skip
def logsumexp(
    xp: Namespace[N], xs: Sequence[N], parts: accurate.Parts[N] | None = None
) -> N | float:
    """log(Σ exp xᵢ) of the operands, or of one list of them, without overflow.

    Its gradient is their softmax.

    >>> round(logsumexp([0.0, 0.0]), 4)
    0.6931
    """
    return accurate.logsumexp(xp, xs, parts)


logsumexp.local_gradient(accurate.softmax)


# ---- functions made of rows ----


@overload
def mean(xs: Iterable[float], /) -> float: ...
@overload
def mean(xs: Iterable[K], /) -> K: ...
@overload
def mean(*xs: float) -> float: ...  # type: ignore[overload-overlap]  # floats alone
@overload
def mean(*xs: K | float) -> K: ...
@overload
def mean(xs: Iterable[Any], /) -> Any: ...  # of the most special kind in the list
def mean(*xs: Any) -> Any:  # as in the signatures above
    """The mean of the operands, or of one list of them.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    operands = tuple(xs[0]) if len(xs) == 1 and hasattr(xs[0], "__iter__") else xs
    if not operands:
        raise ArityError("mean needs at least one operand; none was given")
    return total(operands) / float(len(operands))


@overload
def heaviside(x: float, at_zero: float = 1.0) -> float: ...
@overload
def heaviside(x: K, at_zero: K | float = 1.0) -> K: ...
@overload
def heaviside(x: float, at_zero: K) -> K: ...
def heaviside(x: Any, at_zero: Any = 1.0) -> Any:  # as in the signatures above
    """0 where x < 0, 1 where x > 0, and ``at_zero`` at 0, as in NumPy; `step`, if that is 1.

    >>> heaviside(0.0, 0.5)
    0.5
    """
    if isinstance(at_zero, float | int) and at_zero in (0, 1):
        return step(x) if at_zero else strict_step(x)
    return at_zero * step(x) + (1.0 - at_zero) * strict_step(x)
