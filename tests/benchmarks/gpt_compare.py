"""One GPT step on a name of eight letters: replay against NumPy, PyTorch and the eager engine."""

from functools import partial
from importlib.util import find_spec
from statistics import median

import numpy as np
from gpt import GPT, ONE_HOT, PlainGPT, tokens_of
from gpt_by_hand import NumpyStep, TorchStep, flat
from timing import judge, medians, show, timed

from autograd_edu import ProgramCache, Value, no_gc

NAME = "isabella"


class Replayed:
    """A step by replay: the program is had from a cache, as in training."""

    def __init__(self, kind):
        model = kind()
        self.programs = ProgramCache(model.loss, model.parameters())

    def __call__(self, tokens, following):
        loss, gradients = self.programs.value_and_grad(ONE_HOT[tokens], ONE_HOT[following])
        return loss, [gradients.parameters]


class Eager:
    """A step of the eager engine. With ``one_hot`` tokens it builds the same graph as a trace."""

    def __init__(self, kind, *, one_hot=False):
        self.model, self.one_hot = kind(), one_hot

    def __call__(self, tokens, following):
        for parameter in self.model.parameters():
            parameter.clear_grad()
        with no_gc():
            if self.one_hot:
                tokens, following = (
                    [[Value(x) for x in row] for row in ONE_HOT[list(each)]]
                    for each in (tokens, following)
                )
            loss = self.model.loss(tokens, following)
            loss.backward()
        return loss.data, [np.array([parameter.grad for parameter in self.model.parameters()])]


def agree(steps, tokens, following):
    """Refuse to time steps that disagree: losses and gradients to 1e-12 of the largest."""
    loss, gradients = steps["eager, sums and products"](tokens, following)
    for name, step in steps.items():
        other, slopes = step(tokens, following)
        off = max(
            abs(other / loss - 1.0),
            np.max(np.abs(flat(slopes) - flat(gradients))) / np.max(np.abs(flat(gradients))),
        )
        assert off < 1e-12, f"{name} differs by {off:.1e}"
        print(f"  {name:44} differs from the eager engine by {off:.1e}")


def compile_steps(kind, repeats=5):
    """Trace, fuse and lift in eager steps of the same graph; and both in milliseconds."""
    eager = Eager(kind, one_hot=True)
    tokens, following = tokens_of(NAME)

    def compiled():
        model = kind()
        programs = ProgramCache(model.loss, model.parameters())
        return timed(lambda: programs.program(ONE_HOT[tokens], ONE_HOT[following]))

    pairs = [(compiled(), timed(partial(eager, tokens, following))) for _ in range(repeats)]
    compiling, stepping = (median(each) for each in zip(*pairs, strict=True))
    return compiling / stepping, compiling, stepping


def compare(rounds=30):
    """The rows of the acceptance table that are about the GPT."""
    tokens, following = tokens_of(NAME)
    steps = {
        "replay": Replayed(GPT),
        "replay, traced from sums and products": Replayed(PlainGPT),
        "NumPy by hand": NumpyStep(GPT()),
        "eager, dot products": Eager(GPT),
        "eager, sums and products": Eager(PlainGPT),
    }
    if find_spec("torch"):
        steps["PyTorch by hand, eager"] = TorchStep(GPT())
    else:
        print("PyTorch is not installed, so it is not compared: pip install torch")
    agree(steps, tokens, following)
    times = medians(
        {name: partial(step, tokens, following) for name, step in steps.items()}, rounds
    )
    show(f"a step on {NAME!r}, forward and backward", times)
    for replay in ("replay", "replay, traced from sums and products"):
        own = times[replay]
        judge(f"{replay}, of NumPy by hand", own / times["NumPy by hand"], 2.2, 1.2)
        if "PyTorch by hand, eager" in times:
            judge(f"{replay}, of PyTorch", own / times["PyTorch by hand, eager"], 0.6, 0.35)
        judge(
            f"{replay}, times faster than eager sums and products",
            times["eager, sums and products"] / own,
            120,
            200,
            at_least=True,
        )
    for kind in (GPT, PlainGPT):
        ratio, compiling, stepping = compile_steps(kind)
        print(
            f"  {kind.__name__}: trace + fuse + lift {compiling:.1f} ms, "
            f"an eager step of the same graph {stepping:.1f} ms"
        )
        judge(f"{kind.__name__}: trace + fuse + lift, in eager steps", ratio, 5, 2)
