"""The table of contents in README.md, with a thumbnail of each notebook.

A row holds the title of the notebook and the question it opens with. Its thumbnail is the picture
of the code cell that has the tag `thumbnail`, or the first picture in the notebook. A row of a
notebook that does not exist yet stays as it is.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import nbformat

HERE = Path(__file__).parent
MOST_BYTES = 30_000
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_QUESTION = re.compile(r"^\*\*(.+?)\*\*", re.MULTILINE | re.DOTALL)
_WIDTHS = (480, 360, 240, 160, 100)


def update(names: Iterable[str]) -> None:
    """Write the thumbnails and the rows of these notebooks.

    Raises:
        ValueError: if README.md has no row with the number of a notebook.
    """
    readme = HERE / "README.md"
    for name in names:
        write_thumbnail(name)
        mark = f"<!-- {name[:2]} -->\n"
        head, found, tail = readme.read_text(encoding="utf-8").partition(mark)
        if not found:
            raise ValueError(f"README.md has no row for {name}: it needs the line '{mark.strip()}'")
        rest = tail.partition("\n")[2]
        readme.write_text(f"{head}{mark}{row(name)}\n{rest}", encoding="utf-8")


def row(name: str) -> str:
    """A line of the table: the thumbnail, if there is one, the title as a link, the question."""
    source = (HERE / "sources" / f"{name}.md").read_text(encoding="utf-8")
    title, question = _TITLE.search(source), _QUESTION.search(source)
    if title is None or question is None:
        raise ValueError(f"{name} must open with a title, '# …', and a question, '**…**'")
    picture = thumbnail(name)
    shown = f'<img src="pictures/{picture.name}" width="240" alt="">' if picture else ""
    link = f'<a href="{name}.ipynb">{escape(title[1])}</a>'
    asked = escape(" ".join(question[1].split()))
    return f"<tr><td>{shown}</td><td><b>{link}</b><br>{asked}</td></tr>"


def thumbnail(name: str) -> Path | None:
    """The file of a notebook's thumbnail, if it has one."""
    return next((HERE / "pictures").glob(f"{name[:2]}.*"), None)


def write_thumbnail(name: str) -> None:
    """Write the thumbnail from the outputs that are committed, in place of an older one."""
    notebook = nbformat.read(HERE / f"{name}.ipynb", as_version=4)
    for old in (HERE / "pictures").glob(f"{name[:2]}.*"):
        old.unlink()
    cells = sorted(
        notebook.cells, key=lambda cell: "thumbnail" not in cell.metadata.get("tags", [])
    )
    for data in (out.data for cell in cells for out in cell.get("outputs", []) if "data" in out):
        made = _small(data)
        if made:
            suffix, content = made
            (HERE / "pictures" / f"{name[:2]}.{suffix}").write_bytes(content)
            return


def _small(data: Any) -> tuple[str, bytes] | None:
    """The suffix and the content of an output as a small picture, if it is a picture."""
    if "image/svg+xml" in data and len(data["image/svg+xml"].encode()) <= MOST_BYTES:
        return "svg", data["image/svg+xml"].encode()
    if "image/png" in data:
        return "png", _small_png(base64.b64decode(data["image/png"]))
    return None


def _small_png(content: bytes) -> bytes:
    """The picture, narrower and in few colours until it is small enough."""
    from PIL import Image

    for width in _WIDTHS:
        with Image.open(io.BytesIO(content)) as picture:
            height = round(picture.height * width / picture.width)
            narrow = picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
        written = io.BytesIO()
        narrow.quantize(64).save(written, "png", optimize=True)
        if len(written.getvalue()) <= MOST_BYTES:
            break
    return written.getvalue()
