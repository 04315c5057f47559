"""A program as a function of JAX or PyTorch gives the same numbers and derivatives, however run."""

import math
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from replay_graphs import random_graph, replayed

from autograd_edu import (
    OPS,
    Value,
    acosh,
    atan2,
    cosh,
    detach,
    dot,
    erf,
    exp,
    hessian,
    leaky_relu,
    log,
    log2,
    maximum,
    minimum,
    operation,
    relu,
    sqrt,
    square,
    trace,
    where,
)
from autograd_edu.errors import ArityError, OperandError, ShapeError

pytestmark = pytest.mark.frameworks

with_jax = pytest.mark.usefixtures("jax")
with_torch = pytest.mark.usefixtures("torch")

w = Value(0.7, "w")

BEGINNING = """
import jax
import numpy as np
jax.config.update("jax_enable_x64", True)
from autograd_edu import relu, trace
from autograd_edu.nn import MLP
from replay_graphs import attending
rng = np.random.default_rng(0)

def network():
    model = MLP(2, [16, 16, 1], seed=0)
    program = trace(lambda x, t: relu(1 - t * model(x)), [0.5, -1.0], 1.0)
    return program, (rng.standard_normal((64, 2)), np.sign(rng.standard_normal(64)))

def attention():
    return attending(rng), (rng.standard_normal((64, 5, 4)),)

def agree(a, b):
    a, b = np.asarray(a), np.asarray(b)
    assert a.dtype == np.float64, a.dtype
    np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12 * np.abs(b).max(initial=0.0))

def check(program, f, inputs, compiled=lambda f: f):
    values, grads = program.value_and_grad(*inputs)
    agree(compiled(f)(program.parameter_values, *inputs), values)
    every = tuple(range(len(inputs) + 1))
    summed = jax.grad(lambda *a: f(*a).sum(), argnums=every)
    by = compiled(summed)(program.parameter_values, *inputs)
    agree(by[0], grads.parameters)
    for mine, theirs in zip(by[1:], grads.inputs):
        agree(mine, theirs)
"""


