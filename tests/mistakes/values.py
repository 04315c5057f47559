"""Mistakes with a Value: making one, Python's operators and functions, attributes."""

from .mistake import Area

AREA = Area("values", owner="engine")
error, warning, either = AREA.error, AREA.warning, AREA.either

error(
    "a list of several numbers for one Value",
    "Value([1.0, 2.0])",
    r"list|2 numbers|several", r"one Value|Value\(|\beach\b",
    raises="TypeError",
)  # fmt: skip
error(
    "an array of several numbers for one Value",
    "Value(np.array([1.0, 2.0]))",
    r"array|2 numbers|several|shape", r"one Value|Value\(|\beach\b",
    raises="TypeError",
)  # fmt: skip
error(
    "a number that is still text, as from input()",
    'Value("3")',
    r"'3'|\btext\b|\bstr\b", r"number|float\(",
    raises="TypeError",
)  # fmt: skip
error("None for a number", "Value(None)", r"\bNone\b", r"number", raises="TypeError")
error("a complex number", "Value(2 + 3j)", r"complex|2\+3j", r"\breal\b", raises="TypeError")
error(
    "a Value within a Value",
    "x = Value(2.0, 'x')\nValue(x)",
    r"Value", r"\.data|already|itself|as it is",
    raises="TypeError",
)  # fmt: skip
error("a dict for a number", 'Value({"a": 1})', r"dict", r"number", raises="TypeError")
error(
    "a function that was not called",
    "def weight():\n    return 0.5\nValue(weight)",
    r"function|weight", r"number",
    raises="TypeError",
)  # fmt: skip
error("no number at all", "Value()", r"data|number", pythons_words=True)
error(
    "two numbers: the second is taken for the label",
    "Value(3, -4)",
    r"-4", r"label|children|parents|text",
)  # fmt: skip
error("a number as label", "Value(2.0, label=5)", r"label", r"\b5\b", r"text|str")
error(
    "a label set to a number later",
    "x = Value(2.0)\nx.label = 5",
    r"label", r"\b5\b", r"text|str",
)  # fmt: skip
error("an integer beyond the floats", "Value(10**400)", r"large|overflow|range|1\.79|finite")
error(
    "a Value as a condition",
    "x = Value(2.0, 'x')\nif x:\n    print('yes')",
    r"bool|tru(th|e)|\bif\b|condition", r"\.data|>|!=|compar",
)  # fmt: skip
error(
    "the function of module math",
    "import math\nx = Value(2.0, 'x')\nmath.sin(x)",
    r"autograd_edu", r"\.data",
    raises="TypeError",
)  # fmt: skip
error("float() of a Value", "loss = Value(2.0, 'loss')\nfloat(loss)", r"\.data", raises="TypeError")
error("int() of a Value", "n = Value(2.0, 'n')\nint(n)", r"\.data", raises="TypeError")
error(
    "the old way of formatting",
    "loss = Value(2.0, 'loss')\nprint('loss %.3f' % loss)",
    r"\.data",
    raises="TypeError",
)  # fmt: skip
error(
    "a Value as a number of repetitions",
    "n = Value(3.0, 'n')\nfor i in range(n):\n    pass",
    r"\.data|int\(", r"whole|integer|index|range",
    raises="TypeError",
)  # fmt: skip
error(
    "^ for a power",
    "x = Value(2.0, 'x')\ny = x ^ 2",
    r"\^", r"\*\*",
)  # fmt: skip
error(
    "@ between two Values",
    "w, x = Value(2.0, 'w'), Value(3.0, 'x')\nw @ x",
    r"@|matrix|matmul", r"\*|dot",
)  # fmt: skip
error(
    "text added to a Value",
    'x = Value(2.0, "x")\nx + "1"',
    r"'1'|\btext\b|\bstr\b", r"number",
    raises="TypeError",
)  # fmt: skip
error(
    "None added to a Value: a function forgot its return",
    "def square_of(x):\n    x * x\nx = Value(2.0, 'x')\nx + square_of(x)",
    r"\bNone\b", r"number|return",
    raises="TypeError",
)  # fmt: skip
error(
    "a list added to a Value",
    "x = Value(2.0, 'x')\nx + [1.0, 2.0]",
    r"list|\[1\.0", r"number|\beach\b",
    raises="TypeError",
)  # fmt: skip
error(
    "a Value compared with text",
    "x = Value(2.0, 'x')\nx < '3'",
    r"'3'|\btext\b|\bstr\b", r"number",
    raises="TypeError",
)  # fmt: skip
error(
    "data set to text",
    "x = Value(2.0, 'x')\nx.data = '3'",
    r"data|'3'|\bstr\b|\btext\b", r"number",
    raises="TypeError",
)  # fmt: skip
error(
    "a step of gradient descent whose .data was forgotten",
    "w = Value(2.0, 'w')\nw.data = w - 0.1 * w.grad",
    r"Value", r"\.data",
    raises="TypeError",
)  # fmt: skip
error(
    "the gradient set to text",
    "x = Value(2.0, 'x')\nx.grad = '0'",
    r"grad|'0'", r"number",
)  # fmt: skip
error(
    "PyTorch's .item()",
    "loss = Value(2.0, 'loss')\nloss.item()",
    r"item", r"\.?\bdata\b",
    works="loss.item() == 2.0",
)  # fmt: skip
error(
    "PyTorch's .numpy()",
    "loss = Value(2.0, 'loss')\nloss.numpy()",
    r"numpy", r"\.?\bdata\b",
    works="loss.numpy() == 2.0",
)  # fmt: skip
error(
    "the shape of one number",
    "x = Value(2.0, 'x')\nx.shape",
    r"shape", r"one number|scalar|\bdata\b",
    works="x.shape == ()",
)  # fmt: skip
error(
    "a misspelt .grad",
    "x = Value(2.0, 'x')\n(x * x).backward()\nx.gradient",
    r"gradient", r"\bgrad\b",
    works="x.gradient == 4.0",
)  # fmt: skip
error(
    "a misspelt .backward()",
    "x = Value(2.0, 'x')\n(x * x).backwards()",
    r"backwards", r"\bbackward\b",
    works="x.grad == 4.0",
)  # fmt: skip
error(
    "a NumPy function without a counterpart",
    "x = Value(2.0, 'x')\nnp.spacing(x)",
    r"spacing", r"\.data|autograd_edu",
)  # fmt: skip
error(
    "a Value forced into an array of floats",
    "losses = [Value(2.0, 'a'), Value(3.0, 'b')]\nnp.array(losses, dtype=float)",
    r"\.data",
)  # fmt: skip
