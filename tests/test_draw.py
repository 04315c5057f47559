"""Pictures: they tell the truth, no label can break them, and they are the same on every run."""

import random
import re
import xml.etree.ElementTree as ET

import pytest
from drawn import texts
from examples import g, random_graph

from autograd_edu import Value, draw, draw_network, nn, sigmoid, to_dot
from autograd_edu.engine.value import topological_order
from autograd_edu.errors import LayoutError
from autograd_edu.notation.formula import short
from autograd_edu.notation.names import names
from autograd_edu.notation.text import printable, text_width
from autograd_edu.pictures.scene.scene import scene


def parsed(svg):
    """The cards (title, value, gradient) and the texts on each wire, read back from an SVG."""
    root = ET.fromstring(svg)
    return [texts(e) for e in root.iter() if "data-node" in e.attrib], [
        texts(e) for e in root.iter() if "data-wire" in e.attrib
    ]


def test_the_example_of_the_lectures():
    cards, wires = parsed(draw(g()).svg)
    assert cards == [
        ["x", "3", "-4"],
        ["y", "-4", "3"],
        ["f = x·y", "-12", "1"],
        ["z", "2", "1"],
        ["g = f + z", "-10", "1"],
    ]
    assert sorted(wires) == [["-4"], ["1"], ["1"], ["3"]]


def test_a_dash_stands_where_no_gradient_has_reached():
    x = Value(2.0, "x")
    cards, _ = parsed(draw(x * 3).svg)
    assert [card[2] for card in cards] == ["–", "–"]
    assert not x.has_grad


def test_both_wires_of_a_square_are_drawn():
    a = Value(2.0, "a")
    _, wires = parsed(draw(a * a).svg)
    assert wires == [["2"], ["2"]]
    assert to_dot(a * a).source.count("->") == 2


def test_only_presentation_attributes_and_no_ids():
    svg = draw(g()).svg
    assert svg.startswith("<svg ")
    assert not re.search(r"<style|<script| id=| class=| style=|<\?xml", svg)


def test_text_fits_its_box():
    rng = random.Random(0)
    for _ in range(200):
        label = "".join(rng.choice("abcWM文字é ") for _ in range(rng.randint(1, 60)))
        box = scene(Value(rng.uniform(-1, 1) * 10 ** rng.randint(-12, 12), label) * 1.0).boxes[0]
        assert text_width(box.title) * 7.25 <= box.width - 16
        assert (text_width(box.data) + text_width(box.grad)) * 7.25 <= box.width - 16


def test_files_are_written_as_their_suffix_says(tmp_path):
    picture = draw(g())
    saved = picture.save(tmp_path / "g.svg").read_text(encoding="utf-8")
    assert re.sub(r"<style>.*?</style>", "", saved) == picture.svg + "\n"
    assert (
        picture.save(str(tmp_path / "g.HTML"))
        .read_text(encoding="utf-8")
        .startswith("<!DOCTYPE html>")
    )
    with pytest.raises(TypeError, match=r"saved as \.svg"):
        picture.save(tmp_path / "g.bmp")


def test_notebooks_get_text_and_svg():
    bundle = draw(g())._repr_mimebundle_()
    assert set(bundle) >= {"text/plain", "image/svg+xml"}
    assert "g = f + z" in bundle["text/plain"]


def test_a_missing_layout_program_is_one_line_that_names_both_remedies(monkeypatch):
    monkeypatch.setattr("sysconfig.get_path", lambda name: "/nowhere")
    monkeypatch.delenv("AUTOGRAD_EDU_DOT", raising=False)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(LayoutError, match=r"pip install graphviz-pure.*`dot` is on the PATH"):
        draw(g())


def test_a_layout_program_that_cannot_run_is_named(monkeypatch):
    monkeypatch.setenv("AUTOGRAD_EDU_DOT", "/nowhere/dot")
    with pytest.raises(LayoutError, match="/nowhere/dot"):
        draw(g())


def test_only_values_are_drawn():
    for call in (draw, to_dot):
        with pytest.raises(TypeError, match="needs a Value"):
            call(3.0)


def test_names_of_the_picture_are_those_of_the_tables():
    y = random_graph(3)
    assert [box.title.split(" = ")[0] for box in scene(y).boxes] == [
        printable(n, 28) for n in names(topological_order(y))
    ]


