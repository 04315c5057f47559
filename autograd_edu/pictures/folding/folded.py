"""The scene of a graph at a level of detail: boxes that stand for several values.

The box of a sum of products has a row for each product: weight, gradient, input. The box of a part
has a row for each parameter and output, or their norms where there are many. Wires within a box are
not drawn. All wires between a part and another box are drawn as one, with their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from math import fsum, hypot

from ...arithmetic.rows import products
from ...notation import operations
from ...notation.letters import plain
from ...notation.text import abbreviate, printable, table, text_width
from ..scene.flow import share
from ..scene.scene import (
    CHARACTER,
    LINE,
    LONGEST,
    PADDING,
    Box,
    Graph,
    Row,
    Scene,
    Wire,
    in_full,
    pixels,
    wire,
    with_ledgers,
)
from .detail import Piece, choices
from .products import Product
from .scopes import Folding

_MOST_IN_A_ROW = 80  # values of a run that are listed
_MOST_PARAMETERS, _MOST_OUTPUTS = 24, 16  # rows of a part, beyond which it says norms
_NAME = 14  # columns of a row's name


def scenes(graph: Graph, detail: str, wish: Folding) -> Iterator[tuple[str, Scene]]:
    """Levels with their scenes, the best first: the only one, or those that "auto" may choose."""
    for level, pieces in choices(graph, detail, wish):
        yield level, _scene(graph, pieces)


def _scene(graph: Graph, pieces: Sequence[Piece]) -> Scene:
    if all(piece.kind == "value" for piece in pieces):
        return in_full(graph, [piece.members[-1] for piece in pieces])
    wires = tuple(_wires(graph, pieces))
    values = [-1 if piece.kind == "part" else piece.members[-1] for piece in pieces]
    boxes = with_ledgers(graph, [_box(graph, piece) for piece in pieces], wires, values)
    note = f"{len(boxes)} {'box' if len(boxes) == 1 else 'boxes'} for {len(graph):,} values"
    return Scene(tuple(boxes), wires, note, graph.look)


# ---- boxes -------------------------------------------------------------------------------------


def _box(graph: Graph, piece: Piece) -> Box:
    if piece.product:
        return _product_box(graph, piece.members[-1], piece.product)
    if piece.run:
        return _run_box(graph, piece)
    return _part_box(graph, piece) if piece.kind == "part" else graph.box(piece.members[-1])


def _product_box(graph: Graph, i: int, product: Product) -> Box:
    shares = _shares(graph, product)
    rows = [_term(graph, *term, share) for term, share in zip(product.terms, shares, strict=True)]
    if product.activated:
        rows.append(
            replace(
                _row(graph, product.members[-2], "Σ"),
                after=f"∂ {graph.short(graph.order[i].local_grads[0])}",
            )
        )
    box = _with_rows(replace(graph.box(i), title=_product_title(graph, i, product)), rows)
    room = int((box.width - 2 * PADDING) / CHARACTER) - text_width(box.title) - 2
    scope = printable(graph.order[i].scope, 10000)
    layer, _, neuron = scope.rpartition("/")
    aside = next((aside for aside in (scope, neuron) if text_width(aside) <= room), "")
    return replace(box, aside=aside, siblings=layer)


def _product_title(graph: Graph, i: int, product: Product) -> str:
    """The sum as "n = w1·x1 + w2·x2 + b" if that fits, or "n = Σ w·x + b", or "v2 = tanh(Σ)"."""
    name, op = graph.names[i], graph.order[i].op
    if product.activated and op is not None:
        return printable(f"{name} = {operations.text(op, 'Σ')}", LONGEST)
    terms = [
        f"{_called(graph, a)}·{_called(graph, b)}" if b >= 0 else _called(graph, a)
        for a, b in product.terms
    ]
    shown = f"{name} = {' + '.join(terms)}" if len(terms) <= 4 else ""
    if not shown or text_width(shown) > LONGEST:
        shown = f"{name} = Σ w·x" + (" + b" if any(b < 0 for _, b in product.terms) else "")
    return printable(shown, LONGEST)


def _called(graph: Graph, i: int) -> str:
    """What a row calls a value: its label, or else the name that the tables use.

    In its box no other value has that label, so it need not be made unique.
    """
    label = graph.order[i].label
    own = label and graph.order[i].op is None
    return abbreviate(plain(label) if own else graph.name(i), _NAME)


def _term(graph: Graph, weight: int, given: int, share: float | None) -> Row:
    """A row for a product, or for a value that is added.

    The gradient is the share that comes from here, if the value is used elsewhere as well.
    """
    row = _row(graph, weight)
    after = f"× {abbreviate(graph.name(given), _NAME)}" if given >= 0 else ""
    if share is not None and row.grad not in ("", "–"):
        after = ", ".join(filter(None, (after, f"in all {row.grad}")))
        row = replace(row, grad=graph.short(share), negative=share < 0.0)
        row = replace(row, strength=graph.share_of_largest(share))
    return replace(row, after=after)


def _shares(graph: Graph, product: Product) -> list[float | None]:
    """For each term, local × upstream of its weight; None if nothing else uses the weight."""
    shares: list[float | None] = [0.0] * len(product.terms)
    own = [0] * len(product.terms)
    for i, slot, row in _uses(graph, product):
        weight = product.terms[row][0]
        if graph.parents[i][slot] == weight:
            value = graph.order[i]
            shares[row] = (shares[row] or 0.0) + value.local_grads[slot] * value.grad
            own[row] += 1
    for row, (weight, _) in enumerate(product.terms):
        if own[row] == len(graph.consumers[weight]):
            shares[row] = None
    return shares


def _row(graph: Graph, i: int, name: str = "") -> Row:
    value = graph.order[i]
    return Row(
        abbreviate(name, _NAME) if name else _called(graph, i), graph.short(value.data),
        "" if value.is_constant else graph.grad(i), "",
        graph.tooltip(i), graph.strength(i), value.grad < 0.0,
    )  # fmt: skip


def _run_box(graph: Graph, piece: Piece) -> Box:
    """A box with a row for each value, and the local gradient towards the value before it.

    A very long run shows its first and last rows.
    """
    members = [i for i in piece.members if graph.order[i].op]
    rows = [_made(graph, before, i) for before, i in pairwise([-1, *members])]
    if len(rows) > _MOST_IN_A_ROW:
        half = _MOST_IN_A_ROW // 2
        rows = [*rows[:half], Row(f"… {len(rows) - 2 * half:,} more", ""), *rows[-half:]]
    last = graph.box(members[-1])
    tooltip = f"{piece.title}; the last: {last.tooltip}"
    return _with_rows(
        replace(
            last, title=_title(piece.title), tooltip=tooltip, kind="part", symbol="", labelled=False
        ),
        rows,
    )


def _made(graph: Graph, before: int, i: int) -> Row:
    """A row for value ``i`` with its local gradient towards ``before``.

    The first row of a run has -1 for ``before``: the gradient is towards all that it is made from.
    """
    uses = zip(graph.parents[i], graph.order[i].local_grads, strict=True)
    slope = fsum(local for p, local in uses if before in (-1, p) and not graph.order[p].is_constant)
    return replace(
        _row(graph, i), name=abbreviate(graph.title(i), _NAME + 6), after=f"∂ {graph.short(slope)}"
    )


def _part_box(graph: Graph, piece: Piece) -> Box:
    """A box with the parameters and outputs of a part as rows, or with their norms.

    If there is a single output, its numbers stand above the rows.
    """
    parameters, outputs = _ends(graph, piece)
    scope = _scope(graph, piece)
    listed = 0 if piece.brief and outputs else _MOST_PARAMETERS
    rows = _rows(graph, parameters, "w", listed, _parameter_names(graph, parameters, scope))
    if not (parameters or outputs):
        rows = _rows(graph, piece.members, "x", _MOST_OUTPUTS)
    if len(outputs) != 1:
        names = _output_names(graph, outputs, scope)
        rows += _rows(graph, outputs, "y", _MOST_OUTPUTS, names)
    counts = f"{len(parameters)} parameters, {len(outputs)} outputs"
    says = printable(f"{piece.title}: {len(piece.members)} values, {counts}", 10000)
    title = _title(scope)
    box = Box(title, "", "", says, 0.0, False, "part", 0.0, name=title)
    if len(outputs) == 1:
        one = graph.box(outputs[0])
        box = replace(one, title=title, name=title, kind="part", symbol="", labelled=False)
        box = replace(box, tooltip=f"{says}; {one.tooltip}", formula="", entries=0)
    return replace(_with_rows(box, rows), siblings=scope.rpartition("/")[0])


def _ends(graph: Graph, piece: Piece) -> tuple[list[int], list[int]]:
    """The parameters of a part, and its results that are used outside, or nowhere."""
    own, leaves = set(piece.members), [i for i in piece.members if graph.order[i].op is None]
    results = [i for i in piece.members if graph.order[i].op]
    outputs = [i for i in results if not (graph.consumers[i] and own >= set(graph.consumers[i]))]
    return [i for i in leaves if not graph.order[i].is_constant], outputs


def _scope(graph: Graph, piece: Piece) -> str:
    """What a part is called: the innermost scope that holds all of it."""
    scopes = {graph.order[i].scope for i in piece.members}
    deepest = scopes.pop()
    return deepest if not scopes and deepest.startswith(f"{piece.title}/") else piece.title


def _title(path: str) -> str:
    """A path as a title, cut in its middle if it is long."""
    shown = printable(path, 10000)
    return abbreviate(shown, LONGEST)


def _output_names(graph: Graph, outputs: Sequence[int], part: str) -> list[str]:
    """What a part calls its outputs: by label, else by the scope inside it that made them.

    Several outputs of one name are numbered.
    """
    names = []
    for i in outputs:
        value = graph.order[i]
        names.append(value.label or ((_within(part, value.scope) or "out") if value.scope else ""))
    seen: dict[str, int] = {}
    counts = Counter(names)
    for k, name in enumerate(names):
        seen[name] = seen.get(name, 0) + 1
        if name and counts[name] > 1:
            names[k] = f"{printable(name, _NAME - 4)} #{seen[name]}"
    return names


def _within(part: str, scope: str) -> str:
    """The last name of a scope that is inside a part; "" for the part's own scope."""
    return scope.rpartition("/")[2] if scope.startswith(f"{part}/") else ""


