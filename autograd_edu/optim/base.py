"""What all optimisers share: parameters, clipping, weight decay, and a state that can be saved."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, ClassVar

from ..arguments import not_negative, positive
from ..engine.value import Value
from ..errors import DomainError, OperandError, ShapeError, StateError, TrainingError
from ..files import expect, is_count, is_finite_number, is_finite_numbers, is_text

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
        self.parameters = _variables(parameters)
        self.lr = lr
        self.weight_decay = not_negative(weight_decay, "the weight decay")
        self.clip_norm = clip_norm if clip_norm is None else positive(clip_norm, "clip_norm")
        self.clip_value = clip_value if clip_value is None else positive(clip_value, "clip_value")
        self.steps = 0
        self.state: dict[str, Array] = {}

    @property
    def lr(self) -> float:
        """The learning rate; it must not be negative, which would lead uphill."""
        return self._lr

    @lr.setter
    def lr(self, new: float) -> None:
        self._lr = not_negative(new, "the learning rate")

    def rule(self, theta: Array, g: Array) -> Array:
        """Where the parameters go; `steps` counts this step already, from 1."""
        raise NotImplementedError

    def update(self, theta: Array, gradient: Array) -> Array:
        """One step from ``theta``: the new parameters, as a new array. The state moves along.

        Raises:
            DomainError: if the step, or what the rule remembers, is not finite. Nothing is changed then.
        """
        import numpy as np

        theta, g = np.asarray(theta, float), self.clipped(np.asarray(gradient, float))
        if theta.shape != g.shape:
            raise ShapeError(
                f"a gradient has the shape of its parameters; {g.shape} was given for {theta.shape}"
            )
        before = self.steps, dict(self.state)
        for name in self.remembers:
            kept = self.state.setdefault(name, np.zeros_like(theta))
            if kept.shape != theta.shape:
                raise ShapeError(
                    f"{type(self).__name__} has made its first steps with {kept.shape} parameters; now there are {theta.shape}"
                )
        self.steps += 1
        with np.errstate(over="ignore", invalid="ignore"):
            new = self.rule(theta, self.decayed(theta, g))
        if not _are_finite(new, *self.state.values()):
            self.steps, self.state = before
            raise DomainError(
                f"this step of {type(self).__name__} overflows: the largest part of the gradient is {np.abs(g).max():.3g}; "
                "limit it with clip_norm, or use a smaller learning rate"
            )
        return new

    def decayed(self, theta: Array, g: Array) -> Array:
        """The gradient with weight decay."""
        return g + self.weight_decay * theta if self.weight_decay else g

    def clipped(self, g: Array) -> Array:
        """The gradient, cut to the limits that were set."""
        import numpy as np

        if self.clip_value is not None:
            g = np.clip(g, -self.clip_value, self.clip_value)
        if self.clip_norm is None:
            return g
        largest = float(np.abs(g).max(initial=0.0)) or 1.0
        direction = g / largest  # so that squares neither overflow nor vanish
        length = float(np.sqrt(np.sum(direction * direction)))
        return direction * (self.clip_norm / length) if length > self.clip_norm / largest else g

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

        own = type(self).__name__
        if not isinstance(state, dict) or state.get("rule") != own:
            found = state.get("rule") if isinstance(state, dict) else state
            raise StateError(f"this is the state of {found!r}, and the optimiser is {own}")
        arrays = [name for name in (*self.remembers, *self.remembers_once) if name in state]
        tests = {"rule": is_text, "steps": is_count, "lr": is_finite_number}
        tests |= {
            name: is_finite_numbers if name in self.remembers else is_finite_number
            for name in arrays
        }
        expect(state, tests, f"the state of {own}")
        for name in arrays:
            count = len(state[name]) if name in self.remembers else len(self.parameters)
            if self.parameters and count != len(self.parameters):
                raise StateError(
                    f"{name} is of {count} parameters, and the optimiser has {len(self.parameters)}"
                )
        if state["lr"] < 0.0:
            raise StateError(f"a learning rate of {state['lr']!r} is none")
        held = {name: np.array(state[name], float) for name in arrays}
        self.steps, self.lr, self.state = state["steps"], float(state["lr"]), held

    def __repr__(self) -> str:
        return f"{type(self).__name__}(lr={self.lr!r})"


def _are_finite(*arrays: Array) -> bool:
    """Are all their numbers finite? Where the sum is, they are."""
    import numpy as np

    quick = sum([float(np.add.reduce(array, axis=None)) for array in arrays])
    return math.isfinite(quick) or all(np.isfinite(array).all() for array in arrays)


def _variables(given: Iterable[Value]) -> list[Value]:
    """The parameters, each of which a step can change: Values that were not computed from others, each once."""
    if isinstance(given, Value) or not isinstance(given, Iterable):
        hint = ": write model.parameters()" if hasattr(given, "parameters") else ""
        raise OperandError(
            f"the first argument must be a list of parameters; got {type(given).__name__} {given!r}{hint}"
        )
    parameters = list(given)
    for p in parameters:
        if not isinstance(p, Value):
            raise OperandError(f"a parameter must be a Value; got {type(p).__name__} {p!r}")
        if p.op is not None or p.is_constant:
            what = "a constant" if p.op is None else f"the result of {p.op.name}"
            raise OperandError(
                f"a parameter must be a leaf that can change; {p!r} is {what}, and no step would reach it"
            )
    if len(set(map(id, parameters))) < len(parameters):
        raise OperandError("each parameter must be given once; one is given twice")
    return parameters
