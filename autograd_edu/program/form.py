"""Forms: how the results of a traced function are nested.

A form has the nesting of the results, with the index of a result (0, 1, …) in the place of each. An
array of results is an array of indices.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeAlias

import numpy as np

from ..errors import OperandError
from ..trees import replace
from .ir import Floats, Form, Key

Results: TypeAlias = Any  # what a traced function returns: numbers in containers of any kind
Json: TypeAlias = Any  # data from JSON, which is checked as it is read

_KEYS = (str, int, float, bool, type(None))


def take_apart(results: Results, leaves: list[Results]) -> Form:
    """The form of ``results``. Appends the single results to ``leaves``."""
    if isinstance(results, dict):
        return {_key(key): take_apart(part, leaves) for key, part in results.items()}
    if isinstance(results, list):
        return [take_apart(part, leaves) for part in results]
    if isinstance(results, tuple):  # a named tuple keeps its names
        make: Callable[[list[Form]], Form] = getattr(results, "_make", tuple)
        return make([take_apart(part, leaves) for part in results])
    if isinstance(results, np.ndarray) and results.ndim:
        start = len(leaves)
        leaves += results.ravel().tolist()
        return np.arange(start, len(leaves)).reshape(results.shape)
    leaves.append(results)
    return len(leaves) - 1


def _key(key: Hashable) -> Key:
    if not isinstance(key, _KEYS):
        raise OperandError(
            f"a traced function may return a dict whose keys are text or numbers; "
            f"got a key of type {type(key).__name__}"
        )
    return key


def fill(form: Form, values: Floats, *, single: bool) -> Results:
    """The results, nested as the form says.

    Args:
        values: the numbers of the results, of shape (results, samples).
        single: return the numbers of the only sample, without a batch axis.
    """
    if isinstance(form, int):  # most often there is one result
        return values.item(form, 0) if single else values[form]
    if single:
        return replace(form, lambda i: values.item(i, 0) if isinstance(i, int) else values[i, 0])
    return replace(form, lambda i: values.T[..., i])


def to_plain(form: Form) -> Json:
    """The form as data for JSON. A named tuple becomes a tuple."""
    if isinstance(form, dict):
        return {"dict": [[key, to_plain(part)] for key, part in form.items()]}
    if isinstance(form, (list, tuple)):
        return {"list" if isinstance(form, list) else "tuple": [to_plain(part) for part in form]}
    return {"array": form.tolist()} if isinstance(form, np.ndarray) else form


def from_plain(plain: Json, count: int) -> Form:
    """The form of ``count`` results that `to_plain` wrote.

    Raises:
        ValueError: if ``plain`` is not such a form. Other errors may be raised, too.
    """
    form, places = _read(plain), list[Results]()
    take_apart(form, places)
    if places != list(range(count)):
        raise ValueError(f"the form of {count} results has the places {places}")
    return form


def _read(plain: Json) -> Form:
    if isinstance(plain, int):
        return plain
    ((kind, parts),) = plain.items()
    if kind == "dict":
        return {_key(key): _read(part) for key, part in parts}
    if kind == "array":
        return np.array(parts, dtype=np.intp)
    read = list(map(_read, parts))
    return read if kind == "list" else {"tuple": tuple(read)}[kind]
