"""What people get wrong with models, data and training, and the text that they then read."""

import runpy
import warnings
from pathlib import Path

import pytest

from autograd_edu import Value, data, nn, plots, relu, schedules
from autograd_edu.errors import AutogradError, OperandError
from autograd_edu.nn import (
    ACTIVATIONS,
    MLP,
    Apply,
    Embedding,
    Linear,
    Module,
    Pool,
    Residual,
    Sequential,
    losses,
    softmax,
)
from autograd_edu.optim import SGD, Adam, Momentum, newton
from autograd_edu.train import (
    EarlyStopping,
    History,
    accuracy,
    diagnose,
    evaluate,
    fit,
)

POINTS, BCE = data.moons(20), losses.binary_cross_entropy_with_logits


def model():
    return MLP(2, [3, 1], seed=0)


def train(loss=BCE, points=POINTS, optimiser=None, **options):
    return fit(model(), loss, points, optimiser or SGD(), **options)


class Forgetful(Module):
    """Its forward returns nothing."""

    def __init__(self):
        self.w = Value(1.0)

    def forward(self, x):
        self.w * x[0]


MISTAKES = {
    # optimisers
    "an optimiser's class": (
        lambda: train(optimiser=Adam),
        "the optimiser must be an object such as Adam(model.parameters(), lr=0.01); got the class "
        "Adam itself",
    ),
    "an optimiser's name": (
        lambda: train(optimiser="adam"),
        "the optimiser must be an object such as Adam(model.parameters(), lr=0.01); got the str "
        "'adam'",
    ),
    "a learning rate instead of parameters": (
        lambda: Adam(0.1),
        "the first argument of an optimiser must be a list of parameters; got float 0.1: write "
        "Adam(model.parameters(), lr=0.01)",
    ),
    "a model instead of its parameters": (
        lambda: SGD(Linear(1, 1)),
        "the first argument of an optimiser must be a list of parameters; got Linear Linear(1, 1): "
        "write SGD(model.parameters(), lr=0.01)",
    ),
    "a number as a parameter": (
        lambda: SGD([1.0]),
        "each parameter must be a Value; got float 1.0: write SGD(model.parameters(), lr=0.01)",
    ),
    "a result as a parameter": (
        lambda: SGD([Value(1.0) * 2.0]),
        "each parameter must be a leaf that a step can change; got Value(data=2.0, grad=–), the "
        "result of mul",
    ),
    "a momentum of one": (
        lambda: Momentum(momentum=1.0),
        "momentum must be in [0, 1); got 1.0",
    ),
    "the parameters of another model": (
        lambda: train(optimiser=SGD(model().parameters())),
        "the optimiser has the parameters of another model, so this model would not be trained: "
        "write SGD(model.parameters())",
    ),
    "a start that is a number": (
        lambda: newton(lambda t: t * t, 1.0),
        "the start must be a list of numbers; got 1.0",
    ),
    # data
    "a tuple as data": (
        lambda: train(points=([[1.0, 2.0]], [1.0])),
        "the data must be a Dataset: write Dataset(samples, targets); got tuple ([[1.0, 2.0]], "
        "[1.0])",
    ),
    "a tuple as data of an evaluation": (
        lambda: evaluate(model(), BCE, ([[1.0]], [1.0])),
        "the data must be a Dataset: write Dataset(samples, targets); got tuple ([[1.0]], [1.0])",
    ),
    "a list as data of a diagnosis": (
        lambda: diagnose(model(), BCE, [1.0]),
        "the data must be a Dataset: write Dataset(samples, targets); got list [1.0]",
    ),
    "no list of samples": (
        lambda: data.Dataset(1, 2),
        "the samples of a data set must be a list; got int 1",
    ),
    "a negative noise": (
        lambda: data.moons(10, -1.0),
        "noise must be finite and not negative; got -1.0",
    ),
    "a batch of no samples": (
        lambda: train(batch_size=0),
        "batch_size (None uses all samples at once) must be at least 1; got 0",
    ),
    "a negative batch": (
        lambda: train(batch_size=-1),
        "batch_size (None uses all samples at once) must be at least 1; got -1",
    ),
    "a batch size as text": (
        lambda: train(batch_size="8"),
        "batch_size (None uses all samples at once) must be a whole number; got str '8'",
    ),
    "penalised parameters without a penalty": (
        lambda: train(penalised=[Value(1.0)]),
        "penalised needs a penalty, such as penalty=nn.regularise.l2(0.01)",
    ),
    "a penalty on what is not trained": (
        lambda: train(penalty=nn.regularise.l2(0.1), penalised=[Value(1.0)]),
        "none of the penalised parameters is trained: pass parameters that the optimiser has",
    ),
    "an operation as a layer": (
        lambda: Sequential(Linear(2, 3), relu),
        "relu takes one number, but a layer takes a list; write Apply('relu') to apply it to each "
        "number",
    ),
    "an activation of a linear layer": (
        lambda: Linear(2, 3, activation="tanh"),
        "Linear has no activation; got 'tanh'. Write Layer(2, 3, activation='tanh'), or put "
        "Apply('tanh') after it",
    ),
    "a batch where one sample belongs": (
        lambda: Linear(2, 3, seed=0)([[1.0, 2.0], [3.0, 4.0]]),
        "Linear(2, 3) takes 2 number(s); got 2 lists. For several samples, call "
        "model.batch(samples)",
    ),
    "the data and the loss the wrong way round": (
        lambda: accuracy(model(), POINTS, BCE),
        f"the data must be a Dataset: write Dataset(samples, targets); got function {BCE!r:.60}",
    ),
    "one small batch that is dropped": (
        lambda: train(batch_size=30, drop_last=True),
        "drop_last would leave no batch: the batch size is 30, but the data set has only "
        "20 sample(s)",
    ),
    # models
    "a size instead of sizes": (
        lambda: MLP(2, 4),
        "the sizes of the layers of an MLP must be a list, as in MLP(2, [4]); got 4",
    ),
    "layers in a list": (
        lambda: Sequential([Linear(2, 3), Linear(3, 1)]),
        "a layer must be a module or a function; got list. Pass the layers one by one, without a "
        "list: Sequential(Linear(2, 3), Apply('tanh'))",
    ),
    "a layer's class": (
        lambda: Residual(Linear(2, 2), Apply),
        "a layer must be a module or a function; got the class Apply, not Apply(…). "
        "Pass the layers one by one, without a "
        "list: Sequential(Linear(2, 3), Apply('tanh'))",
    ),
    "a misspelt activation": (
        lambda: Apply("tahn"),
        f"unknown activation 'tahn'; choose from {', '.join(map(repr, ACTIVATIONS))} (did you mean "
        "'tanh'?)",
    ),
    "an unknown pooling": (
        lambda: Pool("avg"),
        "unknown pooling 'avg'; choose from 'mean', 'sum', 'max'",
    ),
    "a sample that is too long": (
        lambda: model()([1.0, 2.0, 3.0]),
        "Layer(2, 3) takes 2 number(s); got 3",
    ),
    "no index": (
        lambda: Embedding(3, 2)(None),
        "an embedding needs a whole number as index; got NoneType None",
    ),
    "an index that is not a number": (
        lambda: Embedding(3, 2)(float("nan")),
        "an embedding needs a whole number as index; got float nan",
    ),
    "a score instead of scores": (
        lambda: softmax(1.0),
        "softmax takes a list of scores; got 1.0",
    ),
    "a forward that returns nothing": (
        lambda: fit(Forgetful(), losses.half_squared_error, POINTS, SGD()),
        "a prediction must be a number or a list of numbers; got None: does the model's forward "
        "return its result?",
    ),
    "a frozen model": (
        lambda: fit(model().freeze(), BCE, POINTS, SGD()),
        "there is nothing to train: every parameter is frozen; call unfreeze() on the model or on "
        "a part of it",
    ),
    # losses
    "a loss's name": (
        lambda: train("mse"),
        "the loss must be a function of (prediction, target), such as "
        "nn.losses.mean_squared_error; got the str 'mse'",
    ),
    "a class that is not a number": (
        lambda: losses.softmax_cross_entropy([0.0, 1.0], float("nan")),
        "a class must be a whole number from 0, or a list with one probability per class; got nan",
    ),
    "a class that does not exist": (
        lambda: losses.softmax_cross_entropy([0.0, 1.0], 2),
        "the class must be from 0 to 1 for 2 score(s); got 2",
    ),
    # schedules and options
    "a rate that is text": (
        lambda: schedules.Cosine("a", 3),
        "the lr of Cosine must be a number; got str 'a'",
    ),
    "one milestone": (
        lambda: schedules.StepDecay(0.1, 5),
        "the milestones of StepDecay must be a tuple, as in StepDecay(0.1, (5,)); got 5",
    ),
    "a number as a schedule": (
        lambda: schedules.WarmUp(0.1, 5),
        "the first argument of WarmUp must be another schedule; got 0.1",
    ),
    "no patience": (
        lambda: EarlyStopping(0),
        "patience must be a whole number of at least 1; got 0",
    ),
    "a callback outside a list": (
        lambda: train(callbacks=5),
        "callbacks must be a list; got the int 5",
    ),
    "a share as validation": (
        lambda: train(validation=0.2),
        "validation must be a Dataset with samples; got the float 0.2",
    ),
    "a folder that does not exist": (
        lambda: train(checkpoint="/not there/run.json"),
        "cannot save the checkpoint '/not there/run.json': the folder '/not there' does not exist; "
        "create it first",
    ),
    # plots
    "a number as losses": (
        lambda: plots.loss_curve(3),
        "losses must be a list of numbers or a history; got int 3",
    ),
    "an empty text plot": (
        lambda: plots.loss_text([]),
        "'loss' needs at least one loss to draw; got none",
    ),
    "numbers without names": (
        lambda: plots.histograms([1.0]),
        "layers must be a dict of names and numbers; got list [1.0]",
    ),
    "weights that are not a square": (
        lambda: plots.weights_as_images([[1.0, 2.0, 3.0]]),
        "3 weights cannot form a square image; pass shape=(height, width)",
    ),
}


