"""Why a printed number is what it is: of the hand-made county, in both languages, and within disclosure control."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pandas as pd
import pytest
from tests.county_fixtures import COUNTY, MONTH, OTHER
from tests.fact_rows import INDICATOR
from typer.testing import CliRunner

from relapse_risk.assessment import INDICATORS, Facts, compute_facts, read_facts
from relapse_risk.cli import app
from relapse_risk.errors import RelapseRiskError
from relapse_risk.pages.computed_from import parameters_of
from relapse_risk.pages.documents_cited import cited
from relapse_risk.pages.format import WITHHELD
from relapse_risk.pages.why import Why, why
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register import Register, RegisterWriter
from relapse_risk.text import has_text

ROOT = Path(__file__).resolve().parents[2]
PARAMETERS, PLACE = read_parameters(), read_place("dezhou")
HOUSEHOLDS = 24


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 households: twelve at 3,900 a head, eleven at 9,000, one with a part of its income blank; one delivery."""
    folder = tmp_path_factory.mktemp("why")
    ids = [f"H{k:02d}" for k in range(HOUSEHOLDS)]
    home = pd.DataFrame(
        {
            "household_id": ids,
            "village_code": "371425101001",
            "household_size": 1,
            "register_year": 2014,
            "dwelling_grade": ["C"] * 6 + ["A"] * 16 + [None] * 2,
        }
    )
    income = pd.DataFrame(
        {"household_id": ids, "period_end": MONTH, "months": 12, "wage_income": [3900.0] * 12 + [9000.0] * 11 + [None]}
    )
    village = pd.DataFrame(
        {
            "village_code": ["371425101001"],
            "town_code": ["371425101"],
            "county_code": [COUNTY],
            "town_name_zh": ["甲镇"],
            "town_name_en": ["Jia"],
        }
    )
    county = pd.DataFrame(
        {
            "county_code": [COUNTY],
            "county_name_zh": ["齐河县"],
            "county_name_en": ["Qihe"],
            "rural_population": [10_000],
        }
    )
    delivery = pd.DataFrame({
        "delivery_id": ["d1", "d2"], "table_name": ["income", "visit_record"], "county_code": [COUNTY] * 2, "source": ["收入.xlsx", "走访.xlsx"],
        "digest": "77ab", "mapping": "template", "received_on": pd.to_datetime(["2021-01-05"] * 2), "complete": True, "rows": [24, 3],
        "columns": "household_id",
    })  # fmt: skip
    with RegisterWriter(folder / "register", place="dezhou") as writer:
        writer.put("household", home, month=MONTH)
        for name, frame in (("income", income), ("village", village), ("county", county)):
            writer.put(name, frame)
        writer.put("delivery", delivery, month=MONTH)
        writer.commit(created="2020-12-31T00:00:00")
    compute_facts(Register.open(folder / "register"), MONTH, PARAMETERS, PLACE, None, folder / "facts")
    return folder


def asked(project: Path, name: str, county: str = COUNTY, language: str = "en") -> Why:
    register, facts = Register.open(project / "register"), read_facts(project / "facts", MONTH)
    return why(register, facts, county, name, PARAMETERS, PLACE, language)  # type: ignore[arg-type]


def test_a_share_says_its_counts_unknowns_line_and_delivery(project: Path) -> None:
    found = asked(project, "below_line")
    assert found.value == 12 / 23
    words = found.summary()
    for said in ("Persons below the poverty line, Qihe, December 2020: 52.2%", "Numerator 12, denominator 23", "Blank (not answered, or does not apply): Income fewer than 5 / 24",
                 "No limit: it is not judged", "National exit-income standard (2,800 × 1.06^n) 4,000 CNY/person/year: since 1 January 2020, unverified",
                 "Delivery 收入.xlsx (Income, 2020-12, received 5 January 2021, 24 rows)"):  # fmt: skip
        assert said in words, said
    assert "走访.xlsx" not in words, "visits are no part of it"
    assert found.tables == ("income", "household"), "households are counted, by their size"


def test_a_guarantee_says_its_limit_and_whose_word_it_is(project: Path) -> None:
    found = asked(project, "house_safe", language="zh")
    assert found.value == 16 / 22
    for said in (
        "齐河县",
        "住房鉴定为A级或B级的户",
        "分子 16，分母 22",
        "空白（未填写，或不适用）：住房安全等级 不足5 / 24",
        "标准：不低于 100%，未达标",
        "DEF-3G：“三保障”工作标准",
    ):
        assert said in found.summary(), found.summary()


def test_a_median_rests_on_people_and_has_a_unit(project: Path) -> None:
    words = asked(project, "median_income").summary()
    assert ": 3,900 CNY" in words
    assert "Rests on 23 (households or persons)" in words
    assert "Numerator" not in words


def test_what_was_not_collected_is_named_in_words(project: Path) -> None:
    words = asked(project, "visited_in_time").summary()
    assert "Not collected: Visits" in words
    assert "visit_record" not in words


