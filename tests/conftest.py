"""Options of the test run, frameworks, and a browser for what is read in one, such as the site."""

import importlib
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
NPM = shutil.which("npm")
DOCS = Path(__file__).parent.parent / "docs"


def pytest_addoption(parser):
    parser.addoption(
        "--long", action="store_true", help="also run what takes minutes: 100,000 random graphs"
    )
    parser.addoption(
        "--notebooks", action="store_true", help="run all notebooks in a kernel, not only a few"
    )


def pytest_collection_modifyitems(items):
    """Mark tests that open a browser as `browser`, and tests of JAX or PyTorch as `frameworks`."""
    for item in items:
        case = item.name.partition("[")[2].lower()
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
        if "jax" in case or "torch" in case:
            item.add_marker("frameworks")


@pytest.fixture(scope="session")
def long(request):
    """Whether the long runs were asked for."""
    return request.config.getoption("--long")


def without(what, name=""):
    """Say that a part cannot be tested here.

    In CI (CI=true) that is a failure, unless NOT_INSTALLED has the name of what is missing.
    """
    if name in os.environ.get("NOT_INSTALLED", "").split():
        pytest.skip(f"NOT TESTED: {what} (NOT_INSTALLED says so)")
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"NOT TESTED: {what}")


def framework(name):
    """JAX or PyTorch, imported.

    If it is missing, the test is skipped; in CI it fails, unless NOT_INSTALLED names the framework.
    """
    if find_spec(name) is None:
        without(f"{name} is not installed, so what needs it is not tried", name)
    return importlib.import_module(name)


@pytest.fixture(scope="session")
def torch():
    return framework("torch")


@pytest.fixture(scope="session")
def jax():
    return framework("jax")


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium of the system."""
    if not CHROMIUM:
        without(
            "no Chromium on the PATH, so nothing is tried in a browser: "
            "install the system's chromium package"
        )
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def show(browser):
    """``show(html, **options)`` opens a page.

    At the end of the test, no script may have failed on it, and nothing may have been fetched.
    """
    pages = []

    def open_(html, *, clock=False, **options):
        page = browser.new_page(**options)
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on(
            "request",
            lambda request: request.url.startswith("data:") or page.faults.append(request.url),
        )
        if clock:
            page.clock.install(time=0)
        page.set_content(html)
        if clock:
            page.clock.pause_at(1_000_000)
        pages.append(page)
        return page

    yield open_
    for page in pages:
        assert not page.faults
        page.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The whole site, built with every warning as an error; once, also for several processes."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    said = shared / "site-said"
    try:
        (shared / "site-begun").mkdir()
    except FileExistsError:  # another process builds it
        wait_for(said)
    else:
        command = [sys.executable, DOCS / "build.py", shared / "site"]
        command += [] if NPM else ["--without-playground"]  # its own tests say that it is missing
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        part = said.with_suffix(".part")
        part.write_text(run.stderr[-3000:] if run.returncode else "", encoding="utf-8")
        part.replace(said)
    assert said.read_text(encoding="utf-8") == ""
    return shared / "site"


def wait_for(path, seconds=300):
    """Wait until a file is there."""
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"no {path} after {seconds} s"
        time.sleep(0.2)


@pytest.fixture(scope="session")
def address(site):
    """Where the site is served on this machine."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def copyfile(self, *both):
            with suppress(ConnectionError):  # the page was left before it had loaded
                super().copyfile(*both)

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def visit(browser, address):
    """``visit(path)`` opens a page of the site. Nothing may fail or come from another host."""
    page = browser.new_page()
    faults = watch(page, address)

    def open_(path, width=1200):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{address}/{path}")
        return page

    yield open_
    page.close()
    assert faults == []


def watch(page, address):
    """A list to which the errors of a page are added, and what it fetches from another host."""
    faults, own = [], (address, "data:", "blob:")
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: line.type == "error" and faults.append(line.text))
    page.on("request", lambda asked: asked.url.startswith(own) or faults.append(asked.url))
    return faults
