"""The pages of the reference: every public name of every public module, with its docstring."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from textwrap import indent
from types import ModuleType

from docstrings import escape

import autograd_edu

MODULES = {
    "autograd_edu": "The top level",
    "autograd_edu.nn": "Networks",
    "autograd_edu.nn.losses": "Losses",
    "autograd_edu.nn.init": "Initialisers",
    "autograd_edu.nn.regularise": "Regularisers",
    "autograd_edu.optim": "Optimisers",
    "autograd_edu.schedules": "Schedules of the learning rate",
    "autograd_edu.train": "Training",
    "autograd_edu.data": "Data sets",
    "autograd_edu.metrics": "Scores of a model",
    "autograd_edu.plots": "Plots",
    "autograd_edu.lab": "The lectures' experiments",
    "autograd_edu.errors": "Errors",
}
RETURNED = [  # classes that users meet as results of functions, and do not import
    "autograd_edu.pictures.drawing.Drawing",
    "autograd_edu.pictures.arrays.picture.ProgramDrawing",
    "autograd_edu.pictures.network.picture.NetworkDrawing",
    "autograd_edu.pictures.steps.Steps",
    "autograd_edu.record.model.Step",
    "autograd_edu.record.model.Part",
    "autograd_edu.record.model.Node",
    "autograd_edu.record.worksheet.Worksheet",
    "autograd_edu.derivatives.report.Report",
    "autograd_edu.derivatives.report.Row",
    "autograd_edu.program.ir.Gradients",
    "autograd_edu.train.recipe.InitialLoss",
    "autograd_edu.train.recipe.Overfit",
    "autograd_edu.train.recipe.RateCurve",
]
GROUPS = {  # of the top level, by the folder that a name comes from
    "operations": "Operations",
    "engine": "Values, and how they are recorded",
    "derivatives": "Derivatives",
    "pictures": "Steps and pictures",
    "program": "Programs",
}


def public_names(module: ModuleType) -> list[str]:
    """The names that a module offers to its users, sorted."""
    if module is autograd_edu:
        return [name for name in dir(module) if not inspect.ismodule(getattr(module, name))]
    own = [name for name, thing in vars(module).items() if _is_defined_in(module, thing)]
    names = getattr(module, "__all__", own)
    return sorted(
        (
            name
            for name in names
            if not name.startswith("_") and not inspect.ismodule(getattr(module, name))
        ),
        key=str.lower,
    )


def _is_defined_in(module: ModuleType, thing: object) -> bool:
    return getattr(thing, "__module__", None) == module.__name__ and not isinstance(thing, str)


def pages() -> Iterator[tuple[str, str]]:
    """Each page's name, and its text in reStructuredText."""
    for dotted, title in MODULES.items():
        module = import_module(dotted)
        if module is autograd_edu:
            yield from _top_level(module)
        else:
            yield dotted, _page(title, module, public_names(module))
    yield "returned", _returned()


def _top_level(module: ModuleType) -> Iterator[tuple[str, str]]:
    groups: dict[str, list[str]] = {group: [] for group in GROUPS}
    for name in public_names(module):
        groups[_group(getattr(module, name))].append(name)
    for group, names in groups.items():
        yield f"autograd_edu-{group}", _page(GROUPS[group], module, names)


def _returned() -> str:
    title = "What functions return"
    intro = "You meet these classes as results of functions, and do not import them."
    entries = [
        f".. autoclass:: {full}\n   :members:\n   :inherited-members: Sequence, tuple\n"
        for full in RETURNED
    ]
    return "\n".join([title, "=" * len(title), "", intro, "", *entries])


def _group(thing: object) -> str:
    if isinstance(thing, autograd_edu.Op):
        return "operations"
    folder = (getattr(thing, "__module__", None) or "").split(".")[1:2]
    place = folder[0] if folder else "engine"
    return {"nn": "operations", "care": "engine"}.get(place, place)


def _page(title: str, module: ModuleType, names: list[str]) -> str:
    intro = ["Import these names with ``from autograd_edu import …``."]
    if module is not autograd_edu:
        intro = [f".. automodule:: {module.__name__}"]
    rows = [_row(module, name) for name in names]
    table = [".. list-table::", "   :widths: 30 70", "   :class: names", "", *rows]
    entries = [_entry(module, name) for name in names]
    return "\n".join([title, "=" * len(title), "", *intro, "", *table, "", *entries])


def _row(module: ModuleType, name: str) -> str:
    role = "class" if inspect.isclass(getattr(module, name)) else "obj"
    first = summary(module, name)
    return f"   * - :py:{role}:`~{module.__name__}.{name}`\n     - {first}"


def summary(module: ModuleType, name: str) -> str:
    """The first line of what an entry says."""
    said = text_of_data(module, name) or inspect.getdoc(getattr(module, name)) or ""
    return escape([said.partition("\n")[0]])[0]


def text_of_data(module: ModuleType, name: str) -> str:
    """What a module's ``__test__`` says about data, which have no docstring; "" for the rest."""
    text = getattr(module, "__test__", {}).get(name)
    return inspect.cleandoc(text) if isinstance(text, str) else ""


def _entry(module: ModuleType, name: str) -> str:
    full = f"{module.__name__}.{name}"
    if text := text_of_data(module, name):
        body = indent("\n".join(escape(text.splitlines())), "   ")
        return f".. py:data:: {name}\n   :module: {module.__name__}\n\n{body}\n"
    if inspect.isclass(getattr(module, name)):
        return f".. autoclass:: {full}\n   :members:\n"
    return f".. autofunction:: {full}\n"


def write(folder: Path) -> None:
    """Write the pages and their index into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for name, text in pages():
        names.append(name)
        (folder / f"{name}.rst").write_text(text, encoding="utf-8")
    title = "Reference"
    toc = [".. toctree::", "   :maxdepth: 1", "", *(f"   {name}" for name in names)]
    intro = "Every public name, with its docstring. The examples run in the tests."
    index = "\n".join([title, "=" * len(title), "", intro, "", *toc, ""])
    (folder / "index.rst").write_text(index, encoding="utf-8")
