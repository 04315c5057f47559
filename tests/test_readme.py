"""The README's picture is what the package draws today."""

from pathlib import Path

from examples import g

from autograd_edu import draw

PICTURE = Path(__file__).parent.parent / "notebooks" / "pictures" / "g.svg"


def test_the_picture_in_the_readme_is_current():
    assert PICTURE.read_text(encoding="utf-8") == draw(g()).svg + "\n"
