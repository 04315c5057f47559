"""How each package of the table in `peers` runs a job: a class each.

``step(job)`` and ``gpt()`` make a call without arguments that gives the sum of the values and the
gradient. A package that cannot do a job raises `UnableError`, which says why.
"""

import multiprocessing
import os
from functools import reduce
from importlib.util import find_spec
from operator import add

import numpy as np
from gpt import GPT, ONE_HOT, PlainGPT, tokens_of
from gpt_by_hand import EPS, NumpyStep, TorchStep, flat, matrices
from microgpt import Microgpt
from timing import take_turn, timed

import autograd_edu
from autograd_edu import ProgramCache, Value, no_gc, trace

NAME = "isabella"  # whose letters the GPT learns
LIMIT = 30.0  # seconds in which JAX must compile
SLOW = 3.0  # seconds that a step may take
FUNCTIONS = ("exp", "log", "sqrt", "sin", "cos", "tanh", "erf", "sigmoid", "relu", "maximum")


class UnableError(Exception):
    """The package cannot do the job, or not in reasonable time."""


class Functions:
    """What a job calls, for one package."""

    def __init__(self, package, **functions):
        self.package = package
        self.__dict__.update(functions)

    def __getattr__(self, name):
        if name not in FUNCTIONS:
            raise AttributeError(name)
        raise UnableError(f"has no `{name}`")

    @staticmethod
    def dot(ws, xs, bias):
        return reduce(add, (w * x for w, x in zip(ws, xs, strict=True)), bias)

    @staticmethod
    def total(xs):
        return reduce(add, xs)

    @staticmethod
    def loop(step, state, rows):
        for row in rows.tolist():
            state = step(state, row)
        return state


def is_missing(package):
    """Whether a package is not installed."""
    return find_spec(package) is None


class Package:
    """A column of the table.

    Attributes:
        title: its heading.
        needs: the package to install for it.
        compiles: whether it has a column for the time until the first result.
    """

    title, needs, compiles = "", "numpy", False

    def step(self, job):
        raise NotImplementedError

    def gpt(self):
        raise NotImplementedError

    def make(self, job):
        """The step of a job, where None is the GPT step."""
        return self.gpt() if job is None else self.step(job)


class Eager(Package):
    """A package that works on single numbers, sample by sample."""

    def __init__(self, number, functions):
        self.number, self.functions = number, functions

    def step(self, job):
        parameters = [self.number(x) for x in job.parameters.tolist()]
        samples = job.samples.tolist()

        def step(samples=samples):
            for p in parameters:
                p.grad = 0.0
            loss, gradients = 0.0, []
            for sample in samples:
                leaves = sample if parameters else [self.number(x) for x in sample]
                y = job.f(self.functions, parameters, leaves)
                y.backward()
                loss += y.data
                gradients += [] if parameters else [x.grad for x in leaves]
            return loss, np.array([p.grad for p in parameters] or gradients)

        takes = timed(lambda: step(samples[:1])) / 1e3 * len(samples)
        if takes > SLOW:
            raise UnableError(f"takes about {takes:.0f} s")
        return step


class OurEager(Eager):
    title = "eager"

    def __init__(self):
        functions = {name: getattr(autograd_edu, name) for name in FUNCTIONS}
        ours = Functions("autograd_edu", **functions)
        ours.dot, ours.total = autograd_edu.dot, autograd_edu.total
        super().__init__(Value, ours)

    def step(self, job):
        step = super().step(job)

        def paused():
            with no_gc():
                return step()

        return paused

    def gpt(self):
        return eager_gpt(GPT())


class MicrogptStyle(Eager):
    title = "microgpt-style"

    def __init__(self):
        functions = {name: getattr(Microgpt, name) for name in FUNCTIONS}
        super().__init__(Microgpt, Functions("microgpt", **functions))

    def gpt(self):
        return eager_gpt(rewritten(Microgpt, Microgpt.exp, Microgpt.log, Microgpt.relu))


class Micrograd(Eager):
    title, needs = "micrograd", "micrograd"

    def __init__(self):
        from micrograd.engine import Value as Number

        super().__init__(Number, Functions("micrograd", relu=Number.relu))

    def gpt(self):
        raise UnableError("has no `exp`")


