"""The experiments of the lectures: how one is found and run, by function and by command."""

import re
import subprocess
import sys

import pytest
from matplotlib.figure import Figure

import autograd_edu
from autograd_edu import lab
from autograd_edu.cli import main as command_line
from autograd_edu.errors import OperandError, OptionError


def quick(**changes):
    """A result made by hand."""
    found = {
        "numbers": {"slope": 2.0}, "table": "slope  2", "holds": True, "finding": "it is 2.",
        "panels": [lambda ax: ax.plot([0, 1], [0, 2])], "name": "line", "claim": "It is 2.",
    }  # fmt: skip
    return lab.Result(**(found | changes))


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run the command in a folder of its own; its exit status, output and error output."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        status = command_line.main(["lab", *arguments])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def line():
    """An experiment that takes no time, in place of all others."""
    before = dict(lab.EXPERIMENTS)
    lab.EXPERIMENTS.clear()

    @lab.experiment("U99 K99", points=3)
    def line(*, seed=0, points=2):
        """It is 2."""
        return quick(numbers={"seed": seed, "points": points}, name="", claim="")

    yield line
    lab.EXPERIMENTS.clear()
    lab.EXPERIMENTS.update(before)


def test_each_experiment_is_a_function_that_tells_its_claim_and_has_rows_of_the_lectures():
    rows = [row for each in lab.EXPERIMENTS.values() for row in each.rows]
    assert len(rows) == len(set(rows))
    assert all(row[0] in lab.LECTURES and row[1:].isdigit() for row in rows)
    for name, each in lab.EXPERIMENTS.items():
        assert getattr(lab, name) is each.run
        assert name in lab.__all__
        assert each.run.__doc__.startswith(each.claim)
        assert each.claim.endswith(".")


def test_every_experiment_is_listed_with_its_rows_and_the_lectures_with_author_and_year(run):
    status, out, _ = run()
    assert status == 0
    for name, each in lab.EXPERIMENTS.items():
        assert re.search(f"{name} +{' '.join(each.rows)} +{re.escape(each.claim)}", out)
    assert all(lecture in out for lecture in lab.LECTURES.values())
    assert 'G. Strong, "Understanding Neural Networks", LIP, 2018' in out


def test_a_row_of_a_lecture_is_as_good_as_the_name():
    assert {lab.find(name).name for name in ("U5", "i2", "M64", "lone-perceptron")} == {
        "lone_perceptron"
    }


def test_an_unknown_experiment_is_answered_with_the_nearest(run):
    with pytest.raises(OptionError, match="did you mean 'lone_perceptron'"):
        lab.find("lone_perceptrons")
    status, _, err = run("lone_perceptrons")
    assert (status, "did you mean 'lone_perceptron'" in err) == (2, True)


def test_a_row_cannot_have_two_experiments():
    with pytest.raises(OperandError, match="row U5 already has an experiment"):
        lab.experiment("U5")(lambda: None)


def test_the_command_prints_the_result_and_writes_its_picture_here(run, line, tmp_path):
    status, out, _ = run("K99")
    assert status == 0
    assert "line: It is 2.\n\nslope  2\n\nThe claim holds here: it is 2.\n" in out
    assert re.search(r"^wrote line.png; took \d+\.\d s$", out, re.M)
    assert (tmp_path / "line.png").read_bytes().startswith(b"\x89PNG")


def test_the_picture_goes_where_one_wants_it(run, line, tmp_path):
    assert run("line", "--save", "a.svg")[0] == 0
    assert "<svg" in (tmp_path / "a.svg").read_text("utf-8")
    status, _, err = run("line", "--save", "a.xyz")
    assert (status, "unknown picture format 'xyz'" in err) == (2, True)


def test_a_seed_and_a_larger_size_reach_the_function(line, run, monkeypatch):
    seen = []
    monkeypatch.setattr(lab.Result, "save", lambda self, path: seen.append(self.numbers))
    run("line", "--seed", "7", "--full")
    run("line")
    assert seen == [{"seed": 7, "points": 3}, {"seed": 0, "points": 2}]


def test_a_seed_without_random_numbers_and_a_size_that_is_not_there_are_refused(line, run):
    @lab.experiment("U98")
    def fixed():
        """It is 2."""
        return quick()

    assert "uses no random numbers" in run("fixed", "--seed", "1")[2]
    assert "has only one size" in run("fixed", "--full")[2]


@pytest.mark.parametrize(
    ("holds", "verb"), [(True, "holds"), (False, "does not hold"), (None, "is not tested")]
)
def test_a_verdict_says_whether_the_claim_holds_or_is_not_tested(holds, verb):
    assert quick(holds=holds, finding="it is 3.").verdict == f"The claim {verb} here: it is 3."


def test_a_notebook_shows_the_report_and_the_picture():
    shown = quick(claim="1 < 2")._repr_html_()
    assert '<pre style="font-family:monospace">line: 1 &lt; 2' in shown
    assert 'src="data:image/png;base64,iVBOR' in shown


def test_a_picture_of_several_parts_takes_the_place_of_the_axes_it_is_given():
    two = quick(panels=[lambda ax: ax.set_title("a"), lambda ax: ax.set_title("b")])
    figure = Figure()
    left, right = figure.subplots(1, 2)
    first = two.plot(right)
    assert first.figure is figure
    assert [ax.get_title() for ax in figure.axes] == ["", "", "a", "b"]
    assert left in figure.axes
    with pytest.raises(OperandError, match="placed by hand"):
        two.plot(Figure().add_axes((0, 0, 1, 1)))


def test_one_part_is_drawn_on_the_axes_it_is_given():
    ax = Figure().add_subplot()
    assert quick().plot(ax) is ax
    assert len(ax.lines) == 1


@pytest.mark.slow
def test_the_numbers_need_no_matplotlib():
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from autograd_edu import lab\n"
        "r = lab.lone_perceptron(epochs=20)\n"
        "print(r.holds, '<img' in r._repr_html_())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "True False\n"


def test_the_laboratory_needs_no_import_of_its_own():
    assert autograd_edu.lab is lab
