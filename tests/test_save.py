"""A picture saved under any suffix shows what the picture shows; and a failed save leaves what was there."""

import json
import os
import re
import shutil
import stat
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from examples import g
from PIL import Image

from autograd_edu import Value, draw, sigmoid, steps
from autograd_edu.errors import LayoutError, OperandError
from autograd_edu.nn import MLP
from autograd_edu.notation.formula import short
from autograd_edu.pictures.files import graphviz_page, shapes
from autograd_edu.pictures.files.animate import frames, moving
from autograd_edu.pictures.files.save import ABOUT
from autograd_edu.pictures.files.shapes import Page, Text, page
from autograd_edu.pictures.files.shapes import Path as Curve
from autograd_edu.pictures.render.styles import STYLES
from autograd_edu.pictures.steps import Steps

SVG = "{http://www.w3.org/2000/svg}"
MAGIC = {
    ".png": b"\x89PNG",
    ".pdf": b"%PDF",
    ".gif": b"GIF89a",
    ".svg": b"<svg ",
    ".html": b"<!DOCTYPE html>",
    ".json": b'{"',
}
pytest_dot = pytest.mark.skipif(
    not shutil.which("dot"), reason="NOT TESTED: .pdf, as no Graphviz dot is on the PATH"
)


@pytest.mark.parametrize("suffix", [s for s in ABOUT if s != ".pdf"])
def test_every_suffix_is_written_in_capitals_or_not_to_text_or_path(tmp_path, suffix):
    for path in (tmp_path / f"g{suffix}", str(tmp_path / f"g2{suffix.upper()}")):
        written = draw(g()).save(path)
        assert written == Path(path)
        assert written.read_bytes().startswith(MAGIC.get(suffix, b""))
        assert len(written.read_bytes()) > 300
    assert len(list(tmp_path.iterdir())) == 2, "nothing else is left behind"


@pytest_dot
def test_a_pdf_is_written_by_dot(tmp_path):
    pdf = draw(g()).save(tmp_path / "g.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    width, height = (
        float(n) for n in re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf).groups()
    )
    assert abs(width - page(draw(g()).svg).width) <= 3, "a point a pixel"
    assert abs(height - page(draw(g()).svg).height) <= 3


@pytest_dot
def test_a_pdf_of_a_whole_network_is_written(tmp_path):
    model = MLP(3, [4, 4, 1], seed=0)
    loss = (model([1.0, 2.0, -1.0]) - 1.0) ** 2
    loss.backward()
    for detail in ("full", "fused"):
        assert (
            draw(loss, detail=detail)
            .save(tmp_path / f"{detail}.pdf")
            .read_bytes()
            .rstrip()
            .endswith(b"%%EOF")
        )


def test_no_string_that_graphviz_is_given_is_too_long_for_it():
    y = Value(1.0, "x" * 10_000)
    for _ in range(300):
        y = sigmoid(y)
    given = graphviz_page._dot_text(page(draw(y).svg))
    assert len(given) > 2 * 16_384
    assert max(map(len, re.findall(r'"(?:[^"\\]|\\.)*"', given))) < 16_384, (
        "the most that version 2.43 reads"
    )


def test_a_pdf_without_dot_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(LayoutError, match=r"`dot`.*on the PATH"):
        draw(g()).save(tmp_path / "g.pdf")
    assert not list(tmp_path.iterdir())


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


def test_json_is_the_record():
    x = Value(2.0, "\ud800")
    y = x * x
    y.label = "y"
    picture = draw(y)
    from autograd_edu.pictures.files.save import of_graph

    text = of_graph(picture.svg, str, picture._scene, picture._steps.record)[".json"]()
    assert Steps.from_json(text.encode().decode()) == steps(y)
    assert json.loads(text)["content"]["steps"][0]["kind"] == "forward"


# ---- pixels and pages ----------------------------------------------------------------------------------------------


def drawn_by_graphviz(whole):
    """The texts that the layout program draws, told as SVG."""
    command = [graphviz_page.program(), "-Kneato", "-n2", "-Tsvg"]
    done = subprocess.run(
        command, input=graphviz_page._dot_text(whole).encode(), capture_output=True, check=True
    )
    return [t.text for t in ET.fromstring(done.stdout).iter(f"{SVG}text")]


