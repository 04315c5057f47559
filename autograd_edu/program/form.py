"""How the results of a function are nested: taken apart, filled again, and as plain data for JSON.

A form has the nesting of the results, with the place of a result (0, 1, …) as each leaf. An array
of results stays an array, of places.
"""

from __future__ import annotations

from typing import Any  # a traced function may return anything, and JSON may hold anything

import numpy as np

from ..errors import OperandError
from .ir import Floats, Form, Key

_KEYS = (str, int, float, bool, type(None))


def take_apart(results: Any, leaves: list[Any]) -> Form:
    """The form of ``results``, whose leaves are appended to ``leaves``."""
    if isinstance(results, dict):
        return {_key(key): take_apart(part, leaves) for key, part in results.items()}
    if isinstance(results, (list, tuple)):
        form: Form = _like(results, [take_apart(part, leaves) for part in results])
        return form
    if isinstance(results, np.ndarray) and results.ndim:
        start = len(leaves)
        leaves += results.ravel().tolist()
        return np.arange(start, len(leaves)).reshape(results.shape)
    leaves.append(results)
    return len(leaves) - 1


def _key(key: Any) -> Key:
    if not isinstance(key, _KEYS):
        raise OperandError(
            f"a traced function may return a dict whose keys are text or numbers; "
            f"got a key of type {type(key).__name__}"
        )
    return key


def _like(model: list[Any] | tuple[Any, ...], parts: list[Any]) -> Any:
    """``parts`` as a list or a tuple; a named tuple keeps its names."""
    if isinstance(model, list):
        return parts
    return type(model)(*parts) if hasattr(model, "_fields") else tuple(parts)


def fill(form: Form, values: Floats, *, single: bool) -> Any:
    """The results in their form.

    Args:
        values: (results, samples).
        single: give the numbers of the only sample, without a batch axis.
    """
    if isinstance(form, dict):
        return {key: fill(part, values, single=single) for key, part in form.items()}
    if isinstance(form, (list, tuple)):
        return _like(form, [fill(part, values, single=single) for part in form])
    if isinstance(form, np.ndarray):
        return values[form, 0] if single else np.moveaxis(values[form], -1, 0)
    return float(values[form, 0]) if single else values[form]


def to_plain(form: Form) -> Any:
    """``form`` as JSON can hold it. A named tuple becomes a tuple."""
    if isinstance(form, dict):
        return {"dict": [[key, to_plain(part)] for key, part in form.items()]}
    if isinstance(form, (list, tuple)):
        return {"list" if isinstance(form, list) else "tuple": [to_plain(part) for part in form]}
    return {"array": form.tolist()} if isinstance(form, np.ndarray) else form


def from_plain(plain: Any, count: int) -> Form:
    """The form of ``count`` results that `to_plain` wrote.

    Raises:
        ValueError: if ``plain`` is anything else. So does what no form has, as other errors.
    """
    form, places = _read(plain), list[Any]()
    take_apart(form, places)
    if places != list(range(count)):
        raise ValueError(f"the form of {count} results has the places {places}")
    return form


def _read(plain: Any) -> Form:
    if isinstance(plain, int):
        return plain
    ((kind, parts),) = plain.items()
    if kind == "dict":
        return {_key(key): _read(part) for key, part in parts}
    if kind == "array":
        return np.array(parts, dtype=np.intp)
    read = list(map(_read, parts))
    return read if kind == "list" else {"tuple": tuple(read)}[kind]
