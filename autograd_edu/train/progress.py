"""A progress bar on a terminal or in a notebook, by tqdm; nothing elsewhere."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import cast


class Quiet:
    """A bar that shows nothing, with the methods of tqdm's that we use.

    Attributes:
        n: the number of complete epochs.
    """

    n = 0

    def update(self, epochs: int) -> None:
        """Count so many more epochs."""
        self.n += epochs

    def set_postfix_str(self, text: str) -> None:
        """Ignore the text."""

    def close(self) -> None:
        """Do nothing."""


def make_bar(total: int, done: int, wanted: bool | None) -> Quiet:
    """A bar of ``total`` epochs, ``done`` of which are complete.

    Args:
        wanted: True insists on a bar. None shows one if somebody can see it and tqdm (the extra
            `progress`) is installed.

    Raises:
        ImportError: if you insist on a bar and tqdm is missing.
    """
    if wanted is False or (wanted is None and not (is_interactive() and find_spec("tqdm"))):
        return Quiet()
    try:
        if in_notebook() and find_spec("ipywidgets"):
            from tqdm.notebook import tqdm
        else:
            from tqdm import tqdm
    except ImportError:
        raise ImportError(
            "progress=True needs tqdm: pip install 'autograd-edu[progress]'; "
            "progress=None works without it"
        ) from None
    return cast(Quiet, tqdm(total=total, initial=done, unit="epoch", leave=True))  # has its methods


def in_notebook() -> bool:
    """Does this run in the kernel of a notebook?"""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def is_interactive() -> bool:
    """Do messages reach a terminal or a notebook?"""
    return in_notebook() or bool(getattr(sys.stderr, "isatty", lambda: False)())
