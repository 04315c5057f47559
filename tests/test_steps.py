"""The record of both passes, and the tables and listings that read it."""

import math
import os
import re
import subprocess
import sys

import pytest
from examples import g, lecture_004, random_graph

from autograd_edu import OPS, Value, cos, exp, ieee, log, relu, sin, steps, where
from autograd_edu.engine.value import topological_order
from autograd_edu.errors import OptionError, ShapeError, StateError
from autograd_edu.notation.names import latex_name, names
from autograd_edu.pictures.steps import Steps
from autograd_edu.record.tables import backward_table, forward_table, tangents

TABLES = """\
Forward
variable    value      local derivative      forward mode, ∂/∂u  derivative
----------  ---------  --------------------  ------------------  ----------
u           0.5        1                     u̇ = 1               1
v = u²      0.25       ∂v/∂u = 2·u           v̇ = 2·u·u̇           1
w = sin(v)  0.247404   ∂w/∂v = cos(v)        ẇ = cos(v)·v̇        0.968912
x = log(v)  -1.38629   ∂x/∂v = 1/v           ẋ = 1/v·v̇           4
y = w·x     -0.342975  ∂y/∂w = x, ∂y/∂x = w  ẏ = x·ẇ + w·ẋ       -0.353582
z = exp(y)  0.709656   ∂z/∂y = z             ż = z·ẏ             -0.250922

Backward
variable    value      local derivative      reverse mode          gradient
----------  ---------  --------------------  --------------------  ---------
z = exp(y)  0.709656   ∂z/∂y = z             z̄ = 1                 1
y = w·x     -0.342975  ∂y/∂w = x, ∂y/∂x = w  ȳ = z·z̄               0.709656
x = log(v)  -1.38629   ∂x/∂v = 1/v           x̄ = w·ȳ               0.175572
w = sin(v)  0.247404   ∂w/∂v = cos(v)        w̄ = x·ȳ               -0.983792
v = u²      0.25       ∂v/∂u = 2·u           v̄ = 1/v·x̄ + cos(v)·w̄  -0.250922
u           0.5        1                     ū = 2·u·v̄             -0.250922"""

PYTHON = """\
from autograd_edu import cos, exp, log, sin

def f1(u): return u ** 2
def df1(u): return 2 * u
def f2(v): return sin(v)
def df2(v): return cos(v)
def f3(v): return log(v)
def df3(v): return 1 / v
def f4(w, x): return w * x
def df4_1(w, x): return x
def df4_2(w, x): return w
def f5(y): return exp(y)
def df5(y): return f5(y)

u = 0.5
v = f1(u)
w = f2(v)
x = f3(v)
y = f4(w, x)
z = f5(y)

# backward pass: local gradient * upstream gradient (some lectures say downstream)
dz_y = df5(y)
dz_x = df4_2(w, x) * dz_y
dz_w = df4_1(w, x) * dz_y
dz_v = df3(v) * dz_x + df2(v) * dz_w
dz_u = df1(u) * dz_v
"""


def test_the_tables_of_lecture_004():
    assert steps(lecture_004(0.5)).text() == TABLES


def test_the_listing_of_lecture_000_runs():
    z = lecture_004(0.5)
    assert steps(z).python() == PYTHON
    namespace = {}
    exec(steps(z).python(), namespace)
    assert namespace["dz_u"] == pytest.approx(-0.25092163556897229, rel=1e-15, abs=0.0)


def test_a_chain_reads_as_in_lecture_000():
    x = Value(0.3, "x")
    out1 = sin(x)
    out2 = exp(out1)
    loss = cos(out2)
    out1.label, out2.label, loss.label = "out1", "out2", "loss"
    lines = steps(loss).python().splitlines()
    assert lines[-3:] == [
        "dloss_out2 = df3(out2)",
        "dloss_out1 = df2(out1) * dloss_out2",
        "dloss_x = df1(x) * dloss_out1",
    ]


def test_markdown_and_latex_hold_the_same_cells():
    record = steps(lecture_004(0.5))
    markdown = record.markdown()
    assert "| y = w·x | -0.342975 | ∂y/∂w = x, ∂y/∂x = w | ȳ = z·z̄ | 0.709656 |" in markdown
    assert markdown.count("\n| --- | --- | --- | --- | --- |\n") == 2
    latex = record.latex()
    assert r"$v = u^{2}$ & $0.25$ & $\frac{\partial v}{\partial u} = 2 \cdot u$" in latex
    assert (
        r"$\bar{v} = \frac{1}{v} \cdot \bar{x} + \cos\left(v\right) \cdot \bar{w}$ & $-0.250922$ \\"
        in latex
    )
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 2