def with_a_fresh_jax(code, devices=1):
    """Run code in a process of its own, where JAX has not been configured yet."""
    folder = str(Path(__file__).parent)
    environment = {
        **os.environ,
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": os.pathsep.join(
            [
                folder,
                os.path.join(folder, "benchmarks"),
                *filter(None, [os.environ.get("PYTHONPATH")]),
            ]
        ),
    }
    done = subprocess.run(
        [sys.executable, "-c", BEGINNING + code],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@with_jax
@pytest.mark.parametrize("made", ["network", "attention"])
def test_jax_gives_the_same_numbers_with_the_batch_on_four_devices(made):
    out = with_a_fresh_jax(
        f"""
program, inputs = {made}()
f = program.to_jax()
check(program, f, inputs)
mesh = jax.sharding.Mesh(np.array(jax.devices()), ("batch",))
by_sample = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("batch"))
spread = [jax.device_put(x, by_sample) for x in inputs]
check(program, f, spread, jax.jit)
y = jax.jit(f)(program.parameter_values, *spread)
print(len(jax.devices()), len(y.sharding.device_set), y.sharding.is_fully_replicated)
single = f(program.parameter_values, *[x[0] for x in inputs])
assert single.shape == ()
agree(single, program(*[x[0] for x in inputs]))
""",
        devices=4,
    )
    assert out == "4 4 False\n"


@with_jax
def test_the_gpt_is_the_same_in_jax():
    with_a_fresh_jax("""
from gpt import GPT, ONE_HOT
tokens = rng.integers(0, 27, (4, 3)), rng.integers(0, 27, (4, 3))
inputs = [np.array(ONE_HOT)[each] for each in tokens]
program = trace(GPT().loss, *[x[0].tolist() for x in inputs])
check(program, program.to_jax(), inputs, jax.jit)
""")


@with_jax
def test_random_graphs_are_the_same_in_jax(long):
    out = with_a_fresh_jax(
        f"seeds = {12 if long else 5}\n"
        + """
from replay_graphs import random_graph, replayed
tried = 0
for seed in range(seeds):
    graph = random_graph(seed)
    if graph.shapes and not graph.compared:
        program, _ = replayed(graph, engine="numpy")
        check(program, program.to_jax(), graph.columns(graph.samples), jax.jit)
        tried += 1
print(tried)
"""
    )
    assert int(out) > 3


@with_jax
def test_second_derivatives_of_a_network_are_those_of_finite_differences_under_jit():
    with_a_fresh_jax("""
program, inputs = network()
loss = lambda p: program.to_jax()(p, *inputs).sum()
at = program.parameter_values
along = rng.standard_normal(at.shape)
found = jax.jit(jax.grad(lambda p: jax.grad(loss)(p) @ along))(at)
ahead, behind = (jax.grad(loss)(at + step * along) for step in (1e-6, -1e-6))
np.testing.assert_allclose(found, (ahead - behind) / 2e-6, atol=1e-6)
assert np.abs(found).max() > 1.0
""")


@with_jax
def test_gradients_of_each_sample_come_from_vmap():
    with_a_fresh_jax("""
program, inputs = network()
f, at = program.to_jax(), program.parameter_values
each = jax.vmap(jax.grad(f), in_axes=(None, 0, 0))(at, *inputs)
for row, *sample in zip(each, *inputs):
    agree(row, program.value_and_grad(*sample)[1].parameters)
""")


@with_jax
def test_jax_in_32_bits_is_refused():
    out = with_a_fresh_jax("""
jax.config.update("jax_enable_x64", False)
from autograd_edu.errors import OperandError
program = trace(lambda x: x * x, 1.0)
jax.config.update("jax_enable_x64", True)
f = program.to_jax()
jax.config.update("jax_enable_x64", False)
for call in (program.to_jax, lambda: f([], [1.0])):
    try:
        call()
    except OperandError as error:
        print(error)
""")
    assert out.count("jax.config.update('jax_enable_x64', True)") == 2


@with_torch
def test_pytorch_gives_the_same_numbers_and_gradients():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of importing PyTorch
        import torch
    tried = 0
    for seed in range(60):
        graph = random_graph(seed)
        if not graph.shapes or graph.compared:
            continue
        program, _ = replayed(graph, engine="numpy")
        columns = graph.columns(graph.samples)
        values, grads = program.value_and_grad(*columns)
        leaves = [torch.tensor(x, requires_grad=True) for x in (program.parameter_values, *columns)]
        y = program.to_torch()(*leaves)
        y.sum().backward()
        expected = [values, grads.parameters, *grads.inputs]
        given = [
            y.detach().numpy(),
            *[np.zeros(x.shape) if x.grad is None else x.grad.numpy() for x in leaves],
        ]
        for a, b in zip(given, expected, strict=True):
            np.testing.assert_allclose(
                a, b, rtol=1e-12, atol=1e-12 * np.abs(b).max(initial=0.0), err_msg=f"seed {seed}"
            )
        tried += 1
    assert tried > 25


@with_torch
def test_gradients_of_each_sample_come_from_pytorch_s_vmap_too():
    import torch

    program = trace(lambda x, t: relu(w * x[0] - t * x[1]) ** 3, [1.0, 2.0], 0.5)
    xs = np.array([[1.0, 2.0], [3.0, -4.0], [-1.0, 0.5]]), np.array([0.5, -2.0, 1.0])
    f, tensors = program.to_torch(), [torch.tensor(x) for x in (program.parameter_values, *xs)]
    each = torch.func.vmap(torch.func.grad(f), in_dims=(None, 0, 0))(*tensors)
    for row, *sample in zip(each, *xs, strict=True):
        expected = program.value_and_grad(*sample)[1].parameters
        np.testing.assert_allclose(row, expected, rtol=1e-13)


@with_torch
@pytest.mark.parametrize("op", OPS.values(), ids=OPS)
def test_every_row_is_exported_with_its_first_and_second_derivatives(op):
    import torch

    at = op.example
    program = trace(lambda *xs: op.apply(xs), *at)
    xs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in at]
    y = program.to_torch()(torch.zeros(0), *xs)
    slopes = torch.autograd.grad(y, xs, create_graph=True)
    value, grads = program.value_and_grad(*at)
    found = [x.item() for x in (y, *slopes)]
    assert found == pytest.approx([value, *grads.inputs], rel=1e-12)
    along = np.ones(len(at))
    second = torch.autograd.grad(sum(slopes), xs, allow_unused=True)
    found = [0.0 if x is None else x.item() for x in second]
    assert found == pytest.approx(program.hvp(at, along).inputs, rel=1e-11, abs=1e-13)


@pytest.fixture
def branching():
    """A row whose local gradient branches where no program can follow."""

    @operation(local_gradients=("0 if x == 0 else 2*abs(x)",), example=(1.0,))
    def branching(xp, x):
        return x * abs(x)

    yield branching
    del OPS["branching"]


@with_torch
def test_a_second_derivative_that_no_program_can_keep_is_refused(branching):
    import torch

    x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    y = trace(branching, 1.0).to_torch()(torch.zeros(0), x)
    (first,) = torch.autograd.grad(y, x, create_graph=True)
    assert first.item() == 4.0
    with pytest.raises(OperandError, match=r"write its rule with xp\.choose"):
        torch.autograd.grad(first, x)


@with_torch
def test_a_program_runs_on_the_device_of_its_tensors():
    import torch

    program = trace(
        lambda x, t: where(x > 0.5, maximum(x, 0.1 * t, w) / 3.0, relu(w * x + 2.0) ** 2.0),
        1.0,
        2.0,
    )
    tensors = [
        torch.empty(shape, dtype=torch.float64, device="meta") for shape in ((1,), (5,), (5,))
    ]
    assert (program.to_torch()(*tensors)).device.type == "meta"


@with_torch
@pytest.mark.parametrize(
    ("inputs", "error"), [(([1.0], [2.0]), ArityError), (([[1.0, 2.0]],), ShapeError)]
)
def test_wrong_inputs_of_an_exported_program_are_refused(inputs, error):
    f = trace(lambda x: x * Value(2.0), 1.0).to_torch()
    with pytest.raises(error):
        f([2.0], *inputs)
    with pytest.raises(ShapeError, match="the program has 1 parameters"):
        f([2.0, 3.0], [1.0])


