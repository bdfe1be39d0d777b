"""Deprivation designs and the one-fails-all guarantee test."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError, ParameterError
from relapse_risk.parameters import params_dir, read_parameters, read_place
from relapse_risk.poverty import alkire_foster, deprivation_matrix, guarantee_test, read_deprivation, survey_design
from relapse_risk.poverty.deprivation_design import parse_deprivation
from relapse_risk.yaml_reading import read_yaml

DAY = date(2020, 12, 31)
PARAMETERS, PLACE = read_parameters(), read_place("dezhou")


def household(**changes: Any) -> pd.DataFrame:
    row = {
        "household_id": "h1", "staple_food_enough": True, "protein_food_regular": True, "seasonal_clothes": True,
        "education_ok": True, "medical_ok": True, "dwelling_grade": "B", "dwelling_checked_on": pd.Timestamp("2020-05-01"),
        "water_litres_per_person_day": 35.0, "water_quality_ok": True, "water_fetch_minutes": 20.0,
        "water_outage_days": 36,
    }  # fmt: skip
    return pd.DataFrame([{**row, **changes}])


def verdict(**changes: Any) -> str:
    return guarantee_test(household(**changes), read_deprivation(), PARAMETERS, PLACE, DAY).frame["verdict"].iloc[0]


def test_exactly_at_every_limit_is_met() -> None:
    """35 litres, 20 minutes and 36 days are still met (DEF-WATER: at least, at most)."""
    assert verdict() == "met"


@pytest.mark.parametrize(
    "failing",
    [
        {"staple_food_enough": False}, {"protein_food_regular": False}, {"seasonal_clothes": False},
        {"education_ok": False}, {"medical_ok": False}, {"dwelling_grade": "C"}, {"dwelling_grade": "D"},
        {"water_litres_per_person_day": 34.9}, {"water_quality_ok": False}, {"water_fetch_minutes": 21.0},
        {"water_outage_days": 37},
    ],
)  # fmt: skip
def test_one_failing_item_fails_all(failing: dict[str, Any]) -> None:
    assert verdict(**failing) == "not_met"


def test_a_missing_answer_keeps_the_verdict_open_unless_something_fails() -> None:
    assert verdict(water_quality_ok=None) == "open"
    assert verdict(water_quality_ok=None, dwelling_grade="D") == "not_met"


def test_reason_value_cutoff_and_evidence_date_are_recorded() -> None:
    """The register keeps no date of the last check beside a household; a frame of one's own may."""
    own = replace(read_deprivation(), reads="own")
    dated = (replace(i, evidence="dwelling_checked_on") if i.code == "dwelling" else i for i in own.indicators)
    design = replace(own, indicators=tuple(dated))
    items = guarantee_test(
        household(dwelling_grade="C", water_litres_per_person_day=20.0), design, PARAMETERS, PLACE, DAY
    ).items.set_index("indicator")
    assert items.loc["dwelling", ["value", "reason_zh"]].tolist() == ["C", "住房为C级或D级"]
    assert items.loc["dwelling", "evidence_on"] == pd.Timestamp("2020-05-01")
    assert items.loc["water_amount", ["value", "cutoff"]].tolist() == ["20.0", 35.0]
    assert pd.isna(items.loc["water_amount", "evidence_on"])


def test_the_same_design_gives_union_poverty() -> None:
    design = read_deprivation()
    frame = pd.concat([household(), household(household_id="h2", medical_ok=False)], ignore_index=True)
    matrix = deprivation_matrix(frame, design, PARAMETERS, PLACE, DAY)
    result = alkire_foster(matrix.g0, design.weights(), design.cutoffs, survey_design([1, 1]), design.codes)
    assert result.value("H", design.cutoffs[0]) == 0.5


def test_what_missing_means_is_stated() -> None:
    content = read_yaml(params_dir() / "indexes/deprivation/mexico_2014.yaml")
    frame = pd.DataFrame({i["column"]: [0.0, 1.0, 1.0] for i in content["indicators"]})
    frame.loc[0, "ic_ali"] = np.nan
    kept = {}
    for missing in ("drop", "deprived", "not_deprived"):
        changed = copy.deepcopy(content)
        changed["indicators"][0]["missing"] = missing
        matrix = deprivation_matrix(frame, parse_deprivation(changed, "m.yaml"), PARAMETERS, PLACE, DAY)
        kept[missing] = matrix.g0["ic_ali"].tolist()
    assert kept == {"drop": [1.0, 1.0], "deprived": [1.0, 1.0, 1.0], "not_deprived": [0.0, 1.0, 1.0]}


def at(content: dict[str, Any], code: str) -> dict[str, Any]:
    """The indicator of a design's content with this code."""
    return next(item for item in content["indicators"] if item["code"] == code)


