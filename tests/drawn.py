"""Pictures read back by a stranger: what anyone can see or parse in an SVG or a DOT text.

Values are the green texts, gradients the red ones or the dash. Wires are followed from where their
line starts to where its arrow ends, and what their attributes say must agree with that.
"""

import math
import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass

from autograd_edu import steps
from autograd_edu.engine.value import topological_order
from autograd_edu.notation.formula import short
from autograd_edu.pictures.render.columns import Layout

SVG = "{http://www.w3.org/2000/svg}"
GREEN, RED = "#0b6e2e", "#a01127"


@dataclass
class Drawn:
    """What each box and each wire shows.

    The texts, value, gradient and sum below each box ("" for none), wires as (from, to, slot), and
    the width of their ribbons, below 0 if it is dashed.
    """

    texts: dict
    value: dict
    gradient: dict
    wires: Counter
    ledger: dict
    ribbons: dict


def texts(element, part=...):
    """What each text of a picture says, also where a part of it has a colour of its own.

    ``part``: only texts with this ``data-part``; None for those that are no ledger.
    """
    said = [(t.get("data-part"), "".join(t.itertext())) for t in element.iter(f"{SVG}text")]
    return [
        text
        for name, text in said
        if part is ... or name == part or (part is None and name != "ledger")
    ]


def read_svg(svg):
    """Everything in an SVG of any style. AssertionError if a wire does not touch its boxes."""
    root = ET.fromstring(svg)
    boxes = {int(e.get("data-node")): e for e in root.iter() if "data-node" in e.attrib}
    places = {i: _place(e) for i, e in boxes.items()}
    wires, ribbons = Counter(), {}
    for e in root.iter():
        if "data-wire" in e.attrib:
            tail, head, slot = map(int, e.get("data-wire").split())
            start, tip = _ends(e)
            assert _touches(start, places[tail]), (
                f"wire {tail} to {head} starts at {start}, away from its box {places[tail]}"
            )
            assert _touches(tip, places[head]), (
                f"the wire from {tail} to {head} ends at {tip}, away from its box {places[head]}"
            )
            wires[tail, head, slot] += 1
            ribbons |= _ribbons(root, e, (tail, head, slot))
    ledger = {i: "".join(texts(e, part="ledger")) for i, e in boxes.items()}
    found = {i: texts(e, part=None) for i, e in boxes.items()}
    value = {
        i: next((t.text for t in e.iter(f"{SVG}text") if t.get("fill") == GREEN), "")
        for i, e in boxes.items()
    }
    gradient = {
        i: next(
            (
                t.text
                for t in e.iter(f"{SVG}text")
                if t.get("fill") == RED or (t.text == "–" and value[i])
            ),
            "",
        )
        for i, e in boxes.items()
    }
    return Drawn(found, value, gradient, wires, ledger, ribbons)


def _ribbons(root, wire, use):
    """The ribbon along a wire, if it has one: {use: width}, below 0 if it is dashed."""
    curve = wire.find(f"{SVG}path").get("d")
    (layer,) = [e for e in root.iter() if e.get("data-part") == "ribbons"]
    paths = [(group, path) for group in layer for path in group if path.get("d") == curve]
    widths = [
        float(path.get("stroke-width")) * (-1 if group.get("stroke-dasharray") else 1)
        for group, path in paths
    ]
    return dict.fromkeys([use], widths[0]) if widths else {}


def _place(box):
    x, y = map(float, re.fullmatch(r"translate\((.*),(.*)\)", box.get("transform")).groups())
    if (ellipse := box.find(f"{SVG}ellipse")) is not None:
        return x, y, x + 2 * float(ellipse.get("rx")), y + 2 * float(ellipse.get("ry"))
    rectangles = [
        [float(r.get(name, 0)) for name in ("x", "y", "width", "height")]
        for r in box.iter(f"{SVG}rect")
    ]
    lines = [
        float(n) for p in box.iter(f"{SVG}path") for n in re.findall(r"[MH](-?[\d.]+)", p.get("d"))
    ]
    baselines = [float(t.get("y")) for t in box.iter(f"{SVG}text")]
    return (
        x,
        y,
        x + max(lines + [r[0] + r[2] for r in rectangles]),
        y + max(baselines + [r[1] + r[3] for r in rectangles]),
    )


