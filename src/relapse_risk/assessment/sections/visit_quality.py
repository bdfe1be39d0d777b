"""Section 3: whom to visit first, who answers for too much or nothing, and whether the forms can be believed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import binom

from relapse_risk.assessment.agreement import intraclass, outlying_observers
from relapse_risk.assessment.county_data import CountyData, in_code_order, up_to
from relapse_risk.assessment.sections.monitored_households import is_monitored
from relapse_risk.exhibits import Section
from relapse_risk.measures import FactColumn, FactTable, Fraction, Indicator
from relapse_risk.schema import code_list

__all__ = ["ANSWERS", "INDICATORS", "SECTION", "TABLES", "copied_forms"]

SECTION = Section(3, place=2)
C = FactColumn
LOOKS = ("look_food_clothes", "look_environment", "look_body", "look_house_water")
ASKS = ("ask_medical", "ask_schooling", "ask_production", "ask_wage", "ask_aspiration", "ask_policy", "ask_difficulty")
GRADE = "ask_satisfaction"
ANSWERS = (*LOOKS, *ASKS, GRADE)
LEAST_FORMS = 12  # of one visitor, before they are compared; ours
LEAST_SAME = 5  # times the same form, fewer may be chance of a rare one; ours
LEVEL = 0.01  # that an honest visitor of a county is suspected at all (Bonferroni); ours
MOST_LISTED = 200
CADENCES = {"weekly": "weekly", "high_risk": "monthly", "other": "monthly"}  # by risk: the official one


def _cadence(data: CountyData) -> pd.Series:
    """weekly (the official class), high_risk (monitored, or scored high), other."""
    now = data.now
    weekly = now["weekly_class"].fillna(False).to_numpy(dtype=bool)
    high = is_monitored(now).to_numpy(dtype=bool) | _scored(data, "band").eq("high").to_numpy(dtype=bool)
    return pd.Series(np.select([weekly, high], ["weekly", "high_risk"], "other"), index=now.index)


def _scored(data: CountyData, column: str) -> pd.Series:
    """``column`` of the relapse scores by row of the county's households; null without a score."""
    risk = data.scores.risk
    if risk is None:
        return pd.Series([None] * len(data.now), index=data.now.index, dtype="object")
    return data.now["household_id"].map(risk.set_index("household_id")[column])


def _days_late(data: CountyData) -> pd.DataFrame:
    """Cadence, days since the last visit (infinite: never), days allowed, by household; computed once."""

    def compute() -> pd.DataFrame:
        kind = _cadence(data)
        names = ("weekly_visit_days", "high_risk_visit_days", "monthly_visit_days")
        allowed = kind.map(dict(zip(CADENCES, (data.limit(name) for name in names), strict=True)))
        days = data.now["days_since_visit"].astype("Float64").to_numpy(dtype=float, na_value=np.inf)
        return pd.DataFrame({"cadence": kind, "days": days, "allowed": allowed.astype(float)})

    return data.once("days_late", compute)


def visits_by_risk(data: CountyData) -> pd.DataFrame:
    """Households by the cadence their risk asks for, those visited in time, and visits in the last three months."""
    rows = _days_late(data)
    in_time = rows["days"] <= rows["allowed"]
    visits = up_to(data.table("visit_record"), "visited_on", data.day)
    recent = visits[visits["visited_on"] > pd.Timestamp(data.day) - pd.DateOffset(months=3)]
    count = data.now["household_id"].map(recent["household_id"].value_counts()).fillna(0)
    frame = pd.DataFrame(
        {"households": 1, "risk_in_time": in_time.astype(int), "risk_late": (~in_time).astype(int), "visits": count}
    ).groupby(rows["cadence"]).sum()  # fmt: skip
    allowed = rows.groupby("cadence")["allowed"].first()
    frame = frame.reindex([word for word in CADENCES if word in frame.index]).reset_index(names="risk_cadence")
    return frame.assign(
        cadence=frame["risk_cadence"].map(CADENCES),
        allowed=[f"{allowed[word]:.0f}" for word in frame["risk_cadence"]],
    )


