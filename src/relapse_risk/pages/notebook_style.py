"""Blocks of a report in a notebook: the style of the page around each, so that none stands there bare.

JupyterLab puts the output of a cell into its own page, with its own style and theme.  A block there carries the rules of
``page.css`` with it, nested below one class (CSS Nesting Module, W3C 2023), so that they reach nothing else, and keeps its
white paper in a dark theme: its drawings are made for it.  An edition has the rules once, in the head of its page.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib.resources import files

__all__ = ["in_notebook", "page_css", "styled"]

CLASS = "relapse-risk-block"
WIDE = "@media (min-width: 82rem)"  # from here on: contents beside the page, and paper
OF_THE_PAGE = re.compile(r"^(?:html|main) \{[^}]*\}$", re.MULTILINE)
PAPER = """
& { background: #fff; color-scheme: light; padding: .25rem 1rem; overflow-x: auto; }
& > style + * { margin-top: .25rem !important; }
& h1, & h2, & h3 { font-weight: 700; color: inherit; }
& table, & caption, & thead, & tbody, & tr, & th, & td, & p, & li { background: none; color: inherit; }
"""  # the notebook's theme colours tables and headings of its own


@cache
def page_css() -> str:
    """The style of a report's page."""
    return files("relapse_risk").joinpath("pages", "page.css").read_text(encoding="utf-8")


@cache
def _nested() -> str:
    rules = OF_THE_PAGE.sub("", page_css().split(WIDE)[0])
    for page, block in ((":root {", "& {"), ("body {", "& {"), ("* {", "& * {")):
        rules = re.sub(rf"^{re.escape(page)}", block, rules, flags=re.MULTILINE)
    return f".{CLASS}.{CLASS}.{CLASS} {{ {PAPER} {rules} }}"  # thrice: above the notebook's own rules of tables


def styled(html: str) -> str:
    """A block with its style, as a notebook shows it.

    Parameters
    ----------
    html : str
        A block of a page.

    Examples
    --------
    >>> styled("<p>text</p>").startswith('<div class="relapse-risk-block"><style>.relapse-risk-block')
    True
    """
    return f'<div class="{CLASS}"><style>{_nested()}</style>{html}</div>' if html.strip() else html


def in_notebook() -> bool:
    """Whether the kernel of a notebook shows what is made; an edition runs its cells in a shell without one."""
    shell = sys.modules.get("IPython.core.getipython")
    found = shell.get_ipython() if shell else None
    return type(found).__name__ == "ZMQInteractiveShell"
