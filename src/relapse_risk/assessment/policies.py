"""Section 7: sector policies; who is entitled to what, who receives it, and how long it took."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.assessment.base import CountyData, FactColumn, FactTable, Fraction, Indicator, up_to
from relapse_risk.assistance import entitlements, limits_on, read_catalogue
from relapse_risk.parameters import params_dir

__all__ = ["INDICATORS", "TABLES", "take_up"]

C = FactColumn
NEEDS = ("assistance_record", "income", "person.birth_date", "household.policy_enjoying")


def _has_catalogue(place: str) -> bool:
    return (params_dir() / "assistance" / f"{place}.yaml").is_file()


def take_up(data: CountyData) -> pd.DataFrame:
    """Items of the catalogue: entitled, receiving in the last 12 months, missing, and what is forgone a year.

    Entitlements are judged by the rules on the data date; *cannot tell* is counted apart and is not *no*.
    """
    if not _has_catalogue(data.place.name):
        return pd.DataFrame()
    catalogue = read_catalogue(data.place.name)
    limits = limits_on(data.parameters, data.place, data.day)
    money = data.now.assign(**{c: data.now[c].fillna(0) for c in ("medical_self_paid", "disaster_loss")})
    found = entitlements(money, data.persons, catalogue, limits, data.day).frame
    records = up_to(data.table("assistance_record"), "delivered_on", data.day)
    records = records[records["delivered_on"] > pd.Timestamp(data.day) - pd.DateOffset(years=1)]
    got = set(zip(records["item_code"], records["household_id"], strict=True))
    rows = []
    for item in catalogue.items:
        mine = found[found["item_code"] == item.code]
        granted = mine[mine["state"] == "yes"]
        homes = granted.groupby("household_id")["amount_year"].sum()
        receives = np.array([(item.code, home) in got for home in homes.index], dtype=bool)
        rows.append(
            {
                "item": f"{item.label.zh}|{item.label.en}", "department": item.department,
                "entitled": len(homes), "receiving": int(receives.sum()), "missing": int((~receives).sum()),
                "share": receives.mean() if len(homes) else np.nan,
                "forgone": float(homes.to_numpy()[~receives].sum()) if len(homes) else 0.0,
                "cannot_tell": mine.loc[mine["state"] == "cannot_tell", "household_id"].nunique(),
                "confidence": item.confidence,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def take_up_by_department(data: CountyData) -> pd.DataFrame:
    """Entitled and receiving households, summed over the items of each department."""
    items = take_up(data)
    if items.empty:
        return items
    frame = items.groupby("department", sort=False)[["entitled", "receiving", "missing", "forgone"]].sum()
    frame["share"] = frame["receiving"] / frame["entitled"].replace(0, np.nan)
    return frame.sort_values("share").reset_index()


def processing(data: CountyData) -> pd.DataFrame:
    """Days from application to decision and papers asked for, by department, over the last 12 months."""
    records = up_to(data.table("assistance_record"), "applied_on", data.day)
    records = records[records["applied_on"] > pd.Timestamp(data.day) - pd.DateOffset(years=1)]
    department = records["item_code"].str[:2]
    days = (records["decided_on"] - records["applied_on"]).dt.days.astype("float64")
    frame = pd.DataFrame({"cases": days.groupby(department).size(), "decided": days.notna().groupby(department).sum()})
    for name, order in (("median_days", 0.5), ("p90_days", 0.9)):
        frame[name] = days.groupby(department).quantile(order)
    frame["papers"] = records["material_count"].astype("Float64").groupby(department).mean().astype(float)
    return frame.sort_values("median_days", ascending=False).reset_index(names="department")


def _take_up(data: CountyData) -> Fraction:
    items = take_up(data)
    return Fraction(float(items["receiving"].sum()), float(items["entitled"].sum())) if len(items) else Fraction(0, 0)


def _in_work(data: CountyData) -> Fraction:
    labour = float(data.now["labour_count"].astype("Float64").sum())
    return Fraction(float(data.now["employed_count"].astype("Float64").sum()), labour)


def _zero_employment(data: CountyData) -> Fraction:
    able = data.now[(data.now["labour_count"] > 0).fillna(False).to_numpy(dtype=bool)]
    return Fraction(float(able["zero_employment"].fillna(False).sum()), float(len(able)))


TABLES = (
    FactTable("take_up", 7,
              (C("item", "town"), C("department", "code", "department"), C("entitled", "households"),
               C("receiving", "households"), C("missing", "households"), C("share", "share"), C("forgone", "money_wan"),
               C("cannot_tell", "households"), C("confidence", "confidence")),
              NEEDS, take_up),
    FactTable("take_up_by_department", 7,
              (C("department", "code", "department"), C("entitled", "count"), C("receiving", "count"),
               C("missing", "count"), C("share", "share"), C("forgone", "money_wan")),
              NEEDS, take_up_by_department),
    FactTable("processing", 7,
              (C("department", "code", "department"), C("cases", "count"), C("decided", "count"),
               C("median_days", "days"), C("p90_days", "days"), C("papers", "number")),
              ("assistance_record.applied_on",), processing),
)  # fmt: skip
INDICATORS = (
    Indicator("take_up", 7, "share", "higher_better", NEEDS, _take_up, limit="take_up_target", headline=True,
              history=False),
    Indicator("employed_of_labour", 7, "share", "higher_better", ("person.employment_status", "person.labour_capacity"),
              _in_work),
    Indicator("zero_employment", 7, "share", "lower_better", ("person.employment_status", "person.labour_capacity"),
              _zero_employment, limit="zero_target", source="DEF-ZEROJOB"),
)  # fmt: skip
