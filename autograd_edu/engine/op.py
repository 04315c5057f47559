"""An operation: a row of the rule table as a function of numbers of any kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MethodType
from typing import TYPE_CHECKING, Any, Generic, Never, TypeVar, Unpack, overload

from ..arithmetic import contracts
from ..arithmetic.contracts import K, Operand, Rule
from ..arithmetic.evaluation import evaluate
from ..arithmetic.floats import real
from ..arithmetic.rows import Facts, Listed, Row, Slopes
from ..wording import check_call, check_row

C = TypeVar("C")


class Op(Row):
    """A row that is a function: a call applies it to numbers of any kind (floats, Values, Duals).

    `Row` lists the facts that a row states, and has the rules made from them.

    >>> from autograd_edu import Value, atan2
    >>> atan2, atan2.slopes_of(("a", "b"))
    (<operation atan2(a, b)>, ('b/(a**2 + b**2)', '-a/(a**2 + b**2)'))
    >>> round(atan2(3.0, 3.0), 3), atan2(Value(3.0), 3.0).op is atan2
    (0.785, True)
    """

    def __call__(self, *args: Any, **named: Any) -> Any:  # each `Function` has its own signature
        """Apply the operation to numbers of any kind, as its signature says."""
        if len(args) == self.count and not named:
            if self.alone:  # as `apply` does it, but faster
                only: Any = type(args[0])  # a kind of number, or the type of a plain one
                if method := self.methods.get(only):
                    return method(*args)
                plain = evaluate if only is float else _apply_plain
                return (only.apply if hasattr(only, "precedence") else plain)(self, args)
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
        """The result for a sequence of operands. Its kind is the most special among theirs."""
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


def _apply_plain(op: Op, operands: Sequence[Operand]) -> float:
    return evaluate(op, [real(x, op.name) for x in operands])


OPS: dict[str, Op] = {}


def _row_named(name: str) -> Op:
    return OPS[name]


if TYPE_CHECKING:  # how a checker sees the rows of the table

    class Function(Op, Generic[C]):
        """An `Op` that is a function, and a method of numbers."""

        __call__: C  # type: ignore[assignment]  # the signature that `Op` leaves open

        def __get__(self, number: K, kind: type, /) -> Callable[..., K]:
            raise NotImplementedError

    Plain = contracts.Decorator[
        Function[contracts.Unary], Function[contracts.Binary], Function[contracts.Ternary]
    ]
    Called = contracts.Decorator[Function[contracts.Threshold], Never, Function[contracts.Choice]]


@overload
def operation(
    *, groups: Listed, called: Rule, **facts: Unpack[Facts]
) -> Callable[[Rule], Function[contracts.Paired]]: ...
@overload
def operation(
    *, groups: Listed, **facts: Unpack[Facts]
) -> Callable[[Rule], Function[contracts.Variadic]]: ...
@overload
def operation(*, called: Rule, **facts: Unpack[Facts]) -> Called: ...
@overload
def operation(**facts: Unpack[Facts]) -> Plain: ...
def operation(  # ``facts`` are as in the signatures above
    *, local_gradients: Slopes, example: tuple[float, ...], **facts: Any
) -> Callable[[Rule], Op]:
    """Make a row of the table from the function that computes the value.

    Args:
        local_gradients: an expression for each operand, of the operands' names and the result
            ``y``. It may use numbers, ``pi``, + - * / **, comparisons, ``abs``, ``where``, and the
            functions of ``xp``.
        example: a point inside the domain.
        facts: ``formula``, the value as such an expression; ``symbol``, its name in pictures;
            ``template`` and ``latex``, how a call is written, as in "|{0}|"; ``domain`` and
            ``edges``, what errors and help say; and what only the table itself needs (`Row`).

    Raises:
        ArityError: if there is not one local gradient for each operand.

    >>> @operation(formula="x**3", local_gradients=("3*x**2",), example=(2.0,))
    ... def cube(xp, x):
    ...     return x * x * x
    >>> from autograd_edu import grad
    >>> cube(2.0), grad(cube)(2.0)
    (8.0, 12.0)
    >>> del OPS["cube"]  # the table is as before
    """
    return lambda rule: register(Op(rule, local_gradients, example, **facts))


def register(op: Op) -> Op:
    """Put ``op`` into the table and return it.

    Its name must be new. Only a cell or a module that is run again replaces its own rows.

    Raises:
        ArityError: if there is not one local gradient for each operand.

    >>> def cube(xp, x):
    ...     return x * x * x
    >>> _ = register(Op(cube, ("3*x**2",), (2.0,), formula="x**3"))
    >>> OPS["cube"](2.0), OPS["cube"].slopes_of(("t",))
    (8.0, ('3*x**2',))
    >>> del OPS["cube"]  # the table is as before
    """
    check_row(op, OPS)
    OPS[op.name] = op
    return op
