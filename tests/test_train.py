"""Training: the loop, early stopping, history, checkpoints, evaluation, and the recipe."""

import copy
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from autograd_edu import Value, data
from autograd_edu.errors import (
    DomainError,
    OperandError,
    OptionError,
    ShapeError,
    StateError,
    TargetError,
    TrainingError,
)
from autograd_edu.files import seal, unseal
from autograd_edu.metrics import accuracy_of
from autograd_edu.nn import (
    MLP,
    RNN,
    Apply,
    BatchNorm,
    Dropout,
    Embedding,
    Linear,
    Module,
    Sequential,
    losses,
    regularise,
)
from autograd_edu.nn.init import constant, gaussian
from autograd_edu.optim import SGD, Adam, Momentum, Nesterov
from autograd_edu.schedules import Cosine, Cyclic, StepDecay
from autograd_edu.train import (
    Callback,
    EarlyStopping,
    History,
    Snapshots,
    accuracy,
    check_initial_loss,
    diagnose,
    evaluate,
    find_learning_rate,
    fit,
    overfit_small_sample,
    predictions,
)
from autograd_edu.train.engines import Eager

XOR = data.truth_table("xor")
BCE = losses.binary_cross_entropy_with_logits


def numbers(model):
    return [p.data for p in model.parameters()]


def small(seed=0):
    return MLP(2, [4, 1], activation="tanh", seed=seed)


def trained(model=None, **options):
    model = model or small()
    options = {"epochs": 5, **options}
    return model, fit(
        model, BCE, options.pop("data", data.moons(20)), Adam(model.parameters(), 0.05), **options
    )


# ---- the loop ----


def test_the_loop_is_forward_backward_update():
    """UCL: backpropagation is not learning; the optimiser updates, and it repeats."""
    model, by_hand = small(), small()
    history = fit(model, BCE, XOR, SGD(model.parameters(), 0.3), epochs=10)
    optimiser, seen = SGD(by_hand.parameters(), 0.3), []
    for _ in range(10):
        by_hand.zero_grad()
        loss = losses.average([BCE(by_hand(x), t) for x, t in XOR])
        loss.backward()
        optimiser.step()
        seen.append(loss.data)
    assert history.loss == pytest.approx(seen, rel=1e-12, abs=0.0)
    assert numbers(model) == pytest.approx(numbers(by_hand), rel=1e-12, abs=0.0)


@pytest.mark.parametrize("engine", ["auto", "eager"])
def test_the_same_seed_repeats_a_run_bit_for_bit(engine):
    first, second = (trained(batch_size=7, seed=3, engine=engine) for _ in range(2))
    assert numbers(first[0]) == numbers(second[0])
    assert first[1].step_loss == second[1].step_loss
    assert numbers(trained(batch_size=7, seed=4, engine=engine)[0]) != numbers(first[0])


def test_a_penalty_is_added_to_the_loss_of_the_weights_it_is_given():
    model = small()
    history = fit(
        model, BCE, XOR, SGD(model.parameters(), 0.0), epochs=1, penalty=regularise.l2(0.1)
    )
    expected = evaluate(model, BCE, XOR).loss + 0.1 * sum(p * p for p in numbers(model))
    assert history.loss[0] == pytest.approx(expected, rel=1e-13, abs=0.0)
    before = numbers(model)
    fit(
        model,
        lambda y, t: 0.0 * y,
        XOR,
        SGD(model.parameters(), 1.0),
        epochs=1,
        penalty=regularise.half_l2(0.5),
        penalised=regularise.weights_of(model),
    )
    after = dict(zip([n for n, _ in model.named_parameters()], numbers(model), strict=True))
    for (name, now), then in zip(after.items(), before, strict=True):
        assert now == pytest.approx(then if name.endswith(".b") else 0.5 * then, abs=1e-15)


def test_a_schedule_sets_the_rate_by_epoch_or_by_step():
    model = small()
    history = fit(
        model, BCE, XOR, SGD(model.parameters()), epochs=4, schedule=StepDecay(1.0, (1, 3))
    )
    assert history.lr == pytest.approx([1.0, 0.1, 0.1, 0.01])
    by_step = fit(
        model,
        BCE,
        XOR,
        SGD(model.parameters()),
        epochs=2,
        batch_size=2,
        schedule=Cosine(1.0, 4),
        schedule_by="step",
    )
    assert by_step.lr == pytest.approx([Cosine(1.0, 4)(1), Cosine(1.0, 4)(3)])


def test_nesterov_s_gradient_is_taken_ahead():
    model, by_hand = small(), small()
    fit(model, BCE, XOR, Nesterov(model.parameters(), 0.1), epochs=5)
    optimiser = Nesterov(by_hand.parameters(), 0.1)
    for _ in range(5):
        optimiser.zero_grad()
        optimiser.looking_ahead()
        losses.average([BCE(by_hand(x), t) for x, t in XOR]).backward()
        optimiser.step()
    assert numbers(model) == pytest.approx(numbers(by_hand), rel=1e-12, abs=0.0)


def test_only_the_optimiser_s_parameters_change():
    model = small()
    before = numbers(model)
    fit(model, BCE, XOR, SGD(model.layers[1].parameters(), 0.5), epochs=2)
    assert numbers(model)[:12] == before[:12]
    assert numbers(model)[12:] != before[12:]