def _parameter_names(graph: Graph, parameters: Sequence[int], part: str) -> list[str]:
    """What a part calls its parameters: their scope inside it, and their label."""
    inner = [_within(part, graph.order[i].scope) for i in parameters]
    return [
        f"{scope}.{_called(graph, i)}" if scope else ""
        for i, scope in zip(parameters, inner, strict=True)
    ]


def _rows(
    graph: Graph, members: Sequence[int], what: str, most: int, names: Sequence[str] = ()
) -> list[Row]:
    """A row for each value, or one row with their norm if there are more than ``most``."""
    if len(members) <= most or len(members) == 1:
        return [_row(graph, i, names[k] if names else "") for k, i in enumerate(members)]
    values = [graph.order[i] for i in members]
    norms = hypot(*(v.data for v in values)), hypot(*(v.grad for v in values))
    grad = graph.short(norms[1]) if any(v.has_grad for v in values) else "–"
    meant = {"w": "parameters", "y": "outputs", "x": "numbers"}[what]
    tooltip = f"norm of {len(members)} {meant}: {norms[0]!r}; of their gradients: {norms[1]!r}"
    return [Row(f"‖{what}‖ of {len(members)}", graph.short(norms[0]), grad, tooltip=tooltip)]


def widths(box: Box) -> tuple[int, int, int, int]:
    """The columns that names, numbers, gradients and the rest take in the rows of a box."""
    rows = box.rows
    return (
        max(text_width(r.name) for r in rows), max(text_width(r.data) for r in rows),
        max(text_width(r.grad) for r in rows),
        max(text_width(r.after) for r in rows),
    )  # fmt: skip


