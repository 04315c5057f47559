"""Networks of scalars: modules built from `dot`, `total` and the operations of the rule table."""

from . import init
from .activations import ACTIVATIONS, Apply, PReLU
from .layers import MLP, Layer, Linear, Neuron
from .module import Module

__all__ = ["ACTIVATIONS", "MLP", "Apply", "Layer", "Linear", "Module", "Neuron", "PReLU", "init"]
