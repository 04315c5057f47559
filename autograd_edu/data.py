"""Small data sets, made by a seeded rule or real, and how they are prepared: scaled, split, cut into batches.

Generated sets depend on the seed alone: the same seed gives the same points on every machine. Each set has a stream of
random numbers of its own, so that a model with the same seed does not start from the same numbers.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

from .arguments import number, whole
from .errors import OperandError, ShapeError, TargetError, one_of
from .seeds import stream

Point = list[float]


@dataclass(frozen=True)
class Dataset:
    """Samples and their targets, in order.

    Attributes:
        classes: how many there are, if the targets are the numbers of classes; 0 otherwise.
    """

    xs: list[Any]
    ys: list[Any]
    name: str = ""
    classes: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.xs, str) or isinstance(self.ys, str):
            raise OperandError(
                f"samples and targets must be lists; got {self.xs!r} and {self.ys!r}"
            )
        if len(self.xs) != len(self.ys):
            raise ShapeError(
                f"a data set has a target for each sample; {len(self.xs)} samples and {len(self.ys)} targets were given"
            )

    def __len__(self) -> int:
        return len(self.xs)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return iter(zip(self.xs, self.ys, strict=True))

    def take(self, places: Sequence[int]) -> Dataset:
        """The samples at these places."""
        return replace(self, xs=[self.xs[i] for i in places], ys=[self.ys[i] for i in places])

    def split(self, share: float = 0.2, seed: int = 0) -> tuple[Dataset, Dataset]:
        """Two sets for training and test, ``share`` of the samples in the test set; the samples are shuffled by ``seed``."""
        if not 0.0 < number(share, "the share of test samples") < 1.0:
            raise TargetError(f"the share of test samples is between 0 and 1, not {share!r}")
        order = shuffled(len(self), stream(seed, "split"))
        whole(len(self), "the number of samples to split", low=2)
        cut = min(max(1, len(self) - round(share * len(self))), len(self) - 1)
        return self.take(order[:cut]), self.take(order[cut:])

    def batches(
        self, size: int | None = None, rng: random.Random | None = None
    ) -> Iterator[Dataset]:
        """The samples in batches of ``size`` (the last may be smaller; None is one batch), shuffled by ``rng`` if there is one.

        The gradient of the whole is the mean of the gradients of batches of equal size.
        """
        if size is not None and (not isinstance(size, Integral) or size < 1):
            raise TargetError(
                f"the batch size must be at least 1, or None for all samples at once; got {size!r}"
            )
        size = max(1, len(self)) if size is None else int(size)
        order = shuffled(len(self), rng) if rng else list(range(len(self)))
        for start in range(0, len(self), size):
            yield self.take(order[start : start + size])

    def map_targets(self, f: Callable[[Any], Any]) -> Dataset:
        """The same samples with f(target): 0/1 as ±1 is ``map_targets(lambda t: 2 * t - 1)``."""
        return replace(self, ys=[f(y) for y in self.ys])


def shuffled(count: int, rng: random.Random) -> list[int]:
    """The numbers from 0 to count - 1 in random order."""
    order = list(range(count))
    rng.shuffle(order)
    return order


# ---- generated sets ------------------------------------------------------------------------------------------------


def truth_table(name: str = "xor") -> Dataset:
    """The four rows of a function of two bits: "xor", "and" or "or", with targets 0 and 1."""
    tables = {"xor": [0, 1, 1, 0], "and": [0, 0, 0, 1], "or": [0, 1, 1, 1]}
    one_of(name, tables, "truth table")
    return Dataset([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], list(tables[name]), name, 2)


def moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Two half circles that reach into each other: (cos t, sin t), and (1 - cos t, ½ - sin t), t in [0, π]; N(0, noise²) added."""
    whole(n, "the number of points")
    upper = [_spread(math.pi, i, n - n // 2) for i in range(n - n // 2)]
    lower = [_spread(math.pi, i, n // 2) for i in range(n // 2)]
    points = [(math.cos(t), math.sin(t)) for t in upper] + [
        (1.0 - math.cos(t), 0.5 - math.sin(t)) for t in lower
    ]
    return _two_classes(points, len(upper), noise, seed, "moons")


def circles(n: int = 100, noise: float = 0.1, seed: int = 0, inner: float = 0.5) -> Dataset:
    """A circle of radius 1 (class 0) around one of radius ``inner`` (class 1); N(0, noise²) added."""
    whole(n, "the number of points")
    outside = n - n // 2
    points = [_on_circle(1.0, i / outside) for i in range(outside)] + [
        _on_circle(inner, i / (n // 2)) for i in range(n // 2)
    ]
    return _two_classes(points, outside, noise, seed, "circles")


def spirals(n: int = 100, noise: float = 0.05, seed: int = 0, turns: float = 1.0) -> Dataset:
    """Two arms of a spiral, each turned by half a circle against the other; N(0, noise²) added."""
    whole(n, "the number of points")
    first = n - n // 2
    arms = [[_on_circle(0.1 + 0.9 * _spread(1.0, i, k), start + turns * _spread(1.0, i, k)) for i in range(k)]
            for k, start in ((first, 0.0), (n // 2, 0.5))]  # fmt: skip
    return _two_classes(arms[0] + arms[1], first, noise, seed, "spirals")


def blobs(
    n: int = 100,
    centres: Sequence[Sequence[float]] = ((-1.0, -1.0), (1.0, 1.0)),
    sd: float = 0.4,
    seed: int = 0,
) -> Dataset:
    """A cloud N(centre, sd²) around each centre, in turn; the class is the centre's number."""
    whole(n, "the number of points"), whole(len(centres), "the number of centres")
    rng = stream(seed, "blobs")
    labels = [i % len(centres) for i in range(n)]
    xs = [[rng.gauss(mean, sd) for mean in centres[label]] for label in labels]
    return Dataset(xs, labels, "blobs", len(centres))


def above_the_corner(side: int = 41, step: float = 0.25) -> Dataset:
    """The grid of ``side`` × ``side`` points around 0; class 1 where x₂ ≥ |x₁| (MLPR's tutorial)."""
    places = [(i - side // 2) * step for i in range(side)]
    xs = [[x1, x2] for x1 in places for x2 in places]
    return Dataset(xs, [int(x2 >= abs(x1)) for x1, x2 in xs], "x₂ ≥ |x₁|", 2)


def noisy_function(
    f: Callable[[float], float] = math.sin, n: int = 100, *, low: float = -3.0, high: float = 3.0,
    noise: float | Callable[[float], float] = 0.1, seed: int = 0,
) -> Dataset:  # fmt: skip
    """y = f(x) + N(0, noise(x)²) at n random places of [low, high]; noise may depend on x."""
    whole(n, "the number of points")
    rng = stream(seed, "noisy function")
    xs = sorted(rng.uniform(low, high) for _ in range(n))
    sds = [noise(x) if callable(noise) else noise for x in xs]
    return Dataset(
        [[x] for x in xs],
        [f(x) + rng.gauss(0.0, sd) for x, sd in zip(xs, sds, strict=True)],
        "noisy function",
    )


def digits() -> Dataset:
    """1797 real handwritten digits, 8 × 8 pixels scaled to [0, 1], classes 0 to 9 (scikit-learn's copy of the UCI set).

    Raises:
        ImportError: without scikit-learn, the extra `data`.
    """
    try:
        from sklearn.datasets import load_digits  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise ImportError(
            "the handwritten digits come with scikit-learn: pip install 'autograd-edu[data]'"
        ) from None
    raw = load_digits()
    return Dataset((raw.data / 16.0).tolist(), [int(t) for t in raw.target], "digits", 10)


def _spread(length: float, i: int, count: int) -> float:
    return length * i / max(1, count - 1)


def _on_circle(radius: float, turn: float) -> tuple[float, float]:
    return radius * math.cos(2.0 * math.pi * turn), radius * math.sin(2.0 * math.pi * turn)


def _two_classes(
    points: Sequence[tuple[float, float]], first: int, noise: float, seed: int, name: str
) -> Dataset:
    """The first points class 0, the others class 1, blurred and shuffled."""
    rng = stream(seed, name)
    xs = [[a + rng.gauss(0.0, noise), b + rng.gauss(0.0, noise)] for a, b in points]
    return Dataset(xs, [int(i >= first) for i in range(len(xs))], name, 2).take(
        shuffled(len(xs), rng)
    )


NAMED: dict[str, Callable[..., Dataset]] = {
    "moons": moons, "circles": circles, "spirals": spirals, "blobs": blobs, "xor": lambda: truth_table("xor"),
    "and": lambda: truth_table("and"), "or": lambda: truth_table("or"), "corner": above_the_corner, "sine": noisy_function,
    "digits": digits,
}  # fmt: skip

# ---- preparation ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scale:
    """What `standardise` has measured: apply it to other samples too. A column that never changes is only moved."""

    mean: list[float]
    sd: list[float]

    def __call__(self, x: Sequence[float]) -> Point:
        return [(v - mean) / sd for v, mean, sd in zip(x, self.mean, self.sd, strict=True)]


def standardise(xs: Sequence[Sequence[float]]) -> tuple[list[Point], Scale]:
    """The samples with each column at mean 0 and (population) standard deviation 1, and the scale that does so.

    >>> xs, scale = standardise([[1.0], [2.0], [3.0], [4.0]])
    >>> xs[0], scale([2.5])
    ([-1.3416407864998738], [0.0])
    """
    columns = _columns(xs)
    mean = [math.fsum(c) / len(c) for c in columns]
    sd = [_deviation(c, m) for c, m in zip(columns, mean, strict=True)]
    scale = Scale(mean, sd)
    return [scale(x) for x in xs], scale


def _deviation(column: Sequence[float], mean: float) -> float:
    """The standard deviation; 1.0 for a column that varies by no more than its numbers are rounded."""
    sd = math.sqrt(math.fsum((v - mean) ** 2 for v in column) / len(column))
    return sd if sd > 4.0 * math.ulp(max(map(abs, column))) else 1.0


def whiten(
    xs: Sequence[Sequence[float]], keep: int | None = None
) -> tuple[list[Point], Callable[[Sequence[float]], Point]]:
    """The samples along their principal axes, each scaled to variance 1, so that they are uncorrelated; and the map that does so.

    ``keep`` axes of the largest variance are kept; axes without any variance are left out always.
    """
    import numpy as np

    points = np.array([list(x) for x in xs], float)
    _columns(xs)
    mean = points.mean(axis=0)
    _, widths, axes = np.linalg.svd(points - mean, full_matrices=False)
    widths = widths / math.sqrt(len(points))
    kept = np.flatnonzero(widths > 1e-12 * widths.max())[:keep]
    turn = axes[kept].T / widths[kept]

    def whitened(x: Sequence[float]) -> Point:
        return [float(v) for v in (np.array(x, float) - mean) @ turn]

    return [whitened(x) for x in xs], whitened


def _columns(xs: Sequence[Sequence[float]]) -> list[tuple[float, ...]]:
    if not len(xs) or len({len(x) if hasattr(x, "__len__") else -1 for x in xs} | {-1}) != 2:
        raise ShapeError(
            "samples to scale are lists of one length, and at least one of them is needed"
        )
    return list(zip(*xs, strict=True))
