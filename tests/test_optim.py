"""Optimisers: the iterates of the lectures' formulas, options, misuse, and saved states."""

import math

import numpy as np
import pytest

from autograd_edu import Constant, Value
from autograd_edu.errors import (
    DomainError,
    OperandError,
    OptionError,
    ShapeError,
    StateError,
    TargetError,
    TrainingError,
)
from autograd_edu.nn import MLP
from autograd_edu.nn.losses import half_squared_error
from autograd_edu.optim import (
    SGD,
    AdaDelta,
    AdaGrad,
    Adam,
    AdamW,
    Momentum,
    NAdam,
    Nesterov,
    RMSProp,
    lbfgs,
    minimise,
    newton,
)
from autograd_edu.optim.second_order import of_parameters


def quadratic(theta):
    return 0.5 * (theta[0] ** 2 + 10.0 * theta[1] ** 2)


def iterates(make, steps=3):
    """On ½(θ₁² + 10θ₂²) from (1, 1)."""
    theta = [Value(1.0), Value(1.0)]
    optimiser, seen = make(theta), []
    for _ in range(steps):
        optimiser.zero_grad()
        if isinstance(optimiser, Nesterov) and optimiser.form == "look-ahead":
            optimiser.looking_ahead()
        quadratic(theta).backward()
        optimiser.step()
        seen.append(tuple(t.data for t in theta))
    return seen


def iterates_of_minimise(make, steps=3):
    path = minimise(lambda a, b: quadratic([a, b]), [1.0, 1.0], optimiser=make(()), steps=steps)
    return path.points[1:]


def iterates_on_arrays(make, steps=3):
    theta, optimiser, seen = np.ones(2), make(()), []
    for _ in range(steps):
        there = optimiser.look_ahead(theta)
        theta = optimiser.update(theta, np.array([there[0], 10.0 * there[1]]))
        seen.append(tuple(theta.tolist()))
    return seen


PRINTED = [
    pytest.param(
        lambda p: SGD(p, 0.05),
        [(0.95, 0.5), (0.9025, 0.25), (0.857375, 0.125)],
        id="gradient descent",
    ),
    pytest.param(
        lambda p: Momentum(p, 0.05, style="average"),
        [(0.995, 0.95), (0.985525, 0.8575), (0.972069875, 0.731375)],
        id="KIT's momentum",
    ),
    pytest.param(
        lambda p: Momentum(p, 0.05, style="arithmetic"),
        [(0.95, 0.5), (0.90125, 0.125), (0.85372916666666667, -0.14583333333333333)],
        id="KIT's arithmetic average",
    ),
    pytest.param(
        lambda p: Momentum(p, 0.05),
        [(0.95, 0.5), (0.8575, -0.2), (0.731375, -0.73)],
        id="LIP's momentum",
    ),
    pytest.param(
        lambda p: Nesterov(p, 0.05),
        [(0.95, 0.5), (0.85975, 0.025), (0.73959875, -0.20125)],
        id="LIP's Nesterov",
    ),
    pytest.param(
        lambda p: AdaGrad(p, 0.1, eps=0.0),
        [(0.9,) * 2, (0.83310352683775503,) * 2, (0.78045618134810343,) * 2],
        id="LIP's Adagrad",
    ),
    pytest.param(
        lambda p: RMSProp(p, 0.1, eps=0.0),
        [(0.68377223398316207,) * 2, (0.4988706068968703,) * 2, (0.36918055315532516,) * 2],
        id="LIP's RMSProp",
    ),
    pytest.param(
        lambda p: RMSProp(p, 0.1, eps_place="inside"),
        [
            (0.68377224979454918, 0.68377223414127595),
            (0.49887062665476281, 0.49887060709444924),
            (0.36918057387599252, 0.36918055336253184),
        ],
        id="KIT's RMSProp",
    ),
    pytest.param(
        lambda p: Adam(p, 0.1, betas=(0.999, 0.9), eps_place="inside"),
        [
            (0.9000000005, 0.900000000005),
            (0.79986384503395772, 0.7998638439882226),
            (0.69950257835580082, 0.69950257669247173),
        ],
        id="KIT's Adam as printed",
    ),
    pytest.param(
        lambda p: Adam(p, 0.1, eps_place="inside"),
        [
            (0.9000000005, 0.900000000005),
            (0.80041222871859427, 0.80041222768172036),
            (0.70158627303083212, 0.70158627140407673),
        ],
        id="Adam, ε inside",
    ),
    pytest.param(
        lambda p: Adam(p, 0.1),
        [
            (0.900000001, 0.9000000001),
            (0.80041222971233739, 0.80041222787535594),
            (0.70158627450441421, 0.7015862716993218),
        ],
        id="Adam, ε outside",
    ),
]


