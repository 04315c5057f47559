"""Levels of detail: what a folded picture shows is true, says what it folded, and stays legible."""

import random
import re
from collections import Counter
from graphlib import TopologicalSorter

import pytest
from drawn import in_a_column, read_svg
from examples import random_graph

from autograd_edu import Value, dot, draw, nn, scope, tanh, total
from autograd_edu.engine.value import topological_order
from autograd_edu.errors import OptionError
from autograd_edu.notation.formula import short
from autograd_edu.notation.names import names
from autograd_edu.pictures.folding.detail import LEVELS, fold
from autograd_edu.pictures.folding.folded import scenes
from autograd_edu.pictures.folding.scopes import Folding
from autograd_edu.pictures.render.styles import STYLES
from autograd_edu.pictures.scene.scene import Graph

XS, TS = (
    [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]],
    [1.0, -1.0, -1.0, 1.0],
)


def trained(*, activation="relu", samples=1, inputs=float, seed=1):
    """An MLP(3, [4, 4, 1]) after 30 steps on four samples, and its loss on some of them."""
    model = nn.MLP(3, [4, 4, 1], activation=activation, seed=seed)
    for _ in range(30):
        model.zero_grad()
        total([(model(x) - t) ** 2 for x, t in zip(XS, TS, strict=True)]).backward()
        for p in model.parameters():
            p.data -= 0.01 * p.grad
    model.zero_grad()
    xs = [[inputs(x) for x in sample] for sample in XS[:samples]]
    losses = [(model(x) - t) ** 2 for x, t in zip(xs, TS, strict=False)]
    loss = total(losses) if samples > 1 else losses[0]
    loss.label = "loss"
    loss.backward()
    return model, loss


def size(picture):
    return tuple(map(int, re.search(r'width="(\d+)" height="(\d+)"', picture.svg).groups()))


def titles(picture):
    return [box.title for box in picture._scene.boxes]


def box(picture, title):
    return next(b for b in picture._scene.boxes if b.title == title)


# ---- every level tells the truth -----------------------------------------------------------------


def scoped_graph(seed):
    """A random graph whose values belong to random scopes, several levels deep, in any order."""
    y, rng = random_graph(seed), random.Random(seed)
    for value in topological_order(y):
        value.scope = "/".join(
            rng.choice("abc") + str(rng.randint(0, 2)) for _ in range(rng.randint(0, 3))
        )
    y.backward()
    return y


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
def test_every_value_is_in_one_box_and_every_use_between_boxes_is_in_a_wire(level):
    for seed in range(150):
        graph = Graph(scoped_graph(seed) if seed % 3 else random_graph(seed))
        pieces = fold(graph, level)
        home = Counter(i for piece in pieces for i in piece.members)
        rows = {
            i for piece in pieces if piece.product for term in piece.product.terms for i in term
        }
        assert set(home.values()) == {1}
        assert all(
            graph.order[i].op is None and i in rows for i in set(range(len(graph))) - set(home)
        )
        _, scene = next(scenes(graph, level, Folding()))
        place = {i: k for k, piece in enumerate(pieces) for i in piece.members}
        uses = Counter(
            (place[p], place[i])
            for i, parents in enumerate(graph.parents)
            for p in parents
            if p in place and i in place and place[p] != place[i]
        )
        drawn = Counter()
        for wire in scene.wires:
            drawn[wire.tail, wire.head] += int(wire.text[:-5]) if wire.text.endswith(" uses") else 1
        assert drawn == uses


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.slow
def test_folded_pictures_read_back_in_every_style(style):
    for seed in range(0, 60):
        graph = Graph(scoped_graph(seed))
        for level in LEVELS:
            _, scene = next(scenes(graph, level, Folding()))
            arranged = STYLES[style].arrange(scene)
            found = read_svg(STYLES[style].svg(arranged, in_a_column(arranged), "a graph"))
            assert len(found.texts) == len(arranged.boxes)
            assert sum(found.wires.values()) == len(arranged.wires)
            shown = Counter(text for texts in found.texts.values() for text in texts)
            for b in scene.boxes:
                for row in b.rows:
                    assert shown[row.data]
                    assert not row.grad or shown[row.grad]


