"""`wrt` asks for some gradients only: they are the same, and the others are not computed."""

import numpy as np
import pytest
from replay_graphs import random_graph

from autograd_edu import ProgramCache, Value, dot, relu, sqrt, total, trace
from autograd_edu.errors import BranchChanged, DomainError, OptionError
from autograd_edu.program.array_engine.run import Backward
from autograd_edu.program.compiled_engine.run import is_installed

ENGINES = ["numpy", "python", *(["jit"] if is_installed() else [])]


def agree(program, *inputs):
    """Whether the gradients that ``wrt`` asks for are those of the full answer, bit by bit."""
    y, full = program.value_and_grad(*inputs, on_nonfinite="keep")
    z, of_inputs = program.value_and_grad(*inputs, wrt="inputs", on_nonfinite="keep")
    u, of_parameters = program.value_and_grad(*inputs, wrt="parameters", on_nonfinite="keep")
    same = [np.array_equal(a, b, equal_nan=True) and type(a) is type(b)
            for a, b in ((y, z), (y, u), *zip(full.inputs, of_inputs.inputs, strict=True),
                         (full.parameters, of_parameters.parameters))]  # fmt: skip
    return all(same) and of_inputs.parameters is None and of_parameters.inputs is None


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("chunk", range(4))
def test_random_programs_give_the_same_gradients_whichever_are_asked_for(engine, chunk):
    for seed in range(25 * chunk, 25 * (chunk + 1)):
        graph = random_graph(seed)
        weights = [Value(w) for w in graph.weights]
        program = trace(graph.function(weights), *graph.nested(graph.samples[0]))
        program.engine = engine
        assert agree(program, *graph.columns(graph.samples)), seed
        assert agree(program, *graph.nested(graph.samples[0])), seed


WEIGHTS = [Value(0.1 * i - 0.4, f"w{i}") for i in range(8)]


def network(xs, t):
    hidden = [relu(dot(WEIGHTS[i : i + 2], xs, WEIGHTS[i + 2])) for i in (0, 3)]
    return relu(1.0 - t * dot(WEIGHTS[6:], hidden))


X = np.arange(-6.0, 6.0).reshape(6, 2)


@pytest.mark.parametrize(
    "inputs",
    [
        pytest.param((X[0], 1.0), id="one sample"),
        pytest.param(([1, 2], 1), id="whole numbers in a list"),
        pytest.param((X, np.ones(6)), id="a batch"),
        pytest.param((X, 1.0), id="a batch that shares an input"),
        pytest.param((X.astype(np.float32), np.ones(6, dtype=np.int8)), id="other types"),
        pytest.param((X.astype(int)[::2], np.ones(6)[::2]), id="every second sample"),
        pytest.param((np.tile(X, (900, 1)), np.ones(5400)), id="more samples than a block holds"),
    ],
)
def test_inputs_of_any_form_give_the_same_gradients_whichever_are_asked_for(inputs):
    assert agree(trace(network, [0.5, 0.5], 1.0), *inputs)


def test_each_pass_computes_what_it_needs_from_the_latest_numbers():
    program, again = [trace(network, [0.5, 0.5], 1.0) for _ in range(2)]
    program.engine = again.engine = "numpy"
    again.value_and_grad(X, np.ones(6))
    for xs in (X, -X, X[::-1] + 0.5):
        for wrt in ("inputs", "parameters"):
            again.value_and_grad(xs[::-1], np.ones(6))
            grads = again.value_and_grad(xs, np.ones(6), wrt=wrt)[1]
            alone = program.value_and_grad(xs, np.ones(6))[1]
            pairs = zip(getattr(grads, wrt), getattr(alone, wrt), strict=True)
            assert all(np.array_equal(a, b) for a, b in pairs)


