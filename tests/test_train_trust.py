"""Default training does what was written: by replay, or else by the eager engine, and says so.

`tests/campaign/training.py` does the same for random models.
"""

import array
import collections
import functools
import itertools
import os
import random
import types
import typing
import warnings

import numpy as np
import pytest

from autograd_edu import Value, exp, log, sigmoid, square, tanh
from autograd_edu.data import Dataset
from autograd_edu.errors import DomainError, ShapeError, TargetError, TrainingError
from autograd_edu.nn import MLP, Linear, Module, losses, regularise
from autograd_edu.nn.softmax import log_softmax
from autograd_edu.optim import SGD, Adam
from autograd_edu.train import Callback, EarlyStopping, fit

START = Linear(2, 3, seed=1).neurons[0].w[0].data - 1e-9  # just below where a weight begins
XS = [[0.5, 0.0], [-0.3, 1.0], [0.9, 0.0], [-1.1, 1.0], [0.1, 1.0], [0.4, 0.0], [0.8, 1.0]]
NUMBERS = Dataset(XS, [0.2, 0.9, 0.4, 0.1, 0.7, 0.3, 0.5])
CLASSES = Dataset(XS, [0, 1, 1, 0, 1, 0, 1], "classes", 2)
COUNT = 0
SETTINGS = types.SimpleNamespace(calls=0)


class Net(Module):
    """Two layers with something in between."""

    def __init__(self, between, outputs=1):
        self.first, self.last = Linear(2, 3, seed=1), Linear(3, outputs, seed=2)
        self.between = between
        self.outputs = outputs
        self.scale = Value(0.6)
        self.calls, self.seen = 0, []
        self.rng, self.numpy_rng = random.Random(4), np.random.default_rng(4)
        self.endless = None

    def forward(self, x):
        y = self.last(self.between(self, [tanh(v) for v in self.first(x)], x))
        return y[0] if self.outputs == 1 else y


def train(make, engine, *, loss=losses.half_squared_error, data=NUMBERS, **options):
    global COUNT
    COUNT = SETTINGS.calls = 0
    random.seed(1)
    np.random.seed(1)
    model = make()
    options = {"epochs": 6, "batch_size": 3, **options}
    history = fit(model, loss, data, Adam(model.parameters(), 0.05), engine=engine, **options)
    return history, [p.data for p in model.parameters()], model


def assert_same(make, *, message="", **options):
    """Default training gives what eager training gives. Returns the history of the default run.

    With ``message``, the history's engine contains it.
    """
    eager, there, _ = train(make, "eager", **options)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        found, here, _ = train(make, "auto", **options)
    assert found.step_loss == pytest.approx(eager.step_loss, rel=1e-9)
    assert found.validation == pytest.approx(eager.validation, rel=1e-9)
    assert here == pytest.approx(there, rel=1e-8, abs=1e-12)
    assert message in found.engine
    return found, [str(warning.message) for warning in heard]


# ---- what a trace cannot see ----


def count_globally(model, h, x):
    global COUNT
    COUNT += 1
    return [v / COUNT for v in h]


def count_in_attribute(model, h, x):
    model.calls += 1
    return [v / model.calls for v in h]


def count_in_list(model, h, x):
    model.seen.append(x)
    return [v / len(model.seen) for v in h]


def count_in_settings(model, h, x):
    SETTINGS.calls += 1
    return [v / SETTINGS.calls for v in h]


def counting_in_a_closure():
    n = 0

    def between(model, h, x):
        nonlocal n
        n += 1
        return [v / n for v in h]

    return between


def counted(n, model, h, x):
    n[0] += 1
    return [v / n[0] for v in h]


class Seen(list):
    """A list that also counts."""

    calls = 0


class Ticking:
    """An attribute that counts how often it is read."""

    def __init__(self):
        self.calls = 0

    def __get__(self, instance, owner=None):
        self.calls += 1
        return self.calls


def count_in_attribute_of_list(seen, model, h, x):
    seen.calls += 1
    return [v / seen.calls for v in h]


def counting_in_a_descriptor():
    class Ticks:
        now = Ticking()

    ticks = Ticks()
    return lambda m, h, x: [v / ticks.now for v in h]


