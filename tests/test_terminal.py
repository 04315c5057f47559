"""The steps in a terminal: walked through by real key presses on a pseudo-terminal, or printed where there is none."""

import codecs
import os
import re
import select
import signal
import struct
import subprocess
import sys
import time

import pytest

from autograd_edu import Value, exp, sigmoid, steps
from autograd_edu.pictures.interactive import terminal
from autograd_edu.pictures.interactive.keyboard import meaning
from autograd_edu.pictures.interactive.running import states
from autograd_edu.pictures.interactive.terminal import moved, plain, screen, walk
from autograd_edu.pictures.scene.scene import columns
from autograd_edu.record.build import short

unix = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are of Unix")
# As a shell starts a program: the terminal is its own, and control C works, though a script may
# ignore it while the tests run.
LEAD = (
    "import fcntl, signal, sys, termios; "
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "signal.signal(signal.SIGINT, signal.default_int_handler); "
)
COMMAND = (
    LEAD
    + "from autograd_edu.cli.main import main; sys.exit(main(['explain', 'f = x*y; f*f + exp(z)', 'x=3', 'y=-4', 'z=2', '--step']))"
)


def example():
    x, y, z = Value(3.0, "x"), Value(-4.0, "y"), Value(2.0, "z")
    f = x * y
    f.label = "f"
    return steps(f * f + exp(z))


class Terminal:
    """A program on a pseudo-terminal of 80 × 24, and the last screen that it drew."""

    at_once = 65536  # bytes that are read

    def __init__(self, code=COMMAND, wide=80, high=24, **environment):
        import pty

        self.own, other = pty.openpty()
        self.resize(wide, high)
        import termios

        self.before = termios.tcgetattr(self.own)
        # in order that a test run in any terminal sees the same
        env = (
            {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES")}
            | {"TERM": "xterm"}
            | environment
        )
        streams = {"stdin": other, "stdout": other, "stderr": other}
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], **streams, start_new_session=True, env=env
        )
        os.close(other)
        self.decoder = codecs.getincrementaldecoder("utf-8")()  # a read may end within a letter
        self.seen = ""

    def resize(self, wide, high):
        import fcntl
        import termios

        fcntl.ioctl(self.own, termios.TIOCSWINSZ, struct.pack("HHHH", high, wide, 0, 0))

    def press(self, keys):
        os.write(self.own, keys.encode())
        return self

    def wait_for(self, pattern, seconds=20.0):
        """The last screen, once it is whole and matches; what has been read may end anywhere in a screen."""
        end = time.monotonic() + seconds
        while not (
            self.seen.endswith(("\x1b[J", "\r\n\r\n")) and re.search(pattern, self.screen())
        ):
            assert time.monotonic() < end, f"{pattern!r} never came; the screen is\n{self.screen()}"
            self.take(0.1)
        return self.screen()

    def take(self, seconds):
        if select.select([self.own], [], [], seconds)[0]:
            try:
                self.seen += self.decoder.decode(os.read(self.own, self.at_once))
            except OSError:  # the program has ended
                time.sleep(0.05)

    def screen(self):
        return re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", self.seen.rsplit("\x1b[H", 1)[-1]).replace(
            "\r", ""
        )

    def ends(self, seconds=20.0):
        """The exit status; the terminal must be as it was."""
        import termios

        end = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < end, "it does not end"
            self.take(0.1)
        for _ in range(3):
            self.take(0.05)
        assert termios.tcgetattr(self.own)[:4] == self.before[:4], (
            "echo, line mode and speed are as they were"
        )
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.own)