def tips(svg):
    """Where each wire ends, by head and slot."""
    wires = [e for e in ET.fromstring(svg).iter() if "data-wire" in e.attrib]
    return {tuple(map(int, e.get("data-wire").split()[1:])): _ends(e)[1] for e in wires}


def _ends(wire):
    curve, arrow = wire.findall(f"{SVG}path")
    start, tip = (
        re.match(r"M(-?[\d.]+) (-?[\d.]+)", path.get("d")).groups() for path in (curve, arrow)
    )
    return tuple(map(float, start)), tuple(map(float, tip))


def _touches(point, place, slack=4.0):  # the room around a gate is 2 pixels higher than the gate
    x, y = point
    left, top, right, bottom = place
    return left - slack <= x <= right + slack and top - slack <= y <= bottom + slack


def without_circles(drawn):
    """A picture of micrograd's style without its circles, and their symbols by result."""
    circles = {i for i, shown in drawn.texts.items() if len(shown) == 1}
    result = {}
    for tail, head, _ in drawn.wires:
        if tail in circles:
            assert tail not in result, f"circle {tail} has more than one result"
            result[tail] = head
    wires, ribbons = Counter(), {}
    for (tail, head, slot), count in drawn.wires.items():
        if tail not in circles:
            wires[tail, result.get(head, head), slot] += count
    for (tail, head, slot), width in drawn.ribbons.items():
        ribbons[tail, result[head], slot] = width
    kept = [
        {i: what for i, what in part.items() if i not in circles}
        for part in (drawn.texts, drawn.value, drawn.gradient)
    ]
    return Drawn(*kept, wires, drawn.ledger, ribbons), {
        result[i]: drawn.texts[i][0] for i in circles
    }


def shortened(number):
    """The number of a match, shortened as pictures show it."""
    return short(float(number[0]))


def check_picture(y, svg, style="card"):
    """Raise AssertionError unless ``svg`` shows every value behind ``y`` and every use of it."""
    order = topological_order(y)
    place = {id(value): i for i, value in enumerate(order)}
    drawn = read_svg(svg)
    if style == "micrograd":
        drawn, symbols = without_circles(drawn)
        shown = symbols
    elif style == "circuit":
        shown = {i: drawn.texts[i][0] for i, v in enumerate(order) if v.op}
    if style != "card":
        formulas = {step.node: step.formula for step in steps(y).forward}
        for i, v in enumerate(order):
            ordered = len(v.parents) > 1 and not (v.op.adds or v.op.multiplies)
            formula = re.sub(r"\d+\.\d+(e-?\d+)?", shortened, formulas.get(i, ""))
            may = {v.op.symbol, formula} if ordered else {v.op.symbol} if v.op else ()
            assert not v.op or shown[i] in may, f"the gate {shown[i]} is none of {may}"
    inside = in_formulas(order, drawn) if style == "card" else set()
    boxed = [(i, v) for i, v in enumerate(order) if i not in inside]
    assert drawn.value == {i: short(v.data) for i, v in boxed}, "the values differ"
    assert drawn.gradient == {i: short(v.grad) if v.has_grad else "–" for i, v in boxed}, (
        "the gradients differ"
    )
    uses = ((place[id(p)], i, k) for i, v in enumerate(order) for k, p in enumerate(v.parents))
    wanted = Counter(use for use in uses if use[0] not in inside)
    assert drawn.wires == wanted, (
        f"wires differ: {drawn.wires - wanted} are too many, {wanted - drawn.wires} are missing"
    )
    check_flow(order, drawn)


