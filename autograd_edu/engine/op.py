"""What an operation is: a row of the rule table `ops`, how it is applied, and its values on floats."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from ..errors import ArityError, OperandError, no_value
from .floats import Floats, Ieee, IeeeFloats, ieee_is_on, real

Rule = Callable[..., Any]


class Namespace(Protocol):
    """What rules compute with, besides Python's operators: the functions of one kind of number."""

    def exp(self, x: Any, /) -> Any: ...
    def expm1(self, x: Any, /) -> Any: ...
    def log(self, x: Any, /) -> Any: ...
    def log1p(self, x: Any, /) -> Any: ...
    def sqrt(self, x: Any, /) -> Any: ...
    def sin(self, x: Any, /) -> Any: ...
    def cos(self, x: Any, /) -> Any: ...
    def tan(self, x: Any, /) -> Any: ...
    def asin(self, x: Any, /) -> Any: ...
    def acos(self, x: Any, /) -> Any: ...
    def atan(self, x: Any, /) -> Any: ...
    def sinh(self, x: Any, /) -> Any: ...
    def cosh(self, x: Any, /) -> Any: ...
    def tanh(self, x: Any, /) -> Any: ...
    def erfc(self, x: Any, /) -> Any: ...
    def pow(self, a: Any, b: Any, /) -> Any: ...
    def maximum(self, a: Any, b: Any, /) -> Any: ...
    def minimum(self, a: Any, b: Any, /) -> Any: ...
    def total(self, xs: Any, /) -> Any: ...
    def dot(self, ws: Any, xs: Any, bias: Any, /) -> Any: ...
    def choose(self, condition: Any, then: Any, otherwise: Any, /) -> Any:
        """``then`` where the condition holds, else ``otherwise``.

        A branch given as a function is computed only if something takes it.
        """


FLOATS: tuple[Namespace, Namespace] = (Floats, IeeeFloats)  # mypy holds them against the protocol


# ---- how the operands of a row are grouped ----


class Each:
    """A row whose rules take each operand by its name."""

    @staticmethod
    def given(op: Op, *args: Any, **named: Any) -> Sequence[Any]:
        """The operands in a row, from what a call gives; defaults for what it does not."""
        names, defaults = op.operand_names(), op.rule.__defaults__ or ()
        known = {**dict(zip(names[-len(defaults) :], defaults, strict=False)), **named}
        if unknown := [name for name in named if name not in names[len(args) :]]:
            raise ArityError(f"{op.name} takes {', '.join(names)}; got {unknown[0]!r} as well")
        return (*args, *[known[name] for name in names[len(args) :] if name in known])

    @staticmethod
    def groups(operands: Sequence[Any]) -> Sequence[Any]:
        """What the rules take, from the operands in a row."""
        return operands

    @staticmethod
    def flat(groups: Sequence[Any]) -> tuple[Any, ...]:
        """The operands in a row again, from what belongs to each group."""
        return tuple(groups)