@pytest.mark.parametrize("name", ["jax", "torch"])
def test_without_the_framework_the_error_says_what_to_install(name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    program = trace(lambda x: relu(x), 1.0)
    with pytest.raises(ImportError, match=rf"pip install 'autograd-edu\[{name}\]'"):
        program.to_jax() if name == "jax" else program.to_torch()


@with_torch
def test_a_program_with_guards_says_what_to_write_instead():
    program = trace(lambda x: x * x if x > 0.0 else -x, 1.0)
    with pytest.raises(
        OperandError,
        match=r"test_export.py:\d+ that an exported function could not check: write it with where",
    ):
        program.to_torch()


@with_torch
def test_a_condition_of_parameters_alone_is_exported():
    import torch

    v = Value(2.0, "v")
    f = trace(lambda x: where(v / 2.0, v * x, x), 1.0).to_torch()
    leaves = [
        torch.tensor(each, dtype=torch.float64, requires_grad=True) for each in ([2.0], [3.0, 4.0])
    ]
    f(*leaves).sum().backward()
    assert [leaf.grad.tolist() for leaf in leaves] == [[7.0], [2.0, 2.0]]


@with_jax
def test_the_angle_of_a_negative_zero_is_that_of_zero_in_jax_too():
    import jax

    jax.config.update("jax_enable_x64", True)
    exported = jax.jit(trace(lambda x: atan2(x, x), 1.0).to_jax())
    assert float(exported([], -0.0)) == atan2(-0.0, -0.0) == 0.0


@with_jax
@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: maximum(x * exp(x), log(x) * x), 3.1),
        (lambda x: minimum(-x * exp(x), -log(x) * x, -x), 3.1),
        (lambda x: maximum(log2(x), log2(x)), 40.0),
    ],
    ids=["maximum", "minimum", "a tie"],
)
def test_the_largest_number_is_found_again_where_xla_merges_operations(f, x):
    """It is compared with products that XLA would merge with the comparison, unrounded."""
    import jax

    jax.config.update("jax_enable_x64", True)
    exported = trace(f, x).to_jax()
    second = jax.jit(jax.grad(lambda x: jax.grad(exported, 1)([], x)))
    assert float(second(x)) == pytest.approx(hessian(f)(x), rel=1e-12)


@with_jax
def test_the_largest_number_is_found_again_where_it_is_compared_before_it_is_moved():
    """XLA would compute the product twice: for the array, and for the comparison."""
    import jax

    jax.config.update("jax_enable_x64", True)
    v, w = Value(-40.0, "v"), Value(3.0, "w")
    f = trace(lambda x: maximum(x, detach(v), cosh(acosh(w)) * w), 0.0, parameters=[v, w])
    second = jax.jit(jax.jacrev(jax.grad(f.to_jax())))
    found = second(np.array([-40.0, 3.0]), 0.0)
    assert found == pytest.approx(np.array([[0.0, 0.0], [0.0, 2.0]]))


@with_jax
def test_a_gradient_that_does_not_exist_is_nan_in_jax_too():
    """relu passes 0 times the infinite slope of the root; XLA takes a condition for a choice."""
    import jax

    jax.config.update("jax_enable_x64", True)
    gradient = jax.jit(jax.grad(trace(lambda x: sqrt(relu(x)), 4.0).to_jax(), 1))
    assert float(gradient([], 4.0)) == 0.25
    assert math.isnan(float(gradient([], -31.0)))


@with_jax
def test_second_derivatives_of_erf_keep_their_digits_where_xla_merges_operations():
    """Its gradient splits a number in two. Merged, the derivative of the split lost six digits."""
    import jax

    jax.config.update("jax_enable_x64", True)
    v = Value(2.0, "v")

    def f(x, y, v):
        s = square(leaky_relu(x, 40.0))
        return dot([y, erf(sqrt(v) / s)], [maximum(s, 0.0, x), 1.0])

    exported = trace(lambda x, y: f(x, y, v), 2.0, 0.25, parameters=[v]).to_jax()
    second = jax.jit(jax.jacrev(jax.grad(lambda p: exported(p[2:], p[0], p[1]))))
    wanted = np.array(hessian(f)(2.0, 0.25, 2.0))
    assert np.asarray(second(np.array([2.0, 0.25, 2.0]))) == pytest.approx(wanted, rel=1e-13)


@with_jax
def test_operands_that_stand_twice_in_a_maximum_keep_their_second_derivatives():
    """Its slopes are an array of two rows and two columns, of which no operand has both."""
    import jax

    jax.config.update("jax_enable_x64", True)

    def f(x):
        e = exp(x)
        return maximum(x, e, x, e)

    exported = trace(f, 3.0).to_jax()
    second = jax.jit(jax.grad(lambda x: jax.grad(exported, 1)([], x)))
    assert float(second(3.0)) == pytest.approx(exp(3.0), rel=1e-12)
