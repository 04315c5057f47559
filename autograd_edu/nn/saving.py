"""States of models as files: sealed JSON, or arrays in a .npz file with a seal among them."""

from __future__ import annotations

import io
import json
import zlib
from pathlib import Path
from typing import Any

from ..errors import StateError
from ..files import PathLike, seal, unseal, write

_SEAL = "autograd_edu"  # the entry of a .npz file that says what it is


def save_state(state: dict[str, Any], path: PathLike, kind: str = "model") -> None:
    """Write a state (names with numbers and lists of them, and in JSON also text) to a file "….json" or "….npz"."""
    write(path, _npz(state, kind) if _suffix(path) == ".npz" else seal(state, kind))


def load_state(path: PathLike, kind: str = "model") -> dict[str, Any]:
    """What `save_state` wrote.

    Raises:
        StateError: if the file is of another kind, cut short or altered.
        FileNotFoundError: if there is none.
    """
    read = _read_npz if _suffix(path) == ".npz" else unseal
    state = read(Path(path).read_bytes(), kind, source=path)
    if not isinstance(state, dict):
        raise StateError(f"{path} is not a saved {kind}: it holds a {type(state).__name__}")
    return state


def _suffix(path: PathLike) -> str:
    suffix = Path(path).suffix
    if suffix not in (".json", ".npz"):
        raise StateError(f"a state is kept in a .json or .npz file, not {str(path)!r}")
    return suffix


def _npz(state: dict[str, Any], kind: str) -> bytes:
    import numpy as np

    arrays: dict[str, Any] = {}
    for name, held in state.items():
        try:
            arrays[name] = np.array(held, float)
        except (TypeError, ValueError):
            raise StateError(
                f"{name} is not a number or an array of numbers, which is all that .npz can hold; use .json"
            ) from None
    arrays[_SEAL] = np.array(seal(_checksum(arrays), kind))
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _read_npz(raw: bytes, kind: str, *, source: object) -> dict[str, Any]:
    import numpy as np

    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
        sealed = str(arrays.pop(_SEAL))
    except (
        Exception
    ) as error:  # zipfile, zlib and numpy raise a dozen kinds of errors where a file is damaged
        raise StateError(
            f"{source} is not a saved {kind}: it is no .npz file of ours, or was cut short or altered ({error})"
        ) from None
    if unseal(sealed, kind, source=source) != _checksum(arrays):
        raise StateError(f"{source} was altered since it was written: its checksum does not fit")
    return {name: array.tolist() for name, array in arrays.items()}


def _checksum(arrays: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps({name: array.tolist() for name, array in arrays.items()}).encode())
