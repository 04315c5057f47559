"""The command line's formulas: valid ones agree with Python and mpmath, spoilt ones are refused.

A valid formula must give exactly the value and the gradients that Python gives for the same text
with the package's functions, and the value that mpmath gives. Text that is not a formula must
quickly raise an ExpressionError that points at the place, and must not run anything: an audit hook
watches for code, files and processes.
"""

import ast
import math
import random
import signal
import sys
import time
from contextlib import contextmanager

import mpmath as mp
from witness import EXACT

import autograd_edu
from autograd_edu import OPS, Value
from autograd_edu.cli.expression import parse
from autograd_edu.errors import AutogradError, ExpressionError

from . import Outcome

SLICE = 4_000
LONG = 50_000
MOST = 5  # failures to shrink; further ones say the same
SECONDS = 5.0  # a formula that takes longer hangs
# errors about the whole formula, which point at no place
WHOLE = ("the formula is empty", "the formula has", "the formula is too long")
FUNCTIONS = {name: getattr(autograd_edu, name, row) for name, row in OPS.items()}
PLAIN = sorted(set(EXACT) & set(OPS) - {"where", "dot"})
VARIABLES = ("x", "y", "z", "θ", "w1")
NUMBERS = ("0", "1", "2", "3", "10", "0.5", ".25", "1e-3", "1_000", "2.5e1", "pi", "e")
NASTY = (
    "__import__('os').system('x')", "().__class__", "x.__class__", "lambda: x", "[x for x in y]",
    "exec('x')", "f'{x}'", "x if y else z", "(y := x)", "x[0]", "{x}", "'x'", "b''", "1j",
    "9" * 400, "9**9**9**9", "1e999", "\0", "\ud800", "²", "\u202e", "\t", "\r", "\n", ";;",
    "(" * 80, ")" * 80, "-" * 200, "not ", " and ", " in ", "=", "==", "<", "//", "%", "@",
    "^", "~", "!", "$", "?", "`", "\\", "#", "...", ",", "*", "**", "import os", "del x", "x = ",
    "sin", "sin(", "total([])", "dot([x], [])", "dot(x, y)", "where(x, y)", "maximum()", "0777",
    "1__0", "sin(x=1)", "sin(*x)", "None", "True", "yield x", "await x", "def f(): x", "nan", "inf",
)  # fmt: skip


# ---- valid formulas ------------------------------------------------------------------------------


class Formula:
    """A random formula: statements that give names, and a result that uses them all."""

    def __init__(self, rng):
        self.rng = rng
        self.names = list(VARIABLES[: rng.randint(1, len(VARIABLES))])
        parts, assigned = [], []
        for k in range(rng.choice((0, 0, 0, 1, 2))):
            parts.append(f"v{k} = {self.term(rng.randint(1, 3))}")
            assigned.append(f"v{k}")
            self.names.append(f"v{k}")
        self.text = rng.choice(("; ", ";", "\n")).join(
            [*parts, " + ".join([self.term(rng.randint(1, 5)), *assigned])]
        )

    def leaf(self):
        return self.rng.choice(self.names) if self.rng.random() < 0.75 else self.rng.choice(NUMBERS)

    def term(self, depth):
        rng = self.rng
        if depth == 0:
            return self.leaf()
        inner = lambda: self.term(rng.randrange(depth))  # noqa: E731 - as short as its uses
        kind = rng.random()
        if kind < 0.45:
            a, b, op = (
                inner(),
                inner(),
                rng.choice(("+", "-", "*", "/", " + ", " - ", " * ", " / ")),
            )
            return f"({a}){op}({b})" if rng.random() < 0.5 else f"({a}{op}{b})"
        if kind < 0.55:
            return f"{rng.choice('-+')}({inner()})"
        if kind < 0.65:
            return f"({inner()})**{rng.choice(('2', '3', '-1', '0.5', '(' + inner() + ')'))}"
        if kind < 0.72:
            condition = f"{inner()} {rng.choice(('<', '<=', '>', '>='))} {inner()}"
            return f"where({condition}, {inner()}, {inner()})"
        if kind < 0.77:
            count = rng.randint(1, 3)
            lists = [f"[{', '.join(inner() for _ in range(count))}]" for _ in range(2)]
            return f"dot({', '.join([*lists, *[inner()] * rng.randrange(2)])})"
        name = rng.choice(PLAIN)
        count = rng.randint(1, 4) if OPS[name].variadic else len(OPS[name].example)
        return f"{name}({', '.join(inner() for _ in range(count))})"


class RealNumbers(ast.NodeTransformer):
    """A formula's numbers are floats, whose powers are never complex."""

    def visit_Constant(self, node):
        return ast.Constant(float(node.value))

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.Pow):
            return node
        return ast.Call(ast.Name("power", ast.Load()), [node.left, node.right], [])


def power(a, b):
    y = a**b
    if isinstance(y, complex):
        raise ArithmeticError(f"{a!r}**{b!r} is complex")
    return y


