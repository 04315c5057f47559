"""Typical code of a user, which type checkers at their strictest must accept.

`assert_type` says what they must see; `tests/test_types.py` runs them.
"""

from pathlib import Path
from typing import assert_type

import numpy as np
from numpy.typing import NDArray

import autograd_edu
from autograd_edu import (
    Program,
    Value,
    check_gradient,
    dot,
    draw,
    exp,
    grad,
    heaviside,
    hessian,
    jacobian,
    jvp,
    log,
    maximum,
    mean,
    no_grad,
    numeric_gradient,
    relu,
    sigmoid,
    step,
    steps,
    tanh,
    total,
    trace,
    value_and_grad,
    vjp,
    where,
)
from autograd_edu.errors import DomainError, OptionError
from autograd_edu.nn import MLP, losses
from autograd_edu.optim import Adam
from autograd_edu.train import History, fit


def values() -> None:
    x, y = Value(2.0, "x"), Value(-3, label="y")
    z = x * y + 2.0
    assert_type(z, Value)
    assert_type(x**2 / 3 - y, Value)
    assert_type(1.0 - x, Value)
    assert_type(relu(z), Value)
    assert_type(sigmoid(z) * tanh(x) + exp(y), Value)
    assert_type(z.tanh().exp(), Value)
    assert_type(relu(1.0), float)
    assert_type(log(2), float)
    assert_type(dot([x, y], [1.0, 2.0], z), Value)
    assert_type(total([x, y, z]), Value)
    assert_type(maximum(x, y), Value)
    assert_type(where(x > 0.0, x, y), Value)
    assert_type(where(x, 1.0, y), Value)
    assert_type(where(x > 0.0, 1.0, 0.0), float)
    assert_type(where(x > 0.0, lambda: log(x), 0.0), Value | float)
    assert_type(where(x > 0.0, lambda: log(x), lambda: x * y), Value)
    assert_type(step(x, strict=True), Value)
    assert_type(step(2.0, strict=True), float)
    assert_type(dot([1.0], [2.0]), float)
    assert_type(dot([1.0], [2.0], x), Value)
    assert_type(total([1.0, 2.0]), float)
    assert_type(mean([x, y]), Value)
    assert_type(mean([1.0, 2.0]), float)
    assert_type(mean(x, 2.0), Value)
    assert_type(heaviside(x, 0.5), Value)
    assert_type(heaviside(1.0), float)
    z.label = "z"
    z.backward()
    assert_type(x.grad, float)
    assert_type(z.data, float)
    assert_type(z.parents, tuple[Value, ...])
    with no_grad():
        print(x + y, abs(x), -x)


def cube(x: Value) -> Value:
    return x**3


def product(x: Value, y: Value) -> Value:
    return x * y


def pair(x: Value, y: Value) -> list[Value]:
    return [x * y, x + y]


def norm(xs: NDArray[np.object_]) -> Value:
    squares: list[Value] = [x * x for x in xs]
    return total(squares)


def labelled(x: Value) -> tuple[Value, str]:
    return x * x, "squared"


def derivatives() -> None:
    assert_type(grad(cube)(2.0), float)
    assert_type(grad(grad(cube))(2.0), float)
    assert_type(grad(cube)(Value(2.0)), Value)
    assert_type(grad(product)(2.0, 3.0), tuple[float, ...])
    assert_type(grad(product, 0)(2.0, 3.0), float)
    assert_type(grad(norm)(np.ones(3)), NDArray[np.float64])
    assert_type(value_and_grad(cube)(2.0), tuple[float, float])
    assert_type(grad(labelled, has_aux=True)(2.0)[1], str)
    assert_type(jvp(cube, 2.0, 1.0), tuple[float, float])
    y, pull = vjp(cube, 2.0)
    assert_type(y + pull(1.0), float)
    assert_type(jacobian(pair)(2.0, 3.0), list[tuple[float, ...]])
    assert_type(hessian(product)(2.0, 3.0), list[list[float]])
    assert_type(numeric_gradient(product, (2.0, 3.0)), list[float])
    report = check_gradient(cube, 2.0)
    assert_type([row.verdict == "pass" for row in report.rows], list[bool])


def replay() -> None:
    program = trace(product, 2.0, 3.0)
    assert_type(program.listing("math"), str)
    assert_type(program.listing("python"), str)
    print(Program.from_json(program.to_json()).listing("python"))


def training(folder: Path) -> None:
    model = MLP(2, [4, 1], activation="tanh", seed=0)
    data = autograd_edu.data.moons(100, seed=0)
    optimiser = Adam(model.parameters(), 0.05)
    history = fit(model, losses.half_squared_error, data, optimiser, epochs=10)
    assert_type(history, History)
    assert_type(model.parameters(), list[Value])
    model.save(folder / "model.json")
    try:
        draw(cube(Value(2.0)), "card").save(folder / "picture.svg")
        print(steps(cube(Value(2.0))).latex())
    except (DomainError, OptionError) as error:
        print(error)
