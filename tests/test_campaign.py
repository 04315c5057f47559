"""Two slices of each campaign: one with a fixed seed, and one with a fresh seed on every run."""

import random

import pytest
from campaign import load, names

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
