"""The notebooks run as committed, their answers are right, and the checker rejects wrong ones.

By default two notebooks run in a kernel, and the cells of all others in this process, where their
printed lines are compared. `--notebooks` runs all of them in a kernel.
"""

import asyncio
import copy
import functools
import importlib.util
import re
import statistics
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from exercises import ALONE, RIGHT, SHAPES, SPOILT, Trial, spoilt

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent.parent / "notebooks"
sys.path.append(str(HERE))  # last: Jupyter has a module of the name "notebook" too
_spec = importlib.util.spec_from_file_location("notebook_program", HERE / "notebook.py")
notebook = sys.modules["notebook_program"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(notebook)

import contents  # noqa: E402 (neighbours of notebook.py)
import outputs  # noqa: E402

IN_KERNEL = ("03", "08")  # all kinds of pictures; a recording and the longest training loop
quiet = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning"
)  # of the Jupyter client, not of ours
each_notebook = pytest.mark.parametrize("name", notebook.NAMES)


def pytest_generate_tests(metafunc):
    if "kernel_name" in metafunc.fixturenames:
        everything = metafunc.config.getoption("--notebooks")
        chosen = [name for name in notebook.NAMES if everything or name.startswith(IN_KERNEL)]
        metafunc.parametrize("kernel_name", chosen)


def source(name):
    return (HERE / "sources" / f"{name}.md").read_text(encoding="utf-8")


def committed(name):
    return nbformat.read(HERE / f"{name}.ipynb", as_version=4)


def code_cells(book):
    return [cell.source for cell in book.cells if cell.cell_type == "code"]


@functools.cache
def tried(name):
    return trial(notebook.build(name))


def trial(book):
    return Trial(book.cells, notebook.exercises(book), notebook.questions(book))


def verdicts(name, way):
    return [said[way] for said in tried(name).verdicts]


@quiet
def test_a_notebook_runs_and_shows_what_is_committed(kernel_name):
    assert notebook.check(kernel_name) == []


@each_notebook
def test_a_notebook_prints_what_is_committed(name):
    """Up to the first exercise, which is answered here and not in what is committed."""
    first = notebook.exercises(notebook.build(name))[0].stub
    wrong = []
    for place, cell in enumerate(committed(name).cells[:first]):
        if cell.cell_type == "code" and "display(" not in cell.source:
            said = "".join(out.text for out in cell.outputs if out.output_type == "stream")
            same = outputs.same_words if outputs.timed(cell) else outputs.same_text
            if not same(said, tried(name).printed[place]):
                wrong.append((cell.source, said, tried(name).printed[place]))
    assert wrong == []


@each_notebook
def test_there_are_at_least_three_exercises_and_their_numbers_count_up(name):
    book = notebook.build(name)
    stubs = [book.cells[exercise.stub].source for exercise in notebook.exercises(book)]
    numbers = [int(re.match(r"# exercise (\d+)", stub)[1]) for stub in stubs]
    assert len(numbers) >= 3
    assert numbers == list(range(1, len(numbers) + 1))


@each_notebook
def test_the_answers_are_right(name):
    assert set(verdicts(name, RIGHT)) == {"right"}


@each_notebook
def test_an_exercise_left_alone_says_so(name):
    assert set(verdicts(name, ALONE)) == {"not answered yet"}


@each_notebook
def test_a_wrong_answer_is_not_called_right(name):
    assert set(verdicts(name, SPOILT)) <= {"wanted", "not in order"}


@each_notebook
def test_an_answer_of_a_wrong_shape_gets_a_message(name):
    said = [
        (i, way, verdicts(name, way)[i]) for way in SHAPES for i in range(len(tried(name).verdicts))
    ]
    assert [each for each in said if each[2] not in ("wanted", "not in order")] == []


@each_notebook
def test_the_answer_to_a_question_shows_something(name):
    assert tried(name).mute == []


@each_notebook
def test_something_is_shown_under_every_code_cell(name):
    assert all(cell.outputs for cell in committed(name).cells if cell.cell_type == "code")


@each_notebook
def test_code_cells_are_short(name):
    lengths = [
        sum(bool(line.strip()) for line in cell.splitlines())
        for cell in code_cells(notebook.build(name))
    ]
    assert statistics.median(lengths) <= 6
    assert max(lengths) <= 20


