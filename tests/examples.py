"""Graphs and labels that several test files use."""

import itertools
import random

from autograd_edu import Value, dot, exp, log, maximum, sin, where

RUN = "window.sentinel=1"
LABELS = {
    "double quotes": 'a"b""c',
    "single quotes": "a'b''c",
    "backslashes": "\\",
    "backslash and letter": "\\N\\G\\n\\l",
    "backslash and quote": '\\"',
    "one double quote": '"',
    "one single quote": "'",
    "one line end": "\n",
    "one NUL": "\x00",
    "one tab": "\t",
    "one space": " ",
    "one bar": "|",
    "one brace": "}",
    "markup": "<b>x</b>",
    "script": f"<script>{RUN}</script>",
    "end of script": f"</script><script>{RUN}</script>",
    "handler": f"<img src=x onerror={RUN}>",
    "svg handler": f"<svg/onload={RUN}>",
    "attribute": f'" onload={RUN} x="',
    "attribute 2": f"' onclick='{RUN}",
    "end of title": f"</title></text></svg><script>{RUN}</script>",
    "style": "</style><style>*{display:none}",
    "css": "}*{display:none}/*",
    "bare handler": f"onload={RUN}",
    "address": f"javascript:{RUN}",
    "data address": f"data:text/html,<script>{RUN}</script>",
    "cdata": "]]><x/>",
    "comment": "<!-- x",
    "comment end": "--><b>",
    "entity": "&amp;&lt;&#x3c;b&#62;",
    "doctype": '<!DOCTYPE x [<!ENTITY y "z">]>&y;',
    "instruction": "<?xml version='1.0'?>",
    "record": "{|}",
    "record port": "<f0>|{x}",
    "DOT": 'digraph{a->b}"];x[label="',
    "keyword subgraph": "subgraph",
    "keyword node": "node",
    "keyword edge": "edge",
    "keyword graph": "graph",
    "keyword digraph": "digraph",
    "keyword strict": "strict",
    "HTML label": "<<b>x</b>>",
    "NUL": "a\x00b",
    "escape": "\x1b[2J\x1b[31m",
    "C1": "\x9b2J",
    "bell and delete": "\x07\x7f\x08",
    "lines": "a\nb\r\nc",
    "tab": "a\tb",
    "line separators": "a\u2028b\u2029c\x85d\x0b\x0c",
    "lone surrogate": "\ud800",
    "two surrogates": "\udc00\ud800",
    "right to left": "עברית",
    "override": "\u202eabc\u202c",
    "isolates": "\u2066a\u2069",
    "emoji": "😀👩‍👩‍👧",
    "wide": "文字",
    "accents": "e" + "\u0301\u0323" * 20,
    "zero width": "a\u200b\u200db\ufeff",
    "not a character": "\uffff\ufdd0",
    "private": "\ue000",
    "long": "x" * 10_000,
    "long markup": "<b>" * 3_000,
    "space": "   ",
    "no-break": "\xa0",
    "LaTeX": r"\input{x}$%#&_^~{}",
    "LaTeX end": r"\end{document}",
    "LaTeX verbatim": "^^5cdef",
    "Markdown": "*a* _b_ `c` [d](e) ![f](g)",
    "Markdown table": "a|b\\|c",
    "Markdown link": "https://x.example <https://x.example> www.x.example",
    "mathematics": "$x$ $$y$$ \\(z\\)",
    "list": "- a",
    "heading": "# a",
    "number": "1. a",
    "format": "%s%n{0}{}%(x)s",
    "template": "${7*7}{{7*7}}",
    "Python": "x\nimport os",
    "Python string": '"""',
    "number-like": "3",
    "-": "-",
    "xdot": "c 7 -#ff0000 T",
    "formula": "a + b",
    "keyword of Python": "lambda",
    "name of an operation": "exp",
    "proto": "__proto__",
    "JSON": '"},{"',
    "JSON end": "\\u003c/script>",
}


def g():
    """The lectures' x·y + z at (3, -4, 2), after its backward pass."""
    x, y, z = Value(3, "x"), Value(-4, "y"), Value(2, "z")
    f = x * y
    f.label = "f"
    g = f + z
    g.label = "g"
    g.backward()
    return g


def lecture_004(at):
    """z = exp(sin(u²)·log(u²)), with the names of lecture file 004."""
    u = Value(at, "u")
    v = u**2
    w, x = sin(v), log(v)
    y = w * x
    z = exp(y)
    for value, name in zip((v, w, x, y, z), "vwxyz", strict=True):
        value.label = name
    return z


def random_graph(seed):
    """Up to 25 operations on three leaves, a choice and an n-ary operation among them."""
    rng = random.Random(seed)
    values = [Value(rng.uniform(0.3, 2), f"x{i}") for i in range(3)]
    for _ in range(rng.randint(1, 25)):
        a, b, c = (rng.choice(values) for _ in range(3))
        make = [
            lambda a=a, b=b: a * b / (1 + a * a), lambda a=a, b=b: a - b,
            lambda a=a: sin(a), lambda a=a: exp(-a * a),
            lambda a=a, b=b: maximum(a, b * 1.37, rng.random()),
            lambda a=a, b=b, c=c: dot([a, b], [c, 2.0], a),
            lambda a=a, b=b: where(a > b, a, b * 3), lambda a=a: a * a,
        ]  # fmt: skip
        values.append(rng.choice(make)())
    return values[-1]


def pairwise(*factors):
    """A few combinations of one item per factor that contain every pair of items of two factors.

    The full product of three factors repeats every such pair many times. A label that breaks a
    picture already breaks it in a pair.
    """

    def pairs(row):
        return set(itertools.combinations(enumerate(row), 2))

    rows = list(itertools.product(*(range(len(factor)) for factor in factors)))
    wanted = set().union(*map(pairs, rows))
    chosen = []
    while wanted:
        best = max(rows, key=lambda row: len(pairs(row) & wanted))
        wanted -= pairs(best)
        rows.remove(best)
        chosen.append(tuple(factor[i] for factor, i in zip(factors, best, strict=True)))
    return chosen
