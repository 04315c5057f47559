"""Mistakes with the backward pass, with stale graphs, and with no_grad and its kin."""

from .mistake import Area

AREA = Area("backward", owner="engine")
error, warning, either = AREA.error, AREA.warning, AREA.either

error(
    "the slope of a square root at zero",
    "dist2 = Value(0.0, 'dist2')\nsqrt(dist2).backward()",
    r"sqrt", r"dist2", r"\b0(\.0)?\b", r"infinite|slope|undefined|vertical",
    raises="DomainError",
)  # fmt: skip
error(
    "the slope of a root written as a power, at zero",
    "r = Value(0.0, 'r')\n(r ** 0.5).backward()",
    r"\br\b", r"\*\*|\bpow\b|power|0\.5", r"infinite|slope|undefined|vertical",
    raises="DomainError", never=(r"pow: 0 has", r":\s+has the local gradient"),
)  # fmt: skip
error(
    "a gradient that overflows",
    "tiny = Value(1e-200, 'tiny')\n(1 / tiny).backward()",
    r"tiny", r"1e-200|inf|1e\+?400|/", r"finite|overflow|infinite|large",
    raises="DomainError",
)  # fmt: skip
error(
    "a backward pass from minus infinity",
    "p = Value(0.0, 'p')\nwith ieee():\n    y = log(p)\ny.backward()",
    r"\bp\b", r"\blog\b", r"infinite|finite|\binf\b|undefined",
    raises="DomainError",
)  # fmt: skip
warning(
    "backward through a graph that is stale after a step",
    """
    w = Value(2.0, "w")
    loss = (w * 3 - 1) ** 2
    for step in range(5):
        loss.backward()
        w.data -= 0.01 * w.grad
    """,
    r"\bw\b", r"again|recompute|stale|changed|new graph|forward",
)  # fmt: skip
warning(
    "backward after a number in the middle was set",
    """
    x = Value(2.0, "x")
    hidden = x * 3
    hidden.label = "hidden"
    y = hidden * hidden
    hidden.data = 1.0
    y.backward()
    """,
    r"hidden", r"again|recompute|stale|changed|new graph|forward",
)  # fmt: skip
warning(
    "a weight changed between the forward and the backward pass of one step",
    """
    w, b = Value(2.0, "w"), Value(0.5, "b")
    loss = (w * 3 + b) ** 2
    b.data = 0.0
    loss.backward()
    """,
    r"\bb\b", r"again|recompute|stale|changed|new graph|forward",
)  # fmt: skip
either(
    "backward from what was computed under no_grad",
    "x = Value(2.0, 'x')\nwith no_grad():\n    y = x * x\ny.backward()",
    r"no_grad", r"constant|remember|no gradient|nothing|history|outside",
)  # fmt: skip
error(
    "no_grad on a generator",
    """
    x = Value(2.0, "x")

    @no_grad()
    def outputs():
        yield x * x

    y = next(outputs())
    """,
    r"no_grad", r"generator",
    works="y.parents == ()",
)  # fmt: skip
error(
    "no_grad on a coroutine",
    """
    import asyncio

    x = Value(2.0, "x")

    @no_grad()
    async def output():
        return x * x

    y = asyncio.run(output())
    """,
    r"no_grad", r"coroutine|async",
    works="y.parents == ()",
)  # fmt: skip
error(
    "with no_grad, without its parentheses",
    "x = Value(2.0, 'x')\nwith no_grad:\n    y = x * x",
    r"no_grad\(\)",
    works="y.parents == ()",
)  # fmt: skip
error(
    "@no_grad, without its parentheses",
    "@no_grad\ndef f(x):\n    return x * x\n\ny = f(Value(2.0, 'x'))",
    r"no_grad\(\)",
    works="y.parents == ()",
)  # fmt: skip
error(
    "a scope whose name is a number",
    "with scope(3):\n    pass",
    r"scope|name", r"\b3\b", r"text|str",
)  # fmt: skip
error(
    "PyTorch's create_graph",
    "x = Value(2.0, 'x')\n(x ** 3).backward(create_graph=True)",
    r"create_graph", r"grad\(|hessian",
)  # fmt: skip
error(
    "PyTorch's grad_fn",
    "x = Value(2.0, 'x')\n(x * x).grad_fn",
    r"grad_fn", r"\bop\b|parents|local_grads",
)  # fmt: skip
error(
    "an operation made by hand, as in the lecture on micrograd",
    """
    import math

    x = Value(0.5, "x")
    out = Value(math.sin(x.data), (x,), "sin")

    def _backward():
        x.grad += math.cos(x.data) * out.grad

    out._backward = _backward
    out.backward()
    """,
    r"operation", r"\bsin\b|_backward|children|parents",
    works="x.grad == math.cos(0.5)",
)  # fmt: skip
error(
    "a rule of one's own put on a result",
    "x = Value(2.0, 'x')\ny = x * 2\ny._backward = lambda: None",
    r"_backward", r"operation|read-only|cannot",
)  # fmt: skip
