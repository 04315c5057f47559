"""Random models give the same numbers on either engine, whatever else the user's functions do.

A model is put together from pieces: layers, things that people do in `forward`, a loss, a penalty,
an optimiser. Pieces that a trace can represent must stay on replay; the others must be noticed, and
training must go on eagerly.
"""

import random
import warnings

import numpy as np

from . import Outcome

SLICE = 40
LONG = 2_000

# ---- what models do to their hidden numbers: replayed or not? ------------------------------------
# h are the hidden numbers of an input x = [a number, 0 or 1].

REPLAYED = {
    "where": "h = [where(x[0] > 0.2, v, 0.5 * v) for v in h]",
    "where on equality": "h = [where(x[1] == 1.0, 2.0 * v, v) for v in h]",
    "largest": "h = [maximum(v, 0.1 * x[0]) for v in h]",
    "softmax": "h = softmax(h)",
    "training": "h = [3.0 * v for v in h] if self.training else h",
    "inner gradient": "h = [v * grad(lambda z: z * z * v)(0.7) for v in h]",
    "gradient at an input": "h = [v + grad(sin)(x[0]) for v in h]",
    "detached": "h = [v * detach(v) + v for v in h]",
    "a comparison as a number": "h = [v * (1.0 + (v > 0.1)) for v in h]",
    "a dead logarithm": "log(2.0 + h[0] * h[0])",
    "a sum": "h = [*h[:-1], sum(h)]",
    "a total": "h = [*h[:-1], total(h)]",
    "a constant table": "h = [v * {'a': 1.5}['a'] for v in h]",
    "a learned scale": "h = [v * self.scale for v in h]",
}
NOT_REPLAYED = {
    "the branches of a rule": "h = [v + grad(tanh)(x[0]) for v in h]",
    "a branch on an input": "h = [2.0 * v for v in h] if x[0] > 0.3 else h",
    "a branch on a hidden number": "h = [0.5 * v for v in h] if h[0] > 0.1 else h",
    "a branch on a weight": "h = [0.5 * v for v in h] if self.scale > 0.6 else h",
    "a branch on the data of a weight": "h = [0.5 * v for v in h] if self.scale.data > 0.6 else h",
    "data of a weight": "h = [v * self.scale.data for v in h]",
    "a norm of weights": "h = [v / (1.0 + sum(w.data ** 2 for w in self.parameters())) for v in h]",
    "data of a hidden number": "h = [v * (1.0 + abs(v.data)) for v in h]",
    "equality": "h = [2.0 * v for v in h] if x[1] == 1.0 else h",
    "inequality": "h = [2.0 * v for v in h] if x[1] != 1 else h",
    "membership": "h = [2.0 * v for v in h] if x[1] in (1, 5) else h",
    "a dictionary": "h = [v * {0: 1.0, 1: 2.5}[x[1]] for v in h]",
    "a set": "h = [v * len({x[1], 1.0}) for v in h]",
    "text": "h = [v * float(f'{x[0]:.1f}') for v in h]",
    "the length of text": "h = [v * len(str(x[0])) for v in h]",
    "the length of a repr": "h = [v * len(repr(x[0] * 2.0)) for v in h]",
    "the text of a weight": "h = [v * float(f'{self.scale:.2f}') for v in h]",
    "round": "h = [v * round(x[0], 1) for v in h]",
    "int": "h = [v * int(4.0 * x[0]) for v in h]",
    "floor": "h = [v * math.floor(4.0 * x[0]) for v in h]",
    "math": "h = [v * math.sin(x[0]) for v in h]",
    "truth": "h = [2.0 * v for v in h] if x[1] else h",
    "sorted": "h = [v * sorted([x[0], x[1]])[0] for v in h]",
    "a type": "h = [2.0 * v for v in h] if isinstance(x[0], float) else h",
    "random": "h = [v * (random.random() > 0.3) for v in h]",
    "NumPy's random": "h = [v * float(np.random.random()) for v in h]",
    "an own generator": "h = [v * self.rng.random() for v in h]",
    "an own NumPy generator": "h = [v * float(self.generator.random()) for v in h]",
    "a counter": "self.calls += 1; h = [v / self.calls for v in h]",
    "a counter in a list": "self.seen.append(1); h = [v / len(self.seen) for v in h]",
    "a counter in a global": "global COUNT; COUNT += 1; h = [v / (1 + COUNT) for v in h]",
    "a counter in a closure": "h = [v / counted() for v in h]",
    "a counter of a function": "tick.calls += 1; h = [v / tick.calls for v in h]",
    "a counter of a class": "Net.total += 1; h = [v / Net.total for v in h]",
    "an iterator": "h = [v * next(self.endless) for v in h]",
    "a last activation": "h = [v + 0.1 * self.last for v in h]; self.last = h[0].data",
    "a caught error": (
        "\n        try: h = [v + log(x[0]) for v in h]\n        except ValueError: h = h[::-1]"
    ),
    "a caught error without use": (
        "\n        try: log(x[0] + 0.4)\n        except ValueError: h = h[::-1]"
    ),
    "a caught error of weights": (
        "\n        try: log(self.scale - 0.55)\n        except ValueError: h = h[::-1]"
    ),
    "an inner pass": "z = Value(0.5); (z * z * h[0]).backward(); h = [v + z.grad for v in h]",
    "the gradient of a weight": "h = [v * (1.0 + self.scale.grad) for v in h]",
    "local gradients": "h = [v * (1.0 + sum(h[0].local_grads)) for v in h]",
    "wrapped inputs": "x = [Value(v) for v in x]; h = [v * x[0] for v in h]",
    "a clipped weight": (
        "self.scale.data = min(self.scale.data, 0.5); h = [v * self.scale for v in h]"
    ),
    "statistics": "h = [v * statistics.fmean(x) for v in h]",
    "a match": "\n        match x[1]:\n            case 1: h = [2.0 * v for v in h]",
    "NumPy's arithmetic": "h = [v * float(np.array(x, float).sum()) for v in h]",
    "a whole number": "h = [v * (x[0] // 1) for v in h]",
    "a method of floats": "h = [v * 2.0 if x[1].is_integer() else v for v in h]",
    "a caught difference": (
        "\n        try: h = [v * x[1].is_integer() for v in h]\n        except AttributeError: pass"
    ),
    "a stored activation": "self.last = h[0]; h = [v * 1.0 for v in h]",
    "a print": "print(x[0], file=self.out); h = [v * 1.0 for v in h]",
    "a result from before": "h = [v * self.before for v in h]",
}

