"""Neural networks of scalars: layers, losses, initialisers and regularisers."""

from typing import TYPE_CHECKING

from ..errors import suggest_names as _suggest_names
from . import init, losses, regularise
from .activations import ACTIVATIONS, Apply, PReLU
from .attention import SelfAttention, attend
from .containers import Maxout, Residual, Sequential, Skip
from .convolution import Conv1d, Conv2d, Flatten, Pool2d
from .counting import Cost, cost
from .embedding import Embedding, padded
from .layer_outputs import LayerStatistics, layer_outputs, layer_statistics
from .layers import MLP, Layer, Linear, Neuron
from .learning_rules import adaline_rule, learn, perceptron_rule
from .module import Module
from .normalise import BatchNorm, LayerNorm, RMSNorm, Standardiser
from .perceptron import Perceptron
from .pooling import AttentionPool, Pool
from .recurrent import RNN, RecurrentCell
from .regularise import DropConnect, Dropout, Ensemble, MaskAverage, Noise, dropout_average
from .softmax import log_softmax, softmax

__all__ = [
    "ACTIVATIONS", "MLP", "RNN", "Apply", "AttentionPool", "BatchNorm", "Conv1d", "Conv2d",
    "Cost", "DropConnect", "Dropout", "Embedding", "Ensemble", "Flatten", "Layer", "LayerNorm",
    "LayerStatistics", "Linear", "MaskAverage", "Maxout", "Module", "Neuron", "Noise", "PReLU",
    "Perceptron", "Pool", "Pool2d", "RMSNorm", "RecurrentCell", "Residual", "SelfAttention",
    "Sequential", "Skip", "Standardiser", "adaline_rule", "attend", "cost", "dropout_average",
    "init", "layer_outputs", "layer_statistics", "learn", "log_softmax", "losses", "padded",
    "perceptron_rule", "regularise", "softmax",
]  # fmt: skip

# Data have no docstring. This text stands for one in the reference, and doctest runs it.
__test__ = {
    "ACTIVATIONS": """
The activations by name, as the argument ``activation`` of a layer takes them.

>>> for name, phi in ACTIVATIONS.items():
...     print(f"{name:11} {phi(-2.0):6.3f} {phi(0.5):6.3f}")
linear      -2.000  0.500
sigmoid      0.119  0.622
tanh        -0.964  0.462
softplus     0.127  0.974
relu         0.000  0.500
leaky_relu  -0.200  0.500
elu         -0.865  0.500
selu        -1.520  0.525
gelu        -0.046  0.346
silu        -0.238  0.311
sin         -0.909  0.479
step         0.000  1.000
strict_step  0.000  1.000
""",
}

_ELSEWHERE = {  # names of PyTorch and Keras
    "ReLU": "Apply('relu')", "Tanh": "Apply('tanh')", "Sigmoid": "Apply('sigmoid')",
    "GELU": "Apply('gelu')", "SiLU": "Apply('silu')", "LeakyReLU": "Apply('leaky_relu')",
    "Softmax": "softmax", "Dense": "Layer", "MSELoss": "losses.mean_squared_error",
    "CrossEntropyLoss": "losses.softmax_cross_entropy", "NLLLoss": "losses.negative_log_likelihood",
    "BCELoss": "losses.binary_cross_entropy",
    "BCEWithLogitsLoss": "losses.binary_cross_entropy_with_logits",
}  # fmt: skip

if not TYPE_CHECKING:  # a checker would take every misspelled name for a name
    __getattr__ = _suggest_names(globals(), _ELSEWHERE)
