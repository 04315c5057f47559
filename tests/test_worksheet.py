"""Worksheets and trees: a pass in words, its numbers left out or its graph as indentation."""

import re

import mistune
import pytest
from examples import LABELS, g, random_graph

from autograd_edu import Value, sigmoid, steps
from autograd_edu.engine.value import topological_order
from autograd_edu.notation.letters import LETTERS, plain
from autograd_edu.notation.names import latex_name
from autograd_edu.notation.text import text_width

# ---- worksheets ----------------------------------------------------------------------------------


def neuron():
    x, w, b = Value(2.0, "x"), Value(0.5, "w"), Value(-1.0, "b")
    y = sigmoid(w * x + b)
    y.label = "y"
    return y


def test_a_worksheet_keeps_formulas_and_leaves_out_numbers():
    text = steps(neuron()).worksheet().text(answers=False)
    assert text.splitlines()[2:] == [
        "Given: w = 0.5, x = 2, b = -1. A bar is a gradient: v̄ = ∂y/∂v, so ȳ = 1.",
        "",
        "Forward pass",
        "   1. v1 = w·x = ______",
        "   2. v2 = v1 + b = ______",
        "   3. y = σ(v2) = ______",
        "",
        "Local gradients",
        "   4. ∂v1/∂w = x = ______",
        "   5. ∂v1/∂x = w = ______",
        "   6. ∂y/∂v2 = y·(1 - y) = ______",
        "",
        "Backward pass",
        "   7. v̄2 = y·(1 - y)·ȳ = ______",
        "   8. b̄ = v̄2 = ______",
        "   9. v̄1 = v̄2 = ______",
        "  10. x̄ = w·v̄1 = ______",
        "  11. w̄ = x·v̄1 = ______",
    ]


def test_the_answers_are_the_numbers_of_the_engine():
    y = neuron()
    y.backward()
    v2, b = y.parents[0], y.parents[0].parents[1]
    w, x = v2.parents[0].parents
    expected = [1, 0, 0.5, x.data, w.data, 0.25, v2.grad, b.grad, v2.grad, x.grad, w.grad]
    assert [float(answer) for answer in steps(y).worksheet().answers] == expected


@pytest.mark.parametrize("seed", range(8))
def test_every_blank_has_its_answer_in_every_format(seed):
    sheet = steps(random_graph(seed)).worksheet()
    count = len(sheet.answers)
    assert sheet.text().count("______") == count
    html = sheet.html()
    assert html.count("<li>") == 2 * count
    assert html.index("<details>") > html.rindex("______"), "answers stand apart"
    latex = sheet.latex()
    assert latex.count(r"\item ") == 2 * count
    assert latex.index(r"\newpage") > latex.rindex(r"\underline")
    listed = mistune.html(sheet.markdown())
    assert listed.count("<li>") == 2 * count
    assert listed.count("______") == count
    for shown in (sheet.text, sheet.markdown, sheet.html, sheet.latex):
        assert "Answers" not in shown(answers=False)


@pytest.mark.parametrize("label", LABELS.values(), ids=LABELS)
def test_no_label_breaks_a_worksheet_or_a_tree(label):
    x = Value(2.0, label)
    y = x * 3.0 + x
    other = Value(2.0, "x")
    same = steps(other * 3.0 + other)
    record = steps(y)
    for shown, usual in (
        (record.worksheet().text(), same.worksheet().text()),
        (record.worksheet().markdown(), same.worksheet().markdown()),
        (record.tree(), same.tree()),
    ):
        assert shown.count("\n") == usual.count("\n")
    assert record.worksheet().html().count("<") == same.worksheet().html().count("<")


# ---- trees ---------------------------------------------------------------------------------------


def test_a_tree_shows_each_value_below_the_one_that_uses_it():
    assert [line.split() for line in steps(g()).tree().splitlines()] == [
        ["value", "gradient"],
        ["g", "=", "f", "+", "z", "-10", "1"],
        ["├─", "f", "=", "x·y", "-12", "1"],
        ["│", "├─", "x", "3", "-4"],
        ["│", "└─", "y", "-4", "3"],
        ["└─", "z", "2", "1"],
    ]


@pytest.mark.parametrize("seed", range(20))
def test_a_tree_shows_every_value_in_full_once_and_fits_80_columns(seed):
    y = random_graph(seed)
    lines = steps(y).tree().splitlines()[1:]
    full = [line for line in lines if not line.endswith(("↑", "↓"))]
    assert len(full) == len(topological_order(y))
    uses = sum(len(value.parents) for value in topological_order(y))
    below = sum(line.endswith("↓") for line in lines)
    assert len(lines) == uses + 1 + below, "a line for each use, and a new start for what is below"
    assert all(text_width(line) <= 80 for line in lines)


@pytest.mark.slow
def test_a_tree_of_a_long_chain_needs_no_recursion_and_stays_narrow():
    y = Value(0.5, "x")
    for _ in range(3000):
        y = y + 1.0
    lines = steps(y).tree().splitlines()
    assert all(text_width(line) <= 80 for line in lines)
    assert sum("↓" in line for line in lines) == 299


# ---- letters -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "shown", "latex"),
    [
        (r"\theta_{1}", "θ₁", r"\theta_{1}"),
        (r"\alpha", "α", r"\alpha"),
        (r"$\Sigma_2$", "Σ₂", r"\Sigma_{2}"),
        ("w_{12}", "w₁₂", "w_{12}"),
        ("w12", "w12", "w_{12}"),
        ("x_1", "x_1", "x_{1}"),
        (r"\hat{y}", r"\hat{y}", r"\text{\textbackslash{}hat\{y\}}"),
        (r"\input", r"\input", r"\text{\textbackslash{}input}"),
    ],
)
def test_a_simple_name_in_latex_is_shown_as_letters(label, shown, latex):
    assert plain(label) == shown
    assert latex_name(plain(label)) == latex
    y = Value(2.0, label) * 3.0
    assert shown in steps(y).text()
    assert steps(y).of(label)[-1].parts[0].name == shown


def test_every_greek_letter_has_its_name_and_back():
    for name, letter in LETTERS.items():
        assert plain(f"\\{name}") == letter
        assert latex_name(letter) == f"\\{name}"


def test_a_program_with_subscripts_in_its_names_runs():
    x = Value(3.0, "x₁")
    scope = {}
    exec(steps(x * x).python(), scope)
    assert re.search(r"x1\b", steps(x * x).python())


def test_a_local_gradient_of_a_value_used_twice_says_for_which_operand():
    x = Value(3.0, "x")
    shown = str(steps(x * x).worksheet())
    assert "∂v1/∂x = x (as operand 1) = ______" in shown
    assert "∂v1/∂x = x (as operand 2) = ______" in shown
