"""A worksheet for pencil and paper: the formulas of a pass, blanks for its numbers, the answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from ..notation.names import accent
from ..notation.text import printable
from ..printing import prints
from .formats import markdown_text
from .model import Node, Record
from .tables import Notation, backward_table, number, variables

_TITLE = "Worksheet: fill in the blanks"
_FORWARD, _LOCAL, _BACKWARD = "Forward pass", "Local gradients", "Backward pass"


@dataclass(frozen=True)
class Blank:
    """A line to fill in: the part of the worksheet, the formula, and the answer."""

    part: str
    formula: str
    latex: str
    answer: str


@prints
@dataclass(frozen=True)
class Worksheet:
    """The given numbers, and numbered lines to fill in, in the order in which they can be solved.

    `print` shows it. The answers come at the end, under a heading of their own; pass
    ``answers=False`` to leave them out.

    >>> from autograd_edu import Value, steps
    >>> sheet = steps(Value(3.0, label="x") ** 2).worksheet()
    >>> print(sheet.text(answers=False))
    Worksheet: fill in the blanks
    <BLANKLINE>
    Given: x = 3. A bar is a gradient: v̄ = ∂v1/∂v, so v̄1 = 1.
    <BLANKLINE>
    Forward pass
       1. v1 = x² = ______
    <BLANKLINE>
    Local gradients
       2. ∂v1/∂x = 2·x = ______
    <BLANKLINE>
    Backward pass
       3. x̄ = 2·x·v̄1 = ______
    >>> sheet.answers
    ('9', '6', '6')
    """

    given: tuple[tuple[str, str], ...]  # as text and as LaTeX
    result: tuple[str, str]
    blanks: tuple[Blank, ...]

    @property
    def answers(self) -> tuple[str, ...]:
        """The numbers that belong in the blanks, in order."""
        return tuple(blank.answer for blank in self.blanks)

    def text(self, *, answers: bool = True) -> str:
        """The worksheet as plain text."""
        lines = [_TITLE, "", self._intro(0)]
        for part, numbered in self._parts():
            lines += ["", part, *[f"{k:>4}. {b.formula} = ______" for k, b in numbered]]
        if answers:
            lines += ["", "Answers", *[f"{k:>4}. {a}" for k, a in enumerate(self.answers, 1)]]
        return "\n".join(lines)

    def markdown(self, *, answers: bool = True) -> str:
        """The worksheet as Markdown."""
        lines = [f"## {_TITLE}", "", markdown_text(self._intro(0))]
        for part, numbered in self._parts():
            shown = [f"{k}. {markdown_text(b.formula + ' = ______')}" for k, b in numbered]
            lines += ["", f"### {part}", "", *shown]
        if answers:
            shown = [f"{k}. {markdown_text(a)}" for k, a in enumerate(self.answers, 1)]
            lines += ["", "### Answers", "", *shown]
        return "\n".join(lines) + "\n"

    def html(self, *, answers: bool = True) -> str:
        """The worksheet as an HTML element without scripts; a click reveals the answers."""
        parts = [f"<h2>{_TITLE}</h2><p>{escape(self._intro(0))}</p>"]
        for part, numbered in self._parts():
            shown = "".join(f"<li>{escape(b.formula)} = ______</li>" for _, b in numbered)
            parts.append(f'<h3>{part}</h3><ol start="{numbered[0][0]}">{shown}</ol>')
        if answers:
            shown = "".join(f"<li>{escape(a)}</li>" for a in self.answers)
            parts.append(f"<details><summary>Answers</summary><ol>{shown}</ol></details>")
        return f"<section>{''.join(parts)}</section>"

    def latex(self, *, answers: bool = True) -> str:
        """The worksheet as LaTeX for the body of a document; the answers are on a separate page."""
        lines = [rf"\section*{{{_TITLE}}}", self._intro(1)]
        for part, numbered in self._parts():
            lines += [rf"\subsection*{{{part}}}", r"\begin{enumerate}"]
            lines += [rf"\setcounter{{enumi}}{{{numbered[0][0] - 1}}}"]
            lines += [rf"\item ${b.latex} = {_RULE}$" for _, b in numbered]
            lines += [r"\end{enumerate}"]
        if answers:
            shown = [rf"\item ${b.answer}$" for b in self.blanks]
            lines += [r"\newpage", r"\subsection*{Answers}", r"\begin{enumerate}", *shown]
            lines += [r"\end{enumerate}"]
        return "\n".join(lines) + "\n"

    def _parts(self) -> Iterator[tuple[str, list[tuple[int, Blank]]]]:
        """The parts that have blanks, each with its numbered blanks."""
        for part in (_FORWARD, _LOCAL, _BACKWARD):
            numbered = [(k, b) for k, b in enumerate(self.blanks, 1) if b.part == part]
            if numbered:
                yield part, numbered

    def _intro(self, kind: int) -> str:
        """The given numbers, and what a bar means, as text (0) or LaTeX (1)."""
        name = self.result[kind]
        given = ", ".join(entry[kind] for entry in self.given) or "nothing"
        if kind:
            bar = rf"$\bar{{v}}$ is $\partial {name} / \partial v$"
            return rf"Given: ${given}$. {bar}, so $\bar{{{name}}} = 1$."
        bar = accent(name, "\u0304")
        return f"Given: {given}. A bar is a gradient: v\u0304 = ∂{name}/∂v, so {bar} = 1."

    def __str__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        return self.markdown()


_RULE = r"\underline{\hspace{4em}}"


def worksheet(record: Record, *, digits: int = 4) -> Worksheet:
    """The worksheet of ``record``, whose answers have this many significant digits."""
    text, latex = (Notation(record.nodes, latex=kind) for kind in (False, True))
    inputs = [node for node in record.nodes if node.kind == "input"]
    last = record.nodes[-1]
    return Worksheet(
        tuple((_given(text, node), _given(latex, node)) for node in inputs),
        (text.name(last), latex.name(last)),
        (
            *(_forward(node, text, latex, digits=digits) for node in record.nodes if node.op),
            *(b for node in record.nodes if node.op for b in _local(node, text, latex, digits)),
            *_backward(record, digits),
        ),
    )


def _given(write: Notation, node: Node) -> str:
    return f"{write.name(node)} = {node.data!r}".removesuffix(".0")


def _forward(node: Node, text: Notation, latex: Notation, *, digits: int) -> Blank:
    shown, tex = (f"{write.name(node)} = {write.formula(node)}" for write in (text, latex))
    return Blank(_FORWARD, printable(shown), tex, number(node.data, digits))


def _local(node: Node, text: Notation, latex: Notation, digits: int) -> Iterator[Blank]:
    """A blank for each local gradient of ``node`` that is not simply a number."""
    for i, parent in variables(node, text.nodes):
        local = number(node.local_grads[i], digits)
        if text.slope(node, i) != local:
            shown, tex = (
                f"{write.partial(node, parent)} = {write.slope(node, i)}" for write in (text, latex)
            )
            if node.parents.count(parent.index) > 1:  # as in x·x
                use = f"as operand {i + 1}"
                shown, tex = f"{shown} ({use})", rf"{tex} \text{{ ({use})}}"
            yield Blank(_LOCAL, printable(shown), tex, local)


def _backward(record: Record, digits: int) -> Iterator[Blank]:
    """A blank for each gradient, beginning at the result, but not for the seed."""
    rows = backward_table(record, digits)[2:], backward_table(record, digits, latex=True)[2:]
    for (*_, shown, gradient), (*_, tex, _) in zip(*rows, strict=True):
        yield Blank(_BACKWARD, printable(shown), tex, gradient)
