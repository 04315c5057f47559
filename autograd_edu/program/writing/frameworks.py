"""JAX and PyTorch under the names of NumPy that a printed program uses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from ...errors import OperandError
from .text import SCALAR

# what belongs to a framework, which need not be installed: no type checker can see it
Foreign: TypeAlias = Any
Array: TypeAlias = Foreign
Function = Callable[..., Array]
Scope = dict[str, Foreign]
Framework: TypeAlias = "_Jax | _Torch"
_EXTREME = re.compile(r"np\.(?:max|min)\(.*")  # to the end of the line
_NAME = re.compile(r"\b[a-zA-Z]\w*")
_LINE = re.compile(r"^    (\w+) = (?!.*\.shape).*", re.MULTILINE)  # of numbers
_MOVED = re.compile(r"^    (\w+) = np\.(?:concatenate|take|repeat|broadcast_to)\(.*", re.MULTILINE)


def framework(name: Literal["jax", "torch"]) -> Framework:
    """JAX or PyTorch, which must be installed."""
    try:
        module = import_module(name)
    except ImportError:
        title = {"jax": "JAX", "torch": "PyTorch"}[name]
        raise ImportError(f"to_{name} needs {title}: pip install 'autograd-edu[{name}]'") from None
    return _Jax(module) if name == "jax" else _Torch(module)


def _undecorated(**_: str) -> Callable[[Function], Function]:
    """Stands for `numpy.errstate`, as frameworks give no warnings about numbers."""
    return lambda function: function


def _scalar_functions(special: Foreign) -> Scope:
    """The functions that a printed program takes from `math`, here on arrays."""
    return {name: getattr(special, name) for name in SCALAR}


class _Jax:
    """JAX, whose own NumPy lacks little."""

    def __init__(self, jax: Foreign) -> None:
        self.jax, jnp = jax, jax.numpy
        self.concatenate, self.ones_like = jnp.concatenate, jnp.ones_like
        self.broadcast = jnp.broadcast_to
        adapted = {"errstate": _undecorated, "take": self._take, "arctan2": self._arctan2}
        numpy = SimpleNamespace(**vars(jnp) | adapted)
        self.space = {"np": numpy, "total": partial(jnp.sum, axis=0), "scatter": self._scatter}
        self.space |= _scalar_functions(jax.scipy.special)
        self.space["settled"] = self._settled

    def adapted(self, source: str) -> str:
        """A printed program that rounds each number of which a maximum is taken.

        XLA may merge a product with the next operation, such as the comparison with the maximum.
        The product is then not rounded, and no number equals the maximum. If a number is moved into
        an array first, XLA may compare it where it comes from; so it is rounded there, too.
        """
        compared = set(_NAME.findall(" ".join(_EXTREME.findall(source))))
        for line in reversed(list(_MOVED.finditer(source))):
            if line[1] in compared:
                compared.update(_NAME.findall(line[0]))

        def settled(line: re.Match[str]) -> str:
            name = line[1]
            return f"{line[0]}\n    {name} = settled({name})" if name in compared else line[0]

        return _LINE.sub(settled, source)

    def check(self) -> None:
        """Raise unless JAX computes in 64 bits, as programs do."""
        if not self.jax.config.values["jax_enable_x64"]:
            raise OperandError(
                "JAX computes in 32 bits unless it is told otherwise, and this program's numbers "
                "have 64: call jax.config.update('jax_enable_x64', True) before any other call of "
                "JAX"
            )

    def arrays(self, xs: Iterable[Array]) -> list[Array]:
        """Numbers or arrays as arrays of 64 bits, all on one device."""
        return [self.jax.numpy.asarray(x, float) for x in xs]

    def names(self, like: Array) -> Scope:  # noqa: ARG002 - JAX moves arrays itself
        """What stands for ``np`` and for the helpers of a printed program, where ``like`` is."""
        return dict(self.space)

    def differentiable(self, value: Function, pull_back: Function) -> Function:
        """``value`` with ``pull_back(upstream, *arguments)`` as its derivative."""
        function: Foreign = self.jax.custom_vjp(value)
        # the value kept for a further derivative must itself be differentiable: not `value`
        function.defvjp(
            lambda *xs: (function(*xs), xs), lambda xs, upstream: pull_back(upstream, *xs)
        )
        differentiable: Function = function
        return differentiable

    def _settled(self, x: Array) -> Array:
        """``x``, by way of its bits, through which XLA cannot merge one operation with the next."""
        to, jnp = self.jax.lax.bitcast_convert_type, self.jax.numpy
        if x.dtype != jnp.float64:  # a mask
            return x
        return to(to(x, jnp.int64) ^ (x != x).astype(jnp.int64), jnp.float64)

    def _arctan2(self, a: Array, b: Array) -> Array:
        """The angle, for which -0 is 0: XLA drops the ``+ 0.0`` that says so in the rule."""
        jnp = self.jax.numpy
        return jnp.arctan2(*[jnp.where(x == 0.0, 0.0, x) for x in (a, b)])

    def _take(self, x: Array, rows: Sequence[int], axis: int) -> Array:
        return self.jax.numpy.take(x, np.array(rows), axis)

    def _scatter(self, count: int, rows: Sequence[int] | slice, xs: Array) -> Array:
        zeros = self.jax.numpy.zeros((count, xs.shape[1]))
        return zeros.at[np.arange(count)[rows]].add(xs)


class _Torch:
    """PyTorch. Its functions take NumPy's options, but not its numbers in place of arrays."""

    def __init__(self, torch: Foreign) -> None:
        self.torch = torch
        self.concatenate, self.ones_like = torch.cat, torch.ones_like
        self.broadcast = torch.broadcast_to

    def adapted(self, source: str) -> str:
        """The printed program as it is: PyTorch computes each line once."""
        return source

    def check(self) -> None:
        """PyTorch computes in the bits that it is given."""

    def arrays(self, xs: Iterable[Array]) -> list[Array]:
        xs = list(xs)
        device = next((x.device for x in xs if isinstance(x, self.torch.Tensor)), None)
        return [
            x.to(self.torch.float64) if isinstance(x, self.torch.Tensor)
            else self.torch.as_tensor(x, dtype=self.torch.float64, device=device)
            for x in xs
        ]  # fmt: skip

    def names(self, like: Array) -> Scope:
        numpy = _TorchNumpy(self.torch, like.device)
        space = {"np": numpy, "total": partial(self.torch.sum, axis=0), "scatter": numpy.scatter}
        return space | _scalar_functions(self.torch.special)

    def differentiable(self, value: Function, pull_back: Function) -> Function:
        class Printed(self.torch.autograd.Function):  # type: ignore[misc, name-defined]  # unseen
            generate_vmap_rule = True

            @staticmethod
            def forward(*xs: Array) -> Array:
                return value(*xs)

            @staticmethod
            def setup_context(ctx: Foreign, inputs: tuple[Array, ...], _: Array) -> None:
                ctx.save_for_backward(*inputs)

            @staticmethod
            def backward(ctx: Foreign, *upstream: Array) -> Array:
                several = upstream if len(upstream) > 1 else upstream[0]
                return pull_back(several, *ctx.saved_tensors)

        apply: Function = Printed.apply
        return apply


