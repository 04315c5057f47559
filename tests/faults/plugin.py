"""A pytest plugin: `pytest -p faults.plugin --plant NAME` plants a fault before the tests run."""

import pytest

from . import mutants, planting, table


def pytest_addoption(parser):
    group = parser.getgroup("faults")
    group.addoption(
        "--plant",
        metavar="NAME",
        help="plant this fault of tests/faults/table.py before the package is imported",
    )
    group.addoption(
        "--mutant", metavar="NAME", help="plant this mutant of tests/faults/mutants.py instead"
    )
    group.addoption(
        "--record", metavar="FILE", help="write which tests call which functions of the package"
    )


def pytest_configure(config):
    try:
        if name := config.getoption("--plant"):
            table.fault_named(name).plant()
        if name := config.getoption("--mutant"):
            planting.install(mutants.mutant(name).get)
        if path := config.getoption("--record"):
            planting.install(mutants.recorded)
            config.pluginmanager.register(mutants.Recorder(path))
    except planting.PlantingError as error:
        raise pytest.UsageError(f"not planted: {error}") from None
