"""Convolutions: the same neurons at every place of a sequence or a picture. Small ones: this is a scalar engine."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, ClassVar

from ..arguments import whole
from ..engine.value import scope
from ..errors import ShapeError
from ..seeds import stream
from ..trees import flatten
from .layers import Neuron
from .module import Module
from .pooling import Pool


class _Convolution(Module):
    """What convolutions share: the neurons, each applied to every window, with 0 beyond the borders if padded."""

    dimensions: ClassVar[int]

    def __init__(
        self, channels: int, filters: int, kernel: int, *, stride: int = 1, padding: int = 0, seed: Any = None,
        **of_neurons: Any,
    ) -> None:  # fmt: skip
        for count, what in (
            (channels, "channels"),
            (filters, "filters"),
            (kernel, "kernel"),
            (stride, "stride"),
        ):
            whole(count, f"the `{what}` of a convolution")
        whole(padding, "the padding of a convolution", low=0)
        self.channels, self.kernel, self.stride, self.padding = channels, kernel, stride, padding
        window = kernel**self.dimensions * channels
        rng = stream(seed, f"{type(self).__name__}({channels}, {filters}, {kernel})")
        self.neurons = [
            Neuron(window, fan_out=filters, seed=rng, **of_neurons) for _ in range(filters)
        ]

    def starts(self, length: int, kernel: int) -> range:
        """Where windows begin; in the padding, before 0."""
        last = length + self.padding - kernel
        if last < -self.padding:
            raise ShapeError(
                f"{self!r}: a window of {kernel} does not fit into {length} with padding {self.padding}"
            )
        return range(-self.padding, last + 1, self.stride)

    def check_channels(self, given: Sequence[Any]) -> None:
        if len(given) != self.channels:
            raise ShapeError(f"{self!r} takes {self.channels} channel(s); {len(given)} were given")

    def __repr__(self) -> str:
        count = len(getattr(self, "neurons", ()))
        return f"{type(self).__name__}({self.channels}, {count}, kernel={self.kernel})"


class Conv1d(_Convolution):
    """``filters`` neurons slid along a sequence: takes a list of channels (each a list of numbers), gives one for each filter."""

    dimensions = 1

    def forward(self, signal: Sequence[Sequence[Any]]) -> list[list[Any]]:
        self.check_channels(signal)
        length = _common([len(channel) for channel in signal], repr(self))
        maps: list[list[Any]] = [[] for _ in self.neurons]
        for i in self.starts(length, self.kernel):
            window = [
                channel[j] if 0 <= j < length else 0.0
                for channel in signal
                for j in range(i, i + self.kernel)
            ]
            with scope(f"at{i}"):
                for out, neuron in zip(maps, self.neurons, strict=True):
                    out.append(neuron(window))
        return maps


class Conv2d(_Convolution):
    """``filters`` neurons slid over a picture: takes a list of channels (each a list of rows), gives one for each filter."""

    dimensions = 2

    def forward(self, picture: Sequence[Sequence[Sequence[Any]]]) -> list[list[list[Any]]]:
        self.check_channels(picture)
        height = _common([len(channel) for channel in picture], repr(self))
        width = _common([len(row) for channel in picture for row in channel], repr(self))
        rows, k = self.starts(height, self.kernel), self.kernel
        maps: list[list[list[Any]]] = [[[] for _ in rows] for _ in self.neurons]
        for (r, i), j in product(enumerate(rows), self.starts(width, k)):
            window = [
                channel[a][b] if 0 <= a < height and 0 <= b < width else 0.0
                for channel in picture for a in range(i, i + k) for b in range(j, j + k)
            ]  # fmt: skip
            with scope(f"at{i}_{j}"):
                for out, neuron in zip(maps, self.neurons, strict=True):
                    out[r].append(neuron(window))
        return maps


class Pool2d(Module):
    """Each channel cut into ``size`` × ``size`` tiles, and each tile pooled to one number (see `pooling.Pool` for the kinds)."""

    def __init__(self, size: int, kind: str = "max") -> None:
        self.size, self.pool = size, Pool(kind)

    def forward(self, picture: Sequence[Sequence[Sequence[Any]]]) -> list[list[list[Any]]]:
        return [self._channel(channel) for channel in picture]

    def _channel(self, channel: Sequence[Sequence[Any]]) -> list[list[Any]]:
        size, height = self.size, len(channel)
        width = _common([len(row) for row in channel], repr(self))
        if height % size or width % size:
            raise ShapeError(
                f"{self!r}: {height} × {width} cannot be cut into tiles of {size} × {size}"
            )

        def tile(i: int, j: int) -> list[list[Any]]:
            return [[channel[i + a][j + b]] for a, b in product(range(size), range(size))]

        return [
            [self.pool(tile(i, j))[0] for j in range(0, width, size)]
            for i in range(0, height, size)
        ]

    def __repr__(self) -> str:
        return f"Pool2d({self.size}, {self.pool.kind!r})"


class Flatten(Module):
    """Nested lists as one list, in order: between convolutions and dense layers."""

    def forward(self, x: Any) -> list[Any]:
        return flatten(x)

    def __repr__(self) -> str:
        return "Flatten()"


def _common(lengths: list[int], who: str) -> int:
    if len(set(lengths)) != 1:
        raise ShapeError(
            f"{who} takes rows of one length; the lengths {sorted(set(lengths))} were given"
        )
    return lengths[0]
