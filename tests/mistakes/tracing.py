"""Mistakes with trace, programs, batches, guards and JSON."""

from .mistake import Area

AREA = Area("programs", owner="program")
error, warning, either = AREA.error, AREA.warning, AREA.either

SQUARE = "program = trace(lambda x: x * x, 2.0)\n"

error("trace without an example", "trace(lambda x: x * x)", r"example|number to|input")
error("trace of a number", "trace(3.0, 1.0)", r"function", r"\b3\.0\b|float")
error(
    "trace of a finished graph",
    "x = Value(3.0, 'x')\ntrace(x * x, 3.0)",
    r"trace_graph", r"function",
)  # fmt: skip
error("an example that is text", 'trace(lambda x: x * x, "2")', r"'2'|\btext\b|\bstr\b", r"number")
error(
    "trace of a function that forgot its return",
    "def f(x):\n    x * x\n\ntrace(f, 2.0)",
    r"\bNone\b", r"return",
)  # fmt: skip
error("too many inputs", SQUARE + "program(1.0, 2.0)", r"input", r"\b1\b|one", r"\b2\b|two")
error("no input", SQUARE + "program()", r"input", r"\b1\b|one", r"\b0\b|none|no ")
error("an input that is text", SQUARE + 'program(["a"])', r"'a'|\btext\b|\bstr\b", r"number")
error(
    "two batches of different sizes",
    "program = trace(lambda x, y: x * y, 2.0, 3.0)\nprogram([1.0, 2.0], [1.0, 2.0, 3.0])",
    r"\b2\b", r"\b3\b", r"batch|sample|length|axis",
)  # fmt: skip
error(
    "a sample with three numbers where there are two",
    "program = trace(lambda v: dot(v, v), [1.0, 2.0])\nprogram([[1.0, 2.0, 3.0]])",
    r"\b3\b", r"\b2\b", r"shape|length|number",
)  # fmt: skip
error(
    "a batch of samples of several lengths",
    "program = trace(lambda v: dot(v, v), [1.0, 2.0])\nprogram([[1.0, 2.0], [3.0]])",
    r"\b1\b|one|\[3\.0\]", r"\b2\b|same|equal", r"shape|length|number|list",
)  # fmt: skip
error(
    "one axis too many",
    "program = trace(lambda v: dot(v, v), [1.0, 2.0])\nprogram(np.ones((5, 4, 2)))",
    r"\(5, 4, 2\)|5.*4.*2|\b3\b.*ax[ei]s", r"shape|axis|axes|batch",
)  # fmt: skip
error(
    "inputs that take another branch",
    """
    def f(x):
        if x > 0:
            return x * 2
        return -x

    program = trace(f, 3.0)
    program(-1.0)
    """,
    r">", r"-1|\b0\b", r"line|what the user wrote", r"where|trace|eager",
    raises="BranchChanged",
)  # fmt: skip
error(
    "a batch in which one sample takes another branch",
    """
    def f(x):
        return x * 2 if x > 0 else -x

    program = trace(f, 3.0)
    program([1.0, 2.0, -4.0])
    """,
    r">", r"-4|sample 2|\b2\b", r"where|trace|eager",
    raises="BranchChanged",
)  # fmt: skip
error(
    ".data read while tracing, then another input",
    "program = trace(lambda x: x * x.data, 2.0)\nprogram(3.0)",
    r"\.data|used the number", r"trace|detach|replay|where",
)  # fmt: skip
error(
    "a float of an input while tracing, then another input",
    "program = trace(lambda x: x * round(float(x)), 2.0)\nprogram(3.0)",
    r"float|\.data|int|round|used the number", r"trace|detach|replay|where|2(\.0)?\b.*\b3(\.0)?\b",
)  # fmt: skip
error(
    "backward inside of what is traced",
    """
    def f(x):
        y = x * x
        y.backward()
        return x.grad * 2

    trace(f, 2.0)(3.0)
    """,
    r"backward|\.grad", r"trace|replay|grad\(",
)  # fmt: skip
error(
    "an unknown way with non-finite results",
    SQUARE + 'program.value_and_grad([1.0], on_nonfinite="ignore")',
    r"ignore", r"keep", r"raise",
    raises="OptionError",
)  # fmt: skip
error(
    "a sample outside the domain",
    "program = trace(lambda rate: log(rate), 1.0)\nprogram([1.0, 2.0, -1.0])",
    r"\blog\b", r"sample 2|\b2\b", r"-1|nan", r"positive|> ?0|keep|finite",
    raises="DomainError",
)  # fmt: skip
error(
    "a misspelt style of listing",
    SQUARE + 'program.listing("pyton")',
    r"pyton", r"\bpython\b", r"math", r"latex",
    raises="OptionError",
)  # fmt: skip
error("JSON of something else", 'Program.from_json("{}")', r"program", r"JSON|missing|not |lacks")
error(
    "the name of a file for its text",
    'Program.from_json("model.json")',
    r"JSON", r"model\.json|text|program",
)  # fmt: skip
error(
    "the JSON of a record of steps for that of a program",
    "x = Value(2.0, 'x')\nProgram.from_json(steps(x * x).to_json())",
    r"program", r"steps|not |another",
)  # fmt: skip
error(
    "a JSON text that was cut off",
    SQUARE + "Program.from_json(program.to_json()[:-40])",
    r"JSON|cut|incomplete|truncated|end", r"program|text|JSON",
)  # fmt: skip
error(
    "a JSON text in which a number was changed",
    """
    program = trace(lambda x: x * 2.5, 2.0)
    text = program.to_json()
    assert "2.5" in text
    Program.from_json(text.replace("2.5", "7.5"))
    """,
    r"checksum|changed|altered|damaged|edited",
)  # fmt: skip
error(
    "trace_graph of a number",
    "trace_graph(3.0)",
    r"Value", r"\b3\.0\b|float",
)  # fmt: skip
error(
    "an input that is a number, not a Value of the graph",
    "x = Value(3.0, 'x')\ntrace_graph(x * x, inputs=[3.0])",
    r"input", r"\b3\.0\b|Value",
)  # fmt: skip
error(
    "an input that is not part of the graph",
    "x, other = Value(3.0, 'x'), Value(1.0, 'other')\ntrace_graph(x * x, inputs=[other])",
    r"other", r"not |no part|depend",
    works="trace_graph(x * x, inputs=[x, other])(4.0, 1.0) == 16.0",
)  # fmt: skip
error(
    "a parameter that is a result",
    """
    x = Value(3.0, "x")
    hidden = x * 2
    hidden.label = "hidden"
    trace_graph(hidden * x, parameters=[hidden])
    """,
    r"hidden", r"leaf|leaves|computed|result",
)  # fmt: skip
error(
    "one Value as both an input and a parameter",
    "rate = Value(3.0, 'rate')\ntrace_graph(rate * rate, inputs=[rate], parameters=[rate])",
    r"rate", r"input", r"parameter",
)  # fmt: skip
error(
    "more numbers than parameters",
    """
    w = Value(2.0, "w")
    program = trace(lambda x: w * x, 1.0)
    program.parameter_values = [1.0, 2.0, 3.0]
    """,
    r"parameter", r"\b1\b|one", r"\b3\b|three",
)  # fmt: skip
error(
    "a parameter that is no Value",
    "trace(lambda x: x * x, 2.0, parameters=[3.0])",
    r"parameter", r"\b3\.0\b|float|Value",
)  # fmt: skip
error(
    "an export without JAX installed",
    SQUARE + "import sys\nsys.modules['jax'] = None\nprogram.to_jax()",
    r"\bjax\b", r"install|autograd-edu\[jax\]",
    raises="ImportError",
)  # fmt: skip
either(
    "a batch of a model whose dropout still drops",
    """
    model = nn.Sequential(nn.Dropout(0.5, seed=0), nn.Layer(2, 1, seed=0))
    model.train()
    trace(model, [1.0, 2.0])
    """,
    r"Dropout", r"eval|training",
)  # fmt: skip
error(
    "another branch, in a file of the user's whose name begins like the package's",
    """
    import sys

    with open("autograd_edu_mine.py", "w") as file:
        file.write("def f(x):\\n    return x * 2 if x > 0 else -x\\n")
    sys.path.insert(0, "")
    from autograd_edu_mine import f

    trace(lambda x: f(x) + 1.0, 3.0)(-1.0)
    """,
    r"autograd_edu_mine\.py", r"\b2\b", r">",
    raises="BranchChanged",
)  # fmt: skip
