"""Choosing by the validation loss: among models, and among learning rates and weight decays."""

import math
import warnings

import pytest

from autograd_edu import data, nn
from autograd_edu.errors import OperandError
from autograd_edu.optim import SGD, Adam
from autograd_edu.train import evaluate, fit, grid_search, select

LOSS = nn.losses.binary_cross_entropy_with_logits
TRAINING, VALIDATION = data.circles(60, seed=1).split(0.5)


def model(*sizes):
    return nn.MLP(2, [*sizes, 1], activation="tanh", seed=0)


def loss_after_training(model, optimiser, **options):
    fit(model, LOSS, TRAINING, optimiser, progress=False, **options)
    return evaluate(model, LOSS, VALIDATION).loss


def test_the_model_with_the_smallest_validation_loss_is_chosen():
    models = {"a line": model(), "8 units": model(8), "2 units": model(2)}
    before = {name: m.state_dict() for name, m in models.items()}
    chosen = select(
        models, LOSS, TRAINING, validation=VALIDATION, epochs=40, optimiser=lambda p: Adam(p, 0.1)
    )
    for name, trained in models.items():
        assert trained.state_dict() == before[name]
        alone = loss_after_training(trained, Adam(trained.parameters(), 0.1), epochs=40)
        assert chosen.losses[name] == alone
    assert chosen.best == "8 units"  # circles have no line between them
    assert evaluate(chosen.model, LOSS, VALIDATION).loss == min(chosen.losses.values())
    lines = str(chosen).splitlines()
    assert [line.split("  ")[0] for line in lines[2:]] == ["8 units", "2 units", "a line"]


def test_a_grid_has_the_loss_of_each_rate_with_each_weight_decay():
    grid = grid_search(
        model(6), LOSS, TRAINING, validation=VALIDATION, rates=[0.5, 0.01],
        weight_decays=[0.1, 0.0], epochs=4, batch_size=10, optimiser=SGD, seed=3,
    )  # fmt: skip
    for (rate, decay), loss in grid.losses.items():
        trial = model(6)
        made = SGD(trial.parameters(), rate, weight_decay=decay)
        assert loss == loss_after_training(trial, made, epochs=4, batch_size=10, seed=3)
    assert len(set(grid.losses.values())) == 4
    assert grid.best == min(grid.losses, key=grid.losses.get)
    head, _, *rows, _ = str(grid).splitlines()
    assert head.split() == ["rate", "decay", "0.1", "decay", "0"]
    assert [row.split()[0] for row in rows] == ["0.5", "0.01"]
    marked = next(row for row in rows if "*" in row)
    assert marked.split()[0] == f"{grid.best[0]:g}"


def test_a_run_that_diverges_loses_without_a_warning():
    line = data.noisy_function(n=20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        grid = grid_search(
            nn.MLP(1, [1], seed=0), nn.losses.half_squared_error, line, validation=line,
            rates=[10.0, 1e200, 0.1], weight_decays=[0.0], epochs=12, optimiser=SGD,
        )  # fmt: skip
    assert grid.losses[10.0, 0.0] == grid.losses[1e200, 0.0] == math.inf
    assert grid.best == (0.1, 0.0)


@pytest.mark.parametrize("models", [{}, [model()], model()])
def test_models_without_names_are_told(models):
    with pytest.raises(OperandError, match="needs a dict of names and models"):
        select(models, LOSS, TRAINING, validation=VALIDATION)


def test_a_grid_without_rates_is_told():
    with pytest.raises(OperandError, match="at least one learning rate and one weight decay"):
        grid_search(model(), LOSS, TRAINING, validation=VALIDATION, rates=[])
