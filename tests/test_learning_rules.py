"""The rules of Rosenblatt and of Widrow and Hoff, against NumPy and the theorems about them."""

import math

import numpy as np
import pytest

from autograd_edu import nn, optim
from autograd_edu.data import Dataset, blobs, truth_table
from autograd_edu.errors import OperandError, ShapeError, TargetError
from autograd_edu.nn import Perceptron, adaline_rule, learn, perceptron_rule
from autograd_edu.nn.losses import half_squared_error

RULES = [perceptron_rule, adaline_rule]


def numbers(unit):
    return [*(w.data for w in unit.w), unit.b.data]


def test_rosenblatt_s_rule_adds_a_missed_sample_and_subtracts_a_false_alarm():
    unit = Perceptron([1.0, 0.0], -1.0)
    assert perceptron_rule(unit, [0.5, 2.0], target=1, lr=0.5) == 1.0
    assert numbers(unit) == [1.25, 1.0, -0.5]
    assert perceptron_rule(unit, [1.0, 1.0], target=0, lr=1.0) == -1.0
    assert numbers(unit) == [0.25, 0.0, -1.5]
    assert perceptron_rule(unit, [1.0, 1.0], target=0, lr=1.0) == 0.0
    assert numbers(unit) == [0.25, 0.0, -1.5]


@pytest.mark.parametrize(("strict", "error"), [(False, -1.0), (True, 0.0)])
def test_on_the_threshold_the_unit_s_own_convention_decides(strict, error):
    assert perceptron_rule(Perceptron([0.0], strict=strict), [1.0], target=0) == error


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("lr", [0.125, 1.0])
def test_novikoff_s_bound_on_the_mistakes_holds(strict, lr):
    data = blobs(60, sd=0.3, seed=2)
    x = np.column_stack([np.array(data.xs), np.ones(len(data))])
    t = 2.0 * np.array(data.ys) - 1.0
    line = np.array([1.0, 1.0, 0.0]) / math.sqrt(2.0)
    margin, radius = (t * (x @ line)).min(), np.linalg.norm(x, axis=1).max()
    assert margin > 0.0
    unit = Perceptron([0.0, 0.0], strict=strict)
    mistakes = learn(unit, data, lr=lr)
    assert mistakes[-1] == 0
    assert sum(mistakes) <= (radius / margin) ** 2
    assert all(unit(x).data == y for x, y in data)


def test_no_line_separates_xor_so_the_perceptron_never_rests():
    assert 0 not in learn(Perceptron([0.0, 0.0]), truth_table("xor"), epochs=200)


def test_widrow_and_hoff_s_rule_is_a_step_of_gradient_descent_before_the_threshold():
    unit, neuron = Perceptron([0.3, -0.2], 0.1), nn.Neuron(2, activation="linear", seed=0)
    for parameter, start in zip(neuron.parameters(), numbers(unit), strict=True):
        parameter.data = start
    optimiser = optim.SGD(neuron.parameters(), lr=0.05)
    for x, target in truth_table("or"):
        adaline_rule(unit, x, target=target, lr=0.05)
        optimiser.zero_grad()
        half_squared_error(neuron(x), 2 * target - 1).backward()
        optimiser.step()
        assert numbers(unit) == pytest.approx([p.data for p in neuron.parameters()], rel=1e-14)


def test_adaline_approaches_least_squares_where_no_line_separates_the_classes():
    data = blobs(40, sd=1.2, seed=0)
    x = np.column_stack([np.array(data.xs), np.ones(40)])
    best, *_ = np.linalg.lstsq(x, 2.0 * np.array(data.ys) - 1.0, rcond=None)
    unit = Perceptron([0.0, 0.0])
    learn(unit, data, rule=adaline_rule, lr=1e-3, epochs=300)
    assert numbers(unit) == pytest.approx(best.tolist(), abs=2e-3)
    assert len(learn(Perceptron([0.0, 0.0]), data, epochs=30)) == 30  # the perceptron does not rest


def test_adaline_learns_from_samples_that_are_right_and_the_perceptron_does_not():
    for rule, moves in zip(RULES, (False, True), strict=True):
        unit = Perceptron([0.5], 0.0)
        rule(unit, [1.0], target=1, lr=0.1)
        assert (numbers(unit) != [0.5, 0.0]) is moves


def test_learning_counts_each_mistake_before_it_is_corrected():
    """From zero on AND: the first three samples are 0, and the unit says 1 to 00, 01 and 10."""
    unit = Perceptron([0.0, 0.0], strict=True)
    mistakes = learn(unit, truth_table("and"), epochs=1)
    assert mistakes == [1]  # with the strict threshold, only 11 is wrong
    assert numbers(unit) == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("misuse", "kind", "message"),
    [
        pytest.param(
            lambda unit, rule: rule(unit, [1.0], target=-1),
            TargetError,
            r"takes the targets 0 and 1; got -1. For the labels -1 and 1, use .*\(t \+ 1\) / 2",
            id="a label -1",
        ),
        pytest.param(
            lambda unit, rule: rule(unit, [1.0, 2.0], target=1),
            ShapeError,
            "takes 1 number",
            id="a sample of another length",
        ),
        pytest.param(
            lambda unit, rule: rule(unit, [1.0], target=1, lr=0.0),
            TargetError,
            "the learning rate must be finite and positive; got 0.0",
            id="a rate of 0",
        ),
        pytest.param(
            lambda unit, rule: learn(unit, [([1.0], 1)], rule=rule),
            OperandError,
            r"must be a Dataset: write Dataset\(samples, targets\)",
            id="pairs in place of a data set",
        ),
        pytest.param(
            lambda unit, rule: learn(unit, Dataset([[1.0]], [1]), rule="perceptron"),
            OperandError,
            "learn needs a function",
            id="a name in place of a rule",
        ),
    ],
)
def test_misuse_is_told_and_changes_nothing(rule, misuse, kind, message):
    unit = Perceptron([0.5], 0.25)
    with pytest.raises(kind, match=message):
        misuse(unit, rule)
    assert numbers(unit) == [0.5, 0.25]