def count_in_holder(holder, model, h, x):
    holder["n"] += 1
    return [v / holder["n"] for v in h]


def count_in_user_list(seen, model, h, x):
    seen.append(1)
    return [v / len(seen) for v in h]


UNSEEN = {
    "Python's random numbers": (
        lambda: lambda m, h, x: [v * random.random() for v in h],
        "Python's random numbers",
    ),
    "NumPy's random numbers": (
        lambda: lambda m, h, x: [v * float(np.random.random()) for v in h],
        "NumPy's random numbers",
    ),
    "an own generator": (lambda: lambda m, h, x: [v * m.rng.random() for v in h], "model.rng"),
    "an own NumPy generator": (
        lambda: lambda m, h, x: [v * float(m.numpy_rng.random()) for v in h],
        "model.numpy_rng",
    ),
    "a global": (lambda: count_globally, "the global COUNT"),
    "an attribute": (lambda: count_in_attribute, "model.calls"),
    "a list": (lambda: count_in_list, "model.seen"),
    "an object": (lambda: count_in_settings, "SETTINGS.calls"),
    "a closure": (counting_in_a_closure, "changes n"),
    "a partial": (lambda: functools.partial(counted, [0]), "[0]"),
    "an attribute of a list": (
        lambda: functools.partial(count_in_attribute_of_list, Seen()),
        ".calls",
    ),
    "a descriptor": (counting_in_a_descriptor, "Ticks.now.calls"),
    "a chain of dicts": (
        lambda: functools.partial(count_in_holder, collections.ChainMap({"n": 0})),
        "['n']",
    ),
    "a list of the library's": (
        lambda: functools.partial(count_in_user_list, collections.UserList()),
        ".data",
    ),
    "an array": (lambda: functools.partial(count_in_user_list, array.array("d")), "[0]"),
}


@pytest.mark.parametrize(("make", "named"), UNSEEN.values(), ids=UNSEEN)
def test_what_a_model_does_besides_computing_is_noticed_at_its_first_call(make, named):
    history, heard = assert_same(
        lambda: Net(make()), message="eager: a call of the model or the loss changes"
    )
    assert named in history.engine
    assert len(heard) == 1
    assert named in heard[0]


def drift(model, h, x):
    """Moves a Value of its own that is not trained, as a running mean would."""
    model.scale._data += 0.125
    return [v * model.scale.detach() for v in h]


def test_a_value_that_a_call_moves_is_noticed_and_put_back():
    def make():
        model = Net(drift)
        model.parameters = lambda: [*model.first.parameters(), *model.last.parameters()]
        return model

    _, eager, alone = train(make, "eager", epochs=1, batch_size=None)
    with pytest.warns(UserWarning, match=r"changes the data of model\.scale"):
        _, found, tried = train(make, "auto", epochs=1, batch_size=None)
    assert (found, tried.scale.data) == (eager, alone.scale.data)
    assert tried.scale.data == 0.6 + 0.125 * len(XS)


def test_an_iterator_is_not_moved_on_to_find_out():
    def make():
        model = Net(lambda m, h, x: [v * next(m.endless) for v in h])
        model.endless = itertools.cycle([1.0, 2.0, 3.0])
        return model

    history, _ = assert_same(make, message="model.endless is an iterator")
    assert len(history.loss) == 6


def test_a_counter_in_the_weight_of_a_loss_is_counted_as_eagerly():
    def weighted():
        seen = []
        return losses.weighted(
            losses.half_squared_error, lambda t: [seen.append(t), 1.0 / len(seen)][1]
        )

    _, eager, _ = train(lambda: Net(lambda m, h, x: h), "eager", loss=weighted())
    with pytest.warns(UserWarning, match="changes seen"):
        _, found, _ = train(lambda: Net(lambda m, h, x: h), "auto", loss=weighted())
    assert found == eager


