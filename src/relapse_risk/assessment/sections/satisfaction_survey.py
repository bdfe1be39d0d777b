"""Section 15: the quarterly telephone survey, with design-based intervals."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd
from scipy.stats import chi2

from relapse_risk.assessment.county_data import CountyData, in_code_order
from relapse_risk.assessment.intervals import LEVEL, Q, of_share
from relapse_risk.exhibits import Dots, Exhibit, Finding, Rows, Section, first_to_last, largest, smallest
from relapse_risk.measures import FactColumn, FactTable, Fraction, Indicator
from relapse_risk.poverty import Mean, estimate, survey_design
from relapse_risk.schema import code_list

__all__ = ["EXHIBITS", "INDICATORS", "SECTION", "TABLES"]

SECTION = Section(15)
C = FactColumn
ANSWERS = ("satisfied", "recognises_policy", "recognises_cadre")


def _year(data: CountyData) -> pd.DataFrame:
    """Responses of the year up to the quarter of the data date; of whoever gave no interview no answer counts."""
    rows = data.table("survey_response")
    quarter = f"{data.year}Q{(data.day.month - 1) // 3 + 1}"
    rows = rows[rows["quarter"].str.startswith(data.year).fillna(False) & (rows["quarter"] <= quarter)]
    refused = rows["answered"].eq(False).fillna(False).to_numpy(dtype=bool)
    return rows.assign(**{name: rows[name].mask(refused) for name in (*ANSWERS, "dissatisfied_with")})


def weighted_share(rows: pd.DataFrame, answer: str, domain: pd.Series | None = None) -> Fraction:
    """Weighted share of yes among those reached, with the interval of the stratified design.

    A stratum with one answer is centred on the mean of all, which can only widen the interval.  Where all say the same,
    the design has no variance to go by: Clopper and Pearson's limits then.
    """
    known = rows[rows[answer].notna()]
    inside = np.ones(len(known), dtype=bool) if domain is None else domain.reindex(known.index).to_numpy(dtype=bool)
    yes = known[answer].astype(float).to_numpy()
    n, count = int(inside.sum()), float(yes[inside].sum())
    if n == 0:
        return Fraction(0.0, 0.0)
    weights = known["sampling_weight"].astype(float).to_numpy()[inside]
    value, se = count / n, 0.0
    if count not in (0, n):
        design = survey_design(known["sampling_weight"].astype(float), strata=known["stratum"], single_psu="centre")
        found = estimate(Mean(), yes, design, domain=inside).frame.iloc[0]
        value, se = float(found["value"]), float(found["se"])
    limits = of_share(yes[inside] == 1, weights, se, int(known["stratum"][inside].nunique()))
    return Fraction(
        count, float(n), value=value, low=limits.low, high=limits.high, se=se, population=float(weights.sum())
    )


def survey_by_stratum(data: CountyData) -> pd.DataFrame:
    """Calls, answers and weighted satisfaction by stratum."""
    rows = _year(data)
    words = [word for word in code_list("survey_stratum").words if (rows["stratum"] == word).any()]
    return _typed([_line({"stratum": word}, rows, rows["stratum"] == word) for word in words])


def survey_by_quarter(data: CountyData) -> pd.DataFrame:
    """Calls, answers and weighted satisfaction by quarter of the year."""
    rows = _year(data)
    return _typed(
        [_line({"quarter": word}, rows, rows["quarter"] == word) for word in sorted(rows["quarter"].unique())]
    )


def _answered(rows: pd.DataFrame) -> pd.Series:
    """Who answered; where that was not put down, who was reached."""
    said = rows["answered"] if rows["answered"].notna().any() else rows["contacted"]
    return said.fillna(False).astype(bool)


def _line(label: dict[str, str], rows: pd.DataFrame, domain: pd.Series) -> dict[str, object]:
    found = weighted_share(rows, "satisfied", domain)
    contacted = rows.loc[domain, "contacted"].fillna(False)
    return {
        **label, "called": len(contacted), "reached": int(contacted.sum()), "responded": int(_answered(rows[domain]).sum()),
        "satisfied": found.ratio, "low": found.low, "high": found.high,
    }  # fmt: skip


def _typed(lines: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(lines)
    numeric = [name for name in ("satisfied", "share", "low", "high") if name in frame]
    return frame.astype(dict.fromkeys(numeric, "float64"))


def survey_by_town(data: CountyData) -> pd.DataFrame:
    """Weighted satisfaction by town with 95 % interval, and whether it differs from the county's beyond chance."""
    return data.once("survey_by_town", lambda: _by_town(data))


def _by_town(data: CountyData) -> pd.DataFrame:
    rows = _year(data)
    town = rows["household_id"].map(data.town_of)
    lines = [_line({"town_code": code}, rows, town == code) for code in sorted(town.dropna().unique())]
    if not lines:
        return pd.DataFrame()
    frame = _typed(lines)
    county = weighted_share(rows, "satisfied").ratio
    if county is not None:
        frame = frame.join(_told_apart(frame, county))
    return data.by_town(frame.set_index("town_code"))