# ---- losses: (loss, target, number of outputs, whether it is replayed) ---------------------------
# A target is a formula of the sample's number a, from 0 to 1, and its class k.

LOSSES = {
    "half squared error": ("losses.half_squared_error", "a", 1, True),
    "mean squared error": ("losses.mean_squared_error", "[a, 1 - a]", 2, True),
    "gaussian": ("losses.gaussian_negative_log_likelihood", "a", 2, True),
    "hinge": ("losses.hinge", "2 * k - 1", 1, True),
    "logits": ("losses.binary_cross_entropy_with_logits", "k", 1, True),
    "soft logits": ("losses.binary_cross_entropy_with_logits", "[a, float(k)]", 2, True),
    "probability": ("lambda y, t: losses.binary_cross_entropy(sigmoid(y), t)", "a", 1, True),
    "classes": ("losses.softmax_cross_entropy", "k", 2, True),
    "class probabilities": ("losses.softmax_cross_entropy", "[a, 1 - a]", 2, True),
    "likelihood": (
        "lambda y, t: losses.negative_log_likelihood(softmax(y), t)", "[a, 1 - a]", 2, True
    ),
    "own classes": ("lambda y, t: 2.0 * losses.softmax_cross_entropy(y, t)", "k", 2, True),
    "weighted by a table": (
        "losses.weighted(losses.softmax_cross_entropy, {0: 1.0, 1: 5.0})", "k", 2, True
    ),
    "weighted by a function": (
        "losses.weighted(losses.softmax_cross_entropy, lambda t: 5.0 if t == 1 else 1.0)",
        "k", 2, True,
    ),
    "weighted logits": (
        "losses.weighted(losses.binary_cross_entropy_with_logits, lambda t: {0: 1.0, 1: 5.0}[t])",
        "k", 1, True,
    ),
    "an index": ("lambda y, t: -log_softmax(y)[int(t)]", "k", 2, False),
    "a table": ("lambda y, t: {0: 1.0, 1: 5.0}[t] * square(y - t)", "k", 1, False),
    "equality": ("lambda y, t: square(y - 1.0) if t == 1 else square(y)", "k", 1, False),
    "text": ("lambda y, t: square(y) if str(t) == '1' else square(y - 1.0)", "k", 1, False),
    "whole numbers": (
        "lambda y, t: square(y) if isinstance(t, int) else y * y * y * y", "k", 1, False
    ),
    "a number that counts": ("counting", "a", 1, False),
}  # fmt: skip
PENALTIES = {
    "l2": ("regularise.l2(0.01)", True),
    "l1": ("regularise.l1(0.01)", True),
    "own": ("lambda ps: 0.01 * sum(p * p for p in ps)", True),
    "signs": ("lambda ps: 0.01 * sum(p if p > 0 else -p for p in ps)", True),
    "zeros": ("lambda ps: 0.01 * sum(p * p for p in ps if not p == 0.0)", True),
    "data": ("lambda ps: 0.01 * sum(p * p * abs(p.data) for p in ps)", True),
}
LAYERS = {
    "linear": ("Linear(2, 3, seed=1)", True),
    "norm": ("Sequential(Linear(2, 3, seed=1), LayerNorm(3))", True),
    "rms": ("Sequential(Linear(2, 3, seed=1), RMSNorm(3))", True),
    "maxout": ("Maxout(2, 3, seed=1)", True),
    "residual": ("Sequential(Linear(2, 3, seed=1), Residual(Linear(3, 3, seed=2)))", True),
    "skip": ("Sequential(Skip(Linear(2, 1, seed=1)))", True),
    "elu": ("MLP(2, [4, 3], activation='elu', seed=1)", True),
    "relu": ("MLP(2, [4, 3], seed=1)", True),
    "gelu": ("MLP(2, [4, 3], activation='gelu', seed=1)", True),
    "standardised": (
        "Sequential(Standardiser([0.1, 0.5], [0.7, 0.5]), Linear(2, 3, seed=1))", True
    ),
    "attention": ("Sequential(lambda x: [[x[0], x[1]], [x[1], 1.0]], SelfAttention(2, seed=1), "
                  "AttentionPool(2, seed=2), Linear(2, 3, seed=3))", True),
    "recurrent": (
        "Sequential(lambda x: [[x[0]], [x[1]]], RNN(1, 3, seed=1), lambda s: s[-1])", True
    ),
    "pooled": ("Sequential(lambda x: [[x[0], 1.0, x[1]], [x[1], x[0], 0.5]], Pool('max'))", True),
    "dropout": ("Sequential(Linear(2, 3, seed=1), Dropout(0.3, seed=2))", False),
    "noise": ("Sequential(Linear(2, 3, seed=1), Noise(0.1, seed=2))", False),
    "batch norm": ("Sequential(Linear(2, 3, seed=1), BatchNorm(3))", False),
}  # fmt: skip
OPTIMISERS = ("SGD({}, 0.05)", "Adam({}, 0.02)", "Momentum({}, 0.02)", "Nesterov({}, 0.02)")
CALLBACKS = {
    "cooling": ("lambda e: setattr(e.model, 'heat', e.model.heat * 0.5)", True),
    "listening": ("lambda e: e.model.heat > 2.0", True),
}

