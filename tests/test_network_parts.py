"""Pictures of networks: every kind of part, its values and gradients, masks, wires and heat maps.

What a picture shows of a model is compared with what the model computes.
"""

import copy
import math
import re
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest

from autograd_edu import Value, draw_network, nn, numeric_gradient
from autograd_edu.notation.formula import short
from autograd_edu.pictures.render.dark import with_dark_colours

SVG = "{http://www.w3.org/2000/svg}"
FITS = 1190  # pixels of width at which text of 12 has 9 in a notebook's 900


class Squash(nn.Module):
    """A module of a user's own."""

    def __init__(self):
        self.inner = nn.Linear(2, 3, seed=0)

    def forward(self, x):
        return [v.tanh() for v in self.inner(x)]


class Doubled(nn.MLP):
    """A user's class that computes something other than the class that it is derived from."""

    def forward(self, x):
        return [2.0 * v for v in nn.layers.as_list(super().forward(x))]


def last(states):
    return states[-1]


SEQUENCE = [[1.0, 2.0], [0.0, -1.0], [0.5, 0.5]]
PICTURE = [[[float(i * j % 3) for j in range(6)] for i in range(6)]]
MODELS = {  # a model, and an input for it
    "DropConnect": (lambda: nn.Sequential(nn.DropConnect(2, 3, seed=0), nn.Linear(3, 1, seed=1)),
                    [1.0, 2.0]),
    "dropout": (lambda: nn.Sequential(nn.Layer(2, 6, seed=0), nn.Dropout(0.5, seed=2),
                                      nn.Linear(6, 1, seed=1)), [1.0, 2.0]),
    "residual": (lambda: nn.Residual(nn.Layer(2, 3, seed=0), nn.Linear(3, 2, seed=1)), [1.0, 2.0]),
    "skip": (lambda: nn.Sequential(nn.Skip(nn.Layer(2, 3, seed=0)), nn.Linear(5, 1, seed=0)),
             [1.0, 2.0]),
    "convolution": (lambda: nn.Sequential(nn.Conv2d(1, 2, 3, seed=0), nn.Pool2d(2), nn.Flatten(),
                                          nn.Linear(8, 2, seed=0), nn.softmax), PICTURE),
    "Conv1d": (lambda: nn.Sequential(nn.Conv1d(1, 2, 2, seed=0), nn.Flatten()), [[1.0, 2.0, 3.0]]),
    "recurrent": (lambda: nn.Sequential(nn.RNN(2, 3, seed=0), last, nn.Linear(3, 1, seed=1)),
                  SEQUENCE),
    "cell": (lambda: nn.RecurrentCell(2, 3, seed=0), SEQUENCE),
    "embedding": (lambda: nn.Sequential(nn.Embedding(5, 3, seed=0), nn.Pool("mean"),
                                        nn.Linear(3, 2, seed=0)), [0, 3, 1]),
    "attention": (lambda: nn.Sequential(nn.SelfAttention(2, seed=0), nn.AttentionPool(2, seed=0)),
                  SEQUENCE),
    "normalisation": (lambda: nn.Sequential(nn.Standardiser([0.0, 1.0], [1.0, 2.0]),
                                            nn.LayerNorm(2), nn.RMSNorm(2), nn.Noise(0.1),
                                            nn.Linear(2, 3, seed=0), nn.Apply(nn.PReLU())),
                      [1.0, 2.0]),
    "BatchNorm": (lambda: nn.Sequential(nn.Linear(2, 3, seed=0), nn.BatchNorm(3)).eval(),
                  [1.0, 2.0]),
    "maxout": (lambda: nn.Sequential(nn.Maxout(2, 3, seed=0), nn.Linear(3, 1, seed=0)),
               [1.0, 2.0]),
    "ensemble": (lambda: nn.Ensemble([nn.MLP(2, [3, 2], seed=i) for i in range(3)]), [1.0, 2.0]),
    "a module of one's own": (lambda: nn.Sequential(Squash(), nn.Linear(3, 1, seed=0)),
                              [1.0, 2.0]),
    "a class derived from MLP": (lambda: Doubled(2, [3, 2], seed=0), [1.0, 2.0]),
    "nested": (lambda: nn.Residual(nn.Linear(2, 2, seed=0),
                                   nn.Residual(nn.Layer(2, 2, seed=1))), [1.0, 2.0]),
    "a sequence of states": (lambda: nn.Sequential(nn.Embedding(4, 2, seed=0),
                                                   nn.RNN(2, 2, seed=1)), [0, 1]),
}  # fmt: skip
every_model = pytest.mark.parametrize("name", MODELS)


