"""Pictures of random graphs of many shapes, read back from the SVG and compared with the engine.

Each graph is drawn in the default way, and once more in a random style and at a random level of
detail. The reader uses only what anyone can see in the picture: texts, their colours, and where
lines begin and end (`tests/drawn.py`). The expected numbers are written by a formatter of our own.
"""

import math
import random
import re
import time
import warnings
import xml.etree.ElementTree as ET
from contextlib import suppress
from statistics import median

from drawn import check_picture, read_svg
from examples import LABELS

from autograd_edu import (
    Value,
    dot,
    draw,
    exp,
    ieee,
    log,
    maximum,
    nn,
    relu,
    scope,
    sigmoid,
    sin,
    tanh,
    total,
    where,
)  # fmt: skip
from autograd_edu.errors import AutogradError, LayoutError

from . import Outcome

SLICE, LONG = 16, 300
STYLES, LEVELS = ("card", "circuit", "micrograd"), ("auto", "full", "fused", "neuron", "layer")
LIMIT = 1500  # boxes of a picture
LEAST = 10  # boxes that every picture keeps, or all that there are


def number(x):
    """A number as pictures show it: whole ones as they are, others to four digits."""
    if x == x and abs(x) < 1e6 and x == int(x):
        return str(int(x))
    return f"{x:.4g}"


# ---- graphs --------------------------------------------------------------------------------------


def chain(rng, size):
    y = Value(rng.uniform(0.1, 1.0), "x")
    for _ in range(size):
        y = rng.choice([sin, tanh, lambda v: v * 1.01 + 0.1])(y)
    return y


