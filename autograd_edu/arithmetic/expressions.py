"""A local gradient as it is printed, an expression, as the rule that computes it."""

import math
import re
from collections.abc import Sequence

from .contracts import Rule

_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d*)?(?:e[+-]?\d+)?")


def in_namespace(expression: str) -> str:
    """An expression as it is computed: its functions are those of ``xp``, its numbers floats.

    >>> in_namespace("where(x > 0, 2*x, exp(x)**2)")
    'xp.choose(x > 0.0, 2.0*x, xp.exp(x)**2.0)'
    >>> in_namespace("x**2 + x**2.5 + 1e-11")
    'x*x + x**2.5 + 1e-11'
    """
    expression = re.sub(r"\b([a-z]\w*)\*\*2(?![\w.])", r"\1*\1", expression)
    expression = _NUMBER.sub(lambda x: f"{x[0]}.0" if x[0].isdigit() else x[0], expression)
    expression = re.sub(r"\bwhere\(", "choose(", expression)
    return re.sub(r"\b(?!abs\b)([a-z]\w*)\(", r"xp.\1(", expression)


def computed(expression: str, names: Sequence[str]) -> Rule:
    """An expression as a function of a namespace, the result ``y`` and operands of these names."""
    source = f"lambda xp, y, {', '.join(names)}: {in_namespace(expression)}"
    rule: Rule = eval(source, {"pi": math.pi, "__name__": __name__})
    return rule
