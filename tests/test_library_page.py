"""The lines of the page for researchers run as they stand, on the small data sets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest

import relapse_risk as rr

PAGE = Path(__file__).resolve().parents[1] / "docs" / "library.md"


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the page takes for granted: frames of the reader's own, here those to learn on."""
    matplotlib.use("agg")
    panel = rr.datasets.panel()
    panel["fell"] = panel.groupby("household_id")["poor"].shift(-1)
    seen = panel[~panel["poor"] & panel["fell"].notna()]
    later = (seen["month"] == seen["month"].max()).to_numpy()
    features, fell = seen[["income", "size"]], seen["fell"].astype(int)
    return {
        "np": np, "homes": rr.datasets.survey(), "line": rr.datasets.LINE,
        "villages": rr.datasets.villages().assign(province="one"),
        "X": features[~later], "y": fell[~later], "w": seen["weight"][~later], "village": seen["village"][~later],
        "X_later": features[later], "y_later": fell[later], "village_later": seen["village"][later],
    }  # fmt: skip


def test_every_block_of_the_page_runs(names: dict[str, Any]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 5
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert (
        names["ranks"]
        .frame["rank_need_province"]
        .equals(names["ranks"].frame["rank_need"].rename("rank_need_province"))
    )
    assert [term.name for term in names["model"].fitted_.terms] == ["income", "size"]


def test_every_name_the_page_uses_is_there() -> None:
    used = set(re.findall(r"\brr\.([A-Za-z_]+)", PAGE.read_text(encoding="utf-8")))
    assert used <= set(rr.__all__), used - set(rr.__all__)
