"""Mistakes on the command line."""

from .mistake import Area

AREA = Area("command line", owner="derivatives")
error, warning, either = AREA.error, AREA.warning, AREA.either


def typed(title: str, command: str, *says: str) -> None:
    """A command as it was typed, which must end with a message and a status other than 0."""
    error(title, f"cli({command!r})", *says)


typed("a variable without a number", 'explain "x*y" x=3', r"\by\b", r"y=|number|value")
typed("a number for no variable", 'explain "x*y" x=3 y=4 speed=5', r"speed", r"formula|not|no ")
typed("half a formula", 'explain "x*" x=3', r"x\*", r"syntax|end|expected|incomplete|formula")
typed("a misspelt function", 'explain "sine(x)" x=1', r"sine\b", r"\bsin\b")
typed("ln for log", 'explain "ln(x)" x=2', r"\bln\b", r"\blog\b")
typed("^ for a power", 'explain "x^2" x=3', r"\^", r"\*\*")
typed("a product without its sign", 'explain "2x" x=3', r"2x|2\*x", r"\*|syntax")
typed("a number outside the domain", 'explain "log(x)" x=-1', r"\blog\b", r"-1", r"positive|> ?0")
typed("a word for a number", 'explain "x*x" x=three', r"three", r"number")
typed("a variable twice", 'explain "x*x" x=1 x=2', r"\bx\b", r"twice|two|already|once|again")
typed(
    "code in a formula",
    "explain \"__import__('os')\"",
    r"__import__",
    r"formula|allow|know|unknown|function",
)
typed("Python's conditional", 'explain "x if x > 0 else 0" x=1', r"\bif\b|where", r"where")
typed("a comma between the numbers", 'check "x*y" x=1,y=2', r"1,y=2|,", r"number|space")
typed("a name without =", 'explain "x*x" "x 3"', r"x 3", r"=")
typed("a misspelt command", 'expalin "x*x" x=3', r"expalin", r"\bexplain\b")
typed("a misspelt style", 'draw "x*x" x=2 --style cards', r"cards", r"\bcard\b", r"circuit")
typed("an unknown kind of file", 'draw "x*x" x=2 --save graph.bmp', r"bmp", r"svg", r"png")
typed(
    "a folder that is not there",
    'draw "x*x" x=2 --svg no/such/graph.svg',
    r"no/such",
    r"no such|folder|directory",
)
typed("no digits", 'explain "x*x" x=2 --digits 0', r"digits", r"\b0\b")
typed("a misspelt data set", "train moonss", r"moonss", r"\bmoons\b")
typed("a word for a number of steps", "train xor --steps many", r"steps", r"many")
typed("a negative number of steps", "train xor --steps -5", r"steps", r"-5")
typed(
    "a number of 400 digits",
    "train xor --steps " + "1" * 400,
    r"steps",
    r"large|many|at most|to 1,000|digits|limit|too",
)
typed(
    "a layer beyond all memory",
    "train xor --layers 999999999999",
    r"999.?999.?999.?999",
    r"large|many|at most|to 1,000|limit|memory|too",
)
typed("a negative learning rate", "train xor --lr -1", r"\blr\b|learning rate", r"-1")
typed("a misspelt activation", "train xor --activation rulu", r"rulu", r"\brelu\b")
typed(
    "a function of Python that has another name here",
    'listing "max(x, 1)" x=2',
    r"\bmax\b",
    r"maximum",
)
