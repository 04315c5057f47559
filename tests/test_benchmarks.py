"""The table of the speed page: its program runs and refuses wrong answers, and the page fits it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

import peers  # noqa: E402 - from the folder of the benchmarks
from peer_jobs import jobs  # noqa: E402

NAMES = [*(job.name for job in jobs()), peers.GPT_STEP]


def table(text):
    """The cells of each line of the only table in a text."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_page_has_the_columns_and_the_jobs_that_the_program_prints():
    head, _, *rows = table((ROOT / "docs" / "speed.md").read_text(encoding="utf-8"))
    assert head == peers.header()
    assert [row[0] for row in rows] == NAMES
    assert {len(row) for row in rows} == {len(head)}


def test_every_bar_is_about_a_job_and_two_columns_of_the_table():
    for job, own, peer, must, aim in peers.BARS:
        assert job in NAMES
        assert {own, peer} <= set(peers.header())
        assert aim <= must


@pytest.mark.parametrize("wrong", [(1.0, [2.0, 3.1]), (1.1, [2.0, 3.0]), (1.0, [2.0])])
def test_a_package_with_another_answer_is_not_timed(wrong):
    row = object.__new__(peers.Row)
    row.name = "a job"
    right = (1.0, np.array([2.0, 3.0]))
    row.agree({"NumPy by hand": lambda: right, "same": lambda: right})
    with pytest.raises(ValueError, match="a job: other"):
        row.agree({"NumPy by hand": lambda: right, "other": lambda: wrong})


def test_a_page_without_a_place_for_the_table_is_refused():
    assert peers.written(f"a\n{peers.BEGIN}\nold\n{peers.END}\nb", "new").count("new") == 1
    with pytest.raises(ValueError, match="the page needs the lines"):
        peers.written("a page", "new")


@pytest.mark.slow
@pytest.mark.frameworks
def test_a_quick_run_prints_a_row_for_every_job():
    run = [sys.executable, str(ROOT / "tests" / "benchmarks" / "peers.py"), "--quick"]
    done = subprocess.run(run, capture_output=True, text=True, check=True, timeout=300)
    head, _, *rows = table(done.stdout)
    assert head == peers.header()
    assert len(rows) == len(NAMES)
    ours = [head.index(title) for title in ("eager", "replay", "replay with `jit`")]
    assert all(row[i] != "–" for row in rows for i in ours)