def texts(picture):
    return [t.text for t in ET.fromstring(picture.svg).iter(f"{SVG}text")]


def titles(picture):
    return [t.text for t in ET.fromstring(picture.svg).iter(f"{SVG}title")]


def places(picture):
    """Each text that stands outside insets with the room it takes: left, right, baseline."""
    root = ET.fromstring(picture.svg)
    inset = {t for g in root.iter(f"{SVG}g") if g.get("transform") for t in g.iter(f"{SVG}text")}
    shown = [t for t in root.iter(f"{SVG}text") if t not in inset]
    return [
        (t.text, float(t.get("x")), float(t.get("x")) + float(t.get("textLength")),
         float(t.get("y")), t.get("font-size"))
        for t in shown
    ]  # fmt: skip


def outputs_shown(picture):
    """The values in the titles of the last column."""
    values = [re.search(r"value ([^;]+)", t) for t in titles(picture)]
    return [float(match[1]) for match in values if match]


def wires(picture):
    groups = ET.fromstring(picture.svg).iter(f"{SVG}g")
    return [g.get("data-weight") for g in groups if g.get("data-weight")]


def fixed(*rows):
    """A layer with given weights and no biases."""
    return nn.Linear.from_weights([list(row) for row in rows])


EXPECTED = {
    "network_residual": lambda: draw_network(
        nn.Sequential(nn.Residual(fixed((1, -2), (0.5, 1))), fixed((1, 1))), x=[1.0, 2.0]
    ),
    "network_written": lambda: draw_network(
        nn.MLP.from_weights([[[1, 2], [-3, 4]], [[5, -6]]], [[0.5, 0], [0]]),
        weights="written", x=[1.0, 1.0], loss=lambda y: y * 0.5,
    ),
    "network_attention": lambda: draw_network(nn.SelfAttention(1, seed=0), x=[[0.0], [0.0]]),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPECTED)
def test_small_pictures_look_as_in_expected(name):
    svg = EXPECTED[name]().svg + "\n"
    assert svg == (Path(__file__).parent / "expected" / f"{name}.svg").read_text("utf-8")


# ---- every kind of part --------------------------------------------------------------------------


@every_model
@pytest.mark.parametrize("with_input", [True, False], ids=["with an input", "without"])
def test_every_part_is_drawn_on_the_page_without_overlaps(name, with_input):
    make, x = MODELS[name]
    model = make()
    picture = draw_network(model, x=x if with_input else None)
    assert f"{len(model.parameters()):,} parameters" in picture.text
    root = ET.fromstring(picture.svg)
    wide, high = float(root.get("width")), float(root.get("height"))
    found = places(picture)
    assert wide <= FITS
    for text, left, right, y, size in found:
        assert 0 <= left <= right <= wide, text
        assert 10 <= y <= high, text
        assert float(size or 12) * 900 / max(wide, 900) >= 9, text
    for (a, l1, r1, y1, _), (b, l2, r2, y2, _) in combinations(found, 2):
        assert r1 <= l2 or r2 <= l1 or abs(y1 - y2) >= 10, f"{a} and {b} overlap"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("convolution", ["1×6×6", "1×6×6 → 2×4×4", "2×4×4 → 2×2×2", "2×2×2 → 8"]),
        ("maxout", ["Maxout(2, 3, pieces=2)", "2 → 3"]),
        ("embedding", ["Embedding(5, 3)", "3 → 3×3", "Pool('mean')", "3×3 → 3"]),
        ("ensemble", ["Ensemble of 3 models", "2 → 2"]),
        ("a module of one's own", ["Squash", "2 → 3", "9 parameters"]),
        ("a class derived from MLP", ["2 → 2", "17 parameters"]),
        ("BatchNorm", ["BatchNorm(3)", "3 → 3"]),
    ],
)
def test_a_block_has_its_name_and_its_shapes(name, shown):
    make, x = MODELS[name]
    assert set(shown) <= set(texts(draw_network(make(), x=x)))


