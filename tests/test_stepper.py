"""The stepper in a real browser: at every step it shows the engine's numbers, to everybody; without JavaScript, the picture."""

import copy
import random
import re

import pytest
from examples import LABELS, g, lecture_004, random_graph

from autograd_edu import Value, draw, exp, maximum, relu, sin, steps, tanh, where
from autograd_edu.arithmetic.floats import Floats
from autograd_edu.engine.value import topological_order
from autograd_edu.notation.formula import short
from autograd_edu.pictures.interactive.stepper import MOST

STATE = """root => ({
  rows: [...root.querySelectorAll("tbody tr")].map(row => [...row.children].map(e => e.textContent)),
  cards: [...root.querySelectorAll(".card")].map(card => [...card.querySelectorAll("text")].slice(0, 3).map(e => e.textContent)),
  tips: [...root.querySelectorAll(".card > title")].map(e => e.textContent),
  status: root.querySelector("[data-part=status]").textContent,
  now: [...root.querySelectorAll(".card")].flatMap((card, i) => card.matches(".now") ? [i] : []),
  marked: [...root.querySelectorAll("tbody tr")].flatMap((row, i) => row.ariaCurrent === "step" ? [i] : []),
  wires: [...root.querySelectorAll("[data-wire]")].map(wire => {
    const seen = e => e && getComputedStyle(e).display !== "none";
    return { way: wire.dataset.wire, lit: wire.matches(".forward,.backward"), back: seen(wire.querySelector(".back")),
      there: seen(wire.querySelector(".there")), dashed: getComputedStyle(wire.querySelector("path")).strokeDasharray !== "none",
      text: seen(wire.querySelector("text")) ? wire.querySelector("text").textContent : "" };
  }),
})"""


def state(page, nth=0):
    return page.locator(".autograd-stepper").nth(nth).evaluate(STATE)


def ten():
    a, b = Value(0.5, "a"), Value(0.3, "b")
    return tanh(a * b + sin(a) * 3) * exp(b)


def network(sizes=(3, 4, 4, 1), seed=1):
    """A network written out in products and sums: 117 values by default."""
    rng = random.Random(seed)
    layer, values = [Value(rng.uniform(-1, 1), f"x{i}") for i in range(sizes[0])], 0
    for size in sizes[1:]:
        made = []
        for _ in range(size):
            s = Value(rng.uniform(-1, 1), f"b{values}")
            for v in layer:
                values += 1
                s = Value(rng.uniform(-1, 1), f"w{values}") * v + s
            made.append(tanh(s))
        layer = made
    return sum(layer[1:], layer[0])


def branches():
    a, b = Value(-2.0, "a"), Value(3.0, "b")
    return where(a > b, a * a, b * a) + maximum(a, b, 3.0) + relu(a)


GRAPHS = {
    "g": g,
    "ten values": ten,
    "a square": lambda: Value(-3.0, "a") ** 2 * 2,
    "one value": lambda: Value(2.0, "x"),
    "branches": branches,
}
GRAPHS |= {"lecture 004": lambda: lecture_004(0.5), "a random graph": lambda: random_graph(7)}


# ---- what it shows --------------------------------------------------------------------------------------------------


def by_hand(y):
    """(value, gradient) texts of every node at every step, computed from the graph alone and not from the record."""
    order = topological_order(y)
    place = {id(v): i for i, v in enumerate(order)}
    value, gradient = [None if v.op else v.data for v in order], [None] * len(order)
    shots = []

    def shot():
        shots.append(
            [
                ["?" if v is None else short(v), "–" if d is None else short(d)]
                for v, d in zip(value, gradient, strict=True)
            ]
        )

    shot()
    for i, v in enumerate(order):
        if v.op:
            value[i] = v.op.value(Floats, *[p.data for p in v.parents])
            shot()
    gradient[-1] = 1.0
    shot()
    for i in reversed(range(len(order))):
        if not order[i].op or gradient[i] is None:
            continue
        for parent, local in zip(order[i].parents, order[i].local_grads, strict=True):
            j = place[id(parent)]
            if not parent.is_constant and not (order[i].op.selects and local == 0.0):
                gradient[j] = (gradient[j] or 0.0) + local * gradient[i]
        shot()
    assert shots[-1] == [
        [short(v.data), short(v.grad) if v.has_grad else "–"] for v in differentiated(y)
    ]
    return shots


