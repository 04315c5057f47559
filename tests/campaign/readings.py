"""Every reading of a program against the eager engine, over random programs full of edges.

A program is a list of operations from the whole table on inputs, weights and plain numbers that sit
on edges: zeros, ties, ends of domains, values far out. It runs on the eager engine, which
`test_ops_accuracy` compares with mpmath, in forward mode, and through `grad` and `hessian`. Both
engines replay it over batches of 1, 2 and 1,000. It is read back from JSON and printed with its
gradients. A share of the programs is exported to JAX and PyTorch and differentiated twice there.

Two readings agree if both are the same infinity, both are nan, or they differ by no more than
10·S + 4·n·2⁻⁵³·A: S is the spread when every operation is off by one unit in the last place, n the
number of operations, A the square of the largest value or local gradient met on the way (the cube
for second derivatives: that of x/x has terms of 1/x², which the next operation multiplies by its
own slope). Where one such unit decides whether a number is finite, there is nothing to compare:
such cases are counted as unstable. Where a value is not finite, the default is an error, and the
readings must all raise it. Where a derivative is not finite, forward mode must say so, but need not
give the same infinity or nan: it adds ∞ and -∞ where reverse mode first adds their finite factors.
"""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from autograd_edu import OPS, Program, Value, grad, hessian, ieee, jvp, trace
from autograd_edu.errors import DomainError

from . import Outcome

SLICE = 80
LONG = 20_000
FRAMEWORKS = 10  # one program in so many goes through JAX and PyTorch
REPLAYED_TWICE = 4  # one in so many has its gradient traced and replayed
STEEP = ("sqrt", "pow", "div", "asin", "log", "mul", "where", "where", "maximum", "minimum", "clip")
EDGES = (
    0.0,
    0.0,
    0.0,
    -0.0,
    1.0,
    1.0,
    -1.0,
    0.5,
    2.0,
    -2.0,
    3.0,
    0.25,
    1e-3,
    40.0,
    -40.0,
    -31.0,
    710.0,
)
PLAIN = (*EDGES, 0.1, 1.5, -0.7, 1e-8)
LARGEST = 1e6
UNIT = 2.0**-53
ARITY = {name: 0 if op.variadic else len(op.example) for name, op in OPS.items()}

HARD = (
    "jax",
    "torch",
    "second derivatives, jax",
    "second derivatives, torch",
)  # faults that need a framework

Numbers = Sequence[float]
Operand = tuple[str, float]  # ("result", its place) or ("number", x)


@dataclass(frozen=True)
class Case:
    """A program: lines of an operation and its operands; what it captures, and its samples."""

    seed: int
    samples: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]
    lines: tuple[tuple[str, tuple[Operand, ...]], ...]
    batch: int

    @cached_property
    def leaves(self) -> int:
        return len(self.samples[0]) + len(self.weights)

    def function(
        self, weights: Sequence[Any], after: Callable[[Any], Any] = lambda y: y
    ) -> Callable[..., Any]:
        """The function of the inputs; ``after`` sees the result of every operation."""

        def f(*inputs: Any) -> Any:
            results = [*inputs, *weights]
            for name, operands in self.lines:
                xs = [results[int(x)] if kind == "result" else x for kind, x in operands]
                results.append(after(OPS[name].apply(xs)))
            return results[-1]

        return f

    def of_all(self, after: Callable[[Any], Any] = lambda y: y) -> Callable[..., Any]:
        """The function of inputs and weights."""
        n = len(self.samples[0])
        return lambda *xs: self.function(xs[n:], after)(*xs[:n])

    def __str__(self) -> str:
        """A program to paste into a test."""
        n = len(self.samples[0])
        names = [f"x{i}" for i in range(n)] + [f"w{i}" for i in range(len(self.weights))]
        lines = [f"# seed {self.seed}; samples {self.samples}, batch {self.batch}"]
        lines += [f"w{i} = Value({w!r})" for i, w in enumerate(self.weights)]
        lines += [f"def f({', '.join(names[:n])}):"]
        for name, operands in self.lines:
            xs = [names[int(x)] if kind == "result" else repr(x) for kind, x in operands]
            names.append(f"v{len(names)}")
            lines.append(f"    {names[-1]} = OPS[{name!r}].apply([{', '.join(xs)}])")
        return "\n".join([*lines, f"    return {names[-1]}"])


