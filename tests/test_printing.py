"""Whatever the package prints can be printed on every terminal, and can be read there."""

import os
import subprocess
import sys

import pytest

from autograd_edu.printing import Text, fit_encoding, to_ascii

ENCODINGS = ["ascii", "latin-1", "cp437", "cp850", "cp1252", "cp932", "utf-8", "utf-16"]

EVERYTHING = r"""
import sys, warnings
import autograd_edu as ae
from autograd_edu import *
from autograd_edu.errors import AutogradError
from autograd_edu.nn import MLP, losses
from autograd_edu.train import diagnose, fit, check_initial_loss
from autograd_edu.optim import Adam

x, θ = Value(2.0, "x"), Value(-3.0, "θ — 日本\x1b[31m\x00")
y = sigmoid(x**3 / θ + abs(x) * sqrt(x)) + x**-11
print(x, θ, [x, θ], f"{θ}", f"{y:.3f}", Dual(1.0, θ))
y.backward()
s = steps(y)
print(s, repr(s), s.text(), s.markdown(), s.latex(), s.python(), sep="\n")
print(s[0], list(s), s.nodes, s.tree(), s.worksheet(), sep="\n")
print(f"{s.text()}", check_gradient(lambda x: x * θ, 2.0), sep="\n")
for style in ("card", "circuit", "micrograd"):
    picture = draw(y, style)
    print(picture, picture.text, picture.svg, picture.html)
program = trace(lambda x: x**3 * sigmoid(x), 2.0)
for style in ("python", "math", "latex", "javascript"):
    print(program.listing(style), program)
model = MLP(2, [3, 1], seed=0)
data = ae.data.moons(20, seed=0)
loss, optimiser = losses.half_squared_error, Adam(model.parameters(), 0.01)
history = fit(model, loss, data, optimiser, epochs=2, progress=False)
print(model, history, [history], draw_network(model).text, ae.nn.MLP(2, [3, 1]))
print(diagnose(model, loss, data))
mistakes = [
    lambda: log(θ), lambda: Value("θ\x1b"), lambda: draw(y, "cärd"), lambda: grad(sqrt)(0.0),
]
for mistake in mistakes:
    try:
        mistake()
    except AutogradError as error:
        print(error, repr(error), [error])
walk(y)
"""


def run(*arguments: str, encoding: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, env=environment, stdin=subprocess.DEVNULL
    )


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_everything_prints_in_every_encoding(encoding):
    result = run("-c", EVERYTHING, encoding=encoding)
    assert (result.returncode, result.stderr.decode(encoding)) == (0, "")
    text = result.stdout.decode(encoding)
    assert "\x1b" not in text
    assert "\x00" not in text


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-16"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["train", "--help"],
        ["explain", "v = θ**3; sigmoid(v)*x", "θ=0.5", "x=2"],
        ["listing", "sqrt(θ)", "θ=0.5"],
        ["draw", "sqrt(θ)*α", "θ=0.5", "α=2"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_the_command_line_prints_in_every_encoding(encoding, arguments):
    result = run("-m", "autograd_edu", *arguments, encoding=encoding)
    assert (result.returncode, result.stderr.decode(encoding)) == (0, "")


@pytest.mark.slow
def test_a_pass_on_an_ascii_terminal_can_be_read():
    code = (
        "from autograd_edu import *; x, y = Value(3, 'x'), Value(-4, 'θ');"
        "s = steps(x * y + x**2); print(s); print(s.text())"
    )
    text = run("-c", code, encoding="ascii").stdout.decode("ascii")
    assert "x*theta = 3*(-4) = -12" in text
    assert "x.grad += local x upstream: 6 + (-4) x 1 = 2" in text
    assert "dv1/dx = theta" in text
    assert "?" not in text
    head, _, *rows = text[text.index("variable") :].split("\n\n")[0].split("\n")
    column = head.index("derivative", head.index("d/dx"))
    assert [row[column - 2 : column].strip() for row in rows] == [""] * 5, "columns are aligned"


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("x·y → θ²", "utf-8", "x·y → θ²"),
        ("x·y → θ²", "ascii", "x*y -> theta^2"),
        ("x·y → θ²", "latin-1", "x·y -> theta²"),
        ("x⁻¹⁰", "latin-1", "x^-10"),
        ("σ(Δ) ≤ √2, x₁", "ascii", "sigma(Delta) <= sqrt2, x1"),
        ("v̇ = 1, v̄ = é", "ascii", "v' = 1, v_ = e"),
        ("名", "ascii", "?"),
        ("a\x1b[31m\x00b\tc\nd", "ascii", "a?[31m?b\tc\nd"),
        ("a\x1bb", "utf-8", "a�b"),
        ("half \ud800", "utf-8", "half �"),
        ("α, λ", "no-such-encoding", "alpha, lambda"),
    ],
)
def test_what_an_encoding_lacks_is_written_as_something_like_it(text, encoding, expected):
    assert fit_encoding(text, encoding) == expected


def test_every_sign_has_something_like_it_in_ascii():
    assert all(to_ascii(chr(i)).isascii() for i in range(0x80, 0x30000))


def test_text_is_unchanged_in_a_file_and_adapted_on_a_terminal(tmp_path, monkeypatch):
    text = Text("x·y")
    (tmp_path / "kept.txt").write_text(text, encoding="utf-8")
    assert (tmp_path / "kept.txt").read_text(encoding="utf-8") == "x·y" == text
    with open(tmp_path / "terminal", "w", encoding="ascii") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        assert (str(text), repr(text), f"{text:>4}") == ("x*y", "'x*y'", " x*y")
        monkeypatch.undo()
