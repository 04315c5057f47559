"""Habits from PyTorch, JAX, Keras and micrograd that do not carry over."""

from .mistake import Area

AREA = Area("habits", owner="derivatives")
error, warning, either = AREA.error, AREA.warning, AREA.either

IMPORT = "import autograd_edu as ag\n"

error("PyTorch's Tensor", IMPORT + "ag.Tensor(2.0)", r"Tensor", r"Value")
error("a misspelt operation", IMPORT + "ag.sigmod(1.0)", r"sigmod", r"\bsigmoid\b")
error("JAX's jit", IMPORT + "ag.jit(lambda x: x * x)", r"\bjit\b", r"\btrace\b")
error("JAX's vmap", IMPORT + "ag.vmap(lambda x: x * x)", r"\bvmap\b", r"\btrace\b")
error(
    "a network at the top of the package",
    IMPORT + "ag.MLP(2, [1])",
    r"MLP", r"\bnn\b",
    works="True",
)  # fmt: skip
error(
    "PyTorch's layer for an activation",
    "nn.ReLU()",
    r"(?-i:ReLU)", r"(?-i:relu)|Apply",
    owner="training", works="nn.ReLU()([-1.0]) is not None",
)  # fmt: skip
error(
    "PyTorch's class for a loss",
    "nn.CrossEntropyLoss()",
    r"CrossEntropyLoss", r"softmax_cross_entropy|losses",
    owner="training", works="True",
)  # fmt: skip
error(
    "Keras's name for a loss",
    "nn.losses.mse",
    r"\bmse\b", r"mean_squared_error",
    owner="training", works="True",
)  # fmt: skip
error(
    "Keras's model.fit",
    "model = nn.MLP(2, [1], seed=0)\nmodel.fit([[1.0, 2.0]], [1.0])",
    r"\bfit\b", r"train\.fit",
    owner="training",
)  # fmt: skip
error(
    "Keras's model.predict",
    "model = nn.MLP(2, [1], seed=0)\nmodel.predict([[1.0, 2.0]])",
    r"\bpredict\b", r"predictions|model\(",
    owner="training", works="True",
)  # fmt: skip
error(
    "a misspelt optimiser",
    "optim.Adamw([Value(1.0)])",
    r"Adamw", r"(?-i:AdamW)",
    owner="training",
)  # fmt: skip
error(
    "a misspelt data set",
    "data.moon(20)",
    r"\bmoon\b", r"\bmoons\b",
    owner="training",
)  # fmt: skip
