"""Mistakes with operations of one's own."""

from .mistake import Area

AREA = Area("registering", owner="engine")
error, warning, either = AREA.error, AREA.warning, AREA.either

error(
    "one local gradient for two operands",
    """
    @operation(formula="a*a*b", local_gradients=("2*a*b",), example=(2.0, 3.0))
    def square_times(xp, a, b):
        return a * a * b
    """,
    r"square_times", r"\b1\b|one", r"\b2\b|two",
)  # fmt: skip
error(
    "a name that the table has",
    """
    @operation(formula="x", local_gradients=("1",), example=(0.5,))
    def tanh(xp, x):
        return x
    """,
    r"tanh", r"already|taken|exists|built-in|another name|in use",
)  # fmt: skip
error(
    "a local gradient that is no expression",
    """
    @operation(formula="x**3", local_gradients=("3*x**",), example=(0.5,))
    def cube_of(xp, x):
        return x**3

    grad(cube_of)(2.0)
    """,
    r"3\*x\*\*", r"syntax|expression|Python|read|cube_of",
)  # fmt: skip
error(
    "a local gradient with an unknown name",
    """
    @operation(formula="x**3", local_gradients=("3*z**2",), example=(0.5,))
    def cube_of(xp, x):
        return x**3

    grad(cube_of)(2.0)
    """,
    r"\bz\b", r"cube_of|3\*z", r"\bx\b|operand",
)  # fmt: skip
error(
    "an example of two numbers for one operand",
    """
    @operation(formula="x**3", local_gradients=("3*x**2",), example=(1.0, 2.0))
    def cube_of(xp, x):
        return x**3
    """,
    r"example", r"cube_of|\b1\b|one", r"\b2\b|two",
)  # fmt: skip
error(
    "no example",
    """
    @operation(formula="x**3", local_gradients=("3*x**2",))
    def cube_of(xp, x):
        return x**3
    """,
    r"example",
    pythons_words=True,
)  # fmt: skip
error(
    "a misspelt fact",
    """
    @operation(formula="x**3", local_gradients=("3*x**2",), example=(0.5,), lattex="x^3")
    def cube_of(xp, x):
        return x**3
    """,
    r"lattex",
    pythons_words=True,
)  # fmt: skip
error(
    "a rule that forgot its return",
    """
    @operation(formula="x**3", local_gradients=("3*x**2",), example=(0.5,))
    def cube_of(xp, x):
        x**3

    cube_of(Value(2.0, "x"))
    """,
    r"cube_of", r"\bNone\b|return",
)  # fmt: skip
error(
    "module math in a rule, met by a batch",
    """
    import math

    @operation(formula="sin(x)", local_gradients=("cos(x)",), example=(0.5,))
    def my_sine(xp, x):
        return math.sin(x)

    trace(lambda x: my_sine(x), 1.0)([1.0, 2.0])
    """,
    r"my_sine", r"\bxp\b",
)  # fmt: skip
error(
    "a plain function registered",
    "def cube_of(x):\n    return x**3\n\nregister(cube_of)",
    r"function|cube_of", r"operation|Op\b",
)  # fmt: skip
error(
    "a cell that registers an operation, run a second time",
    """
    cell = (
        "@operation(formula='x**3', local_gradients=('3*x**2',), example=(0.5,))\\n"
        "def cube_of(xp, x):\\n"
        "    return x**3\\n"
    )
    exec(cell)
    exec(cell)
    """,
    r"cube_of", r"run again|second time|replace",
    works="grad(cube_of)(2.0) == 12.0",
)  # fmt: skip