def test_without_an_input_shapes_are_those_that_the_model_knows():
    assert "n → n×3" in texts(draw_network(MODELS["embedding"][0]()))
    assert "2 → 3" in texts(draw_network(MODELS["maxout"][0]()))
    shown = texts(draw_network(MODELS["convolution"][0]()))
    assert "Conv2d(1, 2, kernel=3)" in shown
    assert not any("→" in text for text in shown)


@every_model
def test_the_last_values_are_what_the_model_gives(name):
    make, x = MODELS[name]
    model = make().eval()
    if name == "cell":
        output = nn.RNN(2, 3, seed=0)
        output.cell = model
        given = output(x)[-1]
    else:
        given = model(x)
    if isinstance(given, list) and isinstance(given[0], list):
        given = given[-1]
    given = [v.data for v in nn.layers.as_list(given)]
    assert outputs_shown(draw_network(model, x=x))[-len(given) :] == given


@every_model
def test_drawing_changes_nothing(name):
    make, x = MODELS[name]
    model, twin = make(), make()
    draw_network(model, x=x)
    draw_network(model)
    assert model.state_dict() == twin.state_dict()
    assert not any(p.has_grad for p in model.parameters())
    if name != "cell":
        twin = copy.deepcopy(model)
        draw_network(model, x=x)
        assert repr(model(x)) == repr(twin(x)), "the next mask is the same too"


# ---- values and gradients ------------------------------------------------------------------------


def test_gradients_of_units_are_those_of_the_loss():
    model, x = nn.MLP(2, [3, 2], activation="tanh", seed=0), [0.5, -1.5]

    def loss(y):
        return (y[0] - 1.0) ** 2 + y[1] * 3.0

    picture = draw_network(model, x=x, loss=loss)
    shown = [float(m[1]) for t in titles(picture) if (m := re.search(r"gradient (\S+)$", t))]
    first, second = model.layers
    hidden = [h.data for h in first(x)]
    of_inputs = numeric_gradient(lambda *xs: loss(model(list(xs))), x)
    of_hidden = numeric_gradient(lambda *hs: loss(second(list(hs))), hidden)
    y = [v.data for v in model(x)]
    assert shown == pytest.approx([*of_inputs, *of_hidden, 2 * (y[0] - 1.0), 3.0], rel=1e-6)
    assert not any(p.has_grad for p in model.parameters())


def test_imperials_exercise_shows_weights_activations_and_delta():
    """A net by hand: sums 3 and -1, relu, then 0.875 by a sigmoid; δ = y - t at its sum."""
    weights = [[[1.0, 1.0], [1.0, -2.0]], [[math.log(7.0) / 3.0, 1.0]]]
    model = nn.MLP.from_weights(weights, [[0, 0], [0]], output="sigmoid")
    picture = draw_network(
        model, weights="written", x=[1.0, 2.0], activations="apart",
        loss=lambda y: -y.log(),
    )  # fmt: skip
    shown = texts(picture)
    for wanted in ("3", "-3", "0", "0.88", "0.649"):
        assert wanted in shown
    delta = next(t for t in titles(picture) if t.startswith("unit 1 of layer 2: sum"))
    value, gradient = re.search(r"value (\S+); gradient (\S+)", delta).groups()
    assert float(value) == pytest.approx(math.log(7.0))
    assert float(gradient) == pytest.approx(0.875 - 1.0)


