"""Pictures of programs: arrays as nodes with their shapes, and the operations between them."""

import unicodedata
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from drawn import SVG
from examples import LABELS

from autograd_edu import Value, dot, draw, exp, nn, tanh, total, trace, trace_graph
from autograd_edu.errors import LayoutError
from autograd_edu.nn.losses import softmax_cross_entropy
from autograd_edu.pictures.render.dark import with_dark_colours


def product(a, b):
    """The sum of the entries of a matrix product."""
    return total([dot(row, column) for row in a for column in zip(*b, strict=True)])


def squared_error():
    model = nn.MLP(2, [16, 1], activation="tanh", seed=0)
    return trace(lambda x, t: (model(x) - t) ** 2, [0.5, 0.2], 1.0)


def texts(picture):
    return [t.text for t in ET.fromstring(picture.svg).iter(f"{SVG}text")]


def table(program, **options):
    """For each array, the columns of the picture's table."""
    text = unicodedata.normalize("NFC", draw(program, **options).text)  # ȳ as one character
    lines = text.splitlines()[3:]
    cells = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]
    return {name: rest for name, *rest in cells}


def test_two_matrices_and_their_product():
    """MLPR: A, B → C → z."""
    program = trace(product, np.ones((3, 2)), np.ones((2, 4)))
    assert table(program, gradients="symbolic") == {
        "a": ["3×2", "input", "ā = C̄ bᵀ"],
        "b": ["2×4", "input", "b̄ = aᵀ C̄"],
        "C": ["3×4", "a @ b", "C̄ = ȳ"],
        "y": ["1", "Σ(C)", "ȳ = 1"],
    }


def test_a_network_and_its_loss():
    """MLPR: x, W → z → h → y → L."""
    assert table(squared_error(), gradients="symbolic") == {
        "x": ["2", "input", "x̄ = W₁ᵀ z̄₁"],
        "t": ["1", "input", "t̄ = -v̄"],
        "W₁": ["16×2", "parameter", "W̄₁ = z̄₁ xᵀ"],
        "b₁": ["16", "parameter", "b̄₁ = z̄₁"],
        "z₁": ["16", "W₁ @ x + b₁", "z̄₁ = (1 - h²)·h̄"],
        "h": ["16", "tanh(z₁)", "h̄ = W₂ᵀ z̄₂"],
        "W₂": ["1×16", "parameter", "W̄₂ = z̄₂ hᵀ"],
        "b₂": ["1", "parameter", "b̄₂ = z̄₂"],
        "z₂": ["1", "W₂ @ h + b₂", "z̄₂ = v̄"],
        "v": ["1", "z₂ - t", "v̄ = 2·v·ȳ"],
        "y": ["1", "v²", "ȳ = 1"],
    }


def test_the_formulas_of_the_gradients_are_right():
    """The rules of the picture, computed with NumPy, give the program's gradients."""
    program, x, t = squared_error(), np.array([0.3, -0.7]), 0.5
    weights = program.parameter_values.tolist()
    rows = [weights[i : i + 3] for i in range(0, 48, 3)]
    w1, b1 = np.array([row[:2] for row in rows]), np.array([row[2] for row in rows])
    w2, b2 = np.array([weights[48:64]]), np.array(weights[64:])
    h = np.tanh(w1 @ x + b1)
    of_z2 = 2 * (w2 @ h + b2 - t)
    of_h = w2.T @ of_z2
    of_z1 = (1 - h**2) * of_h
    y, grads = program.value_and_grad(x, t)
    assert y == pytest.approx(float((w2 @ h + b2 - t)[0] ** 2))
    assert grads.inputs[0] == pytest.approx(w1.T @ of_z1)
    of_layer = np.column_stack([np.outer(of_z1, x), of_z1])
    expected = [*of_layer.ravel(), *np.outer(of_z2, h).ravel(), *of_z2]
    assert grads.parameters == pytest.approx(np.array(expected))


def test_shapes_stand_beside_names_and_operations_between_them():
    shown = texts(draw(squared_error()))
    for wanted in ("x", "2", "W₁", "16×2", "@", "+", "tanh", "W₂", "1×16", "x²", "y"):
        assert wanted in shown
    assert not any("=" in text for text in shown), "gradients stand there on request"


