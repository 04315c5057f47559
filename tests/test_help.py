"""What `help()` shows of an operation: an example that holds."""

import doctest

import pytest

from autograd_edu import OPS

OWN = [row for row in OPS.values() if row.rule.__module__ == "autograd_edu.engine.ops"]


def failures(row):
    """How many examples ``row`` shows, and how many of them do not hold."""
    test = doctest.DocTestParser().get_doctest(row.__doc__, dict(OPS), row.name, None, None)
    result = doctest.DocTestRunner(verbose=False).run(test, out=lambda text: None)
    return result.attempted, result.failed


@pytest.mark.parametrize("row", OWN, ids=lambda row: row.name)
def test_each_operation_shows_an_example_that_holds(row):
    attempted, failed = failures(row)
    assert attempted
    assert not failed


def test_an_example_that_does_not_hold_is_found():
    class Wrong:
        name, __doc__ = "wrong", ">>> relu(1.0)\n2.0\n"

    assert failures(Wrong) == (1, 1)
