"""A lifted program as a Python function of arrays: the forward pass alone, or both passes."""

from __future__ import annotations

import numpy as np

from ..ir import Computation, Form
from .backward import Backward
from .forward import Forward
from .inline import inlined

_ALL_GIVEN = "[the gradients of the inputs, per sample], the gradient of the parameters"


def forward_function(program: Computation) -> str:
    """``program(parameters, *inputs)``, which returns the results in their form."""
    forward = Forward(program, differentiated=False)
    result = in_form(program.form, forward.write())
    says = f"{_shapes(forward)} Returns {in_form(program.form, ['(batch,)'] * len(program.roots))}."
    return _function(forward, "program", says=says, result=result)


def in_form(form: Form, texts: list[str]) -> str:
    """Results as an expression of containers; a named tuple is printed as a tuple."""
    if isinstance(form, dict):
        return f"{{{', '.join(f'{key!r}: {in_form(x, texts)}' for key, x in form.items())}}}"
    if isinstance(form, np.ndarray):
        flat = ", ".join(texts[i] for i in form.flat)
        return f"np.stack([{flat}], axis=-1).reshape(-1, {', '.join(map(str, form.shape))})"
    if isinstance(form, list):
        return f"[{', '.join(in_form(x, texts) for x in form)}]"
    if isinstance(form, tuple):
        return f"({''.join(f'{in_form(x, texts)}, ' for x in form).rstrip()})"
    return texts[form]


def both_passes(program: Computation) -> str:
    """``value_and_grad(parameters, *inputs)``, which returns what the method of that name does.

    Raises:
        ArityError: if the program has several results.
    """
    program.root  # noqa: B018 - an error if there are several results
    forward = Forward(program, differentiated=True)
    (result,) = forward.write()
    inputs, parameters = Backward(forward).write()
    says = f"{_shapes(forward)}\n\n    Returns (batch,), ({_ALL_GIVEN})."
    result = f"{result}, ([{', '.join(inputs)}], {parameters})"
    return _function(forward, "value_and_grad", says=says, result=result)


def pull_back(program: Computation) -> str:
    """``pull_back(upstream, parameters, *inputs)``: the gradients of the parameters and inputs.

    ``upstream`` has the gradients of the results, of shape (samples, results).
    """
    forward = Forward(program, differentiated=True)
    forward.write()
    inputs, parameters = Backward(forward).write("upstream")
    result = ", ".join([parameters, *inputs, ""])
    return _function(forward, "pull_back", says="", result=result, first="upstream, ")


def _shapes(forward: Forward) -> str:
    program = forward.program
    pairs = zip(forward.arguments, program.shapes, strict=True)
    texts = [f"{held.array.text} {('batch', *shape)}" for held, shape in pairs]
    shapes = ", ".join(texts).replace("'", "")
    return f"Inputs {shapes or 'none'}; parameters ({program.parameter_count},)."


def _function(forward: Forward, name: str, *, says: str, result: str, first: str = "") -> str:
    arguments = ", ".join(["parameters", *[held.array.text for held in forward.arguments]])
    lines, result = inlined(forward.lines, result, forward.names.saying_nothing)
    quiet = "@np.errstate(all='ignore')  # what is passed over need not be a number\n"
    is_quiet = forward.choosing or any(line.startswith("neutral = ") for line in lines)
    body = "".join(f"    {line}\n" for line in [*lines, f"return {result}"])
    return f'{quiet if is_quiet else ""}def {name}({first}{arguments}):\n    """{says}"""\n{body}'
