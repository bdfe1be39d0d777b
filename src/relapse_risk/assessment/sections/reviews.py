"""The project library: who reviewed what and when, what waits, and which projects need action."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.assessment.county_data import CountyData, in_code_order, up_to
from relapse_risk.assessment.sections.industry_projects import PUBLIC_WORKS
from relapse_risk.exhibits import Section
from relapse_risk.measures import FactColumn, FactTable, Fraction, Indicator
from relapse_risk.schema import code_list

__all__ = ["INDICATORS", "SECTION", "TABLES"]

SECTION = Section(6, place=2)
C = FactColumn
BEFORE_REVIEW = ("proposed", "town_review", "expert_review", "county_approval")
SCORES = ("score_mode", "score_yield", "score_link")
LOW_YIELD = 0.5  # of what was promised; ours
ALL_USED = 0.95  # of what was disbursed counts as all; ours


def _reviews(data: CountyData) -> pd.DataFrame:
    """Reviews submitted by the data date, with days taken or waited and whether the step is overdue."""
    rows = up_to(data.table("project_review"), "submitted_on", data.day)
    day = pd.Timestamp(data.day)
    done = (rows["reviewed_on"] <= day).fillna(False).to_numpy(dtype=bool)
    days = (rows["reviewed_on"].where(done, day) - rows["submitted_on"]).dt.days
    return rows.assign(done=done, days=days, overdue=~done & (days > data.limit("review_days")).to_numpy())


def review_outcomes(data: CountyData) -> pd.DataFrame:
    """Reviews by step: passed, returned, rejected, waiting, of them overdue, median days, and by how many reviewers."""
    rows = _reviews(data)
    outcome = rows["review_outcome"].where(rows["done"])
    frame = pd.DataFrame(
        {
            "reviews": 1, **{word: outcome.eq(word).fillna(False) for word in code_list("review_outcome").words},
            "waiting": ~rows["done"], "overdue": rows["overdue"],
        }
    ).astype(int).groupby(rows["review_step"].to_numpy()).sum()  # fmt: skip
    frame["median_days"] = rows["days"].where(rows["done"]).groupby(rows["review_step"]).median()
    frame["reviewers"] = rows.groupby("review_step")["reviewer_id"].nunique()
    return in_code_order(frame, code_list("review_step").words, "review_step")


def experts(data: CountyData) -> pd.DataFrame:
    """Experts by field, those who reviewed in the last twelve months, and the marks they gave."""
    who = data.table("expert")
    rows = _reviews(data)
    rows = rows[(rows["review_step"] == "expert") & rows["done"]]
    recent = rows[rows["reviewed_on"] > pd.Timestamp(data.day) - pd.DateOffset(years=1)]
    field = rows["reviewer_id"].map(who.set_index("expert_id")["expert_field"])
    frame = pd.DataFrame({"experts": who.groupby("expert_field").size()})
    frame["active"] = who[who["expert_id"].isin(recent["reviewer_id"])].groupby("expert_field").size()
    frame["reviews"] = field.value_counts()
    for name in SCORES:
        frame[f"{name}_sum"] = rows[name].groupby(field).sum()
        frame[f"{name}_n"] = rows[name].notna().astype(int).groupby(field).sum()
    return in_code_order(frame.fillna(0), code_list("expert_field").words, "expert_field")


def _flows(data: CountyData) -> pd.DataFrame:
    """Money by project: allocated, disbursed, used, and the days of the first allocation and disbursement."""
    rows = up_to(data.table("fund_flow"), "flow_on", data.day)
    amounts = rows.pivot_table(index="project_id", columns="flow_kind", values="amount", aggfunc="sum", observed=True)
    amounts = amounts.reindex(columns=list(code_list("flow_kind").words)).fillna(0.0)
    first = rows.pivot_table(index="project_id", columns="flow_kind", values="flow_on", aggfunc="min", observed=True)
    first = first.reindex(columns=["allocated", "disbursed"]).astype("datetime64[s]").add_suffix("_on")
    return amounts.join(first)


def fund_flows(data: CountyData) -> pd.DataFrame:
    """Funds by year: allocated, disbursed to projects, used by them."""
    year = data.table("project").set_index("project_id")["fund_year"]
    flows = _flows(data)[list(code_list("flow_kind").words)]
    frame = flows.groupby(year.reindex(flows.index).to_numpy()).sum()
    frame["projects"] = flows.groupby(year.reindex(flows.index).to_numpy()).size()
    return frame.reset_index(names="year").assign(year=lambda f: f["year"].astype("Int64").astype(str))


def papers(data: CountyData) -> pd.DataFrame:
    """Projects by step of the papers: complete, and papers missing."""
    rows = data.table("project_paper").dropna(subset=["papers_required", "papers_filed"])
    missing = (rows["papers_required"] - rows["papers_filed"]).clip(lower=0)
    frame = pd.DataFrame({"projects": 1, "complete": (missing == 0).astype(int), "papers_missing": missing}).astype(int)
    return in_code_order(
        frame.groupby(rows["paper_step"].to_numpy()).sum(), code_list("paper_step").words, "paper_step"
    )


def _overdue_reviews(data: CountyData) -> pd.Series:
    rows = _reviews(data)
    return rows[rows["overdue"]].groupby("project_id")["days"].max()


def _without_experts(data: CountyData) -> pd.Series:
    """Projects past the county's approval that no expert has marked."""
    project = data.table("project")
    rows = _reviews(data)
    seen = rows.loc[(rows["review_step"] == "expert") & rows["done"], "project_id"]
    past = project[~project["stage"].isin(BEFORE_REVIEW) & ~project["project_id"].isin(seen)]
    return pd.Series(np.nan, index=past["project_id"])


