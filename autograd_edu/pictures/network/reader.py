"""A model as the stages of its picture: what each part shows, and what it gives for an input.

The parts are run one after another, on a copy of the model, so that looking at a model changes
nothing in it: not its gradients, not its running averages, and not the next mask of its dropout.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from ... import nn
from ...engine.modes import ieee
from ...engine.op import OPS
from ...engine.ops import dot, step, strict_step
from ...engine.value import Value
from ...errors import OperandError, ShapeError
from ...nn.activations import Activation, name_of
from ...nn.containers import AnyLayer
from ...nn.kinds import Nested, Scalar, as_list, is_listed
from ...notation.formula import short
from ...notation.letters import SUBSCRIPTS
from ...notation.text import abbreviate, text_width
from ...trees import shape
from .architecture import INPUT, Block, HeatMap, Inset, Stage, Units, Unrolled

T = TypeVar("T")
Loss = Callable[[Nested], Value]
Where = Literal["inside", "apart"]
ACTIVATIONS: tuple[Where, ...] = ("inside", "apart")
_STEPS, _HEADS = 3, 4  # steps of a recurrent network without an input; heads that are shown
_LENGTH = 3  # vectors of a sequence that stands for any
_CANNOT = (TypeError, ValueError, LookupError)  # what a part raises that does not fit an example


@dataclass(frozen=True)
class Wish:
    """What a caller may choose.

    Attributes:
        x: an input; None if the picture has none.
        loss: what is differentiated, as a function of the output.
        gradients: show the gradients of the weights and biases in their place.
        activations: "apart" gives each a unit of its own, after the unit that sums.
        unrolled: show recurrent networks step by step.
    """

    x: Nested = None
    loss: Loss | None = None
    gradients: bool = False
    activations: Where = "inside"
    unrolled: bool = False


def stages_of(model: nn.Module, wish: Wish) -> list[Stage]:
    """The stages of ``model``, beginning with its input.

    Raises:
        OperandError: if it does not say what it takes, and no input is given.
        ShapeError: if a layer takes another number of inputs than the one before gives.
    """
    if not isinstance(model, nn.Module):
        is_class = isinstance(model, type)
        kind = f"the class {model.__name__}" if is_class else type(model).__name__
        raise OperandError(
            "draw_network takes a model, such as a Neuron, a Layer, an MLP or a Sequential; "
            f"got {kind}"
        )
    with ieee():  # a weight that is nan is drawn too
        if wish.x is not None:
            return _Reader(model, wish, wish.x).stages()
        for example in _examples(model):
            try:
                return _Reader(model, wish, example).stages()
            except _CANNOT:
                continue
        return _Reader(model, wish, None).stages()


@dataclass
class _Found:
    """A stage, with what becomes its numbers when both passes are done."""

    stage: Stage
    outputs: Sequence[Scalar] = ()
    weights: Sequence[Sequence[Value]] = ()
    biases: Sequence[Value] = ()


class _Reader:
    """Walks through a copy of a model, and notes the stages.

    Attributes:
        given: what the parts so far give; None if that is not known.
        barrier: stages before this number keep what they say: a wire begins at the last of them.
    """

    def __init__(self, model: nn.Module, wish: Wish, x: Nested) -> None:
        self.model, self.given = copy.deepcopy((model, x))
        self.wish, self.found, self.barrier = wish, list[_Found](), 0
        if wish.x is None:
            for module in self.model.modules():  # a mean over a batch needs one; masks do not
                object.__setattr__(module, "training", module.training and _drops(module))

    def stages(self) -> list[Stage]:
        if _is_flat(self.given) and (self.wish.x is not None or _fan_in(self.model)):
            if self.wish.loss is not None and _fan_in(self.model):  # an index stays a number
                self.given = [v if isinstance(v, Value) else Value(v) for v in self.given]
            self._units(Units(len(self.given), "input"), self.given)
        elif self.given is not None and self.wish.x is not None:
            self._add(Block(INPUT, _size(self.given, any_length=False)))
        self.through(self.model)
        if isinstance(self.found[-1].stage, Block) and _is_flat(self.given):
            self._as_units()
        if self.wish.loss is not None:
            self.model.zero_grad()
            self.wish.loss(self.given).backward()
        return [self._with_numbers(each) for each in self.found]

    # ---- parts ----

    def through(self, part: AnyLayer) -> None:
        """Note what ``part`` shows, and go on with what it gives."""
        for kinds, read in self._ways():
            if isinstance(part, kinds) and _is_own(part):
                read(part)
                return
        if isinstance(part, nn.Module):
            self.block(part)
        else:
            self.function(part)

    def _ways(self) -> Iterator[tuple[tuple[type[nn.Module], ...], Callable[[Nested], None]]]:
        yield (nn.Neuron, nn.Perceptron, nn.Layer, nn.DropConnect), self.dense
        yield (nn.MLP, nn.Sequential), self.sequence
        yield (nn.Residual,), self.residual
        yield (nn.Skip,), self.skip
        yield (nn.Apply,), lambda part: self.activation(part.activation)
        yield (nn.Dropout,), self.dropout
        yield (nn.RNN, nn.RecurrentCell), self.recurrent
        yield (nn.SelfAttention, nn.AttentionPool), self.attention

    def sequence(self, part: nn.MLP | nn.Sequential) -> None:
        for layer in part.layers:
            self.through(layer)
        if not part.layers:
            raise OperandError(f"{type(part).__name__} has no layer to draw")

    def dense(self, part: nn.Neuron | nn.Perceptron | nn.Layer | nn.DropConnect) -> None:
        neurons = [part] if isinstance(part, (nn.Neuron, nn.Perceptron)) else part.neurons
        size = len(neurons[0].w)
        self._check(size, part)
        self._as_units(size)
        kept = _kept(part) if isinstance(part, nn.DropConnect) and part.active else ()
        apart = self.wish.activations == "apart" and not isinstance(part, nn.DropConnect)
        sums: list[Value] = []
        if apart:
            sums = [dot(neuron.w, self.given, neuron.b) for neuron in neurons]
            outputs = [_phi(n)(z) for n, z in zip(neurons, sums, strict=True)]
            self.given = outputs if isinstance(part, nn.Linear) or len(outputs) > 1 else outputs[0]
        else:
            self.given = part(self.given)
        called = "/".join(dict.fromkeys(name_of(_phi(n)) for n in neurons))
        apart = apart and called != "linear"
        does = "sum" if apart else f"{called}, DropConnect" if kept else called
        sigma = "Σ" if self.wish.activations == "apart" else ""
        stage = Units(len(neurons), "dense", does, kept=kept, symbol=sigma)
        shown = sums if apart else as_list(self.given)
        biases = [n.b for n in neurons if n.b is not None]
        self.found.append(_Found(stage, shown, [n.w for n in neurons], biases))
        if apart:
            self._each(called, _symbol(called))

    def activation(self, phi: Activation) -> None:
        self._as_units()
        if self.given is not None:
            self.given = [phi(v) for v in as_list(self.given)]
        self._label(name_of(phi))

    def function(self, part: AnyLayer) -> None:
        """A function of a list: a label where it keeps the number of units, else a block."""
        before, after = self.given, None if self.given is None else part(self.given)
        if _is_flat(before) and _is_flat(after) and len(before) == len(as_list(after)):
            self.given = after
            self._label(name_of(part))
        elif self._is_loop() and _is_flat(after):
            self.given = after
        else:
            self.given = after
            self._add(Block(name_of(part), self._sizes(before, after)))

    def dropout(self, part: nn.Dropout) -> None:
        self._as_units()
        if self.given is None or not part.active:
            self._label(f"dropout {short(part.p)}{'' if part.active else ' (off)'}")
            return
        given = as_list(self.given)
        kept = _draw_again(part, lambda: [part.keep() > 0.0 for _ in given])
        self.given = part(given)
        dropped = frozenset(i for i, keeps in enumerate(kept) if not keeps)
        self._label(f"dropout {short(part.p)}", dropped)

    def residual(self, part: nn.Residual) -> None:
        def add(x: Nested, fx: Nested) -> Nested:
            pairs = zip(as_list(x), as_list(fx), strict=True)
            return [a + b for a, b in pairs]

        self._around(part.layers, "⊕", "x + f(x)", add)

    def skip(self, part: nn.Skip) -> None:
        self._around(part.inner.layers, "", "f(x), x", lambda x, fx: [*as_list(fx), *as_list(x)])

    def _around(
        self, layers: Sequence[AnyLayer], symbol: str, does: str,
        combine: Callable[[Nested, Nested], Nested],
    ) -> None:  # fmt: skip
        """Layers, and a wire around them that brings their input to their output."""
        if self.given is None or _is_flat(self.given):
            self._as_units()
        before, start, self.barrier = self.given, len(self.found) - 1, len(self.found)
        for layer in layers:
            self.through(layer)
        if self.given is not None and before is not None:
            self.given = combine(before, self.given)
        self.barrier = len(self.found)
        if _is_flat(self.given):
            stage = Units(len(self.given), "each", does, symbol=symbol, around=start)
            self._units(stage, self.given)
        else:
            self._add(
                Block(
                    f"{symbol}  {does}".strip(),
                    _size(self.given, any_length=self.wish.x is None),
                    around=start,
                )
            )

    def recurrent(self, part: nn.RNN | nn.RecurrentCell) -> None:
        cell = part.cell if isinstance(part, nn.RNN) else part
        inputs = [[0.0] * cell.nin] * _STEPS if self.given is None else self.given
        states: list[Sequence[Scalar]] = [[0.0] * cell.nhidden]
        for x in inputs:
            states.append(cell(x, states[-1]))
        self.given = states[1:]
        if self.wish.unrolled:
            known = self.wish.x is not None
            inset = Unrolled(_steps("x", inputs, known), _steps("h", states[1:], known))
            self._add(Block(_title(part), self._sizes(inputs, self.given), _count(part), (inset,)))
            return
        now = str(len(inputs)).translate(SUBSCRIPTS) if self.wish.x is not None else "ₜ"
        join: Literal["given", "input"] = "given" if self.found else "input"
        self._units(Units(cell.nin, join, title=f"x{now}"), inputs[-1])
        neurons, n = cell.layer.neurons, cell.nhidden
        loop = f"hₜ₋₁, by {n} × {n} weights"
        stage = Units(n, "dense", name_of(neurons[0].activation), loop=loop, title=f"h{now}")
        weights = [neuron.w[: cell.nin] for neuron in neurons]
        biases = [neuron.b for neuron in neurons if neuron.b is not None]
        self.found.append(_Found(stage, states[-1], weights, biases))

    def attention(self, part: nn.SelfAttention | nn.AttentionPool) -> None:
        insets: list[Inset] = []
        if self.wish.x is not None:
            weights: Nested = part.weights(self.given)
            maps = weights[:_HEADS] if isinstance(part, nn.SelfAttention) else [[weights]]
            for k, rows in enumerate(maps, 1):
                title = f"head {k}" if len(maps) > 1 else "weights"
                insets.append(HeatMap(title, tuple(tuple(map(_plain, row)) for row in rows)))
        self.block(part, tuple(insets))

    def _sizes(self, before: Nested, after: Nested) -> str:
        any_length = self.wish.x is None
        sizes = [_size(x, any_length=any_length) for x in (before, after)]
        return " → ".join(sizes) if before is not None else ""

    def block(self, part: nn.Module, insets: tuple[Inset, ...] = ()) -> None:
        before = self.given
        self.given = None if before is None else part(before)
        self._add(Block(_title(part), self._sizes(before, self.given), _count(part), insets))

    # ---- stages ----

    def _add(self, stage: Stage) -> None:
        self.found.append(_Found(stage))

    def _units(self, stage: Units, outputs: Sequence[Scalar]) -> None:
        self.found.append(_Found(stage, outputs))

    def _each(self, does: str, symbol: str, dropped: frozenset[int] = frozenset()) -> None:
        outputs = as_list(self.given)
        self._units(Units(len(outputs), "each", does, symbol=symbol, dropped=dropped), outputs)

    def _label(self, does: str, dropped: frozenset[int] = frozenset()) -> None:
        """Say ``does`` of the last units, with what they give now; or add units that do it."""
        last = self.found[-1] if self.found else None
        if last is None or not isinstance(last.stage, Units):
            self._add(Block(does))
            return
        apart = self.wish.activations == "apart" or len(self.found) == self.barrier
        if apart:
            self._each(does, _symbol(does), dropped)
            return
        before = "" if last.stage.does == "linear" else last.stage.does
        does = f"{before}, {does}" if before else does
        last.stage = replace(last.stage, does=does, dropped=last.stage.dropped | dropped)
        last.outputs = as_list(self.given)

    def _as_units(self, size: int | None = None) -> None:
        """Go on with a column of units, if there is a block or nothing before."""
        if self.given is None and size is not None:
            self.given = [0.0] * size
        if not _is_flat(self.given):
            if size is None and not self.found:
                raise OperandError(
                    f"{_title(self.model)} takes an input of any size; pass one as x"
                )
            return
        self.given = as_list(self.given)
        if not self.found or isinstance(self.found[-1].stage, Block) or self._is_loop():
            join: Literal["given", "input"] = "given" if self.found else "input"
            if not self._is_loop():
                self._units(Units(len(self.given), join), self.given)

    def _is_loop(self) -> bool:
        last = self.found[-1].stage if self.found else None
        return isinstance(last, Units) and bool(last.loop)

    def _check(self, size: int, part: nn.Module) -> None:
        if self.wish.x is None and _is_flat(self.given) and len(as_list(self.given)) != size:
            raise ShapeError(
                f"{_title(part)} takes {size} numbers, and the part before it gives "
                f"{len(as_list(self.given))}"
            )

    def _with_numbers(self, found: _Found) -> Stage:
        """The stage with the values, weights and gradients that it shows."""
        stage, wish = found.stage, self.wish
        if isinstance(stage, Block):
            return stage
        number = _grad if wish.gradients else _plain
        values = tuple(map(_plain, found.outputs)) if wish.x is not None else ()
        computed = all(isinstance(v, Value) for v in found.outputs)
        grads = tuple(map(_grad, found.outputs)) if wish.loss is not None and computed else ()
        rows = tuple(tuple(map(number, row)) for row in found.weights)
        biases = tuple(map(number, found.biases))
        return replace(stage, values=values, grads=grads, weights=rows, biases=biases)


def _is_own(part: AnyLayer) -> bool:
    """Whether ``part`` computes as our modules do; a user's class may do something else."""
    forward = getattr(type(part), "forward", None)
    return str(getattr(forward, "__module__", "")).startswith(nn.__name__)


