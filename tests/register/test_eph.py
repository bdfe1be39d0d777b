"""The Argentine household panel as a register: the mapping on invented rows, and the whole panel where it is at hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from relapse_risk.errors import ParameterError
from relapse_risk.months import month_end
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register import Register
from relapse_risk.register.importing import import_source
from relapse_risk.register.mapping import read_mapping

AS_OF = date(2015, 6, 30)
PANEL = "data/argentina_eph/eph_balanced_4visits_linked.parquet"


def invented() -> pd.DataFrame:
    """Two invented households; columns and codes as the panel's documentation gives them."""
    rows = [
        ("10-1-1", 2006, 1, "Gran Mendoza", 3, 2.67, 300, 5500.0, 2, 4, 6, 1, 0),
        ("10-1-1", 2006, 2, "Gran Mendoza", 3, 2.63, 310, 3300.0, 2, 4, 6, 1, 0),
        ("32-7-1", 2006, 2, "Ciudad de Bs. As.", 1, 1.0, 900, 0.0, 1, 5, 7, 6, 1),
    ]
    names = ["hhid", "year", "quarter", "aglomerado", "hh_size", "adult_equiv", "weight", "income_total", "head_sex",
             "head_marital", "head_educ", "II7", "d_sani"]  # fmt: skip
    return pd.DataFrame(rows, columns=pd.Index(names))


@pytest.fixture
def small(tmp_path: Path) -> Register:
    invented().to_parquet(tmp_path / "eph.parquet")
    report = import_source(tmp_path / "eph.parquet", "argentina_eph", tmp_path / "register", as_of=AS_OF)
    assert report.rejected == 0, report.summary()
    return Register.open(tmp_path / "register")


def test_a_quarter_is_the_snapshot_of_its_last_month(small: Register) -> None:
    assert small.months == ("2006-03", "2006-06")
    assert small.read("income")["months"].tolist() == [1, 1, 1]
    assert small.read("income", county="032010")["total_income"].tolist() == [5500.0, 3300.0]


def test_a_city_is_a_county_whose_code_ends_in_the_code_of_the_agglomeration(small: Register) -> None:
    assert small.counties == ("032010", "032032")
    homes = small.read("household", "2006-06")
    assert {h[:2] for h in homes["household_id"]} == {code[4:6] for code in homes["village_code"]}
    names = small.read("county").set_index("county_code")
    assert names.loc["032032", ["county_name_zh", "county_name_en"]].tolist() == [
        "布宜诺斯艾利斯市",
        "City of Buenos Aires",
    ]
    assert len(names) == 32


def test_codes_become_words_by_the_documented_meanings(small: Register) -> None:
    homes = small.read("household", "2006-06").set_index("household_id")
    assert homes["dwelling_tenure"].to_dict() == {"10-1-1": "own", "32-7-1": "lodging"}
    assert homes["sanitary_toilet"].to_dict() == {"10-1-1": True, "32-7-1": False}
    heads = small.read("person", "2006-06").set_index("household_id")
    assert heads.loc["10-1-1", ["person_id", "sex", "marital_status", "education_level"]].tolist() == [
        "10-1-1-head", "female", "widowed", "bachelor",
    ]  # fmt: skip
    assert homes.loc["10-1-1", "head_person_id"] == "10-1-1-head"


@pytest.mark.parametrize(
    "column",
    ["household.dwelling_grade", "household.water_quality_ok", "household.water_litres_per_person_day",
     "person.birth_date", "person.employment_status", "person.medical_insurance", "income.wage_income",
     "income.transfer_income", "income.medical_self_paid"],
)  # fmt: skip
def test_what_the_survey_does_not_hold_is_not_collected(small: Register, column: str) -> None:
    assert not small.collected(*column.split("."))


def test_tables_the_survey_does_not_hold_are_empty(small: Register) -> None:
    held = {name for name in ("village", "assistance_record", "visit_record", "project", "identity") if small.has(name)}
    assert held == set()


