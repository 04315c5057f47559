"""All tables of mistakes, in order."""

from __future__ import annotations

from collections.abc import Iterator

from . import (
    backward,
    datasets_and_plots,
    differentiating,
    habits,
    networks,
    operations,
    optimising,
    pictures,
    registering,
    tracing,
    training,
    typed_commands,
    values,
)
from .mistake import Area, Mistake

AREAS = [
    table.AREA
    for table in (
        values, operations, backward, registering, differentiating, tracing, networks, optimising,
        training, datasets_and_plots, pictures, typed_commands, habits,
    )
]  # fmt: skip


def numbered() -> Iterator[tuple[str, Area, Mistake]]:
    """Each mistake with its name, such as ``optim-03``, and its area."""
    for area in AREAS:
        for number, mistake in enumerate(area.mistakes, start=1):
            yield f"{area.name.replace(' ', '-')}-{number:02}", area, mistake