@pytest.mark.parametrize(("mistake", "text"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_explained(mistake, text):
    with pytest.raises((AutogradError, FileNotFoundError)) as caught:
        mistake()
    assert str(caught.value) == text


def test_a_prediction_of_nothing_is_an_operand_error():
    with pytest.raises(OperandError, match="does the model's forward return"):
        losses.softmax_cross_entropy(None, 1)


def test_a_saved_model_is_not_a_history(tmp_path):
    model().save(tmp_path / "model.json")
    with pytest.raises(AutogradError, match=r"model\.json is not a saved history: its 'format'"):
        History.load(tmp_path / "model.json")


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_every_altered_byte_of_a_saved_model_is_noticed(suffix, tmp_path):
    """Those that change nothing but the file's packing may pass, with the same numbers."""
    path, own = tmp_path / f"model{suffix}", Linear(1, 1, seed=0)
    own.save(path)
    raw, loaded = path.read_bytes(), Linear(1, 1, seed=9)
    for place in range(0, len(raw), 7):
        path.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
        before = loaded.state_dict()
        try:
            loaded.load(path)
        except AutogradError:
            assert loaded.state_dict() == before
        else:
            assert loaded.state_dict() == own.state_dict()
            loaded = Linear(1, 1, seed=9)


def test_a_run_that_diverges_warns_with_the_epoch_and_an_argument_that_exists():
    with pytest.warns(UserWarning, match=r"diverged in epoch 1: .* smaller lr than 1e\+06"):
        history = train(losses.half_squared_error, optimiser=SGD(lr=1e6))
    assert history.stopped.startswith("diverged in epoch 1")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(losses.half_squared_error, optimiser=SGD(lr=1e6, clip_norm=1e-6), epochs=3)


def test_a_step_that_overflows_says_in_which_epoch_and_what_limits_it():
    with pytest.raises(AutogradError) as caught:
        train(losses.half_squared_error, optimiser=SGD(lr=1e300))
    assert str(caught.value).startswith("in epoch 1, step 1: ")
    assert "Pass a smaller `lr`, or `clip_norm=1.0`, to SGD" in str(caught.value)


def test_typical_training_code_with_types_runs():
    """That its types are right is checked with the package, by mypy."""
    runpy.run_path(str(Path(__file__).with_name("typed_training.py")))
