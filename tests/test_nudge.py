"""Leaves that are moved in the page: both passes are the engine's, and so are Zero, Backward, Step.

The numbers come from the engine: the same graph is built again at the leaves' new values.
"""

import copy
import math
import random
import subprocess
import sys

import pytest
from drawn import check_picture
from examples import g, lecture_004, random_graph
from rules import row as new_row

from autograd_edu import OPS, Value, draw, exp, ieee, maximum, relu, sin, steps, tanh, where
from autograd_edu.engine.value import topological_order
from autograd_edu.errors import DomainError
from autograd_edu.notation.formula import short
from autograd_edu.pictures.files.renderer import png
from autograd_edu.pictures.render.styles import STYLES

STATE = """root => ({
  nodes: [...root.querySelectorAll(".card")].map(card => +card.dataset.node),
  cards: [...root.querySelectorAll(".card")].map(card =>
    [...card.querySelectorAll("text")].slice(1, 3).map(e => e.textContent)),
  above: [...root.querySelectorAll(".above")].map(e => e.textContent),
  below: [...root.querySelectorAll(".below")].map(e => e.textContent),
  status: root.querySelector("[data-part=status]").textContent,
  why: [...root.querySelectorAll("[data-part=why] li")].map(e => e.textContent),
  leaves: [...root.querySelectorAll(".card")].map(card => card.getAttribute("aria-valuenow")),
})"""


def state(page):
    return page.locator(".autograd-stepper").evaluate(STATE)


def press(page, part):
    page.locator(f"[data-part={part}]").click()


class Engine:
    """A graph whose leaves can be set: it is built again from its operations, as a loop does."""

    def __init__(self, y):
        self.order = topological_order(y)
        self.values = self.order
        self.place = {id(value): i for i, value in enumerate(self.order)}
        self.inputs = [i for i, v in enumerate(self.order) if v.op is None and not v.is_constant]

    def build(self, leaves):
        """Every value anew, with the leaves' numbers and the gradients that the leaves had."""
        made = []
        for i, (old, now) in enumerate(zip(self.order, self.values, strict=True)):
            if old.op is None:
                if i in leaves:
                    now.data = leaves[i]
                made.append(now)
            else:
                made.append(old.op.apply([made[self.place[id(p)]] for p in old.parents]))
                made[-1].label = old.label
        self.values = made

    def shown(self, nodes=None):
        """What the cards of some nodes show; of all but plain numbers, if none are named."""
        some = [v for v in self.values if not v.is_constant]
        some = some if nodes is None else [self.values[i] for i in nodes]
        return [[short(v.data), short(v.grad) if v.has_grad else "–"] for v in some]

    def zero(self):
        for i in self.inputs:
            self.values[i].clear_grad()

    def again(self):
        self.values[-1].backward()

    def down(self, rate=0.1):
        self.build({i: self.values[i].data - rate * self.values[i].grad for i in self.inputs})

    def nudge(self, i, value):
        """A clean pass at the new point; what the gradient predicted and what happened."""
        before, x = self.values[-1].data, self.values[i].data
        self.zero()
        self.again()
        slope = self.values[i].grad
        self.build({i: value})
        self.zero()
        self.again()
        return slope * (value - x), self.values[-1].data - before


def fresh(graph):
    """The graph, copied, without gradients."""
    y = copy.deepcopy(graph())
    for value in topological_order(y):
        if not value.is_constant:
            value.clear_grad()
    return y


def change(x):
    text = short(x)
    return text if text.startswith("-") or text == "0" else f"+{text}"


# ---- graphs: by hand, and every row of the table -------------------------------------------------


def ten():
    a, b = Value(0.5, "a"), Value(0.3, "b")
    return tanh(a * b + sin(a) * 3) * exp(b)


def branches():
    a, b = Value(-2.0, "a"), Value(3.0, "b")
    return where(a, a * a, b * a) + maximum(a, b, 3.1) + relu(a)


def of_row(op):
    """The row on leaves at its example, times one more leaf."""
    xs = [Value(x, f"x{i}") for i, x in enumerate(op.example)]
    return op.apply(xs) * Value(2.0, "k") + xs[0]


GRAPHS = {"g": g, "ten values": ten, "branches": branches, "lecture": lambda: lecture_004(0.5)}
ROWS = {name: lambda op=op: of_row(op) for name, op in OPS.items()}
RANDOM = {f"random {seed}": lambda seed=seed: random_graph(seed) for seed in range(26)}
ALL = GRAPHS | ROWS | RANDOM


