"""The rule table: everything the package knows about an operation, one row each.

A row holds two functions and some text. `value(xp, *operands)` computes the result, and `local_gradients(xp, y,
*operands)` its derivative with respect to each operand, where `y` is the result. Both use Python's operators and the
elementary functions of a namespace `xp`, so that one rule serves every kind of number: floats (`Floats`), NumPy arrays
(`arrays()`), and Values, whose gradients can then be differentiated again (`syntax`). `xp.choose` takes a branch.

Rules are written for accuracy: values within 2 units in the last place and local gradients within 4, also where a
function saturates. The identities people write, which lose digits there (1 - tanh², s·(1 - s)), are the row's text.
"""

import math
from collections.abc import Sequence
from functools import reduce
from typing import Any

from .op import OPS as OPS
from .op import Op as Op
from .op import Rule, apart
from .op import evaluate as evaluate
from .op import evaluate_local_gradients as evaluate_local_gradients
from .op import register as register
from .op import row as row
from .op import variadic_row as variadic_row

# ---- arithmetic ----------------------------------------------------------------------------------------------------

ADD = row(
    "add",
    lambda xp, a, b: a + b,
    lambda xp, y, a, b: (1.0, 1.0),
    "a + b",
    ("1", "1"),
    (2.0, -3.0),
    symbol="+",
)
SUB = row(
    "sub",
    lambda xp, a, b: a - b,
    lambda xp, y, a, b: (1.0, -1.0),
    "a - b",
    ("1", "-1"),
    (2.0, -3.0),
    symbol="-",
)
MUL = row(
    "mul",
    lambda xp, a, b: a * b,
    lambda xp, y, a, b: (b, a),
    "a*b",
    ("b", "a"),
    (2.0, -3.0),
    symbol="×",
)
NEG = row("neg", lambda xp, x: -x, lambda xp, y, x: (-1.0,), "-x", ("-1",), (2.0,), symbol="neg")


def _quotient_gradient(xp: Any, y: Any, a: Any, b: Any) -> Any:
    """-a/b², as -y/b; where y is below the smallest normal float and has lost digits, from a again."""
    return xp.choose(
        abs(y) > 2.3e-308,
        lambda: -y / b,
        lambda: xp.choose(abs(b) > 1e-150, lambda: -a / (b * b), lambda: -y / b),
    )


DIV = row(
    "div", lambda xp, a, b: a / b,
    apart(lambda xp, y, a, b: 1.0 / b, _quotient_gradient), "a/b", ("1/b", "-a/b**2"), (2.0, -3.0),
    symbol="÷", domain="{b} must not be zero", edges="a/0: error; in ieee() ±inf or nan",
)  # fmt: skip


def _base_gradient(xp: Any, y: Any, a: Any, b: Any) -> Any:
    """b·aᵇ⁻¹. For b < ½, b - 1 would be rounded and the power amplify that: b·y/a instead."""

    def slope() -> Any:
        return xp.choose(b >= 0.5, lambda: b * xp.pow(a, b - 1.0), lambda: b * y / a)

    return xp.choose(b > 0.0, slope, lambda: xp.choose(b < 0.0, slope, 0.0))


def _exponent_gradient(xp: Any, y: Any, a: Any, b: Any) -> Any:
    """y·log a."""
    at_zero = xp.choose(b >= 0.0, 0.0, -math.inf)
    return xp.choose(a > 0.0, lambda: y * xp.log(a), xp.choose(a < 0.0, math.nan, at_zero))


POW = row(
    "pow", lambda xp, a, b: xp.pow(a, b), apart(_base_gradient, _exponent_gradient), "a**b", ("b*a**(b - 1)", "y*log(a)"), (2.0, -3.0),
    symbol="xʸ", template="{0}^{1}", latex="{{{0}}}^{{{1}}}",
    domain="{a} must be positive, or {b} a whole number (positive, if {a} is zero)",
    edges="0⁰ = 1 with gradient (0, 0); a < 0 has no gradient for b; never complex",
)  # fmt: skip
SQUARE = row(
    "square",
    lambda xp, x: x * x,
    lambda xp, y, x: (2.0 * x,),
    "x**2",
    ("2*x",),
    (-1.5,),
    symbol="x²",
)

