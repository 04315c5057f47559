"""What an experiment is, what it returns, and how one is found by its name or by a lecture's row.

Rows number the statements of five lectures: a letter for the lecture, then a number. The survey of
all rows is in the tests.
"""

from __future__ import annotations

import base64
import functools
import html
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeAlias

from ..errors import OperandError, one_of
from ..files import PathLike, write
from ..notation.text import table
from ..plots.axes import colours, hidden_figure, new_figure, new_panels
from ..printing import prints

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")
Panel: TypeAlias = "Callable[[Axes], Axes | None]"  # draws one part of a picture
Numbers: TypeAlias = "Mapping[str, float | list[float]]"

LECTURES = {
    "U": 'M. Caldwell, "Introduction to Machine Learning", lecture 5, UCL, undated',
    "K": 'G. Neumann, "Maschinelles Lernen 1", Neural Networks, KIT, 2020/21',
    "I": 'K. Mikolajczyk and D. Gunduz, "Machine Learning", part 4.2, Imperial College, undated',
    "L": 'G. Strong, "Understanding Neural Networks", LIP, 2018',
    "M": 'A. León Villares, "Machine Learning and Pattern Recognition", week 7, Edinburgh, 2022',
}


@prints
@dataclass(frozen=True, repr=False)
class Result:
    """What an experiment found. It prints as a report, and in a notebook it shows its picture.

    Attributes:
        numbers: what was measured, by name: numbers and lists of numbers.
        table: the main numbers as text.
        holds: does the claim of the lectures hold here? None if these numbers do not test it.
        finding: what was found, in a sentence.
        panels: functions that draw the parts of the picture, each on the Axes that it is given.
        name: the experiment's name; `experiment` fills it in, and the claim.
        claim: the lectures' claim.

    >>> from autograd_edu.lab import learning_rates
    >>> found = learning_rates(steps=10)
    >>> found.holds, sorted(found.numbers)
    (True, ['good', 'much too high', 'too high', 'too low'])
    >>> print(found.table)
    rate               η   θ′/θ  θ after 10
    -------------  -----  -----  ----------
    too low        0.005  +0.95    5.99e-01
    good            0.05  +0.50    9.77e-04
    too high        0.19  -0.90    3.49e-01
    much too high   0.21  -1.10    2.59e+00
    """

    numbers: Numbers
    table: str
    holds: bool | None
    finding: str
    panels: Sequence[Panel] = field(compare=False)
    name: str = ""
    claim: str = ""

    @property
    def verdict(self) -> str:
        """Whether the claim holds here, and what was found."""
        verb = {True: "holds", False: "does not hold", None: "is not tested"}[self.holds]
        return f"The claim {verb} here: {self.finding}"

    def __str__(self) -> str:
        return f"{self.name}: {self.claim}\n\n{self.table}\n\n{self.verdict}"

    __repr__ = __str__

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the picture. Returns its Axes, or the first of them if it has several parts.

        Args:
            ax: the Axes to draw on; several parts share its place. By default those of a new
                figure.
        """
        whole = ax or new_figure(*self._size()).add_subplot()
        places = [whole]
        if len(self.panels) > 1:
            places = new_panels(len(self.panels), columns=self._grid()[1], ax=whole)
            if ax is None:
                whole.remove()
        for panel, place in zip(self.panels, places, strict=True):
            place.set_prop_cycle(color=colours(place).classes)
            panel(place)
        return places[0]

    def _grid(self) -> tuple[int, int]:
        """The rows and columns of the picture's parts."""
        rows = math.ceil(len(self.panels) / 3)
        return rows, math.ceil(len(self.panels) / rows)

    def _size(self) -> tuple[float, float]:
        """The size of the picture in inches."""
        rows, columns = self._grid()
        return (4.6 * columns, 4.2 * rows) if len(self.panels) > 1 else (6.0, 4.0)

    def _figure(self) -> Figure:
        """The picture as a figure of its own, which a notebook does not show besides the report."""
        figure = hidden_figure(*self._size())
        self.plot(figure.add_subplot())
        return figure

    def save(self, path: PathLike) -> Path:
        """Write the picture in the format of the file's suffix, such as .png, .svg or .pdf.

        Returns the path.
        """
        figure = self._figure()
        form = one_of(
            Path(path).suffix[1:].lower(), figure.canvas.get_supported_filetypes(), "picture format"
        )
        write(path, _drawn(figure, form))
        return Path(path)

    def _repr_html_(self) -> str:
        try:
            png = base64.b64encode(_of_few_colours(self._figure())).decode("ascii")
        except ImportError:  # without matplotlib, the report alone
            return _listed(str(self))
        alt = html.escape(self.claim, quote=True)
        picture = f'<img alt="{alt}" style="max-width:100%" src="data:image/png;base64,{png}">'
        return f"{_listed(str(self))}{picture}"


