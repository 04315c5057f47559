"""Small data sets, and how to scale them, split them and cut them into batches.

The same seed gives the same points on every machine. A model and a data set with the same seed
still draw different random numbers.
"""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeAlias, overload

from .arguments import not_negative, number, whole
from .arithmetic.floats import real
from .errors import OperandError, PlaceError, ShapeError, TargetError, one_of, suggest_names
from .seeds import stream

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Point = list[float]
Sample: TypeAlias = Any  # what the model takes: numbers, pictures, sequences or indices
Target: TypeAlias = Any  # what the loss takes: a number, a class or probabilities


@dataclass(frozen=True)
class Dataset:
    """A list of samples with a list of their targets.

    ``len(dataset)`` is the number of samples, iterating gives pairs (sample, target), and
    ``dataset[0]`` is the first pair. ``dataset[:10]`` is a data set of the first ten.

    Attributes:
        xs: the samples, each as the model takes it.
        ys: the target of each sample, as the loss takes it.
        name: the name of the set, for titles.
        classes: the number of classes if the targets are classes 0, 1, …, otherwise 0.

    >>> points = Dataset([[0.0], [1.0], [2.0]], [0.0, 1.0, 4.0])
    >>> [len(batch) for batch in points.batches(2)]
    [2, 1]
    """

    xs: Sequence[Sample]
    ys: Sequence[Target]
    name: str = ""
    classes: int = 0

    def __post_init__(self) -> None:
        for given, what in ((self.xs, "samples"), (self.ys, "targets")):
            if isinstance(given, (str, dict, set)) or not hasattr(given, "__getitem__"):
                raise OperandError(
                    f"the {what} of a data set must be a list; got {type(given).__name__} {given!r}"
                )
        if len(self.xs) != len(self.ys):
            raise ShapeError(
                "a data set needs one target per sample; "
                f"got {len(self.xs)} samples and {len(self.ys)} targets"
            )

    def __len__(self) -> int:
        return len(self.xs)

    def __iter__(self) -> Iterator[tuple[Sample, Target]]:
        return iter(zip(self.xs, self.ys, strict=True))

    @overload
    def __getitem__(self, place: slice) -> Dataset: ...
    @overload
    def __getitem__(self, place: SupportsIndex) -> tuple[Sample, Target]: ...
    def __getitem__(self, place: SupportsIndex | slice) -> Dataset | tuple[Sample, Target]:
        if isinstance(place, slice):
            return self.take(range(*place.indices(len(self))))
        if not isinstance(place, SupportsIndex):
            raise OperandError(
                f"an index of a data set must be a whole number or a slice; got {place!r}. For "
                "several samples, use take([0, 2, 5])"
            )
        found = self._check(operator.index(place))
        return self.xs[found], self.ys[found]

    def _check(self, place: int) -> int:
        """``place``, if it is an index of this data set."""
        if not -len(self) <= place < len(self):
            raise PlaceError(
                f"a data set of {len(self)} samples has no index {place}; the last is "
                f"{len(self) - 1}"
            )
        return place

    def take(self, places: Sequence[int]) -> Dataset:
        """A data set of the samples with these indices."""
        places = [self._check(i) for i in places]
        return replace(self, xs=[self.xs[i] for i in places], ys=[self.ys[i] for i in places])

    def split(self, share: float = 0.2, seed: int = 0) -> tuple[Dataset, Dataset]:
        """A training set and a test set. The test set gets ``share`` of the samples.

        The samples are shuffled first, as ``seed`` determines.
        """
        if not 0.0 < number(share, "the share of test samples") < 1.0:
            raise TargetError(f"the share of test samples must be between 0 and 1; got {share!r}")
        order = shuffled(len(self), stream(seed, "split"))
        whole(len(self), "the number of samples to split", low=2)
        cut = min(max(1, len(self) - round(share * len(self))), len(self) - 1)
        return self.take(order[:cut]), self.take(order[cut:])

    def batches(
        self, size: int | None = None, rng: random.Random | None = None, *, drop_last: bool = False
    ) -> Iterator[Dataset]:
        """Yield the samples in batches.

        Args:
            size: the size of the batches. None gives one batch of all samples. The last batch may
                be smaller than the others.
            rng: the generator that shuffles the samples. None keeps their order.
            drop_last: leave out the last batch if it is smaller than the others.

        Raises:
            ShapeError: if ``size`` is less than 1, or ``drop_last`` would leave no batch.
        """
        if size is None:
            size = max(1, len(self))
        size = whole(size, "batch_size (None uses all samples at once)")
        if drop_last and len(self) < size:
            raise ShapeError(
                f"drop_last would leave no batch: the batch size is {size}, but the data set has "
                f"only {len(self)} sample(s)"
            )
        order = shuffled(len(self), rng) if rng else list(range(len(self)))
        for start in range(0, len(self) - size + 1 if drop_last else len(self), size):
            yield self.take(order[start : start + size])

    def map_targets(self, f: Callable[[Target], Target]) -> Dataset:
        """The same samples with ``f(target)`` as targets.

        For example, ``map_targets(lambda t: 2 * t - 1)`` turns the labels 0 and 1 into -1 and 1.
        """
        return replace(self, ys=[f(y) for y in self.ys])


