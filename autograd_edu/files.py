"""Writing files safely, and JSON text with a checksum.

Everything that the package writes goes through `write`: if the process is killed or the disk is
full, the old file stays intact. JSON that the package reads back was written by `seal`, so that
`unseal` notices if it was cut short or altered, or is of another kind or version.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard

from .errors import StateError

PathLike = str | os.PathLike[str]
Json: TypeAlias = "int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Test: TypeAlias = Callable[[Any], bool]  # accepts whatever JSON may hold


def write(path: PathLike, content: bytes | str) -> None:
    """Write ``content`` to ``path``; text is encoded as UTF-8.

    The old file is replaced only when the new one is complete and on the disk. A new file gets its
    permissions from the umask; an existing one keeps its own. A link stays a link, and the file
    that it points to is replaced. A device or a pipe is written to directly.

    Raises:
        OSError: if the folder does not exist or cannot be written to, or the disk is full.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    given = Path(path)
    if given.exists() and not given.is_file() and not given.is_dir():
        given.write_bytes(data)
        return
    target = Path(os.path.realpath(path))
    new = target.with_name(f".{secrets.token_hex(8)}.new")
    try:
        _write_new(new, data)
        if target.exists():
            os.chmod(new, target.stat().st_mode & 0o7777)
        os.replace(new, target)
    except BaseException as error:
        new.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


def _write_new(path: Path, data: bytes) -> None:
    """Create a file, and wait until its content is on the disk."""
    # os.open applies the umask to the permissions, which tempfile does not
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def seal(content: Json, kind: str, version: int = 1) -> str:
    """``content`` as one line of JSON, with its kind, its version and a checksum.

    >>> print(seal([1.5, 2], "list"), end="")
    {"format": "autograd_edu list 1", "checksum": 488563441, "content": [1.5, 2]}
    """
    text = json.dumps(content)
    head = f'"format": "{_format(kind, version)}", "checksum": {_checksum(text)}'
    return f'{{{head}, "content": {text}}}\n'


def unseal(
    text: str | bytes, kind: str, version: int = 1, *, source: PathLike = "the text"
) -> Any:  # JSON of any form; callers check it, most of them with `expect`
    """The content that `seal` wrote.

    Raises:
        StateError: if the text was cut short or altered, or is of another kind or version. The
            message names the ``source``.
    """
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StateError(
            f"{source} is not a saved {kind}: it is not JSON, or was cut short ({error})"
        ) from None
    found = whole.get("format") if isinstance(whole, dict) else None
    if found != _format(kind, version):
        raise StateError(
            f"{source} is not a saved {kind}: its 'format' must be {_format(kind, version)!r}; "
            f"got {found!r}"
        )
    if set(whole) != {"format", "checksum", "content"} or whole["checksum"] != _checksum(
        json.dumps(whole["content"])
    ):
        raise StateError(f"{source} was altered after it was written: its checksum does not match")
    return whole["content"]


def _format(kind: str, version: int) -> str:
    return f"autograd_edu {kind} {version}"


def _checksum(text: str) -> int:
    return zlib.crc32(text.encode())


# ---- checks of the content -----------------------------------------------------------------------


def expect(content: Json, entries: Mapping[str, Test], what: str) -> dict[str, Any]:  # as tested
    """``content``, if it is a dict with exactly these entries and each passes its test.

    Raises:
        StateError: if not. The message says which entry of ``what`` is wrong.
    """
    if not isinstance(content, dict) or content.keys() != entries.keys():
        found = sorted(content) if isinstance(content, dict) else type(content).__name__
        raise StateError(f"{what} must have the entries {sorted(entries)}; got {found}")
    for name, passes in entries.items():
        if not passes(content[name]):
            shown = repr(content[name])
            shown = shown if len(shown) < 60 else shown[:60] + " …"
            raise StateError(f"the entry {name!r} of {what} has an invalid value: {shown}")
    return content


def is_text(x: Json) -> bool:
    """Is it a string?"""
    return isinstance(x, str)


def is_number(x: Json) -> TypeGuard[float]:
    """Is it a float, or an int that a float can hold?"""
    return isinstance(x, float) or (type(x) is int and abs(x) < 2**1023)


def is_count(x: Json) -> bool:
    """Is it a whole number of at least 0?"""
    return type(x) is int and 0 <= x < 2**63


def is_finite_number(x: Json) -> bool:
    """Is it a number, but not inf or nan?"""
    return is_number(x) and math.isfinite(x)


def list_of(passes: Test) -> Test:
    """The test of a list, each part of which must pass."""
    return lambda x: isinstance(x, list) and all(map(passes, x))


is_numbers, is_finite_numbers = list_of(is_number), list_of(is_finite_number)