def test_a_penalty_reads_the_weights_that_the_layers_read():
    model = nn.MLP(2, [16, 1], seed=0)
    program = trace(
        lambda x: model(x) + 0.1 * total([w * w for w in model.parameters()]), [1.0, 2.0]
    )
    arrays = table(program, gradients="symbolic")
    assert arrays["W₁"] == ["16×2", "parameter", "W̄₁ = z̄₁ xᵀ + W₁·v̄ + W₁·v̄"]
    assert arrays["b₂"][2].endswith(" + b₂·v̄ + b₂·v̄")
    assert "0.1" in arrays


def test_a_part_of_an_array_is_named_on_its_wire():
    model = nn.MLP(2, [4, 3], seed=0)
    program = trace(lambda x: softmax_cross_entropy(model(x), 1), [0.5, 0.2])
    arrays = table(program, gradients="symbolic")
    assert arrays["z₂"][2] == "z̄₂ = v̄₂ at [1 of 3] + exp(z₂ - v₁)·v̄₁"
    assert "[1 of 3]" in texts(draw(program))
    by_number = draw(trace(lambda x: exp(x[0]) * tanh(x[2]) + x[1], [1.0] * 3))
    assert {"[0]", "[1]", "[2]"} <= set(texts(by_number))


def test_windows_of_a_convolution_add_up():
    model = nn.Sequential(nn.Conv2d(1, 2, 2, seed=0), nn.Flatten(), nn.Linear(8, 1, seed=0))
    arrays = table(trace(lambda x: model(x)[0], np.ones((1, 3, 3))), gradients="symbolic")
    assert arrays["x"] == ["1×3×3", "input", "x̄ = Σ W₁ᵀ z̄"]
    assert arrays["b₁"] == ["2", "parameter", "b̄₁ = Σ z̄"]


def test_a_program_of_single_numbers_is_drawn_too():
    arrays = table(trace(lambda a, b: tanh(a * b) + exp(a), 1.0, 2.0), gradients="symbolic")
    assert arrays["a"] == ["1", "input", "ā = v₂·v̄₂ + b·v̄₁"]
    assert arrays["y"] == ["1", "h + v₂", "ȳ = 1"]


def test_several_results_have_a_picture_without_gradients():
    program = trace(lambda x: [x[0] * x[1], x[0] + x[1]], [1.0, 2.0])
    assert "x" in texts(draw(program))
    with pytest.raises(TypeError, match="one result"):
        draw(program, gradients="symbolic")


def test_a_program_of_very_many_arrays_says_so():
    def integrate(x):
        for _ in range(800):
            x = tanh(x)
        return x

    with pytest.raises(LayoutError, match="1,601 arrays and operations cannot be read"):
        draw(trace(integrate, 1.0))


@pytest.mark.parametrize(
    "options",
    [{"style": "circuit"}, {"detail": "full"}, {"expand": "a"}, {"collapse": "a"}, {"digits": 3}],
    ids=str,
)
def test_options_of_graphs_do_not_fit_a_program(options):
    with pytest.raises(TypeError, match="a program is drawn as arrays"):
        draw(squared_error(), **options)


@pytest.mark.parametrize("suffix", [".svg", ".html", ".png", ".pdf"])
def test_it_is_saved_in_the_format_of_the_suffix(tmp_path, suffix):
    assert draw(squared_error()).save(tmp_path / f"p{suffix}").stat().st_size > 1000


def test_text_is_legible_in_a_notebook():
    for program in (squared_error(), trace(product, np.ones((3, 2)), np.ones((2, 4)))):
        root = ET.fromstring(draw(program, gradients="symbolic").svg)
        assert 12 * 900 / max(float(root.get("width")), 900) >= 9


def test_every_colour_has_a_dark_one():
    svg = draw(squared_error(), gradients="symbolic").svg
    rules = with_dark_colours(svg)
    for element in ET.fromstring(svg).iter():
        for paint in ("fill", "stroke"):
            colour = element.get(paint)
            assert colour in (None, "none") or f'[{paint}="{colour}"]' in rules


@pytest.mark.parametrize("label", LABELS.values(), ids=LABELS)
def test_labels_are_only_text(label):
    def drawn(name):
        w, x = Value(2.0, name), Value(3.0, "x")
        return draw(trace_graph(tanh(w * x), inputs=[x], parameters=[w]), gradients="symbolic")

    tags, plain = ([e.tag for e in ET.fromstring(drawn(n).svg).iter()] for n in (label, "w"))
    assert set(tags) == set(plain)
