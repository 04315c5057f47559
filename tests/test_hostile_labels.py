"""No label can break any output: it shows, adds nothing, and nothing in it runs.

What a picture, page, table or listing of a hostile label holds is compared with that of a plain
one: the same elements with the same attributes, the same lines, the same cells. Characters without
a shape show as "�", and long labels are cut.
"""

import ast
import json
import os
import re
import shutil
import subprocess
import unicodedata
import xml.etree.ElementTree as ET
from html import escape
from html.parser import HTMLParser

import mistune
import pytest
from drawn import texts
from examples import LABELS, pairwise

from autograd_edu import (
    Value,
    check_gradient,
    draw,
    draw_network,
    log,
    sigmoid,
    steps,
    to_dot,
    trace_graph,
)
from autograd_edu.errors import DomainError
from autograd_edu.nn import MLP
from autograd_edu.notation.names import latex_name
from autograd_edu.notation.text import abbreviate, printable, text_width
from autograd_edu.pictures.files.save import ABOUT
from autograd_edu.pictures.interactive.running import states
from autograd_edu.pictures.interactive.terminal import plain, screen
from autograd_edu.pictures.render.layout import program
from autograd_edu.pictures.render.styles import STYLES
from autograd_edu.pictures.steps import Steps

SHAPELESS = "�"
every_label = pytest.mark.parametrize("label", LABELS.values(), ids=LABELS)


def graph(label):
    """A graph with the label on a leaf and on its result, after a backward pass."""
    x, w = Value(2.0, label), Value(3.0, "w")
    y = sigmoid(x * w) + x * 0.5
    y.label = f"{label}!"
    y.backward()
    return y


def shown(label, most=None):
    """What is shown of a label: shapeless characters replaced, cut to so many columns."""
    text = "".join(c if c.isprintable() else SHAPELESS for c in label)
    return text if most is None else abbreviate(text, most)


def one_line(text):
    """Whether ``text`` can be printed anywhere: a line, and no character that a terminal obeys."""
    return text.isprintable()


def skeleton(markup):
    """The elements of some XML, each with the names of its attributes."""
    return [(e.tag, sorted(e.attrib)) for e in ET.fromstring(markup).iter()]


def same_size(label):
    """A plain label that leads to the same texts: short or long, and as wide."""
    return "x" * max(text_width(shown(label, 60)), 1)


# ---- tables and listings -------------------------------------------------------------------------


@every_label
def test_text_tables_keep_their_lines_and_columns(label):
    record, usual = steps(graph(label)), steps(graph("x"))
    for text, other in (
        (record.text(), usual.text()),
        (str(record), str(usual)),
        (plain(record.record), plain(usual.record)),
    ):
        assert text.count("\n") == other.count("\n")
        assert all(map(one_line, text.split("\n")))
        text.encode("utf-8")
    assert shown(label)[:20].strip() in record.text()
    assert one_line(repr(record))


@every_label
def test_latex_has_nothing_active_in_it(label):
    def skeleton(text):
        bare = re.sub(r"\\text\{(?:\\[#$%&_{}]|\\text\w+\{\}|[^\\#$%&_{}^~\n])*\}", "L", text)
        return re.sub(r"[A-Za-z]+_\{\d*\}|\b\d+\b", "L", bare)

    latex = steps(graph(label)).latex()
    assert latex.count("\n") == steps(graph("x")).latex().count("\n")
    for row in latex.split("\n"):
        assert row.count("&") - row.count(r"\&") == (
            0 if row.startswith(("\\begin", "\\end")) or not row else 4
        )
        assert row.replace(r"\{", "").count("{") == row.replace(r"\}", "").count("}")
    assert "%" not in re.sub(r"\\%", "", latex)
    name = latex_name(label)
    assert "\n" not in name
    assert one_line(name)
    assert skeleton(name) in ("L", "x", *(c for c in name if len(name) == 1)) or re.fullmatch(
        r"\\[a-z]+|[A-Za-z](_\{\d+\})?", name
    )


