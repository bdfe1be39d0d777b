"""Section 6: industry projects, funds, assets, dividends and the issues found with them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.assessment.base import CountyData, FactColumn, FactTable, Fraction, Indicator, hits, share, up_to
from relapse_risk.poverty import gini
from relapse_risk.schema import code_list

__all__ = ["INDICATORS", "TABLES"]

C = FactColumn


def _ordered(frame: pd.DataFrame, codes: str, name: str) -> pd.DataFrame:
    return frame.loc[[word for word in code_list(codes).words if word in frame.index]].reset_index(names=name)


def project_stages(data: CountyData) -> pd.DataFrame:
    """Projects and funds by stage, and how many went through all three reviews."""
    project = data.table("project")
    reviewed = project[["town_review_on", "county_approve_on", "city_file_on"]].notna().all(axis=1)
    frame = (
        project.assign(reviewed=reviewed)
        .groupby("stage")
        .agg(projects=("project_id", "size"), fund=("fund_amount", "sum"), reviewed=("reviewed", "sum"))
    )
    return _ordered(frame, "project_stage", "stage")


def project_types(data: CountyData) -> pd.DataFrame:
    """Projects by type: funds, persons covered, cost per person, expected against realised yield."""
    project, asset = data.table("project"), data.table("asset")
    frame = project.groupby("project_type").agg(
        projects=("project_id", "size"), fund=("fund_amount", "sum"), beneficiaries=("beneficiaries", "sum")
    )
    frame["fund_per_person"] = frame["fund"] / frame["beneficiaries"].astype(float).replace(0, np.nan)
    joined = asset.merge(project[["project_id", "project_type", "expected_yield_rate"]], on="project_id")
    joined = joined[joined["annual_yield"].notna() & (joined["original_value"] > 0)]
    grouped = joined.groupby("project_type")
    frame["yield_expected"] = grouped.apply(
        lambda g: float(np.average(g["expected_yield_rate"], weights=g["original_value"]))
    )
    frame["yield_realised"] = grouped["annual_yield"].sum() / grouped["original_value"].sum()
    return _ordered(frame, "project_type", "project_type")


def fund_by_year(data: CountyData) -> pd.DataFrame:
    """Funds by year."""
    frame = (
        data.table("project")
        .groupby("fund_year")
        .agg(projects=("project_id", "size"), fund=("fund_amount", "sum"), beneficiaries=("beneficiaries", "sum"))
    )
    return frame.reset_index(names="year").assign(year=lambda f: f["year"].astype(str))


def assets(data: CountyData) -> pd.DataFrame:
    """Assets by type: value, registered, on the platform, not in normal operation."""
    asset = data.table("asset")
    frame = asset.groupby("asset_type").agg(
        assets=("asset_id", "size"), value=("original_value", "sum"), registered=("registered", hits),
        on_platform=("on_three_assets_platform", hits), not_normal=("operating_state", lambda s: hits(s.ne("normal"))),
    )  # fmt: skip
    return _ordered(frame, "asset_type", "asset_type")


def dividends(data: CountyData) -> pd.DataFrame:
    """Dividends by year: persons, amount, amount per person and its Gini coefficient among those who got any."""
    paid = data.table("dividend")
    by_person = paid.groupby(["year", "person_id"])["amount"].sum()
    grouped = by_person.groupby("year")
    frame = pd.DataFrame({"persons": grouped.size(), "amount": grouped.sum(), "per_person": grouped.mean()})
    frame["gini"] = grouped.apply(lambda s: float(gini(s.to_numpy())) if len(s) > 1 and s.sum() > 0 else np.nan)
    return frame.reset_index(names="year").assign(year=lambda f: f["year"].astype(str))


def issue_ageing(data: CountyData) -> pd.DataFrame:
    """Issues by type: found, closed, open, overdue, and median days to close."""
    issue = up_to(data.table("project_issue"), "found_on", data.day)
    closed = (issue["closed_on"] <= pd.Timestamp(data.day)).fillna(False)
    overdue = ~closed & (issue["due_on"] < pd.Timestamp(data.day)).fillna(False)
    days = (issue["closed_on"] - issue["found_on"]).dt.days.where(closed)
    frame = pd.DataFrame({"found": issue.groupby("issue_type").size()})
    for name, values in (("closed", closed), ("open", ~closed), ("overdue", overdue)):
        frame[name] = values.groupby(issue["issue_type"]).sum()
    frame["median_days"] = days.groupby(issue["issue_type"]).median()
    return _ordered(frame, "issue_type", "issue_type")


def _reviewed(data: CountyData) -> Fraction:
    project = data.table("project")
    running = project[~project["stage"].isin(["proposed", "town_review", "expert_review", "county_approval"])]
    return share(running[["town_review_on", "county_approve_on", "city_file_on"]].notna().all(axis=1).astype("boolean"))


def _dividend_per_person(data: CountyData) -> Fraction:
    paid = data.table("dividend")
    paid = paid[paid["year"] == int(data.year)]
    return Fraction(float(paid["amount"].sum()), float(paid["person_id"].nunique()))


def _yield_ratio(data: CountyData) -> Fraction:
    joined = data.table("asset").merge(data.table("project")[["project_id", "expected_yield_rate"]], on="project_id")
    joined = joined[joined["annual_yield"].notna() & joined["expected_yield_rate"].notna()]
    promised = float((joined["expected_yield_rate"] * joined["original_value"]).sum())
    return Fraction(float(joined["annual_yield"].sum()), promised)


TABLES = (
    FactTable("project_stages", 6,
              (C("stage", "code", "project_stage"), C("projects", "count"), C("reviewed", "count"), C("fund", "money_wan")),
              ("project",), project_stages),
    FactTable("project_types", 6,
              (C("project_type", "code", "project_type"), C("projects", "count"), C("fund", "money_wan"),
               C("beneficiaries", "count"), C("fund_per_person", "money"), C("yield_expected", "share"),
               C("yield_realised", "share")),
              ("project", "asset"), project_types),
    FactTable("fund_by_year", 6,
              (C("year", "text"), C("projects", "count"), C("fund", "money_wan"), C("beneficiaries", "count")),
              ("project",), fund_by_year),
    FactTable("assets", 6,
              (C("asset_type", "code", "asset_type"), C("assets", "count"), C("value", "money_wan"), C("registered", "count"),
               C("on_platform", "count"), C("not_normal", "count")),
              ("asset",), assets),
    FactTable("dividends", 6,
              (C("year", "text"), C("persons", "persons"), C("amount", "money_wan"), C("per_person", "money"),
               C("gini", "number")),
              ("dividend",), dividends),
    FactTable("issue_ageing", 6,
              (C("issue_type", "code", "issue_type"), C("found", "count"), C("closed", "count"), C("open", "count"),
               C("overdue", "count"), C("median_days", "days")),
              ("project_issue",), issue_ageing),
)  # fmt: skip
INDICATORS = (
    Indicator("three_reviews", 6, "share", "higher_better", ("project",), _reviewed, limit="share_target",
              source="ART-DEZHOU", history=False),
    Indicator("papers_complete", 6, "share", "higher_better", ("project.paper_complete",),
              lambda d: share(d.table("project")["paper_complete"]), limit="share_target", source="ART-QIHE",
              history=False),
    Indicator("assets_registered", 6, "share", "higher_better", ("asset.registered",),
              lambda d: share(d.table("asset")["registered"]), limit="share_target", source="ART-DEZHOU", headline=True,
              history=False),
    Indicator("yield_realised", 6, "share", "higher_better", ("asset.annual_yield", "project.expected_yield_rate"),
              _yield_ratio, limit="yield_target", history=False),
    Indicator("dividend_per_person", 6, "money", "higher_better", ("dividend",), _dividend_per_person,
              limit="dividend_target", source="ART-DEZHOU"),
)  # fmt: skip