@pytest.mark.parametrize("style", STYLES)
def test_graphviz_leads_wires_to_the_rows_of_folded_boxes(style):
    _, loss = trained(inputs=Value)
    for level in LEVELS:
        found = read_svg(draw(loss, style=style, detail=level).svg)
        assert found.wires


# ---- sums of products ----------------------------------------------------------------------------


def neuron(how):
    x1, x2 = Value(2.0, "x1"), Value(0.5, "x2")
    w1, w2, b = Value(-3.0, "w1"), Value(1.0, "w2"), Value(6.88, "b")
    n = {
        "by hand": lambda: w1 * x1 + w2 * x2 + b,
        "inputs first": lambda: x1 * w1 + x2 * w2 + b,
        "bias first": lambda: b + (w1 * x1 + w2 * x2),
        "as a dot": lambda: dot([w1, w2], [x1, x2], b),
        "as a total": lambda: total([w1 * x1, w2 * x2, b]),
    }[how]()
    n.label = "n"
    y = tanh(n)
    y.label = "y"
    y.backward()
    return y


@pytest.mark.parametrize("how", ["by hand", "inputs first", "bias first", "as a dot", "as a total"])
def test_a_neuron_is_one_box_with_a_row_a_product_however_it_is_written(how):
    y = neuron(how)
    picture = draw(y, detail="fused")
    assert sorted(titles(picture))[0].startswith("n = ")
    n = next(b for b in picture._scene.boxes if b.rows)
    assert len(picture._scene.boxes) == 4
    grad = y.local_grads[0]
    wanted = {
        ("w1", "-3", short(2.0 * grad), "× x1"),
        ("w2", "1", short(0.5 * grad), "× x2"),
        ("b", "6.88", short(grad), ""),
    }
    assert {(row.name, row.data, row.grad, row.after) for row in n.rows} == wanted
    assert (n.data, n.grad) == (short(y.parents[0].data), short(grad))


def test_a_product_of_two_results_keeps_both_its_wires():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    p, q = tanh(a), tanh(b)
    y = dot([p, p], [q, p])
    _, scene = next(scenes(Graph(y), "fused", Folding()))
    assert Counter((w.tail, w.head, w.row) for w in scene.wires if w.row >= 0) == {
        (1, 4, 0): 1,
        (3, 4, 0): 1,
        (1, 4, 1): 2,
    }


def test_a_weight_that_something_else_uses_keeps_its_box():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    y = w * x + 1.0 + w**2
    assert "w" in titles(draw(y, detail="fused"))


# ---- networks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("inputs", [float, Value])
@pytest.mark.slow
def test_a_trained_network_fused_fits_1600_pixels_and_every_gradient_can_be_read(
    activation, inputs
):
    model, loss = trained(activation=activation, inputs=inputs)
    picture = draw(loss, detail="fused")
    assert len(model.parameters()) == 41
    assert size(picture)[0] <= 1600
    assert rows_of(picture) == Counter(
        (p.label, short(p.data), short(p.grad)) for p in model.parameters()
    )
    texts = Counter(text for texts in read_svg(picture.svg).texts.values() for text in texts)
    assert all(texts[short(p.grad)] and texts[short(p.data)] for p in model.parameters())


def rows_of(picture):
    boxes = picture._scene.boxes
    return Counter((r.name, r.data, r.grad) for b in boxes for r in b.rows if r.name != "Σ")


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("inputs", [float, Value])
def test_rows_show_their_own_share_and_the_shares_add_up_to_the_gradient(activation, inputs):
    model, loss = trained(activation=activation, inputs=inputs, samples=4)
    rows = [r for b in draw(loss, detail="fused", digits=12)._scene.boxes for r in b.rows]
    gradients = {}  # of parameters of one name and value: a few biases may still be alike
    for p in model.parameters():
        gradients.setdefault((p.label, short(p.data, 12)), []).append(p.grad)
    for (name, data), grads in gradients.items():
        own = [r for r in rows if (r.name, r.data) == (name, data)]
        assert len(own) == 4 * len(grads)
        assert sum(float(r.grad) for r in own) == pytest.approx(sum(grads), abs=1e-9)
        totals = {r.after.rpartition("in all ")[2] for r in own}
        assert totals == {short(grad, 12) for grad in grads}


