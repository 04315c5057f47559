"""The notebooks run as committed, their answers are right, and the checker rejects wrong ones."""

import contextlib
import copy
import importlib.util
import io
import re
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent.parent / "notebooks"
_spec = importlib.util.spec_from_file_location("notebook_program", HERE / "notebook.py")
notebook = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(notebook)

EXERCISES = 3
quiet = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning"
)  # of the Jupyter client, not of ours


def output(code, **names):
    """What the cells print when they run in one namespace; figures are drawn without a screen."""
    import matplotlib as mpl

    printed, space = io.StringIO(), dict(names)
    with mpl.rc_context(), contextlib.redirect_stdout(printed):
        mpl.use("agg")
        for text in code:
            exec(compile(text, "<cell>", "exec"), space)
        if "plt" in space:
            space["plt"].close("all")
    return printed.getvalue()


def source(name):
    return (HERE / "sources" / f"{name}.md").read_text(encoding="utf-8")


def stubs(name):
    return [cell.source for cell in notebook.build(name).cells if cell.cell_type == "code"]


def verdicts(text):
    return re.findall(r"^(?:right$|not answered yet$|wanted|not in order)", text, re.MULTILINE)


@quiet
@pytest.mark.parametrize("name", notebook.NAMES)
def test_a_notebook_runs_and_shows_what_is_committed(name):
    assert notebook.check(name) == []


@pytest.mark.parametrize("name", notebook.NAMES)
def test_the_answers_are_right(name):
    code = notebook.answered(notebook.build(name))
    assert verdicts(output(code)) == ["right"] * EXERCISES


@pytest.mark.parametrize("name", notebook.NAMES)
def test_an_exercise_left_alone_says_so(name):
    code = stubs(name)
    assert verdicts(output(code)) == ["not answered yet"] * EXERCISES


@pytest.mark.parametrize("name", notebook.NAMES)
def test_a_wrong_answer_is_not_called_right(name):
    """The test spoils every answer: numbers by one part in a thousand, lists by their order."""

    def spoilt(result):
        if isinstance(result, list):
            return result[::-1]
        return tuple(x * 1.001 for x in result) if isinstance(result, tuple) else result * 1.001

    code = notebook.answered(notebook.build(name))
    for place, stub in enumerate(stubs(name)):
        if stub.startswith("# exercise"):
            function = re.search(r"def (\w+)", stub)[1]
            code[place] += (
                f"\n\n_right_{function} = {function}\n"
                f"def {function}(*a):\n    return _spoilt(_right_{function}(*a))"
            )
    found = verdicts(output(code, _spoilt=spoilt))
    assert len(found) == EXERCISES
    assert not {"right", "not answered yet"} & set(found)


@pytest.mark.parametrize("name", notebook.NAMES)
def test_something_is_shown_under_every_code_cell(name):
    committed = nbformat.read(HERE / f"{name}.ipynb", as_version=4)
    assert all(cell.outputs for cell in committed.cells if cell.cell_type == "code")


@pytest.mark.parametrize("name", notebook.NAMES)
def test_a_notebook_is_small(name):
    """Every picture that can be stepped and nudged brings its script, some 45 KB."""
    assert (HERE / f"{name}.ipynb").stat().st_size < 600_000


@pytest.mark.parametrize("name", notebook.NAMES)
def test_links_between_notebooks_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)]+\.ipynb)\)", source(name)):
        assert (HERE / target).exists()


TINY = """---
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# Tiny

```{code-cell}
print(6 * 7)
```

more

<details><summary>Answer</summary>

```python
print(2)
```
</details>
"""


def test_answers_stay_in_the_prose(tmp_path, monkeypatch):
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "tiny.md").write_text(TINY)
    monkeypatch.setattr(notebook, "HERE", tmp_path)
    first, code, last = notebook.build("tiny").cells
    assert [first.cell_type, code.cell_type, last.cell_type] == ["markdown", "code", "markdown"]
    assert code.source == "print(6 * 7)"
    assert "print(2)" in last.source


def test_an_exercise_without_an_answer_is_refused():
    with pytest.raises(ValueError, match="1 exercises need as many answers; there are 0"):
        notebook.answered(made("# exercise 1"))


def made(code, *outputs):
    book = nbformat.v4.new_notebook()
    book.cells = [nbformat.v4.new_code_cell(code, id="a", outputs=list(outputs))]
    return book


def said(text, stream="stdout"):
    return nbformat.v4.new_output("stream", name=stream, text=text)


def test_a_changed_text_is_found():
    (found,) = notebook.differences(made("print(x)", said("1\n")), made("print(x)", said("2\n")))
    assert "[stdout] 1" in found
    assert "[stdout] 2" in found


def test_a_changed_cell_is_found():
    assert "differ from those of the source" in notebook.differences(made("a"), made("b"))[0]


def test_a_missing_picture_is_found_and_another_rendering_of_one_is_not():
    def picture(data):
        return nbformat.v4.new_output(
            "display_data", data={"image/png": data, "text/plain": "<Figure>"}
        )

    assert notebook.differences(made("a", picture("x")), made("a", picture("y"))) == []
    assert notebook.differences(made("a", picture("x")), made("a"))


def test_a_warning_is_found():
    assert notebook.warnings(made("a", said("careful\n", "stderr"))) == ["careful\n"]
    assert notebook.warnings(made("a", said("fine\n"))) == []


@quiet
def test_a_cell_that_raises_ends_the_run():
    from nbclient.exceptions import CellExecutionError

    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        notebook.execute(made("1 / 0"))


@quiet
def test_a_changed_committed_output_fails_the_command(tmp_path, monkeypatch, capsys):
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "tiny.md").write_text(TINY)
    monkeypatch.setattr(notebook, "HERE", tmp_path)
    monkeypatch.setattr(notebook, "NAMES", ["tiny"])
    assert notebook.main(["run"]) == 0
    assert notebook.main(["check"]) == 0
    path = tmp_path / "tiny.ipynb"
    changed = copy.deepcopy(nbformat.read(path, as_version=4))
    changed.cells[1].outputs[0].text = "41\n"
    nbformat.write(changed, path)
    assert notebook.main(["check", "tiny"]) == 1
    assert "42" in capsys.readouterr().out


def test_an_unknown_notebook_is_refused(capsys):
    assert notebook.main(["check", "nothing"]) == 2
    assert notebook.main([]) == 2
    assert "run or check" in capsys.readouterr().err
