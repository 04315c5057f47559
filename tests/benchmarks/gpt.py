"""A character-level GPT written in single numbers, trained on first names by replay.

    python tests/benchmarks/gpt.py            trains for 1,000 steps of one name each, invents names
    python tests/benchmarks/gpt.py --compare  times a step by replay, and tracing

One layer of four heads on vectors of 16 numbers, as in Karpathy's microgpt: embeddings of the
letter and of its place, then attention and a ReLU network of four times the width. Both work on
RMS-normalised numbers and add their result to their input; there are no biases. The graph depends
only on the length of the name, so there is one program per length.
"""

import os

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import random
import time
from itertools import groupby
from pathlib import Path

import numpy as np

from autograd_edu import ProgramCache, Value, dot, exp, log, logsumexp, no_gc, relu
from autograd_edu.errors import ShapeError
from autograd_edu.nn.softmax import softmax
from autograd_edu.optim import Adam
from autograd_edu.schedules import Linear

LETTERS = "abcdefghijklmnopqrstuvwxyz"
EDGE = len(LETTERS)  # the token before the first letter of a name and after its last
TOKENS = EDGE + 1
ONE_HOT = np.eye(TOKENS)


class GPT:
    """The model: matrices of Values as lists of rows, and what they do to a name.

    A token is a whole number, or its one-hot numbers. One-hot numbers can be inputs of a program,
    so one program serves every name of one length. Looking up a row by number gives the same as the
    product with a one-hot vector.
    """

    dot, softmax, log_total, relu = (
        staticmethod(dot),
        staticmethod(softmax),
        staticmethod(logsumexp),
        staticmethod(relu),
    )

    def __init__(
        self, width: int = 16, heads: int = 4, context: int = 16, *, seed: int = 0
    ) -> None:
        rng = random.Random(seed)

        def matrix(name, rows, columns, spread=0.08):
            return [
                [Value(rng.gauss(0.0, spread), f"{name}{i},{j}") for j in range(columns)]
                for i in range(rows)
            ]

        self.width, self.heads, self.context = width, heads, context
        self.letter, self.place = matrix("letter", TOKENS, width), matrix("place", context, width)
        self.query, self.key, self.value = (
            matrix(name, width, width) for name in ("query", "key", "value")
        )
        self.mix = matrix("mix", width, width)
        self.up, self.down = matrix("up", 4 * width, width), matrix("down", width, 4 * width)
        self.out = matrix("out", TOKENS, width)

    def matrices(self):
        return [
            self.letter,
            self.place,
            self.query,
            self.key,
            self.value,
            self.mix,
            self.up,
            self.down,
            self.out,
        ]

    def parameters(self):
        return [number for matrix in self.matrices() for row in matrix for number in row]

    def surprises(self, tokens, following):
        """-log of the probability of each following token, given the tokens before it."""
        scored = zip(self.scores(tokens), following, strict=True)
        return [self.log_total(scores) - self.pick(scores, token) for scores, token in scored]

    def loss(self, tokens, following):
        """The mean surprise."""
        each = self.surprises(tokens, following)
        return sum(each) / len(each)

    def surprise(self, tokens, token):
        """The surprise at one token that follows all of ``tokens``."""
        scores = self.scores(tokens)[-1]
        return self.log_total(scores) - self.pick(scores, token)

    def scores(self, tokens):
        """For each place in a name, a score for every token that may follow."""
        if len(tokens) > self.context:
            raise ShapeError(
                f"the model looks at no more than {self.context} tokens; {len(tokens)} were given"
            )
        xs = [
            added(self.row(self.letter, token), place)
            for token, place in zip(tokens, self.place, strict=False)
        ]
        xs = [
            added(x, mixed)
            for x, mixed in zip(xs, self.attention([self.normalised(x) for x in xs]), strict=True)
        ]
        xs = [added(x, self.network(self.normalised(x))) for x in xs]
        return [self.product(self.out, x) for x in xs]

    def attention(self, xs):
        """Each place takes in what it and the places before it have to say, head by head."""
        queries, keys, values = (
            [self.product(matrix, x) for x in xs] for matrix in (self.query, self.key, self.value)
        )
        size = self.width // self.heads
        results = []
        for t, query in enumerate(queries):
            taken = []
            for start in range(0, self.width, size):
                head = slice(start, start + size)
                weights = self.softmax(
                    [self.dot(query[head], key[head]) / size**0.5 for key in keys[: t + 1]]
                )
                taken += [
                    self.dot(weights, column)
                    for column in zip(*(value[head] for value in values[: t + 1]), strict=True)
                ]
            results.append(self.product(self.mix, taken))
        return results

    def network(self, x):
        return self.product(self.down, [self.relu(h) for h in self.product(self.up, x)])

    def normalised(self, x):
        """x divided by the root of its mean square."""
        scale = (self.dot(x, x) / len(x) + 1e-5) ** -0.5
        return [number * scale for number in x]

    def product(self, matrix, x):
        return [self.dot(row, x) for row in matrix]

    def row(self, matrix, token):
        """The row of a token."""
        return [self.pick(column, token) for column in zip(*matrix, strict=True)]

    def pick(self, numbers, token):
        """The number of a token."""
        return numbers[token] if isinstance(token, int) else self.dot(numbers, token)