def units(x):
    """What one press of an arrow key adds."""
    size = math.floor(math.log10(abs(x))) if x else 0
    return 10.0 ** ((0 if size == -1 else size) - 2)


def assert_nudged(page, engine, i, value, x):
    predicted, actual = engine.nudge(i, value)
    seen = state(page)
    assert float(seen["leaves"][seen["nodes"].index(i)]) == pytest.approx(value, rel=1e-12)
    assert {*engine.inputs} <= {*seen["nodes"]}
    assert close(seen["cards"], engine.shown(seen["nodes"]))
    name = steps(engine.values[-1]).nodes[i].name
    root = steps(engine.values[-1]).nodes[-1].name
    head, _, rest = seen["status"].partition(" → ")
    assert head == f"{name} {change(value - x)}"
    told = rest.removeprefix(f"{root} predicted ").split(", actual ")
    assert close([told], [[change(predicted), change(actual)]], rel=2e-4 + 1e-11 / abs(actual or 1))


def close(found, wanted, rel=2e-4):
    """The same texts, or numbers that differ by one in the fourth digit at most."""
    pairs = [(a, b) for x, y in zip(found, wanted, strict=True) for a, b in zip(x, y, strict=True)]
    return all(
        a == b or (b != "–" and float(a) == pytest.approx(float(b), rel=rel, abs=1e-12))
        for a, b in pairs
    )


def card(page, i):
    return page.locator(f".card[data-node='{i}']")


def drag(page, i, pixels):
    box = card(page, i).bounding_box()
    x, y = box["x"] + box["width"] / 4, box["y"] + box["height"] / 3
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + pixels, y, steps=4)
    page.mouse.up()


@pytest.mark.slow
def test_every_leaf_moves_by_mouse_and_by_keys_as_in_the_engine(show, long):
    """With `--long` in all graphs; else in every tenth."""
    for name in [*ALL][:: 1 if long else 10]:
        print(name)  # a failure shows it
        move_every_leaf(show, ALL[name])


def move_every_leaf(show, graph):
    y = fresh(graph)
    page = show(draw(y, detail="full").html, viewport={"width": 1600, "height": 1200})
    for i in Engine(y).inputs:
        press(page, "reset")
        x, engine = y_value(y, i), Engine(copy.deepcopy(y))
        card(page, i).focus()
        page.keyboard.press("ArrowRight")
        assert_nudged(page, engine, i, rounded(x + units(x)), x)
        press(page, "reset")
        engine = Engine(copy.deepcopy(y))
        drag(page, i, -12)
        assert_nudged(page, engine, i, rounded(x - 3 * units(x)), x)


def y_value(y, i):
    return topological_order(y)[i].data


def rounded(x):
    return float(f"{x:.12g}")


def test_a_finger_drags_a_leaf_on_a_phone(show):
    y = fresh(ten)
    phone = {"viewport": {"width": 375, "height": 700}, "has_touch": True, "is_mobile": True}
    page, engine = show(draw(y).html, **phone), Engine(copy.deepcopy(y))
    page.locator(".card").first.scroll_into_view_if_needed()
    box = page.locator(".card").first.bounding_box()
    touch = page.context.new_cdp_session(page)
    at = {"x": box["x"] + 30, "y": box["y"] + 20}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
    for pixels in range(4, 44, 4):
        to = [{**at, "x": at["x"] + pixels}]
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": to})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert_nudged(page, engine, 0, 0.6, 0.5)


def test_a_value_can_be_typed(show):
    y = fresh(ten)
    page, engine = show(draw(y).html), Engine(copy.deepcopy(y))
    page.locator(".card").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.type("-1.25")
    page.keyboard.press("Tab")
    assert_nudged(page, engine, 0, -1.25, 0.5)