def _drops(module: nn.Module) -> bool:
    return isinstance(module, (nn.Dropout, nn.DropConnect))


def _draw_again(part: nn.Dropout | nn.DropConnect, draw: Callable[[], T]) -> T:
    """What ``draw`` gives; the next to draw from the same generator gets the same numbers."""
    state = part.rng.getstate()
    drawn = draw()
    part.rng.setstate(state)
    return drawn


def _kept(part: nn.DropConnect) -> tuple[tuple[bool, ...], ...]:
    """Which weights the next forward pass keeps: it asks for each in this order."""
    return _draw_again(
        part, lambda: tuple(tuple(part.keep() > 0.0 for _ in n.w) for n in part.neurons)
    )


def _phi(neuron: nn.Neuron | nn.Perceptron) -> Activation:
    if isinstance(neuron, nn.Neuron):
        return neuron.activation
    return strict_step if neuron.strict else step


def _symbol(called: str) -> str:
    symbol = OPS[called].symbol if called in OPS else called
    return symbol if text_width(symbol) <= 4 else "φ"


def _plain(x: Scalar) -> float:
    return float(getattr(x, "data", x))


def _grad(x: Scalar) -> float:
    return float(getattr(x, "grad", 0.0))


def _title(part: nn.Module) -> str:
    """What a block is called: how it prints, or its class."""
    plain = type(part).__repr__ is object.__repr__
    return abbreviate(type(part).__name__ if plain else repr(part), 34)