def test_an_activation_apart_is_a_unit_of_its_own():
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    picture = draw_network(model, activations="apart", x=[1.0, 2.0])
    assert len(list(ET.fromstring(picture.svg).iter(f"{SVG}circle"))) == 2 + 3 + 3 + 1
    assert texts(picture).count("tanh") == 3 + 1
    sums = [n.preactivation([1.0, 2.0]).data for n in model.layers[0].neurons]
    values = outputs_shown(picture)
    assert values[2:5] == sums
    assert values[5:8] == [math.tanh(z) for z in sums]


def test_weights_can_show_the_gradients_of_the_loss():
    model, x = nn.MLP(2, [2, 1], activation="tanh", seed=1), [1.0, -2.0]
    model([3.0, 1.0]).backward()  # what the parameters hold from earlier is not of this loss
    picture = draw_network(model, weights="gradients", x=x, loss=lambda y: y * y)
    model.zero_grad()
    (model(x) ** 2).backward()
    grads = [w.grad for layer in model.layers for n in layer.neurons for w in n.w]
    assert wires(picture) == [short(g) for g in grads]


# ---- masks ---------------------------------------------------------------------------------------


def test_a_dropped_unit_is_hollow_and_has_no_wires():
    hidden = nn.Layer(3, 6, activation="sigmoid", seed=0)
    model = nn.Sequential(hidden, nn.Dropout(0.5, seed=2), nn.Linear(6, 2, seed=1))
    x = [1.0, -1.0, 2.0]
    picture = draw_network(model, x=x)
    zero = [v.data == 0.0 for v in model.layers[1](hidden(x))]
    assert 0 < sum(zero) < 6
    dashed = [c for c in ET.fromstring(picture.svg).iter(f"{SVG}circle")
              if c.get("stroke-dasharray") == "3 3"]  # fmt: skip
    assert len(dashed) == sum(zero)
    assert [("dropped" in t) for t in titles(picture) if "of layer 1" in t and "unit" in t[:4]] == (
        zero
    )
    assert len(wires(picture)) == (3 + 2) * (6 - sum(zero))
    assert f"{sum(zero)} dropped" in texts(picture)
    full = draw_network(model.eval(), x=x)
    assert len(wires(full)) == 3 * 6 + 6 * 2
    assert "sigmoid, dropout 0.5 (off)" in texts(full)


def test_weights_that_dropconnect_drops_have_no_wires():
    model = nn.DropConnect(4, 5, seed=0)
    picture = draw_network(model, x=[1.0, 1.0, 1.0, 1.0])
    kept = wires(picture)
    assert 0 < len(kept) < 20
    assert outputs_shown(picture)[4:] == [y.data for y in model([1.0, 1.0, 1.0, 1.0])]
    assert len(wires(draw_network(model.eval()))) == 20


def test_dropout_at_the_start_of_a_residual_leaves_the_input_of_the_wire_around_it():
    model = nn.Residual(nn.Dropout(0.5, seed=1), nn.Linear(4, 4, seed=0))
    picture = draw_network(model, x=[1.0, 2.0, 3.0, 4.0])
    assert not any("dropped" in t for t in titles(picture) if t.startswith("input"))
    assert any("dropped" in t for t in titles(picture) if t.startswith("unit"))
    assert outputs_shown(picture)[-4:] == [y.data for y in model([1.0, 2.0, 3.0, 4.0])]


# ---- wires around, loops, heat maps --------------------------------------------------------------


def test_a_residual_block_has_a_wire_around_it_and_a_sum():
    make, x = MODELS["nested"]
    picture = draw_network(make(), x=x)
    assert picture.svg.count("data-around") == 2
    assert texts(picture).count("⊕") == 4
    around = [g for g in ET.fromstring(picture.svg).iter(f"{SVG}g") if "data-around" in g.attrib]
    heights = [float(re.findall(r"L\S+ (\S+?)L", g[0].get("d"))[0]) for g in around]
    assert heights[0] != heights[1], "the outer wire is above the inner one"


