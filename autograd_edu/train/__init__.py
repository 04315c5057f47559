"""Training: the loop, its record, its files, and the recipe to get it going."""

from .early import EarlyStopping
from .evaluate import Evaluation, accuracy, evaluate, predictions
from .history import History
from .loop import Epoch, fit

__all__ = ["EarlyStopping", "Epoch", "Evaluation", "History", "accuracy", "evaluate", "fit", "predictions"]
