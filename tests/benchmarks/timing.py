"""Times of jobs that take turns, so that whatever else the machine does falls on all of them alike.

A job runs on one thread, and its time is the process's processor time, as some packages compute on
a thread of their own. On a quiet machine this is the time on the clock. On a busy one it leaves out
the waiting, which hits long jobs harder than short ones.
"""

import gc
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol, runtime_checkable


def medians(
    jobs: dict[str, Callable[[], object]], rounds: int, *, runs: int = 20
) -> dict[str, float]:
    """The median time of each job in milliseconds.

    In every round each job takes its turn: one run to warm up, which does not count, and then
    ``runs`` runs, but no more than fit into 20 ms. A job that takes longer than that runs once.
    """
    times: dict[str, list[float]] = {name: [] for name in jobs}
    gc.collect()
    gc.freeze()  # so that the collections between the turns are quick
    for _ in range(rounds):
        for name, job in jobs.items():
            turn = job.turn if isinstance(job, Remote) else partial(take_turn, job)
            times[name].extend(turn(runs))
    gc.unfreeze()
    return {name: statistics.median(each) for name, each in times.items()}


def take_turn(job: Callable[[], object], runs: int) -> list[float]:
    """The times of one turn, in milliseconds. A long job needs no run to warm up.

    It begins without the garbage of others, which would be collected in its time.
    """
    gc.collect()
    took = timed(job)
    if took > 20:
        return [took]
    return [timed(job) for _ in range(max(1, min(runs, int(20 / max(took, 1e-6)))))]


@runtime_checkable
class Remote(Protocol):
    """A job that another process runs and times."""

    def turn(self, runs: int) -> list[float]: ...


def timed(job: Callable[[], object]) -> float:
    """How long a job takes, in milliseconds."""
    start = time.process_time()
    job()
    return 1e3 * (time.process_time() - start)


def show(title: str, times: dict[str, float]) -> None:
    """A line for each job."""
    print(title)
    for name, each in times.items():
        print(f"  {name:44} {each:11.4f} ms", flush=True)


def judge(what: str, measured: float, must: float, aim: float, *, at_least: bool = False) -> None:
    """A line that says whether a figure is what it must be, or better."""
    sign, kept = (
        ("≥", [measured >= bar for bar in (must, aim)])
        if at_least
        else ("≤", [measured <= bar for bar in (must, aim)])
    )
    verdict = "aim reached" if kept[1] else "kept" if kept[0] else "MISSED"
    print(
        f"  {what:60} {measured:9.3f}   must {sign} {must:g}, aim {sign} {aim:g}: {verdict}",
        flush=True,
    )
