"""The experiments of five lectures on neural networks: each is a function that tries a claim.

`autograd-edu lab` lists them. Each returns a `Result` with its numbers, its verdict and a picture.
"""

from typing import TYPE_CHECKING

from ..errors import suggest_names as _suggest_names
from .conditioning import condition_number
from .costs import cost_of_modes
from .depth import dead_units, vanishing_gradients
from .descent import descent_paths, learning_rates, loss_by_rate
from .digits import ensembles, learned_features, optimisers_on_digits, overfit_few
from .experiment import EXPERIMENTS, LECTURES, Experiment, Result, experiment, find, listing
from .functions import activations, tanh_near_zero
from .landscape import skip_connections, swapped_units
from .perceptron import linear_layers, lone_perceptron, xor_by_hand
from .saturation import random_walk, saturation
from .sizes import network_growth
from .tasks import network_and_trees, six_sets
from .variance import variance_of_outputs
from .weights import constant_weights, initial_weights
from .zigzag import zigzag

__all__ = [
    "EXPERIMENTS", "LECTURES", "Experiment", "Result", "activations", "condition_number",
    "constant_weights", "cost_of_modes", "dead_units", "descent_paths", "ensembles", "experiment",
    "find", "initial_weights", "learned_features", "learning_rates", "linear_layers", "listing",
    "lone_perceptron", "loss_by_rate", "network_and_trees", "network_growth",
    "optimisers_on_digits", "overfit_few", "random_walk", "saturation", "six_sets",
    "skip_connections", "swapped_units", "tanh_near_zero", "vanishing_gradients",
    "variance_of_outputs", "xor_by_hand", "zigzag",
]  # fmt: skip

# Data have no docstring. These texts stand for one in the reference, and doctest runs them.
__test__ = {
    "EXPERIMENTS": """
All experiments by name, as `Experiment`.

>>> EXPERIMENTS["xor_by_hand"].claim
'Two layers of hard thresholds compute XOR: (a OR b) AND NOT (a AND b).'
>>> [name for name, each in EXPERIMENTS.items() if "K71" in each.rows]
['initial_weights']
""",
    "LECTURES": """
The five lectures by the letter that begins their rows.

>>> LECTURES["L"]
'G. Strong, "Understanding Neural Networks", LIP, 2018'
""",
}

if not TYPE_CHECKING:  # a checker would take every misspelled name for a name
    __getattr__ = _suggest_names(globals())