def test_a_share_is_local_gradient_times_upstream():
    w, a, b = Value(3.0, "w"), Value(2.0, "a"), Value(5.0, "b")
    y = (w * a + 1.0) * (w * b + 2.0)
    y.backward()
    picture = draw(y, detail="fused")
    rows = {r.after: r for box in picture._scene.boxes for r in box.rows if r.name == "w"}
    assert w.grad == 2 * 17 + 5 * 7
    assert rows["× a, in all 69"].grad == str(2 * 17)
    assert rows["× b, in all 69"].grad == str(5 * 7)


def test_a_row_whose_value_is_used_there_alone_shows_the_gradient_as_it_is():
    w, a = Value(3.0, "w"), Value(2.0, "a")
    y = w * a + 1.0
    y.backward()
    y.backward()
    row = draw(y, detail="fused")._scene.boxes[-1].rows[0]
    assert (row.name, row.grad, row.after) == ("w", "4", "× a")


def test_a_network_has_a_box_a_neuron_with_its_parameters():
    model, loss = trained(samples=4)
    picture = draw(loss, detail="neuron")
    neurons = [b for b in picture._scene.boxes if "/neuron" in b.title]
    assert sorted(b.title for b in neurons) == sorted(
        f"layer{i}/neuron{k}" for i, n in enumerate((4, 4, 1)) for k in range(n)
    )
    first = model.layers[0].neurons[0]
    rows = {r.name: (r.data, r.grad) for r in box(picture, "layer0/neuron0").rows}
    assert {p.label: rows[p.label] for p in first.parameters()} == {
        p.label: (short(p.data), short(p.grad)) for p in first.parameters()
    }
    assert [name for name in rows if name.startswith("out")] == [
        "out #1",
        "out #2",
        "out #3",
        "out #4",
    ]


def test_a_network_has_a_box_a_layer_with_norms_and_outputs():
    model, loss = trained()
    picture = draw(loss, detail="layer")
    assert titles(picture) == ["layer0", "layer1", "layer2/neuron0", "loss"]
    weights = model.layers[1].parameters()
    norms, *outputs = box(picture, "layer1").rows
    assert norms.data == short(sum(p.data**2 for p in weights) ** 0.5)
    assert norms.grad == short(sum(p.grad**2 for p in weights) ** 0.5)
    assert norms.name == "‖w‖ of 20"
    assert [row.name for row in outputs] == ["neuron0", "neuron1", "neuron2", "neuron3"]
    assert picture._scene.note == f"4 boxes for {len(topological_order(loss))} values"


def test_a_folded_picture_is_printed_as_a_table_of_boxes_and_their_rows():
    picture = draw(nn.MLP(2, [2, 1], activation="tanh", seed=0)([1.0, 2.0]), detail="layer")
    head, line, *rows, note = str(picture).splitlines()
    assert head.split() == ["box", "value", "gradient"]
    assert set(line) == {"-", " "}
    assert [row.split()[0] for row in rows if not row.startswith(" ")] == [
        "layer0",
        "layer1/neuron0",
    ]
    assert note == picture._scene.note


def test_a_norm_of_large_numbers_is_no_overflow():
    with scope("layer"):
        parameters = [Value(3e200), Value(4e200)]
        outputs = [parameters[0] * 1e-200, parameters[1] * 1e-200]
    assert box(draw(outputs[0] * outputs[1], detail="layer"), "layer").rows[0].data == "5e+200"


