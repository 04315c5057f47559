"""Mutants: small random changes of the package, each of which the tests should notice.

`python -m tests.faults.mutants --seed N --count 300` first records which tests call which function,
by running some cases of every fast test. Then it draws mutants, runs the tests that call the
mutated function, and lists the survivors. A survivor is a gap in the tests, or a change that makes
no difference: README.md lists those known to make none.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import copy
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

if __package__ in (None, "tests.faults"):  # as a program
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from faults import planting
from faults.fault import TESTS, UNENDED, ask

FAST = "not browser and not random and not frameworks and not slow"
SECONDS, MOST, FILES = 4.0, 40, 4  # of tests for one mutant: time, tests, and files to collect
LEFT_OUT = ("njit", "jitclass")  # a module that Numba compiles is left as it is

SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.Pow: ast.Mult, ast.FloorDiv: ast.Div, ast.Mod: ast.Mult,
    ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass
class Mutant:
    """One change: its function, what becomes what, and how to make it in the syntax tree."""

    place: str  # "module:function"
    what: str
    make: Callable[[], None]


# ---- the changes ---------------------------------------------------------------------------------


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """What a node may become."""
    new = copy.deepcopy(node)
    match new:
        case ast.Compare(ops=[op]) if type(op) in SWAPS:
            new.ops = [SWAPS[type(op)]()]
            yield new
        case ast.BinOp(op=op) | ast.BoolOp(op=op) if type(op) in SWAPS:
            new.op = SWAPS[type(op)]()
            yield new
        case ast.AugAssign(target=target, op=op, value=value):
            yield ast.Assign([target], value)
            if type(op) in SWAPS:
                new.op = SWAPS[type(op)]()
                yield new
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield ast.Constant(value + 1)
            if value:
                yield ast.Constant(type(value)(0))
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.If(test=test) | ast.While(test=test):
            new.test = ast.UnaryOp(ast.Not(), test)
            yield new
        case ast.Return(value=ast.expr()) if not (
            isinstance(new.value, ast.Constant) and new.value.value is None
        ):
            yield ast.Return(ast.Constant(None))
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield ast.Break()
        case ast.Raise():
            yield ast.Pass()
        case ast.Expr(value=ast.Call()) | ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.Slice(lower=ast.expr() as lower):
            yield ast.Slice(ast.BinOp(lower, ast.Add(), ast.Constant(1)), new.upper, new.step)
        case ast.Call(func=ast.Name(id=name)) if name in NAMES:
            yield ast.Call(ast.Name(NAMES[name], ast.Load()), new.args, new.keywords)
        case ast.Call(args=[first, second, *rest]) if not isinstance(
            first, ast.Starred
        ) and ast.dump(first) != ast.dump(second):
            yield ast.Call(new.func, [second, first, *rest], new.keywords)


def _concerns_nothing(parent: ast.AST, field: str, node: ast.AST) -> bool:
    """Annotations, what only type checkers read, decorators, and the words of an error."""
    if field in ("annotation", "returns", "decorator_list", "exc", "cause", "msg"):
        return True
    test = getattr(node, "test", None)
    return isinstance(node, ast.If) and isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def mutants_of(module: str, tree: ast.AST) -> list[Mutant]:
    """Every mutant of a module, in the order of its code."""
    found = []

    def visit(parent: ast.AST, inside: str) -> None:
        for field, value in ast.iter_fields(parent):
            for i, node in enumerate(value if isinstance(value, list) else [value]):
                if not isinstance(node, ast.AST) or _concerns_nothing(parent, field, node):
                    continue
                place, at = f"{module}:{inside}", i if isinstance(value, list) else None
                found.extend(_mutant(place, parent, field, at, node, new) for new in changes(node))
                scoped = isinstance(node, (ast.FunctionDef, ast.ClassDef))
                visit(node, f"{inside}.{node.name}".lstrip(".") if scoped else inside)

    visit(tree, "")
    return found


def _mutant(
    place: str, parent: ast.AST, field: str, i: int | None, node: ast.AST, new: ast.AST
) -> Mutant:
    ast.fix_missing_locations(ast.copy_location(new, node))

    def make() -> None:
        if i is None:
            setattr(parent, field, new)
        else:
            getattr(parent, field)[i] = new

    before, after = (ast.unparse(n).partition("\n")[0] for n in (node, new))
    return Mutant(place, f"line {getattr(node, 'lineno', '?')}: {before}  →  {after}", make)


def mutant(name: str) -> dict[str, ast.Module]:
    """The changed tree of mutant "module:number"."""
    module, _, number = name.partition(":")
    tree = ast.parse(planting.modules()[module].read_text("utf-8"))
    mutants_of(module, tree)[int(number)].make()
    return {module: ast.fix_missing_locations(tree)}


# ---- which tests call which function -------------------------------------------------------------

hits: set[str] = set()


def recorded(module: str) -> ast.Module | None:
    """The tree of a module in which every function says that it was called."""
    text = planting.modules()[module].read_text("utf-8")
    if any(word in text for word in LEFT_OUT):
        return None
    builtins._faults_hit = hits.add  # type: ignore[attr-defined]
    tree = ast.parse(text)
    for name, node in planting.functions(tree):
        if isinstance(node, ast.FunctionDef):
            documented = ast.get_docstring(node) is not None
            node.body.insert(
                int(documented), ast.parse(f"_faults_hit({f'{module}:{name}'!r})").body[0]
            )
    return ast.fix_missing_locations(tree)


class Recorder:
    """A pytest plugin that notes, for some cases of each test, its duration and what it called."""

    def __init__(self, path: str) -> None:
        self.path, self.calls, self.cases = path, {}, {}

    def pytest_collection_modifyitems(self, config, items):
        kept, left = [], []
        for item in items:
            name = item.nodeid.partition("[")[0]
            self.cases[name] = self.cases.get(name, 0) + 1
            (kept if self.cases[name] <= 3 else left).append(item)
        config.hook.pytest_deselected(items=left)
        items[:] = kept

    def pytest_runtest_logstart(self):
        hits.clear()

    def pytest_runtest_logreport(self, report):
        if report.when == "call" and report.passed:
            test = report.nodeid.removeprefix(f"{TESTS.name}/")
            self.calls[test] = (report.duration, sorted(hits))

    def pytest_sessionfinish(self):
        Path(self.path).write_text(json.dumps(self.calls))


def tests_for(place: str, calls: dict[str, tuple[float, list[str]]]) -> list[str]:
    """The quickest tests that call the mutated function, from as many files as possible.

    For code outside functions, a call of any function of the module counts.
    """
    module, _, function = place.partition(":")
    names = {place} if function else set()
    wanted = [
        (seconds, test)
        for test, (seconds, called) in calls.items()
        if names & set(called)
        or (
            not any(place in c for _, c in calls.values())
            and any(c.startswith(f"{module}:") for c in called)
        )
    ]
    chosen: list[str] = []
    spent, by_file = 0.0, {}
    for seconds, test in sorted(wanted):
        by_file.setdefault(test.partition("::")[0], []).append((seconds, test))
    nearest = sorted(by_file.values(), key=len, reverse=True)[:FILES]
    while any(nearest) and spent < SECONDS and len(chosen) < MOST:
        for queue in nearest:
            if queue:
                seconds, test = queue.pop(0)
                spent += seconds
                chosen.append(test)
    return chosen


# ---- the run -------------------------------------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--skip", type=int, default=0, help="so many were tried before")
    parser.add_argument(
        "--wide", action="store_true", help="run whole files, random and slow tests too"
    )
    parser.add_argument(
        "--calls", type=Path, help="a recording of which tests call what; made, if it is not there"
    )
    parser.add_argument(
        "--only", nargs="+", help='these mutants, "module:number", instead of random ones'
    )
    options = parser.parse_args()
    path = options.calls or Path(tempfile.mkdtemp()) / "calls.json"
    if not path.exists():
        print("recording which tests call which function …", flush=True)
        ask(["--record", str(path), "--maxfail=1000"], ["-m", FAST], timeout=1800)
    calls = json.loads(path.read_text())
    everything = []
    for module, file in planting.modules().items():
        text = file.read_text("utf-8")
        if not any(word in text for word in LEFT_OUT):
            found = mutants_of(module, ast.parse(text))
            everything += [(f"{module}:{i}", one) for i, one in enumerate(found)]
    chosen = random.Random(options.seed).sample(everything, min(options.count, len(everything)))
    if options.only:
        chosen = [(name, one) for name, one in everything if name in options.only]
    chosen = chosen[options.skip :]
    begun, survivors, killed = time.monotonic(), [], 0
    for name, one in chosen:
        tests = tests_for(one.place, calls)
        if options.wide:
            tests = [*{test.partition("::")[0] for test in tests}, "-m", "not browser"]
        limit = 300.0 if options.wide else 60.0
        answer = ask(["--mutant", name], tests, timeout=limit) if tests else None
        if answer and (answer.failed or answer.problem.startswith(UNENDED)):
            killed += 1
            continue
        said = (
            "no test calls it" if answer is None else answer.problem or f"{len(tests)} tests pass"
        )
        survivors.append(name)
        print(f"SURVIVED {name}  {one.place}\n    {one.what}\n    {said}", flush=True)
    print(
        f"mutants (seed {options.seed}): {len(chosen)} of {len(everything):,}, "
        f"{killed} killed, {len(survivors)} survived, {time.monotonic() - begun:.0f} s"
    )
    return int(bool(survivors))


if __name__ == "__main__":
    sys.exit(main())
