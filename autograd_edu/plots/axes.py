"""What all plots share: Axes, panels, colours and checks. Read this file first."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from ..errors import OperandError
from ..pictures.render.dark import DARK
from ..printing import in_notebook

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

Numbers = Sequence[float]

MARKERS = "os^DvP*X<>"
_CLASSES = (  # negative and positive scores, then colours that colour-blind readers tell apart
    "#c2410c", "#2f6f9f", "#009e73", "#e6b800", "#7b2cbf", "#cc79a7", "#56b4e9", "#8a5a00",
    "#5b6470", "#1c1f24",
)  # fmt: skip


class Colours(NamedTuple):
    """The colours of the package's pictures, for light or dark Axes."""

    ink: str
    quiet: str
    paper: str
    value: str
    gradient: str
    positive: str
    negative: str
    classes: tuple[str, ...]

    def of_class(self, k: int) -> str:
        """The colour of class ``k``, or of the k-th of several curves."""
        return self.classes[k % len(self.classes)]


def new_figure(width: float, height: float) -> Figure:
    """A new figure, with its size in inches, which a notebook shows at the end of the cell.

    In a notebook it is a figure of pyplot. Elsewhere no window opens, and nothing keeps the figure.
    """
    if not _pyplot_shows():
        return hidden_figure(width, height)
    import matplotlib.pyplot as plt

    with warnings.catch_warnings():  # not rc_context: it would undo what loading a backend sets
        warnings.filterwarnings("ignore", "More than")  # the end of the cell closes all figures
        return plt.figure(figsize=(width, height), layout="constrained")


def hidden_figure(width: float, height: float) -> Figure:
    """A new figure, with its size in inches, which is shown only where it is asked for."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError("plots need matplotlib: pip install 'autograd-edu[plot]'") from None
    return Figure(figsize=(width, height), layout="constrained")


_FILES_ONLY = ("agg", "cairo", "pdf", "pgf", "ps", "svg", "template")  # backends that show nothing


def _pyplot_shows() -> bool:
    """Whether this is a notebook in which pyplot shows figures."""
    if not in_notebook() or find_spec("matplotlib") is None:
        return False
    import matplotlib as mpl

    return mpl.get_backend().lower() not in _FILES_ONLY


def new_axes(ax: Axes | None = None, *, projection: str | None = None) -> Axes:
    """``ax``, or the Axes of a new figure: see `new_figure`.

    >>> ax = new_axes()
    >>> [float(inches) for inches in ax.figure.get_size_inches()], new_axes(ax) is ax
    ([6.0, 4.0], True)
    """
    return new_figure(6.0, 4.0).add_subplot(projection=projection) if ax is None else ax


def new_panels(
    count: int,
    *,
    columns: int,
    ax: Axes | None = None,
    size: tuple[float, float] = (2.8, 2.2),
    projections: Sequence[str | None] = (),
) -> list[Axes]:
    """``count`` Axes in rows of ``columns``, in a new figure or in the place of ``ax``.

    Args:
        size: the width and height of a panel in inches, in a new figure.
        projections: the projection of each panel, such as "3d"; by default none.

    Raises:
        OperandError: if ``ax`` was placed by hand, so that matplotlib cannot divide its place.
    """
    columns = min(columns, count)
    rows = -(-count // columns)
    kinds = projections or [None] * count
    if ax is None:
        figure = new_figure(columns * size[0], rows * size[1])
        whole = figure.add_gridspec(rows, columns)
        return [figure.add_subplot(whole[i], projection=kinds[i]) for i in range(count)]
    place = ax.get_subplotspec()
    if place is None:
        raise OperandError(
            "several panels need Axes from a grid, such as those of plt.subplots(); these were "
            "placed by hand"
        )
    ax.set_axis_off()
    part = place.subgridspec(rows, columns)
    return [ax.figure.add_subplot(part[i], projection=kinds[i]) for i in range(count)]


def colours(ax: Axes) -> Colours:
    """The colours that suit the background of ``ax``."""
    from matplotlib.colors import to_hex

    paper = to_hex(ax.get_facecolor())
    red, green, blue = (int(paper[i : i + 2], 16) for i in (1, 3, 5))
    dark = 0.3 * red + 0.6 * green + 0.1 * blue < 128
    shown = {colour: _for_dark(colour) if dark else colour for colour in (*_OWN, *_CLASSES)}
    ink, quiet, value, gradient, positive, negative = (shown[colour] for colour in _OWN)
    classes = tuple(shown[colour] for colour in _CLASSES)
    return Colours(ink, quiet, paper, value, gradient, positive, negative, classes)


def _for_dark(colour: str) -> str:
    """The colour of the pictures' dark scheme, or one half as far from white."""
    halves = [(int(colour[i : i + 2], 16) + 255) // 2 for i in (1, 3, 5)]
    return DARK.get(colour, "#" + "".join(f"{half:02x}" for half in halves))


_OWN = ("#1c1f24", "#7d8793", "#0b6e2e", "#a01127", "#2f6f9f", "#c2410c")


def sign_map(ax: Axes) -> Colormap:
    """Colours from negative numbers to positive ones. 0 has the colour of the background."""
    from matplotlib.colors import LinearSegmentedColormap

    own = colours(ax)
    return LinearSegmentedColormap.from_list("signs", [own.negative, own.paper, own.positive])


def height_map(ax: Axes) -> Colormap:
    """Greys from low places, which have the colour of the background, to high ones."""
    from matplotlib.colors import LinearSegmentedColormap

    own = colours(ax)
    return LinearSegmentedColormap.from_list("heights", [own.paper, own.quiet])


_LAST = ("start", "end", "minimum", "validation", "lowest validation loss")


def draw_legend(ax: Axes) -> None:
    """Draw the legend. Curves come before what they have in common, and each name comes once."""
    handles, labels = ax.get_legend_handles_labels()
    named = dict(zip(reversed(labels), reversed(handles), strict=True))  # the first of a name
    order = sorted(dict.fromkeys(labels), key=lambda name: name.startswith(_LAST))
    ax.legend([named[name] for name in order], order)


def check_at_least(least: int, **counts: int) -> None:
    """Raise OperandError if one of the ``counts`` is less than ``least``."""
    for name, count in counts.items():
        if count < least:
            raise OperandError(f"{name} must be at least {least}; got {count!r}")


def spread_evenly(low: float, high: float, points: int) -> list[float]:
    """``points`` numbers from ``low`` to ``high``, both included.

    Raises:
        OperandError: if ``low`` is not less than ``high``, or if there are fewer than two points.
    """
    if not low < high:
        raise OperandError(f"low must be less than high; got low={low!r} and high={high!r}")
    check_at_least(2, points=points)
    return [low + (high - low) * i / (points - 1) for i in range(points)]


def padded(numbers: Numbers, points: int, *, room: float = 0.1) -> list[float]:
    """``points`` numbers that cover ``numbers`` and a margin: the share ``room`` on each side."""
    low, high = min(numbers), max(numbers)
    span = high - low
    pad = room * span if span > 1e-9 * max(abs(low), abs(high)) else max(1.0, 0.1 * abs(low))
    return spread_evenly(low - pad, high + pad, points)


def standard_deviation(numbers: Numbers) -> float:
    """The standard deviation, with the variance divided by n."""
    mean = math.fsum(numbers) / len(numbers)
    return math.sqrt(math.fsum((x - mean) ** 2 for x in numbers) / len(numbers))
