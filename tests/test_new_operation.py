"""Adding an operation is one row: everything else finds it in the table."""

import pytest

from autograd_edu import OPS, Value, check_gradient, draw, grad, jvp, steps, to_dot
from autograd_edu.engine.ops import row
from autograd_edu.errors import ArityError


@pytest.fixture
def softsign():
    """x/(1 + |x|), registered for one test."""
    yield row(
        "softsign",
        lambda xp, x: x / (1.0 + abs(x)),
        lambda xp, y, x: (1.0 / ((1.0 + abs(x)) * (1.0 + abs(x))),),
        "softsign(x)",
        ("1/(1 + abs(x))**2",),
        (0.5,),
    )
    del OPS["softsign"]


def test_one_row_works_everywhere(softsign):
    x = Value(3.0, "x")
    y = softsign(x)
    y.backward()
    assert (y.data, x.grad) == (0.75, 0.0625)  # eagerly
    assert softsign(3.0) == 0.75  # on plain numbers
    assert jvp(softsign, (3.0,), (1.0,)) == (0.75, 0.0625)  # in forward mode
    assert grad(grad(softsign))(3.0) == pytest.approx(
        -2 / 4**3, rel=1e-15, abs=0.0
    )  # differentiated again
    assert check_gradient(softsign, (3.0,))  # checked
    assert softsign.text("x") == "softsign(x)"  # as text
    assert softsign.slope_text(0, "y", "x") == "1/(1 + |x|)²"
    assert softsign.as_latex("x") == r"\operatorname{softsign}\left(x\right)"
    assert "∂v1/∂x = 1/(1 + |x|)²" in steps(y).text()  # in the tables
    assert "v1 = softsign(x)" in draw(y).svg  # in the picture
    assert r"softsign(x)" in to_dot(y).source


def test_a_name_that_is_taken_is_refused(softsign):
    with pytest.raises(ValueError, match="already"):
        row("softsign", lambda xp, x: x, lambda xp, y, x: (1.0,), "x", ("1",), (0.5,))


@pytest.mark.parametrize(
    ("slopes", "count"),
    [(lambda xp, y, a, b: (b,), 1), (lambda xp, y, a, b: (b, a, 0.0), 3)],
    ids=["few", "many"],
)
def test_a_row_with_too_few_or_too_many_local_gradients_is_refused(slopes, count):
    message = rf"twofold: at its example \(2\.0, 3\.0\), local_gradients gives {count} for 2 operands; it must give one for each"
    with pytest.raises(ArityError, match=message):
        row("twofold", lambda xp, a, b: a * b, slopes, "a*b", ("b", "a"), (2.0, 3.0))
    assert "twofold" not in OPS