def test_the_line_has_a_value_in_each_of_47_quarters_and_none_in_the_one_never_collected() -> None:
    line = read_parameters().parameter("eph_line_60")
    assert sum(entry.value is not None for _, entry in line.values) == 47
    assert read_place("argentina_eph").lines == {"poverty": "eph_line_60"}
    for day in (date(2003, 6, 30), date(2007, 9, 30), date(2015, 7, 1)):
        with pytest.raises(ParameterError, match="eph_line_60 has no value"):
            line.on(day)


def test_every_city_of_the_mapping_has_its_name() -> None:
    county, household, *_ = read_mapping("argentina_eph").entries
    codes = {str(row["county_code"]) for row in county.rows}
    assert household.columns is not None
    assert {str(code)[:6] for code in household.columns["village_code"].values.values()} == codes


# --- the whole panel --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def panel(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Register:
    folder = tmp_path_factory.mktemp("eph")
    report = import_source(shared_dir / PANEL, "argentina_eph", folder / "register", as_of=AS_OF)
    assert report.rejected == 0, report.summary()
    return Register.open(folder / "register")


@pytest.fixture(scope="module")
def poor(panel: Register) -> pd.DataFrame:
    """Household and month with the poverty flag computed from the register and the dated line alone."""
    parameters = read_parameters()
    homes = panel.read_all("household", ["household_id", "snapshot_month", "adult_equivalents"])
    income = panel.read("income", columns=["household_id", "period_end", "total_income"])
    both = homes.merge(income, left_on=["household_id", "snapshot_month"], right_on=["household_id", "period_end"])
    lines = {month: parameters.on("eph_line_60", month_end(month)).value for month in panel.months}
    yearly = both["total_income"] * 12 / both["adult_equivalents"]
    return both.assign(poor=yearly < both["snapshot_month"].map(lines))


@pytest.mark.long
@pytest.mark.shared
def test_the_whole_panel_comes_in(panel: Register) -> None:
    panel.verify()
    # 95,616 households in four visits each, 32 agglomerations, 47 quarters (the panel's README).
    assert len(panel.read("income")) == 4 * 95_616
    assert panel.read_all("household", ["household_id"])["household_id"].nunique() == 95_616
    assert (len(panel.counties), len(panel.months), panel.months[0], panel.months[-1]) == (32, 47, "2003-09", "2015-06")
    assert "2007-09" not in panel.months


@pytest.mark.long
@pytest.mark.shared
def test_poverty_by_the_line_is_the_panels_own_flag_row_by_row(poor: pd.DataFrame, shared_dir: Path) -> None:
    flags = pd.read_parquet(shared_dir / PANEL, columns=["hhid", "year", "quarter", "poor60"])
    month = flags["year"].astype(str) + "-" + (flags["quarter"] * 3).astype(str).str.zfill(2)
    own = flags.assign(month=month).set_index(["hhid", "month"])["poor60"].astype(bool)
    ours = poor.set_index(["household_id", "snapshot_month"])["poor"]
    pd.testing.assert_series_equal(ours.sort_index(), own.sort_index(), check_names=False)


@pytest.mark.long
@pytest.mark.shared
def test_the_published_dynamics_come_out(poor: pd.DataFrame) -> None:
    ordered = poor.sort_values(["household_id", "snapshot_month"])
    paths = ordered["poor"].astype(int).astype(str).groupby(ordered["household_id"]).agg("".join)
    # Section "Observed dynamics" of the panel's README.
    assert (paths == "0000").sum() == 58_224
    assert (paths == "1111").sum() == 9_970
    assert (paths != "0000").sum() == 37_392
    assert paths.str.contains("10").sum() == 20_585
    assert paths.str.contains("01").sum() == 20_303
    assert paths.str.contains("10+1").sum() == 6_280
    early = paths[paths.str.startswith("10")]
    assert len(early) == 6_793
    assert round((early.str[2] == "1").mean(), 3) == 0.378
    assert round(early.str[2:].str.contains("1").mean(), 3) == 0.511
