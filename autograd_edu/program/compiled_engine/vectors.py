"""LLVM instructions on vectors of doubles, by the names that the rules of the table use.

Elementary functions are the C library's; where that has them for vectors (libmvec of glibc 2.35 on
x86-64), those.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import lru_cache, reduce

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core.registry import cpu_target

from ...arithmetic.rows import products
from ..lifting.symbols import FUNCTIONS, Symbol, in_order

DOUBLE, INT, INDEX = ir.DoubleType(), ir.IntType(64), ir.IntType(32)
_INSTRUCTIONS = {name: f"f{name}" for name in ("neg", "add", "sub", "mul", "div")}
_INTRINSICS = {"abs": "llvm.fabs", "sqrt": "llvm.sqrt", "floor": "llvm.floor"}
_COMPARED = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}


@lru_cache(maxsize=1)
def vector_functions() -> dict[str, tuple[str, int]]:
    """The C library's functions on vectors: for each, its name there and its vectors' length."""
    # what Numba compiles for, which can be told to be less than the processor
    features = cpu_target.target_context.codegen().magic_tuple()[2].split(",")
    letter, width = "b", 2
    for feature, wider in (("+avx2", ("d", 4)), ("+avx512f", ("e", 8))):
        letter, width = wider if feature in features else (letter, width)
    try:
        library = ctypes.CDLL("libmvec.so.1")
    except OSError:
        return {}
    llvm.load_library_permanently("libmvec.so.1")
    names = {name: f"_ZGV{letter}N{width}{'v' * count}_{name}" for name, count in FUNCTIONS.items()}
    return {name: (symbol, width) for name, symbol in names.items() if hasattr(library, symbol)}


class Vectors:
    """Instructions of LLVM on vectors of ``width`` doubles, by the names of `symbols`."""

    def __init__(self, builder: ir.IRBuilder, width: int) -> None:
        self.builder, self.width = builder, width
        self.type = ir.VectorType(DOUBLE, width)
        self.bits = ir.VectorType(INT, width)
        self.no_bits = ir.Constant(self.bits, [0] * width)

    def number(self, x: float) -> ir.Constant:
        return ir.Constant(self.type, [x] * self.width)

    def any_bits(self, bits: ir.Value) -> ir.Value:
        """The bits of all samples in one number; 0 if there are none."""
        return reduce(self.builder.or_, [self._lane(bits, i) for i in range(self.width)])

    def written(
        self, roots: Sequence[Symbol], leaf: Callable[[Symbol], ir.Value]
    ) -> list[ir.Value]:
        """The vectors that ``roots`` stand for; ``leaf`` gives those of operands and results."""
        known: dict[int, ir.Value] = {}
        for symbol in in_order(roots):
            if symbol.name == "number":
                known[id(symbol)] = self.number(symbol.number)
            elif not symbol.operands:
                known[id(symbol)] = leaf(symbol)
            else:
                known[id(symbol)] = self.apply(symbol.name, [known[id(x)] for x in symbol.operands])
        return [known[id(root)] for root in roots]

    def apply(self, name: str, xs: Sequence[ir.Value]) -> ir.Value:
        """The operation ``name`` on vectors; comparisons give bits, and `select` takes them."""
        if name in _INSTRUCTIONS:
            return getattr(self.builder, _INSTRUCTIONS[name])(*xs)
        if name == "select":
            return self.builder.select(*xs)
        if name in _COMPARED:
            return self.builder.fcmp_ordered(_COMPARED[name], *xs)
        if name in _INTRINSICS:
            return self._intrinsic(_INTRINSICS[name], xs)
        written_here = getattr(self, f"_{name}", None)
        return written_here(*xs) if written_here else self._function(name, xs)

    def _maximum(self, *xs: ir.Value, sign: str = ">") -> ir.Value:
        """The larger vector; as in `Floats`, nan from either side."""
        nan = self.builder.fcmp_unordered("uno", xs[0], xs[0])
        first = self.builder.fcmp_ordered(sign, *xs)
        return self.builder.select(self.builder.or_(first, nan), *xs)

    def _minimum(self, *xs: ir.Value) -> ir.Value:
        return self._maximum(*xs, sign="<")

    def _total(self, *xs: ir.Value) -> ir.Value:
        return reduce(self.builder.fadd, xs)

    # ---- sums ----

    def _mod(self, a: ir.Value, b: ir.Value) -> ir.Value:
        """a - b·⌊a/b⌋: the C library's remainder has the sign of a, and this one that of b."""
        builder, zero = self.builder, self.number(0.0)
        rest = self._function("fmod", (a, b))
        differ = builder.xor(
            builder.fcmp_ordered("<", rest, zero), builder.fcmp_ordered("<", b, zero)
        )
        mended = builder.and_(differ, builder.fcmp_ordered("!=", rest, zero))
        return builder.select(mended, builder.fadd(rest, b), rest)

    def _exact_total(self, *xs: ir.Value) -> ir.Value:
        """The sum rounded once; nan where three vectors do not hold enough of it to tell."""
        if len(xs) < 3:
            return self._total(*xs)
        so_far, lost, more = xs[0], self.number(0.0), self.number(0.0)
        for x in xs[1:]:
            part = self._lost(so_far, x)
            so_far = self.builder.fadd(so_far, x)
            rest = self._lost(lost, part)
            lost, more = self.builder.fadd(lost, part), self.builder.fadd(more, rest)
        return self._round(so_far, lost, more)

    def _lost(self, a: ir.Value, b: ir.Value) -> ir.Value:
        """What rounding a + b loses, exactly (Knuth's two-sum)."""
        add, sub = self.builder.fadd, self.builder.fsub
        whole = add(a, b)
        of_b = sub(whole, a)
        return add(sub(a, sub(whole, of_b)), sub(b, of_b))

    def _round(self, so_far: ir.Value, lost: ir.Value, more: ir.Value) -> ir.Value:
        """so_far + lost, if an error of the size of ``more`` cannot change it; else nan."""
        builder, add, mul = self.builder, self.builder.fadd, self.builder.fmul
        size_lost, size_more = (self._intrinsic("llvm.fabs", [x]) for x in (lost, more))
        margin = add(mul(size_more, self.number(4.0)), mul(size_lost, self.number(2.0**-51)))
        low = add(so_far, builder.fsub(lost, margin))
        high = add(so_far, add(lost, margin))
        exact = builder.fcmp_ordered("==", more, self.number(0.0))
        known = builder.or_(exact, builder.fcmp_ordered("==", low, high))
        return builder.select(known, add(so_far, lost), self.number(float("nan")))

    def _dot(self, *xs: ir.Value) -> ir.Value:
        weights, inputs, bias = products(xs)
        so_far = self.builder.fmul(weights[0], inputs[0])
        for w, x in zip(weights[1:], inputs[1:], strict=True):
            so_far = self.product_added(w, x, so_far)
        return reduce(self.builder.fadd, bias, so_far)

    def product_added(self, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
        """a·b + c, rounded once where the processor can."""
        return self._intrinsic("llvm.fmuladd", [a, b, c])

    # ---- calls ----

    def _intrinsic(self, name: str, xs: Sequence[ir.Value]) -> ir.Value:
        kind = ir.FunctionType(self.type, [self.type] * len(xs))
        return self.builder.call(self._declared(kind, f"{name}.v{self.width}f64"), xs)

    def _function(self, name: str, xs: Sequence[ir.Value]) -> ir.Value:
        """A function of the C library on parts of the vectors.

        A single sample is computed as a part of equal ones: as it would be in any batch.
        """
        symbol, width = vector_functions().get(name, (name, 1))
        kind = ir.VectorType(DOUBLE, width) if width > 1 else DOUBLE
        function = self._declared(ir.FunctionType(kind, [kind] * len(xs)), symbol)
        whole = ir.Constant(self.type, ir.Undefined)
        for start in range(0, self.width, width):
            places = [min(i, self.width - 1) for i in range(start, start + width)]
            part = self.builder.call(function, [self._part(x, places) for x in xs])
            for i in sorted({*places}):
                lane = part if width == 1 else self._lane(part, i - start)
                whole = self.builder.insert_element(whole, lane, ir.Constant(INDEX, i))
        return whole

    def _part(self, x: ir.Value, places: Sequence[int]) -> ir.Value:
        """The numbers at ``places``: a shorter vector, or a number if there is one place."""
        if len(places) == 1:
            return self._lane(x, *places)
        mask = ir.Constant(ir.VectorType(INDEX, len(places)), list(places))
        return self.builder.shuffle_vector(x, x, mask)

    def _lane(self, x: ir.Value, place: int) -> ir.Value:
        return self.builder.extract_element(x, ir.Constant(INDEX, place))

    def _declared(self, kind: ir.FunctionType, name: str) -> ir.Function:
        return self.builder.module.globals.get(name) or ir.Function(self.builder.module, kind, name)
