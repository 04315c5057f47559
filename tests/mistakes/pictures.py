"""Mistakes with steps, draw, to_dot, draw_network and save."""

from .mistake import Area

AREA = Area("pictures", owner="pictures")
error, warning, either = AREA.error, AREA.warning, AREA.either

GRAPH = "x = Value(2.0, 'x')\ny = x * x\ny.backward()\n"
MODEL = "model = nn.MLP(2, [3, 1], seed=0)\n"

error("a picture of a number", "draw(3.0)", r"Value", r"\b3\.0\b|float")
error("a picture of a list", GRAPH + "draw([x, y])", r"Value", r"list|one|several")
error("a picture of a model", MODEL + "draw(model)", r"draw_network", r"MLP|model")
error(
    "a picture of a function",
    "def f(x):\n    return x * x\n\ndraw(f)",
    r"function", r"Value|call|f\(",
)  # fmt: skip
error(
    "a misspelt style",
    GRAPH + "draw(y, style='cards')",
    r"cards", r"\bcard\b", r"circuit", r"micrograd",
    raises="OptionError",
)  # fmt: skip
error(
    "an unknown level of detail",
    GRAPH + "draw(y, detail='high')",
    r"high", r"auto", r"full", r"layer",
    raises="OptionError",
)  # fmt: skip
error(
    "a part to expand that is not there",
    GRAPH + "draw(y, expand=['encoder']).svg",
    r"encoder", r"\bno\b|not |unknown|none",
)  # fmt: skip
error(
    "a file without a suffix",
    GRAPH + "draw(y).save('graph')",
    r"graph", r"svg", r"png",
)  # fmt: skip
error(
    "a kind of file that nobody writes",
    GRAPH + "draw(y).save('graph.bmp')",
    r"bmp", r"svg", r"png",
)  # fmt: skip
error(
    "a folder that is not there",
    GRAPH + "draw(y).save('pictures/graph.svg')",
    r"pictures", r"no such|folder|directory",
)  # fmt: skip
error(
    "an unknown direction",
    GRAPH + "draw(y, direction='diagonal')",
    r"diagonal", r"right", r"\bdown\b",
    raises="OptionError",
)  # fmt: skip
warning(
    "a picture of a graph that is stale",
    GRAPH + "x.data = 5.0\ndraw(y).svg",
    r"\bx\b", r"stale|changed|again|recompute|before",
)  # fmt: skip
error("the steps of a number", "steps(3.0)", r"Value", r"\b3\.0\b|float", owner="derivatives")
error(
    "the steps of a function",
    "def f(x):\n    return x * x\n\nsteps(f)",
    r"function", r"Value|call|f\(",
)  # fmt: skip
error(
    "the steps of a model",
    MODEL + "steps(model)",
    r"Value", r"MLP|model",
)  # fmt: skip
error(
    "the steps of a Value that is not there",
    GRAPH + "steps(y).of('weight')",
    r"weight", r"\bx\b|\bno\b|not ",
)  # fmt: skip
error("no digits", GRAPH + "steps(y).text(digits=0)", r"digits", r"\b0\b", owner="derivatives")
error(
    "the JSON of a program for that of steps",
    "from autograd_edu.pictures.steps import Steps\n"
    "Steps.from_json(trace(lambda x: x * x, 2.0).to_json())",
    r"steps|record", r"program|not |another",
    owner="derivatives",
)  # fmt: skip
error("a graph of a number", "to_dot(3.0)", r"Value", r"\b3\.0\b|float")
error(
    "a network that is a Value",
    GRAPH + "draw_network(y)",
    r"model|Module|network", r"Value",
)  # fmt: skip
error(
    "a misspelt option for weights",
    MODEL + "draw_network(model, weights='drawm')",
    r"drawm", r"\bdrawn\b",
    raises="OptionError",
)  # fmt: skip
error(
    "one name for two inputs",
    MODEL + "draw_network(model, inputs=['age']).svg",
    r"inputs", r"\b1\b|one|age", r"\b2\b|two",
)  # fmt: skip
