"""What notebooks elsewhere make of our pictures, by the rules that their front ends state.

- JupyterLab and Notebook 7 sanitise the HTML of a notebook that is not trusted: the lists below
  are those of `packages/apputils/src/sanitizer.ts` in JupyterLab 4, for what we could use.
- VS Code sets innerHTML and runs a copy of each script, appended to the element around it:
  `domEval` in `extensions/notebook-renderers/src/index.ts`.
- Colab and exported pages run the HTML as it is, in a frame or a page of its own.
"""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from drawn import check_picture
from examples import g

from autograd_edu import draw, draw_network, nn, steps
from autograd_edu.pictures.files.save import ABOUT, save

SVG = "{http://www.w3.org/2000/svg}"
TAGS = {"div", "p", "img", "span", "b", "i", "table", "tr", "td", "th", "details", "summary"}
ATTRIBUTES = {"*": {"class", "dir", "hidden", "id", "lang", "style", "title"}}
ATTRIBUTES["img"] = {"align", "alt", "border", "height", "src", "usemap", "width"}
WITHOUT_TEXT = {"script", "style", "textarea", "option"}  # their content is dropped, too


class Sanitizer(HTMLParser):
    """What is left of some HTML: allowed tags with allowed attributes, and text."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.text, self.inside = [], "", 0
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.inside += tag in WITHOUT_TEXT
        if tag in TAGS and not self.inside:
            allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set())
            self.elements.append((tag, {k: v for k, v in attributes if k in allowed}))

    def handle_endtag(self, tag):
        self.inside -= tag in WITHOUT_TEXT

    def handle_data(self, data):
        self.text += "" if self.inside else data


def image(html):
    """The SVG and the alternative text of the one image that a sanitiser leaves."""
    (only,) = [found for tag, found in Sanitizer(html).elements if tag == "img"]
    head, _, svg = only["src"].partition(",")
    assert head.startswith("data:image/svg+xml")
    return unquote(svg), only["alt"]


def backward():
    y = g()
    y.backward()
    return y


def test_the_sanitiser_takes_out_what_it_should():
    html = '<div onclick="f()" id="a"><script>1<2</script><style>p{}</style><svg>x</svg>y</div>'
    assert Sanitizer(html).elements == [("div", {"id": "a"})]
    assert Sanitizer(html).text == "xy"


@pytest.mark.parametrize("style", ["card", "circuit", "micrograd"])
def test_without_scripts_and_styles_the_whole_picture_is_left(style):
    y = backward()
    svg, alternative = image(draw(y, style)._repr_mimebundle_()["text/html"])
    check_picture(y, svg, style)
    assert alternative.startswith("Computation graph of ")


def test_without_scripts_and_styles_steps_are_a_picture_too():
    y = backward()
    html = steps(y)._repr_html_()
    svg, _ = image(html)
    check_picture(y, svg)
    assert not Sanitizer(html).text.strip(), "nothing of a script or a style sheet shows as text"


def test_without_scripts_and_styles_a_network_is_a_picture_too():
    svg, alternative = image(
        draw_network(nn.MLP(2, [3, 1], seed=0))._repr_mimebundle_()["text/html"]
    )
    assert sum("data-weight" in e.attrib for e in ET.fromstring(svg).iter()) == 9
    assert alternative.startswith("a network of 2 inputs")


# ---- front ends that run scripts -----------------------------------------------------------------

VS_CODE = """
html => {
  const element = document.createElement("div");
  element.innerHTML = html;
  document.body.append(element);
  for (const node of [...element.getElementsByTagName("script")]) {
    const script = document.createElement("script");
    script.text = node.innerText;
    if (node.type) script.setAttribute("type", node.type);
    element.appendChild(script).parentNode.removeChild(script);
  }
}
"""


def test_the_stepper_starts_in_vs_code(show):
    page = show("<!DOCTYPE html><body></body>")
    for _ in range(2):
        page.evaluate(VS_CODE, draw(backward()).embed())
    assert page.locator("[role=toolbar]").count() >= 2
    assert page.locator("img").count() == 0, "each image has become a stepper of its own"


def test_two_steppers_on_one_page_each_start_in_their_own_place(show):
    html = draw(backward()).embed()
    page = show(f"<!DOCTYPE html><body><div>{html}{html}</div></body>")
    assert page.locator(".autograd-stepper").count() == 2
    for i in range(2):
        assert page.locator(".autograd-stepper").nth(i).locator("[role=toolbar]").count() >= 1


def test_on_paper_a_stepper_shows_the_finished_pass(show):
    page = show(f"<!DOCTYPE html><body>{steps(backward())._repr_html_()}</body>")
    assert "?" in page.locator("svg").first.text_content()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert "?" not in page.locator("svg").first.text_content()


# ---- Windows -------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ABOUT)
def test_a_path_of_windows_is_understood(tmp_path, monkeypatch, suffix):
    path = rf"C:\Users\Ada\my pictures\graph{suffix.upper()}"
    monkeypatch.chdir(tmp_path)
    save(path, {kind: lambda kind=kind: f"this is {kind}" for kind in ABOUT})
    assert Path(path).read_text() == f"this is {suffix}"


def test_a_missing_folder_is_named_as_it_was_written(tmp_path):
    with pytest.raises(FileNotFoundError, match=re.escape(repr(str(tmp_path / "no such folder")))):
        draw(g()).save(tmp_path / "no such folder" / "g.svg")