@pytest.mark.parametrize(
    "trace",
    [iterates, iterates_on_arrays, iterates_of_minimise],
    ids=["Values", "arrays", "minimise"],
)
@pytest.mark.parametrize(("make", "expected"), PRINTED)
def test_the_first_three_iterates(make, expected, trace):
    for seen, printed in zip(trace(make), expected, strict=True):
        assert seen == pytest.approx(printed, abs=1e-15, rel=0.0)


def test_a_wrong_iterate_would_be_seen():
    assert iterates(lambda p: SGD(p, 0.050000001))[0] != pytest.approx(
        (0.95, 0.5), abs=1e-15, rel=0.0
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda p: AdaGrad(p, 0.1, eps=0.0),
        lambda p: RMSProp(p, 0.1, eps=0.0),
        lambda p: Adam(p, 0.1, eps=0.0),
    ],
)
def test_without_epsilon_the_scale_of_a_coordinate_does_not_matter(make):
    for a, b in iterates(make, 5):
        assert a == pytest.approx(b, rel=1e-14, abs=0.0)


def test_an_average_with_eta_takes_the_steps_of_a_velocity_with_eta_times_one_minus_gamma():
    average, velocity = (
        iterates(lambda p: Momentum(p, 0.05, style="average"), 10),
        iterates(lambda p: Momentum(p, 0.005), 10),
    )
    for a, v in zip(average, velocity, strict=True):
        assert a == pytest.approx(v, rel=1e-13, abs=0.0)


def test_the_arithmetic_average_is_the_mean_of_all_gradients():
    optimiser, theta, gradients = (
        Momentum((), 1.0, style="arithmetic"),
        np.zeros(1),
        [3.0, -1.0, 7.0, 2.0],
    )
    for k, g in enumerate(gradients):
        moved = optimiser.update(theta, np.array([g]))
        assert moved[0] == pytest.approx(-sum(gradients[: k + 1]) / (k + 1))


def test_nesterov_rearranged_follows_the_look_ahead_points():
    alpha, lr = 0.9, 0.05
    theta, optimiser, ahead = np.ones(2), Nesterov((), lr, momentum=alpha), []
    for _ in range(6):
        theta = optimiser.update(theta, optimiser.look_ahead(theta) * np.array([1.0, 10.0]))
        ahead.append(optimiser.look_ahead(theta))
    rearranged = iterates_on_arrays(lambda p: Nesterov(p, lr, momentum=alpha, form="rearranged"), 6)
    assert [tuple(a) for a in ahead] == [pytest.approx(r, rel=1e-12, abs=0.0) for r in rearranged]


@pytest.mark.parametrize(("lr", "ratio"), [(0.05, 0.5), (0.19, -0.9), (0.2, -1.0), (0.21, -1.1)])
def test_a_rate_is_slow_or_oscillates_or_diverges(lr, ratio):
    theta = Value(1.0)
    optimiser, before = SGD([theta], lr), 1.0
    for _ in range(5):
        optimiser.zero_grad()
        (5.0 * theta**2).backward()
        optimiser.step()
        assert theta.data / before == pytest.approx(ratio, rel=1e-12, abs=0.0)
        before = theta.data