def check_flow(order, drawn):
    """Raise AssertionError unless ribbons and ledgers say what flowed back in the latest pass."""
    place = {id(value): i for i, value in enumerate(order)}
    shares = {}
    for head, v in enumerate(order):
        for slot, p in enumerate(v.parents):
            if not p.is_constant and v.has_grad and p.has_grad:
                shares[place[id(p)], head, slot] = v.local_grads[slot] * v.grad
    flows = {use: share for use, share in shares.items() if math.isfinite(share)}
    widest = max((abs(share) for share in flows.values()), default=0.0)  # no ribbon for inf, nan
    wanted = {
        use: math.copysign(max(13 * math.sqrt(abs(share) / widest), 1.5), share)
        for use, share in flows.items()
        if share
    }
    assert drawn.ribbons.keys() == wanted.keys(), "other wires have ribbons"
    for use, width in wanted.items():
        assert abs(drawn.ribbons[use] - width) <= 0.051, f"the ribbon of {use} has another width"
    for i, said in drawn.ledger.items():
        given = [share for (tail, _, _), share in shares.items() if tail == i]
        total = sum(given)
        if said:
            terms, _, result = said.rpartition(" = ")
            numbers = [float(term.strip("()")) for term in terms.split(" + ") if term != "…"]
            assert result == short(order[i].grad), "a sum has another result"
            assert {*map(short, numbers)} <= {*map(short, map(float, map(short, given)))}, (
                "a sum has other terms"
            )
            assert "…" in terms or math.isclose(
                sum(numbers), total, rel_tol=2e-3, abs_tol=1e-3 * max(map(abs, given))
            ), "a sum has too many terms or too few"
        else:
            used = [share for share in given if share]
            assert len(used) < 2 or not math.isclose(total, order[i].grad, rel_tol=1e-9), (
                f"the sum of {i} is missing"
            )


def in_formulas(order, drawn):
    """The plain numbers without a box: each can be read in the box of its user."""
    place = {id(value): i for i, value in enumerate(order)}
    inside = {i for i, v in enumerate(order) if v.is_constant and i not in drawn.texts}
    for i in inside:
        users = {place[id(v)] for v in order if any(p is order[i] for p in v.parents)}
        assert len(users) == 1, "a number of several users has a box"
        number = short(order[i].data).removeprefix("-")
        assert number in drawn.texts[users.pop()][0], f"{number} can be read nowhere"
    return inside


def check_dot(y, source):
    """AssertionError unless a DOT text has every value, and an edge for each use of an operand."""
    order = topological_order(y)
    place = {id(value): i for i, value in enumerate(order)}
    nodes = {
        int(i): (a, b)
        for i, a, b in re.findall(
            r'^\tn(\d+) \[label="\{.* \| \{ value (\S+) \| grad (\S+) \} \}"\]$', source, re.M
        )
    }
    assert nodes == {
        i: (short(v.data), short(v.grad) if v.has_grad else "–") for i, v in enumerate(order)
    }, "the nodes differ"
    edges = Counter(
        (int(a), int(b)) for a, b in re.findall(r"^\tn(\d+) -> n(\d+) \[", source, re.M)
    )
    assert edges == Counter((place[id(p)], i) for i, v in enumerate(order) for p in v.parents), (
        "the edges differ"
    )


def in_a_column(scene):
    """A layout without Graphviz: boxes below one another, and straight wires."""
    middles, top = [], 0.0
    wide = max(box.width for box in scene.boxes)
    for box in scene.boxes:
        middles.append((wide / 2, top + box.height / 2))
        top += box.height + 20
    wires = []
    for wire in scene.wires:
        (ax, ay), (bx, by) = middles[wire.tail], middles[wire.head]
        a, b = (
            (ax + scene.boxes[wire.tail].width / 2, ay + wire.slot),  # no two wires coincide
            (bx - scene.boxes[wire.head].width / 2, by),
        )
        wires.append(
            (
                (a, a, (b[0] - 9, b[1]), (b[0] - 9, b[1])),
                b,
                ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) if wire.text else None,
            )
        )
    return Layout(tuple(middles), tuple(wires), wide, top)
