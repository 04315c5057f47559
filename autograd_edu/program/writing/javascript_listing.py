"""A program as JavaScript: the scalar program, a line for each operation, for one sample.

It runs by itself, in a browser or in Node. The backward pass goes through the same lines in reverse
order, and adds local × upstream as the engine does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import count
from math import prod

from ...engine.op import OPS
from ..ir import Computation, Guard, Slot
from .javascript import (
    ATOM,
    PRODUCT,
    Lines,
    Text,
    helpers,
    is_identifier,
    number_text,
    on_symbols,
)  # fmt: skip

_OWN = {"parameters", "program", "valueAndGrad", "value", "inputs"}  # names of the printed code


def javascript(program: Computation, *, gradients: bool) -> str:
    """The function ``program(parameters, …)``, or ``valueAndGrad(parameters, …)``.

    Each input is a number or a (nested) array of them, for one sample. The second function gives
    ``{ value, inputs, parameters }``: the result, the gradient for each input in its shape, and the
    gradients of the parameters.
    """
    return _Writer(program, gradients=gradients).text()


class _Writer:
    """One program: the names of its slots, and the lines so far."""

    def __init__(self, program: Computation, *, gradients: bool) -> None:
        self.program, self.gradients = program, gradients
        self.arguments = _unique([_input_name(program, i) for i in range(len(program.shapes))])
        self.names = _names(program, self.arguments)
        self.temporaries = count(1)
        self.reached: set[int] = set()  # slots whose gradient has been declared
        self.optional: set[int] = set()  # those that may get none, and are null then
        self.live = _live(program) if gradients else set()
        self.rules: dict[int, Lines] = {}

    def text(self) -> str:
        lines = [*self._leaves(), *self._forward(), *self._guards()]
        given = self.names[self.program.root]
        if self.gradients:
            lines += self._backward()
            given = self._gradients()
        name = "valueAndGrad" if self.gradients else "program"
        body = "\n".join(f"  {line}" for line in [*lines, f"return {given};"])
        head = f"function {name}({', '.join(['parameters', *self.arguments])}) {{"
        used = helpers(body)
        return f"{used}\n{head}\n{body}\n}}\n" if used else f"{head}\n{body}\n}}\n"

    # ---- leaves ----

    def _leaves(self) -> Iterator[str]:
        first = 0
        for argument, shape in zip(self.arguments, self.program.shapes, strict=True):
            own = self.names[first : first + prod(shape)]
            first += prod(shape)
            if own != [argument]:
                depth = f".flat({len(shape) - 1})" if len(shape) > 1 else ""
                yield f"const [{', '.join(own)}] = {argument}{depth};"
        own = self.names[first : first + self.program.parameter_count]
        if own:
            yield f"const [{', '.join(own)}] = parameters;"

    # ---- the forward pass ----

    def _forward(self) -> Iterator[str]:
        for i, slot in enumerate(self.program.slots):
            if slot.op in OPS:
                yield from self._operation(i, slot)

    def _operation(self, i: int, slot: Slot) -> Iterator[str]:
        """The line of a slot, after the lines for what it shares with its local gradients."""
        slots, op = self.program.slots, OPS[slot.op]
        constants = [slots[j].number if slots[j].op == "constant" else None for j in slot.operands]
        rule = on_symbols(op, constants)
        wanted = [rule.slopes[k] for k in self._taking(i)] if i in self.live else []
        lines = Lines(
            rule, [self.names[j] for j in slot.operands], [rule.value, *wanted], self.temporaries
        )
        text = lines.write(rule.value)
        yield from lines.lines
        yield f"const {self.names[i]} = {text.text};"
        lines.known[id(rule.value)] = Text(self.names[i])
        lines.lines.clear()
        self.rules[i] = lines

    def _guards(self) -> Iterator[str]:
        for guard in self.program.guards:
            yield f"if ({'!' if guard.outcome else ''}({self._test(guard)}))"
            said = f"the branch at {guard.line} is another one"
            said = guard.error[1].format("this number") if guard.error else said
            yield f"  throw new Error({_quoted(said)});"

    def _test(self, guard: Guard) -> str:
        left, right = self.names[guard.left], self.names[guard.right]
        if guard.sign == "is":
            return f"Object.is({left}, {right})"
        return f"{left} {guard.sign.replace('==', '===')} {right}"

    # ---- the backward pass ----

    def _taking(self, i: int) -> list[int]:
        """The places of the operands of slot ``i`` that take a gradient."""
        return [k for k, j in enumerate(self.program.slots[i].operands) if j in self.live]

    def _backward(self) -> Iterator[str]:
        root = self.program.root
        yield "// the backward pass"
        if root in self.live:
            yield from self._add(root, "1")
        for i in reversed(range(root + 1)):
            if i in self.reached and i in self.rules:
                yield from self._give(i)

    def _give(self, i: int) -> Iterator[str]:
        """What slot ``i`` gives to its operands: local × upstream.

        An operand that is not selected gets nothing, which is not 0 · ∞; then it gives nothing.
        """
        slot, lines, upstream = self.program.slots[i], self.rules[i], f"{self.names[i]}_grad"
        asked = [f"{upstream} !== null"] if i in self.optional else []
        for k in self._taking(i):
            local = lines.write(lines.rule.slopes[k], self.names[i])
            yield from lines.lines
            lines.lines.clear()
            if OPS[slot.op].selects and local.depth:
                yield f"const t{(number := next(self.temporaries))} = {local.text};"
                local = Text(f"t{number}")
            selected = [f"{local.text} !== 0"] if OPS[slot.op].selects else []
            condition = " && ".join([*asked, *selected])
            yield from self._add(slot.operands[k], _times(local, upstream), condition)

    def _add(self, i: int, share: str, condition: str = "") -> Iterator[str]:
        """Add ``share`` to the gradient of slot ``i``, if the condition holds."""
        name, declared = f"{self.names[i]}_grad", i not in self.reached
        self.reached.add(i)
        if condition:
            if declared:
                yield f"let {name} = null;"
                self.optional.add(i)
            yield f"if ({condition}) {name} += {share};"
        else:
            yield f"let {name} = {share};" if declared else f"{name} += {share};"
            self.optional.discard(i)

    def _gradient(self, i: int) -> str:
        name = f"{self.names[i]}_grad"
        return "0" if i not in self.reached else f"{name} ?? 0" if i in self.optional else name

    def _gradients(self) -> str:
        """The object that `valueAndGrad` gives."""
        given = [self._gradient(i) for i in range(len(self.names))]
        inputs, first = [], 0
        for shape in self.program.shapes:
            inputs.append(_nested(given[first : first + prod(shape)], shape))
            first += prod(shape)
        own = given[first : first + self.program.parameter_count]
        value = self.names[self.program.root]
        return (
            f"{{ value: {value}, inputs: [{', '.join(inputs)}], parameters: [{', '.join(own)}] }}"
        )


def _times(local: Text, upstream: str) -> str:
    """local × upstream."""
    plain = {"1": upstream, "-1": f"-{upstream}"}
    return plain.get(local.text) or f"{local.within(PRODUCT)} * {upstream}"


def _live(program: Computation) -> set[int]:
    """The slots that depend on an input or a parameter and that the result depends on."""
    leaves = program.input_count + program.parameter_count
    varies = set(range(leaves))
    for i, slot in enumerate(program.slots):
        if slot.op in OPS and varies.intersection(slot.operands):
            varies.add(i)
    needed = {program.root}
    for i in reversed(range(program.root + 1)):
        if i in needed and program.slots[i].op in OPS:
            needed.update(program.slots[i].operands)
    return varies & needed


def _input_name(program: Computation, i: int) -> str:
    """The label of an input that is one number, else x and its number."""
    first, shape = sum(map(prod, program.shapes[:i])), program.shapes[i]
    label = program.slots[first].label if shape == () else ""
    own = _fits(label) and not re.fullmatch(r"x\d+", label)  # such labels come from tracing
    return label if own else "x" if len(program.shapes) == 1 else f"x{i + 1}"


def _names(program: Computation, arguments: Sequence[str]) -> list[str]:
    """An identifier for each slot: its label where that is one, else a letter and its number."""
    names = list[str]()
    for argument, shape in zip(arguments, program.shapes, strict=True):
        names += [argument] if shape == () else [f"{argument}_{k}" for k in range(prod(shape))]
    for i, slot in enumerate(program.slots[len(names) :], len(names)):
        label = re.sub(r"\W+", "_", slot.label).strip("_")
        names.append(label if _fits(label) else f"v{i}")
    names = _unique(names)
    return [
        number_text(slot.number).within(ATOM) if slot.op == "constant" else name
        for name, slot in zip(names, program.slots, strict=True)
    ]


def _fits(label: str) -> bool:
    return is_identifier(label) and label not in _OWN and not label.endswith("_grad")


def _unique(names: Sequence[str]) -> list[str]:
    """The names, with a number after each that was there before."""
    taken: set[str] = set()
    found = []
    for name in names:
        own, k = name, 2
        while own in taken:
            own, k = f"{name}_{k}", k + 1
        taken.add(own)
        found.append(own)
    return found


def _nested(items: Sequence[str], shape: Sequence[int]) -> str:
    """The items as an array of that shape, in JavaScript."""
    if not shape:
        return items[0]
    size = prod(shape[1:])
    rows = [_nested(items[k * size : (k + 1) * size], shape[1:]) for k in range(shape[0])]
    return f"[{', '.join(rows)}]"


def _quoted(text: str) -> str:
    """A string literal of JavaScript."""
    from json import dumps

    return dumps(text)