# ---- elementary functions ------------------------------------------------------------------------------------------

_LOG1P = r"\log\left(1 + {0}\right)"
EXP = row(
    "exp",
    lambda xp, x: xp.exp(x),
    lambda xp, y, x: (y,),
    "exp(x)",
    ("y",),
    (0.5,),
    latex="e^{{{0}}}",
)
EXPM1 = row(
    "expm1",
    lambda xp, x: xp.expm1(x),
    lambda xp, y, x: (xp.exp(x),),
    "expm1(x)",
    ("exp(x)",),
    (0.5,),
    latex="e^{{{0}}} - 1",
)
LOG = row(
    "log", lambda xp, x: xp.log(x), lambda xp, y, x: (1.0 / x,), "log(x)", ("1/x",), (0.5,),
    latex=r"\log\left({0}\right)", domain="{x} must be positive", edges="log 0: error; in ieee() -inf with gradient inf",
)  # fmt: skip
LOG1P = row(
    "log1p", lambda xp, x: xp.log1p(x), lambda xp, y, x: (1.0 / (1.0 + x),), "log1p(x)", ("1/(1 + x)",), (0.5,),
    latex=_LOG1P, domain="{x} must be greater than -1",
)  # fmt: skip
SQRT = row(
    "sqrt", lambda xp, x: xp.sqrt(x), lambda xp, y, x: (0.5 / y,), "sqrt(x)", ("1/(2*y)",), (2.0,), symbol="√",
    template="√({0})", latex=r"\sqrt{{{0}}}", domain="{x} must not be negative", edges="√0 = 0 with gradient inf, an error if needed",
)  # fmt: skip
ABS = row(
    "abs", lambda xp, x: abs(x), lambda xp, y, x: (xp.choose(x > 0.0, 1.0, xp.choose(x < 0.0, -1.0, 0.0)),), "abs(x)",
    ("where(x > 0, 1, where(x < 0, -1, 0))",), (-1.5,), symbol="|x|", template="|{0}|", latex=r"\left|{0}\right|", edges="|x|′(0) = 0",
)  # fmt: skip
SIN = row(
    "sin",
    lambda xp, x: xp.sin(x),
    lambda xp, y, x: (xp.cos(x),),
    "sin(x)",
    ("cos(x)",),
    (0.5,),
    latex=r"\sin\left({0}\right)",
)
COS = row(
    "cos",
    lambda xp, x: xp.cos(x),
    lambda xp, y, x: (-xp.sin(x),),
    "cos(x)",
    ("-sin(x)",),
    (0.5,),
    latex=r"\cos\left({0}\right)",
)
TAN = row(
    "tan",
    lambda xp, x: xp.tan(x),
    lambda xp, y, x: (1.0 + y * y,),
    "tan(x)",
    ("1 + y**2",),
    (0.5,),
    latex=r"\tan\left({0}\right)",
)
ASIN = row(
    "asin", lambda xp, x: xp.asin(x), lambda xp, y, x: (1.0 / xp.sqrt((1.0 - x) * (1.0 + x)),), "asin(x)", ("1/sqrt(1 - x**2)",),
    (0.5,), latex=r"\arcsin\left({0}\right)", domain="{x} must be in [-1, 1]", edges="gradient inf at ±1, an error if needed",
)  # fmt: skip
ACOS = row(
    "acos", lambda xp, x: xp.acos(x), lambda xp, y, x: (-1.0 / xp.sqrt((1.0 - x) * (1.0 + x)),), "acos(x)", ("-1/sqrt(1 - x**2)",),
    (0.5,), latex=r"\arccos\left({0}\right)", domain="{x} must be in [-1, 1]", edges="gradient -inf at ±1, an error if needed",
)  # fmt: skip
ATAN = row(
    "atan",
    lambda xp, x: xp.atan(x),
    lambda xp, y, x: (1.0 / (1.0 + x * x),),
    "atan(x)",
    ("1/(1 + x**2)",),
    (0.5,),
    latex=r"\arctan\left({0}\right)",
)
SINH = row(
    "sinh",
    lambda xp, x: xp.sinh(x),
    lambda xp, y, x: (xp.cosh(x),),
    "sinh(x)",
    ("cosh(x)",),
    (0.5,),
    latex=r"\sinh\left({0}\right)",
)
COSH = row(
    "cosh",
    lambda xp, x: xp.cosh(x),
    lambda xp, y, x: (xp.sinh(x),),
    "cosh(x)",
    ("sinh(x)",),
    (0.5,),
    latex=r"\cosh\left({0}\right)",
)