@pytest.mark.parametrize("style", STYLES)
def test_what_is_rasterised_holds_every_text_of_the_svg_in_place(style):
    svg = draw(g(), style=style).svg
    texts = [shape for shape in page(svg).shapes if isinstance(shape, Text)]
    assert [t.text for t in texts] == [
        t.text for t in ET.fromstring(svg).iter(f"{SVG}text") if t.text.strip()
    ]
    whole = page(svg)
    assert all(
        0 <= t.x and t.x + t.width <= whole.width + 1 and 0 < t.y <= whole.height for t in texts
    )
    drawn = "".join("".join((t or "").split()) for t in drawn_by_graphviz(whole))
    assert drawn == "".join("".join(t.text.split()) for t in texts)


def test_a_png_has_two_dots_a_pixel_and_the_colours_of_the_picture(tmp_path):
    picture = draw(g())
    with Image.open(picture.save(tmp_path / "g.png")) as file:
        png = file.convert("RGB")
    whole = page(picture.svg)
    assert abs(png.width - 2 * whole.width) <= 4
    assert abs(png.height - 2 * whole.height) <= 4
    colours = {colour for _, colour in png.getcolors(100_000)}
    assert {(11, 110, 46), (160, 17, 39)} <= colours, "the green of values and the red of gradients"


def test_a_program_that_writes_no_text_is_found_out(tmp_path, monkeypatch):
    blank = tmp_path / "blank.py"
    blank.write_text(
        "#!/usr/bin/env python3\nimport sys\nsys.stdout.buffer.write(b'\\x89PNG the same for everything')\n"
    )
    blank.chmod(0o755)
    monkeypatch.setattr(graphviz_page, "program", lambda: str(blank))
    with pytest.raises(LayoutError, match="finds no font"):
        graphviz_page.png(page(draw(g()).svg))