def test_one_step_on_the_worked_example_of_lip():
    x, y, z = (Value(v) for v in (3.0, -4.0, 2.0))
    g = x * y + z
    g.backward()
    SGD([x, y, z], 0.1).step()
    assert [v.data for v in (x, y, z)] == pytest.approx([3.4, -4.3, 1.9], rel=2e-16, abs=0.0)
    after = x * y + z
    assert g.data - after.data == pytest.approx(2.72, abs=1e-12)  # 68/25 = 0.1·26 + 0.12
    assert 0.1 * (4.0**2 + 3.0**2 + 1.0) == pytest.approx(2.6)


def test_newton_solves_a_quadratic_in_one_step_and_the_form_without_the_half_stops_half_way():
    assert newton(quadratic, [1.0, 1.0]) == [0.0, 0.0]
    # KIT's L₀ + dᵀg + dᵀHd is smallest at d = -½H⁻¹g
    d = [
        x - 0.5 * (x - there)
        for x, there in zip([1.0, 1.0], newton(quadratic, [1.0, 1.0]), strict=True)
    ]
    assert d == [0.5, 0.5]


def test_newton_says_that_a_flat_function_has_no_single_minimum():
    with pytest.raises(DomainError, match="singular"):
        newton(lambda t: t[0] + t[1], [1.0, 1.0])


def test_lbfgs_finds_the_minimum_of_rosenbrock():
    found = lbfgs(lambda t: (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2, [-1.2, 1.0])
    assert found == pytest.approx([1.0, 1.0], abs=1e-6)


def test_newton_and_lbfgs_work_on_the_parameters_of_a_model():
    model = MLP(2, [1], output="linear", seed=0)
    samples = [([1.0, 2.0], 3.0), ([0.0, 1.0], 1.0), ([2.0, -1.0], 0.5), ([1.0, 1.0], 2.0)]
    f = of_parameters(model, lambda: sum(half_squared_error(model(x), t) for x, t in samples))
    start = [p.data for p in model.parameters()]
    exact = np.linalg.lstsq(
        np.array([[*x, 1.0] for x, _ in samples]), np.array([t for _, t in samples]), rcond=None
    )[0]
    assert newton(f, start) == pytest.approx(exact.tolist(), rel=1e-10, abs=0.0)
    assert lbfgs(f, start) == pytest.approx(exact.tolist(), rel=1e-6, abs=0.0)
    assert [p.data for p in model.parameters()] == start, "the model keeps its own parameters"


# ---- options ----


def test_a_zero_gradient_without_epsilon_leaves_the_parameter():
    for make in (AdaGrad, RMSProp, Adam):
        assert make((), 0.1, eps=0.0).update(np.array([1.0, 1.0]), np.array([0.0, 1.0]))[0] == 1.0


def test_gradients_are_clipped_by_length_or_part():
    assert SGD((), 1.0, clip_norm=5.0).update(
        np.zeros(2), np.array([30.0, 40.0])
    ).tolist() == pytest.approx([-3.0, -4.0])
    assert SGD((), 1.0, clip_norm=50.1).update(np.zeros(2), np.array([30.0, 40.0])).tolist() == [
        -30.0,
        -40.0,
    ]
    assert SGD((), 1.0, clip_value=35.0).update(np.zeros(2), np.array([30.0, -40.0])).tolist() == [
        -30.0,
        35.0,
    ]


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1.0, 1e200, 1.7e308])
def test_a_gradient_of_any_size_is_clipped_to_its_direction(size):
    step = SGD((), 1.0, clip_norm=1e-301).update(np.zeros(2), np.array([0.6, -0.8]) * size)
    assert step.tolist() == pytest.approx([-0.6e-301, 0.8e-301], rel=1e-12)
    assert SGD((), 1.0, clip_norm=1.0).update(np.zeros(2), np.zeros(2)).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("rule", [RMSProp, Adam, AdaGrad, NAdam, AdamW])
