"""Section 6: industry projects, funds, assets and the issues found with them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.assessment.county_data import CountyData, counted, hits, in_code_order, share, up_to
from relapse_risk.exhibits import Bars, Columns, Exhibit, Pairs, Section, largest, ratio_of, single, widest_gap
from relapse_risk.measures import Bins, FactColumn, FactTable, Fraction, Indicator
from relapse_risk.schema import code_list

__all__ = ["EXHIBITS", "INDICATORS", "SECTION", "TABLES"]

SECTION = Section(6)
C = FactColumn
PUBLIC_WORKS = "infrastructure"
REVIEWS = ("town_review_on", "county_approve_on", "city_file_on")
BEFORE_WORK = ("proposed", "town_review", "expert_review", "county_approval")
YIELDS = Bins(
    (-np.inf, 0.0, 0.02, 0.04, 0.06, 0.08, 0.10, 0.12, np.inf),
    ("0%", "0–2%", "2–4%", "4–6%", "6–8%", "8–10%", "10–12%", ">12%"),
    right=True,
)
ISSUE_AGES = Bins((0, 31, 61, 91, 181, 100_000), ("0–30", "31–60", "61–90", "91–180", "181+"))
COSTS = Bins(
    (0, 1_000, 2_500, 5_000, 10_000, 20_000, 50_000, np.inf),
    ("<1,000", "1,000–2,500", "2,500–5,000", "5,000–10,000", "10,000–20,000", "20,000–50,000", "≥50,000"),
)


def _approved(data: CountyData) -> pd.DataFrame:
    """Projects past the county's approval; what is only proposed has no money yet."""
    project = data.table("project")
    return project[~project["stage"].isin(BEFORE_WORK)]


def _reviewed(project: pd.DataFrame, data: CountyData) -> pd.Series:
    """Whether all three reviews were done by the data date."""
    return (project[list(REVIEWS)] <= pd.Timestamp(data.day)).all(axis=1)


def project_stages(data: CountyData) -> pd.DataFrame:
    """Projects and funds by stage, and how many went through all three reviews."""
    project = data.table("project")
    frame = counted({"projects": project["stage"].notna(), "reviewed": _reviewed(project, data)}, project["stage"])
    frame["fund"] = project.groupby("stage")["fund_amount"].sum()
    return in_code_order(frame, code_list("project_stage").words, "stage")


