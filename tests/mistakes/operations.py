"""Mistakes with operations: their domains, their operands and how many there are."""

from .mistake import Area

AREA = Area("operations", owner="engine")
error, warning, either = AREA.error, AREA.warning, AREA.either

error(
    "the logarithm of a negative number",
    "price = Value(-1.5, 'price')\nlog(price)",
    r"\blog\b", r"price", r"-1\.5", r"positive|> ?0",
    raises="DomainError",
)  # fmt: skip
error(
    "the logarithm of a product that is zero, while another Value is called x",
    "x = Value(2.0, 'x')\np = Value(0.0, 'p')\nlog(p * 3)",
    r"\blog\b", r"\bp\b", r"\b0(\.0)?\b", r"positive|> ?0",
    raises="DomainError", never=(r"'x'",),
)  # fmt: skip
error(
    "the square root of a negative number",
    "area = Value(-4.0, 'area')\nsqrt(area)",
    r"sqrt", r"area", r"-4", r"negative|≥ ?0|>= ?0|at least 0",
    raises="DomainError",
)  # fmt: skip
error(
    "division by zero",
    "x, d = Value(1.0, 'x'), Value(0.0, 'd')\nx / d",
    r"\bd\b", r"zero|\b0(\.0)?\b", r"divi|/",
    raises="DomainError",
)  # fmt: skip
error(
    "a negative power of zero",
    "base = Value(0.0, 'base')\nbase ** -1",
    r"base", r"\b0(\.0)?\b", r"-1|zero|divi",
    raises="DomainError",
)  # fmt: skip
error(
    "the cube root of a negative number as a power",
    "v = Value(-8.0, 'v')\nv ** (1 / 3)",
    r"\bv\b", r"-8", r"real|negative|positive|complex",
    raises="DomainError",
)  # fmt: skip
error(
    "an arcsine beyond 1",
    "ratio = Value(2.0, 'ratio')\nasin(ratio)",
    r"asin", r"ratio", r"\b2(\.0)?\b", r"-1.*\b1\b",
    raises="DomainError",
)  # fmt: skip
error(
    "an arccosine beyond 1, of a plain number",
    "acos(1.5)",
    r"acos", r"1\.5", r"-1.*\b1\b",
    raises="DomainError",
)  # fmt: skip
error(
    "an exponential that overflows",
    "z = Value(1000.0, 'z')\nexp(z)",
    r"\bexp\b", r"\bz\b", r"1000", r"large|overflow|finite",
    raises="DomainError",
)  # fmt: skip
error(
    "a power that overflows",
    "b = Value(10.0, 'b')\nb ** 400",
    r"\bb\b", r"\b10(\.0)?\b", r"\b400", r"large|overflow|finite",
    raises="DomainError",
)  # fmt: skip
error(
    "log1p at its edge",
    "r = Value(-1.0, 'r')\nlog1p(r)",
    r"log1p", r"\br\b", r"-1",
    raises="DomainError",
)  # fmt: skip
error(
    "arithmetic with minus infinity, as in a mask",
    "mask = Value(float('-inf'), 'mask')\n(mask - 0.3).exp()",
    r"inf", r"ieee", r"mask",
)  # fmt: skip
error(
    "text for a number",
    'tanh("0.5")',
    r"tanh|'0\.5'", r"number",
    raises="TypeError",
)  # fmt: skip
error(
    "a list, as NumPy's functions take it",
    "exp([1.0, 2.0])",
    r"\bexp\b", r"list|\[1", r"\beach\b|\bfor\b|one number",
    works="list(exp([0.0, 0.0])) == [1.0, 1.0]",
)  # fmt: skip
error(
    "None for a number: the layer forgot its return",
    "relu(None)",
    r"\bNone\b", r"number|relu",
    raises="TypeError",
)  # fmt: skip
error(
    "no operand",
    "exp()",
    r"\bexp\b", r"\b1\b|one|\bx\b",
    raises="TypeError",
)  # fmt: skip
error(
    "one operand too many",
    "x, y = Value(2.0, 'x'), Value(3.0, 'y')\nexp(x, y)",
    r"\bexp\b", r"\b1\b|one", r"\b2\b|two",
    raises="TypeError",
)  # fmt: skip
error(
    "the base of a logarithm, as math.log takes it",
    "x = Value(100.0, 'x')\nlog(x, 10)",
    r"\blog\b", r"\b1\b|one|log10|log\(10\)|/ ?log", r"\b2\b|two|\b10\b",
    works="log(x, 10).data == 2.0",
)  # fmt: skip
error("the largest of nothing", "maximum([])", r"maximum", r"empty|at least|none|no operand")
error("logsumexp of nothing", "logsumexp()", r"logsumexp", r"empty|at least|none|no operand")
error(
    "weights and inputs of different lengths",
    "w = [Value(0.5, 'w1'), Value(0.1, 'w2')]\ndot(w, [1.0, 2.0, 3.0])",
    r"dot", r"\b2\b", r"\b3\b",
)  # fmt: skip
error("dot of two numbers", "dot(1.0, 2.0)", r"dot", r"list")
error(
    "where without its third part",
    "x = Value(2.0, 'x')\nwhere(x > 0, x)",
    r"where", r"\b3\b|three|otherwise",
    raises="TypeError",
)  # fmt: skip
error(
    "an operation on a layer, not on its output",
    "relu(nn.Layer(2, 2, seed=0))",
    r"Layer|relu", r"number|Value|call",
    raises="TypeError",
)  # fmt: skip
error(
    "an exponent that is text",
    "x = Value(2.0, 'x')\nx ** '2'",
    r"'2'|\btext\b|\bstr\b", r"number",
    raises="TypeError",
)  # fmt: skip
error(
    "a sum with text in it",
    "total(1.0, '2')",
    r"'2'|\btext\b|\bstr\b", r"number",
    raises="TypeError",
)  # fmt: skip
error(
    "a label with control characters, as from a bad file",
    "log(Value(-1.0, 'co\\x1b[31mst\\x00'))",
    r"\blog\b", r"-1", r"positive|> ?0", r"co.*st",
    raises="DomainError", never=("\x1b", "\x00"),
)  # fmt: skip
