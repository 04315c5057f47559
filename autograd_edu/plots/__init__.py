"""Plots of training, models and functions, with matplotlib (the extra `plot`) or as text.

Each function draws on the Axes that you pass as ``ax``, or on a new figure, and returns the Axes.
Functions that draw several panels divide the place of ``ax`` and return the list of their Axes. To
save a plot, call ``ax.figure.savefig("plot.png")``. The colours suit the background of the Axes:
they follow matplotlib's dark styles.

Runs and models: `loss_curve`, `loss_text`, `decision_boundary`, `hidden_units`, `hidden_space`,
`fitted_curve`, `weights_as_images`, `heat_map`, `attention_map`, `loss_surface`, `learning_rates`.
Layers: `histograms` and `histogram_panels` of `nn.layer_outputs` or `layer_gradients`, and
`gradient_norms`. Functions: `function_and_derivative`, `activation_curves`,
`tangent_and_parabola`, `numeric_error`. Descent: `descent`, `critical_points`, `trajectories`,
`momentum_step`. Data: `preparations`, `boundary_sensitivity`, `feature_map`. Background:
`integrate_and_fire`, `network_sizes`.
"""

from typing import TYPE_CHECKING

from ..errors import suggest_names as _suggest_names
from .axes import new_axes
from .boundary import decision_boundary
from .curves import (
    activation_curves,
    function_and_derivative,
    numeric_error,
    tangent_and_parabola,
)
from .downhill import critical_points, descent
from .fits import fitted_curve
from .images import attention_map, heat_map, weights_as_images
from .layers import gradient_norms, histogram_panels, histograms, layer_gradients
from .losses import loss_curve, loss_text, moving_average
from .neurons import integrate_and_fire, network_sizes
from .paths import momentum_step, trajectories
from .preparation import boundary_sensitivity, feature_map, preparations
from .rates import learning_rates
from .surface import loss_surface
from .units import hidden_space, hidden_units

__all__ = [
    "activation_curves", "attention_map", "boundary_sensitivity", "critical_points",
    "decision_boundary", "descent", "feature_map", "fitted_curve", "function_and_derivative",
    "gradient_norms", "heat_map", "hidden_space", "hidden_units", "histogram_panels", "histograms",
    "integrate_and_fire", "layer_gradients", "learning_rates", "loss_curve",
    "loss_surface", "loss_text", "momentum_step", "moving_average", "network_sizes", "new_axes",
    "numeric_error", "preparations", "tangent_and_parabola", "trajectories", "weights_as_images",
]  # fmt: skip

if not TYPE_CHECKING:  # a checker would take every misspelled name for a name
    __getattr__ = _suggest_names(globals())