def test_a_recurrent_net_folded_has_a_cycle_and_unrolled_has_a_cell_for_each_step():
    make, x = MODELS["recurrent"]
    folded = draw_network(make())
    assert folded.svg.count("data-loop") == 1
    assert "hₜ₋₁, by 3 × 3 weights" in texts(folded)
    assert len(wires(folded)) == 2 * 3 + 3 * 1
    model = nn.RNN(2, 1, seed=0)
    unrolled = texts(draw_network(model, unrolled=True, x=x))
    for t, state in enumerate(model(x), 1):
        assert f"step {t}" in unrolled
        assert f"h{'₀₁₂₃'[t]} = {short(state[0].data, 2)}" in unrolled


def test_attention_is_a_heat_map_of_queries_and_keys():
    model = nn.SelfAttention(2, causal=True, seed=0)
    picture = draw_network(model, x=SEQUENCE)
    cells = {}
    for g in ET.fromstring(picture.svg).iter(f"{SVG}g"):
        if g.get("data-attention"):
            cells[g.get("data-attention")] = float(g.find(f"{SVG}title").text.split(": ")[1])
    assert set(cells) == {"0,0", "1,0", "1,1", "2,0", "2,1", "2,2"}
    keys = [[v.data for v in model.key(x)] for x in SEQUENCE]
    query = [v.data for v in model.query(SEQUENCE[2])]
    scores = [math.exp(sum(q * k for q, k in zip(query, key)) / math.sqrt(2)) for key in keys]  # noqa: B905
    for j, score in enumerate(scores):
        assert cells[f"2,{j}"] == pytest.approx(score / sum(scores))
    assert [cells["0,0"], cells["1,0"] + cells["1,1"]] == pytest.approx([1.0, 1.0])


def test_hidden_units_swapped_make_the_same_function_and_another_picture():
    model = nn.MLP.from_weights([[[1, 2], [-3, 4]], [[5, -6]]], [[0.5, 0], [0]])
    swapped = nn.MLP.from_weights([[[-3, 4], [1, 2]], [[-6, 5]]], [[0, 0.5], [0]])
    left = draw_network(model, weights="written", x=[1.0, 1.0])
    right = draw_network(swapped, weights="written", x=[1.0, 1.0], scale=left.scale)
    assert outputs_shown(left)[-1] == outputs_shown(right)[-1]
    assert sorted(wires(left)) == sorted(wires(right))
    assert wires(left) != wires(right)


# ---- what is passed in ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "x", "message"),
    [
        (nn.MLP(2, [1], seed=0), [1.0, 2.0, 3.0], "takes 2 number.*got 3"),
        (nn.Conv2d(2, 1, 2, seed=0), PICTURE, r"takes 2 channel.*got 1"),
        (nn.SelfAttention(3, seed=0), SEQUENCE, "takes 3 number.*got 2"),
        (nn.Sequential(nn.Linear(2, 2, seed=0), nn.BatchNorm(2)), [1.0, 2.0], r"model\.eval\(\)"),
    ],
)
def test_an_input_that_does_not_fit_says_what_the_model_takes(model, x, message):
    with pytest.raises((ValueError, RuntimeError), match=message):
        draw_network(model, x=x)


def test_names_of_classes_and_functions_are_only_text():
    def hostile(xs):
        return xs[:1]

    hostile.__name__ = "<script>alert(1)</script>"
    model = nn.Sequential(nn.Linear(2, 2, seed=0), hostile, nn.Linear(1, 1, seed=0))
    picture = draw_network(model)
    assert "<script" not in picture.svg
    assert any("<script" in text for text in texts(picture))


@every_model
def test_every_colour_has_a_dark_one(name):
    make, x = MODELS[name]
    svg = draw_network(make(), x=x).svg
    rules = with_dark_colours(svg)
    for colour in set(re.findall(r'(?:fill|stroke)="(#\w+)"', svg)):
        assert f'="{colour}"]' in rules


def test_an_input_of_values_keeps_its_gradients():
    x = [Value(1.0), Value(2.0)]
    draw_network(nn.MLP(2, [1], seed=0), x=x, loss=lambda y: y * y)
    assert not any(v.has_grad for v in x)