PROGRAM = """\
import io, itertools, math, random, statistics
import numpy as np
from autograd_edu import *
from autograd_edu.data import Dataset
from autograd_edu.nn import *
from autograd_edu.nn import losses, regularise
from autograd_edu.nn.softmax import log_softmax, softmax
from autograd_edu.optim import SGD, Adam, Momentum, Nesterov
from autograd_edu.train import fit

COUNT = 0
def tick(): pass
tick.calls = 0
def counter():
    n = 0
    def counted():
        nonlocal n
        n += 1
        return n
    return counted
counted = counter()
def counting(y, t):
    return square(y - t) / counted()

class Net(Module):
    total = 0
    def __init__(self):
        self.first, self.last_layer = {layer}, Linear(3, {outputs}, seed=9)
        self.scale = Value(0.63)
        self.before = self.scale * self.scale
        self.rng, self.generator = random.Random(3), np.random.default_rng(3)
        self.calls, self.seen, self.last, self.heat = 0, [], 0.0, 1.0
        self.out = io.StringIO()
        {begin}
    def forward(self, x):
        return self.head(self.first(x), x)
    def head(self, h, x):
        {piece}
        y = self.last_layer([self.heat * tanh(v) for v in h])
        return y[0] if {outputs} == 1 else y
{batch}
random.seed(5); np.random.seed(5)
xs = {xs}
targets = {targets}
model = Net()
for i, p in enumerate(model.parameters()):
    p.data += (-1) ** i * NUDGE * (abs(p.data) + 0.01)
history = fit(
    model, {loss}, Dataset(xs, targets), {optimiser}, epochs={epochs}, batch_size={batch_size},
    penalty={penalty}, seed=2, progress=False, engine=ENGINE, validation={validation},
    callbacks=[{callback}],
)
"""
OWN_BATCHES = {
    "batch norm": """
    def batch(self, samples):
        return [self.head(h, x) for h, x in zip(self.first.batch(samples), samples)]
""",
    "centred": """
    def batch(self, samples):
        outputs = [self.head(self.first(x), x) for x in samples]
        mean = sum(y[0] for y in outputs) / len(outputs)
        return [[y[0] - mean, *y[1:]] for y in outputs]
""",
}


