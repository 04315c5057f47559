"""The three styles show what the engine knows; the lectures' examples look as in `expected/`."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from drawn import RED, check_dot, check_picture, in_a_column, read_svg, tips
from examples import lecture_004, random_graph

from autograd_edu import Value, draw, exp, sigmoid, to_dot
from autograd_edu.engine.value import topological_order
from autograd_edu.pictures.render.styles import STYLES
from autograd_edu.pictures.scene.scene import scene

EXPECTED = Path(__file__).parent / "expected"


def drawn(y, style):
    """The picture of ``y`` in full, laid out without Graphviz."""
    arranged = STYLES[style].arrange(scene(y))
    return STYLES[style].svg(arranged, in_a_column(arranged), "a graph")


# ---- the engine's numbers, read back -------------------------------------------------------------


@pytest.mark.random
def test_pictures_of_a_thousand_random_graphs_read_back_as_the_graph():
    for seed in range(1000):
        y = random_graph(seed)
        if seed % 10:
            y.backward()
        for style in STYLES:
            check_picture(y, drawn(y, style), style)
        check_dot(y, to_dot(y).source)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.slow
def test_pictures_that_graphviz_lays_out_read_back_as_the_graph(style):
    for seed in range(0, 1000, 40):
        y = random_graph(seed)
        y.backward()
        check_picture(y, draw(y, style=style, detail="full").svg, style)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("what", "pattern", "instead"),
    [
        ("the values differ", r'fill="#0b6e2e">3<', 'fill="#0b6e2e">4<'),
        ("the gradients differ", r'fill="#a01127">6<', 'fill="#b3142b">-6<'),
        ("wires differ", r'<g data-wire="0 \d 1">.*</g>\n', ""),
        ("wires differ", r'data-wire="0 (\d) 1"', r'data-wire="0 \1 0"'),
        ("starts at", r'(data-wire="0 .*?<path d="M)\d+', r"\g<1>999"),
        ("other wires have ribbons", r'(<g stroke="#b8500f">)<path [^>]*>', r"\1"),
        ("another width", r'stroke-width="13.0"', 'stroke-width="11.0"'),
        ("another width", r'stroke="#b8500f"', 'stroke-dasharray="5 2"'),
        ("too many terms", r">3 \+ 3 = 6<", ">3 + 3 + 3 = 6<"),
        ("other terms", r">3 \+ 3 = 6<", ">4 + 2 = 6<"),
        ("another result", r">3 \+ 3 = 6<", ">3 + 3 = 7<"),
        ("the sum of 0 is missing", r"<text [^>]*>3 \+ 3 = 6</text>", ""),
        ("ends at", r'(data-wire="0 .*fill="none"/><path d="M)\d+', r"\g<1>999"),
    ],
)
def test_a_doctored_picture_is_rejected(style, what, pattern, instead):
    a = Value(3.0, "a")
    y = a * a
    y.backward()
    right = draw(y, style=style).svg
    check_picture(y, right, style)
    wrong, count = re.subn(pattern, instead, right, count=1)
    assert count == 1
    with pytest.raises(AssertionError, match=what):
        check_picture(y, wrong, style)


@pytest.mark.parametrize(
    "wrong", [("value 3", "value 4"), ("grad 6", "grad 5"), ("n0 -> n1", "n1 -> n0")]
)
def test_a_doctored_dot_is_rejected(wrong):
    a = Value(3.0, "a")
    y = a * a
    y.backward()
    source = to_dot(y).source
    check_dot(y, source)
    with pytest.raises(AssertionError, match="differ"):
        check_dot(y, source.replace(*wrong, 1))


# ---- what each style shows -----------------------------------------------------------------------


def square():
    a = Value(3.0, "a")
    b = a * a
    b.label = "b"
    b.backward()
    return b


def test_micrograd_draws_records_and_circles_with_both_wires_of_a_square():
    found = read_svg(draw(square(), style="micrograd").svg)
    assert found.texts == {
        0: ["a", "data", "3", "grad", "6"],
        1: ["b", "data", "9", "grad", "1"],
        2: ["×"],
    }
    assert found.wires == {(0, 2, 0): 1, (0, 2, 1): 1, (2, 1, 0): 1}


def test_circuits_have_values_above_their_wires_and_gradients_below():
    svg = draw(square(), style="circuit").svg
    assert read_svg(svg).texts == {0: ["a", "3", "6"], 1: ["×", "b", "9", "1"]}
    for gate in re.findall(r"<g data-node.*", svg):
        wire = float(re.search(r'<path d="M[\d.]+ ([\d.]+)H', gate)[1])
        above, below = (
            float(re.search(rf'y="([\d.]+)"[^>]*fill="{colour}"', gate)[1])
            for colour in ("#0b6e2e", "#a01127")
        )
        assert above < wire < below - 8


def contrast(a, b):
    """The ratio of WCAG 2.2 of two colours, each (red, green, blue) from 0 to 1."""
    dark, light = sorted(map(luminance, (a, b)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def rgb(colour, opacity=1.0):
    """A colour on white."""
    return [1 - opacity + opacity * int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def test_gradients_are_legible_on_the_strongest_tints():
    x, y = Value(3.0, "x"), Value(-3.0, "y")
    root = x * y  # gradients of one size, one of each sign: both are as strong as can be
    root.backward()
    found = re.findall(r'fill="(#[0-9a-f]{6})" fill-opacity="([\d.]+)"', draw(root).svg)
    strongest = {colour: max(float(o) for c, o in found if c == colour) for colour, _ in found}
    assert len(strongest) == 2
    assert list(strongest.values()) == [0.3, 0.3]
    for colour, opacity in strongest.items():
        assert contrast(rgb(RED), rgb(colour, opacity)) >= 4.5
    assert contrast(rgb("#b3142b"), rgb("#7b2cbf", 0.3)) < 4.5, "a lighter red is not"
    assert contrast([0, 0, 0], [1, 1, 1]) == pytest.approx(21)


def test_an_unknown_style_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"unknown style 'cards'.*did you mean 'card'"):
        draw(square(), style="cards")


# ---- the lectures' examples, to the byte ---------------------------------------------------------


def labelled(**values):
    for name, value in values.items():
        value.label = name
    return list(values.values())[-1]


def product_and_sum():
    x, y, z = Value(3, "x"), Value(-4, "y"), Value(2, "z")
    f = x * y
    return labelled(f=f, g=f + z)


def sigmoid_of_four():
    w, x, b = Value(0.5, "w"), Value(2, "x"), Value(-1, "b")
    z = w * x + b
    return labelled(z=z, y=1 / (1 + exp(-z)))


def sigmoid_of_one():
    w, x, b = Value(0.5, "w"), Value(2, "x"), Value(-1, "b")
    z = w * x + b
    return labelled(z=z, y=sigmoid(z))


def regularised_logistic():
    w, x, b, t, strength = (
        Value(0.5, "w"),
        Value(2, "x"),
        Value(-1, "b"),
        Value(1, "t"),
        Value(0.1, "λ"),
    )
    z = w * x + b
    y = sigmoid(z)
    loss, r = 0.5 * (y - t) ** 2, 0.5 * w**2
    return labelled(z=z, y=y, L=loss, R=r, L_reg=loss + strength * r)


def sum_and_exponential():
    x, y = Value(0.5, "x"), Value(-2, "y")
    return labelled(f=y + exp(x * y))


EXAMPLES = {
    "product_and_sum": product_and_sum,
    "sigmoid_of_four": sigmoid_of_four,
    "sigmoid_of_one": sigmoid_of_one,
    "regularised_logistic": regularised_logistic,
    "sum_and_exponential": sum_and_exponential,
    "lecture_004": lambda: lecture_004(0.5),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_lectures_examples_look_as_kept(name, style):
    """`AUTOGRAD_EDU_KEEP=1 pytest tests/test_draw_styles.py` keeps the pictures as they are now.

    Look at each before you commit it.
    """
    y = EXAMPLES[name]()
    y.backward()
    svg = draw(y, style=style, detail="full").svg + "\n"
    check_picture(y, svg, style)
    kept = EXPECTED / f"{name}_{style}.svg"
    if os.environ.get("AUTOGRAD_EDU_KEEP"):
        kept.write_text(svg, encoding="utf-8")
    assert svg == kept.read_text(encoding="utf-8")


def test_the_regularised_example_shows_every_gradient_of_the_lecture():
    y = regularised_logistic()
    y.backward()
    found = read_svg(draw(y).svg)
    shown = {texts[0].split(" = ")[0]: texts[1:] for texts in found.texts.values()}
    wanted = {
        "w": "-0.2",
        "x": "-0.0625",
        "b": "-0.125",
        "z": "-0.125",
        "y": "-0.5",
        "t": "0.5",
        "λ": "0.125",
        "R": "0.1",
        "L": "1",
    }
    assert {name: shown[name][1] for name in wanted} == wanted
    assert shown["L_reg"] == ["0.1375", "1"]


@pytest.mark.slow
def test_pictures_are_the_same_bytes_whatever_the_hash_seed():
    code = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1])\n"
        "from autograd_edu import draw, nn\n"
        "from test_steps import random_graph\n"
        "model = nn.MLP(2, [3, 1], seed=1)\n"
        "ys = [random_graph(7), (model([1.0, -1.0]) - 1.0) ** 2]\n"
        "[y.backward() for y in ys]\n"
        "made = [draw(y, style=s).svg for y in ys for s in ('card', 'circuit', 'micrograd')]\n"
        "made += [draw(y, detail=d).svg for y in ys for d in ('fused', 'neuron', 'layer')]\n"
        "print(hashlib.sha256(''.join(made).encode()).hexdigest())"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(Path(__file__).parent)],
            env={**os.environ, "PYTHONHASHSEED": str(seed)}, stdout=subprocess.PIPE, text=True,
        )
        for seed in range(20)
    ]  # fmt: skip
    answers = {process.communicate(timeout=300)[0] for process in running}
    assert len(answers) == 1
    assert re.fullmatch(r"[0-9a-f]{64}\n", answers.pop())


# ---- the order of operands -----------------------------------------------------------------------


def order_matters(value):
    """Whether both operands have a wire, and cannot be exchanged."""
    boxed = [parent for parent in value.parents if not parent.is_constant]
    return (
        value.op
        and len(boxed) == len(value.parents) == 2
        and not (value.op.adds or value.op.multiplies)
    )


@pytest.mark.parametrize(
    ("style", "direction"), [("card", "right"), ("card", "down"), ("circuit", "right")]
)
@pytest.mark.parametrize("seed", range(10))
def test_operands_enter_in_order_where_it_matters(seed, style, direction):
    y = random_graph(seed)
    where = tips(draw(y, style, detail="full", direction=direction).svg)
    along = 1 if direction == "right" else 0
    for i, value in enumerate(topological_order(y)):
        if order_matters(value):
            assert where[i, 0][along] < where[i, 1][along]


@pytest.mark.parametrize(("direction", "along"), [("right", 1), ("down", 0)])
def test_operands_enter_in_order_in_columns_too(direction, along):
    y, x = Value(1.0, "y"), Value(2.0, "x")
    for i in range(350):
        y = (x - y) / (y - 0.5) if i % 7 else y - x
    svg = draw(y, detail="full", direction=direction).svg
    assert "laid out in columns" in svg
    where = tips(svg)
    for i, value in enumerate(topological_order(y)):
        if order_matters(value):
            assert where[i, 0][along] < where[i, 1][along]


@pytest.mark.parametrize("style", STYLES)
def test_both_wires_of_a_square_are_visible(style):
    a = Value(3.0, "a")
    svg = draw(a * a, style).svg
    ends = [tips(svg)[key] for key in tips(svg) if key[1] in (0, 1)][:2]
    assert len(set(ends)) == 2


@pytest.mark.parametrize("style", ["circuit", "micrograd"])
def test_a_gate_says_the_formula_where_the_order_matters(style):
    a, b = Value(5.0, "a"), Value(3.0, "b")
    gates = {text for drawn in read_svg(draw(b - a, style).svg).texts.values() for text in drawn}
    assert "b - a" in gates
    gates = {text for drawn in read_svg(draw(b + a, style).svg).texts.values() for text in drawn}
    assert "+" in gates


def test_a_gate_does_not_speak_of_names_that_the_picture_lacks():
    a, b = Value(5.0, "a"), Value(3.0, "b")
    circuit = draw((a * b) / (a + b), "circuit").svg
    assert ">÷<" in circuit
    assert "v1/v2" not in re.sub(r"<title>.*?</title>", "", circuit)
