"""One step of the model in `gpt`, forward and backward, in plain NumPy and in eager PyTorch."""

import numpy as np

EPS = 1e-5


def matrices(model):
    """The model's matrices as arrays: letter, place, attend, mix, up, down, out.

    `attend` stacks the matrices of queries, keys and values.
    """
    letter, place, query, key, value, *rest = (
        [[number.data for number in row] for row in matrix] for matrix in model.matrices()
    )
    return [np.array(matrix) for matrix in (letter, place, query + key + value, *rest)]


class NumpyStep:
    """The loss and the gradient of every matrix, derived by hand."""

    def __init__(self, model):
        self.weights, self.heads = matrices(model), model.heads
        self.size = model.width // model.heads
        self.mask = np.triu(np.full((model.context, model.context), -np.inf), 1)

    def __call__(self, tokens, following):
        letter, place, attend, mix, up, down, out = self.weights
        n, width, heads, size = len(tokens), len(mix), self.heads, self.size
        shrink = size**-0.5
        # forward
        x1 = letter[tokens] + place[:n]
        r1 = (np.einsum("ij,ij->i", x1, x1)[:, None] / width + EPS) ** -0.5
        h1 = x1 * r1
        q, k, v = (h1 @ attend.T).reshape(n, 3, heads, size).transpose(1, 2, 0, 3)
        p = q @ k.transpose(0, 2, 1) * shrink + self.mask[:n, :n]
        p = np.exp(p - p.max(2, keepdims=True))
        p /= p.sum(2, keepdims=True)
        taken = (p @ v).transpose(1, 0, 2).reshape(n, width)
        x2 = x1 + taken @ mix.T
        r2 = (np.einsum("ij,ij->i", x2, x2)[:, None] / width + EPS) ** -0.5
        h2 = x2 * r2
        a = np.maximum(h2 @ up.T, 0.0)
        x3 = x2 + a @ down.T
        z = x3 @ out.T
        z -= z.max(1, keepdims=True)
        e = np.exp(z)
        s = e.sum(1, keepdims=True)
        rows = np.arange(n)
        loss = (np.log(s).sum() - z[rows, following].sum()) / n
        # backward: dy is the gradient of y
        e /= s
        e[rows, following] -= 1.0
        dz = e / n
        dx = dz @ out
        da = (dx @ down) * (a > 0.0)
        dh = da @ up
        gradients = [dz.T @ x3, dx.T @ a, da.T @ h2]
        dx += dh * r2 - x2 * (r2**3 / width * np.einsum("ij,ij->i", dh, x2)[:, None])
        gradients.append(dx.T @ taken)
        dtaken = (dx @ mix).reshape(n, heads, size).transpose(1, 0, 2)
        dp = dtaken @ v.transpose(0, 2, 1)
        ds = p * (dp - np.einsum("hij,hij->hi", dp, p)[:, :, None]) * shrink
        dqkv = np.stack([ds @ k, ds.transpose(0, 2, 1) @ q, p.transpose(0, 2, 1) @ dtaken])
        dqkv = dqkv.transpose(2, 0, 1, 3).reshape(n, 3 * width)
        gradients.append(dqkv.T @ h1)
        dh = dqkv @ attend
        dx += dh * r1 - x1 * (r1**3 / width * np.einsum("ij,ij->i", dh, x1)[:, None])
        dplace, dletter = np.zeros_like(place), np.zeros_like(letter)
        dplace[:n] = dx
        np.add.at(dletter, tokens, dx)
        return loss, [
            dletter,
            dplace,
            *reversed(gradients[3:]),
            gradients[2],
            gradients[1],
            gradients[0],
        ]


class TorchStep:
    """The same, forward alone: PyTorch has the backward pass."""

    def __init__(self, model):
        import torch

        torch.set_num_threads(1)
        self.torch = torch
        self.weights = [torch.tensor(matrix, requires_grad=True) for matrix in matrices(model)]
        self.heads = model.heads

    def __call__(self, tokens, following):
        for weight in self.weights:
            weight.grad = None
        loss = self.loss(self.torch.as_tensor(tokens), self.torch.as_tensor(following))
        loss.backward()
        return loss.item(), [weight.grad.numpy() for weight in self.weights]

    def loss(self, tokens, following):
        functional = self.torch.nn.functional
        letter, place, attend, mix, up, down, out = self.weights
        n, width = len(tokens), len(mix)
        x = letter[tokens] + place[:n]
        h = functional.rms_norm(x, (width,), eps=EPS)
        q, k, v = (h @ attend.T).view(n, 3, self.heads, width // self.heads).permute(1, 2, 0, 3)
        taken = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + taken.transpose(0, 1).reshape(n, width) @ mix.T
        x = x + functional.relu(functional.rms_norm(x, (width,), eps=EPS) @ up.T) @ down.T
        return functional.cross_entropy(x @ out.T, following)


def flat(gradients):
    """Gradients of the matrices as one array, in the order of the model's parameters."""
    return np.concatenate([gradient.ravel() for gradient in gradients])
