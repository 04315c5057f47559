"""A picture saved under any suffix shows the picture; a failed save leaves what was there."""

import json
import os
import re
import shutil
import stat
import subprocess
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

import pytest
from drawn import texts
from examples import g
from PIL import Image

from autograd_edu import Value, draw, draw_network, sigmoid, steps, to_dot
from autograd_edu.errors import OperandError
from autograd_edu.nn import MLP
from autograd_edu.notation.formula import short
from autograd_edu.pictures.files import renderer
from autograd_edu.pictures.files.animate import frames
from autograd_edu.pictures.files.save import ABOUT
from autograd_edu.pictures.render.styles import STYLES
from autograd_edu.pictures.steps import Steps

MAGIC = {
    ".png": b"\x89PNG",
    ".pdf": b"%PDF",
    ".gif": b"GIF89a",
    ".svg": b"<svg ",
    ".html": b"<!DOCTYPE html>",
    ".json": b'{"',
}


@pytest.mark.parametrize("suffix", ABOUT)
def test_every_suffix_is_written_in_capitals_or_not_to_text_or_path(tmp_path, suffix):
    for path in (tmp_path / f"g{suffix}", str(tmp_path / f"g2{suffix.upper()}")):
        written = draw(g()).save(path)
        assert written == Path(path)
        assert written.read_bytes().startswith(MAGIC.get(suffix, b""))
        assert len(written.read_bytes()) > 300
    assert len(list(tmp_path.iterdir())) == 2, "nothing else is left behind"


@pytest.mark.parametrize("name", ["g.bmp", "g", "g.svgz", ".svg"])
def test_another_suffix_is_refused_with_a_list_of_all(tmp_path, name):
    with pytest.raises(
        OperandError, match=r"\.svg.*\.html.*\.png.*\.pdf.*\.gif.*\.tex.*\.md.*\.json"
    ):
        draw(g()).save(tmp_path / name)


def test_a_folder_and_a_missing_folder_are_named(tmp_path):
    (tmp_path / "x.svg").mkdir()
    with pytest.raises(IsADirectoryError, match=r"x\.svg"):
        draw(g()).save(tmp_path / "x.svg")
    with pytest.raises(FileNotFoundError, match=r"no folder.*missing"):
        draw(g()).save(tmp_path / "missing" / "x.svg")


