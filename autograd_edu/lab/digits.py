"""Networks that read handwritten digits: learned features, optimisers compared, ensembles."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..data import Dataset, digits
from ..nn import MLP, Ensemble
from ..nn.init import gaussian
from ..nn.losses import softmax_cross_entropy
from ..notation.text import table
from ..optim import SGD, Adam, Momentum, Optimiser, RMSProp
from ..plots import weights_as_images
from ..train.recipe import overfit_small_sample
from .experiment import Panel, Result, experiment
from .runs import Array, curves, outputs, train

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _split(samples: int | None = None, *, seed: int) -> tuple[Dataset, Dataset]:
    """Training digits, at most ``samples`` of them, and the others."""
    training, others = digits().split(0.3, seed)
    return training.take(range(min(samples or len(training), len(training)))), others


def _share_right(scores: Array, data: Dataset) -> float:
    """The share of samples whose largest score is that of their class."""
    return float(np.mean(scores.argmax(axis=1) == np.array(data.ys)))


@experiment("K22", hidden=32, epochs=40)
def learned_features(*, seed: int = 0, hidden: int = 16, epochs: int = 15) -> Result:
    """A network learns features ψ(x) on which a linear model can solve the task.

    Source: KIT, "Feature Learning": each hidden unit is a feature detector, whose weights can be
    drawn as an image; KIT's images have 28 × 28 pixels, these have 8 × 8. After training, the last
    layer is thrown away, and a linear model is fitted to ψ(x) by least squares. The table compares
    it with the network, with least squares on the pixels, and on the features of random weights.
    Look at the images: neighbouring pixels now go together, in patches and strokes; before, they
    are noise. Edge detectors as clear as in KIT's picture do not show in so few pixels.

    >>> print(learned_features(hidden=8, epochs=2).verdict)
    The claim holds here: 8 learned features and least squares get ... of the test ...
    """
    sets = training, test = _split(seed=seed)
    model = MLP(64, [hidden, 10], activation="tanh", init=[gaussian(0.01), None], seed=seed)
    untrained = [outputs(model.layers[0], data.xs) for data in sets]
    images = {"before": _images(model)}
    train(
        model, training, Adam(lr=0.01), loss=softmax_cross_entropy, epochs=epochs, batch_size=32,
        seed=seed,
    )  # fmt: skip
    features = [outputs(model.layers[0], data.xs) for data in sets]
    pixels = [np.array(data.xs) for data in sets]
    images["after"] = _images(model)
    right = {
        "the network": _share_right(outputs(model, test.xs), test),
        "least squares on ψ(x)": _refitted(features, sets),
        "least squares on the pixels": _refitted(pixels, sets),
        "least squares on random features": _refitted(untrained, sets),
    }
    network, learned, plain, random = right.values()
    alike = {f"neighbours {when}": _alike(images) for when, images in images.items()}
    return Result(
        {**right, **alike},
        table([["model", "right"], *([k, f"{v:.1%}"] for k, v in right.items())], right=[1]),
        learned > random + 0.05 and learned > network - 0.03,
        f"{hidden} learned features and least squares get {learned:.1%} of the test digits right, "
        f"the network {network:.1%}, {hidden} random features {random:.1%} and the 64 pixels "
        f"themselves {plain:.1%}. The correlation of the weights of neighbouring pixels rises from "
        f"{alike['neighbours before']:.2f} to {alike['neighbours after']:.2f}.",
        [
            _drawn(images[when], f"weights {when} training") for when in images
        ],
    )  # fmt: skip


def _images(model: MLP) -> list[list[float]]:
    return [[w.data for w in unit.w] for unit in model.layers[0].neurons]


def _alike(images: list[list[float]]) -> float:
    """The correlation of the weights of pixels that are neighbours in a row or a column."""
    grids = np.reshape(images, (-1, 8, 8))
    beside = np.stack([grids[:, :, 1:].ravel(), grids[:, :, :-1].ravel()])
    below = np.stack([grids[:, 1:].ravel(), grids[:, :-1].ravel()])
    return float(np.corrcoef(np.hstack([beside, below]))[0, 1])


def _drawn(images: list[list[float]], title: str) -> Panel:
    def draw(ax: Axes) -> None:
        weights_as_images(images, columns=4, ax=ax).set_title(title)

    return draw


def _refitted(features: list[Array], sets: tuple[Dataset, Dataset]) -> float:
    """The share of test digits right, by least squares from features to one-hot classes."""
    training, test = sets
    wanted = np.eye(10)[np.array(training.ys)]
    columns = [np.c_[x, np.ones(len(x))] for x in features]
    fitted = np.linalg.lstsq(columns[0], wanted, rcond=None)[0]
    return _share_right(columns[1] @ fitted, test)


# each rule's best rate out of 0.001, 0.003, 0.01, … 1, by the loss after 8 epochs
RULES: dict[str, tuple[type[Optimiser], float]] = {
    "SGD": (SGD, 0.3), "SGD + momentum": (Momentum, 0.1), "RMSProp": (RMSProp, 0.03),
    "Adam": (Adam, 0.03),
}  # fmt: skip


@experiment("K50", samples=1257, epochs=20)
def optimisers_on_digits(*, seed: int = 0, samples: int = 600, epochs: int = 8) -> Result:
    """On digits, momentum and rules that normalise the gradient learn faster than plain SGD.

    Source: KIT, "Comparison of different algorithms", a figure of the loss on MNIST for these four
    rules. All start from the same weights and see the same mini-batches of 32: once with the same
    learning rate 0.01, and once each with the best rate that was found for it. Look at both
    pictures: much of what looks like a better rule on the left is a better rate.

    >>> print(optimisers_on_digits(samples=200, epochs=2).verdict)
    The claim holds here: after 2 epochs SGD has the highest loss: ... times the lowest one ...
    """
    training, _ = _split(samples, seed=seed)
    panels: dict[str, dict[str, list[float]]] = {"the same rate": {}, "each its best rate": {}}
    for name, (rule, best) in RULES.items():
        for title, rate in zip(panels, (0.01, best), strict=True):
            model = MLP(64, [16, 10], activation="relu", seed=seed)
            panels[title][f"{name}, {rate:g}"] = train(
                model, training, rule(lr=rate), loss=softmax_cross_entropy, epochs=epochs,
                batch_size=32, seed=seed,
            ).loss  # fmt: skip
    same, own = ([losses[-1] for losses in lines.values()] for lines in panels.values())
    rows = [
        [name, *(f"{x:.3f}" for x in ends)] for name, *ends in zip(RULES, same, own, strict=True)
    ]
    return Result(
        {**panels["the same rate"], **panels["each its best rate"]},
        table([["rule", "loss at rate 0.01", "loss at its best rate"], *rows], right=[1, 2]),
        max(same) == same[0] and max(own) == own[0],
        f"after {epochs} epochs SGD has the highest loss: {same[0] / min(same):.0f} times the "
        f"lowest one at the same rate, and {own[0] / min(own):.1f} times at its own.",
        [
            curves(lines, xlabel="epoch", ylabel="loss", title=title)
            for title, lines in panels.items()
        ],
    )  # fmt: skip


@experiment("K61 L40", members=12, epochs=6)
def ensembles(*, seed: int = 0, samples: int = 1000, members: int = 5, epochs: int = 3) -> Result:
    """Averaging the probabilities of several models gives 2 % more accuracy.

    Sources: KIT, "Enjoy 2% extra accuracy!": take the average of the predicted distributions, then
    the argmax. LIP, "effectively a guaranteed improvement". Networks with different initial weights
    and mini-batches learn digits. Since -log is convex, the loss of the average is never more than
    the average loss. Accuracy has no such guarantee: other seeds and sizes gave 0.4 to 2.4 points
    more than the mean member, and now and then less than the best one. Look at the dots, the
    members: does the curve of the average run above all of them?

    >>> print(ensembles(samples=200, members=2, epochs=2).verdict)
    The claim holds here: averaging 2 networks gains ... points over their mean ...
    """
    training, test = _split(samples, seed=seed)
    models = []
    for k in range(members):
        model = MLP(64, [16, 10], activation="relu", seed=100 * seed + k)
        train(
            model, training, Adam(lr=0.02), loss=softmax_cross_entropy, epochs=epochs,
            batch_size=16, seed=100 * seed + k,
        )  # fmt: skip
        models.append(model)
    each = [outputs(Ensemble([model]), test.xs) for model in models]
    right = [_share_right(p, test) for p in each]
    growing = [
        _share_right(outputs(Ensemble(models[: k + 1]), test.xs), test) for k in range(members)
    ]
    average = outputs(Ensemble(models), test.xs)
    mean, gain = float(np.mean(right)), growing[-1] - float(np.mean(right))
    numbers: dict[str, float | list[float]] = {
        "members": right, "ensemble": growing[-1], "mean of members": mean, "gain": gain,
        "best member": max(right), "loss of ensemble": _loss(average, test),
        "mean loss of members": float(np.mean([_loss(p, test) for p in each])),
    }  # fmt: skip
    rows = [[name, f"{x:.3f}"] for name, x in numbers.items() if isinstance(x, float)]
    return Result(
        numbers, table([["", "on test digits"], *rows], right=[1]), gain >= 0.015,
        f"averaging {members} networks gains {100 * gain:.1f} points over their mean accuracy "
        f"of {mean:.1%}, and {100 * (growing[-1] - max(right)):.1f} over the best of them.",
        [lambda ax: _draw_members(ax, right, growing)],
    )  # fmt: skip


def _loss(probabilities: Array, data: Dataset) -> float:
    """The mean of -log of the probability of the right class."""
    return float(-np.log(probabilities[np.arange(len(data)), np.array(data.ys)]).mean())


def _draw_members(ax: Axes, right: list[float], growing: list[float]) -> None:
    counts = range(1, len(right) + 1)
    ax.plot(counts, right, "o", label="each network alone")
    ax.plot(counts, growing, ".-", label="average of the first k")
    ax.axhline(float(np.mean(right)), linestyle="--", color="grey", label="mean of the networks")
    ax.set(xlabel="network k", xticks=counts, ylabel="share of test digits right")
    ax.legend()


@experiment("K77")
def overfit_few(*, seed: int = 0, samples: int = 20, epochs: int = 100) -> Result:
    """A network should learn a small sample by heart; if not, the loss says what is wrong.

    Source: KIT, step 2 of "Learning with NNs in practise": "try to train to 100% training
    accuracy"; "Loss not going down? LR too low"; "Loss explodes to Inf or NaN? LR too high". One
    network is trained on a few digits at three learning rates, by `train.overfit_small_sample`.
    Look at the curves: one falls until all are right, one is flat, and one jumps up.

    >>> print(overfit_few(samples=10, epochs=30).verdict)
    The claim holds here: the good rate gets 100% right after ... epochs, the low one ...
    """
    model = MLP(64, [16, 10], activation="relu", seed=seed)
    rates = {"good, 0.2": 0.2, "too low, 0.0001": 1e-4, "too high, 50": 50.0}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "training diverged")  # the curve shows it
        found = {
            name: overfit_small_sample(
                model, softmax_cross_entropy, digits(), samples=samples, epochs=epochs, seed=seed,
                optimiser=partial(SGD, lr=rate),
            )
            for name, rate in rates.items()
        }  # fmt: skip
    rows = [
        [name, f"{each.loss[0]:.3g}", f"{max(each.loss):.3g}", f"{each.loss[-1]:.3g}",
         f"{each.accuracy:.0%}"]
        for name, each in found.items()
    ]  # fmt: skip
    good, low, high = found.values()
    return Result(
        {name: each.loss for name, each in found.items()}
        | {f"{name}, right": each.accuracy for name, each in found.items()},
        table([["rate", "first loss", "largest", "last", "right"], *rows], right=[1, 2, 3, 4]),
        bool(good) and not low and not high,
        f"the good rate gets {good.accuracy:.0%} right after {len(good.loss)} epochs, the low one "
        f"{low.accuracy:.0%} and the high one {high.accuracy:.0%}, whose loss rises to "
        f"{max(high.loss):.2g}. It does not become Inf or NaN here.",
        [curves({name: each.loss for name, each in found.items()}, log=True, xlabel="epoch",
                ylabel="loss")],
    )  # fmt: skip
