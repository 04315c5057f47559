"""A program as text: the scalar program as mathematics or LaTeX, the lifted one as plain NumPy that runs by itself."""

from __future__ import annotations

import re

from ...engine.ops import OPS
from ...errors import OptionError, one_of
from ...notation import operations
from ..ir import Computation
from .backward import Backward
from .forward import Forward
from .javascript_listing import javascript

_HELPERS = {  # functions that NumPy does not have
    "erfc": "erfc = np.vectorize(math.erfc, otypes=[float])\n",
    "total": '''
def total(xs):
    """The sum over the first axis, rounded once."""
    if not np.isfinite(xs).all():
        return np.sum(xs, axis=0)
    scale = 2.0**-64 if np.abs(xs).max() > 1e300 else 1.0  # fsum's own sums must not overflow
    return np.apply_along_axis(math.fsum, 0, xs * scale) / scale

''',
}
STYLES = ("python", "math", "latex", "javascript")


def listing(program: Computation, style: str, *, gradients: bool) -> str:
    """``program`` as text in one of the `STYLES`.

    ``gradients`` asks for the backward pass too, of "python" or "javascript".
    """
    one_of(style, STYLES, "listing")
    if style == "javascript":
        return javascript(program, gradients=gradients)
    if gradients and style != "python":
        raise OptionError(
            f"the listing {style!r} has no gradients: it is the scalar program; "
            "ask for the listing 'python' or 'javascript'"
        )
    return _python(program, gradients=gradients) if style == "python" else _scalar(program, style)


def _python(program: Computation, *, gradients: bool) -> str:
    """A function of the parameters and the inputs."""
    forward = Forward(program, differentiated=gradients)
    result = forward.write()
    count = program.parameter_count
    shapes = ", ".join(
        f"{name} {('batch', *shape)}"
        for name, shape in zip(forward.arguments, program.shapes, strict=True)
    )
    name, says = "program", f"Inputs {shapes or 'none'}; parameters ({count},).".replace("'", "")
    if gradients:
        name, result = "value_and_grad", f"{result}, {Backward(forward).write()}"
        says += "\n\n    Gives (batch,), ([the gradients of the inputs, per sample], the gradient of the parameters).\n    "
    else:
        says += " Gives (batch,)."
    body = "\n".join(f"    {line}" for line in [*forward.lines, f"return {result}"])
    helpers = "".join(text for name, text in _HELPERS.items() if re.search(rf"\b{name}\(", body))
    imports = "import math\n\nimport numpy as np\n" if helpers else "import numpy as np\n"
    quiet = (
        '@np.errstate(all="ignore")  # what is not chosen need not be a number\n'
        if forward.choosing
        else ""
    )
    head = (
        f'{quiet}def {name}({", ".join(["parameters", *forward.arguments])}):\n    """{says}"""\n'
    )
    return f"{imports}\n{helpers}\n{head}{body}\n"


def _scalar(program: Computation, style: str) -> str:
    """The scalar program, a line an operation."""
    names = program.names()
    if style == "latex":
        from ...notation.names import latex_name

        names = [
            name if slot.op == "constant" else latex_name(name)
            for name, slot in zip(names, program.slots, strict=True)
        ]
    lines = []
    for name, slot in zip(names, program.slots, strict=True):
        if slot.op in OPS:
            op, operands = OPS[slot.op], [names[i] for i in slot.operands]
            lines.append(
                f"{name} = {operations.text(op, *operands)}"
                if style == "math"
                else rf"{name} &= {operations.latex(op, *operands)} \\"
            )
    return "\n".join(lines)