class Case:
    """The choices that make a random model; each may be None, so that a failure can be shrunk."""

    def __init__(self, seed):
        rng = random.Random(seed)

        def maybe(choices, p):
            return rng.choice(list(choices)) if rng.random() < p else None

        self.choices = {
            "layer": maybe(LAYERS, 0.7),
            "pieces": [
                rng.choice(list(NOT_REPLAYED if rng.random() < 0.35 else REPLAYED))
                for _ in range(rng.choice((0, 1, 1, 2)))
            ],
            "loss": rng.choice(list(LOSSES)),
            "penalty": maybe(PENALTIES, 0.4),
            "callback": maybe(CALLBACKS, 0.15),
            "centred": rng.random() < 0.03 or None,
            "batch_size": maybe((3, 4), 0.7),
            "validation": rng.random() < 0.2 or None,
        }
        self.optimiser = rng.choice(OPTIMISERS).format("model.parameters()")
        self.epochs = rng.choice((2, 5, 9))
        count = rng.choice((5, 7, 11))
        self.xs = [[round(rng.gauss(0.0, 0.8), 2), float(i % 3 == 1)] for i in range(count)]
        self.numbers = [round(rng.random(), 2) for _ in self.xs]
        self.classes = [int(rng.random() < 0.5) for _ in self.xs]

    def is_replayed(self):
        """Whether a trace can represent all of it."""
        c = self.choices
        return (
            (c["layer"] is None or LAYERS[c["layer"]][1])
            and all(piece in REPLAYED for piece in c["pieces"])
            and LOSSES[c["loss"]][3]
            and not c["centred"]
        )

    def program(self):
        """The program, without the line that says which engine trains."""
        c = self.choices
        loss, target, outputs, _ = LOSSES[c["loss"]]
        own = (
            "batch norm"
            if c["layer"] == "batch norm"
            else "centred"
            if c["centred"] and outputs > 1
            else ""
        )
        f = eval(f"lambda a, k: {target}")
        targets = [f(a, k) for a, k in zip(self.numbers, self.classes, strict=True)]
        pieces = [REPLAYED.get(piece) or NOT_REPLAYED[piece] for piece in c["pieces"]]
        endless = "self.endless = itertools.cycle([1.0, 2.0])"
        begin = endless if "an iterator" in c["pieces"] else ""
        return PROGRAM.format(
            layer=LAYERS[c["layer"] or "linear"][0], outputs=outputs, begin=begin,
            piece="\n        ".join(pieces), batch=OWN_BATCHES.get(own, ""),
            xs=self.xs, targets=targets,
            loss=loss, optimiser=self.optimiser, epochs=self.epochs, batch_size=c["batch_size"],
            penalty=PENALTIES[c["penalty"]][0] if c["penalty"] else None,
            validation="Dataset(xs[:4], targets[:4])" if c["validation"] else None,
            callback=CALLBACKS[c["callback"]][0] if c["callback"] else "",
        )  # fmt: skip

    def shrunk(self):
        """Smaller cases that might fail too."""
        for name, choice in self.choices.items():
            for less in _less(name, choice):
                smaller = object.__new__(Case)
                smaller.__dict__.update(self.__dict__, choices={**self.choices, name: less})
                yield smaller


