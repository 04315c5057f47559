"""The interpreter's machine code: each instruction's rule on vectors of samples.

Read `steps` and `vectors` first. Numba compiles one function for each number of samples taken at a
time, and keeps it on disk. The function knows no program: it walks the runs of instructions that
`code` makes, and has a block for each instruction, made by running the table's rule on vectors.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core.dispatcher import Dispatcher
from numba.extending import intrinsic
from numpy.typing import NDArray

from ... import arithmetic
from ...engine import ops
from ..ir import Floats
from ..lifting import rows, symbols
from ..lifting.rows import ROWS
from ..lifting.symbols import CONDITIONS, Symbol, written
from .steps import HEAD, STEPS, Opcode, opcodes
from .vectors import DOUBLE, INDEX, INT, Vectors, vector_functions

Words = NDArray[np.int32]
# Of numbers: where they start, how many rows and samples there are, and the first of a block.
Place = tuple[int, int, int, int]


class Instructions:
    """Instructions being written. A subclass knows where the rows are that they name."""

    vectors: Vectors
    builder: ir.IRBuilder

    def pointer(self, operand: int, *, adjoint: bool = False) -> ir.Value:
        """The place of the row that is written (0) or read (1, 2, 3), or of its adjoint."""
        raise NotImplementedError

    def note(self, bits: ir.Value) -> None:
        """Note that a number is not finite, or a guard does not hold, if a bit is set."""
        raise NotImplementedError

    def load(self, pointer: ir.Value) -> ir.Value:
        return self.builder.load(pointer, align=8 * self.vectors.width)

    def store(self, x: ir.Value, pointer: ir.Value) -> None:
        self.builder.store(x, pointer, align=8 * self.vectors.width)

    def read(self, operand: int) -> ir.Value:
        return self.load(self.pointer(operand))

    def leaf(self, symbol: Symbol) -> ir.Value:
        return self.read(0 if symbol.name == "result" else int(symbol.number) + 1)

    # ---- the kinds of instructions ----

    def write(self, opcode: Opcode) -> None:
        getattr(self, opcode.kind)(opcode)

    def value(self, opcode: Opcode) -> None:
        rule = written(ROWS[opcode.name], [None] * opcode.operands)
        (y,) = self.vectors.written([rule.value], self.leaf)
        self.store(y, self.pointer(0))
        self._watch(y)

    def _watch(self, y: ir.Value) -> None:
        """Note whether ``y`` is finite: y - y is 0 if it is, else nan."""
        self.note(self.builder.bitcast(self.builder.fsub(y, y), self.vectors.bits))

    def slopes(self, opcode: Opcode) -> None:
        """Add the result's adjoint, times each local gradient, to the operands'; then clear it."""
        above = self.pointer(0, adjoint=True)
        upstream = self.load(above)
        self.store(self.vectors.number(0.0), above)
        op = ROWS[opcode.name]
        slopes = written(op, [None] * opcode.operands).slopes
        wanted = [
            i
            for i, slope in enumerate(slopes)
            if opcode.mask >> i & 1 and not (op.selects and _is_number(slope, 0.0))
        ]
        computed = self.vectors.written([slopes[i] for i in wanted], self.leaf)
        for i, slope in zip(wanted, computed, strict=True):
            pointer = self.pointer(i + 1, adjoint=True)
            so_far = self.load(pointer)
            if _is_number(slopes[i], 1.0):
                so_far = self.builder.fadd(so_far, upstream)
            elif _is_number(slopes[i], -1.0):
                so_far = self.builder.fsub(so_far, upstream)
            else:
                so_far = self.vectors.product_added(slope, upstream, so_far)
            self.store(so_far, pointer)

    def guard(self, opcode: Opcode) -> None:
        """Note where a comparison does not hold."""
        sides = [self.read(1), self.read(2)]
        if opcode.name in ("is", "is not"):  # the same bits, as 0.0 and -0.0 differ
            sides = [self.builder.bitcast(x, self.vectors.bits) for x in sides]
            holds = self.builder.icmp_signed("==" if opcode.name == "is" else "!=", *sides)
        else:
            holds = self.builder.fcmp_ordered(opcode.name, *sides)
        self.note(self.builder.sext(self.builder.not_(holds), self.vectors.bits))

    def step(self, opcode: Opcode) -> None:
        """A step of a rule that was taken apart; conditions are rows of ones and zeros."""
        name = opcode.name
        out, xs = self.pointer(0), [self.read(i + 1) for i in range(STEPS[name])]
        zero, one = self.vectors.number(0.0), self.vectors.number(1.0)
        match name:
            case "result":
                (y,) = xs
            case "clear":
                y = zero
            case "accumulate":
                y = self.builder.fadd(self.load(out), *xs)
            case "accumulate_product":
                y = self.vectors.product_added(xs[0], xs[1], self.load(out))
            case "select":
                y = self.builder.select(self.builder.fcmp_ordered(">", xs[0], zero), *xs[1:])
            case _:
                y = self.vectors.apply(name, xs)
        self.store(self.builder.select(y, one, zero) if name in CONDITIONS else y, out)
        if name == "result":
            self._watch(y)


def _is_number(symbol: Symbol, x: float) -> bool:
    return symbol.name == "number" and symbol.number == x


def rounds_type(width: int) -> ir.FunctionType:
    """A function that runs rounds on a table, and returns 0 if every number is finite."""
    return ir.FunctionType(INT, [ir.PointerType(ir.VectorType(DOUBLE, width))])


class _Interpreter(Instructions):
    """The function that walks a stream of instructions, being written."""

    def __init__(self, function: ir.Function, width: int) -> None:
        self.function = function
        self.builder = ir.IRBuilder(function.append_basic_block())
        self.vectors = Vectors(self.builder, width)
        first, self.table, self.adjoints = function.args
        self.here = self._variable(first)
        self.bad = self._variable(self.vectors.no_bits)

    def _variable(self, start: ir.Value) -> ir.Value:
        place = self.builder.alloca(start.type)
        self.builder.store(start, place)
        return place

    def pointer(self, operand: int, *, adjoint: bool = False) -> ir.Value:
        table = self.adjoints if adjoint else self.table
        return self.builder.gep(table, [self.builder.zext(self._word(operand + 1), INT)])

    def note(self, bits: ir.Value) -> None:
        self.builder.store(self.builder.or_(self.builder.load(self.bad), bits), self.bad)

    def _word(self, place: int) -> ir.Value:
        return self.builder.load(self._at(ir.Constant(INT, place)))

    def _at(self, place: ir.Value) -> ir.Value:
        """The address of a word after the present one."""
        return self.builder.gep(self.builder.load(self.here), [place])

    def write_all(self) -> None:
        """Write the whole function. It returns 0 if all is finite and every guard holds."""
        next_one = self.function.append_basic_block("next")
        self.builder.branch(next_one)
        blocks = [self._block(opcode, next_one) for opcode in opcodes()]
        self.builder.position_at_end(next_one)
        self._jump(blocks)

    def _jump(self, blocks: list[ir.Block]) -> None:
        """Jump to the block of the next instruction: LLVM copies this to the end of every block.

        It does so for at most 234 blocks. With more, small programs take a tenth longer.
        """
        kind = ir.ArrayType(ir.PointerType(ir.IntType(8)), len(blocks))
        table = ir.GlobalVariable(self.builder.module, kind, f"{self.function.name}_blocks")
        table.linkage, table.global_constant = "internal", True
        table.initializer = ir.Constant(kind, [ir.BlockAddress(self.function, b) for b in blocks])
        opcode = self.builder.zext(self._word(0), INT)
        target = self.builder.gep(table, [ir.Constant(INT, 0), opcode])
        jump = self.builder.branch_indirect(self.builder.load(target))
        for block in blocks:
            jump.add_destination(block)

    def _block(self, opcode: Opcode, next_one: ir.Block) -> ir.Block:
        """The block of one instruction; it ends where the next instruction begins."""
        block = self.function.append_basic_block("_".join(map(str, opcode)))
        self.builder.position_at_end(block)
        length = ir.Constant(INT, opcode.length)
        if opcode == Opcode("step", "stop"):
            self.builder.ret(self.vectors.any_bits(self.builder.load(self.bad)))
            return block
        if opcode == Opcode("step", "rounds"):
            self._run_rounds()
            length = self._word(3)
        else:
            self.write(opcode)
        self.builder.store(self._at(length), self.here)
        self.builder.branch(next_one)
        return block

    def _run_rounds(self) -> None:
        """Call the function whose address follows; see `rounds`."""
        place = self.builder.bitcast(self._at(ir.Constant(INT, 1)), ir.PointerType(INT))
        kind = ir.PointerType(rounds_type(self.vectors.width))
        function = self.builder.inttoptr(self.builder.load(place, align=4), kind)
        bad = self.builder.call(function, [self.table])
        self.note(self.builder.insert_element(self.vectors.no_bits, bad, ir.Constant(INDEX, 0)))


def fingerprint(width: int) -> int:
    """A number that changes with whatever the machine code is made from: a key for the cache.

    That is the rule table, the files that make rules and machine code from it, and the functions of
    the C library.
    """
    folders = [Path(file).parent for file in (ops.__file__, arithmetic.__file__, __file__)]
    files = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    texts = [path.read_bytes() for path in [*files, Path(symbols.__file__), Path(rows.__file__)]]
    slopes = [row.slopes for row in ROWS.values() if not row.variadic]
    facts = repr((width, sorted(vector_functions().items()), list(opcodes()), slopes))
    return int.from_bytes(hashlib.sha256(b"".join(texts) + facts.encode()).digest()[:7], "big")


@intrinsic(prefer_literal=True)
def _walk(  # type: ignore[no-untyped-def]  # by Numba
    _, made_from, width, words, start, table, count
):
    """Call the interpreter for a literal ``width``; ``made_from`` is part of the cache's key.

    ``words`` are walked from ``start`` to the next stop; adjoints stand ``count`` rows down.
    """

    def generate(  # type: ignore[no-untyped-def]  # Numba's and LLVM's own objects
        context, builder, signature, values
    ):
        code, rows = (
            context.make_array(signature.args[i])(context, builder, values[i]).data for i in (2, 4)
        )
        row = ir.PointerType(Vectors(builder, width.literal_value).type)
        values_at = builder.bitcast(rows, row)
        arguments = [builder.gep(code, [values[3]]), values_at, builder.gep(values_at, [values[5]])]
        function = _interpreter(builder.module, arguments, width=width.literal_value)
        return builder.call(function, arguments)

    return types.int64(made_from, width, words, start, table, count), generate


def _interpreter(module: ir.Module, arguments: list[ir.Value], *, width: int) -> ir.Function:
    """The interpreter's function, written the first time that a module calls it."""
    name = f"autograd_edu_interpreter_{width}"
    if (function := module.globals.get(name)) is None:
        kind = ir.FunctionType(INT, [each.type for each in arguments])
        function = ir.Function(module, kind, name)
        function.linkage = "internal"
        function.attributes.add("noinline")
        _Interpreter(function, width).write_all()
    return function