@pytest.mark.parametrize("inputs", [float, Value])
@pytest.mark.parametrize("samples", [1, 20])
def test_337_parameters_fit_one_screen_as_layers(inputs, samples):
    model = nn.MLP(2, [16, 16, 1], seed=1)
    rng = random.Random(0)
    points = [[inputs(rng.uniform(-1, 1)) for _ in range(2)] for _ in range(samples)]
    loss = total([(model(x) - 1.0) ** 2 for x in points])
    loss.backward()
    wide, high = size(draw(loss, detail="layer"))
    assert wide <= 1280
    assert high <= 720


def test_auto_is_the_finest_level_that_is_legible():
    _, loss = trained()
    assert draw(neuron("by hand")).detail == "full"
    assert draw(loss).detail == "fused"
    assert draw(trained(samples=4)[1]).detail == "neuron"
    big = nn.MLP(2, [16, 16, 1], seed=1)
    assert draw((big([1.0, 2.0]) - 1.0) ** 2).detail == "layer"


@pytest.mark.slow
def test_a_hundred_thousand_values_are_drawn_in_a_few_boxes():
    model = nn.MLP(2, [16, 16, 1], seed=1)
    loss = total([(model([i / 500, -i / 500]) - 1.0) ** 2 for i in range(500)])
    assert len(topological_order(loss)) > 50_000
    picture = draw(loss)
    assert len(picture._scene.boxes) <= 20
    assert repr(picture).splitlines()[-1] == picture._scene.note


# ---- scopes and names ----------------------------------------------------------------------------


def two_scopes():
    x = Value(0.5, "x")
    with scope("encode"):
        h = tanh(x * 2.0) * 3.0
    with scope("decode"):
        y = tanh(h + 1.0)
    y.label = "y"
    y.backward()
    return y


def test_anybodys_scopes_fold_like_those_of_networks():
    picture = draw(two_scopes(), detail="neuron")
    assert titles(picture) == ["x", "encode", "decode"]
    assert len(picture._scene.wires) == 2
    assert box(picture, "decode").grad == "1"


def test_the_picture_says_what_it_folded_to_eyes_and_to_screen_readers():
    picture = draw(two_scopes(), detail="neuron")
    assert ">3 boxes for 9 values</text>" in picture.svg
    assert 'aria-label="Computation graph of y: 3 boxes for 9 values"' in picture.svg
    assert repr(picture).endswith("3 boxes for 9 values")
    assert "boxes for" not in draw(two_scopes(), detail="full").svg


def test_a_scope_is_expanded_by_its_name_or_the_end_of_it():
    _, loss = trained()
    layers = draw(loss, detail="layer", expand=["layer1"])
    assert titles(layers) == [
        "layer0",
        *[f"layer1/neuron{i}" for i in range(4)],
        "layer2/neuron0",
        "loss",
    ]
    one = draw(loss, detail="neuron", expand="layer0/neuron2")
    assert "layer0/neuron2" not in titles(one)
    assert "layer0/neuron1" in titles(one)
    both = draw(loss, detail="neuron", expand=["neuron2"])
    assert "layer1/neuron2" not in titles(both)


def test_a_label_that_is_expanded_has_its_own_box():
    assert "b" in titles(draw(neuron("as a dot"), detail="fused", expand=["b"]))


def test_a_scope_or_a_result_is_collapsed_by_name_at_any_level():
    assert titles(draw(two_scopes(), detail="full", collapse="encode")) == [
        "x",
        "encode",
        "v4 = v3 + 1",
        "y = tanh(v4)",
    ]
    y = neuron("by hand")
    x1 = next(v for v in topological_order(y) if v.label == "x1")
    picture = draw(y * x1, detail="full", collapse=["n"])
    assert sorted(titles(picture)) == ["n", "v4 = y·x1", "x1", "y = tanh(n)"]
    assert {row.name for row in box(picture, "n").rows} == {"x2", "w1", "w2", "b"}


