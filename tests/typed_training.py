"""Typical training code as a user with a type checker writes it; mypy checks it with the package.

Nothing here may be of type Any. `test_training_messages` also runs it.
"""

from typing import assert_type

from autograd_edu import Value, data
from autograd_edu.nn import MLP, Linear, Module, Neuron, losses, softmax
from autograd_edu.optim import SGD, Adam
from autograd_edu.train import History, fit

model = MLP(2, [4, 1], activation="tanh", seed=0)
points = data.moons(50)
loss = losses.binary_cross_entropy_with_logits(model([0.5, 1.0]), 1)
assert_type(loss, Value)
loss.backward()
optimiser = Adam(model.parameters(), 0.05, betas=(0.9, 0.99), eps=1e-7, clip_norm=1.0)
optimiser.step()
assert_type(Neuron(2)([1.0, 2.0]), Value)
assert_type(Linear(2, 3)([1.0, 2.0]), list[Value])
assert_type(losses.half_squared_error(1.0, 0.0), float)
assert_type(losses.softmax_cross_entropy(Linear(2, 3)([1.0, 2.0]), 1), Value)
assert_type(softmax([1.0, 2.0]), list[float])
assert_type(softmax(Linear(2, 3)([1.0, 2.0])), list[Value])


class Net(Module):
    def __init__(self) -> None:
        self.first, self.last = Linear(2, 3), Linear(3, 1)

    def forward(self, x: list[float]) -> Value:
        hidden = [h.tanh() for h in self.first(x)]
        return self.last(hidden)[0]


def my_loss(y: Value, t: float) -> Value:
    return (y - t) ** 2


assert_type(Net()([1.0, 2.0]), Value)
history = fit(
    Net(), my_loss, points, SGD(lr=0.1), epochs=2, callbacks=[lambda epoch: epoch.loss < 0.1]
)
assert_type(history, History)
assert_type(history.loss, list[float])
net = Net().freeze().unfreeze().eval()
assert_type(net, Net)
assert_type(losses.average([my_loss(net(x), t) for x, t in points]), Value)
model.layers[0].neurons[0].w[0].data = 0.5
out = model([1.0, 2.0])
y = out if isinstance(out, Value) else out[0]
