"""A progress bar where somebody looks: on a terminal or in a notebook, through tqdm; silence elsewhere."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any


class Quiet:
    """A bar that shows nothing."""

    n = 0

    def update(self, epochs: int = 1) -> None:
        """Go on by so many epochs."""
        self.n += epochs

    def set_postfix_str(self, text: str, refresh: bool = True) -> None:
        """Show this text behind the bar."""

    def close(self) -> None:
        """Leave the bar as it is."""


def bar(total: int, done: int, wanted: bool | None) -> Any:
    """A bar of ``total`` epochs, ``done`` of them before. None shows it if somebody looks and tqdm (extra `progress`) is there.

    Raises:
        ImportError: if a bar was insisted on and tqdm is missing.
    """
    if wanted is False or (wanted is None and not (somebody_looks() and find_spec("tqdm"))):
        return Quiet()
    try:
        if in_notebook() and find_spec("ipywidgets"):
            from tqdm.notebook import tqdm
        else:
            from tqdm import tqdm
    except ImportError:
        raise ImportError(
            "progress=True needs tqdm: pip install 'autograd-edu[progress]'; progress=None does without"
        ) from None
    return tqdm(total=total, initial=done, unit="epoch", leave=True)


def in_notebook() -> bool:
    """Whether this runs in the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def somebody_looks() -> bool:
    """Whether messages reach a terminal or a notebook."""
    return in_notebook() or bool(getattr(sys.stderr, "isatty", lambda: False)())
