"""Mistakes with layers, networks, losses, and what is saved of them."""

from .mistake import Area

AREA = Area("nn", owner="training")
error, warning, either = AREA.error, AREA.warning, AREA.either

error("a number for the list of layers", "nn.MLP(2, 4)", r"nouts|layers|list", r"\[4\]|\[")
error("a number of inputs that is text", 'nn.MLP("2", [4, 1])', r"'2'|\bstr\b", r"whole|int")
error("half an input", "nn.MLP(2.5, [1])", r"2\.5", r"whole|int")
error("no inputs", "nn.MLP(0, [1])", r"\b0\b", r"at least|positive|\b1\b")
error("no layers", "nn.MLP(2, [])", r"nouts|layer", r"empty|at least|\bno\b|\[\]")
error("a negative number of neurons", "nn.MLP(2, [4, -1])", r"-1", r"at least|positive")
error("a layer of no neurons", "nn.Layer(2, 0)", r"\b0\b", r"at least|positive")
error(
    "a misspelt activation",
    'nn.MLP(2, [4, 1], activation="rulu")',
    r"rulu", r"\brelu\b", r"tanh",
    raises="OptionError",
)  # fmt: skip
error(
    "an initialiser by half its name",
    'nn.MLP(2, [4, 1], init="glorot")',
    r"'glorot'", r"glorot_uniform", r"he_normal",
    raises="OptionError",
)  # fmt: skip
error(
    "one number for a network of two inputs",
    "model = nn.MLP(2, [3, 1], seed=0)\nmodel([1.0])",
    r"\b2\b", r"\b1\b|one",
)  # fmt: skip
error(
    "a number, not a list",
    "model = nn.MLP(2, [3, 1], seed=0)\nmodel(1.0)",
    r"list|\b2\b", r"\b1\.0\b|number",
)  # fmt: skip
error(
    "the inputs as arguments, not as a list",
    "model = nn.MLP(2, [3, 1], seed=0)\nmodel(1.0, 2.0)",
    r"\blist\b|\[", r"\b2\b|two|several",
)  # fmt: skip
error(
    "the layers of Sequential as a list",
    "nn.Sequential([nn.Layer(2, 3, seed=0), nn.Layer(3, 1, seed=1)])([1.0, 2.0])",
    r"list", r"Sequential\(|\*|one by one|separate|itself",
    works="True",
)  # fmt: skip
error(
    "a number for a layer",
    "nn.Sequential(nn.Layer(2, 3, seed=0), 3)([1.0, 2.0])",
    r"\b3\b|\bint\b", r"layer|function|module",
)  # fmt: skip
error(
    "the class of a layer, not a layer",
    "nn.Sequential(nn.Layer(2, 3, seed=0), nn.Flatten)([1.0, 2.0])",
    r"Flatten", r"class|Flatten\(",
)  # fmt: skip
error(
    "layers that do not fit",
    "nn.Sequential(nn.Layer(2, 3, seed=0), nn.Layer(4, 1, seed=1))([1.0, 2.0])",
    r"\b3\b", r"\b4\b",
)  # fmt: skip
error("a probability of dropping above 1", "nn.Dropout(1.5)", r"1\.5", r"\b0\b.*\b1\b|between|less")
error(
    "predictions and targets of different lengths",
    "nn.losses.mean_squared_error([1.0, 2.0], [1.0])",
    r"\b2\b|two", r"\b1\b|one", r"target",
)  # fmt: skip
error(
    "a class beyond the last",
    "nn.losses.softmax_cross_entropy([1.0, 2.0, 3.0], 3)",
    r"\b3\b", r"\b0\b.*\b2\b|class",
)  # fmt: skip
error(
    "half a class",
    "nn.losses.softmax_cross_entropy([1.0, 2.0, 3.0], 1.5)",
    r"1\.5", r"class|whole",
)  # fmt: skip
error(
    "probabilities that sum to less than 1",
    "nn.losses.softmax_cross_entropy([1.0, 2.0, 3.0], [0.5, 0.2, 0.1])",
    r"0\.8|0\.79", r"sum|\b1\b",
)  # fmt: skip
error(
    "scores for a loss of probabilities",
    "nn.losses.binary_cross_entropy(1.2, 1)",
    r"1\.2", r"\b0\b.*\b1\b|probabilit", r"logits|sigmoid|probabilit",
)  # fmt: skip
error(
    "labels 0 and 1 for a loss of labels -1 and 1",
    "nn.losses.hinge(0.3, 0)",
    r"\b0\b", r"-1|±1",
)  # fmt: skip
error(
    "a label without a weight",
    "loss = nn.losses.weighted(nn.losses.mean_squared_error, {0: 1.0})\nloss(0.3, 1)",
    r"\b1(\.0)?\b", r"weight|label",
)  # fmt: skip
error("softmax of one number", "nn.softmax(2.0)", r"list|scores", r"number|2\.0")
error("softmax of nothing", "nn.softmax([])", r"empty|at least|\bno\b|none")
error(
    "an index beyond an embedding",
    "nn.Embedding(10, 4, seed=0)(10)",
    r"\b10\b", r"\b9\b|item|count|index|row",
)  # fmt: skip
error(
    "heads that do not divide the size",
    "nn.SelfAttention(5, heads=2)",
    r"\b5\b", r"\b2\b", r"divi|multiple|evenly",
)  # fmt: skip
error(
    "a kernel longer than the signal",
    "nn.Conv1d(1, 1, 5, seed=0)([[1.0, 2.0, 3.0]])",
    r"\b5\b", r"\b3\b",
)  # fmt: skip
error(
    "batch norm of one sample, in training",
    "norm = nn.BatchNorm(2)\nnorm.train()\nnorm([1.0, 2.0])",
    r"batch", r"batch\(|eval|sample",
)  # fmt: skip
error("a misspelt kind of pooling", 'nn.Pool("avg")', r"avg", r"mean", r"max", raises="OptionError")
either(
    "weights replaced by floats: they are no parameters any longer",
    """
    model = nn.MLP(2, [2, 1], seed=0)
    model.layers[0].neurons[0].w = [0.5, 0.25]
    model.parameters()
    """,
    r"\bw\b|weight", r"Value|parameter|float|number",
)  # fmt: skip
error(
    "a module without forward",
    "class Net(nn.Module):\n    pass\n\nNet()([1.0])",
    r"forward", r"Net",
)  # fmt: skip
error(
    "the state of another network",
    "nn.MLP(2, [3, 1]).load_state_dict(nn.MLP(2, [4, 1]).state_dict())",
    r"\b(13|12|9|6|3|2)\b|neurons?\.?3", r"\b(17|16|8|4)\b|neurons?\.?3",
)  # fmt: skip
error(
    "a file that is not there",
    'nn.MLP(2, [3, 1]).load("missing.json")',
    r"missing\.json", r"no such|not found|does not exist|not exist|no file",
)  # fmt: skip
error(
    "a file that holds something else",
    """
    with open("notes.json", "w") as file:
        file.write("my notes")
    nn.MLP(2, [3, 1]).load("notes.json")
    """,
    r"notes\.json", r"JSON|state|model",
)  # fmt: skip
error(
    "a folder that is not there",
    'nn.MLP(2, [3, 1]).save("runs/model.json")',
    r"runs", r"no such|folder|directory",
)  # fmt: skip
error(
    "PyTorch's suffix",
    'nn.MLP(2, [3, 1]).save("model.pt")',
    r"\.pt\b", r"\.json|\.npz",
)  # fmt: skip
error(
    "a saved model in which a number was replaced by text",
    """
    import re

    model = nn.MLP(2, [3, 1], seed=0)
    model.save("model.json")
    text = re.sub(r"-?0\\.\\d+", '"a"', open("model.json").read(), count=1)
    with open("model.json", "w") as file:
        file.write(text)
    model.load("model.json")
    """,
    r"model\.json", r"number|'a'|altered|changed|checksum|damaged",
)  # fmt: skip
error(
    "a saved model that was cut off",
    """
    model = nn.MLP(2, [3, 1], seed=0)
    model.save("model.npz")
    held = open("model.npz", "rb").read()
    with open("model.npz", "wb") as file:
        file.write(held[: len(held) // 2])
    model.load("model.npz")
    """,
    r"model\.npz", r"cut|damaged|not |incomplete|truncated",
)  # fmt: skip