class Several(Each):
    """A row of any number of operands, which its rules take as one sequence, or stacked in an array."""

    @staticmethod
    def given(_: Op, *xs: Any) -> Sequence[Any]:
        """The operands of a call: its arguments, or what the only one of them holds."""
        only = len(xs) == 1 and isinstance(xs[0], Iterable) and not hasattr(xs[0], "precedence")
        return tuple(xs[0]) if only else xs

    @staticmethod
    def groups(operands: Sequence[Any]) -> Sequence[Any]:
        return (operands,)

    @staticmethod
    def flat(groups: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(groups[0])


class Products(Each):
    """A sum of products, whose rules take the weights, the inputs, and the bias (one or none)."""

    @staticmethod
    def given(op: Op, ws: Iterable[Any], xs: Iterable[Any], bias: Any = None) -> Sequence[Any]:
        """The operands in a row: the weights, then the inputs, then the bias."""
        try:
            ws, xs = tuple(ws), tuple(xs)
        except TypeError:
            raise OperandError(
                f"{op.name} takes a list of weights and a list of inputs; a list is written [a, b]"
            ) from None
        if len(ws) != len(xs):
            raise ArityError(
                f"{op.name} needs as many weights as inputs; "
                f"{len(ws)} weights and {len(xs)} inputs were given"
            )
        return (*ws, *xs) if bias is None else (*ws, *xs, bias)

    @staticmethod
    def groups(operands: Sequence[Any]) -> Sequence[Any]:
        n = len(operands) // 2
        return operands[:n], operands[n : 2 * n], operands[2 * n :]

    @staticmethod
    def flat(groups: Sequence[Any]) -> tuple[Any, ...]:
        weights, inputs, bias = groups
        return (*weights, *inputs, *bias)


@dataclass(eq=False)
class Op:
    """One row of the table. Calling it applies it to numbers of any kind: floats, Values, Duals.

    Attributes:
        rule: the value, a function of a namespace and of the operands, grouped as ``operands`` says.
        formula: the value as a Python expression of the operands' names; of a variadic row, a
            function of them. By default a call of the row.
        slopes: the local gradients as expressions; ``y`` is the result.
        example: a point inside the domain.
        operands: how the rules take the operands.
        symbol: the name in pictures.
        template: how a call is written in text, "|{0}|".
        latex: how a call is written in LaTeX; a bare command is followed by the operands.
        domain: what the operands must satisfy, for the error message.
        edges: what happens at kinks and limits.
        selects: an operand whose local gradient is 0 is not selected: it gets no gradient at all.
        stops: its local gradient is 0 because nothing is to flow back, and not its derivative.
        neutral: of a variadic row, an operand that changes nothing.
        parts: of a variadic row, what the value and the local gradients both start from; given to
            them as the last argument, it is not computed again.
        activation: whether neurons use it.
        rectifier: whether it is 0 for half of all operands, so that a neuron can die of it.
        adds: whether the result is the sum of the operands.
        multiplies: whether the result is the product of the operands.
    """

    rule: Rule
    slopes: tuple[str, ...] | Callable[..., tuple[str, ...]]
    example: tuple[float, ...]
    formula: str | Callable[..., str] = ""
    operands: type[Each] = Each
    symbol: str = ""
    template: str = ""
    latex: str = ""
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
        self.name = self.rule.__name__
        self.__doc__ = self.rule.__doc__
        self.variadic = self.operands is not Each
        self.formula = self.formula or f"{self.name}({', '.join(self.operand_names())})"
        self.symbol = self.symbol or self.name
        self.template = self.template or self.name + "({all})"
        self.latex = self.latex or rf"\operatorname{{{{{self.name}}}}}"
        if "{0}" not in self.latex and "{all}" not in self.latex:
            self.latex += r"\left({all}\right)"
        self.every = not (self.variadic or self.selects)  # each operand has a rule, and is used
        self.value = _in_a_row(self.rule, self.operands) if self.variadic else self.rule
        self.own: dict[int, Rule] = {}
        self.called: Rule | None = None
        self.gathers = self.variadic or bool(self.rule.__defaults__)  # more than one way to call

    def local_gradient(self, rule: Rule, *, of: str = "") -> Rule:
        """Compute a local gradient by ``rule(xp, y, *operands)``, not as it is printed.

        It is that of the operand ``of``, or of the first that has no rule of its own yet; of a
        variadic row, that of a group of operands.
        """
        place = self.operand_names().index(of) if of else len(self.own)
        if place == len(self.operands.groups(self.example)):
            raise ArityError(f"{self.name} has a local gradient for each of its operands")
        self.own[place] = rule
        return rule

    def written_slopes(self, names: Sequence[str]) -> tuple[str, ...]:
        """The local gradients as expressions, of operands of these names."""
        return self.slopes if isinstance(self.slopes, tuple) else self.slopes(*names)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The local gradients, each a function of a namespace, the result and the operands."""
        names = self.operand_names()
        texts = self.slopes if isinstance(self.slopes, tuple) else self.own
        return tuple(
            [self.own.get(i) or _computed(text, names) for i, text in enumerate(texts)]  # type: ignore[arg-type]
        )

    @cached_property
    def local_gradients(self) -> Rule:
        """All local gradients in a row, from a namespace, the result and the operands in a row.

        Whoever needs only some takes them from `rules`.
        """
        rules, grouping = self.rules, self.operands

        def together(xp: Any, y: Any, *xs: Any) -> tuple[Any, ...]:
            return tuple([rule(xp, y, *xs) for rule in rules])

        def in_groups(xp: Any, y: Any, *xs: Any) -> tuple[Any, ...]:
            groups = grouping.groups(xs)
            return grouping.flat([rule(xp, y, *groups) for rule in rules])

        return in_groups if self.variadic else together

    def some_local_gradients(
        self, xp: Any, y: Any, xs: Sequence[Any], wanted: Sequence[bool] | None = None
    ) -> tuple[Any, ...]:
        """The local gradients for the operands ``xs``; None for an operand that is not ``wanted``.

        Those of a variadic row come from one rule, so there are all of them.
        """
        if wanted is None or self.variadic:
            return self.local_gradients(xp, y, *xs)  # type: ignore[no-any-return]
        pairs = zip(self.rules, wanted, strict=True)
        return tuple([rule(xp, y, *xs) if want else None for rule, want in pairs])

    @property
    def stacked(self) -> tuple[Rule, Rule] | None:
        """Of a row of any number of operands: both rules, of all operands in one array."""
        return (self.rule, self.rules[0]) if self.operands is Several else None

    def call(self, function: Rule) -> Rule:
        """Let a call of the row be a call of ``function``, which ends in `apply`."""
        self.called, self.gathers = function, True
        return function

    @cached_property
    def __signature__(self) -> inspect.Signature:
        """How the row is called."""
        own = self.rule if self.operands is Each else self.operands.given
        taken = list(inspect.signature(self.called or own).parameters.values())
        taken = taken if self.called else taken[1:]
        return inspect.Signature([p.replace(annotation=p.empty) for p in taken])

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Apply the operation to numbers of any kind, as its signature says."""
        if not self.gathers and not named:
            return self.apply(args)
        if self.called is not None:
            return self.called(*args, **named)
        return self.apply(self.operands.given(self, *args, **named))

    def apply(self, operands: Sequence[Any]) -> Any:
        """The result, of the most special kind among the ``operands``, which stand in a row."""
        if len(operands) == 1:
            only: Any = type(operands[0])
            one = only.apply if hasattr(only, "precedence") else _evaluate_plain
            return one(self, operands)
        apply, precedence = _evaluate_plain, 0
        kinds: Any = set(map(type, operands))
        for kind in kinds:
            if getattr(kind, "precedence", 0) > precedence:
                apply, precedence = kind.apply, kind.precedence
        return apply(self, operands)

    def __reduce__(self) -> tuple[Any, ...]:
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


def _in_a_row(rule: Rule, operands: type[Each]) -> Rule:
    """``rule``, which takes groups of operands, as a function of the operands in a row."""
    groups = operands.groups
    return lambda xp, *xs: rule(xp, *groups(xs))


def _row_named(name: str) -> Op:
    return OPS[name]


def operation(
    *, local_gradients: Any, example: tuple[float, ...], **facts: Any
) -> Callable[[Rule], Op]:
    """Make a row of the table from the function that computes the value; see `Op` for the facts.

    Raises:
        ArityError: if there is not one local gradient for each operand.
    """
    return lambda rule: register(Op(rule, local_gradients, example, **facts))


def register(op: Op) -> Op:
    """Put ``op`` into the table and give it back. Its name must be new.

    Raises:
        ArityError: if there is not one local gradient for each operand.
    """
    if op.name in OPS:
        raise ValueError(f"there is an operation {op.name!r} already; choose another name")
    names = op.operand_names()
    count = len(op.slopes if isinstance(op.slopes, tuple) else op.slopes(*names))
    if not len(names) == len(op.example) == count:
        raise ArityError(
            f"{op.name} has the operands {', '.join(names)}; it needs {len(names)} local gradients and "
            f"an example of {len(names)} numbers; got {count} and {len(op.example)}"
        )
    OPS[op.name] = op
    return op


# ---- a printed expression as a rule ----


def in_namespace(expression: str) -> str:
    """A local gradient as it is computed: its functions are those of ``xp``, its numbers floats."""
    expression = re.sub(r"\b([a-z]\w*)\*\*2\b", r"\1*\1", expression)
    expression = re.sub(r"(?<![\w.])(\d+)(?![\w.])", r"\1.0", expression)
    expression = re.sub(r"\bwhere\(", "choose(", expression)
    return re.sub(r"\b(?!abs\b)([a-z]\w*)\(", r"xp.\1(", expression)


def _computed(expression: str, names: Sequence[str]) -> Rule:
    """A printed local gradient as a function of a namespace, the result and the operands."""
    source = f"lambda xp, y, {', '.join(names)}: {in_namespace(expression)}"
    return eval(source, {"pi": math.pi, "__name__": __name__})  # type: ignore[no-any-return]


# ---- evaluation ----------------------------------------------------------------------------------------------------


def evaluate(op: Op, xs: Sequence[float], named: Sequence[Any] = ()) -> float:
    """The value of ``op`` at floats. Raises DomainError where it is not finite, unless inside `ieee()`.

    ``named`` are the objects that the floats come from: their labels make the error message.
    """
    problem: Exception | None = None
    try:
        groups = op.operands.groups(xs) if op.variadic else xs
        y = op.rule(Floats, *groups)
        if y - y == 0.0 or ieee_is_on():
            return float(y)
    except (ValueError, ArithmeticError) as error:
        problem = error
    except TypeError:
        _check_count(op, len(xs))
        raise
    if ieee_is_on():
        return float(_in_ieee(lambda *args: (op.value(*args),), xs)[0])
    labels = [getattr(x, "label", "") for x in named]
    raise no_value(op, xs, labels, problem) from None


def _evaluate_plain(op: Op, operands: Sequence[Any]) -> float:
    return evaluate(op, [real(x) for x in operands])


def evaluate_local_gradients(
    op: Op, y: float, xs: Sequence[float], wanted: Sequence[bool] | None = None
) -> tuple[Any, ...]:
    """The local gradients of ``op`` at floats; inf or nan where one does not exist."""
    try:
        if op.variadic:
            groups = op.operands.groups(xs)
            return op.operands.flat([rule(Floats, y, *groups) for rule in op.rules])
        return op.some_local_gradients(Floats, y, xs, wanted)
    except (ValueError, ArithmeticError):
        return _in_ieee(lambda xp, y, *xs: op.some_local_gradients(xp, y, xs, wanted), [y, *xs])


def _in_ieee(rule: Rule, xs: Sequence[float]) -> tuple[Any, ...]:
    found = rule(IeeeFloats, *map(Ieee, xs))
    return tuple([None if x is None else float(x) for x in found])


def _check_count(op: Op, count: int) -> None:
    names = op.operand_names()
    if op.variadic and count == 0:
        raise ArityError(f"{op.name} needs at least one operand; none was given") from None
    if not op.variadic and count != len(names):
        raise ArityError(
            f"{op.name} takes {len(names)} operand(s), {', '.join(names)}; {count} were given"
        ) from None
