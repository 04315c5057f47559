"""Convolutions: the same neurons slide over a sequence or a picture.

Keep them small, because every number is a Value. Source: LeCun, Bottou, Bengio and Haffner,
"Gradient-Based Learning Applied to Document Recognition", 1998.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import ClassVar, Self, Unpack

from ..arguments import whole
from ..engine.modes import scope
from ..engine.value import Value
from ..errors import ShapeError
from ..seeds import stream
from ..trees import flatten, shape
from .activations import Activation
from .init import constant
from .kinds import Nested, Scalar, Seed, Vector
from .layers import Layer, Neuron, SwitchedOptions, plain_lists
from .module import Module
from .pooling import Pool

Picture = Sequence[Sequence[Vector]]  # channels of rows of numbers


class _Convolution(Module):
    """The base of all convolutions: neurons that are applied to every window. Padding is 0."""

    dimensions: ClassVar[int]

    def __init__(
        self, channels: int, filters: int, kernel: int, *, stride: int = 1, padding: int = 0,
        seed: Seed = None, **of_neurons: Unpack[SwitchedOptions],
    ) -> None:  # fmt: skip
        counts = {"channels": channels, "filters": filters, "kernel": kernel, "stride": stride}
        for what, count in counts.items():
            whole(count, f"the `{what}` of a convolution")
        whole(padding, "the `padding` of a convolution", low=0)
        self.channels, self.kernel, self.stride, self.padding = channels, kernel, stride, padding
        window = kernel**self.dimensions * channels
        rng = stream(seed, f"{type(self).__name__}({channels}, {filters}, {kernel})")
        self.neurons = [
            Neuron(window, fan_out=filters, seed=rng, **of_neurons) for _ in range(filters)
        ]

    @classmethod
    def from_weights(
        cls, kernels: Nested, biases: Sequence[float] | None = None, *,
        activation: str | Activation = "relu", stride: int = 1, padding: int = 0,
    ) -> Self:  # fmt: skip
        """A convolution with given kernels, one per filter, in the shape of PyTorch's ``weight``.

        Args:
            kernels: k[filter][channel][i] for a sequence, k[filter][channel][i][j] for a picture.
            biases: one number per filter. None leaves out the biases.
            activation, stride, padding: as for any convolution.

        Raises:
            ShapeError: if the kernels do not have this shape, or the biases do not fit them.

        >>> edges = Conv1d.from_weights([[[-1.0, 1.0]]], activation="linear")
        >>> [[y.data for y in channel] for channel in edges([[0.0, 0.0, 5.0, 5.0]])]
        [[0.0, 5.0, 0.0]]
        """
        kernels = plain_lists(kernels)
        sizes, sides = shape(kernels), cls.dimensions
        if not isinstance(sizes, tuple) or len(sizes) != 2 + sides or len(set(sizes[2:])) != 1:
            index = "".join(f"[{i}]" for i in ("filter", "channel", *"ij"[:sides]))
            raise ShapeError(
                f"the kernels of a {cls.__name__} must be numbers k{index}, all kernels of the "
                f"same size; got the shape {sizes}"
            )
        filters, channels, kernel = sizes[:3]
        found = cls(
            channels, filters, kernel, stride=stride, padding=padding, activation=activation,
            bias=biases is not None, init=constant(0.0),
        )  # fmt: skip
        given = [flatten(each) for each in kernels]
        found.neurons = Layer.from_weights(given, biases, activation=activation).neurons
        return found

    def starts(self, length: int) -> range:
        """Where the windows begin along a side of this length. In the padding, that is below 0."""
        last = length + self.padding - self.kernel
        if last < -self.padding:
            raise ShapeError(
                f"{self!r}: a window of {self.kernel} does not fit into {length} with padding "
                f"{self.padding}"
            )
        return range(-self.padding, last + 1, self.stride)

    def check_channels(self, given: Sequence[Nested]) -> None:
        """Raise ShapeError unless there are as many channels as the neurons take."""
        if len(given) != self.channels:
            raise ShapeError(f"{self!r} takes {self.channels} channel(s); got {len(given)}")

    def apply(self, window: Vector, place: str) -> list[Value]:
        """The output of each neuron for one window, computed in the scope ``place``."""
        with scope(place):
            return [neuron(window) for neuron in self.neurons]

    def __repr__(self) -> str:
        count = len(getattr(self, "neurons", ()))
        return f"{type(self).__name__}({self.channels}, {count}, kernel={self.kernel})"


class Conv1d(_Convolution):
    """``filters`` neurons that slide along a sequence.

    It takes a list of channels, each a list of numbers, and gives one channel per filter. A channel
    of n numbers becomes one of (n + 2·padding - kernel)//stride + 1 numbers; padding is zeros.
    Keyword arguments are ``stride``, ``padding``, ``seed`` and those of `Neuron`.

    Raises:
        ShapeError: if there are not ``channels`` channels of the same length, or a window does not
            fit into them.

    >>> from autograd_edu.nn.init import constant
    >>> mean_of_two = Conv1d(1, 1, kernel=2, activation="linear", init=constant(0.5))
    >>> [[y.data for y in channel] for channel in mean_of_two([[1.0, 3.0, 5.0, 9.0]])]
    [[2.0, 4.0, 7.0]]
    """

    dimensions = 1

    def forward(self, signal: Sequence[Vector]) -> list[list[Value]]:
        self.check_channels(signal)
        length, k = _common_length(signal, self), self.kernel
        answers = []
        for i in self.starts(length):
            window: list[Scalar] = [
                channel[j] if 0 <= j < length else 0.0
                for channel in signal
                for j in range(i, i + k)
            ]
            answers.append(self.apply(window, f"at{i}"))
        return [list(channel) for channel in zip(*answers, strict=True)]


class Conv2d(_Convolution):
    """``filters`` neurons that slide over a picture.

    It takes a list of channels, each a list of rows, and gives one channel per filter. Windows are
    squares of ``kernel`` × ``kernel`` numbers, and the sides shrink as in `Conv1d`. Keyword
    arguments are ``stride``, ``padding``, ``seed`` and those of `Neuron`.

    Raises:
        ShapeError: if there are not ``channels`` channels with rows of the same length, or a window
            does not fit into them.

    >>> from autograd_edu.nn.init import constant
    >>> sum_of_tile = Conv2d(1, 1, kernel=2, activation="linear", init=constant(1.0))
    >>> [channel] = sum_of_tile([[[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]])
    >>> [[y.data for y in row] for row in channel]
    [[1.0, 3.0], [1.0, 3.0]]
    """

    dimensions = 2

    def forward(self, picture: Picture) -> list[list[list[Value]]]:
        self.check_channels(picture)
        height = _common_length(picture, self)
        width = _common_length([row for channel in picture for row in channel], self)
        rows, k = self.starts(height), self.kernel
        maps: list[list[list[Value]]] = [[[] for _ in rows] for _ in self.neurons]
        for (r, i), j in product(enumerate(rows), self.starts(width)):
            window: list[Scalar] = [
                channel[a][b] if 0 <= a < height and 0 <= b < width else 0.0
                for channel in picture for a in range(i, i + k) for b in range(j, j + k)
            ]  # fmt: skip
            for out, answer in zip(maps, self.apply(window, f"at{i}_{j}"), strict=True):
                out[r].append(answer)
        return maps


class Pool2d(Module):
    """The largest number, the mean or the sum of each ``size`` × ``size`` tile of each channel.

    It takes and gives a list of channels, each a list of rows.

    Args:
        kind: "max", "mean" or "sum".

    Raises:
        ShapeError: if ``size`` does not divide the height and the width.

    >>> Pool2d(2)([[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]])
    [[[6.0, 8.0]]]
    """

    def __init__(self, size: int, kind: str = "max") -> None:
        self.size, self.pool = whole(size, "the `size` of a Pool2d"), Pool(kind)

    def forward(self, picture: Picture) -> list[list[list[Scalar]]]:
        return [self._channel(channel) for channel in picture]

    def _channel(self, channel: Sequence[Vector]) -> list[list[Scalar]]:
        size, height = self.size, len(channel)
        width = _common_length(channel, self)
        if height % size or width % size:
            raise ShapeError(
                f"{self!r}: {height} × {width} cannot be cut into tiles of {size} × {size}"
            )

        def tile(i: int, j: int) -> list[Vector]:
            return [[channel[i + a][j + b]] for a, b in product(range(size), range(size))]

        tops, lefts = range(0, height, size), range(0, width, size)
        return [[self.pool(tile(i, j))[0] for j in lefts] for i in tops]

    def __repr__(self) -> str:
        return f"Pool2d({self.size}, {self.pool.kind!r})"


class Flatten(Module):
    """Nested lists as one flat list, in order. Use it between convolutions and dense layers.

    >>> Flatten()([[[1.0, 2.0], [3.0, 4.0]]])
    [1.0, 2.0, 3.0, 4.0]
    """

    def forward(self, x: Nested) -> list[Scalar]:
        return flatten(x)

    def __repr__(self) -> str:
        return "Flatten()"


def _common_length(rows: Sequence[Nested], module: Module) -> int:
    """The length that all rows have. Raises ShapeError if they differ."""
    lengths = sorted({len(row) for row in rows})
    if len(lengths) != 1:
        raise ShapeError(f"{module!r} takes rows of the same length; got the lengths {lengths}")
    return lengths[0]