def visits_overdue(data: CountyData) -> pd.DataFrame:
    """Households to visit first: late by the cadence of their risk, likeliest to fall back first."""
    rows = _days_late(data)
    late = (rows["days"] > rows["allowed"]).to_numpy()
    risk = pd.to_numeric(_scored(data, "probability"), errors="coerce").astype("float64")
    everybody = data.now[["household_id", "village_code"]].assign(
        officer=data.now["responsible_cadre_id"], risk_cadence=rows["cadence"],
        days=rows["days"].replace(np.inf, np.nan), probability=risk,
    )  # fmt: skip
    found = everybody[late]
    place = found["risk_cadence"].map({word: k for k, word in enumerate(CADENCES)})
    order = found.assign(place=place, less=-found["probability"].fillna(-1)).sort_values(
        ["place", "less", "household_id"]
    )
    return order.drop(columns=["place", "less"]).head(MOST_LISTED)


def _loads(data: CountyData) -> pd.DataFrame:
    """Officers named for households: how many, and how many of them somebody of that id visited in the month."""
    now = data.now.dropna(subset=["responsible_cadre_id"])
    visits = up_to(data.table("visit_record"), "visited_on", data.day)
    month = visits[visits["visited_on"] > pd.Timestamp(data.day) - pd.DateOffset(months=1)]
    frame = now.groupby("responsible_cadre_id").size().rename("load").to_frame()
    frame["visits"] = month["visitor_id"].value_counts().reindex(frame.index).fillna(0)
    return frame


def duty_gaps(data: CountyData) -> pd.DataFrame:
    """Holes in the matrix leader - town - village - officer: how many, of how many."""
    rows = data.table("assignment")
    village = data.table("village")
    loads = _loads(data)
    towns = village["town_code"].dropna().unique()

    def covered(kind: str, tiers: tuple[str, ...]) -> set[str]:
        mine = (rows["target_kind"] == kind) & rows["cadre_tier"].isin(tiers)
        return set(rows.loc[mine.fillna(False).to_numpy(dtype=bool), "target_id"])

    leaders, units, posts = covered("town", ("county",)), covered("town", ("department",)), covered("village", TIERS)
    known = set(rows["cadre_id"].dropna())
    gaps = {
        "town_without_leader": (sum(town not in leaders for town in towns), len(towns)),
        "town_without_unit": (sum(town not in units for town in towns), len(towns)),
        "village_without_officer": (int((~village["village_code"].isin(posts)).sum()), len(village)),
        "officer_overloaded": (int((loads["load"] > data.limit("officer_load")).sum()), len(loads)),
        "officer_not_visiting": (int((loads["visits"] == 0).sum()), len(loads)),
        "officer_not_assigned": (sum(officer not in known for officer in loads.index), len(loads)),
    }
    frame = pd.DataFrame(gaps, index=["gaps", "out_of"]).T
    return frame.reset_index(names="duty_gap")


TIERS = code_list("tier").words


def officers_to_relieve(data: CountyData) -> pd.DataFrame:
    """Officers who answer for more households than allowed or came to none in a month."""
    loads = _loads(data)
    rows = loads[(loads["load"] > data.limit("officer_load")) | (loads["visits"] == 0)]
    return rows.reset_index(names="officer").sort_values(["load", "officer"], ascending=[False, True])


def _forms(data: CountyData) -> pd.DataFrame:
    """Visit forms of the year that have a visitor; computed once."""

    def compute() -> pd.DataFrame:
        visits = up_to(data.table("visit_record"), "visited_on", data.day)
        visits = visits[visits["visited_on"] >= pd.Timestamp(f"{data.year}-01-01")]
        return visits.dropna(subset=["visitor_id"]).reset_index(drop=True)

    return data.once("forms", compute)


