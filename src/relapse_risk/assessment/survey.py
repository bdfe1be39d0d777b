"""Section 15: the quarterly telephone survey, with design-based intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.assessment.base import CountyData, FactColumn, FactTable, Fraction, Indicator
from relapse_risk.assessment.baseline import by_town
from relapse_risk.poverty import Mean, estimate, survey_design
from relapse_risk.schema import code_list

__all__ = ["INDICATORS", "TABLES"]

C = FactColumn
ANSWERS = ("satisfied", "recognises_policy", "recognises_cadre")


def _year(data: CountyData) -> pd.DataFrame:
    """Responses of the year up to the quarter of the data date."""
    rows = data.table("survey_response")
    quarter = f"{data.year}Q{(data.day.month - 1) // 3 + 1}"
    return rows[rows["quarter"].str.startswith(data.year).fillna(False) & (rows["quarter"] <= quarter)]


def weighted_share(rows: pd.DataFrame, answer: str, domain: pd.Series | None = None) -> Fraction:
    """Weighted share of yes among those reached, with the logit interval of the stratified design.

    A stratum with one answer is centred on the mean of all, which can only widen the interval.
    """
    known = rows[rows[answer].notna()]
    inside = np.ones(len(known), dtype=bool) if domain is None else domain.reindex(known.index).to_numpy(dtype=bool)
    yes = known[answer].astype(float).to_numpy()
    n, count = int(inside.sum()), float(yes[inside].sum())
    if n == 0:
        return Fraction(0.0, 0.0)
    design = survey_design(known["sampling_weight"].astype(float), strata=known["stratum"], single_psu="centre")
    found = estimate(Mean(), yes, design, domain=inside, kind="logit").frame.iloc[0]
    low, high = (None if np.isnan(found[side]) else float(found[side]) for side in ("low", "high"))
    return Fraction(count, float(n), value=float(found["value"]), low=low, high=high)


def survey_by_stratum(data: CountyData) -> pd.DataFrame:
    """Calls, answers and weighted satisfaction by stratum."""
    rows = _year(data)
    return pd.DataFrame(
        [
            _line({"stratum": word}, rows, rows["stratum"] == word)
            for word in code_list("survey_stratum").words
            if (rows["stratum"] == word).any()
        ]
    )


def _line(label: dict[str, str], rows: pd.DataFrame, domain: pd.Series) -> dict[str, object]:
    found = weighted_share(rows, "satisfied", domain)
    contacted = rows.loc[domain, "contacted"].fillna(False)
    return {
        **label, "called": len(contacted), "reached": int(contacted.sum()),
        "response": float(contacted.mean()) if len(contacted) else np.nan,
        "satisfied": found.ratio, "low": found.low, "high": found.high,
    }  # fmt: skip


def survey_by_town(data: CountyData) -> pd.DataFrame:
    """Weighted satisfaction by town with 95 % interval: towns whose intervals overlap are not told apart."""
    rows = _year(data)
    town = rows["household_id"].map(data.now.set_index("household_id")["town_code"])
    lines = [_line({"town_code": code}, rows, town == code) for code in sorted(town.dropna().unique())]
    frame = pd.DataFrame(lines).set_index("town_code") if lines else pd.DataFrame()
    numeric = frame.astype({name: "float64" for name in ("satisfied", "low", "high")}) if len(frame) else frame
    return by_town(data, numeric.sort_values("satisfied")) if len(frame) else frame


def survey_answers(data: CountyData) -> pd.DataFrame:
    """The three questions: weighted share of yes with interval."""
    rows = _year(data)
    found = [(name, weighted_share(rows, name)) for name in ANSWERS]
    return pd.DataFrame(
        {
            "question": [name for name, _ in found], "answers": [f.denominator for _, f in found],
            "share": [f.ratio for _, f in found], "low": [f.low for _, f in found], "high": [f.high for _, f in found],
        }
    ).astype({name: "float64" for name in ("share", "low", "high")})  # fmt: skip


def _response(data: CountyData) -> Fraction:
    rows = _year(data)
    return Fraction(float(rows["contacted"].fillna(False).sum()), float(len(rows)))


RESPONSE = (C("called", "count"), C("reached", "count"), C("response", "share"), C("satisfied", "share"),
            C("low", "share"), C("high", "share"))  # fmt: skip
TABLES = (
    FactTable("survey_answers", 15,
              (C("question", "label", "question"), C("answers", "count"), C("share", "share"), C("low", "share"),
               C("high", "share")), ("survey_response",), survey_answers),
    FactTable("survey_by_stratum", 15, (C("stratum", "code", "survey_stratum"), *RESPONSE), ("survey_response",),
              survey_by_stratum),
    FactTable("survey_by_town", 15, (C("town", "town"), *RESPONSE), ("survey_response", "village.town_code"),
              survey_by_town),
)  # fmt: skip
INDICATORS = (
    Indicator("survey_response", 15, "share", "higher_better", ("survey_response",), _response, history=False),
    Indicator("approval_rate", 16, "share", "higher_better", ("survey_response.satisfied",),
              lambda d: weighted_share(_year(d), "satisfied"), limit="approval_limit", source="DEF-RATES",
              sampled=True, headline=True, adds_up=False, history=False),
)  # fmt: skip
