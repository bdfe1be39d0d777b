"""Section 16: what verification interviews found, weighted by the chance each household had to be asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from relapse_risk.assessment.agreement import cohen_kappa, intraclass, outlying_observers
from relapse_risk.assessment.county_data import CountyData, in_code_order, up_to
from relapse_risk.assessment.intervals import of_share
from relapse_risk.assessment.sections.monitored_households import is_monitored
from relapse_risk.exhibits import Section
from relapse_risk.measures import FactColumn, FactTable, Fraction, Indicator
from relapse_risk.schema import code_list

__all__ = ["INDICATORS", "SECTION", "TABLES"]

SECTION = Section(16, place=2)
C = FactColumn
GUARANTEES = ("food_clothes_ok", "education_ok", "medical_ok", "house_safe", "water_safe")
QUESTIONS = (*GUARANTEES, "income_short", "at_risk", "need_unmet")
LEAST = 8  # interviews of one enumerator before they are compared; ours


def _interviews(data: CountyData) -> pd.DataFrame:
    """Interviews of the twelve months up to the data date, with what the register says of the household."""

    def compute() -> pd.DataFrame:
        rows = up_to(data.table("interview"), "interviewed_on", data.day)
        rows = rows[rows["interviewed_on"] > pd.Timestamp(data.day) - pd.DateOffset(years=1)].reset_index(drop=True)
        now = data.now.set_index("household_id")
        known = now.reindex(rows["household_id"])
        failing = rows[list(GUARANTEES)].eq(False).fillna(False).any(axis=1)
        return rows.assign(
            lifted=known["exit_year"].notna().to_numpy(), monitored=is_monitored(known).fillna(False).to_numpy(dtype=bool),
            failing=failing | rows["income_short"].eq(True).fillna(False),
        )  # fmt: skip

    return data.once("interviews", compute)


def _first(data: CountyData) -> pd.DataFrame:
    """First interviews with a known probability: one row per household of the sample, the earliest."""
    rows = _interviews(data)
    rows = rows[~rows["is_repeat"].fillna(False).to_numpy(dtype=bool) & (rows["inclusion_probability"] > 0)]
    return rows.loc[
        rows.sort_values("interviewed_on", kind="stable").drop_duplicates("household_id").index.sort_values()
    ]


def _rate(data: CountyData, found: str, domain: str) -> Fraction:
    """Share of ``found`` among households of ``domain``, each standing for one over its probability (Hájek)."""
    rows = _first(data)
    inside = (
        rows["monitored"] if domain == "monitored" else ~rows["monitored"] if domain == "others" else rows["lifted"]
    )
    rows = rows[inside.to_numpy(dtype=bool) & rows[found].notna().to_numpy()]
    answer = rows[found].to_numpy(dtype=bool)
    weight = 1 / rows["inclusion_probability"].to_numpy(dtype=np.float64)
    if not len(rows):
        return Fraction(0.0, 0.0)
    value = float(weight[answer].sum() / weight.sum())
    limits = of_share(answer, weight)
    return Fraction(
        float(answer.sum()), float(len(answer)), value=value, low=limits.low, high=limits.high, se=limits.se,
        population=float(weight.sum()),
    )  # fmt: skip


def interview_sample(data: CountyData) -> pd.DataFrame:
    """The sample by part: interviews, what they stand for, and the number of equal-chance interviews it is worth."""
    rows = _first(data)
    weight = 1 / rows["inclusion_probability"]
    frame = pd.DataFrame({"interviews": 1, "stands_for": weight, "failing": rows["failing"].astype(int)})
    return in_code_order(
        frame.groupby(rows["sample_part"].to_numpy()).sum(), code_list("sample_part").words, "sample_part"
    )


def enumerators(data: CountyData) -> pd.DataFrame:
    """Enumerators by tier: on the register, trained, with interviews in the year, and their load."""
    who = data.table("enumerator")
    counts = _interviews(data)["enumerator_id"].value_counts()
    load = who["enumerator_id"].map(counts).fillna(0)
    frame = pd.DataFrame(
        {"enumerators": 1, "trained": who["trained_on"].notna().astype(int), "active": (load > 0).astype(int),
         "interviews": load}
    ).groupby(who["enumerator_tier"].to_numpy()).sum()  # fmt: skip
    frame["most"] = load.groupby(who["enumerator_tier"]).max()
    return in_code_order(frame, code_list("enumerator_tier").words, "enumerator_tier")


def _pairs(data: CountyData) -> pd.DataFrame:
    """First and repeated interview of the same household, side by side."""
    rows = _interviews(data)
    again = rows["is_repeat"].fillna(False).to_numpy(dtype=bool)
    columns = ["household_id", "enumerator_id", *QUESTIONS]
    return rows.loc[~again, columns].merge(rows.loc[again, columns], on="household_id", suffixes=("", "_again"))


def repeat_agreement(data: CountyData) -> pd.DataFrame:
    """By question: households asked twice, answers alike, and agreement beyond chance (Cohen's kappa)."""
    pairs = _pairs(data)
    found: list[dict[str, Any]] = []
    for name in QUESTIONS:
        both = pairs[[name, f"{name}_again"]].dropna()
        if len(both):
            found.append(
                {"question": name, "pairs": len(both), "same": int((both[name] == both[f"{name}_again"]).sum()),
                 "kappa": cohen_kappa(both[name], both[f"{name}_again"])}
            )  # fmt: skip
    return pd.DataFrame(found)


def enumerator_effects(data: CountyData) -> pd.DataFrame:
    """By question: how much of the spread lies between enumerators, and how many stand out beyond noise."""
    rows = _first(data)
    found = []
    for name in ("failing", "at_risk", "need_unmet"):
        known = rows[rows[name].notna() & rows["enumerator_id"].notna()]
        x, who = known[name].astype("float64"), known["enumerator_id"]
        if len(known) > LEAST and x.std() > 0:
            icc, size = intraclass(x.to_numpy(), who.to_numpy())
            found.append(
                {"question": name, "interviews": len(known), "observers": who.nunique(), "icc": icc,
                 "design_effect": 1 + (size - 1) * max(icc, 0.0), "stand_out": len(outlying_observers(x, who, LEAST))}
            )  # fmt: skip
    return pd.DataFrame(found)


def interview_findings(data: CountyData) -> pd.DataFrame:
    """Households whose interview contradicts the register: who has to be visited again."""
    rows = _first(data)
    kinds = {
        "exit_fails": rows["lifted"] & rows["failing"],
        "not_monitored": ~rows["monitored"] & rows["at_risk"].eq(True).fillna(False),
        "no_help": rows["monitored"] & rows["need_unmet"].eq(True).fillna(False),
    }
    parts = [
        rows.loc[flags.to_numpy(dtype=bool), ["household_id", "interviewed_on", "sample_part"]].assign(
            interview_finding=name
        )
        for name, flags in kinds.items()
    ]
    frame = pd.concat(parts)
    return frame.assign(interviewed_on=frame["interviewed_on"].dt.strftime("%Y-%m-%d"))


INTERVIEW = ("interview.inclusion_probability",)
EFFECT = (C("icc", "coefficient"), C("design_effect", "coefficient"), C("stand_out", "count"))
TABLES = (
    FactTable("repeat_agreement", 16,
              (C("question", "label", "question"), C("pairs", "count"), C("same", "count"),
               C("same_share", "share", of=("same", "pairs")), C("kappa", "coefficient")),
              ("interview.is_repeat",), repeat_agreement),
    FactTable("enumerators", 16,
              (C("enumerator_tier", "code", "enumerator_tier"), C("enumerators", "count"), C("trained", "count"),
               C("active", "count"), C("interviews", "count"), C("most", "number")),
              ("enumerator", "interview"), enumerators),
    FactTable("enumerator_effects", 16,
              (C("question", "label", "question"), C("interviews", "count"), C("observers", "count"), *EFFECT),
              INTERVIEW, enumerator_effects, city="none"),
    FactTable("interview_findings", 16,
              (C("household_id", "text"), C("interview_finding", "label", "interview_finding"),
               C("interviewed_on", "date", descriptive=True), C("sample_part", "code", "sample_part", descriptive=True)),
              INTERVIEW, interview_findings, city="none", restricted=True),
    FactTable("interview_sample", 18,
              (C("sample_part", "code", "sample_part"), C("interviews", "records", counts="interviews.yes"), C("stands_for", "number", adds=True),
               C("failing", "households", counts="interviews_failing.yes", within="interviews")),
              INTERVIEW, interview_sample),
)  # fmt: skip


def _verified(name: str, found: str, domain: str, limit: str) -> Indicator:
    return Indicator(
        name, 16, "share", "lower_better", INTERVIEW, lambda data: _rate(data, found, domain), limit=limit,
        source="DEF-RATES" if limit == "wrong_exit_limit" else "MEM", sampled="survey", history=False,
    )  # fmt: skip


INDICATORS = (
    _verified("verified_wrong_exit", "failing", "lifted", "wrong_exit_limit"),
    _verified("verified_missed_monitoring", "at_risk", "others", "zero_target"),
    _verified("verified_failed_help", "need_unmet", "monitored", "zero_target"),
)
