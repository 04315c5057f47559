"""Data sets and their preparation."""

import math
import random

import numpy as np
import pytest

from autograd_edu import Value, data, nn
from autograd_edu.data import Dataset, standardise, whiten
from autograd_edu.errors import OperandError, OptionError, ShapeError, TargetError
from autograd_edu.nn.losses import average, half_squared_error

SEEDED = [data.moons, data.circles, data.spirals, data.blobs, data.noisy_function]


@pytest.mark.parametrize("make", SEEDED, ids=lambda make: make.__name__)
def test_the_seed_repeats_the_set_and_another_gives_another(make):
    assert make(seed=3) == make(seed=3)
    assert make(seed=3) != make(seed=4)
    assert len(make(seed=3)) == 100


@pytest.mark.parametrize("make", SEEDED[:4], ids=lambda make: make.__name__)
def test_classes_are_balanced_and_shuffled(make):
    ys = make(n=101).ys
    assert sorted(ys.count(k) for k in (0, 1)) == [50, 51]
    assert ys != sorted(ys)


def test_a_seeded_point_is_the_same_on_every_machine():
    assert data.moons(4, 0.1, seed=7).xs[0] == pytest.approx(
        [1.9779715912335862, 0.513933770329676], abs=1e-12
    )


def test_without_noise_moons_lie_on_their_half_circles():
    for (x, y), label in data.moons(50, 0.0):
        centre, sign = ((0.0, 0.0), 1.0) if label == 0 else ((1.0, 0.5), -1.0)
        assert math.hypot(x - centre[0], y - centre[1]) == pytest.approx(1.0)
        assert sign * (y - centre[1]) >= -1e-12


def test_without_noise_circles_have_their_radii():
    for (x, y), label in data.circles(50, 0.0, inner=0.3):
        assert math.hypot(x, y) == pytest.approx(0.3 if label else 1.0)


def test_without_noise_the_arms_of_a_spiral_are_one_turned_half_around():
    arms = data.spirals(40, 0.0)
    first, second = (
        {(round(x, 9), round(y, 9)) for (x, y), label in arms if label == k} for k in (0, 1)
    )
    assert {(-x, -y) for x, y in first} == second


def test_blobs_lie_around_their_centres():
    blobs = data.blobs(3000, ((0.0, 0.0), (5.0, -5.0), (0.0, 9.0)), sd=0.5)
    assert blobs.classes == 3
    second = np.array([x for x, label in blobs if label == 1])
    assert second.mean(axis=0) == pytest.approx([5.0, -5.0], abs=0.08)
    assert second.std(axis=0) == pytest.approx([0.5, 0.5], abs=0.05)


def test_truth_tables_hold_every_pair_of_inputs_and_refuse_other_names():
    assert [data.truth_table(name).ys for name in ("xor", "and", "or")] == [
        [0, 1, 1, 0],
        [0, 0, 0, 1],
        [0, 1, 1, 1],
    ]
    assert data.truth_table("xor").xs == [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    with pytest.raises(
        OptionError, match="unknown truth table 'nand'; choose from 'xor', 'and', 'or'"
    ):
        data.truth_table("nand")


def test_the_corner_has_441_of_1681_points():
    corner = data.above_the_corner()
    assert (len(corner), sum(corner.ys)) == (1681, 441)
    assert ([1.0, 2.0], 1) in corner
    assert ([-1.0, 2.0], 1) in corner


def test_noise_of_a_function_may_depend_on_the_place():
    noisy = data.noisy_function(lambda x: 0.0, 4000, low=0.0, high=2.0, noise=lambda x: x)
    small = [y for (x,), y in noisy if x < 0.5]
    large = [y for (x,), y in noisy if x > 1.5]
    assert np.std(large) > 4 * np.std(small)


@pytest.mark.slow
def test_the_digits_are_those_of_scikit_learn():
    digits = data.digits()
    assert (len(digits), len(digits.xs[0]), digits.classes) == (1797, 64, 10)
    assert max(map(max, digits.xs)) == 1.0
    assert set(digits.ys) == set(range(10))


def test_standardised_columns_have_mean_zero_and_deviation_one():
    xs, scale = standardise([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0], [4.0, 5.0]])
    assert [x[0] for x in xs] == pytest.approx(
        [-1.3416407864998738, -0.4472135954999579, 0.4472135954999579, 1.3416407864998738],
        rel=1e-15,
        abs=0.0,
    )
    assert [x[1] for x in xs] == [0.0] * 4, "a column that never changes is only moved"
    assert scale([2.5, 6.0]) == [0.0, 1.0]


