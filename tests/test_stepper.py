"""The stepper in a real browser: at every step it shows the engine's numbers, to everybody.

Without JavaScript it is the picture. What moving a leaf does is tested in test_nudge.py.
"""

import copy
import random

import pytest
from examples import LABELS, g, lecture_004, random_graph

from autograd_edu import Value, draw, exp, maximum, relu, sin, steps, tanh, where
from autograd_edu.arithmetic.floats import Floats
from autograd_edu.engine.value import topological_order
from autograd_edu.notation.formula import short
from autograd_edu.pictures.interactive.stepper import MOST, SCRIPTS, stepper
from autograd_edu.pictures.scene.scene import scene
from autograd_edu.record.sentences import bracket

STATE = """root => ({
  nodes: [...root.querySelectorAll(".card")].map(card => +card.dataset.node),
  rows: [...root.querySelectorAll("tbody tr")].map(row =>
    [...row.children].slice(0, 3).map(e => e.textContent)),
  cards: [...root.querySelectorAll(".card")].map(card =>
    [...card.querySelectorAll("text")].slice(0, 3).map(e => e.textContent)),
  tips: [...root.querySelectorAll(".card > title")].map(e => e.textContent),
  status: root.querySelector("[data-part=status]").textContent,
  why: [...root.querySelectorAll("[data-part=why] li")].map(e => e.textContent),
  receivers: [...root.querySelectorAll(".card")]
    .flatMap(card => card.matches(".to") ? [+card.dataset.node] : []),
  now: [...root.querySelectorAll(".card")]
    .flatMap(card => card.matches(".now,.from") ? [+card.dataset.node] : []),
  marked: [...root.querySelectorAll("tbody tr")]
    .flatMap((row, i) => row.ariaCurrent === "step" ? [i] : []),
  wires: [...root.querySelectorAll("[data-wire]")].map(wire => {
    const seen = e => e && getComputedStyle(e).display !== "none";
    const dashes = getComputedStyle(wire.querySelector(".curve")).strokeDasharray;
    return { way: wire.dataset.wire, lit: wire.matches(".forward,.backward"),
      back: seen(wire.querySelector(".back")), there: seen(wire.querySelector(".there")),
      dashed: dashes === "7px, 4px",
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


# ---- what it shows -------------------------------------------------------------------------------


def by_hand(y):
    """(value, gradient) texts of every node at every step, from the graph and not the record."""
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
    """Everything that is shown after ``k`` steps.

    Numbers in cards and table, the sentences, the nodes and wires that take part, local gradients.
    """
    seen, step = state(page, nth), record[k - 1] if k else None
    shown = [shots[k][i] for i in seen["nodes"]]
    assert {node.index for node in record.nodes if node.kind != "constant"} <= {*seen["nodes"]}
    assert [row[1:] for row in seen["rows"]] == [card[1:] for card in seen["cards"]] == shown
    assert [tip.rsplit(", value ", 1)[1] for tip in seen["tips"]] == [
        f"{'not computed yet' if v == '?' else v}, gradient {'none yet' if d == '–' else d}"
        for v, d in shown
    ]
    assert (
        seen["now"]
        == [seen["nodes"][row] for row in seen["marked"]]
        == ([step.node] if step else [])
    )
    way = "start" if step is None else "forward →" if step.kind == "forward" else "← backward"
    assert seen["status"].startswith(f"Step {k} of {len(record)}, {way}")
    if way == "forward →":
        assert seen["status"].endswith(f": {step.sentence}")
    gives = {(step.node, part.parent) for part in step.parts} if step else set()
    assert seen["receivers"] == sorted({part.parent for part in step.parts} if step else [])
    reasons = [line for line in seen["why"] if " is the sum over " not in line]
    if way == "← backward" and step.kind == "backward":
        for line, part in zip(reasons, step.parts, strict=True):  # why: one line per receiver
            product = f"{bracket(part.local)} · {bracket(step.value)}"
            assert f"{product} = {short(part.contribution)}" in line
            if part.terms:
                terms = f"{short(part.terms[0])} + "
                assert any(f"{len(part.terms)} uses: {terms}" in line for line in seen["why"])
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


EVERY_STEP = """root => {
  const slider = root.querySelector("[data-part=slider]"), shots = [];
  for (let k = 0; k <= +slider.max; k++) {
    slider.value = k;
    slider.oninput();
    shots.push([...root.querySelectorAll(".card")].map(card =>
      [...card.querySelectorAll("text")].slice(1, 3).map(e => e.textContent)));
  }
  return [[...root.querySelectorAll(".card")].map(card => +card.dataset.node), shots];
}"""


@pytest.mark.random
def test_every_state_of_random_graphs_shows_the_numbers_by_hand(show, long):
    """With `--long` of 200 graphs, else of ten."""
    for seed in range(200 if long else 10):
        y = random_graph(seed)
        page, shots = show(steps(y)._repr_html_()), by_hand(y)
        nodes, seen = page.locator(".autograd-stepper").evaluate(EVERY_STEP)
        inputs = {i for i, v in enumerate(topological_order(y)) if not v.is_constant}
        assert inputs <= {*nodes}, seed
        assert seen == [[shot[i] for i in nodes] for shot in shots], seed


def test_buttons_step_to_the_end_and_back(show):
    y = ten()
    record, shots, page = steps(y), by_hand(y), show(steps(y)._repr_html_())
    following, before = (
        page.get_by_role("button", name="Next"),
        page.get_by_role("button", name="◀ Back"),
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
    record, shots, page = steps(y), by_hand(y), show(steps(y)._repr_html_())
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
    page.locator("[data-part=slider]").focus()
    page.keyboard.press("ArrowRight")
    assert_step(page, record, shots, 1)


def test_a_network_of_more_than_a_hundred_values(show):
    y = network()
    record, shots = steps(y), by_hand(y)
    page = show(record._repr_html_())
    for k in range(0, len(shots), 7):
        page.locator("[data-part=slider]").fill(str(k))
        assert_step(page, record, shots, k)


def test_a_changed_number_is_noticed_by_the_page_and_by_the_test(show):
    record, shots = steps(g()), by_hand(g())
    html = record._repr_html_()
    assert html.count("[3.0,-4.0,-12.0,") == 1
    page = show(html.replace("[3.0,-4.0,-12.0,", "[3.0,-4.0,-13.0,"))
    page.get_by_role("button", name="Next").click()
    with pytest.raises(AssertionError):
        assert_step(page, record, shots, 1)
    page.get_by_role("button", name="Now").click()
    (why,) = state(page)["why"]
    assert why.startswith("The leaves cannot be moved here: f holds -13, and x·y is another number")
    assert page.locator("[data-part=down]").count() == 0


def test_the_start_says_that_the_steps_are_one_pass_where_the_values_hold_gradients(show):
    y = ten()
    one_pass = "These steps are one pass from gradients of zero."
    assert state(show(steps(y)._repr_html_()))["why"] == []
    y.backward()
    assert state(show(steps(y)._repr_html_()))["why"] == [one_pass]


# ---- playing -------------------------------------------------------------------------------------


def reading_time(page):
    """How long the words of a step are shown: 0.3 s for each."""
    seen = state(page)
    return max(900, 300 * len(" ".join([seen["status"], *seen["why"]]).split(" ")))


def test_play_shows_each_step_as_long_as_its_words_take_and_stops_at_the_end(show):
    record, page = steps(g()), show(steps(g())._repr_html_(), clock=True)
    page.get_by_role("button", name="Play").click()
    at = page.locator("[data-part=slider]")
    for k in range(len(record)):
        page.clock.run_for(reading_time(page) - 1)
        assert at.input_value() == str(k)
        page.clock.run_for(1)
        assert at.input_value() == str(k + 1)
    page.clock.run_for(60_000)
    assert page.get_by_role("button", name="Play").get_attribute("aria-pressed") == "false"
    page.get_by_role("button", name="Play").click()
    assert at.input_value() == "0"


def test_play_pauses_on_its_button_on_a_step_and_on_space(show):
    page = show(steps(g())._repr_html_(), clock=True)
    at, play = page.locator("[data-part=slider]"), page.locator("[data-part=play]")

    def stands_still(k):
        page.clock.run_for(60_000)
        assert (at.input_value(), play.text_content()) == (str(k), "▶ Play")

    play.click()
    page.clock.run_for(reading_time(page))
    assert play.text_content() == "❚❚ Pause"
    play.click()
    stands_still(1)
    play.click()
    page.get_by_role("button", name="Next").click()
    stands_still(2)
    page.locator(".autograd-stepper").focus()
    page.keyboard.press(" ")
    page.clock.run_for(reading_time(page))
    page.keyboard.press(" ")
    stands_still(3)


# ---- one value -----------------------------------------------------------------------------------


def test_a_chosen_card_gives_formula_local_gradients_and_the_sum_over_its_consumers(show):
    a = Value(3.0, "a")
    b = a * 2
    b.label = "b"
    y = b + sin(a)
    y.label = "y"
    page = show(steps(y)._repr_html_())
    detail = page.locator("[data-part=detail]")
    page.locator(".card").nth(1).click()
    assert detail.locator("p").all_text_contents() == [
        "value not computed yet",
        "gradient: none yet",
    ]
    page.locator("[data-part=slider]").press("End")
    assert detail.locator("b").text_content() == "b = a·2"
    assert detail.locator("p").all_text_contents() == [
        "value 6",
        "local gradient ∂b/∂a = 2",
        "gradient: 1 × 1 (through y) = 1",
    ]
    page.locator(".card").nth(0).click()
    assert detail.get_by_label("value of a").input_value() == "3"
    assert detail.locator("p").last.text_content() == (
        "gradient: (-0.99) × 1 (through v1) + 2 × 1 (through b) = 1.01"
    )
    page.locator(".card").nth(2).focus()
    page.keyboard.press(" ")
    assert page.locator(".card").nth(2).get_attribute("aria-current") == "true"
    assert detail.locator("p").all_text_contents()[:2] == [
        "value 0.1411200080598672",
        "local gradient ∂v1/∂a = cos(a) = -0.9899924966004454",
    ]
    page.locator(".card").nth(3).click()
    assert detail.locator("p").last.text_content() == "gradient: 1 (seed) = 1"


def test_nothing_tells_a_gradient_before_its_step(show):
    page = show(steps(ten())._repr_html_())
    drawn = page.locator(".autograd-stepper").evaluate("e => e.querySelector('svg').outerHTML")
    assert drawn.count("none yet") >= 20
    assert "gradient 1" not in drawn


# ---- everybody can use it ------------------------------------------------------------------------

FOCUS = """() => { const e = document.activeElement, s = getComputedStyle(e);
  const name = e.dataset.part || e.getAttribute("class") || e.type;
  return [e === document.body ? null : name, s.outlineStyle, parseFloat(s.outlineWidth)]; }"""


def test_every_control_is_reached_by_tab_and_shows_its_focus(show):
    page, reached = show(steps(g())._repr_html_()), []
    while True:
        page.keyboard.press("Tab")
        name, line, width = page.evaluate(FOCUS)
        if name is None:
            break
        assert (line, width >= 2) == ("solid", True), name
        reached.append(name.split()[0])
    assert reached == [
        *("autograd-stepper", "first", "back", "next", "play", "slider", "now"),
        *("zero", "again", "down", "rate", "reset"),
        "card",  # one stop for the picture; the arrow keys go on inside
        "table",
        *["checkbox"] * 3,  # the leaves that move in a step
    ]


def test_arrow_keys_go_from_card_to_card(show):
    page = show(draw(g()).html)
    page.locator(".card").first.focus()
    for key, i in [("Down", 1), ("Down", 2), ("Right", 3), ("Up", 2), ("Left", 1), ("Up", 0)]:
        page.keyboard.press(f"Arrow{key}")
        assert page.locator(".card").nth(i).evaluate("e => e === document.activeElement")
    page.keyboard.press("End")
    assert page.locator(".card").last.evaluate("e => e === document.activeElement")
    assert page.locator("[data-part=status]").text_content().startswith("Now: g = -10")


def test_controls_have_names_and_roles(show):
    page = show(steps(g())._repr_html_())
    for name in ("Next", "◀ Back", "Play"):
        assert page.get_by_role("button", name=name).count() == 1
    for role, name in [
        ("slider", "Step"),
        ("slider", "x, value 3, gradient none yet"),
        ("spinbutton", "rate"),
        ("toolbar", "Work on the values"),
        ("group", "Values and gradients"),
        ("group", "f = x·y, value not computed yet, gradient none yet"),
        ("group", "Computation graph of g"),
    ]:
        assert page.get_by_role(role, name=name).count() >= 1
    assert page.get_by_role("status").text_content().startswith("Step 0 of 5, start")
    page.get_by_role("button", name="Next").click()
    slider = page.locator("[data-part=slider]")
    assert slider.get_attribute("aria-valuetext").startswith("Step 1 of 5, forward")
    assert page.get_by_role("row", name="x 3 –").count() == 1
    for card in page.locator(".card").all():
        assert card.get_attribute("aria-label") == card.locator("title").text_content()
    for card in page.locator("[role=slider].card").all():
        assert float(card.get_attribute("aria-valuenow")) in (3.0, -4.0, 2.0)


CONTRAST = """() => {
  const rgb = text => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const over = (top, below, alpha) =>
    top.slice(0, 3).map((c, i) => alpha * c + (1 - alpha) * below[i]);
  const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const weights = [.2126, .7152, .0722];
  const light = c => c.map(v => linear(v / 255)).reduce((s, v, i) => s + v * weights[i], 0);
  const ratio = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + .05) / (y + .05);
  };
  const root = document.querySelector(".autograd-stepper"), found = [];
  const paper = rgb(getComputedStyle(root).backgroundColor);
  for (const e of root.querySelectorAll("text, b, p, th, td, button, label, select")) {
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    if (!box.width || !e.textContent.trim() || e.ariaDisabled === "true") continue;
    let below = paper, ink = rgb(style.color);
    if (e.tagName === "text") {
      ink = rgb(style.fill);
      for (const rect of e.parentNode.querySelectorAll(":scope > rect")) {
        const r = rect.getBoundingClientRect(), s = getComputedStyle(rect);
        const beside = r.left > box.left + 1 || r.right < box.right - 1;
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
    page = show(steps(network((2, 2, 1)))._repr_html_(), color_scheme=scheme)
    page.locator(".card").nth(3).click()
    page.locator("[data-part=slider]").press("Home" if where_to == "middle" else where_to)
    for _ in range(22 if where_to == "middle" else 0):
        page.locator("[data-part=slider]").press("ArrowRight")
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


def test_a_backward_step_comes_in_beats_but_for_those_who_ask_for_no_motion(show):
    moving = "document.getAnimations().length"
    for motion, most in (("reduce", 0), ("no-preference", 20)):
        page = show(steps(g())._repr_html_(), reduced_motion=motion)
        for k in range(5):
            page.get_by_role("button", name="Next").click()
            assert page.evaluate(moving) <= (most if k >= 3 else 0)
        assert (page.evaluate(moving) > 0) == (motion == "no-preference")
        page.wait_for_function(f"{moving} === 0", timeout=1500)  # three beats, and then it rests
        assert state(page)["status"].startswith("Step 5 of 5")


# ---- everywhere ----------------------------------------------------------------------------------


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
    page = show(one + one + steps(ten())._repr_html_())
    page.locator("[data-part=next]").nth(1).click()
    assert_step(page, record, shots, 0, nth=0)
    assert_step(page, record, shots, 1, nth=1)
    page.locator("[data-part=next]").nth(0).focus()
    page.keyboard.press("End")
    assert_step(page, record, shots, 5, nth=0)
    assert_step(page, record, shots, 1, nth=1)
    assert_step(page, steps(ten()), by_hand(ten()), 0, nth=2)


def test_no_label_runs(show):
    page = show("".join(steps(tanh(Value(2.0, label)))._repr_html_() for label in LABELS.values()))
    plain = show(steps(tanh(Value(2.0, "x")))._repr_html_())
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
    lab = "<style>.jp-RenderedHTMLCommon svg { max-width: 100%; height: auto }</style>"
    lab += "<div class=jp-RenderedHTMLCommon>"
    page = show(
        lab + draw(network((2, 2, 1)), detail="full")._repr_mimebundle_()["text/html"],
        viewport={"width": 800, "height": 700},
    )
    drawn, view = (
        page.locator("svg").bounding_box(),
        page.locator("[data-part=picture]").bounding_box(),
    )
    assert drawn["width"] == float(page.locator("svg").get_attribute("width")) > view["width"]
    assert page.locator("[data-part=table]").bounding_box()["y"] >= view["y"] + view["height"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_small_picture_has_the_table_beside_it(show):
    page = show(draw(Value(3.0, "a") * 2.0).html, viewport={"width": 1000, "height": 700})
    assert (
        page.locator("[data-part=table]").bounding_box()["x"]
        > page.locator("svg").bounding_box()["x"] + 200
    )


# ---- small and fast ------------------------------------------------------------------------------


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
def test_ten_values_take_at_most_60_kilobytes(graph):
    y = graph()
    assert len(topological_order(y)) == 10
    y.backward()
    assert len(steps(y)._repr_html_().encode()) <= 60 * 1024
    assert len(draw(y).html.encode()) <= 60 * 1024


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
    page = show(stepper(scene(y), steps(y).record, steps(y).held, opens="start"))
    assert page.evaluate(PAINT) < 50


def test_the_scripts_are_shipped_as_they_were_written():
    from importlib.resources import files

    folder, html = files("autograd_edu.pictures.interactive") / "script", steps(ten())._repr_html_()
    assert {path.name for path in folder.iterdir()} == {f"{name}.js" for name in SCRIPTS}
    for name in SCRIPTS:
        script = (folder / f"{name}.js").read_text(encoding="utf-8")
        assert script in html
        assert "</script" not in script
        assert script.startswith("// ")


def test_a_gradient_is_tinted_when_it_is_whole(show):
    x = Value(1.0, "x")
    r = x * 8.0 + x * -5.0
    r.backward()
    page = show(steps(r)._repr_html_())
    tint = page.locator(".card").first.locator(".cell")
    seen = []
    for _ in steps(r):
        page.get_by_role("button", name="Next ▶").click()
        shown = page.locator(".card").first.locator("text").nth(2).text_content()
        seen.append((shown, float(tint.get_attribute("fill-opacity")) > 0))
    assert seen[-2:] == [("-5", False), ("3", True)], (
        "the first of two consumers leaves a gradient of the other sign"
    )
    assert set(seen[:-2]) == {("–", False)}


# ---- the picture in its window -------------------------------------------------------------------

OUT_OF_SIGHT = """() => {
  const view = document.querySelector("[data-part=picture]").getBoundingClientRect();
  return [...document.querySelectorAll(".card.now, .card.from, .card.to")].filter(card => {
    const box = card.querySelector("rect").getBoundingClientRect();
    return box.left < view.left - 1 || box.right > view.right + 1
      || box.top < view.top - 1 || box.bottom > view.bottom + 1;
  }).length;
}"""
SEEN = {
    "g": g, "ten values": ten, "used often": neuron, "branches": branches,
    "lecture 004": lambda: lecture_004(0.5), "a small network": lambda: network((2, 2, 1)),
    "a network": network, "a chain": lambda: twenty(22),
    "random graphs": lambda: random_graph(7), "another": lambda: random_graph(12),
}  # fmt: skip


@pytest.mark.parametrize("width", [375, 800, 1280])
@pytest.mark.parametrize("graph", SEEN.values(), ids=SEEN)
def test_sender_and_receivers_are_in_sight_at_every_step(show, graph, width):
    y = graph()
    page = show(steps(y)._repr_html_(), viewport={"width": width, "height": 800})
    for k in range(1, len(steps(y)) + 1, max(1, len(steps(y)) // 40)):
        page.locator("[data-part=slider]").fill(str(k))
        assert page.evaluate(OUT_OF_SIGHT) == 0, k
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_everything_to_touch_is_44_pixels_high(show):
    page = show(
        draw(ten()).html, viewport={"width": 375, "height": 700}, has_touch=True, is_mobile=True
    )
    touched = page.locator("button, input[type=number], td label, [data-part=slider]")
    for element in touched.all():
        box = element.bounding_box()
        if box is not None:  # a button that is not shown
            assert min(box["height"], box["width"]) >= 44, element.evaluate("e => e.outerHTML")
    for card in page.locator(".card > rect:first-of-type").all():
        assert card.bounding_box()["height"] >= 44