def _with_rows(box: Box, rows: Sequence[Row]) -> Box:
    box = replace(box, rows=tuple(rows))
    name, data, grad, after = widths(box) if rows else (0, 0, 0, 0)
    row = name + data + grad + after + 2 + (2 if grad else 0) + (1 if after else 0)
    wide = max(text_width(box.title), text_width(box.data) + text_width(box.grad) + 4, row, 10)
    lines = 1 + bool(box.data) + len(rows)
    return replace(box, width=pixels(wide), height=lines * LINE + PADDING + 6)


# ---- wires -------------------------------------------------------------------------------------


def _wires(graph: Graph, pieces: Sequence[Piece]) -> Iterable[Wire]:
    """A wire for each use of an operand; between a part and another box, one wire for all uses."""
    home = {i: k for k, piece in enumerate(pieces) for i in piece.members}
    bundles: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for head, piece in enumerate(pieces):
        for i, slot, row in _operands(graph, piece):
            tail = home.get(graph.parents[i][slot], head)
            if tail == head:
                continue
            if "part" in (piece.kind, pieces[tail].kind):
                bundles.setdefault((tail, head), []).append((i, slot))
            else:
                one = graph.wire(i, slot, tail, head, row)
                yield one if row < 0 else replace(wire(tail, head, row, "", row), share=one.share)
    for (tail, head), uses in bundles.items():
        if len(uses) == 1 and pieces[head].kind == "value":
            yield graph.wire(*uses[0], tail, head)
        else:
            one = wire(tail, head, 0, f"{len(uses):,} uses" if len(uses) > 1 else "")
            yield replace(one, share=_bundled(graph, uses))


