"""Gradients as formulas on the graph: evaluated, they are the gradients of a backward pass."""

import math
import re
import xml.etree.ElementTree as ET

import pytest
from drawn import RED, SVG, texts
from examples import LABELS
from formula_reader import evaluated, from_text

from autograd_edu import OPS, Value, draw, exp, maximum, nn, relu, sin, where
from autograd_edu.engine.value import topological_order
from autograd_edu.notation.names import names


def leaves():
    return Value(2.0, "x"), Value(3.0, "y")


def nested():
    x, y = leaves()
    return sin(x * x) * y


def sigmoid_chain():
    w, x = Value(2.0, "w"), Value(-1.0, "x")
    return 1 / (1 + exp(-(w * x + 3.0)))


def shared():
    x, y = leaves()
    return (x * y + sin(x)) * exp(x) / (y + x**2) + y


def selected():
    x, y = leaves()
    return where(x > y, x * 2.0, y * y) + maximum(x, y) - relu(x)


def shared_inside():
    x, y = leaves()
    v = exp(x)
    return v * y - sin(v)


def squared_error():
    return (nn.MLP(2, [2, 1], activation="tanh", seed=0)([1.0, 2.0]) - 1.0) ** 2


GRAPHS = [nested, sigmoid_chain, shared, shared_inside, selected, squared_error]
every_graph = pytest.mark.parametrize("graph", GRAPHS, ids=lambda graph: graph.__name__)


def formulas(picture):
    """The gradient of each value in full, from the tooltips, by name."""
    boxes = [g for g in ET.fromstring(picture.svg).iter(f"{SVG}g") if g.get("data-node")]
    told = [g.find(f"{SVG}title").text for g in boxes]
    return {
        re.split("; | = ", text)[0]: text.rpartition("; as a formula ")[2] for text in told
    }  # fmt: skip


@every_graph
def test_each_formula_is_the_gradient_of_a_backward_pass(graph):
    y = graph()
    y.backward()
    order = topological_order(y)
    called = names(order)
    shown = formulas(draw(y, gradients="symbolic"))
    functions = {op.name: lambda *xs, op=op: op.value(math, *xs) for op in OPS.values()}
    functions |= {name: getattr(math, name) for name in ("sin", "cos", "exp", "tanh")}
    numbers = {name: v.data for name, v in zip(called, order, strict=True)}
    partial = {f"∂{called[-1]}/∂{name}": v.grad for name, v in zip(called, order, strict=True)}
    checked = 0
    for own, value in zip(called, order, strict=True):
        if value.is_constant or not value.has_grad:
            continue
        text = shown[own]
        for name in sorted(partial, key=len, reverse=True):
            text = text.replace(name, f"({partial[name]!r})")
        safe = {name: f"n{k}" for k, name in enumerate(numbers)}
        text = from_text(text)
        text = re.sub(r"[^\W\d]\w*", lambda m, safe=safe: safe.get(m[0], m[0]), text)
        at = {safe[name]: number for name, number in numbers.items()}
        assert evaluated(text, {**functions, **at}) == pytest.approx(value.grad), text
        checked += 1
    assert checked >= 4


def test_a_chain_shows_the_nested_product():
    shown = formulas(draw(nested(), gradients="symbolic"))
    assert shown == {
        "x": "x·cos(v1)·y + x·cos(v1)·y", "v1": "cos(v1)·y", "v2": "y", "y": "v2", "v3": "1"
    }  # fmt: skip


def test_a_sum_and_a_negative_factor_are_bracketed():
    assert formulas(draw(shared_inside(), gradients="symbolic"))["x"] == "v1·(-cos(v1) + y)"
    assert "v4·(-1/v5²)" in formulas(draw(sigmoid_chain(), gradients="symbolic")).values()


def test_wires_say_local_gradients_as_formulas():
    shown = texts(ET.fromstring(draw(nested(), gradients="symbolic").svg))
    assert {"x", "cos(v1)", "y"} <= set(shown)


def test_a_long_formula_ends_with_the_name_of_the_gradient_above():
    y = x = Value(0.5, "x")
    for _ in range(12):
        y = sin(y)
    shown = formulas(draw(y, gradients="symbolic"))
    assert shown["x"] == "cos(x)·∂v12/∂v1"
    assert shown["v11"] == "cos(v11)"
    assert x.label == "x"


@pytest.mark.parametrize("style", ["card", "circuit", "micrograd"])
def test_every_style_shows_them(style):
    root = ET.fromstring(draw(nested(), style, gradients="symbolic").svg)
    red = ["".join(t.itertext()) for t in root.iter() if t.get("fill") == RED]
    assert any("cos(v1)·y" in text for text in red)


def test_the_text_and_the_page_show_formulas_too():
    picture = draw(nested(), gradients="symbolic")
    assert "cos(v1)·y" in picture.text
    assert "cos(v1)·y" in picture.html
    assert "autograd-stepper" not in picture.embed()


@pytest.mark.parametrize("label", LABELS.values(), ids=LABELS)
def test_labels_are_only_text(label):
    x = Value(2.0, label)
    svg = draw(sin(x * x) * x, gradients="symbolic").svg
    plain = draw(sin(Value(2.0, "x") * 2.0), gradients="symbolic").svg
    assert {e.tag for e in ET.fromstring(svg).iter()} == {
        e.tag for e in ET.fromstring(plain).iter()
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gradients": "symbols"}, r"unknown form of gradients 'symbols'.*did you mean 'symbolic'"),
        ({"gradients": "symbolic", "detail": "fused"}, "level of detail for symbolic gradients"),
        ({"gradients": "symbolic", "collapse": "x"}, "leave out collapse"),
    ],
)
def test_a_wrong_option_says_what_would_be_right(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        draw(nested(), **options)
