"""The command line: formulas read with an allow-list, and every mistake answered by one clear
message.
"""

import ast
import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from autograd_edu import Dual, Value
from autograd_edu.cli import main as command_line
from autograd_edu.cli.expression import parse
from autograd_edu.cli.grammar import LONGEST, functions
from autograd_edu.errors import AutogradError, DomainError, ExpressionError

G = ["x*y + z", "x=3", "y=-4", "z=2"]
LECTURE = "v = u**2; exp(sin(v) * log(v))"


@pytest.fixture
def run(capsys):
    """Run a command in this process; its exit status, output and error output."""

    def run(*arguments):
        try:
            status = command_line.main(arguments)
        except SystemExit as leaving:  # --help and --version
            status = leaving.code
        out, err = capsys.readouterr()
        return status, out, err

    return run


def process(*arguments, **options):
    command = [sys.executable, "-m", "autograd_edu", *arguments]
    return subprocess.run(command, capture_output=True, check=False, timeout=60, **options)


# ---- formulas ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("x*y + z", (3.0, -4.0, 2.0), -10.0),
        ("-x**2", (3.0,), -9.0),
        ("2**-x", (1.0,), 0.5),
        ("(x - 1)/(x + 1)", (3.0,), 0.5),
        ("+x - -x", (3.0,), 6.0),
        ("v = x*x\nw = v + 1\nw/v", (2.0,), 1.25),
        ("v = x*x; w = v + 1; ", (2.0,), 5.0),
        ("where(x > 0, x, 0.1*x)", (-1.0,), -0.1),
        ("where(x <= y, x, y)", (1.0, 2.0), 1.0),
        ("dot([a, b], [2, 3], 1)", (10.0, 100.0), 321.0),
        ("maximum(a, b, 7)", (10.0, 100.0), 100.0),
        ("leaky_relu(x)", (-1.0,), -0.1),
        ("leaky_relu(x, 0.01)", (-1.0,), -0.01),
        ("total([x, x, 1]) + total(x, 1)", (2.0,), 8.0),
        ("θ*2", (3.0,), 6.0),
        ("1_000*x + .5e1", (1.0,), 1005.0),
    ],
)
def test_formulas_mean_what_they_say_on_floats_values_and_duals(text, at, expected):
    formula = parse(text)
    assert formula(*at) == expected
    assert formula(*map(Value, at)).data == expected
    assert formula(*[Dual(x, 1.0) for x in at]).data == expected


@pytest.mark.parametrize("name", sorted(functions()))
def test_every_operation_of_the_table_can_be_called(name):
    from autograd_edu import OPS

    example = OPS[name].example
    names = [f"x{i}" for i in range(len(example))]
    listed = (
        f"[{', '.join(names[:2])}], [{', '.join(names[2:4])}], {names[4]}"
        if name == "dot"
        else ", ".join(names)
    )
    assert parse(f"{name}({listed})")(*example) == OPS[name].apply(example)


def test_names_in_a_formula_become_labels():
    y = parse("v = u**2; w = sin(v); x = log(v); c = 2; z = w*x*c")(Value(1.5, "u"))
    assert y.label == "z"
    assert [p.label for p in y.parents] == ["", "c"]
    assert [p.label for p in y.parents[0].parents] == ["w", "x"]
    same = parse("v = u; v*v")(Value(1.5, "u"))
    assert [p.label for p in same.parents] == ["u", "u"]


def test_pi_and_e_are_constants_unless_they_are_given():
    assert parse("pi*x").names == ("x",)
    assert parse("e*x", ["e", "x"]).names == ("e", "x")