def test_a_model_whose_graph_varies_is_trained_eagerly_and_the_history_says_why():
    model = Sequential(
        Linear(2, 4, seed=0), Apply("tanh"), Dropout(0.5, seed=1), MLP(4, [1], seed=2)
    )
    history = trained(model)[1]
    assert (
        history.engine
        == "eager: Dropout(0.5) draws new random numbers for every sample in training mode"
    )
    assert not model.layers[2].training, "and is left in evaluation mode"
    norm = Sequential(Linear(2, 4, seed=0), BatchNorm(4), MLP(4, [1], seed=2))
    assert "makes the samples of a batch depend on each other" in trained(norm)[1].engine
    with pytest.raises(ShapeError, match="cannot be replayed: Dropout"):
        trained(model, engine="replay")


def test_a_model_with_branches_is_trained_eagerly_and_the_history_names_the_line():
    class Halves(Module):
        def __init__(self):
            self.left, self.right = MLP(2, [1], seed=0), MLP(2, [1], seed=1)

        def forward(self, x):
            return self.left(x) if x[0] < 0.5 else self.right(x)

    model = Halves()
    history = fit(model, BCE, XOR, Adam(model.parameters(), 0.2), epochs=100)
    assert history.engine.startswith("eager: the comparison x1 < 0.5 at test_train.py:")
    assert accuracy(model, BCE, XOR) == 1.0


def test_sequences_of_several_lengths_are_trained_on_eagerly():
    class LastState(Module):
        def __init__(self):
            self.states, self.out = RNN(1, 3, seed=0), Linear(3, 1, seed=1)

        def forward(self, sequence):
            return self.out(self.states(sequence)[-1])[0]

    sums = data.Dataset([[[0.1]], [[0.2], [-0.4]], [[0.5], [0.1], [-0.3]]], [0.1, -0.2, 0.3])
    model = LastState()
    history = fit(model, losses.half_squared_error, sums, Adam(model.parameters(), 0.05), epochs=60)
    assert (
        history.engine
        == "eager: the samples or the targets are not lists of numbers of the same shape"
    )
    assert history.loss[-1] < 0.1 * history.loss[0]


def test_an_embedding_learns():
    words = data.Dataset([0, 1, 2, 0, 1, 2], [1, 0, 1, 1, 0, 1], "words", 2)
    model = Sequential(Embedding(3, 2, seed=0), MLP(2, [1], seed=1))
    history = fit(model, BCE, words, Adam(model.parameters(), 0.1), epochs=60)
    assert accuracy(model, BCE, words) == 1.0
    assert "looks up a different row" in history.engine


def test_a_callback_may_also_answer_with_a_truth_value_of_numpy():
    _, history = trained(callbacks=[lambda epoch: np.float64(epoch.loss) < 1e9])
    assert (history.epochs, history.stopped) == (1, "a callback ended it")


def test_callbacks_see_every_epoch_and_can_end_training():
    seen = []
    _, history = trained(
        callbacks=[
            lambda epoch: seen.append((epoch.number, epoch.loss)),
            lambda epoch: epoch.number == 2,
        ]
    )
    assert seen == list(enumerate(history.loss))
    assert (history.epochs, history.stopped) == (3, "a callback ended it")


def test_ctrl_c_keeps_what_was_reached():
    def interrupt(epoch):
        if epoch.number == 2:
            raise KeyboardInterrupt

    model, history = trained(callbacks=[interrupt])
    assert (history.epochs, history.stopped) == (3, "interrupted in epoch 3")
    assert numbers(model) == numbers(trained(epochs=3)[0])


def test_a_validation_set_is_measured_after_every_epoch():
    training, test = data.moons(30).split(0.3)
    model, history = trained(data=training, validation=test)
    assert len(history.validation) == 5
    assert history.validation[-1] == pytest.approx(
        evaluate(model, BCE, test).loss, rel=1e-12, abs=0.0
    )


@pytest.mark.parametrize("engine", ["eager", "replay"])
def test_drop_last_takes_fewer_steps_and_leaves_the_smaller_batch_out(engine):
    _, history = trained(batch_size=8, drop_last=True, engine=engine)
    assert len(history.step_loss) == 5 * 2
    _, whole = trained(batch_size=8, engine=engine)
    assert len(whole.step_loss) == 5 * 3
    assert history.step_loss[:2] == whole.step_loss[:2]


def test_gradients_of_parameters_that_are_not_trained_do_not_add_up():
    model = small()
    fit(model, BCE, XOR, SGD(model.layers[1].parameters(), 0.0), epochs=3, engine="eager")
    once, again = [p.grad for p in model.layers[0].parameters()], small()
    losses.average([BCE(again(x), t) for x, t in XOR]).backward()
    assert once == pytest.approx([p.grad for p in again.layers[0].parameters()], rel=1e-12)


# ---- early stopping ----


