"""The GPT of dot products beside that of sums and products: replay, and what tracing costs.

`peers.py` times the first one beside other packages.
"""

from functools import partial
from statistics import median

from gpt import GPT, ONE_HOT, PlainGPT, tokens_of
from timing import judge, medians, show, timed

from autograd_edu import ProgramCache, Value, no_gc

NAME = "isabella"
KINDS = {"dot products": GPT, "sums and products": PlainGPT}


def replayed(kind):
    """A step by replay, which training takes from a cache."""
    model = kind()
    programs = ProgramCache(model.loss, model.parameters())
    inputs = [ONE_HOT[tokens] for tokens in tokens_of(NAME)]
    return lambda: programs.value_and_grad(*inputs, wrt="parameters")


def eager(model):
    """A step of the eager engine that builds the same graph as a trace."""
    for parameter in model.parameters():
        parameter.clear_grad()
    with no_gc():
        inputs = [[[Value(x) for x in row] for row in ONE_HOT[each]] for each in tokens_of(NAME)]
        model.loss(*inputs).backward()


def compiled(model):
    """Trace, fuse and lift."""
    programs = ProgramCache(model.loss, model.parameters())
    _ = programs.program(*(ONE_HOT[each] for each in tokens_of(NAME))).runner.numpy.lifted


def compare(rounds=30, repeats=5):
    times = medians({title: replayed(kind) for title, kind in KINDS.items()}, rounds)
    show(f"a step on {NAME!r} by replay, forward and backward", times)
    for title, kind in KINDS.items():
        pairs = [
            (timed(partial(compiled, kind())), timed(partial(eager, kind())))
            for _ in range(repeats)
        ]
        compiling, stepping = (median(each) for each in zip(*pairs, strict=True))
        print(f"  {title}: trace + fuse + lift {compiling:.1f} ms, eager step {stepping:.1f} ms")
        judge(f"{title}: trace + fuse + lift, in eager steps", compiling / stepping, 2.5, 1.5)
