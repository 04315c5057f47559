"""The interpreter's machine code: each instruction's rule on vectors of samples, compiled by Numba and kept on disk.

One function is compiled for each number of samples taken at a time. It knows no program: it walks the runs of
instructions of `code`, and for each goes through a block made by running the table's rule on LLVM vectors.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import lru_cache, reduce
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from ...engine import ops
from ..lifting import rows, symbols
from ..lifting.rows import ROWS
from ..lifting.symbols import CONDITIONS, Symbol, written
from .steps import AHEAD, STEPS, Opcode, opcodes
from .vectors import INDEX, INT, Vectors, vector_functions


class _Instruction:
    """One instruction being written: the rows that it names, in the table and among the adjoints."""

    def __init__(self, vectors: Vectors, code: Any, table: Any, adjoints: Any) -> None:
        self.vectors, self.builder = vectors, vectors.builder
        self.code, self.table, self.adjoints = code, table, adjoints
        self.loaded: dict[int, Any] = {}

    def pointer(self, operand: int, *, adjoint: bool = False) -> Any:
        """Where the row stands that is written (0) or read (1, 2, 3)."""
        row = self.builder.load(self.builder.gep(self.code, [ir.Constant(INDEX, operand)]))
        return self.builder.gep(
            self.adjoints if adjoint else self.table, [self.builder.zext(row, INT)]
        )

    def load(self, pointer: Any) -> Any:
        return self.builder.load(pointer, align=8 * self.vectors.width)

    def store(self, x: Any, pointer: Any) -> None:
        self.builder.store(x, pointer, align=8 * self.vectors.width)

    def read(self, operand: int) -> Any:
        if operand not in self.loaded:
            self.loaded[operand] = self.load(self.pointer(operand))
        return self.loaded[operand]

    def leaf(self, symbol: Symbol) -> Any:
        return self.read(0 if symbol.name == "result" else int(symbol.number) + 1)

    # ---- the kinds of instructions ----

    def value(self, name: str, count: int, bad: Any) -> None:
        (y,) = self.vectors.written([written(ROWS[name], [None] * count).value], self.leaf)
        self.store(y, self.pointer(0))
        self._watch(y, bad)

    def _watch(self, y: Any, bad: Any) -> None:
        """y - y is 0 for every finite y, and nan for the others."""
        zero_or_nan = self.builder.bitcast(self.builder.fsub(y, y), self.vectors.bits)
        self.builder.store(self.builder.or_(self.builder.load(bad), zero_or_nan), bad)

    def slopes(self, name: str, count: int, mask: int) -> None:
        """The adjoint of the result, times each slope, added to the adjoints of the operands; itself it becomes zero."""
        above = self.pointer(0, adjoint=True)
        upstream = self.load(above)
        self.store(self.vectors.number(0.0), above)
        op = ROWS[name]
        slopes = written(op, [None] * count).slopes
        never = [op.selects and _is_number(slope, 0.0) for slope in slopes]
        wanted = [i for i in range(count) if mask >> i & 1 and not never[i]]
        computed = self.vectors.written([slopes[i] for i in wanted], self.leaf)
        for i, slope in zip(wanted, computed, strict=True):
            self._accumulate(self.pointer(i + 1, adjoint=True), slopes[i], slope, upstream)

    def _accumulate(self, pointer: Any, symbol: Symbol, slope: Any, upstream: Any) -> None:
        so_far = self.load(pointer)
        if _is_number(symbol, 1.0):
            self.store(self.builder.fadd(so_far, upstream), pointer)
        elif _is_number(symbol, -1.0):
            self.store(self.builder.fsub(so_far, upstream), pointer)
        else:
            self.store(self.vectors.product_added(slope, upstream, so_far), pointer)

    def step(self, name: str, bad: Any) -> None:
        out = self.pointer(0)
        match name:
            case "copy" | "result":
                self.store(self.read(1), out)
                if name == "result":
                    self._watch(self.read(1), bad)
            case "clear":
                self.store(self.vectors.number(0.0), out)
            case "accumulate":
                self.store(self.builder.fadd(self.load(out), self.read(1)), out)
            case "accumulate_product":
                self.store(
                    self.vectors.product_added(self.read(1), self.read(2), self.load(out)), out
                )
            case _:
                self.store(self._plain_step(name), out)

    def _plain_step(self, name: str) -> Any:
        """A step of a rule; conditions are rows of ones and zeros."""
        xs = [self.read(i + 1) for i in range(STEPS[name])]
        if name == "select":
            xs[0] = self.builder.fcmp_ordered(">", xs[0], self.vectors.number(0.0))
        y = self.vectors.apply(name, xs)
        return (
            self.builder.select(y, self.vectors.number(1.0), self.vectors.number(0.0))
            if name in CONDITIONS
            else y
        )


def _is_number(symbol: Symbol, x: float) -> bool:
    return symbol.name == "number" and symbol.number == x


class _Interpreter:
    """The function that walks runs of instructions, being written. Its arguments are addresses, and the number of runs."""

    def __init__(self, function: ir.Function, width: int) -> None:
        self.builder, self.width = ir.IRBuilder(function.append_basic_block()), width
        builder = self.builder
        self.vectors = Vectors(builder, width)
        runs, self.count, code, table, adjoints = function.args
        self.runs = builder.inttoptr(runs, ir.PointerType(INDEX))
        self.code = builder.inttoptr(code, ir.PointerType(INDEX))
        self.table = builder.inttoptr(table, ir.PointerType(self.vectors.type))
        self.adjoints = builder.inttoptr(adjoints, ir.PointerType(self.vectors.type))
        self.bad = builder.alloca(self.vectors.bits)
        builder.store(ir.Constant(self.vectors.bits, [0] * width), self.bad)

    def write(self) -> None:
        """The whole function. Its result is not 0 if an operation gave a number that is not finite."""
        with cgutils.for_range(self.builder, self.count) as run:
            place = self.builder.mul(run.index, ir.Constant(INT, 3))
            opcode, start, stop = (
                self._at(self.runs, self.builder.add(place, ir.Constant(INT, i))) for i in range(3)
            )
            after = self.builder.append_basic_block("after")
            switch = self.builder.switch(opcode, after)
            for instruction, number in opcodes().items():
                block = self.builder.append_basic_block("_".join(map(str, instruction)))
                switch.add_case(number, block)
                self.builder.position_at_end(block)
                self._loop(instruction, start, stop)
                self.builder.branch(after)
            self.builder.position_at_end(after)
        bad = self.builder.load(self.bad)
        self.builder.ret(
            reduce(
                self.builder.or_,
                [
                    self.builder.extract_element(bad, ir.Constant(INDEX, i))
                    for i in range(self.width)
                ],
            )
        )

    def _at(self, pointer: Any, place: Any) -> Any:
        return self.builder.load(self.builder.gep(pointer, [place]))

    def _loop(self, opcode: Opcode, start: Any, stop: Any) -> None:
        start, stop = self.builder.zext(start, INT), self.builder.zext(stop, INT)
        with cgutils.for_range(self.builder, stop, start=start) as each:
            here = self.builder.gep(self.code, [self.builder.mul(each.index, ir.Constant(INT, 4))])
            instruction = _Instruction(self.vectors, here, self.table, self.adjoints)
            self._fetch_ahead(opcode, here)
            match opcode:
                case ("value", name, count):
                    instruction.value(name, count, self.bad)
                case ("slopes", name, count, mask):
                    instruction.slopes(name, count, mask)
                case (name,):
                    instruction.step(name, self.bad)

    def _fetch_ahead(self, opcode: Opcode, here: Any) -> None:
        """Have the rows brought into the cache that a later instruction, likely one of the same run, works on."""
        if len(opcode) == 1:
            return
        later = self.builder.gep(here, [ir.Constant(INT, 4 * AHEAD)])
        for operand in range(1, opcode[2] + 1):
            row = self.builder.zext(self._at(later, ir.Constant(INT, operand)), INT)
            self.vectors.fetch(self.builder.gep(self.table, [row]), for_writing=False)
            if opcode[0] == "slopes":
                self.vectors.fetch(self.builder.gep(self.adjoints, [row]), for_writing=True)


def fingerprint(width: int) -> int:
    """A number of what the machine code is made from, for the cache: this package's files, and the C library's functions."""
    folders = [Path(ops.__file__).parent, Path(__file__).parent]
    files = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    texts = [path.read_bytes() for path in [*files, Path(symbols.__file__), Path(rows.__file__)]]
    made_from = (
        b"".join(texts)
        + repr((width, sorted(vector_functions().items()), list(opcodes()))).encode()
    )
    return int.from_bytes(hashlib.sha256(made_from).digest()[:7], "big")


@intrinsic(prefer_literal=True)
def _walk(_, made_from, width, runs, count, code, table, adjoints):  # type: ignore[no-untyped-def]  # Numba reads the names
    """A call of the interpreter for a literal ``width``; the literal ``made_from`` is there to be part of the cache's key."""

    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        name = f"autograd_edu_interpreter_{width.literal_value}"
        function = builder.module.globals.get(name)
        if function is None:
            function = ir.Function(builder.module, ir.FunctionType(INT, [INT] * 5), name)
            function.linkage = "internal"
            function.attributes.add("noinline")
            _Interpreter(function, width.literal_value).write()
        return builder.call(function, values[2:])

    return types.int64(made_from, width, runs, count, code, table, adjoints), generate