def test_early_stopping_waits_for_its_patience_and_keeps_the_best():
    stop = EarlyStopping(patience=3)
    answers = [
        stop.check(loss, place) for place, loss in enumerate([5.0, 4.0, 3.0, 3.5, 3.2, 3.1, 1.0])
    ]
    assert answers.index(True) == 5
    scripted = EarlyStopping(patience=3)
    for place, loss in enumerate([5.0, 4.0, 3.0, 3.5, 3.2, 3.1]):
        scripted.check(loss, place)
    assert (scripted.best, scripted.best_loss) == (2, 3.0)
    for wrong in (0, 1.5):
        with pytest.raises(
            TargetError, match=f"patience must be a whole number of at least 1; got {wrong}"
        ):
            EarlyStopping(wrong)
    impatient = EarlyStopping(patience=1)
    assert [impatient.check(loss, None) for loss in (2.0, 1.0, 1.5)] == [False, False, True]


def test_a_gain_smaller_than_asked_for_is_none():
    stop = EarlyStopping(patience=2, min_gain=0.5)
    assert [stop.check(loss, None) for loss in (3.0, 2.8, 2.6)] == [False, False, True]


def test_training_stops_early_and_restores_the_best_parameters():
    script, seen = iter([1.0, 0.5, 0.7, 0.6, 0.1]), []

    class Scripted(EarlyStopping):
        def check(self, loss, parameters):
            seen.append(parameters)
            return super().check(next(script), parameters)

    model, history = trained(early_stopping=Scripted(patience=2))
    assert (history.epochs, history.stopped) == (4, "no improvement in 2 check(s)")
    assert numbers(model) == seen[1]


# ---- history ----


def test_a_history_saves_itself_and_prints(tmp_path):
    _, history = trained(batch_size=5, validation=XOR)
    history.save(tmp_path / "history.json")
    assert History.load(tmp_path / "history.json") == history
    assert len(history.step_loss) == 20
    assert str(history).startswith("5 epochs in ")
    assert str(History()) == "no complete epoch; running"


def test_the_moving_average_shows_the_trend():
    assert History(step_loss=[4.0, 2.0, 0.0, 2.0]).moving_average(2) == [4.0, 3.0, 1.0, 1.0]


def test_the_bar_is_quiet_unless_somebody_looks(capfd):
    trained()
    assert capfd.readouterr() == ("", "")
    trained(progress=True)
    assert "5/5" in capfd.readouterr().err


def test_the_bar_shows_by_itself_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    trained()
    assert "5/5" in capsys.readouterr().err


# ---- checkpoints ----


def dropping():
    return Sequential(
        Linear(2, 4, seed=0), Apply("tanh"), Dropout(0.3, seed=1), BatchNorm(4), MLP(4, [1], seed=2)
    )


@pytest.mark.parametrize("make", [small, dropping])
@pytest.mark.parametrize("rule", [Adam, Momentum, Nesterov])
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(tmp_path, make, rule):
    def run(epochs, **options):
        model = make()
        return model, fit(
            model,
            BCE,
            data.moons(20),
            rule(model.parameters(), 0.05),
            epochs=epochs,
            batch_size=7,
            seed=5,
            **options,
        )

    whole, history = run(8)
    run(3, checkpoint=tmp_path / "run.json")
    resumed, continued = run(8, checkpoint=tmp_path / "run.json", resume=True)
    assert resumed.state_dict() == whole.state_dict()
    assert continued.step_loss == history.step_loss


def test_early_stopping_is_resumed_too(tmp_path):
    def run(epochs, **options):
        model, stop = small(), EarlyStopping(patience=3)
        fit(
            model,
            BCE,
            data.moons(20),
            SGD(model.parameters(), 20.0),
            epochs=epochs,
            early_stopping=stop,
            **options,
        )
        return numbers(model), stop.since, stop.best_loss

    whole = run(30)
    run(4, checkpoint=tmp_path / "run.json")
    assert run(30, checkpoint=tmp_path / "run.json", resume=True) == whole


def test_a_checkpoint_of_another_model_or_optimiser_changes_nothing(tmp_path):
    trained(checkpoint=tmp_path / "run.json")
    other = MLP(2, [5, 1], seed=9)
    before, optimiser = numbers(other), Adam(other.parameters(), 0.01)
    with pytest.raises(StateError):
        fit(
            other,
            BCE,
            data.moons(20),
            optimiser,
            epochs=9,
            checkpoint=tmp_path / "run.json",
            resume=True,
        )
    assert (numbers(other), optimiser.steps, optimiser.lr) == (before, 0, 0.01)
    with pytest.raises(StateError, match="state of 'Adam'"):
        fit(
            small(),
            BCE,
            data.moons(20),
            SGD(),
            epochs=9,
            checkpoint=tmp_path / "run.json",
            resume=True,
        )
    (tmp_path / "run.json").write_text((tmp_path / "run.json").read_text()[:500])
    with pytest.raises(StateError, match="cut short"):
        trained(checkpoint=tmp_path / "run.json", resume=True)