def _halved(xp: Any, x: Any) -> tuple[Any, Any]:
    """``x``, kept within ±50 where exp(-x²/2) is zero anyway, and its upper half: 26 bits, so that products of it are exact."""
    x = xp.minimum(xp.maximum(x, -50.0), 50.0)
    big = 134217729.0 * x
    return x, big - (big - x)


def _gauss(xp: Any, x: Any, scale: Any) -> Any:
    """exp(-scale·x²), with x² in two parts: rounded as one number, its error would be multiplied by x² itself."""
    x, high = _halved(xp, x)
    e = xp.exp(-scale * (high * high))
    return e + e * xp.expm1(-scale * ((x - high) * (x + high)))


ERFC = row(
    "erfc", lambda xp, x: xp.erfc(x), lambda xp, y, x: (-2.0 / math.sqrt(math.pi) * _gauss(xp, x, 1.0),), "erfc(x)",
    ("-2/sqrt(pi)*exp(-x**2)",), (0.5,),
)  # fmt: skip

# ---- activations ---------------------------------------------------------------------------------------------------


def _decay(xp: Any, x: Any) -> Any:
    """exp(-|x|), never overflowing; as a branch rather than by abs, so that every further derivative is right at 0 too."""
    return xp.exp(xp.choose(x >= 0.0, -x, x))


def _tanh_gradient(xp: Any, y: Any, x: Any) -> tuple[Any]:
    """1 - tanh² x, as 4e/(1 + e)² with e = exp(-2|x|): tanh′(19) is 1.26e-16, where the identity has lost every digit."""
    e = _decay(xp, 2.0 * x)
    return (4.0 * e / ((1.0 + e) * (1.0 + e)),)


def _sigmoid(xp: Any, x: Any) -> Any:
    e = _decay(xp, x)
    return xp.choose(x >= 0.0, 1.0, e) / (1.0 + e)


def _sigmoid_gradient(xp: Any, y: Any, x: Any) -> tuple[Any]:
    """σ(1 - σ), as e/(1 + e)² with e = exp(-|x|): σ′(40) is 4.25e-18."""
    e = _decay(xp, x)
    return (e / ((1.0 + e) * (1.0 + e)),)


_SQRT_HALF, _SQRT_HALF_REST = (
    0.7071067811865476,
    -4.833646656726457e-17,
)  # 1/√2 as a sum of two floats
_GELU_FLAT, _GELU_FLAT_REST = (
    -0.7517915246935645,
    1.4956759177009883e-17,
)  # where the slope of gelu is zero, as a sum of two floats


def _normal_cdf(xp: Any, x: Any) -> Any:
    """Φ(x) = erfc(-x/√2)/2, with the rounding of x/√2 made good, which erfc would multiply by x²."""
    x, high = _halved(xp, x)
    c_high = 0.7071067690849304
    c_low = _SQRT_HALF - c_high
    z = -x * _SQRT_HALF
    rest = (
        -(high * c_high + z)
        - high * c_low
        - (x - high) * c_high
        - (x - high) * c_low
        - x * _SQRT_HALF_REST
    )
    return 0.5 * (xp.erfc(z) - rest * (2.0 / math.sqrt(math.pi)) * xp.exp(-z * z))


_GAUSS_LEGENDRE = (  # nodes and weights on [0, 1]
    (0.019855071751231884, 0.05061426814518813), (0.10166676129318664, 0.11119051722668724),
    (0.2372337950418355, 0.15685332293894363), (0.4082826787521751, 0.181341891689181),
    (0.5917173212478249, 0.181341891689181), (0.7627662049581645, 0.15685332293894363),
    (0.8983332387068134, 0.11119051722668724), (0.9801449282487681, 0.05061426814518813),
)  # fmt: skip


