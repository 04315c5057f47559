"""The command line: explain, draw, check or list a formula, train a network, run an experiment.

Each command is an entry of `COMMANDS`: a function that takes the parsed options and returns the
exit status, and a function that declares the options. If the user makes a mistake, the program
prints one message on stderr, without a traceback, and exits with status 2.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from ..derivatives.check import Report, check_gradient
from ..engine.value import Value
from ..errors import AutogradError, ExpressionError
from ..files import write
from ..printing import keep_printable
from ..version import __version__
from . import compare as comparing
from . import lab
from . import train as training
from .expression import Expression
from .point import evaluate

if TYPE_CHECKING:
    from ..pictures.steps import Steps

PROGRAM = "autograd-edu"
EXAMPLES = """examples:
  autograd-edu explain "x*y + z" x=3 y=-4 z=2
  autograd-edu explain "v = u**2; exp(sin(v) * log(v))" u=1.5 --svg z.svg --latex z.tex
  autograd-edu explain "exp(x)*x" x=1 --step
  autograd-edu draw "sigmoid(w*x + b)" w=0.5 x=2 b=-1 --html neuron.html --save neuron.png
  autograd-edu check "where(x > 0, x, 0.1*x)" x=-1
  autograd-edu listing "dot([w1, w2], [x1, x2], b)" w1=1 w2=2 x1=3 x2=4 b=pi/4
  autograd-edu train moons --steps 100 --optimiser sgd --lr 0.5
  autograd-edu compare moons --optimiser sgd,momentum,adam
  autograd-edu lab lone_perceptron --save xor.png

A formula consists of numbers, names, + - * / **, pi, e, and the functions of autograd_edu.
Its parts can have names: "v = u**2; sin(v)".