@pytest.mark.slow
@every_label
def test_markdown_shows_the_label_and_begins_nothing(label):
    render = mistune.create_markdown(
        plugins=["table", "strikethrough", "url", "math"], escape=False
    )

    class Read(HTMLParser):
        def __init__(self, text):
            super().__init__()
            self.tags, self.cells = [], []
            self.feed(text)

        def handle_starttag(self, tag, attrs):
            self.tags.append((tag, sorted(k for k, _ in attrs)))
            self.cells.append("")

        def handle_data(self, data):
            if self.cells:
                self.cells[-1] += data

    hostile, usual = (
        Read(render(steps(graph(label)).markdown())),
        Read(render(steps(graph("x")).markdown())),
    )
    assert hostile.tags == usual.tags
    begins = " ".join(shown(label)[:30].split())
    assert any(begins in " ".join(cell.split()) for cell in hostile.cells)


@every_label
def test_json_round_trips(label):
    record = steps(graph(label))
    text = record.to_json()
    assert Steps.from_json(text) == record
    assert (
        Steps.from_json(text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass"))
        == record
    )
    assert json.loads(text)["content"]["nodes"][0]["name"] == shown(label)


@every_label
def test_the_python_listing_is_the_same_program_under_other_names(label):
    def shape(text):
        return [type(node).__name__ for node in ast.walk(ast.parse(text))]

    listing = steps(graph(label)).python()
    assert shape(listing) == shape(steps(graph("x")).python())
    names: dict = {}
    exec(compile(listing, "listing", "exec"), names)
    gradient = next(
        value
        for name, value in names.items()
        if name.startswith("d") and name.endswith(tuple(_leaf(names)))
    )
    assert gradient == pytest.approx(
        steps(graph(label)).gradients()[steps(graph(label)).nodes[0].name], rel=1e-14
    )


def _leaf(names):
    """The listing's own name of the leaf whose value is 2."""
    return [f"_{name}" for name, value in names.items() if value == 2.0 and name != "__builtins__"]


@every_label
def test_program_listings_keep_their_lines(label):
    x, w = Value(2.0, label), Value(3.0, "w")
    y = sigmoid(x * w) + x * 0.5
    replay = trace_graph(y, inputs=[x], parameters=[w])
    math, latex = replay.listing("math"), replay.listing("latex")
    for listing in (math, latex):
        assert len(listing.split("\n")) == 4
        assert all(map(one_line, listing.split("\n")))
    assert not re.search(r"(?<!\\)%", latex)
    assert latex.count(" &= ") == 4
    assert latex.count("&") - latex.count(r"\&") == 4


# ---- pictures ------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "style", "detail"), pairwise(list(LABELS), list(STYLES), ["full", "fused"])
)
def test_no_picture_has_an_element_or_attribute_that_a_plain_label_would_not_give(
    name, style, detail
):
    label = LABELS[name]
    svg = draw(graph(label), style=style, detail=detail).svg
    svg.encode("utf-8")
    assert skeleton(svg) == skeleton(draw(graph(same_size(label)), style=style, detail=detail).svg)
    said = texts(ET.fromstring(svg))
    assert any(text.startswith(shown(label, 28)[:8].rstrip()) for text in said)
    assert all(map(one_line, said))


def test_a_picture_with_unescaped_text_is_rejected(monkeypatch):
    from autograd_edu.pictures.render import svg

    monkeypatch.setattr(svg, "escape", lambda text, quote=True: text)
    with pytest.raises((AssertionError, ET.ParseError)):
        test_no_picture_has_an_element_or_attribute_that_a_plain_label_would_not_give(
            "markup", "card", "full"
        )


@pytest.mark.slow
@every_label
def test_graphviz_reads_the_dot_and_shows_the_label(label):
    done = subprocess.run(
        [program(), "-Tsvg"],
        input=to_dot(graph(label)).source.encode(),
        capture_output=True,
        check=True,
    )
    other = subprocess.run(
        [program(), "-Tsvg"],
        input=to_dot(graph(same_size(label))).source.encode(),
        capture_output=True,
        check=True,
    )
    hostile, usual = ET.fromstring(done.stdout), ET.fromstring(other.stdout)
    count = [sum(e.get("class") == kind for e in hostile.iter()) for kind in ("node", "edge")]
    assert (
        count
        == [sum(e.get("class") == kind for e in usual.iter()) for kind in ("node", "edge")]
        == [7, 7]
    )
    assert {e.tag for e in hostile.iter()} == {e.tag for e in usual.iter()}
    said = ["".join(text.split()) for text in texts(hostile)]
    assert "".join(shown(label, 28).split()) in said or not shown(label).strip()