@lru_cache(maxsize=4)
def machine(width: int) -> Any:
    """The compiled replay of ``width`` samples at a time, from the cache on disk if it is there. See `run` for its arguments.

    Where the cache cannot be written, every process compiles for itself.
    """
    made_from = fingerprint(width)

    def replay(  # type: ignore[no-untyped-def]
        before, forward, backward, after, table, adjoints, columns, guards, root, fixed, values, by_input
    ):  # fmt: skip
        """Whether every number is finite and every guard holds. Gradients by input are wanted if ``by_input`` has columns."""
        at, above = table.ctypes.data, adjoints.ctypes.data
        if _walk(
            made_from,
            width,
            before[0].ctypes.data,
            len(before[0]),
            before[1].ctypes.data,
            at,
            above,
        ):  # type: ignore[call-arg]
            return False
        inputs, count = columns.shape
        for start in range(0, count, width):
            used = min(width, count - start)
            for i in range(inputs):
                for k in range(width):  # samples that are missing repeat the last one
                    table[i, k] = columns[i, start + min(k, used - 1)]
            if _walk(
                made_from,
                width,
                forward[0].ctypes.data,
                len(forward[0]),
                forward[1].ctypes.data,
                at,
                above,
            ):
                return False
            for g in range(len(guards)):
                sign, left, right, outcome = guards[g]
                for k in range(used):
                    a, b = table[left, k], table[right, k]
                    holds = (
                        a < b
                        if sign == 0
                        else a <= b
                        if sign == 1
                        else a > b
                        if sign == 2
                        else a >= b
                        if sign == 3
                        else a == b
                        if sign == 4
                        else a == b and np.signbit(a) == np.signbit(b)
                    )
                    if holds != (outcome == 1):
                        return False
            for k in range(used):
                values[start + k] = table[root, k]
            if by_input.shape[1] > 0:
                for k in range(used):
                    adjoints[root, k] += 1.0
                _walk(
                    made_from,
                    width,
                    backward[0].ctypes.data,
                    len(backward[0]),
                    backward[1].ctypes.data,
                    at,
                    above,
                )
                for i in range(inputs):
                    for k in range(used):
                        by_input[i, start + k] = adjoints[i, k]
                    adjoints[i] = 0.0
        if (
            by_input.shape[1] > 0
        ):  # what depends on no input is gone through once, for the sum of the samples
            for row in fixed:
                for k in range(1, width):
                    adjoints[row, 0] += adjoints[row, k]
            _walk(
                made_from,
                width,
                after[0].ctypes.data,
                len(after[0]),
                after[1].ctypes.data,
                at,
                above,
            )
        return True

    rows, numbers = types.int32[:, ::1], types.float64[:, ::1]
    stream = types.UniTuple(rows, 2)  # type: ignore[no-untyped-call]
    signature = types.boolean(
        *[stream] * 4,
        numbers,
        numbers,
        numbers,
        rows,
        types.int64,
        types.int64[::1],
        types.float64[::1],
        numbers,
    )
    with suppress(RuntimeError):
        return njit(signature, cache=True, fastmath=False, error_model="numpy")(replay)
    return njit(signature, fastmath=False, error_model="numpy")(replay)