def test_each_step_says_its_numbers():
    assert [str(step) for step in steps(g())] == [
        "f = x·y = 3·(-4) = -12",
        "g = f + z = (-12) + 2 = -10",
        "∂g/∂g = 1, the seed",
        "f.grad += local × upstream: 0 + 1 × 1 = 1; z.grad += local × upstream: 0 + 1 × 1 = 1",
        "x.grad += local × upstream: 0 + (-4) × 1 = -4; y.grad += local × upstream: 0 + 3 × 1 = 3",
    ]


def test_the_last_of_several_consumers_says_the_sum_over_all():
    x, y = Value(3, "x"), Value(-4, "y")
    assert [str(step) for step in steps(x * y + x)][2:] == [
        "∂v2/∂v2 = 1, the seed",
        "v1.grad += local × upstream: 0 + 1 × 1 = 1; x.grad += local × upstream: 0 + 1 × 1 = 1",
        "x.grad += local × upstream: 1 + (-4) × 1 = -3, the sum over 2 uses: 1 + (-4) = -3; "
        "y.grad += local × upstream: 0 + 3 × 1 = 3",
    ]
    assert str(steps(x * x)[-1]).endswith(
        "x.grad += local × upstream: 3 + 3 × 1 = 6, the sum over 2 uses: 3 + 3 = 6"
    )
    many = sum((x * i for i in range(2, 20)), x)
    assert str(steps(many)[-1]).endswith(", the sum over 19 uses: 19 + 18 + 17 + … + 2 = 190")


def test_only_branches_that_were_taken_count_as_consumers():
    a, b = Value(1.0, "a"), Value(2.0, "b")
    said = str(steps(where(a > b, a * b, b * 3) + b))
    assert "the sum over 2 uses: 1 + 3 = 4" in said
    assert said.count("the sum over") == 1


def test_the_terms_of_a_sum_are_all_contributions_and_make_the_gradient():
    for seed in range(200):
        record = steps(random_graph(seed))
        given = {}
        for step in record:
            for part in step.parts:
                given.setdefault(part.parent, []).append(part.contribution)
                last = len(given[part.parent]) > 1 and part.terms != ()
                assert part.terms == (tuple(given[part.parent]) if last else ())
                if last:
                    total = part.terms[0]
                    for term in part.terms[1:]:
                        total += term
                    assert total == part.after
        totals = {part.parent for step in record for part in step.parts if part.terms}
        assert totals == {parent for parent, terms in given.items() if len(terms) > 1}
        assert sum(bool(part.terms) for step in record for part in step.parts) == len(totals)


def test_slices_keep_the_nodes_and_count_from_both_ends():
    record = steps(lecture_004(0.5))
    assert len(record) == 11
    assert [step.name for step in record[-2:]] == ["w", "v"]
    assert [*record[::-1]] == [*record][::-1]
    assert record[:] == record
    assert record[2:4].nodes == record.nodes
    assert [*record[:5]] == [*record.forward]
    assert [*record[5:]] == [*record.backward]
    assert record[:5] != record[:6]
    with pytest.raises(IndexError):
        record[11]


def test_what_reached_a_value_may_be_asked_of_a_part():
    record = steps(lecture_004(0.5))
    assert [step.name for step in record.of("v").backward] == [
        step.name for step in record.backward.of("v")
    ]
    assert record.of("v").gradients()["v"] == record.gradients()["v"]
    assert [step.kind for step in record.of("z")] == ["forward", "seed"]


def test_json_keeps_what_a_record_says_bit_for_bit():
    record = steps(Value(0.1, "x") * 3 + Value(1e-300, 'tiny ✓ "quoted"'))
    for part in (record, record[:2], record.of("x"), record.backward):
        again = Steps.from_json(part.to_json())
        assert again == part
        assert str(again) == str(part)
    assert Steps.from_json(record.to_json()).text() == record.text()


def test_json_is_strict_even_with_infinities():
    import json

    with ieee():
        x = Value(0.0, "x")
        record = steps(log(x) * 0.0 + Value(float("inf"), "y"))
    text = record.to_json()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    again = Steps.from_json(text)
    assert again.to_json() == text
    assert [repr(node.data) for node in again.nodes] == [repr(node.data) for node in record.nodes]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"nodes": [], "steps": [{}]}',
        '{"nodes": [{"index": 0}], "steps": []}',
        "nodes",
    ],
)
def test_text_that_is_no_record_is_refused(text):
    with pytest.raises(StateError, match="is not a saved steps"):
        Steps.from_json(text)


