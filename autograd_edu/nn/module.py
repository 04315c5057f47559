"""What all parts of a network share: their parameters by name, training or evaluation, saving, and scopes for pictures.

A module keeps its parameters (Values) and its parts (modules) as ordinary attributes, alone or in lists, tuples, dicts,
sets and NumPy arrays, nested as you like; everything here finds them there, in the order in which they were assigned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Real
from types import MappingProxyType
from typing import Any, ClassVar, Self

from ..engine.floats import real
from ..engine.modes import current_scope
from ..engine.value import Constant, Value, scope
from ..errors import OperandError, ShapeError, StateError
from ..files import PathLike
from ..trees import has_order, leaves, lists, replace, shape
from .saving import load_state, save_state

_caller: ContextVar[Module | None] = ContextVar("_caller", default=None)  # whose forward is running
State = dict[str, Any]  # name: a number, or a (nested) list of them


class Module:
    """A part of a network: called on a sample, it computes; its parameters learn.

    A subclass gives `forward`, and may give `batch` (if samples of a batch depend on each other) and `varying`.

    Attributes:
        training: whether layers that behave differently in training (dropout, batch norm) do so now; see `train`, `eval`.
        name: its scope within the whole, "layer0"; given by the module that it becomes a part of.
        changes_in_training: whether it computes something else in training than in evaluation.
        buffers: the names of attributes that are saved with the parameters but not learned (running statistics).
    """

    buffers: ClassVar[tuple[str, ...]] = ()
    changes_in_training: ClassVar[bool] = False
    training: bool = True
    name: str = ""
    # of each attribute, how many parameters and modules it held when it was assigned
    _held: Mapping[str, int] = MappingProxyType({})

    def __call__(self, *inputs: Any) -> Any:
        caller = _caller.get()
        if (
            not self.name and caller is not None
        ):  # appended to a list of the caller's after that was assigned
            caller._name_parts(current_scope.get(), new_ones=True)
        token = _caller.set(self)
        try:
            if not self.name:
                return self.forward(*inputs)
            with scope(self.name):
                return self.forward(*inputs)
        finally:
            _caller.reset(token)

    def forward(self, *inputs: Any) -> Any:
        """The output for one sample."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(x)")

    def batch(self, samples: Sequence[Any]) -> list[Any]:
        """The output for each of ``samples``."""
        return [self(x) for x in samples]

    def varying(self) -> str:
        """Why this module's own graph differs from sample to sample, so that it cannot be replayed; "" if it does not."""
        return ""

    # ---- finding parts ----

    def __setattr__(self, attribute: str, new: Any) -> None:
        self._check_kept(attribute, new)
        object.__setattr__(self, attribute, new)
        parts = [part for _, part in leaves(new) if isinstance(part, (Module, Value))]
        if parts or attribute in self._held:
            count = sum(map(_learns, parts))
            object.__setattr__(self, "_held", {**self._held, attribute: count})
        if parts:
            for key, part in leaves(new, attribute):
                if isinstance(part, Module):
                    object.__setattr__(part, "name", _scope_name(key))
            self._name_parts(self.name)

    def _name_parts(self, path: str, *, new_ones: bool = False) -> None:
        """Give parameters their scope within ``path``, and so on inside the parts. With ``new_ones``, of parts without a name only."""
        seen: set[int] = set()
        stack = [(self, path, new_ones)]
        while stack:
            module, path, new_ones = stack.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            for key, part in module._parts():
                if isinstance(part, Module):
                    inside = f"{path}/{_scope_name(key)}" if path else _scope_name(key)
                    stack.append((part, inside, new_ones and bool(part.name)))
                    if not part.name:
                        object.__setattr__(part, "name", _scope_name(key))
                elif isinstance(part, Value) and path and not new_ones:
                    part.scope = path

    def _check_kept(self, attribute: str, held: Any) -> None:
        """Raise OperandError if plain numbers stand in the place of parameters: they would be lost to training without a word."""
        before = self._held.get(attribute, 0)
        if not before:
            return
        parts = [part for _, part in leaves(held)]
        number = next(
            (part for part in parts if isinstance(part, Real) and not isinstance(part, bool)), None
        )
        if number is not None and sum(map(_learns, parts)) < before:
            raise OperandError(
                f"{attribute!r} of {type(self).__name__} held {before} parameter(s) or modules, and {number!r} stands in the place of one: "
                f"it would no longer be trained. To set its number, assign to its .data; to fix it, put Constant({number!r}) there"
            )

    def _parts(self) -> Iterator[tuple[str, Any]]:
        for attribute, held in vars(self).items():
            if attribute != "_held":
                yield from leaves(held, attribute)

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """This module and all its parts, each once, a whole before its parts, with the prefix of their names: "layers.0."."""
        seen: set[int] = set()
        stack: list[tuple[str, Module]] = [("", self)]
        while stack:
            prefix, module = stack.pop()
            if id(module) not in seen:
                seen.add(id(module))
                yield prefix, module
                inner = [(key, part) for key, part in module._parts() if isinstance(part, Module)]
                stack.extend((f"{prefix}{key}.", part) for key, part in reversed(inner))

    def modules(self) -> Iterator[Module]:
        """This module and all its parts, each once, a whole before its parts."""
        return (module for _, module in self.named_modules())

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Each parameter once, with its name: "layers.0.neurons.3.w.1"."""
        found: dict[int, tuple[str, Value]] = {}
        unnamed = False
        for prefix, module in self.named_modules():
            own = [(prefix + key, part) for key, part in module._parts() if _learns(part)]
            for name, part in own:
                if isinstance(part, Value):
                    found.setdefault(id(part), (name, part))
            if len(own) < sum(module._held.values()):
                for attribute in module._held:
                    module._check_kept(attribute, vars(module).get(attribute))
            unnamed = unnamed or not (module.name or module is self)
        if unnamed and not self.name:
            self._name_parts("", new_ones=True)
        return list(found.values())

    def parameters(self) -> list[Value]:
        """What training may change, each once."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters; backward passes would add to them."""
        for parameter in self.parameters():
            parameter.clear_grad()

    # ---- training and evaluation ----

    def train(self, on: bool = True) -> Self:
        """Switch to training: dropout drops, batch norm uses the batch's statistics."""
        for module in self.modules():
            object.__setattr__(module, "training", on)
        return self

    def eval(self) -> Self:
        """Switch to evaluation: dropout passes everything, batch norm uses its running statistics."""
        return self.train(False)

    def why_varying(self) -> str:
        """Why the graph is not the same for every sample now; "" if it is, so that it can be traced once and replayed."""
        return next((reason for module in self.modules() if (reason := module.varying())), "")

    @contextmanager
    def with_parameters(self, values: Sequence[Any]) -> Iterator[Self]:
        """Inside, the module computes with ``values`` (of any kind of number) in place of its parameters, in their order.

        This makes a model a function of its parameters, for `grad`, `hessian`, `check_gradient`.
        """
        own = self.parameters()
        if len(values) != len(own):
            raise ShapeError(
                f"the model has {len(own)} parameters; {len(values)} values were given in their place"
            )
        place = {id(parameter): value for parameter, value in zip(own, values, strict=True)}
        saved = [(module, dict(vars(module))) for module in self.modules()]
        try:
            for module, attributes in saved:
                for attribute, held in attributes.items():
                    object.__setattr__(
                        module, attribute, replace(held, lambda v: place.get(id(v), v))
                    )
                object.__setattr__(module, "_held", {})  # its numbers are meant
            yield self
        finally:
            for module, attributes in saved:
                for attribute, held in attributes.items():
                    object.__setattr__(module, attribute, held)

    # ---- state ----

    def state_dict(self) -> State:
        """Parameters and buffers as plain numbers and lists of them, by the name of the attribute that holds them."""
        return {name: lists(held, real_data) for name, _, _, held in self._holders()}

    def load_state_dict(self, state: State) -> None:
        """Take over a state that `state_dict` gave for a model of the same shape.

        Raises:
            StateError: if a name is missing or unknown, or a shape differs. Nothing is changed then.
        """
        own = self.state_dict()
        for wrong, what in (
            (own.keys() - state.keys(), "lacks"),
            (state.keys() - own.keys(), "has, and the model has not,"),
        ):
            if wrong:
                raise StateError(
                    f"the state {what} {', '.join(sorted(wrong)[:3])}; it is of another kind of model"
                )
        for name, held in own.items():
            if shape(held) != shape(state[name]):
                raise StateError(
                    f"{name} has the shape {shape(held)} in the model and {shape(state[name])} in the state"
                )
        numbers = {name: _as_numbers(name, state[name]) for name in own}
        for name, module, attribute, held in self._holders():
            if attribute in module.buffers:
                object.__setattr__(module, attribute, numbers[name])
            else:
                given = dict(leaves(numbers[name]))
                for key, parameter in leaves(held):
                    parameter.data = given[key]

    def save(self, path: PathLike) -> None:
        """Write the state to a file "….json" or "….npz", whole or not at all."""
        save_state(self.state_dict(), path)

    def load(self, path: PathLike) -> None:
        """Take over the state in a file. Raises StateError if it is damaged, or of another kind of model; nothing is changed then."""
        self.load_state_dict(load_state(path))

    def _holders(self) -> Iterator[tuple[str, Module, str, Any]]:
        """(name, module, attribute, what it holds) for each attribute that belongs to the state."""
        for prefix, module in self.named_modules():
            for attribute, held in vars(module).items():
                parts = list(leaves(held, attribute)) if attribute != "_held" else []
                parameters = [(key, part) for key, part in parts if _is_parameter(part)]
                if parameters and not has_order(held):
                    raise StateError(
                        f"{prefix}{attribute} is a set of parameters: it has no order to be saved in; use a list or a dict"
                    )
                if attribute in module.buffers or (parameters and len(parameters) == len(parts)):
                    yield prefix + attribute, module, attribute, held
                else:  # among other things
                    yield from ((prefix + key, module, attribute, part) for key, part in parameters)


def _learns(part: Any) -> bool:
    return isinstance(part, Module) or _is_parameter(part)


def _is_parameter(part: Any) -> bool:
    return isinstance(part, Value) and part.op is None and not isinstance(part, Constant)


def real_data(x: Any) -> float:
    """The number that a parameter or a buffer stands for."""
    return real(x.data if isinstance(x, Value) else x)


def _scope_name(key: str) -> str:
    """The third of a module's "layers" is "layer2"; the "left" of its "heads" is "head_left"."""
    attribute, *places = key.split(".")
    joint = "" if not places or places[0].isdigit() else "_"
    return (attribute.removesuffix("s") if places else attribute) + joint + "_".join(places)


def _as_numbers(name: str, held: Any) -> Any:
    try:
        return lists(held, real_data)
    except OperandError as error:
        raise StateError(f"{name} in the state is no number: {error}") from None