exit status: 0 if all went well, 1 if the gradient check failed, 2 for a mistake in the command"""


# ---- the commands --------------------------------------------------------------------------------


def explain(options: argparse.Namespace) -> int:
    """Show both passes step by step and as tables, and check the gradient."""
    formula, at, y = evaluate(options.formula, options.values)
    steps = _steps(y)
    _write_pictures(options, y)
    _write(options.latex, steps.latex(digits=options.digits, wrt=options.wrt))
    _write(options.markdown, steps.markdown(digits=options.digits, wrt=options.wrt))
    _write(options.python, steps.python())
    if options.step:
        from ..pictures.steps import walk

        walk(steps)
        return 0
    report = _check(formula, at)
    where = ", ".join(f"{name} = {x!r}" for name, x in zip(formula.names, at, strict=True))
    tables = steps.text(digits=options.digits, wrt=options.wrt)
    print(f"{formula.text}\nat {where}\nis {y.data!r}")
    print(f"\nStep by step\n{steps}\n\n{tables}\n\nGradient check\n{report}")
    return int(any(row.verdict == "fail" for row in report.rows))


def draw(options: argparse.Namespace) -> int:
    """Draw the computation graph: write it to files, or print it as SVG."""
    _, _, y = evaluate(options.formula, options.values)
    if not _write_pictures(options, y):
        from ..pictures.drawing import draw as drawing

        print(drawing(y, options.style, detail=options.detail).svg)
    return 0


def check(options: argparse.Namespace) -> int:
    """Compare the gradient from backpropagation with a numeric one, input by input."""
    formula, at, _ = evaluate(options.formula, options.values)
    report = _check(formula, at)
    print(report)
    return 0 if report else 1


def listing(options: argparse.Namespace) -> int:
    """Print both passes as a Python program that runs on its own."""
    _, _, y = evaluate(options.formula, options.values)
    program = _steps(y).python()
    _write(options.output, program)
    if options.output is None:
        print(program.rstrip("\n"))
    return 0


@dataclass(frozen=True)
class Command:
    """A command: the function that runs it, and the function that declares its options."""

    run: Callable[[argparse.Namespace], int]
    declare: Callable[[argparse.ArgumentParser], None]


def _formula_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("formula", help='for example "x*y + z"')
    parser.add_argument(
        "values", nargs="*", metavar="name=number", help="a number for each variable of the formula"
    )


def _picture_options(parser: argparse.ArgumentParser) -> None:
    _formula_options(parser)
    _file_options(
        parser, svg="the picture", html="a page with the picture", dot="the graph for Graphviz"
    )
    parser.add_argument(
        "--save",
        metavar="FILE",
        action="append",
        default=[],
        help="write the picture in the format of the file's suffix, such as .png or .tex",
    )
    parser.add_argument(
        "--style", default="card", metavar="NAME", help="card, circuit or micrograd (default: card)"
    )
    parser.add_argument(
        "--detail",
        default="auto",
        metavar="LEVEL",
        help="auto, full, fused, neuron or layer (default: auto)",
    )


def _file_options(parser: argparse.ArgumentParser, **contents: str) -> None:
    for name, content in contents.items():
        parser.add_argument(f"--{name}", metavar="FILE", help=f"write {content}")


def _explain_options(parser: argparse.ArgumentParser) -> None:
    _picture_options(parser)
    _file_options(
        parser,
        latex="the tables as LaTeX",
        markdown="the tables as Markdown",
        python="both passes as Python",
    )
    parser.add_argument(
        "--step",
        action="store_true",
        help="walk through the steps: Enter for the next, b for the one before, a number to jump, "
        "q to quit",
    )
    parser.add_argument(
        "--digits",
        type=_digits,
        default=6,
        metavar="N",
        help="significant digits in the tables (default: 6)",
    )
    parser.add_argument(
        "--wrt",
        metavar="NAME",
        help="the input that the forward table differentiates by (default: the first)",
    )


def _listing_options(parser: argparse.ArgumentParser) -> None:
    _formula_options(parser)
    parser.add_argument("--output", metavar="FILE", help="write the program to a file")


COMMANDS: dict[str, Command] = {
    "explain": Command(explain, _explain_options),
    "draw": Command(draw, _picture_options),
    "check": Command(check, _formula_options),
    "listing": Command(listing, _listing_options),
    "train": Command(training.run, training.declare),
    "compare": Command(comparing.run, comparing.declare),
    "lab": Command(lab.run, lab.declare),
}


# ---- parts of the commands -----------------------------------------------------------------------


def _digits(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 17:
        raise argparse.ArgumentTypeError(f"must be a number from 1 to 17; got {text!r}")
    return int(text)


def _steps(y: Value) -> Steps:
    from ..pictures.steps import steps

    return steps(y)


def _check(formula: Expression, at: Sequence[float]) -> Report:
    return check_gradient(formula, at, names=formula.names)


def _write_pictures(options: argparse.Namespace, y: Value) -> bool:
    """Write the pictures that the options ask for. Return True if there are any."""
    if options.svg or options.html or options.save:
        from ..pictures.drawing import draw as drawing

        picture = drawing(y, options.style, detail=options.detail)
        for path in options.save:
            picture.save(path)
        _write(options.svg, picture.svg)
        _write(options.html, picture.html)
    if options.dot:
        from ..pictures.drawing import to_dot

        _write(options.dot, to_dot(y).source)
    return bool(options.svg or options.html or options.dot or options.save)


def _write(path: str | None, text: str) -> None:
    if path is not None:
        write(path, text if text.endswith("\n") else text + "\n")


# ---- running -------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        message = message if len(message) < 300 else message[:300] + " …"
        raise ExpressionError(f"{message}; see {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        PROGRAM,
        description="Explain, draw, check or list a formula at a point, train a network, or run an "
        "experiment of the lectures.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="command", parser_class=_Parser
    )
    for name, command in COMMANDS.items():
        about = (command.run.__doc__ or "").strip()
        own = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
        command.declare(own)
        own.set_defaults(run=command.run)
    return parser


def _protect_formulas(arguments: Sequence[str]) -> list[str]:
    """The arguments, with a space before a formula like "-x*y", which looks like an option."""
    return [" " + a if re.match(r"-[^-]", a) and a != "-h" else a for a in arguments]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    By default the arguments are those of the process.
    """
    try:
        keep_printable(sys.stdout, sys.stderr)
        options = _parser().parse_args(
            _protect_formulas(sys.argv[1:] if arguments is None else arguments)
        )
        status: int = options.run(options)
        if sys.stdout is not None:  # it is None if the calling process closed it
            sys.stdout.flush()
        return status
    except BrokenPipeError:  # as when the output goes to `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130
    except (AutogradError, ImportError) as error:  # a mistake, or an extra that is not installed
        return _complain(str(error))
    except OSError as error:
        return _complain(f"cannot write {error.filename or 'the output'}: {error.strerror}")


def _complain(message: str) -> int:
    print(f"{PROGRAM}: {message}", file=sys.stderr)
    return 2
