"""Training: `fit`, its history and callbacks, and tools for a first look at a model."""

from typing import TYPE_CHECKING

from ..errors import suggest_names as _suggest_names
from .callbacks import Epoch
from .diagnose import Diagnosis, diagnose
from .early import EarlyStopping
from .evaluate import Evaluation, accuracy, classify, evaluate, predictions
from .history import History
from .recipe import check_initial_loss, find_learning_rate, overfit_small_sample
from .recording import Recording
from .run import Callback, Run
from .selection import Grid, Selection, grid_search, select
from .snapshots import Snapshots
from .trainer import fit

__all__ = [
    "Callback", "Diagnosis", "EarlyStopping", "Epoch", "Evaluation", "Grid", "History", "Recording",
    "Run", "Selection", "Snapshots", "accuracy", "check_initial_loss", "classify", "diagnose",
    "evaluate", "find_learning_rate", "fit", "grid_search", "overfit_small_sample", "predictions",
    "select",
]  # fmt: skip

if not TYPE_CHECKING:  # a checker would take every misspelled name for a name
    __getattr__ = _suggest_names(globals())
