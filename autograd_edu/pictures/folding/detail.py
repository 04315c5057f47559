"""Levels of detail: which values of a graph share a box.

The levels, from fine to coarse: every value has its own box ("full"); a sum of products is one box
("fused"); each innermost scope is one box ("neuron"); each scope around those is one box ("layer").
Scopes are paths such as "mlp/layer0/neuron3". The modules of `nn` make them, and so does
``with scope("name")``. At the two coarse levels, values without a scope are gathered where they are
alike: results of the same operation on the same boxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import chain
from typing import Literal

from ...errors import one_of
from ...notation import operations
from ..scene.scene import Graph
from .products import Product, absorbed, addends, is_sum, sums_of_products
from .scopes import HEIGHT, Folding, Grouping, by_scope, check_names

LEVELS = ("full", "fused", "neuron", "layer")
MOST_BOXES = 1500  # in a picture
LEGIBLE_BOXES, LEGIBLE_LINES = 40, 200  # of text: what `auto` takes for a picture that can be read
_LONGEST = 150  # boxes that `auto` shows before it leaves out the middle
_RUN = 8  # values in a row, from which they are folded
_ALIKE = 3  # values of one kind, from which they are gathered
_LEAST = 10  # boxes that `auto` shows, where gathered values can be shown by themselves


@dataclass(frozen=True)
class Piece:
    """What one box stands for: a value, a sum of products, or all values of a part.

    Attributes:
        members: the values, by their numbers in the graph.
        title: the scope of a part.
        brief: the part shows norms instead of its parameters.
        run: each value of the part is made from the one before it and plain numbers.
    """

    members: tuple[int, ...]
    kind: Literal["value", "product", "part"] = "value"
    title: str = ""
    brief: bool = False
    run: bool = False
    product: Product | None = None

    @property
    def lines(self) -> int:
        """About how many lines of text its box has."""
        if self.product:
            return 2 + len(self.product.terms) + self.product.activated
        return 2 if self.kind == "value" else 3 if self.brief else min(2 + len(self.members), 20)


def choices(graph: Graph, detail: str, wish: Folding) -> Iterator[tuple[str, list[Piece]]]:
    """Levels with what their boxes stand for, the best first.

    "auto" gives the levels that can be read, the finest first, then the one with fewest boxes.
    """
    one_of(detail, ("auto", *LEVELS), "level of detail")
    check_names(graph, (*wish.expand, *wish.collapse))
    if detail != "auto":
        yield detail, fold(graph, detail, wish)
        return
    tried = []
    for level in LEVELS:
        if level == "full" and len(graph) > LEGIBLE_BOXES and not wish.collapse:
            continue  # a box for each
        pieces = fold(graph, level, wish)
        tried.append((len(pieces), level, pieces))
        if _is_legible(pieces):
            yield from _with_enough(graph, level, wish, pieces)
    _, level, pieces = min(tried, key=lambda entry: entry[0])
    if len(pieces) > _LONGEST:
        yield level, _without_the_middle(graph, pieces)
    yield from _with_enough(graph, level, wish, pieces)


def _is_legible(pieces: Sequence[Piece]) -> bool:
    lines = sum(piece.lines for piece in pieces)
    return len(pieces) <= LEGIBLE_BOXES and lines <= LEGIBLE_LINES


def _with_enough(
    graph: Graph, level: str, wish: Folding, pieces: list[Piece]
) -> Iterator[tuple[str, list[Piece]]]:
    """``pieces``; if they are very few, first foldings that show the inside of some scopes."""
    stages = [_with_examples(graph, level, wish, pieces)]
    parts = [piece for piece in stages[0] if piece.kind == "part"]
    for part in sorted(parts, key=lambda piece: len(piece.members)):
        if len(stages[-1]) >= min(_LEAST, len(graph)):
            break
        wider = replace(wish, expand=(*wish.expand, part.title))
        finer = fold(graph, level, wider)
        if len(finer) > len(stages[-1]) and _is_legible(finer):
            stages.append(finer)
            wish = wider
    yield from ((level, stage) for stage in reversed(stages))


def _without_the_middle(graph: Graph, pieces: Sequence[Piece]) -> list[Piece]:
    """The first and the last boxes, with one box for everything between them.

    The boxes are in an order in which each comes after those it uses. So a stretch of them can
    become one box: no path leaves it and comes back.
    """
    ordered = _in_order(graph, pieces)
    half = LEGIBLE_BOXES // 2
    between = ordered[half:-half]
    members = sorted(i for piece in between for i in piece.members)
    middle = Piece(tuple(members), "part", f"{len(between):,} boxes between", brief=True)
    return [*ordered[:half], middle, *ordered[-half:]]


def _in_order(graph: Graph, pieces: Sequence[Piece]) -> list[Piece]:
    """Every piece after those that it uses. Where several could be next, the earliest is."""
    home = {i: k for k, piece in enumerate(pieces) for i in piece.members}
    users: list[set[int]] = [set() for _ in pieces]
    for i, k in home.items():
        for parent in graph.parents[i]:
            if home.get(parent, k) != k:
                users[home[parent]].add(k)
    waiting = [0] * len(pieces)
    for k in chain.from_iterable(users):
        waiting[k] += 1
    ready = [k for k, count in enumerate(waiting) if not count]
    found = []
    while ready:
        k = heappop(ready)
        found.append(pieces[k])
        for user in users[k]:
            waiting[user] -= 1
            if not waiting[user]:
                heappush(ready, user)
    return found


def _with_examples(graph: Graph, level: str, wish: Folding, pieces: list[Piece]) -> list[Piece]:
    """``pieces``, or if they are very few, a folding that shows some of what is alike by itself."""
    for shown in range(1, _LEAST):
        if len(pieces) >= min(_LEAST, len(graph)) or level not in HEIGHT:
            break
        pieces = fold(graph, level, wish, shown)
    return pieces


def fold(graph: Graph, level: str, wish: Folding | None = None, shown: int = 0) -> list[Piece]:
    """What each box stands for at a level, in the order in which the graph makes them.

    Args:
        shown: how many values of each gathered kind keep a box of their own, as examples.
    """
    wish = wish or Folding()
    groups = by_scope(graph, level, wish)
    if level == "layer" and groups.key:
        _fold_what_follows(graph, groups)
    if level in HEIGHT:
        _fold_runs(graph, groups, shown)
    free = {i for i in range(len(graph)) if i not in groups.key and i not in groups.alone}
    products = sums_of_products(graph, free) if level != "full" else {}
    gone = absorbed(graph, products) - groups.alone if level != "full" else set()
    inside = {member for product in products.values() for member in product.members} | gone
    if level in HEIGHT:
        _fold_sums(graph, free - inside, groups)
    inside |= groups.key.keys()
    rest = [i for i in range(len(graph)) if i in free and i not in inside]
    into = _numbers_in_formulas(graph, rest) if wish.formulas else {}
    if level == "full":  # only those that can be read there
        into = {i: user for i, user in into.items() if graph.stands_in_a_formula(i)}
    rest = [i for i in rest if i not in into]
    if level in HEIGHT:
        sums = products if level == "layer" else {}
        _gather(graph, rest, groups, products, sums, gone, shown)
        products = {i: product for i, product in products.items() if i not in groups.key}
        gone -= groups.key.keys()
    if level != "full":
        _numbers_in_parts(graph, groups)
    return _pieces(graph, groups, products, gone, into, brief=level == "layer")


def _pieces(
    graph: Graph,
    groups: Grouping,
    products: dict[int, Product],
    gone: set[int],
    into: dict[int, int],
    *,
    brief: bool,
) -> list[Piece]:
    parts: dict[str, list[int]] = {}
    for i in range(len(graph)):
        if i in groups.key:
            parts.setdefault(groups.key[i], []).append(i)
    pieces = [
        Piece(tuple(members), "part", groups.title.get(key, key), brief, key in groups.runs)
        for key, members in parts.items()
    ]
    pieces += [Piece(product.members, "product", product=product) for product in products.values()]
    taken = {i for piece in pieces for i in piece.members} | gone | into.keys()
    numbers: dict[int, list[int]] = {}
    for constant, user in into.items():
        numbers.setdefault(user, []).append(constant)
    pieces += [Piece((*numbers.get(i, ()), i)) for i in range(len(graph)) if i not in taken]
    return sorted(pieces, key=lambda piece: piece.members[-1])


def _numbers_in_formulas(graph: Graph, rest: Iterable[int]) -> dict[int, int]:
    """The plain numbers that stand in formulas: each has one user, which has its own box."""
    single = set(rest)
    found = {}
    for i in single:
        users = set(graph.consumers[i])
        if (
            graph.order[i].is_constant
            and not graph.order[i].label
            and len(users) == 1
            and users <= single
        ):
            found[i] = users.pop()
    return found


def _numbers_in_parts(graph: Graph, groups: Grouping) -> None:
    """Put each plain number that only one part uses into that part."""
    for i, value in enumerate(graph.order):
        if value.is_constant and not value.label and i not in groups.alone:
            users = {groups.key.get(user, "") for user in graph.consumers[i]}
            if len(users) == 1 and (user := users.pop()):
                groups.key[i] = user


# ---- values without a scope --------------------------------------------------------------------


def _gather(
    graph: Graph,
    rest: Sequence[int],
    groups: Grouping,
    products: dict[int, Product],
    sums: dict[int, Product],
    gone: set[int],
    shown: int,
) -> None:
    """Gather values that are alike into a part, except for the first ``shown`` of each kind.

    Leaves are alike if the same parts use them; results, if one operation made them from the same
    boxes; ``sums`` of products, if they have the same inputs. The last are gathered with the leaves
    that only they use: they are a layer whose neurons have no scope.
    """
    kinds = _kinds(graph, set(rest), groups, sums, gone)
    leaves = [alike for alike in kinds if graph.order[alike[0]].op is None]
    for alike in [alike for alike in kinds if graph.order[alike[0]].op]:
        _gather_kind(graph, alike, groups, sums, gone, shown)
    for alike in leaves:
        split = _used_by_the_same(graph, alike, groups, products)
        for same in split:  # those of the examples are split off already
            _gather_kind(graph, same, groups, sums, gone, shown if len(split) == 1 else 0)


def _gather_kind(
    graph: Graph,
    alike: Sequence[int],
    groups: Grouping,
    sums: dict[int, Product],
    gone: set[int],
    shown: int,
) -> None:
    members = alike[shown:]
    inside = _insides(graph, members, sums, gone, alike[:shown])
    if len(members) >= _ALIKE and inside is not None:
        key = f"\0{members[0]}"  # no scope is called so
        what = "sums of products" if members[0] in sums else _plural(graph, members[0])
        groups.title[key] = f"{len(members)} {what}"
        groups.key.update(dict.fromkeys(inside, key))


def _used_by_the_same(
    graph: Graph, leaves: Sequence[int], groups: Grouping, products: dict[int, Product]
) -> list[list[int]]:
    """The leaves in groups that the same boxes use: the input of a loop's step stays with it."""
    box: dict[int, object] = {i: root for root, p in products.items() for i in p.members}
    box |= groups.key
    found: dict[frozenset[object], list[int]] = {}
    for leaf in leaves:
        users = frozenset(box.get(user, user) for user in graph.consumers[leaf])
        found.setdefault(users, []).append(leaf)
    return list(found.values())