SEEN_AS_A_GUARD = {
    "data of a weight": lambda m, h, x: [v * m.first.neurons[0].w[0].data for v in h],
    "a branch on a weight": lambda m, h, x: (
        h if m.first.neurons[0].w[0].data > START else [v * 2.0 for v in h]
    ),
    "a branch on an input": lambda m, h, x: h if x[1] else [v * 2.0 for v in h],
    "equality": lambda m, h, x: h if x[1] == 1 else [v * 2.0 for v in h],
    "a table": lambda m, h, x: [v * {0: 1.0, 1: 5.0}[x[1]] for v in h],
    "rounding": lambda m, h, x: [v * round(x[0]) for v in h],
    "text": lambda m, h, x: [v * float(f"{x[0]:.1f}") for v in h],
    "a type": lambda m, h, x: [v * (2.0 if isinstance(x[0], float) else 3.0) for v in h],
    "the gradient of a weight": lambda m, h, x: [v * (1.0 + m.scale.grad) for v in h],
}


@pytest.mark.parametrize("between", SEEN_AS_A_GUARD.values(), ids=SEEN_AS_A_GUARD)
def test_what_a_replay_cannot_repeat_is_trained_eagerly(between):
    assert_same(lambda: Net(between), message="eager")


@pytest.mark.parametrize(
    "loss",
    [
        pytest.param(lambda y, t: -log_softmax(y)[int(t)], id="an index"),
        pytest.param(lambda y, t: {0: 1.0, 1: 5.0}[t] * square(y[0] - t), id="a table"),
        pytest.param(lambda y, t: square(y[0] - round(t)), id="round"),
        pytest.param(lambda y, t: square(y[0]) if str(t) == "1" else square(y[1]), id="text"),
        pytest.param(lambda y, t: -(t * log(sigmoid(900.0 * y[0] + 900.0))), id="saturated"),
    ],
)
def test_losses_that_only_the_eager_engine_can_compute_are_trained(loss):
    assert_same(lambda: Net(lambda m, h, x: h, outputs=2), loss=loss, data=CLASSES)


WEIGHTED = {
    "a table": losses.weighted(losses.softmax_cross_entropy, {0: 1.0, 1: 5.0}),
    "a function": losses.weighted(losses.softmax_cross_entropy, lambda t: 5.0 if t == 1 else 1.0),
    "twice": losses.weighted(
        losses.weighted(losses.softmax_cross_entropy, {0: 2.0, 1: 3.0}), lambda t: 1.0 + t
    ),
}


@pytest.mark.parametrize("loss", WEIGHTED.values(), ids=WEIGHTED)
def test_the_weights_of_a_loss_are_kept_in_replay(loss):
    history, _ = assert_same(lambda: Net(lambda m, h, x: h, outputs=2), loss=loss, data=CLASSES)
    assert history.engine == "replay"
    weighted = loss([0.3, -0.2], 1)
    assert weighted == pytest.approx(
        (6.0 if loss is WEIGHTED["twice"] else 5.0) * losses.softmax_cross_entropy([0.3, -0.2], 1)
    )


def test_a_result_from_before_training_keeps_its_number():
    def make():
        model = Net(lambda m, h, x: [v * m.before for v in h])
        model.before = exp(model.scale)
        return model

    assert_same(make, message="eager")


def test_a_model_that_computes_batches_in_its_own_way_is_trained_so():
    class Centred(Net):
        def batch(self, samples):
            outputs = [self(x) for x in samples]
            mean = sum(outputs) / len(outputs)
            return [y - mean for y in outputs]

    history, _ = assert_same(lambda: Centred(lambda m, h, x: h))
    assert history.engine == "eager: Centred computes a batch in its own way"


def test_masked_arrays_and_penalties_that_take_branches():
    masked = Dataset([np.ma.MaskedArray(x) for x in XS], NUMBERS.ys)
    assert_same(lambda: Net(lambda m, h, x: h), data=masked, message="eager: masked arrays")
    penalty = lambda ps: 0.05 * sum(p if p > 0.0 else -p for p in ps)  # noqa: E731
    history, _ = assert_same(lambda: Net(lambda m, h, x: h), penalty=penalty)
    assert history.engine == "replay"
    assert_same(
        lambda: Net(lambda m, h, x: h), penalty=lambda ps: sum(p * p for p in ps if p != 0.0)
    )


class Factors(typing.NamedTuple):
    """Its class refers to `zip`, which makes iterators and is none."""

    factor: float


def test_a_class_of_iterators_is_no_iterator():
    factors = Factors(0.5)
    history, _ = assert_same(lambda: Net(lambda m, h, x: [v * factors.factor for v in h]))
    assert history.engine == "replay"


