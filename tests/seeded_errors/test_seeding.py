"""Seeded errors: the check finds every one, and what else it says is in the key."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relapse_risk.parameters import read_parameters
from relapse_risk.register import Register
from relapse_risk.register.check_register import check_register
from relapse_risk.register.findings_files import write_findings
from relapse_risk.seeded_errors.rule_errors import SEEDED_ERRORS
from relapse_risk.seeded_errors.seeding import KEY_COLUMNS, Finding, SeededError, seed_cells

PLACE = ["rule", "table", "row_key", "column"]
# The 35 audit rules (QA-RULES); all are seeded except s18's "empty" half.
AUDIT = [
    "1_01_002",
    "1_01_003",
    "dis_cert",
    "1_01_dup",
    "1_02_001",
    "1_02_002",
    "1_02_edu",
    "1_02_med",
    "1_02_006",
    "1_03_004",
    "1_03_007",
    "1_11_002",
    "1_11_004",
    "1_11_009",
    "1_12_001",
    "4_11_010",
    "5_01_203",
    "5_11_013",
    "5_12_003",
    "5_12_004",
    "5_12_005",
    "5_12_013",
    "5_15_007",
    "5_15_009",
    "5_15_011",
    "5_16_005",
    "s17",
    "s18",
    "s19",
    "s22",
    "s23",
    "s24",
    "s26",
    "s27",
    "s10",
]


def _key(register: Path) -> pd.DataFrame:
    return pd.read_csv(register.parent / "demo_key" / "seeded_errors.csv", dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def findings(city: Register) -> pd.DataFrame:
    return check_register(city, "2020-12", read_parameters(), "dezhou").frame


def test_all_35_audit_rules_are_seeded(demo_register: Path) -> None:
    seeded = _key(demo_register).query("origin == 'seeded'")["rule"]
    assert len(AUDIT) == 35
    assert sorted(set(AUDIT) - set(seeded)) == []


def test_errors_are_seeded_at_the_stated_rate(demo_register: Path, city: Register) -> None:
    rows = sum(
        len(city.read(name, month="2020-12", columns=[key]))
        for name, key in (("household", "household_id"), ("person", "person_id"))
    )
    seeded = _key(demo_register).query("origin == 'seeded'")
    # 0.3% of the newest month's rows; a few kinds have fewer candidates than asked for.
    assert 0.002 < len(seeded) / rows < 0.004


def test_the_key_names_what_was_changed(demo_register: Path) -> None:
    key = _key(demo_register)
    assert list(key.columns) == list(KEY_COLUMNS)
    changed = key[(key["origin"] == "seeded") & (key["changed_column"] != "")]
    assert (changed["seeded"] != changed["original"]).all()


def test_the_check_finds_every_seeded_error(demo_register: Path, findings: pd.DataFrame) -> None:
    seeded = _key(demo_register).query("origin == 'seeded'")
    found = set(map(tuple, findings[PLACE].astype(str).to_numpy()))
    assert [row for row in map(tuple, seeded[PLACE].to_numpy()) if row not in found] == []


def test_the_check_says_nothing_that_the_key_does_not_explain(demo_register: Path, findings: pd.DataFrame) -> None:
    known = set(map(tuple, _key(demo_register)[PLACE].to_numpy()))
    assert [row for row in map(tuple, findings[PLACE].astype(str).to_numpy()) if row not in known] == []


@pytest.mark.parametrize("backend", ["processes:2", pytest.param("dask", marks=pytest.mark.long)])
def test_every_backend_writes_the_same_findings(small: Register, cluster: str, backend: str, tmp_path: Path) -> None:
    def written(word: str) -> dict[str, bytes]:
        found = check_register(small, "2020-12", read_parameters(), "dezhou", backend=word)
        assert len(found.frame) > 50
        folder = tmp_path / word.partition(":")[0]
        write_findings(found, folder)
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    assert written(f"dask:{cluster}" if backend == "dask" else backend) == written("serial")


def test_no_household_has_two_faults(demo_register: Path) -> None:
    key = _key(demo_register).query("origin == 'seeded' and changed_table in ('household', 'income')")
    owner = key["changed_row_key"].str.split("|").str[0]
    assert not owner.duplicated().any()


def test_seeding_changes_one_cell_and_not_the_input() -> None:
    village = pd.DataFrame({"village_code": ["1", "2", "3"], "exit_flags": ["1" * 15] * 3})
    error = SeededError(
        Finding("exit_flags_shape"), "village", "exit_flags", lambda t: np.array([False, True, False]),
        lambda rows, t: ["0"] * len(rows),
    )  # fmt: skip
    state = seed_cells({"village": village}, (error,), 2, np.random.default_rng(0))
    assert state.tables["village"]["exit_flags"].tolist() == ["1" * 15, "0", "1" * 15]
    assert village["exit_flags"].tolist() == ["1" * 15] * 3
    assert state.key[0][["row_key", "seeded", "original"]].to_numpy().tolist() == [["2", "0", "1" * 15]]


def test_each_kind_of_fault_has_its_own_place() -> None:
    places = [(error.finding.rule, error.table, error.column) for error in SEEDED_ERRORS]
    assert len(set(places)) == len(places)


def test_the_list_of_audit_rules_is_that_of_the_rule_file() -> None:
    """The ids used here are the ids the rule file declares."""
    text = (Path(__file__).parents[2] / "params" / "rules" / "quality.yaml").read_text(encoding="utf-8")
    assert [rule for rule in AUDIT if f"  {rule}:" not in text and f"'{rule}':" not in text] == []