def _kinds(
    graph: Graph, free: set[int], groups: Grouping, sums: dict[int, Product], gone: set[int]
) -> list[list[int]]:
    """The values that could be gathered, in groups that are alike."""
    colour: dict[int, object] = {}  # the same for values that are alike
    kinds: dict[tuple[object, ...], list[int]] = {}
    for i, value in enumerate(graph.order):
        if i not in free and i not in sums:
            colour[i] = "number" if value.is_constant else groups.key.get(i, i)
            continue
        if i in sums:
            own = sums[i].members
            given = {p for member in own for p in graph.parents[member]} - gone - set(own)
            mark: tuple[object, ...] = ("sum", *sorted({str(colour[p]) for p in given}))
        elif value.op is None:
            users = {groups.key.get(k) or _op_name(graph, k) for k in graph.consumers[i]}
            mark = ("leaf", value.is_constant, *sorted(users))
        else:
            mark = (value.op.name, *[colour[parent] for parent in graph.parents[i]])
        kinds.setdefault(mark, []).append(i)
        colour[i] = -1 - kinds[mark][0]
    return list(kinds.values())


def _insides(
    graph: Graph,
    alike: Sequence[int],
    sums: dict[int, Product],
    gone: set[int],
    examples: Sequence[int],
) -> set[int] | None:
    """All values that are gathered with ``alike``; of sums, also their inner values and own leaves.

    None if other sums use those leaves, too: no box would show them.
    """
    if not alike or alike[0] not in sums:
        return set(alike)
    members = {member for i in alike for member in sums[i].members}
    others = {member for i in examples for member in sums[i].members}
    leaves = {p for member in members for p in graph.parents[member] if p in gone}
    users = {leaf: set(graph.consumers[leaf]) for leaf in leaves}
    if not set().union(*users.values()) <= members | others:
        return None
    return members | {leaf for leaf in leaves if users[leaf] <= members}


