"""Normalisation layers: over the batch, or over the numbers of one sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ..arguments import fraction, not_negative, positive, whole
from ..arithmetic.floats import real
from ..engine.number import plain
from ..engine.ops import sqrt, square
from ..errors import ShapeError, TrainingError
from .kinds import Nested, Scalar, Vector
from .layers import check_length, make_parameters
from .losses import average
from .module import Module


def moments(xs: Vector) -> tuple[Scalar, Scalar]:
    """The mean and the variance. The variance is divided by n, not by n - 1."""
    mean = average(xs)
    return mean, average([square(x - mean) for x in xs])


class _Scaled(Module):
    """The base of all normalisations: a learned scale γ and shift β for each number.

    Args:
        affine: False leaves out γ and β.
    """

    def __init__(self, size: int, *, affine: bool, shift: bool, eps: float) -> None:
        self.size, self.eps = whole(size, f"the size of {type(self).__name__}"), eps
        not_negative(eps, "eps")
        self.scale = make_parameters(size, 1.0, "γ") if affine else []
        self.shift = make_parameters(size, 0.0, "β") if affine and shift else []

    def finish(self, xs: Vector) -> list[Scalar]:
        """γᵢxᵢ + βᵢ for each i."""
        if self.scale:
            xs = [x * scale for x, scale in zip(xs, self.scale, strict=True)]
        if self.shift:
            xs = [x + shift for x, shift in zip(xs, self.shift, strict=True)]
        return list(xs)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.size})"


class BatchNorm(_Scaled):
    """γ(x - μ)/√(σ² + ε) + β, with the mean μ and the variance σ² of each number over the batch.

    In training mode it needs the whole batch, so call ``model.batch(samples)``. It keeps running
    averages of μ and σ², which it uses in evaluation mode, where it takes one sample at a time.
    Source: Ioffe and Szegedy, "Batch Normalization", 2015.

    Args:
        affine: False leaves out γ and β.
        momentum: the weight of the newest batch in the running averages.
        eps: ε.

    Raises:
        TrainingError: in training mode, if it gets a single sample.

    >>> norm = BatchNorm(1)
    >>> [round(y.data, 3) for [y] in norm.batch([[1.0], [3.0], [5.0]])]
    [-1.225, 0.0, 1.225]
    >>> [round(x, 3) for x in (*norm.running_mean, *norm.running_variance)]  # from 0 and 1
    [0.3, 1.3]
    """

    buffers: ClassVar[tuple[str, ...]] = ("running_mean", "running_variance")
    changes_in_training: ClassVar[bool] = True

    def __init__(
        self, size: int, *, affine: bool = True, momentum: float = 0.1, eps: float = 1e-5
    ) -> None:
        super().__init__(size, affine=affine, shift=True, eps=eps)
        self.momentum = fraction(momentum, "momentum")
        self.running_mean = [0.0] * size
        self.running_variance = [1.0] * size

    def forward(self, x: Vector) -> list[Scalar]:
        check_length(x, wanted=self.size, module=self)
        if self.training:
            raise TrainingError(
                f"{self!r} needs a whole batch in training mode: call model.batch(samples), or "
                "model.eval() first"
            )
        of_each = zip(x, self.running_mean, self.running_variance, strict=True)
        eps = self.eps
        return self.finish([(v - mean) / sqrt(variance + eps) for v, mean, variance in of_each])

    def batch(self, samples: Sequence[Nested]) -> Sequence[Nested]:
        if not self.training:
            return super().batch(samples)
        if len(samples) < 2:
            raise TrainingError(
                f"{self!r} needs at least two samples to normalise over; got {len(samples)}"
            )
        rows = [check_length(x, wanted=self.size, module=self) for x in samples]
        columns = [self._column(i, column) for i, column in enumerate(zip(*rows, strict=True))]
        return [self.finish(row) for row in zip(*columns, strict=True)]

    def _column(self, i: int, column: Vector) -> Vector:
        mean, variance = moments(column)
        new, n = self.momentum, len(column)
        unbiased = plain(variance) * n / (n - 1)  # as in PyTorch
        self.running_mean[i] += new * (plain(mean) - self.running_mean[i])
        self.running_variance[i] += new * (unbiased - self.running_variance[i])
        sd = sqrt(variance + self.eps)
        return [(x - mean) / sd for x in column]

    def varying(self) -> str:
        if not self.training:
            return ""
        return f"{self!r} makes the samples of a batch depend on each other in training mode"


class LayerNorm(_Scaled):
    """γ(x - μ)/√(σ² + ε) + β, with the mean μ and the variance σ² of the sample's numbers.

    Source: Ba, Kiros and Hinton, "Layer Normalization", 2016.

    >>> [round(y.data, 3) for y in LayerNorm(3)([10.0, 20.0, 30.0])]
    [-1.225, 0.0, 1.225]
    """

    def __init__(self, size: int, *, affine: bool = True, eps: float = 1e-5) -> None:
        super().__init__(size, affine=affine, shift=True, eps=eps)

    def forward(self, x: Vector) -> list[Scalar]:
        mean, variance = moments(check_length(x, wanted=self.size, module=self))
        sd = sqrt(variance + self.eps)
        return self.finish([(v - mean) / sd for v in x])


class RMSNorm(_Scaled):
    """γx/√(mean of x² + ε): each number of a sample divided by their root mean square.

    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019.

    >>> [round(y.data, 3) for y in RMSNorm(2)([3.0, 4.0])]
    [0.849, 1.131]
    """

    def __init__(self, size: int, *, affine: bool = True, eps: float = 1e-5) -> None:
        super().__init__(size, affine=affine, shift=False, eps=eps)

    def forward(self, x: Vector) -> list[Scalar]:
        check_length(x, wanted=self.size, module=self)
        rms = sqrt(average([square(v) for v in x]) + self.eps)
        return self.finish([v / rms for v in x])


class Standardiser(Module):
    """(x - μ)/σ with fixed means μ and standard deviations σ, as a first layer.

    The model then takes raw inputs and saves their scale together with its weights.

    Raises:
        ShapeError: if there are not as many means as standard deviations.
        TargetError: if a standard deviation is not positive.

    >>> Standardiser(mean=[170.0, 70.0], sd=[10.0, 15.0])([180.0, 55.0])
    [1.0, -1.0]
    """

    buffers: ClassVar[tuple[str, ...]] = ("mean", "sd")

    def __init__(self, mean: Sequence[float], sd: Sequence[float]) -> None:
        if len(mean) != len(sd):
            raise ShapeError(
                "a standardiser needs as many means as standard deviations; "
                f"got {len(mean)} and {len(sd)}"
            )
        self.mean = [real(m) for m in mean]
        self.sd = [positive(real(s), "a standard deviation") for s in sd]

    def forward(self, x: Vector) -> list[Scalar]:
        check_length(x, wanted=len(self.mean), module=self)
        return [(v - mean) / sd for v, mean, sd in zip(x, self.mean, self.sd, strict=True)]

    def __repr__(self) -> str:
        return f"Standardiser({len(self.mean)})"
