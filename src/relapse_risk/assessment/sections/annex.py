"""Section 18: the lines used, the model card with its checks, and the index weights, as tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from relapse_risk.assessment.county_data import CountyData
from relapse_risk.exhibits import Bars, Cell, Dots, Exhibit, Finding, Number, Reliability, Rows, Section, largest
from relapse_risk.hardship import read_index
from relapse_risk.languages import LANGUAGES, Label
from relapse_risk.measures import FactColumn, FactTable

__all__ = ["EXHIBITS", "SECTION", "TABLES"]

SECTION = Section(18)
C = FactColumn
UNKNOWN, ANY, LEVEL = "不详|unknown", "任意|any", "总体水平（截距）|Level (intercept)"
CHECKED = {
    "caught": "reached", "low": "reached_low", "high": "reached_high", "false_alarms": "false_alarms",
    "observed": "observed", "expected": "expected", "over_expected": "ratio", "drawn_in": "ratio_shrunk",
}  # fmt: skip
GROUPS = {
    "female": "女|female", "male": "男|male", "under_60": "60周岁以下|under 60", "60_plus": "60周岁及以上|60 or over",
    "severe": "有重度残疾成员|severely disabled member", "none": "无重度残疾成员|no severely disabled member",
}  # fmt: skip
NOT_COLLECTED, NO_LINE = "未采集|not collected", "此地没有这样的标准|no such line in this place"


def model_terms(data: CountyData) -> pd.DataFrame:
    """The official score, line by line, so that a probability can be recomputed by hand."""
    card = data.scores.model_card
    if not card or not card["fitted"]:
        return pd.DataFrame()
    base = {"term": "基准（对数几率）|Base (log-odds)", "family": "base", "coefficient": card["base"], "se": card["base_se"], "reference": None,
            "points": None}  # fmt: skip
    terms = [
        {
            "term": Label.of(t).cell, "family": t["family"], "coefficient": t["coefficient"], "se": t["se"],
            "reference": t["reference"], "points": t["points_per_unit"],
        }
        for t in card["terms"]
    ]  # fmt: skip
    return pd.DataFrame([base, *terms]).astype({"reference": "float64", "points": "float64"})


def backtests(data: CountyData) -> pd.DataFrame:
    """The score, its challenger and the simple rules on households it had not seen."""
    card = data.scores.model_card or {"backtests": []}
    rows = [
        {
            "design": test["design"], "score": score["name"], "n": test["test_n"], "events": test["test_events"],
            "auc": score["auc"], "low": score["auc_low"], "high": score["auc_high"], "brier": score["brier"],
            "recall": score["recall_at_fifth"],
        }
        for test in card["backtests"]
        for score in test["scores"]
    ]  # fmt: skip
    return pd.DataFrame(rows).astype({"brier": "float64"}) if rows else pd.DataFrame()


def reliability(data: CountyData) -> pd.DataFrame:
    """Expected against observed share by tenth of the out-of-time test."""
    card = data.scores.model_card or {"backtests": []}
    tests = [test for test in card["backtests"] if test["design"] == "out_of_time"] or card["backtests"]
    return pd.DataFrame(tests[0]["bins"]) if tests else pd.DataFrame()


def _fitted_card(data: CountyData) -> dict[str, Any]:
    card = data.scores.model_card
    return card if card and card["fitted"] else {}


def paper_points(data: CountyData) -> pd.DataFrame:
    """The score in whole points: what a village officer adds up."""
    paper = _fitted_card(data).get("paper") or {"lines": [], "unknown": []}
    unknown = dict(paper["unknown"])
    rows = []
    for i, line in enumerate(paper["lines"]):
        label = Label.of(line).cell
        rows.append({"term": label, "span": _span(line["low"], line["high"]), "whole_points": line["points"]})
        following = paper["lines"][i + 1]["name"] if i + 1 < len(paper["lines"]) else ""
        if following != line["name"]:
            rows.append({"term": label, "span": UNKNOWN, "whole_points": unknown[line["name"]]})
    return pd.DataFrame(rows)


def _span(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ANY
    if low is None or high is None:
        return f"< {high:.2f}" if low is None else f"≥ {low:.2f}"
    return f"{low:.2f} ≤ · < {high:.2f}"


def paper_chances(data: CountyData) -> pd.DataFrame:
    """What a total of whole points stands for."""
    paper = _fitted_card(data).get("paper") or {"chances": []}
    return pd.DataFrame(paper["chances"])


def group_checks(data: CountyData) -> pd.DataFrame:
    """Who is found and who is missed by sex and age of the head, disability and county, out of time."""
    tests = [test for test in _fitted_card(data).get("backtests", []) if test["groups"]]
    if not tests:
        return pd.DataFrame()
    named = data.register.read("county").set_index("county_code")
    rows = []
    for line in tests[0]["groups"]:
        code = line["group"]
        county = line["trait"] == "county" and code in named.index
        group = _named(named.loc[code]) if county else code
        few = line["events"] < data.limit("small_cell")  # a rate of so few events tells of persons, not of groups
        shown = {ours: None if few else line[theirs] for ours, theirs in CHECKED.items()}
        rows.append({"trait": line["trait"], "subgroup": GROUPS.get(code, group), "n": line["n"], **shown})
    return pd.DataFrame(rows).astype(dict.fromkeys(CHECKED, "float64"))


def _named(county: pd.Series) -> str:
    """Name of a county in each language, its code where nobody named it."""
    sides = {side: county[f"county_name_{side}"] for side in LANGUAGES}
    return Label(**{side: str(county.name if pd.isna(name) else name) for side, name in sides.items()}).cell


def drift(data: CountyData) -> pd.DataFrame:
    """Whether those scored now are like those learned from, the lines that moved most first."""
    card = _fitted_card(data)
    labels = {term["name"]: Label.of(term).cell for term in card.get("terms", [])}
    rows = [
        {
            "term": labels.get(line["name"], LEVEL), "drift_measure": line["measure"], "value": line["value"],
            "drift_status": line["status"],
        }
        for line in card.get("drift", [])
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    if frame.empty:
        return frame
    order = frame["drift_measure"].eq("psi"), -frame["value"].abs()
    return frame.iloc[np.lexsort(order[::-1])].reset_index(drop=True)


def index_weights(data: CountyData) -> pd.DataFrame:
    """Weights of the hardship index as used here."""
    card = data.scores.index_card
    if not card:
        return pd.DataFrame()
    total = sum(weight for _, _, _, weight in card["weights"])
    return pd.DataFrame(
        [{"subindex": Label(zh=zh, en=en).cell, "weight": weight / total} for _, zh, en, weight in card["weights"]]
    )


def index_left_out(data: CountyData) -> pd.DataFrame:
    """Indicators of the index that were not collected; their weight went to their siblings."""
    card = data.scores.index_card or {"left_out": []}
    labels = {item.code: item.label.cell for item in read_index(data.place.index).indicators}
    rows = [
        {
            "indicator": labels.get(code, code),
            "reason": NOT_COLLECTED if reason.startswith("not collected") else NO_LINE,
        }
        for code, reason in card["left_out"]
    ]
    return pd.DataFrame(rows, columns=["indicator", "reason"])


TABLES = (
    FactTable("model_terms", 18,
              (C("term", "text"), C("family", "label", "family"), C("coefficient", "coefficient"), C("se", "coefficient"),
               C("reference", "coefficient"), C("points", "points")), ("scores.risk",), model_terms, city="same"),
    FactTable("backtests", 18,
              (C("design", "label", "design"), C("score", "label", "score"), C("n", "count"), C("events", "count"),
               C("auc", "coefficient"), C("low", "coefficient"), C("high", "coefficient"), C("brier", "coefficient"), C("recall", "share")),
              ("scores.risk",), backtests, city="same"),
    FactTable("reliability", 18,
              (C("n", "count"), C("events", "count"), C("expected", "share"), C("observed", "share"), C("low", "share"),
               C("high", "share")), ("scores.risk",), reliability, city="same"),
    FactTable("paper_points", 18, (C("term", "text"), C("span", "text"), C("whole_points", "count")),
              ("scores.risk",), paper_points, city="same"),
    FactTable("paper_chances", 18,
              (C("points_from", "count"), C("points_to", "count"), C("n", "count"), C("events", "count"), C("chance", "share")),
              ("scores.risk",), paper_chances, city="same"),
    FactTable("group_checks", 18,
              (C("trait", "label", "trait"), C("subgroup", "text"), C("n", "count"), C("caught", "share"), C("low", "share"),
               C("high", "share"), C("false_alarms", "share"), C("observed", "share"), C("expected", "share"),
               C("over_expected", "coefficient"), C("drawn_in", "coefficient")),
              ("scores.risk",), group_checks, city="same"),
    FactTable("drift", 18,
              (C("term", "text"), C("drift_measure", "label", "drift_measure"), C("value", "coefficient"),
               C("drift_status", "label", "drift_status", descriptive=True)), ("scores.risk",), drift, city="same"),
    FactTable("index_weights", 18, (C("subindex", "text"), C("weight", "share")), ("scores.hardship",),
              index_weights, city="same"),
    FactTable("index_left_out", 18, (C("indicator", "text"), C("reason", "text")),
              ("scores.hardship",), index_left_out, city="same"),
)  # fmt: skip


def _score_against_rules(rows: Rows) -> Finding | None:
    """The score's AUC in the first design, and the best of the simple rules in it."""
    first = rows.frame[rows.frame["design"] == rows.frame["design"].iloc[0]]
    rules = first.loc[~first["score"].isin(["official", "challenger"]), "auc"]
    official = first.index[first["score"] == "official"]
    if official.empty or rules.isna().all():
        return None
    return Finding(words={"auc": Cell("auc", int(official[0])), "best": Number(float(rules.max()), "coefficient")})


def _groups_that_agree(rows: Rows) -> Finding | None:
    """In how many groups the predicted share lies within the interval of the observed."""
    expected, low, high = (rows.numbers(name) for name in ("expected", "low", "high"))
    if (expected.isna() | low.isna() | high.isna()).any():
        return None
    inside = (expected >= low) & (expected <= high)
    return Finding(words={"inside": str(int(inside.sum())), "n": str(len(inside))})


EXHIBITS = (
    Exhibit("backtests", Dots("score", "auc", "low", "high", span=(0.5, 1.0), decimals=2, first_of="design"),
            _score_against_rules, half=True),
    Exhibit("reliability", Reliability("expected", "observed", "low", "high"), _groups_that_agree, half=True),
    Exhibit("index_weights", Bars("subindex", "weight"), largest("weight", "subindex"), half=True, needs_parts=True),
    Exhibit("index_left_out", needs_parts=True),
)  # fmt: skip