def differentiated(y):
    """The values of a copy of the graph of ``y`` after one backward pass."""
    order = topological_order(copy.deepcopy(y))
    for v in order:
        if not v.is_constant:
            v.clear_grad()
    order[-1].backward()
    return order


def assert_step(page, record, shots, k, nth=0):
    """Everything that is shown after ``k`` steps: numbers in cards and table, sentence, active node and wires, local gradients."""
    seen, step = state(page, nth), record[k - 1] if k else None
    assert [row[1:] for row in seen["rows"]] == [card[1:] for card in seen["cards"]] == shots[k]
    assert [tip.rsplit(", value ", 1)[1] for tip in seen["tips"]] == [
        f"{'not computed yet' if v == '?' else v}, gradient {'none yet' if d == '–' else d}"
        for v, d in shots[k]
    ]
    assert seen["now"] == seen["marked"] == ([step.node] if step else [])
    way = "start" if step is None else "forward →" if step.kind == "forward" else "← backward"
    assert seen["status"].startswith(f"Step {k} of {len(record)}, {way}")
    if step:
        assert seen["status"].endswith(f": {step.sentence}")
    gives = {(step.node, part.parent) for part in step.parts} if step else set()
    for wire in seen["wires"]:
        tail, head, slot = map(int, wire["way"].split())
        forward, back = way == "forward →" and step.node == head, (head, tail) in gives
        assert (wire["lit"], wire["back"], wire["there"]) == (forward or back, back, not back)
        assert wire["dashed"] == back
        node, parent = record.nodes[head], record.nodes[tail]
        known = shots[k][head][0] != "?" and parent.kind != "constant"
        assert wire["text"] == (short(node.local_grads[slot]) if known else "")


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
def test_by_slider_every_step_shows_the_engines_numbers(show, graph):
    y = graph()
    record, shots = steps(y), by_hand(y)
    assert len(shots) == len(record) + 1
    page = show(record._repr_html_())
    for k in [*range(len(shots)), *reversed(range(len(shots)))]:
        page.locator("[data-part=slider]").fill(str(k))
        assert_step(page, record, shots, k)


def test_buttons_step_to_the_end_and_back(show):
    y = ten()
    record, shots, page = steps(y), by_hand(y), show(draw(y).html)
    following, before = (
        page.get_by_role("button", name="Next"),
        page.get_by_role("button", name="Back"),
    )
    for k in range(len(record)):
        assert_step(page, record, shots, k)
        following.click()
    assert following.get_attribute("aria-disabled") == "true"
    following.click(force=True)
    for k in reversed(range(len(record))):
        before.click()
        assert_step(page, record, shots, k)
    assert before.get_attribute("aria-disabled") == "true"


def test_keys_step_to_the_end_and_back(show):
    y = ten()
    record, shots, page = steps(y), by_hand(y), show(draw(y).html)
    page.keyboard.press("Tab")
    for key, where_to in [
        ("ArrowRight", range(1, len(shots))),
        ("ArrowLeft", reversed(range(len(record)))),
    ]:
        for k in where_to:
            page.keyboard.press(key)
            assert_step(page, record, shots, k)
    for key, k in [
        ("End", len(record)),
        ("ArrowRight", len(record)),
        ("Home", 0),
        ("ArrowLeft", 0),
    ]:
        page.keyboard.press(key)
        assert_step(page, record, shots, k)
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    assert_step(page, record, shots, 1)


def test_a_network_of_more_than_a_hundred_values(show):
    y = network()
    record, shots = steps(y), by_hand(y)
    page = show(record._repr_html_())
    for k in range(0, len(shots), 7):
        page.locator("[data-part=slider]").fill(str(k))
        assert_step(page, record, shots, k)


def test_a_changed_number_is_noticed(show):
    record, shots = steps(g()), by_hand(g())
    html = record._repr_html_()
    assert html.count('"-12"') == 1
    page = show(html.replace('"-12"', '"-13"'))
    assert_step(page, record, shots, 0)
    page.get_by_role("button", name="Next").click()
    with pytest.raises(AssertionError):
        assert_step(page, record, shots, 1)


def test_the_start_says_that_gradients_begin_at_zero_where_the_values_hold_others(show):
    y = g()
    assert "Gradients begin at zero." in state(show(draw(y).html))["status"]
    y.backward()
    assert (
        "one pass from gradients of zero; the values hold other gradients"
        in state(show(draw(y).html))["status"]
    )