HARMFUL = [
    "__import__('os').system('touch /tmp/harm')", "x.__class__.__bases__", "().__class__",
    "[].append(x)", "x[0]", "(lambda: x)()",
    "exec('x')", "eval(x)", "open('/etc/passwd')", "f'{x}'", "'a'*10", "b'a'", "[v for v in x]",
    "{x}", "{x: 1}", "x if x else x",
    "x and x", "not x", "~x", "x // 2", "x % 2", "x @ x", "x << 2", "x | x", "x ^ 2", "(y := x)",
    "sin(*x)", "sin(x=x)", "sin(**x)",
    "None", "True", "...", "3j", "x is x", "x in x", "x < 1", "x == 1", "where(x == 1, x, x)",
    "where(0 < x < 1, x, x)",
    "where(x, x < 1, x)", "[x, x]", "x + [x]", "total([[x]])", "sin", "sin + x", "sin(sin)",
    "import os", "del x", "assert x",
    "x: int = 1", "x += 1", "def f(): x", "class x: pass", "for i in x: i", "while x: x",
    "with x: x", "try: x\nfinally: x", "raise x",
    "return x", "yield x", "await x", "global x", "pass", "x = y = 1", "x, y = 1", "sin = x; x",
    "v = x; v = v; v", "v = x; x", "x; x",
    "a.b = x; x", "a[0] = x; x", "", ";", "   ", "#", "x +", "(x", "x)", "x y", "3x", "x\\", "x²",
    "x\x00", "\ud800", "1__0*x", "0777*x",
    "'", '"""', "x = ", "= x", "nosuch(x)", "x(3)", "(x)(3)", "pi(3)", "9"*5000 + "*x", "1e999*x",
    "(" * 300 + "x" + ")" * 300,
    "x" * (LONGEST + 1), "e = 3; e*x",
]  # fmt: skip


@pytest.mark.parametrize("text", HARMFUL, ids=lambda text: ascii(text[:40]))
def test_anything_but_arithmetic_is_refused(text):
    with pytest.raises(ExpressionError):
        _computed(text)


def _computed(text):
    formula = parse(text)
    return formula(*[2.0] * len(formula.names))


@pytest.mark.parametrize(
    "text",
    ["-" * 5000 + "x", "x**" * 3000 + "x", "x+" * 4900 + "x", "sin(" * 199 + "x" + ")" * 199],
    ids=lambda t: t[:6],
)
@pytest.mark.slow
def test_a_formula_nested_very_deeply_is_computed_or_refused_but_never_a_crash(text):
    result = process("check", "--", text, "x=0.5")
    assert result.returncode == 0 or (
        result.returncode == 2 and result.stderr.startswith(b"autograd-edu: ")
    )
    assert b"Traceback" not in result.stderr


def test_a_long_flat_formula_is_computed_without_recursion():
    assert (
        parse("; ".join([f"v{i} = {f'v{i - 1}' if i else 'x'} + x" for i in range(600)]))(1.0)
        == 601.0
    )
    assert parse("+".join(["x"] * 500))(1.0) == 500.0


def test_numbers_cannot_grow_without_bound():
    with pytest.raises(DomainError, match=r"9.0\*\*387420489.0 is too large for a float"):
        parse("9**9**9*x")(1.0)


# ---- explain, draw, check, listing ---------------------------------------------------------------


def test_explain_shows_value_tables_and_check(run):
    status, out, err = run("explain", *G)
    assert (status, err) == (0, "")
    assert out.startswith(
        "x*y + z\nat x = 3.0, y = -4.0, z = 2.0\nis -10.0\n\nStep by step\n  1  v1 = x·y = "
        "3·(-4) = -12\n"
    )
    assert (
        "x.grad += local × upstream: 0 + (-4) × 1 = -4; y.grad += local × upstream: 0 + 3 × 1 = "
        "3\n\nForward\n" in out
    )
    backward = out[out.index("Backward") :]
    for row in (("x", "3", "-4"), ("y", "-4", "3"), ("z", "2", "1")):
        name, value, gradient = row
        (line,) = [
            line.split()
            for line in backward.splitlines()
            if line.split()[:2] == [name, value] and "pass" not in line
        ]
        assert line[-1] == gradient
    assert out.endswith("gradient check: 3 pass\n")


def test_explain_writes_the_files_it_is_asked_for(run, tmp_path):
    files = {
        kind: tmp_path / f"z.{kind}"
        for kind in ("svg", "html", "latex", "markdown", "python", "dot")
    }
    status, _, err = run(
        "explain",
        LECTURE,
        "u=0.5",
        *[part for kind, path in files.items() for part in (f"--{kind}", str(path))],
    )
    assert (status, err) == (0, "")
    assert ET.parse(files["svg"]).getroot().tag.endswith("svg")
    assert files["html"].read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert r"\begin{tabular}" in files["latex"].read_text(encoding="utf-8")
    assert "| variable | value |" in files["markdown"].read_text(encoding="utf-8")
    assert files["dot"].read_text(encoding="utf-8").lstrip().startswith("digraph")
    ast.parse(files["python"].read_text(encoding="utf-8"))


