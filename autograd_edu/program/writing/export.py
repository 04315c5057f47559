"""A lifted program as a function of JAX or PyTorch, for people who outgrow one machine.

The array operations are those of the lifted program: matrix products are the framework's, which differentiates them itself.
Every other operation is a row of the rule table, run on the framework's arrays, and differentiated by the row's own local
gradients: so relu'(0) is 0, ties share equally and tanh' keeps its digits there as here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from math import prod
from operator import mul
from typing import Any

import numpy as np

from ...engine.op import Op
from ...errors import ArityError, OperandError, ShapeError
from ..ir import Computation
from ..lifting.analysis import facts
from ..lifting.fuse import fused
from ..lifting.group import NEUTRAL, Group, Lifted, Read, Rows
from ..lifting.lift import lift
from ..lifting.rows import ROWS
from ..lifting.symbols import Written, written, written_stacked
from .choices import HARMLESS, both, computed, either

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


def to_jax(program: Computation) -> Function:
    """``program`` as a function of JAX: ``f(parameters, *inputs)``; see `Computation.to_jax`."""
    try:
        import jax
    except ImportError:
        raise ImportError("to_jax needs JAX: pip install 'autograd-edu[jax]'") from None
    framework = _Jax(jax)
    framework.check()
    return _Exported(program, framework).function()


def to_torch(program: Computation) -> Function:
    """``program`` as a function of PyTorch: ``f(parameters, *inputs)``; see `Computation.to_torch`."""
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

    def detach(self, x: Any) -> Any:
        """``x`` as numbers that have no derivative."""
        return self.jax.lax.stop_gradient(x)

    def differentiated(self, value: Function, back: Function) -> Function:
        """``value`` of arrays, whose gradients are what ``back`` says; these are differentiated in turn."""
        function: Any = self.jax.custom_vjp(value)

        def there(*xs: Array) -> tuple[Array, Any]:
            y = function(*xs)  # its own derivative is the row's, too
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

    def detach(self, x: Any) -> Any:
        """``x`` as numbers that have no derivative."""
        return x.detach() if hasattr(x, "detach") else x

    def differentiated(self, value: Function, back: Function) -> Function:
        """``value`` of tensors, whose gradients are what ``back`` says; these are differentiated in turn."""

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

    def __init__(self, program: Computation, framework: _Jax | _Torch) -> None:
        if branches := [guard for guard in program.guards if guard.error is None]:
            guard = branches[0]
            raise OperandError(
                f"the program takes a branch at {guard.line} that an exported function could not check: "
                f"write it with where(condition, then, otherwise), which keeps both"
            )
        self.framework, self.shapes = framework, program.shapes
        self.count = program.parameter_count
        own = fused(program)
        self.lifted: Lifted = lift(own)
        self.root = self.lifted.root
        self.constants = np.array([slot.number for slot in own.slots if slot.op == "constant"])
        self.slots, self.known = own.slots, facts(own.slots, own.root)
        self.rules = [self._rule(group) for group in self.lifted.groups]
        self.doubtful = not all(
            self.known.sure[i]
            for i, slot in enumerate(own.slots)
            if slot.operands and self.known.live[i]
        )

    def _rule(self, group: Group) -> Function | None:
        """The operation of a group that is no sum of products, as a function of the framework.

        One that selects takes its operands twice: as they are, to select by, and to be given a gradient.
        """
        if group.kind not in ("map", "stack"):
            return None
        xp, op = self.framework, group.op
        if group.kind == "stack":
            rule = written_stacked(op) or _one_by_one(op, len(group.reads[0].rows))
        else:
            rule = written(op, [read.number for read in group.reads])
        count = 1 if rule.stacked else len(rule.slopes)
        wanted = [
            i for i in range(count) if group.edges[0 if group.kind == "stack" else i] is not None
        ]

        def value(*xs: Array) -> Array:
            (y,) = computed(xp, [rule.value], xs[:count], None)
            return xp.repeat(y, xs[0].shape[1:] if rule.stacked else xs[0].shape)

        def back(upstream: Array, y: Array, xs: tuple[Array, ...]) -> tuple[Array | None, ...]:
            given: list[Array | None] = [None] * len(xs)
            if not op.selects:
                slopes = computed(xp, [rule.slopes[i] for i in wanted], xs, y)
                for i, slope in zip(wanted, slopes, strict=True):
                    given[i] = xp.repeat(slope * upstream, xs[i].shape)
                return tuple(given)
            known = [xp.detach(x) for x in xs[:count]]
            slopes = computed(xp, [rule.slopes[i] for i in wanted], known, xp.detach(y))
            for i, slope in zip(wanted, slopes, strict=True):
                slope = xp.repeat(slope, xs[i].shape)
                given[count + i] = xp.where(slope == 0.0, 0.0, slope * upstream)
            return tuple(given)

        return xp.differentiated(value, back)

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
        if not self.doubtful:
            return self._walk(arrays, samples)
        plain = {
            kind: [(a, b, framework.detach(x)) for a, b, x in own] for kind, own in arrays.items()
        }
        self._walk(plain, samples)
        return self._walk(arrays, samples, _Reached(self, plain, samples), plain)

    def _walk(
        self,
        arrays: dict[bool, Any],
        samples: int,
        reached: _Reached | None = None,
        plain: dict[bool, Any] | None = None,
    ) -> Array:
        """The result. What the gradient does not reach is computed from harmless operands."""
        for group, rule in zip(self.lifted.groups, self.rules, strict=True):
            width = 1 if group.fixed else samples
            reads = [self._read(read, arrays, width) for read in group.reads]
            chosen = (
                reads if plain is None else [self._read(read, plain, width) for read in group.reads]
            )
            if reached is not None:
                reads = reached.harmless(group, reads, width)
            y = self._group(group, rule, reads, chosen, width).reshape(len(group.members), width)
            arrays[group.fixed].append((group.start, group.start + len(group.members), y))
        kind = self.lifted.fixed[self.root]
        root = self._rows(arrays[kind], self.lifted.row[[self.root]])
        return self.framework.repeat(root, (1, samples))[0]

    def _read(self, read: Read, arrays: dict[bool, Any], width: int) -> Array:
        if read.number is not None:
            return self.framework.array(
                np.full((*read.rows.shape, 1), read.number), arrays[True][0][2]
            )
        rows = self._rows(arrays[read.fixed], read.rows.ravel())
        return rows.reshape(*read.rows.shape, 1 if read.fixed else width)

    def _group(
        self,
        group: Group,
        rule: Function | None,
        reads: list[Array],
        chosen: list[Array],
        width: int,
    ) -> Array:
        """The result of a group; what selects does so by ``chosen``, the operands as they are."""
        if group.kind == "matrix":
            return self._matrix(group, reads)
        if group.kind == "dot":
            return sum(reads[2:], (reads[0] * reads[1]).sum(0))
        if group.kind == "spread":
            return self.framework.repeat(reads[0], (*group.shape, width))
        assert rule is not None
        both = [chosen, reads] if group.op.selects else [reads]
        if group.kind == "stack":
            both = [each if _together(group.op) else list(each[0]) for each in both]
        else:
            both = [
                [self.framework.repeat(x, (*group.shape, width)) for x in each] for each in both
            ]
        return rule(*[x for each in both for x in each])

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


@lru_cache(maxsize=256)
def _together(op: Op) -> bool:
    """Whether a variadic row takes its operands in one array."""
    return written_stacked(op) is not None


@lru_cache(maxsize=256)
def _one_by_one(op: Op, count: int) -> Written:
    """A row on that many operands, each by itself."""
    return written(op, [None] * count)


class _Reached:
    """For which samples the gradient reaches a slot, where that depends on what is selected."""

    def __init__(self, exported: _Exported, arrays: dict[bool, Any], samples: int) -> None:
        self.exported, self.arrays, self.samples = exported, arrays, samples
        self.masks: dict[int, dict[int, Any]] = {
            exported.root: {}
        }  # of each slot; none: everywhere
        slots, known = exported.slots, exported.known
        for i in range(len(slots) - 1, -1, -1):
            if not known.live[i] or not slots[i].operands:
                continue
            own = {} if known.sure[i] else self.masks[i]
            op = ROWS[slots[i].op]
            slopes = self._slopes(i, op) if op.selects else None
            for n, j in enumerate(slots[i].operands):
                if not known.sure[j]:
                    found = own if slopes is None else self._selected(own, slopes[n])
                    self.masks.setdefault(j, {}).update(found)

    def _slopes(self, i: int, op: Op) -> list[Any]:
        exported, xp = self.exported, self.exported.framework
        xs, y = [self._of(j) for j in exported.slots[i].operands], self._of(i)
        rule = _one_by_one(op, len(xs))
        return [xp.repeat(slope, y.shape) != 0.0 for slope in computed(xp, rule.slopes, xs, y)]

    def _of(self, i: int) -> Array:
        kind = self.exported.lifted.fixed[i]
        return self.exported._rows(self.arrays[kind], self.exported.lifted.row[[i]])

    def _selected(self, own: dict[int, Any], chosen: Any) -> dict[int, Any]:
        mask = both(self._joined(own), chosen) if own else chosen
        return {id(mask): mask}

    def _joined(self, masks: dict[int, Any]) -> Any:
        return reduce(either, masks.values())

    def harmless(self, group: Group, reads: list[Array], width: int) -> list[Array]:
        """What a group reads, with harmless numbers where its gradient is not."""
        known, xp = self.exported.known, self.exported.framework
        live = [i for i in group.members if known.live[i]]
        if group.kind == "spread" or all(known.sure[i] for i in live):
            return reads
        masks = [
            None if known.sure[i] or not known.live[i] else self._joined(self.masks[i])
            for i in group.members
        ]
        everywhere = xp.array(np.ones((1, width)), reads[0]) > 0.0
        if group.fixed:  # one for all samples
            masks = [None if mask is None else mask.any(1).reshape(1, 1) for mask in masks]
        rows = [everywhere if mask is None else xp.repeat(mask, (1, width)) for mask in masks]
        where = xp.concatenate(rows).reshape(*group.shape, width)
        if group.kind == "matrix":
            return [reads[0], xp.where(where.any(0), reads[1], HARMLESS), *reads[2:]]
        return [xp.where(where, x, HARMLESS) for x in reads]