def test_everything_that_reached_a_value():
    record = steps(lecture_004(0.5))
    reached = record.of("v")
    assert [(s.kind, s.name) for s in reached] == [
        ("forward", "v"),
        ("backward", "x"),
        ("backward", "w"),
    ]
    assert len(record.forward) == 5
    assert [s.kind for s in record.backward][:2] == ["seed", "backward"]
    assert isinstance(record[:3], Steps)
    with pytest.raises(TypeError, match="no value 'q'"):
        record.of("q")


def test_values_are_found_by_identity_and_not_by_label():
    a, b = Value(2.0, "w"), Value(3.0, "w")
    y = a * b
    record = steps(y + a)
    assert [p.after for s in record.of(b) for p in s.parts if p.name == "w_2"] == [2.0]
    assert record.of(y)[0].name == "v1"
    with pytest.raises(TypeError, match="there is no Value"):
        record.of(Value(1.0))


def test_sentences_hold_nothing_that_a_terminal_would_obey():
    y = Value(2.0, "\x1b[31m\n\ud800") * 3
    record = steps(y)
    assert (
        str(record) + record.text() + record.latex() + record.markdown() + record.to_json()
    ).encode()
    assert "\x1b" not in str(record) + record.text() + record.to_json()
    assert str(record).count("\n") == 2


@pytest.mark.random
def test_the_record_has_the_engines_numbers_bit_for_bit_and_touches_nothing():
    for seed in range(1000):
        y = random_graph(seed)
        record = steps(y)
        order = topological_order(y)
        assert not any(value.has_grad for value in order)
        y.backward()
        found = record.gradients()
        for value, name in zip(order, names(order), strict=True):
            if not value.is_constant:
                assert (name in found, found.get(name, 0.0)) == (value.has_grad, value.grad)
        assert Steps.from_json(record.to_json()) == record
        forward = tangents(record.record, names(order)[0])
        if record.nodes[0].kind == "input":
            assert (
                forward[-1] == pytest.approx(order[0].grad, rel=1e-9, abs=1e-12)
                or forward[-1] is None
            )


@pytest.mark.random
def test_the_listing_of_any_graph_runs_and_agrees():
    for seed in range(300):
        y = random_graph(seed)
        namespace = {}
        source = steps(y).python()
        exec(source, namespace)
        y.backward()
        root = names(topological_order(y))[-1]
        for value, name in zip(topological_order(y), names(topological_order(y)), strict=True):
            if value.has_grad and value is not y:
                assert namespace[f"d{root}_{name}"] == pytest.approx(
                    value.grad, rel=1e-12, abs=1e-13
                ), source


def test_names_that_are_no_identifiers_do_not_break_the_listing():
    a, b = Value(2.0, "import"), Value(3.0, "x; import os")
    y = a * b + exp(Value(0.0, "f1"))
    namespace = {}
    exec(steps(y).python(), namespace)
    assert "os" not in namespace


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("x", "x"),
        ("w12", "w_{12}"),
        ("theta", r"\theta"),
        ("loss", r"\text{loss}"),
        ("a_b%$", r"\text{a\_b\%\$}"),
        ("\\", r"\text{\textbackslash{}}"),
    ],
)
def test_labels_as_latex(name, latex):
    assert latex_name(name) == latex


def test_tables_take_an_input_to_differentiate_by():
    x, y = Value(3, "x"), Value(-4, "y")
    record = steps(x * y).record
    assert [row[-1] for row in forward_table(record, wrt="y")[1:]] == ["0", "1", "3"]
    assert [row[-1] for row in backward_table(record)[1:]] == ["1", "3", "-4"]


def test_only_a_value_has_steps():
    with pytest.raises(TypeError, match="steps needs a Value"):
        steps(3.0)


@pytest.mark.slow
def test_tables_dot_and_svg_are_the_same_for_every_hash_seed():
    path = os.pathsep.join(sys.path)
    code = (
        "from autograd_edu import *\n"
        "x, w = Value(2.0, 'x'), [Value(0.5), Value(-1.0, 'w'), Value(3.0, 'w')]\n"
        "y = tanh(dot(w, [x, x * x, 1.0], 0.25)) * exp(sin(x)) + x\n"
        "y.backward()\n"
        "text = steps(y).text() + steps(y).latex() + to_dot(y).source + draw(y).svg\n"
        "import hashlib; print(hashlib.sha256(text.encode()).hexdigest())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(20)
    }
    assert len(outputs) == 1