# ---- cases ---------------------------------------------------------------------------------------


def random_case(seed: int) -> Case:
    """The case of a seed."""
    rng = random.Random(seed)
    inputs, weights = rng.randint(1, 3), rng.choice((0, 0, 1, 2))

    def draw():
        return rng.choice(EDGES) if rng.random() < 0.75 else rng.uniform(-2.0, 2.0)

    batch = rng.choice((1, 1, 2, 2, 1000))
    samples = [tuple(draw() for _ in range(inputs)) for _ in range(min(batch, 3))]
    case = Case(seed, tuple(samples), tuple(draw() for _ in range(weights)), (), batch)
    size, names = rng.choice((1, 2, 3, 4, 6, 8, 12)), [*ARITY, *STEEP, *STEEP]
    for _ in range(20 * size):
        if len(case.lines) == size:
            break
        name = rng.choice(names)
        operands = _operands(rng, ARITY[name] or rng.randint(2, 5), case.leaves + len(case.lines))
        if name == "dot" and rng.random() < 0.5:
            operands = operands[: len(operands) // 2 * 2]
        longer = replace(case, lines=(*case.lines, (name, tuple(operands))))
        case = longer if rng.random() < 0.05 or _is_tame(longer) else case
    used = {int(x) for _, operands in case.lines for kind, x in operands if kind == "result"}
    loose = [i for i in range(case.leaves + len(case.lines)) if i not in used]
    joined = rng.choice(("total", "total", "maximum", "dot", "add"))
    if len(loose) < 2 or joined == "add":
        return _chained(case, loose)
    places = tuple([("result", float(i)) for i in loose])
    return replace(case, lines=(*case.lines, (joined, places)))


def _chained(case: Case, loose: list[int]) -> Case:
    """The loose results added one after another."""
    last = ("result", float(loose[0]))
    for i in loose[1:]:
        case = replace(case, lines=(*case.lines, ("add", (last, ("result", float(i))))))
        last = ("result", float(case.leaves + len(case.lines) - 1))
    return case if case.lines else replace(case, lines=(("neg", (last,)),))


def _operands(rng: random.Random, count: int, results: int) -> list[Operand]:
    operands: list[Operand] = []
    for _ in range(count):
        if operands and rng.random() < 0.15:
            operands.append(operands[0])
        elif rng.random() < 0.2:
            operands.append(("number", rng.choice(PLAIN)))
        else:
            low = max(0, results - 3) if rng.random() < 0.5 else 0
            operands.append(("result", float(rng.randrange(low, results))))
    if all(kind == "number" for kind, _ in operands):
        operands[0] = ("result", float(rng.randrange(results)))
    return operands


def _is_tame(case: Case) -> bool:
    """Whether the last result is finite, and not large, for every sample."""
    values = [_forward(case.function(case.weights), sample) for sample in case.samples]
    return all(value is not None and abs(value) < LARGEST for value in values)


def _forward(f: Callable[..., Any], xs: Numbers) -> float | None:
    try:
        return float(f(*xs))
    except DomainError:
        return None


# ---- the eager engine ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Eager:
    """What the eager engine says of one sample.

    Attributes:
        value: None if evaluation raises by default.
        gradients: in IEEE arithmetic, of inputs and weights.
    """

    value: float | None
    gradients: tuple[float, ...] = ()

    @property
    def raises(self) -> bool:
        return self.value is None or not all(map(math.isfinite, self.gradients))


def eager(case: Case, sample: Numbers, after: Callable[[Any], Any] = lambda y: y) -> Eager:
    """The value and every gradient of a sample."""
    xs = [Value(x) for x in (*sample, *case.weights)]
    try:
        y = case.of_all(after)(*xs)
    except DomainError:
        return Eager(None)
    if not isinstance(y, Value):
        return Eager(float(y), (0.0,) * len(xs))
    with ieee():
        y.backward()
    return Eager(y.data, tuple([x.grad for x in xs]))


def _perturbed(read: Callable[[Callable[[Any], Any]], Any]) -> Iterator[Any]:
    """A reading where every operation is off by one unit in the last place, six times."""
    rng = random.Random(0)
    for _ in range(6):
        yield read(lambda y: y * (1.0 + rng.choice((-1, 1)) * 2.0**-52))


def _room(
    case: Case, exact: np.ndarray, others: list[np.ndarray | None], largest: float
) -> np.ndarray | None:
    """How far readings may be apart; None if one unit in the last place decides what is finite.

    It may also decide between ±∞ and nan, as 0·∞ is nan.
    """
    spread = np.zeros_like(exact)
    for other in others:
        if other is None or not np.array_equal(_kinds(other), _kinds(exact), equal_nan=True):
            return None
        with np.errstate(invalid="ignore"):
            apart = np.abs(other - exact)
        spread = np.fmax(spread, np.where(np.isfinite(exact), apart, 0.0))
    return 10 * spread + 4 * len(case.lines) * UNIT * largest


def _kinds(numbers: np.ndarray) -> np.ndarray:
    """The numbers that are not finite, and 0 for the others."""
    return np.where(np.isfinite(numbers), 0.0, numbers)


class Comparison:
    """Readings of a case against the eager engine's; the bound is computed when it is needed."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.truths = [eager(case, sample) for sample in case.samples]
        self.unstable = 0
        self.rooms: dict[int, np.ndarray | None] = {}

    def of_sample(self, k: int) -> np.ndarray:
        """Value and gradients."""
        truth = self.truths[k]
        return np.array([math.nan if truth.value is None else truth.value, *truth.gradients])

    def room(self, k: int) -> np.ndarray | None:
        if k not in self.rooms:
            sample = self.case.samples[k]
            others = _perturbed(partial(eager, self.case, sample))
            rows = [None if x.value is None else np.array([x.value, *x.gradients]) for x in others]
            steepest = _steepest(self.case, (*sample, *self.case.weights))
            self.rooms[k] = _room(self.case, self.of_sample(k), rows, steepest * steepest)
        return self.rooms[k]

    def fault(self, k: int, found: Sequence[float]) -> str:
        """What is wrong with value and gradients of a sample; nothing if they agree."""
        if self.truths[k].value is None:
            return ""
        a, b = np.asarray(found, float), self.of_sample(k)
        if _agree(a, b, 1e-13 * np.abs(b)):
            return ""
        room = self.room(k)
        if room is None:
            self.unstable += 1
            return ""
        if _agree(a, b, room):
            return ""
        return f"sample {self.case.samples[k]}: {a.tolist()}, eager {b.tolist()}"

    def steady(self) -> bool:
        """Whether one unit in the last place leaves every error what it is."""
        for k, truth in enumerate(self.truths):
            sample = self.case.samples[k]
            read = partial(eager, self.case, sample)
            if any(other.raises != truth.raises for other in _perturbed(read)):
                return False
        return True


def _agree(a: np.ndarray, b: np.ndarray, room: np.ndarray) -> bool:
    with np.errstate(invalid="ignore"):
        close = (a == b) | (np.abs(a - b) <= room) | (np.isnan(a) & np.isnan(b))
    return bool(close.all())


# ---- the readings --------------------------------------------------------------------------------


def transforms(case: Case, against: Comparison) -> Iterator[str]:
    """`grad` and `jvp` at the first sample, one input at a time, as eager in IEEE arithmetic."""
    xs, truth = (*case.samples[0], *case.weights), against.truths[0]
    f = case.of_all()
    if truth.value is None:
        return
    with ieee():
        yield against.fault(0, [truth.value, *_gradient(f, xs)])
        tangents = []
        for i in range(len(xs)):
            value, tangent = jvp(f, xs, tuple(float(j == i) for j in range(len(xs))))
            tangents.append(tangent)
        # forward mode adds ∞ and -∞ where reverse mode adds what they are multiples of
        alike = [
            g if not (math.isfinite(g) or math.isfinite(t)) else t
            for g, t in zip(truth.gradients, tangents, strict=True)
        ]
        yield against.fault(0, [value, *alike])


def _gradient(f: Callable[..., Any], xs: Sequence[Any]) -> Sequence[Any]:
    """The gradient, one entry per input also where there is one input."""
    found = grad(f)(*xs)
    return found if isinstance(found, tuple) else (found,)


def replays(case: Case, against: Comparison, outcome: Outcome) -> Iterator[str]:
    """Both engines, JSON and the printed program, over the batch."""
    weights = [Value(w) for w in case.weights]
    start = next((k for k, truth in enumerate(against.truths) if truth.value is not None), None)
    if start is None:
        outcome.count("without a value")
        return
    program = trace(case.function(weights), *case.samples[start], parameters=weights)
    columns = _columns(case)
    back = Program.from_json(program.to_json())
    if back != program:
        yield "JSON: another program"
    for engine in ("numpy", "jit", "python"):
        program.engine = engine
        yield from _labelled(engine, _keeping(case, against, program, columns))
        yield from _labelled(f"{engine}, by default", _raising(case, against, program, columns))
    back.engine = "numpy"
    yield from _labelled("JSON", _keeping(case, against, back, columns))
    printed = _printed(program)
    yield from _labelled(
        "printed", _kept(case, against, *printed(program.parameter_values, *columns))
    )


def _labelled(name: str, faults: Iterator[str]) -> Iterator[str]:
    return (f"{name}: {fault}" for fault in faults if fault)


def _columns(case: Case) -> list[np.ndarray]:
    rows = np.array([case.samples[i % len(case.samples)] for i in range(case.batch)])
    return list(rows.T)


def _keeping(case: Case, against: Comparison, program: Any, columns: Any) -> Iterator[str]:
    values, gradients = program.value_and_grad(*columns, on_nonfinite="keep")
    return _kept(case, against, values, gradients)


def _kept(case: Case, against: Comparison, values: Any, gradients: Any) -> Iterator[str]:
    """Values and gradients by sample; the weights' are sums, and known alone from one sample."""
    by_input, by_weight = gradients
    for k in range(len(case.samples)):
        where = [k] if case.batch < 4 else [k, case.batch - 1 - (case.batch - 1 - k) % 3]
        for place in where:
            own = (
                by_weight
                if case.batch == 1
                else against.truths[k].gradients[len(case.samples[0]) :]
            )
            yield against.fault(k, [values[place], *[g[place] for g in by_input], *own])
    if case.batch > 1 and case.weights:
        yield _sums(case, against, by_weight)


def _sums(case: Case, against: Comparison, found: Any) -> str:
    """The gradients of the weights over the batch; where one is not finite, neither is the sum."""
    n, count = len(case.samples[0]), len(case.samples)
    if any(truth.value is None for truth in against.truths):
        return ""
    times = [len(range(k, case.batch, count)) for k in range(count)]
    every = [np.array(truth.gradients[n:]) for truth in against.truths]
    with np.errstate(invalid="ignore"):
        wanted = np.add.reduce([t * g for t, g in zip(times, every, strict=True)])
    finite = np.isfinite(wanted)
    if (np.isfinite(found) == finite).all() and np.allclose(
        found[finite], wanted[finite], rtol=1e-12, atol=0.0
    ):
        return ""
    rooms = [against.room(k) for k in range(count)]
    if any(room is None for room in rooms):
        return ""
    room = np.add.reduce([t * r[1 + n :] for t, r in zip(times, rooms, strict=True)])
    room += (
        case.batch
        * UNIT
        * np.add.reduce([t * np.abs(g) for t, g in zip(times, every, strict=True)])
    )
    agree = (np.isfinite(found) == finite).all() and (
        np.abs(found - wanted)[finite] <= room[finite]
    ).all()
    return "" if agree else f"weights: {found.tolist()}, eager {wanted.tolist()}"


def _raising(case: Case, against: Comparison, program: Any, columns: Any) -> Iterator[str]:
    """By default a replay raises if and only if one of its samples does."""
    wanted = any(truth.raises for truth in against.truths)
    try:
        program.value_and_grad(*columns)
        raised = ""
    except DomainError as error:
        raised = str(error)
    if bool(raised) != wanted and against.steady():
        yield f"raised {raised!r}, eager {'raises' if wanted else 'does not'}"


def _printed(program: Any) -> Callable[..., Any]:
    space: dict[str, Any] = {}
    exec(program.listing("python", gradients=True), space)
    found: Callable[..., Any] = space["value_and_grad"]
    return found


def second(case: Case, outcome: Outcome, *, frameworks: bool) -> Iterator[str]:
    """The second derivatives at the first sample: a replay of the gradient, JAX and PyTorch."""
    xs = (*case.samples[0], *case.weights)
    wanted = _hessian(case, xs)
    if wanted is None:
        outcome.count("without second derivatives")
        return
    found = {} if case.seed % REPLAYED_TWICE else {"replay": _replayed_hessian(case, xs)}
    if frameworks:
        found |= {name: of(case, xs) for name, of in _frameworks().items()}
    far = {name: each for name, each in found.items() if not _is_near(each, wanted)}
    if not far:
        outcome.count("second derivatives", len(found))
        return
    others = [_hessian(case, xs, after) for after in _perturbed(lambda after: after)]
    room = _room(case, wanted, others, _steepest(case, xs) ** 3)
    if room is None:
        outcome.count("unstable")
        return
    for name, each in far.items():
        if each is None or not _agree(each, wanted, room):
            shown = None if each is None else each.tolist()
            yield f"second derivatives, {name} at {xs}: {shown}, eager {wanted.tolist()}"


def _steepest(case: Case, xs: Numbers) -> float:
    """The largest value and local gradient on the way."""
    found = [1.0]

    def after(y: Any) -> Any:
        found.extend(abs(x) for x in (y.data, *y.local_grads) if math.isfinite(x))
        return y

    case.of_all(lambda y: after(y) if isinstance(y, Value) else y)(*map(Value, xs))
    return max(found)


def _is_near(found: np.ndarray | None, wanted: np.ndarray) -> bool:
    return found is not None and _agree(found, wanted, 1e-13 * np.abs(wanted))


def _hessian(
    case: Case, xs: Numbers, after: Callable[[Any], Any] = lambda y: y
) -> np.ndarray | None:
    try:
        found = np.array(hessian(case.of_all(after))(*xs), float)
    except DomainError:
        return None
    return found if np.abs(found).max() < LARGEST**2 else None


def _replayed_hessian(case: Case, xs: Numbers) -> np.ndarray | None:
    f, rows = case.of_all(), []
    try:
        for i in range(len(xs)):
            program = trace(lambda *ys, i=i: _gradient(f, ys)[i], *xs)
            rows.append(program.value_and_grad(*xs)[1].inputs)
    except DomainError:
        return None
    return np.array(rows)


# ---- JAX and PyTorch -----------------------------------------------------------------------------


def _exported(case: Case) -> Any:
    weights = [Value(w) for w in case.weights]
    return trace(case.function(weights), *case.samples[0], parameters=weights)


def _frameworks() -> dict[str, Callable[[Case, Numbers], np.ndarray]]:
    every = {"jax": _jax_hessian, "torch": _torch_hessian}
    return {name: of for name, of in every.items() if find_spec(name)}


def _jax_hessian(case: Case, xs: Numbers) -> np.ndarray:
    """By reverse mode over reverse mode."""
    import jax

    jax.config.update("jax_enable_x64", True)
    n, f = len(case.samples[0]), _exported(case).to_jax()
    flat = lambda ys: f(ys[n:], *[ys[i] for i in range(n)])  # noqa: E731
    at = jax.numpy.asarray(xs)
    return np.asarray(jax.jit(jax.jacrev(jax.grad(flat)))(at))


def _torch_hessian(case: Case, xs: Numbers) -> np.ndarray:
    """By a double backward pass."""
    import torch

    n, f = len(case.samples[0]), _exported(case).to_torch()
    at = torch.tensor(xs, dtype=torch.float64, requires_grad=True)
    y = f(at[n:], *[at[i] for i in range(n)])
    if not y.requires_grad:
        return np.zeros((len(xs), len(xs)))
    (first,) = torch.autograd.grad(y, at, create_graph=True)
    rows = []
    for each in first:
        rows.append(np.zeros(len(xs)))
        if each.requires_grad:
            (row,) = torch.autograd.grad(each, at, retain_graph=True, allow_unused=True)
            rows[-1] = rows[-1] if row is None else row.numpy()
    return np.array(rows)


def _jax_pass(case: Case, columns: list[np.ndarray]) -> tuple[Any, Any]:
    import jax

    jax.config.update("jax_enable_x64", True)
    f = _exported(case).to_jax()
    own = np.array(case.weights)
    every = tuple(range(len(columns) + 1))

    def summed(*xs: Any) -> tuple[Any, Any]:
        values = f(*xs)
        return values.sum(), values

    by, values = jax.jit(jax.grad(summed, argnums=every, has_aux=True))(own, *columns)
    return np.asarray(values), ([np.asarray(g) for g in by[1:]], np.asarray(by[0]))


def _torch_pass(case: Case, columns: list[np.ndarray]) -> tuple[Any, Any]:
    import torch

    f = _exported(case).to_torch()
    leaves = [torch.tensor(x, requires_grad=True) for x in (np.array(case.weights), *columns)]
    values = f(*leaves)
    if values.requires_grad:
        values.sum().backward()
    by = [np.zeros(x.shape) if x.grad is None else x.grad.numpy() for x in leaves]
    return values.detach().numpy(), (by[1:], by[0])


def exports(case: Case, against: Comparison, outcome: Outcome) -> Iterator[str]:
    """JAX and PyTorch, forward and backward over the samples."""
    if against.truths[0].value is None:
        return
    case = replace(case, batch=len(case.samples))
    for name, run_pass in (("jax", _jax_pass), ("torch", _torch_pass)):
        if find_spec(name):
            outcome.count(f"through {name}")
            found = run_pass(case, _columns(case))
            yield from _labelled(name, _kept(case, against, *found))


# ---- the campaign --------------------------------------------------------------------------------


def faults(case: Case, outcome: Outcome, *, frameworks: bool) -> list[str]:
    """Every disagreement about a case."""
    against = Comparison(case)
    found = [
        *_labelled("transforms", transforms(case, against)),
        *replays(case, against, outcome),
        *second(case, outcome, frameworks=frameworks),
    ]
    if frameworks:
        found += exports(case, against, outcome)
    outcome.count("unstable", against.unstable)
    return [fault for fault in found if fault]


def shrink(case: Case, is_faulty: Callable[[Case], object], tries: int) -> Case:
    """A smaller case with a fault: one sample, a smaller batch, an earlier result, fewer lines."""
    smaller = True
    while smaller:
        smaller = False
        for other in _smaller(case):
            tries -= 1
            if tries < 0:
                return case
            if is_faulty(other):
                case, smaller = other, True
                break
    return case


def _smaller(case: Case) -> Iterator[Case]:
    if case.batch > 1:
        for sample in case.samples:
            yield replace(case, samples=(sample,), batch=1)
        yield replace(case, batch=len(case.samples))
    for k in range(len(case.lines) - 1):
        yield replace(case, lines=case.lines[: k + 1])
    for k, (_, operands) in enumerate(case.lines):
        own = float(case.leaves + k)
        for operand in dict.fromkeys(operands):
            if k < len(case.lines) - 1:
                yield _without(case, k, own, operand)
        for i, (kind, x) in enumerate(operands):
            if kind == "number" and x != 1.0 and k:
                changed = (*operands[:i], ("number", 1.0), *operands[i + 1 :])
                yield replace(case, lines=_with_line(case, k, changed))


def _with_line(case: Case, k: int, operands: Any) -> Any:
    return (*case.lines[:k], (case.lines[k][0], operands), *case.lines[k + 1 :])


def _without(case: Case, k: int, own: float, operand: Operand) -> Case:
    """The case with line ``k`` replaced by one of its operands."""

    def place(each: Operand) -> Operand:
        kind, x = operand if each == ("result", own) else each
        return (kind, x - 1.0) if kind == "result" and x > own else (kind, x)

    later = [(name, tuple(map(place, operands))) for name, operands in case.lines[k + 1 :]]
    return replace(case, lines=(*case.lines[:k], *later))


def run(seed: int, count: int) -> Outcome:
    """The cases of ``seed`` and the seeds that follow from it."""
    outcome = Outcome({"programs": 0})
    seeds = random.Random(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for n in range(count):
            case, frameworks = random_case(seeds.randrange(2**48)), n % FRAMEWORKS == 0
            outcome.count("programs")
            if found := _faults(case, outcome, frameworks):
                silent, hard = Outcome(), any(x.startswith(HARD) for x in found)
                again = partial(_faults, outcome=silent, frameworks=hard)
                small = shrink(case, again, 15 if hard else 150)
                told = "\n".join(f"# {fault}" for fault in again(small) or found)
                outcome.failures.append(f"{small}\n{told}")
    return outcome


def _faults(case: Case, outcome: Outcome, frameworks: bool) -> list[str]:
    """The disagreements; any error other than a DomainError is one too."""
    try:
        return faults(case, outcome, frameworks=frameworks)
    except Exception as error:  # whatever it is, the case is what a reader needs
        return [f"{type(error).__name__}: {error}"]
