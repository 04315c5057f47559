"""Pictures for every reader: without colour, in the dark, with long names, with inf and nan."""

import re
import xml.etree.ElementTree as ET

import pytest
from drawn import RED, read_svg, texts
from examples import g

from autograd_edu import Value, draw, draw_network, exp, ieee, log, nn, total
from autograd_edu.notation.text import abbreviate, text_width
from autograd_edu.pictures.render.dark import with_dark_colours
from autograd_edu.pictures.render.styles import STYLES

SVG = "{http://www.w3.org/2000/svg}"


def network_loss():
    model = nn.MLP(2, [3, 1], seed=0)
    loss = total([(model(x) - 1.0) ** 2 for x in ([1.0, 2.0], [0.5, -1.0])])
    loss.backward()
    return loss


PICTURES = {
    **{style: lambda style=style: draw(g(), style) for style in STYLES},
    "folded": lambda: draw(network_loss(), detail="neuron"),
    "rows": lambda: draw(network_loss(), detail="fused"),
    "network": lambda: draw_network(nn.MLP(2, [3, 1], seed=0)),
    "written": lambda: draw_network(nn.MLP(2, [3, 1], seed=0), weights="written"),
}
every_picture = pytest.mark.parametrize("name", PICTURES)


# ---- values and gradients ------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*STYLES, "folded", "rows"])
def test_gradients_are_in_italics_and_values_are_not(name):
    root = ET.fromstring(PICTURES[name]().svg)
    for text in (*root.iter(f"{SVG}text"), *root.iter(f"{SVG}tspan")):
        assert (text.get("font-style") == "italic") == (text.get("fill") == RED) or text.text == "–"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("card", ["value", "gradient", "on wires: local gradient"]),
        ("circuit", ["above a wire: value", "below: gradient"]),
        ("micrograd", ["data: value", "grad: gradient"]),
    ],
)
def test_a_key_says_what_stands_where(name, key):
    ribbons = ["ribbon: local × upstream", "dashed: negative"]
    assert key_of(PICTURES[name]().svg) == [*key, *ribbons]
    assert key_of(draw(Value(2.0, "x") * 3.0, name).svg) == key


def key_of(svg):
    below = [e for e in ET.fromstring(svg).iter() if e.get("data-part") == "below"]
    return [text for line in below for text in texts(line)]


@pytest.mark.parametrize("name", ["rows", "folded"])
def test_the_key_says_what_stands_in_rows(name):
    picture = PICTURES[name]()
    assert ("in rows: × operand, ∂ local gradient" in picture.svg) == (name == "rows")
    assert ("in all: over every use" in picture.svg) == (name == "rows")


@every_picture
def test_a_picture_is_as_wide_as_its_longest_line(name):
    root = ET.fromstring(PICTURES[name]().svg)
    for text in root.iter(f"{SVG}text"):
        if text.get("x") and text.get("textLength"):
            assert float(text.get("textLength")) <= float(root.get("width"))


def test_a_tint_is_as_deep_as_its_gradient_is_large():
    x = Value(2.0, "x")
    y = (x * 1e-3 + 1.0) * 1e-3 + x
    y.backward()
    depths = [float(d) for d in re.findall(r'fill-opacity="([^"]*)"', draw(y, detail="full").svg)]
    assert all(0.0 < depth <= 0.3 for depth in depths)
    assert max(depths) == 0.3


# ---- dark ----------------------------------------------------------------------------------------


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def dark_colours(svg):
    return dict(re.findall(r'\[fill="(#\w+)"\]\{fill:(#\w+)\}', svg))


@every_picture
def test_every_text_of_a_saved_picture_can_be_read_in_the_light_and_in_the_dark(name, tmp_path):
    svg = PICTURES[name]().save(tmp_path / "p.svg").read_text(encoding="utf-8")
    dark = dark_colours(svg)
    root = ET.fromstring(svg)
    for text in (*root.iter(f"{SVG}text"), *root.iter(f"{SVG}tspan")):
        colour = text.get("fill") or "#5b6470"  # that of the group around what stands on wires
        assert contrast(colour, "#ffffff") >= 4.5
        assert contrast(dark[colour], dark["#ffffff"]) >= 4.5
    for shape in root.iter():
        for what in ("fill", "stroke"):
            colour = shape.get(what, "none")
            assert colour in dark or colour in ("none", "#e5383b"), "a tint fits both"


def test_only_a_picture_that_stands_alone_has_rules_of_colour():
    assert "<style" not in draw(g()).svg
    assert with_dark_colours(draw(g()).svg).count("<style") == 1


# ---- inf and nan ---------------------------------------------------------------------------------


@pytest.fixture
def broken():
    with ieee():
        x, w = Value(0.0, "x"), Value(2.0, "w")
        y = exp((log(x) * w + x) * -400.0) + 1.0
        y.label = "y"
        y.backward()
    return y


def test_the_first_value_and_the_first_gradient_that_is_not_finite_are_named(broken):
    shown = read_svg(draw(broken).svg).texts
    said = {t[0]: [s for s in t if "⚠" in s] for t in shown.values()}
    assert said["v1 = log(x)"] == ["⚠ -inf begins here"]
    assert said["v4 = v3·(-400)"] == ["⚠ inf gradient begins here"]
    assert said["y = v5 + 1"] == ["⚠"]
    assert "-400" not in said, "it stands in the formula"


@pytest.mark.parametrize("style", STYLES)
def test_what_is_not_finite_has_a_thick_edge(broken, style):
    assert draw(broken, style).svg.count('stroke-width="3"') >= 5
    assert 'stroke-width="3"' not in draw(g(), style).svg


# ---- long names ----------------------------------------------------------------------------------


def test_a_long_name_is_cut_in_its_middle():
    label = "encoder.layer3.attention.weight[12]"
    y = Value(2.0, label) * 3.0
    for style in STYLES:
        assert ">encoder.layer3…on.weight[12]<" in draw(y, style).svg


@pytest.mark.parametrize("limit", [1, 2, 5, 12, 28])
@pytest.mark.parametrize("text", ["x" * 40, "文" * 30, "e\u0301" * 40, "a\u0301文" * 20, "short"])
def test_what_is_cut_fits_and_keeps_both_ends(text, limit):
    shown = abbreviate(text, limit)
    assert text_width(shown) <= limit
    if limit >= 12 and text != "short":
        assert shown[0] == text[0]
        assert shown[-1] == text[-1]
        assert shown.count("…") == 1
