"""Formulas read back: the plain text and the LaTeX that rows print, as Python to evaluate.

This is a reader of its own, so that what people see is checked and not the code that printed it.
"""

import ast
import re

from autograd_edu import OPS

SIGNS = {"·": "*", "^": "**", "²": "**2", "≥": ">=", "≤": "<="}
COMMANDS = {r"\log\sum\exp": "logsumexp", r"\Theta_{>}": "strict_step", r"\Theta": "step"}
COMMANDS |= {rf"\arc{name}": f"a{name}" for name in ("sin", "cos", "tan")}
COMMANDS |= {r"\max": "maximum", r"\min": "minimum", r"\sigma": "sigmoid", r"\cdot": "*"}
COMMANDS |= {r"\geq": ">=", r"\leq": "<=", r"\_": "_", r"\left|": "abs(", r"\right|": ")"}


def evaluated(expression, names):
    """The number that an expression stands for; ``where`` evaluates the branch it takes alone."""
    expression = expression.replace(" = ", " == ")
    tree = _Lazy().visit(ast.parse(expression, mode="eval"))
    code = compile(ast.fix_missing_locations(tree), "formula", "eval")
    return float(eval(code, {"__builtins__": {}}, names))


class _Lazy(ast.NodeTransformer):
    def visit_Call(self, node):
        self.generic_visit(node)
        if node.func.id == "where" and isinstance(node.args[0], ast.Compare):
            return ast.IfExp(*node.args)
        return node


def from_text(text):
    """Plain text as Python; what a row's template begins with stands for the row."""
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text)
    begins = {op.template.partition("(")[0]: op.name for op in OPS.values() if "(" in op.template}
    for begin in sorted(begins, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(begin)}\(", f"{begins[begin]}(", text)
    for sign, python in SIGNS.items():
        text = text.replace(sign, python)
    return text


def from_latex(text):
    """LaTeX as Python."""
    for command, python in COMMANDS.items():
        text = text.replace(command, python)
    text = re.sub(r"\\(left|right)", "", text)
    text = re.sub(r"\\operatorname\{(\w+)\}", r"\1", text)
    while r"\frac" in text:
        before, _, after = text.rpartition(r"\frac")
        over, rest = _braced(after)
        under, rest = _braced(rest)
        text = f"{before}(({over})/({under})){rest}"
    text = re.sub(r"(?<!\w)e\^\{", "exp{", text).replace("^", "**")
    return text.replace("\\", "").replace("{", "(").replace("}", ")")


def _braced(text):
    """What the first braces of ``text`` hold, and what follows them."""
    depth = 0
    for i, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            return text[1:i], text[i + 1 :]
    raise ValueError(f"braces do not close in {text!r}")
