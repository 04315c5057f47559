"""The one specification of selection, 0·∞ and edges, in everything that a program becomes.

Replayed by both engines, alone and in a batch, read back from JSON, printed, and as a function of
JAX and of PyTorch: each gives the specified value, gradient and second derivative.
"""

import math

import numpy as np
import pytest
from conftest import framework
from specification import SPECIFICATION

from autograd_edu import Program, Value, asin, grad, ieee, step, trace
from autograd_edu.errors import DomainError

CASES = [pytest.param(case, id=case.name) for case in SPECIFICATION]
ONE_BY_ONE = [
    pytest.param(case, i, id=f"{case.name}, by operand {i + 1}" if len(case.at) > 1 else case.name)
    for case in SPECIFICATION
    for i in range(len(case.at))
]
TWICE = [each for each in ONE_BY_ONE if each.values[0].second is not None]
FRAMEWORKS = ("jax", "torch")


def of_operand(case, i):
    """The function of one operand, the others being plain numbers."""
    return lambda x: case.function(*case.at[:i], x, *case.at[i + 1 :])


def traced(case, i):
    with ieee():
        return trace(of_operand(case, i), case.at[i])


def agrees(case, found, wanted):
    return case.agrees(found, wanted) or math.isclose(found, wanted, rel_tol=1e-13, abs_tol=1e-16)


def assert_kept(case, i, program):
    """In IEEE arithmetic, alone and beside a sample that changes nothing."""
    for batch in (None, 1, 2, 9):
        x = case.at[i] if batch is None else np.full(batch, case.at[i])
        values, grads = program.value_and_grad(x, on_nonfinite="keep")
        for value in np.atleast_1d(values):
            assert agrees(case, value, case.value)
        for gradient in np.atleast_1d(grads.inputs[0]):
            assert agrees(case, gradient, case.gradients[i])


@pytest.mark.parametrize("engine", ["numpy", "jit", "python"])
@pytest.mark.parametrize(("case", "i"), ONE_BY_ONE)
def test_a_replay_gives_what_is_specified(case, i, engine):
    program = traced(case, i)
    program.engine = engine
    assert_kept(case, i, program)


@pytest.mark.parametrize("engine", ["numpy", "jit", "python"])
@pytest.mark.parametrize(("case", "i"), ONE_BY_ONE)
def test_what_is_not_finite_is_an_error_by_default(case, i, engine):
    program = traced(case, i)
    program.engine = engine
    if case.has_value:
        assert agrees(case, program(case.at[i]), case.value)
    else:
        with pytest.raises(DomainError):
            program(case.at[i])
    if case.has_value and math.isfinite(case.gradients[i]):
        assert agrees(case, program.value_and_grad(case.at[i])[1].inputs[0], case.gradients[i])
    else:
        with pytest.raises(DomainError):
            program.value_and_grad(case.at[i])


@pytest.mark.parametrize("engine", ["numpy", "jit", "python"])
def test_a_slope_that_is_always_0_does_not_swallow_an_infinite_one(engine):
    f = lambda x: asin(step(x))  # noqa: E731
    program = trace(f, 1.0)
    program.engine = engine
    assert program(1.0) == f(1.0)
    for run in (lambda: f(Value(1.0)).backward(), lambda: program.value_and_grad(1.0)):
        with pytest.raises(DomainError):
            run()


@pytest.mark.parametrize(("case", "i"), ONE_BY_ONE)
def test_a_parameter_gets_the_gradient_of_an_input(case, i):
    w = Value(case.at[i], "w")
    with ieee():
        program = trace(lambda x: of_operand(case, i)(w) + 0.0 * x, 1.0)
    for engine in ("numpy", "jit", "python"):
        program.engine = engine
        for batch in (1, 2):
            _, grads = program.value_and_grad(np.ones(batch), on_nonfinite="keep")
            assert agrees(case, grads.parameters[0], batch * case.gradients[i])


@pytest.mark.parametrize(("case", "i"), ONE_BY_ONE)
def test_a_program_read_back_from_json_gives_what_is_specified(case, i):
    program = Program.from_json(traced(case, i).to_json())
    program.engine = "numpy"
    assert_kept(case, i, program)


@pytest.mark.parametrize(("case", "i"), ONE_BY_ONE)
def test_the_printed_program_gives_what_is_specified(case, i):
    space = {}
    exec(traced(case, i).listing("python", gradients=True), space)
    for batch in (1, 2, 9):
        with np.errstate(all="ignore"):
            values, (by_input, _) = space["value_and_grad"]([], np.full(batch, case.at[i]))
        for value, gradient in zip(values, by_input[0], strict=True):
            assert agrees(case, value, case.value)
            assert agrees(case, gradient, case.gradients[i])


@pytest.mark.parametrize(("case", "i"), TWICE)
def test_a_gradient_that_is_replayed_has_the_second_derivatives_specified(case, i):
    if not case.has_value:
        return
    program = trace(lambda x: grad(of_operand(case, i))(x), case.at[i])
    for engine in ("numpy", "jit", "python"):
        program.engine = engine
        value, grads = program.value_and_grad(case.at[i], on_nonfinite="keep")
        assert agrees(case, value, case.gradients[i])
        assert agrees(case, grads.inputs[0], case.second[i][i])


def derivatives(name, program, at):
    """The value, the slope and its slope, by the framework."""
    if name == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
        f = program.to_jax()
        of = lambda x: f(np.zeros(0), x)  # noqa: E731
        return [float(g(at)) for g in (of, jax.grad(of), jax.grad(jax.grad(of)))]
    import torch

    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    y = program.to_torch()(torch.zeros(0), x)
    (first,) = torch.autograd.grad(y, x, create_graph=True)
    second = None
    if first.requires_grad:
        (second,) = torch.autograd.grad(first, x, allow_unused=True)
    return [each.item() for each in (y, first)] + [0.0 if second is None else second.item()]


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize(("case", "i"), ONE_BY_ONE)
def test_an_exported_program_gives_what_is_specified(case, i, name):
    framework(name)
    value, first, second = derivatives(name, traced(case, i), case.at[i])
    assert agrees(case, value, case.value)
    assert agrees(case, first, case.gradients[i])
    if case.second is not None:
        assert agrees(case, second, case.second[i][i])


def hessian_by(name, program, at):
    """Every second derivative, by reverse mode over reverse mode."""
    if name == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
        f, xs = program.to_jax(), jax.numpy.asarray(at)
        return jax.jacrev(jax.grad(lambda xs: f(np.zeros(0), *xs)))(xs).tolist()
    import torch

    f, xs = program.to_torch(), torch.tensor(at, dtype=torch.float64)
    return torch.autograd.functional.hessian(lambda xs: f(torch.zeros(0), *xs), xs).tolist()


# frameworks multiply by every second derivative, and 0 times one that does not exist is nan
SEVERAL = [
    each
    for each in CASES
    if (second := each.values[0].second) and len(second) > 1 and not np.isnan(second).any()
]


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("case", SEVERAL)
def test_an_exported_program_of_several_variables_has_the_hessian_specified(case, name):
    framework(name)
    found = hessian_by(name, trace(case.function, *case.at), case.at)
    for row, wanted in zip(found, case.second, strict=True):
        for a, b in zip(row, wanted, strict=True):
            assert agrees(case, a, b), (found, case.second)
