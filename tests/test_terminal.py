"""The walk through the steps: questions and answers in a terminal, a notebook or over a pipe."""

import os
import re
import subprocess
import sys

import pytest

from autograd_edu import Value, exp, sigmoid, steps, walk
from autograd_edu.notation.formula import short
from autograd_edu.notation.text import text_width
from autograd_edu.pictures.interactive.running import states
from autograd_edu.pictures.interactive.terminal import ASKED, moved, plain, screen

PLAIN = (
    "step 1 of 3, forward: v1 = x·y = 3·(-4) = -12\n"
    "step 2 of 3, backward: ∂v1/∂v1 = 1, the seed\n"
    "step 3 of 3, backward: x.grad += local × upstream: 0 + (-4) × 1 = -4; "
    "y.grad += local × upstream: 0 + 3 × 1 = 3\n"
    "\n"
    "  variable  value  gradient\n"
    "▸ x             3        -4\n"
    "▸ y            -4         3\n"
    "• v1 = x·y    -12         1\n"
)


def example():
    x, y, z = Value(3.0, "x"), Value(-4.0, "y"), Value(2.0, "z")
    f = x * y
    f.label = "f"
    return steps(f * f + exp(z))


@pytest.fixture
def walked(monkeypatch, capsys):
    """What a walk shows, screen by screen, to somebody who gives these answers."""

    def walk_with(of, *answers):
        given = iter(answers)

        def answer(prompt):
            print(prompt)
            try:
                return next(given)
            except StopIteration:
                raise EOFError from None

        monkeypatch.setattr("builtins.input", answer)
        walk(of)
        return capsys.readouterr().out.split(ASKED + "\n")

    return walk_with


def test_enter_walks_to_the_end_and_every_screen_has_the_engines_numbers(walked):
    record = example()
    known = states(record.record)
    screens = walked(record, *[""] * 10)
    assert len(screens) == 11
    for k, shown in enumerate(screens[:-1]):
        assert shown.startswith(
            f"step {k} of 9, {'forward' if k <= 4 else 'backward'}" if k else "before step 1 of 9"
        )
        if k:
            assert "".join(record[k - 1].sentence.split()) in "".join(shown.split())
        rows = [
            line
            for line in shown.split("\n")
            if line[:2] in ("  ", "▸ ", "• ") and len(line.split()) > 2
        ]
        assert [row.split()[-2:] for row in rows[1:]] == [
            [data, grad] for data, grad, _ in known[k]
        ]


def test_b_goes_back_a_number_goes_there_and_q_quits(walked):
    screens = walked(example(), "", "", "b", "8", "99", "b", "what?", "0", "q", "")
    places = [re.match(r"(before step 1|step \d)", shown)[0] for shown in screens[:-1]]
    assert places == [
        "before step 1", "step 1", "step 2", "step 1", "step 8", "step 9", "step 8", "step 8",
        "before step 1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "leads_to"),
    [
        ("", 5),
        ("n", 5),
        ("b", 3),
        ("0", 0),
        ("7", 7),
        ("9" * 400, 9),
        ("x", 4),
        ("-1", 4),
        ("²", 4),
    ],
)
def test_where_an_answer_leads(answer, leads_to):
    assert moved(4, answer, 9) == leads_to


def command(*given, **options):
    return subprocess.run(
        [sys.executable, "-m", "autograd_edu", "explain", "x*y", "x=3", "y=-4", "--step"],
        capture_output=True, text=True, check=True, timeout=60, encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"}, **options,
    ).stdout  # fmt: skip


@pytest.mark.slow
def test_over_a_pipe_the_answers_are_read_from_it():
    shown = command(input="\n3\nq\n")
    assert re.findall(r"^(?:.*> )?(before step 1|step \d) of 3", shown, re.M) == [
        "before step 1", "step 1", "step 3",
    ]  # fmt: skip
    assert "\x1b" not in shown


