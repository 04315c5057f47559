"""Optimisers: rules for a step downhill, by the gradient.

A rule works on arrays: `update` takes the parameters and their gradient, returns the new
parameters, and keeps what it has to remember (velocities, averages, the number of steps) in
`state`. `step` does this for Values, and training by replay does it for arrays; it is one rule.
Nothing is stored on the parameters, and `state_dict` saves everything.

Where the lectures print different rules under one name, the standard one is the default, and the
docstring says what the lecture's own is called. ε avoids a division by a gradient of zero. "inside"
puts it under the root with the squared gradients, as KIT prints it; "outside" adds it to the root,
as the papers and PyTorch do.
"""

from .adaptive import AdaGrad, Adam, AdamW, NAdam, RMSProp
from .base import Array, Optimiser
from .momentum import SGD, Momentum, Nesterov
from .second_order import lbfgs, newton

__all__ = [
    "SGD", "AdaGrad", "Adam", "AdamW", "Array", "Momentum", "NAdam", "Nesterov", "Optimiser",
    "RMSProp", "lbfgs", "newton",
]  # fmt: skip