@pytest.mark.slow
def test_a_graph_too_large_to_read_is_refused_where_its_level_was_asked_for():
    y = x = Value(1.0)
    for _ in range(1600):
        y = y * x + 0.0
    with pytest.raises(LayoutError, match=r"4,801 values, 1,601 boxes .*leave out detail.*a part"):
        draw(y, detail="fused")
    with pytest.raises(LayoutError, match=r"4,801 values, 3,201 boxes cannot be read"):
        draw(y, detail="full")


def test_of_a_graph_too_large_to_read_auto_leaves_out_the_middle():
    y = x = Value(1.0, "x")
    for i in range(1600):
        y = y * x + (0.0 if i else x)
    y.backward()
    cards, wires = parsed(draw(y).svg)
    titles = [card[0] for card in cards]
    assert len(cards) == 41
    assert titles[:2] == ["x", "v2 = x·x + x"]
    assert titles[20] == "1,561 boxes between"
    assert titles[-1] == "v3200 = x·v3198 + 0"
    assert cards[-1][1:3] == [short(y.data), "1"]
    uses = [
        int(text[:-5].replace(",", "")) if text.endswith(" uses") else 1
        for texts in wires
        for text in texts or [""]
    ]
    assert sum(uses) == 3 + 18 * 2 + (1 + 1561) + 20 * 2


# ---- look and display ----------------------------------------------------------------------------


def drawn_size(picture):
    root = ET.fromstring(picture.svg)
    return float(root.get("width")), float(root.get("height"))


def chain(length):
    y = Value(0.5, "x")
    for _ in range(length):
        y = sigmoid(y)
    return y


def test_wires_lead_where_the_caller_says():
    wide, high = drawn_size(draw(chain(4), direction="right"))
    assert wide > 4 * high
    wide, high = drawn_size(draw(chain(4), direction="down"))
    assert high > wide


def test_a_picture_too_wide_for_a_notebook_leads_down():
    assert draw(chain(3)).svg == draw(chain(3), direction="right").svg
    wide, _ = drawn_size(draw(chain(20), detail="full"))
    assert wide < 400


def test_numbers_have_as_many_digits_as_the_caller_says():
    y = sigmoid(Value(0.5, "x"))
    y.backward()
    assert ">0.62<" in draw(y, digits=2).svg
    assert ">0.62245933<" in draw(y, digits=8).svg
    assert ">0.23500371<" in draw(y, digits=8).svg, "the local gradient and the gradient"


def test_the_whole_picture_grows_with_its_font():
    usual, large = (drawn_size(draw(g(), font_size=size)) for size in (12, 18))
    assert large == pytest.approx([1.5 * n for n in usual], abs=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"direction": "rigth"}, r"unknown direction 'rigth'.*did you mean 'right'\?"),
        ({"detail": "fulll"}, r"unknown level of detail 'fulll'.*did you mean 'full'\?"),
        ({"style": "cards"}, r"unknown style 'cards'.*did you mean 'card'\?"),
        ({"digits": 0}, "digits must be at least 1; got 0"),
        ({"digits": "many"}, "digits must be a whole number; got str 'many'"),
        ({"font_size": -1}, "font_size must be finite and positive; got -1"),
    ],
)
def test_a_wrong_option_says_what_would_be_right(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        draw(g(), **options)


def test_show_without_a_screen_prints_where_the_page_is(monkeypatch, capsys):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("webbrowser.open", lambda *_: pytest.fail("a terminal browser opens"))
    monkeypatch.setattr("autograd_edu.pictures.picture.sys.platform", "linux")
    page = draw(g()).show()
    assert page.read_text(encoding="utf-8") == draw(g()).html
    assert capsys.readouterr().out == f"The picture is in {page}\n"


def test_show_opens_the_page_in_the_browser(monkeypatch, capsys):
    opened = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    page = draw_network(nn.MLP(2, [3, 1], seed=0)).show()
    assert opened == [page.as_uri()]
    assert capsys.readouterr().out == ""


def test_show_in_a_notebook_displays_the_picture(monkeypatch):
    import IPython
    import IPython.display

    shown = []
    kernel = type("Shell", (), {"kernel": object()})()
    monkeypatch.setattr(IPython, "get_ipython", lambda: kernel)
    monkeypatch.setattr(IPython.display, "display", shown.append)
    picture = draw(g())
    assert picture.show() is None
    assert shown == [picture]
