"""Levels of detail: which values of a graph go into one box together.

From fine to coarse: every value by itself (full), sums of products as one box (fused), a box for each innermost scope
(neuron), a box for each scope around those (layer). Scopes are paths, "mlp/layer0/neuron3", made by the modules of `nn`
and by anybody's ``with scope("name")``. At the two coarsest levels values without a scope are gathered where they
are alike: the same operation on the same boxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from ..errors import OperandError
from .products import Product, absorbed, sums_of_products
from .scene import Graph, printable

LEVELS = ("full", "fused", "neuron", "layer")
LEGIBLE_BOXES, LEGIBLE_LINES = 40, 200  # of text: what `auto` takes for a picture that can be read
_ALIKE = 3  # values of one kind, from which they are gathered
_HEIGHT = {"neuron": 0, "layer": 1}  # of a scope: 0 for one without scopes in it


@dataclass(frozen=True)
class Piece:
    """What one box stands for: a value, a sum of products, or all values of a part.

    ``members`` are numbers in the graph's order. A part's ``title`` is its scope; ``brief``: norms in place of its parameters.
    """

    members: tuple[int, ...]
    kind: Literal["value", "product", "part"] = "value"
    title: str = ""
    brief: bool = False
    product: Product | None = None

    @property
    def lines(self) -> int:
        """Lines of text in its box, about."""
        if self.product:
            return 2 + len(self.product.terms) + self.product.activated
        return 2 if self.kind == "value" else 3 if self.brief else min(2 + len(self.members), 20)


@dataclass
class _Grouping:
    """The box of each value, as a key, while it is being found; values without one are not in it."""

    key: dict[int, str] = field(default_factory=dict)
    title: dict[str, str] = field(default_factory=dict)  # of a key, where it is not the key itself
    alone: set[int] = field(default_factory=set)  # shown by themselves because the caller said so


@dataclass(frozen=True)
class Folding:
    """What the caller and the style say of folding: names to expand and to collapse, and whether formulas show plain numbers."""

    expand: tuple[str, ...] = ()
    collapse: tuple[str, ...] = ()
    formulas: bool = True


def choose(graph: Graph, detail: str, wish: Folding) -> tuple[str, list[Piece]]:
    """The level, and what its boxes stand for; for "auto" the finest level that is legible, else the one of fewest boxes."""
    if detail not in ("auto", *LEVELS):
        raise OperandError(f"there is no level of detail {detail!r}; there are auto, {', '.join(LEVELS)}")
    _check_names(graph, (*wish.expand, *wish.collapse))
    if detail != "auto":
        return detail, fold(graph, detail, wish)
    tried = []
    for level in LEVELS:
        if level == "full" and len(graph) > LEGIBLE_BOXES and not wish.collapse:
            continue  # a box for each
        pieces = fold(graph, level, wish)
        if len(pieces) <= LEGIBLE_BOXES and sum(piece.lines for piece in pieces) <= LEGIBLE_LINES:
            return level, pieces
        tried.append((len(pieces), level, pieces))
    _, level, pieces = min(tried, key=lambda entry: entry[0])
    return level, pieces


def fold(graph: Graph, level: str, wish: Folding | None = None) -> list[Piece]:
    """What each box stands for at a level, in the order in which the graph makes them."""
    wish = wish or Folding()
    groups = _scopes(graph, level, wish)
    if level == "layer" and groups.key:
        _fold_what_follows(graph, groups)
    free = {i for i in range(len(graph)) if i not in groups.key and i not in groups.alone}
    products = sums_of_products(graph, free) if level != "full" else {}
    gone = absorbed(graph, products) - groups.alone if level != "full" else set()
    inside = {member for product in products.values() for member in product.members} | gone
    rest = [i for i in range(len(graph)) if i in free and i not in inside]
    into = _numbers_in_formulas(graph, rest) if level != "full" and wish.formulas else {}
    rest = [i for i in rest if i not in into]
    if level in _HEIGHT:
        _gather(graph, rest, groups)
    if level != "full":
        _numbers_in_parts(graph, groups)
    return _pieces(graph, groups, products, gone, into, brief=level == "layer")


def _pieces(
    graph: Graph, groups: _Grouping, products: dict[int, Product], gone: set[int], into: dict[int, int], *, brief: bool
) -> list[Piece]:
    parts: dict[str, list[int]] = {}
    for i in range(len(graph)):
        if i in groups.key:
            parts.setdefault(groups.key[i], []).append(i)
    pieces = [Piece(tuple(members), "part", groups.title.get(key, key), brief) for key, members in parts.items()]
    pieces += [Piece(product.members, "product", product=product) for product in products.values()]
    taken = {i for piece in pieces for i in piece.members} | gone | into.keys()
    numbers: dict[int, list[int]] = {}
    for constant, user in into.items():
        numbers.setdefault(user, []).append(constant)
    pieces += [Piece((*numbers.get(i, ()), i)) for i in range(len(graph)) if i not in taken]
    return sorted(pieces, key=lambda piece: piece.members[-1])


def _numbers_in_formulas(graph: Graph, rest: Iterable[int]) -> dict[int, int]:
    """Plain numbers that one value alone uses, which stands by itself: the number is in its formula."""
    single = set(rest)
    found = {}
    for i in single:
        users = set(graph.consumers[i])
        if graph.order[i].is_constant and not graph.order[i].label and len(users) == 1 and users <= single:
            found[i] = users.pop()
    return found


def _numbers_in_parts(graph: Graph, groups: _Grouping) -> None:
    """Put plain numbers that one part alone uses into it."""
    for i, value in enumerate(graph.order):
        if value.is_constant and not value.label and i not in groups.alone:
            users = {groups.key.get(user, "") for user in graph.consumers[i]}
            if len(users) == 1 and (user := users.pop()):
                groups.key[i] = user


# ---- scopes ----------------------------------------------------------------------------------------------------------


def _scopes(graph: Graph, level: str, wish: Folding) -> _Grouping:
    groups = _Grouping()
    heights = _heights({value.scope for value in graph.order if value.scope})
    homes: dict[str, str] = {}
    for i, value in enumerate(graph.order):
        if value.label and value.label in wish.expand:
            groups.alone.add(i)
        elif value.scope:
            if value.scope not in homes:
                homes[value.scope] = _home(value.scope, heights, level, wish)
            if homes[value.scope]:
                groups.key[i] = homes[value.scope]
    for name in wish.collapse:
        _collapse_label(graph, name, groups)
    _split_where_circular(graph, groups)
    return groups


def _prefixes(path: str) -> list[str]:
    """ "a", "a/b", "a/b/c" of "a/b/c"."""
    steps = path.split("/")
    return ["/".join(steps[: k + 1]) for k in range(len(steps))]


def _heights(scopes: set[str]) -> dict[str, int]:
    """How many levels of scopes are within each; a scope within it that stands alone is no level."""
    children: dict[str, set[str]] = {}
    for path in scopes:
        prefixes = _prefixes(path)
        for outer, inner in pairwise(prefixes):
            children.setdefault(outer, set()).add(inner)
        children.setdefault(prefixes[-1], set())
    heights: dict[str, int] = {}
    for path in sorted(children, key=lambda p: -p.count("/")):
        within = [heights[child] for child in children[path]]
        heights[path] = max(within, default=0) + (len(within) > 1)
    return heights


def _home(scope: str, heights: dict[str, int], level: str, wish: Folding) -> str:
    """The part that a value of ``scope`` is shown in; "" if it is shown by itself."""
    prefixes = _prefixes(scope)
    for path in prefixes:
        if _named(path, wish.collapse):
            return path
    if level not in _HEIGHT:
        return ""
    for path in prefixes:
        if heights[path] <= _HEIGHT[level] and not _named(path, wish.expand):
            return path
    return "" if _named(scope, wish.expand) else scope


def _named(path: str, given: Sequence[str]) -> bool:
    """Whether one of the names means the scope ``path``: its whole path, or the end of it."""
    return any(path == name or path.endswith(f"/{name}") for name in given)


def _collapse_label(graph: Graph, name: str, groups: _Grouping) -> None:
    """Put the value labelled ``name``, and all that it alone uses, into one part."""
    for i in reversed(range(len(graph))):
        value = graph.order[i]
        if value.label != name or value.op is None or i in groups.key:
            continue
        groups.key[i] = name
        for k in reversed(range(i)):
            users = graph.consumers[k]
            if k not in groups.key and users and all(groups.key.get(user) == name for user in users):
                groups.key[k] = name


def _check_names(graph: Graph, given: Sequence[str]) -> None:
    scopes = dict.fromkeys(path for value in graph.order if value.scope for path in _prefixes(value.scope))
    labels = dict.fromkeys(value.label for value in graph.order if value.label)
    for name in given:
        if not isinstance(name, str):
            raise OperandError(f"expand and collapse take the names of scopes or labels, as a list; {name!r} was given")
        if name not in labels and not any(_named(path, [name]) for path in scopes):
            there = (
                ", ".join(printable(n, 40) for n in [*list(scopes)[:12], *list(labels)[:12]]) or "none: use `with scope(name)` or labels"
            )
            raise OperandError(f"there is no scope or label {name!r} in this graph; there are {there}")


def _split_where_circular(graph: Graph, groups: _Grouping) -> None:
    """A part that is used on what it made itself becomes as many parts as there are uses of it."""
    if not groups.key:
        return
    for key in sorted(_circular(graph, groups)):
        members = [i for i in range(len(graph)) if groups.key.get(i) == key]
        uses = _uses(graph, members)
        for i in members:
            if i in uses:
                groups.key[i] = f"{key} ({uses[i]})"


def _circular(graph: Graph, groups: _Grouping) -> set[str]:
    """The parts on circles of the folded graph: those left when what has no way in, or no way out, is taken away again and again."""
    into: dict[str | int, set[str | int]] = {}
    out: dict[str | int, set[str | int]] = {}
    for i, parents in enumerate(graph.parents):
        head = groups.key.get(i, i)
        for parent in parents:
            tail = groups.key.get(parent, parent)
            if tail != head:
                into.setdefault(head, set()).add(tail)
                out.setdefault(tail, set()).add(head)
    left = into.keys() & out.keys()
    for forward, back in ((into, out), (out, into)):
        stack = [node for node in {**into, **out} if not forward.get(node)]
        while stack:
            node = stack.pop()
            left.discard(node)
            for other in back.get(node, ()):
                forward[other].discard(node)
                if not forward[other]:
                    stack.append(other)
    return {node for node in left if isinstance(node, str)}


def _uses(graph: Graph, members: Sequence[int]) -> dict[int, int]:
    """Which use of a part each result in it belongs to: results that hang together, from 1; leaves go with their only use."""
    own, number = set(members), {}
    first: dict[int, int] = {}
    for i in members:  # union-find over results, by their earliest
        if graph.parents[i]:
            first[i] = i
            for parent in graph.parents[i]:
                if parent in first:
                    a, b = _root(first, parent), _root(first, i)
                    first[max(a, b)] = min(a, b)
    roots = list(dict.fromkeys(_root(first, i) for i in members if i in first))
    number = {i: roots.index(_root(first, i)) + 1 for i in members if i in first}
    for i in members:
        users = {number[user] for user in graph.consumers[i] if user in own} if i not in first else set()
        if len(users) == 1:
            number[i] = users.pop()
    return number


def _root(first: dict[int, int], i: int) -> int:
    while first[i] != i:
        i = first[i]
    return i


# ---- values without a scope ------------------------------------------------------------------------------------------


def _gather(graph: Graph, rest: Sequence[int], groups: _Grouping) -> None:
    """Give values that are alike a part of their own: leaves used by the same parts, results of one operation on the same boxes."""
    colour: dict[int, object] = {}
    classes: dict[tuple[object, ...], list[int]] = {}
    free = set(rest)
    for i, value in enumerate(graph.order):
        if i not in free:
            colour[i] = "number" if value.is_constant else groups.key.get(i, i)
            continue
        if value.op is None:
            users = {groups.key.get(k) or _op_name(graph, k) for k in graph.consumers[i]}
            mark: tuple[object, ...] = ("leaf", value.is_constant, *sorted(users))
        else:
            mark = (value.op.name, *[colour[parent] for parent in graph.parents[i]])
        classes.setdefault(mark, []).append(i)
        colour[i] = -1 - classes[mark][0]
    for members in classes.values():
        if len(members) >= _ALIKE:
            key = f"\0{members[0]}"  # no scope is called so
            groups.title[key] = f"{len(members)} {_plural(graph, members[0])}"
            groups.key.update(dict.fromkeys(members, key))


def _fold_what_follows(graph: Graph, groups: _Grouping) -> None:
    """Put the results that no part uses, directly or not, into one part: the loss, named by its result."""
    after: list[int] = []
    before: set[int] = set()
    for i in reversed(range(len(graph))):
        if i in groups.key or i in before:
            before.update(graph.parents[i])
        elif graph.order[i].op and i not in groups.alone:
            after.append(i)
    if len(after) > 1:
        groups.key.update(dict.fromkeys(after, "\0"))
        groups.title["\0"] = graph.names[after[0]]


def _op_name(graph: Graph, i: int) -> str:
    op = graph.order[i].op
    return op.name if op else ""


def _plural(graph: Graph, i: int) -> str:
    op = graph.order[i].op
    return f"× {op.symbol}" if op else "numbers" if graph.order[i].is_constant else "inputs"
