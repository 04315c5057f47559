"""What the page asks of the package. This runs in Pyodide, where there is no NumPy."""

import json
import re

from autograd_edu import check_gradient, draw, steps
from autograd_edu.cli.point import evaluate
from autograd_edu.errors import AutogradError, ExpressionError
from autograd_edu.pictures.interactive.stepper import MOST
from autograd_edu.pictures.render import layout
from autograd_edu.record.tables import backward_table, forward_table


def lay_out_with(graphviz):
    """Let this function lay out: it takes DOT and gives JSON, as `dot -Tjson0` does."""
    layout.run = graphviz


def compute(formula, inputs):
    """All that the page shows for a formula, or the package's error, as JSON."""
    try:
        return json.dumps(explain(formula, inputs))
    except AutogradError as error:
        return json.dumps({"error": str(error)})


def explain(text, inputs):
    """The result, the picture, both tables, the gradient check and the listings."""
    formula, at, y = evaluate(text, split(inputs))
    record = steps(y)
    require_small(record.nodes)
    return {
        "result": f"{record.nodes[-1].name} = {y.data!r}",
        "picture": draw(y, detail="full").embed(),
        "forward": forward_table(record.record),
        "backward": backward_table(record.record),
        "check": str(check_gradient(formula, at, names=formula.names)),
        "latex": record.latex(),
        "python": record.python(),
    }


def require_small(nodes):
    """Refuse what the page could not show to step through, or what would block it for long."""
    wires = sum(len(node.parents) for node in nodes)
    if len(nodes) > MOST or wires > 2 * MOST:
        raise ExpressionError(
            f"the playground takes formulas of at most {MOST} values and {2 * MOST} wires; this "
            f"one has {len(nodes):,} and {wires:,}. The package itself takes any"
        )


def split(inputs):
    """The texts "x=3" and "t=pi/4" in "x = 3, t = pi/4"; commas may be left out."""
    return [each for each in re.split(r"[\s,;]+(?=[^\W\d]\w*\s*=)", inputs.strip(" ,;\n")) if each]
