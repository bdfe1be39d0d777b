"""Section 13: the hardship index, need before aid and priority after it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.assessment.base import CountyData, FactColumn, FactTable, Fraction, Indicator
from relapse_risk.assessment.baseline import by_town
from relapse_risk.poverty import concentration_curve

__all__ = ["INDICATORS", "TABLES"]

C = FactColumn
NEEDS = ("scores.hardship",)
CURVE_STEPS = 20


def _hardship(data: CountyData) -> pd.DataFrame:
    frame = data.scores.hardship
    assert frame is not None
    return frame[frame["need"].notna()]


def hardship_by_town(data: CountyData) -> pd.DataFrame:
    """Need by town: mean, ninth decile, and households among the neediest tenth of the county."""
    frame = _hardship(data)
    top = frame["need"] >= frame["need"].quantile(0.9)
    grouped = frame["need"].groupby(frame["town_code"])
    result = pd.DataFrame(
        {
            "households": grouped.size(), "mean_need": grouped.mean(), "p90_need": grouped.quantile(0.9),
            "mean_priority": frame["priority"].groupby(frame["town_code"]).mean(),
            "top_tenth": top.groupby(frame["town_code"]).sum(),
        }
    )  # fmt: skip
    return by_town(data, result.sort_values("mean_need", ascending=False))


def hardship_profile(data: CountyData) -> pd.DataFrame:
    """Mean of each sub-index for everybody and for the neediest tenth."""
    frame = _hardship(data)
    top = frame[frame["need"] >= frame["need"].quantile(0.9)]
    subs = [name for name in frame.columns if name.startswith("sub_") and frame[name].notna().any()]
    return pd.DataFrame(
        {
            "subindex": [name.removeprefix("sub_") for name in subs],
            "all": [float(frame[name].mean()) for name in subs],
            "top_tenth": [float(top[name].mean()) for name in subs],
        }
    ).sort_values("top_tenth", ascending=False, ignore_index=True)


def need_priority(data: CountyData) -> pd.DataFrame:
    """By tenth of need (1 = neediest): mean need, mean priority after aid, mean aid of the year per head."""
    frame = _hardship(data).merge(data.now[["household_id", "aid_received_12m", "size"]], on="household_id")
    order = frame["need"].rank(method="first", ascending=False)
    tenth = np.ceil(order * 10 / max(len(frame), 1)).astype(int)
    aid = (
        frame["aid_received_12m"].astype(float).groupby(tenth).sum() / frame["size"].astype(float).groupby(tenth).sum()
    )
    grouped = frame.groupby(tenth)
    return pd.DataFrame(
        {
            "tenth": sorted(tenth.unique()), "households": grouped.size().to_numpy(),
            "need": grouped["need"].mean().to_numpy(), "priority": grouped["priority"].mean().to_numpy(),
            "aid_per_head": aid.to_numpy(),
        }
    ).assign(tenth=lambda f: f["tenth"].astype(str))  # fmt: skip


def aid_curve(data: CountyData) -> pd.DataFrame:
    """Share of aid that went to the neediest share of households (concentration curve)."""
    frame = _hardship(data).merge(data.now[["household_id", "aid_received_12m"]], on="household_id")
    aid = frame["aid_received_12m"].astype(float).fillna(0.0)
    if aid.sum() <= 0:
        return pd.DataFrame(columns=["population", "aid"])
    curve = concentration_curve(aid.to_numpy(), -frame["need"].to_numpy(), points=CURVE_STEPS)
    return curve.rename(columns={"share": "aid"})


def rank_stability(data: CountyData) -> pd.DataFrame:
    """How far the county rank of need moves when every weight may change by a quarter: quantiles of interval width."""
    frame = _hardship(data)
    width = (frame["rank_county_high"] - frame["rank_county_low"]).dropna().astype(float)
    top = frame["rank_need_county"] <= max(len(frame) // 10, 1)
    rows = [("all", width), ("top_tenth", width[top.reindex(width.index)])]
    return pd.DataFrame(
        {
            "group": [name for name, _ in rows], "households": [len(values) for _, values in rows],
            "median_width": [values.median() for _, values in rows], "p90_width": [values.quantile(0.9) for _, values in rows],
        }
    )  # fmt: skip


def _mean_need(data: CountyData) -> Fraction:
    frame = _hardship(data)
    return Fraction(float(frame["need"].sum()), float(len(frame)))


def _aid_to_top(data: CountyData) -> Fraction:
    """Share of the year's aid that reached the neediest fifth; a fifth would be neutral."""
    frame = _hardship(data).merge(data.now[["household_id", "aid_received_12m"]], on="household_id")
    aid = frame["aid_received_12m"].astype(float).fillna(0.0)
    top = frame["need"].rank(method="first", ascending=False) <= len(frame) / 5
    return Fraction(float(aid[top].sum()), float(aid.sum()))


AID = ("scores.hardship", "assistance_record.cash_amount")
TABLES = (
    FactTable("hardship_by_town", 13,
              (C("town", "town"), C("households", "households"), C("mean_need", "index"), C("p90_need", "index"),
               C("mean_priority", "index"), C("top_tenth", "households")),
              (*NEEDS, "village.town_code"), hardship_by_town),
    FactTable("hardship_profile", 13, (C("subindex", "label", "subindex"), C("all", "index"), C("top_tenth", "index")),
              NEEDS, hardship_profile),
    FactTable("need_priority", 13,
              (C("tenth", "text"), C("households", "households"), C("need", "index"), C("priority", "index"),
               C("aid_per_head", "money")), AID, need_priority),
    FactTable("aid_curve", 13, (C("population", "share"), C("aid", "share")), AID, aid_curve),
    FactTable("rank_stability", 13,
              (C("group", "label", "group"), C("households", "households"), C("median_width", "number"),
               C("p90_width", "number")), NEEDS, rank_stability),
)  # fmt: skip
INDICATORS = (
    Indicator("mean_need", 13, "number", "lower_better", NEEDS, _mean_need, history=False),
    Indicator("aid_to_neediest_fifth", 13, "share", "higher_better", AID, _aid_to_top, history=False),
)