@pytest.mark.parametrize("options", [{"stdin": subprocess.DEVNULL}, {"input": ""}])
@pytest.mark.slow
def test_where_nobody_answers_every_step_is_printed(options):
    assert command(**options).endswith("\n" + PLAIN)


def test_without_a_standard_input_every_step_is_printed(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", None)
    walk(Value(3.0, "x") * Value(-4.0, "y"))
    assert capsys.readouterr().out.endswith("\n" + PLAIN)


def test_an_interrupt_is_the_callers(monkeypatch):
    def interrupt(prompt):
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupt)
    with pytest.raises(KeyboardInterrupt):
        walk(example())


@pytest.mark.slow
def test_a_terminal_that_lacks_signs_gets_others():
    done = subprocess.run(
        [sys.executable, "-c",
         "from autograd_edu import *; walk(Value(3.0, 'x') * Value(2.0, 'é'))"],
        input=b"\n\n\n\n\n", capture_output=True, env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()


def test_only_whole_records_are_walked_through():
    record = example()
    with pytest.raises(TypeError, match="begins with a step forward or the seed"):
        walk(record[6:])
    with pytest.raises(TypeError, match="steps needs a Value"):
        walk(3.0)


# ---- screens, as pure text -----------------------------------------------------------------------


@pytest.mark.parametrize("wide", [1, 10, 20, 27, 40, 79, 80, 200])
@pytest.mark.parametrize("high", [1, 3, 6, 10, 24, 60])
@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.slow
def test_every_screen_fits_and_shows_what_changed(wide, high, colour):
    y = Value(0.5, "文字 label")
    for _ in range(15):
        y = sigmoid(y) * 1.5
    record = steps(y)
    known = states(record.record)
    for k in range(len(record) + 1):
        lines = screen(record.record, known, k, wide, high, colour=colour)
        bare = [re.sub(r"\x1b\[\d*m", "", line) for line in lines]
        assert len(lines) <= high
        assert max(map(text_width, bare)) < max(wide, 20)
        if k and high >= 24 and wide >= 40:
            assert any(line.startswith("▸") for line in bare)
            assert any(line.startswith(f"step {k} of {len(record)}") for line in bare)


def test_a_screen_too_low_for_all_values_says_how_many_are_above_and_below():
    y = Value(0.5, "x")
    for _ in range(20):
        y = sigmoid(y)
    record = steps(y).record
    lines = screen(record, states(record), 12, 60, 12)
    assert len(lines) <= 12
    above, below = (
        int(re.search(rf"… (\d+) {where}$", "\n".join(lines), re.M)[1])
        for where in ("above", "below")
    )
    assert above > 0
    assert above + sum(" = σ(" in line for line in lines[3:]) + below == 21
    assert lines[-1] == f"  … {below} below"


def test_the_numbers_of_a_screen_are_known_by_then():
    record = example()
    for k, state in enumerate(states(record.record)):
        values = {n.index: short(n.data) for n in record.nodes if not n.op} | {
            s.node: short(s.value) for s in record[:k] if not s.parts
        }
        gradients = {p.parent: short(p.after) for s in record[:k] for p in s.parts}
        for index, (data, grad, number) in enumerate(state):
            assert data == (
                values.get(index, "?")
                if record.nodes[index].op == "" or k < 5
                else short(record.nodes[index].data)
            )
            assert grad == gradients.get(index, "1" if index == len(state) - 1 and k > 4 else "–")
            assert grad in ("–", short(number))


def test_a_label_cannot_send_codes_to_the_terminal():
    record = steps(Value(2.0, "\x1b[31m\x07\n\x9b2J\u202eevil") * 3.0).record
    known = states(record)
    screens = [screen(record, known, k, 80, 24) for k in range(len(record.steps) + 1)]
    text = plain(record) + "".join("".join(lines) for lines in screens)
    assert all(c == "\n" or c.isprintable() for c in text)
    assert not "\x1b[2J".isprintable(), "the check sees such codes"
