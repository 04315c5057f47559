"""Large graphs are drawn at once, and their pictures can be followed: nothing covers anything."""

import os
import random
import re
import stat
import struct
import subprocess
import xml.etree.ElementTree as ET

import pytest
from campaign.pictures import check
from drawn import check_dot, check_picture, read_svg
from examples import g

from autograd_edu import Value, draw, nn, steps, tanh, to_dot, total
from autograd_edu.pictures.render.layout import program

SVG = "{http://www.w3.org/2000/svg}"
STYLES = ("card", "circuit", "micrograd")


def loss_of_samples(count):
    """The mean-square loss of a line, summed with Python's sum: a picture that once never came."""
    w, b = Value(0.5, "w"), Value(0.1, "b")
    return sum((w * (i / count) + b - 1.0) ** 2 for i in range(count))


def recurrent(count):
    h = Value(0.0, "h")
    w, u, b = Value(0.5, "w"), Value(0.3, "u"), Value(0.1, "b")
    for i in range(count):
        h = tanh(w * h + u * Value(i / count) + b)
    return h


def descent(count):
    x, rate = Value(3.0, "x"), Value(0.01, "rate")
    for _ in range(count):
        x = x - rate * (2.0 * x + tanh(x))
    return x


def star(count):
    x = Value(0.5, "x")
    return total([tanh(x * float(i)) for i in range(count)])


def layers(count):
    rng, row = random.Random(0), [Value(float(i), f"x{i}") for i in range(count)]
    for _ in range(3):
        row = [total([x * rng.uniform(-1, 1) for x in row]) for _ in range(count)]
    return total(row)


def at_random(count):
    rng = random.Random(1)
    values = [Value(rng.random(), f"p{i}") for i in range(5)]
    while len(values) < count:
        a, b = rng.choice(values), rng.choice(values)
        values.append(
            rng.choice([lambda a, b: a + b, lambda a, b: a * b, lambda a, b: tanh(a - b)])(a, b)
        )
    return total(values[-150:])


GRAPHS = {
    "a loss of 200 samples": lambda: loss_of_samples(200),
    "a recurrent network of 100 steps": lambda: recurrent(100),
    "100 steps of gradient descent": lambda: descent(100),
    "a star": lambda: star(300),
    "layers": lambda: layers(15),
    "1,000 operands": lambda: total([Value(float(i)) for i in range(1000)]),
    "200 leaves": lambda: sum(Value(float(i), f"x{i}") for i in range(200)),
    "at random": lambda: at_random(250),
}


@pytest.fixture
def no_graphviz(tmp_path, monkeypatch):
    """A layout program that must not be asked."""
    monkeypatch.setenv("AUTOGRAD_EDU_DOT", str(tmp_path / "not there"))


@pytest.fixture(params=GRAPHS)
def large(request):
    y = GRAPHS[request.param]()
    y.backward()
    return y


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.slow
def test_a_large_picture_shows_every_number_and_wire_without_graphviz(large, style, no_graphviz):
    picture = draw(large, style=style, detail="full")
    check_picture(large, picture.svg, style)
    assert "large, so laid out in columns, without Graphviz</text>" in picture.svg


def rectangles(svg):
    """The left, top, right and bottom of each box in a picture of cards."""
    found = {}
    for e in ET.fromstring(svg).iter():
        if "data-node" in e.attrib:
            x, y = map(float, re.findall(r"-?[\d.]+", e.get("transform")))
            outline = e.find(f"{SVG}rect")
            found[int(e.get("data-node"))] = (
                x, y, x + float(outline.get("width")), y + float(outline.get("height"))
            )  # fmt: skip
    return found


@pytest.mark.slow
def test_no_two_boxes_overlap(large, no_graphviz):
    boxes = sorted(rectangles(draw(large, detail="full").svg).values())
    for k, (_, top, right, bottom) in enumerate(boxes):
        for left, other_top, _, other_bottom in boxes[k + 1 :]:
            if left >= right:
                break
            assert other_top >= bottom or other_bottom <= top


def on_the_way(curve, steps=6):
    """Points along a path of cubic Béziers."""
    numbers = list(map(float, re.findall(r"-?[\d.]+", curve)))
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    for k in range(0, len(points) - 1, 3):
        a, b, c, d = points[k : k + 4]
        for t in (i / steps for i in range(steps + 1)):
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            yield tuple(
                sum(w * p[i] for w, p in zip(weights, (a, b, c, d), strict=True)) for i in (0, 1)
            )


@pytest.mark.slow
def test_no_wire_passes_behind_a_box(large, no_graphviz):
    svg = draw(large, detail="full").svg
    boxes = rectangles(svg)
    columns = {}
    for box in boxes.values():
        columns.setdefault(round(box[0]), []).append(box)
    for e in ET.fromstring(svg).iter():
        for x, y in on_the_way(e.find(f"{SVG}path").get("d")) if "data-wire" in e.attrib else ():
            for left, inside in columns.items():
                if left + 3 < x < left + 60:
                    assert not any(
                        a + 3 < x < c - 3 and b + 3 < y < d - 3 for a, b, c, d in inside
                    ), f"wire {e.get('data-wire')} passes behind a box at {x:.0f}, {y:.0f}"


def test_operands_enter_a_card_one_below_the_other(no_graphviz):
    svg = draw(GRAPHS["1,000 operands"](), detail="full").svg
    found = [e for e in ET.fromstring(svg).iter() if "data-wire" in e.attrib]
    ends = {re.match(r"M(\S+ \S+?)L", e.findall(f"{SVG}path")[1].get("d"))[1] for e in found}
    assert len(found) == 1000
    assert len(ends) >= 44, "every pixel down the side of the card"


