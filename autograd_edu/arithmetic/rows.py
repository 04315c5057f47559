"""What a row of the rule table states: how an operation is computed, derived, written and called.

This is data, and rules made from it. `engine.op` makes a function of numbers from it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, Required, TypedDict, TypeVar

from ..errors import ArityError
from .contracts import Namespace, Operand, Rule
from .expressions import computed

T = TypeVar("T")
R = TypeVar("R", bound=Rule)
Slopes = tuple[str, ...] | Callable[..., tuple[str, ...]]
Groups = tuple[Sequence[T], ...]


class Listed(Protocol):
    """How a variadic row takes its operands."""

    def __call__(self, operands: Sequence[T], /) -> Groups[T]: ...


class Facts(TypedDict, total=False):
    """What `operation` can be told about a row; see `Row`."""

    local_gradients: Required[Slopes]
    example: Required[tuple[float, ...]]
    formula: str | Callable[..., str]
    symbol: str
    template: str
    latex: str
    numpy: str
    domain: str
    edges: str
    selects: bool
    stops: bool
    neutral: float | None
    parts: Rule | None
    activation: bool
    rectifier: bool
    adds: bool
    multiplies: bool


def together(operands: Sequence[T]) -> Groups[T]:
    """The operands as one group: the rules take them as one sequence, or stacked in an array."""
    return (operands,)


def products(operands: Sequence[T]) -> Groups[T]:
    """The operands of a sum of products: the weights, the inputs, and the bias (one or none)."""
    n = len(operands) // 2
    return operands[:n], operands[n : 2 * n], operands[2 * n :]


@dataclass(eq=False)
class Row:
    """The facts about one operation.

    Attributes:
        rule: the value, a function of a namespace and of the operands.
        slopes: the local gradients as expressions of the operands' names; ``y`` is the result.
        example: a point inside the domain.
        formula: the value as such an expression. By default a call of the row.
        groups: for a variadic row, how its rules take the operands, `together` or as `products`;
            its formula and slopes are functions of the operands' names.
        called: how users call the row: a function of it and the arguments that ends in `apply`.
        symbol: the name in pictures.
        template: how a call is written in text, "|{0}|".
        latex: how a call is written in LaTeX; a bare command is followed by the operands.
        numpy: what NumPy calls it, if it is not the name.
        domain: what the operands must satisfy, for the error message.
        edges: what happens at kinks and limits.
        selects: an operand whose local gradient is 0 is not selected: it gets no gradient at all.
        stops: the local gradient is 0 because nothing is to flow back; it is not the derivative.
        neutral: for a variadic row, an operand that changes nothing.
        parts: for a variadic row, what the value and the local gradients both start from. They get
            it as their last argument, so that it is computed once.
        activation: whether neurons use it.
        rectifier: whether it is 0 for half of all operands, so that a neuron can die of it.
        adds: whether the result is the sum of the operands.
        multiplies: whether the result is the product of the operands.
    """

    rule: Rule
    slopes: Slopes
    example: tuple[float, ...]
    formula: str | Callable[..., str] = ""
    groups: Listed | None = None
    called: Rule | None = None
    symbol: str = ""
    template: str = ""
    latex: str = ""
    numpy: str = ""
    domain: str = ""
    edges: str = ""
    selects: bool = False
    stops: bool = False
    neutral: float | None = None
    parts: Rule | None = None
    activation: bool = False
    rectifier: bool = False
    adds: bool = False
    multiplies: bool = False

    def __post_init__(self) -> None:
        self.name = self.__name__ = self.rule.__name__
        rule, groups = self.rule, self.groups
        self.variadic = groups is not None
        self.value: Rule = rule if groups is None else lambda xp, *xs: rule(xp, *groups(xs))
        self.own: dict[int, Rule] = {}
        self.methods: dict[type, Rule] = {}  # by kind, for one operand
        names, self.defaults = self.operand_names(), rule.__defaults__ or ()
        self.alone = len(names) == 1 and not (self.variadic or self.selects)  # has one operand
        self.called = self.called or (_listed if groups is together else None)
        self.count = -1 if self.called is not None else len(names)  # how many a plain call takes
        self.formula = self.formula or f"{self.name}({', '.join(names)})"
        self.symbol = self.symbol or self.name
        self.template = self.template or self.name + "({all})"
        self.latex = self.latex or rf"\operatorname{{{{{self.name}}}}}"
        if "{0}" not in self.latex and "{all}" not in self.latex:
            self.latex += r"\left({all}\right)"
        self.__doc__ = _documented(self)

    def operand_names(self, count: int | None = None) -> tuple[str, ...]:
        """The operands' names in the rules; a variadic row's are numbered."""
        if self.variadic:
            return tuple(f"x{i + 1}" for i in range(len(self.example) if count is None else count))
        code = self.rule.__code__
        return code.co_varnames[1 : code.co_argcount]

    @cached_property
    def __signature__(self) -> inspect.Signature:
        """How users call the row."""
        taken = list(inspect.signature(self.called or self.rule).parameters.values())[1:]
        return inspect.Signature([p.replace(annotation=p.empty) for p in taken])

    def apply(self, operands: Sequence[Operand]) -> Any:  # no type says which of the kinds
        """The result for operands of any kind. `engine.op` says it: it knows the kinds."""
        raise NotImplementedError

    # ---- local gradients ----

    def local_gradient(self, rule: R, *, of: str = "") -> R:
        """Compute a local gradient by ``rule(xp, y, *operands)``, not as it is printed.

        The rule is for the operand ``of``, by default for the first that has none yet. A variadic
        row has a single rule, which returns the local gradients of all operands.

        Raises:
            ArityError: if every operand has a rule of its own, or none is called ``of``.
        """
        names = ("all",) if self.variadic else self.operand_names()
        free = [name for i, name in enumerate(names) if i not in self.own]
        if of and of not in names:
            raise ArityError(f"{self.name} has no operand {of!r}, only {', '.join(names)}")
        if not (of or free):
            raise ArityError(
                f"{self.name} has a rule for every local gradient already; delete this one, or "
                f"replace another: {self.name}.local_gradient(rule, of={names[0]!r})"
            )
        self.own[names.index(of or free[0])] = rule
        return rule

    def slopes_of(self, names: Sequence[str]) -> tuple[str, ...]:
        """The local gradients as expressions, for operands of these names."""
        return self.slopes if isinstance(self.slopes, tuple) else self.slopes(*names)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """For each local gradient, a function of a namespace, the result and the operands.

        A variadic row has a single function, which returns the local gradients of all operands.
        """
        names = ("all",) if self.variadic else self.operand_names()
        texts = enumerate(names if self.variadic else self.slopes_of(names))
        return tuple([self.own.get(i) or computed(text, names) for i, text in texts])

    @cached_property
    def at_once(self) -> Rule | None:
        """One rule for the local gradients of all operands, if none has a rule of its own."""
        if self.variadic:
            return self.rules[0]
        names = self.operand_names()
        texts = "".join(f"{text}, " for text in self.slopes_of(names))
        return None if self.own else computed(f"({texts})", names)

    def local_gradients(
        self, xp: Namespace[Any], y: T, xs: Sequence[T], wanted: Sequence[bool] | None = None
    ) -> Sequence[Any]:  # as T, None or a float; no checker finds T from the rows of ``xp``
        """The local gradients at the operands ``xs``.

        An operand that is not ``wanted`` gets None, except in a variadic row.
        """
        if self.groups is not None:
            slopes: Sequence[T] = self.rules[0](xp, y, *self.groups(xs))
            return slopes
        wanted = wanted or (True,) * len(xs)
        return [rule(xp, y, *xs) if w else None for rule, w in zip(self.rules, wanted, strict=True)]


def _listed(row: Row, *xs: Any) -> Any:  # as `contracts.Variadic` says
    """A call with the operands as arguments, or with one list of them."""
    return row.apply(tuple(xs[0]) if len(xs) == 1 and hasattr(xs[0], "__iter__") else xs)


def _documented(row: Row) -> str:
    """The docstring of the rule, with the domain and the edges that the row states."""
    names = row.operand_names()
    domain = row.domain.format(**dict(zip(names, names, strict=True)))
    parts = [
        inspect.cleandoc(row.rule.__doc__ or ""),
        domain and f"Domain: {domain}.",
        row.edges and f"Edges: {row.edges}.",
    ]
    return "\n\n".join(filter(None, parts))