def test_the_listing_runs_by_itself_and_finds_the_lectures_gradient(run):
    status, out, _ = run("listing", LECTURE, "u=0.5")
    names = {}
    exec(out, names)
    assert status == 0
    assert any(
        type(x) is float and x == pytest.approx(-0.25092163556897229, rel=1e-15)
        for x in names.values()
    )


def test_draw_prints_svg_where_no_file_is_named(run):
    status, out, _ = run("draw", "x*x", "x=3")
    assert status == 0
    assert ET.fromstring(out).tag.endswith("svg")


def test_check_says_by_its_status_whether_every_gradient_passed(run):
    assert run("check", *G)[0] == 0
    status, out, _ = run("check", "sigmoid(x)", "x=40")
    assert status == 1
    assert "unsure" in out


def test_a_formula_may_start_with_a_minus(run):
    assert run("check", "-x*y", "x=1", "y=2")[0] == 0
    assert run("check", "-x", "x=1")[0] == 0


def test_values_may_be_formulas_of_numbers(run):
    _, out, _ = run("explain", "sin(t)", "t=pi/6")
    assert "at t = 0.5235987755982988\nis 0.49999999999999994\n" in out


def test_help_shows_the_commands_and_examples(run):
    status, out, _ = run("--help")
    assert status == 0
    for word in (
        *command_line.COMMANDS,
        'autograd-edu explain "x*y + z" x=3 y=-4 z=2',
        "exit status",
    ):
        assert word in out


def test_every_example_of_the_help_runs(run, tmp_path, monkeypatch):
    import shlex

    monkeypatch.chdir(tmp_path)
    examples = [
        line
        for line in command_line.EXAMPLES.splitlines()
        if line.startswith("  autograd-edu") and " train " not in line
    ]
    assert len(examples) >= 5
    for example in examples:
        assert run(*shlex.split(example)[1:])[0] == 0, example