def check_dataset(data: Dataset) -> Dataset:
    """``data``, if it is a Dataset. Raises OperandError if it is not.

    >>> len(check_dataset(moons(30)))
    30
    >>> check_dataset([1.0, 2.0])
    Traceback (most recent call last):
    autograd_edu.errors.OperandError: the data must be a Dataset: write Dataset(samples, ...
    """
    if not isinstance(data, Dataset):
        raise OperandError(
            "the data must be a Dataset: write Dataset(samples, targets); "
            f"got {type(data).__name__} {data!r:.60}"
        )
    return data


def shuffled(count: int, rng: random.Random) -> list[int]:
    """The numbers from 0 to count - 1 in random order.

    >>> shuffled(5, random.Random(0))
    [2, 1, 0, 4, 3]
    """
    order = list(range(count))
    rng.shuffle(order)
    return order


# ---- generated sets ----


def truth_table(name: str = "xor") -> Dataset:
    """The truth table of "xor", "and" or "or": four samples of two bits, with targets 0 and 1.

    Raises:
        OptionError: for any other name.

    >>> for bits, target in truth_table("and"):
    ...     print(bits, target)
    [0.0, 0.0] 0
    [0.0, 1.0] 0
    [1.0, 0.0] 0
    [1.0, 1.0] 1
    """
    tables = {"xor": [0, 1, 1, 0], "and": [0, 0, 0, 1], "or": [0, 1, 1, 1]}
    one_of(name, tables, "truth table")
    return Dataset([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], list(tables[name]), name, 2)


