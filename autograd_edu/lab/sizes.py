"""How large networks have become over the years, by published numbers of parameters."""

from __future__ import annotations

import numpy as np

from ..notation.text import table
from ..plots import network_sizes
from .experiment import Result, experiment

# The year, the number of parameters, and where it is published. The numbers of Rosenblatt's Mark I,
# of ADALINE and of the deep belief net of 2006 are left out: their sources do not settle them.
NETWORKS = {
    "NETtalk": (1987, 18_629, "Sejnowski and Rosenberg, 'Parallel Networks that Learn'"),
    "LeCun 1989": (1989, 9_760, "LeCun et al., 'Backpropagation Applied to Handwritten Zip Code'"),
    "LeNet-5": (1998, 60_000, "LeCun et al., 'Gradient-Based Learning'"),
    "Ciresan": (2010, 12.11e6, "Ciresan et al., 'Deep, Big, Simple Neural Nets'"),
    "AlexNet": (2012, 60e6, "Krizhevsky et al., 'ImageNet Classification'"),
    "Le 2012": (2012, 1e9, "Le et al., 'Building High-level Features': connections"),
    "Coates 2013": (2013, 11e9, "Coates et al., 'Deep Learning with COTS HPC Systems'"),
    "VGG-16": (2014, 138e6, "Simonyan and Zisserman, 'Very Deep Convolutional Networks'"),
}


@experiment("I27")
def network_growth() -> Result:
    """Since the introduction of hidden units, networks have doubled in size every 2.4 years.

    Source: Imperial, "Why now?", with a list of networks from 1958 to 2014. The numbers behind its
    figure are lost. That figure counts units; the table has numbers of parameters from the papers
    themselves. The two need not double in the same time, so the table does not test the claim. The
    line is a least-squares fit of the logarithms.

    >>> print(network_growth().verdict)
    The claim is not tested here: from 1987 to 2014 the number of parameters doubles every 1.6 ...
    """
    networks = {name: row[:2] for name, row in NETWORKS.items()}
    years, sizes = (np.array(column, float) for column in zip(*networks.values(), strict=True))
    doubling = 1.0 / float(np.polyfit(years - years[0], np.log2(sizes), 1)[0])
    rows = [
        [str(year), name, f"{size:,.0f}", source] for name, (year, size, source) in NETWORKS.items()
    ]
    return Result(
        {"years to double": doubling, "years": years.tolist(), "parameters": sizes.tolist()},
        table([["year", "network", "parameters", "source"], *rows], right=[0, 2]),
        None,
        f"from {years.min():.0f} to {years.max():.0f} the number of parameters doubles every "
        f"{doubling:.1f} years. The lecture's 2.4 years are for numbers of units.",
        [lambda ax: network_sizes(networks, ax=ax)],
    )  # fmt: skip