def rewritten(number, exp, log, relu):
    """The GPT of sums and products, on another package's numbers."""

    class Rewritten(PlainGPT):
        @staticmethod
        def softmax(scores):
            powers = [exp(score) for score in scores]
            whole = sum(powers)
            return [power / whole for power in powers]

        @staticmethod
        def log_total(scores):
            return log(sum(exp(score) for score in scores))

    Rewritten.relu = staticmethod(relu)
    model = Rewritten()
    for name in ("letter", "place", "query", "key", "value", "mix", "up", "down", "out"):
        matrix = getattr(model, name)
        setattr(model, name, [[number(x.data) for x in row] for row in matrix])
    return model


def eager_gpt(model):
    tokens, following = tokens_of(NAME)

    def step():
        for p in model.parameters():
            p.grad = 0.0
        with no_gc():
            loss = model.loss(tokens, following)
            loss.backward()
        return loss.data, np.array([p.grad for p in model.parameters()])

    return step


class Replay(Package):
    """Ours: a program traced for one sample, replayed over all of them."""

    title, needs, compiles = "replay with `jit`", "numba", True

    def __init__(self, *, engine="jit"):
        self.m = OurEager().functions
        for samples in (1, 8):  # the engine itself is loaded once, whatever the program
            w = Value(2.0)
            self.step_of(lambda x, w=w: x[0] * w, [w], np.ones((samples, 1)), engine=engine)()

    def step(self, job):
        parameters = [Value(x) for x in job.parameters.tolist()]
        return self.step_of(lambda x: job.f(self.m, parameters, list(x)), parameters, job.samples)

    @staticmethod
    def step_of(f, parameters, samples, *, engine="auto"):
        program = trace(f, samples[0].tolist(), parameters=parameters)
        program.engine = engine
        x = samples if len(samples) > 1 else samples[0]
        wrt = "parameters" if parameters else "inputs"

        def step():
            values, gradients = program.value_and_grad(x, wrt=wrt)
            value = values if len(samples) == 1 else values.sum()
            return value, gradients.parameters if parameters else gradients.inputs[0]

        return step

    def gpt(self):
        model = GPT()
        programs = ProgramCache(model.loss, model.parameters())
        tokens, following = (ONE_HOT[list(each)] for each in tokens_of(NAME))

        def step():
            loss, gradients = programs.value_and_grad(tokens, following, wrt="parameters")
            return loss, gradients.parameters

        return step


class Elsewhere(Package):
    """Ours without Numba: a process of its own, in which Numba is switched off, runs the jobs."""

    title, compiles = "replay", True

    def __init__(self):
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        before = os.environ.get("NUMBA_DISABLE_JIT")
        os.environ["NUMBA_DISABLE_JIT"] = "1"
        try:
            self.process = context.Process(target=serve, args=(other,), daemon=True)
            self.process.start()
        finally:
            del os.environ["NUMBA_DISABLE_JIT"]
            if before is not None:
                os.environ["NUMBA_DISABLE_JIT"] = before
        other.close()

    def make(self, job):
        self.pipe.send(("make", job))
        return Distant(self.pipe, *self.pipe.recv())


class Distant:
    """A step in the other process."""

    def __init__(self, pipe, number, compiling):
        self.pipe, self.number, self.compiling = pipe, number, compiling

    def __call__(self):
        self.pipe.send(("run", self.number))
        return self.pipe.recv()

    def turn(self, runs):
        self.pipe.send(("time", (self.number, runs)))
        return self.pipe.recv()


def serve(pipe):
    """Make, run and time steps for the process at the other end of the pipe."""
    replay, steps = Replay(engine="auto"), []
    while True:
        try:
            task, content = pipe.recv()
        except EOFError:
            return
        if task == "make":
            compiling = timed(lambda job=content: steps.append(first(replay, job)))
            pipe.send((len(steps) - 1, compiling))
        elif task == "run":
            pipe.send(steps[content]())
        else:
            number, runs = content
            pipe.send(take_turn(steps[number], runs))


def first(package, job):
    """A step that has run once."""
    step = package.make(job)
    step()
    return step


class ByHand(Package):
    title = "NumPy by hand"

    def step(self, job):
        if job.by_hand is None:
            raise UnableError("would be hard to derive")
        return lambda: job.by_hand(job.parameters, job.samples)

    def gpt(self):
        tokens, following = map(np.array, tokens_of(NAME))
        hand = NumpyStep(GPT())

        def step():
            loss, gradients = hand(tokens, following)
            return loss, flat(gradients)

        return step


