"""Digits: learned features, optimisers compared, ensembles, and a small sample learned by heart."""

import numpy as np
import pytest

from autograd_edu import data, lab, nn


@pytest.fixture(scope="module")
def features():
    return lab.learned_features(hidden=12, epochs=8)


@pytest.fixture(scope="module")
def ensemble():
    return lab.ensembles(samples=200, members=3, epochs=6)


def test_least_squares_on_learned_features_is_as_good_as_the_network(features):
    right = features.numbers
    assert features.holds
    assert right["least squares on ψ(x)"] > right["the network"] - 0.03
    assert right["least squares on ψ(x)"] > right["least squares on random features"] + 0.05


def test_least_squares_on_pixels_is_what_scikit_learn_finds(features):
    from sklearn import linear_model

    training, test = data.digits().split(0.3, 0)
    fitted = linear_model.LinearRegression().fit(training.xs, np.eye(10)[training.ys])
    right = np.mean(fitted.predict(test.xs).argmax(axis=1) == test.ys)
    assert features.numbers["least squares on the pixels"] == pytest.approx(right, abs=0.004)


def test_the_pictures_are_the_weights_of_each_hidden_unit_before_and_after(features):
    parts = [ax for ax in features.plot().figure.axes if ax.get_title()]
    before, after = (np.array(ax.images[0].get_array()) for ax in parts)
    first = nn.MLP(64, [12, 10], init=nn.init.gaussian(0.01), seed=0).layers[0].neurons[0]
    assert before[:8, :8].ravel() == pytest.approx([w.data for w in first.w])
    pairs = [after[:, 1:8].ravel(), after[:, :7].ravel()]
    assert np.corrcoef([p[np.isfinite(p)] for p in pairs])[0, 1] > 0.05
    assert features.numbers["neighbours after"] > features.numbers["neighbours before"] + 0.05


def test_plain_descent_is_last_at_the_same_rate_and_by_less_at_its_own():
    found = lab.optimisers_on_digits(samples=200, epochs=6)
    ends = {name: losses[-1] for name, losses in found.numbers.items()}
    same = [loss for name, loss in ends.items() if name.endswith(", 0.01")]
    own = [loss for name, loss in ends.items() if not name.endswith(", 0.01")]
    assert found.holds
    assert same[0] == max(same)
    assert own[0] == max(own)
    left, right = found.plot().figure.axes
    assert [len(ax.lines) for ax in (left, right)] == [4, 4]


def test_an_ensemble_is_the_mean_of_all_its_members_and_not_of_one(ensemble):
    """-log is convex: the loss of the average is below the average of the losses."""
    found = ensemble.numbers
    assert len(set(found["members"])) > 1
    assert found["mean of members"] == pytest.approx(np.mean(found["members"]))
    assert found["gain"] == pytest.approx(found["ensemble"] - found["mean of members"])
    assert found["loss of ensemble"] < found["mean loss of members"]
    assert ensemble.holds == (found["gain"] >= 0.015)


def test_the_picture_ends_at_the_accuracy_of_the_ensemble(ensemble):
    alone, average, _ = ensemble.plot().lines
    assert list(alone.get_ydata()) == ensemble.numbers["members"]
    assert average.get_ydata()[0] == ensemble.numbers["members"][0]
    assert len(set(average.get_ydata())) > 1, "every member counts, not only the first"
    assert average.get_ydata()[-1] == ensemble.numbers["ensemble"]


def test_a_good_rate_learns_a_few_by_heart_a_low_one_nothing_and_a_high_one_explodes():
    found = lab.overfit_few(samples=10, epochs=80)
    assert found.holds
    assert found.numbers["good, 0.2, right"] == 1.0
    low = found.numbers["too low, 0.0001"]
    assert low[-1] == pytest.approx(low[0], rel=0.02)
    assert max(found.numbers["too high, 50"]) > 100.0


def test_a_rate_that_makes_training_diverge_is_shown_by_its_curve_without_a_warning():
    found = lab.overfit_few(samples=5, epochs=30)
    assert max(found.numbers["too high, 50"]) > 1e6