def _normal_density(xp: Any, x: Any) -> Any:
    return _gauss(xp, x, 0.5) * (1.0 / math.sqrt(2.0 * math.pi))


def _normal_tail(xp: Any, x: Any) -> Any:
    """-x·Φ(x)/φ(x) = 1 - t + 3t² - 15t³ …, t = 1/x², for x ≤ -30, where Φ is soon too small for a float and x·Φ not yet."""
    t, series = 1.0 / (x * x), 1.0
    for odd in range(17, 0, -2):
        series = 1.0 - odd * t * series
    return series


def _gelu(xp: Any, x: Any) -> Any:
    def tail() -> Any:
        low = xp.minimum(x, -30.0)
        return -_normal_density(xp, low) * _normal_tail(xp, low)

    return xp.choose(x < -30.0, tail, lambda: x * _normal_cdf(xp, x))


def _gelu_gradient(xp: Any, y: Any, x: Any) -> tuple[Any]:
    """Φ(x) + x·φ(x). Near its zero the terms cancel: there it is the integral of its own slope φ(t)(2 - t²) from the zero."""

    def near() -> Any:
        step = (x - _GELU_FLAT) - _GELU_FLAT_REST
        points = [(weight, _GELU_FLAT + step * node) for node, weight in _GAUSS_LEGENDRE]
        return step * xp.total(
            [weight * _normal_density(xp, t) * (2.0 - t * t) for weight, t in points]
        )

    def far() -> Any:
        low = xp.minimum(x, -30.0)
        tail = lambda: _normal_density(xp, low) * (low - _normal_tail(xp, low) / low)  # noqa: E731 - a branch
        return xp.choose(x < -30.0, tail, lambda: _normal_cdf(xp, x) + x * _normal_density(xp, x))

    return (xp.choose(abs(x - _GELU_FLAT) < 0.9, near, far),)


SIGMOID = row(
    "sigmoid", _sigmoid, _sigmoid_gradient, "sigmoid(x)", ("y*(1 - y)",), (0.5,), symbol="σ", template="σ({0})",
    latex=r"\sigma\left({0}\right)",
)  # fmt: skip
TANH = row(
    "tanh",
    lambda xp, x: xp.tanh(x),
    _tanh_gradient,
    "tanh(x)",
    ("1 - y**2",),
    (0.5,),
    latex=r"\tanh\left({0}\right)",
)
SOFTPLUS = row(
    "softplus", lambda xp, x: xp.maximum(x, 0.0) + xp.log1p(xp.exp(-abs(x))), lambda xp, y, x: (_sigmoid(xp, x),), "softplus(x)",
    ("sigmoid(x)",), (0.5,),
)  # fmt: skip
RELU = row(
    "relu", lambda xp, x: xp.maximum(x, 0.0), lambda xp, y, x: (xp.choose(x > 0.0, 1.0, 0.0),), "relu(x)", ("where(x > 0, 1, 0)",), (0.5,),
    symbol="ReLU", edges="relu′(0) = 0",
)  # fmt: skip
LEAKY_RELU = row(
    "leaky_relu", lambda xp, x, slope: xp.choose(x > 0.0, x, slope * x),
    lambda xp, y, x, slope: (xp.choose(x > 0.0, 1.0, slope), xp.choose(x > 0.0, 0.0, x)),
    "leaky_relu(x, slope)", ("where(x > 0, 1, slope)", "where(x > 0, 0, x)"), (-1.5, 0.1),
    symbol="leaky ReLU", latex=r"\operatorname{{leaky\_relu}}\left({all}\right)", edges="the gradient at 0 is the slope",
)  # fmt: skip
ELU = row(
    "elu", lambda xp, x, alpha: xp.choose(x > 0.0, x, alpha * xp.expm1(xp.minimum(x, 0.0))),
    lambda xp, y, x, alpha: (
        xp.choose(x > 0.0, 1.0, lambda: alpha * xp.exp(xp.choose(x > 0.0, 0.0, x))),
        xp.choose(x > 0.0, 0.0, lambda: xp.expm1(xp.choose(x > 0.0, 0.0, x))),
    ),
    "elu(x, alpha)", ("where(x > 0, 1, y + alpha)", "where(x > 0, 0, exp(x) - 1)"), (-1.5, 1.0),
    symbol="ELU", edges="elu′(0) = α, the limit from the left",
)  # fmt: skip
_SELU_SCALE, _SELU_ALPHA = (
    1.0507009873554805,
    1.6732632423543772,
)  # Klambauer et al., "Self-normalizing neural networks" (2017)
SELU = row(
    "selu", lambda xp, x: xp.choose(x > 0.0, _SELU_SCALE * x, _SELU_SCALE * _SELU_ALPHA * xp.expm1(xp.minimum(x, 0.0))),
    lambda xp, y, x: (xp.choose(x > 0.0, _SELU_SCALE, lambda: _SELU_SCALE * _SELU_ALPHA * xp.exp(xp.choose(x > 0.0, 0.0, x))),),
    "selu(x)", ("where(x > 0, 1.0507009873554805, y + 1.7580993408473766)",), (-1.5,), symbol="SELU",
    edges="selu′(0) is the limit from the left",
)  # fmt: skip
GELU = row(
    "gelu",
    _gelu,
    _gelu_gradient,
    "gelu(x)",
    ("y/x + x*exp(-x**2/2)/sqrt(2*pi)",),
    (0.5,),
    symbol="GELU",
)
STEP = row(
    "step", lambda xp, x: xp.choose(x >= 0.0, 1.0, xp.choose(x < 0.0, 0.0, x)), lambda xp, y, x: (0.0,), "step(x)", ("0",), (0.5,),
    symbol="Θ", template="Θ({0})", latex=r"\Theta\left({0}\right)", edges="Θ(0) = 1; the gradient is 0 everywhere",
)  # fmt: skip
STRICT_STEP = row(
    "strict_step", lambda xp, x: xp.choose(x > 0.0, 1.0, xp.choose(x <= 0.0, 0.0, x)), lambda xp, y, x: (0.0,), "strict_step(x)", ("0",),
    (0.5,), symbol="Θ>", template="Θ>({0})", latex=r"\Theta_{{>}}\left({0}\right)", edges="Θ>(0) = 0; the gradient is 0 everywhere",
)  # fmt: skip

