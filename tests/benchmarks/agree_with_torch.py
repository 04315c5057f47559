"""Agreement with PyTorch: losses and gradients of 20 random networks, and 50 optimiser steps.

Run it (it needs the extra `bench`): python tests/benchmarks/agree_with_torch.py. It prints a table,
and fails if a difference exceeds its bound.
"""

import random
import sys

import torch

from autograd_edu import Value
from autograd_edu.nn import MLP, losses
from autograd_edu.nn.layers import as_list
from autograd_edu.optim import SGD, AdaGrad, Adam, AdamW, Momentum, NAdam, Nesterov, RMSProp

GRADIENTS, STEPS = (
    1e-10,
    1e-9,
)  # the largest differences allowed, relative to the largest number of their kind

ACTIVATIONS = {
    "tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu,
    "softplus": torch.nn.functional.softplus,
    "elu": torch.nn.functional.elu, "selu": torch.selu, "gelu": torch.nn.functional.gelu,
    "leaky_relu": lambda x: torch.nn.functional.leaky_relu(x, 0.1),
}  # fmt: skip

# name: ours, PyTorch's, and a random target for a sample with k outputs
LOSSES = {
    "softmax_cross_entropy": (
        losses.softmax_cross_entropy,
        torch.nn.functional.cross_entropy,
        lambda rng, k: rng.randrange(k),
    ),
    "mean_squared_error": (
        losses.mean_squared_error,
        torch.nn.functional.mse_loss,
        lambda rng, k: [rng.gauss(0, 1) for _ in range(k)],
    ),
    "binary_cross_entropy_with_logits": (
        losses.binary_cross_entropy_with_logits,
        torch.nn.functional.binary_cross_entropy_with_logits,
        lambda rng, k: [float(rng.random() < 0.5) for _ in range(k)],
    ),
    "hinge": (
        losses.hinge,
        lambda f, t: torch.relu(1 - t * f).mean(),
        lambda rng, k: [rng.choice([-1.0, 1.0]) for _ in range(k)],
    ),
}  # fmt: skip


def torch_model(model, activation):
    """The same network, as weight and bias tensors of each layer and a function of a batch."""
    parameters = []
    for layer in model.layers:
        parameters.append(
            torch.tensor(
                [[w.data for w in n.w] for n in layer.neurons],
                dtype=torch.float64,
                requires_grad=True,
            )
        )
        parameters.append(
            torch.tensor([n.b.data for n in layer.neurons], dtype=torch.float64, requires_grad=True)
        )

    def forward(x):
        for i in range(0, len(parameters), 2):
            x = x @ parameters[i].T + parameters[i + 1]
            x = ACTIVATIONS[activation](x) if i + 2 < len(parameters) else x
        return x

    return parameters, forward


def in_our_order(parameters, take):
    """Weights and biases of every layer, neuron by neuron, as ours come."""
    flat = []
    for w, b in zip(parameters[::2], parameters[1::2], strict=True):
        for row, bias in zip(take(w).tolist(), take(b).tolist(), strict=True):
            flat += [*row, bias]
    return flat


def difference(ours, theirs):
    """The largest difference over the largest number."""
    return max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) / max(
        1e-300, *map(abs, theirs)
    )


def network(seed):
    """One random network on a random batch: a description, and its largest distance to PyTorch."""
    rng = random.Random(seed)
    nin, sizes = rng.randint(1, 8), [rng.randint(2, 10) for _ in range(rng.randint(1, 4))]
    activation, name = rng.choice(list(ACTIVATIONS)), list(LOSSES)[seed % len(LOSSES)]
    model, batch = MLP(nin, sizes, activation=activation, seed=seed), rng.randint(1, 8)
    for p in model.parameters():
        p.data = rng.gauss(0, 0.7)
    ours, theirs, target = LOSSES[name]
    xs, ts = (
        [[rng.gauss(0, 1) for _ in range(nin)] for _ in range(batch)],
        [target(rng, sizes[-1]) for _ in range(batch)],
    )
    loss = losses.average([ours(as_list(model(x)), t) for x, t in zip(xs, ts, strict=True)])
    loss.backward()
    parameters, forward = torch_model(model, activation)
    kind = torch.long if name == "softmax_cross_entropy" else torch.float64
    expected = theirs(forward(torch.tensor(xs, dtype=torch.float64)), torch.tensor(ts, dtype=kind))
    expected.backward()
    off = difference(
        [p.grad for p in model.parameters()], in_our_order(parameters, lambda p: p.grad)
    )
    described = f"{nin} → {' → '.join(map(str, sizes))} {activation}, {name}, batch of {batch}"
    return described, difference([loss.data], [expected.item()]), off


