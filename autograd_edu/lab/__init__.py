"""The experiments of five lectures on neural networks: each is a function that tries a claim.

`autograd-edu lab` lists them. Each returns a `Result` with its numbers, its verdict and a picture.
"""

from typing import TYPE_CHECKING

from ..errors import suggest_names as _suggest_names
from .experiment import EXPERIMENTS, LECTURES, Experiment, Result, experiment, find, listing
from .perceptron import lone_perceptron as lone_perceptron

__all__ = [
    "EXPERIMENTS", "LECTURES", "Experiment", "Result", "experiment", "find", "listing",
    *EXPERIMENTS,
]  # fmt: skip

if not TYPE_CHECKING:  # a checker would take every misspelled name for a name
    __getattr__ = _suggest_names(globals())
