"""Save and load the states of models, as .json or .npz files with a checksum."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import StateError
from ..files import PathLike, seal, unseal, write
from .kinds import Nested

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

State = Mapping[str, Nested]  # name → a number, or a nested list of numbers

_SEAL = "autograd_edu"  # the entry of a .npz file that says what the file is


def save_state(state: State, path: PathLike, kind: str = "model") -> None:
    """Write a state to a .json or .npz file. Only JSON can also hold text."""
    write(path, _npz(state, kind) if _suffix(path) == ".npz" else seal(state, kind))


def load_state(path: PathLike, kind: str = "model") -> State:
    """The state that `save_state` wrote.

    Raises:
        StateError: if the file holds something else, was cut short or was altered.
        FileNotFoundError: if the file does not exist.
    """
    read = _read_npz if _suffix(path) == ".npz" else unseal
    state: Nested = read(Path(path).read_bytes(), kind, source=path)
    if not isinstance(state, dict):
        raise StateError(f"{path} is not a saved {kind}: it holds a {type(state).__name__}")
    return state


def _suffix(path: PathLike) -> str:
    suffix = Path(path).suffix
    if suffix not in (".json", ".npz"):
        raise StateError(f"the name of the file must end in .json or .npz; got {str(path)!r}")
    return suffix


def _npz(state: State, kind: str) -> bytes:
    import numpy as np

    arrays: dict[str, NDArray[np.float64] | NDArray[np.str_]] = {}
    for name, held in state.items():
        try:
            arrays[name] = np.array(held, float)
        except (TypeError, ValueError):
            raise StateError(
                f"{name} is not a number or an array of numbers, so it cannot be saved in a .npz "
                "file; use a .json file"
            ) from None
    arrays[_SEAL] = np.array(seal(_checksum(arrays), kind))
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub has one more keyword, a bool
    return file.getvalue()


def _read_npz(raw: bytes, kind: str, *, source: PathLike) -> State:
    import numpy as np

    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
        sealed = str(arrays.pop(_SEAL))
    except Exception as error:  # a damaged file makes zipfile, zlib and numpy raise many kinds
        raise StateError(
            f"{source} is not a saved {kind}: the file was written by something else, or was cut "
            f"short or altered ({error})"
        ) from None
    if unseal(sealed, kind, source=source) != _checksum(arrays):
        raise StateError(f"{source} was altered after it was saved: its checksum does not match")
    return {name: array.tolist() for name, array in arrays.items()}


def _checksum(arrays: Mapping[str, NDArray[np.float64] | NDArray[np.str_]]) -> int:
    return zlib.crc32(json.dumps({name: array.tolist() for name, array in arrays.items()}).encode())
