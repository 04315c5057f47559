"""A program as JavaScript: the scalar program, a line for each operation, for one sample.

It runs by itself, in a browser or in Node. The backward pass goes through the same lines in reverse
order, and adds local × upstream as the engine does.
"""

from __future__ import annotations

from json import dumps
from math import prod

import numpy as np

from ...engine.op import OPS
from ..ir import Computation, Guard, Slot
from ..lifting.analysis import facts
from .formula import Formula, Text, times
from .javascript import Lines, helpers, number_text, on_symbols
from .names import argument_names
from .printed import in_form

_OWN = ("parameters", "program", "valueAndGrad", "value", "inputs")  # names of the printed code


def javascript(program: Computation, *, gradients: bool) -> str:
    """The function ``program(parameters, …)``, or ``valueAndGrad(parameters, …)``.

    Each input is a number or a (nested) array of them, for one sample. The second function gives
    ``{ value, inputs, parameters }``: the result, the gradient for each input in its shape, and the
    gradients of the parameters.
    """
    return _Writer(program, gradients=gradients).text()


class _Writer(Lines):
    """One program that is being written.

    Attributes:
        of_slot: the name of each slot, or its number.
        gradients: the names of the gradients that have been declared, by slot.
        optional: the slots whose gradient may be null, as an operand that is not selected has none.
        formulas: the rule of each slot, as far as it has been written.
    """

    def __init__(self, program: Computation, *, gradients: bool) -> None:
        super().__init__(_OWN)
        self.program, self.differentiated, self.known = program, gradients, facts(program)
        self.arguments = argument_names(program, self.names)
        self.of_slot = self._slot_names()
        self.gradients: dict[int, str] = {}
        self.optional: set[int] = set()
        self.formulas: dict[int, Formula] = {}

    def text(self) -> str:
        self._leaves()
        for i, slot in enumerate(self.program.slots):
            if slot.op in OPS:
                self._operation(i, slot)
        for guard in self.program.guards:
            self._guard(guard)
        result = self.of_slot[self.program.root]
        if self.differentiated:
            result = self._backward()
        name = "valueAndGrad" if self.differentiated else "program"
        body = "\n".join(f"  {line}" for line in [*self.lines, f"return {result};"])
        head = f"function {name}({', '.join(['parameters', *self.arguments])}) {{"
        used = helpers(body)
        return f"{used}\n{head}\n{body}\n}}\n" if used else f"{head}\n{body}\n}}\n"

    # ---- leaves ----

    def _slot_names(self) -> list[str]:
        """An identifier for each slot: its label where that is one, else a letter and a number."""
        names = list[str]()
        for argument, shape in zip(self.arguments, self.program.shapes, strict=True):
            own = [self.names.name(f"{argument}_{k}", "x") for k in range(prod(shape))]
            names += own if shape else [argument]
        for i, slot in enumerate(self.program.slots[len(names) :], len(names)):
            is_number = slot.op == "constant"
            names.append(
                number_text(slot.number) if is_number else self.names.name(slot.label, f"v{i}")
            )
        return names

    def _leaves(self) -> None:
        """Take the arguments apart."""
        arguments, shapes = [*self.arguments, "parameters"], [*self.program.shapes, ()]
        for name, shape, slots in zip(arguments, shapes, self.program.leaf_spans, strict=True):
            own = [self.of_slot[i] for i in slots]
            if own and own != [name]:
                depth = f".flat({len(shape) - 1})" if len(shape) > 1 else ""
                self.lines.append(f"const [{', '.join(own)}] = {name}{depth};")

    # ---- the forward pass ----

    def _operation(self, i: int, slot: Slot) -> None:
        """The line of a slot, after the lines for what it shares with its local gradients."""
        slots, op = self.program.slots, OPS[slot.op]
        constants = [slots[j].number if slots[j].op == "constant" else None for j in slot.operands]
        rule = on_symbols(op, constants)
        wanted = [rule.slopes[k] for k in self._taking(slot)] if self.differentiated else []
        operands = [self.of_slot[j] for j in slot.operands]
        formula = self.formulas[i] = self.formula(rule, operands, [rule.value, *wanted])
        self.lines.append(f"const {self.of_slot[i]} = {formula.write(rule.value).text};")
        formula.finish(self.of_slot[i])

    def _guard(self, guard: Guard) -> None:
        left, right = self.of_slot[guard.left], self.of_slot[guard.right]
        test = f"{left} {guard.sign.replace('==', '===')} {right}"
        if guard.sign == "is":
            test = f"Object.is({left}, {right})"
        other = f"the branch at {guard.line} is another one"
        said = guard.error[1].format("this number") if guard.error else other
        self.lines.append(f"if ({'!' if guard.outcome else ''}({test}))")
        self.lines.append(f"  throw new Error({dumps(said)});")

    # ---- the backward pass ----

    def _taking(self, slot: Slot) -> list[int]:
        """The places of the operands of a slot that take a gradient."""
        known = self.known
        return [k for k, j in enumerate(slot.operands) if known.varies[j] and known.live[j]]

    def _backward(self) -> str:
        """Write the backward pass; return the object that `valueAndGrad` gives."""
        root = self.program.root
        self.lines.append("// the backward pass")
        if self.known.varies[root]:
            self._add(root, "1")
        for i in reversed(range(root + 1)):
            if i in self.gradients and i in self.formulas:
                self._give(i)
        given = [self._gradient(i) for i in range(self.program.leaf_count)]
        *inputs, own = self.program.leaf_spans
        shaped = [
            in_form(np.reshape(slots, shape).tolist(), given)
            for slots, shape in zip(inputs, self.program.shapes, strict=True)
        ]
        parameters = ", ".join(given[own.start :])
        return (
            f"{{ value: {self.of_slot[root]}, inputs: [{', '.join(shaped)}], "
            f"parameters: [{parameters}] }}"
        )

    def _give(self, i: int) -> None:
        """What slot ``i`` gives to its operands: local × upstream.

        An operand that is not selected gets nothing, which is not 0 · ∞; then it gives nothing.
        """
        slot, formula, upstream = self.program.slots[i], self.formulas[i], self.gradients[i]
        selects = OPS[slot.op].selects
        asked = [f"{upstream} !== null"] if i in self.optional else []
        for k in self._taking(slot):
            local = formula.write(formula.rule.slopes[k])
            if selects and local.depth:
                local = Text(self.name(local.text))
            selected = [f"{local.text} !== 0"] if selects else []
            share = times(local, upstream)
            self._add(slot.operands[k], share, " && ".join([*asked, *selected]))

    def _add(self, i: int, share: str, condition: str = "") -> None:
        """Add ``share`` to the gradient of slot ``i``, if the condition holds."""
        declared = i in self.gradients
        if not declared:
            self.gradients[i] = self.names.name(f"{self.of_slot[i]}_grad", "grad")
        name = self.gradients[i]
        if condition:
            if not declared:
                self.lines.append(f"let {name} = null;")
                self.optional.add(i)
            self.lines.append(f"if ({condition}) {name} += {share};")
        else:
            self.lines.append(f"{name} += {share};" if declared else f"let {name} = {share};")
            self.optional.discard(i)

    def _gradient(self, i: int) -> str:
        """The gradient of slot ``i`` as an expression."""
        name = self.gradients.get(i, "0")
        return f"{name} ?? 0" if i in self.optional else name
