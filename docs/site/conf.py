"""Sphinx: how the pages that `tools/docs_site` gathers become a site (`make docs`)."""

import re
from typing import Any

from numpy.typing import ArrayLike
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish
from sphinx.util.typing import stringify_annotation

import relapse_risk

project = "relapse_risk"
author = "the relapse_risk authors"
release = version = relapse_risk.__version__
language = "en"
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "myst_nb",
    "sphinx_copybutton",
]
templates_path = ["templates"]
exclude_patterns = ["templates", "static"]
nitpicky = False

autosummary_generate = True
autosummary_imported_members = True
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
viewcode_follow_imported_members = True
maximum_signature_line_length = 88
python_use_unqualified_type_names = True
add_module_names = False

myst_enable_extensions = ["colon_fence", "attrs_inline"]
myst_heading_anchors = 4
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 600
nb_merge_streams = True
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = "relapse_risk"
html_static_path = ["static"]
html_css_files = ["chinese.css", "site.css"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "header_links_before_dropdown": 8,
    "navbar_align": "left",
    "navigation_depth": 2,
    "show_prev_next": False,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "tango",
    "pygments_dark_style": "github-dark",
}
html_sidebars = {"index": [], "gallery": [], "architecture": []}
copyright = "the relapse_risk authors, Apache-2.0"

CHINESE = re.compile(r"[\u3400-\u9fff]+")


class Search(SearchEnglish):
    """English words, and Chinese by every two characters that follow each other, since no space parts them."""

    def split(self, input: str) -> list[str]:
        words = super().split(input)
        runs = [run for word in words for run in CHINESE.findall(word)]
        return words + runs + [run[at : at + 2] for run in runs for at in range(len(run) - 1)]


LIKE_AN_ARRAY = stringify_annotation(ArrayLike, "smart")
BACK = re.compile(r'(class="viewcode-back" href="[^"#]+)#[^"]*')


def mend(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """The language of a page that says ``lang: zh`` at its head; from source back to the page of a name.

    A name that two rooms offer is described under one of them, and viewcode may guess the other as the place on the page.
    """
    if (context.get("meta") or {}).get("lang"):
        context["language"] = context["meta"]["lang"]
    if page.startswith("_modules/"):
        context["body"] = BACK.sub(r"\1", context["body"])


def shorten(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str | None, returns: str | None
) -> Any:
    """``ArrayLike`` by its name: NumPy's own is a union of two lines."""
    return signature and signature.replace(LIKE_AN_ARRAY, "ArrayLike"), returns


def setup(app: Sphinx) -> None:
    app.add_search_language(Search)
    app.connect("html-page-context", mend)
    app.connect("autodoc-process-signature", shorten)