@pytest.mark.parametrize("suffix", [".html", ".png", ".svg"])
def test_a_failed_save_keeps_the_file_that_was_there(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"g{suffix}"
    path.write_text("precious")
    picture = draw(g())
    monkeypatch.setattr(
        "os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(OSError, match="No space"):
        picture.save(path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "precious"


def test_permissions_and_links_stay(tmp_path):
    real, link = tmp_path / "real.svg", tmp_path / "link.svg"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    draw(g()).save(link)
    assert link.is_symlink()
    assert real.read_text().startswith("<svg")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    fresh = draw(g()).save(tmp_path / "fresh.svg")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(fresh.stat().st_mode) == 0o666 & ~mask


def test_json_is_the_record(tmp_path):
    x = Value(2.0, "\ud800")
    y = x * x
    y.label = "y"
    picture = draw(y)
    text = picture.save(tmp_path / "y.json").read_text("utf-8")
    assert Steps.from_json(text) == steps(y)
    assert json.loads(text)["content"]["steps"][0]["kind"] == "forward"


# ---- pixels and pages ----------------------------------------------------------------------------


def size(svg):
    return tuple(float(ET.fromstring(svg).get(name)) for name in ("width", "height"))


def pdf_text(pdf):
    """The characters that a PDF says its glyphs stand for: what a reader searches and copies."""
    found = set()
    for start in re.finditer(rb"stream\r?\n", pdf):
        try:
            text = zlib.decompressobj().decompress(pdf[start.end() :]).decode("latin-1")
        except zlib.error:
            continue
        for code in re.findall(r"<[0-9A-Fa-f]{4}> <([0-9A-Fa-f]{4,8})>", text):
            found.add(bytes.fromhex(code).decode("utf-16-be"))
    return found


@pytest.mark.parametrize("style", STYLES)
def test_a_png_has_two_dots_a_pixel_and_the_colours_of_the_picture(tmp_path, style):
    picture = draw(g(), style=style)
    with Image.open(picture.save(tmp_path / "g.png")) as file:
        png = file.convert("RGB")
    width, height = size(picture.svg)
    assert abs(png.width - 2 * width) <= 1
    assert abs(png.height - 2 * height) <= 1
    colours = {colour for _, colour in png.getcolors(100_000)}
    assert {(11, 110, 46), (160, 17, 39)} <= colours, "the green of values and the red of gradients"


@pytest.mark.parametrize("style", STYLES)
def test_a_pdf_has_a_point_a_pixel_and_its_text_can_be_searched(tmp_path, style):
    picture = draw(g(), style=style)
    pdf = picture.save(tmp_path / "g.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert pdf.rstrip().endswith(b"%%EOF")
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf)
    assert tuple(map(float, box.groups())) == pytest.approx(size(picture.svg), abs=1)
    shown = set("".join(texts(ET.fromstring(picture.svg))))
    assert shown - {" "} <= pdf_text(pdf)


def test_a_picture_is_the_same_file_every_time(tmp_path):
    for suffix in (".png", ".pdf"):
        a, b = (draw(g()).save(tmp_path / f"{k}{suffix}").read_bytes() for k in "ab")
        assert a == b


def test_a_pdf_of_a_whole_network_is_written(tmp_path):
    model = MLP(3, [4, 4, 1], seed=0)
    loss = (model([1.0, 2.0, -1.0]) - 1.0) ** 2
    loss.backward()
    for picture in (draw(loss, detail="full"), draw(loss), draw_network(model)):
        pdf = picture.save(tmp_path / "loss.pdf").read_bytes()
        assert pdf.rstrip().endswith(b"%%EOF")


def test_a_very_large_pdf_is_no_larger_than_a_page_may_be(tmp_path):
    y = Value(0.5, "x")
    for _ in range(100):
        y = sigmoid(y)
    picture = draw(y, detail="full", direction="right")
    assert size(picture.svg)[0] > 14_400
    pdf = picture.save(tmp_path / "y.pdf").read_bytes()
    width = float(re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+)", pdf)[1])
    assert width == pytest.approx(14_400)


def test_a_character_without_a_face_is_warned_of(tmp_path, monkeypatch):
    y = sigmoid(Value(2.0, "文"))
    monkeypatch.setattr(renderer, "has_face", lambda sign: sign != "文")
    for suffix in (".png", ".pdf"):
        with pytest.warns(UserWarning, match=rf"the {suffix} has boxes in place of 文: .*as \.svg"):
            draw(y).save(tmp_path / f"y{suffix}")


def test_what_has_a_face_is_told_from_what_has_none():
    assert all(map(renderer.has_face, "σ∂₁²–√∞θ·"))
    assert not renderer.has_face("\u0379")


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".gif"])
def test_without_its_extra_a_file_says_what_to_install(tmp_path, monkeypatch, suffix):
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    renderer.compiler.cache_clear()
    with pytest.raises(ImportError, match=r"needs Typst: pip install 'autograd-edu\[files\]'"):
        draw(g()).save(tmp_path / f"g{suffix}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dot", ["with a dot on the PATH", "without one"])
def test_a_digraph_renders_with_what_pip_installed(tmp_path, monkeypatch, dot):
    if dot == "without one":
        monkeypatch.setenv("PATH", "/nowhere")
    digraph = to_dot(g())
    path = digraph.render(tmp_path / "g")
    assert path.endswith(".svg")
    assert "grad 1<" in Path(path).read_text(encoding="utf-8")
    assert digraph.pipe(format="png").startswith(b"\x89PNG")
    assert "<svg" in digraph._repr_mimebundle_(["image/svg+xml"])["image/svg+xml"]


# ---- the animation -------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_frames_show_the_engines_numbers_step_by_step(style):
    a = Value(0.5, "a")
    y = a * a + sigmoid(a)
    y.label = "y"
    record, picture = steps(y), draw(y, style=style)
    pictures = [frame.svg for frame in frames(picture._scene, record.record, style=style)]
    assert len({re.match(r"<svg [^>]*>", p)[0] for p in pictures}) == 1, "all of one size"
    where = [step_of(svg) for svg in pictures]
    beats = [[0], *[[k] * (3 if step.parts else 1) for k, step in enumerate(record, 1)]]
    assert where == [k for several in beats for k in several]
    for k, svg in enumerate(pictures[where.index(k) + where.count(k) - 1] for k in {*where}):
        said = texts(ET.fromstring(svg))
        known = [short(s.value) for s in record[:k] if s.kind == "forward"]
        assert all(number in " ".join(said) for number in known)
        gradients = {p.parent: short(p.after) for s in record[:k] for p in s.parts}
        assert all(number in " ".join(said) for number in gradients.values())
        assert (f"step {k} of {len(record)}" in " ".join(said)) == (k > 0)
        assert sum(t == "?" or t == "data ?" for t in said) <= 3


def step_of(svg):
    return next((int(k) for k in re.findall(r"step (\d+) of \d+, ", svg)), 0)


def part_of(svg, name):
    (element,) = [e for e in ET.fromstring(svg).iter() if e.get("data-part") == name]
    return texts(element)


def test_a_backward_step_leaves_travels_and_lands():
    a = Value(3.0, "a")
    y = a * a
    shown = [frame.svg for frame in frames(draw(y)._scene, steps(y).record)]
    leaves, travels, lands = shown[-3:]
    assert [step_of(svg) for svg in shown] == [0, 1, 2, 3, 3, 3]
    assert part_of(leaves, "over") == []
    assert part_of(travels, "over") == ["3 · 1 = 3"] * 2
    assert part_of(lands, "over") == []
    assert [svg.count('stroke-width="13.0"') for svg in shown] == [0, 0, 0, 0, 2, 2]
    assert ["3 + 3 = 6" in svg for svg in shown] == [False] * 5 + [True]
    assert ['fill="#fff6d6"' in re.sub(r"<g transform[^>]*over.*", "", svg) for svg in shown] == [
        False, False, False, False, False, True,
    ]  # fmt: skip


def test_a_folded_picture_does_not_move(tmp_path):
    with pytest.raises(OperandError, match='detail="full"'):
        draw(MLP(3, [4, 1], seed=0)([1.0, 2.0, 3.0]), detail="layer").save(tmp_path / "x.gif")


def test_a_gif_has_every_frame(tmp_path):
    y = g()
    with Image.open(draw(y).save(tmp_path / "g.gif")) as gif:
        assert gif.n_frames == len(frames(draw(y)._scene, steps(y).record)) == 10
        assert gif.info["loop"] == 0


# ---- LaTeX ---------------------------------------------------------------------------------------


def test_the_latex_file_holds_steps_and_tables(tmp_path):
    tex = draw(g()).save(tmp_path / "g.tex").read_text(encoding="utf-8")
    assert tex.count(r"\begin{tabular}") == 2
    assert tex.count(r"\item ") == len(steps(g()))
    assert tex.count("{") - tex.count(r"\{") == tex.count("}") - tex.count(r"\}")


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no pdflatex on the PATH")
@pytest.mark.parametrize(
    "label",
    ["x", r"\input{/etc/passwd}", "#$%&_{}^~\\", "文字😀עברית", "σ₁·²", "<<a>>--'`\"", "%", "é"],
)
def test_the_latex_file_compiles(tmp_path, label):
    y = sigmoid(Value(2.0, label) * 3.0)
    y.label = label + "'"
    draw(y).save(tmp_path / "g.tex")
    command = [
        "pdflatex",
        "-interaction=nonstopmode",
        "-halt-on-error",
        "-no-shell-escape",
        "g.tex",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-1500:]


def test_a_gif_without_pillow_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(ImportError, match=r"needs Pillow: pip install 'autograd-edu\[files\]'"):
        draw(g()).save(tmp_path / "g.gif")
    assert not list(tmp_path.iterdir())


def test_letters_that_pdflatex_has_no_face_for_are_declared(tmp_path):
    label = "ħĦĸĿŀŉŦŧſ"
    tex = draw(sigmoid(Value(2.0, label))).save(tmp_path / "y.tex").read_text(encoding="utf-8")
    for c in label:
        assert f"\\DeclareUnicodeCharacter{{{ord(c):04X}}}" in tex


def test_a_label_in_brackets_is_no_option_of_a_list_in_latex(tmp_path):
    y = Value(2.0, "x") * 3.0
    y.label = "[loss"
    items = re.findall(r"\\item (.*)", draw(y).save(tmp_path / "y.tex").read_text(encoding="utf-8"))
    assert items
    assert all(item.startswith("{}") for item in items)
    assert "[loss" in items[0]


def test_an_animation_of_hundreds_of_values_is_refused_at_once(tmp_path):
    y = Value(0.5, "x")
    for _ in range(200):
        y = sigmoid(y)
    picture = draw(y, detail="full")
    with pytest.raises(OperandError, match="201 values would be too long; at most 150"):
        picture.save(tmp_path / "y.gif")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_wide_gif_has_fewer_dots(tmp_path):
    y = Value(0.5, "x")
    for _ in range(12):
        y = sigmoid(y)
    with Image.open(draw(y, detail="full", direction="right").save(tmp_path / "y.gif")) as gif:
        assert 1500 < gif.width <= 2030
