"""A small GPT, as in the benchmarks, trains alike by replay and eagerly, however it is written."""

import random
import re
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

from gpt import GPT, ONE_HOT, PlainGPT, Training, all_names, eager_step, invented, tokens_of
from gpt_by_hand import NumpyStep, flat

from autograd_edu import ProgramCache
from autograd_edu.errors import ShapeError
from autograd_edu.optim import Adam

NAMES = ["anna", "kim", "leon", "max"]


def small(kind=GPT):
    return kind(width=8, heads=2, context=11)


def test_its_listing_with_gradients_reads_like_a_persons():
    model, (tokens, _) = GPT(), tokens_of("isabella")
    program = ProgramCache(model.loss, model.parameters()).program(*[ONE_HOT[tokens]] * 2)
    text = program.listing("python", gradients=True)
    assert len(text.splitlines()) <= 90
    assert len(re.findall(r"\w+ @ \w+", text)) >= 2  # scores = queries @ keys, and what they take
    assert "np.tri(9)" in text
    assert "np.take" not in text
    assert "scatter" not in text


@pytest.mark.slow
def test_three_steps_by_replay_are_three_steps_of_the_eager_engine():
    model, twin = small(), small()
    training = Training(model, NAMES, steps=3)
    adam = Adam(twin.parameters(), betas=(0.85, 0.99))
    for step, name in enumerate(NAMES[:3]):
        training.step()
        assert eager_step(twin, name) == pytest.approx(training.losses[-1], rel=1e-12)
        adam.lr = 0.01 * (1 - step / 3)
        adam.step()
    training.programs.write_back()
    np.testing.assert_allclose(
        [p.data for p in model.parameters()],
        [p.data for p in twin.parameters()],
        rtol=1e-9,
        atol=1e-12,
    )
    assert (training.programs.traced, training.programs.found) == (
        2,
        1,
    )  # anna and leon are of one length


@pytest.mark.parametrize("kind", [GPT, PlainGPT])
def test_each_way_of_writing_the_model_gives_the_gradients_derived_by_hand(kind):
    model, (tokens, following) = small(kind), tokens_of("anna")
    loss, gradients = NumpyStep(model)(np.array(tokens), np.array(following))
    assert eager_step(model, "anna") == pytest.approx(loss, rel=1e-12)
    expected = flat(gradients)
    largest = np.abs(expected).max()
    np.testing.assert_allclose(
        [p.grad for p in model.parameters()], expected, rtol=1e-12, atol=1e-13 * largest
    )
    programs = ProgramCache(model.loss, model.parameters())
    replayed, grads = programs.value_and_grad(ONE_HOT[tokens], ONE_HOT[following])
    assert replayed == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(grads.parameters, expected, rtol=1e-12, atol=1e-13 * largest)


@pytest.mark.slow
def test_training_lowers_the_loss_of_names_that_it_has_not_seen():
    model = small()
    training = Training(model, all_names()[200:], steps=60)
    before = training.mean_loss(NAMES)
    for _ in range(60):
        training.step()
    assert before == pytest.approx(
        np.log(27), rel=0.05
    )  # it knows nothing: every token is as probable as any
    assert training.mean_loss(NAMES) < before - 0.2


def test_the_loss_of_names_of_one_length_is_that_of_each():
    training = Training(small(), NAMES, steps=1)
    each = [eager_step(small(), name) for name in NAMES]
    assert training.mean_loss(NAMES) == pytest.approx(np.mean(each), rel=1e-12)


def test_no_place_in_a_name_sees_what_comes_after_it():
    model = small()
    anna, anka = (model.surprises(*tokens_of(name)) for name in ("anna", "anka"))
    same = [a.data == b.data for a, b in zip(anna, anka, strict=True)]
    assert same == [
        True,
        True,
        False,
        False,
        False,
    ]  # the third letter itself is the first that surprises differently


def test_a_name_that_is_too_long_is_refused():
    with pytest.raises(ShapeError, match="no more than 11 tokens; 12 were given"):
        eager_step(small(), "maximiliana")


@pytest.mark.slow
def test_invented_names_are_letters_and_the_same_for_the_same_seed():
    model = small()
    programs = ProgramCache(model.surprise, model.parameters())
    names = [
        [
            invented(programs, model.context, temperature=0.7, rng=random.Random(seed))
            for seed in range(3)
        ]
        for _ in range(2)
    ]
    assert names[0] == names[1]
    assert all(
        name.islower() and name.isascii() and 0 < len(name) < model.context for name in names[0]
    )


def test_the_list_of_names_is_large_and_clean():
    names = all_names()
    assert len(names) == len(set(names)) >= 2000
    assert all(
        3 <= len(name) <= 10 and set(name) <= set("abcdefghijklmnopqrstuvwxyz") for name in names
    )
    assert names != sorted(names)