@every_label
def test_names_of_units_add_nothing_to_a_network_picture(label):
    model, plain_ = MLP(2, [1], seed=0), same_size(label)
    for weights in ("drawn", "written"):
        picture = draw_network(model, weights=weights, inputs=[label, "b"], outputs=[label])
        assert skeleton(picture.svg) == skeleton(
            draw_network(model, weights=weights, inputs=[plain_, "b"], outputs=[plain_]).svg
        )
        assert texts(ET.fromstring(picture.svg)).count(shown(label, 24)) == 2
        picture.svg.encode("utf-8")


# ---- in a browser --------------------------------------------------------------------------------

TREE = """() => [...document.querySelectorAll('*')].map(
  e => e.tagName + ' ' + [...e.attributes].map(a => a.name).sort().join(' '))"""


def opened(page, html):
    """The elements of a page with ``html``, stepped to the end and its first card chosen."""
    page.set_content(html.encode("utf-8").decode())
    slider = page.locator("[data-part=slider]")
    if slider.count():
        slider.evaluate(
            "s => { s.value = s.max; s.dispatchEvent(new Event('input', {bubbles: true})); }"
        )
        page.locator(".card").first.dispatch_event("click")
    # On a wire stands as much of a formula as there is room for, so that part follows the label.
    page.locator("[data-part=chips]").evaluate_all("all => all.forEach(e => e.textContent = '')")
    return page.evaluate(TREE)


def test_in_a_browser_no_stepper_runs_a_label_or_has_an_element_of_it(show):
    page, usual = show(""), {}
    page.on("dialog", lambda dialog: (page.faults.append(dialog.message), dialog.dismiss()))
    for name, label in LABELS.items():
        size = min(len(same_size(label)), 41)
        if size not in usual:
            usual[size] = opened(page, draw(graph("x" * size)).html)
        assert opened(page, draw(graph(label)).html) == usual[size], name
        assert page.evaluate("window.sentinel") is None, name
        assert page.locator(".card text").first.text_content() == shown(label, 28), name
        title = page.evaluate("document.querySelector('title').textContent")
        assert " ".join(title.split()) == " ".join(printable(f"{label}!", 60).split()), name


@pytest.mark.parametrize("make", [
    lambda label: "".join(draw(graph(label), style=style).svg for style in STYLES),
    lambda label: draw_network(MLP(2, [1], seed=0), inputs=[label, "b"], outputs=[label]).svg,
    lambda label: re.sub(
        "<!DOCTYPE html>|</?(html|body)[^>]*>", "", draw(graph(label), style="circuit").html
    ),
], ids=["pictures", "networks", "pages of another style"])  # fmt: skip
def test_in_a_browser_no_picture_runs_a_label_or_has_an_element_of_it(show, make):
    page = show("")
    tree = opened(page, "<hr>".join(map(make, LABELS.values())))
    assert page.evaluate("window.sentinel") is None
    assert tree == opened(page, "<hr>".join(make(same_size(label)) for label in LABELS.values()))


@pytest.mark.parametrize("label", ["script", "handler", "svg handler", "end of script"])
def test_a_page_with_unescaped_text_is_seen_to_run(browser, label):
    page = browser.new_page()
    page.set_content(f"<p>{LABELS[label]}</p>")
    page.wait_for_function("window.sentinel === 1", timeout=10_000)
    assert page.evaluate(TREE) != browser.new_page().evaluate(TREE)
    page.set_content(f"<p>{escape(LABELS[label])}</p>")
    page.close()


# ---- the terminal and messages -------------------------------------------------------------------


@every_label
def test_no_screen_of_a_terminal_holds_a_code(label):
    record = steps(graph(label)).record
    known = states(record)
    for k in range(len(record.steps) + 1):
        lines = screen(record, known, k, 80, 24)
        assert all(map(one_line, lines))
        assert max(map(text_width, lines)) < 80
        assert len(lines) <= 24


