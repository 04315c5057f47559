"""Say once that Numba would help, where it is missing and a user waits for what it speeds up."""

from __future__ import annotations

import logging
import sys
from functools import lru_cache
from importlib.util import find_spec

from .choice import Costs
from .run import is_installed

_WORTH = 10.0  # how many times faster the compiled engine must be
_WAITED = 1e9  # nanoseconds that all calls of the program must have taken


class Waiting:
    """How long the calls of a program have taken, by the estimate, since Numba would help."""

    def __init__(self) -> None:
        self.nanoseconds = 0.0

    def add(self, costs: Costs, samples: int) -> None:
        """Count a call, and say what would help if it is time to."""
        if is_installed():
            return
        _, taken = costs.fastest(samples, compiles=False)
        if taken > _WORTH * costs.jit(samples):
            self.nanoseconds += taken
            if self.nanoseconds > _WAITED:
                say_once()


@lru_cache(maxsize=1)
def say_once() -> None:
    """Log the command, unless Numba is there (perhaps switched off) or cannot be installed."""
    if find_spec("numba") is None and sys.platform != "emscripten":
        logging.getLogger("autograd_edu").warning(
            "this program would run more than ten times faster with Numba: "
            "pip install 'autograd-edu[jit]'"
        )
