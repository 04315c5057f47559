"""Initialisers: the distributions of the first weights, given a layer's fan-in and fan-out.

They aim to keep the variance of activations the same from layer to layer. The lectures print
Glorot's rule both as a variance and as a standard deviation. Here ``sd`` is always the standard
deviation. Sources:

- Glorot and Bengio, "Understanding the difficulty of training deep feedforward networks", 2010.
- He, Zhang, Ren and Sun, "Delving Deep into Rectifiers", 2015.
- LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ..errors import one_of

if TYPE_CHECKING:
    import numpy as np

Rng: TypeAlias = "random.Random | np.random.Generator"
Initialise = Callable[[Rng, int, int], float]  # one weight, from (rng, fan_in, fan_out)


@dataclass(frozen=True)
class Initialiser:
    """A distribution of weights with mean 0 and standard deviation ``sd(fan_in, fan_out)``.

    Attributes:
        kind: "normal", "uniform" or "constant". With "constant", all weights are
            ``sd(fan_in, fan_out)``.

    >>> wide = Initialiser("wide", "normal", lambda fan_in, fan_out: 3.0 / fan_in)
    >>> rng = random.Random(0)
    >>> weights = [wide(rng, 4, 1) for _ in range(10_000)]
    >>> round(math.hypot(*weights) / math.sqrt(10_000), 2)  # their root mean square
    0.75
    """

    name: str
    kind: str
    sd: Callable[[int, int], float]

    def __call__(self, rng: Rng, fan_in: int, fan_out: int) -> float:
        """Draw one weight."""
        if self.kind == "constant":
            return self.sd(fan_in, fan_out)
        if self.kind == "uniform":
            limit = self.limit(fan_in, fan_out)
            return float(rng.uniform(-limit, limit))
        return gauss(rng) * self.sd(fan_in, fan_out)

    def limit(self, fan_in: int, fan_out: int) -> float:
        """Half the width of a uniform distribution with this standard deviation: √3·sd."""
        return math.sqrt(3.0) * self.sd(fan_in, fan_out)

    def __repr__(self) -> str:
        return self.name


def gauss(rng: Rng) -> float:
    """Draw one number from N(0, 1), with either kind of generator."""
    return rng.gauss(0.0, 1.0) if hasattr(rng, "gauss") else float(rng.standard_normal())


def constant(value: float) -> Initialiser:
    """All weights equal ``value``.

    The neurons of a layer then get equal gradients in every step and never become different. This
    is why weights start at random.

    >>> from autograd_edu.nn import Layer
    >>> layer = Layer(2, 2, init=constant(0.5))
    >>> [y.data for y in layer([3.0, 1.0])]
    [2.0, 2.0]
    """
    return Initialiser(f"constant({value})", "constant", lambda fan_in, fan_out: value)


def uniform(limit: float) -> Initialiser:
    """U(-limit, limit); micrograd uses uniform(1).

    >>> rng = random.Random(0)
    >>> round(max(uniform(0.5)(rng, 10, 10) for _ in range(10_000)), 2)
    0.5
    """
    sd = limit / math.sqrt(3.0)
    return Initialiser(f"uniform({limit})", "uniform", lambda fan_in, fan_out: sd)


def gaussian(sd: float) -> Initialiser:
    """N(0, sd²) for any layer size.

    With 0.01, tanh layers of 4096 units collapse; with 0.05 they saturate.

    >>> gaussian(0.05).sd(10, 10), gaussian(0.05).sd(4096, 4096)
    (0.05, 0.05)
    """
    return Initialiser(f"gaussian({sd})", "normal", lambda fan_in, fan_out: sd)


# name → (distribution, standard deviation)
_RULES: dict[str, tuple[str, Callable[[int, int], float]]] = {
    "glorot_normal": ("normal", lambda fan_in, fan_out: math.sqrt(2.0 / (fan_in + fan_out))),
    "glorot_uniform": ("uniform", lambda fan_in, fan_out: math.sqrt(2.0 / (fan_in + fan_out))),
    "he_normal": ("normal", lambda fan_in, fan_out: math.sqrt(2.0 / fan_in)),
    "he_uniform": ("uniform", lambda fan_in, fan_out: math.sqrt(2.0 / fan_in)),
    "lecun_normal": ("normal", lambda fan_in, fan_out: 1.0 / math.sqrt(fan_in)),
    "small_normal": ("normal", lambda fan_in, fan_out: math.sqrt(0.01 / fan_in)),
    "printed_relu": ("normal", lambda fan_in, fan_out: 2.0 / math.sqrt(fan_in)),
}
INITIALISERS = {name: Initialiser(name, *rule) for name, rule in _RULES.items()}
glorot_normal, glorot_uniform = INITIALISERS["glorot_normal"], INITIALISERS["glorot_uniform"]
he_normal, he_uniform = INITIALISERS["he_normal"], INITIALISERS["he_uniform"]
lecun_normal, small_normal = INITIALISERS["lecun_normal"], INITIALISERS["small_normal"]
printed_relu = INITIALISERS["printed_relu"]


def find_initialiser(wanted: str | Initialise) -> Initialise:
    """The initialiser with this name. A function is returned unchanged."""
    if callable(wanted):
        return wanted
    return INITIALISERS[one_of(wanted, INITIALISERS, "initialiser")]


__all__ = [
    "INITIALISERS", "Initialiser", "constant", "gaussian", "glorot_normal", "glorot_uniform",
    "he_normal", "he_uniform", "lecun_normal", "printed_relu", "small_normal", "uniform",
]  # fmt: skip

# Data have no docstring. These texts stand for one in the reference, and doctest runs them.
__test__ = {
    "INITIALISERS": """