def star(rng, size):
    x = Value(rng.uniform(0.1, 1.0), "x")
    return total([tanh(x * rng.uniform(-1, 1)) for _ in range(size // 3 + 1)])


def samples(rng, size):
    w, b = Value(rng.uniform(-1, 1), "w"), Value(rng.uniform(-1, 1), "b")
    count = size // 7 + 1
    return sum((w * (i / count) + b - rng.random()) ** 2 for i in range(count))


def leaves(rng, size):
    xs = [Value(rng.uniform(-1, 1), f"x{i}") for i in range(size // 2 + 1)]
    return rng.choice([sum, total, lambda v: dot(v, v), lambda v: maximum(*v)])(xs)


def recurrent(rng, size):
    h, w, u, b = (Value(rng.uniform(-1, 1), name) for name in "hwub")
    for _ in range(size // 6 + 1):
        h = tanh(w * h + u * Value(rng.uniform(-1, 1)) + b)
    return h


def descent(rng, size):
    x, rate = Value(rng.uniform(1, 3), "x"), 0.01
    for _ in range(size // 7 + 1):
        x = x - rate * (2.0 * x + sin(x))
    return x


def deep(rng, size):
    values = [Value(rng.uniform(0.3, 2.0), f"p{i}") for i in range(4)]
    while len(values) < size:
        a, b = rng.choice(values[-8:]), rng.choice(values[-8:])
        values.append(rng.choice(MAKE)(a, b))
    return total(values[-8:])


def wide(rng, size):
    values = [Value(rng.uniform(0.3, 2.0), f"p{i}") for i in range(6)]
    while len(values) < size:
        values.append(rng.choice(MAKE)(rng.choice(values), rng.choice(values)))
    return total(values[size // 4 :])


MAKE = [
    lambda a, b: tanh(a + b), lambda a, b: sin(a * b), lambda a, b: a - b * 0.5,
    lambda a, b: relu(a - b), lambda a, b: tanh(a * a), lambda a, b: where(a > b, a, b),
    lambda a, b: sigmoid(a) * b,
]  # fmt: skip


def doubling(rng, size):
    y = Value(rng.uniform(0.5, 1.0) / 2.0**40, "x")
    for _ in range(min(size, 900)):
        y = y + y if rng.random() < 0.5 else tanh(y * y + y)
    return y


def network(rng, size):
    width = max(int(math.sqrt(size / 4)), 1)
    model = nn.MLP(2, [width, width, 1], activation="tanh", seed=rng.randrange(9))
    return total(
        [(model([rng.random(), rng.random()]) - 1.0) ** 2 for _ in range(rng.randint(1, 3))]
    )


def scopes(rng, size):
    y = Value(0.5, "x")
    for _ in range(size // 6 + 1):
        with scope(rng.choice("abc")), scope(rng.choice("de")):
            y = tanh(y * Value(rng.uniform(-1, 1), "w") + 0.1)
    return y


def not_finite(rng, size):
    with ieee():
        values = [Value(x) for x in (0.0, -0.0, math.inf, -math.inf, math.nan, 1e308, 5e-324)]
        for _ in range(min(size, 200)):
            values.append(rng.choice(ODD)(rng.choice(values), rng.choice(values)))
        return total(values[-20:])


ODD = [
    lambda a, b: a * b, lambda a, b: a / b, lambda a, b: a - b,
    lambda a, _: exp(a), lambda a, _: log(a),
]  # fmt: skip


def hostile(rng, size):
    y = Value(0.5, "x")
    for _ in range(size // 3 + 1):
        y = tanh(y * Value(rng.uniform(-1, 1), rng.choice(list(LABELS.values()))))
        y.label = rng.choice(list(LABELS.values())) if rng.random() < 0.3 else ""
    return y


GRAPHS = [
    chain, star, samples, leaves, recurrent, descent, deep, wide, doubling, network, scopes,
    not_finite, hostile,
]  # fmt: skip


# ---- what is held --------------------------------------------------------------------------------


def reach(y):
    """Every value that ``y`` depends on, found without the package's own walk."""
    found, stack = {id(y): y}, [y]
    while stack:
        for parent in stack.pop().parents:
            if id(parent) not in found:
                found[id(parent)] = parent
                stack.append(parent)
    return list(found.values())


def check(y, svg, style):
    """The number of boxes in the picture. Raises AssertionError if anything in it is untrue."""
    note = re.search(r">([\d,]+) box(?:es)? for ([\d,]+) values", svg)
    if note is None:
        check_picture(y, svg, style)
        return len(reach(y))
    values, drawn = reach(y), read_svg(svg)
    shown = {(number(v.data), number(v.grad) if v.has_grad else "–") for v in values}
    boxes, folded = (int(text.replace(",", "")) for text in note.groups())
    assert folded == len(values), "the note counts other values"
    assert boxes == sum(len(texts) > 1 for texts in drawn.texts.values()), "the note counts others"
    for i, value in drawn.value.items():
        if drawn.gradient[i] and not re.search("[‖…]", "".join(drawn.texts[i])):
            assert (value, drawn.gradient[i]) in shown, f"box {i} shows numbers that no value has"
    circles = {i for i, texts in drawn.texts.items() if len(texts) == 1}
    assert carried(svg, circles) <= sum(len(v.parents) for v in values), (
        "there are more wires than uses"
    )
    return boxes


def carried(svg, circles):
    """How many uses the wires stand for: "3 uses" counts three, a wire from a circle none."""
    found = 0
    for e in ET.fromstring(svg).iter():
        if "data-wire" in e.attrib and int(e.get("data-wire").split()[0]) not in circles:
            texts = [t.text for t in e.iter("{http://www.w3.org/2000/svg}text")]
            found += next(
                (int(t[:-5].replace(",", "")) for t in texts if re.fullmatch(r"[\d,]+ uses", t)), 1
            )
    return found


# ---- a run ---------------------------------------------------------------------------------------


def graph(make, seed, size):
    """The graph, after a backward pass if there is one."""
    with ieee():
        y = make(random.Random(seed), size)
        with suppress(AutogradError):
            y.backward()
    return y


def run(seed, count):
    outcome, times = Outcome(), []
    for k in range(count):
        rng = random.Random(f"{seed} {k}")
        size = round(math.exp(rng.uniform(math.log(10), math.log(3000 if count > SLICE else 800))))
        case = (GRAPHS[(seed + k) % len(GRAPHS)], rng.randrange(10**6), size)
        outcome.count("graphs")
        for style, detail in [("card", "auto"), (rng.choice(STYLES), rng.choice(LEVELS))]:
            error = draw_one(case, style, detail, outcome, times)
            if error:
                outcome.failures.append(written(case, style, detail, error))
    outcome.figures["s for the slowest"] = max(times)
    outcome.figures["s in the median"] = median(times)
    return outcome


def draw_one(case, style, detail, outcome, times):
    """What is wrong with a picture, or None; and its figures."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = graph(*case)
        values, begun = len(reach(y)), time.perf_counter()
        try:
            svg = draw(y, style=style, detail=detail).svg
        except LayoutError as error:
            outcome.count("refused: more boxes asked for than a picture can have")
            return None if values > LIMIT and detail != "auto" else error
        times.append(time.perf_counter() - begun)
        outcome.largest("values in the largest", values)
        outcome.count("pictures")
        outcome.count("laid out in columns", "laid out in columns" in svg)
        outcome.count("where Graphviz took too long", "took more than" in svg)
        try:
            boxes = check(y, svg, style)
            if detail == "auto" and boxes < min(LEAST, values):
                outcome.count(f"of {case[0].__name__} with fewer than {LEAST} boxes")
        except (AssertionError, ET.ParseError) as error:
            return error
    return None


def written(case, style, detail, error):
    """A few lines for a test that show the failure at the smallest size that has it."""
    make, seed, size = case
    for smaller in (10, 20, 40, 80, 160, 320):
        if smaller < size and draw_one((make, seed, smaller), style, detail, Outcome(), []):
            size = smaller
            break
    return (
        f"# {type(error).__name__}: {str(error)[:300]}\n"
        f"from campaign.pictures import check, graph, {make.__name__}\n"
        f"y = graph({make.__name__}, {seed}, {size})\n"
        f'check(y, draw(y, style="{style}", detail="{detail}").svg, "{style}")\n'
    )