def test_a_part_used_on_its_own_result_becomes_a_box_a_use():
    y = Value(0.5, "x")
    for _ in range(2):
        for name in ("f", "g"):
            with scope(name):
                y = tanh(y * 2.0)
    picture = draw(y, detail="neuron")
    assert titles(picture) == ["x", "f (1)", "g (1)", "f (2)", "g (2)"]
    assert [(w.tail, w.head) for w in picture._scene.wires] == [(0, 1), (1, 2), (2, 3), (3, 4)]


@pytest.mark.parametrize("wrong", ["expand", "collapse"])
def test_an_unknown_name_is_refused_with_those_there_are(wrong):
    names = "'decode', 'encode', 'x', 'y'"
    with pytest.raises(OptionError, match=rf"unknown scope or label 'layer9'; choose from {names}"):
        draw(two_scopes(), **{wrong: ["layer9"]})
    with pytest.raises(OptionError, match=r"'encoder'; .* \(did you mean 'encode'\?\)"):
        draw(two_scopes(), **{wrong: "encoder"})
    with pytest.raises(OptionError, match="'x': this graph has none"):
        draw(Value(1.0) * 2.0, **{wrong: "x"})


def test_an_unknown_level_is_refused_with_those_there_are():
    with pytest.raises(
        ValueError, match=r"unknown level of detail 'neurons'; choose from 'auto', 'full'.*'neuron'"
    ):
        draw(two_scopes(), detail="neurons")


@pytest.mark.parametrize("wrong", [3, [3], None])
def test_names_that_are_no_names_are_refused(wrong):
    with pytest.raises(TypeError, match=r"takes? the names?"):
        draw(two_scopes(), expand=wrong)


# ---- values without a scope ----------------------------------------------------------------------


def test_values_alike_are_gathered_at_the_coarse_levels():
    xs = [Value(float(i), f"x{i}") for i in range(100)]
    y = total([tanh(x) for x in xs])
    y.backward()
    picture = draw(y, detail="neuron")
    assert titles(picture) == ["100 inputs", "100 values of tanh(x)", "v101 = Σ"]
    assert [(w.text) for w in picture._scene.wires] == ["100 uses", "100 uses"]


def test_auto_shows_some_of_what_is_alike_so_that_ten_boxes_are_left():
    xs = [Value(float(i), f"x{i}") for i in range(100)]
    found = titles(draw(total([tanh(x) for x in xs])))
    assert [t for t in found if t[0] == "x"] == ["x0", "x1", "x2", "x3"]
    assert [t for t in found if " = tanh(x" in t] == [f"v{i + 1} = tanh(x{i})" for i in range(4)]
    assert {"96 inputs", "96 values of tanh(x)", "v101 = Σ"} <= set(found)
    y = Value(0.5, "x")
    for _ in range(100):
        y = tanh(y)
    found = titles(draw(y))
    assert found == ["x", *found[1:5], "92 values in a row", *found[6:]]
    assert found[-1] == "v100 = tanh(v99)"
    assert len(found) == 10


def test_a_long_addition_is_one_box():
    w, b = Value(0.5, "w"), Value(0.1, "b")
    y = sum((w * (i / 50) + b - 1.0) ** 2 for i in range(50))
    y.label = "loss"
    y.backward()
    picture = draw(y, detail="layer")
    assert titles(picture) == [
        "50 sums of products",
        "50 values of a - b",
        "50 values of x²",
        "Σ of 50 values",
    ]
    assert (picture._scene.boxes[-1].data, picture._scene.boxes[-1].grad) == (short(y.data), "1")
    assert [w.text for w in picture._scene.wires] == ["50 uses"] * 3


def test_an_addition_that_something_else_uses_is_not_hidden():
    xs = [Value(float(i), f"x{i}") for i in range(20)]
    first = sum(xs[:10])
    y = sum(xs[10:], first) * first
    assert [t for t in titles(draw(y, detail="layer")) if "Σ of" in t] == [
        "Σ of 10 values",
        "Σ of 11 values",
    ]