def moons(n: int = 100, noise: float = 0.1, *, seed: int = 0) -> Dataset:
    """``n`` points on two interleaving half circles, plus noise from N(0, noise²).

    Class 0 is (cos t, sin t) and class 1 is (1 - cos t, ½ - sin t), for t in [0, π].

    >>> for point, label in moons(4, noise=0.0):
    ...     print([round(x, 2) for x in point], label)
    [-1.0, 0.0] 0
    [0.0, 0.5] 1
    [2.0, 0.5] 1
    [1.0, 0.0] 0
    """
    whole(n, "the number of points")
    upper = [_spread(math.pi, i, n - n // 2) for i in range(n - n // 2)]
    lower = [_spread(math.pi, i, n // 2) for i in range(n // 2)]
    points = [(math.cos(t), math.sin(t)) for t in upper] + [
        (1.0 - math.cos(t), 0.5 - math.sin(t)) for t in lower
    ]
    return _two_classes(points, len(upper), noise=noise, seed=seed, name="moons")


def circles(n: int = 100, noise: float = 0.1, *, seed: int = 0, inner: float = 0.5) -> Dataset:
    """``n`` points on two circles around 0, plus noise from N(0, noise²).

    Class 0 has radius 1, and class 1 has radius ``inner``.

    >>> [(round(math.hypot(*point), 2), label) for point, label in circles(4, noise=0.0)]  # radii
    [(1.0, 0), (1.0, 0), (0.5, 1), (0.5, 1)]
    """
    whole(n, "the number of points")
    outside = n - n // 2
    points = [_on_circle(1.0, i / outside) for i in range(outside)] + [
        _on_circle(inner, i / (n // 2)) for i in range(n // 2)
    ]
    return _two_classes(points, outside, noise=noise, seed=seed, name="circles")


def spirals(n: int = 100, noise: float = 0.05, *, seed: int = 0, turns: float = 1.0) -> Dataset:
    """``n`` points on two arms of a spiral, plus noise from N(0, noise²).

    The arms are the classes. Each winds ``turns`` times around 0.

    >>> sorted((round(math.hypot(*point), 2), label) for point, label in spirals(6, noise=0.0))
    [(0.1, 0), (0.1, 1), (0.55, 0), (0.55, 1), (1.0, 0), (1.0, 1)]
    """
    whole(n, "the number of points")
    first = n - n // 2
    arms = [
        [
            _on_circle(0.1 + 0.9 * u, start + turns * u)
            for u in (_spread(1.0, i, k) for i in range(k))
        ]
        for k, start in ((first, 0.0), (n // 2, 0.5))
    ]
    return _two_classes(arms[0] + arms[1], first, noise=noise, seed=seed, name="spirals")


def blobs(
    n: int = 100,
    centres: Sequence[Sequence[float]] = ((-1.0, -1.0), (1.0, 1.0)),
    *,
    sd: float = 0.4,
    seed: int = 0,
) -> Dataset:
    """``n`` points from normal distributions N(centre, sd²).

    The class of a point is the index of its centre.

    Raises:
        ShapeError: if the centres have different lengths.

    >>> corners = [[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]]
    >>> [([round(x) for x in point], label) for point, label in blobs(3, corners, sd=0.1)]
    [([0, 0], 0), ([5, 0], 1), ([0, 5], 2)]
    """
    whole(n, "the number of points")
    whole(len(centres), "the number of centres")
    if len(lengths := {len(centre): centre for centre in centres}) > 1:
        raise ShapeError(f"all centres must have the same length; got {[*lengths.values()]!r}")
    not_negative(sd, "sd")
    rng = stream(seed, "blobs")
    labels = [i % len(centres) for i in range(n)]
    xs = [[rng.gauss(mean, sd) for mean in centres[label]] for label in labels]
    return Dataset(xs, labels, "blobs", len(centres))


def above_the_corner(side: int = 41, step: float = 0.25) -> Dataset:
    """A grid of ``side`` × ``side`` points around 0. The class is 1 where x₂ ≥ |x₁| (MLPR).

    >>> [point for point, label in above_the_corner(side=3, step=1.0) if label == 1]
    [[-1.0, 1.0], [0.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    """
    places = [(i - side // 2) * step for i in range(side)]
    xs = [[x1, x2] for x1 in places for x2 in places]
    return Dataset(xs, [int(x2 >= abs(x1)) for x1, x2 in xs], "x₂ ≥ |x₁|", 2)


def noisy_function(
    f: Callable[[float], float] = math.sin, n: int = 100, *, low: float = -3.0, high: float = 3.0,
    noise: float | Callable[[float], float] = 0.1, seed: int = 0,
) -> Dataset:  # fmt: skip
    """``n`` random x in [low, high], with the targets f(x) plus noise from N(0, noise²).

    Args:
        noise: the standard deviation, as a number or as a function of x.

    >>> [(round(x, 2), round(y, 2)) for [x], y in noisy_function(lambda x: 2.0 * x, 3)]
    [(-2.9, -5.86), (0.28, 0.67), (2.23, 4.6)]
    """
    whole(n, "the number of points")
    rng = stream(seed, "noisy function")
    xs = sorted(rng.uniform(low, high) for _ in range(n))
    sds = [not_negative(noise(x) if callable(noise) else noise, "noise") for x in xs]
    return Dataset(
        [[x] for x in xs],
        [f(x) + rng.gauss(0.0, sd) for x, sd in zip(xs, sds, strict=True)],
        "noisy function",
    )


def digits() -> Dataset:
    """1797 handwritten digits of 8 × 8 pixels in [0, 1], as lists of 64 numbers, in 10 classes.

    This is scikit-learn's copy of a UCI set. Source: Alpaydin and Kaynak, "Optical Recognition of
    Handwritten Digits", 1998.

    Raises:
        ImportError: if scikit-learn is missing; the extra `data` installs it.

    >>> zero = digits()[0]
    >>> for row in range(8):
    ...     print("".join("·▒█"[round(2 * pixel)] for pixel in zero[0][8 * row : 8 * row + 8]))
    ··▒█▒···
    ··██▒█▒·
    ··█··▒▒·
    ··█··▒▒·
    ·▒▒··▒▒·
    ··▒··█▒·
    ··█▒▒█··
    ··▒█▒···
    """
    try:
        from sklearn.datasets import load_digits  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise ImportError(
            "the handwritten digits are part of scikit-learn: pip install 'autograd-edu[data]'"
        ) from None
    raw = load_digits()
    return Dataset((raw.data / 16.0).tolist(), [int(t) for t in raw.target], "digits", 10)


def _spread(length: float, i: int, count: int) -> float:
    return length * i / max(1, count - 1)


def _on_circle(radius: float, turn: float) -> tuple[float, float]:
    return radius * math.cos(2.0 * math.pi * turn), radius * math.sin(2.0 * math.pi * turn)


def _two_classes(
    points: Sequence[tuple[float, float]], first: int, *, noise: float, seed: int, name: str
) -> Dataset:
    """The points with noise, shuffled. The ``first`` of them are class 0, the others class 1."""
    not_negative(noise, "noise")
    rng = stream(seed, name)
    xs = [[a + rng.gauss(0.0, noise), b + rng.gauss(0.0, noise)] for a, b in points]
    return Dataset(xs, [int(i >= first) for i in range(len(xs))], name, 2).take(
        shuffled(len(xs), rng)
    )


NAMED: dict[str, Callable[..., Dataset]] = {
    "moons": moons, "circles": circles, "spirals": spirals, "blobs": blobs,
    "xor": lambda: truth_table("xor"), "and": lambda: truth_table("and"),
    "or": lambda: truth_table("or"),
    "corner": above_the_corner, "sine": noisy_function, "digits": digits,
}  # fmt: skip

# ---- preparation ----


@dataclass(frozen=True)
class Scale:
    """The scale that `standardise` measured. Call it on another sample to scale that sample.

    ``sd`` is 1 for a column that never changes.

    >>> scale = Scale(mean=[170.0], sd=[10.0])
    >>> scale([185.0])
    [1.5]
    """

    mean: list[float]
    sd: list[float]

    def __call__(self, x: Sequence[float]) -> Point:
        return [(v - mean) / sd for v, mean, sd in zip(x, self.mean, self.sd, strict=True)]


def standardise(xs: Sequence[Sequence[float]]) -> tuple[list[Point], Scale]:
    """The samples scaled to mean 0 and standard deviation 1 in each column, and the `Scale`.

    The variance is divided by n, not by n - 1.

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
    """The standard deviation, or 1.0 if the column varies only by rounding."""
    sd = math.sqrt(math.fsum((v - mean) ** 2 for v in column) / len(column))
    return sd if sd > 4.0 * math.ulp(max(map(abs, column))) else 1.0


def whiten(
    xs: Sequence[Sequence[float]], keep: int | None = None
) -> tuple[list[Point], Callable[[Sequence[float]], Point]]:
    """The whitened samples, and a function that whitens another sample.

    Whitened samples have uncorrelated columns of mean 0 and variance 1, one per principal axis.
    Axes without variance are left out.

    Args:
        keep: keep only so many axes, those with the largest variance. None keeps all.

    Raises:
        ShapeError: if ``keep`` is larger than the length of a sample.

    >>> points, turn = whiten([[0.0, 0.0], [2.0, 2.0], [4.0, 0.0], [6.0, 2.0]])
    >>> variances = [round(sum(p[i] ** 2 for p in points) / 4, 9) for i in (0, 1)]
    >>> variances, abs(sum(a * b for a, b in points)) < 1e-9
    ([1.0, 1.0], True)
    """
    import numpy as np

    columns = _columns(xs)
    if keep is not None and whole(keep, "keep") > len(columns):
        raise ShapeError(f"samples of {len(columns)} numbers have no {keep} axes to keep")
    points = np.array([list(x) for x in xs], float)
    mean = points.mean(axis=0)
    _, widths, axes = np.linalg.svd(points - mean, full_matrices=False)
    widths = widths / math.sqrt(len(points))
    kept = np.flatnonzero(widths > 1e-12 * widths.max())[:keep]
    turn = axes[kept].T / widths[kept]

    def whitened(x: Sequence[float]) -> Point:
        return [float(v) for v in (np.array(x, float) - mean) @ turn]

    return [whitened(x) for x in xs], whitened


def augment(
    data: Dataset, *, copies: int = 1, shift: float = 1.0, turn: float = 10.0, noise: float = 0.0,
    shape: tuple[int, int] | None = None, seed: int = 0,
) -> Dataset:  # fmt: skip
    """The pictures of ``data``, followed by ``copies`` changed copies of each.

    Each copy is turned and shifted by random amounts, and has the target of its picture. What comes
    in from outside is 0. Augment only training data, after `Dataset.split`.

    Args:
        shift: the largest shift to each side, in pixels. It need not be whole.
        turn: the largest turn to the left and to the right, in degrees.
        noise: the standard deviation of a random number that is added to each pixel.
        shape: the height and width of a picture, whose pixels are one list; by default a square.

    >>> cross = Dataset([[0, 1, 0, 1, 1, 1, 0, 1, 0]], [7])
    >>> augment(cross, shift=0.0, turn=0.0)[1]
    ([0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0], 7)
    """
    import numpy as np

    whole(copies, "copies", low=0)
    for size, name in ((shift, "shift"), (turn, "turn"), (noise, "noise")):
        not_negative(size, name)
    rng, side = stream(seed, "augment"), _shape_of_pictures(check_dataset(data), shape)
    changed: list[Point] = []
    for picture in [*data.xs] * copies:
        down, right, angle = (rng.uniform(-most, most) for most in (shift, shift, turn))
        pixels = np.array(picture, float).reshape(side)
        moved = _move(pixels, down=down, right=right, angle=math.radians(angle)).ravel()
        changed.append([v + (rng.gauss(0.0, noise) if noise else 0.0) for v in moved.tolist()])
    return replace(data, xs=[*data.xs, *changed], ys=[*data.ys] * (1 + copies))


def _shape_of_pictures(data: Dataset, shape: tuple[int, int] | None) -> tuple[int, int]:
    count = len(_columns(data.xs))
    height, width = shape or (math.isqrt(count), math.isqrt(count))
    if height * width != count:
        raise ShapeError(
            f"{count} pixels do not form a picture of {height} × {width}; pass shape=(height, "
            "width)"
        )
    return height, width


def _move(
    pixels: NDArray[np.float64], *, down: float, right: float, angle: float
) -> NDArray[np.float64]:
    """The picture turned to the left around its centre by ``angle``, then shifted.

    Each pixel is interpolated between the four around the place that it comes from.
    """
    import numpy as np

    height, width = pixels.shape
    y, x = np.indices(pixels.shape, float)
    y, x = y - (height - 1) / 2 - down, x - (width - 1) / 2 - right
    y, x = (
        math.cos(angle) * y + math.sin(angle) * x + (height - 1) / 2,
        math.cos(angle) * x - math.sin(angle) * y + (width - 1) / 2,
    )
    framed = np.pad(pixels, 1)
    y, x = np.clip(y + 1.0, 0.0, height + 1.0), np.clip(x + 1.0, 0.0, width + 1.0)
    i, j = np.minimum(y.astype(int), height), np.minimum(x.astype(int), width)
    v, u = y - i, x - j
    above = (1.0 - u) * framed[i, j] + u * framed[i, j + 1]
    below = (1.0 - u) * framed[i + 1, j] + u * framed[i + 1, j + 1]
    moved: NDArray[np.float64] = (1.0 - v) * above + v * below
    return moved


def _columns(xs: Sequence[Sequence[float]]) -> list[tuple[float, ...]]:
    found = {len(x) if hasattr(x, "__len__") and not isinstance(x, str) else 0: x for x in xs}
    if len(found) != 1 or 0 in found:
        raise ShapeError(
            "samples to scale must be one or more lists of the same length; "
            f"got {[*found.values()][:4] or 'none'}"
        )
    return [tuple(real(x, "a sample to scale") for x in xs) for xs in zip(*xs, strict=True)]


if not TYPE_CHECKING:  # a checker would take every misspelled name for a name
    __getattr__ = suggest_names(globals())