def _listed(text: str) -> str:
    """Text in HTML that keeps its columns, also where the page has another font for <pre>."""
    return f'<pre style="font-family:monospace">{html.escape(text)}</pre>'


def _drawn(figure: Figure, form: str) -> bytes:
    drawn = io.BytesIO()
    figure.savefig(drawn, format=form, dpi=110, transparent=False)
    return drawn.getvalue()


def _of_few_colours(figure: Figure) -> bytes:
    """A PNG of 256 colours, which is about a third as large in a notebook and looks the same."""
    from PIL import Image  # matplotlib needs it, too

    png = io.BytesIO()
    with Image.open(io.BytesIO(_drawn(figure, "png"))) as picture:
        picture.convert("RGB").quantize(256).save(png, "png", optimize=True)
    return png.getvalue()


@dataclass(frozen=True)
class Experiment:
    """An experiment of the lectures.

    Attributes:
        claim: what the lectures say.
        rows: the lectures' rows that it tries.
        run: the function that runs it. Its docstring says where the claim comes from.
        full: keyword arguments for a larger and slower run.

    >>> from autograd_edu import lab
    >>> found = lab.find("U5")
    >>> found.name, found.rows, found.full
    ('lone_perceptron', ('U5', 'I2', 'M64'), {'epochs': 4000})
    >>> print(found.claim)
    A lone perceptron cannot learn XOR, nor x₂ ≥ |x₁|: its boundary is one straight line.
    """

    name: str
    claim: str
    rows: tuple[str, ...]
    run: Callable[..., Result]
    full: Mapping[str, int]


EXPERIMENTS: dict[str, Experiment] = {}


def experiment(rows: str, **full: int) -> Callable[[Callable[P, Result]], Callable[P, Result]]:
    """A decorator that registers a function as an experiment, under the function's name.

    The first line of its docstring is the claim.

    Args:
        rows: the lectures' rows that it tries, as in "U5 I2". Each row has only one experiment.
        full: keyword arguments for a larger and slower run.

    Raises:
        OperandError: if another experiment tries one of the rows already.

    >>> @experiment("X1")
    ... def doubled():
    ...     '''Twice two is five.'''
    ...     return Result({}, table="", holds=2 * 2 == 5, finding="twice two is four.", panels=[])
    >>> print(doubled().verdict)
    The claim does not hold here: twice two is four.
    >>> del EXPERIMENTS["doubled"]  # the list is as before
    """

    def register(function: Callable[P, Result]) -> Callable[P, Result]:
        name = function.__name__
        claim = (function.__doc__ or "").strip().partition("\n")[0]

        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> Result:
            return replace(function(*args, **kwargs), name=name, claim=claim)

        own = tuple(rows.split())
        if taken := sorted(set(own) & set(_by_row())):
            raise OperandError(f"the row {taken[0]} already has an experiment")
        EXPERIMENTS[name] = Experiment(name, claim, own, run, full)
        return run

    return register


def _by_row() -> dict[str, Experiment]:
    return {row: each for each in EXPERIMENTS.values() for row in each.rows}


def find(name: str) -> Experiment:
    """The experiment with this name, or the one that tries this row of a lecture.

    Raises:
        OptionError: if there is none. The message lists the names.

    >>> find("U5").name == find("lone-perceptron").name == "lone_perceptron"
    True
    """
    if found := _by_row().get(str(name).upper()):
        return found
    return EXPERIMENTS[one_of(str(name).replace("-", "_"), EXPERIMENTS, "experiment")]


def listing() -> str:
    """All experiments as a table: name, rows and claim, and below it the lectures.

    >>> from autograd_edu import lab
    >>> for line in lab.listing().splitlines()[:4]:
    ...     print(line[:70])
    name                  rows         what the lectures say
    --------------------  -----------  -----------------------------------
    condition_number      K68          Before normalisation the loss is se
    cost_of_modes         K40 M20      A backward pass costs about two for
    """
    rows = [[each.name, " ".join(each.rows), each.claim] for each in EXPERIMENTS.values()]
    lectures = "\n".join(f"{letter}  {lecture}" for letter, lecture in LECTURES.items())
    return f"{table([['name', 'rows', 'what the lectures say'], *rows])}\n\n{lectures}"
