"""Frozen parameters: no gradient, no step, eagerly and in replay."""

import copy
import pickle

import pytest

from autograd_edu import OPS, Value, data
from autograd_edu.errors import OperandError, TrainingError
from autograd_edu.nn import MLP, losses
from autograd_edu.optim import SGD, Adam, AdamW, Momentum
from autograd_edu.train import fit

POINTS = data.moons(20)
BCE = losses.binary_cross_entropy_with_logits


def numbers(module):
    return [p.data for p in module.parameters()]


def two_layers():
    return MLP(2, [3, 1], activation="tanh", seed=0)


def test_a_frozen_leaf_gets_no_gradient_and_the_others_get_theirs():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    w.requires_grad = False
    (w * x).backward()
    assert (w.requires_grad, w.has_grad, w.grad, x.grad) == (False, False, 0.0, 2.0)
    w.requires_grad = True
    (w * x).backward()
    assert w.grad == 3.0


@pytest.mark.parametrize("name", [name for name, op in OPS.items() if len(op.example) > 1])
def test_a_leaf_that_is_unfrozen_before_the_backward_pass_gets_its_whole_gradient(name):
    op = OPS[name]

    def gradients(*, frozen):
        xs = [Value(x) for x in op.example]
        for x in xs:
            x.requires_grad = not frozen or x is xs[0]
        y = op.apply(xs)
        for x in xs:
            x.requires_grad = True
        y.backward()
        return [x.grad for x in xs]

    assert gradients(frozen=True) == gradients(frozen=False)


def test_only_leaves_can_be_frozen():
    with pytest.raises(OperandError, match="requires_grad can only be set for a leaf"):
        (Value(2.0) * 3.0).requires_grad = False


def test_freezing_forgets_the_gradient_that_was_there():
    w = Value(2.0)
    (w * 3.0).backward()
    w.requires_grad = False
    w.requires_grad = True
    assert not w.has_grad


def test_a_frozen_model_keeps_its_parameters_their_names_and_its_state():
    model = two_layers()
    names, state = model.named_parameters(), model.state_dict()
    assert model.freeze() is model
    assert [name for name, _ in model.named_parameters()] == [name for name, _ in names]
    assert model.state_dict() == state
    model.load_state_dict(MLP(2, [3, 1], seed=5).state_dict())
    assert numbers(model) == numbers(MLP(2, [3, 1], seed=5))


def test_copies_of_frozen_parameters_are_frozen():
    model = two_layers().freeze()
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert not any(p.requires_grad for p in other.parameters())
        assert all(p.requires_grad for p in other.unfreeze().parameters())


@pytest.mark.parametrize("rule", [SGD, Momentum, Adam, AdamW])
@pytest.mark.parametrize("engine", ["eager", "replay"])
def test_fit_trains_the_other_layers_as_if_frozen_ones_were_constants(rule, engine):
    model, alone = two_layers(), two_layers()
    before = numbers(model.layers[0].freeze())
    fit(model, BCE, POINTS, rule(model.parameters(), 0.1), epochs=5, engine=engine)
    assert numbers(model.layers[0]) == before
    fit(alone, BCE, POINTS, rule(alone.layers[1].parameters(), 0.1), epochs=5, engine=engine)
    assert numbers(model.layers[1]) == pytest.approx(numbers(alone.layers[1]), rel=1e-12)
    assert numbers(model.layers[1]) != numbers(two_layers().layers[1])


def test_a_frozen_parameter_does_not_drift_by_its_velocity_or_its_decay():
    moving, frozen = Value(1.0), Value(1.0)
    optimiser = Momentum([moving, frozen], 0.1, weight_decay=0.5)
    for _ in range(2):
        optimiser.zero_grad()
        (moving + frozen).backward()
        optimiser.step()
    then = frozen.data
    frozen.requires_grad = False
    velocity = optimiser.state_dict()["velocity"][1]
    optimiser.zero_grad()
    (moving + frozen).backward()
    optimiser.step()
    assert frozen.data == then
    assert optimiser.state_dict()["velocity"][1] == velocity


def test_a_callback_can_unfreeze_during_training():
    runs = []
    for engine in ("eager", "replay"):
        model = two_layers()
        first = model.layers[0].freeze()
        start = numbers(first)

        def thaw(epoch, first=first, start=start):
            if epoch.number == 1:
                assert numbers(first) == start
                first.unfreeze()

        history = fit(
            model, BCE, POINTS, SGD(model.parameters(), 0.5), epochs=4, callbacks=[thaw],
            engine=engine,
        )  # fmt: skip
        assert history.engine == engine
        assert numbers(first) != start
        runs.append(numbers(model))
    assert runs[0] == pytest.approx(runs[1], rel=1e-12)


def test_there_is_nothing_to_train_in_a_frozen_model():
    model = two_layers().freeze()
    optimiser = SGD(model.parameters(), 0.1)
    with pytest.raises(TrainingError, match="every parameter is frozen"):
        fit(model, BCE, POINTS, optimiser)
    with pytest.raises(TrainingError, match="every parameter is frozen"):
        optimiser.step()
