"""Typical code that traces and replays, which type checkers at their strictest must accept."""

from typing import assert_type

import numpy as np
from numpy.typing import NDArray

from autograd_edu import Program, ProgramCache, Value, dot, relu, trace, trace_graph

Floats = NDArray[np.float64]


def loss(xs: list[Value], t: Value) -> Value:
    return relu(1.0 - t * dot(xs, [1.0, 2.0]))


def square(x: Value) -> Value:
    return x * x


def both(x: Value) -> dict[str, Value]:
    return {"square": x * x, "itself": x}


program = trace(loss, [0.5, -1.0], 1.0)
assert_type(program, Program)
assert_type(program(np.ones((10, 2)), np.ones(10)), float | Floats)
assert_type(trace(square, 1.0)(3.0), float)
y, gradients = program.value_and_grad([1.0, 2.0], 1.0)
assert_type(y, float | Floats)
assert_type(gradients.inputs, list[float | Floats])
assert_type(gradients.parameters, Floats)
of_parameters = program.value_and_grad([1.0, 2.0], 1.0, wrt="parameters")[1]
assert_type(of_parameters.inputs, None)
assert_type(of_parameters.parameters, Floats)
assert_type(trace(square, 1.0).value_and_grad(3.0)[0], float)
nine, of_inputs = trace(square, 1.0).value_and_grad(3.0, wrt="inputs")
assert_type(nine, float)
assert_type(of_inputs.inputs, list[float | Floats])
assert_type(of_inputs.parameters, None)
assert_type(program.parameter_values, Floats)
program.parameter_values = np.zeros(0)
assert_type(program.hvp(([1.0, 2.0], 1.0), ([1.0, 0.0], 0.0)).parameters, Floats)
assert_type(bool(program.check_gradient([1.0, 2.0], 1.0, rtol=1e-6)), bool)
assert_type(trace_graph(Value(2.0) * 3.0), Program)

results = trace(both, 1.0)(2.0)
if isinstance(results, dict):
    print(results["square"])

programs = ProgramCache(loss, maxsize=8)
assert_type(programs([[1.0, 2.0]], [1.0], batch=True), float | Floats)
assert_type(programs([[1.0, 2.0]], 1.0, batch=(True, False)), float | Floats)
assert_type(ProgramCache(square)(1.0), float)
assert_type(programs.value_and_grad([1.0, 2.0], 1.0)[1].parameters, Floats)
assert_type(programs.value_and_grad([1.0, 2.0], 1.0, wrt="parameters")[1].inputs, None)
assert_type(programs.value_and_grad([1.0, 2.0], 1.0, wrt="inputs")[1].parameters, None)
assert_type(programs.program([1.0, 2.0], 1.0), Program)
