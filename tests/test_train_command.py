"""The commands `train` and `compare`: what their options choose."""

import json

import pytest

from autograd_edu import data, nn
from autograd_edu.cli import main as command_line
from autograd_edu.cli.task import LOSSES, OPTIMISERS, SCHEDULES, task
from autograd_edu.train import History


@pytest.fixture
def run(capsys, tmp_path):
    """Run a command that writes to a new folder; its output and the folder."""

    def run(*arguments):
        assert command_line.main([*arguments, "--out", str(tmp_path)]) == 0
        return capsys.readouterr().out, tmp_path

    return run


def test_without_a_hidden_layer_the_model_is_one_unit_and_cannot_learn_xor(run):
    for layers in (["0"], []):
        out, _ = run("train", "xor", "--steps", "40", "--layers", *layers)
        assert "MLP 2 → 1 (3 parameters)" in out
        assert "accuracy 100" not in out


def test_a_schedule_by_name_sets_the_rates(run):
    _, folder = run("train", "xor", "--steps", "10", "--lr", "0.5", "--schedule", "step")
    rates = History.load(folder / "history.json").lr
    assert rates == pytest.approx([0.5] * 3 + [0.05] * 3 + [0.005] * 3 + [0.0005])


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_begins_at_the_rate_that_was_asked_for(name):
    assert SCHEDULES[name](0.25, 20)(0) == 0.25


def test_an_optimiser_by_name_takes_its_own_steps(run):
    weights = {}
    for name in OPTIMISERS:
        _, folder = run("train", "or", "--steps", "3", "--layers", "0", "--optimiser", name)
        weights[name] = json.loads((folder / "model.json").read_text())
    assert set(weights) >= {"sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam"}
    texts = {json.dumps(w, sort_keys=True) for w in weights.values()}
    assert len(texts) >= len(weights) - 1  # AdamW decays so little in three steps


def test_data_with_a_test_set_have_its_loss_after_every_epoch(run):
    out, folder = run("train", "digits", "--steps", "46", "--layers", "4")
    history = History.load(folder / "history.json")
    assert len(history.validation) == history.epochs == 2
    assert f"validation loss {history.validation[-1]:.4g}" in out
    assert "stroke-dasharray" in (folder / "loss.svg").read_text()  # the dashed validation curve


def test_a_function_of_one_number_is_drawn_with_its_fit(run):
    out, folder = run("train", "sine", "--steps", "5", "--layers", "4")
    assert "fit.svg" in out
    assert (folder / "fit.svg").stat().st_size > 1000


THREE = data.blobs(9, [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])


@pytest.mark.parametrize(
    ("loss", "dataset", "outputs", "target"),
    [
        (None, data.moons(6), 1, 0),
        (None, THREE, 3, 0),
        (None, data.noisy_function(n=6), 1, None),
        ("hinge", data.moons(6), 1, -1),
        ("softmax_cross_entropy", data.moons(6), 2, 0),
        ("half_squared_error", THREE, 3, [1.0, 0.0, 0.0]),
        ("half_squared_error", data.moons(6), 1, 0),
        ("gaussian_negative_log_likelihood", data.noisy_function(n=6), 2, None),
    ],
)
def test_a_loss_gets_the_outputs_and_targets_that_it_takes(loss, dataset, outputs, target):
    learned = task(loss, dataset, None)
    assert learned.outputs == outputs
    if target is not None:
        assert learned.training.ys[dataset.ys.index(0)] == target
    for wanted in learned.training.ys:
        learned.loss([0.5] * outputs, wanted)


def test_every_loss_on_offer_is_one_of_nn():
    assert set(LOSSES) <= set(vars(nn.losses))


def test_comparing_trains_each_combination_from_the_same_weights(run):
    out, folder = run(
        "compare", "xor", "--optimiser", "sgd,adam", "--lr", "0.5,0.01", "--steps", "20",
        "--layers", "4", "--activation", "tanh",
    )  # fmt: skip
    head, _, *rows, last = out.splitlines()
    assert head.split() == ["run", "last", "loss", "training", "loss", "right"]
    found = {row[: row.index("  ")]: row.split()[-3:] for row in rows}
    assert list(found) == ["sgd, 0.5", "sgd, 0.01", "adam, 0.5", "adam, 0.01"]
    assert last == f"written to {folder}: loss.svg"
    alone, _ = run(
        "train", "xor", "--optimiser", "adam", "--lr", "0.5", "--steps", "20", "--layers", "4",
        "--activation", "tanh",
    )  # fmt: skip
    assert f"training: loss {found['adam, 0.5'][1]}, accuracy {found['adam, 0.5'][2]}" in alone


@pytest.mark.filterwarnings("error")
def test_a_run_that_diverges_is_in_the_table_and_not_in_the_picture(run):
    out, folder = run(
        "compare", "sine", "--optimiser", "sgd", "--lr", "1e9,0.1", "--steps", "12", "--layers", "4"
    )
    rows = out.splitlines()[2:4]
    assert rows[0].split() == ["1e9", "diverged"]
    assert rows[1].split()[0] == "0.1"
    picture = (folder / "loss.svg").read_text()
    assert "<!-- 0.1 -->" in picture
    assert "<!-- 1e9 -->" not in picture
