"""A program as a function of JAX or PyTorch, for people who outgrow one machine.

The framework runs the printed passes of the program on its own arrays. To it, the derivative of
the printed forward pass is the printed backward pass, and the derivative of that is printed in
turn. So at every order the derivatives are those of the rule table: relu'(0) is 0, ties share
equally, and an operand that is not selected cannot make a gradient undefined.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from types import CodeType
from typing import Literal

import numpy as np

from ...errors import OperandError, ShapeError
from ...trees import replace
from ..ir import Computation
from ..layout import check_count, layout_of
from .directional import directional
from .frameworks import Array, Framework, Function, framework
from .printed import forward_function, pull_back


def exported(program: Computation, name: Literal["jax", "torch"]) -> Function:
    """``program`` as a function of a framework; see `Program.to_jax`."""
    of = framework(name)
    if branches := [guard for guard in program.guards if guard.error is None]:
        raise OperandError(
            f"the program takes a branch at {branches[0].line} that an exported function could "
            "not check: write it with where(condition, then, otherwise), which keeps both"
        )
    of.check()
    passes = _Passes(program, of)

    def function(parameters: Array, *inputs: Array) -> Array:
        of.check()
        batch, single = _as_batch(program, of, (parameters, *inputs))
        results = passes.forward(*batch)
        results = results[0] if single else results
        return replace(program.form, lambda at: results[..., at])

    return function


def _as_batch(
    program: Computation, of: Framework, arrays: Sequence[Array]
) -> tuple[list[Array], bool]:
    """The parameters and the inputs, which get a batch axis; and whether none had one."""
    check_count(program, len(arrays) - 1)
    parameters, *inputs = of.arrays(arrays)
    if tuple(parameters.shape) != (program.parameter_count,):
        raise ShapeError(
            f"the program has {program.parameter_count} parameters; "
            f"got an array of shape {tuple(parameters.shape)}"
        )
    layout = layout_of(program, tuple([tuple(x.shape) for x in inputs]))
    batch = [
        of.broadcast(x, (layout.samples, *shape)) if tuple(x.shape) == shape else x
        for x, shape in zip(inputs, program.shapes, strict=True)
    ]
    return [parameters, *batch], layout.single


class _Passes:
    """Both passes of a program, as differentiable functions of a framework."""

    def __init__(self, program: Computation, of: Framework) -> None:
        self.program, self.framework = copy(program), of
        self.program.guards = ()  # which a compiled function cannot check
        self.program.form = np.arange(len(program.roots))

    @cached_property
    def forward(self) -> Function:
        """The results of each sample, (samples, results), from the parameters and the inputs."""
        value = self._compiled(forward_function(self.program), "program")
        return self.framework.differentiable(value, lambda *xs: tuple(self.backward(*xs)))

    @cached_property
    def backward(self) -> Function:
        """The gradients of the parameters and inputs, from the upstream gradients and those."""
        value = self._compiled(pull_back(self.program), "pull_back")
        return self.framework.differentiable(value, self._through_backward)

    def _through_backward(
        self, along: Sequence[Array], upstream: Array, parameters: Array, *inputs: Array
    ) -> tuple[Array, ...]:
        """The gradients of all arguments, from the upstream ones of the gradients.

        They are the gradients of upstream × the program's derivative in the direction ``along``.
        """
        along_parameters, *along_inputs = along
        both = self.framework.concatenate([parameters, along_parameters])
        ones = self.framework.ones_like(upstream[:, :1])
        gradients = self._further.backward(ones, both, *inputs, upstream, *along_inputs)
        k, count = len(self.program.shapes), self.program.parameter_count
        return (gradients[k + 1], gradients[0][:count], *gradients[1 : k + 1])

    @cached_property
    def _further(self) -> _Passes:
        return _Passes(directional(self.program), self.framework)

    def _compiled(self, source: str, name: str) -> Function:
        code: CodeType = compile(self.framework.adapted(source), f"<{name}>", "exec")

        def function(*arrays: Array) -> Array:
            space = self.framework.names(arrays[0])
            exec(code, space)
            return space[name](*arrays)

        return function
