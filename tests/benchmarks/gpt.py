"""A character-level GPT written in single numbers, trained on first names by replay.

    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/gpt.py              trains for 1,000 steps and invents names
    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/gpt.py --compare    times one step against NumPy, PyTorch and the eager engine

One layer of four heads on vectors of 16 numbers, as in Karpathy's microgpt: embeddings of the letter and of its place,
attention and a ReLU network of four times the width, each on the RMS-normalised numbers and added to what it was given,
no biases. The graph depends on the length of the name alone, so there is one program a length.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import random
import time
from pathlib import Path

import numpy as np

from autograd_edu import Value, dot, exp, log, logsumexp, no_gc, relu, total
from autograd_edu.nn.softmax import softmax
from autograd_edu.optim import Adam
from autograd_edu.schedules import Linear

LETTERS = "abcdefghijklmnopqrstuvwxyz"
EDGE = len(LETTERS)  # the token before the first letter of a name and after its last
TOKENS = EDGE + 1


class GPT:
    """The model: matrices of Values as lists of rows, and what they do to a name.

    A token is a whole number, or its one-hot numbers: these can be inputs of a program, which therefore serves every name
    of one length. A row looked up by number is the same as the product with a one-hot vector.
    """

    dot, softmax, log_total, relu = staticmethod(dot), staticmethod(softmax), staticmethod(logsumexp), staticmethod(relu)

    def __init__(self, width: int = 16, heads: int = 4, context: int = 16, *, seed: int = 0) -> None:
        rng = random.Random(seed)

        def matrix(name, rows, columns, spread=0.08):
            return [[Value(rng.gauss(0.0, spread), f"{name}{i},{j}") for j in range(columns)] for i in range(rows)]

        self.width, self.heads, self.context = width, heads, context
        self.letter, self.place = matrix("letter", TOKENS, width), matrix("place", context, width)
        self.query, self.key, self.value = (matrix(name, width, width) for name in ("query", "key", "value"))
        self.mix = matrix("mix", width, width)
        self.up, self.down = matrix("up", 4 * width, width), matrix("down", width, 4 * width)
        self.out = matrix("out", TOKENS, width)

    def matrices(self):
        return [self.letter, self.place, self.query, self.key, self.value, self.mix, self.up, self.down, self.out]

    def parameters(self):
        return [number for matrix in self.matrices() for row in matrix for number in row]

    def surprises(self, tokens, following):
        """-log of the probability that the model gives to each following token, from the tokens up to there."""
        scored = zip(self.scores(tokens), following, strict=True)
        return [self.log_total(scores) - self.pick(scores, token) for scores, token in scored]

    def loss(self, tokens, following):
        """The mean surprise."""
        each = self.surprises(tokens, following)
        return sum(each) / len(each)

    def scores(self, tokens):
        """For each place in a name, a score for every token that may follow."""
        xs = [added(self.row(self.letter, token), place) for token, place in zip(tokens, self.place, strict=False)]
        xs = [added(x, mixed) for x, mixed in zip(xs, self.attention([self.normalised(x) for x in xs]), strict=True)]
        xs = [added(x, self.network(self.normalised(x))) for x in xs]
        return [self.product(self.out, x) for x in xs]

    def attention(self, xs):
        """Each place takes in what it and the places before it have to say, head by head."""
        queries, keys, values = ([self.product(matrix, x) for x in xs] for matrix in (self.query, self.key, self.value))
        size = self.width // self.heads
        results = []
        for t, query in enumerate(queries):
            taken = []
            for start in range(0, self.width, size):
                head = slice(start, start + size)
                weights = self.softmax([self.dot(query[head], key[head]) / size**0.5 for key in keys[: t + 1]])
                taken += [self.dot(weights, column) for column in zip(*(value[head] for value in values[: t + 1]), strict=True)]
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
