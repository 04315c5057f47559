"""What a Value answers when it is asked for what it does not have."""

import copy
import pickle

import pytest

from autograd_edu import (
    OPS,
    Value,
    data,
    exp,
    grad,
    metrics,
    nn,
    no_grad,
    operation,
    optim,
    plots,
    schedules,
    sin,
    trace,
    train,
    where,
)  # fmt: skip
from autograd_edu.errors import ArityError, ExpressionError, OperandError


@pytest.mark.parametrize(
    ("name", "instead"),
    [("item", ".data"), ("shape", "one number"), ("gradient", ".grad"), ("backwards", "backward")],
)
def test_an_attribute_of_other_packages_is_absent_and_says_what_to_use(name, instead):
    x = Value(2.0)
    assert not hasattr(x, name)
    assert name not in dir(x)
    with pytest.raises(AttributeError, match=rf"'{name}': .*{instead}"):
        getattr(x, name)


def test_a_class_of_leaves_may_have_such_an_attribute():
    class Parameter(Value):
        pass

    p = Parameter(2.0)
    p.shape = (1,)
    assert p.shape == (1,)


@pytest.mark.parametrize("use", [lambda x: range(x), lambda x: x ^ 2, lambda x: 2 @ x])
def test_what_would_lose_the_graph_or_means_something_else_is_refused(use):
    with pytest.raises(OperandError):
        use(Value(2.0))


def test_a_label_stays_text():
    x = Value(2.0, "x")
    with pytest.raises(OperandError, match="label of a Value must be text; got int 5"):
        x.label = 5
    x.label = "weight"
    assert [other.label for other in (x, copy.copy(x), pickle.loads(pickle.dumps(x)))] == [
        "weight"
    ] * 3


def test_an_operand_without_a_label_is_named_by_what_it_was_computed_from():
    Value(2.0, "x")
    p, q = Value(0.0, "p"), Value(4.0, "q")
    with pytest.raises(ValueError, match="the operand, computed from 'p', 'q', must be positive"):
        (p * q * 1.0).log()


def test_backward_from_a_constant_is_warned_of():
    with no_grad():
        y = Value(2.0) * 3.0
    with pytest.warns(UserWarning, match="constant reaches nothing.*no_grad"):
        y.backward()


def test_an_operation_says_which_function_was_called_wrongly():
    with pytest.raises(OperandError, match="exp: a real number was expected, not list"):
        exp([1.0, 2.0])
    with pytest.raises(ArityError, match=r"where\(condition, then, otherwise\): missing"):
        where(True, 1.0)
    with pytest.raises(OperandError, match=r"create_graph is not needed.*hessian"):
        sin(Value(1.0)).backward(create_graph=True)


@pytest.fixture
def table():
    before = dict(OPS)
    yield OPS
    OPS.clear()
    OPS.update(before)


def cube(gradient, *, module=__name__):
    def cube_of(xp, x):
        return x**3

    cube_of.__module__ = module
    return operation(formula="x**3", local_gradients=(gradient,), example=(0.5,))(cube_of)


@pytest.mark.usefixtures("table")
def test_a_cell_that_is_run_again_replaces_its_operation_and_no_other():
    assert grad(cube("0*x"))(2.0) == 0.0
    assert grad(cube("3*x**2"))(2.0) == 12.0
    with pytest.raises(ValueError, match="'cube_of' already"):
        cube("3*x**2", module="another")


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("gradient", "problem"),
    [
        pytest.param("3*x**", "is no Python expression", id="no expression"),
        pytest.param("3*z**2", "unknown name, 'z'; it may use the operands, x", id="unknown name"),
        pytest.param("cube(x)", "unknown function, 'cube'; it may call abs, ", id="function"),
    ],
)
def test_a_local_gradient_that_cannot_be_read_is_refused_with_its_row(gradient, problem):
    with pytest.raises(ExpressionError, match=rf"of cube_of .*{problem}"):
        cube(gradient)
    assert "cube_of" not in OPS


@pytest.mark.parametrize(
    ("module", "name", "meant"),
    [
        (optim, "Adamw", "'AdamW'"),
        (data, "moon", "'moons'"),
        (nn, "ReLU", r"Apply\('relu'\)"),
        (nn.losses, "mse", "mean_squared_error"),
        (train, "History2", "'History'"),
    ],
)
def test_a_module_suggests_what_was_meant(module, name, meant):
    assert not hasattr(module, name)
    with pytest.raises(AttributeError, match=rf"has no attribute '{name}'; .*{meant}"):
        getattr(module, name)


@pytest.mark.parametrize(
    "module",
    [nn, nn.losses, optim, train, data, plots, metrics, schedules],
    ids=lambda m: m.__name__,
)
def test_a_module_without_a_near_name_suggests_none(module):
    with pytest.raises(AttributeError, match=r"no attribute 'qqqq'$"):
        module.qqqq


def test_what_a_module_of_nn_would_use_in_place_of_another_packages_name_exists():
    for name in nn.__dict__["_ELSEWHERE"]:
        with pytest.raises(AttributeError, match="use ") as told:
            getattr(nn, name)
        assert eval(str(told.value).split("use ")[1], vars(nn)) is not None


def test_a_traced_model_that_drops_numbers_is_warned_of():
    model = nn.Sequential(nn.Dropout(0.5, seed=0), nn.Layer(2, 1, seed=0))
    model.train()
    with pytest.warns(UserWarning, match=r"Dropout\(0.5\).*model\.eval\(\)") as told:
        trace(model, [1.0, 2.0])
    assert told[0].filename == __file__


def test_a_warning_is_of_the_users_line_before_and_after_a_trace():
    for _ in range(2):
        x = Value(2.0, "x")
        y = x * x
        x.data = 3.0
        with pytest.warns(UserWarning, match="'mul' of 'x' is stale") as told:
            y.backward()
        assert told[0].filename == __file__
        trace(lambda x: x * x, 1.0)
