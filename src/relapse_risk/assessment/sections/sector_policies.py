"""Section 7: sector policies; who is entitled to what, who receives it, and how long it took."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from relapse_risk.assessment.county_data import CountyData, in_last_year
from relapse_risk.assistance import Catalogue, entitlements, read_catalogue
from relapse_risk.exhibits import Action, Dots, Exhibit, Lines, Pairs, Section, first_to_last, largest, smallest
from relapse_risk.measures import FactColumn, FactTable, Fraction, Indicator
from relapse_risk.months import add_months
from relapse_risk.parameters import params_dir

__all__ = ["ACTIONS", "EXHIBITS", "INDICATORS", "SECTION", "TABLES", "item_take_up"]

SECTION = Section(7)
C = FactColumn
NEEDS = ("assistance_record", "income", "person.birth_date", "household.policy_enjoying")
QUANTILES = (("p10_days", 0.1), ("p25_days", 0.25), ("median_days", 0.5), ("p75_days", 0.75), ("p90_days", 0.9))
HALF_YEARS = 4
RELIEF = (
    "dibao_edge",
    "dibao",
    "tekun",
)  # who holds one of these holds what a status opens, though nothing is paid out


def item_take_up(data: CountyData) -> pd.DataFrame:
    """Items of the catalogue: entitled, receiving in the last 12 months, missing, and what is forgone a year.

    Entitlements are assessed by the rules on the data date; *cannot tell* is counted apart and is not *no*.
    """
    return data.once("take_up", lambda: _take_up_rows(data))


@lru_cache(maxsize=4)
def _catalogue(place: str, folder: str, changed: int) -> Catalogue:
    """The catalogue, read once for all counties; ``changed`` is when its file was, so that an edit is seen."""
    return read_catalogue(place, folder)


def _catalogue_of(data: CountyData) -> Catalogue | None:
    file = params_dir() / "assistance" / f"{data.place.name}.yaml"
    return _catalogue(data.place.name, str(params_dir()), file.stat().st_mtime_ns) if file.is_file() else None


def _granted(data: CountyData) -> pd.DataFrame:
    """One row per household and item that it is, or may be, entitled to: item_code, household_id, state, received, forgone."""
    return data.once("granted", lambda: _granted_rows(data))


def _granted_rows(data: CountyData) -> pd.DataFrame:
    catalogue = _catalogue_of(data)
    if catalogue is None:
        return pd.DataFrame()
    money = data.now.assign(**{c: data.now[c].fillna(0) for c in ("medical_self_paid", "disaster_loss")})
    found = entitlements(money, data.persons, catalogue, data.setting).frame
    records = in_last_year(data.table("assistance_record"), "delivered_on", data.day)
    got = records[["item_code", "household_id"]]
    status = [item.code for item in catalogue.items if item.kind == "eligibility"]
    holders = data.now.loc[data.now["relief_status"].isin(RELIEF).to_numpy(dtype=bool), "household_id"]
    got = pd.concat([got, *(pd.DataFrame({"item_code": code, "household_id": holders}) for code in status)])
    got = got.drop_duplicates().assign(received=True)
    granted = found.groupby(["item_code", "household_id", "state"], as_index=False)["amount_year"].sum()
    granted = granted.merge(got, on=["item_code", "household_id"], how="left")
    granted["received"] = granted["received"].eq(True)
    return granted.assign(forgone=granted["amount_year"].where(~granted["received"], 0.0))


def _take_up_rows(data: CountyData) -> pd.DataFrame:
    catalogue, found = _catalogue_of(data), _granted(data)
    if catalogue is None:
        return pd.DataFrame()
    granted = found[found["state"] == "yes"]
    sums = granted.groupby("item_code").agg(
        entitled=("household_id", "size"), receiving=("received", "sum"), forgone=("forgone", "sum")
    )
    open_ = found[found["state"] == "cannot_tell"].groupby("item_code")["household_id"].nunique()
    frame = pd.DataFrame(
        {
            "item_code": [item.code for item in catalogue.items],
            "item": [item.label.cell for item in catalogue.items],
            "department": [item.department for item in catalogue.items],
            "confidence": [item.confidence for item in catalogue.items],
        }
    ).join(sums, on="item_code")
    frame["cannot_tell"] = frame["item_code"].map(open_)
    counts = ["entitled", "receiving", "cannot_tell"]
    frame[counts] = frame[counts].fillna(0).astype(int)
    return frame.assign(forgone=frame["forgone"].fillna(0.0), missing=frame["entitled"] - frame["receiving"])


def take_up_by_department(data: CountyData) -> pd.DataFrame:
    """Entitled and receiving households, summed over the items of each department."""
    items = item_take_up(data)
    if items.empty:
        return items
    return items.groupby("department", sort=False)[["entitled", "receiving", "missing", "forgone"]].sum().reset_index()


def _processed(data: CountyData) -> pd.DataFrame:
    """Applications of the last twelve months with department and days to the decision."""
    records = in_last_year(data.table("assistance_record"), "applied_on", data.day)
    return records.assign(department=records["item_code"].str[:2], days=_days_to_decision(records, data))


def _days_to_decision(records: pd.DataFrame, data: CountyData) -> pd.Series:
    """Days from application to decision; null where nothing was decided by the data date."""
    decided = records["decided_on"].where(records["decided_on"] <= pd.Timestamp(data.day))
    return (decided - records["applied_on"]).dt.days.astype("float64")


def processing(data: CountyData) -> pd.DataFrame:
    """Days from application to decision and papers asked for, by department, over the last 12 months."""
    records = _processed(data)
    grouped = records.groupby("department")
    frame = pd.DataFrame({"cases": grouped.size(), "decided": grouped["days"].count()})
    for name, order in QUANTILES:
        frame[name] = grouped["days"].quantile(order)
    frame["with_papers"] = grouped["material_count"].count()
    frame["papers_sum"] = grouped["material_count"].sum()
    return frame.reset_index(names="department")


def processing_trend(data: CountyData) -> pd.DataFrame:
    """Days and papers by half-year of application: before and after the flow was redesigned (9 May 2020)."""
    table = data.table("assistance_record")
    records = table[(table["applied_on"] <= pd.Timestamp(data.day)).fillna(False).to_numpy(dtype=bool)]
    since = pd.Timestamp(f"{add_months(data.month, 1 - 6 * HALF_YEARS)}-01")
    records = records[records["applied_on"] >= since]
    half = records["applied_on"].dt.year.astype(str) + "H" + ((records["applied_on"].dt.month + 5) // 6).astype(str)
    days = _days_to_decision(records, data)
    frame = pd.DataFrame({"cases": records.groupby(half).size(), "decided": days.notna().groupby(half).sum()})
    frame["days_sum"] = days.groupby(half).sum()
    frame["with_papers"] = records["material_count"].notna().groupby(half).sum()
    frame["papers_sum"] = records["material_count"].astype("Float64").groupby(half).sum().astype("float64")
    return frame.reset_index(names="half_year").tail(HALF_YEARS)


def _take_up(data: CountyData) -> Fraction:
    items = item_take_up(data)
    if items.empty:
        return Fraction(0.0, 0.0)
    return Fraction(float(items["receiving"].sum()), float(items["entitled"].sum()))


def _unclaimed(data: CountyData) -> Fraction:
    """Households that lack some item they are entitled to, over households entitled to any."""
    found = _granted(data)
    if found.empty:
        return Fraction(0.0, 0.0)
    has_all = found[found["state"] == "yes"].groupby("household_id")["received"].all()
    return Fraction(float((~has_all).sum()), float(len(has_all)))


def _forgone(data: CountyData) -> Fraction:
    """Yearly amount that entitled households do not get, per household of the register."""
    items = item_take_up(data)
    return Fraction(float(items["forgone"].sum()), float(len(data.now))) if len(items) else Fraction(0.0, 0.0)


def _decision_days(data: CountyData) -> Fraction:
    days = _processed(data)["days"].dropna()
    return Fraction(float(days.sum()), float(len(days)))


def _in_work(data: CountyData) -> Fraction:
    able = data.persons[data.persons["is_labour"].fillna(False).to_numpy(dtype=bool)]
    works = able["employment_status"].isin(["away", "local", "public_post", "farming", "self_employed"])
    known = able["employment_status"].notna()
    return Fraction(float((works & known).sum()), float(known.sum()))


def _zero_employment(data: CountyData) -> Fraction:
    return data.households(data.now["zero_employment"], ~data.now["all_no_labour"])


WORK = ("person.employment_status", "person.labour_capacity")
DAYS = tuple(C(name, "days") for name, _ in QUANTILES)
PAPERS = (
    C("with_papers", "count", hidden=True), C("papers_sum", "number", hidden=True, adds=True),
    C("papers", "number", of=("papers_sum", "with_papers")),
)  # fmt: skip
TABLES = (
    FactTable("take_up", 7,
              (C("item", "text"), C("department", "code", "department", descriptive=True),
               C("entitled", "households", counts="take_up.known by department={department}"),
               C("receiving", "households", counts="take_up.yes by department={department}"),
               C("missing", "households", counts="take_up.no by department={department}"), C("share", "share", of=("receiving", "entitled")),
               C("forgone", "money_wan"), C("cannot_tell", "households", counts="entitlement_unknown.{item}.yes"), C("confidence", "confidence", descriptive=True)),
              NEEDS, item_take_up),
    FactTable("take_up_by_department", 7,
              (C("department", "code", "department"), C("entitled", "households", counts="take_up.known"),
               C("receiving", "households", counts="take_up.yes"), C("missing", "households", counts="take_up.no"), C("share", "share", of=("receiving", "entitled"), limit="take_up_target"), C("forgone", "money_wan")),
              NEEDS, take_up_by_department, order="share"),
    FactTable("processing", 7,
              (C("department", "code", "department"), C("cases", "records", counts="applications.yes"),
               C("decided", "records", counts="applications_decided.yes"), *DAYS, *PAPERS),
              ("assistance_record.applied_on",), processing, order="-median_days"),
    FactTable("processing_trend", 7,
              (C("half_year", "period"), C("cases", "records", counts="recent_applications.yes"),
               C("decided", "records", counts="recent_applications_decided.yes"),
               C("days_sum", "number", hidden=True, adds=True), C("mean_days", "days", of=("days_sum", "decided")), *PAPERS),
              ("assistance_record.applied_on",), processing_trend, order="half_year"),
)  # fmt: skip
INDICATORS = (
    Indicator("take_up", 7, "share", "higher_better", NEEDS, _take_up, limit="take_up_target", headline=True,
              history=False),
    Indicator("unclaimed_households", 7, "share", "lower_better", NEEDS, _unclaimed, history=False),
    Indicator("forgone_per_household", 7, "money", "lower_better", NEEDS, _forgone, history=False, people=False),
    Indicator("decision_days", 7, "days", "lower_better", ("assistance_record.applied_on",), _decision_days,
              source="ART-DEZHOU", people=False),
    Indicator("employed_of_labour", 7, "share", "higher_better", WORK, _in_work),
    Indicator("zero_employment", 7, "share", "lower_better", WORK, _zero_employment, limit="zero_target",
              measure="segment.zero_employment",
              source="DEF-ZEROJOB"),
)  # fmt: skip
ACTIONS = (
    Action("unclaimed_households", "households", 2, issue="take_up", where=("take_up", "missing")),
    Action("zero_employment", "households", 3, where=("segment_towns", "zero_employment")),
)
EXHIBITS = (
    Exhibit("take_up_by_department", Dots("department", "share"), smallest("share", "department")),
    Exhibit("processing", Pairs("department", "median_days", "p90_days"), largest("median_days", "department")),
    Exhibit("processing_trend", Lines("half_year", ("mean_days", "papers")), first_to_last("mean_days", aligned=True),
            half=True),
)  # fmt: skip