def test_a_gradient_whose_square_overflows_is_told_and_changes_nothing(rule):
    """Its square would be inf, and every later step 0."""
    optimiser, twin = rule((), 0.1), rule((), 0.1)
    for one in (optimiser, twin):
        one.update(np.ones(2), np.ones(2))
    with pytest.raises(
        DomainError,
        match=r"the largest component of the gradient is 1e\+200; limit it with clip_norm",
    ):
        optimiser.update(np.ones(2), np.array([1e200, 1.0]))
    assert optimiser.state_dict() == twin.state_dict()
    assert (
        optimiser.update(np.ones(2), np.ones(2)).tolist()
        == twin.update(np.ones(2), np.ones(2)).tolist()
    )


def test_weight_decay_adds_to_the_gradient_and_in_adamw_is_taken_from_the_parameter():
    assert SGD((), 0.1, weight_decay=0.5).update(np.array([2.0]), np.array([3.0])) == pytest.approx(
        [2.0 - 0.1 * (3.0 + 1.0)]
    )
    plain = Adam((), 0.1).update(np.array([2.0]), np.array([3.0]))
    assert AdamW((), 0.1, weight_decay=0.5).update(
        np.array([2.0]), np.array([3.0])
    ) == pytest.approx(plain - 0.1 * 0.5 * 2.0)


def test_nadam_s_first_step_by_hand():
    mu1, mu2 = (0.9 * (1 - 0.5 * 0.96 ** (k * 0.004)) for k in (1, 2))
    g, m = 3.0, 0.1 * 3.0
    ahead = mu2 * m / (1 - mu1 * mu2) + (1 - mu1) * g / (1 - mu1)
    assert NAdam((), 0.1).update(np.array([1.0]), np.array([g]))[0] == pytest.approx(
        1.0 - 0.1 * ahead / (g + 1e-8), rel=1e-14, abs=0.0
    )


@pytest.mark.parametrize("lr", [1.0, 3.0])
def test_adadelta_takes_the_steps_of_pytorch(torch, lr):
    parameter = torch.tensor([1.0, -2.0], dtype=torch.float64)
    theirs = torch.optim.Adadelta([parameter], lr=lr, rho=0.8, eps=1e-3)
    ours, theta = AdaDelta((), lr, decay=0.8, eps=1e-3), np.array([1.0, -2.0])
    for k in range(20):
        g = np.array([math.cos(k), theta[1]])
        parameter.grad = torch.tensor(g)
        theirs.step()
        theta = ours.update(theta, g)
        assert theta.tolist() == pytest.approx(parameter.tolist(), rel=1e-13, abs=0.0)


# ---- weights which are not updated ----


def test_a_step_skips_the_share_of_parameters_that_was_asked_for():
    moved = SGD((), 1.0, skip=0.3).update(np.zeros(20000), np.ones(20000))
    assert set(moved.tolist()) == {0.0, -1.0}
    assert (moved == 0.0).mean() == pytest.approx(0.3, abs=0.012)  # four standard deviations


def test_each_step_skips_others_and_a_seed_repeats_them():
    def moves(seed):
        optimiser = SGD((), 1.0, skip=0.5, seed=seed)
        return [optimiser.update(np.zeros(50), np.ones(50)).tolist() for _ in range(2)]

    first, second = moves(0)
    assert first != second
    assert moves(0) == [first, second]
    assert moves(1) != [first, second]


def test_a_skipped_parameter_keeps_its_state_as_well():
    optimiser = Momentum((), 1.0, skip=0.5, seed=3)
    moved = optimiser.update(np.zeros(40), np.ones(40))
    assert optimiser.state["velocity"].tolist() == moved.tolist()
    assert 0.0 in moved


def test_skipping_is_not_dropout_because_the_forward_pass_uses_all_weights():
    """Dropout gives a dropped number the gradient 0; here the gradient is there, and unused."""
    weights = [Value(1.0), Value(1.0)]
    y = 3.0 * weights[0] + 4.0 * weights[1]
    y.backward()
    SGD(weights, 1.0, skip=0.9).step()
    assert y.data == 7.0
    assert [w.grad for w in weights] == [3.0, 4.0]
    assert [w.data for w in weights].count(1.0) >= 1


# ---- the path of an optimiser on a plain function ----


