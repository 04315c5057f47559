"""Mistakes with fit, its options, checkpoints, the history, and the looks at a model."""

from .mistake import Area

AREA = Area("train", owner="training")
error, warning, either = AREA.error, AREA.warning, AREA.either

SET_UP = """
model = nn.MLP(2, [3, 1], seed=0)
loss = nn.losses.mean_squared_error
xor = data.truth_table("xor")
opt = optim.SGD(model.parameters(), lr=0.1)
"""

error(
    "the class of an optimiser",
    SET_UP + "train.fit(model, loss, xor, optim.Adam, epochs=2)",
    r"Adam\(|instance", r"Adam",
)  # fmt: skip
error(
    "the name of an optimiser",
    SET_UP + "train.fit(model, loss, xor, 'adam', epochs=2)",
    r"adam", r"Adam\(|optim\.|optimiser",
)  # fmt: skip
error(
    "the name of a loss",
    SET_UP + "train.fit(model, 'mse', xor, opt, epochs=2)",
    r"mse", r"function|losses\.",
)  # fmt: skip
error(
    "a pair of lists for a data set",
    SET_UP + "train.fit(model, loss, (xor.xs, xor.ys), opt, epochs=2)",
    r"Dataset", r"tuple",
    works="opt is not None",
)  # fmt: skip
error(
    "the data before the loss",
    SET_UP + "train.fit(model, xor, loss, opt, epochs=2)",
    r"loss", r"Dataset|data",
)  # fmt: skip
error(
    "a function for a model",
    SET_UP + "train.fit(lambda x: x[0], loss, xor, opt, epochs=2)",
    r"Module|model", r"function",
)  # fmt: skip
error(
    "a negative batch size",
    SET_UP + "train.fit(model, loss, xor, opt, epochs=2, batch_size=-1)",
    r"-1", r"batch.size|batch", r"at least|positive|\b1\b",
)  # fmt: skip
error(
    "a batch size of zero",
    SET_UP + "train.fit(model, loss, xor, opt, epochs=2, batch_size=0)",
    r"\b0\b", r"batch.size|batch", r"at least|positive|\b1\b|None",
)  # fmt: skip
error(
    "a negative number of epochs",
    SET_UP + "train.fit(model, loss, xor, opt, epochs=-5)",
    r"-5", r"epochs",
)  # fmt: skip
error(
    "half an epoch",
    SET_UP + "train.fit(model, loss, xor, opt, epochs=2.5)",
    r"2\.5", r"epochs", r"whole|int",
)  # fmt: skip
error(
    "a capital letter in an engine's name",
    SET_UP + "train.fit(model, loss, xor, opt, epochs=2, engine='Eager')",
    r"Eager", r"(?-i:eager)", r"replay", r"auto",
    raises="OptionError",
)  # fmt: skip
error(
    "the optimiser of another model",
    SET_UP
    + "other = nn.MLP(2, [3, 1], seed=1)\n"
    + "train.fit(model, loss, xor, optim.SGD(other.parameters()), epochs=2)",
    r"optimiser", r"other|not .*model|model",
)  # fmt: skip
error(
    "a number for a schedule",
    SET_UP + "train.fit(model, loss, xor, opt, epochs=2, schedule=0.1)",
    r"schedule", r"0\.1|function|float",
)  # fmt: skip
error(
    "an unknown unit of a schedule",
    SET_UP + "train.fit(model, loss, xor, opt, epochs=2, schedule_by='batch')",
    r"batch", r"epoch", r"step",
    raises="OptionError",
)  # fmt: skip
error(
    "a schedule that goes below zero",
    SET_UP + "train.fit(model, loss, xor, opt, epochs=9, schedule=lambda t: 0.1 - 0.05 * t)",
    r"-0\.05|negative", r"learning rate|schedule", r"epoch|\b3\b",
)  # fmt: skip
error(
    "a number for a penalty",
    SET_UP + "train.fit(model, loss, xor, opt, epochs=2, penalty=0.01)",
    r"penalty", r"0\.01|function|float",
)  # fmt: skip
error(
    "a number for early stopping",
    SET_UP + "train.fit(model, loss, xor, opt, epochs=2, early_stopping=5)",
    r"EarlyStopping", r"\b5\b|int",
)  # fmt: skip
error("a negative patience", "train.EarlyStopping(patience=-1)", r"patience", r"-1")
error(
    "a share for the validation set",
    SET_UP + "train.fit(model, loss, xor, opt, epochs=2, validation=0.2)",
    r"validation", r"0\.2|Dataset|float",
)  # fmt: skip
error(
    "one callback, not in a list",
    SET_UP + "train.fit(model, loss, xor, opt, epochs=2, callbacks=print)",
    r"callbacks", r"list|\[|sequence",
    works="True",
)  # fmt: skip
error(
    "resume without a checkpoint",
    SET_UP + "train.fit(model, loss, xor, opt, epochs=2, resume=True)",
    r"resume", r"checkpoint",
)  # fmt: skip
error(
    "a checkpoint in a folder that is not there",
    SET_UP + "train.fit(model, loss, xor, opt, epochs=2, checkpoint='runs/a.json')",
    r"runs", r"no such|folder|directory",
)  # fmt: skip
error(
    "PyTorch's suffix for a checkpoint",
    SET_UP + "train.fit(model, loss, xor, opt, epochs=2, checkpoint='a.pt')",
    r"\.pt", r"\.json",
)  # fmt: skip
error(
    "a checkpoint that holds something else",
    SET_UP
    + "with open('a.json', 'w') as file:\n    file.write('{}')\n"
    + "train.fit(model, loss, xor, opt, epochs=2, checkpoint='a.json', resume=True)",
    r"a\.json", r"checkpoint|not |missing|lacks",
)  # fmt: skip
either(
    "a learning rate that is far too large",
    SET_UP
    + "model = nn.MLP(2, [1], seed=0)\n"
    + "train.fit(model, loss, xor, optim.SGD(lr=1e6), epochs=200)",
    r"epoch", r"learning rate|\blr\b|diagnose",
    never=(r"on_nonfinite",),
)  # fmt: skip
error(
    "samples that do not fit the model",
    SET_UP + "train.fit(model, loss, data.Dataset([[1.0, 2.0, 3.0]], [1.0]), opt, epochs=2)",
    r"\b3\b", r"\b2\b",
)  # fmt: skip
error(
    "a class that the model has no score for",
    SET_UP
    + "model = nn.MLP(2, [3, 2], seed=0)\n"
    + "cloud = data.Dataset([[0.0, 1.0], [1.0, 1.0]], [0, 5])\n"
    + "train.fit(model, nn.losses.softmax_cross_entropy, cloud, optim.SGD(), epochs=2)",
    r"\b5\b", r"class",
)  # fmt: skip
error(
    "a target that is no number",
    SET_UP
    + "cloud = data.Dataset([[0.0, 1.0], [1.0, 1.0]], [0.0, float('nan')])\n"
    + "train.fit(model, loss, cloud, opt, epochs=2)",
    r"nan", r"target|sample|label",
)  # fmt: skip
error(
    "no samples",
    SET_UP + "train.fit(model, loss, data.Dataset([], []), opt, epochs=2)",
    r"empty|no sample|at least|without sample|\b0\b",
)  # fmt: skip
error(
    "a loss that forgot its return",
    SET_UP
    + "def mine(prediction, target):\n    (prediction - target) ** 2\n"
    + "train.fit(model, mine, xor, opt, epochs=2)",
    r"\bNone\b", r"return|loss",
)  # fmt: skip
error(
    "a loss that is a list",
    SET_UP
    + "def mine(prediction, target):\n    return [(prediction - target) ** 2]\n"
    + "train.fit(model, mine, xor, opt, epochs=2)",
    r"list", r"loss|one number",
)  # fmt: skip
error(
    "replay of a model that differs from sample to sample",
    SET_UP
    + "model = nn.Sequential(nn.Dropout(0.5, seed=0), nn.Layer(2, 1, seed=0))\n"
    + "train.fit(model, loss, xor, optim.SGD(), epochs=2, engine='replay')",
    r"Dropout", r"eager|auto",
)  # fmt: skip
error(
    "a model without parameters",
    SET_UP + "train.fit(nn.Sequential(nn.Flatten()), loss, xor, optim.SGD(), epochs=2)",
    r"parameters", r"\bno\b|none|nothing|without",
)  # fmt: skip
error(
    "the file of a model for that of a history",
    SET_UP + "model.save('model.json')\ntrain.History.load('model.json')",
    r"history", r"model\.json|model",
)  # fmt: skip
error(
    "the highest learning rate below the lowest",
    SET_UP + "train.find_learning_rate(model, loss, xor, low=1.0, high=0.1)",
    r"\blow\b|lowest|\b1(\.0)?\b", r"\bhigh\b|highest|0\.1",
)  # fmt: skip
error(
    "a network whose gradients vanish, looked at by diagnose",
    """
    model = nn.MLP(2, [4, 4, 4, 4, 4, 4, 4, 4, 1], activation="sigmoid", seed=0)
    report = str(train.diagnose(model, nn.losses.mean_squared_error, data.truth_table("xor")))
    """,
    r"vanish|small|tiny", r"layer",
    works="'everywhere' not in report and ('vanish' in report or 'small' in report)",
)  # fmt: skip
