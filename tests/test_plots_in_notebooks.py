"""A plot without `ax` appears in a notebook, once, and leaves nothing behind."""

import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

SETUP = """
from autograd_edu import lab, plots
from autograd_edu.lab.experiment import Result
from autograd_edu.train.history import History
result = Result({"x": 1.0}, "x 1", True, "it is 1.", [lambda ax: ax.plot([1, 2])])
several = Result({"x": 1.0}, "x 1", True, "it is 1.", [lambda ax: ax.plot([1, 2])] * 2)
history = History(loss=[2.0, 1.0])
def inside():
    plots.loss_curve([2.0, 1.0])
"""
OPEN = "print(__import__('sys').modules['matplotlib.pyplot'].get_fignums())"
CELLS = {  # a cell, and how many pictures it shows
    "a call as the last line": ("plots.loss_curve([2.0, 1.0])", 1),
    "a call with a semicolon": ("plots.loss_curve([2.0, 1.0]);", 1),
    "a call that is not the last line": ("plots.loss_curve([2.0, 1.0])\n7", 1),
    "two calls": ("plots.loss_curve([2.0, 1.0])\nplots.loss_curve([2.0, 1.0])", 2),
    "a call inside a function": ("inside()", 1),
    "several panels": ("plots.histogram_panels({'a': [1.0, 2.0], 'b': [3.0]});", 1),
    "a history": ("history.plot()", 1),
    "a result": ("result", 1),
    "a result of several parts": ("several", 1),
    "the plot of a result": ("result.plot()", 1),
    "the plot of a result of several parts": ("several.plot();", 1),
    "a result that is saved": ("result.save(__import__('tempfile').mkdtemp() + '/a.png')", 0),
    "Axes of the reader's own": (
        "import matplotlib.pyplot as plt\n_, ax = plt.subplots()\nplots.loss_curve([2.0], ax=ax);",
        1,
    ),
    "a call after pyplot was imported": ("plots.loss_curve([2.0, 1.0])", 1),
    "thirty calls": ("for _ in range(30): plots.loss_curve([2.0, 1.0])", 30),
    "a call where pyplot only writes files": (
        "plt.switch_backend('agg')\nplots.loss_curve([2.0, 1.0])",
        0,
    ),
}


@pytest.fixture(scope="module")
def cells():
    """The cells after they ran in one kernel, each followed by the figures that are open then."""
    sources = [SETUP, *(part for source, _ in CELLS.values() for part in (source, OPEN))]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    NotebookClient(book, timeout=120, kernel_name="python3").execute()
    shown = [cell.outputs for cell in book.cells[1:]]
    return {name: (shown[2 * k], shown[2 * k + 1]) for k, name in enumerate(CELLS)}


@pytest.mark.slow
@pytest.mark.parametrize("name", CELLS)
def test_a_cell_shows_each_plot_once_and_closes_it(cells, name):
    outputs, after = cells[name]
    assert sum(pictures(output) for output in outputs) == CELLS[name][1]
    assert [output.text for output in after] == ["[]\n"]
    assert [output for output in outputs if output.get("name") == "stderr"] == []  # no warning


def pictures(output):
    data = output.get("data", {})
    return ("image/png" in data) + data.get("text/html", "").count("<img")


@pytest.mark.slow
def test_outside_a_notebook_pyplot_is_not_even_imported():
    code = (
        "import sys\nfrom autograd_edu import plots\n"
        "plots.loss_curve([2.0, 1.0]); print('matplotlib.pyplot' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
