"""Every notebook of the repository, opened in JupyterLab by a real browser and run where it lies, light and dark."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from tests.editions.chromium import find_chromium
from tests.lab.jupyterlab import DARK, LIGHT, Lab, lab

from relapse_risk.editions.fonts import write_fonts
from relapse_risk.register import Register

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "notebooks").rglob("*.ipynb"))
MONTH, BEFORE = "2020-12", "2020-11"
DATA = "data/dezhou"
STEPS = [
    ["score", "--month", MONTH, "--out", f"{DATA}/scores"],
    ["rank", "--month", MONTH, "--out", f"{DATA}/scores"],
    ["facts", "--month", BEFORE, "--out", f"{DATA}/facts"],
    ["issues", "--month", BEFORE, "--facts", f"{DATA}/facts", "--out", f"{DATA}/issues", "--invent"],
    ["facts", "--month", MONTH, "--scores", f"{DATA}/scores", "--out", f"{DATA}/facts"],
    ["issues", "--month", MONTH, "--facts", f"{DATA}/facts", "--out", f"{DATA}/issues"],
]  # of `make demo`
# What stands on the page: our blocks, those without their paper, cells whose text cannot be told from what is behind it.
SEEN = """(() => {
  const blocks = [...document.querySelectorAll('.relapse-risk-block')];
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number); return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255; };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (!/, 0\\)$/.test(c) && c !== 'transparent') return c; } return 'rgb(255, 255, 255)'; };
  const faint = [...document.querySelectorAll('.jp-OutputArea-output :is(td, th, caption, p, h1, h2, h3, figcaption)')]
    .filter(e => e.textContent.trim() && Math.abs(light(getComputedStyle(e).color) - light(behind(e))) < 0.25);
  return {blocks: blocks.length,
    bare: blocks.filter(b => getComputedStyle(b).backgroundColor !== 'rgb(255, 255, 255)').length,
    twice: [...document.querySelectorAll('.relapse-risk-block svg.narrow')].filter(e => e.checkVisibility()).length,
    wide: blocks.filter(b => b.scrollWidth > b.clientWidth + 400).length,
    faint: faint.map(e => e.outerHTML.slice(0, 120)).slice(0, 3)};
})()"""
pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.skipif(not find_chromium(), reason="no Chromium")]


@pytest.fixture(scope="module")
def opened(small_register: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on a project with a small city, on a machine that has a Chinese font, as every office's has."""
    root, work = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("work")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    shutil.copytree(small_register, root / DATA / "register")
    for step in STEPS:
        command = [
            sys.executable,
            "-c",
            "from relapse_risk.cli import main; main()",
            *step,
            "--register",
            f"{DATA}/register",
        ]
        subprocess.run(command, cwd=root, check=True, capture_output=True, env=_environment())
    _name_a_household(root)
    (work / "share" / "fonts").mkdir(parents=True)
    write_fonts(work / "share" / "fonts")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (_environment() | {"XDG_DATA_HOME": str(work / "share")}).items():
            patch.setenv(name, value)
        with lab(root, work) as one:
            yield one


def _environment() -> dict[str, str]:
    source = str(ROOT / "src")
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH", "")]))}


def _name_a_household(root: Path) -> None:
    """The plan's parameter is a household of the whole city; the small one has others."""
    path = root / "notebooks/reports/household_plan.ipynb"
    notebook = nbformat.read(path, as_version=4)
    homes = Register.open(root / DATA / "register").read("household", MONTH)
    cell = next(c for c in notebook.cells if "parameters" in c.metadata.get("tags", []))
    cell.source += f'\nhousehold = "{homes["household_id"].min()}"'
    nbformat.write(notebook, path)


def said(outputs: list[dict[str, Any]], kind: str) -> list[str]:
    """Errors, or what was written to the error stream."""
    if kind == "error":
        return [f"{o['ename']}: {o['evalue']}" for o in outputs if o["output_type"] == "error"]
    return ["".join(o["text"]) for o in outputs if o["output_type"] == "stream" and o["name"] == "stderr"]


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_a_notebook_runs_where_it_lies_and_can_be_read_in_light_and_dark(opened: Lab, path: str) -> None:
    opened.open(path)
    opened.run_all()
    outputs = opened.outputs()
    assert said(outputs, "error") == []
    assert said(outputs, "stderr") == [], "a warning, or a glyph that is missing"
    for theme in (LIGHT, DARK):
        opened.theme(theme)
        seen = opened.tab.run(SEEN)
        assert seen["bare"] == seen["twice"] == seen["wide"] == 0, seen
        assert seen["faint"] == [], f"cannot be read in {theme}"
        assert (seen["blocks"] > 0) == path.startswith("notebooks/reports/")
    opened.close()
