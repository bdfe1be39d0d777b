"""Wrong parameters planted one by one into a copy of the folder, and whether the check reports them.

    python -m tests.params_check.planting [--all]

Kinds: a borrowed source, a wrong unit, two swapped dates, a doubled definition, an amount off by ten.
"""

from __future__ import annotations

import random
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp

from relapse_risk.parameters import params_dir
from relapse_risk.params_check import check_params

DAY = date(2020, 12, 31)
FILES = ("lines.yaml", "thresholds.yaml")
ELSEWHERE = ("eph_line", "eph_")  # series of another place, in pesos that inflate
UNITS = {
    "share": "CNY/person/month",
    "days": "share",
    "CNY/person/year": "CNY/household/month",
    "ratio": "days",
    "minutes per trip": "L/person/day",
}


@dataclass(frozen=True, slots=True)
class Plant:
    """One wrong parameter: the kind, the file, what stands there and what is written instead."""

    kind: str
    file: str
    name: str
    right: str
    wrong: str


def _entries(folder: Path) -> Iterator[tuple[str, str, str]]:
    """File, name and block of every parameter."""
    for file in FILES:
        text = (folder / file).read_text(encoding="utf-8")
        for block in re.finditer(r"^([a-z_0-9]+):\n((?:  .*\n)+)", text, re.MULTILINE):
            if not block[1].startswith(ELSEWHERE):
                yield file, block[1], block[0]


def plants(folder: Path) -> list[Plant]:
    """Every plant of every kind that the folder has room for."""
    found = []
    for file, name, block in _entries(folder):
        unit = re.search(r"^  unit: (.*)$", block, re.MULTILINE)
        for old, new in UNITS.items():
            if unit and unit[1] == old:
                found.append(Plant("unit", file, name, block, block.replace(f"unit: {old}", f"unit: {new}", 1)))
        rows = re.findall(r"^    (\d{4}-\d\d-\d\d): \{value: ([\d.]+), confidence: (\w+)", block, re.MULTILINE)
        for (one, *_), (other, *_) in pairwise(rows):
            swapped = (
                block.replace(f"{one}: {{", "@: {")
                .replace(f"{other}: {{", f"{one}: {{")
                .replace("@: {", f"{other}: {{")
            )
            found.append(Plant("dates", file, name, block, swapped))
        for day, value, confidence in rows:
            for times in (10, 0.1):
                if float(value) > 0 and confidence != "carried":
                    wrong = block.replace(f"{day}: {{value: {value},", f"{day}: {{value: {float(value) * times:g},", 1)
                    found.append(Plant("off by ten", file, name, block, wrong))
        for source in re.findall(r"confidence: documented, source: '(DEF-RATES|DEF-3G)", block):
            other = "DEF-3G" if source == "DEF-RATES" else "DEF-RATES"
            found.append(Plant("source", file, name, block, block.replace(f"'{source}", f"'{other}")))
            found.append(Plant("source", file, name, block, block.replace(f"'{source}", "'ART-LIAOCHENG")))
        found.append(Plant("doubled", file, name, block, block + block.replace(f"{name}:", f"{name}_again:", 1)))
    predicates = folder / "predicates" / "households.yaml"
    for entry in re.finditer(r"^([a-z_]+):\n(?:  .*\n)+", predicates.read_text(encoding="utf-8"), re.MULTILINE):
        found.append(
            Plant(
                "doubled",
                "predicates/households.yaml",
                entry[1],
                entry[0],
                entry[0] + entry[0].replace(f"{entry[1]}:", f"{entry[1]}_again:", 1),
            )
        )
    return [one for one in found if one.right != one.wrong]


def drawn(folder: Path, count: int, seed: int = 13) -> list[Plant]:
    """A seeded sample, as many of each kind as it can be."""
    rng, by_kind = random.Random(seed), {}
    for one in plants(folder):
        by_kind.setdefault(one.kind, []).append(one)
    for mine in by_kind.values():
        rng.shuffle(mine)
    taken: list[Plant] = []
    while len(taken) < count and any(by_kind.values()):
        for mine in by_kind.values():
            if mine and len(taken) < count:
                taken.append(mine.pop())
    return taken


def is_reported(plant: Plant, folder: Path) -> bool:
    """Whether the check of a copy with the plant names the parameter (or the file, if it cannot be read)."""
    file = folder / plant.file
    kept = file.read_text(encoding="utf-8")
    try:
        file.write_text(kept.replace(plant.right, plant.wrong, 1), encoding="utf-8")
        return any(plant.name in str(fault) for fault in check_params(None, DAY, folder).faults)
    finally:
        file.write_text(kept, encoding="utf-8")


def copy_of_params() -> Path:
    folder = Path(mkdtemp()) / "params"
    shutil.copytree(params_dir(), folder)
    return folder


if __name__ == "__main__":
    work = copy_of_params()
    chosen = drawn(work, 10_000 if "--all" in sys.argv else 100)
    found = Counter((one.kind, is_reported(one, work)) for one in chosen)
    print(dict(found), sum(n for (_, seen), n in found.items() if seen), "of", len(chosen))
