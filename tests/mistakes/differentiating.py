"""Mistakes with grad, jvp, jacobian, hessian, hvp, numeric_gradient and check_gradient."""

from .mistake import Area

AREA = Area("derivatives", owner="derivatives")
error, warning, either = AREA.error, AREA.warning, AREA.either

error("the gradient of a number", "grad(3.0)(1.0)", r"\b3\.0\b|float", r"function")
error(
    "the gradient of a Value, not of a function",
    "x = Value(3.0, 'x')\ngrad(x * x)(3.0)",
    r"Value", r"function",
)  # fmt: skip
error(
    "the name of a function, not the function",
    'value_and_grad("f")(3.0)',
    r"'f'|\btext\b|\bstr\b", r"function",
)  # fmt: skip
error(
    "the gradient of several results",
    "grad(lambda x: [x, x * x])(3.0)",
    r"list|\b2\b|several", r"jacobian|one number",
)  # fmt: skip
error(
    "a loss together with something else",
    "def loss(w):\n    return w * w, 'extra'\n\ngrad(loss)(3.0)",
    r"tuple|\b2\b|several", r"has_aux|jacobian|one number",
)  # fmt: skip
error(
    "a function that forgot its return",
    "def loss(w):\n    w * w\n\ngrad(loss)(3.0)",
    r"\bNone\b", r"return",
)  # fmt: skip
error("a point that is text", 'grad(lambda x: x * x)("3")', r"'3'|\btext\b|\bstr\b", r"number")
error(
    "a math function inside",
    "import math\ngrad(lambda x: math.sin(x) * x)(1.0)",
    r"autograd_edu", r"\.data|\bsin\b",
)  # fmt: skip
error(
    "the gradient for an argument that is not there",
    "grad(lambda x, y: x * y, argnums=5)(1.0, 2.0)",
    r"argnums", r"\b5\b", r"\b2\b|two",
)  # fmt: skip
error(
    "the gradient outside the domain",
    "grad(lambda rate: log(rate))(-1.0)",
    r"\blog\b", r"-1", r"positive|> ?0",
    raises="DomainError",
)  # fmt: skip
error(
    "more tangents than inputs",
    "jvp(lambda x: x * x, (2.0,), (1.0, 1.0))",
    r"tangent", r"\b1\b|one", r"\b2\b|two|\[1, 1\]",
)  # fmt: skip
error(
    "a tangent that is text",
    "jvp(lambda x: x * x, (2.0,), ('a',))",
    r"tangent|'a'", r"number",
)  # fmt: skip
error("no tangents", "jvp(lambda x: x * x, (2.0,))", r"tangents", pythons_words=True)
error(
    "a vector of another length than the point",
    "hvp(lambda x, y: x * y * y, [1.0, 2.0], [1.0])",
    r"vector|direction", r"\b1\b|one", r"\b2\b|two|\[1, 1\]",
)  # fmt: skip
error(
    "the Jacobian of a function that forgot its return",
    "def f(x):\n    [x, x * x]\n\njacobian(f)(2.0)",
    r"\bNone\b", r"return",
)  # fmt: skip
error(
    "the Hessian of several results",
    "hessian(lambda x: [x, x * x])(2.0)",
    r"list|\b2\b|several", r"jacobian|one number",
)  # fmt: skip
error(
    "a misspelt method",
    'numeric_gradient(lambda x: x * x, 1.0, method="centrall")',
    r"centrall", r"\bcentral\b", r"forward", r"complex",
    raises="OptionError",
)  # fmt: skip
error(
    "a step of zero",
    "numeric_gradient(lambda x: x * x, 1.0, step=0)",
    r"step", r"\b0(\.0)?\b", r"positive|> ?0|above 0|greater|more than",
)  # fmt: skip
error(
    "a negative step",
    "numeric_gradient(lambda x: x * x, 1.0, step=-0.25)",
    r"step", r"-0\.25", r"positive|> ?0|above 0|greater|more than|negative",
)  # fmt: skip
error(
    "a numeric gradient at text",
    'numeric_gradient(lambda x: x * x, ["a"])',
    r"'a'|\btext\b|\bstr\b", r"number",
)  # fmt: skip
error(
    "a numeric gradient of several results",
    "numeric_gradient(lambda x: [x, x * x], [1.0])",
    r"list|\b2\b|several", r"one number|number",
)  # fmt: skip
error(
    "a gradient check of a number",
    "check_gradient(3.0, 1.0)",
    r"\b3\.0\b|float", r"function",
)  # fmt: skip
error(
    "a gradient check of nothing",
    "check_gradient(lambda x, y: x * y, [1.0, 2.0], sample=0)",
    r"sample", r"\b0\b", r"at least|positive|\b1\b",
)  # fmt: skip
error(
    "a name for one input of two",
    'check_gradient(lambda x, y: x * y, [1.0, 2.0], names=["a"])',
    r"name", r"\b1\b|one", r"\b2\b|two",
)  # fmt: skip
error(
    "a gradient check outside the domain",
    "check_gradient(lambda rate: sqrt(rate), (-4.0,))",
    r"sqrt", r"-4", r"negative|≥ ?0|>= ?0|at least 0",
    raises="DomainError",
)  # fmt: skip