def test_shift_moves_ten_times_as_far_and_changes_are_told_from_where_it_began(show):
    y = fresh(ten)
    page, engine = show(draw(y).html), Engine(copy.deepcopy(y))
    page.locator(".card").first.focus()
    for key in ("Shift+ArrowRight", "ArrowRight", "ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)
    assert_nudged(page, engine, 0, 0.61, 0.5)
    assert state(page)["above"][0] == "+0.11  was 0.5"
    assert state(page)["above"][-1].startswith("+")
    assert "  predicted +" in state(page)["above"][-1]


def test_the_gap_between_predicted_and_actual_is_named(show):
    x = Value(3.0, "x")
    page = show(draw(x * x).html)
    page.locator(".card").first.focus()
    page.keyboard.press("Shift+ArrowRight")
    assert state(page)["status"] == "x +0.1 → v1 predicted +0.6, actual +0.61"
    assert "the gap of 0.01 is the curvature" in state(page)["why"]
    page = show(draw(x * 2.0).html)
    page.locator(".card").first.focus()
    page.keyboard.press("ArrowLeft")
    assert "no gap: along this leaf, v1 is a straight line" in state(page)["why"]


@pytest.mark.parametrize(
    ("f", "x", "flips"),
    [
        pytest.param(relu, 0.5, True, id="relu"),
        pytest.param(lambda x: where(x, x * 3, x * 5), 0.5, True, id="where"),
        pytest.param(lambda x: maximum(x, 0.2), 0.5, True, id="maximum"),
        pytest.param(abs, 0.5, True, id="abs"),
        pytest.param(relu, 5.0, False, id="relu away from its corner"),
        pytest.param(tanh, 0.5, False, id="tanh, which has no corner"),
    ],
)
def test_a_branch_that_flips_is_seen_to_flip(show, f, x, flips):
    page = show(draw(f(Value(x, "x")), detail="full").html)
    page.locator(".card").first.focus()
    for _ in range(6):
        page.keyboard.press("Shift+ArrowLeft")
    seen = state(page)
    assert any("flipped: it takes another branch" in line for line in seen["why"]) == flips
    assert any("flipped" in text for text in seen["above"]) == flips
    assert any("comes from the flip" in line for line in seen["why"]) == flips


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        pytest.param(lambda a, b: a > b, True, id="of a comparison"),
        pytest.param(lambda a, b: a - b, False, id="of a Value"),
    ],
)
def test_a_branch_that_cannot_flip_says_so(show, condition, says):
    a, b = Value(0.5, "a"), Value(0.3, "b")
    page = show(draw(where(condition(a, b), a * a, b * 3) + maximum(a, 0.2)).html)
    page.locator(".card").first.focus()
    page.keyboard.press("ArrowLeft")
    told = [line for line in state(page)["why"] if "cannot flip" in line]
    says_so = "v3 = where(1, v1, v2) cannot flip: its condition is a plain number, as a > b is"
    assert told == [says_so] * says


def test_on_a_phone_the_result_of_a_move_stays_in_sight(show):
    page = show(draw(fresh(ten)).html, viewport={"width": 375, "height": 700})
    leaf = page.locator(".card").first
    page.evaluate("scrollBy(0, 250)")
    leaf.focus()
    page.keyboard.press("ArrowRight")
    says = page.locator("[data-part=says]").bounding_box()
    assert says["y"] >= 0
    assert says["y"] + says["height"] <= 700


def test_a_value_that_is_not_finite_is_seen_and_where_it_begins(show):
    x = Value(800.0, "x")
    with ieee():
        y = exp(x) * 0.5 + 1.0
        y.backward()
    seen = state(show(draw(y).html))
    assert seen["cards"] == [["800", "inf"], ["inf", "0.5"], ["inf", "1"], ["inf", "1"]]
    assert seen["above"] == ["⚠ inf gradient begins here", "⚠ inf begins here", "⚠", "⚠"]


def test_a_dead_wire_is_drawn_as_one(show):
    x = Value(0.5, "x")
    page = show(draw(relu(x)).html)
    assert page.locator("[data-wire].dead").count() == 0
    page.locator(".card").first.focus()
    for _ in range(6):
        page.keyboard.press("Shift+ArrowLeft")
    assert page.locator("[data-wire].dead").count() == 1
    assert state(page)["cards"] == [["-0.1", "0"], ["0", "1"]]


def test_where_the_engine_has_no_value_the_page_says_so(show):
    x = Value(0.01, "x")
    y = x.log()
    with pytest.raises(DomainError):
        Value(-0.01).log()
    page = show(draw(y).html)
    drag(page, 0, -4 * 200)
    assert state(page)["status"].endswith(
        "= nan: not a finite number. The engine would raise an error here."
    )


