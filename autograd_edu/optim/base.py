"""What all optimisers share: parameters, clipping, weight decay, and a state that can be saved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from ..engine.value import Value
from ..errors import ShapeError, StateError, TargetError, TrainingError

Array = Any  # numpy.ndarray of float64


class Optimiser:
    """What all rules share. A subclass gives `rule`, and names what it remembers
    for each parameter in `remembers`, and once in `remembers_once`.

    Args:
        parameters: the Values to change; may be left out where only `update` is used.
        lr: the learning rate; it may be set anew at any time, as schedules do.
        weight_decay: adds λθ to the gradient (the gradient of λ½Σθ²).
        clip_norm, clip_value: before anything else, the gradient is scaled down to this length, or each part cut off at ±this.
    """

    remembers: ClassVar[tuple[str, ...]] = ()
    remembers_once: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, parameters: Iterable[Value] = (), lr: float = 0.01, *, weight_decay: float = 0.0, clip_norm: float | None = None,
        clip_value: float | None = None,
    ) -> None:  # fmt: skip
        self.parameters = list(parameters)
        self.lr = positive(lr, "the learning rate")
        self.weight_decay, self.clip_norm, self.clip_value = weight_decay, clip_norm, clip_value
        self.steps = 0
        self.state: dict[str, Array] = {}

    def rule(self, theta: Array, g: Array) -> Array:
        """Where the parameters go; `steps` counts this step already, from 1."""
        raise NotImplementedError

    def update(self, theta: Array, gradient: Array) -> Array:
        """One step from ``theta``: the new parameters, as a new array. The state moves along."""
        import numpy as np

        theta, g = np.asarray(theta, float), self.clipped(np.asarray(gradient, float))
        if theta.shape != g.shape:
            raise ShapeError(
                f"a gradient has the shape of its parameters; {g.shape} was given for {theta.shape}"
            )
        for name in self.remembers:
            kept = self.state.setdefault(name, np.zeros_like(theta))
            if kept.shape != theta.shape:
                raise ShapeError(
                    f"{type(self).__name__} has made its first steps with {kept.shape} parameters; now there are {theta.shape}"
                )
        self.steps += 1
        return self.rule(theta, self.decayed(theta, g))

    def decayed(self, theta: Array, g: Array) -> Array:
        """The gradient with weight decay."""
        return g + self.weight_decay * theta if self.weight_decay else g

    def clipped(self, g: Array) -> Array:
        """The gradient, cut to the limits that were set."""
        import numpy as np

        if self.clip_value is not None:
            g = np.clip(g, -self.clip_value, self.clip_value)
        if self.clip_norm is not None:
            length = float(np.sqrt(np.sum(g * g)))
            g = g * (self.clip_norm / length) if length > self.clip_norm else g
        return g

    def step(self) -> None:
        """Change the parameters by one step along their gradients. A parameter that none has reached has gradient 0.

        Raises:
            TrainingError: if no backward pass has reached any of the parameters since their gradients were cleared.
        """
        import numpy as np

        if not any(p.has_grad for p in self.parameters):
            raise TrainingError(
                "step() needs gradients, and no parameter has one: call loss.backward() first"
            )
        theta = np.array([p.data for p in self.parameters])
        gradient = np.array([p.grad for p in self.parameters])
        for parameter, new in zip(
            self.parameters, self.update(theta, gradient).tolist(), strict=True
        ):
            parameter.data = new

    def zero_grad(self) -> None:
        """Forget the gradients of the parameters; backward passes would add to them."""
        for parameter in self.parameters:
            parameter.clear_grad()

    def look_ahead(self, theta: Array) -> Array:
        """Where this rule wants its next gradient: at ``theta`` itself, but for Nesterov's."""
        return theta

    def state_dict(self) -> dict[str, Any]:
        """All that the rule remembers, as plain numbers and lists: with it, training goes on to the same numbers."""
        return {
            "rule": type(self).__name__,
            "steps": self.steps,
            "lr": self.lr,
            **{k: v.tolist() for k, v in self.state.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave. Raises StateError for that of another rule or other parameters; nothing is changed then."""
        import numpy as np

        if state.get("rule") != type(self).__name__:
            raise StateError(
                f"this is the state of {state.get('rule')!r}, and the optimiser is {type(self).__name__}"
            )
        names = [name for name in self.remembers if name in state]
        arrays = {name: np.array(state[name], float) for name in names}
        for name, array in arrays.items():
            if self.parameters and array.shape != (len(self.parameters),):
                raise StateError(
                    f"{name} is of {array.shape} parameters, and the optimiser has {len(self.parameters)}"
                )
        arrays |= {
            name: np.array(state[name], float) for name in self.remembers_once if name in state
        }
        self.steps, self.lr, self.state = int(state["steps"]), float(state["lr"]), arrays

    def __repr__(self) -> str:
        return f"{type(self).__name__}(lr={self.lr!r})"


def positive(x: float, what: str) -> float:
    """``x`` if it is not negative; a TargetError names ``what`` otherwise."""
    if not x >= 0.0:
        raise TargetError(f"{what} is not negative: {x!r}")
    return x


def fraction(x: float, what: str) -> float:
    """``x`` if it is in [0, 1)."""
    if not 0.0 <= x < 1.0:
        raise TargetError(f"{what} is in [0, 1), not {x!r}")
    return x


def one_of(x: str, names: tuple[str, ...], what: str) -> str:
    """``x`` if it is one of ``names``."""
    if x not in names:
        raise TargetError(f"{what} is one of {', '.join(names)}, not {x!r}")
    return x
