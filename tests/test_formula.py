"""What people read in the table is what the rules compute."""

import math
import random

import pytest

import autograd_edu
from autograd_edu import OPS
from autograd_edu.arithmetic.evaluation import evaluate, evaluate_local_gradients
from autograd_edu.notation import formula, operations

FUNCTIONS = {**{name: OPS[name] for name in OPS}, "where": autograd_edu.where, "pi": math.pi}


@pytest.mark.parametrize("name", sorted(OPS))
def test_formula_and_slopes_say_what_the_rule_does(name):
    op, xs = OPS[name], OPS[name].example
    names = [f"a{i}" for i in range(len(xs))]
    known = {**FUNCTIONS, **dict(zip(names, xs, strict=True))}
    y = evaluate(op, xs)
    if (
        operations.source(op, "y", *names) != f"{name}({', '.join(names)})"
    ):  # otherwise it says no more than its name
        assert eval(operations.source(op, "y", *names), known) == pytest.approx(
            y, rel=1e-14, abs=0.0
        )
    slopes = [
        eval(operations.source(op, "y", *names, slope=i), {**known, "y": y}) for i in range(len(xs))
    ]
    assert slopes == pytest.approx(evaluate_local_gradients(op, y, xs), rel=1e-14, abs=0.0)


@pytest.mark.parametrize(
    ("expression", "names", "text", "latex"),
    [
        ("b*a**(b - 1)", {"a": "x", "b": 3.0}, "3·x²", r"3 \cdot x^{2}"),
        ("b*a**(b - 1)", {"a": "x", "b": "n"}, "n·x^(n - 1)", r"n \cdot x^{n - 1}"),
        ("a/b", {"a": "u", "b": "v"}, "u/v", r"\frac{u}{v}"),
        ("-a/b**2", {"a": "u", "b": "v"}, "-u/v²", r"\frac{-u}{v^{2}}"),
        ("(a)*t", {"a": 1.0, "t": "z̄"}, "z̄", "z̄"),
        ("(a)*t", {"a": -1.0, "t": "z̄"}, "-z̄", "-z̄"),
        ("a - b", {"a": "x", "b": -2.0}, "x - (-2)", r"x - \left(-2\right)"),
        ("a**b", {"a": -2.0, "b": 0.5}, "(-2)^0.5", r"\left(-2\right)^{0.5}"),
        ("a*b", {"a": 1e308, "b": 10.0}, "1e+308·10", r"1e+308 \cdot 10"),
        (
            "where(x > 0, 1, s)",
            {"x": "v", "s": 0.1},
            "where(v > 0, 1, 0.1)",
            r"\operatorname{where}\left(v > 0, 1, 0.1\right)",
        ),
    ],
)
def test_formulas_are_printed_with_the_readers_names_and_numbers_folded(
    expression, names, text, latex
):
    assert formula.text(expression, names) == text
    assert formula.latex(expression, names) == latex


def test_brackets_keep_the_meaning():
    rng = random.Random(0)

    def grown(depth):
        if depth == 0:
            return rng.choice(("a", "b", "2", "3"))
        left, right = grown(depth - 1), grown(rng.randint(0, depth - 1))
        return f"({left}){rng.choice('+-*/')}({right})" if rng.random() < 0.85 else f"-({left})"

    for _ in range(500):
        expression = grown(3)
        shown = formula.text(expression, {"a": "a", "b": "b"}).replace("·", "*")
        for superscript, digit in zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True):
            shown = shown.replace(superscript, f"**{digit}")
        try:
            expected = eval(expression, {"a": 1.37, "b": -0.61})
        except ZeroDivisionError:
            continue
        assert eval(shown, {"a": 1.37, "b": -0.61}) == pytest.approx(
            expected, rel=1e-12, abs=0.0
        ), (expression, shown)


@pytest.mark.parametrize("name", [name for name, op in OPS.items() if op.variadic])
def test_a_formula_of_very_many_operands_is_abridged_rather_than_too_deep_to_parse(name):
    operands = [f"x{i}" for i in range(5000)]
    assert operations.text(OPS[name], *operands) == OPS[name].template.format(
        all="x0, x1, …, x4999"
    )
    assert r"x0, x1, \ldots, x4999" in operations.latex(OPS[name], *operands)
    assert "…" not in operations.text(OPS[name], *operands[:100])