def _bundled(graph: Graph, uses: Sequence[tuple[int, int]]) -> float | None:
    """What flows back through a bundle of wires to one value; None if it leads to several."""
    shares = [share(graph.order[i], slot) for i, slot in uses]
    given = [each for each in shares if each is not None]
    one = len({graph.parents[i][slot] for i, slot in uses}) == 1
    return sum(given) if one and given else None


def _operands(graph: Graph, piece: Piece) -> Iterator[tuple[int, int, int]]:
    """(value, operand number, row) of everything that a box's values are made from."""
    if piece.product is None:
        for i in piece.members:
            for slot in range(len(graph.parents[i])):
                yield i, slot, -1
        return
    yield from _uses(graph, piece.product)


def _uses(graph: Graph, product: Product) -> Iterator[tuple[int, int, int]]:
    """(value, operand number, row) of every operand that a sum of products takes from outside."""
    rows: dict[tuple[int, ...], list[int]] = {}
    for row, term in enumerate(product.terms):
        rows.setdefault(tuple(sorted(term)), []).append(row)
    own = set(product.members)
    for i in product.members:
        parents, op = graph.parents[i], graph.order[i].op
        outside = [slot for slot, parent in enumerate(parents) if parent not in own]
        if op is None or not outside:
            continue
        if op.multiplies:
            row = rows[tuple(sorted(parents))].pop(0)
            yield from ((i, slot, row) for slot in outside)
        elif op.adds:
            yield from ((i, slot, rows[-1, parents[slot]].pop(0)) for slot in outside)
        else:  # weights, as many inputs, and perhaps a bias
            count = len(products(parents)[0])
            last = 2 * count
            yield from ((i, s, s % count if s < last else count) for s in outside)


# ---- as text -----------------------------------------------------------------------------------


def as_text(scene: Scene) -> str:
    """A table with a line for each box and each row, and the note on what is folded."""
    lines = [("box", "value", "gradient")]
    for box in scene.boxes:
        lines.append((box.title, box.data, box.grad))
        lines += [(f"  {row.name} {row.after}".rstrip(), row.data, row.grad) for row in box.rows]
    shown = table(lines)
    return f"{shown}\n{scene.note}" if scene.note else shown
