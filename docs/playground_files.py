"""What the playground loads: the package's wheel, and Python and Graphviz for browsers from npm.

Each package of npm has a pinned version, and the hash of its archive is checked. To update one, ask
`npm view NAME version dist.integrity`, write both into `PACKAGES`, and run the tests.
"""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

DOCS = Path(__file__).parent
WHEEL = "autograd_edu.whl"
SCRIPTS = ("playground.js", "playground.css", "playground.py")


@dataclass(frozen=True)
class Package:
    """A package of npm, and which of its files the page loads."""

    name: str
    version: str
    integrity: str  # as npm writes it: the algorithm, and the hash in base 64
    files: tuple[str, ...]


PACKAGES = (
    Package(
        "pyodide",
        "314.0.7",
        "sha512-0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyMcWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsOlD2R1A==",
        (
            "pyodide.mjs",
            "pyodide.asm.mjs",
            "pyodide.asm.wasm",
            "python_stdlib.zip",
            "pyodide-lock.json",
        ),
    ),
    Package(
        "@viz-js/viz",
        "3.31.0",
        "sha512-r7zlQdRvcwvIpjHGgs+KNWHeE/P5/Dq7k8ZAKaMCbZqomxCBJV78gVuQYaHzFVca+kB0mX0fMW9UFevCOBG50A==",
        ("dist/viz.js",),
    ),
)


class MissingFilesError(Exception):
    """What the playground needs cannot be had. The message says why, and what to do."""


def write(folder: Path) -> None:
    """Write all that the page of the playground loads into a folder.

    Raises:
        MissingFilesError: if npm or pip fails, or if an archive is not the pinned one.
    """
    folder.mkdir(parents=True)
    for package in PACKAGES:
        unpack(archive(package), package, folder)
    (folder / WHEEL).write_bytes(wheel())
    for name in SCRIPTS:
        shutil.copy(DOCS / "playground" / name, folder)


def archive(package: Package) -> bytes:
    """The archive of a package, as npm downloads it or has it in its cache."""
    npm = shutil.which("npm")
    if npm is None:
        raise MissingFilesError(
            "npm is not on the PATH; it comes with Node.js (https://nodejs.org)"
        )
    wanted = f"{package.name}@{package.version}"
    with TemporaryDirectory() as here:
        made = _run([npm, "pack", wanted, "--prefer-offline", "--pack-destination", here], here)
    return checked(made, package)


def checked(content: bytes, package: Package) -> bytes:
    """The archive, if its hash is the pinned one."""
    algorithm, _, wanted = package.integrity.partition("-")
    found = base64.b64encode(hashlib.new(algorithm, content).digest()).decode()
    if found != wanted:
        raise MissingFilesError(
            f"{package.name} {package.version} has the {algorithm} hash {found}, but {wanted} is "
            "pinned: somebody changed the archive, or the pin is wrong"
        )
    return content


def unpack(content: bytes, package: Package, folder: Path) -> None:
    """Write the files of a package that the page loads into a folder."""
    with tarfile.open(fileobj=io.BytesIO(content)) as packed:
        for name in package.files:
            source = packed.extractfile(f"package/{name}")
            assert source, f"{name} is no file"
            (folder / Path(name).name).write_bytes(source.read())


def wheel() -> bytes:
    """The wheel of this copy of the package."""
    with TemporaryDirectory() as here:
        command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", here]
        return _run([*command, str(DOCS.parent)], here)


def _run(command: list[str], folder: str) -> bytes:
    """The one file that a command writes into a folder."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip()[-600:]
        raise MissingFilesError(f"`{' '.join(command)}` failed:\n{said}")
    (made,) = Path(folder).iterdir()
    return made.read_bytes()
