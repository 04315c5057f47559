"""Normalisation inside a network: over the batch, or over the numbers of one sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ..arguments import not_negative, positive
from ..engine.floats import real
from ..engine.number import plain
from ..engine.ops import sqrt, square
from ..engine.value import Value
from ..errors import ShapeError, TrainingError
from .layers import numbers, subscript
from .losses import average
from .module import Module


def moments(xs: Sequence[Any]) -> tuple[Any, Any]:
    """The mean and the variance (of the population: divided by n) of numbers."""
    mean = average(xs)
    return mean, average([square(x - mean) for x in xs])


class _Scaled(Module):
    """What normalisations share: a learned scale γ and shift β for each number, unless ``affine`` is False."""

    def __init__(self, size: int, *, affine: bool, shift: bool, eps: float) -> None:
        self.size, self.eps = size, not_negative(eps, "ε")
        self.scale = [Value(1.0, f"γ{subscript(i + 1)}") for i in range(size)] if affine else []
        self.shift = (
            [Value(0.0, f"β{subscript(i + 1)}") for i in range(size)] if affine and shift else []
        )

    def finish(self, i: int, x: Any) -> Any:
        """γᵢx + βᵢ."""
        y = x * self.scale[i] if self.scale else x
        return y + self.shift[i] if self.shift else y

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.size})"


class BatchNorm(_Scaled):
    """Each number normalised to mean 0 and variance 1 over the batch (Ioffe and Szegedy 2015).

    In training it needs the whole batch: call `batch`, of this or of the `Sequential` around it. The statistics of the
    batches are averaged (the newest with weight ``momentum``) and used in evaluation, one sample at a time.
    """

    buffers: ClassVar[tuple[str, ...]] = ("running_mean", "running_variance")
    changes_in_training: ClassVar[bool] = True

    def __init__(
        self, size: int, *, affine: bool = True, momentum: float = 0.1, eps: float = 1e-5
    ) -> None:
        super().__init__(size, affine=affine, shift=True, eps=eps)
        self.momentum = momentum
        self.running_mean = [0.0] * size
        self.running_variance = [1.0] * size

    def forward(self, x: Any) -> list[Any]:
        numbers(x, wanted=self.size, who=repr(self))
        if self.training:
            raise TrainingError(
                f"{self!r} normalises over a batch while training: call model.batch(samples), or model.eval() first"
            )
        of_each = zip(x, self.running_mean, self.running_variance, strict=True)
        return [
            self.finish(i, (v - mean) / sqrt(variance + self.eps))
            for i, (v, mean, variance) in enumerate(of_each)
        ]

    def batch(self, samples: Sequence[Any]) -> list[Any]:
        if not self.training:
            return super().batch(samples)
        if len(samples) < 2:
            raise TrainingError(
                f"{self!r} needs at least two samples to normalise over; {len(samples)} were given"
            )
        columns = list(
            zip(*(numbers(x, wanted=self.size, who=repr(self)) for x in samples), strict=True)
        )
        normalised = [self._column(i, column) for i, column in enumerate(columns)]
        return [list(row) for row in zip(*normalised, strict=True)]

    def _column(self, i: int, column: Sequence[Any]) -> list[Any]:
        mean, variance = moments(column)
        new, n = self.momentum, len(column)
        self.running_mean[i] += new * (plain(mean) - self.running_mean[i])
        self.running_variance[i] += new * (
            plain(variance) * n / (n - 1) - self.running_variance[i]
        )  # unbiased, as in PyTorch
        sd = sqrt(variance + self.eps)
        return [self.finish(i, (x - mean) / sd) for x in column]

    def varying(self) -> str:
        return (
            f"{self!r} ties the samples of a batch together while training" if self.training else ""
        )


class LayerNorm(_Scaled):
    """The numbers of a sample normalised to mean 0 and variance 1 (Ba et al. 2016)."""

    def __init__(self, size: int, *, affine: bool = True, eps: float = 1e-5) -> None:
        super().__init__(size, affine=affine, shift=True, eps=eps)

    def forward(self, x: Any) -> list[Any]:
        mean, variance = moments(numbers(x, wanted=self.size, who=repr(self)))
        sd = sqrt(variance + self.eps)
        return [self.finish(i, (v - mean) / sd) for i, v in enumerate(x)]


class RMSNorm(_Scaled):
    """The numbers of a sample divided by their root mean square (Zhang and Sennrich 2019)."""

    def __init__(self, size: int, *, affine: bool = True, eps: float = 1e-5) -> None:
        super().__init__(size, affine=affine, shift=False, eps=eps)

    def forward(self, x: Any) -> list[Any]:
        rms = sqrt(
            average([square(v) for v in numbers(x, wanted=self.size, who=repr(self))]) + self.eps
        )
        return [self.finish(i, v / rms) for i, v in enumerate(x)]


class Standardiser(Module):
    """(x - μ) ⊘ σ with fixed numbers, as a first layer: a model then takes raw inputs, and saves their scale with it."""

    buffers: ClassVar[tuple[str, ...]] = ("mean", "sd")

    def __init__(self, mean: Sequence[float], sd: Sequence[float]) -> None:
        if len(mean) != len(sd):
            raise ShapeError(
                f"a standardiser has as many means as standard deviations; {len(mean)} and {len(sd)} were given"
            )
        self.mean, self.sd = [real(m) for m in mean], [real(s) for s in sd]
        for s in self.sd:
            positive(s, "a standard deviation")

    def forward(self, x: Any) -> list[Any]:
        numbers(x, wanted=len(self.mean), who=repr(self))
        return [(v - mean) / sd for v, mean, sd in zip(x, self.mean, self.sd, strict=True)]

    def __repr__(self) -> str:
        return f"Standardiser({len(self.mean)})"