def test_a_rate_to_which_something_is_missing_is_a_lower_bound(project: Path) -> None:
    """24 not yet lifted of 10,000; no ordinary household is there, among whom the missed would be: 2 % may not be met."""
    rows = read_facts(project / "facts", MONTH).table("indicator", COUNTY).set_index("indicator")
    assert rows.loc[["missed_rate", "combined_poverty_rate"], "verdict"].tolist() == ["not_collected", "cannot_tell"]
    words = asked(project, "combined_poverty_rate").summary()
    assert ": ≥0.24%" in words
    assert (
        "A lower bound: what would be added from data not collected (Households: Ordinary rural household) is not in it"
        in words
    )
    assert "Limit at most 2.0%: cannot tell" in words


def test_a_table_without_a_figure_of_the_whole_says_so(project: Path) -> None:
    words = asked(project, "poverty_measures.headcount", county="city", language="zh").summary()
    assert "只按县计算，没有全市值" in words


def test_a_column_of_a_table_says_its_rows(project: Path) -> None:
    found = asked(project, "income_by_town.mean_income")
    assert found.lines[0] == "Qihe, December 2020, table “Income by town”, column “Income per head (CNY)”:"
    assert "Jia: 6,339" in found.summary()  # (12 x 3,900 + 11 x 9,000) / 23
    assert WITHHELD not in found.summary(), "nothing of it rests on a few"


@pytest.mark.parametrize(
    ("county", "name", "near"),
    [
        (COUNTY, "belowline", "below_line"),
        (COUNTY, "income_by_town.mean_incom", "mean_income"),
        ("371524", "below_line", "371425"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(project: Path, county: str, name: str, near: str) -> None:
    with pytest.raises(RelapseRiskError, match=f"did you mean '{near}'"):
        asked(project, name, county)


def test_what_was_withheld_stays_so(hand_register: Register, tmp_path: Path) -> None:
    compute_facts(hand_register, MONTH, PARAMETERS, PLACE, None, tmp_path)
    facts: Facts = read_facts(tmp_path, MONTH)
    for item in INDICATORS:
        for county in (COUNTY, OTHER, "city"):
            row = facts.table("indicator", county).set_index("indicator").loc[item.name]
            if row["withheld"]:
                found = why(hand_register, facts, county, item.name, PARAMETERS, PLACE, "en")
                assert found.value is None or pd.isna(row["numerator"])
                assert not re.search(r"Numerator|Blank", found.summary())


def test_every_document_that_a_parameter_cites_has_a_title() -> None:
    """An id alone tells a reader nothing: every report lists the titles of those it cites, and so does why."""
    sources = [entry.source for name in PARAMETERS.by_name for _, entry in PARAMETERS.parameter(name).values]
    assert [
        name for name in cited([*sources, *(item.source for item in INDICATORS)]) if not has_text(f"source.{name}")
    ] == []


def test_every_indicator_is_defined_in_both_languages() -> None:
    assert [item.name for item in INDICATORS if not has_text(f"definition.{item.name}")] == []


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("near_line", {"national_line_b", "near_line_ratio"}), ("sharp_fall", {"income_fall_ratio"}), ("house_safe", {"share_target"}),
        ("water_safe", {"share_target", "water_litres_min", "water_minutes_max", "water_outage_days_max"}),
        ("failed_help", {"zero_target", "help_days"}), ("missed_monitoring", {"monitoring_line_dezhou", "urgent_loss", "income_fall_ratio"}),
        ("reviews_in_time", {"completeness_target", "review_days"}), ("worth_it", {"discount_rate"}), ("persons", set()),
    ],
)  # fmt: skip
def test_the_parameters_a_computation_names_are_found(name: str, wanted: set[str]) -> None:
    assert wanted <= set(parameters_of(INDICATOR[name], PARAMETERS, PLACE))


def test_the_command(project: Path) -> None:
    run = CliRunner().invoke(app, ["why", str(project), COUNTY, "below_line", "--month", MONTH])
    assert run.exit_code == 0
    assert "Numerator 12, denominator 23" in run.stdout
    asked_json = CliRunner().invoke(app, ["why", str(project), COUNTY, "below_line", "--json"])
    assert '"value": 0.52' in asked_json.stdout


def test_the_table_of_indicators_is_what_the_declarations_say() -> None:
    spec = importlib.util.spec_from_file_location("indicator_table", ROOT / "tools/indicator_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.FILE.read_text(encoding="utf-8") == module.table(), "run tools/indicator_table.py"


def test_no_documented_limit_borrows_another_indicators_document() -> None:
    guarantees = {"DEF-3G", "DEF-WATER"}  # safe water is judged with the three guarantees: one failing item fails all
    for item in INDICATORS:
        if item.limit:
            limit = PARAMETERS.on(item.limit, pd.Timestamp(2020, 12, 31).date())
            if limit.confidence == "documented":
                assert limit.source.startswith(item.source) or {item.source, limit.source[:6]} <= guarantees, item.name
