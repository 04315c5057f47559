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
    """
    return Initialiser(f"constant({value})", "constant", lambda fan_in, fan_out: value)


def uniform(limit: float) -> Initialiser:
    """U(-limit, limit); micrograd uses uniform(1)."""
    sd = limit / math.sqrt(3.0)
    return Initialiser(f"uniform({limit})", "uniform", lambda fan_in, fan_out: sd)


def gaussian(sd: float) -> Initialiser:
    """N(0, sd²) for any layer size.

    With 0.01, tanh layers of 4096 units collapse; with 0.05 they saturate.
    """
    return Initialiser(f"gaussian({sd})", "normal", lambda fan_in, fan_out: sd)


# name → (distribution, standard deviation)
_RULES: dict[str, tuple[str, Callable[[int, int], float]]] = {
    "glorot_normal": ("normal", lambda fan_in, fan_out: math.sqrt(2.0 / (fan_in + fan_out))),
    "glorot_uniform": ("uniform", lambda fan_in, fan_out: math.sqrt(2.0 / (fan_in + fan_out))),
    "he_normal": ("normal", lambda fan_in, fan_out: math.sqrt(2.0 / fan_in)),
    "he_uniform": ("uniform", lambda fan_in, fan_out: math.sqrt(2.0 / fan_in)),
    # KIT calls this one "Xavier"; it is LeCun's, and equals Glorot's where fan_in = fan_out.
    "lecun_normal": ("normal", lambda fan_in, fan_out: 1.0 / math.sqrt(fan_in)),
    # The quick fix of MLPR (Edinburgh): variance 0.01/K.
    "small_normal": ("normal", lambda fan_in, fan_out: math.sqrt(0.01 / fan_in)),
    # KIT prints this as its "ReLU correction". It is here to show what goes wrong: the variance
    # doubles in every layer. The right one is he_normal, √2/√fan_in.
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