def test_a_forged_checkpoint_changes_nothing(tmp_path):
    """Its last part is wrong, under a seal that fits: the others must not have been taken over."""
    path, options = tmp_path / "run.json", {"epochs": 3, "early_stopping": EarlyStopping()}
    trained(checkpoint=path, **options)
    content = unseal(path.read_text(), "checkpoint")
    for wrong in ({"best": [1.0]}, {"best": "x"}, {"since": -1}, {"best_loss": None}):
        path.write_text(seal({**content, "early": {**content["early"], **wrong}}, "checkpoint"))
        model, stop = small(9), EarlyStopping()
        before, optimiser = numbers(model), Adam(model.parameters(), 0.01)
        with pytest.raises(StateError):
            fit(
                model,
                BCE,
                data.moons(20),
                optimiser,
                epochs=9,
                early_stopping=stop,
                checkpoint=path,
                resume=True,
            )
        assert (numbers(model), optimiser.steps, stop.best) == (before, 0, None)


KILLED = """
import sys
from autograd_edu import data
from autograd_edu.nn import MLP, losses
from autograd_edu.optim import Adam
from autograd_edu.train import fit
model = MLP(2, [4, 1], activation="tanh", seed=0)
fit(model, losses.binary_cross_entropy_with_logits, data.moons(20),
    Adam(model.parameters(), 0.05), epochs=10**6, batch_size=5,
    checkpoint=sys.argv[1], callbacks=[lambda epoch: print(epoch.number, flush=True)], resume=True)
"""


