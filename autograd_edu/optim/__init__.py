"""Optimisers: rules that change parameters by their gradients.

Each rule works on arrays. `update` takes the parameters and their gradient and returns the new
parameters. What the rule must remember (velocities, averages, the number of steps) is in `state`,
and `state_dict` saves it. `step` calls `update` for Values, and `fit` calls it for arrays.

Where the lectures print different rules under one name, the standard one is the default, and the
docstring says how to get the lecture's own. ε avoids a division by zero. It is added to the root,
as in the papers and in PyTorch; with ``eps_place="inside"`` it is under the root, as KIT prints it.
"""

from typing import TYPE_CHECKING

from ..errors import suggest_names as _suggest_names
from .adaptive import AdaDelta, AdaGrad, Adam, AdamW, NAdam, RMSProp
from .base import Array, Optimiser
from .descent import Descent, minimise
from .momentum import SGD, Momentum, Nesterov
from .second_order import lbfgs, newton

__all__ = [
    "SGD", "AdaDelta", "AdaGrad", "Adam", "AdamW", "Array", "Descent", "Momentum", "NAdam",
    "Nesterov", "Optimiser", "RMSProp", "lbfgs", "minimise", "newton",
]  # fmt: skip

# A type alias has no docstring. This text stands for one in the reference, and doctest runs it.
__test__ = {
    "Array": """
In annotations: ``NDArray[np.float64]``, which is what rules compute with.

>>> SGD(lr=0.5).update([1.0, 2.0], [0.0, 4.0])
array([1., 0.])
""",
}

if not TYPE_CHECKING:  # a checker would take every misspelled name for a name
    __getattr__ = _suggest_names(globals())
