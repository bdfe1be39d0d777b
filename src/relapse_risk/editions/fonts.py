"""The embedded font: Chinese never turns to boxes, whatever is installed.

A page carries the few hundred characters it uses, cut from the two weights of the package (see ``fonts/README.md``).
A character the font does not have is drawn by a font of the reader's machine or is a box there; the manifest of the
edition names it with its code point (:func:`code_points`).  No report is lost over a name.
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

from relapse_risk.files import digest, write_bytes

__all__ = [
    "FALLBACK",
    "FAMILY",
    "FontFace",
    "code_points",
    "covers",
    "font_css",
    "font_digest",
    "font_file",
    "missing_characters",
    "write_fonts",
]

FAMILY, FALLBACK = "Report Sans", "Report Sans Regular"
Weight = Literal["Regular", "Bold"]
CSS_WEIGHT: dict[Weight, int] = {"Regular": 400, "Bold": 700}
UNDRAWN = frozenset("\n\r\t\u00ad\u200b\u2060\ufeff")  # take no glyph
KEPT_FEATURES = ("kern", "locl", "ccmp", "mark", "mkmk")


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


def code_points(characters: str) -> list[str]:
    """Characters by their code points.

    Examples
    --------
    >>> code_points("\U00020bb7a")
    ['U+20BB7', 'U+0061']
    """
    return [f"U+{ord(character):04X}" for character in characters]


def font_css(words: str) -> str:
    """``@font-face`` rules with just the characters of ``words``, in both weights.

    The bold file covers fewer characters; those it lacks are drawn by the regular one through a second family, so
    that a rare surname or village still shows.  Characters in neither are left out.
    """
    wanted = {ord(c) for c in words} & covers("Regular")
    faces = [
        FontFace(FAMILY, 400, _subset("Regular", wanted)),
        FontFace(FAMILY, 700, _subset("Bold", wanted & covers("Bold"))),
    ]
    if rare := wanted - covers("Bold"):
        faces.append(FontFace(FALLBACK, 400, _subset("Regular", rare)))
    return "\n".join(face.css for face in faces)


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


def write_fonts(folder: Path) -> Path:
    """Both weights as TrueType files in ``folder`` and nothing else there (for Typst, which reads folders)."""
    for weight in CSS_WEIGHT:
        path = folder / f"NotoSansSC-{weight}.ttf"
        if not path.is_file():
            write_bytes(path, _font_bytes(weight))
    return folder