@each_notebook
def test_lines_of_code_have_at_most_a_hundred_columns(name):
    book = notebook.build(name)
    answers = [found.answer for found in (*notebook.exercises(book), *notebook.questions(book))]
    lines = [line for code in (*code_cells(book), *answers) for line in code.splitlines()]
    assert [line for line in lines if len(line) > 100] == []


@each_notebook
def test_a_notebook_is_small(name):
    """Every picture that can be stepped and nudged brings its script, some 45 KB."""
    assert (HERE / f"{name}.ipynb").stat().st_size <= 1_500_000


@each_notebook
def test_links_to_files_lead_somewhere(name):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", source(name))
    missing = [link for link in links if "://" not in link and not (HERE / link).exists()]
    assert missing == []


HEADER = """---
kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""
TINY = """
# Tiny

```{code-cell}
print(6 * 7)
```

more
"""
EXERCISE = """
```{code-cell}
# exercise 1
def double(x):
    return None
```

```{code-cell}
got = double(2.0)
print("not answered yet" if got is None else "right" if got == 4.0 else f"wanted 4.0, got {got!r}")
```
"""
ANSWER = """
<details><summary>Answer</summary>

```python
def double(x):
    return 2 * x
```
</details>
"""
QUESTION = """
Why?

<details><summary>Answer</summary>

Because.

```python
print(double(3.0))
```

and

