"""Metrics of classes and numbers, against scikit-learn and by hand."""

import math
import random

import numpy as np
import pytest
import sklearn.metrics

from autograd_edu import Value, data, nn
from autograd_edu.errors import ShapeError, TargetError
from autograd_edu.metrics import confusion_matrix, f1, precision, r2, recall
from autograd_edu.plots import loss_text
from autograd_edu.train import History, classify

RNG = random.Random(0)
TRUE, PREDICTED = ([RNG.randrange(3) for _ in range(60)] for _ in range(2))


def test_the_confusion_matrix_is_scikit_learn_s():
    expected = sklearn.metrics.confusion_matrix(TRUE, PREDICTED).tolist()
    assert confusion_matrix(TRUE, PREDICTED) == expected
    assert confusion_matrix([0], [0], classes=2) == [[1, 0], [0, 0]]
    assert confusion_matrix(np.array(TRUE), np.array(PREDICTED)) == expected, "also of arrays"


@pytest.mark.parametrize("positive", [0, 1, 2])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (precision, sklearn.metrics.precision_score),
        (recall, sklearn.metrics.recall_score),
        (f1, sklearn.metrics.f1_score),
    ],
)
def test_precision_recall_and_f1_are_scikit_learn_s(ours, theirs, positive):
    expected = theirs(TRUE, PREDICTED, labels=[positive], average=None)[0]
    assert ours(TRUE, PREDICTED, positive=positive) == pytest.approx(expected, rel=1e-14)


def test_a_share_of_no_samples_is_nan():
    assert math.isnan(precision([1, 1], [0, 0]))
    assert math.isnan(recall([0, 0], [1, 1]))
    assert math.isnan(f1([0, 0], [0, 0]))
    assert f1([0, 0], [1, 0]) == 0.0


def test_r2_is_scikit_learn_s():
    ts, ys = ([RNG.gauss(5.0, 2.0) for _ in range(40)] for _ in range(2))
    assert r2(ts, ys) == pytest.approx(sklearn.metrics.r2_score(ts, ys), rel=1e-13)
    assert r2([1.0, 2.0], [[1.0], [Value(2.0)]]) == 1.0


@pytest.mark.parametrize(
    ("metric", "error", "message"),
    [
        (lambda: f1([1], [1, 0]), ShapeError, r"1 target\(s\) and 2 prediction\(s\)"),
        (lambda: precision([], []), ShapeError, "one or more"),
        (lambda: confusion_matrix([0, 5], [0, 1], classes=3), TargetError, "from 0 to 2; got 5"),
        (lambda: confusion_matrix([0, -1], [0, 1]), TargetError, "got -1"),
        (lambda: confusion_matrix([0, "a"], [0, 1]), TargetError, "whole number from 0; got 'a'"),
        (lambda: r2([2.0, 2.0], [1.0, 2.0]), TargetError, "all targets are equal"),
        (lambda: r2([1.0, 2.0], [[1.0, 2.0], [3.0]]), ShapeError, "one number per sample; got 2"),
    ],
)
def test_a_metric_says_what_is_wrong(metric, error, message):
    with pytest.raises(error, match=message):
        metric()


def test_classify_gives_the_true_and_the_predicted_classes_of_a_model():
    model = nn.MLP.from_weights([[[1.0]]], [[0.0]])
    points = data.Dataset([[2.0], [-1.0], [0.5]], [1, 1, 0])
    loss = nn.losses.binary_cross_entropy_with_logits
    assert classify(model, loss, points) == ([1, 1, 0], [1, 0, 1])
    scores = nn.MLP.from_weights([[[1.0], [-1.0], [0.0]]])
    three = data.Dataset([[2.0], [-1.0]], [0, 2])
    assert classify(scores, nn.losses.softmax_cross_entropy, three) == ([0, 2], [0, 1])


def test_losses_are_plotted_as_text():
    shown = loss_text([4.0, 3.0, 2.0, 1.0], width=8, height=4).splitlines()
    assert [line[11:] for line in shown[:4]] == ["**", "  **", "    **", "      **"]
    assert shown[-1].split() == ["1", "4", "*", "loss"]


def test_the_text_plot_is_ascii_and_shows_several_runs():
    history = History(loss=[3.0, 2.0, 1.0, 0.5], validation=[3.0, 2.5, 2.4, 2.6])
    shown = history.text(width=20, height=6)
    assert shown.isascii()
    assert "* loss  o validation" in shown
    assert shown.count("o") > 5
    assert "nan" not in loss_text([1.0, math.nan, math.inf, 2.0])