@njit
def _load(table: Floats, row: int, numbers: Floats, place: Place) -> bool:
    """Put a block of samples into rows of the table. Returns whether they are finite."""
    at, count, samples, start = place
    for i in range(count):
        for k in range(table.shape[1]):  # samples that are missing repeat the last one
            x = numbers[at + i * samples + min(start + k, samples - 1)]
            if not np.isfinite(x):
                return False
            table[row + i, k] = x
    return True


@njit
def _store(table: Floats, row: int, numbers: Floats, place: Place) -> bool:
    """Get a block of samples from rows of the table. Returns whether they are finite."""
    at, count, samples, start = place
    for i in range(count):
        for k in range(min(table.shape[1], samples - start)):
            x = table[row + i, k]
            if not np.isfinite(x):
                return False
            numbers[at + i * samples + start + k] = x
    return True


@lru_cache(maxsize=4)
def machine(width: int) -> Dispatcher:
    """The compiled replay of ``width`` samples at a time; see `run` for its arguments.

    It comes from the cache on disk if it is there. Where the cache cannot be written, every process
    compiles its own.
    """
    made_from = fingerprint(width)

    def replay(  # type: ignore[no-untyped-def]  # Numba compiles it for the signature below
        words, table, numbers, samples, differentiate
    ):
        """Whether every number is finite and every guard holds.

        ``numbers`` are the inputs, the parameters, and room for the results and the gradients.
        """
        before, forward, backward, after, count, inputs, leaves, root, fixed, broken = words[:HEAD]
        words[HEAD - 1] = 1  # until this pass has come to its end, adjoints may be left over
        size, own = inputs * samples, leaves - inputs
        middle = size + own + samples
        table[count : count + (count if broken else leaves)] = 0.0
        if not _load(table, inputs, numbers, (size, own, 1, 0)):  # type: ignore[call-arg]
            return False
        if _walk(made_from, width, words, before, table, count):  # type: ignore[call-arg]
            return False
        for start in range(0, samples, width):
            if (
                not _load(table, 0, numbers, (0, inputs, samples, start))
                or _walk(made_from, width, words, forward, table, count)
                or not _store(table, root, numbers, (size + own, 1, samples, start))
            ):
                return False
            if differentiate:
                for k in range(min(width, samples - start)):
                    table[count + root, k] += 1.0
                _walk(made_from, width, words, backward, table, count)
                if not _store(table, count, numbers, (middle, inputs, samples, start)):
                    return False
                table[count : count + inputs] = 0.0
        if differentiate:  # what depends on no input is done once, for the sum of the samples
            for i in range(fixed):
                row = count + words[HEAD + i]
                for k in range(1, width):
                    table[row, 0] += table[row, k]
            _walk(made_from, width, words, after, table, count)
            if not _store(table, count + inputs, numbers, (middle + size, own, 1, 0)):
                return False
        words[HEAD - 1] = 0
        return True

    signature = types.boolean(
        types.int32[::1], types.float64[:, ::1], types.float64[::1], types.int64, types.boolean
    )
    with suppress(RuntimeError):
        return njit(signature, cache=True, fastmath=False, error_model="numpy")(replay)
    return njit(signature, fastmath=False, error_model="numpy")(replay)
