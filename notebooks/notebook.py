"""Notebooks from MyST Markdown: read by jupytext, executed, and compared with what is committed.

    python notebooks/notebook.py run [NAME …]    execute, and write the notebooks with their outputs
    python notebooks/notebook.py check [NAME …]  execute, and fail on any difference, error, warning

The sources are the files of `sources/`. Pictures are compared by kind, texts letter by letter. An
exercise is a code cell that begins with "# exercise"; its answer is the code of the next <details>
whose summary says "Answer".
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
NAMES = sorted(path.stem for path in (HERE / "sources").glob("*.md"))
_ANSWER = re.compile(r"<summary>Answer</summary>\s*```python\n(.*?)```", re.DOTALL)


def answered(notebook: Any) -> list[str]:
    """The code of a notebook, with each exercise's stub replaced by its answer.

    Raises:
        ValueError: if exercises and answers do not pair up.
    """
    answers = [code for cell in notebook.cells for code in _ANSWER.findall(cell.source)]
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    stubs = [text for text in code if text.startswith("# exercise")]
    if len(stubs) != len(answers):
        raise ValueError(f"{len(stubs)} exercises need as many answers; there are {len(answers)}")
    given = iter(answers)
    return [next(given) if text.startswith("# exercise") else text for text in code]


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
    NotebookClient(
        notebook, timeout=60, kernel_name="python3", record_timing=False, coalesce_streams=True
    ).execute()
    notebook.metadata["language_info"] = {
        "name": "python"
    }  # without the version, which differs between machines
    return notebook


def warnings(notebook: Any) -> list[str]:
    """What cells wrote to the error stream."""
    return [
        out.text
        for cell in notebook.cells
        for out in cell.get("outputs", [])
        if out.get("name") == "stderr"
    ]


def differences(committed: Any, fresh: Any) -> list[str]:
    """Short texts that say where two notebooks differ, in their cells or in the visible outputs."""
    if [(c.cell_type, c.source) for c in committed.cells] != [
        (c.cell_type, c.source) for c in fresh.cells
    ]:
        return ["the cells differ from those of the source: run `python notebooks/notebook.py run`"]
    found = []
    for i, (old, new) in enumerate(zip(committed.cells, fresh.cells, strict=True), 1):
        before, after = _shown(old), _shown(new)
        if before != after:
            found.append(f"cell {i}:\n{old.source}\n--- committed\n{before}\n--- now\n{after}")
    return found


def _shown(cell: Any) -> str:
    lines = []
    for out in cell.get("outputs", []):
        if out.output_type == "stream":
            lines.append(f"[{out.name}] {out.text}")
        elif out.output_type == "error":
            lines.append(f"[error] {out.ename}: {out.evalue}")
        else:
            kinds = sorted(kind for kind in out.data if kind != "text/plain")
            lines.append(f"[shown {' '.join(kinds)}] {out.data.get('text/plain', '')}")
    return "\n".join(lines)


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


def main(arguments: list[str]) -> int:
    """The command line; 1 if a notebook has a problem."""
    command, *chosen = arguments or [""]
    unknown = sorted(set(chosen) - set(NAMES))
    if command not in ("run", "check") or unknown:
        print(
            f"expected run or check, then names from {', '.join(NAMES)}; "
            f"got {' '.join(arguments) or 'nothing'}",
            file=sys.stderr,
        )
        return 2
    failed = 0
    for name in chosen or NAMES:
        problems = (run if command == "run" else check)(name)
        failed += bool(problems)
        print(f"{name}: {'ok' if not problems else ''}", *problems, sep="\n" if problems else "")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
