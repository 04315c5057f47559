"""Build the site: `python docs/build.py [FOLDER]` writes it into out/site, or into FOLDER.

The pages of `docs/`, the notebooks as they are committed and the generated reference are put
together in a folder of their own, which Sphinx reads. Every warning is an error.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from pathlib import Path

import reference
from sphinx.cmd.build import main as sphinx

DOCS = Path(__file__).parent
ROOT = DOCS.parent
_FENCED = re.compile(r"(```.*?```)", re.DOTALL)


def assemble(source: Path) -> None:
    """Write everything that Sphinx reads into a folder."""
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(DOCS, source, ignore=shutil.ignore_patterns("__pycache__"))
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        text = notebook.read_text(encoding="utf-8")
        (source / "tutorial" / notebook.name).write_text(one_title(text), encoding="utf-8")
    reference.write(source / "reference")


def one_title(notebook: str) -> str:
    """The notebook with its first heading as its only title; the others become sections."""
    content = json.loads(notebook)
    prose = [cell for cell in content["cells"] if cell["cell_type"] == "markdown"]
    for cell in prose[1:]:
        pieces = _FENCED.split("".join(cell["source"]))  # every second piece is code
        pieces[::2] = [re.sub(r"^# ", "## ", piece, flags=re.MULTILINE) for piece in pieces[::2]]
        cell["source"] = "".join(pieces)
    return json.dumps(content)


def build(site: Path) -> int:
    """Build the site into a folder. Returns 0 if there was no warning."""
    source = site.with_name(f"{site.name}-source")
    shutil.rmtree(site, ignore_errors=True)
    assemble(source)
    cache = ["-d", str(source / ".doctrees")]
    return sphinx(["-q", "-W", "--keep-going", *cache, str(source), str(site)])


if __name__ == "__main__":
    begun = time.perf_counter()
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "out" / "site"
    failed = build(folder)
    print(f"{folder}/index.html, in {time.perf_counter() - begun:.0f} s")
    sys.exit(failed)
