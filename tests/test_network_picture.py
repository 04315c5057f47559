"""Pictures of networks: each weight has a line that tells its sign and size, or its number."""

import re
import xml.etree.ElementTree as ET
from itertools import combinations

import pytest

from autograd_edu import Value, draw_network
from autograd_edu.nn import (
    MLP,
    Apply,
    Conv1d,
    Layer,
    Linear,
    Neuron,
    Perceptron,
    Sequential,
)
from autograd_edu.notation.formula import short
from autograd_edu.notation.text import text_width
from autograd_edu.pictures.network.picture import NetworkDrawing
from autograd_edu.pictures.scene.scene import CHARACTER

SVG = "{http://www.w3.org/2000/svg}"


def lines(picture):
    """Of each weight that is drawn: its text, its line, and whether this is dashed."""
    groups = [g for g in ET.fromstring(picture.svg).iter(f"{SVG}g") if g.get("data-weight")]
    return [
        (g.get("data-weight"), line, "stroke-dasharray" in line.attrib)
        for g in groups
        for line in g.iter(f"{SVG}line")
    ]


def texts(picture):
    """Each text with the rectangle it takes: left, right, baseline."""
    return [
        (
            t.text,
            float(t.get("x")),
            float(t.get("x")) + text_width(t.text) * CHARACTER,
            float(t.get("y")),
        )
        for t in ET.fromstring(picture.svg).iter(f"{SVG}text")
    ]


def circles(picture):
    return [
        (float(c.get("cx")), float(c.get("cy")))
        for c in ET.fromstring(picture.svg).iter(f"{SVG}circle")
    ]


def weights_of(model):
    return [w.data for layer in model.layers for neuron in layer.neurons for w in neuron.w]


def test_every_weight_has_a_line_whose_dashes_and_width_tell_sign_and_size():
    model = MLP(3, [4, 2], seed=0)
    drawn, weights = lines(draw_network(model)), weights_of(model)
    assert [text for text, _, _ in drawn] == [short(w) for w in weights]
    assert [dashed for _, _, dashed in drawn] == [w < 0 for w in weights]
    widths = [float(line.get("stroke-width")) for _, line, _ in drawn]
    order = sorted(range(len(weights)), key=lambda i: abs(weights[i]))
    assert [widths[i] for i in order] == sorted(widths)
    assert max(widths) == 4.5
    assert {
        line.get("stroke") for (_, line, _), w in zip(drawn, weights, strict=True) if w > 0
    } == {"#2f6f9f"}


def test_lines_join_the_units_that_the_weight_joins():
    model = MLP(2, [3, 1], seed=0)
    picture = draw_network(model)
    stacks: dict[float, list[float]] = {}
    for x, y in circles(picture):
        stacks.setdefault(x, []).append(y)
    places = [[(x, y) for y in sorted(ys)] for x, ys in sorted(stacks.items())]
    assert [len(column) for column in places] == [2, 3, 1]
    ends = [
        tuple(float(line.get(k)) for k in ("x1", "y1", "x2", "y2")) for _, line, _ in lines(picture)
    ]
    assert ends == [(*a, *b) for k in (0, 1) for b in places[k + 1] for a in places[k]]


def test_sizes_activations_and_names_are_written():
    model = MLP(2, [3, 4, 2], activation="tanh", output="sigmoid", seed=0)
    shown = [
        t for t, *_ in texts(draw_network(model, inputs=["height", "x"], outputs=["cat", "dog"]))
    ]
    for wanted in (
        "height",
        "x",
        "cat",
        "dog",
        "input",
        "2 units",
        "hidden 1: h⁽¹⁾",
        "3 units",
        "tanh",
        "hidden 2: h⁽²⁾",
        "4 units",
        "output",
        "sigmoid",
    ):
        assert wanted in shown


def test_large_layers_are_cut_and_say_their_size():
    picture = draw_network(MLP(2, [16, 1], seed=0))
    shown = [t for t, *_ in texts(picture)]
    assert "⋮" in shown
    assert "16 units" in shown
    assert len(circles(picture)) == 2 + 10 + 1
    assert {"h₁", "h₉", "h₁₆"} <= set(shown)
    assert "h₁₀" not in shown
    assert "⋮" not in [t for t, *_ in texts(draw_network(MLP(2, [16, 1], seed=0), most=16))]
    assert len(circles(draw_network(MLP(2, [16, 1], seed=0), most=3))) == 2 + 3 + 1


def test_figure_1_of_the_mlpr_notes():
    neuron = Neuron(3, activation="sigmoid", seed=0)
    for parameter, number in zip([*neuron.w, neuron.b], (0.5, -1.25, 2.0, 0.25), strict=True):
        parameter.data = number
    picture = draw_network(neuron, weights="written")
    shown = [t for t, *_ in texts(picture)]
    assert [t for t in shown if "=" in t] == ["b = 0.25", "w₁ = 0.5", "w₂ = -1.25", "w₃ = 2"]
    assert {"x₀", "1", "x₁", "x₂", "x₃", "Σ", "σ", "ŷ"} <= set(shown)
    assert len(circles(picture)) == 4 + 2
    assert len([g for g in lines(picture) if g[2]]) == 1, "the negative one is dashed"