def test_a_sign_without_a_face_is_warned_of(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(graphviz_page, "_drawn", lambda own, sign, beside: sign != "文")
    with pytest.warns(UserWarning, match="boxes for 文: put Graphviz' `dot`"):
        graphviz_page.png(Page(40.0, 20.0, (Text("文", 5.0, 15.0, 14.5, "#000000", 12.0),)))


@pytest.mark.parametrize(
    "text",
    [
        "\\",
        '\\"',
        '"',
        "&lt;",
        "&",
        "\\\\n",
        "\\N%s",
        "a\\",
        "<b>",
        "]]>",
        "c 7 -#ff0000",
        "-",
        '"]; x [',
    ],
)
def test_no_text_breaks_the_drawing_language(text):
    whole = Page(
        200.0,
        20.0,
        (
            Text(text, 5.0, 15.0, 100.0, "#000000", 12.0),
            Text("after", 150.0, 15.0, 30.0, "#000000", 12.0),
        ),
    )
    assert "".join(t.rstrip() for t in drawn_by_graphviz(whole)) == text + "after"


@pytest.mark.parametrize(
    ("path", "ends"),
    [
        ("M0 0L10 0V5H2Z", [(0, 0), (10, 0), (10, 5), (2, 5), (0, 0)]),
        ("M0 0C1 1 2 2 3 3 4 4 5 5 6 6", [(0, 0), (3, 3), (6, 6)]),
        ("M0,0 Q5-5 10,0", [(0, 0), (10, 0)]),
        ("M0 0A5 5 0 0 1 10 0", [(0, 0), (5, -5), (10, 0)]),
        ("M0 0A5 5 0 0 0 10 0", [(0, 0), (5, 5), (10, 0)]),
    ],
)
def test_paths_are_read_as_curves(path, ends):
    (curve,) = page(f'<svg width="9" height="9"><path d="{path}"/></svg>').shapes
    assert isinstance(curve, Curve)
    assert [(round(x, 9), round(y, 9)) for x, y in curve.points[::3]] == ends


def test_what_is_not_ours_is_refused():
    for svg in (
        '<path d="m0 0l1 1"/>',
        '<use href="#a"/>',
        '<rect fill="url(#x)"/>',
        '<g transform="rotate(3)"/>',
    ):
        with pytest.raises((AssertionError, LookupError)):
            page(f'<svg width="9" height="9">{svg}</svg>')
    assert shapes.page('<svg width="9" height="9"/>').shapes == ()


# ---- what moves ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_frames_show_the_engines_numbers_step_by_step(style):
    a = Value(0.5, "a")
    y = a * a + sigmoid(a)
    y.label = "y"
    record, picture = steps(y), draw(y, style=style)
    pictures = frames(picture._scene, record.record, style)
    assert len(pictures) == len(record) + 1
    assert len({re.match(r"<svg [^>]*>", p)[0] for p in pictures}) == 1, "all of one size"
    for k, svg in enumerate(pictures):
        texts = [t.text for t in ET.fromstring(svg).iter(f"{SVG}text")]
        known = [short(s.value) for s in record[:k] if s.kind == "forward"]
        assert all(number in " ".join(texts) for number in known)
        gradients = {p.parent: short(p.after) for s in record[:k] for p in s.parts}
        assert all(number in " ".join(texts) for number in gradients.values())
        assert (f"step {k} of {len(record)}" in " ".join(texts)) == (k > 0)
        assert sum(t == "?" or t == "data ?" for t in texts) <= 3


def test_the_moving_picture_has_no_script_and_rests_on_the_last_frame():
    y = g()
    picture = draw(y)
    pictures = frames(picture._scene, picture._steps.record)
    svg = moving(pictures)
    assert not re.search(r"<style|<script| id=| class=| style=", svg)
    root = ET.fromstring(svg)
    hidden = {t for e in root.iter() if e.get("visibility") == "hidden" for t in e.iter()}
    visible = [t.text for t in root.iter(f"{SVG}text") if t not in hidden]
    assert sorted(visible) == sorted(t.text for t in ET.fromstring(pictures[-1]).iter(f"{SVG}text"))
    for animate in root.iter(f"{SVG}animate"):
        times = [float(t) for t in animate.get("keyTimes").split(";")]
        assert times == sorted(times)
        assert times[0] == 0.0
        assert times[-1] <= 1.0
        assert len(times) == len(animate.get("values").split(";"))


def test_what_does_not_change_stands_in_the_moving_picture_once():
    y = Value(0.5, "y")
    for _ in range(12):
        y = sigmoid(y)
    picture = draw(y)
    pictures = frames(picture._scene, picture._steps.record)
    assert len(moving(pictures)) < len("".join(pictures)) / 4


def test_a_folded_picture_does_not_move(tmp_path):
    with pytest.raises(OperandError, match='detail="full"'):
        draw(MLP(3, [4, 1], seed=0)([1.0, 2.0, 3.0]), detail="layer").save(tmp_path / "x.gif")


def test_a_gif_has_a_frame_a_step(tmp_path):
    y = g()
    with Image.open(draw(y).save(tmp_path / "g.gif")) as gif:
        assert gif.n_frames == len(steps(y)) + 1
        assert gif.info["loop"] == 0


# ---- LaTeX ---------------------------------------------------------------------------------------------------------


def test_the_latex_file_holds_picture_steps_and_tables(tmp_path):
    tex = draw(g()).save(tmp_path / "g.tex").read_text(encoding="utf-8")
    assert tex.count(r"\begin{tabular}") == 4
    assert tex.count(r"\item ") == len(steps(g()))
    assert tex.count(r"\begin{tikzpicture}") == 1
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
    with pytest.raises(ImportError, match=r"pip install 'autograd-edu\[plot\]'.*animated=True"):
        draw(g()).save(tmp_path / "g.gif")
    assert not list(tmp_path.iterdir())


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
    for name, animated in (("y.gif", False), ("y.svg", True)):
        with pytest.raises(OperandError, match="201 values is too long to look at, and 150 are"):
            picture.save(tmp_path / name, animated=animated)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_wide_gif_has_fewer_dots(tmp_path):
    y = Value(0.5, "x")
    for _ in range(12):
        y = sigmoid(y)
    with Image.open(draw(y, detail="full").save(tmp_path / "y.gif")) as gif:
        assert 1500 < gif.width <= 2030