def test_whitened_columns_are_uncorrelated_with_variance_one():
    rng = np.random.default_rng(0)
    raw = (rng.standard_normal((500, 3)) @ rng.standard_normal((3, 3)) + 5.0).tolist()
    xs, apply = whiten(raw)
    assert np.cov(np.array(xs).T, bias=True) == pytest.approx(np.eye(3), abs=1e-12)
    assert apply(raw[7]) == pytest.approx(xs[7])
    assert len(whiten(raw, keep=2)[0][0]) == 2
    assert len(whiten([[x, 2 * x] for x, _, _ in raw])[0][0]) == 1, "no axis without variance"


def test_a_split_keeps_every_sample_once():
    training, test = data.moons(50).split(0.2, seed=1)
    assert (len(training), len(test)) == (40, 10)
    assert sorted(training.xs + test.xs) == sorted(data.moons(50).xs)
    assert data.moons(50).split(0.2, seed=1) == (training, test)


def test_batches_cut_the_set_and_shuffle_it_if_asked():
    xor = data.truth_table("xor")
    assert [batch.ys for batch in xor.batches(3)] == [[0, 1, 1], [0]]
    assert [len(batch) for batch in xor.batches()] == [4]
    shuffled = [y for batch in data.moons(20).batches(7, random.Random(0)) for y in batch.xs]
    assert shuffled != data.moons(20).xs
    assert sorted(shuffled) == sorted(data.moons(20).xs)


def test_the_full_batch_gradient_is_the_mean_of_those_of_equal_mini_batches():
    samples = data.noisy_function(n=12)

    def gradient(batch):
        w = Value(0.5)
        average([half_squared_error(w * x, t) for (x,), t in batch]).backward()
        return w.grad

    parts = [gradient(batch) for batch in samples.batches(4)]
    assert gradient(samples) == pytest.approx(sum(parts) / 3, rel=1e-12, abs=0.0)


@pytest.mark.parametrize(
    ("misuse", "kind", "message"),
    [
        pytest.param(
            lambda: data.moons(-5),
            ShapeError,
            "number of points must be at least 1; got -5",
            id="points below none",
        ),
        pytest.param(
            lambda: data.blobs(4, []),
            ShapeError,
            "number of centres must be at least 1; got 0",
            id="no centres",
        ),
        pytest.param(
            lambda: Dataset([1], [1]).split(),
            ShapeError,
            "samples to split must be at least 2; got 1",
            id="one sample to split",
        ),
        pytest.param(
            lambda: Dataset("ab", "cd"),
            OperandError,
            "samples of a data set must be a list; got str 'ab'",
            id="text for samples",
        ),
        pytest.param(
            lambda: standardise([1.0, 2.0]),
            ShapeError,
            "lists of the same length",
            id="numbers for samples",
        ),
        pytest.param(
            lambda: Dataset([1, 2], [1]),
            ShapeError,
            "2 samples and 1 targets",
            id="a missing target",
        ),
        pytest.param(
            lambda: data.moons().split(1.5),
            TargetError,
            "must be between 0 and 1; got 1.5",
            id="a share above 1",
        ),
        pytest.param(lambda: standardise([]), ShapeError, "one or more", id="nothing to scale"),
        pytest.param(
            lambda: standardise([[1.0], [1.0, 2.0]]),
            ShapeError,
            "lists of the same length",
            id="samples of several lengths",
        ),
    ],
)
def test_misuse_is_told(misuse, kind, message):
    with pytest.raises(kind, match=message):
        misuse()


