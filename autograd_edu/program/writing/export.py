"""A lifted program as a function of JAX or PyTorch, for people who outgrow one machine.

The array operations are those of the lifted program: matrix products are the framework's, which differentiates them itself.
Every other operation is a row of the rule table, run on the framework's arrays, and differentiated by the row's own local
gradients: so relu'(0) is 0, ties share equally and tanh' keeps its digits there as here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from math import prod
from operator import mul
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.ops import Op
from ...errors import ArityError, OperandError, ShapeError
from ..lifting.group import NEUTRAL, Group, Lifted, Rows
from ..lifting.lift import lift

if TYPE_CHECKING:
    from ..program import Program

Array = Any
Function = Callable[..., Any]
_RENAMED = {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}
_FUNCTIONS = (
    "exp",
    "expm1",
    "log",
    "log1p",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "pow",
)


def to_jax(program: Program) -> Function:
    """``program`` as a function of JAX: ``f(parameters, *inputs)``; see `Program.to_jax`."""
    try:
        import jax
    except ImportError:
        raise ImportError("to_jax needs JAX: pip install 'autograd-edu[jax]'") from None
    framework = _Jax(jax)
    framework.check()
    return _Exported(program, framework).function()


def to_torch(program: Program) -> Function:
    """``program`` as a function of PyTorch: ``f(parameters, *inputs)``; see `Program.to_torch`."""
    try:
        import torch  # noqa: F401 - to say at once what is missing
    except ImportError:
        raise ImportError("to_torch needs PyTorch: pip install 'autograd-edu[torch]'") from None
    return _Exported(program, _Torch()).function()


# ---- the functions that rules are written in, and rules as functions of a framework ----------------------------------


class _Extreme:
    """The larger or the smaller of two, or of all along the first axis."""

    def __init__(self, pair: Function, over: Function) -> None:
        self.pair, self.over = pair, over

    def __call__(self, a: Array, b: Array) -> Array:
        return self.pair(a, b)

    def reduce(self, xs: Array, axis: int) -> Array:
        return self.over(xs, axis)


class _Framework:
    """What differs between the frameworks, and a namespace ``xp`` for rules."""

    where: Function
    repeat: Function

    def choose(self, condition: Any, then: Any, otherwise: Any) -> Any:
        """Both branches are computed, as on arrays."""
        return self.where(
            condition, *[branch() if callable(branch) else branch for branch in (then, otherwise)]
        )

    def total(self, xs: Any) -> Array:
        return xs.sum(0) if hasattr(xs, "shape") else reduce(lambda a, b: a + b, xs)

    def dot(self, ws: Sequence[Array], xs: Sequence[Array], bias: Sequence[Array]) -> Array:
        return self.total([*map(mul, ws, xs), *bias])

    def slopes(self, op: Op, *, stacked: bool, choosing: bool) -> Function:
        """Of upstream gradients, the result and the operands: what flows back to each operand."""
        rule = op.stacked[1] if stacked and op.stacked else op.local_gradients

        def back(upstream: Array, y: Array, xs: tuple[Array, ...]) -> tuple[Array, ...]:
            slopes = rule(self, y, *xs)
            slopes = (slopes,) if stacked else slopes
            passed = [slope * upstream for slope in slopes]
            if choosing:  # nothing flows back into a branch that was not taken, however steep it is
                passed = [self.where(upstream == 0.0, 0.0, each) for each in passed]
            if op.selects:
                passed = [
                    self.where(slope == 0.0, 0.0, each)
                    for slope, each in zip(slopes, passed, strict=True)
                ]
            return tuple([self.repeat(each, x.shape) for each, x in zip(passed, xs, strict=True)])

        return back


class _Jax(_Framework):
    def __init__(self, jax: Any) -> None:
        jnp = jax.numpy
        self.jax, self.np = jax, jnp
        for name in _FUNCTIONS:
            setattr(self, name, getattr(jnp, _RENAMED.get(name, name)))
        self.erfc, self.where, self.repeat = jax.scipy.special.erfc, jnp.where, jnp.broadcast_to
        self.maximum, self.minimum = _Extreme(jnp.maximum, jnp.max), _Extreme(jnp.minimum, jnp.min)
        self.concatenate, self.tensordot = jnp.concatenate, jnp.tensordot

    def take(self, x: Array, rows: Rows) -> Array:
        return x[rows]

    def check(self) -> None:
        """Raise unless JAX computes in 64 bits, as the program does."""
        if not self.jax.config.values["jax_enable_x64"]:
            raise OperandError(
                "JAX computes in 32 bits unless it is told otherwise, and this program's numbers have 64: call "
                "jax.config.update('jax_enable_x64', True) before anything else of JAX"
            )

    def array(self, x: Any, like: Any = None) -> Array:  # noqa: ARG002 - JAX moves arrays itself
        return self.np.asarray(x, self.np.float64)

    def differentiated(self, value: Function, back: Function) -> Function:
        """``value`` of arrays of one shape, whose gradients are what ``back`` says."""
        function: Any = self.jax.custom_vjp(value)

        def there(*xs: Array) -> tuple[Array, Any]:
            y = value(*xs)
            return y, (y, xs)

        function.defvjp(there, lambda kept, upstream: back(upstream, *kept))
        return function  # type: ignore[no-any-return]


class _Torch(_Framework):
    def __init__(self) -> None:
        import torch

        self.torch = torch
        for name in _FUNCTIONS:
            setattr(self, name, getattr(torch, name))
        self.erfc, self.where, self.repeat = torch.special.erfc, self._where, torch.Tensor.expand
        self.maximum, self.minimum = (
            _Extreme(self._pair(torch.maximum), torch.amax),
            _Extreme(self._pair(torch.minimum), torch.amin),
        )
        self.concatenate, self.tensordot = torch.cat, torch.tensordot

    def take(self, x: Array, rows: Rows) -> Array:
        return x[self.torch.as_tensor(rows)]

    def _pair(self, function: Function) -> Function:
        return lambda a, b: function(*self._tensors(a, b))

    def _tensors(self, *xs: Any) -> list[Array]:
        like = next(x for x in xs if hasattr(x, "shape"))
        return [x if hasattr(x, "shape") else self.torch.full_like(like, x) for x in xs]

    def check(self) -> None:
        """PyTorch computes in the bits that it is given."""

    def _where(self, condition: Any, then: Any, otherwise: Any) -> Array:
        if isinstance(condition, bool):
            like = then if hasattr(then, "shape") else otherwise
            return self.torch.where(
                self.torch.full_like(like, condition, dtype=self.torch.bool), then, otherwise
            )
        return self.torch.where(condition, *[self.array(x, condition) for x in (then, otherwise)])

    def array(self, x: Any, like: Any = None) -> Array:
        """``x`` in 64 bits; a number, or an array that is no tensor, where ``like`` is."""
        device = x.device if isinstance(x, self.torch.Tensor) else getattr(like, "device", None)
        return self.torch.as_tensor(x, dtype=self.torch.float64, device=device)

    def differentiated(self, value: Function, back: Function) -> Function:
        """``value`` of tensors of one shape, whose gradients are what ``back`` says."""

        class Row(self.torch.autograd.Function):  # type: ignore[misc, name-defined]
            @staticmethod
            def forward(ctx: Any, *xs: Array) -> Array:
                y = value(*xs)
                ctx.save_for_backward(y, *xs)
                return y

            @staticmethod
            def backward(ctx: Any, upstream: Array) -> tuple[Array, ...]:
                y, *xs = ctx.saved_tensors
                return tuple(back(upstream, y, tuple(xs)))

        return Row.apply  # type: ignore[no-any-return]


# ---- the program -----------------------------------------------------------------------------------------------------


class _Exported:
    """A lifted program over the arrays of a framework: one array a group, its rows counted as in the tables of values."""

    def __init__(self, program: Program, framework: _Jax | _Torch) -> None:
        if branches := [guard for guard in program.guards if guard.error is None]:
            guard = branches[0]
            raise OperandError(
                f"the program takes a branch at {guard.line} that an exported function could not check: "
                f"write it with where(condition, then, otherwise), which keeps both"
            )
        self.framework, self.shapes = framework, program.shapes
        self.count = program.parameter_count
        fused = program.fused()
        self.lifted: Lifted = lift(fused)
        self.root = self.lifted.root
        self.constants = np.array([slot.number for slot in fused.slots if slot.op == "constant"])
        choosing = any(slot.op == "where" for slot in fused.slots)
        self.rules = [self._rule(group, choosing) for group in self.lifted.groups]

    def _rule(self, group: Group, choosing: bool) -> Function | None:
        """The operation of a group that is no sum of products, as a function of the framework."""
        if group.kind not in ("map", "stack"):
            return None
        stacked = group.kind == "stack" and group.op.stacked is not None
        value = group.op.stacked[0] if stacked and group.op.stacked else group.op.value
        back = self.framework.slopes(group.op, stacked=stacked, choosing=choosing)
        return self.framework.differentiated(lambda *xs: value(self.framework, *xs), back)

    def function(self) -> Function:
        def program(parameters: Array, *inputs: Array) -> Array:
            self.framework.check()
            like = next((x for x in (parameters, *inputs) if hasattr(x, "device")), None)
            columns, single = self._columns(inputs, like)
            samples = columns[0].shape[1] if columns else 1
            y = self._run(self.framework.array(parameters, like), columns, samples)
            return y[0] if single else y

        return program

    def _columns(self, inputs: Sequence[Any], like: Any) -> tuple[list[Array], bool]:
        """The inputs as arrays (numbers, samples), and whether they were one sample without a batch axis."""
        if len(inputs) != len(self.shapes):
            raise ArityError(
                f"the program takes {len(self.shapes)} input(s); {len(inputs)} were given"
            )
        given = [self.framework.array(x, like) for x in inputs]
        single = all(tuple(x.shape) == shape for x, shape in zip(given, self.shapes, strict=True))
        if not single and (
            len({x.shape[0] if x.ndim else -1 for x in given}) > 1
            or any(tuple(x.shape[1:]) != shape for x, shape in zip(given, self.shapes, strict=True))
        ):
            raise ShapeError(
                f"the program takes inputs of the shapes {list(self.shapes)}, or all of them with one leading batch axis; "
                f"the shapes {[tuple(x.shape) for x in given]} were given"
            )
        columns = [
            x.reshape(1 if single else x.shape[0], prod(shape)).T
            for x, shape in zip(given, self.shapes, strict=True)
        ]
        return columns, single

    def _run(self, parameters: Array, columns: list[Array], samples: int) -> Array:
        framework, first = self.framework, len(NEUTRAL)
        if tuple(parameters.shape) != (self.count,):
            raise ShapeError(
                f"the program has {self.count} parameters; an array of shape {tuple(parameters.shape)} was given"
            )
        neutral = framework.array(np.array(NEUTRAL).reshape(-1, 1), parameters)
        fixed = [(0, first, neutral), (first, first + self.count, parameters.reshape(-1, 1))]
        last = first + self.count
        fixed.append(
            (
                last,
                last + len(self.constants),
                framework.array(self.constants.reshape(-1, 1), parameters),
            )
        )
        arrays = {True: fixed, False: [(0, first, framework.repeat(neutral, (first, samples)))]}
        for (start, stop, order), column in zip(self.lifted.arguments, columns, strict=True):
            arrays[False].append(
                (start, stop, column if order is None else framework.take(column, order))
            )
        for group, rule in zip(self.lifted.groups, self.rules, strict=True):
            width = 1 if group.fixed else samples
            y = self._group(group, rule, arrays, width).reshape(len(group.members), width)
            arrays[group.fixed].append((group.start, group.start + len(group.members), y))
        kind = self.lifted.fixed[self.root]
        return framework.repeat(
            self._rows(arrays[kind], self.lifted.row[[self.root]]), (1, samples)
        )[0]

    def _group(
        self, group: Group, rule: Function | None, arrays: dict[bool, Any], width: int
    ) -> Array:
        reads = [
            self.framework.array(np.full((*read.rows.shape, 1), read.number), arrays[True][0][2]) if read.number is not None
            else self._rows(arrays[read.fixed], read.rows.ravel()).reshape(*read.rows.shape, 1 if read.fixed else width)
            for read in group.reads
        ]  # fmt: skip
        if group.kind == "matrix":
            return self._matrix(group, reads)
        if group.kind == "dot":
            return sum(reads[2:], (reads[0] * reads[1]).sum(0))
        if group.kind == "spread":
            return self.framework.repeat(reads[0], (*group.shape, width))
        assert rule is not None
        if group.kind == "stack":
            (stack,) = reads
            return rule(stack) if group.op.stacked else rule(*stack)
        return rule(*[self.framework.repeat(read, (*group.shape, width)) for read in reads])

    def _matrix(self, group: Group, reads: list[Array]) -> Array:
        weights, inputs, *bias = reads
        matrix, column = weights[..., 0], None
        if group.ones:
            matrix, column = matrix[:, :-1], matrix[:, -1:]
        product = self.framework.tensordot(
            matrix, inputs, 1
        )  # samples stay an axis of their own, which can be spread over devices
        if column is not None:
            product = product + column[:, :, None]
        return sum(bias, product)

    def _rows(self, arrays: list[tuple[int, int, Array]], rows: Rows) -> Array:
        """Rows of a table, from the arrays that hold them."""
        parts, place, size = [], np.zeros(len(rows), dtype=np.intp), 0
        for start, stop, array in arrays:
            inside = (rows >= start) & (rows < stop)
            if inside.any():
                place[inside] = rows[inside] - start + size
                size += stop - start
                parts.append(array)
        whole = parts[0] if len(parts) == 1 else self.framework.concatenate(parts)
        if np.array_equal(place, np.arange(size)):
            return whole
        if len(place) and (np.diff(place) == 1).all():
            return whole[int(place[0]) : int(place[-1]) + 1]
        return self.framework.take(whole, place)