# ---- choices -------------------------------------------------------------------------------------------------------


def _each(f: Rule, xs: Any) -> Any:
    """``f`` of each of ``xs``: at once where they stand in one array, its first axis counting them."""
    return f(xs) if hasattr(xs, "shape") else tuple(f(x) for x in xs)


def _over(pair: Rule, xs: Any) -> Any:
    """``pair`` of all of ``xs``, from the first to the last; over one array, by the ``reduce`` of NumPy's functions."""
    return pair.reduce(xs, axis=0) if hasattr(xs, "shape") else reduce(pair, xs)  # type: ignore[attr-defined]


def _tie_gradients(xp: Any, won: Any) -> Any:
    """1/k to each of the k operands that are the extremum, 0 to the others."""
    shares = _each(lambda w: xp.choose(w, 1.0, 0.0), won)
    number = shares.sum(axis=0) if hasattr(shares, "shape") else sum(shares[1:], shares[0])
    return _each(lambda share: share / number, shares)


MAXIMUM = variadic_row(
    "maximum", lambda xp, xs: _over(xp.maximum, xs), lambda xp, y, xs: _tie_gradients(xp, _each(lambda x: x >= y, xs)),
    lambda *xs: f"maximum({', '.join(xs)})", lambda *xs: tuple(f"where({x} >= y, 1, 0)" for x in xs), (2.0, -3.0), symbol="max",
    latex=r"\max\left({all}\right)", neutral=-math.inf, edges="k tied operands get 1/k each; nan from any side",
)  # fmt: skip
MINIMUM = variadic_row(
    "minimum", lambda xp, xs: _over(xp.minimum, xs), lambda xp, y, xs: _tie_gradients(xp, _each(lambda x: x <= y, xs)),
    lambda *xs: f"minimum({', '.join(xs)})", lambda *xs: tuple(f"where({x} <= y, 1, 0)" for x in xs), (2.0, -3.0), symbol="min",
    latex=r"\min\left({all}\right)", neutral=math.inf, edges="k tied operands get 1/k each; nan from any side",
)  # fmt: skip
WHERE = row(
    "where", lambda xp, condition, then, otherwise: xp.choose(condition > 0.0, then, otherwise),
    lambda xp, y, condition, then, otherwise: (0.0, xp.choose(condition > 0.0, 1.0, 0.0), xp.choose(condition > 0.0, 0.0, 1.0)),
    "where(condition, then, otherwise)", ("0", "where(condition, 1, 0)", "where(condition, 0, 1)"), (1.0, 2.0, -3.0),
    selects=True, edges="only the taken branch receives a gradient",
)  # fmt: skip
CLIP = row(
    "clip", lambda xp, x, low, high: xp.minimum(xp.maximum(x, low), high),
    lambda xp, y, x, low, high: (
        xp.choose(x < low, 0.0, xp.choose(x > high, 0.0, 1.0)),
        xp.choose(x < low, xp.choose(low > high, 0.0, 1.0), 0.0),
        xp.choose(xp.maximum(x, low) > high, 1.0, 0.0),
    ),
    "clip(x, low, high)", ("where(x < low, 0, where(x > high, 0, 1))", "where(x < low, 1, 0)", "where(x > high, 1, 0)"), (0.5, -1.0, 1.0),
    edges="the gradient for x is 1 on the closed interval",
)  # fmt: skip

