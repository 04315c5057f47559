"""Which values a scope, or a name that the caller gave, puts into one box.

A scope is a path such as "mlp/layer0/neuron3". A value belongs to the outermost scope around it
that has no more levels of scopes inside than the level of detail allows: none for "neuron", one for
"layer".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import pairwise

from ...errors import OperandError, OptionError, one_of
from ...notation.text import printable
from ..scene.scene import Graph

_LISTED = 12  # names that an error lists, the nearest first
HEIGHT = {"neuron": 0, "layer": 1}  # of a level's scopes: 0 for those without scopes in them


@dataclass
class Grouping:
    """The box of each value, by key, while boxes are being found."""

    key: dict[int, str] = field(default_factory=dict)
    title: dict[str, str] = field(default_factory=dict)  # of a key, where it is not the key itself
    runs: set[str] = field(default_factory=set)  # keys of values each made from the one before
    alone: set[int] = field(default_factory=set)  # shown by themselves because the caller said so


@dataclass(frozen=True)
class Folding:
    """What the caller and the style say about folding.

    Attributes:
        expand, collapse: names of scopes and labels.
        formulas: whether boxes show formulas, and with them plain numbers.
    """

    expand: tuple[str, ...] = ()
    collapse: tuple[str, ...] = ()
    formulas: bool = True


def by_scope(graph: Graph, level: str, wish: Folding) -> Grouping:
    """The parts that scopes make at a level, expanded and collapsed as the caller wishes."""
    groups = Grouping()
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
    """ "a", "a/b" and "a/b/c" for the path "a/b/c"."""
    steps = path.split("/")
    return ["/".join(steps[: k + 1]) for k in range(len(steps))]


def _heights(scopes: set[str]) -> dict[str, int]:
    """How many levels of scopes each scope holds. A single scope inside another adds no level."""
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
    """The part that shows a value of ``scope``; "" if the value has its own box."""
    prefixes = _prefixes(scope)
    for path in prefixes:
        if _named(path, wish.collapse):
            return path
    if level not in HEIGHT:
        return ""
    for path in prefixes:
        if heights[path] <= HEIGHT[level] and not _named(path, wish.expand):
            return path
    return "" if _named(scope, wish.expand) else scope


def _named(path: str, given: Sequence[str]) -> bool:
    """Whether one of the names means the scope ``path``: the whole path, or its end."""
    return any(path == name or path.endswith(f"/{name}") for name in given)


def _collapse_label(graph: Graph, name: str, groups: Grouping) -> None:
    """Put the value labelled ``name``, and everything that only it uses, into one part."""
    for i in reversed(range(len(graph))):
        value = graph.order[i]
        if value.label != name or value.op is None or i in groups.key:
            continue
        groups.key[i] = name
        for k in reversed(range(i)):
            users = graph.consumers[k]
            if (
                k not in groups.key
                and users
                and all(groups.key.get(user) == name for user in users)
            ):
                groups.key[k] = name


def check_names(graph: Graph, given: Sequence[str]) -> None:
    """Say what is wrong with a name that is neither a scope nor a label of the graph.

    Raises:
        OptionError: for an unknown name; the message lists some of those there are.
        OperandError: for something that is no name.
    """
    if not given:
        return
    scopes = {path for value in graph.order if value.scope for path in _prefixes(value.scope)}
    labels = {value.label for value in graph.order if value.label}
    for name in given:
        if not isinstance(name, str):
            raise OperandError(
                "expand and collapse take the names of scopes or labels, as a list; "
                f"got {type(name).__name__} {name!r}"
            )
        if name in labels or any(_named(path, [name]) for path in scopes):
            continue
        if not scopes | labels:
            raise OptionError(
                f"unknown scope or label {name!r}: this graph has none. Use `with scope(name)` or "
                "give Values labels"
            )
        ends = {path.rpartition("/")[2] for path in scopes}
        near = get_close_matches(name, labels | scopes | ends, _LISTED)
        others = sorted(scopes) + sorted(labels)
        shown = dict.fromkeys(printable(n, 40) for n in [*near, *others])
        one_of(name, list(shown)[:_LISTED], "scope or label")


def _split_where_circular(graph: Graph, groups: Grouping) -> None:
    """Split each part that is used on its own results into as many parts as it has uses."""
    circular = _circular(graph, groups) if groups.key else set()
    ranks = _ranks(graph, groups.key) if circular else []
    for key in sorted(circular):
        members = [i for i in range(len(graph)) if groups.key.get(i) == key]
        uses = _uses(graph, members, ranks)
        for i in members:
            if i in uses:
                groups.key[i] = f"{key} ({uses[i]})"
            elif not all(user in uses for user in graph.consumers[i]):
                del groups.key[i]  # a leaf that others use too


def _ranks(graph: Graph, part: Mapping[int, str]) -> list[int]:
    """For each value, the most parts that a path to it enters one after the other.

    The rank never falls along a wire, and it grows with each wire into a part. So parts that are
    split by rank form no circle.
    """
    ranks: list[int] = []
    for i, parents in enumerate(graph.parents):
        enters = [ranks[p] + (i in part and part.get(p) != part[i]) for p in parents]
        ranks.append(max(enters, default=0))
    return ranks


def _circular(graph: Graph, groups: Grouping) -> set[str]:
    """The parts on circles of the folded graph.

    They are left when boxes without a way in, or without a way out, are removed again and again.
    """
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


def _uses(graph: Graph, members: Sequence[int], ranks: Sequence[int]) -> dict[int, int]:
    """Which use of a part each result in it belongs to, from 1. A leaf goes with its only use.

    Results of one rank that are connected belong to one use.
    """
    own = set(members)
    first: dict[int, int] = {}
    for i in members:  # union-find over results, by their earliest
        if graph.parents[i]:
            first[i] = i
            for parent in graph.parents[i]:
                if parent in first and ranks[parent] == ranks[i]:
                    a, b = _root(first, parent), _root(first, i)
                    first[max(a, b)] = min(a, b)
    found = {root: k for k, root in enumerate(dict.fromkeys(_root(first, i) for i in first), 1)}
    number = {i: found[_root(first, i)] for i in first}
    for i in own - first.keys():
        users = {number.get(user) for user in graph.consumers[i]}
        if len(users) == 1 and (only := users.pop()):
            number[i] = only
    return number


def _root(first: dict[int, int], i: int) -> int:
    while first[i] != i:
        i = first[i]
    return i
