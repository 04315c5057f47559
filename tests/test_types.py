"""What type checkers see: typical code of a user, at their strictest, without `Any`."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from autograd_edu.arithmetic.rows import Facts
from autograd_edu.engine.op import Op

TYPICAL = Path(__file__).parent / "typing"
USER = TYPICAL / "user.py"
CHECKERS = {
    "mypy": ["mypy", "--strict", "--config-file=", "--ignore-missing-imports"],
    "basedpyright": ["basedpyright", "--level", "error"],
}


def check(checker: str, file: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", *CHECKERS[checker], str(file)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("file", ["user.py", "programs.py"])
def test_typical_code_passes_at_the_strictest_setting(checker, file):
    result = check(checker, TYPICAL / file)
    assert result.returncode == 0, result.stdout


@pytest.mark.slow
@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("assert_type(relu(z), Value)", "assert_type(relu(z), float)"),
        ("    relu,\n", "    relu, rellu,\n"),
        ("grad(cube)(2.0), float", "grad(cube)(2.0), int"),
    ],
    ids=["a wrong type", "a misspelled name", "a wrong derivative"],
)
def test_a_mistake_in_it_is_found(tmp_path, checker, right, wrong):
    text = USER.read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "user.py").write_text(text.replace(right, wrong), encoding="utf-8")
    assert check(checker, tmp_path / "user.py").returncode == 1


def test_a_checker_knows_every_fact_of_a_row():
    by_another_name = {"rule", "slopes", "groups", "called"}
    fields = {field.name for field in dataclasses.fields(Op)} - by_another_name
    assert set(Facts.__annotations__) == fields | {"local_gradients"}
