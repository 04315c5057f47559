"""What the commands that train can choose by name: a loss and an optimiser, and a schedule."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from .. import optim
from ..data import NAMED, Dataset
from ..errors import one_of
from ..nn import losses
from ..nn.losses import Loss
from ..optim import Optimiser
from ..schedules import Constant, Cosine, Cyclic, InverseSqrt, Linear, Schedule, Shifted, StepDecay

OPTIMISERS: dict[str, type[Optimiser]] = {
    name.lower(): rule
    for name, rule in vars(optim).items()
    if inspect.isclass(rule) and issubclass(rule, Optimiser) and rule is not Optimiser
}
SCHEDULES: dict[str, Callable[[float, int], Schedule]] = {  # of the rate and the epochs
    "constant": lambda lr, _: Constant(lr),
    "cosine": Cosine,
    "linear": Linear,
    "step": lambda lr, epochs: StepDecay(lr, (0.3 * epochs, 0.6 * epochs, 0.9 * epochs)),
    "inverse-sqrt": lambda lr, _: Shifted(InverseSqrt(lr), 1),
    "cyclic": lambda lr, epochs: Cyclic(lr, max(1.0, epochs / 4)),
}
_ANY, _TWO, _SEVERAL, _NONE = range(10**6), (2,), range(2, 10**6), (0,)
LOSSES = {  # the numbers of classes that each loss is for
    "half_squared_error": _ANY, "mean_squared_error": _ANY, "hinge": _TWO,
    "binary_cross_entropy_with_logits": _TWO, "softmax_cross_entropy": _SEVERAL,
    "gaussian_negative_log_likelihood": _NONE,
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """Data with targets as a loss takes them, and the number of outputs that the loss needs."""

    loss: Loss
    outputs: int
    training: Dataset
    test: Dataset | None


def load(name: str, seed: int) -> tuple[Dataset, Dataset | None]:
    """The training data, and test data if the data set is large enough to be split."""
    make = NAMED[one_of(name, sorted(NAMED), "data set")]
    data = make(seed=seed) if "seed" in inspect.signature(make).parameters else make()
    return data.split(0.2, seed) if len(data) >= 500 and name != "corner" else (data, None)


def task(name: str | None, training: Dataset, test: Dataset | None) -> Task:
    """The task of learning these data with a loss, by default the usual one for their targets."""
    count = training.classes
    fitting = [loss for loss, takes in LOSSES.items() if count in takes]
    usual = "softmax_cross_entropy" if count > 2 else "binary_cross_entropy_with_logits"
    default = usual if count else "half_squared_error"
    chosen = one_of(name or default, fitting, f"loss for {training.name}")
    outputs = 2 if chosen == "gaussian_negative_log_likelihood" else 1
    if count > 2 or chosen == "softmax_cross_entropy":
        outputs = count
    prepare = _preparation(chosen, count)
    return Task(
        getattr(losses, chosen), outputs, training.map_targets(prepare),
        test and test.map_targets(prepare),
    )  # fmt: skip


def _preparation(loss: str, count: int) -> Callable[[float], float | list[float]]:
    """What turns the targets of a data set of ``count`` classes into those of a loss."""
    if loss == "hinge":
        return lambda label: 2 * label - 1
    if count > 2 and loss.endswith("squared_error"):
        return lambda label: losses.one_hot(label, count)
    return lambda target: target