class PlainGPT(GPT):
    """The same with + and * alone, as one writes it for micrograd or microgpt."""

    @staticmethod
    def dot(xs, ys):
        return sum(x * y for x, y in zip(xs, ys, strict=True))

    @staticmethod
    def softmax(scores):
        powers = [exp(score) for score in scores]
        whole = sum(powers)
        return [power / whole for power in powers]

    @staticmethod
    def log_total(scores):
        return log(sum(exp(score) for score in scores))


def added(xs, ys):
    return [x + y for x, y in zip(xs, ys, strict=True)]


# ---- training ------------------------------------------------------------------------------------


def all_names():
    """The names of names.txt, shuffled, always in the same way."""
    lines = (Path(__file__).parent / "names.txt").read_text().splitlines()
    names = [line for line in lines if not line.startswith("#")]
    random.Random(0).shuffle(names)
    return names


def tokens_of(name):
    """The tokens of a name, and those that follow each of them."""
    tokens = [EDGE, *map(LETTERS.index, name), EDGE]
    return tokens[:-1], tokens[1:]


class Training:
    """The model's programs and Adam, with a learning rate that falls to 0 over ``steps``."""

    def __init__(self, model, names, steps, *, rate=0.01):
        self.names = names
        self.programs = ProgramCache(model.loss, model.parameters())
        self.adam = Adam(lr=rate, betas=(0.85, 0.99))
        self.rate = Linear(rate, steps)
        self.losses = []

    def step(self):
        """One step along the gradient of the next name's loss."""
        name = self.names[len(self.losses) % len(self.names)]
        loss, gradients = self.programs.value_and_grad(
            *(ONE_HOT[tokens] for tokens in tokens_of(name))
        )
        self.adam.lr = self.rate(len(self.losses))
        self.programs.parameter_values = self.adam.update(
            self.programs.parameter_values, gradients.parameters
        )
        self.losses.append(loss)

    def mean_loss(self, names):
        """The mean loss of a name: names of one length are a batch."""
        losses = []
        for _, group in groupby(sorted(names, key=len), key=len):
            tokens, following = zip(*map(tokens_of, group), strict=True)
            losses.extend(
                self.programs(ONE_HOT[list(tokens)], ONE_HOT[list(following)], batch=True)
            )
        return np.mean(losses)


def invented(programs, context, *, temperature, rng):
    """A name, letter by letter; ``programs`` are those of the model's `surprise`.

    A batch holds the name so far with every token that may follow; the surprise at each token gives
    its probability.
    """
    tokens = [EDGE]
    while len(tokens) < context and (tokens[-1] != EDGE or len(tokens) == 1):
        so_far = np.broadcast_to(ONE_HOT[tokens], (TOKENS, len(tokens), TOKENS))
        surprises = programs(so_far, ONE_HOT, batch=True)
        tokens += rng.choices(range(TOKENS), np.exp((min(surprises) - surprises) / temperature))
    return "".join(LETTERS[token] for token in tokens[1:] if token != EDGE)


def eager_step(model, name):
    """The same loss, and the gradient in every parameter, by the eager engine."""
    for parameter in model.parameters():
        parameter.clear_grad()
    with no_gc():
        loss = model.loss(*tokens_of(name))
        loss.backward()
    return loss.data


def run(steps):
    """Train, with progress, and say what came of it."""
    names = all_names()
    held_out, names = names[:200], names[200:]
    model = GPT()
    training = Training(model, names, steps)
    print(
        f"{len(names)} names, {len(model.parameters())} parameters; "
        f"held-out loss before training {training.mean_loss(held_out):.4f}"
    )
    start = time.thread_time()
    for done in range(1, steps + 1):
        training.step()
        if done % 100 == 0 or done == steps:
            recent = training.losses[-100:]
            print(
                f"  step {done:5}   loss of the last {len(recent)}: {np.mean(recent):.4f}   "
                f"{time.thread_time() - start:7.2f} s",
                flush=True,
            )
    took = time.thread_time() - start
    print(
        f"{steps} steps by replay took {took:.2f} s of processor time, {steps / took:.0f} a second"
    )
    print(f"held-out loss after training {training.mean_loss(held_out):.4f}")
    print(
        f"before, tracing and compiling {training.programs.traced} programs "
        f"took {training.programs.seconds:.2f} s"
    )
    training.programs.write_back()
    print(training.programs)
    rng, programs = random.Random(0), ProgramCache(model.surprise, model.parameters())
    print(
        "invented:",
        ", ".join(invented(programs, model.context, temperature=0.7, rng=rng) for _ in range(20)),
    )
    say_eager(steps, names[:20])


def say_eager(steps, names):
    """How long the eager engine would take, from a few steps on the same names."""
    for kind, how in (
        (GPT, "dot products as one operation"),
        (PlainGPT, "sums and products alone"),
    ):
        model = kind()
        start = time.thread_time()
        for name in names:
            eager_step(model, name)
        each = (time.thread_time() - start) / len(names)
        print(
            f"eagerly, {how}: {1e3 * each:.1f} ms per step without Adam over {len(names)} names, "
            f"{steps * each:.0f} s for {steps}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1000, help="how many names to train on")
    parser.add_argument(
        "--compare", action="store_true", help="time one step against others instead"
    )
    options = parser.parse_args()
    if options.compare:
        from gpt_compare import compare

        compare()
    else:
        run(options.steps)
