"""Section 5: two no-worries, three guarantees and safe water.  One failing item fails all."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.assessment.base import CountyData, FactColumn, FactTable, Fraction, Indicator, hits, share
from relapse_risk.assessment.baseline import by_town
from relapse_risk.schema import code_list

__all__ = ["CRITERIA", "INDICATORS", "TABLES"]

C = FactColumn
CRITERIA = ("food_clothes_ok", "education_ok", "medical_ok", "house_safe", "water_safe", "guarantees_ok")


def guarantee_pass(data: CountyData) -> pd.DataFrame:
    """Households that pass each criterion, of those with an answer."""
    rows = []
    for name in CRITERIA:
        found = share(data.now[name])
        rows.append(
            {
                "criterion": name, "checked": found.denominator, "passed": found.numerator,
                "failed": found.denominator - found.numerator, "share": found.ratio, "unknown": hits(data.now[name].isna()),
            }
        )  # fmt: skip
    return pd.DataFrame(rows).astype({"share": "float64"})


def guarantee_reasons(data: CountyData) -> pd.DataFrame:
    """Households by what exactly fails."""
    home, now = data.table("household"), data.now
    tests = {
        "dwelling_c": home["dwelling_grade"].eq("C"),
        "dwelling_d": home["dwelling_grade"].eq("D"),
        "water_quality": home["water_quality_ok"].eq(False),
        "water_amount": home["water_litres_per_person_day"] < data.limit("water_litres_min"),
        "water_distance": home["water_fetch_minutes"] > data.limit("water_minutes_max"),
        "water_outage": home["water_outage_days"] > data.limit("water_outage_days_max"),
        "dropped_out": now["n_dropped_out"] > 0,
        "uninsured": now["n_uninsured"] > 0,
        "staple_food": home["staple_food_enough"].eq(False),
        "protein_food": home["protein_food_regular"].eq(False),
        "clothes": home["seasonal_clothes"].eq(False),
    }
    frame = pd.DataFrame({"reason": list(tests), "households": [hits(flags) for flags in tests.values()]})
    return frame[frame["households"] > 0].sort_values("households", ascending=False, ignore_index=True)


def guarantee_by_town(data: CountyData) -> pd.DataFrame:
    """Pass rate of each criterion by town."""
    flags = data.now[list(CRITERIA)].astype("Float64")
    frame = flags.groupby(data.now["town_code"]).mean().astype("float64")
    frame.insert(0, "households", data.now.groupby("town_code").size())
    return by_town(data, frame.sort_values("guarantees_ok"))


def dwelling_layers(data: CountyData) -> pd.DataFrame:
    """Dwellings checked and passed by layer, and agreement of each layer with the city's own review."""
    checks = data.table("dwelling_check")
    city = checks[checks["layer"] == "city_review"].set_index("household_id")["grade_found"]
    same = checks["grade_found"].eq(checks["household_id"].map(city)).where(checks["household_id"].isin(city.index))
    frame = checks.groupby("layer").agg(checked=("household_id", "size"), passed=("passed", hits))
    frame["agreement"] = same.astype("Float64").groupby(checks["layer"]).mean().astype("float64")
    order = [word for word in code_list("check_layer").words if word in frame.index]
    frame = frame.loc[order].reset_index(names="layer")
    return frame.assign(agreement=frame["agreement"].mask(frame["layer"] == "city_review", np.nan))


def _criterion(name: str) -> Indicator:
    needs = {
        "food_clothes_ok": ("household.staple_food_enough", "household.seasonal_clothes"),
        "education_ok": ("person.dropped_out",),
        "medical_ok": ("person.medical_insurance",),
        "house_safe": ("household.dwelling_grade",),
        "water_safe": ("household.water_quality_ok",),
        "guarantees_ok": ("household.dwelling_grade", "person.medical_insurance", "household.water_quality_ok"),
    }[name]
    return Indicator(
        name, 5, "share", "higher_better", needs, lambda data: share(data.now[name]), limit="share_target",
        source="DEF-WATER" if name == "water_safe" else "DEF-3G", headline=name == "guarantees_ok",
    )  # fmt: skip


def _insured(data: CountyData) -> Fraction:
    return share(data.persons["medical_insurance"])


TABLES = (
    FactTable("guarantee_pass", 5,
              (C("criterion", "label", "indicator"), C("checked", "households"), C("passed", "households"),
               C("failed", "households"), C("share", "share"), C("unknown", "households")),
              ("household.dwelling_grade",), guarantee_pass),
    FactTable("guarantee_reasons", 5, (C("reason", "label", "reason"), C("households", "households")),
              ("household.dwelling_grade",), guarantee_reasons),
    FactTable("guarantee_by_town", 5,
              (C("town", "town"), C("households", "households"), *(C(name, "share") for name in CRITERIA)),
              ("household.dwelling_grade", "village.town_code"), guarantee_by_town),
    FactTable("dwelling_layers", 5,
              (C("layer", "code", "check_layer"), C("checked", "count"), C("passed", "count"), C("agreement", "share")),
              ("dwelling_check",), dwelling_layers),
)  # fmt: skip
INDICATORS = (
    *(_criterion(name) for name in CRITERIA),
    Indicator("insured_persons", 5, "share", "higher_better", ("person.medical_insurance",), _insured,
              limit="share_target", source="DEF-3G"),
)  # fmt: skip