def test_every_operation_can_be_tabled_and_listed():
    for name, op in OPS.items():
        if name == "where":
            continue
        leaves = [Value(x, f"a{i}") for i, x in enumerate(op.example)]
        y = op.apply(leaves)
        record = steps(y)
        assert record.text()
        assert record.latex()
        if name in ("step", "strict_step", "neg"):
            continue
        namespace = {}
        exec(record.python(), namespace)
        y.backward()
        for i, leaf in enumerate(leaves):
            assert math.isclose(namespace.get(f"dv1_a{i}", 0.0), leaf.grad, rel_tol=1e-13), name


@pytest.mark.parametrize(
    "made",
    [
        lambda: relu(Value(0.0, "x")),
        lambda: relu(Value(2.0, "x")),
        lambda: where(Value(2.5, "c"), Value(3.0, "x"), Value(7.0, "y")),
        lambda: where(Value(-2.5, "c"), Value(3.0, "x"), Value(7.0, "y")),
        lambda: sin(Value(1.0, "dv2_x")) * Value(2.0, "x"),
    ],
    ids=["relu at 0", "relu", "taken", "not taken", "a label like a gradient's name"],
)
def test_the_printed_program_has_the_engines_gradients_at_corners_and_for_any_label(made):
    y = made()
    y.backward()
    record, space = steps(y), {}
    exec(record.python(), space)
    root = next(reversed([name for name in space if re.fullmatch(r"v\d+", name)]))
    leaves = [value for value in topological_order(y) if value.op is None]
    for leaf in leaves:
        name = f"v_{leaf.label}" if f"v_{leaf.label}" in space else leaf.label
        assert space[name] == leaf.data
        assert space[f"d{root}_{name}"] == leaf.grad


def test_numbers_changed_after_the_graph_was_computed_are_warned_of():
    x = Value(2.0, "x")
    y = x * x
    y.label = "y"
    steps(y)
    x.data = 99.0
    with pytest.warns(UserWarning, match="'y' of 'x' is stale, .*Build the graph again"):
        steps(y)
    with ieee():
        steps(log(Value(0.0, "x")))  # infinite then and now


def test_a_label_in_that_warning_sends_no_codes():
    x = Value(2.0, "\x1b[31m\ud800")
    y = x * x
    y.label = "\x1b[2J"
    x.data = 3.0
    with pytest.warns(UserWarning, match="Build the graph again") as warned:
        steps(y)
    assert str(warned[0].message).isprintable()


def test_what_is_not_a_number_is_no_change():
    with ieee():
        steps(log(Value(-1.0, "x")))
    steps(exp(log(Value(1e-300)) * 1.0))


def test_json_that_was_cut_short_or_altered_is_refused():
    text = steps(Value(3.0, "x") * Value(-4.0, "y")).to_json()
    assert Steps.from_json(text)
    for k in range(1, len(text) - 1, 7):
        with pytest.raises(StateError):
            Steps.from_json(text[:k])
    for k, c in enumerate(text):
        if c.isdigit():
            with pytest.raises(StateError):
                Steps.from_json(f"{text[:k]}{(int(c) + 1) % 10}{text[k + 1 :]}")


def test_very_small_and_very_large_numbers_are_powers_of_ten_in_latex():
    latex = steps(Value(2.5e-20, "x") * Value(-3e30, "y")).latex()
    assert r"$2.5 \times 10^{-20}$" in latex
    assert r"$-3 \times 10^{30}$" in latex


@pytest.mark.parametrize("table", ["text", "markdown", "latex"])
def test_a_table_needs_at_least_one_digit(table):
    with pytest.raises(ShapeError, match="digits must be at least 1; got 0"):
        getattr(steps(Value(2.0, "x") * 3), table)(digits=0)


def test_there_is_one_forward_table_for_the_first_input_or_the_one_asked_for():
    record = steps(Value(2.0, "a") * Value(3.0, "b"))
    for form in (record.text, record.markdown, record.latex):
        assert form() == form(wrt="a") != form(wrt="b")
    assert record.text().count("Forward") == record.markdown().count("Forward") == 1
    assert "∂/∂b" in record.text(wrt="b")
    assert "∂/∂a" not in record.text(wrt="b")
    with pytest.raises(OptionError, match=r"unknown input 'aa'; choose from 'a', 'b' \(did you"):
        record.text(wrt="aa")