def test_what_was_not_asked_for_is_none():
    w = Value(3.0)
    program = trace(lambda x: (x * w) * 2.0, 1.0)
    y, of_parameters = program.value_and_grad([1.0, 4.0], wrt="parameters")
    assert y.tolist() == [6.0, 24.0]
    assert of_parameters.inputs is None
    assert of_parameters.parameters.tolist() == [10.0]
    of_inputs = program.value_and_grad([1.0, 4.0], wrt="inputs")[1]
    assert of_inputs.inputs[0].tolist() == [6.0, 6.0]
    assert of_inputs.parameters is None


def test_what_was_not_asked_for_costs_no_call():
    program = trace(network, [0.5, 0.5], 1.0)
    program.engine = "numpy"
    engine, calls = program.runner.numpy, {}
    for wrt in ("all", "inputs", "parameters"):
        passes = engine.passes[Backward](engine.plan(6), engine.reverse(wrt))
        calls[wrt] = len(passes.backward) + len(passes.finish)
    # for the inputs: a product for each of the three, and where they are put together
    assert calls["all"] - calls["parameters"] >= 3
    # for the parameters: a product for each of the two layers, which leaves it in their order
    assert calls["all"] - calls["inputs"] == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_a_gradient_that_was_not_asked_for_cannot_be_undefined(engine):
    w, v = Value(2.0), Value(0.0)
    by_input = trace(lambda x: w * sqrt(x) + w, 1.0)
    by_parameter = trace(lambda x: x + x * sqrt(v), 1.0)
    by_input.engine = by_parameter.engine = engine
    assert by_input.value_and_grad(0.0, wrt="parameters")[1].parameters.tolist() == [1.0]
    assert by_parameter.value_and_grad(3.0, wrt="inputs")[1].inputs == [1.0]
    for program, wrt in ((by_input, "inputs"), (by_parameter, "parameters")):
        for asked in ("all", wrt):
            with pytest.raises(DomainError, match=r"the gradient of sqrt: .* is not finite"):
                program.value_and_grad([0.0, 1.0] if wrt == "inputs" else 3.0, wrt=asked)


@pytest.mark.parametrize("wrt", ["all", "inputs", "parameters"])
def test_a_fault_of_the_forward_pass_is_found_whatever_is_asked_for(wrt):
    w = Value(2.0)
    program = trace(lambda x: w * x if x > 0.0 else x, 1.0)
    with pytest.raises(BranchChanged, match="sample 1"):
        program.value_and_grad([1.0, -1.0], wrt=wrt)
    with pytest.raises(DomainError, match=r"input 0 \('x'\) is not finite at \(1,\): nan"):
        program.value_and_grad([1.0, np.nan], wrt=wrt)
    with pytest.raises(DomainError, match="is not finite for sample 0"):
        program.value_and_grad([1e308, 1.0], wrt=wrt)
    program.parameter_values[0] = np.inf
    with pytest.raises(DomainError, match="is not finite for every sample"):
        program.value_and_grad([1.0, 2.0], wrt=wrt)


def test_an_unknown_name_lists_the_right_ones():
    for programs in (trace(lambda x: x * x, 1.0), ProgramCache(lambda x: x * x)):
        with pytest.raises(OptionError, match="unknown wrt 'params'; choose from 'all', 'inputs', "
                           r"'parameters' \(did you mean 'parameters'\?\)"):  # fmt: skip
            programs.value_and_grad(1.0, wrt="params")


def test_a_cache_gives_the_gradients_that_are_asked_for_in_its_own_order():
    w, v = Value(2.0), Value(5.0)
    programs = ProgramCache(lambda xs: total([(w if len(xs) < 3 else v) * x for x in xs]))
    programs.value_and_grad([1.0, 2.0])
    y, grads = programs.value_and_grad([1.0, 2.0, 4.0], wrt="parameters")
    assert (y, grads.inputs, grads.parameters.tolist()) == (35.0, None, [0.0, 7.0])
    y, grads = programs.value_and_grad([[1.0, 2.0]], batch=True, wrt="inputs")
    assert grads.inputs[0].tolist() == [[2.0, 2.0]]
    assert grads.parameters is None