def test_layers_written_by_hand_without_a_scope_fold_too():
    rng = random.Random(0)
    numbers = [Value(rng.uniform(-1, 1), f"x{i}") for i in range(3)]
    weights = []
    for width in (8, 8, 1):
        outputs = []
        for _ in range(width):
            own, b = [Value(rng.uniform(-1, 1), "w") for _ in numbers], Value(0.1, "b")
            outputs.append(tanh(sum((w * x for w, x in zip(own, numbers, strict=True)), b)))
            weights.append([*own, b])
        numbers = outputs
    numbers[0].backward()
    picture = draw(numbers[0], detail="layer")
    assert titles(picture)[:5] == [
        "3 inputs",
        "8 sums of products",
        "8 values of tanh(x)",
        "8 sums of products",
        "8 values of tanh(x)",
    ]
    texts = {(w.tail, w.head): w.text for w in picture._scene.wires}
    assert [texts[i, i + 1] for i in range(5)] == [
        "24 uses",
        "8 uses",
        "64 uses",
        "8 uses",
        "8 uses",
    ]
    first = [p for own in weights[:8] for p in own]
    assert box(picture, "8 sums of products").rows[0].name == "‖w‖ of 32"
    assert box(picture, "8 sums of products").rows[0].grad == short(
        sum(p.grad**2 for p in first) ** 0.5
    )


def test_a_long_run_is_a_table_of_its_values_gradients_and_local_gradients():
    y = x = Value(0.5, "x")
    made = []
    for _ in range(60):
        y = tanh(y)
        made.append(y)
    y.backward()
    picture = draw(y, detail="layer")
    assert titles(picture) == ["x", "60 values in a row"]
    rows = box(picture, "60 values in a row").rows
    assert [(r.data, r.grad, r.after) for r in rows] == [
        (short(v.data), short(v.grad), f"∂ {short(v.local_grads[0])}") for v in made
    ]
    assert [r.name for r in rows[:2]] == ["v1 = tanh(x)", "v2 = tanh(v1)"]
    assert len(picture._scene.wires) == 1
    longer = y
    for _ in range(100):
        longer = longer * longer * 0.5 + 0.1
    rows = draw(longer, detail="layer")._scene.boxes[-1].rows
    assert rows[40].name == "… 280 more"
    assert len(rows) == 81
    assert rows[41].after == "∂ 1"
    assert x.has_grad


def test_a_value_that_another_uses_too_ends_a_run():
    y = Value(0.5, "x")
    for _ in range(10):
        y = tanh(y)
    middle = y
    for _ in range(10):
        y = tanh(y)
    picture = draw(y * middle, detail="layer")
    assert titles(picture) == ["x", "10 values in a row", "10 values in a row", "v21 = v20·v10"]


def test_equal_labels_are_told_apart_in_linear_time():
    many = [Value(1.0, "x") for _ in range(20_000)]
    assert names(many)[-1] == "x_20000"


# ---- the edges of folding, each held by its smallest example -------------------------------------


def in_a_row(count):
    y = Value(0.5, "x")
    for _ in range(count):
        y = tanh(y)
    return y


def test_eight_values_in_a_row_are_folded_and_seven_are_not():
    assert titles(draw(in_a_row(8), detail="neuron")) == ["x", "8 values in a row"]
    assert len(titles(draw(in_a_row(7), detail="neuron"))) == 8


def test_eight_additions_are_one_box_and_seven_are_not():
    def added(count):
        return sum(Value(float(i), f"x{i}") for i in range(count + 1))

    assert "Σ of 9 values" in titles(draw(added(8), detail="neuron"))
    assert not [t for t in titles(draw(added(7), detail="neuron")) if "Σ of" in t]


def test_three_values_alike_are_gathered_and_two_are_not():
    def alike(count):
        return total([tanh(Value(float(i), f"x{i}")) for i in range(count)])

    assert titles(draw(alike(3), detail="neuron"))[:2] == ["3 inputs", "3 values of tanh(x)"]
    assert len(titles(draw(alike(2), detail="neuron"))) == 5


