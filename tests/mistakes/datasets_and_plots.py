"""Mistakes with data sets, scaling and plots."""

from .mistake import Area

AREA = Area("data and plots", owner="training")
error, warning, either = AREA.error, AREA.warning, AREA.either

error("no samples", "data.moons(0)", r"\b0\b", r"at least|positive|\b1\b|\b2\b")
error("half a sample", "data.moons(10.5)", r"10\.5", r"whole|int")
error("negative noise", "data.circles(noise=-1)", r"noise", r"-1", r"negative|positive|at least")
error(
    "an unknown truth table",
    'data.truth_table("nand")',
    r"nand", r"\bxor\b", r"\band\b", r"\bor\b",
    raises="OptionError",
)  # fmt: skip
error(
    "three samples and two targets",
    "data.Dataset([[0.0], [1.0], [2.0]], [0.0, 1.0])",
    r"\b3\b|three", r"\b2\b|two",
)  # fmt: skip
error("a share above 1", "data.moons(20).split(1.5)", r"1\.5", r"\b0\b.*\b1\b|between|less")
error(
    "a batch of no samples", "list(data.moons(20).batches(0))", r"\b0\b", r"at least|positive|\b1\b"
)
error(
    "a sample that is not there",
    "data.moons(20).take([25])",
    r"\b25\b", r"\b20\b|\b19\b",
)  # fmt: skip
error(
    "centres of different lengths",
    "data.blobs(centres=[[0.0, 0.0], [1.0]])",
    r"centre", r"\b1\b|one|\[1\.0\]", r"\b2\b|two|same",
)  # fmt: skip
error(
    "rows of different lengths",
    "data.standardise([[1.0, 2.0], [3.0]])",
    r"\b1\b|one|\[3\.0\]", r"\b2\b|two|same",
)  # fmt: skip
error("nothing to standardise", "data.standardise([])", r"empty|at least|\bno\b|none")
error(
    "text among the numbers",
    'data.standardise([["a", 1.0], ["b", 2.0]])',
    r"'a'|\btext\b|\bstr\b", r"number",
)  # fmt: skip
error(
    "more axes than columns",
    "data.whiten([[1.0, 2.0], [3.0, 5.0], [0.0, 1.0]], keep=5)",
    r"\b5\b", r"\b2\b",
)  # fmt: skip
error(
    "digits without scikit-learn",
    "import sys\nsys.modules['sklearn'] = None\ndata.digits()",
    r"scikit-learn", r"install|autograd-edu\[data\]",
    raises="ImportError",
)  # fmt: skip
error(
    "a plot without matplotlib",
    "import sys\nsys.modules['matplotlib'] = None\nplots.loss_curve([3.0, 2.0, 1.0])",
    r"matplotlib", r"install|autograd-edu\[plot\]",
    raises="ImportError",
)  # fmt: skip
error(
    "a boundary of a model of three inputs",
    "model = nn.MLP(3, [1], seed=0)\n"
    "plots.decision_boundary(model, [[0.0, 1.0, 2.0], [1.0, 1.0, 0.0]], [0, 1], resolution=3)",
    r"\b3\b|three", r"\b2\b|two",
)  # fmt: skip
error(
    "fewer targets than points",
    "model = nn.MLP(2, [1], seed=0)\n"
    "plots.decision_boundary(model, [[0.0, 1.0], [1.0, 1.0]], [0], resolution=3)",
    r"\b2\b|two", r"\b1\b|one",
)  # fmt: skip
error("a curve of nothing", "plots.loss_curve([])", r"empty|at least|\bno\b|none|loss")
error(
    "an average over no steps",
    "plots.loss_curve([3.0, 2.0, 1.0], window=0)",
    r"window", r"\b0\b", r"at least|positive|\b1\b",
)  # fmt: skip
error(
    "an interval from right to left",
    "plots.function_and_derivative(tanh, 3.0, -3.0)",
    r"\blow\b|\b3(\.0)?\b", r"\bhigh\b|-3",
)  # fmt: skip
error(
    "images that do not fit their weights",
    "plots.weights_as_images([[1.0, 2.0, 3.0]], shape=(2, 2))",
    r"\b3\b", r"\b4\b|\(2, 2\)|2 ?[x×] ?2",
)  # fmt: skip
error(
    "a misspelt method",
    "plots.numeric_error(tanh, 0.5, methods=['centrall'])",
    r"centrall", r"\bcentral\b", r"forward",
    raises="OptionError",
)  # fmt: skip