```python
print(double(4.0))
```
</details>
"""


@pytest.fixture
def built(tmp_path, monkeypatch):
    """``built(source)`` is the notebook of a source of that text, named tiny."""
    (tmp_path / "sources").mkdir()
    monkeypatch.setattr(notebook, "HERE", tmp_path)
    monkeypatch.setattr(notebook, "NAMES", ["tiny"])
    monkeypatch.setattr(notebook, "update", lambda names: None)  # of README.md

    def build(text):
        (tmp_path / "sources" / "tiny.md").write_text(HEADER + text)
        return notebook.build("tiny")

    return build


def test_answers_stay_in_the_prose(built):
    first, code, last = built(TINY + ANSWER).cells
    assert [first.cell_type, code.cell_type, last.cell_type] == ["markdown", "code", "markdown"]
    assert code.source == "print(6 * 7)"
    assert "return 2 * x" in last.source


def test_an_answer_belongs_to_the_exercise_before_it_and_any_other_to_a_question(built):
    book = built(QUESTION + EXERCISE + ANSWER + QUESTION)
    (exercise,) = notebook.exercises(book)
    assert (exercise.name, exercise.stub, exercise.check) == ("double", 1, 2)
    assert exercise.answer == "def double(x):\n    return 2 * x\n"
    assert [question.place for question in notebook.questions(book)] == [0, 3]
    assert "double(3.0))\n\nprint(double(4.0)" in notebook.questions(book)[0].answer


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (EXERCISE, "'# exercise 1' has no answer"),
        (EXERCISE + EXERCISE + ANSWER, "'# exercise 1' has no answer"),
        (EXERCISE + QUESTION, "the answer to '# exercise 1' must define double; got"),
        (EXERCISE.replace("exercise 1", "exercise") + ANSWER, "must have a number and define"),
        (EXERCISE.replace("def double(x):", "if True:") + ANSWER, "must have a number and define"),
        (EXERCISE.rpartition("```{code-cell}")[0] + ANSWER, "needs a code cell after it"),
    ],
)
def test_an_exercise_without_its_parts_is_refused(built, text, message):
    with pytest.raises(ValueError, match=message):
        notebook.exercises(built(text))


def tried_once(book):
    (said,) = trial(book).verdicts
    return said


def test_each_way_of_answering_gets_its_verdict(built):
    said = tried_once(built(EXERCISE + ANSWER))
    assert (said.pop(ALONE), said.pop(RIGHT)) == ("not answered yet", "right")
    assert set(said.values()) == {"wanted"}


@pytest.mark.parametrize(
    ("fault", "replacement", "way", "said"),
    [
        ("got == 4.0", "got == 5.0", RIGHT, "wanted"),
        ("got == 4.0", "got < 5.0", SPOILT, "right"),
        ("got == 4.0", "got < 5.0", "a string", "raised TypeError"),
        ("got == 4.0", "got in (4.0, [4.0])", "in a list", "right"),
        ("got is None", "got in (None, (None,))", "None inside", "not answered yet"),
        ("return None", "return 4.0", ALONE, "right"),
        ("wanted 4.0", "it is 4.0", SPOILT, "not one verdict: 'it is 4.0"),
        ("wanted 4.0", "right\\nwanted 4.0", SPOILT, "not one verdict"),
    ],
)
def test_a_faulty_check_is_found(built, fault, replacement, way, said):
    text = EXERCISE.replace(fault, replacement)
    assert tried_once(built(text + ANSWER))[way].startswith(said)


def test_an_answer_may_call_itself():
    text = "\ndef double(x):\n    return 0 if x == 0 else 2.0 + double(x - 1.0)\n"
    book = made("# exercise 1\ndef double(x):\n    return None")
    book.cells += [
        nbformat.v4.new_code_cell(
            "got = double(2.0)\nprint('right' if got == 4.0 else 'wanted 4')"
        ),
        nbformat.v4.new_markdown_cell(
            f"<details><summary>Answer</summary>\n\n```python{text}```\n</details>"
        ),
    ]
    said = tried_once(book)
    assert said[RIGHT] == "right"
    assert said["a string"] == said[SPOILT] == "wanted"


def test_the_answer_to_a_question_runs_where_it_stands_and_must_show_something(built):
    assert trial(built(EXERCISE + ANSWER + QUESTION)).mute == []
    silent = QUESTION.replace("print(double(4.0))", "y = 1").replace("print(", "x = (")
    assert len(trial(built(EXERCISE + ANSWER + silent)).mute) == 1
    with pytest.raises(NameError, match="double"):
        trial(built(QUESTION + EXERCISE + ANSWER))


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (2.0, 2.002),
        (0.0, 0.001),
        (3, 4),
        (True, False),
        ("relu", "relu?"),
        ((1.0, (2, "a")), (1.001, (3, "a?"))),
        ([[1.0], []], [[1.001], [0.0]]),
        ({"w": [1.0], "b": 0}, {"w": [1.001], "b": 1}),
    ],
)
def test_a_spoilt_answer_has_the_same_shape_and_is_wrong(answer, wrong):
    assert spoilt(answer) == wrong


def test_spoiling_reaches_into_functions_arrays_and_values():
    import numpy as np

    from autograd_edu import Value

    assert spoilt(lambda x: x + 1)(2) == 4
    assert spoilt(np.array([1.0, 0.0])).tolist() == pytest.approx([1.002, 0.001])
    assert spoilt(Value(1.0)).data == pytest.approx(1.002)
    first, second = object(), object()
    assert spoilt([first, second]) == [second, first]
    with pytest.raises(TypeError, match="cannot spoil a object"):
        spoilt(first)


def made(code, *outputs):
    book = nbformat.v4.new_notebook()
    book.cells = [nbformat.v4.new_code_cell(code, id="a", outputs=list(outputs))]
    return book


def said(text, stream="stdout"):
    return nbformat.v4.new_output("stream", name=stream, text=text)


def test_a_changed_text_is_found():
    (found,) = outputs.differences(made("print(x)", said("1\n")), made("print(x)", said("2\n")))
    assert "- [stdout] 1\n+ [stdout] 2" in found


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("loss 0.123456", "loss 0.123457"),
        ("loss 1.23456e-07", "loss 1.23457e-07"),
        ("0.999999", "1.0"),
        ("4.25e-18", "4.26e-18"),
        ("0.0", "1e-17"),
        ("1e-3", "1e-4"),
        ("1.0", "-1.0"),
        ("1000000", "1000001"),
        ("12345678901", "12345678902"),
        ("1.0", "1"),
        ("[1.5, 2.5]", "[1.5]"),
        ("1.5 up", "1.5 down"),
        ("a  1.5", "a 1.5"),
    ],
)
def test_a_number_that_is_wrong_in_its_sixth_digit_is_found_and_so_is_any_other_letter(a, b):
    assert not outputs.same_text(a, b)
    assert not outputs.same_text(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("loss 0.12345678901234567", "loss 0.12345678901234569"),
        ("loss 0.30000000000000004", "loss 0.3"),
        ("[1.2345671e-05]", "[1.2345672e-05]"),
        ("1.0000000000000002", "0.9999999999999999"),
        ("0.00001", "1e-05"),
        ("∂z/∂x₁ = −3.", "∂z/∂x₁ = −3."),
    ],
)
def test_a_last_digit_of_another_processor_is_no_difference(a, b):
    assert outputs.same_text(a, b)


def test_a_timing_may_change_in_a_cell_that_says_so_and_nothing_else_there():
    def timed(text, tags):
        book = made("print(t)", said(text))
        book.cells[0].metadata["tags"] = tags
        return book

    def found(a, b, tags=("timing",)):
        return outputs.differences(timed(a, list(tags)), timed(b, list(tags)))

    assert found("replay   9.87 ms", "replay  12.3 ms") == []
    assert found("replay 9.87 ms", "replay 12.3 s")
    assert found("replay 9.87 ms", "replay 12.3 ms", tags=())


def test_a_changed_cell_is_found():
    assert "differ from those of the source" in outputs.differences(made("a"), made("b"))[0]


def picture(**data):
    data = {kind.replace("_", "/"): text for kind, text in data.items()}
    return made("a", nbformat.v4.new_output("display_data", data={"text/plain": "<p>", **data}))


def test_a_missing_picture_is_found_and_another_rendering_of_one_is_not():
    assert outputs.differences(picture(image_png="x"), picture(image_png="y")) == []
    assert outputs.differences(picture(image_png="x"), made("a"))
    assert outputs.differences(picture(image_png="x"), picture(image_jpeg="x"))


def test_a_changed_number_in_a_drawing_is_found_and_another_place_or_script_is_not():
    def page(number, x, script):
        text = f'<svg><text x="{x}" data-a="1 > 0">&lt;b = {number}</text></svg>'
        return picture(text_html=f"<script>{script} < 1</script>{text}<style>p > a {{}}</style>")

    was = page("2.0", 10, "one")
    assert outputs.differences(was, page("2.00000000001", 11, "two")) == []
    (found,) = outputs.differences(was, page("2.5", 10, "one"))
    assert "- <b = 2.0\n+ <b = 2.5" in found


def test_a_warning_is_found():
    assert notebook.warnings(made("a", said("careful\n", "stderr"))) == ["careful\n"]
    assert notebook.warnings(made("a", said("fine\n"))) == []


@quiet
def test_a_notebook_runs_where_an_event_loop_runs_already(built):
    """As beside a browser that Playwright drives in the same process."""

    async def within():
        return notebook.execute(built(TINY))

    with ThreadPoolExecutor(1) as alone:  # here, another test's browser may keep a loop running
        made = alone.submit(lambda: asyncio.run(within())).result()
    assert made.cells[1].outputs[0].text == "42\n"


@quiet
def test_the_command_runs_lists_checks_and_finds_a_changed_output(
    built, tmp_path, capsys, monkeypatch
):
    listed = []
    monkeypatch.setattr(notebook, "update", listed.extend)
    built(TINY)
    assert notebook.main(["run"]) == 0
    assert listed == ["tiny"]
    assert re.fullmatch(r"tiny: ok in \d+\.\d s\n", capsys.readouterr().out)
    path = tmp_path / "tiny.ipynb"
    changed = copy.deepcopy(nbformat.read(path, as_version=4))
    changed.cells[1].outputs[0].text = "41\n"
    nbformat.write(changed, path)
    assert notebook.main(["check", "tiny"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("tiny: FAILED")
    assert "- [stdout] 41\n+ [stdout] 42" in said


@quiet
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; print('careful', file=sys.stderr)", "careful"),
        ("import warnings; warnings.warn('old')", "UserWarning: old"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_the_command_fails_for_a_warning_and_an_error_and_writes_nothing(
    built, tmp_path, capsys, code, said
):
    built(TINY.replace("print(6 * 7)", code))
    assert notebook.main(["run"]) == 1
    assert said in capsys.readouterr().out
    assert not (tmp_path / "tiny.ipynb").exists()


def test_a_notebook_that_takes_too_long_is_named(monkeypatch):
    monkeypatch.setattr(notebook, "check", lambda name: [])
    monkeypatch.setattr(notebook, "USUAL_SECONDS", -1)
    assert "more than -1 s" in notebook.report("check", "tiny")[1]
    assert "more than" not in notebook.report("check", "17-a-small-gpt")[1]


def test_an_unknown_notebook_is_refused(capsys):
    assert notebook.main(["check", "nothing"]) == 2
    assert notebook.main([]) == 2
    assert "run, check or list" in capsys.readouterr().err


# ---- the table of contents -----------------------------------------------------------------------


def missing(readme, folder):
    """The files that a page names and that are not there."""
    named = re.findall(r'(?:href|src)="([^"]+)"|\]\(([^)\s]+)\)', readme)
    paths = [one or other for one, other in named]
    return [path for path in paths if "://" not in path and not (folder / path).exists()]


@each_notebook
def test_the_readme_lists_a_notebook_with_its_title_and_its_question(name):
    """`python notebooks/notebook.py list` writes the rows anew."""
    assert contents.row(name) in (HERE / "README.md").read_text(encoding="utf-8").splitlines()


def test_every_file_that_the_readme_names_is_there():
    assert missing((HERE / "README.md").read_text(encoding="utf-8"), HERE) == []


def test_thumbnails_are_small():
    assert [p for p in (HERE / "pictures").iterdir() if p.stat().st_size > 30_000] == []


@pytest.fixture
def course(tmp_path, monkeypatch):
    """``course(*outputs)`` is the table of a course of one notebook whose cells have these outputs.

    An output may be a pair of a tag and the output.
    """
    (tmp_path / "sources").mkdir()
    (tmp_path / "pictures").mkdir()
    (tmp_path / "sources" / "02-tiny.md").write_text("# 2 · Tiny\n\n**Why\nnot?** So.\n")
    (tmp_path / "README.md").write_text("<!-- 01 -->\none\n<!-- 02 -->\ntwo\n<!-- 03 -->\nthree\n")
    monkeypatch.setattr(contents, "HERE", tmp_path)

    def table(*shown):
        book = nbformat.v4.new_notebook()
        for one in shown:
            tags, data = one if isinstance(one, tuple) else ([], one)
            output = nbformat.v4.new_output("display_data", data=data)
            cell = nbformat.v4.new_code_cell("x", outputs=[output], metadata={"tags": tags})
            book.cells.append(cell)
        nbformat.write(book, tmp_path / "02-tiny.ipynb")
        contents.update(["02-tiny"])
        return (tmp_path / "README.md").read_text()

    return table


def test_a_notebook_fills_its_own_row_and_no_other(course, tmp_path):
    before, row, after = course({"text/plain": "1"}).partition(contents.row("02-tiny"))
    assert (before, after) == ("<!-- 01 -->\none\n<!-- 02 -->\n", "\n<!-- 03 -->\nthree\n")
    assert '<a href="02-tiny.ipynb">2 · Tiny</a></b><br>Why not?</td>' in row
    assert "<img" not in row
    assert missing(row, tmp_path) == []


def test_the_thumbnail_is_the_first_picture_or_the_one_that_is_tagged(course, tmp_path):
    first, second = {"image/svg+xml": "<svg>1</svg>"}, {"image/svg+xml": "<svg>2</svg>"}
    assert 'src="pictures/02.svg"' in course({"text/plain": "1"}, first, second)
    assert (tmp_path / "pictures" / "02.svg").read_text() == "<svg>1</svg>"
    course(first, (["thumbnail"], second))
    assert (tmp_path / "pictures" / "02.svg").read_text() == "<svg>2</svg>"


def test_a_large_picture_becomes_a_small_one_in_place_of_the_older(course, tmp_path):
    import base64
    import io

    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 255, (600, 900, 3), dtype=np.uint8)
    written = io.BytesIO()
    Image.fromarray(noise).save(written, "png")
    too_large = {"image/svg+xml": "<svg>" + "x" * 30_000}
    course({"image/svg+xml": "<svg>1</svg>"})
    readme = course(too_large, {"image/png": base64.b64encode(written.getvalue()).decode()})
    assert 'src="pictures/02.png"' in readme
    (picture,) = (tmp_path / "pictures").iterdir()
    assert picture.stat().st_size <= 30_000


def test_a_file_that_is_listed_and_not_there_is_found(course, tmp_path):
    readme = course({"image/svg+xml": "<svg>1</svg>"})
    (tmp_path / "pictures" / "02.svg").unlink()
    assert missing(readme + "[x](no.md) [y](https://a.b)", tmp_path) == ["pictures/02.svg", "no.md"]
    assert contents.row("02-tiny") not in readme.splitlines()