@pytest.mark.parametrize("change", [lambda x: x.insert(0, x.pop() + 0.1), list.reverse])
def test_a_model_that_changes_its_samples_is_trained_on_what_eager_training_sees(change):
    def between(model, h, x):
        change(x)
        return [v * x[0] for v in h]

    samples = {}

    def run(engine):
        samples[engine] = [list(x) for x in XS]
        data = Dataset(samples[engine], NUMBERS.ys)
        return train(lambda: Net(between), engine, data=data)

    history, there, _ = run("eager")
    with pytest.warns(UserWarning, match=r"changes samples\[0\]"):
        found, here, _ = run("auto")
    assert (found.step_loss, here) == (history.step_loss, there)
    assert samples["auto"] == samples["eager"]


def test_state_is_as_if_nothing_had_been_tried():
    _, here, model = train(lambda: Net(count_in_attribute), "eager", epochs=1, batch_size=None)
    with pytest.warns(UserWarning, match=r"model\.calls"):
        _, there, tried = train(lambda: Net(count_in_attribute), "auto", epochs=1, batch_size=None)
    assert (model.calls, there) == (tried.calls, here) == (len(XS), here)


# ---- going on while training moves ----


def late(model, h, x):
    """Nothing happens before a weight has become large enough; then the type of a number counts."""
    moved = abs(model.first.neurons[0].w[0]._data - model.start) > 0.2
    return [v * 3.0 for v in h] if moved and isinstance(x[0], float) else h


def make_late():
    model = Net(late)
    model.start = model.first.neurons[0].w[0].data
    return model


@pytest.mark.parametrize("batch_size", [None, 3])
def test_a_difference_that_begins_late_leads_back_to_the_last_state_that_was_verified(batch_size):
    seen = []
    history, heard = assert_same(
        make_late,
        epochs=60,
        batch_size=batch_size,
        validation=NUMBERS.take([0, 3]),
        early_stopping=EarlyStopping(50),
        callbacks=[lambda epoch: seen.append(epoch.number)],
    )
    assert history.engine.startswith("eager since step ")
    assert "replay gives" in history.engine
    assert len(heard) == 1
    assert seen == [*range(60), *range(60)], "the callback's list has gone back, too"


def test_with_replay_insisted_on_a_difference_is_an_error():
    with pytest.raises(TrainingError, match="can no longer be replayed"):
        train(make_late, "replay", epochs=60)
    with pytest.raises(ShapeError, match=r"cannot be replayed: a call .* changes model\.calls"):
        train(lambda: Net(count_in_attribute), "replay")


def test_an_error_that_only_the_replay_raises_ends_replay_and_not_training():
    def between(model, h, x):
        near = abs(model.scale - 0.6) < 0.1
        return [v + model.scale if near else v * model.scale for v in h]

    history, heard = assert_same(lambda: Net(between), epochs=40)
    assert history.engine.startswith("eager since step ")
    assert "the comparison" in history.engine
    assert len(heard) == 1


def test_what_both_engines_refuse_is_an_error_as_before():
    with pytest.raises(DomainError) as error:
        train(lambda: Net(lambda m, h, x: [log(v - 5.0) for v in h]), "auto")
    assert "in epoch 0, step 0: " in str(error.value)
    with pytest.raises(TargetError, match="takes probabilities"):
        train(
            lambda: Net(lambda m, h, x: [v + 9.0 for v in h]),
            "auto",
            loss=losses.binary_cross_entropy,
            data=CLASSES,
        )


def test_a_callback_that_changes_the_model_is_followed():
    def cool(epoch):
        epoch.model.heat *= 0.5

    def make():
        model = Net(lambda m, h, x: [m.heat * v for v in h])
        model.heat = 2.0
        return model

    history, heard = assert_same(make, callbacks=[cool])
    assert (history.engine, heard) == ("replay", [])


def heated(v, factor=1.0, *, power=1.0):
    return v * factor * power


def cooled(v, factor=1.0, *, power=1.0):
    return 0.5 * v


class Heated(Net):
    def forward(self, x):
        return heated(super().forward(x))


