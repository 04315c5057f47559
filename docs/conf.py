"""How Sphinx builds the site. `docs/build.py` runs it; all that it needs comes with the site."""

import sys
from pathlib import Path

import autograd_edu

sys.path.insert(0, str(Path(__file__).parent))
import reference

project = "autograd_edu"
version = release = autograd_edu.__version__
copyright = "the authors of autograd_edu"
extensions = [
    "docstrings",
    "mathml",
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
exclude_patterns = ["**/.ipynb_checkpoints"]

html_theme = "furo"
html_title = "autograd_edu"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_favicon = "static/icon.svg"
html_js_files = ["site.js"]
html_math_renderer = "mathml"
html_show_sourcelink = html_copy_source = False
html_theme_options = {"top_of_page_buttons": []}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"

# The course is committed with its outputs; the pages of the site run when it is built.
nb_execution_mode = "force"
nb_execution_excludepatterns = ["tutorial/*"]
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True
# The picture that can be stepped through comes first, then the still one.
nb_mime_priority_overrides = [("html", "text/html", 0)]
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # these would come from another host
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
suppress_warnings = ["mystnb.mime_priority"]

napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
maximum_signature_line_length = 80
default_role = "py:obj"


def _without_arguments(*event):
    """No signature for a class that users do not call."""
    return ("", None) if event[2] in reference.RETURNED else None


def setup(app):
    """Sphinx calls this first."""
    app.connect("autodoc-process-signature", _without_arguments)