The initialisers by name, as the argument ``init`` of a layer takes them.

>>> for name, rule in INITIALISERS.items():
...     print(f"{name:15} {rule.kind:8} {rule.sd(100, 300):.3f}")
glorot_normal   normal   0.071
glorot_uniform  uniform  0.071
he_normal       normal   0.141
he_uniform      uniform  0.141
lecun_normal    normal   0.100
small_normal    normal   0.010
printed_relu    normal   0.200
""",
    "glorot_normal": """
N(0, 2/(fan_in + fan_out)), a compromise between the two passes.

The forward pass keeps its variance with 1/fan_in, the backward pass with 1/fan_out.

>>> round(glorot_normal.sd(100, 300), 4)
0.0707
""",
    "glorot_uniform": """
U(-l, l) with l = √6/√(fan_in + fan_out): the variance of `glorot_normal`, without large weights.

>>> round(glorot_uniform.limit(100, 300), 4)
0.1225
""",
    "he_normal": """
N(0, 2/fan_in), which makes up for the half of the variance that a rectifier drops.

>>> round(he_normal.sd(100, 300), 4)
0.1414
""",
    "he_uniform": """
U(-l, l) with l = √6/√fan_in: the variance of `he_normal`, without large weights.

>>> round(he_uniform.limit(100, 300), 4)
0.2449
""",
    "lecun_normal": """
N(0, 1/fan_in), which keeps the variance of linear layers in the forward pass.

KIT calls it "Xavier". It equals `glorot_normal` where fan_in = fan_out.

>>> lecun_normal.sd(100, 300), lecun_normal.sd(100, 100) == glorot_normal.sd(100, 100)
(0.1, True)
""",
    "printed_relu": """
N(0, 4/fan_in), which KIT prints as its "ReLU correction".

It is here to show what goes wrong: the variance doubles in every layer. Use `he_normal` instead.

>>> round((printed_relu.sd(100, 100) / he_normal.sd(100, 100)) ** 2, 3)
2.0
""",
    "small_normal": """
N(0, 0.01/fan_in), the quick fix of MLPR (Edinburgh): outputs start a tenth as large as inputs.

>>> round(small_normal.sd(100, 300), 4)
0.01
""",
}