class _TorchNumpy:
    """The functions of PyTorch by NumPy's names, on a device."""

    inf, nan, errstate = np.inf, np.nan, staticmethod(_undecorated)
    makers: ClassVar = {"array": "tensor", "ones": "ones", "zeros": "zeros", "full": "full"}
    renamed: ClassVar = {
        "concatenate": "cat", "broadcast_arrays": "broadcast_tensors", "max": "amax", "min": "amin",
        "repeat": "repeat_interleave", "power": "pow", "transpose": "permute",
    }  # fmt: skip

    def __init__(self, torch: Foreign, device: Foreign) -> None:
        self.torch, self.options = torch, {"dtype": torch.float64, "device": device}

    def __getattr__(self, name: str) -> Function:
        if name in self.makers:
            return partial(getattr(self.torch, self.makers[name]), **self.options)
        function = getattr(self.torch, self.renamed.get(name, name))
        return lambda *xs, **options: function(*map(self._tensor, xs), **options)

    def _tensor(self, x: Foreign) -> Foreign:
        """A number as a tensor; anything else as it is."""
        return self.torch.tensor(x, **self.options) if isinstance(x, float) else x

    def asarray(self, x: Array, _: type) -> Array:
        return x

    def take(self, x: Array, rows: Sequence[int], axis: int) -> Array:
        return x.index_select(axis, self.torch.tensor(rows, device=x.device))

    def tri(self, count: int) -> Array:
        return self.torch.tril(self.ones((count, count)))

    def scatter(self, count: int, rows: Sequence[int] | slice, xs: Array) -> Array:
        """Zeros in ``count`` rows, and the rows of ``xs`` added."""
        places = self.torch.tensor(np.arange(count)[rows], device=xs.device)
        return self.zeros((count, xs.shape[1])).index_add(0, places, xs.to(self.torch.float64))
