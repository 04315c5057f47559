"""Two slices of each campaign: one with a fixed seed, and one with a fresh seed on every run."""

import random

import pytest
from campaign import check, load, names
from scipy import stats

pytestmark = pytest.mark.random


@pytest.mark.parametrize("slice_", ["fixed", "fresh"])
@pytest.mark.parametrize("name", names())
def test_a_slice_of_the_campaign_finds_nothing(name, slice_):
    campaign = load(name)
    seed = 0 if slice_ == "fixed" else random.SystemRandom().randrange(2**32)
    outcome = campaign.run(seed, campaign.SLICE)
    assert not outcome.failures, (
        f"python -m tests.campaign {name} --seed {seed} --count {campaign.SLICE}\n"
        f"{outcome}\n{outcome.failures[0]}"
    )


@pytest.mark.parametrize(
    ("unsure", "resolvable", "likely"),
    [(5, 72, True), (10, 72, True), (12, 72, False), (100, 2000, True), (140, 2000, False)],
)
def test_a_share_of_undecided_gradients_is_excused_only_where_chance_explains_it(
    unsure, resolvable, likely
):
    """95 % must be decided; the bounds are those of the binomial distribution, from SciPy."""
    assert check.chance_of(unsure, resolvable) == pytest.approx(
        stats.binom.sf(unsure - 1, resolvable, 0.05), rel=1e-6, abs=1e-12
    )
    assert (check.chance_of(unsure, resolvable) >= 0.001) == likely
