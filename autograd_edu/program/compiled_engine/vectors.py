"""LLVM instructions on vectors of doubles, by the names that the rules of the table use.

Elementary functions are the C library's; where that has them for vectors (libmvec of glibc 2.35 on x86-64), those.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core.registry import cpu_target

from ...engine.op import Products
from ..lifting.symbols import FUNCTIONS, Symbol, in_order

DOUBLE, INT, INDEX = ir.DoubleType(), ir.IntType(64), ir.IntType(32)


@lru_cache(maxsize=1)
def vector_functions() -> dict[str, tuple[str, int]]:
    """Elementary functions that the C library has for vectors: of each its name there and the length of its vectors."""
    features = (
        cpu_target.target_context.codegen().magic_tuple()[2].split(",")
    )  # what Numba compiles for; it can be told to do less
    letter, width = (
        ("e", 8) if "+avx512f" in features else ("d", 4) if "+avx2" in features else ("b", 2)
    )
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

    def number(self, x: float) -> ir.Constant:
        return ir.Constant(self.type, [x] * self.width)

    def apply(self, name: str, xs: Sequence[Any]) -> Any:
        """The operation ``name`` on vectors; a comparison gives a vector of bits, and `select` takes one."""
        builder = self.builder
        match name:
            case "add" | "sub" | "mul" | "div":
                return getattr(builder, "f" + name)(*xs)
            case "neg":
                return builder.fneg(xs[0])
            case "lt" | "le" | "gt" | "ge":
                return builder.fcmp_ordered(
                    {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}[name], *xs
                )
            case "select":
                return builder.select(*xs)
            case "maximum" | "minimum":  # as in `Floats`: nan from either side
                first = builder.fcmp_ordered(">" if name == "maximum" else "<", *xs)
                return builder.select(
                    builder.or_(first, builder.fcmp_unordered("uno", xs[0], xs[0])), *xs
                )
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
            case "abs" | "sqrt":
                return self._intrinsic("llvm.fabs" if name == "abs" else "llvm.sqrt", xs)
        return self._function(name, xs)

    def _exact_total(self, xs: Sequence[Any]) -> Any:
        """The sum rounded once; nan where three vectors do not hold enough of it to tell."""
        so_far, lost, more = xs[0], self.number(0.0), self.number(0.0)
        if len(xs) < 3:
            return reduce(self.builder.fadd, xs)
        for x in xs[1:]:
            part = self._lost(so_far, x)
            so_far = self.builder.fadd(so_far, x)
            rest = self._lost(lost, part)
            lost, more = self.builder.fadd(lost, part), self.builder.fadd(more, rest)
        return self._round(so_far, lost, more)

    def _lost(self, a: Any, b: Any) -> Any:
        """What rounding a + b loses, exactly. (Knuth)"""
        add, sub = self.builder.fadd, self.builder.fsub
        whole = add(a, b)
        of_b = sub(whole, a)
        return add(sub(a, sub(whole, of_b)), sub(b, of_b))

    def _round(self, so_far: Any, lost: Any, more: Any) -> Any:
        """so_far + lost where ``more`` is 0; else only where an error of its size changes nothing, and nan elsewhere."""
        builder = self.builder
        size_lost, size_more = (self._intrinsic("llvm.fabs", [x]) for x in (lost, more))
        margin = builder.fadd(
            builder.fmul(size_more, self.number(4.0)),
            builder.fmul(size_lost, self.number(2.0**-51)),
        )
        low = builder.fadd(so_far, builder.fsub(lost, margin))
        high = builder.fadd(so_far, builder.fadd(lost, margin))
        known = builder.or_(
            builder.fcmp_ordered("==", more, self.number(0.0)),
            builder.fcmp_ordered("==", low, high),
        )
        nan = self.number(float("nan"))
        return builder.select(known, builder.fadd(so_far, lost), nan)

    def _dot(self, xs: Sequence[Any]) -> Any:
        weights, inputs, bias = Products.groups(xs)
        so_far = self.builder.fmul(weights[0], inputs[0])
        for w, x in zip(weights[1:], inputs[1:], strict=True):
            so_far = self.product_added(w, x, so_far)
        return reduce(self.builder.fadd, bias, so_far)

    def product_added(self, a: Any, b: Any, c: Any) -> Any:
        """a·b + c, rounded once where the processor can."""
        return self._intrinsic("llvm.fmuladd", [a, b, c])

    def _intrinsic(self, name: str, xs: Sequence[Any]) -> Any:
        kind = ir.FunctionType(self.type, [self.type] * len(xs))
        return self.builder.call(self._declared(kind, f"{name}.v{self.width}f64"), xs)

    def _function(self, name: str, xs: Sequence[Any]) -> Any:
        """A function of the C library on parts of the vectors. A single sample is computed as a part of equal ones: as in any batch."""
        symbol, width = vector_functions().get(name, (name, 1))
        kind = ir.VectorType(DOUBLE, width) if width > 1 else DOUBLE
        function = self._declared(ir.FunctionType(kind, [kind] * len(xs)), symbol)
        whole = ir.Constant(self.type, ir.Undefined)
        for start in range(0, self.width, width):
            part = self.builder.call(function, [self._part(x, start, width) for x in xs])
            whole = self._with_part(whole, part, start, width)
        return whole

    def _declared(self, kind: ir.FunctionType, name: str) -> Any:
        return self.builder.module.globals.get(name) or ir.Function(self.builder.module, kind, name)

    def _part(self, x: Any, start: int, width: int) -> Any:
        if width == self.width > 1:
            return x
        if width == 1:
            return self.builder.extract_element(x, ir.Constant(INDEX, start))
        places = ir.Constant(
            ir.VectorType(INDEX, width),
            [min(i, self.width - 1) for i in range(start, start + width)],
        )
        return self.builder.shuffle_vector(x, ir.Constant(self.type, ir.Undefined), places)

    def _with_part(self, whole: Any, part: Any, start: int, width: int) -> Any:
        if width == self.width > 1:
            return part
        for i in range(min(width, self.width)):
            element = (
                part if width == 1 else self.builder.extract_element(part, ir.Constant(INDEX, i))
            )
            whole = self.builder.insert_element(whole, element, ir.Constant(INDEX, start + i))
        return whole

    def fetch(self, pointer: Any, *, for_writing: bool) -> None:
        """Ask for the line at ``pointer`` to be brought into the cache; any address will do."""
        byte, flag = ir.PointerType(ir.IntType(8)), ir.IntType(32)
        function = self._declared(
            ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag]), "llvm.prefetch.p0"
        )
        how = [ir.Constant(flag, int(for_writing)), ir.Constant(flag, 3), ir.Constant(flag, 1)]
        self.builder.call(function, [self.builder.bitcast(pointer, byte), *how])

    def written(self, roots: Sequence[Symbol], leaf: Callable[[Symbol], Any]) -> list[Any]:
        """The vectors that ``roots`` stand for, where ``leaf`` gives those of operands and of the result."""
        known: dict[int, Any] = {}
        for symbol in in_order(roots):
            if symbol.name == "number":
                known[id(symbol)] = self.number(symbol.number)
            elif not symbol.operands:
                known[id(symbol)] = leaf(symbol)
            else:
                known[id(symbol)] = self.apply(symbol.name, [known[id(x)] for x in symbol.operands])
        return [known[id(root)] for root in roots]