def test_the_path_has_the_start_and_each_step_with_its_value():
    """Of θ², a rate of ¼ leaves half of θ at each step."""
    path = minimise(lambda x: x * x, 8.0, optimiser=SGD(lr=0.25), steps=3)
    assert path.points == [[8.0], [4.0], [2.0], [1.0]]
    assert path.values == [64.0, 16.0, 4.0, 1.0]
    assert path.end == [1.0]
    assert str(path) == "3 steps: 64 → 1 at (1)"


@pytest.mark.parametrize("at", [[[1.0, 1.0]], np.ones(2), {"a": 1.0, "b": 1.0}])
def test_a_function_of_a_list_an_array_or_a_dict_has_the_same_path(at):
    def f(p):
        return quadratic([p["a"], p["b"]] if isinstance(p, dict) else p)

    path = minimise(f, at, optimiser=SGD(lr=0.05), steps=1)
    assert path.points == [[1.0, 1.0], pytest.approx([0.95, 0.5], rel=1e-15)]


def test_an_optimiser_starts_afresh_for_every_path():
    optimiser = Adam(lr=0.1)
    paths = [minimise(lambda x: x * x, 1.0, optimiser=optimiser, steps=5) for _ in range(2)]
    assert paths[0] == paths[1]
    assert optimiser.steps == 0


def test_a_schedule_sets_the_rate_of_each_step():
    path = minimise(
        lambda x: x, 0.0, optimiser=SGD(lr=9.0), steps=3, schedule=lambda t: [1.0, 0.0, 4.0][t]
    )
    assert path.points == [[0.0], [-1.0], [-1.0], [-5.0]]


def test_a_path_that_leaves_the_numbers_says_at_which_step():
    """Of θ⁴ with a rate of 1, θ grows to about 1e186 in four steps, and θ⁴ is too large."""
    with pytest.raises(DomainError, match=r"^step 5 of 100: .* is too large for a float"):
        minimise(lambda x: x**4, 100.0, optimiser=SGD(lr=1.0))


# ---- states and misuse ----

ALL = [SGD, Momentum, Nesterov, AdaDelta, AdaGrad, RMSProp, Adam, AdamW, NAdam]


@pytest.mark.parametrize("skip", [0.0, 0.5])
@pytest.mark.parametrize("rule", ALL)
def test_a_saved_state_goes_on_to_the_same_numbers(rule, skip):
    def gradient(theta, k):
        return np.array([math.sin(k), theta[1]])

    whole, theta = rule((), 0.1, skip=skip), np.ones(2)
    for k in range(4):
        theta = whole.update(theta, gradient(theta, k))
    resumed = rule((), 0.7, skip=skip)
    resumed.load_state_dict(whole.state_dict())
    there = theta
    for k in range(4, 8):
        theta, there = (
            whole.update(theta, gradient(theta, k)),
            resumed.update(there, gradient(there, k)),
        )
    assert theta.tolist() == there.tolist()


def test_a_state_of_another_rule_or_size_is_refused():
    adam = Adam((), 0.1)
    adam.update(np.ones(2), np.ones(2))
    with pytest.raises(StateError, match="state of 'Adam', but the optimiser is RMSProp"):
        RMSProp().load_state_dict(adam.state_dict())
    fresh = Adam([Value(1.0)], 0.3)
    with pytest.raises(StateError, match="but the optimiser has 1"):
        fresh.load_state_dict(adam.state_dict())
    assert (fresh.lr, fresh.steps, fresh.state) == (0.3, 0, {})


def test_step_without_backward_is_told():
    theta = Value(1.0)
    with pytest.raises(TrainingError, match=r"call loss.backward\(\) first"):
        SGD([theta], 0.1).step()
    (theta * 1.0).backward()
    optimiser = SGD([theta], 0.1)
    optimiser.step()
    optimiser.zero_grad()
    with pytest.raises(TrainingError):
        optimiser.step()


def test_nesterov_without_looking_ahead_is_told():
    theta = Value(1.0)
    optimiser = Nesterov([theta], 0.1)
    (theta**2).backward()
    optimiser.step()
    with pytest.raises(TrainingError, match=r"call looking_ahead\(\) before each forward pass"):
        optimiser.step()