def test_a_leaf_that_sums_and_something_else_use_keeps_its_own_box():
    shared, xs = Value(2.0, "w"), [Value(float(i), f"x{i}") for i in range(4)]
    alone = total([tanh(dot([shared], [x], Value(0.1, "b"))) for x in xs])
    assert "w" not in titles(draw(alone, detail="layer"))
    for used in (alone * shared, alone + tanh(shared)):
        assert "w" in titles(draw(used, detail="layer"))
        assert "w" in titles(draw(used, detail="fused"))


@pytest.mark.parametrize("level", ["fused", "neuron", "layer"])
def test_a_plain_number_stands_in_the_formula_and_a_labelled_one_in_a_box(level):
    def with_number(label):
        y = tanh(Value(0.5, "x") * 2.0)
        y.parents[0].parents[1].label = label
        return titles(draw(y, detail=level))

    assert with_number("") == ["x", "v1 = x·2", "v2 = tanh(v1)"]
    assert with_number("two") == ["x", "two", "v1 = x·two", "v2 = tanh(v1)"]


def test_a_plain_number_that_two_values_use_keeps_its_box():
    x, y = Value(0.5, "x"), Value(0.25, "y")
    two = (x * 2.0).parents[1]
    made = tanh(x * two) - tanh(y * two)
    assert "2" in titles(draw(made, detail="fused"))


def test_a_plain_number_joins_the_only_part_that_uses_it_and_a_labelled_one_does_not():
    x = Value(0.5, "x")
    two = (x * 2.0).parents[1]
    with scope("part"):
        y = tanh(x * two)
    assert titles(draw(y, detail="neuron")) == ["x", "part"]
    two.label = "two"
    assert titles(draw(y, detail="neuron")) == ["x", "two", "part"]


def test_a_weight_that_two_layers_share_is_shown_in_the_rows_of_both():
    w, x, y = Value(2.0, "w"), Value(0.5, "x"), Value(0.25, "y")
    squared = y * y
    first = [tanh(dot([w], [x], Value(float(i), f"b{i}"))) for i in range(3)]
    second = [tanh(dot([w], [squared], Value(float(i), f"c{i}"))) for i in range(3)]
    boxes = draw(total(first + second), detail="layer")._scene.boxes
    assert sum(row.name == "w" for b in boxes for row in b.rows) == 6
    assert "3 sums of products" in titles(draw(total(first), detail="layer"))


class Stack(nn.Module):
    """Layers in a list, called without the modules' own call: their neurons have equal scopes."""

    def __init__(self):
        self.layers = []
        for seed in range(3):
            self.layers.append(nn.Layer(2, 2, seed=seed))

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return total(x)


def test_neurons_of_appended_layers_have_boxes_of_their_own():
    y = Stack()([1.0, 2.0])
    found = titles(draw(y, detail="neuron"))
    assert sorted(found[:-1]) == [f"neuron{i} ({k})" for i in range(2) for k in (1, 2, 3)]


@pytest.mark.slow
def test_no_wire_of_a_folded_picture_leads_back():
    """Whatever the scopes, a picture has no circles: following wires comes to an end."""
    for seed in range(150):
        for level in LEVELS:
            _, scene = next(scenes(Graph(scoped_graph(seed)), level, Folding()))
            into = {k: set() for k in range(len(scene.boxes))}
            for w in scene.wires:
                into[w.head].add(w.tail)
            TopologicalSorter(into).prepare()


def test_an_input_of_one_step_of_a_loop_stays_beside_that_step():
    h, w, u = Value(0.0, "h"), Value(0.5, "w"), Value(0.3, "u")
    for i in range(30):
        h = tanh(w * h + u * Value(i / 30, f"x{i}"))
    picture = draw(h, detail="neuron")
    boxes = picture._scene.boxes
    assert not [b.title for b in boxes if "inputs" in b.title]
    for i in range(30):
        (k,) = [k for k, b in enumerate(boxes) if b.title == f"x{i}"]
        assert len([wire for wire in picture._scene.wires if wire.tail == k]) == 1


