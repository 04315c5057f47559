"""A program as text: the scalar program as mathematics or LaTeX, the lifted one as NumPy."""

from __future__ import annotations

from ...engine.ops import OPS
from ...errors import OptionError, one_of
from ...notation import operations
from ...notation.names import latex_name
from ..ir import Computation
from .javascript_listing import javascript
from .printed import both_passes, forward_function
from .text import with_imports

STYLES = ("python", "math", "latex", "javascript")


def listing(program: Computation, style: str, *, gradients: bool) -> str:
    """``program`` as text in one of the `STYLES`; with ``gradients``, the backward pass too.

    Raises:
        OptionError: if there is no such style, or it has no backward pass.
    """
    one_of(style, STYLES, "listing")
    if style == "python":
        return with_imports(both_passes(program) if gradients else forward_function(program))
    if style == "javascript":
        return javascript(program, gradients=gradients)
    if gradients:
        raise OptionError(
            f"the listing {style!r} shows the forward pass only; "
            "ask for the listing 'python' or 'javascript' to get gradients"
        )
    return _scalar(program, style)


def _scalar(program: Computation, style: str) -> str:
    """The scalar program, one operation per line; several results are named on the last."""
    names, spell, line, results = program.names(), operations.text, "{} = {}", "results = ({})"
    if style == "latex":
        spell, line = operations.latex, r"{} &= {} \\"
        results = r"\text{{results}} &= \left({}\right) \\"
        ops = program.columns.ops
        names = [
            name if op == "constant" else latex_name(name)
            for name, op in zip(names, ops, strict=True)
        ]
    lines = [
        line.format(name, spell(OPS[slot.op], *[names[i] for i in slot.operands]))
        for name, slot in zip(names, program.slots, strict=True)
        if slot.op in OPS
    ]
    if not program.has_one_result:
        lines.append(results.format(", ".join([names[i] for i in program.roots])))
    return "\n".join(lines)