OPTIMISERS = {
    "SGD": (lambda p: SGD(p, 0.02), lambda p: torch.optim.SGD(p, 0.02)),
    "SGD, weight decay": (
        lambda p: SGD(p, 0.02, weight_decay=0.1),
        lambda p: torch.optim.SGD(p, 0.02, weight_decay=0.1),
    ),
    "Momentum (velocity)": (
        lambda p: Momentum(p, 0.02, momentum=0.9),
        lambda p: torch.optim.SGD(p, 0.02, momentum=0.9),
    ),
    "Momentum (average)": (
        lambda p: Momentum(p, 0.2, momentum=0.9, style="average"),
        lambda p: torch.optim.SGD(p, 0.02, momentum=0.9),
    ),
    "Nesterov (rearranged)": (
        lambda p: Nesterov(p, 0.02, 0.9, form="rearranged"),
        lambda p: torch.optim.SGD(p, 0.02, momentum=0.9, nesterov=True),
    ),
    "AdaGrad": (lambda p: AdaGrad(p, 0.1, eps=1e-10), lambda p: torch.optim.Adagrad(p, 0.1)),
    "RMSProp": (lambda p: RMSProp(p, 0.01, 0.99), lambda p: torch.optim.RMSprop(p, 0.01)),
    "Adam": (lambda p: Adam(p, 0.05), lambda p: torch.optim.Adam(p, 0.05)),
    "AdamW": (
        lambda p: AdamW(p, 0.05, weight_decay=0.1),
        lambda p: torch.optim.AdamW(p, 0.05, weight_decay=0.1),
    ),
    "NAdam": (lambda p: NAdam(p, 0.05), lambda p: torch.optim.NAdam(p, 0.05)),
}  # fmt: skip


def optimiser(name, steps=50):
    """How far apart the six parameters of a smooth function are after ``steps`` steps."""
    ours, theirs = OPTIMISERS[name]
    start = [0.9, -1.3, 0.4, 2.0, -0.2, 1.1]
    values, tensor = (
        [Value(x) for x in start],
        torch.tensor(start, dtype=torch.float64, requires_grad=True),
    )
    a, b = ours(values), theirs([tensor])
    for _ in range(steps):
        a.zero_grad()
        sum(
            (i + 1) * (v - 0.1 * i) ** 2 + (v * values[i - 1]).tanh() for i, v in enumerate(values)
        ).backward()
        a.step()
        b.zero_grad()
        scale, shift = (
            torch.arange(1.0, 7.0, dtype=torch.float64),
            0.1 * torch.arange(6, dtype=torch.float64),
        )
        (scale * (tensor - shift) ** 2 + torch.tanh(tensor * tensor.roll(1))).sum().backward()
        b.step()
    return difference([v.data for v in values], tensor.tolist())


def main():
    """Print every difference; the exit status says whether all are small enough."""
    worst_network = worst_steps = 0.0
    for seed in range(20):
        described, of_loss, of_gradients = network(seed)
        worst_network = max(worst_network, of_loss, of_gradients)
        print(f"loss {of_loss:8.1e}  gradients {of_gradients:8.1e}  {described}")
    for name in OPTIMISERS:
        off = optimiser(name)
        worst_steps = max(worst_steps, off)
        print(f"after 50 steps {off:8.1e}  {name}")
    print(
        f"largest: networks {worst_network:.1e} (allowed {GRADIENTS:.0e}), "
        f"optimisers {worst_steps:.1e} (allowed {STEPS:.0e})"
    )
    return int(worst_network > GRADIENTS or worst_steps > STEPS)


if __name__ == "__main__":
    sys.exit(main())
