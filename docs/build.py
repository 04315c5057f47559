"""Build the site: `python docs/build.py [FOLDER]` writes it into out/site, or into FOLDER.

The pages of `docs/`, the notebooks as they are committed and the generated reference are put
together in a folder of their own, which Sphinx reads. Every warning is an error.

The playground needs files that npm and pip get from their registries. Where they cannot,
`--without-playground` builds a site whose playground page says that it is missing.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import time
from pathlib import Path

import playground_files
import reference
from sphinx.cmd.build import main as sphinx

DOCS = Path(__file__).parent
ROOT = DOCS.parent
_WITHOUT = "# Playground\n\nThis copy of the site was built without the playground.\n"
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


def build(site: Path, *, playground: bool = True) -> int:
    """Build the site into a folder. Returns 0 if there was no warning."""
    source = site.with_name(f"{site.name}-source")
    shutil.rmtree(site, ignore_errors=True)
    assemble(source)
    if playground:
        playground_files.write(site / "playground")
    else:
        (source / "playground" / "index.md").write_text(_WITHOUT, encoding="utf-8")
    cache = ["-d", str(source / ".doctrees")]
    return sphinx(["-q", "-W", "--keep-going", *cache, str(source), str(site)])


def main() -> int:
    """Build the site as the command line asks."""
    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "out" / "site")
    parser.add_argument("--without-playground", action="store_true")
    options, begun = parser.parse_args(), time.perf_counter()
    try:
        failed = build(options.folder, playground=not options.without_playground)
    except playground_files.MissingFilesError as error:
        print(f"the playground cannot be built: {error}\n", file=sys.stderr)
        print("--without-playground builds the site without it", file=sys.stderr)
        return 1
    print(f"{options.folder}/index.html, in {time.perf_counter() - begun:.0f} s")
    return failed


if __name__ == "__main__":
    sys.exit(main())
