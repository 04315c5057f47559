"""What an operation is: a row of the rule table, how it is applied, and its values on floats."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MethodType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, Unpack, overload

from ..arithmetic import contracts
from ..arithmetic.contracts import Facts, Groups, K, Listed, Namespace, Operand, Rule, Slopes
from ..arithmetic.expressions import computed
from ..arithmetic.floats import Floats, IeeeFloats, real
from ..arithmetic.ieee754 import Ieee
from ..errors import ArityError, no_value
from ..wording import check_call, check_row, check_rule, documented
from .modes import ieee_is_on

T = TypeVar("T")
C = TypeVar("C")
R = TypeVar("R", bound=Rule)


def together(operands: Sequence[T]) -> Groups[T]:
    """The operands as one group: the rules take them as one sequence, or stacked in an array."""
    return (operands,)


def products(operands: Sequence[T]) -> Groups[T]:
    """The operands of a sum of products: the weights, the inputs, and the bias (one or none)."""
    n = len(operands) // 2
    return operands[:n], operands[n : 2 * n], operands[2 * n :]


@dataclass(eq=False)
class Op:
    """One row of the table. A call applies it to numbers of any kind: floats, Values, Duals.

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
        parts: for a variadic row, what the value and the local gradients both start from. Given to
            them as the last argument, it is not computed again.
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
        self.first: Rule = self._first  # by far the most used, and found fastest so
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
        self.__doc__ = documented(self)

    def local_gradient(self, rule: R, *, of: str = "") -> R:
        """Compute a local gradient by ``rule(xp, y, *operands)``, not as it is printed.

        It is that of the operand ``of``, or of the first that has no rule of its own yet. A
        variadic row has one rule, which gives the local gradients of all operands in a row.
        """
        names = ("all",) if self.variadic else self.operand_names()
        place = names.index(of) if of else len(self.own)
        if place == len(names):
            raise ArityError(f"{self.name} has a local gradient for each of its operands")
        self.own[place] = rule
        return rule

    def slopes_of(self, names: Sequence[str]) -> tuple[str, ...]:
        """The local gradients as expressions, for operands of these names."""
        return self.slopes if isinstance(self.slopes, tuple) else self.slopes(*names)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The local gradient of each operand, a function of a namespace, the result, the operands.

        A variadic row has one rule, which gives those of all operands.
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

    def _first(self, xp: Namespace[T], y: T, *xs: T) -> T | float:
        """The first of the `rules`, which from now on is the plain attribute ``first``."""
        self.first = self.rules[0]
        slope: T | float = self.first(xp, y, *xs)
        return slope

    def local_gradients(
        self, xp: Namespace[Any], y: T, xs: Sequence[T], wanted: Sequence[bool] | None = None
    ) -> Sequence[Any]:  # as T, None or a float; no checker finds T from the rows of ``xp``
        """The local gradients at the operands ``xs``.

        Where a row has a rule for each, an operand that is not ``wanted`` gets None.
        """
        if self.groups is not None:
            slopes: Sequence[T] = self.rules[0](xp, y, *self.groups(xs))
            return slopes
        wanted = wanted or (True,) * len(xs)
        return [rule(xp, y, *xs) if w else None for rule, w in zip(self.rules, wanted, strict=True)]

    @cached_property
    def __signature__(self) -> inspect.Signature:
        """How users call the row."""
        taken = list(inspect.signature(self.called or self.rule).parameters.values())[1:]
        return inspect.Signature([p.replace(annotation=p.empty) for p in taken])

    def __call__(self, *args: Any, **named: Any) -> Any:  # each `Row` has its own signature
        """Apply the operation to numbers of any kind, as its signature says."""
        if len(args) == self.count and not named:
            return self.apply(args)
        if self.called is not None:
            try:
                return self.called(self, *args, **named)
            except TypeError:
                check_call(self, args, named)
                raise
        if named:
            args = self.__signature__.bind_partial(*args, **named).args
        missing = self.count - len(args)
        return self.apply(args + self.defaults[-missing:] if missing else args)

    if not TYPE_CHECKING:  # a checker would take every attribute that holds a row for a method

        def __get__(self, number, kind=None):
            """Where the row is an attribute of a class of numbers, it is a method."""
            return self if number is None else MethodType(self, number)

    def apply(self, operands: Sequence[Operand]) -> Any:  # no type says which of the kinds
        """The result, of the most special kind among the ``operands``, which stand in a row."""
        if len(operands) == 1:
            only: Any = type(operands[0])  # a kind of number, or the type of a plain one
            return (only.apply if hasattr(only, "precedence") else _apply_plain)(self, operands)
        apply, precedence = _apply_plain, 0
        kinds: set[Any] = set(map(type, operands))  # such types
        for kind in kinds:
            if getattr(kind, "precedence", 0) > precedence:
                apply, precedence = kind.apply, kind.precedence
        return apply(self, operands)

    def __reduce__(self) -> tuple[Callable[[str], Op], tuple[str]]:
        return _row_named, (self.name,)

    def __repr__(self) -> str:
        return f"<operation {self.name}({', '.join(self.operand_names())})>"

    def operand_names(self, count: int | None = None) -> tuple[str, ...]:
        """The operands' names in the rules; a variadic row's are numbered."""
        if self.variadic:
            return tuple(f"x{i + 1}" for i in range(len(self.example) if count is None else count))
        code = self.rule.__code__
        return code.co_varnames[1 : code.co_argcount]