def test_biases_are_weights_of_a_unit_of_ones_where_weights_are_written():
    model = MLP(2, [3, 2], seed=0)
    for i, parameter in enumerate(model.parameters()):
        parameter.data = i / 8
    written = lines(draw_network(model, weights="written"))
    numbers = [
        n
        for layer in model.layers
        for neuron in layer.neurons
        for n in (neuron.b.data, *(w.data for w in neuron.w))
    ]
    assert [text for text, _, _ in written] == [short(n) for n in numbers]
    without = draw_network(MLP(2, [3, 2], bias=False, seed=0), weights="written")
    assert "x₀" not in [t for t, *_ in texts(without)]
    assert len(lines(without)) == 12


@pytest.mark.parametrize(
    "sizes",
    [(1, [1]), (2, [2, 1]), (3, [4, 4, 1]), (5, [5, 5, 5]), (12, [9, 2]), (2, [2, 40])],
    ids=str,
)
@pytest.mark.parametrize("weights", ["written", "drawn"])
def test_no_two_texts_overlap_and_all_are_on_the_page(sizes, weights):
    model = MLP(*sizes, seed=3)
    for i, parameter in enumerate(model.parameters()):
        parameter.data = (-1.23456e-5, 0.1234, -98765.4, 1e-300)[i % 4]
    picture = draw_network(
        model, weights=weights, inputs=[f"a long name {i}" for i in range(sizes[0])]
    )
    root = ET.fromstring(picture.svg)
    wide, high = float(root.get("width")), float(root.get("height"))
    found = texts(picture)
    for text, left, right, y in found:
        assert left >= 0, text
        assert right <= wide, text
        assert 10 <= y <= high, text
    for (a, l1, r1, y1), (b, l2, r2, y2) in combinations(found, 2):
        assert r1 <= l2 or r2 <= l1 or abs(y1 - y2) >= 12, f"{a} and {b} overlap"


@pytest.mark.parametrize(
    ("model", "rows"),
    [
        (Neuron(2, activation="tanh", seed=0), ["1      1      tanh        1 × 2    yes"]),
        (Layer(2, 3, seed=0), ["1      3      relu        3 × 2    yes"]),
        (Linear(2, 3, bias=False, seed=0), ["1      3      linear      3 × 2    no"]),
        (Perceptron([1.0, -1.0]), ["1      1      step        1 × 2    yes"]),
        (
            Sequential(Linear(2, 3, seed=0), Apply("tanh"), Linear(3, 1, seed=1)),
            ["1      3      tanh", "2      1      linear"],
        ),
        (
            Sequential(MLP(2, [3, 3], seed=0), Apply("relu"), Sequential(Linear(3, 1, seed=1))),
            ["2      3      relu", "3      1      linear"],
        ),
    ],
    ids=repr,
)
def test_all_stacks_of_dense_layers_are_drawn(model, rows):
    picture = draw_network(model)
    assert isinstance(picture, NetworkDrawing)
    for row in rows:
        assert row in repr(picture)