def _told_apart(frame: pd.DataFrame, county: float) -> pd.DataFrame:
    """Whether each town differs from the county beyond noise, and the ranks it may have.

    The limits are widened so that all towns together err once in twenty (Bonferroni); a town ranks behind another
    only where their limits do not overlap.
    """
    chance = (1 - LEVEL) / (2 * max(len(frame), 1))
    wide = NormalDist().inv_cdf(1 - chance) / Q
    value, low, high = (_logit(frame[name].astype("float64")) for name in ("satisfied", "low", "high"))
    # Where all say the same the far limit is a power of the chance of error (all_or_none), the near one has no end.
    power = np.log(chance) / np.log((1 - LEVEL) / 2)
    of_all, of_none = frame["low"].astype("float64") ** power, 1 - (1 - frame["high"].astype("float64")) ** power
    low = (value - wide * (value - low)).fillna(_logit(of_all)).fillna(-np.inf)
    high = (value + wide * (high - value)).fillna(_logit(of_none)).fillna(np.inf)
    at = float(_logit(pd.Series([county])).iloc[0])
    differs = np.select([high < at, low > at], ["below", "above"], "not_told_apart")
    lows, highs = low.to_numpy(), high.to_numpy()
    if _spread(frame)[1] >= 1 - LEVEL:  # the towns as a whole differ no more than chance
        differs = np.full(len(frame), "not_told_apart")
        lows, highs = np.full(len(frame), -np.inf), np.full(len(frame), np.inf)
    better = (lows[None, :] > highs[:, None]).sum(axis=1)
    worse = (highs[None, :] < lows[:, None]).sum(axis=1)
    ranks = [f"{1 + b}–{len(frame) - w}" for b, w in zip(better, worse, strict=True)]
    return pd.DataFrame({"differs": differs, "ranks": ranks}, index=frame.index)


def _spread(frame: pd.DataFrame) -> tuple[float, float]:
    """Cochran's Q of the towns' shares and the chance of as much by chance alone; 1 with fewer than two towns."""
    known = frame[(frame["responded"] > 1) & frame["satisfied"].notna()]
    if len(known) < 2:
        return 0.0, 1.0
    share, n = known["satisfied"].to_numpy(dtype=float), known["responded"].to_numpy(dtype=float)
    common = float((share * n).sum() / n.sum())
    noise = np.maximum(common * (1 - common), 1e-12) / n
    q = float(((share - common) ** 2 / noise).sum())
    return q, float(chi2.sf(q, len(known) - 1))


def _logit(share: pd.Series) -> pd.Series:
    inside = share.where((share > 0) & (share < 1)).astype("float64")
    return np.log(inside / (1 - inside))


def survey_spread(data: CountyData) -> pd.DataFrame:
    """Whether the towns differ at all: Cochran's Q of their shares against chance."""
    rows = survey_by_town(data)
    towns = int((rows["responded"] > 1).sum()) if len(rows) else 0
    if towns < 2:
        return pd.DataFrame()
    q, chance = _spread(rows)
    return pd.DataFrame(
        {"towns": [towns], "q": [q], "chance": [chance], "spread": ["differ" if chance < 1 - LEVEL else "noise"]}
    )


def survey_reasons(data: CountyData) -> pd.DataFrame:
    """What the dissatisfied name, weighted among those who named something."""
    rows = _year(data)
    said = rows[rows["dissatisfied_with"].notna()]
    words = [word for word in code_list("dissatisfaction").words if (said["dissatisfied_with"] == word).any()]
    lines = []
    for word in words:
        flags = said.assign(named=said["dissatisfied_with"].eq(word).astype("boolean"))
        found = weighted_share(flags, "named")
        count = int(flags["named"].sum())
        lines.append(
            {"dissatisfied_with": word, "answers": count, "share": found.ratio, "low": found.low, "high": found.high}
        )
    return _typed(lines) if lines else pd.DataFrame()


def survey_answers(data: CountyData) -> pd.DataFrame:
    """The three questions: weighted share of yes with interval."""
    rows = _year(data)
    found = [(name, weighted_share(rows, name)) for name in ANSWERS]
    return _typed(
        [
            {"question": name, "answers": int(f.denominator), "share": f.ratio, "low": f.low, "high": f.high}
            for name, f in found
        ]
    )


def sampling(data: CountyData) -> pd.DataFrame:
    """How the sample was drawn: households the stratum stands for a quarter, called, reached, mean weight."""
    rows = _year(data)
    grouped = rows.groupby("stratum")
    frame = pd.DataFrame({"called": grouped.size(), "weight_sum": grouped["sampling_weight"].sum()})
    frame["reached"] = rows["contacted"].fillna(False).astype(int).groupby(rows["stratum"]).sum()
    frame["responded"] = _answered(rows).astype(int).groupby(rows["stratum"]).sum()
    frame["stands_for"] = frame["weight_sum"] / max(rows["quarter"].nunique(), 1)
    return in_code_order(frame, code_list("survey_stratum").words, "stratum")


