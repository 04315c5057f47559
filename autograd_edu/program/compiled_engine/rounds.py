"""The rounds of a loop as machine code of their own.

Read `code` and `machine` first. The instructions of a traced loop repeat: every round has the same
ones, on rows that have moved on by as much. LLVM compiles one round to a function that runs them
all and keeps numbers in the processor's registers. It computes the same numbers, to the last bit.
"""

from __future__ import annotations

from typing import NamedTuple

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba.core.registry import cpu_target
from numpy.typing import NDArray

from .machine import Instructions, rounds_type
from .steps import Opcode, opcodes
from .vectors import INT, Vectors

Words = NDArray[np.integer]
Place = tuple[int, int]  # a row in the first round, and by how much it moves
_LONGEST = 100  # instructions in a round, as compiling takes a while
_FEWEST = 8  # rounds
_SHARE = 20  # less than a twentieth of a stream is not worth compiling


class Rounds(NamedTuple):
    """Equal rounds in a stream: where they start, how many words each has, and how many there are.

    ``moves`` has for each word of a round by how much it grows from round to round.
    """

    start: int
    length: int
    turns: int
    moves: Words


def with_rounds(words: Words, width: int) -> tuple[Words, llvm.ExecutionEngine | None]:
    """The words with an instruction in the place of rounds, and the owner of their machine code.

    ``width`` is the number of samples taken at a time. There is no owner if there are no rounds.
    """
    module, written = ir.Module("rounds"), list[tuple[str, Rounds]]()
    for start in words[:4].tolist():
        if rounds := _rounds(words, _places(words, start)):
            name = f"rounds_{rounds.start}"
            if _write(ir.Function(module, rounds_type(width), name), words, rounds, width=width):
                written.append((name, rounds))
    if not written:
        return words, None
    words, engine = words.copy(), _compiled(module)
    for name, rounds in written:
        address = np.array([engine.get_function_address(name)], dtype=np.int64)
        code, length = opcodes()[Opcode("step", "rounds")], rounds.length * rounds.turns
        words[rounds.start : rounds.start + 4] = [code, *address.view(np.int32), length]
    return words, engine


def _compiled(module: ir.Module) -> llvm.ExecutionEngine:
    triple, processor, features = cpu_target.target_context.codegen().magic_tuple()
    machine = llvm.Target.from_triple(triple).create_target_machine(
        cpu=processor, features=features, opt=0, jit=True
    )
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(str(module)), machine)
    engine.finalize_object()
    return engine


# ---- finding them ----


def _places(words: Words, start: int) -> list[int]:
    """Where the instructions of the stream at ``start`` begin. The last one ends the stream."""
    lengths, stop = [code.length for code in opcodes()], opcodes()[Opcode("step", "stop")]
    at, codes = [start], words.tolist()
    while codes[at[-1]] != stop:
        at.append(at[-1] + lengths[codes[at[-1]]])
    return at


def _rounds(words: Words, at: list[int]) -> Rounds | None:
    """The rounds of a loop around the middle of the instructions at ``at``, if there is one."""
    codes, middle, own = words[at], len(at) // 2, words[at[0] : at[-1]]
    fewest = max(_FEWEST, len(at) // _SHARE)
    for period in range(1, min(middle, _LONGEST)):
        if not np.array_equal(codes[middle - period : middle], codes[middle : middle + period]):
            continue
        length, centre = at[middle] - at[middle - period], at[middle - period] - at[0]
        moves = own[length:] - own[:-length]
        expected = np.roll(moves[centre : centre + length], centre % length)
        odd = np.flatnonzero(moves != np.resize(expected, len(moves)))
        low = int(odd[odd < centre].max(initial=-1)) + 1
        high = int(odd[odd >= centre].min(initial=len(moves)))
        start = centre - (centre - low) // length * length
        count = (high - start) // length + 1
        if count >= _FEWEST and count * period >= fewest:
            return Rounds(at[0] + start, length, count, moves[centre : centre + length])
    return None


# ---- writing them ----


class _Round(Instructions):
    """The instructions of one round, being written. They read and write `Place`."""

    def __init__(self, vectors: Vectors, turn: ir.Value, *, table: ir.Value, count: int) -> None:
        self.vectors, self.builder, self.turn, self.table = vectors, vectors.builder, turn, table
        self.count, self.places = count, list[Place]()
        self.known: dict[Place, ir.Value] = {}
        self.changed: dict[Place, ir.Value] = {}
        self.bad: ir.Value = vectors.no_bits

    def pointer(self, operand: int, *, adjoint: bool = False) -> Place:
        row, move = self.places[operand]
        return row + self.count * adjoint, move

    def load(self, pointer: Place) -> ir.Value:
        if pointer not in self.known:
            self.known[pointer] = super().load(self._address(pointer))
        return self.known[pointer]

    def store(self, x: ir.Value, pointer: Place) -> None:
        self.known[pointer] = self.changed[pointer] = x

    def finish(self) -> None:
        """Store the numbers, as the next round may read them."""
        for place, x in self.changed.items():
            super().store(x, self._address(place))

    def _address(self, place: Place) -> ir.Value:
        row, move = place
        moved = self.builder.mul(self.turn, ir.Constant(INT, move))
        return self.builder.gep(self.builder.gep(self.table, [moved]), [ir.Constant(INT, row)])

    def note(self, bits: ir.Value) -> None:
        self.bad = self.builder.or_(self.bad, bits)

    def is_clear(self, turns: int) -> bool:
        """Does no place ever meet another? Then the number kept for it is the one in its row."""
        rows, moves = np.array([*self.known]).T
        gaps, nearer = rows[:, None] - rows, moves - moves[:, None]
        when, rest = np.divmod(gaps, np.where(nearer == 0, 1, nearer))
        return not ((nearer != 0) & (rest == 0) & (when >= 0) & (when < turns)).any()


def _write(function: ir.Function, words: Words, rounds: Rounds, *, width: int) -> bool:
    """Write the function of some rounds. Returns whether it computes what the instructions do."""
    start, loop, end = (function.append_basic_block() for _ in range(3))
    ir.IRBuilder(start).branch(loop)
    builder = ir.IRBuilder(loop)
    vectors, one = Vectors(builder, width), ir.Constant(INT, 1)
    turn, bad = builder.phi(INT), builder.phi(vectors.bits)
    written = _Round(vectors, turn, table=function.args[0], count=int(words[4]))
    own, at = words[rounds.start : rounds.start + rounds.length].tolist(), 0
    places = list(zip(own, rounds.moves.tolist(), strict=True))
    while at < rounds.length:
        opcode = list(opcodes())[own[at]]
        written.places = places[at + 1 : at + opcode.length]
        written.write(opcode)
        at += opcode.length
    written.finish()
    more, worse = builder.add(turn, one), builder.or_(bad, written.bad)
    for phi, first, later in ((turn, 0, more), (bad, [0] * width, worse)):
        phi.add_incoming(ir.Constant(phi.type, first), start)
        phi.add_incoming(later, loop)
    again = builder.icmp_signed("<", more, ir.Constant(INT, rounds.turns))
    builder.cbranch(again, loop, end)
    builder = vectors.builder = ir.IRBuilder(end)
    builder.ret(vectors.any_bits(worse))
    return written.is_clear(rounds.turns)
