"""A Value in the style of Karpathy's microgpt."""

import math


class Microgpt:
    """A number that checks nothing and records no operation; with functions that the jobs need."""

    __slots__ = ("_children", "_local_grads", "data", "grad")

    def __init__(self, data, children=(), local_grads=()):
        self.data = data
        self.grad = 0
        self._children = children
        self._local_grads = local_grads

    def __add__(self, other):
        other = other if isinstance(other, Microgpt) else Microgpt(other)
        return Microgpt(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        other = other if isinstance(other, Microgpt) else Microgpt(other)
        return Microgpt(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, k):
        return Microgpt(self.data**k, (self,), (k * self.data ** (k - 1),))

    def relu(self):
        return Microgpt(max(0, self.data), (self,), (float(self.data > 0),))

    def exp(self):
        y = math.exp(self.data)
        return Microgpt(y, (self,), (y,))

    def log(self):
        return Microgpt(math.log(self.data), (self,), (1 / self.data,))

    def sin(self):
        return Microgpt(math.sin(self.data), (self,), (math.cos(self.data),))

    def cos(self):
        return Microgpt(math.cos(self.data), (self,), (-math.sin(self.data),))

    def tanh(self):
        y = math.tanh(self.data)
        return Microgpt(y, (self,), (1 - y * y,))

    def sigmoid(self):
        y = 1 / (1 + math.exp(-self.data))
        return Microgpt(y, (self,), (y * (1 - y),))

    def erf(self):
        slope = 2 / math.sqrt(math.pi) * math.exp(-self.data * self.data)
        return Microgpt(math.erf(self.data), (self,), (slope,))

    def sqrt(self):
        return self**0.5

    def maximum(self, other):
        first = self.data > other.data
        return Microgpt(max(self.data, other.data), (self, other), (float(first), float(not first)))

    def __neg__(self):
        return self * -1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __sub__(self, other):
        return self + other * -1

    def __rsub__(self, other):
        return other + self * -1

    def __truediv__(self, other):
        return self * other**-1

    def backward(self):
        order, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._children:
                    build(child)
                order.append(v)

        build(self)
        self.grad = 1
        for v in reversed(order):
            for child, local_grad in zip(v._children, v._local_grads, strict=False):
                child.grad += local_grad * v.grad
