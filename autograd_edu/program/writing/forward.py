"""The lines of a lifted program's forward pass, as a NumPy function.

Read `script` and `kinds` first. Each group of operations is one array: a row for each number, a
column for each sample.
"""

from __future__ import annotations

from math import prod

from ..ir import Computation, Guard
from ..lifting.group import NEUTRAL, Group, Read
from ..lifting.products import HOLE
from ..lifting.spacing import folded
from .expression import Expression
from .kinds import Kind, kind_of
from .names import argument_names
from .script import Held, Script
from .text import number_text, tidy

_COLUMNS = "  # one column per sample"
_NEUTRAL = "  # change nothing in a sum, a maximum, a minimum"


class Forward(Script):
    """The forward pass.

    Attributes:
        arguments: for each argument of the function after the parameters, its array.
        parameters: the array of the parameters.
        made: each group and its array.
    """

    def __init__(self, program: Computation, *, differentiated: bool) -> None:
        super().__init__(program, differentiated=differentiated)
        self.made: list[tuple[Kind, Held]] = []
        self._leaves(argument_names(program, self.names))

    def write(self) -> list[str]:
        """Write the lines; return the expression of each result."""
        for group in self.lifted.groups:
            self._group(kind_of(self, group))
        for guard, given in zip(self.fused.guards, self.program.guards, strict=True):
            self._guard(guard, given)
        return [self._result(i) for i in self.fused.roots]

    def _result(self, i: int) -> str:
        """The number of a slot, for each sample."""
        number = self.slot(i)
        return tidy(f"np.repeat({number}, n)" if self.lifted.fixed[i] else f"{number}.reshape(-1)")

    def slot(self, i: int) -> str:
        """The number of a slot, in one row."""
        return self.read(Read(self.lifted.fixed[i], self.lifted.row[[i]])).text

    # ---- leaves ----

    def _leaves(self, arguments: list[str]) -> None:
        count, first = self.program.parameter_count, len(NEUTRAL)
        numbers = [number_text(x) for x in self.fused.constants.values()]
        for name, samples in (("neutral", "1"), ("np.repeat(neutral, n, axis=1)", "-1")):
            self.hold(Held(Expression(name, (first,), samples), 0, takes=False))
        self.arguments = self._inputs(arguments)
        if count:
            self.assign("parameters", f"np.asarray(parameters, float).reshape({count}, 1)")
        self.parameters = Held(Expression("parameters", (count,), "1"), first)
        self.hold(self.parameters)
        constants = Expression("constants", (len(numbers),), "1")
        self.hold(Held(constants, first + count, takes=False))
        self.assign("constants", f"np.array([[{'], ['.join(numbers)}]])")
        self.assign("neutral", "np.array([[0.0], [-np.inf], [np.inf]])", _NEUTRAL)

    def _inputs(self, arguments: list[str]) -> list[Held]:
        found, samples = list[Held](), [(2, "1")]
        given = zip(arguments, self.program.shapes, self.lifted.arguments, strict=True)
        for name, shape, (first, last, order) in given:
            own: tuple[int, ...] = (last - first,)
            if prod(shape):
                columns = Expression(f"np.asarray({name}, float).reshape(-1, {prod(shape)}).T", own)
                if order is not None:
                    own = folded([order])
                    columns = columns.read(order.reshape(own))
                self.assign(name, columns.text, _COLUMNS)
                samples.append((0, f"{name}.shape[{len(own)}]"))
            else:
                self.assign(name, f"np.asarray({name}, float)")
                samples.append((1, f"{name}.shape[0] if {name}.ndim > {len(shape)} else 1"))
            found.append(Held(Expression(name, own), first))
            self.hold(found[-1])
        self.assign("n", min(samples)[1])
        return found

    # ---- groups ----

    def _group(self, kind: Kind) -> None:
        text, group = kind.write(), kind.group
        labels = [self.fused.slots[i].label for i in group.members if i != HOLE]
        alone = len(labels) == 1 and labels[0]
        named = self.names.name(labels[0], kind.default) if alone else ""
        name = named or self.names.common(labels, kind.default)
        self.assign(name, self.masked(text, group))
        kind.finish(name)
        array = Expression(name, group.shape, "1" if group.fixed else "-1")
        held = Held(array, group.start, any(map(self.varies, group.reads)), group.real)
        self.hold(held)
        self.made.append((kind, held))

    def masked(self, text: str, group: Group) -> str:
        """Numbers or gradients of a group, with zeros in its holes if they must be."""
        if not group.masked or group.real is None:
            return text
        return f"np.where({self.mask(group.real)}, {text}, 0.0)"

    def _guard(self, guard: Guard, given: Guard) -> None:
        """Write the check that a comparison comes out as it was recorded."""
        left, right = self.slot(guard.left), self.slot(guard.right)
        test = f"({left} {guard.sign} {right})"
        if guard.sign == "is":
            test = f"(({left} == {right}) & (np.signbit({left}) == np.signbit({right})))"
        message = f"these inputs take another branch at {given.line}"
        if guard.error is not None:
            message = guard.error[1].format("this number")
        check = f"if not np.all({tidy(test if guard.outcome else '~' + test)}):"
        self.lines.append(f"{check}\n        raise ValueError({message!r})")
