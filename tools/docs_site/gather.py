"""Gathers the sources of the site: documents, pages of the site itself, tours, reference, a register for the tours."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from tools.docs_site.diagrams import draw
from tools.docs_site.reference import reference_pages

from relapse_risk.demo import build_demo

__all__ = ["gather", "page"]

FENCE = re.compile(r"(^```.*?^```[^\n]*$)", re.MULTILINE | re.DOTALL)
MERMAID = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"(?<!\[)`docs/(?P<path>[\w/]+\.md)`")
UPWARD = re.compile(r"\]\(\.\./(?P<path>CHANGELOG|CONTRIBUTING)\.md")
DOWNWARD = re.compile(r"\]\(docs/(?P<path>[\w/]+\.md)")
HOUSEHOLDS = 600


def page(text: str, title: str, there: Callable[[str], bool]) -> str:
    """A document as a page of the site: charts drawn, documents that it names linked.

    Parameters
    ----------
    text : str
        Markdown of the document.
    title : str
        Name of its charts for a screen reader.
    there : callable
        Whether a document of that path stands on the site.

    Examples
    --------
    >>> page("see `docs/import.md` and [it](docs/import.md)", "", lambda path: True)
    'see [`docs/import.md`](import.md) and [it](import.md)'
    """
    text = MERMAID.sub(lambda m: f'```{{raw}} html\n<div class="flow-frame">{draw(m.group(1), title)}</div>\n```', text)
    parts = FENCE.split(text)
    for at in range(0, len(parts), 2):  # what stands between fences
        part = UPWARD.sub(r"](\g<path>.md", parts[at])
        part = DOWNWARD.sub(r"](\g<path>", part)
        parts[at] = NAMED.sub(lambda m: f"[{m.group(0)}]({m['path']})" if there(m["path"]) else m.group(0), part)
    return "".join(parts)


def gather(root: Path, out: Path) -> None:
    """Write the sources of the site to ``out / "source"``, and the small register that the tours read beside them.

    Parameters
    ----------
    root : Path
        The checkout.
    out : Path
        A folder of its own.
    """
    source, documents = out / "source", root / "docs"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(documents / "site", source)
    for path in [
        *documents.glob("*.md"),
        *documents.glob("scheduling/*.md"),
        root / "CHANGELOG.md",
        root / "CONTRIBUTING.md",
    ]:
        name = path.relative_to(documents) if path.is_relative_to(documents) else Path(path.name)
        target = source / name
        target.parent.mkdir(exist_ok=True)
        words = page(path.read_text(encoding="utf-8"), f"Diagram of {path.stem}", lambda p: (documents / p).is_file())
        target.write_text(words, encoding="utf-8")
    shutil.copytree(root / "notebooks" / "explore", source / "tours", ignore=shutil.ignore_patterns(".*"))
    (source / "reference").mkdir()
    for name, words in reference_pages().items():
        (source / name).write_text(words, encoding="utf-8")
    register = out / "data" / "dezhou" / "register"  # where a tour in source/tours looks for data/dezhou/register
    if not register.exists():
        build_demo(register, households=HOUSEHOLDS)
