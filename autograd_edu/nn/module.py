"""The base class `Module`: named parameters, training mode, saving and scopes.

A module keeps its parameters (Values) and its parts (other modules) as ordinary attributes. They
may stand alone or in lists, tuples, dicts, sets and NumPy arrays, nested in any way. The methods
here find them in the order in which they were assigned.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Real
from types import MappingProxyType
from typing import Any, ClassVar, ParamSpec, Protocol, Self, TypeGuard, TypeVar

from ..arithmetic.floats import real
from ..attributes import Absent, present
from ..engine.modes import current_scope, scope
from ..engine.value import Constant, Frozen, Value
from ..errors import ArityError, OperandError, ShapeError, StateError
from ..files import PathLike
from ..trees import has_order, leaves, lists, replace, shape
from .kinds import Nested, Scalar
from .saving import State, load_state, save_state

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)


class Forward(Protocol[P, R_co]):
    """A module whose call takes and returns the same types as its own `forward`."""

    name: str

    def forward(self, *inputs: P.args, **options: P.kwargs) -> R_co: ...

    def _name_parts(self, path: str, *, new_ones: bool = False) -> None: ...


_caller: ContextVar[Forward[..., object] | None]  # the module whose forward is running
_caller = ContextVar("_caller", default=None)


class Module:
    """A network, or a part of one. Call it on a sample to compute its output.

    A subclass defines `forward`. It also defines `batch` if the samples of a batch depend on each
    other, and `varying` if the graph differs from sample to sample.

    Attributes:
        training: True in training mode, False in evaluation mode; see `train` and `eval`.
        name: the module's scope inside the module that holds it, such as "layer0".
        changes_in_training: True if the module computes differently in training mode.
        buffers: names of attributes that are saved but not learned, such as running averages.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.height = Value(2.0), Value(1.0)
    ...     def forward(self, x):
    ...         return self.slope * x + self.height
    >>> Line()(3.0).data, len(Line().parameters())
    (7.0, 2)
    """

    buffers: ClassVar[tuple[str, ...]] = ()
    changes_in_training: ClassVar[bool] = False
    training: bool = True
    name: str = ""
    __dir__ = present
    fit = Absent("train.fit(model, loss, data, optimiser) trains it")
    predict = Absent("call it, model(x), or train.predictions(model, data) for all samples")
    # attribute → how many parameters and modules it held when it was assigned
    _held: Mapping[str, int] = MappingProxyType({})

    def __call__(self: Forward[P, R_co], *inputs: P.args, **options: P.kwargs) -> R_co:
        caller = _caller.get()
        if not self.name and caller is not None:  # it was appended to a list after its assignment
            caller._name_parts(current_scope.get(), new_ones=True)
        token = _caller.set(self)
        try:
            if not self.name:
                return self.forward(*inputs, **options)
            with scope(self.name):
                return self.forward(*inputs, **options)
        except TypeError:
            _check_inputs(self, inputs)
            raise
        finally:
            _caller.reset(token)

    def forward(self, *inputs: Any, **options: Any) -> Any:  # each subclass says what it takes
        """The output for one sample."""
        raise NotImplementedError(f"{type(self).__name__} needs a method forward(self, x)")

    def batch(self, samples: Sequence[Nested]) -> Sequence[Nested]:
        """The list of outputs for a list of samples."""
        return [self(x) for x in samples]

    def varying(self) -> str:
        """The reason why the module's graph differs from sample to sample, or "" if it does not."""
        return ""

    # ---- finding parts ----

    def __setattr__(self, attribute: str, new: Nested) -> None:
        self._check_kept(attribute, new)
        object.__setattr__(self, attribute, new)
        parts = [(key, part) for key, part in leaves(new, attribute) if _belongs(part)]
        if parts or attribute in self._held:
            count = sum(_learns(part) for _, part in parts)
            object.__setattr__(self, "_held", {**self._held, attribute: count})
        if parts:
            for key, part in parts:
                if isinstance(part, Module):
                    object.__setattr__(part, "name", _scope_name(key))
            self._name_parts(self.name)

    def _name_parts(self, path: str, *, new_ones: bool = False) -> None:
        """Set the scopes of all parameters and the names of all parts, below ``path``.

        Args:
            new_ones: change only parts that have no name yet.
        """
        seen: set[int] = set()
        stack: list[tuple[Module, str, bool]] = [(self, path, new_ones)]
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

    def _check_kept(self, attribute: str, held: Nested) -> None:
        """Raise OperandError if a plain number replaced a parameter: it would not be trained."""
        before = self._held.get(attribute, 0)
        if not before:
            return
        parts = [part for _, part in leaves(held)]
        plain = (part for part in parts if isinstance(part, Real) and not isinstance(part, bool))
        number = next(plain, None)
        if number is not None and sum(map(_learns, parts)) < before:
            raise OperandError(
                f"{attribute!r} of {type(self).__name__} held {before} parameter(s) or modules, "
                f"and {number!r} would replace one, so it would no longer be trained. To change a "
                f"parameter's number, assign to its .data; to fix it, use Constant({number!r})"
            )

    def _parts(self) -> Iterator[tuple[str, Nested]]:
        for attribute, held in vars(self).items():
            if attribute != "_held":
                yield from leaves(held, attribute)

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """This module and all its parts, each with the prefix of its names, such as "layers.0.".

        A module comes before its parts. A module that is used twice comes once.
        """
        return ((prefix, module) for prefix, module, _ in self._walk())

    def _walk(self) -> Iterator[tuple[str, Module, list[tuple[str, Nested]]]]:
        """As `named_modules`, and what each module holds."""
        seen: set[int] = set()
        stack: list[tuple[str, Module]] = [("", self)]
        while stack:
            prefix, module = stack.pop()
            if id(module) not in seen:
                seen.add(id(module))
                parts = list(module._parts())
                yield prefix, module, parts
                inner = [(key, part) for key, part in parts if isinstance(part, Module)]
                stack.extend((f"{prefix}{key}.", part) for key, part in reversed(inner))

    def modules(self) -> Iterator[Module]:
        """This module and all its parts. A module comes before its parts, and only once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Pairs of a name, such as "layers.0.neurons.3.w.1", and its parameter.

        A parameter that is used twice comes once.
        """
        found: dict[int, tuple[str, Value]] = {}
        unnamed = False
        for prefix, module, parts in self._walk():
            count = 0
            for key, part in parts:
                if _is_parameter(part):
                    found.setdefault(id(part), (prefix + key, part))
                    count += 1
                else:
                    count += isinstance(part, Module)
            if count < sum(module._held.values()):
                for attribute in module._held:
                    module._check_kept(attribute, vars(module).get(attribute))
            unnamed = unnamed or not (module.name or module is self)
        if unnamed and not self.name:
            self._name_parts("", new_ones=True)
        return list(found.values())

    def parameters(self) -> list[Value]:
        """All parameters, including frozen ones. A parameter that is used twice comes once."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Clear the gradients of all parameters. A backward pass adds to what is there."""
        for parameter in self.parameters():
            parameter.clear_grad()

    def freeze(self) -> Self:
        """Freeze all parameters: they get no gradient, and no optimiser changes them.

        Freeze a part of a model to train only the rest, as in transfer learning. `unfreeze` undoes
        it. For a single parameter, set ``requires_grad``. Returns the module itself.

        >>> from autograd_edu.nn import MLP
        >>> model = MLP(2, [3, 1], seed=0)
        >>> layer = model.layers[0].freeze()
        >>> model([1.0, 2.0]).backward()
        >>> layer.neurons[0].w[0].has_grad, model.layers[1].neurons[0].w[0].has_grad
        (False, True)
        """
        for parameter in self.parameters():
            parameter.requires_grad = False
        return self

    def unfreeze(self) -> Self:
        """Let all parameters be trained again. Returns the module itself."""
        for parameter in self.parameters():
            parameter.requires_grad = True
        return self

    # ---- training and evaluation ----

    def train(self, on: bool = True) -> Self:
        """Switch to training mode, in which dropout drops and batch norm uses the batch.

        Returns the module itself.
        """
        for module in self.modules():
            object.__setattr__(module, "training", on)
        return self

    def eval(self) -> Self:
        """Switch to evaluation mode: no dropout, and batch norm uses its running averages.

        Returns the module itself.
        """
        return self.train(False)

    def why_varying(self) -> str:
        """The reason why the graph differs from sample to sample at the moment, or ""."""
        return next((reason for module in self.modules() if (reason := module.varying())), "")

    @contextmanager
    def with_parameters(self, values: Sequence[Scalar]) -> Iterator[Self]:
        """Within this context, compute with ``values`` in place of the parameters.

        The values are in the order of `parameters` and may be any kind of number. This turns a
        model into a function of its parameters, for `grad`, `hessian` and `check_gradient`.

        Raises:
            ShapeError: if there are more or fewer values than parameters.
        """
        own = self.parameters()
        if len(values) != len(own):
            raise ShapeError(
                f"the model has {len(own)} parameters, so it needs as many values; "
                f"got {len(values)}"
            )
        place = {id(parameter): value for parameter, value in zip(own, values, strict=True)}
        saved = [(module, dict(vars(module))) for module in self.modules()]
        try:
            for module, attributes in saved:
                for attribute, held in attributes.items():
                    new = replace(held, lambda v: place.get(id(v), v))
                    object.__setattr__(module, attribute, new)
                object.__setattr__(module, "_held", {})  # plain numbers are intended here
            yield self
        finally:
            for module, attributes in saved:
                for attribute, held in attributes.items():
                    object.__setattr__(module, attribute, held)

    # ---- state ----

    def state_dict(self) -> dict[str, Nested]:
        """A dict of all parameters and buffers, as plain numbers and lists."""
        return {name: lists(held, real_data) for name, _, _, held in self._holders()}

    def load_state_dict(self, state: State) -> None:
        """Load the `state_dict` of a model of the same shape.

        Raises:
            StateError: if a name is missing or unknown, or a shape differs. The model is then
                unchanged.
        """
        if not isinstance(state, Mapping):
            raise StateError(f"the state of a model must be a dict; got {type(state).__name__}")
        own = self.state_dict()
        for wrong, what in (
            (own.keys() - state.keys(), "the state lacks"),
            (state.keys() - own.keys(), "the model does not have"),
        ):
            if wrong:
                names = ", ".join(sorted(map(str, wrong))[:3])
                raise StateError(f"{what} {names}: it is the state of another kind of model")
        for name, held in own.items():
            if shape(held) != shape(state[name]):
                raise StateError(
                    f"{name} has the shape {shape(held)} in the model and {shape(state[name])} in "
                    "the state"
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
        """Save the state to a .json or .npz file. If that is interrupted, the old file stays."""
        save_state(self.state_dict(), path)

    def load(self, path: PathLike) -> None:
        """Load the state from a file that `save` wrote.

        Raises:
            StateError: if the file is damaged, or belongs to another kind of model. The model is
                then unchanged.
        """
        self.load_state_dict(load_state(path))

    def _holders(self) -> Iterator[tuple[str, Module, str, Nested]]:
        """Yield (name, module, attribute, content) for each attribute that is saved."""
        for prefix, module in self.named_modules():
            for attribute, held in vars(module).items():
                parts = list(leaves(held, attribute)) if attribute != "_held" else []
                parameters = [(key, part) for key, part in parts if _is_parameter(part)]
                if parameters and not has_order(held):
                    raise StateError(
                        f"{prefix}{attribute} is a set of parameters, which have no order to be "
                        "saved in; use a list or a dict"
                    )
                if attribute in module.buffers or (parameters and len(parameters) == len(parts)):
                    yield prefix + attribute, module, attribute, held
                else:  # the attribute also holds something else
                    yield from ((prefix + key, module, attribute, part) for key, part in parameters)


def _belongs(part: Nested) -> bool:
    return isinstance(part, (Module, Value))


def _learns(part: Nested) -> bool:
    return isinstance(part, Module) or _is_parameter(part)


def _is_parameter(part: Nested) -> TypeGuard[Value]:
    if part.__class__ is Value:  # nearly all are
        return part.op is None
    if not isinstance(part, Value) or part.op is not None:
        return False
    return isinstance(part, Frozen) or not isinstance(part, Constant)


def real_data(x: Nested) -> float:
    """The number of a parameter or of an entry of a buffer."""
    return real(x.data if isinstance(x, Value) else x)


def _scope_name(key: str) -> str:
    """The scope for the key of a part: "layers.2" gives "layer2", "heads.left" "head_left"."""
    attribute, *places = key.split(".")
    joint = "" if not places or places[0].isdigit() else "_"
    return (attribute.removesuffix("s") if places else attribute) + joint + "_".join(places)


def _as_numbers(name: str, held: Nested) -> Nested:
    try:
        return lists(held, real_data)
    except OperandError as error:
        raise StateError(f"{name} in the state is not a number: {error}") from None


def _check_inputs(module: Forward[P, R_co], inputs: Sequence[object]) -> None:
    """Raise if a module that takes one list was given its numbers one by one."""
    wanted = inspect.signature(module.forward).parameters
    if len(inputs) > len(wanted) == 1:
        shown = ", ".join(map(str, inputs))
        raise ArityError(
            f"{type(module).__name__} takes one input; got {len(inputs)}. Pass the numbers of a "
            f"sample as one list: model([{shown}])"
        )