def _response(data: CountyData) -> Fraction:
    rows = _year(data)
    return Fraction(float(_answered(rows).sum()), float(len(rows)))


def _contact(data: CountyData) -> Fraction:
    rows = _year(data)
    return Fraction(float(rows["contacted"].fillna(False).sum()), float(len(rows)))


def _approval(name: str) -> Indicator:
    return Indicator(
        {"satisfied": "approval_rate"}.get(name, name), 16 if name == "satisfied" else 15, "share", "higher_better",
        (f"survey_response.{name}",), lambda d: weighted_share(_year(d), name),
        limit="approval_limit" if name == "satisfied" else "", source="DEF-RATES", sampled="survey",
        headline=name == "satisfied", history=False, measure=name,
    )  # fmt: skip


def _responses(measure: str) -> tuple[FactColumn, ...]:
    return (
        C("called", "count"), C("reached", "count"), C("responded", "records", counts=f"{measure}.yes"),
        C("response", "share", of=("responded", "called")), C("satisfied", "share", limit="approval_limit"),
        C("low", "share"), C("high", "share"),
    )  # fmt: skip


RESPONSE = _responses("responded")
SURVEY = ("survey_response",)
TABLES = (
    FactTable("survey_answers", 15,
              (C("question", "label", "question"), C("answers", "records", counts="{question}.known"), C("share", "share"), C("low", "share"),
               C("high", "share")), SURVEY, survey_answers, city="none"),
    FactTable("survey_by_stratum", 15, (C("stratum", "code", "survey_stratum"), *RESPONSE), SURVEY, survey_by_stratum),
    FactTable("survey_by_quarter", 15, (C("quarter", "period"), *RESPONSE), SURVEY, survey_by_quarter),
    FactTable("survey_by_town", 15,
              (C("town", "town"), *_responses("responded_and_registered"), C("ranks", "text", descriptive=True, rests_on=("responded",)),
               C("differs", "label", "differs", descriptive=True, rests_on=("responded",))),
              (*SURVEY, "village.town_code"), survey_by_town, city="counties", order="satisfied"),
    FactTable("survey_spread", 15,
              (C("towns", "count"), C("q", "coefficient"), C("chance", "coefficient"),
               C("spread", "label", "spread", descriptive=True)),
              (*SURVEY, "village.town_code"), survey_spread, city="none"),
    FactTable("survey_reasons", 15,
              (C("dissatisfied_with", "code", "dissatisfaction"), C("answers", "records", counts="satisfied.no"), C("share", "share"), C("low", "share"),
               C("high", "share")), ("survey_response.dissatisfied_with",), survey_reasons, city="none", order="-share"),
    FactTable("sampling", 18,
              (C("stratum", "code", "survey_stratum"), C("stands_for", "number", adds=True), C("called", "count"), C("reached", "count"), C("responded", "count"),
               C("weight_sum", "number", hidden=True, adds=True), C("mean_weight", "number", of=("weight_sum", "called"))),
              SURVEY, sampling),
)  # fmt: skip
INDICATORS = (
    Indicator("survey_contact", 15, "share", "higher_better", SURVEY, _contact, history=False, people=False),
    Indicator("survey_response", 15, "share", "higher_better", SURVEY, _response, history=False, people=False),
    *(_approval(name) for name in ANSWERS),
)


def _against_limit(rows: Rows) -> Finding:
    """How many towns surely reach the limit of approval and how many surely miss it, by their intervals."""
    low, high, limit = rows.numbers("low"), rows.numbers("high"), rows.limits.get("approval_limit")
    if limit is None or not low.notna().any():
        return Finding()
    sure, below, n = int((low >= limit).sum()), int((high < limit).sum()), len(low)
    words = {"sure": str(sure), "below": str(below), "n": str(n)}
    return Finding(words=words, key="limit" if sure + below < n else "limit_all")


EXHIBITS = (
    Exhibit("survey_answers", Dots("question", "share", "low", "high"), smallest("share", "question"), half=True),
    Exhibit("survey_by_stratum", Dots("stratum", "satisfied", "low", "high"), smallest("satisfied", "stratum"),
            half=True),
    Exhibit("survey_by_quarter", Dots("quarter", "satisfied", "low", "high"), first_to_last("satisfied"), half=True),
    Exhibit("survey_by_town", Dots("town", "satisfied", "low", "high"), _against_limit),
    Exhibit("survey_reasons", Dots("dissatisfied_with", "share", "low", "high"), largest("share", "dissatisfied_with"),
            half=True),
)  # fmt: skip
