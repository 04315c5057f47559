"""The README: its picture is what the package draws today, and its links lead somewhere."""

import re
from pathlib import Path

from examples import g

from autograd_edu import __version__, draw

README = Path(__file__).parent.parent / "README.md"
PICTURE = README.parent / "notebooks" / "pictures" / "g.svg"


def test_the_picture_in_the_readme_is_current():
    assert PICTURE.read_text(encoding="utf-8") == draw(g()).svg + "\n"


def test_every_link_of_the_readme_leads_to_a_file():
    links = re.findall(r"\]\(([^)#]+)\)", README.read_text(encoding="utf-8"))
    assert len(links) > 10
    assert [link for link in links if not (README.parent / link).exists()] == []


def test_the_citation_names_the_version_of_the_package():
    citation = (README.parent / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in citation
