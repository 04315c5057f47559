"""Keys of a terminal, one at a time, without Enter; on Unix by termios, on Windows by msvcrt."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

Size = tuple[int, int]  # columns and lines

_LETTERS = {
    " ": "next", "n": "next", "l": "next", "j": "next", "\r": "next", "\n": "next", "b": "back", "p": "back", "h": "back", "k": "back",
    "\x7f": "back", "\b": "back", "g": "first", "0": "first", "G": "last", "$": "last", "q": "quit", "Q": "quit", "\x04": "quit",
    "\x1b": "quit",
}  # fmt: skip
_SEQUENCES = {  # after Escape, of terminals in both modes of their cursor keys
    "[C": "next", "[B": "next", "OC": "next", "OB": "next", "[D": "back", "[A": "back", "OD": "back", "OA": "back", "[H": "first",
    "OH": "first", "[1~": "first", "[7~": "first", "[F": "last", "OF": "last", "[4~": "last", "[8~": "last", "[6~": "ten on",
    "[5~": "ten back",
}  # fmt: skip
_WINDOWS = {
    "M": "next",
    "P": "next",
    "K": "back",
    "H": "back",
    "G": "first",
    "O": "last",
    "Q": "ten on",
    "I": "ten back",
}
_WAIT = 0.25  # seconds between two looks at the size


class Keyboard(Protocol):
    """What a walk needs of a terminal."""

    def size(self) -> Size:
        """Columns and lines."""

    def read(self, until_resized_from: Size) -> str:
        """The meaning of the next key ("next", "back", …; "" of others), or "" once the terminal has another size."""


@contextmanager
def keyboard() -> Iterator[Keyboard | None]:
    """The keyboard, ready for single keys; None if input or output is no terminal. Afterwards all is as it was."""
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stdout)):
        yield None
    elif sys.platform == "win32":
        os.system("")  # lets the console understand escape sequences
        yield _Windows()
    else:
        with _unix() as keys:
            yield keys


def _is_terminal(stream: Any) -> bool:
    try:
        return stream is not None and bool(stream.isatty()) and stream.fileno() >= 0
    except (OSError, ValueError):  # a closed stream, or one without a number
        return False


def meaning(keys: str) -> str:
    """What the characters of one key press mean; "" if nothing."""
    if len(keys) > 1 and keys[0] == "\x1b":
        return _SEQUENCES.get(keys[1:], "")
    return _LETTERS.get(keys, "")


@contextmanager
def _unix() -> Iterator[Keyboard]:
    """Single keys, not echoed; also after a request to end (SIGTERM) the terminal is set back."""
    if sys.platform == "win32":
        raise AssertionError("termios is of Unix")
    import signal
    import termios
    import threading
    import tty

    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    main = threading.current_thread() is threading.main_thread()
    ending = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143)) if main else None
    try:
        tty.setcbreak(number, termios.TCSANOW)
        yield _Unix(number)
    finally:
        termios.tcsetattr(number, termios.TCSANOW, before)
        if main:
            signal.signal(signal.SIGTERM, ending)


class _Unix:
    def __init__(self, number: int) -> None:
        self.number, self.waiting = number, ""

    def size(self) -> Size:
        try:
            size = os.get_terminal_size(sys.stdout.fileno())
        except OSError:
            size = shutil.get_terminal_size()
        return (size.columns, size.lines) if size.columns else (80, 24)  # 0 where nobody has set it

    def read(self, until_resized_from: Size) -> str:
        while not self.waiting and not self._more(_WAIT):
            if self.size() != until_resized_from:
                return ""
        return meaning(self._key())

    def _more(self, seconds: float) -> bool:
        """Whether characters came within that time."""
        import select

        if not select.select([self.number], [], [], seconds)[0]:
            return False
        came = os.read(self.number, 1024)
        self.waiting += (
            came.decode("utf-8", "replace") if came else "\x04"
        )  # the terminal is gone: the end
        return True

    def _key(self) -> str:
        """The characters of the first key that waits: Escape begins a sequence if more follow at once."""
        if self.waiting == "\x1b":
            self._more(0.05)
        length = 1
        if self.waiting[0] == "\x1b" and self.waiting[1:2] in ("[", "O"):
            length = next(
                (i + 1 for i, c in enumerate(self.waiting) if i > 1 and (c.isalpha() or c == "~")),
                len(self.waiting),
            )
        key, self.waiting = self.waiting[:length], self.waiting[length:]
        return key


class _Windows:
    def size(self) -> Size:
        size = shutil.get_terminal_size()
        return size.columns, size.lines

    def read(self, until_resized_from: Size) -> str:
        if sys.platform != "win32":
            raise AssertionError("msvcrt is of Windows")
        import msvcrt
        import time

        while not msvcrt.kbhit():
            if self.size() != until_resized_from:
                return ""
            time.sleep(0.02)
        key = msvcrt.getwch()
        if key == "\x03":
            raise KeyboardInterrupt
        return _WINDOWS.get(msvcrt.getwch(), "") if key in "\x00\xe0" else meaning(key)
