"""The engine stays short enough to read; comments, docstrings and blank lines do not count."""

import ast
import io
import tokenize
from pathlib import Path

import pytest

import autograd_edu
from autograd_edu import OPS

ENGINE = Path(autograd_edu.__file__).parent / "engine"
IDLE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_lines(source):
    """How many lines of ``source`` hold code; templates of generated code count."""
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in IDLE and token.string:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


def size(*names):
    return sum(code_lines((ENGINE / f"{name}.py").read_text("utf-8")) for name in names)


def test_the_engine_does_not_grow():
    """What a newcomer reads: the table's rows and their stable forms are not counted."""
    others = {path.stem for path in ENGINE.glob("*.py")} - {"ops", "accurate"}
    assert size(*others) <= 400


def test_the_stable_forms_are_few():
    assert size("accurate") <= 150


def test_a_row_has_seven_lines_on_average():
    source = (ENGINE / "ops.py").read_text("utf-8")
    start, stop = map(source.index, ("# ---- arithmetic", "# ---- functions made of rows"))
    rows = source[start:stop]
    assert code_lines(rows) / len(OPS) <= 7


@pytest.mark.parametrize(
    ("source", "count"),
    [
        pytest.param('"""Text."""\n\n# a remark\nx = 1  # another\n', 1, id="text and remarks"),
        pytest.param(
            'def f():\n    """Text\n    of two lines."""\n    return 1\n', 2, id="a function"
        ),
        pytest.param('T = """\nfirst\nsecond\n"""\n', 4, id="a template counts"),
        pytest.param("x = (\n    1,\n\n    2,\n)\n", 4, id="a blank line inside does not"),
    ],
)
def test_lines_are_counted(source, count):
    assert code_lines(source) == count