def by_python(text, at):
    """The result of the same text as Python, with the package's functions."""
    scope = {**FUNCTIONS, "power": power, "pi": math.pi, "e": math.e, **at, "__builtins__": {}}
    *statements, last = ast.fix_missing_locations(RealNumbers().visit(ast.parse(text))).body
    exec(compile(ast.Module(statements, []), "<formula>", "exec"), scope)
    return eval(compile(ast.Expression(last.value), "<formula>", "eval"), scope)


class NotComparableError(Exception):
    """Rounding may change the answer by more than `room` knows: two sides of a choice are close, or
    numbers alone are computed with, which no gradient reaches."""


def by_mpmath(text, at):
    """The result in mpmath, node by node."""
    known = {
        "pi": mp.mpf(math.pi),
        "e": mp.mpf(math.e),
        **{name: mp.mpf(x) for name, x in at.items()},
    }

    variable = set(at)

    def told_apart(a, b):
        if abs(a - b) <= 1e-9 * max(abs(a), abs(b)):
            raise NotComparableError
        return a - b

    def value(node):
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        if isinstance(node, (ast.BinOp, ast.Call)) and not names & variable:
            raise NotComparableError
        match node:
            case ast.Constant(value=number):
                return mp.mpf(float(number))
            case ast.Name(id=name):
                return known[name]
            case ast.UnaryOp(op=op, operand=operand):
                return -value(operand) if isinstance(op, ast.USub) else value(operand)
            case ast.BinOp(left=left, op=op, right=right):
                name = {
                    ast.Add: "add",
                    ast.Sub: "sub",
                    ast.Mult: "mul",
                    ast.Div: "div",
                    ast.Pow: "pow",
                }[type(op)]
                return EXACT[name](value(left), value(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                difference = told_apart(value(left), value(right))
                return mp.mpf(
                    difference < 0 if isinstance(op, (ast.Lt, ast.LtE)) else difference > 0
                )
            case ast.Call(func=ast.Name(id=name), args=args):
                flat = [
                    item
                    for arg in args
                    for item in (arg.elts if isinstance(arg, ast.List) else [arg])
                ]
                operands = [value(arg) for arg in flat]
                if name in ("step", "strict_step"):
                    told_apart(operands[0], mp.mpf(0))
                return EXACT[name](*operands)
        raise AssertionError(ast.dump(node))

    with mp.workdps(50):
        for statement in ast.parse(text).body:
            result = value(statement.value)
            if isinstance(statement, ast.Assign):
                known[statement.targets[0].id] = result
                variable.add(statement.targets[0].id)
        if isinstance(result, mp.mpc):
            raise NotComparableError  # just outside a domain, with more digits
        return result


def room(y):
    """How far ``y`` can move when every value behind it is rounded."""
    seen, stack, moved = set(), [y], 0.0
    while stack:
        value = stack.pop()
        if id(value) not in seen:
            seen.add(id(value))
            # 0 has no last place, and the exponent of a negative number no gradient
            if value.data and not math.isnan(value.grad):
                moved += abs(value.data) if value is y else abs(value.grad * value.data)
            stack.extend(value.parents)
    return 16 * sys.float_info.epsilon * moved + 1e-300


def result_of(compute):
    """What ``compute`` gives, or why there is nothing."""
    try:
        return compute()
    except (AutogradError, ArithmeticError) as error:
        return error


def with_gradients(compute, at):
    """The result's number and its gradients; or an error."""
    values = {name: Value(x, name) for name, x in at.items()}
    y = result_of(lambda: compute(values))
    if not isinstance(y, Value):  # an error, or a number that depends on no variable
        return y, y, y if isinstance(y, Exception) else [0.0] * len(values)
    problem = result_of(y.backward)
    gradients = (
        problem if isinstance(problem, Exception) else [value.grad for value in values.values()]
    )
    return y, y.data, gradients


def same(a, b):
    return (
        isinstance(a, Exception) and isinstance(b, Exception)
        if isinstance(a, Exception) or isinstance(b, Exception)
        else a == b
    )


def wrong_with(text, at, outcome=None):
    """What is wrong with the answers to a valid formula; "" if nothing is."""
    formula = parse(text)
    y, ours, gradients = with_gradients(
        lambda values: formula(*[values[name] for name in formula.names]), at
    )
    _, theirs, others = with_gradients(lambda values: by_python(text, values), at)
    if not same(ours, theirs):
        return f"value {ours!r}; Python gives {theirs!r}"
    if not same(gradients, others):
        return f"gradient {gradients!r}; Python gives {others!r}"
    plain = result_of(lambda: formula(*[at[name] for name in formula.names]))
    if not same(plain, ours):
        return f"value {ours!r} of Values, {plain!r} of floats"
    if not isinstance(y, Value) or not isinstance(gradients, list):
        return ""
    try:
        exact = by_mpmath(text, at)
    except NotComparableError:
        return ""
    if outcome is not None:
        outcome.count("values held against mpmath")
    return (
        ""
        if abs(y.data - exact) <= room(y)
        else f"value {y.data!r}; mpmath gives {mp.nstr(exact, 20)}"
    )


# ---- spoilt text ---------------------------------------------------------------------------------

_watching: list[str] | None = None
_WATCHED = ("exec", "import", "open", "os.", "subprocess.", "socket.", "ctypes.", "shutil.")


def _audit(event, arguments):
    if (
        _watching is not None and event.startswith(_WATCHED) and arguments[:1] != ("<unknown>",)
    ):  # Python's parser, for its own error
        _watching.append(f"{event}{arguments!r}"[:200])


@contextmanager
def watched():
    """A list that receives whatever is run, imported or opened meanwhile."""
    global _watching
    _watching = seen = []
    try:
        yield seen
    finally:
        _watching = None


@contextmanager
def limited(seconds):
    """Raise a TimeoutError in what takes longer."""

    def stop(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def spoilt(rng):
    """A formula with some characters deleted, doubled, replaced or inserted."""
    text = Formula(rng).text
    for _ in range(rng.randint(1, 4)):
        i, j = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        j = min(j, i + rng.randint(0, 12))
        kind = rng.randrange(5)
        if kind == 0:
            text = text[:i] + text[j:]
        elif kind == 1:
            text = text[:i] + text[i:j] * 2 + text[j:]
        elif kind == 2:
            text = text[:i] + rng.choice(NASTY) + text[i:]
        elif kind == 3:
            text = text[:i] + rng.choice(NASTY) + text[j:]
        else:
            text = (
                text[:i]
                + "".join(
                    chr(rng.choice((rng.randrange(128), rng.randrange(0x110000)))) for _ in range(2)
                )
                + text[i:]
            )
    return text


def wrong_with_spoilt(text, outcome=None):
    """What is wrong with how a spoilt text was refused, or computed after all; "" if nothing is."""
    begun = time.perf_counter()
    formula = None
    try:
        with limited(SECONDS), watched() as seen:
            formula = parse(text)
            formula(*[0.5] * len(formula.names))
    except TimeoutError:
        return "it hangs"
    except ExpressionError as error:
        if not str(error).startswith(WHOLE) and "^" not in str(error).rpartition("\n")[2]:
            return f"an error without a place: {error}"
    except AutogradError as error:
        if formula is None:
            return f"{type(error).__name__} while it is read: {error}"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"{type(error).__name__}: {error}"
    if seen:
        return f"it ran or opened something: {seen[0]}"
    if outcome is not None:
        outcome.count("formulas after all" if formula else "refused")
    return "" if time.perf_counter() - begun < SECONDS else "it takes long"


# ---- the campaign --------------------------------------------------------------------------------


def shrunk(text, problem):
    """A shorter text with the same kind of problem: drop pieces while the problem stays."""
    kind = problem(text).split(" ")[0]
    size = max(1, len(text) // 2)
    while size:
        for i in range(0, len(text), size):
            shorter = text[:i] + text[i + size :]
            try:
                if problem(shorter).split(" ")[0] == kind:
                    text = shorter
                    break
            except Exception:  # the shorter text has some other problem
                continue
        else:
            size //= 2
    return text


def run(seed: int, count: int) -> Outcome:
    rng = random.Random(seed)
    outcome = Outcome({"valid": 0, "spoilt": 0})
    if not getattr(run, "hooked", False):
        sys.addaudithook(_audit)  # it stays for as long as the process
        run.hooked = True
    # trigger the imports that happen at first use, so that the audit does not report them
    wrong_with_spoilt("x = where(1 < y, log(y), 0); nosuch(x, 1 +)")
    wrong_with_spoilt("nosuch(x)")
    for _ in range(count // 2):
        text = Formula(rng).text
        outcome.count("valid")
        at = {
            name: rng.choice((rng.uniform(-3, 3), rng.uniform(0, 1), float(rng.randint(-2, 3))))
            for name in parse(text).names
        }
        if wrong_with(text, at, outcome):
            if len(outcome.failures) == MOST:
                return outcome
            text = shrunk(
                text,
                lambda text, at=at: wrong_with(
                    text, {name: at[name] for name in parse(text).names}
                ),
            )
            at = {name: at[name] for name in parse(text).names}
            outcome.failures.append(
                f"# {wrong_with(text, at)}\n"
                "def test_this_formula_is_what_python_says():\n"
                f"    formula = parse({text!a})\n"
                f"    values = {{name: Value(x) for name, x in {at!r}.items()}}\n"
                "    y = formula(*values.values())\n"
                "    y.backward()\n"
                "    print(y.data, [v.grad for v in values.values()])"
            )
    for _ in range(count - count // 2):
        text = spoilt(rng)
        outcome.count("spoilt")
        if wrong_with_spoilt(text, outcome):
            if len(outcome.failures) == MOST:
                return outcome
            text = shrunk(text, wrong_with_spoilt)
            outcome.failures.append(
                f"# {wrong_with_spoilt(text)}\ndef test_this_text_is_refused():\n"
                f"    with pytest.raises(ExpressionError, match=r'\\^'):\n        parse({text!a})"
            )
    return outcome