@every_label
def test_every_message_is_one_line(label):
    bad = Value(-1.0, label)
    messages = []
    for mistake in (
        lambda: log(bad),
        lambda: steps(bad * 2.0).of(f"{label}?"),
        lambda: draw(bad * 2.0, expand=[f"{label}?"]),
        lambda: (Value(1e-300, label) ** 0.5 * 1e300).backward(),
        lambda: draw(bad * 2.0).save(
            f"{'' if '/' in label or chr(0) in label or len(label) > 99 else label}.nothing"
        ),
        lambda: draw_network(MLP(2, [1], seed=0), inputs=[label]),
    ):
        try:
            mistake()
        except (ValueError, TypeError, ArithmeticError) as error:
            messages.append(str(error))
    assert len(messages) >= 5
    assert all(map(one_line, messages)), messages
    assert isinstance(repr(bad), str)
    assert one_line(repr(bad))


@every_label
def test_a_gradient_that_is_not_finite_is_told_in_one_line(label):
    x = Value(0.0, label)
    with pytest.raises(DomainError) as caught:
        (x**0.5).backward()
    assert one_line(str(caught.value))


@every_label
def test_the_report_of_a_gradient_check_keeps_its_lines(label):
    report, usual = (
        str(check_gradient(lambda x: x * x, (3.0,), names=[name])) for name in (label, "x")
    )
    assert report.count("\n") == usual.count("\n")
    assert all(map(one_line, report.split("\n")))


# ---- files ---------------------------------------------------------------------------------------


@every_label
@pytest.mark.slow
def test_every_file_is_written_with_every_label(tmp_path, label, recwarn):
    picture = draw(graph(label))
    written = {s: picture.save(tmp_path / f"g{s}").read_bytes() for s in ABOUT if s != ".gif"}
    assert all(written.values())
    texts = {
        suffix: content.decode("utf-8")
        for suffix, content in written.items()
        if suffix not in (".png", ".pdf")
    }
    for suffix, text in texts.items():
        assert all(map(one_line, text.split("\n"))) or suffix == ".html", suffix
    assert Steps.from_json(texts[".json"]) == steps(graph(label))
    other = draw(graph("x")).save(tmp_path / "plain.tex").read_text(encoding="utf-8")
    for command in ("\\begin{", r"\item "):
        assert texts[".tex"].count(command) == other.count(command)


@pytest.mark.slow
@every_label
def test_a_pdf_has_one_page_and_does_nothing(tmp_path, label, recwarn):
    pdf = draw(graph(label)).save(tmp_path / "g.pdf").read_bytes()
    assert pdf.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert not re.search(rb"/(JS|JavaScript|URI|Launch|OpenAction|Annots|EmbeddedFile)\b", pdf)


@pytest.mark.parametrize("name", ["markup", "backslash and quote", "emoji", "right to left"])
@pytest.mark.slow
def test_no_label_breaks_an_animation(tmp_path, name, recwarn):
    gif = draw(graph(LABELS[name])).save(tmp_path / "g.gif")
    assert gif.stat().st_size > 1000


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no pdflatex on the PATH")
def test_latex_files_of_all_labels_compile(tmp_path):
    for i, label in enumerate(LABELS.values()):
        draw(graph(label)).save(tmp_path / f"g{i}.tex")
        command = [
            "pdflatex",
            "-interaction=nonstopmode",
            "-halt-on-error",
            "-no-shell-escape",
            "-draftmode",
            f"g{i}.tex",
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=120)
        assert done.returncode == 0, (label[:100], done.stdout.decode(errors="replace")[-1500:])


def test_pairwise_combinations_hold_every_pair():
    factors = "abcdef", "xyz", "12"
    chosen = pairwise(*factors)
    assert len(chosen) == len(set(chosen)) < 6 * 3 * 2
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert {(row[i], row[j]) for row in chosen} == {
            (a, b) for a in factors[i] for b in factors[j]
        }


def test_there_are_enough_labels_and_they_differ():
    assert len(set(LABELS.values())) == len(LABELS) >= 60
    kinds = {unicodedata.category(c) for label in LABELS.values() for c in label}
    assert {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs", "Mn", "Lo", "So"} <= kinds
    assert not one_line("\x1b") or not one_line("\n"), "the check of lines sees what is none"
    assert os.linesep
