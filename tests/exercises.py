"""Do the exercises of a notebook as a reader might: not at all, rightly, wrongly.

The cells run in this process, in one namespace and in order. Nothing is drawn, so this takes a
fraction of the time that a kernel takes.
"""

import ast
import contextlib
import io
import re
from collections.abc import Mapping
from numbers import Number

VERDICT = re.compile(r"^(right$|not answered yet$|wanted\b|not in order\b)", re.MULTILINE)
RIGHT, ALONE, SPOILT = "answered", "left alone", "spoilt"


class Trial:
    """What a notebook prints cell by cell, and what its checks say to each way of answering.

    ``verdicts`` has one dict per exercise, from the way of answering to what the check said.
    ``mute`` lists the answers to questions that show nothing.
    """

    def __init__(self, cells, exercises, questions):
        self.printed, self.verdicts, self.mute = {}, [], []
        self._space = {"__name__": "__main__"}
        with _no_screen(), _same_operations():
            for place, cell in enumerate(cells):
                if cell.cell_type == "code":
                    self.printed[place] = _printed(cell.source, self._space)
                for exercise in (e for e in exercises if e.check == place):
                    self._answer(exercise, cell.source)
                for question in (q for q in questions if q.place == place):
                    self._ask(question)

    def _answer(self, exercise, check):
        said = {ALONE: verdict(self.printed[exercise.check])}
        answered = dict(self._space)
        exec(compile(exercise.answer, f"<answer: {exercise.name}>", "exec"), answered)
        right = answered[exercise.name]
        for name, change in {RIGHT: lambda answer: answer, SPOILT: spoilt, **SHAPES}.items():
            self._space[exercise.name] = _changed(right, change)
            said[name] = _verdict_of(check, self._space)
        self._space.update(answered)
        self.verdicts.append(said)

    def _ask(self, question):
        printed = _printed(question.answer, dict(self._space))
        if not printed and not isinstance(ast.parse(question.answer).body[-1], ast.Expr):
            self.mute.append(question.answer)


def verdict(text):
    """The one verdict in what a check printed; otherwise all that it printed."""
    found = VERDICT.findall(text)
    return found[0] if len(found) == 1 else f"not one verdict: {text!r}"


def _verdict_of(check, space):
    try:
        return verdict(_printed(check, space))
    except Exception as error:
        return f"raised {type(error).__name__}: {error}"


def _printed(code, space):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "<cell>", "exec"), space)
    if "plt" in space:
        space["plt"].close("all")
    return printed.getvalue()


@contextlib.contextmanager
def _no_screen():
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.use("agg")
        yield


@contextlib.contextmanager
def _same_operations():
    """Afterwards, the operations that the cells declared are gone."""
    from autograd_edu import OPS

    before = dict(OPS)
    try:
        yield
    finally:
        OPS.clear()
        OPS.update(before)


def _changed(function, change):
    return lambda *args, **kwargs: change(function(*args, **kwargs))


def spoilt(answer):
    """An answer of the right shape that is wrong.

    A decimal changes by one part in a thousand, a whole number by one, a text by a letter.
    Sequences change in every member, or in their order if the members are none of these.
    """
    if isinstance(answer, (bool, str)) or answer is None:
        return {True: False, False: True, None: 0.0}.get(answer, f"{answer}?")
    if isinstance(answer, int):
        return answer + 1
    if isinstance(answer, float):
        return answer * 1.001 or 0.001
    if isinstance(answer, Mapping):
        return {key: spoilt(value) for key, value in answer.items()}
    if isinstance(answer, (list, tuple)):
        return type(answer)(_spoilt_members(answer))
    if hasattr(answer, "__mul__"):  # a Value, an array
        return answer * 1.001 + 0.001
    if callable(answer):
        return _changed(answer, spoilt)
    raise TypeError(f"cannot spoil a {type(answer).__name__}")


def _spoilt_members(members):
    if not members:
        return [0.0]
    try:
        return [spoilt(member) for member in members]
    except (TypeError, AttributeError):  # objects that cannot be multiplied by a number
        return members[::-1]


def _first(change):
    """Change the first member only, or what a function returns."""

    def changed(answer):
        if isinstance(answer, Mapping) and answer:
            key = next(iter(answer))
            return {**answer, key: change(answer[key])}
        if isinstance(answer, (list, tuple)) and answer:
            return type(answer)([change(answer[0]), *answer[1:]])
        return _changed(answer, change) if callable(answer) else change(answer)

    return changed


def _sequence(answer):
    return isinstance(answer, (list, tuple)) and len(answer) > 0


def _too_long(answer):
    return type(answer)([*answer, answer[-1]]) if _sequence(answer) else (answer, answer)


def _too_short(answer):
    return answer[:-1] if _sequence(answer) else ()


def _other_kind(answer):
    return {"answer": answer} if isinstance(answer, Number) else 0.5


SHAPES = {
    "a string": lambda answer: "seven",
    "None inside": lambda answer: _first(lambda _: None)(answer) if _sequence(answer) else (None,),
    "in a list": lambda answer: [answer],
    "too long": _too_long,
    "too short": _too_short,
    "another kind": _other_kind,
    "None as its first part": _first(lambda _: [None]),
    "a string as its first part": _first(lambda _: "seven"),
    "its first part in a list": _first(lambda part: [part]),
    "its first part too long": _first(_too_long),
}
