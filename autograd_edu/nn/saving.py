"""Files that are whole or not there: states as JSON or .npz, written beside the old file and put in its place at once.

A process that is killed while writing leaves the old file as it was. A file that was cut short or altered is noticed
when it is read.
"""

from __future__ import annotations

import json
import os
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import StateError

_FORMAT = "autograd_edu state 1"


def save_state(state: dict[str, Any], path: str | Path) -> None:
    """Write a state (names with numbers and lists of them, and in JSON also text) to a file "….json" or "….npz"."""
    if Path(path).suffix == ".npz":
        _replace(path, lambda file: _write_npz(state, file))
    else:
        _json_only(path)
        text = json.dumps(state)
        whole = (
            f'{{"format": "{_FORMAT}", "checksum": {zlib.crc32(text.encode())}, "state": {text}}}\n'
        )
        _replace(path, lambda file: file.write(whole.encode()))


def load_state(path: str | Path) -> dict[str, Any]:
    """What `save_state` wrote.

    Raises:
        StateError: if the file is of another kind, cut short or altered.
        FileNotFoundError: if there is none.
    """
    if Path(path).suffix == ".npz":
        return _read_npz(path)
    _json_only(path)
    raw = Path(path).read_bytes()
    try:
        content = json.loads(raw)
    except ValueError as error:
        raise StateError(f"{path} is no JSON, or was cut short: {error}") from None
    if (
        not isinstance(content, dict)
        or content.get("format") != _FORMAT
        or not isinstance(content.get("state"), dict)
    ):
        raise StateError(f"{path} holds no state of a model: its 'format' is not {_FORMAT!r}")
    if zlib.crc32(json.dumps(content["state"]).encode()) != content.get("checksum"):
        raise StateError(f"{path} was altered since it was written: its checksum does not fit")
    return content["state"]  # type: ignore[no-any-return]  # a dict, as the test has shown


def _json_only(path: str | Path) -> None:
    if Path(path).suffix != ".json":
        raise StateError(f"a state is kept in a .json or .npz file, not {str(path)!r}")


def _replace(path: str | Path, write: Callable[[BinaryIO], Any]) -> None:
    """Let ``write`` fill a new file, and put it in the place of ``path`` when it is complete and on the disk."""
    target = Path(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".new")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _write_npz(state: dict[str, Any], file: BinaryIO) -> None:
    import numpy as np

    arrays = {}
    for name, held in state.items():
        try:
            arrays[name] = np.array(held, float)
        except ValueError:
            raise StateError(
                f"{name} has rows of several lengths, which .npz cannot hold; use .json"
            ) from None
    np.savez(file, **arrays)  # type: ignore[arg-type]  # the names are those of attributes


def _read_npz(path: str | Path) -> dict[str, Any]:
    from io import BytesIO
    from zipfile import BadZipFile

    import numpy as np

    raw = Path(path).read_bytes()
    try:
        arrays = np.load(BytesIO(raw), allow_pickle=False)
        return {name: arrays[name].tolist() for name in arrays.files}
    except (BadZipFile, ValueError, OSError, EOFError, KeyError, AttributeError) as error:
        raise StateError(f"{path} is no .npz file, or was cut short or altered: {error}") from None