# ---- playing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("speed", "pause"), [("slow", 2400), ("normal", 1200), ("fast", 400)])
def test_play_goes_on_by_itself_at_each_speed_and_stops_at_the_end(show, speed, pause):
    record, page = steps(g()), show(draw(g()).html, clock=True)
    page.get_by_label("Speed").select_option(speed)
    page.get_by_role("button", name="Play").click()
    at = page.get_by_role("slider")
    for k in range(len(record)):
        page.clock.run_for(pause - 1)
        assert at.input_value() == str(k)
        page.clock.run_for(1)
    assert at.input_value() == str(len(record))
    page.clock.run_for(10 * pause)
    assert page.get_by_role("button", name="Play").get_attribute("aria-pressed") == "false"
    page.get_by_role("button", name="Play").click()
    assert at.input_value() == "0"


def test_play_pauses_on_its_button_on_a_step_and_on_space(show):
    page = show(draw(g()).html, clock=True)
    at, play = page.get_by_role("slider"), page.get_by_role("button", name=re.compile("Play|Pause"))

    def stands_still(k):
        page.clock.run_for(6000)
        assert (at.input_value(), play.text_content()) == (str(k), "▶ Play")

    play.click()
    page.clock.run_for(1200)
    assert play.text_content() == "❚❚ Pause"
    play.click()
    stands_still(1)
    play.click()
    page.get_by_role("button", name="Next").click()
    stands_still(2)
    page.locator(".autograd-stepper").focus()
    page.keyboard.press(" ")
    page.clock.run_for(1200)
    page.keyboard.press(" ")
    stands_still(3)


def test_arrow_keys_in_the_list_of_speeds_choose_a_speed_and_no_step(show):
    page = show(draw(g()).html)
    page.get_by_label("Speed").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_label("Speed").input_value() == "400"
    assert page.get_by_role("slider").input_value() == "0"


def test_another_speed_counts_at_once(show):
    page = show(draw(g()).html, clock=True)
    page.get_by_role("button", name="Play").click()
    page.get_by_label("Speed").select_option("fast")
    page.clock.run_for(800)
    assert page.get_by_role("slider").input_value() == "2"


# ---- one value -----------------------------------------------------------------------------------------------------------


def test_a_chosen_card_gives_formula_local_gradients_and_the_sum_over_its_consumers(show):
    a = Value(3.0, "a")
    b = a * 2
    b.label = "b"
    y = b + sin(a)
    y.label = "y"
    page = show(draw(y).html)
    detail = page.locator("[data-part=detail]")
    page.locator(".card").nth(2).click()
    assert detail.locator("p").all_text_contents() == [
        "value not computed yet",
        "gradient: none yet",
    ]
    page.keyboard.press("End")
    assert detail.locator("b").text_content() == "b = a·2"
    assert detail.locator("p").all_text_contents() == [
        "value 6",
        "local gradient ∂b/∂a = 2 = 2",
        "gradient: 1 × 1 (through y) = 1",
    ]
    page.locator(".card").nth(0).focus()
    page.keyboard.press("Enter")
    assert page.locator(".card").nth(0).get_attribute("aria-pressed") == "true"
    assert detail.locator("p").all_text_contents() == [
        "value 3",
        "gradient: (-0.99) × 1 (through v1) + 2 × 1 (through b) = 1.01",
    ]
    page.locator(".card").nth(1).focus()
    page.keyboard.press(" ")
    assert detail.locator("p").all_text_contents() == [
        "value 2",
        "gradient: none, it is a constant",
    ]
    page.locator(".card").nth(3).click()
    assert detail.locator("p").all_text_contents()[:2] == [
        "value 0.1411200080598672",
        "local gradient ∂v1/∂a = cos(a) = -0.9899924966004454",
    ]
    page.locator(".card").nth(4).click()
    assert detail.locator("p").last.text_content() == "gradient: 1 (seed) = 1"


def test_nothing_tells_a_gradient_before_its_step(show):
    page = show(draw(ten()).html)
    assert (
        page.locator(".autograd-stepper")
        .evaluate("e => e.querySelector('svg').outerHTML")
        .count("none yet")
        == 20
    )


# ---- everybody can use it ---------------------------------------------------------------------------------------------------

FOCUS = """() => { const e = document.activeElement, s = getComputedStyle(e);
  return [e.dataset.part || e.getAttribute("class"), s.outlineStyle, parseFloat(s.outlineWidth)]; }"""