# ---- zero, backward, step ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_zero_backward_and_step_in_any_order_equal_the_same_calls_on_the_engine(show, seed):
    rng = random.Random(seed)
    y = fresh(rng.choice([g, ten, branches, lambda: random_graph(3)]))
    page, engine = show(draw(y, detail="full").html), Engine(copy.deepcopy(y))
    for _ in range(14):
        part = rng.choice(["zero", "again", "again", "down"])
        press(page, part)
        try:
            getattr(engine, part)()
        except DomainError:  # a step out of the domain: the page says so, and the test is over
            assert "nan" in str(state(page)["cards"])
            break
        seen = state(page)
        assert close(seen["cards"], engine.shown(seen["nodes"])), part


def test_a_forgotten_zero_is_felt(show):
    w = Value(3.0, "w")
    loss = w * w
    loss.label = "loss"
    page = show(draw(loss).html)
    press(page, "again")
    press(page, "down")
    assert state(page)["cards"][0] == ["2.4", "6"]
    press(page, "again")  # without Zero: 6 + 4.8
    seen = state(page)
    assert seen["cards"][0] == ["2.4", "10.8"]
    assert seen["below"][0] == "6 + 4.8 = 10.8"
    assert "were not cleared between" in seen["status"]
    press(page, "down")
    assert "The step went along the sum of 2 gradients" in state(page)["status"]
    assert "loss after each step: 9 → 5.76 → 1.742" in state(page)["why"]


def first_loss(at=1.0):
    w = Value(at, "w")
    loss = (w * 2 - 6) ** 2
    loss.label = "loss"
    return w, loss


def test_a_sum_over_two_points_is_not_called_a_multiple_of_the_gradient(show):
    page = show(draw(first_loss()[1]).html)
    press(page, "again")
    press(page, "down")
    press(page, "again")  # -16 + (-3.2), which is 6 times -3.2
    seen = state(page)
    assert "gradients of several passes" in seen["status"]
    assert seen["why"][0] == "w holds -16 + (-3.2) = -19.2; one pass gives -3.2"
    press(page, "zero")
    for _ in range(2):
        press(page, "again")
    assert "hold 2 times the gradient" in state(page)["status"]


@pytest.mark.parametrize(
    ("at", "says"), [(1.0, "sum of 2 gradients"), (1.8, "sum of several gradients")]
)
def test_a_step_along_what_python_did_not_clear_says_so(show, at, says):
    w, loss = first_loss()
    loss.backward()
    w.data = at
    loss = (w * 2 - 6) ** 2
    loss.backward()
    page = show(draw(loss)._repr_mimebundle_()["text/html"])
    press(page, "down")
    assert says in state(page)["status"]


def test_a_step_along_one_gradient_is_not_called_a_sum(show):
    _, loss = first_loss()
    loss.backward()
    page = show(draw(loss)._repr_mimebundle_()["text/html"])
    press(page, "down")
    assert state(page)["status"].endswith("the gradients are those of the point before.")


def test_the_terms_under_a_card_stay_inside_the_picture(show):
    page = show(draw(first_loss()[1]).html)
    for part in ("again", "down", "again", "down", "again", "down", "again"):
        press(page, part)
    terms, picture = page.locator(".below").first, page.locator("[data-part=picture]")
    assert terms.text_content() == "-16 + (-3.2) + 12.16 + 17.79 = 10.75"
    assert terms.bounding_box()["x"] >= picture.bounding_box()["x"]


def test_only_the_chosen_leaves_move_in_a_step(show):
    page = show(draw(g()).html)
    page.get_by_label("y moves in a step").uncheck()
    page.get_by_label("rate").fill("0.5")
    press(page, "down")
    assert [card[0] for card in state(page)["cards"]] == ["5", "-4", "-20", "1.5", "-18.5"]


def test_reset_brings_back_the_values_and_gradients_as_drawn(show):
    y = g()
    page = show(draw(y).html)
    before = state(page)
    for part in ("again", "down", "zero", "again"):
        press(page, part)
    drag(page, 0, 40)
    assert state(page)["cards"] != before["cards"]
    press(page, "reset")
    assert state(page) == before


