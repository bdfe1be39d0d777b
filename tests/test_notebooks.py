"""Notebooks are documents: clean in git, no functions, and the exploration runs top to bottom."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from statsmodels.stats.weightstats import DescrStatsW

import relapse_risk as rr
from relapse_risk.research.benchmark_models import BENCHMARKS

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))


def source(notebook: nbformat.NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_clean_and_defines_nothing(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs"), "outputs in git"
        assert cell.get("execution_count") is None
    for code in source(notebook):
        kinds = {type(node) for node in ast.walk(ast.parse(code))}
        assert not kinds & {ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_has_one_parameters_cell(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in cells) == 1


def test_a_report_notebook_calls_one_thing_per_cell() -> None:
    notebook = nbformat.read(ROOT / "notebooks/reports/county_assessment.ipynb", as_version=4)
    for code in source(notebook)[2:]:
        assert len(ast.parse(code).body) == 1, code


def run(name: str, monkeypatch: pytest.MonkeyPatch, **parameters: object) -> list[nbformat.NotebookNode]:
    """The outputs of an exploration run top to bottom with these parameters."""
    notebook = nbformat.read(ROOT / f"notebooks/explore/{name}.ipynb", as_version=4)
    cell = next(c for c in notebook.cells if "parameters" in c.metadata.get("tags", []))
    cell.source += "\n" + "\n".join(f"{key} = {value!r}" for key, value in parameters.items())
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    outputs = [output for c in notebook.cells if c.cell_type == "code" for output in c.outputs]
    assert not any("Glyph" in o.get("text", "") for o in outputs if o.output_type == "stream"), "a missing glyph"
    return outputs


def pictures(outputs: list[nbformat.NotebookNode]) -> int:
    return sum("image/png" in o.get("data", {}) for o in outputs)


def test_the_first_exploration_runs_top_to_bottom(small_register: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pictures(run("01_register", monkeypatch, register=str(small_register))) == 2


def test_the_tour_of_measures_runs_without_the_survey(small_register: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = run("02_measurement", monkeypatch, register=str(small_register), mexico="absent.csv", quota=50, draws=50)
    assert pictures(outputs) == 5
    said = "".join(o.get("text", "") for o in outputs if o.output_type == "stream")
    assert "The Mexican survey is not at absent.csv" in said
    assert "BNPMIXcluster 1.3 from CRAN" in said, "does not tell where the public gets it"


@pytest.mark.long
@pytest.mark.shared
def test_the_tour_of_measures_on_the_mexican_survey(
    small_register: Path, shared_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = shared_dir / "data" / "mexico_coneval_2014" / "mexico_2014_household_deprivations.csv.gz"
    outputs = run("02_measurement", monkeypatch, register=str(small_register), mexico=str(survey), quota=50, draws=50)
    assert pictures(outputs) == 6
    said = "".join(o.get("text", "") for o in outputs if o.output_type == "stream")
    first, second = said.split("\n")[:2]
    assert first == "58,121 households in 32 states"
    country, states = second.removeprefix("country ").split(" states added up ")
    assert float(country) == pytest.approx(float(states), abs=1e-6), "M0 of the country is the mean of its states"
    rates = next(
        o["data"]["text/plain"] for o in outputs if "deprived, unweighted" in o.get("data", {}).get("text/plain", "")
    )
    for published in ("0.427", "0.302", "0.682", "0.100", "0.206", "0.226"):  # rates told with the data
        assert published in rates


def test_the_tour_of_relapse_without_the_panel_says_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = run("03_relapse", monkeypatch, panel="absent.parquet")
    said = "".join(o.get("text", "") for o in outputs if o.output_type == "stream")
    assert "The panel is not at absent.parquet" in said
    assert "indec.gob.ar" in said
    assert not pictures(outputs)


@pytest.mark.long
@pytest.mark.shared
def test_the_tour_of_relapse_evaluates_every_model_on_the_argentine_panel(
    shared_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the small sample of the panel (200 households a city), one year and two groups of cities; the chain of visits
    is left out for its quadrature, and is evaluated in the tests of the comparison."""
    panel = shared_dir / "data" / "argentina_eph" / "eph_sample_200_per_agglomeration.csv.gz"
    outputs = run("03_relapse", monkeypatch, panel=str(panel), years=1, groups=2, draws=40, leave_out=["transition"])
    assert pictures(outputs) == 2
    said = "".join(o.get("text", "") for o in outputs if o.output_type == "stream")
    assert said.startswith("6,400 households")
    from_reasons, as_scored = re.search(r"([\d.]+) from the reasons, ([\d.]+) as scored", said).groups()
    assert from_reasons == as_scored
    tables = [o["data"]["text/plain"] for o in outputs if "text/plain" in o.get("data", {})]
    compared = next(t for t in tables if "missed_20" in t and "raw_boosting" in t)
    assert all(name in compared for name in BENCHMARKS if name != "transition")


def test_the_twelve_tasks_are_at_most_three_lines_each() -> None:
    notebook = nbformat.read(ROOT / "notebooks/explore/04_your_own.ipynb", as_version=4)
    tasks = [cell.source.splitlines() for cell in notebook.cells if "task" in cell.metadata.get("tags", [])]
    assert len(tasks) == 12
    assert max(len(lines) for lines in tasks) <= 3
    assert max(len(line) for lines in tasks for line in lines) <= 120


def test_the_tour_of_own_data_runs_top_to_bottom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve pictures; the numbers are those of peers on the same rows: statsmodels' and scikit-learn's."""
    outputs = run("04_your_own", monkeypatch, draws=30)
    assert pictures(outputs) == 12
    tables = [o["data"]["text/html"] for o in outputs if "text/html" in o.get("data", {})]
    homes = rr.datasets.survey()
    w = homes["weight"] * homes["size"]
    north = homes["region"] == "north"
    share = float(DescrStatsW((homes.loc[north, "income"] < rr.datasets.LINE).astype(float), w[north]).mean)
    poor = next(table for table in tables if "taylor, 95%" in table and "north" in table)
    assert f"{share:.6f}" in poor
    panel = rr.datasets.panel()
    after = panel.groupby("household_id")["poor"].shift(-1)
    seen = panel[~panel["poor"] & after.notna()]
    X, y = seen[["income", "size", "head_age", "sick"]], after[seen.index].astype(int)
    peer = make_pipeline(StandardScaler(), LogisticRegression(C=np.inf))
    chance = cross_val_predict(peer, X, y, groups=seen["village"], cv=GroupKFold(5), method="predict_proba")[:, 1]
    judged = next(table for table in tables if "log_loss" in table)
    auc = float(re.search(r"<td>auc</td>\s*<td>([\d.]+)</td>", judged).group(1))
    assert auc == pytest.approx(roc_auc_score(y, chance), abs=2e-3), "a feature may be left out in one fold"