def test_text_is_a_table_and_bundles_show_it():
    model = MLP(3, [4, 4, 1], activation="tanh", seed=1)
    assert repr(draw_network(model)) == (
        "a network of 3 inputs, 3 layers, 41 parameters\n"
        "  layer  units  activation  weights  bias\n"
        "  1      4      tanh        4 × 3    yes\n"
        "  2      4      tanh        4 × 4    yes\n"
        "  3      1      linear      1 × 4    yes"
    )
    bundle = draw_network(model)._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/svg+xml", "text/html"}
    assert bundle == draw_network(MLP(3, [4, 4, 1], activation="tanh", seed=1))._repr_mimebundle_()


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: draw_network(Value(3.0)), "takes a model, such as a Neuron.*got Value"),
        (lambda: draw_network(Sequential(Apply("tanh"))),
         r"Sequential\(Apply\(tanh\)\) takes an input of any size; pass one as x"),
        (lambda: draw_network(Sequential()), "has no layer"),
        (lambda: draw_network(Sequential(Linear(2, 3), Linear(2, 1))),
         r"Linear\(2, 1\) takes 2 numbers, and the part before it gives 3"),
        (lambda: draw_network(MLP(2, [1], seed=0), weights="both"), "unknown reading .*'both'"),
        (lambda: draw_network(MLP(2, [1], seed=0), inputs=["a"]), "2 input.*1 name"),
        (lambda: draw_network(MLP(2, [1], seed=0), outputs="y"), "list of names"),
        (lambda: draw_network(MLP(2, [1], seed=0), most=2), "at least 3"),
        (lambda: draw_network(MLP), "got the class MLP"),
        (lambda: draw_network(MLP(2, [1], seed=0), loss=lambda y: y), "pass x as well"),
        (lambda: draw_network(MLP(2, [1], seed=0), activations="outside"), "place of activations"),
        (lambda: draw_network(Conv1d(1, 1, 2, seed=0), x=[[1.0, 2.0]], inputs=["a"]),
         "the input of this network is drawn as a box"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_said(draw, message):
    with pytest.raises((TypeError, ValueError), match=message):
        draw()


def test_weights_that_are_no_numbers_are_drawn_thin_and_grey():
    model = MLP(2, [1], seed=0)
    model.parameters()[0].data = float("nan")
    model.parameters()[1].data = 0.0
    assert [(text, line.get("stroke-width")) for text, line, _ in lines(draw_network(model))] == [
        ("nan", "0.60"),
        ("0", "0.60"),
    ]


def test_only_presentation_attributes_and_no_ids():
    for weights in ("drawn", "written"):
        svg = draw_network(MLP(2, [3, 1], seed=0), weights=weights).svg
        assert not re.search(r"<style|<script| id=| class=| style=|<\?xml", svg)


@pytest.mark.parametrize("suffix", [".svg", ".html", ".png"])
def test_a_network_is_saved_in_the_format_of_the_suffix(tmp_path, suffix):
    assert draw_network(MLP(2, [3, 1], seed=0)).save(tmp_path / f"n{suffix}").stat().st_size > 1000
    with pytest.raises(TypeError, match=r"\.svg.*\.html.*\.png.*\.pdf"):
        draw_network(MLP(2, [3, 1], seed=0)).save(tmp_path / "n.tex")


# ---- series of pictures, values, gradients and biases --------------------------------------------


def widths(picture):
    return [float(line.get("stroke-width")) for _, line, _ in lines(picture)]


def test_pictures_of_one_scale_can_be_compared():
    model = MLP(2, [3, 1], seed=0)
    first = draw_network(model)
    assert first.scale == max(abs(p.data) for p in model.parameters())
    for p in model.parameters():
        p.data *= 0.5
    assert widths(draw_network(model)) == widths(first), "each picture by itself looks the same"
    halved = draw_network(model, scale=first.scale)
    assert all(b < a for a, b in zip(widths(first), widths(halved), strict=True))
    assert max(widths(draw_network(model, scale=0.01))) == 4.5, (
        "and no line is wider than the widest"
    )


def test_units_show_their_values_for_an_input():
    model = MLP(2, [3, 2], activation="tanh", seed=0)
    x = [0.5, -1.5]
    hidden = model.layers[0](x)
    values = [*x, *(h.data for h in hidden), *(y.data for y in model(x))]
    shown = [t for t, *_ in texts(draw_network(model, x=x))]
    for value in values:
        assert short(value, 2) in shown
    assert [f"; value {value!r}" in draw_network(model, x=x).svg for value in values] == [True] * 7


def test_an_activation_that_stands_alone_is_in_the_values():
    model = Sequential(Layer(2, 2, activation="linear", seed=0), Apply("relu"))
    out = model([1.0, -2.0])
    shown = draw_network(model, x=[1.0, -2.0]).svg
    assert all(f"value {y.data!r}" in shown for y in out)


def test_gradients_are_drawn_as_weights_are():
    model = MLP(2, [3, 1], seed=0)
    (model([1.0, -2.0]) ** 2).backward()
    drawn = lines(draw_network(model, weights="gradients"))
    grads = [w.grad for layer in model.layers for neuron in layer.neurons for w in neuron.w]
    assert [text for text, _, _ in drawn] == [short(g) for g in grads]
    assert [dashed for _, _, dashed in drawn] == [g < 0 for g in grads]


def test_biases_are_stubs_below_their_units():
    model = MLP(2, [2, 1], seed=0)
    biases = [neuron.b for layer in model.layers for neuron in layer.neurons]
    for b, value in zip(biases, (0.5, -0.25, 0.0), strict=True):
        b.data = value
    svg = draw_network(model).svg
    assert re.findall(r'data-bias="([^"]*)"', svg) == ["0.5", "-0.25", "0"]
    assert "stub: bias" in svg
    assert "data-bias" not in draw_network(model, weights="written").svg


def test_hidden_layers_have_names_of_their_own():
    shown = [t for t, *_ in texts(draw_network(MLP(2, [3, 3, 1], seed=0)))]
    assert {"hidden 1: h⁽¹⁾", "hidden 2: h⁽²⁾"} <= set(shown)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": "writen"}, r"unknown reading of weights 'writen'.*did you mean 'written'\?"),
        ({"x": [1.0]}, "takes 2"),
        ({"scale": 0.0}, "scale must be finite and positive; got 0.0"),
        ({"most": 2}, "most must be at least 3; got 2"),
        ({"inputs": ["a"]}, "the network has 2 inputs; got 1 name"),
    ],
)
def test_a_wrong_option_says_what_would_be_right(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        draw_network(MLP(2, [3, 1], seed=0), **options)
