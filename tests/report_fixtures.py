"""Facts of a small city and one rendered edition of it, made once per test session."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree

import pytest
from filelock import FileLock

from relapse_risk.assessment import compute_facts, read_facts
from relapse_risk.assessment.issue_checks import record_facts
from relapse_risk.editions.edition import Edition, read_edition
from relapse_risk.editions.publish import published
from relapse_risk.editions.render import render_edition
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register import Register
from relapse_risk.scores import compute_ranks, compute_scores

ROOT = Path(__file__).resolve().parents[1]
MONTH, COUNTY, OTHER = "2020-12", "371425", "371402"


@pytest.fixture(scope="session")
def facts_folder(small_register: Path, session_folder: Path) -> Path:
    """Facts, with scores and ranks, of the city of 600 households."""
    folder = session_folder / "report_facts"
    with FileLock(str(folder) + ".lock"):
        if not (folder / "ready").exists():
            register, parameters, place = Register.open(small_register), read_parameters(), read_place("dezhou")
            given = {"parameters": parameters, "place": place, "out": folder / "scores"}
            compute_scores(register, MONTH, **given)
            compute_ranks(register, MONTH, **given)
            compute_facts(register, MONTH, parameters, place, folder / "scores", folder / "facts")
            (folder / "ready").touch()
    return folder / "facts"


@pytest.fixture(scope="module")
def ledger_register(small_register: Path, facts_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small register with the failures of December in its ledger: the module's own copy."""
    folder = tmp_path_factory.mktemp("ledger") / "register"
    copytree(small_register, folder)
    record_facts(folder, read_facts(facts_folder, MONTH), "facts")
    return folder


def edition_file(path: Path, facts: Path, **changes: object) -> Path:
    """An edition file for the small city; ``changes`` replace or (None) drop keys."""
    content: dict[str, object] = {
        "name": "small", "place": "dezhou", "month": MONTH, "register": str(facts), "facts": str(facts),
        "notebooks": str(ROOT / "notebooks/reports/county_assessment.ipynb"), "counties": [COUNTY],
        "out": str(path.parent / "out"),
    }  # fmt: skip
    content = {key: value for key, value in (content | changes).items() if value is not None}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")  # JSON is YAML
    return path


@pytest.fixture(scope="session")
def rendered(facts_folder: Path, session_folder: Path) -> Edition:
    """One county in both languages and both formats, published."""
    folder = session_folder / "report_edition"
    folder.mkdir(exist_ok=True)
    edition = read_edition(edition_file(folder / "edition.yaml", facts_folder))
    with FileLock(str(folder) + ".lock"):
        result = render_edition(edition, workers=2)
        assert result.exit_code == 0, result.summary()
    return edition


def released(edition: Edition) -> Path:
    """Folder of the newest edition that was published."""
    return published(edition.out)[-1].folder


def notebook(path: Path, *code: str, parameters: str | None = 'county = "x"\nmonth = "x"\nlanguage = "zh"\nregister = ""\nfacts = ""') -> Path:  # fmt: skip
    """A notebook of code cells, the first tagged parameters unless there are none."""
    cells = [{"tags": ["parameters"], "source": parameters}] if parameters is not None else []
    cells += [{"tags": [], "source": source} for source in code]
    content = {
        "cells": [
            {
                "cell_type": "code", "execution_count": None, "id": f"c{i}", "metadata": {"tags": cell["tags"]},
                "outputs": [], "source": cell["source"],
            }
            for i, cell in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }  # fmt: skip
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