def review_steps(data: CountyData) -> pd.DataFrame:
    """The three reviews of projects under way: done, in the right order, days since the step before."""
    project = _approved(data)
    dates = project[list(REVIEWS)]
    project = project.assign(**dates.where(dates <= pd.Timestamp(data.day)))
    rows = []
    for place, name in enumerate(REVIEWS):
        done = project[name].notna()
        days = (project[name] - project[REVIEWS[place - 1]]).dt.days if place else pd.Series(np.nan, project.index)
        rows.append(
            {"review": name.removesuffix("_on"), "projects": len(project), "done": hits(done),
             "out_of_order": int((days < 0).sum()), "median_days": days.median()}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _yields(data: CountyData) -> pd.DataFrame:
    """Operating assets with the yield promised and what came in, CNY a year; public works earn nothing by nature."""
    project = data.table("project")[["project_id", "project_type", "expected_yield_rate"]]
    joined = data.table("asset").merge(project, on="project_id")
    known = joined["annual_yield"].notna() & joined["expected_yield_rate"].notna() & (joined["original_value"] > 0)
    known &= joined["project_type"].ne(PUBLIC_WORKS)
    joined = joined[known.fillna(False).to_numpy(dtype=bool)]
    return joined.assign(promised=joined["expected_yield_rate"] * joined["original_value"])


def project_types(data: CountyData) -> pd.DataFrame:
    """Projects by type: funds, persons covered, cost per person, expected against realised yield."""
    project = _approved(data)
    both = project["fund_amount"].notna() & project["beneficiaries"].notna()
    project = project.assign(spent=project["fund_amount"].where(both), reached=project["beneficiaries"].where(both))
    frame = project.groupby("project_type").agg(
        projects=("project_id", "size"), fund=("fund_amount", "sum"), beneficiaries=("beneficiaries", "sum"),
        spent=("spent", "sum"), reached=("reached", "sum"),
    )  # fmt: skip
    sums = _yields(data).groupby("project_type")[["original_value", "promised", "annual_yield"]].sum()
    frame = frame.join(sums)
    return in_code_order(frame, code_list("project_type").words, "project_type")


def yield_scatter(data: CountyData) -> pd.DataFrame:
    """Assets by yield promised and yield realised: a scatter in bins."""
    asset = _yields(data)
    bins = {
        "promised_bin": YIELDS.cut(asset["expected_yield_rate"]),
        "realised_bin": YIELDS.cut(asset["annual_yield"] / asset["original_value"]),
    }
    counts = pd.DataFrame(bins).dropna().astype(str).value_counts().rename("assets").reset_index()
    order = {label: place for place, label in enumerate(YIELDS.labels)}
    return counts.sort_values(["promised_bin", "realised_bin"], key=lambda column: column.map(order))


def fund_by_year(data: CountyData) -> pd.DataFrame:
    """Funds by year."""
    frame = (
        _approved(data)
        .groupby("fund_year")
        .agg(projects=("project_id", "size"), fund=("fund_amount", "sum"), beneficiaries=("beneficiaries", "sum"))
    )
    return frame.reset_index(names="year").assign(year=lambda f: f["year"].astype(str))


def fund_waterfall(data: CountyData) -> pd.DataFrame:
    """Where the money stands: allocated, papers complete, reviewed, at work, in assets, in assets registered."""
    project, asset = _approved(data), data.table("asset")
    fund = project["fund_amount"].fillna(0)
    running = ~project["stage"].isin(["city_filing", "ended"])
    value = asset["original_value"].fillna(0)
    steps = {
        "allocated": fund.sum(),
        "papers": fund[project["paper_complete"].fillna(False).to_numpy(dtype=bool)].sum(),
        "reviewed": fund[_reviewed(project, data)].sum(),
        "working": fund[running].sum(),
        "assets": value.sum(),
        "registered": value[asset["registered"].fillna(False).to_numpy(dtype=bool)].sum(),
    }
    return pd.DataFrame({"fund_step": list(steps), "fund": [float(total) for total in steps.values()]})


def cost_per_person(data: CountyData) -> pd.DataFrame:
    """Projects by funds per person covered; far ends are where an auditor looks."""
    project = _approved(data)
    cost = project["fund_amount"] / project["beneficiaries"].astype("Float64").replace(0, pd.NA)
    counts = [*COSTS.counts(cost.astype("float64")), int(cost.isna().sum())]
    return pd.DataFrame({"cost": [*COSTS.labels, "未知|unknown"], "projects": counts})


def assets(data: CountyData) -> pd.DataFrame:
    """Assets by type: value, registered, on the platform, not in normal operation."""
    asset = data.table("asset")
    flags = {
        "assets": asset["asset_id"].notna(), "registered": asset["registered"],
        "registered_known": asset["registered"].notna(),
        "on_platform": asset["on_three_assets_platform"],
        "not_normal": asset["operating_state"].ne("normal") & asset["operating_state"].notna(),
    }  # fmt: skip
    frame = counted(flags, asset["asset_type"]).join(
        asset.groupby("asset_type")["original_value"].sum().rename("value")
    )
    return in_code_order(frame, code_list("asset_type").words, "asset_type")


def asset_states(data: CountyData) -> pd.DataFrame:
    """Assets and their value by how they run."""
    asset = data.table("asset")
    frame = asset.groupby("operating_state").agg(assets=("asset_id", "size"), value=("original_value", "sum"))
    return in_code_order(frame, code_list("asset_state").words, "operating_state")


def issue_ageing(data: CountyData) -> pd.DataFrame:
    """Issues by type: found, closed, open, overdue, and median days to close."""
    issue = up_to(data.table("project_issue"), "found_on", data.day)
    closed = (issue["closed_on"] <= pd.Timestamp(data.day)).fillna(False)
    overdue = ~closed & (issue["due_on"] < pd.Timestamp(data.day)).fillna(False)
    days = (issue["closed_on"] - issue["found_on"]).dt.days.where(closed)
    flags = {"found": issue["found_on"].notna(), "closed": closed, "open": ~closed, "overdue": overdue}
    frame = counted(flags, issue["issue_type"])
    frame["median_days"] = days.groupby(issue["issue_type"]).median()
    return in_code_order(frame, code_list("issue_type").words, "issue_type")


def issue_age_bins(data: CountyData) -> pd.DataFrame:
    """Open issues by days since they were found."""
    issue = up_to(data.table("project_issue"), "found_on", data.day)
    still = issue[~(issue["closed_on"] <= pd.Timestamp(data.day)).fillna(False).to_numpy(dtype=bool)]
    age = (pd.Timestamp(data.day) - still["found_on"]).dt.days
    return pd.DataFrame({"age_days": ISSUE_AGES.labels, "issues": ISSUE_AGES.counts(age)})


def _three_reviews(data: CountyData) -> Fraction:
    return share(_reviewed(_approved(data), data).astype("boolean"))


def _yield_ratio(data: CountyData) -> Fraction:
    asset = _yields(data)
    return Fraction(float(asset["annual_yield"].sum()), float(asset["promised"].sum()))


def _fund_per_person(data: CountyData) -> Fraction:
    project = data.table("project")
    known = project[(project["beneficiaries"] > 0).fillna(False).to_numpy(dtype=bool) & project["fund_amount"].notna()]
    return Fraction(float(known["fund_amount"].sum()), float(known["beneficiaries"].sum()))


def _not_normal(data: CountyData) -> Fraction:
    state = data.table("asset")["operating_state"]
    return share(state.ne("normal").astype("boolean").mask(state.isna()))


PROJECT, ASSET, ISSUE = ("project",), ("asset",), ("project_issue",)
FUND = C("fund", "money_wan")
TABLES = (
    FactTable("project_stages", 6,
              (C("stage", "code", "project_stage"), C("projects", "count"), C("reviewed", "count"), FUND),
              PROJECT, project_stages),
    FactTable("review_steps", 6,
              (C("review", "label", "review"), C("projects", "count"), C("done", "count"),
               C("share", "share", of=("done", "projects")), C("out_of_order", "count"), C("median_days", "days")),
              ("project.town_review_on",), review_steps),
    FactTable("project_types", 6,
              (C("project_type", "code", "project_type"), C("projects", "count"), FUND, C("beneficiaries", "persons", counts="beneficiaries.yes"),
               C("spent", "money", hidden=True, adds=True), C("reached", "number", hidden=True, adds=True),
               C("fund_per_person", "money", of=("spent", "reached"), rests_on=("beneficiaries",)),
               *(C(name, "money", hidden=True, adds=True) for name in ("original_value", "promised", "annual_yield")),
               C("yield_expected", "share", of=("promised", "original_value")),
               C("yield_realised", "share", of=("annual_yield", "original_value"))),
              ("project", "asset"), project_types),
    FactTable("yield_scatter", 6,
              (C("promised_bin", "bin"), C("realised_bin", "bin"), C("assets", "count")),
              ("asset.annual_yield", "project.expected_yield_rate"), yield_scatter),
    FactTable("fund_by_year", 6, (C("year", "text"), C("projects", "count"), FUND, C("beneficiaries", "persons", counts="beneficiaries.yes")),
              PROJECT, fund_by_year, order="year"),
    FactTable("fund_waterfall", 6, (C("fund_step", "label", "fund_step"), FUND), ("project", "asset"), fund_waterfall),
    FactTable("cost_per_person", 6, (C("cost", "bin"), C("projects", "count")), ("project.beneficiaries",),
              cost_per_person),
    FactTable("assets", 6,
              (C("asset_type", "code", "asset_type"), C("assets", "count"), C("value", "money_wan"), C("registered", "count"),
               C("registered_known", "count", hidden=True), C("registered_share", "share", of=("registered", "registered_known")), C("on_platform", "count"),
               C("not_normal", "count")), ASSET, assets),
    FactTable("asset_states", 6,
              (C("operating_state", "code", "asset_state"), C("assets", "count"), C("value", "money_wan")),
              ("asset.operating_state",), asset_states),
    FactTable("issue_ageing", 6,
              (C("issue_type", "code", "issue_type"), C("found", "count"), C("closed", "count"), C("open", "count"),
               C("overdue", "count"), C("median_days", "days")), ISSUE, issue_ageing),
    FactTable("issue_age_bins", 6, (C("age_days", "bin"), C("issues", "count")), ISSUE, issue_age_bins),
)  # fmt: skip
INDICATORS = (
    Indicator("three_reviews", 6, "share", "higher_better", PROJECT, _three_reviews, limit="completeness_target",
              source="ART-DEZHOU", history=False, people=False),
    Indicator("papers_complete", 6, "share", "higher_better", ("project.paper_complete",),
              lambda d: share(d.table("project")["paper_complete"]), limit="completeness_target", source="ART-QIHE",
              history=False, people=False),
    Indicator("assets_registered", 6, "share", "higher_better", ("asset.registered",),
              lambda d: share(d.table("asset")["registered"]), limit="completeness_target", source="ART-DEZHOU", headline=True,
              history=False, people=False),
    Indicator("assets_not_normal", 6, "share", "lower_better", ("asset.operating_state",), _not_normal, history=False,
              people=False),
    Indicator("yield_realised", 6, "share", "higher_better", ("asset.annual_yield", "project.expected_yield_rate"),
              _yield_ratio, limit="yield_target", history=False, people=False),
    Indicator("fund_per_person", 6, "money", "none", ("project.beneficiaries",), _fund_per_person, people=False,
              history=False),
)  # fmt: skip
EXHIBITS = (
    Exhibit("project_types", Pairs("project_type", "yield_realised", "yield_expected", widest="below"),
            widest_gap("yield_expected", "yield_realised", positive=True), half=True),
    Exhibit("fund_by_year", Columns("year", ("fund",)), largest("fund", "year"), half=True),
    Exhibit("fund_waterfall", Bars("fund_step", "fund", in_order=True),
            ratio_of("fund_step", "fund", "registered", "allocated"), half=True),
    Exhibit("cost_per_person", Columns("cost", ("projects",)), single("projects"), half=True),
    Exhibit("asset_states", Bars("operating_state", "assets"), largest("assets", "operating_state"), half=True),
    Exhibit("issue_age_bins", Columns("age_days", ("issues",)), single("issues"), half=True),
)  # fmt: skip