# ---- mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["check", "x*yy", "x=1", "y=2"],
            "'y' is given, but the formula does not use it; did you mean yy?",
            id="a slip",
        ),
        pytest.param(
            ["check", "x*q", "x=1"], "no value is given for 'q': add q=…", id="a missing value"
        ),
        pytest.param(
            ["check", "x*q*r"],
            "no value is given for 'x', 'q', 'r': add x=… q=… r=…",
            id="no values",
        ),
        pytest.param(
            ["check", "x", "x=1", "x=2"], "'x' is given twice: x=1.0 and x=2", id="a value twice"
        ),
        pytest.param(
            ["check", "x", "x=1", "k=2"],
            "'k' is given, but the formula does not use it; its variables are x",
            id="unused",
        ),
        pytest.param(
            ["check", "x", "x"],
            "'x' is not a value for a variable: write name=number without spaces, such as x=3",
            id="no =",
        ),
        pytest.param(
            ["check", "x", "x=three"],
            "the value of 'x' must be a number; got 'three'",
            id="no number",
        ),
        pytest.param(
            ["check", "x", "x="], "the value of 'x' must be a number; got ''", id="nothing"
        ),
        pytest.param(["check", "2+3"], "the formula has no variable", id="no variable"),
        pytest.param(
            ["check", "snh(x)", "x=1"],
            "unknown function 'snh'; did you mean sinh?\n  snh(x)\n  ^^^",
            id="misspelt",
        ),
        pytest.param(
            ["check", "ln(x)", "x=1"],
            "unknown function 'ln'; did you mean log?\n  ln(x)\n  ^^",
            id="another name",
        ),
        pytest.param(
            ["check", "x*y+", "x=1"], "cannot be read: invalid syntax\n  x*y+\n      ^", id="syntax"
        ),
        pytest.param(
            ["check", "2*(x + y", "x=1"],
            "cannot be read: '(' was never closed\n  2*(x + y\n    ^",
            id="a bracket",
        ),
        pytest.param(
            ["check", "θ + x^2", "x=1"],
            "and functions, not ^ (write ** for a power)",
            id="a caret for a power",
        ),
        pytest.param(
            ["check", "θ + x.real", "x=1"],
            "\n  θ + x.real\n      ^^^^^^\n",
            id="the caret counts letters, not bytes",
        ),
        pytest.param(
            ["check", "2*log(x*y - 3) + z", "x=-1", "y=1", "z=3"],
            "log(-4.0) has no real value: the operand, computed from 'x', 'y', must be "
            "positive\n  2*log(x*y - 3) + z\n    ^^^^^^^^^^^^\n",
            id="outside the domain",
        ),
        pytest.param(
            ["check", "1/x", "x=0"],
            "1.0/0.0 has no real value: 'x' must not be zero ('x' is 0.0)\n  1/x\n  ^^^",
            id="a division by zero",
        ),
        pytest.param(
            ["explain", "sqrt(x)", "x=0"], "sqrt(0.0) has an infinite slope", id="no gradient"
        ),
        pytest.param(
            ["check", "leaky_relu(x, 1, 2)", "x=0"],
            "leaky_relu takes 2 operands (x, slope); got 3",
            id="too many operands",
        ),
        pytest.param(
            ["check", "sin()*x", "x=0"],
            "sin takes 1 operand (x); got 0\n  sin()*x\n  ^^^^^",
            id="too few operands",
        ),
        pytest.param(
            ["check", "dot(x, x)", "x=0"],
            "a list is written [a, b]\n  dot(x, x)\n  ^^^^^^^^^",
            id="numbers for lists",
        ),
        pytest.param(
            ["draw", "x*x", "x=3", "--svg", "/no/such/folder/a.svg"],
            "cannot write /no/such/folder/a.svg: No such",
            id="no folder",
        ),
        pytest.param(
            ["explain", "x", "x=3", "--frob"],
            "unrecognized arguments: --frob; see autograd-edu --help",
            id="unknown option",
        ),
        pytest.param(
            ["explain", "x", "x=3", "--digits", "0"],
            "must be a number from 1 to 17; got '0'",
            id="no digits",
        ),
        pytest.param(["train", "mooons"], "did you mean 'moons'?", id="unknown data"),
        pytest.param(["compare", "mooons"], "unknown data set 'mooons'", id="unknown data again"),
        pytest.param(
            ["train", "xor", "--optimiser", "addam"],
            "unknown optimiser 'addam'; choose from",
            id="unknown optimiser",
        ),
        pytest.param(
            ["train", "xor", "--schedule", "cosinus"],
            "(did you mean 'cosine'?)",
            id="unknown schedule",
        ),
        pytest.param(
            ["train", "xor", "--activation", "rleu"],
            "(did you mean 'relu'?)",
            id="unknown activation",
        ),
        pytest.param(
            ["train", "xor", "--loss", "hing"],
            "unknown loss for xor 'hing'; choose from",
            id="unknown loss",
        ),
        pytest.param(
            ["train", "sine", "--loss", "hinge"],
            "unknown loss for noisy function 'hinge'; choose from 'half_squared_error'",
            id="a loss for other targets",
        ),
        pytest.param(
            ["train", "xor", "--layers", "4", "0"],
            "a layer needs at least one unit; for no hidden layer, pass --layers 0",
            id="a layer without units",
        ),
        pytest.param(
            ["compare", "xor", "--lr", "0.1,fast"],
            "--lr: must be numbers with commas between them; got 'fast'",
            id="a rate that is no number",
        ),
        pytest.param(
            ["compare", "xor", "--optimiser", "sgd,addam"],
            "(did you mean 'adam'?)",
            id="one unknown optimiser of two",
        ),
        pytest.param(["explian", "x"], "invalid choice: 'explian'", id="unknown command"),
        pytest.param([], "required: command", id="no command"),
        pytest.param(["explain"], "required: formula", id="no formula"),
    ],
)
def test_a_mistake_is_one_message_and_status_2(run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("autograd-edu: ")
    assert message in err


@pytest.mark.parametrize("text", HARMFUL, ids=lambda text: ascii(text[:40]))
def test_no_formula_ends_in_a_traceback(run, text):
    status, out, err = run("check", "--", text, "x=2")
    assert (status, out) == (2, "")
    assert "Traceback" not in err


def test_errors_of_a_command_that_is_no_fault_of_the_user_are_not_hidden(monkeypatch):
    monkeypatch.setattr(command_line, "evaluate", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        command_line.main(["check", *G])


# ---- as a process --------------------------------------------------------------------------------


@pytest.mark.slow
def test_it_runs_as_a_module_and_its_output_does_not_depend_on_the_hash_seed():
    outputs = {
        process("explain", LECTURE, "u=1.5", env={**os.environ, "PYTHONHASHSEED": seed}).stdout
        for seed in "0123"
    }
    assert len(outputs) == 1
    assert b"gradient check: 1 pass" in outputs.pop()


@pytest.mark.slow
def test_where_the_terminal_knows_only_ascii_the_signs_have_look_alikes():
    result = process("explain", LECTURE, "u=1.5", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (result.returncode, result.stderr) == (0, b"")
    text = result.stdout.decode("ascii")
    assert "dv/du = 2*u" in text
    assert "?" not in text


@pytest.mark.slow
def test_errors_print_on_an_ascii_terminal_too():
    result = process("check", "θ*x", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert result.returncode == 2
    assert result.stderr.startswith(b"autograd-edu: no value is given for")


@pytest.mark.slow
def test_a_reader_that_stops_early_is_no_error():
    command = f"{sys.executable} -m autograd_edu explain '{LECTURE}' u=1.5"
    result = subprocess.run(
        ["bash", "-c", f"{command} | head -1; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        check=False,
    )
    assert result.stderr == b""
    assert result.returncode in (0, 141)


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_one_message():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "autograd_edu", "explain", *G]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert result.returncode == 2
    assert b"No space left" in result.stderr
    assert b"Traceback" not in result.stderr


def test_an_interrupt_is_status_130_and_no_traceback(run, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "evaluate", interrupted)
    assert run("check", *G) == (130, "", "")


def test_all_errors_are_of_the_family():
    assert issubclass(ExpressionError, AutogradError)
    assert issubclass(ExpressionError, ValueError)


def test_pictures_are_saved_under_any_suffix(run, tmp_path):
    paths = [tmp_path / name for name in ("g.png", "g.tex", "g.md", "g.json")]
    saved = [word for path in paths for word in ("--save", str(path))]
    assert run("draw", *G, *saved) == (0, "", "")
    assert all(path.stat().st_size > 300 for path in paths)
    status, _, err = run("draw", *G, "--save", str(tmp_path / "g.bmp"))
    assert (status, err.count("\n")) == (2, 1)
    assert ".svg" in err
    status, _, err = run("explain", *G, "--save", str(tmp_path / "missing" / "g.svg"))
    assert (status, "cannot write" in err) == (2, True)


def test_a_picture_is_drawn_in_the_style_and_detail_asked_for(run):
    pictures = [
        run("draw", *G, *more)[1]
        for more in ([], ["--style", "circuit"], ["--style", "micrograd"], ["--detail", "fused"])
    ]
    assert all(picture.startswith("<svg") for picture in pictures)
    assert len(set(pictures)) == 4
    assert "boxes for 5 values" in pictures[3]


@pytest.mark.parametrize(
    ("option", "choices"), [("--style", "'card', 'circuit', 'micrograd'"), ("--detail", "neuron")]
)
def test_an_unknown_style_or_detail_is_refused_with_those_there_are(run, option, choices):
    status, out, err = run("draw", *G, option, "cubist")
    assert (status, out) == (2, "")
    assert choices in err


@pytest.mark.parametrize(
    "option", ["--svg", "--html", "--dot", "--latex", "--markdown", "--python", "--save"]
)
@pytest.mark.slow
def test_a_disk_that_fills_up_leaves_the_file_that_was_there(tmp_path, option):
    """A limit on the size of files stands in for the disk."""
    path = tmp_path / "old.svg"
    path.write_text("precious")
    code = (
        "import resource, signal, sys; from autograd_edu.cli.main import main\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    arguments = ["explain", *G, option, str(path)]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert str(path) in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["old.svg"]
    assert path.read_text() == "precious"


def test_tables_show_six_digits_unless_others_are_asked_for(run):
    _, six, _ = run("explain", "x/3", "x=1")
    assert "0.333333 " in six
    _, nine, _ = run("explain", "x/3", "x=1", "--digits", "9")
    assert "0.333333333" in nine