# ---- sums ----------------------------------------------------------------------------------------------------------


def _halves(operands: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
    """The weights, the inputs and the bias (one or none) of a dot product's operands."""
    n = len(operands) // 2
    return operands[:n], operands[n : 2 * n], operands[2 * n :]


def _swapped(operands: tuple[Any, ...], one: Any) -> tuple[Any, ...]:
    """The local gradients of a dot product: each weight's is its input, each input's its weight, the bias's is one."""
    n = len(operands) // 2
    return operands[n : 2 * n] + operands[:n] + (one,) * (len(operands) % 2)


def _dot_formula(*operands: str) -> str:
    ws, xs, bias = _halves(operands)
    return " + ".join([*(f"{w}*{x}" for w, x in zip(ws, xs, strict=True)), *bias])


def _softmax(xp: Any, xs: Any) -> tuple[Any, Any, Any]:
    """The largest of ``xs``, exp(x - largest) for each, and their sum. What the difference lost is put back, as exp would enlarge it."""
    largest = _over(xp.maximum, xs)

    def power(x: Any) -> Any:
        d = x - largest
        e = xp.exp(d)

        def mended() -> Any:
            back = d - x
            return e + e * ((x - (d - back)) - (largest + back))

        return xp.choose(d > -700.0, mended, e)

    powers = _each(power, xs)
    return largest, powers, xp.total(powers)


def _softmax_gradients(xp: Any, y: Any, xs: Any, parts: Any = None) -> Any:
    _, powers, whole = parts or _softmax(xp, xs)
    return _each(lambda power: power / whole, powers)


def _logsumexp(xp: Any, xs: Any, parts: Any = None) -> Any:
    largest, _, whole = parts or _softmax(xp, xs)
    return largest + xp.log(whole)


TOTAL = variadic_row(
    "total", lambda xp, xs: xp.total(xs), lambda xp, y, xs: _each(lambda x: 1.0, xs), lambda *xs: " + ".join(xs),
    lambda *xs: ("1",) * len(xs), (2.0, -3.0, 0.5), symbol="Σ", neutral=0.0, edges="correctly rounded",
)  # fmt: skip
DOT = row(
    "dot", lambda xp, *ops: xp.dot(*_halves(ops)), lambda xp, y, *ops: _swapped(ops, 1.0), _dot_formula, lambda *ops: _swapped(ops, "1"),
    (2.0, -3.0, 0.5, 1.5, 0.25), symbol="Σ w·x", variadic=True, edges="each product rounded once, their sum once",
)  # fmt: skip
LOGSUMEXP = variadic_row(
    "logsumexp", _logsumexp, _softmax_gradients, lambda *xs: f"log({' + '.join(f'exp({x})' for x in xs)})",
    lambda *xs: tuple(f"exp({x} - y)" for x in xs), (2.0, -3.0, 0.5), symbol="log Σ exp", neutral=-math.inf, parts=_softmax,
)  # fmt: skip