def test_a_small_picture_is_laid_out_by_graphviz():
    assert "laid out" not in draw(g()).svg


@pytest.mark.slow
def test_a_layout_program_that_does_not_answer_is_ended_and_the_picture_says_so(
    tmp_path, monkeypatch
):
    sleeper, number = tmp_path / "sleeper", tmp_path / "number"
    sleeper.write_text(f"#!/bin/sh\necho $$ > {number}\nexec sleep 600\n")
    sleeper.chmod(sleeper.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("AUTOGRAD_EDU_DOT", str(sleeper))
    y = g()
    picture = draw(y)
    check_picture(y, picture.svg)
    assert "laid out in columns: Graphviz took more than 2.5 seconds</text>" in picture.svg
    with pytest.raises(ProcessLookupError):
        os.kill(int(number.read_text()), 0)


def test_a_page_and_the_steps_of_a_large_graph_are_there_too(no_graphviz):
    y = recurrent(60)
    y.backward()
    assert "<svg" in draw(y, detail="full").html
    assert len(steps(y)) > 400


def test_wires_lead_to_the_rows_of_folded_boxes_in_columns_too(no_graphviz):
    y = recurrent(250)
    y.backward()
    picture = draw(y, detail="fused")
    assert "laid out in columns" in picture.svg
    assert (
        sum(read_svg(picture.svg).wires.values())
        == int(re.search(r"(\d+) boxes", picture.svg)[1]) - 1
    )


@pytest.mark.parametrize("large", ["1,000 operands", "at random"], indirect=True)
@pytest.mark.slow
def test_a_large_graph_as_dot_says_where_everything_is(large):
    """So a program that only draws it is done at once: `dot` itself would take minutes."""
    digraph = to_dot(large)
    check_dot(large, re.sub(' pos="[^"]*!"', "", digraph.source))
    places = re.findall(r'pos="(-?\d+),(-?\d+)!"', digraph.source)
    assert len(set(places)) == len(places) == digraph.source.count("| { value ")
    assert digraph.engine == "neato"
    drawn = subprocess.run(
        [program(), "-Kneato", "-Tsvg"], input=digraph.source.encode(), capture_output=True
    )
    assert b"<svg" in drawn.stdout


@pytest.mark.slow
def test_tables_of_a_thousand_operands_are_there():
    y = total([Value(float(i), f"x{i}") for i in range(1000)])
    text = steps(y).text()
    assert len(text.splitlines()) > 2000
    assert "∂v1/∂x0 = 1, ∂v1/∂x1 = 1, ∂v1/∂x2 = 1, …, ∂v1/∂x999 = 1  " in text


def test_a_png_of_a_very_wide_picture_is_no_wider_than_programs_can_show(tmp_path):
    y = Value(0.5, "x")
    for _ in range(100):
        y = tanh(y)
    path = draw(y, detail="full", direction="right").save(tmp_path / "y.png")
    wide, high = struct.unpack(">II", path.read_bytes()[16:24])
    assert 10_000 < wide <= 16_100
    assert high > 20


def test_the_campaign_sees_a_wrong_number_a_lost_wire_and_a_wrong_count():
    y = at_random(120)
    y.backward()
    for detail in ("full", "auto"):
        svg = draw(y, detail=detail).svg
        check(y, svg, "card")
        value = re.search(r'fill="#0b6e2e">([^<]+)<', svg)[1]
        for wrong in (
            svg.replace(f'fill="#0b6e2e">{value}<', 'fill="#0b6e2e">12.34<', 1),
            re.sub(r'(<g data-wire.*?<path d="M)[\d.]+ ', r"\g<1>99999 ", svg, count=1),
            re.sub(r">(\d+) boxes for", ">7 boxes for", svg)
            if detail == "auto"
            else re.sub(r"<g data-wire=.*?</g>", "", svg, count=1),
        ):
            assert wrong != svg
            with pytest.raises(AssertionError):
                check(y, wrong, "card")


# ---- the width of a notebook ---------------------------------------------------------------------


def chain(length):
    y = Value(0.5, "x")
    for _ in range(length):
        y = tanh(y)
    return y


def loss_over(points):
    w, b = Value(0.5, "w"), Value(0.1, "b")
    return total([(w * (i / points) + b - 1.0) ** 2 for i in range(points)])


def polynomial(degree):
    x, y = Value(0.7, "x"), Value(0.0)
    for i in range(degree):
        y = y * x + float(i + 1)
    return y


def network(sizes, samples):
    model, rng = nn.MLP(2, sizes, seed=1), random.Random(0)
    points = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(samples)]
    return total([(model(x) - 1.0) ** 2 for x in points])


NARROW = {
    **{f"a chain of {n}": lambda n=n: chain(n) for n in (2, 8, 40, 1000)},
    **{f"a loss over {n} points": lambda n=n: loss_over(n) for n in (4, 20, 200)},
    **{f"{n} steps of a recurrent network": lambda n=n: recurrent(n) for n in (10, 100)},
    **{f"a polynomial of degree {n}": lambda n=n: polynomial(n) for n in (5, 50)},
    **{
        f"a network of {sizes} on {n} samples": lambda sizes=sizes, n=n: network(sizes, n)
        for sizes in ([4, 1], [4, 4, 1], [16, 16, 1])
        for n in (1, 3, 8)
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("make", NARROW.values(), ids=NARROW)
def test_in_a_notebook_of_900_pixels_text_is_at_least_9_pixels_high(make):
    y = make()
    y.backward()
    width = float(re.match(r'<svg [^>]*?width="([\d.]+)"', draw(y).svg)[1])
    assert 12 * min(1, 900 / width) >= 9
