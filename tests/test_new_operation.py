"""Adding an operation is one row: everything else finds it in the table."""

import pytest

from autograd_edu import OPS, Value, check_gradient, draw, grad, jvp, operation, steps, to_dot
from autograd_edu.errors import ArityError
from autograd_edu.notation import operations


@pytest.fixture
def softsign():
    """x/(1 + |x|), registered for one test."""

    @operation(formula="softsign(x)", local_gradients=("1/(1 + abs(x))**2",), example=(0.5,))
    def softsign(xp, x):
        """x/(1 + |x|)."""
        return x / (1.0 + abs(x))

    yield softsign
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
    assert operations.text(softsign, "x") == "softsign(x)"  # as text
    assert operations.slope_text(softsign, 0, "y", "x") == "1/(1 + |x|)²"
    assert operations.latex(softsign, "x") == r"\operatorname{softsign}\left(x\right)"
    assert "∂v1/∂x = 1/(1 + |x|)²" in steps(y).text()  # in the tables
    assert "v1 = softsign(x)" in draw(y).svg  # in the picture
    assert r"softsign(x)" in to_dot(y).source


def test_a_local_gradient_of_its_own_takes_the_place_of_the_printed_one():
    @operation(formula="a*b", local_gradients=("b", "a"), example=(2.0, 3.0))
    def twofold(xp, a, b):
        return a * b

    @twofold.local_gradient
    def _(xp, y, a, b):
        return b + 1.0

    del OPS["twofold"]
    assert grad(twofold)(2.0, 3.0) == (4.0, 2.0)


@pytest.mark.parametrize("name", ["x", "value", "op", "general"])
def test_an_operand_may_have_any_name(name):
    source = f"def half_square(xp, {name}):\n    return {name} * {name} / 2.0"
    rule = {}
    exec(source, rule)
    halved = operation(formula=f"{name}**2/2", local_gradients=(name,), example=(0.5,))
    try:
        half_square = halved(rule["half_square"])
        x = Value(3.0)
        y = half_square(x)
        y.backward()
        assert (y.data, x.grad) == (4.5, 3.0)
    finally:
        del OPS["half_square"]


def test_a_name_that_is_taken_is_refused(softsign):
    with pytest.raises(ValueError, match="there is an operation 'exp' already"):

        @operation(formula="x", local_gradients=("1",), example=(0.5,))
        def exp(xp, x):
            return x


@pytest.mark.parametrize("gradients", [("b",), ("b", "a", "0")], ids=["few", "many"])
def test_a_row_with_too_few_or_too_many_local_gradients_is_refused(gradients):
    def twofold(xp, a, b):
        return a * b

    message = (
        "twofold has the operands a, b; it needs 2 local gradients and an example of 2 numbers; "
        f"got {len(gradients)} and 2"
    )
    with pytest.raises(ArityError, match=message):
        operation(formula="a*b", local_gradients=gradients, example=(2.0, 3.0))(twofold)
    assert "twofold" not in OPS


def test_a_row_with_more_rules_than_operands_is_refused(softsign):
    softsign.local_gradient(lambda xp, y, x: 1.0)
    with pytest.raises(
        ArityError, match="softsign has a rule for every local gradient already; delete this one"
    ):
        softsign.local_gradient(lambda xp, y, x: 1.0)


def test_a_rule_for_an_operand_that_the_row_lacks_is_refused(softsign):
    with pytest.raises(ArityError, match="softsign has no operand 'a', only x"):
        softsign.local_gradient(lambda xp, y, x: 1.0, of="a")


def test_sums_and_products_of_any_name_are_folded_as_what_they_are():
    """A picture reads what a row computes in the row's facts, not in its name."""

    @operation(formula="a + b", local_gradients=("1", "1"), example=(2.0, 3.0), adds=True)
    def plus(xp, a, b):
        """The sum under another name."""
        return a + b

    @operation(formula="a*b", local_gradients=("b", "a"), example=(2.0, 3.0), multiplies=True)
    def times(xp, a, b):
        """The product under another name."""
        return a * b

    try:
        w, x, b = Value(2.0, "w"), Value(3.0, "x"), Value(1.0, "b")
        usual, other = w * x + b, plus(times(w, x), b)
        shown = [draw(y, detail="fused").text for y in (usual, other)]
        assert shown[0] == shown[1]
        assert "w × x" in shown[1]
    finally:
        del OPS["plus"], OPS["times"]