W = Value(1.0)
REFUSED = [
    pytest.param(
        lambda: minimise(lambda x: x, 1.0, optimiser=SGD),
        OperandError,
        r"the optimiser must be one of optim, such as SGD\(lr=0.1\); got <class",
        id="a class in place of an optimiser",
    ),
    pytest.param(
        lambda: minimise(lambda x: x, 1.0, optimiser=Adam([W], 0.2)),
        OperandError,
        r"without parameters: write Adam\(lr=0.2\)",
        id="an optimiser of other parameters",
    ),
    pytest.param(
        lambda: minimise(lambda: 1.0, [], optimiser=SGD()),
        OperandError,
        "contains no number, so there is nothing to change",
        id="a start without numbers",
    ),
    pytest.param(
        lambda: SGD(skip=1.0),
        TargetError,
        r"skip must be in \[0, 1\); got 1.0",
        id="an optimiser that skips everything",
    ),
    pytest.param(
        lambda: AdaDelta(eps=0.0),
        TargetError,
        "eps must be finite and positive; got 0.0",
        id="an ADADELTA that never moves",
    ),
    pytest.param(
        lambda: Adam((), betas=0.9),
        OperandError,
        r"betas must be two numbers, such as \(0.9, 0.999\); got 0.9",
        id="one beta",
    ),
    pytest.param(
        lambda: Adam((), "0.1"),
        OperandError,
        "learning rate must be a number; got str '0.1'",
        id="text for a rate",
    ),
    pytest.param(
        lambda: SGD((), -0.1),
        TargetError,
        "learning rate must be finite and not negative; got -0.1",
        id="a negative rate",
    ),
    pytest.param(
        lambda: Momentum((), 0.1, momentum=1.0),
        TargetError,
        r"momentum must be in \[0, 1\); got 1.0",
        id="momentum 1",
    ),
    pytest.param(
        lambda: Momentum((), 0.1, style="heavy"),
        OptionError,
        "unknown style 'heavy'; choose from 'velocity', 'average', 'arithmetic'",
        id="an unknown style",
    ),
    pytest.param(
        lambda: SGD(momentum=0.9),
        OptionError,
        "SGD has no keyword argument 'momentum'; use Momentum",
        id="an argument of another rule",
    ),
    pytest.param(
        lambda: Adam(beta=(0.9, 0.99)),
        OptionError,
        r"unknown keyword argument of Adam 'beta'; .* \(did you mean 'betas'\?\)",
        id="a misspelled argument",
    ),
    pytest.param(
        lambda: Adam((), 0.1, eps_place="under"),
        OptionError,
        "choose from 'inside', 'outside'",
        id="an unknown place of ε",
    ),
    pytest.param(
        lambda: Adam((), 0.1, eps=-1.0),
        TargetError,
        "eps must be finite and not negative",
        id="a negative ε",
    ),
    pytest.param(
        lambda: SGD((), math.nan), TargetError, "learning rate must be finite", id="a rate of nan"
    ),
    pytest.param(
        lambda: SGD((), math.inf),
        TargetError,
        "learning rate must be finite",
        id="an infinite rate",
    ),
    pytest.param(
        lambda: setattr(SGD((), 0.1), "lr", -1.0),
        TargetError,
        "got -1.0",
        id="a rate made negative later",
    ),
    pytest.param(
        lambda: SGD((), weight_decay=-0.1),
        TargetError,
        "weight decay must be finite and not negative",
        id="negative decay",
    ),
    pytest.param(
        lambda: SGD((), clip_norm=-1.0),
        TargetError,
        "clip_norm must be finite and positive",
        id="a negative limit",
    ),
    pytest.param(
        lambda: SGD((), clip_norm=0.0),
        TargetError,
        "clip_norm must be finite and positive",
        id="a limit that stops everything",
    ),
    pytest.param(
        lambda: SGD((), clip_value=-1.0),
        TargetError,
        "clip_value must be finite and positive",
        id="a negative limit of parts",
    ),
    pytest.param(
        lambda: SGD([1.0]),
        OperandError,
        r"each parameter must be a Value; got float 1.0: write SGD\(model.parameters\(\)",
        id="a number to train",
    ),
    pytest.param(
        lambda: SGD([Value(1.0) + 1]),
        OperandError,
        "a leaf that a step can change; got .*, the result of add",
        id="a result to train",
    ),
    pytest.param(
        lambda: SGD([Constant(1.0)]),
        OperandError,
        "a leaf that a step can change; got .*, a constant",
        id="a constant to train",
    ),
    pytest.param(lambda: SGD([W, W]), OperandError, "is given twice", id="a parameter twice"),
    pytest.param(
        lambda: SGD(MLP(1, [1], seed=0)),
        OperandError,
        r"write SGD\(model.parameters\(\), lr=0.01\)",
        id="a model instead of its parameters",
    ),
    pytest.param(
        lambda: Adam(0.1),
        OperandError,
        "must be a list of parameters; got float 0.1",
        id="a rate instead of parameters",
    ),
    pytest.param(
        lambda: SGD(Value(1.0)),
        OperandError,
        "must be a list of parameters; got Value",
        id="one Value",
    ),
    pytest.param(
        lambda: SGD().update(np.ones(2), np.ones(3)),
        ShapeError,
        r"shape of the parameters, \(2,\); got \(3,\)",
        id="a gradient of another shape",
    ),
]


