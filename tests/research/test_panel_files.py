"""Panels as files: four columns, other formats, codes as text, and models that cannot be fitted (cases of panel_csv/)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
import yaml
from typer.testing import CliRunner

from relapse_risk.cli import app
from relapse_risk.errors import ModelError, ParameterError
from relapse_risk.relapse import PanelDesign, read_panel
from relapse_risk.research import BENCHMARKS, compare, prepared
from relapse_risk.research.benchmark_models import Fold
from relapse_risk.yaml_reading import check_model

PLAIN = ["household_id", "month", "income", "line"]


def plain(years: range = range(2006, 2012), n: int = 400, seed: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    base = rng.normal(9, 0.5, n)
    frames = [
        pd.DataFrame(
            {
                "household_id": [f"{371425101001000000 + i}" for i in range(n)], "month": f"{year}-12",
                "income": np.exp(base + rng.normal(0, 0.4, n)).round(2), "line": 6000.0,
                "county": [["NA", "01", "Este", "West"][i % 4] for i in range(n)], "sector": ["urban", "rural"] * (n // 2),
                "year": year, "schooling": rng.integers(0, 13, n),
            }
        )
        for year in years
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def design(**changed: object) -> PanelDesign:
    given: dict[str, object] = {
        "name": "mine", "label": {"zh": "x", "en": "x"},
        "columns": {"household_id": "household_id", "county_code": "county", "income": "income", "line": "line"},
        "month": {"year": "year"}, "horizon_months": 12,
    }  # fmt: skip
    return check_model(PanelDesign, given | changed, "panels/mine.yaml")


def saved(frame: pd.DataFrame, file: Path) -> Path:
    if file.suffix == ".csv":
        frame.to_csv(file, index=False)
    elif file.suffix == ".parquet":
        frame.set_index("household_id").to_parquet(file)  # with an index, as pandas leaves it
    elif file.suffix == ".dta":
        pyreadstat.write_dta(frame, file)
    else:
        pyreadstat.write_sav(frame, file)
    return file


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".dta", ".sav"])
def test_ids_and_codes_are_the_same_from_every_format(suffix: str, tmp_path: Path) -> None:
    given = plain(range(2006, 2008), n=20)
    panel = read_panel(saved(given, tmp_path / f"p{suffix}"), design())
    assert panel.frame["household_id"].tolist() == given["household_id"].tolist()
    assert panel.frame["county_code"].tolist() == given["county"].tolist()
    assert panel.frame["income_pc_year"].tolist() == given["income"].tolist()
    assert panel.frame["month"].unique().tolist() == ["2006-12", "2007-12"]


@pytest.mark.parametrize(
    ("encoding", "separator"),
    [("gb18030", ","), ("utf-16", ";"), ("utf-8-sig", "\t")],
    ids=["gb18030", "utf-16", "tab"],
)
def test_encodings_and_separators_are_those_of_import(encoding: str, separator: str, tmp_path: Path) -> None:
    given = plain(range(2006, 2008), n=20).assign(备注="备注")
    given.to_csv(tmp_path / "p.csv", index=False, encoding=encoding, sep=separator)
    assert read_panel(tmp_path / "p.csv", design()).frame["county_code"].tolist() == given["county"].tolist()


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("household_id", "", r"p.csv, line 4, column household_id: an empty cell"),
        ("income", "不详", r"p.csv, line 4, column income: .* got '不详'.*list the word under missing"),
        ("year", "", r"p.csv, line 4, column year: an empty cell"),
        ("year", "86", r"p.csv, line 4, column year: not a month; got '86', expected YYYY-MM, a date, or a year"),
        ("household_id", "3.71425101001E+17", r"line 4, column household_id: .*digits beyond the 15th are lost"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(column: str, value: str, words: str, tmp_path: Path) -> None:
    given = plain(range(2006, 2008), n=20).astype("str")
    given.loc[2, column] = value
    with pytest.raises(ModelError, match=words):
        read_panel(saved(given, tmp_path / "p.csv"), design())


def test_thousands_and_words_for_no_answer_are_read(tmp_path: Path) -> None:
    given = plain(range(2006, 2008), n=20).astype({"income": "str"})
    given.loc[0, "income"], given.loc[1, "income"] = "13,378.97", "不详"
    frame = read_panel(saved(given, tmp_path / "p.csv"), design(missing=["不详"])).frame
    assert frame["income_pc_year"].tolist()[0] == 13378.97
    assert np.isnan(frame["income_pc_year"].tolist()[1])


@pytest.mark.parametrize(
    ("month", "column", "values", "expected"),
    [
        ({"month": "when"}, "when", ["2019-12", "2020-12"], ["2019-12", "2020-12"]),
        ({"month": "when"}, "when", ["2019", "2021"], ["2019-12", "2021-12"]),
        ({"month": "when"}, "when", list(pd.to_datetime(["2019-03-31", "2020-06-30"]).date), ["2019-03", "2020-06"]),
        ({"year": "year", "quarter": "when"}, "when", [1, 4], ["2006-03", "2006-12"]),
        ({"year": "year", "month": "when"}, "when", ["7", "11"], ["2006-07", "2006-11"]),
        ({"wave": "when", "months": {1: "1993-12", 2: "1997-12"}}, "when", [1, 2], ["1993-12", "1997-12"]),
    ],
)
def test_waves_are_months_years_quarters_dates_or_numbers(
    month: dict, column: str, values: list, expected: list[str]
) -> None:
    given = plain(range(2006, 2007), n=2).assign(**{column: values})
    assert read_panel(given, design(month=month)).frame["month"].tolist() == expected


def test_a_wave_nobody_dated_is_named() -> None:
    given = plain(range(2006, 2007), n=2).assign(wave=[1, 3])
    with pytest.raises(
        ModelError, match=r"line 2, column wave: not a month; got '3', expected one of the waves 1 \| 2"
    ):
        read_panel(given, design(month={"wave": "wave", "months": {1: "1993-12", 2: "1997-12"}}))
    with pytest.raises(ParameterError, match="go with wave"):
        design(month={"wave": "wave"})


def test_text_codes_are_codes_and_words_in_numbers_are_refused() -> None:
    feature = {"name": "urban", "en": "Urban", "unit": "0/1", "family": "place", "column": "sector"}
    panel = read_panel(plain(n=4), design(features=[{**feature, "codes": ["urban"]}]))
    assert panel.features[0].label.zh == "Urban"
    assert panel.features[0].compute(panel.frame).tolist()[:4] == [1.0, 0.0, 1.0, 0.0]
    assert panel.raw == ()  # a text is no column of numbers for plain machine learning
    with pytest.raises(ModelError, match=r"line 1, column sector.*got 'urban'.*give the feature text codes"):
        read_panel(plain(n=4), design(features=[{**feature, "codes": [1]}]))
    zeros = read_panel(plain(n=4), design(features=[{**feature, "column": "county", "codes": ["01"]}], unknown=["NA"]))
    assert zeros.features[0].compute(zeros.frame).tolist()[:4] == [pytest.approx(np.nan, nan_ok=True), 1.0, 0.0, 0.0]


def test_the_line_may_be_a_number_and_the_county_left_out() -> None:
    columns = {"household_id": "household_id", "income": "income", "line": 6000}
    frame = read_panel(plain(n=4), design(columns=columns)).frame
    assert frame["poverty_line"].eq(6000).all()
    assert "county_code" not in frame
    with pytest.raises(ParameterError, match=r"columns\.income: expected the name of a column"):
        design(columns=columns | {"income": 5})


def table(*arguments: object, code: int = 0) -> dict:
    result = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return {"out": result.output, **(json.loads(result.stdout) if "--json" in arguments and code == 0 else {})}


FEW = ("--benchmark", "card", "--benchmark", "challenger", "--draws", "20", "--years", "2", "--kind", "all")


def test_evaluate_needs_four_columns_and_no_design(tmp_path: Path) -> None:
    file = saved(plain()[PLAIN], tmp_path / "p.csv")
    told = table("evaluate", file, *FEW, "--out", tmp_path / "t.csv")["out"]
    found = pd.read_csv(tmp_path / "t.csv")
    assert set(found["score"]) == {"official", "card", "challenger"}
    assert set(found["design"]) == {"out_of_time"}  # no county, no counties left out
    assert found.loc[found["measure"] == "auc", "value"].between(0.6, 1).all()
    assert "(household_id)" in told


def test_a_column_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    file = saved(plain()[PLAIN].rename(columns={"income": "consumo"}), tmp_path / "p.csv")
    result = CliRunner().invoke(app, ["evaluate", str(file)])
    assert isinstance(result.exception, ModelError)
    assert "rename the column to income" in str(result.exception)


@pytest.mark.parametrize("counties", [1, 2])
def test_one_or_two_counties(counties: int, tmp_path: Path) -> None:
    given = plain()
    given["county_code"] = [f"r{i % counties}" for i in range(len(given))]
    table("evaluate", saved(given[[*PLAIN, "county_code"]], tmp_path / "p.csv"), *FEW, "--out", tmp_path / "t.csv")
    designs = set(pd.read_csv(tmp_path / "t.csv")["design"])
    assert designs == ({"out_of_time"} if counties == 1 else {"out_of_time", "counties_left_out"})


def refuses(fold: Fold) -> np.ndarray:
    if "2010-12" in set(fold.test["month"]):
        raise ModelError("does not settle", where="refuses")
    return np.full(len(fold.test), 0.1)


def test_a_model_or_a_split_that_cannot_be_fitted_is_one_named_row() -> None:
    """The other models are measured all the same; a model missing in one split has no measures in that design."""
    given = plain()
    given["county_code"] = given["household_id"].str[-1]
    panel = read_panel(given[[*PLAIN, "county_code"]])
    data = prepared(panel.frame, 12, kind="all")
    models = {"official": BENCHMARKS["official"], "card": BENCHMARKS["card"], "refuses": refuses}
    found = compare(data, np.random.default_rng(1), benchmarks=models, draws=20, years=2)
    time = found.table[found.table["design"] == "out_of_time"].set_index(["score", "measure"])["value"]
    assert np.isfinite(time["official", "auc"])
    assert np.isfinite(time["card", "auc"])
    assert np.isnan(time["refuses", "not_fitted"])
    rows = found.not_fitted[found.not_fitted["design"] == "out_of_time"]
    assert set(rows["split"]) == {"2010-12"}
    assert rows["why"].str.contains("does not settle").all()
    assert "refuses: not fitted in every split" in found.summary()
    # Counties outside whose own there are too few events: that split is left out and named.
    fewest = compare(data, np.random.default_rng(1), benchmarks=models, draws=20, years=1, min_events=180)
    left_out = fewest.not_fitted[fewest.not_fitted["score"] == "official"]
    assert len(left_out)
    assert left_out["why"].str.contains("too few events").all()
    assert set(fewest.table["design"])


def test_nothing_to_learn_from_is_one_sentence() -> None:
    panel = read_panel(plain(range(2006, 2008))[PLAIN])
    with pytest.raises(ModelError, match=r"nothing to learn from.*1 waves with an outcome"):
        compare(prepared(panel.frame, 12, kind="all"), np.random.default_rng(1), draws=20)


def test_three_waves_of_relapses_say_what_could_not_be_fitted(tmp_path: Path) -> None:
    given = plain(range(2006, 2009), n=1500)
    given["county_code"] = [f"r{i % 8}" for i in range(len(given))]
    told = table("evaluate", saved(given[[*PLAIN, "county_code"]], tmp_path / "p.csv"), *FEW[:-2])["out"]
    assert "AUC" in told
    assert "out_of_time: official not fitted: no outcome was known when the newest twelve months began" in told


@pytest.mark.shared
def test_the_documented_design_of_the_case_reads_its_files(shared_dir: Path) -> None:
    """../shared/cases/intake/panel_csv: the identifiers, the county NA, semicolons, GB18030 and Stata."""
    folder = shared_dir / "cases/intake/panel_csv"
    mine = check_model(PanelDesign, yaml.safe_load((folder / "mine.yaml").read_text(encoding="utf-8")), "mine.yaml")
    frame = read_panel(folder / "county_NA.csv", mine).frame
    assert frame["county_code"].value_counts().to_dict() == {"XK": 1080, "NA": 360}
    for name in ("semi.csv", "gb.csv", "p.dta"):
        panel = read_panel(folder / name, mine)
        assert (len(panel.frame), panel.frame["household_id"].nunique()) == (1440, 240)
        assert panel.frame["county_code"].iloc[0] == "01"
    with pytest.raises(ModelError, match="line 7, column hhid: an empty cell"):
        read_panel(folder / "ids18_onemissing.csv", mine)
    with pytest.raises(ModelError, match=r"inc_text.csv, line \d+, column inc: .*不详"):
        read_panel(folder / "inc_text.csv", mine)
