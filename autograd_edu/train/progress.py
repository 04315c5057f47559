"""A tqdm progress bar in a terminal or a notebook, and nothing elsewhere."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from ..printing import in_notebook


class Quiet:
    """A progress bar that shows nothing. It has the methods of tqdm that we use.

    Attributes:
        n: the number of complete epochs.
    """

    n = 0

    def update(self, epochs: int) -> None:
        """Count ``epochs`` more epochs."""
        self.n += epochs

    def set_postfix_str(self, text: str) -> None:
        """Ignore the text."""

    def close(self) -> None:
        """Do nothing."""


def make_bar(total: int, done: int, wanted: bool | None) -> Quiet:
    """A progress bar for ``total`` epochs, of which ``done`` are complete.

    Args:
        wanted: True shows the bar and False does not. None shows it in a terminal or a notebook if
            tqdm (the extra `progress`) is installed.

    Raises:
        ImportError: if ``wanted`` is True and tqdm is missing.
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
    bar: Quiet = tqdm(total=total, initial=done, unit="epoch", leave=True)
    return bar


def is_interactive() -> bool:
    """Can somebody see a progress bar: are we in a notebook, or is stderr a terminal?"""
    return in_notebook() or bool(getattr(sys.stderr, "isatty", lambda: False)())