class Autograd(Package):
    title, needs = "HIPS autograd", "autograd"

    def __init__(self):
        import autograd
        import autograd.numpy as anp
        from autograd.scipy.special import erf

        self.autograd, self.np = autograd, anp
        self.m = Functions(
            "autograd",
            **{name: getattr(anp, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh")},
            maximum=anp.maximum,
            erf=erf,
            relu=lambda x: anp.maximum(x, 0.0),
            sigmoid=lambda x: 1.0 / (1.0 + anp.exp(-x)),
        )

    def step(self, job):
        at = 0 if job.parameters.size else 1
        both = self.autograd.value_and_grad(
            lambda p, x: self.np.sum(job.in_arrays(self.m, p, x)), at
        )
        return lambda: both(job.parameters, job.samples)

    def gpt(self):
        f, weights, tokens = gpt_loss(self.np)
        both = self.autograd.value_and_grad(f)

        def step():
            loss, gradients = both(weights, *tokens)
            return loss, flat(gradients)

        return step


def gpt_loss(xp):
    """The loss of the GPT of its matrices, for a package with NumPy's functions."""
    model = GPT()
    tokens = [np.array(each) for each in tokens_of(NAME)]
    n, width, heads = len(tokens[0]), model.width, model.heads
    mask = np.triu(np.full((n, n), -np.inf), 1)

    def normalised(x):
        return x * (xp.mean(x * x, axis=1, keepdims=True) + EPS) ** -0.5

    def loss(weights, tokens, following):
        letter, place, attend, mix, up, down, out = weights
        x = letter[tokens] + place[:n]
        parts = xp.reshape(normalised(x) @ attend.T, (n, 3, heads, width // heads))
        q, k, v = xp.transpose(parts, (1, 2, 0, 3))
        scores = q @ xp.transpose(k, (0, 2, 1)) * (width // heads) ** -0.5 + mask
        powers = xp.exp(scores - xp.max(scores, axis=2, keepdims=True))
        taken = (powers / xp.sum(powers, axis=2, keepdims=True)) @ v
        x = x + xp.reshape(xp.transpose(taken, (1, 0, 2)), (n, width)) @ mix.T
        x = x + xp.maximum(normalised(x) @ up.T, 0.0) @ down.T
        z = x @ out.T
        z = z - xp.max(z, axis=1, keepdims=True)
        return xp.mean(xp.log(xp.sum(xp.exp(z), axis=1)) - z[np.arange(n), following])

    return loss, matrices(model), tokens


class Torch(Package):
    title, needs = "PyTorch eager", "torch"

    def __init__(self):
        import torch

        torch.set_num_threads(1)
        self.torch = torch
        names = ("exp", "log", "sqrt", "sin", "cos", "tanh", "erf", "sigmoid", "relu", "maximum")
        self.m = Functions("torch", **{name: getattr(torch, name) for name in names})

    def step(self, job):
        parameters, samples = (
            self.torch.tensor(np.array(x), requires_grad=own)
            for x, own in (
                (job.parameters, job.parameters.size > 0),
                (job.samples, job.parameters.size == 0),
            )
        )
        leaf = parameters if job.parameters.size else samples

        def step():
            leaf.grad = None
            loss = job.in_arrays(self.m, parameters, samples).sum()
            loss.backward()
            return loss.item(), leaf.grad.numpy()

        return step

    def gpt(self):
        tokens, following = map(self.torch.tensor, tokens_of(NAME))
        by_hand = TorchStep(GPT())

        def step():
            loss, gradients = by_hand(tokens, following)
            return loss, flat(gradients)

        return step


class Jax(Package):
    title, needs, compiles = "JAX jit", "jax", True

    def __init__(self, *, limit=LIMIT):
        import jax

        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_cpu_enable_async_dispatch", False)
        self.jax, self.limit = jax, limit
        xp = jax.numpy
        self.m = Functions(
            "jax",
            **{name: getattr(xp, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh")},
            maximum=xp.maximum,
            erf=jax.scipy.special.erf,
            relu=lambda x: xp.maximum(x, 0.0),
            sigmoid=jax.nn.sigmoid,
            loop=lambda step, state, rows: jax.lax.scan(
                lambda state, row: (step(state, row), None), state, rows
            )[0],
        )

    def make(self, job):
        if self.limit is not None and not finishes(job, self.limit):
            raise UnableError(f"did not finish compiling in {self.limit:.0f} s")
        return super().make(job)

    def step(self, job):
        at = 0 if job.parameters.size else 1
        both = self.jax.jit(
            self.jax.value_and_grad(lambda p, x: job.in_arrays(self.m, p, x).sum(), at)
        )
        parameters, samples = map(self.jax.numpy.array, (job.parameters, job.samples))
        return lambda: self.jax.block_until_ready(both(parameters, samples))

    def gpt(self):
        f, weights, tokens = gpt_loss(self.jax.numpy)
        both = self.jax.jit(self.jax.value_and_grad(f))
        weights, tokens = ([*map(self.jax.numpy.array, each)] for each in (weights, tokens))

        def step():
            loss, gradients = self.jax.block_until_ready(both(weights, *tokens))
            return loss, flat([np.asarray(each) for each in gradients])

        return step


class JaxOnExport(Jax):
    """JAX on the function that `Program.to_jax` gives, instead of one written by hand."""

    title = "JAX jit, our export"
    make = Package.make

    def step(self, job):
        if len(job.samples) == 1:
            raise UnableError("unrolls what is long, and would take minutes to compile")
        m, own = OurEager().functions, [Value(x) for x in job.parameters.tolist()]
        program = trace(lambda x: job.f(m, own, list(x)), job.samples[0].tolist(), parameters=own)
        f, at = program.to_jax(), 0 if own else 1
        both = self.jax.jit(self.jax.value_and_grad(lambda p, x: f(p, x).sum(), at))
        return self.called(both, job.parameters, job.samples)

    def gpt(self):
        model = GPT()
        inputs = [ONE_HOT[list(each)] for each in tokens_of(NAME)]
        program = trace(model.loss, *inputs, parameters=model.parameters())
        both = self.jax.jit(self.jax.value_and_grad(program.to_jax()))
        return self.called(both, program.parameter_values, *inputs)

    def called(self, both, *arrays):
        arrays = [self.jax.numpy.array(each) for each in arrays]
        return lambda: self.jax.block_until_ready(both(*arrays))


def finishes(job, limit):
    """Whether JAX compiles and runs a job within a time, tried in a process of its own."""
    process = multiprocessing.get_context("spawn").Process(target=compile_in_jax, args=(job,))
    process.start()
    process.join(limit)
    done = not process.is_alive()
    if not done:
        process.kill()
    process.join()
    if done and process.exitcode:
        raise RuntimeError(f"JAX failed with exit code {process.exitcode}")
    return done


def compile_in_jax(job):
    first(Jax(limit=None), job)


class Casadi(Package):
    title, needs, compiles = "CasADi", "casadi", True

    def __init__(self):
        import casadi as ca

        self.ca = ca
        names = ("exp", "log", "sqrt", "sin", "cos", "tanh", "erf")
        self.m = Functions(
            "casadi",
            **{name: getattr(ca, name) for name in names},
            maximum=ca.fmax,
            relu=lambda x: ca.fmax(x, 0.0),
            sigmoid=lambda x: 0.5 * ca.tanh(0.5 * x) + 0.5,
        )

    def step(self, job):
        ca, (batch, inputs) = self.ca, job.samples.shape
        p, x = ca.SX.sym("p", job.parameters.size), ca.SX.sym("x", inputs)
        y = job.f(self.m, ca.vertsplit(p) if p.numel() else [], ca.vertsplit(x))
        own = p.numel() > 0
        f = ca.Function("f", [p, x], [y, ca.gradient(y, p if own else x)])
        if batch > 1:  # parameters are shared, and what is shared is summed
            f = f.map("mapped", "serial", batch, [0], [0, 1] if own else [0])
        inputs = [job.parameters.copy(), job.samples.copy()]
        return self.buffered(f, inputs, inputs[0 if own else 1].shape)

    def buffered(self, f, inputs, shape):
        """A call that checks nothing and writes into its own arrays."""
        buffer, trigger = f.buffer()
        value, gradient = np.zeros(1), np.zeros(shape)
        for i, x in enumerate(inputs):
            if x.size:
                buffer.set_arg(i, memoryview(x))
        buffer.set_res(0, memoryview(value))
        buffer.set_res(1, memoryview(gradient))

        def step():
            trigger()
            return value[0], gradient

        step.kept = buffer, inputs
        return step

    def gpt(self):
        ca = self.ca
        symbols = []

        def number(x):
            symbols.append(ca.SX.sym("p"))
            start.append(x)
            return symbols[-1]

        start = []
        model = rewritten(number, ca.exp, ca.log, lambda x: ca.fmax(x, 0.0))
        tokens, following = tokens_of(NAME)
        p = ca.vertcat(*symbols)
        y = model.loss(tokens, following)
        f = ca.Function("f", [p], [y, ca.gradient(y, p)])
        return self.buffered(f, [np.array(start)], (len(start),))


PACKAGES = (
    OurEager, Elsewhere, Replay, ByHand, MicrogptStyle, Micrograd, Autograd, Torch, Jax,
    JaxOnExport, Casadi,
)  # fmt: skip