BROKEN = {
    "an unknown dimension": (
        lambda c: at(c, "no_labour").update(dimension="x"),
        "no_labour: unknown dimension; got 'x'",
    ),
    "a code twice": (lambda c: at(c, "no_work").update(code="no_labour"), "no_labour: code written twice"),
    "a cut-off too many": (
        lambda c: at(c, "no_labour").update(cutoff=1),
        "no_labour: deprived_when is_true needs no cut-off",
    ),
    "no cut-off": (
        lambda c: at(c, "uninsured").pop("cutoff"),
        "uninsured: deprived_when above needs exactly one cut-off",
    ),
    "weights of zero sum": (
        lambda c: [at(c, code).update(weight=0) for code in ("income", "no_labour", "no_work")],
        "livelihood: weights sum to zero",
    ),
    "a negative weight": (lambda c: at(c, "no_work").update(weight=-1), r"indicators.2.weight \(no_work\)"),
    "an infinite cut-off": (
        lambda c: at(c, "uninsured").update(cutoff=float("inf")),
        r"indicators.3.cutoff \(uninsured\): .*finite",
    ),
    "a cut-off outside the range": (
        lambda c: c.update(cutoffs=[33]),
        r"cutoffs\.0: .*cut-off outside the range.*got 33",
    ),
    "a misspelt column": (
        lambda c: at(c, "toilet").update(column="sanitary_toilett"),
        "toilet: column: unknown column; got 'sanitary_toilett'.*did you mean 'sanitary_toilet'",
    ),
    "a misspelt date of evidence": (
        lambda c: at(c, "dwelling").update(evidence="dweling_grade"),
        "dwelling: evidence: unknown column.*mean 'dwelling_grade'",
    ),
    "a misspelt word": (
        lambda c: at(c, "rented").update(words=["rented", "lodgign"]),
        "rented: words: unknown word of dwelling_tenure; got 'lodgign'.*did you mean 'lodging'",
    ),
    "an unknown predicate": (
        lambda c: (
            at(c, "dwelling").pop("column"),
            at(c, "dwelling").update(predicate="hous_safe", deprived_when="fails"),
        ),
        "dwelling: unknown predicate about households; got 'hous_safe'.*did you mean 'house_safe'",
    ),
    "an unknown column to tell apart by": (
        lambda c: at(c, "dwelling").update(predicate="house_safe", deprived_when="fails", by="dweling_grade"),
        "dwelling: by: unknown column; got 'dweling_grade'.*did you mean 'dwelling_grade'",
    ),
    "a predicate about persons": (
        lambda c: at(c, "dwelling").update(predicate="adult", deprived_when="fails"),
        "dwelling: unknown predicate about households; got 'adult'",
    ),
    "a predicate compared": (
        lambda c: at(c, "dwelling").update(predicate="house_safe"),
        "dwelling: an indicator compares a column or asks a predicate",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_design_is_named(fault: str) -> None:
    change, words = BROKEN[fault]
    content = copy.deepcopy(read_yaml(params_dir() / "indexes/deprivation/national.yaml"))
    change(content)
    with pytest.raises(ParameterError, match=rf"broken\.yaml: {words}"):
        parse_deprivation(content, "broken.yaml")


def test_bad_frames_are_named() -> None:
    design = read_deprivation()
    with pytest.raises(
        ModelError, match=r"guarantees\.yaml: water_amount: unknown column; got 'water_litres_per_person_day'"
    ):
        guarantee_test(household().drop(columns="water_litres_per_person_day"), design, PARAMETERS, PLACE, DAY)
    with pytest.raises(ModelError, match="household_id repeated; got 'h1'"):
        guarantee_test(pd.concat([household(), household()]), design, PARAMETERS, PLACE, DAY)
    with pytest.raises(ModelError, match="water_amount: not numbers"):
        guarantee_test(household(water_litres_per_person_day="lots"), design, PARAMETERS, PLACE, DAY)


@pytest.mark.shared
def test_mexico_2014_reaches_the_published_shares(shared_dir: Path) -> None:
    """Unweighted household shares printed in the data's README."""
    frame = pd.read_csv(shared_dir / "data/mexico_coneval_2014/mexico_2014_household_deprivations.csv.gz")
    design = read_deprivation("mexico_2014")
    matrix = deprivation_matrix(frame, design, PARAMETERS, PLACE, DAY)
    result = alkire_foster(
        matrix.g0, design.weights(), design.cutoffs, survey_design(np.ones(len(frame))), design.codes, frame["entidad"]
    )
    published = {
        "ic_ali": 0.226,
        "ic_asalud": 0.302,
        "ic_cv": 0.100,
        "ic_rezedu": 0.427,
        "ic_sbv": 0.206,
        "ic_segsoc": 0.682,
    }
    for code, share in published.items():
        assert result.value("hd", indicator=code) == pytest.approx(share, abs=5e-4)
    assert len(frame) == 58121
    states = result.frame[(result.frame["measure"] == "M0") & (result.frame["group"] != "all")]
    assert states["group"].nunique() == 32
