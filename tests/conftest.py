"""Options of the test run."""

import pytest


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="also run what takes minutes: 100,000 random graphs")


@pytest.fixture(scope="session")
def long(request):
    """Whether the long runs were asked for."""
    return request.config.getoption("--long")
