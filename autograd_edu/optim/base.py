"""The base class of all optimisers: parameters, clipping, weight decay and a saved state."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Iterable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Never, TypeAlias, TypedDict

from ..arguments import fraction, not_negative, positive, whole
from ..engine.value import Frozen, Value
from ..errors import (
    DomainError,
    OperandError,
    OptionError,
    ShapeError,
    StateError,
    TrainingError,
    one_of,
)
from ..files import Test, expect, is_count, is_finite_number, is_finite_numbers, is_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_is_constant = attrgetter("is_constant")
Array: TypeAlias = "NDArray[np.float64]"


class Common(TypedDict, total=False):
    """The keyword arguments that all optimisers take; see `Optimiser`."""

    weight_decay: float
    clip_norm: float | None
    clip_value: float | None
    accumulate: bool
    skip: float
    seed: int


class Used(float):
    """A gradient that a step has already used. It stays one when a backward pass adds to it."""

    __slots__ = ()

    def __add__(self, other: float) -> Used:
        return Used(float(self) + other)


class Optimiser:
    """The base class of all optimisers.

    A subclass defines `rule`. `remembers` names the state that it keeps for each parameter, and
    `remembers_once` the state that it keeps only once.

    Args:
        parameters: the Values to change, such as ``model.parameters()``. Frozen parameters keep
            their numbers. You can leave them out if you only call `update`, or for `fit`, which
            then trains all parameters of the model.
        lr: the learning rate η. You can set it at any time, as schedules do.
        weight_decay: λ; λθ is added to the gradient. This is the gradient of the penalty λ½Σθ².
        clip_norm: scale the gradient down to this length if it is longer. Clipping comes before
            weight decay.
        clip_value: limit each component of the gradient to ± this value. It comes before
            ``clip_norm``.
        accumulate: do not warn if gradients were not cleared between two steps.
        skip: the probability that a step leaves a parameter as it is. This is how Imperial
            describes dropout; unlike `nn.Dropout`, the forward pass uses all weights.
        seed: determines which parameters each step skips.

    >>> class SignDescent(Optimiser):
    ...     def rule(self, theta, g):
    ...         return theta - self.lr * (g / abs(g))
    >>> SignDescent(lr=0.5).update([1.0, 2.0], [30.0, -0.1]).tolist()
    [0.5, 2.5]
    """

    remembers: ClassVar[tuple[str, ...]] = ()
    remembers_once: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        parameters: Iterable[Value] = (),
        lr: float = 0.01,
        *,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        accumulate: bool = False,
        skip: float = 0.0,
        seed: int = 0,
        **unknown: Never,
    ) -> None:
        for name in unknown:
            _refuse(type(self), name)
        self.parameters = _check_parameters(parameters, type(self).__name__)
        self.lr = lr
        self.weight_decay = not_negative(weight_decay, "the weight decay")
        self.clip_norm = clip_norm if clip_norm is None else positive(clip_norm, "clip_norm")
        self.clip_value = clip_value if clip_value is None else positive(clip_value, "clip_value")
        self.accumulate = accumulate
        self.skip, self.seed = fraction(skip, "skip"), whole(seed, "the seed", low=0)
        self.steps = 0
        self.state: dict[str, Array] = {}
        self._witness: tuple[Value, Used] | None = None  # a parameter, and its gradient at a step

    @property
    def lr(self) -> float:
        """The learning rate η. It must not be negative."""
        return self._lr

    @lr.setter
    def lr(self, new: float) -> None:
        self._lr = not_negative(new, "the learning rate")

    def rule(self, theta: Array, g: Array) -> Array:
        """The new parameters, from the old ones and their gradient. `steps` counts from 1."""
        raise NotImplementedError

    def update(self, theta: Array, gradient: Array) -> Array:
        """Take one step from ``theta``. Returns the new parameters, and updates the state.

        Raises:
            DomainError: if the new parameters or the new state are not finite. The state is then
                unchanged.
        """
        import numpy as np

        theta, g = np.asarray(theta, float), self.clipped(np.asarray(gradient, float))
        if theta.shape != g.shape:
            raise ShapeError(
                f"the gradient must have the shape of the parameters, {theta.shape}; got {g.shape}"
            )
        before = self.steps, dict(self.state)
        for name in self.remembers:
            kept = self.state.setdefault(name, np.zeros_like(theta))
            if kept.shape != theta.shape:
                raise ShapeError(
                    f"{type(self).__name__} took its first step with parameters of shape "
                    f"{kept.shape}; got {theta.shape} now"
                )
        remembered = dict(self.state)
        self.steps += 1
        with np.errstate(over="ignore", invalid="ignore"):
            new = self.rule(theta, self.decayed(theta, g))
        if not _are_finite(new, *self.state.values()):
            self.steps, self.state = before
            raise DomainError(
                f"this step of {type(self).__name__} overflows: the largest component of the "
                f"gradient is {np.abs(g).max():.3g}; limit it with clip_norm, or use a smaller lr "
                f"than {self.lr:g}"
            )
        return self._keep(theta, new, remembered)

    def _keep(self, theta: Array, new: Array, before: dict[str, Array]) -> Array:
        """``new``, with the old numbers and state of parameters that are frozen or skipped."""
        import numpy as np

        kept: bool | NDArray[np.bool_] = False
        frozen = list(map(_is_constant, self.parameters))
        if True in frozen and len(frozen) == len(theta):
            kept = np.array(frozen)
        if self.skip:  # a generator for each step, so that a saved state need not hold it
            rng = np.random.default_rng([self.seed, self.steps])
            kept = kept | (rng.random(theta.shape) < self.skip)
        if kept is False:
            return new
        for name in self.remembers:
            self.state[name] = np.where(kept, before[name], self.state[name])
        return np.where(kept, theta, new)

    def decayed(self, theta: Array, g: Array) -> Array:
        """The gradient plus weight decay, g + λθ."""
        return g + self.weight_decay * theta if self.weight_decay else g

    def clipped(self, g: Array) -> Array:
        """The gradient within the limits ``clip_value`` and ``clip_norm``."""
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
        """Change the parameters by one step, using their gradients.

        A parameter that no backward pass has reached has gradient 0.

        Raises:
            TrainingError: if no parameter has a gradient, or all are frozen.

        Warns:
            UserWarning: once, if `zero_grad` was not called since the last step, so that the
                gradients still contain those of that step. If you accumulate gradients on purpose,
                pass ``accumulate=True``.
        """
        import numpy as np

        self.before_step()
        reached = next((p for p in self.parameters if p.has_grad), None)
        if reached is None:
            raise TrainingError(self._why_no_gradient())
        self._warn_of_uncleared(reached)
        theta = np.array([p._data for p in self.parameters])
        gradient = np.array([0.0 if p.is_constant else p._grad or 0.0 for p in self.parameters])
        new = self.update(theta, gradient).tolist()
        self.parameters[0].data = new[0]  # this tells the engine that numbers have changed
        for parameter, number in zip(self.parameters, new, strict=True):
            parameter._data = number

    def before_step(self) -> None:
        """Called at the start of `step`, before the gradients are read."""

    def _why_no_gradient(self) -> str:
        if self.parameters and not any(p.requires_grad for p in self.parameters):
            return "step() has nothing to change: every parameter is frozen"
        if not self.parameters:
            name = type(self).__name__
            return f"step() has no parameters to change: pass them, {name}(model.parameters())"
        return "step() needs gradients, and no parameter has one: call loss.backward() first"

    def _warn_of_uncleared(self, reached: Value) -> None:
        """Warn if a backward pass has added to a gradient that the last step has already used.

        `step` marks one gradient by the type `Used`. Clearing or setting the gradient removes the
        mark. Adding to it, as a backward pass does, keeps the mark.
        """
        if self.accumulate:
            return
        if self._witness is not None:
            parameter, used = self._witness
            now = parameter._grad
            if isinstance(now, Used) and now is not used:
                self.accumulate = True  # warn once
                warnings.warn(
                    "the gradients were not cleared since the last step, so they still contain "
                    "its gradients: call zero_grad() before each backward pass. If you accumulate "
                    f"on purpose, pass accumulate=True to {type(self).__name__}",
                    stacklevel=3,
                )
        self._witness = reached, Used(reached.grad)
        reached._grad = self._witness[1]

    def zero_grad(self) -> None:
        """Clear the gradients of the parameters. A backward pass adds to what is there."""
        for parameter in self.parameters:
            parameter.clear_grad()

    def look_ahead(self, theta: Array) -> Array:
        """Where the rule needs its next gradient: at ``theta``, except for Nesterov."""
        return theta

    def state_dict(self) -> dict[str, Any]:  # Any: numbers, text, and lists of numbers of any depth
        """The state of the optimiser, as plain numbers and lists."""
        arrays = {name: array.tolist() for name, array in self.state.items()}
        return {"rule": type(self).__name__, "steps": self.steps, "lr": self.lr, **arrays}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # Any: it is checked here
        """Load a `state_dict`, so that training continues exactly where it was saved.

        Raises:
            StateError: if it is the state of another rule, or of another number of parameters. The
                optimiser is then unchanged.
        """
        import numpy as np

        own = type(self).__name__
        if not isinstance(state, dict) or state.get("rule") != own:
            found = state.get("rule") if isinstance(state, dict) else state
            raise StateError(f"this is the state of {found!r}, but the optimiser is {own}")
        arrays = [name for name in (*self.remembers, *self.remembers_once) if name in state]
        tests: dict[str, Test] = {"rule": is_text, "steps": is_count, "lr": is_finite_number}
        for name in arrays:
            tests[name] = is_finite_numbers if name in self.remembers else is_finite_number
        expect(state, tests, f"the state of {own}")
        for name in set(arrays) & set(self.remembers):
            if self.parameters and len(state[name]) != len(self.parameters):
                raise StateError(
                    f"{name!r} has {len(state[name])} entries in the state, but the optimiser has "
                    f"{len(self.parameters)} parameters"
                )
        if state["lr"] < 0.0:
            raise StateError(f"the learning rate must not be negative; got {state['lr']!r}")
        held = {name: np.array(state[name], float) for name in arrays}
        self.steps, self.lr, self.state = state["steps"], float(state["lr"]), held

    def __repr__(self) -> str:
        return f"{type(self).__name__}(lr={self.lr!r})"


def _refuse(kind: type[Optimiser], name: str) -> None:
    """Raise OptionError for a keyword argument that a rule does not have."""
    if instead := _ELSEWHERE.get(name):
        raise OptionError(f"{kind.__name__} has no keyword argument {name!r}; use {instead}")
    options = [
        key
        for base in kind.__mro__[:-1]
        for key, parameter in inspect.signature(base).parameters.items()
        if parameter.default is not parameter.empty
    ]
    one_of(name, dict.fromkeys(options), f"keyword argument of {kind.__name__}")


_ELSEWHERE = {"learning_rate": "lr", "momentum": "Momentum", "nesterov": "Nesterov"}


def _are_finite(*arrays: Array) -> bool:
    """Are all numbers finite? They are if their sum is finite, which is quick to check."""
    import numpy as np

    quick = sum([float(np.add.reduce(array, axis=None)) for array in arrays])
    return math.isfinite(quick) or all(np.isfinite(array).all() for array in arrays)


def _check_parameters(given: Iterable[Value], rule: str) -> list[Value]:
    """The parameters as a list. Raises OperandError if a step cannot change one of them."""
    right = f"write {rule}(model.parameters(), lr=0.01)"
    if isinstance(given, Value) or not isinstance(given, Iterable) or isinstance(given, str):
        raise OperandError(
            "the first argument of an optimiser must be a list of parameters; "
            f"got {type(given).__name__} {given!r:.60}: {right}"
        )
    parameters = list(given)
    for p in parameters:
        if not isinstance(p, Value):
            raise OperandError(
                f"each parameter must be a Value; got {type(p).__name__} {p!r}: {right}"
            )
        if p.op is not None or (p.is_constant and not isinstance(p, Frozen)):
            what = "a constant" if p.op is None else f"the result of {p.op.name}"
            raise OperandError(
                f"each parameter must be a leaf that a step can change; got {p!r}, {what}"
            )
    if len(set(map(id, parameters))) < len(parameters):
        twice = next(p for i, p in enumerate(parameters) if any(p is q for q in parameters[:i]))
        raise OperandError(f"each parameter must be given once; {twice!r} is given twice")
    return parameters
