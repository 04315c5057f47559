"""Learning rates over time."""

import pytest

from autograd_edu.errors import DomainError, TargetError
from autograd_edu.schedules import (
    Constant,
    Cosine,
    Cyclic,
    InverseSqrt,
    Linear,
    Shifted,
    StepDecay,
    WarmUp,
)


@pytest.mark.parametrize(
    ("schedule", "times", "rates"),
    [
        pytest.param(Constant(0.1), (0, 50), (0.1, 0.1), id="constant"),
        pytest.param(
            StepDecay(1.0),
            (0, 29, 30, 59, 60, 89, 90),
            (1, 1, 0.1, 0.1, 0.01, 0.01, 0.001),
            id="a tenth after 30, 60, 90",
        ),
        pytest.param(
            Cosine(0.1, 100),
            (0, 25, 50, 75, 100, 101),
            (0.1, 0.085355339059327376, 0.05, 0.014644660940672624, 0, 0),
            id="cosine",
        ),
        pytest.param(
            Linear(0.1, 100),
            (0, 25, 50, 75, 100, 101),
            (0.1, 0.075, 0.05, 0.025, 0, 0),
            id="linear",
        ),
        pytest.param(InverseSqrt(0.1), (1, 4, 100), (0.1, 0.05, 0.01), id="inverse square root"),
        pytest.param(Shifted(InverseSqrt(0.1), 1), (0, 3), (0.1, 0.05), id="the same, begun at 0"),
        pytest.param(
            WarmUp(Constant(0.4), 3),
            (0, 1, 2, 3, 9),
            (0.1, 0.2, 0.3, 0.4, 0.4),
            id="a rise over three steps",
        ),
        pytest.param(
            Cyclic(0.1, 50), (0, 25, 50, 75), (0.1, 0.05, 0.1, 0.05), id="cycles of fifty"
        ),
    ],
)
def test_a_schedule_gives_the_rates_of_its_formula(schedule, times, rates):
    assert [schedule(t) for t in times] == pytest.approx(rates, abs=1e-15, rel=1e-15)


def test_the_inverse_square_root_is_not_defined_at_zero():
    with pytest.raises(DomainError, match="no value at t = 0"):
        InverseSqrt(0.1)(0)


@pytest.mark.parametrize(
    "make", [lambda: Cosine(0.1, 0), lambda: Linear(0.1, -1), lambda: Cyclic(0.1, 0)]
)
def test_a_schedule_takes_some_time(make):
    with pytest.raises(TargetError, match=r"(end|period) of \w+ must be finite and positive; got"):
        make()


def test_a_cycle_ends_before_the_next_begins():
    assert [t for t in range(12) if Cyclic(0.1, 4).ends_cycle(t)] == [3, 7, 11]


def test_a_schedule_prints_itself():
    assert repr(StepDecay(0.5)) == "StepDecay(lr=0.5, milestones=(30, 60, 90), factor=0.1)"
