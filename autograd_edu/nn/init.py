"""How weights start: each initialiser says how far weights spread, given a layer's fan-in and fan-out.

The aim is to keep the variance of activations the same from layer to layer (Glorot and Bengio 2010, He et al. 2015).
The lectures print Glorot's rule both as a variance and as a standard deviation; here everything is in terms of the
standard deviation ``sd``. A weight is drawn from a `random.Random` or a `numpy.random.Generator`: one seed, one model.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import one_of
from ..seeds import Rng


@dataclass(frozen=True)
class Initialiser:
    """A distribution of weights with mean 0 (a constant: with that value) and standard deviation ``sd(fan_in, fan_out)``."""

    name: str
    kind: str  # "normal", "uniform" or "constant"
    sd: Callable[[int, int], float]

    def __call__(self, rng: Rng, fan_in: int, fan_out: int) -> float:
        """One weight."""
        if self.kind == "constant":
            return self.sd(fan_in, fan_out)
        if self.kind == "uniform":
            limit = self.limit(fan_in, fan_out)
            return float(rng.uniform(-limit, limit))
        return gauss(rng) * self.sd(fan_in, fan_out)

    def limit(self, fan_in: int, fan_out: int) -> float:
        """The half-width of a uniform distribution of this standard deviation: √3·sd."""
        return math.sqrt(3.0) * self.sd(fan_in, fan_out)

    def __repr__(self) -> str:
        return self.name


def gauss(rng: Rng) -> float:
    """One draw from N(0, 1), from either kind of generator."""
    return float(rng.standard_normal() if hasattr(rng, "standard_normal") else rng.gauss(0.0, 1.0))


def constant(value: float) -> Initialiser:
    """Every weight the same. All units of a layer then get the same gradient, for ever: the reason for randomness."""
    return Initialiser(f"constant({value})", "constant", lambda fan_in, fan_out: value)


def uniform(limit: float) -> Initialiser:
    """U(-limit, limit); micrograd's is uniform(1)."""
    return Initialiser(
        f"uniform({limit})", "uniform", lambda fan_in, fan_out: limit / math.sqrt(3.0)
    )


def gaussian(sd: float) -> Initialiser:
    """N(0, sd²), whatever the layer's size: with 0.01, tanh layers of 4096 units collapse; with 0.05 they saturate."""
    return Initialiser(f"gaussian({sd})", "normal", lambda fan_in, fan_out: sd)


glorot_normal = Initialiser(
    "glorot_normal", "normal", lambda fan_in, fan_out: math.sqrt(2.0 / (fan_in + fan_out))
)
glorot_uniform = Initialiser(
    "glorot_uniform", "uniform", lambda fan_in, fan_out: math.sqrt(2.0 / (fan_in + fan_out))
)
he_normal = Initialiser("he_normal", "normal", lambda fan_in, fan_out: math.sqrt(2.0 / fan_in))
he_uniform = Initialiser("he_uniform", "uniform", lambda fan_in, fan_out: math.sqrt(2.0 / fan_in))
# 1/√fan_in: KIT calls it "Xavier"; it is LeCun's, and equals Glorot's where fan_in = fan_out.
lecun_normal = Initialiser(
    "lecun_normal", "normal", lambda fan_in, fan_out: 1.0 / math.sqrt(fan_in)
)
# The quick fix of MLPR: variance 0.01/K.
small_normal = Initialiser(
    "small_normal", "normal", lambda fan_in, fan_out: math.sqrt(0.01 / fan_in)
)
# KIT's "ReLU correction" as printed. A lesson, not advice: the variance doubles in every layer; √2/√fan_in is right.
printed_relu = Initialiser(
    "printed_relu", "normal", lambda fan_in, fan_out: 2.0 / math.sqrt(fan_in)
)

INITIALISERS = {
    initialiser.name: initialiser
    for initialiser in (
        glorot_normal,
        glorot_uniform,
        he_normal,
        he_uniform,
        lecun_normal,
        small_normal,
        printed_relu,
    )
}


def initialiser_named(wanted: str | Initialiser | Callable[..., float]) -> Callable[..., float]:
    """An initialiser by name, or as it is: any function of (rng, fan_in, fan_out) serves."""
    if callable(wanted):
        return wanted
    return INITIALISERS[one_of(wanted, INITIALISERS, "initialiser")]
