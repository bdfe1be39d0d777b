"""Section 18: the lines used, the model card, its back-test, and the index weights, as tables."""

from __future__ import annotations

import pandas as pd

from relapse_risk.assessment.base import CountyData, FactColumn, FactTable
from relapse_risk.hardship import read_index

__all__ = ["TABLES"]

C = FactColumn
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
            "term": f"{t['zh']}|{t['en']}", "family": t["family"], "coefficient": t["coefficient"], "se": t["se"],
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
            "design": test["design"], "score": judged["name"], "n": test["test_n"], "events": test["test_events"],
            "auc": judged["auc"], "low": judged["auc_low"], "high": judged["auc_high"], "brier": judged["brier"],
            "recall": judged["recall_at_fifth"],
        }
        for test in card["backtests"]
        for judged in test["scores"]
    ]  # fmt: skip
    return pd.DataFrame(rows).astype({"brier": "float64"}) if rows else pd.DataFrame()


def reliability(data: CountyData) -> pd.DataFrame:
    """Expected against observed share by tenth of the out-of-time test."""
    card = data.scores.model_card or {"backtests": []}
    tests = [test for test in card["backtests"] if test["design"] == "out_of_time"] or card["backtests"]
    return pd.DataFrame(tests[0]["bins"]) if tests else pd.DataFrame()


def index_weights(data: CountyData) -> pd.DataFrame:
    """Weights of the hardship index as used here."""
    card = data.scores.index_card
    if not card:
        return pd.DataFrame()
    total = sum(weight for _, _, _, weight in card["weights"])
    return pd.DataFrame([{"subindex": f"{zh}|{en}", "weight": weight / total} for _, zh, en, weight in card["weights"]])


def index_left_out(data: CountyData) -> pd.DataFrame:
    """Indicators of the index that nobody collected here; their weight went to their siblings."""
    card = data.scores.index_card or {"left_out": []}
    labels = {item.code: f"{item.label.zh}|{item.label.en}" for item in read_index(data.place.index).indicators}
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
               C("high", "share")), ("scores.risk",), reliability, city="same", figure="curve"),
    FactTable("index_weights", 18, (C("subindex", "text"), C("weight", "share")), ("scores.hardship",),
              index_weights, city="same", figure="bars"),
    FactTable("index_left_out", 18, (C("indicator", "text"), C("reason", "text")),
              ("scores.hardship",), index_left_out, city="same"),
)  # fmt: skip
