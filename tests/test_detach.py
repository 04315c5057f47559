"""`detach` passes the number and no gradient, in every reading of a program."""

import pytest
from conftest import framework

from autograd_edu import Program, Value, detach, grad, hessian, jvp, nn, sqrt, trace


def reverse(f, at):
    x = Value(at)
    f(x).backward()
    return x.grad


def replay(engine):
    def derivative(f, at):
        program = trace(f, 0.7)
        program.engine = engine
        return program.value_and_grad([at, 0.4])[1].inputs[0][0]

    return derivative


def printed(f, at):
    names = {}
    exec(trace(f, 0.7).listing("python", gradients=True), names)
    return names["value_and_grad"]([], [at])[1][0][0]


def from_file(f, at):
    return Program.from_json(trace(f, 0.7).to_json()).value_and_grad(at)[1].inputs[0]


def in_jax(f, at):
    import jax

    jax.config.update("jax_enable_x64", True)
    return float(jax.grad(lambda x: trace(f, 0.7).to_jax()([], x))(at))


def in_torch(f, at):
    torch = framework("torch")
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    trace(f, 0.7).to_torch()(torch.zeros(0, dtype=torch.float64), x).backward()
    return float(x.grad)


READINGS = {
    "backward": reverse,
    "grad": lambda f, at: grad(f)(at),
    "jvp": lambda f, at: jvp(f, (at,), (1.0,))[1],
    "NumPy": replay("numpy"),
    "interpreter": replay("jit"),
    "printed": printed,
    "file": from_file,
    "JAX": in_jax,
    "torch": in_torch,
}
DETACHED = [
    pytest.param(lambda x: detach(x) * x, 3.0, 3.0, id="a factor"),
    pytest.param(lambda x: detach(x) + 0.0 * x, 3.0, 0.0, id="a term"),
    pytest.param(lambda x: x.detach() * x, -2.0, -2.0, id="the method"),
    pytest.param(lambda x: detach(sqrt(x)) + x, 0.0, 1.0, id="an infinite slope behind it"),
    pytest.param(lambda x: sqrt(detach(x) + 1.0) * x, 3.0, 2.0, id="a value before others"),
]


@pytest.mark.parametrize("derivative", READINGS.values(), ids=READINGS)
@pytest.mark.parametrize(("f", "at", "expected"), DETACHED)
@pytest.mark.slow
def test_what_is_detached_is_a_constant_to_a_derivative(derivative, f, at, expected):
    assert derivative(f, at) == pytest.approx(expected, rel=1e-15)


def test_second_derivatives_see_a_constant_too():
    assert hessian(lambda x: detach(x * x) * x * x)(3.0) == 18.0


def test_numbers_pass_unchanged_and_plain_ones_stay_plain():
    assert detach(2) == 2.0
    assert str(detach(-0.0)) == "-0.0"
    assert type(detach(2.0)) is float


def test_a_frozen_part_of_a_model_is_replayed_and_not_trained():
    first, last = nn.Linear(1, 1, seed=0), nn.Linear(1, 1, seed=1)
    program = trace(lambda x: last([detach(y) for y in first([x])])[0], 0.5)
    by_label = dict(
        zip(map(id, program.parameters), program.value_and_grad(2.0)[1].parameters, strict=True)
    )
    assert all(by_label[id(p)] == 0.0 for p in first.parameters())
    assert all(by_label[id(p)] != 0.0 for p in last.parameters())
