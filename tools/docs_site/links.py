"""Every link of a built site leads somewhere on it, and nothing is fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import html

__all__ = ["broken_links", "fetched_elsewhere"]

LOADS = {"img": "src", "script": "src", "iframe": "src", "source": "src", "object": "data"}
LOADED_LINKS = {"stylesheet", "icon", "preload", "modulepreload"}


@cache
def _tree(path: Path) -> html.HtmlElement:
    return html.fromstring(path.read_bytes(), parser=html.HTMLParser(encoding="utf-8"))


@cache
def _anchors(path: Path) -> frozenset[str]:
    return frozenset([*_tree(path).xpath("//@id"), *_tree(path).xpath("//a/@name"), "", "top"])


def _pages(site: Path) -> Iterator[Path]:
    yield from (
        path for path in sorted(site.rglob("*.html")) if path.parent.name != "_static"
    )  # a template of the theme


def broken_links(site: Path) -> list[str]:
    """One line for each link to a file or an anchor that is not there.

    Parameters
    ----------
    site : Path
        Folder of a built site.
    """
    said = []
    for path in _pages(site):
        tree = _tree(path)
        for target in {*tree.xpath("//@href"), *tree.xpath("//@src")}:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc or target.startswith("//"):
                continue
            goal = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            goal = goal / "index.html" if goal.is_dir() else goal
            if not goal.is_file():
                said.append(f"{path.relative_to(site)}: {target}: no such file")
            elif goal.suffix == ".html" and unquote(parts.fragment) not in _anchors(goal):
                said.append(f"{path.relative_to(site)}: {target}: no such place on the page")
    return said


def fetched_elsewhere(site: Path) -> list[str]:
    """One line for each script, style or picture that a page would fetch from another host.

    Parameters
    ----------
    site : Path
        Folder of a built site.
    """
    said = []
    for path in _pages(site):
        for element in _tree(path).iter(*LOADS, "link"):
            if element.tag == "link" and not LOADED_LINKS & set((element.get("rel") or "").split()):
                continue
            target = element.get("href" if element.tag == "link" else LOADS[element.tag]) or ""
            if urlsplit(target).netloc:
                said.append(f"{path.relative_to(site)}: {element.tag} {target}")
    for path in sorted(site.rglob("*.css")):
        text = path.read_text(encoding="utf-8")
        said += [f"{path.relative_to(site)}: url of another host" for mark in ("url(http", "url(//") if mark in text]
    return said
