"""What each operation is, in mpmath at 50 digits: the independent witness of the rule table."""

from collections.abc import Callable
from fractions import Fraction

import mpmath as mp

SELU_SCALE, SELU_ALPHA = mp.mpf(1.0507009873554805), mp.mpf(1.6732632423543772)


def _exactly(x):
    """A float, as an mpf, as the fraction that it is."""
    return Fraction(float(x))


def _rational(x):
    return mp.mpf(x.numerator) / x.denominator


def _pow(a, b):
    return mp.mpf(1) if b == 0 else mp.power(a, b)


def _logsumexp(*xs):
    with mp.workdps(max(100, mp.mp.dps)):  # near 0 the sum is near 1
        return mp.log(mp.fsum([mp.exp(x) for x in xs]))


EXACT: dict[str, Callable] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda x: -x,
    "div": lambda a, b: a / b,
    "pow": _pow,
    "square": lambda x: x * x,
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": mp.log,
    "log1p": mp.log1p,
    "sqrt": mp.sqrt,
    "abs": abs,
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "asin": mp.asin,
    "acos": mp.acos,
    "atan": mp.atan,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "erfc": mp.erfc,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "tanh": mp.tanh,
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "relu": lambda x: max(x, mp.mpf(0)),
    "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "elu": lambda x, alpha: x if x > 0 else alpha * mp.expm1(x),
    "selu": lambda x: SELU_SCALE * (x if x > 0 else SELU_ALPHA * mp.expm1(x)),
    "gelu": lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2,
    "mod": lambda a, b: _rational(_exactly(a) % _exactly(b)),
    "exp2": lambda x: mp.power(2, x),
    "log2": lambda x: mp.log(x, 2),
    "log10": mp.log10,
    "sign": mp.sign,
    "floor": mp.floor,
    "ceil": mp.ceil,
    "atan2": mp.atan2,
    "hypot": mp.hypot,
    "radians": mp.radians,
    "degrees": mp.degrees,
    "asinh": mp.asinh,
    "acosh": mp.acosh,
    "atanh": mp.atanh,
    "erf": mp.erf,
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "step": lambda x: mp.mpf(x >= 0),
    "strict_step": lambda x: mp.mpf(x > 0),
    "detach": lambda x: x,
    "maximum": lambda *xs: max(xs),
    "minimum": lambda *xs: min(xs),
    "where": lambda condition, then, otherwise: then if condition > 0 else otherwise,
    "clip": lambda x, low, high: min(max(x, low), high),
    "total": lambda *xs: _rational(sum(map(_exactly, xs), Fraction())),
    "dot": lambda *ops: mp.fsum(
        [w * x for w, x in zip(ops[: len(ops) // 2], ops[len(ops) // 2 :], strict=False)]
        + list(ops[len(ops) // 2 * 2 :])
    ),
    "logsumexp": _logsumexp,
}

_HALF_PI_ROOT = mp.sqrt(mp.pi)


def _over(a, b):
    return a / b if b else mp.nan


def _softmax(i):
    return lambda *xs: mp.exp(xs[i]) / mp.fsum([mp.exp(x) for x in xs])


def _normal_density(x):
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


SLOPES: dict[str, Callable] = {  # closed forms, each written in another way than the rule
    "add": lambda a, b: (1, 1),
    "sub": lambda a, b: (1, -1),
    "mul": lambda a, b: (b, a),
    "neg": lambda x: (-1,),
    "div": lambda a, b: (1 / b, -a / b**2),
    "pow": lambda a, b: (
        b * mp.power(a, b - 1) if b != 0 else mp.mpf(0),
        _pow(a, b) * mp.log(a) if a > 0 else mp.mpf(0) if a == 0 else mp.nan,
    ),
    "square": lambda x: (2 * x,),
    "exp": lambda x: (mp.exp(x),),
    "expm1": lambda x: (mp.exp(x),),
    "log": lambda x: (1 / x,),
    "log1p": lambda x: (1 / (1 + x),),
    "sqrt": lambda x: (1 / (2 * mp.sqrt(x)),),
    "abs": lambda x: (mp.sign(x),),
    "sin": lambda x: (mp.cos(x),),
    "cos": lambda x: (-mp.sin(x),),
    "tan": lambda x: (mp.sec(x) ** 2,),
    "asin": lambda x: (1 / mp.sqrt(1 - x * x),),
    "acos": lambda x: (-1 / mp.sqrt(1 - x * x),),
    "atan": lambda x: (1 / (1 + x * x),),
    "sinh": lambda x: (mp.cosh(x),),
    "cosh": lambda x: (mp.sinh(x),),
    "erfc": lambda x: (-2 * mp.exp(-x * x) / _HALF_PI_ROOT,),
    "sigmoid": lambda x: (1 / (2 + mp.exp(x) + mp.exp(-x)),),
    "tanh": lambda x: (mp.sech(x) ** 2,),
    "softplus": lambda x: (1 / (1 + mp.exp(-x)),),
    "relu": lambda x: (int(x > 0),),
    "leaky_relu": lambda x, slope: (1 if x > 0 else slope, 0 if x > 0 else x),
    "elu": lambda x, alpha: (1 if x > 0 else alpha * mp.exp(x), 0 if x > 0 else mp.expm1(x)),
    "selu": lambda x: (SELU_SCALE if x > 0 else SELU_SCALE * SELU_ALPHA * mp.exp(x),),
    "gelu": lambda x: (mp.erfc(-x / mp.sqrt(2)) / 2 + x * _normal_density(x),),
    "mod": lambda a, b: (1, _rational(_exactly(a) % _exactly(b) - _exactly(a)) / b),
    "exp2": lambda x: (mp.log(2) * mp.power(2, x),),
    "log2": lambda x: (1 / (x * mp.log(2)),),
    "log10": lambda x: (1 / (x * mp.log(10)),),
    "sign": lambda x: (0,),
    "floor": lambda x: (0,),
    "ceil": lambda x: (0,),
    "atan2": lambda a, b: (_over(b, a * a + b * b), _over(-a, a * a + b * b)),
    "hypot": lambda a, b: (_over(a, mp.hypot(a, b)), _over(b, mp.hypot(a, b))),
    "radians": lambda x: (mp.pi / 180,),
    "degrees": lambda x: (180 / mp.pi,),
    "asinh": lambda x: (mp.sech(mp.asinh(x)),),
    "acosh": lambda x: (1 / mp.sqrt(x * x - 1) if x > 1 else mp.inf,),
    "atanh": lambda x: (1 / (1 - x * x),),
    "erf": lambda x: (2 * mp.exp(-x * x) / _HALF_PI_ROOT,),
    "silu": lambda x: ((1 + mp.exp(-x) * (1 + x)) / (1 + mp.exp(-x)) ** 2,),
    "step": lambda x: (0,),
    "strict_step": lambda x: (0,),
    "detach": lambda x: (0,),
    "maximum": lambda *xs: tuple(mp.mpf(x == max(xs)) / sum(x == max(xs) for x in xs) for x in xs),
    "minimum": lambda *xs: tuple(mp.mpf(x == min(xs)) / sum(x == min(xs) for x in xs) for x in xs),
    "where": lambda condition, then, otherwise: (0, int(condition > 0), int(condition <= 0)),
    "clip": lambda x, low, high: (int(low <= x <= high), int(x < low), int(x > high)),
    "total": lambda *xs: (1,) * len(xs),
    "dot": lambda *ops: (
        *ops[len(ops) // 2 : len(ops) // 2 * 2],
        *ops[: len(ops) // 2],
        *(1,) * (len(ops) % 2),
    ),
    "logsumexp": lambda *xs: tuple(_softmax(i)(*xs) for i in range(len(xs))),
}
