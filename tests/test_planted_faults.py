"""Planting a fault changes one place, or says that there is none; a fault that is noticed is told.

Whether the tests notice the faults of the table is the campaign `faults`.
"""

import ast
import re

import pytest
from faults.fault import TESTS, ask
from faults.planting import PlantingError, Replace, changed, changed_script
from faults.table import FAULTS, fault_named
from mistakes.tables import numbered

planted_in_a_place = [fault for fault in FAULTS if fault.act is None]
SEED = fault_named("the gradient that a program starts from is 2")


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault", planted_in_a_place, ids=[fault.what for fault in planted_in_a_place]
)
def test_every_fault_of_the_table_has_one_place(fault):
    assert fault.place()


def test_every_fault_of_the_table_has_a_description_of_its_own_and_a_test():
    assert len({fault.what for fault in FAULTS}) == len(FAULTS)
    assert all(fault.noticed_by for fault in FAULTS)


@pytest.mark.parametrize(
    ("old", "new", "before", "after"),
    [
        pytest.param(
            "a < b",
            "a <= b",
            "x = f(a  <  b)",
            "x = f(a <= b)",
            id="an expression, however it is laid out",
        ),
        pytest.param(
            "_A < _B", "_B < _A", "f(x) < y[0]", "y[0] < f(x)", id="holes keep what they stand for"
        ),
        pytest.param(
            "_A + _A", "2 * _A", "x + x, x + y", "2 * x, x + y", id="one hole is one thing"
        ),
        pytest.param("x = 1", "pass", "if a:\n    x = 1", "if a:\n    pass", id="a statement"),
        pytest.param(
            "x = 1\ny = 2",
            "y = 2\nx = 1",
            "x = 1\ny = 2\nz",
            "y = 2\nx = 1\nz",
            id="statements in a row",
        ),
        pytest.param("if a:\n    _A", "_A", "if a:\n    f(x)", "f(x)", id="a hole for a statement"),
    ],
)
def test_a_pattern_becomes_its_replacement(old, new, before, after):
    replace = Replace(old, new)
    tree = replace.visit(ast.parse(before))
    assert replace.count == 1
    assert ast.unparse(ast.fix_missing_locations(tree)) == ast.unparse(ast.parse(after))


@pytest.mark.slow
def test_a_fault_without_a_place_or_with_several_is_not_planted():
    with pytest.raises(
        PlantingError, match=r"^0 places in the package read `no_such_name_anywhere`"
    ):
        changed("no_such_name_anywhere", "None")
    with pytest.raises(PlantingError, match=r"^\d+ places in the package"):
        changed("len(_A)", "0")
    with pytest.raises(PlantingError, match="It is found in: autograd_edu"):
        changed(SEED.old, SEED.new, "no_such_function")
    with pytest.raises(PlantingError, match="no fault 'nothing'"):
        fault_named("nothing")
    with pytest.raises(PlantingError, match=r"1 files now\.js: not one place reads `no_such_name`"):
        changed_script("now.js", "no_such_name", "")


@pytest.mark.slow
def test_a_test_that_sees_the_fault_notices_and_one_that_does_not_says_nothing():
    assert ask(["--plant", SEED.what], SEED.noticed_by).failed == SEED.noticed_by
    blind = ask(
        ["--plant", SEED.what],
        ["test_schedules.py::test_a_schedule_gives_the_rates_of_its_formula"],
    )
    assert (blind.failed, blind.problem) == ((), "")


@pytest.mark.slow
def test_a_run_in_which_nothing_was_planted_or_no_test_ran_is_a_problem_and_not_a_notice():
    unknown = ask(
        ["--plant", "nothing"],
        ["test_schedules.py::test_a_schedule_gives_the_rates_of_its_formula"],
    )
    assert unknown.failed == ()
    assert "not planted: there is no fault 'nothing'" in unknown.problem
    gone = ask(["--plant", SEED.what], ["test_schedules.py::test_that_is_gone"])
    assert gone.failed == ()
    assert "test_that_is_gone" in gone.problem


def missing(page):
    """The tests, mistakes and planted faults that a page names and that are not there."""
    tests = {
        (path.name, node.name)
        for path in TESTS.glob("test_*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    named = re.findall(r"`(test_\w+\.py)::(\w+)`", page)
    planted = re.findall(r"^\| (?:E|lectures|new) \|.*\| (.*) \|$", page, re.M)
    gone = [f"{file}::{name}" for file, name in named if (file, name) not in tests]
    mistakes = {name for name, _, _ in numbered()}
    gone += [name for name in re.findall(r"`([a-z-]+-\d\d)`", page) if name not in mistakes]
    return gone + [what for what in planted if what not in {fault.what for fault in FAULTS}]


def test_the_tests_and_faults_that_the_readme_names_are_there():
    page = (TESTS / "faults" / "README.md").read_text("utf-8")
    assert missing(page) == []
    lettered = set(re.findall(r"^\| ([A-F](?:\d+| also)?) ", page, re.M))
    of_a_number = {f"A{i}" for i in range(1, 15)} | {f"B{i}" for i in range(15, 21)}
    assert lettered >= of_a_number | {"B also", "C21", "C22", "C23", "C also", "D", "E", "F"}


def test_a_name_that_is_gone_is_seen():
    assert missing("`test_value.py::test_gone` `values-99`\n| E | x | no such fault |") == [
        "test_value.py::test_gone",
        "values-99",
        "no such fault",
    ]