def test_every_control_is_reached_by_tab_and_shows_its_focus(show):
    page, reached = show(draw(g()).html), []
    while True:
        page.keyboard.press("Tab")
        name, line, width = page.evaluate(FOCUS)
        if name is None:
            break
        assert (line, width >= 2) == ("solid", True), name
        reached.append(name.split()[0])
    assert reached == [
        "autograd-stepper",
        "back",
        "next",
        "play",
        "speed",
        "slider",
        *["card"] * 5,
        "table",
    ]


def test_controls_have_names_and_roles(show):
    page = show(draw(g()).html)
    for name in ("Next", "Back", "Play", "f = x·y, value not computed yet, gradient none yet"):
        assert page.get_by_role("button", name=name).count() == 1
    for role, name in [
        ("slider", "Step"),
        ("combobox", "Speed"),
        ("region", "Values and gradients so far"),
        ("group", "Computation graph of g"),
    ]:
        assert page.get_by_role(role, name=name).count() >= 1
    assert page.get_by_role("status").text_content().startswith("Step 0 of 5, start")
    page.get_by_role("button", name="Next").click()
    assert (
        page.get_by_role("slider")
        .get_attribute("aria-valuetext")
        .startswith("Step 1 of 5, forward")
    )
    assert page.get_by_role("row", name="x 3 –").count() == 1
    for card in page.locator(".card").all():
        assert card.get_attribute("aria-label") == card.locator("title").text_content()


