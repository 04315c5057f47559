"""Times of jobs that take turns, so that whatever else the machine does falls on all of them alike.

A job runs on one thread, and its time is that thread's processor time. On a quiet machine this is
the time on the clock. On a busy one it leaves out the waiting, which hits long jobs harder than
short ones.
"""

import statistics
import time
from collections.abc import Callable


def medians(
    jobs: dict[str, Callable[[], object]], rounds: int, *, runs: int = 20
) -> dict[str, float]:
    """The median time of each job in milliseconds.

    In every round each job takes its turn: one run to warm up, which does not count, and then
    ``runs`` runs, but no more than fit into 20 ms.
    """
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            took = timed(job)
            for _ in range(max(1, min(runs, int(20 / took)))):
                times[name].append(timed(job))
    return {name: statistics.median(each) for name, each in times.items()}


def timed(job: Callable[[], object]) -> float:
    """How long a job takes, in milliseconds."""
    start = time.thread_time()
    job()
    return 1e3 * (time.thread_time() - start)


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
