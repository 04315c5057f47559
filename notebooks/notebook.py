"""Notebooks from MyST Markdown: read by jupytext, executed, and compared with what is committed.

    python notebooks/notebook.py run [NAME …]    execute, and write the notebooks with their outputs
    python notebooks/notebook.py check [NAME …]  execute, and fail on any difference, error, warning
    python notebooks/notebook.py list [NAME …]   write thumbnails and rows of README.md anew

The sources are the files of `sources/`. An exercise is a code cell that begins with "# exercise 1"
and defines one function; the next code cell checks it; its answer is the Python code in the next
<details> whose summary begins with "Answer". Any other such <details> answers a question.
`outputs.py` says how outputs are compared, `contents.py` what is written into README.md.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from contents import update
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from outputs import differences

HERE = Path(__file__).parent
NAMES = sorted(path.stem for path in (HERE / "sources").glob("*.md"))
SECONDS = {"17": 120}  # how long a notebook may run, by its number
USUAL_SECONDS = 30
_FOLDED = re.compile(r"<details><summary>Answer.*?</details>", re.DOTALL)
_CODE = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
_STUB = re.compile(r"# exercise \d+\b.*?^def (\w+)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Exercise:
    """A function to write: its name, the places of its stub and its check, and an answer."""

    name: str
    stub: int
    check: int
    answer: str


@dataclass(frozen=True)
class Question:
    """A question with code for its answer, and the place of the cell that holds it."""

    place: int
    answer: str


def exercises(notebook: Any) -> list[Exercise]:
    """The exercises of a notebook, in order.

    Raises:
        ValueError: if an exercise has no number, no function, no check or no answer.
    """
    return [found for found in _folded(notebook) if isinstance(found, Exercise)]


def questions(notebook: Any) -> list[Question]:
    """The questions whose answers hold Python code, in order."""
    return [found for found in _folded(notebook) if isinstance(found, Question)]


def _folded(notebook: Any) -> Iterator[Exercise | Question]:
    stub = None
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            if cell.source.startswith("# exercise"):
                _demand_answered(notebook, stub)
                stub = place
            continue
        for code in _answers(cell.source):
            if stub is None:
                yield Question(place, code)
            else:
                yield _exercise(notebook, stub, code)
                stub = None
    _demand_answered(notebook, stub)


def _answers(prose: str) -> Iterator[str]:
    """The code of each folded answer; an answer without code is read, not run."""
    for folded in _FOLDED.findall(prose):
        code = "\n".join(_CODE.findall(folded))
        if code:
            yield code


def _exercise(notebook: Any, stub: int, answer: str) -> Exercise:
    source = notebook.cells[stub].source
    first = source.partition("\n")[0]
    function = _STUB.match(source)
    if function is None:
        raise ValueError(f"'{first}' must have a number and define a function")
    if f"def {function[1]}(" not in answer:
        raise ValueError(f"the answer to '{first}' must define {function[1]}; got\n{answer}")
    rest = range(stub + 1, len(notebook.cells))
    check = next((i for i in rest if notebook.cells[i].cell_type == "code"), None)
    if check is None:
        raise ValueError(f"'{first}' needs a code cell after it that checks the answer")
    return Exercise(name=function[1], stub=stub, check=check, answer=answer)


def _demand_answered(notebook: Any, stub: int | None) -> None:
    if stub is not None:
        first = notebook.cells[stub].source.partition("\n")[0]
        raise ValueError(f"'{first}' has no answer: fold Python code below a summary 'Answer'")


def build(name: str) -> Any:
    """The notebook of that name, without outputs.

    Cell ids are counted, so that the same source gives the same file.
    """
    notebook = jupytext.read(HERE / "sources" / f"{name}.md")
    del notebook.metadata["jupytext"]
    for i, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{i}"
    return notebook


def execute(notebook: Any) -> Any:
    """The notebook with its outputs, run from top to bottom in a new kernel.

    A cell that raises ends the run with its error.
    """
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", record_timing=False, coalesce_streams=True
    )
    with ThreadPoolExecutor(1) as alone:  # the caller's thread may have an event loop of its own
        alone.submit(asyncio.run, client.async_execute()).result()
    # without the version, which differs between machines
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def warnings(notebook: Any) -> list[str]:
    """What cells wrote to the error stream."""
    return [
        out.text
        for cell in notebook.cells
        for out in cell.get("outputs", [])
        if out.get("name") == "stderr"
    ]


def run(name: str) -> list[str]:
    """Execute and write a notebook; return what is wrong with it."""
    notebook = execute(build(name))
    problems = warnings(notebook)
    if not problems:
        nbformat.write(notebook, HERE / f"{name}.ipynb")
    return problems


def check(name: str) -> list[str]:
    """Execute a notebook and compare it with the committed one; return what is wrong."""
    path = HERE / f"{name}.ipynb"
    if not path.exists():
        return [f"{path.name} is not there: run `python notebooks/notebook.py run {name}`"]
    notebook = execute(build(name))
    return [*warnings(notebook), *differences(nbformat.read(path, as_version=4), notebook)]


def report(command: str, name: str) -> tuple[bool, str]:
    """Whether a notebook is in order, and what to say of it: its seconds, or its problems."""
    begun = time.perf_counter()
    try:
        problems = (run if command == "run" else check)(name)
    except CellExecutionError as error:
        problems = [str(error)]
    seconds, allowed = time.perf_counter() - begun, SECONDS.get(name[:2], USUAL_SECONDS)
    slow = f" (more than {allowed} s: too long on a quiet machine)" if seconds > allowed else ""
    said = f"{name}: {'FAILED' if problems else 'ok'} in {seconds:.1f} s{slow}"
    return not problems, "\n".join([said, *problems])


def main(arguments: list[str]) -> int:
    """The command line; 1 if a notebook has a problem. Two notebooks run at a time."""
    command, *chosen = arguments or [""]
    names = chosen or NAMES
    if command not in ("run", "check", "list") or set(names) - set(NAMES):
        print(
            f"expected run, check or list, then names from {', '.join(NAMES)}; "
            f"got {' '.join(arguments) or 'nothing'}",
            file=sys.stderr,
        )
        return 2
    if command == "list":
        update(names)
        return 0
    good = True
    with ThreadPoolExecutor(2) as pool:
        reports = pool.map(partial(report, command), names)
        for name, (fine, said) in zip(names, reports, strict=True):
            print(said, flush=True)
            if fine and command == "run":
                update([name])
            good = good and fine
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
