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
        parts = [
            self.builder.extract_element(bits, ir.Constant(INDEX, i)) for i in range(self.width)
        ]
        return reduce(self.builder.or_, parts)

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
        builder = self.builder
        match name:
            case "add" | "sub" | "mul" | "div":
                return getattr(builder, "f" + name)(*xs)
            case "mod":
                return self._remainder(*xs)
            case "neg":
                return builder.fneg(*xs)
            case "lt" | "le" | "gt" | "ge":
                return builder.fcmp_ordered(_COMPARED[name], *xs)
            case "select":
                return builder.select(*xs)
            case "maximum" | "minimum":  # as in `Floats`: nan from either side
                first = builder.fcmp_ordered(">" if name == "maximum" else "<", *xs)
                nan = builder.fcmp_unordered("uno", xs[0], xs[0])
                return builder.select(builder.or_(first, nan), *xs)
            case "total":
                return reduce(builder.fadd, xs)
            case "exact_total":
                return self._exact_total(xs)
            case "lost":
                return self._lost(*xs)
            case "round":
                return self._round(*xs)
            case "dot":
                return self._dot(xs)
            case "abs":
                return self._intrinsic("llvm.fabs", xs)
            case "sqrt" | "floor":
                return self._intrinsic(f"llvm.{name}", xs)
        return self._function(name, xs)

    # ---- sums ----

    def _remainder(self, a: ir.Value, b: ir.Value) -> ir.Value:
        """a - b·⌊a/b⌋: the C library's remainder has the sign of a, and this one that of b."""
        builder, zero = self.builder, self.number(0.0)
        rest = self._function("fmod", (a, b))
        differ = builder.xor(
            builder.fcmp_ordered("<", rest, zero), builder.fcmp_ordered("<", b, zero)
        )
        mended = builder.and_(differ, builder.fcmp_ordered("!=", rest, zero))
        return builder.select(mended, builder.fadd(rest, b), rest)

    def _exact_total(self, xs: Sequence[ir.Value]) -> ir.Value:
        """The sum rounded once; nan where three vectors do not hold enough of it to tell."""
        if len(xs) < 3:
            return reduce(self.builder.fadd, xs)
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

    def _dot(self, xs: Sequence[ir.Value]) -> ir.Value:
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
        if width == 1:
            whole = ir.Constant(self.type, ir.Undefined)
            for place in [ir.Constant(INDEX, i) for i in range(self.width)]:
                lane = [self.builder.extract_element(x, place) for x in xs]
                whole = self.builder.insert_element(whole, self.builder.call(function, lane), place)
            return whole
        parts = []
        for start in range(0, self.width, width):
            places = [min(i, self.width - 1) for i in range(start, start + width)]
            parts.append(self.builder.call(function, [self._shuffle(x, x, places) for x in xs]))
        return self._join(parts)

    def _join(self, parts: list[ir.Value]) -> ir.Value:
        """Short vectors, one after another, as one vector; of a longer one, its beginning."""
        while len(parts) > 1:
            both, pairs = range(2 * parts[0].type.count), zip(parts[::2], parts[1::2], strict=True)
            parts = [self._shuffle(*pair, both) for pair in pairs]
        return self._shuffle(parts[0], parts[0], range(self.width))

    def _shuffle(self, a: ir.Value, b: ir.Value, places: Sequence[int]) -> ir.Value:
        """The numbers at ``places`` of the vectors ``a`` and then ``b``."""
        mask = ir.Constant(ir.VectorType(INDEX, len(places)), list(places))
        return self.builder.shuffle_vector(a, b, mask)

    def _declared(self, kind: ir.FunctionType, name: str) -> ir.Function:
        return self.builder.module.globals.get(name) or ir.Function(self.builder.module, kind, name)