def test_auto_leaves_out_the_middle_of_a_picture_of_hundreds_of_boxes():
    x = Value(3.0, "x")
    for _ in range(100):
        x = x - 0.01 * (2.0 * x + tanh(x))
    x.backward()
    found = titles(draw(x))
    assert found[0] == "x"
    assert len(found) == 41
    assert [t for t in found if t.endswith("boxes between")] == ["361 boxes between"]
    assert found[-1].startswith("v500 = ")
    assert len(titles(draw(x, detail="fused"))) == 401


# ---- every number of a folded picture, read by a stranger ----------------------------------------


def network_graph(seed):
    """A random graph with neurons that share their weights, so that rows have shares."""
    rng, y = random.Random(seed), scoped_graph(seed)
    activation, width = rng.choice(["tanh", "relu"]), rng.randint(1, 3)
    model = nn.MLP(2, [width, 1], activation=activation, seed=seed)
    samples = [[rng.uniform(-2, 2), tanh(y)] for _ in range(rng.randint(1, 3))]
    loss = total([y, *(model(x) ** 2 for x in samples)])
    for value in topological_order(y):
        if not value.is_constant:
            value.grad = 0.0
    loss.backward()
    return loss


def given_back(graph, i, weight):
    """What value ``i`` gives to the gradient of ``weight``, from the engine's numbers."""
    user = graph.order[i]
    return sum(
        local * user.grad
        for local, p in zip(user.local_grads, graph.parents[i], strict=True)
        if p == weight
    )


def as_the_other_factor(graph, product, value):
    """What the rows of other values, which ``value`` multiplies, give to its gradient."""
    members = product.members
    upstream = graph.order[members[-2] if product.activated else members[-1]].grad
    rows = [weight for weight, given in product.terms if given == value != weight]
    return sum(graph.order[weight].data * upstream for weight in rows)


def check_folded(graph, level):
    """AssertionError unless each number is that of the record. How many shares were looked at."""
    gradients = [short(v.grad) if v.has_grad else "–" for v in graph.order]
    numbers = {(short(v.data), said) for v, said in zip(graph.order, gradients, strict=True)}
    pieces, (_, scene) = fold(graph, level), next(scenes(graph, level, Folding()))
    seen, inside = {}, {}
    for piece, drawn in zip(pieces, scene.boxes, strict=True):
        if drawn.data:
            assert (drawn.data, drawn.grad or "–") in numbers or graph.order[
                piece.members[-1]
            ].is_constant
        if not (piece.product and drawn.rows):
            continue
        for (weight, _), row in zip(piece.product.terms, drawn.rows, strict=False):
            value = graph.order[weight]
            if row.data != short(value.data):
                assert "more" in row.name, f"{row} is not {value}"
                break
            if "in all" in row.after:
                assert row.after.endswith(f"in all {gradients[weight]}")
                seen.setdefault(weight, []).append(float(row.grad))
                inside.setdefault(weight, {}).update(dict.fromkeys(piece.members, piece))
            elif not value.is_constant:
                assert row.grad == gradients[weight]
    for weight, shares in seen.items():
        uses = {i: given_back(graph, i, weight) for i in set(graph.consumers[weight])}
        elsewhere = sum(share for i, share in uses.items() if i not in inside[weight])
        pieces = {id(piece): piece for piece in inside[weight].values()}.values()
        elsewhere += sum(as_the_other_factor(graph, piece.product, weight) for piece in pieces)
        size = sum(map(abs, [*shares, elsewhere]))
        assert abs(sum(shares) + elsewhere - graph.order[weight].grad) <= 1e-3 * size
    return sum(map(len, seen.values()))


@pytest.mark.slow
def test_every_number_of_a_folded_picture_is_the_records_and_shares_add_up(long):
    shares = 0
    for seed in range(200 if long else 20):
        graph = Graph(network_graph(seed))
        shares += sum(check_folded(graph, level) for level in LEVELS)
    assert shares > (2000 if long else 200)
