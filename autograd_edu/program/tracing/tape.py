"""The tape of a trace: the results, the comparisons and the numbers that were read."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from functools import cache
from os.path import basename, dirname
from types import CodeType, FrameType
from typing import NamedTuple, NoReturn

from ...engine.value import Constant, Value
from ...errors import AutogradError, OperandError

_PACKAGE = dirname(dirname(dirname(__file__))) + os.sep  # autograd_edu_mine.py is the user's
_PYTHON = dirname(contextlib.__file__) + os.sep
users_files: set[str] = set()  # the names of those that are known so far


class Noted(NamedTuple):
    """A comparison of Values that a replay repeats, and its outcome. It becomes a `Guard`."""

    sign: str
    left: Value
    right: Value
    outcome: bool
    line: str
    error: tuple[str, str] | None = None


class Lines:
    """The file and the line of instructions, "" where there is no code.

    They are found when asked for: few programs need them.
    """

    def __init__(self, codes: list[CodeType | None], instructions: list[int]) -> None:
        self._codes, self._instructions = codes, instructions

    def __iter__(self) -> Iterator[str]:
        tables: dict[int, dict[int, str]] = {}  # for each code, by its identity
        for code, instruction in zip(self._codes, self._instructions, strict=True):
            if code is not None and id(code) not in tables:
                tables[id(code)] = lines_of(code)
            yield "" if code is None else tables[id(code)][instruction]

    def __reduce__(self) -> tuple[type[list[str]], tuple[list[str]]]:
        return list, (list(self),)  # as code cannot be pickled


class Tape:
    """What is recorded while a function runs once.

    Attributes:
        inputs: the first values of the program.
        values: the results, in the order of computation.
        codes: for each result, the code that asked for it.
        instructions: and the instruction in that code.
        fixed: variables that become constants.
        guards: what a replay has to find as it was.
        tried: results that must have finite values in a replay, as the caller may catch an error.
        faults: errors that were raised while the function ran; if it goes on, it has caught them.
    """

    def __init__(self, begin: CodeType | None = None) -> None:
        self.begin = begin  # the function that traces; frames outside it do not matter
        self.inputs: list[Value] = []
        self.values: list[Value] = []
        self.codes: list[CodeType] = []
        self.instructions: list[int] = []
        self.fixed: set[Value] = set()
        self.guards: list[Noted] = []
        self.tried: list[Noted] = []
        self.faults: list[AutogradError] = []
        self._read: set[int] = set()

    def read(self, value: Value) -> None:
        """Record that a number was read. Every replay must find the same number there."""
        if value.is_constant or id(value) in self._read:
            return
        self._read.add(id(value))
        line, number = asked_at(sys._getframe(1)), value._data
        if number == number:
            self.guards.append(Noted("is", value, Constant(number), True, line))
        else:
            self.guards.append(Noted("==", value, value, False, line))

    def look(self, what: str) -> None:
        """Refuse to show how a value was computed, because a trace makes inputs differently."""
        if not sys._getframe(2).f_code.co_filename.startswith(_PACKAGE):
            self.refuse(what)

    def refuse(self, what: str) -> NoReturn:
        """Raise an error for something that a replay cannot repeat.

        The trace fails even if the function catches the error.
        """
        line = asked_at(sys._getframe(1))
        error = OperandError(f"a traced function must not use {what} ({line}); {_INSTEAD}")
        self.faults.append(error)
        raise error

    def note(self, result: Value, frame: FrameType) -> None:
        """Record a result that ``frame`` asked for, directly or not."""
        asking = caller(frame)
        self.values.append(result)
        self.codes.append(asking.f_code)
        self.instructions.append(asking.f_lasti)
        if result.op is not None and result.op.domain:
            self.check_tried(result, frame)

    def check_tried(self, result: Value, frame: FrameType) -> None:
        """Record whether the traced function might catch an error of this result."""
        above: FrameType | None = frame
        while above is not None and (code := above.f_code) is not self.begin:
            if code.co_exceptiontable and not is_ours(code.co_filename):
                line, op = asked_at(frame), result.op
                assert op is not None, "an operation made it"
                error = ("DomainError", f"{op.name} has no finite value ({line})")
                self.tried.append(Noted("==", result, result, True, line, error))
                return
            above = above.f_back


_INSTEAD = (
    "a replay could not repeat it. Compute gradients with grad(), and stop them with detach()"
)


def lines_of(code: CodeType) -> dict[int, str]:
    """The file and the line of each instruction."""
    file, first = basename(code.co_filename), code.co_firstlineno
    return {
        at: f"{file}:{first if line is None else line}"
        for start, end, line in code.co_lines()
        for at in range(start, end, 2)
    }


@cache
def is_ours(file: str) -> bool:
    """Does a file belong to this package or to Python?"""
    if file.startswith(_PACKAGE) or (file.startswith(_PYTHON) and "-packages" not in file):
        return True
    users_files.add(file)
    return False


def caller(frame: FrameType) -> FrameType:
    """The frame outside the package that called ``frame``, directly or not."""
    while is_ours(frame.f_code.co_filename) and frame.f_back is not None:
        frame = frame.f_back
    return frame


def asked_at(frame: FrameType) -> str:
    """The line outside the package that called ``frame``, directly or not."""
    asking = caller(frame)
    return f"{basename(asking.f_code.co_filename)}:{asking.f_lineno}"
