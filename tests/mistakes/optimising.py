"""Mistakes with optimisers and schedules of the learning rate."""

from .mistake import Area

AREA = Area("optim", owner="training")
error, warning, either = AREA.error, AREA.warning, AREA.either

MODEL = "model = nn.MLP(2, [3, 1], seed=0)\n"
ONE = "w = Value(2.0, 'w')\n"

error("the model for its parameters", MODEL + "optim.SGD(model)", r"parameters\(\)", r"MLP|model")
error(
    "parameters without parentheses",
    MODEL + "optim.SGD(model.parameters)",
    r"parameters\(\)|call", r"method|function|parameters",
)  # fmt: skip
error("a float as parameter", "optim.SGD([1.0])", r"\b1\.0\b|float", r"Value")
error(
    "a result as parameter",
    ONE + "optim.SGD([w + 1])",
    r"leaf|leaves|result|computed",
)  # fmt: skip
error(
    "the learning rate in the place of the parameters", "optim.Adam(0.1)", r"0\.1", r"parameters|lr"
)
error(
    "one parameter twice",
    ONE + "optim.SGD([w, w])",
    r"\bw\b", r"twice|more than once|same|two times|\b2\b|already",
)  # fmt: skip
error(
    "a negative learning rate",
    ONE + "optim.SGD([w], lr=-0.1)",
    r"-0\.1", r"learning rate|\blr\b", r"negative|positive|at least 0|above 0",
)  # fmt: skip
error(
    "a learning rate that is text",
    ONE + "optim.SGD([w], lr='0.1')",
    r"'0\.1'|\btext\b|\bstr\b", r"learning rate|\blr\b", r"number",
)  # fmt: skip
error(
    "a learning rate that is not a number",
    ONE + "optim.SGD([w], lr=float('nan'))",
    r"nan", r"learning rate|\blr\b",
)  # fmt: skip
error(
    "Keras's name for the learning rate",
    ONE + "optim.SGD([w], learning_rate=0.1)",
    r"learning_rate",
    pythons_words=True,
)  # fmt: skip
error(
    "a beta of 1",
    ONE + "optim.Adam([w], betas=(0.9, 1.0))",
    r"beta|β", r"\b1(\.0)?\b", r"less|below|\b0\b|between",
)  # fmt: skip
error("one beta", ONE + "optim.Adam([w], betas=0.9)", r"beta|β", r"two|pair|\b2\b|\(0\.9")
error("a negative norm to clip to", ONE + "optim.SGD([w], clip_norm=-1)", r"clip_norm|norm", r"-1")
error(
    "a momentum above 1",
    ONE + "optim.Momentum([w], momentum=1.5)",
    r"momentum", r"1\.5", r"less|below|\b0\b.*\b1\b|between",
)  # fmt: skip
error(
    "an unknown style of momentum",
    ONE + "optim.Momentum([w], style='nesterov')",
    r"nesterov", r"velocity", r"average",
    raises="OptionError",
)  # fmt: skip
error(
    "a negative weight decay",
    ONE + "optim.AdamW([w], weight_decay=-0.1)",
    r"weight.decay", r"-0\.1", r"negative|positive|at least 0",
)  # fmt: skip
warning(
    "steps without zero_grad",
    ONE + """
opt = optim.SGD([w], lr=0.01)
for i in range(10):
    loss = (w * 3 - 1) ** 2
    loss.backward()
    opt.step()
""",
    r"zero_grad", r"add|accumulat|sum|clear|earlier|previous|last",
)  # fmt: skip
either(
    "a step before any backward pass",
    ONE + "opt = optim.SGD([w], lr=0.1)\nopt.step()",
    r"backward", r"gradient|\bw\b",
)  # fmt: skip
either(
    "a step of an optimiser without parameters",
    "optim.SGD().step()",
    r"parameters", r"\bno\b|none|empty|without|nothing",
)  # fmt: skip
error(
    "the state of another kind of optimiser",
    ONE + "optim.SGD([w]).load_state_dict(optim.Adam([w]).state_dict())",
    r"SGD|Adam",
)  # fmt: skip
error(
    "Newton's method where the Hessian is singular",
    "optim.newton(lambda at: 3 * at[0], [1.0])",
    r"Hessian|second derivative|curv", r"singular|invert|\b0\b|flat",
)  # fmt: skip
error(
    "a schedule that ends where it begins",
    "from autograd_edu import schedules\nschedules.Cosine(0.1, end=0)",
    r"\bend\b", r"\b0\b", r"positive|above 0|> ?0|greater|more than",
)  # fmt: skip
error(
    "a rate where a schedule belongs",
    "from autograd_edu import schedules\nschedules.WarmUp(0.1, 10)(3)",
    r"0\.1|float|number", r"schedule",
)  # fmt: skip
error(
    "an inverse root at its start",
    "from autograd_edu import schedules\nschedules.InverseSqrt(0.1)(0)",
    r"\b0\b", r"\b1\b|WarmUp",
)  # fmt: skip
