"""The embedded font: Chinese never turns to boxes, whatever is installed.

A page carries the few hundred characters it uses, cut from the two weights of the package (see ``fonts/README.md``).
A character the font does not have is an error that names it: a box would be silent.
"""

from __future__ import annotations

import base64
import lzma
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import gettempdir
from typing import Literal

import uharfbuzz as hb

from relapse_risk.errors import RenderError
from relapse_risk.files import digest, write_bytes

__all__ = ["FALLBACK", "FAMILY", "FontFace", "covers", "font_css", "font_digest", "font_file", "missing_characters"]

FAMILY, FALLBACK = "Report Sans", "Report Sans Regular"
Weight = Literal["Regular", "Bold"]
CSS_WEIGHT: dict[Weight, int] = {"Regular": 400, "Bold": 700}
UNDRAWN = frozenset("\n\r\t\u00ad\u200b\u2060\ufeff")  # take no glyph
KEPT_FEATURES = ("kern", "locl", "ccmp", "mark", "mkmk")
MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class FontFace:
    """One subset: its CSS family and weight, and the TrueType bytes."""

    family: str
    weight: int
    data: bytes

    @property
    def css(self) -> str:
        """An ``@font-face`` rule with the font inside it."""
        coded = base64.b64encode(self.data).decode("ascii")
        return (
            f'@font-face{{font-family:"{self.family}";font-weight:{self.weight};font-style:normal;font-display:block;'
            f'src:url("data:font/ttf;base64,{coded}") format("truetype")}}'
        )


@cache
def _packed(weight: Weight) -> bytes:
    source = files("relapse_risk").joinpath("editions", "fonts_noto", f"NotoSansSC-{weight}.ttf.xz")
    return source.read_bytes()


@cache
def _font_bytes(weight: Weight) -> bytes:
    return lzma.decompress(_packed(weight))


@cache
def _face(weight: Weight) -> hb.Face:
    return hb.Face(_font_bytes(weight))


@cache
def covers(weight: Weight) -> frozenset[int]:
    """Code points the package's font of this weight has.

    Examples
    --------
    >>> ord("齐") in covers("Bold"), ord("🙂") in covers("Regular")
    (True, False)
    """
    return frozenset(_face(weight).unicodes)


@cache
def font_digest() -> str:
    """Digest of both font files: part of what a report depends on."""
    return digest(map(_packed, CSS_WEIGHT), size=8)


def missing_characters(words: Iterable[str]) -> str:
    """Characters of ``words`` that the font cannot draw, each once, in code point order.

    Examples
    --------
    >>> missing_characters("齐河县 🙂")
    '🙂'
    """
    return "".join(sorted({c for c in words if ord(c) not in covers("Regular")} - UNDRAWN))


def font_css(words: str, where: str = "report") -> str:
    """``@font-face`` rules with just the characters of ``words``, in both weights.

    The bold file covers fewer characters; those it lacks are drawn by the regular one through a second family, so
    that a rare surname or village still shows.

    Raises
    ------
    RenderError
        If a character is in neither, naming it with its code point and what stands around it.
    """
    if missing := missing_characters(words):
        named = ", ".join(f"{c!r} (U+{ord(c):04X}) in {_around(words, c)!r}" for c in missing[:MOST_NAMED])
        raise RenderError(
            f"the report font lacks {len(missing)} character(s): {named}", where=where,
            fix="write it another way, or build the font with it (editions/fonts_noto/README.md)",
        )  # fmt: skip
    wanted = {ord(c) for c in words} - {ord(c) for c in UNDRAWN}
    faces = [
        FontFace(FAMILY, 400, _subset("Regular", wanted)),
        FontFace(FAMILY, 700, _subset("Bold", wanted & covers("Bold"))),
    ]
    if rare := wanted - covers("Bold"):
        faces.append(FontFace(FALLBACK, 400, _subset("Regular", rare)))
    return "\n".join(face.css for face in faces)


def _around(words: str, character: str, reach: int = 8) -> str:
    at = words.index(character)
    return words[max(at - reach, 0) : at + reach + 1].strip()


def _subset(weight: Weight, points: set[int]) -> bytes:
    wanted = hb.SubsetInput()
    wanted.flags = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NOTDEF_OUTLINE
    wanted.unicode_set.set(hb.Set(points))
    wanted.layout_feature_tag_set.set(hb.Set({_tag(feature) for feature in KEPT_FEATURES}))
    data: bytes = hb.subset(_face(weight), wanted).blob.data
    return data


def _tag(feature: str) -> int:
    return int.from_bytes(feature.encode("ascii"), "big")


def font_file(weight: Weight = "Regular") -> Path:
    """The whole font as a TrueType file, unpacked once into the temporary folder (for matplotlib and the like)."""
    account = os.getuid() if hasattr(os, "getuid") else 0  # one account may be unable to read what another wrote
    path = Path(gettempdir()) / f"relapse-risk-{account}-{font_digest()}-{weight}.ttf"
    return path if path.is_file() else write_bytes(path, _font_bytes(weight))
