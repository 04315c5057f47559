"""The tables of a record as plain text, Markdown or LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..arguments import whole
from ..errors import one_of
from ..notation.letters import plain
from ..notation.text import table
from ..printing import fit_encoding
from .model import Record
from .tables import Cells, backward_table, forward_table


def _tables(
    record: Record, digits: int, *, wrt: str | None, latex: bool = False
) -> Iterator[tuple[str, list[Cells]]]:
    """The forward table for the input ``wrt``, and the backward table, with their titles."""
    whole(digits, "digits")
    inputs = [node.name for node in record.nodes if node.kind == "input"]
    if wrt is not None:
        wrt = one_of(plain(str(wrt)), inputs, "input")
    if inputs:
        yield "Forward", forward_table(record, digits, wrt=wrt or inputs[0], latex=latex)
    yield "Backward", backward_table(record, digits, latex=latex)


def as_text(record: Record, digits: int = 6, *, wrt: str | None = None) -> str:
    """The tables as plain text in aligned columns."""
    return "\n\n".join(
        f"{title}\n{table([tuple(map(fit_encoding, row)) for row in rows])}"
        for title, rows in _tables(record, digits, wrt=wrt)
    )


def as_markdown(record: Record, digits: int = 6, *, wrt: str | None = None) -> str:
    """The tables as Markdown, escaped so that no label can break a cell."""

    def line(row: Cells) -> str:
        return "| " + " | ".join(markdown_text(cell) for cell in row) + " |"

    def markdown_table(rows: Sequence[Cells]) -> str:
        return "\n".join([line(rows[0]), "|" + " --- |" * len(rows[0]), *map(line, rows[1:])])

    return "\n\n".join(
        f"**{title}**\n\n{markdown_table(rows)}" for title, rows in _tables(record, digits, wrt=wrt)
    )


def markdown_text(text: str) -> str:
    """``text`` escaped, so that Markdown shows it as it is, without markup, links or formulas."""
    return re.sub(r"([\\|`*_<>\[\]~&$@]|:(?=//)|(?<=www)\.)", r"\\\1", text)


def as_latex(record: Record, digits: int = 6, *, wrt: str | None = None) -> str:
    """The tables as LaTeX tabulars, which need only the package amsmath."""

    def cell(text: str, column: int, *, head: bool) -> str:
        return text if head else f"${_scientific(text)}$" if column != 2 or text != "–" else "--"

    def tabular(rows: Sequence[Cells]) -> str:
        lines = [
            " & ".join(cell(c, i, head=k == 0) for i, c in enumerate(row)) + r" \\"
            for k, row in enumerate(rows)
        ]
        return "\n".join(
            [r"\begin{tabular}{lrllr}", lines[0] + r" \hline", *lines[1:], r"\end{tabular}"]
        )

    return "\n\n".join(tabular(rows) for _, rows in _tables(record, digits, wrt=wrt, latex=True))


def _scientific(text: str) -> str:
    """A number like 1.5e-07 as LaTeX; an en dash as text."""
    return re.sub(
        r"^(-?[\d.]+)e([+-])0*(\d+)$",
        lambda m: rf"{m[1]} \times 10^{{{m[2].strip('+')}{m[3]}}}",
        text,
    ).replace("–", r"\text{--}")