def test_targets_can_be_mapped():
    assert data.truth_table("or").map_targets(lambda t: 2 * t - 1).ys == [-1, 1, 1, 1]


# ---- streams, scales, batches ----


def test_streams_of_one_seed_are_independent():
    """Weights, points and shuffles of seed 0: 40 pairs of 2,000 draws, none correlated."""
    streams = {
        "weights": [
            w.data for w in nn.Linear(2000, 1, init=nn.init.gaussian(1.0), seed=0).neurons[0].w
        ],
        "other weights": [
            w.data for w in nn.Linear(2000, 2, init=nn.init.gaussian(1.0), seed=0).neurons[0].w
        ],
        "embedding": [e.data for e in nn.Embedding(1, 2000, seed=0).rows[0]],
        "model": [
            w.data
            for w in nn.MLP(2000, [1], init=nn.init.gaussian(1.0), seed=0).layers[0].neurons[0].w
        ],
        "blobs": [v for x in data.blobs(1000, centres=[(0.0, 0.0)], sd=1.0, seed=0).xs for v in x],
        "noise": nn.Noise(1.0, seed=0)([0.0] * 2000),
        "dropout": nn.Dropout(0.5, seed=0)([1.0] * 2000),
        "dropconnect": [w.data for w in nn.DropConnect(2000, 1, seed=0).neurons[0].w],
        "split": data.Dataset(list(range(2500)), [0] * 2500).split(0.2, seed=0)[0].xs,
        "another seed": [
            w.data for w in nn.Linear(2000, 1, init=nn.init.gaussian(1.0), seed=1).neurons[0].w
        ],
    }
    found = np.corrcoef(list(streams.values())) - np.eye(len(streams))
    assert np.abs(found).max() < 4.5 / math.sqrt(2000), dict(
        zip(streams, found.max(axis=0), strict=True)
    )


def test_the_pieces_of_maxout_differ_so_that_it_can_bend():
    layer = nn.Maxout(1, 1, pieces=2, seed=0)
    first, second = (piece.neurons[0].w[0].data for piece in layer.pieces)
    assert first != second


def test_generators_are_used_as_they_are_and_other_seeds_are_whole_numbers():
    rng = np.random.default_rng(0)
    a, b = (nn.Linear(2, 2, seed=rng).state_dict() for _ in range(2))
    assert a != b
    assert nn.Linear(2, 2, seed=np.int64(3)).state_dict() == nn.Linear(2, 2, seed=3).state_dict()


@pytest.mark.parametrize("constant", [0.1, 1e-30, 1e30, 0.0, -0.3])
def test_a_column_that_never_changes_is_only_moved(constant):
    for n in (2, 3, 10, 77):
        xs, scale = standardise([[constant, float(i)] for i in range(n)])
        assert scale.sd[0] == 1.0
        assert max(abs(x[0]) for x in xs) <= 1e-15 * abs(constant)


def test_a_column_that_changes_by_little_is_scaled_all_the_same():
    xs, _ = standardise([[1.0 + 1e-9 * i] for i in range(5)])
    assert [x[0] for x in xs] == pytest.approx(
        [-math.sqrt(2), -math.sqrt(0.5), 0.0, math.sqrt(0.5), math.sqrt(2)], rel=1e-6, abs=1e-6
    )


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_has_at_least_one_sample(size):
    with pytest.raises(
        ShapeError,
        match=rf"batch_size \(None uses all samples at once\) must be at least 1; got {size}",
    ):
        next(data.moons(10).batches(size))


def test_drop_last_leaves_out_the_smaller_batch():
    points = data.moons(10)
    assert [len(b) for b in points.batches(4, drop_last=True)] == [4, 4]
    assert [len(b) for b in points.batches(5, drop_last=True)] == [5, 5]
    assert [len(b) for b in points.batches(None, drop_last=True)] == [10]


# ---- one sample, or some ----


def test_an_index_gives_a_sample_and_a_slice_a_data_set():
    points = Dataset([[0.0], [1.0], [2.0]], [5.0, 6.0, 7.0], "points")
    assert points[0] == ([0.0], 5.0)
    assert points[-1] == points[np.int64(2)] == ([2.0], 7.0)
    assert points[1:] == Dataset([[1.0], [2.0]], [6.0, 7.0], "points")
    assert [points[i] for i in range(3)] == list(points)


