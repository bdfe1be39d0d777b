"""A notebook runs strictly or not at all."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import nbformat
import pytest
from tests.report_fixtures import ROOT, notebook

from relapse_risk.editions.execute import ENGINE, check_parameters, run_notebook
from relapse_risk.errors import EditionError, RenderError

REPORT = ROOT / "notebooks/reports/county_assessment.ipynb"
RIGHT = {"county": "371425", "month": "2020-12", "language": "zh", "register": "r", "facts": "f"}


def test_the_report_notebook_takes_exactly_these_parameters() -> None:
    check_parameters(REPORT, RIGHT)


def test_a_misspelt_parameter_stops_the_run_and_names_the_nearest() -> None:
    wrong = {("conty" if key == "county" else key): value for key, value in RIGHT.items()}
    with pytest.raises(EditionError, match=r"unknown parameter; got 'conty'.*did you mean 'county'"):
        run_notebook(REPORT, wrong, ROOT)


def test_a_missing_parameter_stops_the_run() -> None:
    with pytest.raises(EditionError, match=r"parameter not given; expected facts"):
        run_notebook(REPORT, {key: value for key, value in RIGHT.items() if key != "facts"}, ROOT)


def test_a_parameter_too_many_stops_the_run() -> None:
    with pytest.raises(EditionError, match=r"unknown parameter; got 'colour'"):
        run_notebook(REPORT, RIGHT | {"colour": "red"}, ROOT)


def test_a_notebook_without_a_parameters_cell_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EditionError, match="has no parameters cell"):
        run_notebook(notebook(tmp_path / "n.ipynb", "1 + 1", parameters=None), RIGHT, tmp_path)


def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").write_text("county: 1")
    with pytest.raises(EditionError, match="notebook cannot be read"):
        run_notebook(tmp_path / "n.ipynb", RIGHT, tmp_path)


def test_outputs_are_kept_in_order_and_parameters_arrive(tmp_path: Path) -> None:
    path = notebook(
        tmp_path / "n.ipynb",
        "print(county)",
        "from IPython.display import HTML, display\ndisplay(HTML('<b>1</b>'))\nHTML('<b>2</b>')",
    )
    cells = run_notebook(path, RIGHT, tmp_path).cells
    assert cells[2].outputs[0].text == "371425\n"
    assert [output.data["text/html"] for output in cells[3].outputs] == ["<b>1</b>", "<b>2</b>"]


def test_a_failing_cell_is_named_with_its_error(tmp_path: Path) -> None:
    path = notebook(tmp_path / "n.ipynb", "good = 1", "good / 0")
    with pytest.raises(RenderError, match=r"n\.ipynb: cell 3: ZeroDivisionError: division by zero; got 'good / 0'"):
        run_notebook(path, RIGHT, tmp_path)


def test_nothing_leaks_from_one_notebook_to_the_next(tmp_path: Path) -> None:
    run_notebook(notebook(tmp_path / "a.ipynb", "planted = 1"), RIGHT, tmp_path)
    with pytest.raises(RenderError, match="NameError: name 'planted' is not defined"):
        run_notebook(notebook(tmp_path / "b.ipynb", "planted"), RIGHT, tmp_path)


def test_papermill_knows_the_engine_by_its_entry_point(tmp_path: Path) -> None:
    found = {point.name: point.value for point in entry_points(group="papermill.engine")}
    assert found[ENGINE] == "relapse_risk.editions.papermill_entry:PapermillEngine"
    path = notebook(tmp_path / "n.ipynb", "print(county)")
    for more in ([], ["--engine", ENGINE]):
        out = tmp_path / "out.ipynb"
        command = [sys.executable, "-m", "papermill", str(path), str(out), "-p", "county", "c", "--no-progress-bar"]
        subprocess.run([*command, *more], check=True, capture_output=True)
        assert nbformat.read(out, as_version=4).cells[-1].outputs[0].text == "c\n"