def _less(name, choice):
    if name == "pieces":
        return [[p for j, p in enumerate(choice) if j != i] for i in range(len(choice))]
    simple = "half squared error" if name == "loss" else None
    return [] if choice == simple else [simple]


def train(program, engine, nudge=0.0):
    """The history, the parameters and the warnings of a run; or the name of its error."""
    with warnings.catch_warnings(record=True) as heard, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        names = {"ENGINE": engine, "NUDGE": nudge, "__name__": "case"}
        try:
            exec(compile(program, "case.py", "exec"), names)
        except Exception as error:  # whatever the program ends with is compared
            return type(error).__name__, None, None
    return names["history"], [p.data for p in names["model"].parameters()], heard


def difference(program):
    """What default training does otherwise than eager training ("" if nothing), and its history."""
    eager, there, _ = train(program, "eager")
    history, here, heard = train(program, "auto")
    if isinstance(eager, str) or isinstance(history, str):
        return "" if eager == history else f"ends with {history}, eager with {eager}", None
    if " since " in history.engine and not heard:
        return "it has fallen back without a warning", history
    pairs = [
        (history.step_loss, eager.step_loss),
        (history.validation, eager.validation),
        (here, there),
    ]
    if all(np.allclose(a, b, rtol=1e-7, atol=1e-11) for a, b in pairs):
        return "", history
    moved, elsewhere, _ = train(program, "eager", 1e-13)  # how far rounding alone can lead
    reach = [moved.step_loss, moved.validation, elsewhere]
    if all(
        (
            np.abs(np.subtract(a, b))
            <= 1e-7 * np.abs(b) + 10.0 * np.abs(np.subtract(c, b)).max(initial=0.0)
        ).all()
        for (a, b), c in zip(pairs, reach, strict=True)
    ):
        return "", history
    return f"losses {history.step_loss[:6]} ..., eager {eager.step_loss[:6]} ...", history


def run(seed, count):
    """Train ``count`` random models twice."""
    outcome = Outcome(
        {"models": 0, "replayed to the end": 0, "fell back in training": 0, "can be replayed": 0}
    )
    kept = []
    for i in range(count):
        case = Case((seed << 20) + i)
        fault, history = difference(case.program())
        outcome.count("models")
        if fault:
            outcome.failures.append(shrink(case, fault))
            continue
        replayed = history is not None and history.engine == "replay"
        outcome.count("replayed to the end", replayed)
        outcome.count("fell back in training", history is not None and " since " in history.engine)
        if case.is_replayed() and history is not None:
            outcome.count("can be replayed")
            kept.append((replayed, case, history.engine))
    left = [(case, engine) for replayed, case, engine in kept if not replayed]
    outcome.figures["% of these kept"] = 100.0 * (1.0 - len(left) / max(1, len(kept)))
    if len(left) > 0.05 * len(kept) + 1:
        case, engine = left[0]
        outcome.failures.append(
            f"# could be replayed, and was not: {engine}\n"
            f"ENGINE, NUDGE = 'auto', 0.0\n{case.program()}"
        )
    return outcome


def shrink(case, fault):
    """The program of the smallest case that still fails."""
    while True:
        for smaller in case.shrunk():
            found, _ = difference(smaller.program())
            if found:
                case, fault = smaller, found
                break
        else:
            return f"# {fault}\nENGINE, NUDGE = 'auto', 0.0\n{case.program()}"