OPS: dict[str, Op] = {}


def _listed(op: Op, *xs: Any) -> Any:  # as `Variadic` says
    """A call with the operands as arguments, or with one list of them."""
    return op.apply(tuple(xs[0]) if len(xs) == 1 and hasattr(xs[0], "__iter__") else xs)


def _row_named(name: str) -> Op:
    return OPS[name]


if TYPE_CHECKING:  # how a checker sees the rows of the table

    class Row(Op, Generic[C]):
        """An `Op` that is a function, and a method of numbers."""

        __call__: C  # type: ignore[assignment]  # the signature that `Op` leaves open

        def __get__(self, number: K, kind: type, /) -> Callable[..., K]:
            raise NotImplementedError

    class Decorator(Protocol):
        """What makes a row from a rule of one, two or three operands."""

        @overload
        def __call__(self, rule: contracts.ThreeOperands, /) -> Row[contracts.Ternary]: ...
        @overload
        def __call__(self, rule: contracts.TwoOperands, /) -> Row[contracts.Binary]: ...
        @overload
        def __call__(self, rule: contracts.OneOperand, /) -> Row[contracts.Unary]: ...

    class CalledDecorator(Protocol):
        """What makes a row that users call in a way of its own."""

        @overload
        def __call__(self, rule: contracts.ThreeOperands, /) -> Row[contracts.Choice]: ...
        @overload
        def __call__(self, rule: contracts.OneOperand, /) -> Row[contracts.Threshold]: ...


@overload
def operation(
    *, groups: Listed, called: Rule, **facts: Unpack[Facts]
) -> Callable[[Rule], Row[contracts.Paired]]: ...
@overload
def operation(
    *, groups: Listed, **facts: Unpack[Facts]
) -> Callable[[Rule], Row[contracts.Variadic]]: ...
@overload
def operation(*, called: Rule, **facts: Unpack[Facts]) -> CalledDecorator: ...
@overload
def operation(**facts: Unpack[Facts]) -> Decorator: ...
def operation(  # ``facts`` are as in the signatures above
    *, local_gradients: Slopes, example: tuple[float, ...], **facts: Any
) -> Callable[[Rule], Op]:
    """Make a row of the table from the function that computes the value; see `Op` for the facts.

    Raises:
        ArityError: if there is not one local gradient for each operand.
    """
    return lambda rule: register(Op(rule, local_gradients, example, **facts))


def register(op: Op) -> Op:
    """Put ``op`` into the table and give it back.

    Its name must be new. Only a cell or a module that is run again replaces its own rows.

    Raises:
        ArityError: if there is not one local gradient for each operand.
    """
    check_row(op, OPS)
    OPS[op.name] = op
    return op


def evaluate(op: Op, xs: Sequence[float], named: Sequence[Operand] = ()) -> float:
    """The value of ``op`` at floats.

    ``named`` are the objects that the floats come from: their labels make the error message.

    Raises:
        DomainError: where the value is not finite, unless inside `ieee()`.
    """
    problem: Exception | None = None
    try:
        y = op.value(Floats, *xs)
        if y - y == 0.0 or ieee_is_on():
            return float(y)
    except (ValueError, ArithmeticError) as error:
        problem = error
    except TypeError:
        check_rule(op, Floats, xs)
        raise
    if ieee_is_on():
        return float(op.value(IeeeFloats, *map(Ieee, xs)))
    raise no_value(op, xs, named, problem) from None


def _apply_plain(op: Op, operands: Sequence[Operand]) -> float:
    return evaluate(op, [real(x, op.name) for x in operands])


def evaluate_local_gradients(
    op: Op, y: float, xs: Sequence[float], wanted: Sequence[bool] | None = None
) -> Sequence[float | None]:
    """The local gradients of ``op`` at floats; inf or nan where one does not exist."""
    try:
        return op.local_gradients(Floats, y, xs, wanted)
    except (ValueError, ArithmeticError):
        found = op.local_gradients(IeeeFloats, Ieee(y), [*map(Ieee, xs)], wanted)
        return [None if x is None else float(x) for x in found]