def form_quality(data: CountyData) -> pd.DataFrame:
    """Forms by tier of the visitor: all fourteen fields filled in, every question asked."""
    forms = _forms(data)
    filled = forms[[*ANSWERS, "help_problem_solved", "help_confidence"]].notna().all(axis=1)
    asked = ~forms[list(ASKS)].eq("not_asked").any(axis=1)
    frame = pd.DataFrame({"forms": 1, "filled": filled.astype(int), "asked_all": (filled & asked).astype(int)})
    frame = frame.groupby(forms["visitor_tier"].to_numpy()).sum()
    frame["visitors"] = forms.groupby("visitor_tier")["visitor_id"].nunique()
    return in_code_order(frame, code_list("tier").words, "tier")


def interviewer_effects(data: CountyData) -> pd.DataFrame:
    """By question: how much of the spread lies between visitors, and how many stand out beyond noise."""
    forms = _forms(data)
    trouble = forms[list(ASKS)].isin(["problem", "solved"]).any(axis=1)
    values = {name: forms[name].astype("float64") for name in (*LOOKS, GRADE)} | {
        "any_problem": trouble.astype("float64")
    }
    rows = []
    for name, answer in values.items():
        known = answer.notna()
        if known.sum() > LEAST_FORMS:
            who, x = forms.loc[known, "visitor_id"], answer[known]
            icc, size = intraclass(x.to_numpy(), who.to_numpy())
            rows.append(
                {"look": name, "forms": int(known.sum()), "visitors": who.nunique(), "icc": icc,
                 "design_effect": 1 + (size - 1) * max(icc, 0.0), "stand_out": len(outlying_observers(x, who, LEAST_FORMS))}
            )  # fmt: skip
    return pd.DataFrame(rows)


def copied_forms(forms: pd.DataFrame) -> pd.DataFrame:
    """Visitors who put down one and the same form far more often than everybody else does.

    Parameters
    ----------
    forms : DataFrame
        visitor_id, visitor_tier and the twelve answers (:data:`ANSWERS`).

    Returns
    -------
    DataFrame
        officer, tier, forms, same (how often the visitor's commonest form), elsewhere (share of that form among the
        others' forms): visitors with twelve forms or more and five the same, whose ``same`` is beyond chance, given
        ``elsewhere``, at one in a hundred over all forms of all visitors (binomial tail, Bonferroni).

    Examples
    --------
    >>> honest = pd.DataFrame({name: list("123456") * 10 for name in ANSWERS}).assign(visitor_id=["A"] * 30 + ["B"] * 30)
    >>> copied = pd.DataFrame(dict.fromkeys(ANSWERS, ["1"] * 20)).assign(visitor_id="C")
    >>> copied_forms(pd.concat([honest, copied]).assign(visitor_tier="town"))["officer"].tolist()
    ['C']
    """
    form = pd.util.hash_pandas_object(forms[list(ANSWERS)].astype("str"), index=False).to_numpy()
    who = forms["visitor_id"].to_numpy()
    pairs = pd.DataFrame({"who": who, "form": form}).value_counts().rename("same").reset_index()
    top = pairs.drop_duplicates("who").set_index("who")
    size = pd.Series(who).value_counts()
    top["forms"] = size.reindex(top.index)
    top = top[top["forms"] >= LEAST_FORMS]
    of_form = pd.Series(form).value_counts()
    others = (
        of_form.reindex(top["form"]).to_numpy() - top["same"]
    ) + 1  # one more, so that a form seen once is no evidence
    top["elsewhere"] = others / (len(forms) - top["forms"] + 1)
    chance = binom.sf(top["same"] - 1, top["forms"], top["elsewhere"].clip(upper=1.0))
    tier = forms.drop_duplicates("visitor_id").set_index("visitor_id")["visitor_tier"]
    found = top[(chance * top["forms"] < LEVEL / max(len(top), 1)) & (top["same"] >= LEAST_SAME)].sort_values(
        "same", ascending=False, kind="stable"
    )
    return found.assign(tier=tier.reindex(found.index)).reset_index(names="officer").drop(columns="form")


def _copied(data: CountyData) -> pd.DataFrame:
    return data.once("copied", lambda: copied_forms(_forms(data)) if len(_forms(data)) else pd.DataFrame())