def _money_waits(data: CountyData) -> pd.Series:
    """Days since allocation where nothing was disbursed in the days allowed."""
    flows = _flows(data)
    days = (pd.Timestamp(data.day) - flows["allocated_on"]).dt.days
    return days[(flows["disbursed"] <= 0) & (days > data.limit("disburse_days"))]


def _money_unused(data: CountyData) -> pd.Series:
    """Share not used a year after the first disbursement."""
    flows = _flows(data)
    old = flows["disbursed_on"] <= pd.Timestamp(data.day) - pd.DateOffset(years=1)
    share = 1 - flows["used"] / flows["disbursed"].where(flows["disbursed"] > 0)
    return share[old & (share > 1 - ALL_USED)]


def _papers_missing(data: CountyData) -> pd.Series:
    rows = data.table("project_paper")
    lacking = (rows["papers_required"] - rows["papers_filed"]).clip(
        lower=0
    )  # a surplus in one step makes up for nothing
    missing = lacking.groupby(rows["project_id"]).sum()
    return missing[(missing > 0).fillna(False).to_numpy(dtype=bool)].astype("float64")


def _yield_short(data: CountyData) -> pd.Series:
    """Realised over promised yield of projects whose assets bring in less than half of it."""
    project = data.table("project").set_index("project_id")
    asset = data.table("asset").dropna(subset=["annual_yield", "original_value"])
    sums = asset.groupby("project_id")[["annual_yield", "original_value"]].sum()
    promised = sums["original_value"] * project["expected_yield_rate"].reindex(sums.index)
    earns = project["project_type"].reindex(sums.index).ne(PUBLIC_WORKS).to_numpy()
    ratio = (sums["annual_yield"] / promised.where(promised > 0))[earns]
    return ratio[ratio < LOW_YIELD]


# What is wrong with a project, what shows it, and the tables it is known from.
WRONG = {
    "review_overdue": (_overdue_reviews, "days", "project_review"),
    "no_expert_review": (_without_experts, None, "project_review"),
    "not_disbursed": (_money_waits, "days", "fund_flow"),
    "not_used": (_money_unused, "unused_percent", "fund_flow"),
    "papers_missing": (_papers_missing, "papers", "project_paper"),
    "yield_short": (_yield_short, "yield_percent", "asset"),
}


