"""No module but the rule table knows an operation by its name.

With every row renamed, all else is the same.
"""

import subprocess
import sys

import pytest

SUFFIX = "_zq"

RENAMING = f"""
import re
from autograd_edu import OPS
import autograd_edu.nn  # whose options are names that people type

rows = [op for op in OPS.values() if op.name != "where"]  # the word by which formulas choose
names = "|".join(op.name for op in rows)

def renamed(text):
    return re.sub(rf"\\b({{names}})\\(", r"\\1{SUFFIX}(", text)

def of_operands(written):
    def rewritten(*xs):
        found = written(*xs)
        return renamed(found) if isinstance(found, str) else tuple(map(renamed, found))
    return rewritten

for op in rows:
    del OPS[op.name]
    op.rules, op.at_once  # the local gradients, as they are printed before
    op.name += "{SUFFIX}"
    OPS[op.name] = op
    op.formula = renamed(op.formula) if isinstance(op.formula, str) else of_operands(op.formula)
    slopes = op.slopes
    op.slopes = tuple(map(renamed, slopes)) if isinstance(slopes, tuple) else of_operands(slopes)
"""

PROGRAMS = """
import autograd_edu as ae
from autograd_edu import Value, draw, grad, hessian, jvp, steps, trace, trace_graph
from autograd_edu.nn import MLP
from autograd_edu.nn.counting import cost

x, w, b = Value(0.5, "x"), Value(-1.5, "w"), Value(0.25, "b")

def neuron(x, w, b):
    y = ae.tanh(x * w + x * x + b) ** 3 / (1.0 + ae.exp(-x))
    return y + ae.maximum(x, w, b) * ae.sigmoid(b)

def formula(x, w, b):
    y = neuron(x, w, b) + ae.dot([x, w], [w, b], 0.5) + ae.total(x, w, b) + ae.logsumexp(x, w)
    return y + ae.where(x > w, abs(x), ae.sqrt(x)) + ae.clip(w, -1.0, b) - ae.gelu(x) * ae.step(x)

y = formula(x, w, b)
y.backward()
model = MLP(2, [3, 2, 1], seed=1)
inputs = [Value(0.3, "a"), Value(-0.7, "c")]
score = model(inputs)
score = score[0] if isinstance(score, list) else score
program = trace(formula, 0.5, -1.5, 0.25)
network = trace_graph(score, inputs=inputs)
"""

USING = """
for each in (program, network):
    each.engine = "numpy"
print("results", y.data, x.grad, w.grad, b.grad, score.data)
at = (0.5, -1.5, 0.25)
print("derivatives", grad(formula)(*at), jvp(formula, at, (1.0, 2.0, 3.0)))
print("second", hessian(formula)(0.5, -1.5, 0.25))
print("replay", program.value_and_grad(0.4, -1.4, 0.2), network.value_and_grad(0.1, 0.2))
for style in ("python", "math", "latex"):
    print("listing", program.listing(style), network.listing(style))
print("gradients", network.listing("python", gradients=True))
print("steps", steps(y), steps(y).text(), steps(y).latex(), steps(y).python())
print("cost", cost(score))
for picture in (draw(y), draw(score), draw(score, detail="full"), draw(y, style="circuit")):
    print("picture", picture.svg)
"""


# the same programs run by the compiled engine, read back from JSON, and run by JAX
TAKEN_ELSEWHERE = """
import json
import jax
import numpy as np
from autograd_edu import Program
from autograd_edu.errors import AutogradError

jax.config.update("jax_enable_x64", True)
at = (0.4, -1.4, 0.2)
batch = (np.linspace(0.2, 0.6, 9), np.linspace(-1.4, -0.2, 9), np.full(9, 0.2))
for each in (program, network):
    each.engine = "jit"
values, gradients = program.value_and_grad(*batch)
print("compiled", program.value_and_grad(*at), network.value_and_grad(0.1, 0.2))
print("in a batch", values.tolist(), [x.tolist() for x in gradients.inputs])
for each in (program, network):
    text = each.to_json()
    assert Program.from_json(text) == each
    print("JSON", {key: x for key, x in json.loads(text).items() if "checksum" not in key})
print("JavaScript", program.listing("javascript"), network.listing("javascript", gradients=True))
f = program.to_jax()
of = lambda x, w, b: f(np.zeros(0), x, w, b)
print("JAX", [float(x) for x in (of(*at), *jax.jit(jax.grad(of, argnums=(0, 1, 2)))(*at))])
print("JAX twice", float(jax.jit(jax.grad(lambda w: jax.grad(of)(0.4, w, 0.2)))(-1.4)))
layers = network.to_jax()
slopes = jax.jit(jax.grad(lambda p: layers(p, 0.1, 0.2)))(network.parameter_values)
print("JAX network", np.asarray(slopes).tolist())
"""


def outcome(script):
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def before():
    return outcome(PROGRAMS + USING).splitlines()


@pytest.mark.slow
@pytest.mark.frameworks
def test_with_every_row_renamed_programs_are_the_same_elsewhere_but_for_the_names():
    before = outcome("\n" * RENAMING.count("\n") + PROGRAMS + TAKEN_ELSEWHERE)  # on the same lines
    renamed = outcome(RENAMING + PROGRAMS + TAKEN_ELSEWHERE)
    assert "JAX twice" in before
    assert renamed.replace(SUFFIX, "") == before


@pytest.mark.slow
def test_with_every_row_renamed_everything_is_the_same_but_for_the_names(before):
    renamed = outcome(RENAMING + PROGRAMS + USING)
    assert SUFFIX in renamed
    assert renamed.replace(SUFFIX, "").splitlines() == before


@pytest.mark.slow
def test_the_comparison_notices_a_name_that_is_known_elsewhere(before):
    known = "ae.dot.groups = ae.total.groups\n"  # as if sums of products were no longer known
    with pytest.raises(AssertionError):
        assert (
            outcome(PROGRAMS.replace("\nx, w, b", f"\n{known}x, w, b") + USING).splitlines()
            == before
        )
