"""A lifted program as a Python function of arrays: the forward pass alone, or both passes."""

from __future__ import annotations

from ..ir import Computation
from .backward import Backward
from .forward import Forward

_ALL_GIVEN = "[the gradients of the inputs, per sample], the gradient of the parameters"


def forward_function(program: Computation) -> str:
    """``program(parameters, *inputs)``, which returns the result of each sample."""
    forward = Forward(program, differentiated=False)
    result = forward.write()
    says = f"{_shapes(forward)} Returns (batch,)."
    return _function(forward, f"program({_arguments(forward)})", says=says, result=result)


def both_passes(program: Computation) -> str:
    """``value_and_grad(parameters, *inputs)``, which returns what the method of that name does."""
    forward = Forward(program, differentiated=True)
    result = forward.write()
    inputs, parameters = _backward(forward)
    says = f"{_shapes(forward)}\n\n    Returns (batch,), ({_ALL_GIVEN}).\n    "
    result = f"{result}, ([{', '.join(inputs)}], {parameters})"
    return _function(forward, f"value_and_grad({_arguments(forward)})", says=says, result=result)


def pull_back(program: Computation) -> str:
    """``pull_back(upstream, parameters, *inputs)``: the gradients of the parameters and inputs.

    ``upstream`` has the gradient of each sample's result.
    """
    forward = Forward(program, differentiated=True)
    forward.write()
    inputs, parameters = _backward(forward, upstream="upstream")
    signature = f"pull_back(upstream, {_arguments(forward)})"
    return _function(forward, signature, says="", result=", ".join([parameters, *inputs, ""]))


def _backward(forward: Forward, *, upstream: str = "") -> tuple[list[str], str]:
    forward.lines.append("# backward pass: the gradient of the sum of the results")
    return Backward(forward).write(upstream)


def _arguments(forward: Forward) -> str:
    return ", ".join(["parameters", *forward.arguments])


def _shapes(forward: Forward) -> str:
    program = forward.program
    pairs = zip(forward.arguments, program.shapes, strict=True)
    shapes = ", ".join(f"{name} {('batch', *shape)}" for name, shape in pairs).replace("'", "")
    return f"Inputs {shapes or 'none'}; parameters ({program.parameter_count},)."


def _function(forward: Forward, signature: str, *, says: str, result: str) -> str:
    quiet = "# what is passed over need not be a number\n"
    quiet = f'{quiet}@np.errstate(all="ignore")\n' if forward.choosing else ""
    body = "".join(f"    {line}\n" for line in [*forward.lines, f"return {result}"])
    return f'{quiet}def {signature}:\n    """{says}"""\n{body}'