@pytest.mark.parametrize(("misuse", "kind", "message"), REFUSED)
def test_misuse_is_told(misuse, kind, message):
    with pytest.raises(kind, match=message):
        misuse()


def test_other_parameters_than_before_are_told():
    adam = Adam((), 0.1)
    adam.update(np.ones(2), np.ones(2))
    with pytest.raises(ShapeError, match="first step with"):
        adam.update(np.ones(3), np.ones(3))


# ---- gradients that were not cleared ----


def take_steps(optimiser, *parameters, between=lambda: None, steps=3):
    for _ in range(steps):
        sum(p * p for p in parameters).backward()
        optimiser.step()
        between()


@pytest.mark.parametrize("rule", [SGD, Adam, Nesterov])
def test_gradients_that_were_not_cleared_are_warned_of_once(rule):
    w = Value(1.0)
    options = {"form": "rearranged"} if rule is Nesterov else {}
    with pytest.warns(UserWarning, match=r"call zero_grad\(\) before each backward") as heard:
        take_steps(rule([w], 0.01, **options), w, steps=5)
    assert len(heard) == 1
    assert f"accumulate=True to {rule.__name__}" in str(heard[0].message)
    assert heard[0].filename == __file__


def test_gradients_that_were_cleared_in_any_way_are_not_warned_of():
    model = MLP(2, [1], seed=0)
    parameters = model.parameters()

    def by_hand():
        for p in parameters:
            p.grad = 0.0

    for clear in (model.zero_grad, by_hand, lambda: [p.clear_grad() for p in parameters]):
        take_steps(SGD(parameters, 0.01), *parameters, between=clear)
        clear()
    optimiser = SGD(parameters, 0.01)
    take_steps(optimiser, *parameters, between=optimiser.zero_grad)


def test_deliberate_accumulation_is_not_warned_of():
    w = Value(1.0)
    optimiser = SGD([w], 0.01)
    for _ in range(3):  # over several backward passes before each step
        optimiser.zero_grad()
        for _ in range(4):
            (w * w).backward()
        optimiser.step()
    optimiser.step()  # the same gradient again
    take_steps(SGD([w], 0.01, accumulate=True), w)


def test_a_used_gradient_is_the_same_number():
    w = Value(3.0)
    optimiser = SGD([w], 0.0, accumulate=False)
    (w * w).backward()
    optimiser.step()
    assert (w.grad, repr(w.grad), f"{w.grad:.1f}") == (6.0, "6.0", "6.0")
    assert w.grad + 1.0 == 7.0