def test_the_steps_of_a_moved_leaf_are_those_of_the_new_values(show):
    page = show(draw(g()).html)
    page.locator(".card").first.focus()
    page.keyboard.press("ArrowRight")
    press(page, "first")
    page.get_by_role("button", name="Next").click()
    assert state(page)["status"] == "Step 1 of 5, forward →: f = x·y = 3.01·(-4) = -12.04"
    page.locator("[data-part=slider]").press("End")
    assert state(page)["why"] == [
        "∂g/∂x = y · ∂g/∂f = (-4) · 1 = -4", "∂g/∂y = x · ∂g/∂f = 3.01 · 1 = 3.01",
    ]  # fmt: skip


# ---- what draw shows is what is there ------------------------------------------------------------


@pytest.mark.parametrize("passes", [0, 1, 2, 3])
def test_draw_opens_at_what_the_objects_hold(show, passes):
    y = fresh(ten)
    for _ in range(passes):
        y.backward()
    page = show(draw(y)._repr_mimebundle_()["text/html"])
    assert state(page)["cards"] == Engine(y).shown()
    says = {
        0: "The leaves hold no gradients; press Backward.",
        1: "and the gradients of one backward pass.",
        2: "The leaves hold 2 times the gradient: it was not cleared between the passes.",
        3: "The leaves hold 3 times the gradient: it was not cleared between the passes.",
    }
    assert state(page)["status"].endswith(says[passes])


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("passes", [0, 1, 2])
def test_files_too_show_what_the_objects_hold(tmp_path, passes, style):
    y = fresh(ten)
    for _ in range(passes):
        y.backward()
    picture = draw(y, style, detail="full")
    check_picture(y, picture.save(tmp_path / "p.svg").read_text(encoding="utf-8"), style)
    check_picture(y, picture._repr_mimebundle_()["image/svg+xml"], style)
    assert picture.save(tmp_path / "p.png").read_bytes() == png(picture.svg)


def test_steps_opens_at_the_start(show):
    page = show(steps(g())._repr_html_())
    assert state(page)["status"].startswith("Step 0 of 5, start")
    press(page, "now")
    assert state(page)["cards"] == Engine(g()).shown()


# ---- where values cannot be computed in the page -------------------------------------------------


def test_an_operation_without_a_javascript_form_is_shown_from_the_record(show):
    odd = new_row(
        "odd", lambda xp, x: x if x > 0 else -x, lambda xp, y, x: (1.0,), "odd(x)", ("1",), (0.5,)
    )
    try:
        y = odd(Value(2.0, "x")) * 3.0
        y.backward()
        page = show(draw(y).html)
        seen = state(page)
        assert seen["cards"] == Engine(y).shown()
        assert seen["why"][-1].startswith(
            "The leaves cannot be moved here: odd has no JavaScript form"
        )
        assert page.get_by_role("slider").count() == 1  # that of the steps
        press(page, "again")
        assert state(page)["cards"][0] == ["2", "6"]
    finally:
        del OPS["odd"]


def test_a_number_that_was_changed_afterwards_is_noticed(show):
    x = Value(2.0, "x")
    y = x * 3.0
    x.data = 5.0
    with pytest.warns(UserWarning, match="has changed since"):
        html = draw(y).html
    seen = state(show(html))
    assert seen["cards"][0][0] == "5"
    assert "v1 holds 6, and x·3 is another number now" in seen["why"][-1]


# ---- numbers as Python writes them ---------------------------------------------------------------


@pytest.mark.parametrize("digits", [1, 4, 7])
def test_numbers_are_written_as_python_writes_them(show, digits):
    from importlib.resources import files

    script = files("autograd_edu.pictures.interactive") / "script" / "numbers.js"
    rng = random.Random(0)
    xs = [rng.uniform(-1, 1) * 10.0 ** rng.randint(-12, 12) for _ in range(5000)]
    xs += [k / 2**n for k in range(1, 200) for n in (1, 3, 5, 8, 11)]  # half-way cases among them
    xs += [0.0, -0.0, 1e5, 1e6, 123456.0, 1234567.0, 9.9995, 99995.0, 0.00012345, 1e-5, 1e300]
    code = f"xs => {{ {script.read_text()}; short.digits = {digits}; return xs.map(short); }}"
    assert show("<p>").evaluate(code, xs) == [short(x, digits) for x in xs]


def test_a_picture_answers_where_numpy_is_missing_as_in_a_browsers_python():
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "from autograd_edu import Value, draw, gelu\n"
        "print('rows = [' in draw(gelu(Value(2.0, 'x'))).html)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "True\n"
