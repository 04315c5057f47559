"""How values are computed inside a `with` block: in IEEE arithmetic, unrecorded, in a scope.

A mode holds for the thread or the task that opened the block; see `blocks`.
"""

from contextvars import ContextVar
from typing import Any

from ..arithmetic.ieee754 import ieee_mode
from ..attributes import text
from ..blocks import Collector, Opener, Set

recording: ContextVar[bool] = ContextVar("recording", default=True)
current_scope: ContextVar[str] = ContextVar("scope", default="")
watch: ContextVar[Any] = ContextVar("watch", default=None)  # of `care.anomaly`, above us
tracer: ContextVar[Any] = ContextVar("tracer", default=None)  # a `program.tracing` Tape, above us


@Opener
def ieee() -> Set[bool]:
    """Inside, an operation without a finite real value gives inf or nan instead of a DomainError.

    >>> from autograd_edu import Value
    >>> with ieee():
    ...     Value(1.0) / 0.0
    Value(data=inf, grad=–)
    """
    return Set(ieee_mode, True, made=(ieee,))


@Opener
def no_grad() -> Set[bool]:
    """Inside, results are constants that remember nothing.

    Raises:
        OperandError: while a function is traced, as every replay would keep those constants.

    >>> from autograd_edu import Value
    >>> x = Value(3.0, "x")
    >>> with no_grad():
    ...     x * x
    Constant(9.0)
    >>> (x * x).parents == (x, x)
    True
    """
    if (tape := tracer.get()) is not None:
        tape.refuse("no_grad(), whose results would be constants in every replay")
    return Set(recording, False, counter="pauses", made=(no_grad,))


def scope(name: str) -> Set[str]:
    """Values made inside belong to the part ``name`` of the enclosing scope.

    Pictures can fold a scope into one box.

    >>> from autograd_edu import Value, exp
    >>> with scope("layer0"), scope("neuron1"):
    ...     y = exp(Value(0.0))
    >>> y.scope
    'layer0/neuron1'
    """
    name = name if name.__class__ is str else text(name, "the name of a scope")
    path = f"{outer}/{name}" if (outer := current_scope.get()) else name
    return Set(current_scope, path, counter="scopes", made=(scope, name))


@Opener
def no_gc() -> Set[bool]:
    """Pause Python's cyclic garbage collector, which costs loops of graphs more than arithmetic.

    Graphs hold no reference cycles. They are still freed as soon as nothing refers to them.

    >>> import gc
    >>> with no_gc():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    return Set(Collector(), False, made=(no_gc,))
