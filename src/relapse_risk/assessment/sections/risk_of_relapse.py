"""Section 12: the risk ahead: how many households, where, why, and who of them is not monitored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from relapse_risk.assessment.county_data import CountyData
from relapse_risk.assessment.sections.monitored_households import is_monitored
from relapse_risk.exhibits import Action, Bars, Columns, Exhibit, Section, counts_in, largest
from relapse_risk.languages import NO_LABEL, Label
from relapse_risk.measures import Bins, FactColumn, FactTable, Fraction, Indicator
from relapse_risk.relapse.features import FEATURES

__all__ = ["ACTIONS", "EXHIBITS", "INDICATORS", "PROBABILITIES", "SECTION", "TABLES"]

SECTION = Section(12, place=2)
C = FactColumn
PROBABILITIES = Bins(
    (0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 1.0001),
    ("<0.2%", "0.2–0.5%", "0.5–1%", "1–2%", "2–5%", "5–10%", "10–20%", "≥20%"),
)
LIKELY = 0.05  # probability from which a household is reported as likely to relapse; ours
TOP_REASONS = 10
ABSENT = {feature.name: feature.absent for feature in FEATURES}


def _risk(data: CountyData) -> pd.DataFrame:
    risk = data.scores.risk
    assert risk is not None
    return risk


def risk_bands(data: CountyData) -> pd.DataFrame:
    """Households by band of the relapse score, with the mean probability of the band."""
    known = _risk(data).dropna(subset=["band"])
    frame = known.groupby("band").agg(households=("household_id", "size"), expected=("probability", "sum"))
    bands = ("high", "medium", "low") if len(frame) else ()  # an empty band is shown, with zero
    counted = frame.reindex(bands).fillna({"households": 0, "expected": 0.0})
    return counted.astype({"households": int}).reset_index(names="band")


def risk_histogram(data: CountyData) -> pd.DataFrame:
    """Households by relapse probability."""
    probability = _risk(data)["probability"].dropna()
    return pd.DataFrame({"probability": PROBABILITIES.labels, "households": PROBABILITIES.counts(probability)})


def risk_by_town(data: CountyData) -> pd.DataFrame:
    """Expected relapses and high-band households by town."""
    risk = _risk(data)
    known = risk[risk["probability"].notna()]
    frame = known.groupby("town_code").agg(scored=("household_id", "size"), expected=("probability", "sum"))
    frame["high"] = known["band"].eq("high").groupby(known["town_code"]).sum()
    return data.by_town(frame)


def risk_reasons(data: CountyData) -> pd.DataFrame:
    """What moves the score of the households in the high band above that of a mean household, or below: mean points.

    Of these :func:`most_points` shows the first, in a county as in the city.  Empty where the band is so small that it would be withheld as a count.  The mean points of a yes or no give the
    number of yeses back, so that only those stand here of which neither a few are one nor a few the other.
    """
    risk, reasons = _risk(data), data.scores.risk_reasons
    assert reasons is not None
    few = data.limit("small_cell")
    high = set(risk.loc[risk["band"] == "high", "household_id"])
    if len(high) < few:
        return pd.DataFrame()  # the mean points of a few households tell of each
    mine = reasons[reasons["household_id"].isin(high)]
    terms = data.scores.model_card["terms"] if data.scores.model_card else []
    yes_or_no = {term["name"] for term in terms if term["unit"] == "0/1"}
    grouped = mine.groupby(["reason", "family"])["points"]
    yes = grouped.agg(lambda points: float((points > 0).sum()))
    binary = yes.index.get_level_values("reason").isin(yes_or_no)
    total = grouped.sum()[~binary | ~_tells_a_few(yes, len(high), few)]
    frame = total.rename("points_sum").reset_index()
    labels = {term["name"]: _raises(term) for term in terms}
    return frame.assign(reason=frame["reason"].map(lambda name: labels.get(name, name)), high=float(len(high)))


def most_points(frame: pd.DataFrame) -> pd.DataFrame:
    """The reasons that raise the score most."""
    return frame[frame["points"] > 0].sort_values("points", ascending=False, kind="stable").head(TOP_REASONS)


def _tells_a_few(yes: pd.Series, n: int, few: float) -> pd.Series:
    """Whether a few of ``n`` say yes, or a few say no; all and none disclose nobody.

    Examples
    --------
    >>> _tells_a_few(pd.Series([0, 3, 5, 15, 17, 20]), 20, 5).tolist()
    [False, True, False, False, True, False]
    """
    return yes.between(0, few, inclusive="neither") | (n - yes).between(0, few, inclusive="neither")


def _raises(term: Mapping[str, Any]) -> str:
    """What of a term raises the score: more of it than in a mean household, or less; ``zh|en``.

    Examples
    --------
    >>> _raises({"name": "no_labour", "zh": "整户无劳动力", "en": "Nobody able to work", "unit": "0/1", "coefficient": -2.5})
    '户内有劳动力|Somebody able to work'
    >>> _raises({"name": "labour_share", "zh": "劳动力占比", "en": "Share of members able to work", "unit": "share", "coefficient": -1})
    '劳动力占比低于平均|Below average: share of members able to work'
    """
    label, low = Label.of(term), term["coefficient"] < 0
    if term["unit"] == "0/1":
        absent = ABSENT.get(term["name"], NO_LABEL)
        denied = Label(zh=f"{label.zh}：否", en=f"{label.en}: no") if absent == NO_LABEL else absent
        return (denied if low else label).cell
    sides = ("低于平均", "Below average") if low else ("高于平均", "Above average")
    return Label(zh=f"{label.zh}{sides[0]}", en=f"{sides[1]}: {label.en[:1].lower()}{label.en[1:]}").cell


def _high_risk_unmonitored(data: CountyData) -> Fraction:
    risk = _risk(data)
    high = risk.loc[risk["band"] == "high", "household_id"]
    active = set(data.now.loc[is_monitored(data.now), "household_id"])
    return Fraction(float((~high.isin(active)).sum()), float(len(high)))


def _expected_relapse(data: CountyData) -> Fraction:
    """Mean relapse probability of the households at risk; its limits are the means of theirs (modelled)."""
    known = _risk(data).dropna(subset=["probability"])
    if known.empty:
        return Fraction(0.0, 0.0)
    weight = data.weights(known["household_id"])
    total = float(weight.sum())
    mine, low, high = (float((known[side] * weight).sum(min_count=1)) for side in ("probability", "low", "high"))
    # Those scored are those above the line: in a sample their number would tell how many are below.
    return Fraction(mine, total, low=low / total, high=high / total, **data.of_sample(float("nan")))


RISK = ("scores.risk",)
TABLES = (
    FactTable("risk_bands", 12,
              (C("band", "label", "band"), C("households", "households", counts="scored.yes"),
               C("expected", "number", adds=True, rests_on=("households",)),
               C("probability", "share", of=("expected", "households"))), RISK, risk_bands,
              never_secondary=True),
    FactTable("risk_histogram", 12, (C("probability", "bin"), C("households", "households", counts="scored.yes")), RISK, risk_histogram),
    FactTable("risk_by_town", 12,
              (C("town", "town"), C("scored", "households", counts="scored.yes"), C("expected", "number", adds=True, rests_on=("scored",)),
               C("probability", "share", of=("expected", "scored")), C("high", "households", counts="high_risk.yes", within="scored")),
              (*RISK, "village.town_code"), risk_by_town, city="counties", order="-probability"),
    FactTable("risk_reasons", 12,
              (C("reason", "text"), C("family", "label", "family", descriptive=True),
               C("points_sum", "number", hidden=True, adds=True), C("high", "number", hidden=True, adds=True),
               C("points", "points", of=("points_sum", "high"))), RISK, risk_reasons, order="-points",
              describes="scored.yes by band=high", publish=most_points),
)  # fmt: skip
INDICATORS = (
    Indicator("expected_relapse", 12, "share", "lower_better", RISK, _expected_relapse, sampled="model", headline=True,
              history=False, people=False),
    Indicator("high_risk_unmonitored", 12, "share", "lower_better", (*RISK, "household.monitor_type"), _high_risk_unmonitored,
              history=False),
)  # fmt: skip
ACTIONS = (Action("high_risk_unmonitored", "households", 2, issue="missed_monitoring", where=("risk_by_town", "high")),)
EXHIBITS = (
    Exhibit("risk_histogram", Columns("probability", ("households",), marks=PROBABILITIES.at_least(LIKELY)),
            counts_in("probability", "households", likely=PROBABILITIES.at_least(LIKELY)), edges={"edge": f"{LIKELY:.0%}"}),
    Exhibit("risk_by_town", Bars("town", "high", most=8), largest("high", "town"), half=True),
    Exhibit("risk_reasons", Bars("reason", "points", most=8), largest("points", "reason")),
)  # fmt: skip