HEATED = {"__code__": heated.__code__, "__defaults__": (1.0,), "__kwdefaults__": {"power": 1.0}}
REPLACED = {
    "its defaults": lambda: setattr(heated, "__defaults__", (0.5,)),
    "its defaults by name": lambda: setattr(heated, "__kwdefaults__", {"power": 0.5}),
    "its code": lambda: setattr(heated, "__code__", cooled.__code__),
    "a method": lambda: setattr(Heated, "forward", lambda m, x: 0.5 * Net.forward(m, x)),
}


@pytest.mark.parametrize("replace", REPLACED.values(), ids=REPLACED)
def test_a_function_that_a_callback_replaces_is_followed(replace, monkeypatch):
    forward = Heated.forward
    monkeypatch.setattr(Heated, "forward", forward)
    for name, held in HEATED.items():
        monkeypatch.setattr(heated, name, held)

    def make():
        Heated.forward = forward
        for name, held in HEATED.items():
            setattr(heated, name, held)
        return Heated(lambda m, h, x: h)

    history, _ = assert_same(make, callbacks=[lambda epoch: replace()])
    assert history.engine == "replay"


def test_a_model_that_is_another_in_evaluation_is_validated_as_such():
    make = lambda: Net(lambda m, h, x: [3.0 * v for v in h] if m.training else h)  # noqa: E731
    history, _ = assert_same(make, validation=NUMBERS.take([1, 2, 5]))
    assert history.engine == "replay"


def test_training_is_replayed_with_a_penalty_on_some_weights_and_a_last_small_batch():
    model = MLP(2, [4, 1], activation="tanh", seed=0)
    history, _ = assert_same(
        lambda: MLP(2, [4, 1], activation="tanh", seed=0), batch_size=4, penalty=regularise.l1(0.01)
    )
    assert history.engine == "replay"
    assert (
        fit(model, losses.half_squared_error, NUMBERS, SGD(model.parameters()), epochs=1).engine
        == "replay"
    )


class Recorder(Callback):
    """How far a weight has moved from where it began, after each step."""

    def __init__(self, start):
        self.start, self.moved = start, [0.0]

    def after_step(self, run):
        w = run.model.first.neurons[0].w[0]
        place = [p is w for p in run.parameters].index(True)
        self.moved.append(abs(run.theta[place] - self.start))


def test_steps_that_differed_before_an_error_are_taken_back_too():
    def between(model, h, x):
        w = model.first.neurons[0].w[0]
        hidden = abs(w._data - start) > seen[6] + 1e-9 and isinstance(x[0], float)
        factor = 3.0 if hidden else 1.0
        return [v * factor for v in h] if abs(w - start) < seen[7] + 1e-9 else [v + 1.0 for v in h]

    start = START + 1e-9
    recorder = Recorder(start)
    train(lambda: Net(lambda m, h, x: h), "eager", epochs=4, callbacks=[recorder])
    seen = recorder.moved
    assert seen[:9] == sorted(seen[:9]), (
        "it moves one way, so that the difference comes before the error"
    )
    history, _ = assert_same(lambda: Net(between), epochs=4)
    assert history.engine.startswith("eager since step 6: on the same samples")


def test_randomness_that_no_generator_shows_and_that_begins_late_is_named():
    def between(model, h, x):
        moved = abs(model.first.neurons[0].w[0]._data - START) > 0.2
        return [v * (1.0 + os.urandom(1)[0] * moved * isinstance(x[0], float)) for v in h]

    with pytest.warns(UserWarning, match="gives different numbers when it is called again"):
        history, _, _ = train(lambda: Net(between), "auto", epochs=60)
    assert history.engine.startswith("eager since step ")


def test_the_last_steps_are_checked_before_training_ends():
    def between(model, h, x):
        moved = abs(model.first.neurons[0].w[0]._data - start) > recorder.moved[8] + 1e-9
        return [v * 3.0 for v in h] if moved and isinstance(x[0], float) else h

    start = START + 1e-9
    recorder = Recorder(start)
    options = {"epochs": 11, "batch_size": None}
    train(lambda: Net(lambda m, h, x: h), "eager", callbacks=[recorder], **options)
    assert recorder.moved == sorted(recorder.moved), "the difference begins with step 10"
    history, _ = assert_same(lambda: Net(between), **options)
    assert history.engine.startswith("eager since step 8: on the same samples")
