"""What an operation is: a row of the rule table `ops`, how it is applied, written, and evaluated on floats."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from ..errors import ArityError, DivisionDomainError, DomainError, OverflowDomainError
from ..notation import formula
from .floats import Floats, arrays, ieee_is_on, real

Rule = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Op:
    """One row of the table. Calling it applies it to numbers of any kind: floats, Values, Duals."""

    name: str
    value: Rule
    local_gradients: Rule
    formula: (
        str | Callable[..., str]
    )  # a Python expression of the operands' names; of a variadic row, a function of them
    slopes: (
        tuple[str, ...] | Callable[..., tuple[str, ...]]
    )  # the local gradients as people write them; y is the result
    example: tuple[float, ...]  # a point inside the domain
    symbol: str = ""  # the name in pictures
    template: str = ""  # how a call is written in text, "|{0}|" …
    latex: str = ""  # … and in LaTeX
    domain: str = ""  # what the operands must satisfy, for the error message
    edges: str = ""  # what happens at kinks and limits
    variadic: bool = False
    stacked: tuple[Rule, Rule] | None = (
        None  # of a variadic row: both rules, of all operands in one sequence or array
    )
    parts: Rule | None = (
        None  # of a variadic row: what both stacked rules start from; given to them last, it is not computed again
    )
    neutral: float | None = None  # of a variadic row: an operand that changes nothing
    selects: bool = (
        False  # an operand whose local gradient is 0 was not chosen: nothing flows back into it
    )

    def __call__(self, *operands: Any) -> Any:
        """Apply the operation; the result is of the operands' most special kind."""
        if len(operands) == 1:
            only: Any = type(operands[0])
            return (
                only.apply(self, operands)
                if hasattr(only, "precedence")
                else _evaluate_plain(self, operands)
            )
        apply, precedence = _evaluate_plain, 0
        kinds: set[Any] = set(map(type, operands))
        for kind in kinds:
            if getattr(kind, "precedence", 0) > precedence:
                apply, precedence = kind.apply, kind.precedence
        return apply(self, operands)

    def __reduce__(self) -> tuple[Any, ...]:
        return _row_named, (self.name,)

    def __repr__(self) -> str:
        return f"<operation {self.name}: {self.text(*self.operand_names())}>"

    def operand_names(self, count: int | None = None) -> tuple[str, ...]:
        """The operands' names in the rules; a variadic row's are numbered."""
        if self.variadic:
            return tuple(f"x{i + 1}" for i in range(len(self.example) if count is None else count))
        code = self.value.__code__
        return code.co_varnames[1 : code.co_argcount]

    def text(self, *operands: str | float) -> str:
        """The operation as plain text, with these names or numbers as operands: "w·x"."""
        return self._print(formula.text, operands, "y")

    def as_latex(self, *operands: str | float) -> str:
        """The operation as LaTeX; names must be LaTeX already."""
        return self._print(formula.latex, operands, "y")

    def slope_text(self, i: int, y: str | float, *operands: str | float, times: str = "") -> str:
        """The local gradient with respect to operand ``i`` as plain text; ``y`` names the result, ``times`` a factor after it."""
        return self._print(formula.text, operands, y, slope=i, times=times)

    def slope_latex(self, i: int, y: str | float, *operands: str | float, times: str = "") -> str:
        """The local gradient with respect to operand ``i`` as LaTeX; ``y`` names the result, ``times`` a factor after it."""
        return self._print(formula.latex, operands, y, slope=i, times=times)

    def source(self, y: str, *operands: str | float, slope: int | None = None) -> str:
        """The operation, or the local gradient with respect to operand ``slope``, as a Python expression of the package's functions."""
        names = self.operand_names(len(operands))
        return formula.python(
            self._expression(names, slope), {**dict(zip(names, operands, strict=True)), "y": y}
        )

    def _expression(self, names: tuple[str, ...], slope: int | None) -> str:
        if slope is None:
            return self.formula if isinstance(self.formula, str) else self.formula(*names)
        return (self.slopes if isinstance(self.slopes, tuple) else self.slopes(*names))[slope]

    def _print(
        self,
        printer: Rule,
        operands: Sequence[str | float],
        y: str | float,
        slope: int | None = None,
        times: str = "",
    ) -> str:
        if self.variadic and slope is None and len(operands) > MOST_WRITTEN:
            return self._abridged(operands, in_latex=printer is formula.latex)
        names = self.operand_names(len(operands))
        expression = self._expression(names, slope)
        functions = {
            op.name: op.latex if printer is formula.latex else op.template for op in OPS.values()
        }
        shown = {**dict(zip(names, operands, strict=True)), "y": y, "times_": times}
        return str(printer(f"({expression})*times_" if times else expression, shown, functions))

    def _abridged(self, operands: Sequence[str | float], *, in_latex: bool) -> str:
        """The operation as a call, with the first and the last of its operands: total(x1, x2, …, x400)."""
        first, second, last = (
            x if isinstance(x, str) else formula.number(x) for x in (*operands[:2], operands[-1])
        )
        dots = r"\ldots" if in_latex else "…"
        shown = f"{first}, {second}, {dots}, {last}"
        return (self.latex if in_latex else self.template).format(all=shown)


