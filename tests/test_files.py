"""Files are replaced as a whole or not at all; sealed texts notice damage."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time

import pytest

from autograd_edu.errors import StateError
from autograd_edu.files import expect, is_count, is_number, is_numbers, is_text, seal, unseal, write


def leftovers(folder):
    return [p.name for p in folder.iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize("content", ["λ\n", b"\x00\xff", ""])
def test_what_is_written_is_there(tmp_path, content):
    write(tmp_path / "f", content)
    assert (tmp_path / "f").read_bytes() == (
        content.encode() if isinstance(content, str) else content
    )
    assert not leftovers(tmp_path)


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_permissions_of_the_umask(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write(tmp_path / "f", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "f").stat().st_mode & 0o777 == mode


def test_a_file_that_was_there_keeps_its_permissions_and_a_link_stays_a_link(tmp_path):
    (tmp_path / "folder").mkdir()
    real, link = tmp_path / "folder" / "real", tmp_path / "link"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    write(link, "new")
    assert link.is_symlink()
    assert (real.read_text(), real.stat().st_mode & 0o777) == ("new", 0o640)
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "later")
    write(dangling, "made")
    assert (tmp_path / "later").read_text() == "made"


def test_a_name_as_long_as_a_file_system_takes_is_written(tmp_path):
    write(tmp_path / ("n" * 255), "x")
    assert (tmp_path / ("n" * 255)).read_text() == "x"


def test_a_pipe_is_written_to():
    write("/dev/null", "x")
    r, w = os.pipe()
    write(f"/dev/fd/{w}", "through")
    assert os.read(r, 20) == b"through"


def test_a_full_disk_leaves_the_old_file(tmp_path):
    """A limit on the size of files stands in for a full disk."""
    path = tmp_path / "f"
    path.write_text("old")
    code = (
        "import resource, signal, sys\nfrom autograd_edu.files import write\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    write(sys.argv[1], 'x' * 5000)\nexcept OSError as e:\n    print(e.filename)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(path)
    assert path.read_text() == "old"
    assert not leftovers(tmp_path)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1000


@pytest.mark.parametrize("name", ["missing/f", "."])
def test_an_error_names_the_path_that_was_asked_for(tmp_path, name):
    with pytest.raises(OSError, match="Errno") as caught:
        write(tmp_path / name, "x")
    assert caught.value.filename == str(tmp_path / name)
    assert not leftovers(tmp_path)


WRITER = """
import sys
from autograd_edu.files import write
texts = ["a" * 300_000, "b" * 200_000]
print("ready", flush=True)
while True:
    for text in texts:
        write(sys.argv[1], text)
"""


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_the_old_or_the_new_file(tmp_path):
    path = tmp_path / "f"
    path.write_text("a" * 300_000)
    for i in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE
        )
        process.stdout.readline()
        time.sleep(0.003 + 0.0071 * i)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert path.read_text() in ("a" * 300_000, "b" * 200_000)


@pytest.mark.parametrize(
    "content",
    [None, [], {}, {"a": [1, 2.5, "é\ud800"], "b": None}, float("inf"), [1e-320, -0.0, 10**50]],
)
def test_what_is_sealed_comes_back(content):
    assert repr(unseal(seal(content, "thing"), "thing")) == repr(content)
    assert unseal(seal(content, "thing").encode(), "thing") == content


def test_every_cut_and_every_flipped_bit_of_a_sealed_text_is_noticed_or_changes_nothing():
    content = {"w": [1.5, -2.25], "name": "net"}
    whole = seal(content, "model", 3).encode()
    for length in range(len(whole) - 1):
        with pytest.raises(StateError):
            unseal(whole[:length], "model", 3)
    for place in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        with contextlib.suppress(StateError):
            assert unseal(bytes(flipped), "model", 3) == content


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            seal([1], "model"),
            "run.json is not a saved history: its 'format' must be 'autograd_edu history 1'; "
            "got 'autograd_edu model 1'",
        ),
        (seal([1], "history", 9), "must be 'autograd_edu history 1'; got 'autograd_edu history 9'"),
        (seal([1], "history").replace("[1]", "[2]"), "run.json was altered"),
        ("[" * 100_000, "run.json is not a saved history"),
        ("{}", "its 'format' must be 'autograd_edu history 1'; got None"),
        ("1" * 5000, "is not a saved history"),
        (b"\xff\xfe\x00", "is not a saved history"),
        ("", "cut short"),
    ],
)
def test_what_is_wrong_with_a_text_is_said(text, message):
    with pytest.raises(StateError, match=message):
        unseal(text, "history", source="run.json")


def test_a_content_is_held_against_what_is_expected():
    entries = {"name": is_text, "lr": is_number, "steps": is_count, "loss": is_numbers}
    good = {"name": "Adam", "lr": 0.1, "steps": 3, "loss": [1, 2.5]}
    assert expect(good, entries, "the run") == good
    for name, wrong in [
        ("name", 3),
        ("lr", "x"),
        ("lr", True),
        ("lr", 10**400),
        ("steps", -1),
        ("steps", 1.0),
        ("loss", [[1.0]]),
        ("loss", None),
    ]:
        with pytest.raises(StateError, match=f"the entry '{name}' of the run has an invalid value"):
            expect({**good, name: wrong}, entries, "the run")
    for wrong in ([], {**good, "more": 1}, {"name": "Adam"}):
        with pytest.raises(StateError, match="the run must have the entries"):
            expect(wrong, entries, "the run")