@pytest.fixture
def run():
    started = []

    def start(*arguments, **options):
        started.append(Terminal(*arguments, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


# ---- with real keys ------------------------------------------------------------------------------------------------


@unix
def test_keys_walk_to_the_end_and_back_and_every_screen_has_the_engines_numbers(run):
    record, program = example(), run()
    known = states(record)
    program.wait_for("before step 1 of 9")
    for k in range(1, 10):
        shown = program.press("\x1b[C" if k % 2 else " ").wait_for(
            f"step {k} of 9, {'forward' if k <= 4 else 'backward'}"
        )
        assert "".join(record[k - 1].sentence.split()) in "".join(shown.split())
        rows = [
            line
            for line in shown.split("\n")
            if line[:2] in ("  ", "▸ ", "• ") and len(line.split()) > 2
        ]
        assert [row.split()[-2:] for row in rows[1:]] == [
            [data, grad] for data, grad, _ in known[k]
        ]
    for k in range(8, 4, -1):
        program.press("\x1b[D").wait_for(f"step {k} of 9")
    program.press("\x1b[H").wait_for("before step 1")
    program.press("\x1bOF").wait_for("step 9 of 9")
    program.press("b").wait_for("step 8 of 9")
    program.press("n").wait_for("step 9 of 9")
    program.press("n?x\x1b[Zé").press("b").wait_for("step 8 of 9")
    assert program.press("q").ends() == 0
    assert program.seen.count("\x1b[?1049h") == program.seen.count("\x1b[?1049l") == 1
    assert program.seen.rindex("\x1b[?25h") > program.seen.rindex("\x1b[?25l")


@unix
def test_a_screen_that_arrives_a_byte_at_a_time_is_waited_for(run):
    program = run()
    program.at_once = 1
    program.wait_for("before step 1 of 9")
    shown = program.press("n").wait_for("step 1 of 9")
    assert shown.split("\n")[-1].startswith("next: → space n")
    assert program.press("q").ends() == 0


@unix
def test_keys_pressed_faster_than_screens_are_all_counted(run):
    program = run()
    program.wait_for("before step 1")
    program.press("nnn\x1b[C\x1b[C\x1b[D").wait_for("step 4 of 9")
    assert program.press("\x04").ends() == 0


@unix
def test_no_line_is_longer_than_the_terminal_and_a_resize_draws_again(run):
    program = run(wide=80, high=24)
    program.wait_for("before step 1")
    program.press("\x1b[F").wait_for("step 9 of 9")
    for wide, high in ((40, 10), (20, 6), (120, 40), (80, 24)):
        program.seen = ""
        program.resize(wide, high)
        shown = program.wait_for("step 9 of 9")
        lines = shown.split("\n")
        assert len(lines) <= high
        assert max(map(columns, lines)) <= wide
    assert program.press("\x1b").ends() == 0


@unix
@pytest.mark.parametrize(
    ("stop", "status"),
    [
        pytest.param(lambda program: program.press("\x03"), 130, id="control C"),
        pytest.param(
            lambda program: program.process.send_signal(signal.SIGTERM), 143, id="SIGTERM"
        ),
    ],
)
def test_the_terminal_is_set_back_however_it_ends(run, stop, status):
    program = run()
    program.wait_for("before step 1")
    stop(program)
    assert program.ends() == status
    assert program.seen.rstrip().endswith("\x1b[?1049l")


@unix
@pytest.mark.slow
def test_the_terminal_is_set_back_after_a_fault(run):
    code = LEAD + (
        "from autograd_edu import Value; from autograd_edu.pictures.interactive import terminal\n"
        "terminal.moved = lambda *_: 1/0\nterminal.walk(Value(2.0) * 3.0)"
    )
    program = run(code)
    program.wait_for("before step 1")
    assert program.press("n").ends() == 1
    assert "ZeroDivisionError" in program.seen[program.seen.rindex("\x1b[?1049l") :]


@unix
def test_colour_is_left_out_on_request_and_codes_in_a_dumb_terminal(run):
    coloured = run()
    coloured.wait_for("before step 1")
    assert "\x1b[32m" in coloured.seen
    plain_ = run(NO_COLOR="1")
    plain_.wait_for("before step 1")
    assert not re.search(r"\x1b\[[\d;]*m", plain_.seen)
    dumb = run(TERM="dumb")
    dumb.wait_for("before step 1")
    dumb.press("n").wait_for("step 1 of 9")
    assert dumb.press("q").ends() == 0
    assert "\x1b" not in dumb.seen


# ---- where there is no terminal ------------------------------------------------------------------------------------


@pytest.mark.parametrize("stdin", [subprocess.DEVNULL, subprocess.PIPE])
def test_in_a_pipe_every_step_is_printed(stdin):
    command = [sys.executable, "-m", "autograd_edu", "explain", "x*y", "x=3", "y=-4", "--step"]
    done = subprocess.run(command, stdin=stdin, capture_output=True, text=True, check=True, timeout=60, encoding="utf-8",
                          env=os.environ | {"PYTHONIOENCODING": "utf-8"})  # fmt: skip
    assert done.stdout == (
        "step 1 of 3, forward: v1 = x·y = 3·(-4) = -12\n"
        "step 2 of 3, backward: ∂v1/∂v1 = 1, the seed\n"
        "step 3 of 3, backward: x.grad += local × upstream: 0 + (-4) × 1 = -4; y.grad += local × upstream: 0 + 3 × 1 = 3\n"
        "\n"
        "  variable  value  gradient\n"
        "▸ x             3        -4\n"
        "▸ y            -4         3\n"
        "• v1 = x·y    -12         1\n"
    )


def test_closed_streams_are_no_terminal(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", None)
    walk(Value(2.0, "x") * 3.0)
    assert "step 3 of 3" in capsys.readouterr().out


def test_only_whole_records_are_walked_through():
    record = example()
    with pytest.raises(TypeError, match="begins with a step forward or the seed"):
        walk(record[6:])
    with pytest.raises(TypeError, match="steps needs a Value"):
        walk(3.0)


# ---- screens, as pure text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("wide", [1, 10, 20, 27, 40, 79, 80, 200])
@pytest.mark.parametrize("high", [1, 3, 6, 10, 24, 60])
@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.slow
def test_every_screen_fits_and_shows_what_changed(wide, high, colour):
    y = Value(0.5, "文字 label")
    for _ in range(15):
        y = sigmoid(y) * 1.5
    record = steps(y)
    known = states(record)
    for k in range(len(record) + 1):
        lines = screen(record, known, k, wide, high, colour=colour)
        bare = [re.sub(r"\x1b\[\d*m", "", line) for line in lines]
        assert len(lines) <= high
        assert max(map(columns, bare)) < max(wide, 20)
        if k and high >= 24 and wide >= 40:
            assert any(line.startswith("▸") for line in bare)
            assert any(line.startswith(f"step {k} of {len(record)}") for line in bare)


def test_the_numbers_of_a_screen_are_known_by_then():
    record = example()
    for k, state in enumerate(states(record)):
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


@pytest.mark.parametrize(
    ("keys", "means"),
    [
        ("\x1b[C", "next"), ("\x1bOC", "next"), (" ", "next"), ("n", "next"), ("\r", "next"), ("\x1b[D", "back"),
        ("b", "back"), ("\x7f", "back"),
        ("\x1b[H", "first"), ("\x1b[1~", "first"), ("g", "first"), ("\x1b[F", "last"), ("\x1b[4~", "last"), ("G", "last"), ("q", "quit"),
        ("\x1b", "quit"), ("\x04", "quit"), ("\x1b[6~", "ten on"), ("x", ""), ("\x1b[99~", ""), ("é", ""),
    ],
)  # fmt: skip
def test_keys_mean_what_the_help_says(keys, means):
    assert meaning(keys) == means


def test_moves_stay_within_the_pass():
    assert [
        moved(0, "back", 9),
        moved(9, "next", 9),
        moved(3, "ten on", 9),
        moved(3, "ten back", 9),
        moved(3, "", 9),
    ] == [0, 9, 9, 0, 3]


def test_a_label_cannot_send_codes_to_the_terminal():
    record = steps(Value(2.0, "\x1b[31m\x07\n\x9b2J\u202eevil") * 3.0)
    known = states(record)
    text = plain(record) + "".join(
        "".join(screen(record, known, k, 80, 24)) for k in range(len(record) + 1)
    )
    assert all(c == "\n" or c.isprintable() for c in text)
    assert not "\x1b[2J".isprintable(), "the check sees such codes"
    assert terminal._safe("ok") == "ok"