def suspected_forms(data: CountyData) -> pd.DataFrame:
    """Visitors by tier: compared, suspected of copying, and the forms concerned."""
    forms, found = _forms(data), _copied(data)
    enough = forms.groupby(["visitor_tier", "visitor_id"]).size()
    frame = (enough >= LEAST_FORMS).astype(int).groupby("visitor_tier").sum().rename("visitors").to_frame()
    suspects = (
        found.groupby("tier").agg(suspected=("officer", "size"), same=("same", "sum")) if len(found) else frame.iloc[:0]
    )
    frame = frame.join(suspects.reindex(columns=["suspected", "same"])).fillna(0)
    return in_code_order(frame, code_list("tier").words, "tier")


def _forms_believed(data: CountyData) -> Fraction:
    """Forms that are not one of the repeated forms of a suspected visitor."""
    found = _copied(data)
    forms = len(_forms(data))
    return Fraction(float(forms - (found["same"].sum() if len(found) else 0)), float(forms))


def _risk_in_time(data: CountyData) -> Fraction:
    rows = _days_late(data)
    return data.households(pd.Series(rows["days"] <= rows["allowed"]))


VISITS, FORM = ("visit_record",), ("visit_record.visitor_id", "visit_record.ask_medical", "visit_record.look_body")
OFFICER = ("household.responsible_cadre_id", *VISITS)
TABLES = (
    FactTable("visits_by_risk", 3,
              (C("risk_cadence", "label", "risk_cadence"), C("cadence", "label", "cadence"),
               C("allowed", "text", descriptive=True), C("households", "households", counts="households.yes"), C("risk_in_time", "count", rests_on=("households",)),
               C("risk_late", "count", rests_on=("households",)), C("share", "share", of=("risk_in_time", "households")),
               C("visits", "number", hidden=True, adds=True), C("visits_per_household", "coefficient", of=("visits", "households"))),
              VISITS, visits_by_risk),
    FactTable("duty_gaps", 3,
              (C("duty_gap", "label", "duty_gap"), C("gaps", "count"), C("out_of", "count"), C("share", "share", of=("gaps", "out_of"))),
              ("assignment", *OFFICER), duty_gaps),
    FactTable("form_quality", 3,
              (C("tier", "code", "tier"), C("visitors", "count"), C("forms", "count"), C("filled", "count"),
               C("asked_all", "count"), C("filled_share", "share", of=("filled", "forms"))), FORM, form_quality),
    FactTable("interviewer_effects", 3,
              (C("look", "label", "look"), C("forms", "count"), C("visitors", "count"), C("icc", "coefficient"),
               C("design_effect", "coefficient"), C("stand_out", "count")), FORM, interviewer_effects),
    FactTable("suspected_forms", 3,
              (C("tier", "code", "tier"), C("visitors", "count"), C("suspected", "count"), C("same", "count")),
              FORM, suspected_forms),
    FactTable("visits_overdue", 3,
              (C("household_id", "text"), C("village_code", "text"), C("officer", "text"),
               C("risk_cadence", "label", "risk_cadence"), C("days", "days"), C("probability", "share")),
              VISITS, visits_overdue, city="none", restricted=True),
    FactTable("officers_to_relieve", 3,
              (C("officer", "text"), C("load", "number"), C("visits", "number")), OFFICER, officers_to_relieve,
              city="none", restricted=True),
    FactTable("copied_answers", 3,
              (C("officer", "text"), C("tier", "code", "tier"), C("forms", "number"), C("same", "number"),
               C("elsewhere", "share")), FORM, _copied, city="none", restricted=True),
)  # fmt: skip
INDICATORS = (
    Indicator("visited_by_risk", 3, "share", "higher_better", VISITS, _risk_in_time, limit="visit_target",
              source="ART-QIHE", history=False, people=False),
    Indicator("forms_believed", 3, "share", "higher_better", FORM, _forms_believed, source="ASSUME", history=False,
              people=False),
)  # fmt: skip
