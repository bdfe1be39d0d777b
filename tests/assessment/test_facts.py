"""Facts on disk: complete, added up to the city, nothing small, the same from one process or two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy.optimize import linprog

from relapse_risk.assessment import CITY, INDICATORS, TABLES, CountyData, Facts, compute_facts, read_facts
from relapse_risk.assessment import facts as facts_module
from relapse_risk.assessment.facts import (
    NO_SCORES,
    _computed,
    _why_missing,
    county_data,
    county_names,
    in_words_of,
    missing_needs,
)
from relapse_risk.assessment.facts_store import FactsManifest
from relapse_risk.assessment.indicators import indicator_rows
from relapse_risk.errors import RelapseRiskError
from relapse_risk.languages import Label
from relapse_risk.parameters import Parameters, Place, read_parameters, read_place
from relapse_risk.register import Register, RegisterWriter
from relapse_risk.scores import Scores

MONTH = "2020-12"
PEOPLE = ("households", "persons")


@pytest.fixture(scope="module")
def facts(small_register: Path, tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """Facts of the demo city at 600 households: many small cells."""
    out = tmp_path_factory.mktemp("facts")
    compute_facts(Register.open(small_register), MONTH, read_parameters(), read_place("dezhou"), None, out)
    return read_facts(out, MONTH)


@pytest.fixture(scope="module")
def raw(small_register: Path) -> dict[str, CountyData]:
    """The data the same facts were computed from."""
    register = Register.open(small_register)
    return {
        code: county_data(register, code, MONTH, "2019-12", read_parameters(), read_place("dezhou"), None)
        for code in register.counties
    }


def test_every_table_is_there_or_says_why(facts: Facts) -> None:
    for county in [code for code, _, _ in facts.manifest["counties"]]:
        status_of = facts.availability(county).set_index("table")
        assert set(status_of.index) == {table.name for table in TABLES}
        for spec in TABLES:
            status, rows = status_of.loc[spec.name, "status"], len(facts.table(spec.name, county))
            assert (status == "collected") == (rows > 0), spec.name
            assert status == "collected" or status_of.loc[spec.name, "reason"], spec.name


def test_written_columns_are_those_declared(facts: Facts) -> None:
    for spec in TABLES:
        assert list(facts.all_counties(spec.name).columns) == ["county_code", *spec.shown]


def test_one_row_group_per_county(facts: Facts) -> None:
    file = pq.ParquetFile(facts.folder / "age_sex.parquet")
    groups = [file.read_row_group(i).column("county_code").unique().to_pylist() for i in range(file.num_row_groups)]
    assert groups == [[code] for code in sorted([*(code for code, _, _ in facts.manifest["counties"]), CITY])]


def test_no_count_of_people_is_small(facts: Facts) -> None:
    for spec in TABLES:
        if not spec.restricted:
            for column in spec.columns:
                if column.kind in PEOPLE and not column.hidden:
                    values = facts.all_counties(spec.name)[column.name].dropna()
                    assert not ((values > 0) & (values < 5)).any(), (spec.name, column.name)


def test_a_withheld_indicator_shows_neither_numerator_nor_value(facts: Facts) -> None:
    rows = facts.all_counties("indicator")
    gone = rows[rows["withheld"]]
    assert len(gone) > 0
    assert gone[["numerator", "value", "low", "high"]].isna().all(axis=None)
    shares = gone[gone["unit"] == "share"]
    assert ((shares["at_most"] - shares["at_least"]) * shares["n"] >= 10 - 1e-6)[shares["n"] >= 10].all()


def test_city_counts_are_sums_of_the_counties(facts: Facts) -> None:
    for spec in TABLES:
        frame = facts.all_counties(spec.name)
        if (
            spec.city == "sum" and len(frame) and spec.publish is None
        ):  # what is rounded, or the first of many, adds up to less
            for name in [c.name for c in spec.columns if c.is_additive and not c.hidden]:
                whole = frame[frame["county_code"] != CITY].groupby(spec.keys)[name].agg(["sum", "count", "size"])
                city = frame[frame["county_code"] == CITY].set_index(spec.keys)[name]
                sure = whole[whole["count"] == whole["size"]]["sum"]
                both = pd.concat([sure, city], axis=1, keys=["sum", "city"]).dropna()
                assert np.allclose(both["sum"].astype(float), both["city"].astype(float)), (spec.name, name)


def test_ratios_are_numerator_over_denominator(facts: Facts) -> None:
    for spec in TABLES:
        shown = set(spec.shown)
        frame = facts.all_counties(spec.name)
        for column in spec.columns:
            if column.of is not None and set(column.of) <= shown:
                known = frame[[column.name, *column.of]].dropna().astype(float)
                top, bottom = (known[name] for name in column.of)
                assert np.allclose(known[column.name], top / bottom), (spec.name, column.name)


def test_shrunk_rates_lie_between_the_county_and_the_city(facts: Facts) -> None:
    rows = facts.all_counties("indicator")
    mine = rows[(rows["indicator"] == "relapse_rate") & rows["value"].notna()].set_index("county_code")
    counties = mine.drop(index=CITY)
    low = counties["value"].clip(upper=mine.loc[CITY, "value"])
    high = counties["value"].clip(lower=mine.loc[CITY, "value"])
    assert ((counties["shrunk"] >= low - 1e-9) & (counties["shrunk"] <= high + 1e-9)).all()


def test_indicator_values_are_ratios(facts: Facts) -> None:
    rows = facts.all_counties("indicator").dropna(subset=["numerator", "denominator", "value"])
    plain = rows[~rows["sampled"].isin(["survey"]) & (rows["indicator"] != "persons") & (rows["denominator"] > 0)]
    assert np.allclose(plain["value"], plain["numerator"] / plain["denominator"])


ATTACKED = (
    "causes", "population_by_class", "guarantee_pass", "visits_due", "schooling", "visits_by_risk", "home_checklists",
)  # fmt: skip
# Rows that are no classes of one count: of a table, or of one column of it.
OVERLAPPING = ("guarantee_pass", "schooling", "home_checklists", "causes.any")


@pytest.mark.parametrize("name", ATTACKED)
def test_a_reader_cannot_work_out_a_withheld_count(name: str, facts: Facts, raw: dict[str, CountyData]) -> None:
    """Solve for each withheld cell from all that is published and every total, by county and for the city."""
    spec = next(table for table in TABLES if table.name == name)
    truth = pd.concat([_computed(spec, data).assign(county_code=code) for code, data in raw.items()])
    published = facts.all_counties(name).set_index(["county_code", *spec.keys])
    for column in [c.name for c in spec.columns if c.kind in PEOPLE and not c.hidden]:
        totalled = not {name, f"{name}.{column}"}.intersection(OVERLAPPING)
        for cell, low, high in _solved(truth, published[column], spec.keys, column, totalled):
            assert high - low >= 1, (name, column, cell, low, high)


def _solved(
    truth: pd.DataFrame, published: pd.Series, keys: list[str], column: str, totalled: bool
) -> Iterator[tuple[object, float, float]]:
    hidden = [cell for cell, value in published.items() if pd.isna(value)]
    if not hidden:
        return
    place = {cell: i for i, cell in enumerate(hidden)}
    exact = truth.set_index(["county_code", *keys])[column].astype(float)
    rows, totals = [], []
    for key, mine in exact.groupby(level=list(range(1, exact.index.nlevels))):
        key = key if isinstance(key, tuple) else (key,)
        city = (CITY, *key)
        row = np.zeros(len(hidden))
        total = 0.0
        for cell, value in mine.items():
            row, total = (row + np.eye(len(hidden))[place[cell]], total) if cell in place else (row, total - value)
        if city in place:
            row = row - np.eye(len(hidden))[place[city]]
        else:
            total += float(mine.sum())
        rows.append(row)
        totals.append(total)
    if totalled:  # rows that add up to a total shown in another table
        for _, mine in exact.groupby(level=0):
            row = sum((np.eye(len(hidden))[place[c]] for c in mine.index if c in place), np.zeros(len(hidden)))
            rows.append(row)
            totals.append(sum(v for c, v in mine.items() if c in place))
    for cell, i in place.items():
        aim = np.eye(len(hidden))[i]
        found = [linprog(sign * aim, A_eq=rows, b_eq=totals, bounds=(0, None)) for sign in (1, -1)]
        assert found[0].status == 0
        yield cell, found[0].fun, np.inf if found[1].status == 3 else -found[1].fun


def test_manifest_lists_what_was_used(facts: Facts) -> None:
    used = {value["name"]: value for value in facts.manifest["parameters"]}
    assert used["national_line_b"]["confidence"] == "from_memory"
    assert used["wrong_exit_limit"]["value"] == 0.02
    assert facts.manifest["schema"]["causes"]["section"] == 2
    assert facts.manifest["previous"] == "2019-12"


def test_restricted_tables_carry_no_name(facts: Facts) -> None:
    restricted = [spec for spec in TABLES if spec.restricted]
    assert {spec.name for spec in restricted} == {
        "failure_list", "layer_disagreements", "missed_list", "wrong_exit_list", "conflict_list", "copied_answers",
        "interview_findings", "officers_to_relieve", "visits_overdue",
    }  # fmt: skip
    for spec in TABLES:
        ids = {column.name for column in spec.columns} & {"household_id", "person_id"}
        assert spec.restricted or not ids, spec.name


def test_sections_without_data_say_what_is_missing(tmp_path: Path, parameters: Parameters, dezhou: Place) -> None:
    """A register of incomes only: no section is empty without a reason, and nothing becomes zero."""
    home = pd.DataFrame(
        {"household_id": [*"ABCDE"], "village_code": ["371425101001"] * 5, "household_size": [1, 1, 1, 2, 2],
         "sampling_weight": [10.0, 10.0, 10.0, 5.0, 5.0]}
    )  # fmt: skip
    income = pd.DataFrame(
        {"household_id": [*"ABCDE"], "period_end": MONTH, "months": 12, "wage_income": [3000.0] * 3 + [9000.0] * 2}
    )
    with RegisterWriter(tmp_path / "register", place="dezhou") as writer:
        writer.put("household", home, month=MONTH)
        writer.put("income", income)
        writer.commit(created="2020-12-31T00:00:00")
    register = Register.open(tmp_path / "register")
    compute_facts(register, MONTH, parameters, dezhou, None, tmp_path / "facts")
    found = read_facts(tmp_path / "facts", MONTH)
    status_of = found.availability("371425").set_index("table")
    assert status_of.loc["visits_by_town", ["status", "reason"]].tolist() == ["not_collected", "visit_record"]
    assert status_of.loc["risk_bands", "reason"] == "not_scored"
    assert status_of.loc["income_components", "reason"] == "income.transfer_income"
    rows = found.table("indicator", "371425").set_index("indicator")
    assert rows.loc["visited_in_time", ["verdict", "reason"]].tolist() == ["not_collected", "visit_record"]
    assert pd.isna(rows.loc["visited_in_time", "value"])
    # 30 persons at 3,000 and 20 at 4,500: (30 x 3000 + 20 x 4500) / 50.
    assert rows.loc["mean_income", "value"] == pytest.approx(3600)
    assert rows.loc["mean_income", "sampled"] == "survey"


def test_groups_too_small_to_speak_of_are_not_collected(hand_register: Register) -> None:
    assert "household.household_class=ordinary" in missing_needs(hand_register, None, MONTH)


def test_hand_made_tables(county: CountyData) -> None:
    county.once("indicator", lambda: indicator_rows(county, [i for i in INDICATORS if i.section == 5], {}))
    found = {spec.name: _computed(spec, county) for spec in TABLES if "assistance_record" not in spec.needs}
    causes = found["causes"].set_index("cause")
    assert causes.loc["illness", ["main", "any"]].tolist() == [3, 3]
    assert causes.loc["disability", ["main", "any"]].tolist() == [1, 2]
    assert causes.loc["illness", "main_share"] == 0.6
    assert found["visits_due"][["households", "in_time", "late"]].to_numpy().tolist() == [[1, 0, 1], [4, 2, 2]]
    assert found["guarantee_reasons"].set_index("reason")["households"].to_dict() == {
        "dwelling_c": 1, "water_outage": 1, "dropped_out": 1, "uninsured": 1, "clothes": 1,
    }  # fmt: skip
    assert found["monitor_flow"].set_index("step")["households"].to_dict() == {
        "start": 2, "entered": 0, "eliminated": 0, "left_register": 0, "end": 2,
    }  # fmt: skip
    assert found["fund_waterfall"].set_index("fund_step")["fund"].to_dict() == {
        "allocated": 300000, "papers": 200000, "reviewed": 200000, "working": 300000, "assets": 150000,
        "registered": 100000,
    }  # fmt: skip
    assert found["alert_funnel"]["alerts"].tolist() == [3, 2, 1, 1]
    assert found["missed_checks"].set_index("missed_rule").loc[
        "below_monitor_line", ["households", "missed"]
    ].tolist() == [3, 1]
    components = found["income_components"].set_index("period")
    assert components.loc["2020-12", "transfer_income"] == pytest.approx(22000 / 8)
    assert (
        found["layer_agreement"].set_index(["layer", "other_layer"]).loc[("county_self", "county_cross"), "same"] == 1
    )
    assert found["villages_failing"]["failed_standards"].tolist() == ["有就业保障措施|Employment support"]
    assert found["dividends"].set_index("year").loc["2020", "per_person"] == 400
    assert found["found_closed"].iloc[-1][["found", "closed"]].tolist() == [3, 1]
    profile = found["aspect_profile"].set_index("aspect")
    assert profile.loc["5", ["judged", "met", "not_met"]].tolist() == [8, 0, 8]
    assert found["issue_list"].iloc[0]["severity"] == "severe"


def test_scores_left_out_leave_their_tables_out(county: CountyData, hand_register: Register) -> None:
    bare = replace(county, scores=replace(county.scores, risk=None))
    assert bare.scores.risk is None
    assert missing_needs(hand_register, None, MONTH)["scores.risk"] == "not_scored"


def test_reading_what_is_not_there(tmp_path: Path, facts: Facts) -> None:
    with pytest.raises(RelapseRiskError, match="no facts of this month"):
        read_facts(tmp_path, MONTH)
    with pytest.raises(RelapseRiskError, match="no such fact table"):
        facts.table("nothing", "371425")
    folder = tmp_path / MONTH
    folder.mkdir()
    (folder / "facts.json").write_text("{", encoding="utf-8")
    with pytest.raises(RelapseRiskError, match="damaged"):
        read_facts(tmp_path, MONTH)


HandMade = tuple[FactsManifest, Facts, list[tuple[int, int, str]]]


@pytest.fixture(scope="module")
def by_hand(hand_register: Register, tmp_path_factory: pytest.TempPathFactory) -> HandMade:
    """Facts of the two hand-made counties without scores, as returned and as read, and what progress was told."""
    out, told = tmp_path_factory.mktemp("by_hand"), []
    manifest = compute_facts(
        hand_register,
        MONTH,
        read_parameters(),
        read_place("dezhou"),
        None,
        out,
        lambda done, of, what: told.append((done, of, what)),
    )
    return manifest, read_facts(out, MONTH), told


@pytest.mark.parametrize("backend", ["processes:2", pytest.param("dask", marks=pytest.mark.long)])
def test_every_backend_writes_the_same_bytes(
    hand_register: Register, by_hand: HandMade, cluster: str, backend: str, tmp_path: Path
) -> None:
    word = f"dask:{cluster}" if backend == "dask" else backend
    compute_facts(hand_register, MONTH, read_parameters(), read_place("dezhou"), None, tmp_path, backend=word)
    folders = (tmp_path / MONTH, by_hand[1].folder)
    made, serial = ({p.name: p.read_bytes() for p in folder.iterdir()} for folder in folders)
    assert len(serial) > 60
    assert made.keys() == serial.keys()
    assert [name for name, content in made.items() if content != serial[name]] == []


def test_the_manifest_of_the_hand_made_county(by_hand: HandMade) -> None:
    manifest, facts, told = by_hand
    read = facts.manifest
    assert (read["place"], read["month"], read["data_date"], read["previous"]) == (
        "dezhou",
        "2020-12",
        "2020-12-31",
        "2019-12",
    )
    assert read["counties"] == [["371425", "齐河县", "Qihe County"], ["371481", "乐陵市", "Leling City"]]
    assert set(read["hashes"]) == {"371425", "371481", "city"}
    assert len(set(read["hashes"].values())) == 3
    assert read["tables"] == [*(table.name for table in TABLES), "indicator", "availability"]
    assert {path.name for path in facts.folder.iterdir()} == {
        "facts.json",
        *(f"{name}.parquet" for name in read["tables"]),
    }
    assert facts.folder.name == "2020-12"
    assert read["schema"]["causes"] == {
        "section": 2, "city": "sum", "restricted": False,
        "columns": [{"name": c.name, "kind": c.kind, "codes": c.codes} for t in TABLES if t.name == "causes" for c in t.columns if not c.hidden],
    }  # fmt: skip
    assert read["schema"]["causes"]["columns"][0] == {"name": "cause", "kind": "code", "codes": "poverty_cause"}
    assert read["schema"]["failure_list"]["restricted"]
    assert read["cards"] == {"model_card": None, "index_card": None}
    used = [(value["name"], value["start"]) for value in read["parameters"]]
    assert used == sorted(used)
    # The poverty line of both periods, and what both counties ask for once each.
    assert [name for name, _ in used].count("small_cell") == 1
    assert len(used) == len(set(used))
    withheld = facts.all_counties("availability")["withheld"].sum() + facts.all_counties("indicator")["withheld"].sum()
    assert read["suppressed"] == manifest.suppressed == withheld > 0
    assert len(read["register_digest"]) == len(read["parameter_digest"]) == 32
    assert told[-1] == (2, 2, "city")
    assert [of for _, of, _ in told] == [2] * len(told)


def test_what_each_table_has_to_show_and_why_not(by_hand: HandMade) -> None:
    """County 371481 has one household and no project; nobody scored anything; what stands by county has no city."""
    _, facts, _ = by_hand
    rows = facts.all_counties("availability").set_index(["county_code", "table"])
    assert list(facts.all_counties("availability").columns) == [
        "county_code",
        "section",
        "table",
        "status",
        "reason",
        "withheld",
        "gone",
    ]
    words = ["section", "status", "reason"]
    assert rows.loc[("371425", "causes"), words].tolist() == [2, "collected", ""]
    assert rows.loc[("371481", "project_stages"), words].tolist() == [6, "empty", "no_cases"]
    assert rows.loc[("city", "project_stages"), words].tolist() == [6, "collected", ""]
    assert rows.loc[("city", "paired_activities"), ["status", "reason"]].tolist() == ["empty", "no_cases"]
    assert rows.loc[("371425", "donations"), ["status", "reason"]].tolist() == ["not_collected", "place_fact:donation"]
    assert rows.loc[("371425", "risk_bands"), "status"] == "not_collected"
    assert rows.loc[("371425", "risk_bands"), "reason"] == "not_scored"
    assert rows.loc[("city", "risk_bands"), ["status", "reason"]].tolist() == ["not_collected", "not_scored"]
    assert rows.loc[("city", "failure_list"), ["status", "reason"]].tolist() == ["not_collected", "by_county_only"]
    assert rows["withheld"].dtype == "int64"
    # 371425 loses its sums and means with the one household of 371481; elsewhere only what is withheld is gone.
    full = rows[(rows["withheld"] == 0) & (rows.index.get_level_values("county_code") != "371425")]
    assert (full["gone"] == "").all()
    assert "mean_income" in rows.loc[("371425", "income_by_town"), "gone"].split(",")
    # Five households of four kinds: every cell of the causes is small.
    assert rows.loc[("371425", "causes"), "withheld"] > 0
    assert "main" in rows.loc[("371425", "causes"), "gone"]
    assert len(rows) == 3 * len(TABLES)


def test_the_indicators_of_every_county_and_the_city(by_hand: HandMade) -> None:
    _, facts, _ = by_hand
    rows = facts.all_counties("indicator")
    assert rows.groupby("county_code").size().to_dict() == {
        code: len(INDICATORS) for code in ("371425", "371481", "city")
    }
    persons = rows[rows["indicator"] == "persons"].set_index("county_code")
    assert persons["value"].to_dict() == {"371425": 8, "371481": 4, "city": 12}
    assert persons["previous_period"].to_dict() == dict.fromkeys(persons.index, "2019-12")
    used = rows[rows["indicator"] == "funds_used"].set_index("county_code")
    assert used.loc["371481", ["verdict", "reason"]].tolist() == ["not_collected", "no_cases"]
    assert used.loc["city", ["numerator", "denominator", "value", "verdict"]].tolist() == [
        100000,
        200000,
        0.5,
        "not_met",
    ]
    risk = rows[rows["indicator"] == "expected_relapse"].set_index("county_code")
    assert risk["reason"].to_dict() == dict.fromkeys(risk.index, "not_scored")
    assert "previous_numerator" not in rows
    # The village of 371425 that passes and the one that does not: public, never withheld.
    villages = rows[rows["indicator"] == "villages_pass"].set_index("county_code")
    assert villages.loc["city", ["value", "withheld"]].tolist() == [0.5, False]


def test_towns_become_counties_in_the_city(by_hand: HandMade) -> None:
    _, facts, _ = by_hand
    assert sorted(facts.table("town_profile", "city")["town"]) == ["乐陵市|Leling City", "齐河县|Qihe County"]
    assert facts.table("town_profile", "371425")["town"].tolist() == ["甲镇|Jia"]
    assert facts.table("town_profile", "371481")["town"].tolist() == ["乙镇|Yi"]


def tiny_register(folder: Path, **tables: pd.DataFrame) -> Register:
    """One household, without a table of counties unless given one."""
    home = pd.DataFrame({"household_id": ["A"], "village_code": ["371425101001"], "household_size": [1]})
    with RegisterWriter(folder, place="dezhou") as writer:
        writer.put("household", home, month=MONTH)
        for name, frame in tables.items():
            writer.put(name, frame)
        writer.commit(created="2020-12-31T00:00:00")
    return Register.open(folder)


def test_a_county_nobody_named_is_called_by_its_code(tmp_path: Path) -> None:
    assert county_names(tiny_register(tmp_path / "none")) == {"371425": ("371425", "371425", "371425")}
    named = pd.DataFrame({"county_code": ["371425"], "county_name_zh": ["齐河县"]})
    assert county_names(tiny_register(tmp_path / "half", county=named)) == {"371425": ("371425", "齐河县", "371425")}


def test_what_was_never_collected(tmp_path: Path) -> None:
    """A table, a column, a fact about the place, a group of a hundred rows, and scores."""
    facts_of_place = pd.DataFrame({"fact_id": ["F"], "metric": ["gdp_total"], "value": [1.0]})
    visits = pd.DataFrame({"visit_id": ["v"], "household_id": ["A"], "visited_on": pd.Timestamp("2020-12-01")})
    register = tiny_register(tmp_path / "register", place_fact=facts_of_place, visit_record=visits)

    def why(need: str, scores: Scores = NO_SCORES) -> str:
        return _why_missing(need, register, MONTH, scores)

    assert (why("visit_record"), why("alert")) == ("", "alert")
    assert (why("visit_record.visited_on"), why("visit_record.visitor_id")) == ("", "visit_record.visitor_id")
    assert (why("place_fact:gdp"), why("place_fact:grain")) == ("", "place_fact:grain")
    assert why("household.household_class=ordinary") == "household.household_class=ordinary"
    assert (why("scores.risk"), why("scores.hardship")) == ("not_scored", "not_scored")
    scored = replace(NO_SCORES, risk=pd.DataFrame(), hardship=pd.DataFrame(), model_card={"fitted": False})
    assert (why("scores.risk", scored), why("scores.hardship", scored)) == ("not_fitted", "")
    assert why("scores.risk", replace(scored, model_card={"fitted": True})) == ""
    assert why("scores.risk", replace(scored, model_card=None)) == ""


@pytest.mark.parametrize(("homes", "missing"), [(99, True), (100, False)])
def test_a_hundred_rows_are_enough_to_speak_of_a_group(tmp_path: Path, homes: int, missing: bool) -> None:
    frame = pd.DataFrame({"household_id": [f"A{i}" for i in range(150)], "village_code": "371425101001", "household_size": 1,
                          "household_class": ["ordinary"] * homes + ["edge"] * (150 - homes)})  # fmt: skip
    with RegisterWriter(tmp_path / "register", place="dezhou") as writer:
        writer.put("household", frame, month=MONTH)
        writer.commit(created="2020-12-31T00:00:00")
    need = "household.household_class=ordinary"
    found = missing_needs(Register.open(tmp_path / "register"), None, MONTH)
    assert found.get(need, "") == (need if missing else "")
    assert found["scores.risk"] == "not_scored"
    assert found["alert"] == "alert"
    assert list(found) == sorted(found)


def test_a_place_calls_the_terms_of_the_model_by_its_own_words() -> None:
    place = read_place("argentina_eph")
    name = next(iter(place.terms))
    label = place.terms[name]
    card = {"fitted": True, "terms": [{"name": name, "zh": "x", "en": "x", "b": 1}, {"name": "own", "zh": "y", "en": "y"}],
            "left_out": [{"name": name, "zh": "x", "en": "x"}], "paper": {"lines": [{"name": name, "zh": "x", "en": "x"}], "unknown": [["own", 1]]}}  # fmt: skip
    found = in_words_of(place, replace(NO_SCORES, model_card=card)).model_card
    assert found is not None
    assert found["terms"] == [
        {"name": name, "zh": label.zh, "en": label.en, "b": 1},
        {"name": "own", "zh": "y", "en": "y"},
    ]
    assert found["left_out"][0]["en"] == label.en
    assert found["paper"] == {"lines": [{"name": name, "zh": label.zh, "en": label.en}], "unknown": [["own", 1]]}
    assert card["terms"][0]["en"] == "x", "the card that was given is not changed"
    plain = in_words_of(
        place, replace(NO_SCORES, model_card={k: v for k, v in card.items() if k != "paper"})
    ).model_card
    assert plain is not None
    assert "paper" not in plain
    for same in (NO_SCORES, replace(NO_SCORES, model_card={"fitted": False})):
        assert in_words_of(place, same) is same
    scored = replace(NO_SCORES, model_card=card)
    assert in_words_of(read_place("dezhou").model_copy(update={"terms": {}}), scored) is scored


def test_the_model_card_of_the_facts_is_in_the_words_of_the_place(
    hand_register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = read_place("dezhou").model_copy(update={"terms": {"income_over_line": Label(zh="甲", en="A")}})
    card = {"fitted": True, "terms": [{"name": "income_over_line", "zh": "x", "en": "x"}], "left_out": []}
    chances = pd.DataFrame({"household_id": ["H1", "H2", "H3"], "probability": [0.1, 0.1, 0.4]}).assign(
        low=0.0, high=1.0
    )
    monkeypatch.setattr(facts_module, "TABLES", [spec for spec in TABLES if spec.name == "relief"])
    monkeypatch.setattr(facts_module, "INDICATORS", [item for item in INDICATORS if item.name == "expected_relapse"])

    def read(folder: Path, month: str, county: str = "371425") -> Scores:
        return replace(NO_SCORES, risk=chances if county == "371425" else chances.iloc[:0], model_card=card)

    monkeypatch.setattr(facts_module, "read_scores", read)
    manifest = compute_facts(hand_register, MONTH, read_parameters(), place, tmp_path / "scores", tmp_path / "facts")
    assert manifest.cards["model_card"]["terms"] == [{"name": "income_over_line", "zh": "甲", "en": "A"}]
    assert manifest.tables == ("relief", "indicator", "availability")
    facts = read_facts(tmp_path / "facts", MONTH)
    shown = {
        code: facts.table("indicator", code).set_index("indicator").loc["expected_relapse"]
        for code in ("city", "371425")
    }
    assert shown["city"]["value"] == pytest.approx(0.2)
    assert pd.isna(shown["371425"]["value"]), "with the city's it would be that of the only household of 371481"
