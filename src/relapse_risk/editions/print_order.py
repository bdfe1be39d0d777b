"""What is settled once all blocks of a PDF are known: where pages begin, levels of headings, links that lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["Block", "every", "levelled", "linked", "paged"]

Block = dict[str, Any]


def paged(blocks: list[Block]) -> list[Block]:
    """Where pages begin: a section below the head of a sheet, or below the contents of a brief, needs no new one."""
    before: Block = {}
    brief = False
    for block in blocks:
        if block["what"] == "contents":
            brief = before.get("what") == "onepage"
            block["after_brief"] = brief
        beside = (before.get("what") == "contents" and brief) or before.get("kind") == "sheet"
        if block.get("new_page") and beside:
            block["new_page"] = False
        if block.get("kind") == "stamp" and before.get("what") == "para":
            before["before_stamp"] = True  # the last line of a report does not stand on a page of its own
        before = block
    return blocks


def every(blocks: Sequence[Block]) -> Iterator[Block]:
    """Blocks and those inside them, in the order of reading."""
    for block in blocks:
        yield block
        for inner in (block.get("blocks", []), *block.get("parts", [])):
            yield from every(inner)


def levelled(blocks: list[Block]) -> list[Block]:
    """Headings begin with level 1 and skip none, as PDF/UA wants."""
    above: list[int] = []
    for block in every(blocks):
        if block["what"] == "heading":
            while above and above[-1] >= block["tag"]:
                above.pop()
            above.append(block["tag"])
            block["level"] = len(above)
    return blocks


def linked(blocks: list[Block]) -> None:
    """Links that lead nowhere become words: a missing target would stop the document."""
    there = {block["id"] for block in every(blocks) if block.get("id")}

    def visit(node: Any) -> None:
        if isinstance(node, dict):
            if "to" in node and node["to"] not in there:
                del node["to"]
            for value in node.values():
                visit(value)
        elif isinstance(node, list):
            for value in node:
                visit(value)

    visit(blocks)