def project_worklist(data: CountyData) -> pd.DataFrame:
    """Every project that needs action, with what is wrong and the number that shows it; largest fund first."""
    parts = []
    for name, (test, unit, needed) in WRONG.items():
        if len(data.table(needed)):
            found = test(data)
            shown = found.to_numpy(dtype=np.float64) * (100 if unit and unit.endswith("percent") else 1)
            parts.append(
                pd.DataFrame({"project_id": found.index, "wrong": name, "evidence": shown, "evidence_unit": unit})
            )
    project = data.table("project")[["project_id", "project_type", "stage", "fund_amount"]]
    rows = pd.concat(parts).merge(project, on="project_id") if parts else pd.DataFrame()
    if rows.empty:
        return rows
    order = list(WRONG)
    rows = rows.assign(place=rows["wrong"].map(order.index))
    return rows.sort_values(["place", "fund_amount"], ascending=[True, False])


def _in_time(data: CountyData) -> Fraction:
    """Reviews done within the days allowed, of those done or overdue."""
    rows = _reviews(data)
    known = rows[rows["done"] | rows["overdue"]]
    return Fraction(float((known["days"] <= data.limit("review_days")).sum()), float(len(known)))


def _disbursed(data: CountyData) -> Fraction:
    flows = _flows(data)
    return Fraction(float(flows["disbursed"].sum()), float(flows["allocated"].sum()))


def _used(data: CountyData) -> Fraction:
    flows = _flows(data)
    return Fraction(float(flows["used"].sum()), float(flows["disbursed"].sum()))


REVIEW, FLOW, PAPER = ("project_review",), ("fund_flow",), ("project_paper",)
MONEY = tuple(C(name, "money_wan") for name in code_list("flow_kind").words)
TABLES = (
    FactTable("review_outcomes", 6,
              (C("review_step", "code", "review_step"), C("reviews", "count"), C("passed", "count"),
               C("returned", "count"), C("rejected", "count"), C("waiting", "count"), C("overdue", "count"),
               C("median_days", "days"), C("reviewers", "count")), REVIEW, review_outcomes),
    FactTable("experts", 6,
              (C("expert_field", "code", "expert_field"), C("experts", "count"), C("active", "count"), C("reviews", "count"),
               *(column for name in SCORES for column in (
                   C(f"{name}_sum", "number", hidden=True, adds=True), C(f"{name}_n", "count", hidden=True),
                   C(name, "number", of=(f"{name}_sum", f"{name}_n"))))), ("expert", "project_review"), experts),
    FactTable("fund_flows", 6,
              (C("year", "text"), C("projects", "count"), *MONEY, C("disbursed_share", "share", of=("disbursed", "allocated")),
               C("used_share", "share", of=("used", "disbursed"))), FLOW, fund_flows, order="year"),
    FactTable("papers", 6,
              (C("paper_step", "code", "paper_step"), C("projects", "count"), C("complete", "count"),
               C("complete_share", "share", of=("complete", "projects")), C("papers_missing", "count")), PAPER, papers),
    FactTable("project_worklist", 6,
              (C("project_id", "text"), C("project_type", "code", "project_type", descriptive=True),
               C("stage", "code", "project_stage", descriptive=True), C("fund_amount", "money_wan"),
               C("wrong", "label", "wrong"), C("evidence", "count"),
               C("evidence_unit", "label", "evidence_unit", descriptive=True)),
              REVIEW, project_worklist, city="none"),
)  # fmt: skip
INDICATORS = (
    Indicator("reviews_in_time", 6, "share", "higher_better", REVIEW, _in_time, limit="completeness_target",
              source="ART-DEZHOU", history=False, people=False),
    Indicator("funds_disbursed", 6, "share", "higher_better", FLOW, _disbursed, limit="disburse_target",
              source="ART-DEZHOU", history=False, people=False),
    Indicator("funds_used", 6, "share", "higher_better", FLOW, _used, limit="disburse_target", source="ART-DEZHOU",
              history=False, people=False),
)  # fmt: skip