@pytest.mark.slow
def test_a_run_killed_at_any_point_leaves_a_checkpoint_that_resumes_to_the_same_numbers(tmp_path):
    path, pick = tmp_path / "run.json", random.Random(1)
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, env={**os.environ}
        )
        process.stdout.readline()
        time.sleep(pick.uniform(0.0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    model = small()
    resumed = fit(
        model,
        BCE,
        data.moons(20),
        Adam(model.parameters(), 0.05),
        epochs=0,
        batch_size=5,
        checkpoint=path,
        resume=True,
    )
    epochs, model = resumed.epochs, small()
    assert epochs >= 3
    assert (
        resumed.step_loss
        == fit(
            model, BCE, data.moons(20), Adam(model.parameters(), 0.05), epochs=epochs, batch_size=5
        ).step_loss
    )


# ---- evaluation ----


def test_loss_and_accuracy_of_the_kinds_of_targets():
    class Echo(Module):
        def forward(self, x):
            return x if len(x) > 1 else x[0]

    scores = data.Dataset([[1.0], [-2.0], [0.5], [-0.1]], [1, 0, 0, 0])
    assert accuracy(Echo(), BCE, scores) == 0.75
    assert accuracy(Echo(), losses.hinge, scores.map_targets(lambda t: 2 * t - 1)) == 0.75
    assert (
        accuracy(Echo(), losses.binary_cross_entropy, data.Dataset([[0.6], [0.4]], [1, 1])) == 0.5
    )
    classes = data.Dataset([[1.0, 2.0, 0.0], [3.0, 2.0, 0.0]], [1, 1])
    assert accuracy(Echo(), losses.softmax_cross_entropy, classes) == 0.5
    assert (
        str(evaluate(Echo(), losses.softmax_cross_entropy, classes))
        == "loss 0.8783, accuracy 50.0%"
    )  # (.4076 + 1.3490)/2
    assert evaluate(Echo(), losses.half_squared_error, scores).accuracy is None
    with pytest.raises(TargetError, match="half_squared_error is a loss of numbers"):
        accuracy(Echo(), losses.half_squared_error, scores)


def test_evaluating_with_dropout_on_is_told():
    model = Sequential(Linear(2, 4, seed=0), Dropout(0.5), MLP(4, [1], seed=0))
    with pytest.raises(
        TrainingError, match=r"Dropout\(0.5\) is in training mode.* call model.eval\(\) first"
    ):
        evaluate(model, BCE, XOR)
    assert predictions(model.eval(), XOR) == predictions(model, XOR)


# ---- misuse ----

MISUSE = [
    pytest.param(
        lambda: fit(lambda x: x, BCE, XOR, SGD()),
        OperandError,
        "the model must be a Module of nn",
        id="a function for a model",
    ),
    *(
        pytest.param(
            lambda option=option: fit(small(), BCE, XOR, SGD(), **option),
            OperandError,
            message,
            id=message,
        )
        for option, message in (
            ({"schedule": 0.1}, "schedule must be a function; got the float 0.1"),
            ({"penalty": 0.1}, "penalty must be a function; got the float 0.1"),
            ({"callbacks": [5]}, "callbacks\\[0\\] must be a function; got the int 5"),
            ({"validation": ([], [])}, "validation must be a Dataset with samples; got the tuple"),
            (
                {"validation": data.Dataset([], [])},
                "must be a Dataset with samples; got the Dataset",
            ),
            ({"early_stopping": 5}, "early_stopping must be an EarlyStopping; got the int 5"),
        )
    ),
    pytest.param(
        lambda: Snapshots(StepDecay(0.1)),
        OperandError,
        "the schedule must be a schedules.Cyclic, because",
        id="snapshots without cycles",
    ),
    pytest.param(
        lambda: fit(small(), losses.hinge, XOR, SGD()),
        TargetError,
        "labels -1 and 1; got 0.0",
        id="0/1 labels for hinge",
    ),
    pytest.param(
        lambda: fit(MLP(3, [1]), BCE, XOR, SGD()),
        ShapeError,
        r"takes 3 number\(s\); got 2",
        id="samples of another length",
    ),
    pytest.param(
        lambda: fit(MLP(2, [1]), BCE, data.Dataset([[1.0, 2.0], [1.0]], [0, 1]), SGD()),
        ShapeError,
        r"takes 2 number\(s\); got 1",
        id="one sample too short",
    ),
    pytest.param(
        lambda: fit(small(), BCE, data.Dataset([], []), SGD()),
        ShapeError,
        "the data set is empty",
        id="no data",
    ),
    pytest.param(
        lambda: fit(Apply("tanh"), BCE, XOR, SGD()),
        TrainingError,
        "no parameters",
        id="nothing to train",
    ),
    pytest.param(
        lambda: fit(small(), BCE, XOR, SGD(), schedule_by="day"),
        OptionError,
        "unknown schedule_by 'day'; choose from 'epoch', 'step'",
        id="a schedule by days",
    ),
    pytest.param(
        lambda: fit(small(), BCE, XOR, SGD(), engine="Eager"),
        OptionError,
        r"unknown engine 'Eager'.*did you mean 'eager'",
        id="an engine in capitals",
    ),
    pytest.param(
        lambda: fit(small(), BCE, XOR, SGD(), batch_size=0),
        ShapeError,
        r"batch_size \(None uses all samples at once\) must be at least 1; got 0",
        id="batches of none",
    ),
    pytest.param(
        lambda: fit(small(), BCE, XOR, SGD(), batch_size=2.5),
        OperandError,
        "must be a whole number; got float 2.5",
        id="batches of two and a half",
    ),
    pytest.param(
        lambda: fit(small(), BCE, XOR, SGD(), epochs=-1),
        ShapeError,
        "number of epochs must be at least 0; got -1",
        id="epochs below none",
    ),
    pytest.param(
        lambda: fit(small(), BCE, XOR, SGD(small().parameters())),
        TrainingError,
        r"parameters of another model.*SGD\(model.parameters\(\)\)",
        id="another model's optimiser",
    ),
    pytest.param(
        lambda: fit(small(), BCE, XOR, Adam),
        OperandError,
        r"such as Adam\(model.parameters\(\), lr=0.01\); got the class Adam itself",
        id="an optimiser's class",
    ),
    pytest.param(
        lambda: fit(small(), BCE, XOR, "adam"),
        OperandError,
        "got the str 'adam'",
        id="an optimiser's name",
    ),
    pytest.param(
        lambda: fit(small(), "mse", XOR, SGD()),
        OperandError,
        "such as nn.losses.mean_squared_error; got the str 'mse'",
        id="a loss's name",
    ),
    pytest.param(
        lambda: fit(small(), BCE, ([[1.0, 2.0]], [1.0]), SGD()),
        OperandError,
        r"write Dataset\(samples, targets\); got tuple",
        id="data as a tuple",
    ),
    pytest.param(
        lambda: fit(small(), BCE, XOR, SGD(), schedule=lambda t: 0.5 - t),
        TargetError,
        "learning rate must be finite and not negative; got -0.5",
        id="a schedule that falls below 0",
    ),
]


@pytest.mark.parametrize(("misuse", "kind", "message"), MISUSE)
def test_misuse_is_told_before_anything_is_changed(misuse, kind, message):
    with pytest.raises(kind, match=message):
        misuse()


def test_a_loss_that_leaves_the_numbers_says_in_which_epoch_and_keeps_the_last_good_parameters():
    model, x = MLP(1, [1], bias=False, seed=0), 1e3
    (w,) = numbers(model)
    with pytest.raises(DomainError) as caught:
        fit(
            model,
            losses.half_squared_error,
            data.Dataset([[x]] * 5, [0.0] * 5),
            SGD(model.parameters()),
            batch_size=1,
            schedule=lambda epoch: 1e100 * epoch,
        )
    assert str(caught.value).startswith("in epoch 1, step 7: ")
    assert "pass" in str(caught.value).lower()
    assert numbers(model) == pytest.approx([w * (1e100 * x * x) ** 2], rel=1e-12), "two steps"


# ---- the recipe ----


@pytest.mark.parametrize(
    ("classes", "log_c"),
    [(2, 0.6931471805599453), (3, 1.0986122886681098), (10, 2.302585092994046)],
)
def test_the_first_loss_of_a_model_that_knows_nothing_is_log_c(classes, log_c):
    samples = data.Dataset([[1.0, 2.0], [3.0, 4.0]], [0, classes - 1], "two", classes)
    good = check_initial_loss(
        MLP(2, [4, classes], init=constant(0.0)), losses.softmax_cross_entropy, samples
    )
    assert good
    assert (good.loss, good.expected) == pytest.approx((log_c, log_c), rel=1e-15, abs=0.0)
    bad = check_initial_loss(
        MLP(2, [30, classes], init=gaussian(10.0), seed=0), losses.softmax_cross_entropy, samples
    )
    assert not bad
    assert "this is wrong" in str(bad)


def test_a_small_sample_can_be_learned_by_heart_and_a_hopeless_model_is_told():
    model = MLP(2, [8, 1], activation="tanh", seed=0)
    before = numbers(model)
    found = overfit_small_sample(model, BCE, data.moons(40), samples=8)
    assert found
    assert found.accuracy == 1.0
    assert numbers(model) == before, "on a copy"
    hopeless = overfit_small_sample(MLP(2, [1], seed=0), BCE, XOR, samples=4, epochs=50)
    assert not hopeless
    assert "check the data, the loss, the gradients" in str(hopeless)


def test_a_learning_rate_is_found_between_no_progress_and_divergence():
    model = MLP(1, [1], seed=0)
    line = data.Dataset([[x / 5] for x in range(-5, 6)], [2 * x / 5 for x in range(-5, 6)])
    curve = find_learning_rate(
        model, losses.half_squared_error, line, low=1e-3, high=100.0, steps=60
    )
    assert 1e-3 < curve.suggestion < 2.0 / 0.4, "of curvature .4, rates above 5 diverge"
    assert curve.losses[-1] > 4 * min(curve.losses)
    assert len(curve.rates) == len(curve.losses) < 60
    assert "use 0" in str(curve)


def test_a_diagnosis_names_the_first_value_that_is_not_finite():
    class Bad(Module):
        def __init__(self):
            self.w = Value(0.0, "w")

        def forward(self, x):
            return (self.w * x[0]).log()

    found = diagnose(Bad(), losses.half_squared_error, data.Dataset([[1.0]], [0.0]))
    assert not found
    assert found.first is not None
    assert found.first.op.name == "log"
    assert "the first value that is not finite is log = log(0) = -inf" in str(found)


def test_a_diagnosis_of_a_flat_loss_names_dead_rectifiers():
    model = MLP(2, [3, 1], seed=0)
    assert diagnose(MLP(2, [3, 1], activation="tanh", seed=0), BCE, XOR)
    for neuron in model.layers[0].neurons:
        neuron.b.data = -10.0
    found = diagnose(model, BCE, XOR)
    assert found.dead == ["layer0/neuron0", "layer0/neuron1", "layer0/neuron2"]
    assert "layers.0.neurons.0.w.0" in found.without_gradient


def test_a_gradient_that_is_not_finite_is_located():
    class Root(Module):
        def __init__(self):
            self.w = Value(0.0, "w")

        def forward(self, x):
            return (self.w * x[0]).sqrt()

    assert "a local gradient of sqrt" in str(
        diagnose(Root(), losses.half_squared_error, data.Dataset([[1.0]], [1.0]))
    )


def test_gradients_that_vanish_on_the_way_are_told():
    deep = MLP(2, [4] * 8 + [1], activation="sigmoid", seed=0)
    found = diagnose(deep, BCE, data.moons(10))
    assert not found
    assert "gradients vanish or explode: their typical size is" in str(found)
    assert " in layers.0 and " in str(found)
    assert diagnose(MLP(2, [4, 1], activation="tanh", seed=0), BCE, data.moons(10))


def test_a_gradient_that_is_nothing_but_rounding_is_told():
    """A bias before a batch norm: the mean takes it away, and rounding leaves 1e-18."""
    model = Sequential(Linear(2, 1, seed=0), BatchNorm(1), Linear(1, 1, seed=1))
    assert diagnose(model.train(), BCE, data.moons(9)).without_gradient == ["layers.0.neurons.0.b"]


def test_snapshots_of_a_cyclic_schedule_make_an_ensemble():
    schedule, model = Cyclic(0.1, 4), MLP(2, [4, 2], activation="tanh", seed=0)
    snapshots = Snapshots(schedule)
    fit(
        model,
        losses.softmax_cross_entropy,
        XOR,
        Adam(model.parameters()),
        epochs=8,
        schedule=schedule,
        callbacks=[snapshots],
    )
    assert len(snapshots.models) == 2
    assert numbers(snapshots.models[0]) != numbers(snapshots.models[1]) == numbers(model)
    assert sum(p.data for p in snapshots.ensemble()([0.0, 1.0])) == pytest.approx(1.0)


# ---- learning ----


@pytest.mark.slow
def test_xor_is_learned_by_one_hidden_layer_for_19_of_20_seeds():
    solved = 0
    for seed in range(20):
        model = MLP(2, [8, 1], activation="tanh", seed=seed)
        fit(model, BCE, XOR, Adam(model.parameters(), 0.1), epochs=150)
        solved += accuracy(model, BCE, XOR) == 1.0
    assert solved >= 19


def test_a_lone_logistic_unit_never_learns_xor():
    for seed in range(3):
        model = MLP(2, [1], seed=seed)
        fit(model, BCE, XOR, Adam(model.parameters(), 0.1), epochs=150)
        assert accuracy(model, BCE, XOR) <= 0.75


def test_the_eager_engine_leaves_the_parameters_where_it_was_asked_to_look():
    model = small()
    engine, theta = Eager(model, BCE, model.parameters(), None, ""), np.array(numbers(model)) + 0.1
    y, gradient = engine.value_and_grad(theta, XOR)
    other = copy.deepcopy(model)
    for p, number in zip(other.parameters(), theta.tolist(), strict=True):
        p.data = number
    other.zero_grad()
    loss = losses.average([BCE(other(x), t) for x, t in XOR])
    loss.backward()
    assert (y, gradient.tolist()) == (loss.data, [p.grad for p in other.parameters()])


# ---- pictures and the command ----


def test_the_weights_of_the_first_layer_are_a_picture_for_each_unit():
    from autograd_edu.plots import weights_as_images

    model = MLP(64, [3, 10], seed=0)
    rows = [[w.data for w in neuron.w] for neuron in model.layers[0].neurons]
    pixels = weights_as_images(rows).images[0].get_array()
    assert pixels.shape == (8, 3 * 8 + 2)
    assert pixels[2, 9 + 5] == rows[1][2 * 8 + 5]


def test_a_history_and_a_rate_curve_draw_themselves():
    _, history = trained()
    assert history.plot().get_xlabel()
    curve = find_learning_rate(small(), BCE, XOR, steps=5)
    assert curve.plot().get_xscale() == "log"


def command(*arguments, folder):
    return subprocess.run(
        [sys.executable, "-m", "autograd_edu", "train", *arguments, "--out", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_command_trains_and_leaves_model_history_and_pictures(tmp_path):
    done = command("moons", "--layers", "8", "--steps", "60", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    first, second, third, last = done.stdout.splitlines()
    assert first == "MLP 2 → 8 → 1 (33 parameters) on 100 samples of moons"
    assert second.startswith("60 epochs in ")
    assert "accuracy" in third
    files = "model.json, history.json, loss.svg, boundary.svg, theatre.html"
    assert last == f"written to {tmp_path}: {files}"
    assert all((tmp_path / name).stat().st_size for name in files.split(", "))
    assert History.load(tmp_path / "history.json").epochs == 60
    again = command("moons", "--layers", "8", "--steps", "60", folder=tmp_path / "again")
    assert again.returncode == 0
    assert (tmp_path / "again" / "model.json").read_text() == (tmp_path / "model.json").read_text()


@pytest.mark.slow
def test_a_run_that_diverges_leaves_an_earlier_model_as_it_was(tmp_path):
    assert command("sine", "--layers", "4", "--steps", "5", folder=tmp_path).returncode == 0
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    done = command("sine", "--steps", "300", "--lr", "1e9", "--penalty", "0", folder=tmp_path)
    assert "diverged" in done.stdout
    assert (done.returncode, (tmp_path / "diverged" / "model.json").exists()) == (1, True)
    assert {name: (tmp_path / name).read_bytes() for name in kept} == kept


@pytest.mark.slow
def test_ctrl_c_leaves_an_earlier_model_as_it_was(tmp_path):
    assert command("xor", "--layers", "4", "--steps", "5", folder=tmp_path).returncode == 0
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    code = (
        "import os, signal, sys; from autograd_edu.cli import main, train; fit = train.fit\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def stop(epoch):\n    if epoch.number == 3:\n        os.kill(os.getpid(), signal.SIGINT)\n"
        "train.fit = lambda *a, **options: fit(*a, callbacks=[stop], **options)\n"
        "sys.exit(main.main(sys.argv[1:]))"
    )
    arguments = ["train", "xor", "--layers", "4", "--steps", "1000000", "--out", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 130, done.stderr
    assert "interrupted in epoch" in done.stdout
    assert f"written to {tmp_path / 'interrupted'}" in done.stdout
    assert {name: (tmp_path / name).read_bytes() for name in kept} == kept


@pytest.mark.slow
def test_the_command_refuses_what_it_cannot_do(tmp_path):
    refused = command("moons", "--steps", "0", folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "must be a whole number from 1 to 1,000,000; got '0'" in refused.stderr
    for option, wrong in (
        ("--steps", "9" * 400),
        ("--batch", "0"),
        ("--layers", "999999999999"),
        ("--layers", "1000000"),
    ):
        refused = command("xor", option, wrong, folder=tmp_path)
        assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    assert "unknown data set 'cats'" in command("cats", folder=tmp_path).stderr


# ---- one run after another ----


def test_early_stopping_used_twice_forgets_the_first_run():
    stop, first, second = EarlyStopping(patience=3), small(0), small(1)
    for model in (first, second):
        fit(model, BCE, data.moons(20), SGD(model.parameters(), 0.5), epochs=5, early_stopping=stop)
    alone, fresh = small(1), EarlyStopping(patience=3)
    fit(alone, BCE, data.moons(20), SGD(alone.parameters(), 0.5), epochs=5, early_stopping=fresh)
    assert numbers(second) == numbers(alone) != numbers(first)
    assert (stop.best_loss, stop.since) == (fresh.best_loss, fresh.since)


def test_snapshots_used_twice_are_of_the_second_run():
    schedule = Cyclic(0.1, 2)
    snapshots = Snapshots(schedule)
    for seed in (0, 1):
        model = MLP(2, [3, 2], seed=seed)
        fit(
            model,
            losses.softmax_cross_entropy,
            XOR,
            SGD(model.parameters()),
            epochs=4,
            schedule=schedule,
            callbacks=[snapshots],
        )
    assert len(snapshots.models) == 2
    assert numbers(snapshots.models[-1]) == numbers(model)


def test_an_optimiser_without_parameters_is_bound_to_the_model_that_it_first_trains():
    optimiser, model = Adam(lr=0.05), small()
    fit(model, BCE, XOR, optimiser, epochs=2)
    assert optimiser.parameters == model.parameters()
    with pytest.raises(TrainingError, match="parameters of another model"):
        fit(small(), BCE, XOR, optimiser, epochs=2)


def test_a_schedule_leaves_the_optimiser_s_own_rate():
    model = small()
    optimiser = SGD(model.parameters(), 0.3)
    fit(model, BCE, XOR, optimiser, epochs=4, schedule=Cosine(1.0, 4))
    assert optimiser.lr == 0.3


def test_a_cycle_of_a_length_that_is_not_exact_ends():
    period = 0.1 * 30  # 3.0000000000000004
    cyclic = Cyclic(1.0, period)
    assert [t for t in range(9) if cyclic.ends_cycle(t)] == [2, 5, 8]
    assert [cyclic(t) for t in range(6)] == pytest.approx([1.0, 0.75, 0.25] * 2, rel=1e-12)


def test_a_run_that_diverges_says_so():
    class Scale(Module):
        def __init__(self):
            self.w = Value(1.0, "w")

        def forward(self, x):
            return self.w * x[0]

    model = Scale()
    with pytest.warns(UserWarning, match="training diverged"):
        history = fit(
            model,
            losses.half_squared_error,
            data.Dataset([[1.0]], [0.0]),
            SGD(model.parameters(), 3.0),
            epochs=400,
        )
    assert history.epochs < 20
    assert "diverged in epoch 11: the loss grew from 0.5 to " in history.stopped
    assert "smaller lr than 3" in str(history)


def test_a_checkpoint_without_a_folder_is_told_before_training(tmp_path):
    model = small()
    before = numbers(model)
    with pytest.raises(FileNotFoundError, match=r"the folder '.*missing' does not exist"):
        fit(model, BCE, XOR, SGD(), checkpoint=tmp_path / "missing" / "run.json")
    assert numbers(model) == before
    with pytest.raises(TargetError, match="min_gain must be finite and not negative"):
        EarlyStopping(min_gain=-1.0)


# ---- accuracy ----


class Gives(Module):
    """A model whose output is its input."""

    def forward(self, x):
        return x


@pytest.mark.parametrize(
    ("loss", "outputs", "targets", "expected"),
    [
        (
            losses.binary_cross_entropy_with_logits,
            [[2.0, 1.0], [-1.0, 3.0]],
            [[1, 1], [0, 0]],
            3 / 4,
        ),
        (losses.binary_cross_entropy_with_logits, [[2.0, 1.0, -1.0]], [[1, 0, 1]], 1 / 3),
        (losses.binary_cross_entropy, [[0.9, 0.6], [0.2, 0.4]], [[1, 1], [0, 1]], 3 / 4),
        (losses.hinge, [[0.5, -2.0], [-0.5, -2.0]], [[1, -1], [1, 1]], 2 / 4),
        (losses.hinge, [0.5, -2.0, 3.0], [1, 1, 1], 2 / 3),
        (losses.softmax_cross_entropy, [[0.1, 0.2, 0.3], [3.0, 1.0, 2.0]], [2, 1], 1 / 2),
        (losses.softmax_cross_entropy, [[0.1, 0.9], [3.0, 1.0]], [[0.2, 0.8], [0.4, 0.6]], 1 / 2),
        (losses.binary_cross_entropy_with_logits, [[2.0], [-1.0], [0.5]], [0.9, 0.2, 0.1], 2 / 3),
    ],
)
def test_accuracy_counts_every_label(loss, outputs, targets, expected):
    assert accuracy(Gives().eval(), loss, data.Dataset(outputs, targets)) == pytest.approx(expected)


def test_a_callback_object_sees_every_moment_of_a_run_and_can_end_it():
    class Recorder(Callback):
        def __init__(self):
            self.moments, self.numbers = [], []

        def begin(self, run):
            self.moments.append("begin")

        def before_epoch(self, run):
            self.moments.append(f"epoch {run.epoch}")

        def after_step(self, run):
            self.moments.append(f"step {run.steps}")
            self.numbers.append(run.theta.copy())

        def after_epoch(self, run):
            if run.history.epochs == 2:
                run.stopped = "seen enough"

        def end(self, run):
            self.moments.append("end")

    recorder = Recorder()
    model, history = trained(batch_size=10, callbacks=[recorder], epochs=9)
    steps = ["epoch 0", "step 1", "step 2", "epoch 1", "step 3", "step 4"]
    assert recorder.moments == ["begin", *steps, "end"]
    assert recorder.numbers[-1].tolist() == numbers(model)
    assert (history.epochs, history.stopped) == (2, "seen enough")


def test_an_output_that_is_not_a_number_is_no_class():
    """The first of several would be taken for the largest."""
    nan = float("nan")
    assert (
        accuracy_of(
            [([nan, 1.0], 0), ([0.0, nan], 0), ([1.0, 0.0], 0)], losses.softmax_cross_entropy
        )
        == 1 / 3
    )
    assert accuracy_of([(nan, 0), (-1.0, 0)], BCE) == 1 / 2
