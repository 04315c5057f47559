"""A pytest plugin: `pytest -p faults.plugin --plant NAME` runs tests on a package with that fault in it."""

import pytest

from . import planting


def pytest_addoption(parser):
    group = parser.getgroup("faults")
    group.addoption(
        "--plant",
        metavar="NAME",
        help="plant this fault of tests/faults/table.py before the package is imported",
    )
    group.addoption(
        "--mutant",
        metavar="NUMBER",
        type=int,
        help="plant this mutant of tests/faults/mutants.py instead",
    )


def pytest_configure(config):
    name, number = config.getoption("--plant"), config.getoption("--mutant")
    try:
        if name:
            from .table import fault_named

            fault_named(name).plant()
        if number is not None:
            from .mutants import mutant

            planting.install(mutant(number))
    except planting.PlantingError as error:
        raise pytest.UsageError(f"not planted: {error}") from None