def _count(part: nn.Module) -> int:
    return len(part.parameters())


def _is_flat(x: Nested) -> bool:
    """Whether ``x`` is a list of numbers, or one number that was computed."""
    if isinstance(x, Value):
        return True
    return is_listed(x) and bool(len(x)) and not any(is_listed(part) for part in x)


def _size(x: Nested, *, any_length: bool) -> str:
    """The shape of ``x`` as "4×3×3"; of one number, "1". ``any_length``: of a sequence, "n×3"."""
    if x is None:
        return ""
    lengths = shape(x)
    if not isinstance(lengths, tuple):
        return f"{len(x)} parts"
    shown = [*map(str, lengths)] or ["1"]
    if any_length and (len(lengths) > 1 or isinstance(as_list(x)[0], int)):
        shown[0] = "n"
    return "×".join(shown)


def _steps(letter: str, vectors: Sequence[Nested], known: bool) -> tuple[str, ...]:
    """For each step, the name of a vector, or its first numbers."""
    found = []
    for t, vector in enumerate(vectors, 1):
        name = f"{letter}{str(t).translate(SUBSCRIPTS)}"
        numbers = ", ".join(short(_plain(v), 2) for v in as_list(vector))
        found.append(f"{name} = {abbreviate(numbers, 12)}" if known else name)
    return tuple(found)


def _examples(model: nn.Module) -> Iterator[Nested]:
    """Inputs of zeros that may fit: a vector, a sequence, an index, several indices."""
    size = _fan_in(model)
    if size:
        yield [0.0] * size
        yield [[0.0] * size] * _LENGTH
    if any(isinstance(module, nn.Embedding) for module in model.modules()):
        yield [0] * _LENGTH
        yield 0


def _fan_in(model: nn.Module) -> int:
    """How many numbers the first part takes that says it; 0 if none does."""
    for module in model.modules():
        if isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Embedding)):
            return 0
        for attribute in ("nin", "size", "w", "mean", "query"):
            held = vars(module).get(attribute)
            if held is not None:
                return held if isinstance(held, int) else len(held)
    return 0