MOST_WRITTEN = (
    100  # operands: a longer formula nobody reads, and the nesting of its expression has a limit
)
OPS: dict[str, Op] = {}


def _row_named(name: str) -> Op:
    return OPS[name]


def register(op: Op) -> Op:
    """Put ``op`` into the table and give it back. Its name must be new.

    Raises:
        ArityError: if at its example, its rule for local gradients does not give one for each operand.
    """
    if op.name in OPS:
        raise ValueError(f"there is an operation {op.name!r} already; choose another name")
    xs = op.example
    count = len(op.local_gradients(Floats, op.value(Floats, *xs), *xs))
    if count != len(xs):
        raise ArityError(
            f"{op.name}: at its example {xs}, local_gradients gives {count} for {len(xs)} operands; it must give one for each"
        )
    OPS[op.name] = op
    return op


def row(
    name: str,
    value: Rule,
    local_gradients: Rule,
    formula: Any,
    slopes: Any,
    example: tuple[float, ...],
    **text: Any,
) -> Op:
    """Register an operation. Text that is not given follows from the name."""
    text = {
        "symbol": name,
        "template": name + "({all})",
        "latex": rf"\operatorname{{{{{name}}}}}\left({{all}}\right)",
        **text,
    }
    return register(Op(name, value, local_gradients, formula, slopes, example, **text))


def apart(*rules: Rule) -> Rule:
    """Local gradients from a rule each, which whoever needs only some of them can take from ``each``."""

    def together(xp: Any, y: Any, *xs: Any) -> tuple[Any, ...]:
        return tuple([rule(xp, y, *xs) for rule in rules])

    together.each = rules  # type: ignore[attr-defined]
    return together


def variadic_row(
    name: str, value: Rule, local_gradients: Rule, *text: Any, neutral: float, **more: Any
) -> Op:
    """Register an operation on any number of operands, whose rules take them as one sequence, or stacked in one array."""
    spread = (lambda xp, *xs: value(xp, xs)), (lambda xp, y, *xs: local_gradients(xp, y, xs))
    return row(
        name,
        *spread,
        *text,
        variadic=True,
        stacked=(value, local_gradients),
        neutral=neutral,
        **more,
    )


# ---- evaluation ----------------------------------------------------------------------------------------------------


def evaluate(op: Op, xs: Sequence[float], named: Sequence[Any] = ()) -> float:
    """The value of ``op`` at floats. Raises DomainError where it is not finite, unless inside `ieee()`.

    ``named`` are the objects that the floats come from: their labels make the error message.
    """
    problem: Exception | None = None
    try:
        y = op.value(Floats, *xs)
        if y - y == 0.0 or ieee_is_on():
            return float(y)
    except (ValueError, ArithmeticError) as error:
        problem = error
    except TypeError:
        _check_count(op, len(xs))
        raise
    if ieee_is_on():
        return _in_ieee(lambda *args: (op.value(*args),), xs)[0]
    raise _domain_error(op, xs, named, problem) from None


def _evaluate_plain(op: Op, operands: Sequence[Any]) -> float:
    return evaluate(op, [real(x) for x in operands])


def evaluate_local_gradients(op: Op, y: float, xs: Sequence[float]) -> tuple[float, ...]:
    """The local gradients of ``op`` at floats; inf or nan where one does not exist."""
    try:
        gradients: tuple[float, ...] = op.local_gradients(Floats, y, *xs)
        return gradients
    except (ValueError, ArithmeticError):
        return _in_ieee(op.local_gradients, [y, *xs])


def _in_ieee(rule: Rule, xs: Sequence[float]) -> tuple[float, ...]:
    import numpy as np

    with np.errstate(all="ignore"):
        return tuple(float(g) for g in rule(arrays(), *map(np.float64, xs)))


def _check_count(op: Op, count: int) -> None:
    wanted = op.operand_names()
    if not op.variadic and count != len(wanted):
        raise ArityError(
            f"{op.name} takes {len(wanted)} operand(s), {', '.join(wanted)}; {count} were given"
        ) from None


def _domain_error(
    op: Op, xs: Sequence[float], named: Sequence[Any], problem: Exception | None
) -> DomainError:
    names = op.operand_names(len(xs))
    shown = {name: repr(getattr(x, "label", "") or name) for name, x in zip_longest(names, named)}
    given = ", ".join(
        f"{shown[name]} is {x!r}" for name, x in list(zip(names, xs, strict=True))[:4]
    )
    asked = f"{op.name}: {op.text(*xs)}" if len(xs) <= 4 else f"{op.name} of {len(xs)} operands"
    if any(x - x != 0.0 for x in xs):
        return DomainError(f"{asked} has no finite value: {given}")
    if problem is None or isinstance(problem, OverflowError):
        return OverflowDomainError(
            f"{asked} is too large for a float, whose largest value is 1.8e308: {given}"
        )
    by_zero = isinstance(problem, ZeroDivisionError) or (op.name == "pow" and xs[0] == 0.0)
    return (DivisionDomainError if by_zero else DomainError)(
        f"{asked} has no real value: {op.domain.format(**shown)} ({given})"
    )
