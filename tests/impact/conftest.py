"""Reference cases of designs and decisions: data and values that other programs, or hands, have computed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Case = Callable[[str], dict[str, Any]]
Data = Callable[[str], pd.DataFrame]


@pytest.fixture(scope="session")
def case(shared_dir: Path) -> Case:
    """A reference case by the start of its name, such as ``E01``."""
    folder = shared_dir / "reference/impact/expected"
    return lambda name: json.loads(next(folder.glob(f"{name}_*.json")).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def data(shared_dir: Path) -> Data:
    """A data file of the reference cases by its name."""
    return lambda name: pd.read_csv(shared_dir / "reference/impact/data" / name)
