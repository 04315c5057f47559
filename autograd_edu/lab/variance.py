"""How a network should give a variance: as eᵃ, and not as a or a²."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..derivatives.transforms import value_and_grad
from ..engine.number import Number
from ..engine.ops import exp
from ..errors import DomainError
from ..nn.losses import normal_negative_log_likelihood
from ..notation.text import table
from .experiment import Result, experiment

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Variance = Callable[[Number], Number]
FORMS: dict[str, Variance] = {"v = a": lambda a: a, "v = a²": lambda a: a * a, "v = exp(a)": exp}
RESIDUAL = 1.0


@experiment("M62")
def variance_of_outputs() -> Result:
    """An output a should give the variance exp(a): a may be negative, and a² has extreme slopes.

    Source: MLPR, tutorial 2b. The cost is -log N(1; 0, v) for a target that is 1 away from the
    mean. The table has its gradient by a where v = 0.0001, and whether a = -1 is allowed. Look at
    the curves: v = a ends at 0, and v = a² has a wall in the middle, so that a step from one side
    lands anywhere on the other.

    >>> print(variance_of_outputs().verdict)
    The claim holds here: v = a refuses a = -1; v = a² has the gradient -999,900 at a = 0.01 ...
    """
    small = {"v = a": 1e-4, "v = a²": 1e-2, "v = exp(a)": math.log(1e-4)}
    slopes = {name: _cost(name, a)[1] for name, a in small.items()}
    allowed = {name: _is_allowed(name, -1.0) for name in FORMS}
    rows = [
        [name, f"{small[name]:.4g}", f"{slopes[name]:,.1f}", "yes" if allowed[name] else "no"]
        for name in FORMS
    ]
    twice = _cost("v = a²", 0.5)[0] == _cost("v = a²", -0.5)[0]
    return Result(
        {"slopes": [slopes[name] for name in FORMS], "allowed": [*map(float, allowed.values())]},
        table([["", "a", "gradient by a", "a = -1 allowed"], *rows], right=[1, 2]),
        not allowed["v = a"] and twice
        and abs(slopes["v = exp(a)"]) < 0.01 * min(abs(slopes[name]) for name in list(FORMS)[:2]),
        f"v = a refuses a = -1; v = a² has the gradient {slopes['v = a²']:,.0f} at a = 0.01 and "
        f"the same cost at -a; exp(a) has {slopes['v = exp(a)']:,.1f} at the same variance, which "
        "is still large.",
        [_draw_costs],
    )  # fmt: skip


def _cost(name: str, a: float) -> tuple[float, float]:
    """The cost at ``a``, and its gradient."""
    form = FORMS[name]
    return value_and_grad(lambda a: normal_negative_log_likelihood(0.0 * a, form(a), RESIDUAL))(a)


def _is_allowed(name: str, a: float) -> bool:
    try:
        _cost(name, a)
    except DomainError:
        return False
    return True


def _draw_costs(ax: Axes) -> None:
    """The cost over a for each form."""
    for name in FORMS:
        places = [(i + 0.5) / 100.0 for i in range(-400, 400)]
        for side in (-1.0, 1.0):  # apart, because v = a² has no value at 0
            own = [a for a in places if a * side > 0.0 and _is_allowed(name, a)]
            if own:
                label = name if side > 0 else "_"
                colour = f"C{list(FORMS).index(name)}"
                ax.plot(own, [_cost(name, a)[0] for a in own], color=colour, label=label)
    ax.set(xlabel="a", ylabel="-log N(1; 0, v)", ylim=(0.0, 12.0))
    ax.legend()