CONTRAST = """() => {
  const rgb = text => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const over = (top, below, alpha) => top.slice(0, 3).map((c, i) => alpha * c + (1 - alpha) * below[i]);
  const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = c => c.map(v => linear(v / 255)).reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
  const root = document.querySelector(".autograd-stepper"), paper = rgb(getComputedStyle(root).backgroundColor), found = [];
  for (const e of root.querySelectorAll("text, b, p, th, td, button, label, select")) {
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    if (!box.width || !e.textContent.trim() || e.ariaDisabled === "true") continue;
    let below = paper, ink = rgb(style.color);
    if (e.tagName === "text") {
      ink = rgb(style.fill);
      for (const rect of e.parentNode.querySelectorAll(":scope > rect")) {
        const r = rect.getBoundingClientRect(), s = getComputedStyle(rect), beside = r.left > box.left + 1 || r.right < box.right - 1;
        if (s.display !== "none" && !beside && r.top <= box.top + 3 && r.bottom >= box.bottom - 3)
          below = over(rgb(s.fill), below, +s.fillOpacity);
      }
    } else if (rgb(style.backgroundColor)[3] !== 0) below = rgb(style.backgroundColor).slice(0, 3);
    found.push([ratio(ink, below), e.textContent.slice(0, 30)]);
  }
  return found.sort((p, q) => p[0] - q[0]);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("where_to", ["Home", "middle", "End"])
def test_text_stands_out_from_its_ground_in_light_and_dark(show, scheme, where_to):
    page = show(draw(network((2, 2, 1))).html, color_scheme=scheme)
    page.locator(".card").nth(3).click()
    page.keyboard.press("Home" if where_to == "middle" else where_to)
    for _ in range(14 if where_to == "middle" else 0):
        page.keyboard.press("ArrowRight")
    found = page.evaluate(CONTRAST)
    assert len(found) > 60
    assert found[0][0] >= 4.5, found[:5]
    ground = page.locator(".autograd-stepper").evaluate("e => getComputedStyle(e).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 25, 29)"}[scheme]


def test_text_that_does_not_stand_out_is_found(show):
    page = show(draw(g()).html)
    page.add_style_tag(content=".autograd-stepper{--quiet:#ccc!important;--value:#ccc!important}")
    assert page.evaluate(CONTRAST)[0][0] < 2


@pytest.mark.parametrize(
    "body", ["data-jp-theme-light='false'", "data-vscode-theme-kind='vscode-dark'"]
)
def test_the_theme_of_the_program_around_it_counts_for_more_than_that_of_the_system(show, body):
    one = steps(g())._repr_html_()
    dark = "e => e.classList.contains('dark')"
    assert show(f"<body {body}>{one}").locator(".autograd-stepper").evaluate(dark)
    light = body.replace("false", "true").replace("vscode-dark", "vscode-light")
    assert (
        not show(f"<body {light}>{one}", color_scheme="dark")
        .locator(".autograd-stepper")
        .evaluate(dark)
    )


def test_nothing_moves_by_itself_and_least_of_all_for_those_who_ask_for_it(show):
    for motion in ("reduce", "no-preference"):
        page = show(draw(g()).html, reduced_motion=motion)
        page.get_by_role("button", name="Next").click()
        assert page.evaluate("document.getAnimations().length") == 0
        assert page.evaluate(
            "[...document.querySelectorAll('*')].every(e => getComputedStyle(e).transitionDuration === '0s')"
        )
        assert state(page)["status"].startswith("Step 1 of 5")


# ---- everywhere --------------------------------------------------------------------------------------------------------------


def test_without_javascript_the_picture_stays(show):
    page = show(draw(g()).html, java_script_enabled=False)
    assert page.locator("img").bounding_box()["width"] > 100
    assert page.get_by_role("img", name="Computation graph of g").count() == 1
    for part in ("next", "slider", "table", "status"):
        assert not page.locator(f"[data-part={part}]").is_visible()


def test_two_copies_are_independent(show):
    y = g()
    record, shots, one = steps(y), by_hand(y), steps(y)._repr_html_()
    assert " id=" not in one
    page = show(one + one + draw(ten())._repr_mimebundle_()["text/html"])
    page.locator("[data-part=next]").nth(1).click()
    assert_step(page, record, shots, 0, nth=0)
    assert_step(page, record, shots, 1, nth=1)
    page.locator("[data-part=next]").nth(0).focus()
    page.keyboard.press("End")
    assert_step(page, record, shots, 5, nth=0)
    assert_step(page, record, shots, 1, nth=1)
    assert_step(page, steps(ten()), by_hand(ten()), 0, nth=2)


def test_no_label_runs(show):
    page = show("".join(steps(Value(2.0, label) * 3)._repr_html_() for label in LABELS.values()))
    plain = show(steps(Value(2.0, "x") * 3)._repr_html_())
    assert page.locator(".autograd-stepper").count() == len(LABELS)
    for what in ("*", "script", ".card", "[onload]", "b"):
        assert (
            page.locator(f".autograd-stepper {what}").count()
            == len(LABELS) * plain.locator(f".autograd-stepper {what}").count()
        )
    for i, label in enumerate(LABELS.values()):
        copy = page.locator(".autograd-stepper").nth(i)
        copy.locator("[data-part=next]").click()
        copy.locator(".card").first.click()
        assert (
            label[:3] in copy.locator("[data-part=detail] b").text_content()
            or not label.isprintable()
        )


def test_a_wide_picture_scrolls_at_its_own_size_with_the_table_below(show):
    lab = "<style>.jp-RenderedHTMLCommon svg { max-width: 100%; height: auto }</style><div class=jp-RenderedHTMLCommon>"
    page = show(
        lab + draw(network((2, 2, 1)), detail="full")._repr_mimebundle_()["text/html"],
        viewport={"width": 1000, "height": 700},
    )
    drawn, view = (
        page.locator("svg").bounding_box(),
        page.locator("[data-part=picture]").bounding_box(),
    )
    assert drawn["width"] == float(page.locator("svg").get_attribute("width")) > view["width"]
    assert page.locator("[data-part=table]").bounding_box()["y"] >= view["y"] + view["height"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("Tab")
    for _ in range(len(steps(network((2, 2, 1))))):
        page.keyboard.press("ArrowRight")
        card = page.locator(".card.now").bounding_box()
        assert view["x"] <= card["x"]
        assert card["x"] + card["width"] <= view["x"] + view["width"] + 1
    page.get_by_role("button", name="Fit width").click()
    assert page.locator("svg").bounding_box()["width"] <= view["width"]


def test_a_small_picture_has_the_table_beside_it(show):
    page = show(draw(g()).html, viewport={"width": 1000, "height": 700})
    assert (
        page.locator("[data-part=table]").bounding_box()["x"]
        > page.locator("svg").bounding_box()["x"] + 200
    )
    assert page.get_by_role("button", name="Fit width").count() == 0


# ---- small and fast -----------------------------------------------------------------------------------------------------------


def twenty(n=10):
    """``n`` values whose labels have 20 characters."""
    y = Value(0.1234567, "x" * 20)
    for i in range((n - 1) // 2):
        y = sin(y) if i % 2 else y * Value(1.2345678 + i, f"weight_number_{i:06d}")
        y.label = f"intermediate_{i:07d}"
    while len(topological_order(y)) < n:
        y = tanh(y)
        y.label = f"afterwards_{len(topological_order(y)):09d}"
    return y


def neuron():
    a, b, c = Value(2.5, "a"), Value(-3.25, "b"), Value(0.6881, "c")
    y = (a * b + c) * (a - c) + b * 2
    return y


SMALL = {"ten values": ten, "labels of 20 characters": twenty, "used often": neuron}


@pytest.mark.parametrize("graph", SMALL.values(), ids=SMALL)
def test_ten_values_take_at_most_30_kilobytes(graph):
    y = graph()
    assert len(topological_order(y)) == 10
    y.backward()
    assert len(steps(y)._repr_html_().encode()) <= 30_000
    assert len(draw(y).html.encode()) <= 30_000


def test_some_hundred_values_take_at_most_400_kilobytes():
    for y in (network(), twenty(122), network((5, 6, 2))):
        assert 100 <= len(topological_order(y)) <= MOST
        assert len(steps(y)._repr_html_().encode()) <= 200_000


def test_a_long_pass_is_not_stepped_through_and_the_picture_says_why(show):
    y = network((4, 8, 4))
    assert len(topological_order(y)) > MOST
    assert steps(y)._repr_html_() is None
    html = draw(y, detail="full")._repr_mimebundle_()["text/html"]
    assert "<script" not in html
    page = show(html)
    assert (
        page.locator("p").text_content()
        == "223 values are too many to step through (at most 150): print(steps(y)) lists the pass."
    )
    assert page.locator("img").evaluate("e => e.naturalWidth") > 1000


def test_another_style_or_level_is_a_picture_alone_even_where_nothing_is_trusted(show):
    for options, note in [
        ({"style": "circuit"}, []),
        ({"style": "micrograd"}, []),
        ({"detail": "fused"}, ['draw(y, detail="full")']),
    ]:
        y = network((2, 2, 1))
        page = show(draw(y, **options)._repr_mimebundle_()["text/html"], java_script_enabled=False)
        assert page.locator("img").bounding_box()["width"] > 300
        assert [text[: len(note[0])] for text in page.locator("p").all_text_contents()] == note
    assert "text/html" in draw(network((2, 2, 1)))._repr_mimebundle_()


def test_a_part_of_a_pass_shows_as_tables():
    record = steps(g())
    assert record._repr_html_()
    for part in (
        record[:3],
        record.backward,
        record.of("x"),
        type(record).from_json(record.to_json()),
    ):
        assert part._repr_html_() is None
        assert part._repr_markdown_()


PAINT = """async () => {
  const root = document.querySelector(".autograd-stepper"), times = [];
  for (let i = 0; i < 25; i++) {
    const start = performance.now();
    root.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    root.getBoundingClientRect();
    document.querySelector("svg").getBBox();
    times.push(performance.now() - start);
    await new Promise(requestAnimationFrame);
  }
  return times.sort((a, b) => a - b)[12];
}"""


def test_a_key_is_answered_within_fifty_milliseconds(show):
    y = network((3, 11, 4))
    assert len(topological_order(y)) > 250
    from autograd_edu.pictures.interactive.stepper import stepper
    from autograd_edu.pictures.scene.scene import scene

    page = show(stepper(scene(y), steps(y).record))
    assert page.evaluate(PAINT) < 50


def test_the_script_is_shipped_as_it_was_written():
    from importlib.resources import files

    script = (files("autograd_edu.pictures.interactive") / "stepper.js").read_text(encoding="utf-8")
    assert script in steps(ten())._repr_html_()
    assert "</script" not in script


def test_a_gradient_is_tinted_when_it_is_whole(show):
    x = Value(1.0, "x")
    r = x * 8.0 + x * -5.0
    r.backward()
    page = show(draw(r).html)
    tint = page.locator(".card").first.locator("rect + rect")
    seen = []
    for _ in steps(r):
        page.get_by_role("button", name="Next ▶").click()
        shown = page.locator(".card").first.locator("text").nth(2).text_content()
        seen.append((shown, tint.is_visible()))
    assert seen[-2:] == [("-5", False), ("3", True)], (
        "the first of two consumers leaves a gradient of the other sign"
    )
    assert set(seen[:-2]) == {("–", False)}