def _fold_what_follows(graph: Graph, groups: Grouping) -> None:
    """Put the results that no part depends on into one part: the loss, named after its result."""
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


def _fold_runs(graph: Graph, groups: Grouping, shown: int) -> None:
    """Put each long run of values without a scope into a part.

    In a run, each value is made from the one before it alone, and only the next one uses it.
    """
    run: dict[int, list[int]] = {}  # by its latest value
    for i, value in enumerate(graph.order):
        if value.op is None or i in groups.key or i in groups.alone:
            continue
        made_from = {p for p in graph.parents[i] if not graph.order[p].is_constant}
        before = made_from.pop() if len(made_from) == 1 else -1
        follows = before in run and set(graph.consumers[before]) == {i}
        run[i] = run.pop(before) if follows else []
        if before >= 0:
            run[i].append(i)
    for whole in run.values():
        members = whole[shown : len(whole) - shown]
        if len(members) >= _RUN:
            key = f"\0{members[0]}"
            groups.runs.add(key)
            groups.title[key] = f"{len(members)} values in a row"
            groups.key.update(dict.fromkeys(members, key))


def _fold_sums(graph: Graph, among: set[int], groups: Grouping) -> None:
    """Put each long addition into a part: sums of sums that nothing else uses."""
    taken: set[int] = set()
    for i in reversed(range(len(graph))):
        if i in taken or i not in among or not is_sum(graph, i):
            continue
        members, terms = addends(graph, i, among)
        taken.update(members)
        if len(members) >= _RUN:
            key = f"\0{i}"
            groups.title[key] = f"Σ of {len(terms)} values"
            groups.key.update(dict.fromkeys(members, key))


def _op_name(graph: Graph, i: int) -> str:
    op = graph.order[i].op
    return op.name if op else ""


def _plural(graph: Graph, i: int) -> str:
    """What values that are alike are called: products, inputs, values of tanh(x)."""
    value, op = graph.order[i], graph.order[i].op
    if op is None:
        return "numbers" if value.is_constant else "inputs"
    if op.adds or op.multiplies:
        return "sums" if op.adds else "products"
    names = op.operand_names(len(value.parents))
    return f"values of {operations.text(op, *names)}"
