"""Names misspelt one by one in a whole parameter folder: each is an error that names file, key and nearest."""

from __future__ import annotations

import random
import shutil
from collections import defaultdict
from datetime import date
from pathlib import Path, PurePath

import pytest
from tests.params_check.misspelling import DrawnName, misspell, misspelt, names_of

from relapse_risk.parameters import params_dir
from relapse_risk.params_check import check_params
from relapse_risk.params_check.usage import unused_names

SEED, DAY = 20201231, date(2020, 12, 31)


def drawn(count: int) -> list[tuple[DrawnName, str]]:
    """``count`` names with a misspelling of each, the kinds of file taken in turn."""
    draw, root = random.Random(SEED), params_dir()
    idle = {one.name for one in unused_names(root)}  # a name that nothing uses has no right spelling
    by_kind: dict[str, list[DrawnName]] = defaultdict(list)
    for place in names_of(root):
        if not (place.is_key and len(place.path) == 1 and place.name in idle):
            by_kind[str(PurePath(place.file).parent) if "/" in place.file else place.file].append(place)
    kinds = sorted(by_kind)
    chosen = [draw.choice(by_kind[kinds[number % len(kinds)]]) for number in range(count)]
    return [(place, misspelt(place.name, draw)) for place in chosen]


def missed(place: DrawnName, wrong: str, folder: Path) -> str:
    """What the check says where it does not name the misspelling, its file, its key and the right name; else nothing."""
    shutil.copytree(params_dir(), folder)
    misspell(folder, place, wrong)
    told = [str(fault) for fault in check_params(None, DAY, folder).faults]
    right, file = PurePath(place.name).name, PurePath(place.file).name
    named = [text for text in told if wrong in text and f"did you mean '{right}'" in text and file in text]
    # A misspelt definition leaves those who ask for it without: the error may stand at their door and name it.
    named += [text for text in told if place.is_key and f"got '{right}'" in text and f"did you mean '{wrong}'" in text]
    return "" if named else f"{place.file}: {place.path}: {wrong} for {place.name}: {told[:3]}"


@pytest.mark.parametrize("number", range(15))
def test_a_misspelt_name_is_told_with_file_and_nearest(number: int, tmp_path: Path) -> None:
    place, wrong = drawn(15)[number]
    assert not missed(place, wrong, tmp_path / "params")


@pytest.mark.long
def test_a_hundred_misspelt_names_are_all_told(tmp_path: Path) -> None:
    found = [missed(place, wrong, tmp_path / str(number)) for number, (place, wrong) in enumerate(drawn(100))]
    assert [text for text in found if text] == []