def test_an_index_that_is_missing_or_no_number_is_told():
    points = Dataset([[0.0], [1.0]], [5.0, 6.0])
    with pytest.raises(IndexError, match="2 samples has no index 2; the last is 1"):
        points[2]
    with pytest.raises(TargetError, match="no index -3"):
        points.take([0, -3])
    with pytest.raises(OperandError, match=r"got \[0, 1\]. For several samples, use take"):
        points[[0, 1]]


# ---- changed copies of pictures ----


def picture(rng, shape=(6, 5)):
    return rng.uniform(0.0, 1.0, shape)


@pytest.mark.parametrize(("shift", "turn"), [(2.5, 0.0), (0.0, 40.0), (1.7, 25.0)])
def test_a_copy_is_the_affine_image_that_scipy_computes(shift, turn):
    """The random amounts are found again by the seed; SciPy interpolates with zeros outside."""
    from scipy import ndimage

    pixels = picture(np.random.default_rng(0))
    once = Dataset([pixels.ravel().tolist()], [3])
    copy = data.augment(once, shift=shift, turn=turn, shape=(6, 5), seed=4).xs[1]
    rng = random.Random("augment 4")
    down, right, degrees = (rng.uniform(-most, most) for most in (shift, shift, turn))
    angle, centre = math.radians(degrees), np.array([2.5, 2.0])
    matrix = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    offset = centre - matrix @ (centre + np.array([down, right]))
    wanted = ndimage.affine_transform(pixels, matrix, offset, order=1, mode="grid-constant")
    assert copy == pytest.approx(wanted.ravel().tolist(), abs=1e-12)


def test_a_positive_turn_is_to_the_left():
    """A dot to the right of the centre moves up: its row becomes smaller."""
    dot = np.zeros((9, 9))
    dot[4, 7] = 1.0
    rng = random.Random("augment 0")
    turned = data.augment(Dataset([dot.ravel().tolist()], [0]), shift=0.0, turn=60.0).xs[1]
    _, _, angle = (rng.uniform(-most, most) for most in (0.0, 0.0, 60.0))
    rows = np.array(turned).reshape(9, 9).sum(axis=1)
    up = 4.0 - (rows * np.arange(9)).sum() / rows.sum()
    assert up == pytest.approx(3.0 * math.sin(math.radians(angle)), abs=0.1)
    assert abs(up) > 0.3


def test_copies_follow_the_pictures_and_keep_their_targets():
    pictures = Dataset([[0.0, 1.0, 0.5, 0.25], [1.0] * 4], [4, 7], "two", 10)
    more = data.augment(pictures, copies=3, seed=1)
    assert more[:2] == pictures
    assert more.ys == [4, 7] * 4
    assert (more.name, more.classes) == ("two", 10)
    assert more == data.augment(pictures, copies=3, seed=1)
    assert more != data.augment(pictures, copies=3, seed=2)
    assert len({tuple(x) for x in more.xs}) == 8


def test_noise_has_the_standard_deviation_that_was_asked_for():
    blank = Dataset([[0.5] * 400], [0])
    noisy = np.array(data.augment(blank, copies=20, shift=0.0, turn=0.0, noise=0.2).xs[1:])
    assert noisy.mean() == pytest.approx(0.5, abs=0.01)
    assert noisy.std() == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        pytest.param({}, ShapeError, "6 pixels do not form a picture of 2 × 2", id="no square"),
        pytest.param(
            {"shape": (2, 3), "turn": -1.0}, TargetError, "turn must be .* got -1.0", id="a turn"
        ),
        pytest.param(
            {"shape": (2, 3), "copies": -1}, ShapeError, "copies must be at least 0", id="copies"
        ),
    ],
)
def test_pictures_that_cannot_be_changed_are_told(options, kind, message):
    with pytest.raises(kind, match=message):
        data.augment(Dataset([[0.0] * 6], [0]), **options)
