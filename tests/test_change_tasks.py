"""What CONTRIBUTING promises of parameter files: each change is one file, and every reader follows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

import relapse_risk
from relapse_risk.editions.edition import read_edition
from relapse_risk.parameters import params_dir, read_parameters
from relapse_risk.register.importing import import_source
from relapse_risk.register.quality import check_frames
from relapse_risk.register.rules import read_rules


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the parameter folder, to be changed in one file."""
    return Path(shutil.copytree(params_dir(), tmp_path / "params"))


def changed(folder: Path) -> list[str]:
    """Files of ``folder`` that differ from the shipped ones."""
    shipped = params_dir()
    return sorted(
        str(file.relative_to(folder))
        for file in folder.rglob("*.yaml")
        if not (shipped / file.relative_to(folder)).exists()
        or file.read_bytes() != (shipped / file.relative_to(folder)).read_bytes()
    )


def test_a_line_from_next_january_is_one_dated_row(folder: Path) -> None:
    file = folder / "lines.yaml"
    text = file.read_text(encoding="utf-8")
    head, values = text.split("national_line_b:", 1)
    before, rest = values.split("  values:\n", 1)
    row = "    2030-01-01: {value: 9999, source: a test, confidence: assumed}\n"
    file.write_text(f"{head}national_line_b:{before}  values:\n{row}{rest}", encoding="utf-8")
    line = read_parameters(folder).parameter("national_line_b")
    assert line.on(date(2030, 1, 1)).value == 9999
    assert line.on(date(2019, 6, 30)).value == 3747, "what was before stays"
    assert changed(folder) == ["lines.yaml"]


def test_a_quality_rule_is_one_entry(folder: Path) -> None:
    file = folder / "rules" / "quality.yaml"
    file.write_text(
        file.read_text(encoding="utf-8")
        + "\n  much_land:\n    table: household\n    column: arable_mu\n    severity: warning\n    kind: range\n"
        "    when: [{column: arable_mu, above: 1000}]\n    zh: 耕地 {value} 亩\n    en: '{value} mu of land'\n    source: a test\n",
        encoding="utf-8",
    )
    homes = pd.DataFrame(
        {"household_id": ["H1", "H2"], "snapshot_month": "2020-12", "village_code": "371425101001", "arable_mu": [1000.0, 1001.0]}
    ).astype(object)  # fmt: skip
    frame = check_frames(
        {"household": homes}, "2020-12", read_parameters(folder), "dezhou", rules=read_rules(folder)
    ).frame
    mine = frame[frame["rule"] == "much_land"]
    assert mine[["row_key", "en"]].to_numpy().tolist() == [["H2|2020-12", "1001 mu of land"]]
    assert changed(folder) == ["rules/quality.yaml"]


def test_what_a_scheduled_run_renders_is_one_file(folder: Path) -> None:
    shipped = (folder / "editions" / "weekly.yaml").read_text(encoding="utf-8")
    file = folder / "editions" / "ours.yaml"
    file.write_text(
        shipped.replace("name: weekly", "name: ours").replace("out: reports/weekly", "out: reports/ours"), "utf-8"
    )
    assert read_edition(file).name == "ours"
    assert changed(folder) == ["editions/ours.yaml"]


def test_somebodys_headers_are_one_mapping(folder: Path, tmp_path: Path) -> None:
    (folder / "sources" / "theirs.yaml").write_text(
        "name: theirs\nlabel: {zh: 他们的表, en: theirs}\nkind: csv\nplace: dezhou\ntables:\n"
        "  - {table: county, rows: [{county_code: '371425', county_name_zh: 示例县}]}\n"
        "  - {table: village, rows: [{village_code: '371425101001', county_code: '371425'}]}\n"
        "  - table: household\n    source: '*'\n"
        "    columns: {household_id: Hausnummer, village_code: {constant: '371425101001'}, household_size: Personen}\n",
        encoding="utf-8",
    )
    (tmp_path / "their.csv").write_text("Hausnummer;Personen\nH1;3\n", encoding="utf-8")
    report = import_source(
        tmp_path / "their.csv", "theirs", tmp_path / "register", month="2020-12", as_of=date(2020, 12, 31), params=folder
    )  # fmt: skip
    assert {count.table: count.accepted for count in report.tables}["household"] == 1
    assert changed(folder) == ["sources/theirs.yaml"]


NORMALISER = """

def halved(x: npt.ArrayLike, where: str = "halved") -> Array:
    return _answered(x, where)[0] / 2


NORMALISERS = MappingProxyType({**NORMALISERS, "halved": halved})
"""
MODEL = """

def by_size(fold: Fold) -> Array:
    return _one_variable(fold, fold.train["size"], fold.test["size"])


BENCHMARKS = MappingProxyType({**BENCHMARKS, "by_size": by_size})
"""
USED = """
import numpy as np
import pandas as pd
import relapse_risk as rr
from relapse_risk.research import compare, prepared
from relapse_risk.research.benchmark_models import BENCHMARKS
from relapse_risk.text import said

design = rr.index_design({"indicators": [{"code": "road", "weight": 1, "normalise": "halved"}]})
index = rr.hardship_index(pd.DataFrame({"village": ["a", "b"], "road": [10.0, 30.0]}), design, unit="village")
print(index.frame["need"].tolist())
visits = rr.datasets.panel(households=200).rename(columns={"income": "income_pc_year"}).assign(poverty_line=4000.0)
models = {name: BENCHMARKS[name] for name in ("official", "by_size")}
found = compare(prepared(visits, None, kind="all"), np.random.default_rng(1), benchmarks=models, draws=20, years=1, groups=2)
print(sorted(found.table["score"].unique()))
print(said("indicator.below_line", "en"))
"""


def test_a_text_a_normaliser_and_a_benchmark_model_are_one_file_each(tmp_path: Path) -> None:
    source = Path(shutil.copytree(Path(relapse_risk.__file__).parent, tmp_path / "relapse_risk"))
    for name, more in (("hardship/normalise.py", NORMALISER), ("research/benchmark_models.py", MODEL)):
        with (source / name).open("a", encoding="utf-8") as file:
            file.write(more)
    words = source / "text" / "messages" / "section_04.yaml"
    words.write_text(
        words.read_text("utf-8").replace("Persons below the poverty line", "Persons who are poor"), "utf-8"
    )
    found = subprocess.run(
        [sys.executable, "-c", USED], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert found.stdout.splitlines() == ["[5.0, 15.0]", "['by_size', 'official']", "Persons who are poor"], found.stderr
