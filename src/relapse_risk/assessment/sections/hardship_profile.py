"""Section 13: the hardship index, need before aid and priority after it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.assessment.county_data import CountyData
from relapse_risk.assessment.sections.baseline import segment_flags
from relapse_risk.exhibits import Columns, Curve, Dots, Exhibit, Pairs, Section, in_row, largest, nearest, widest_gap
from relapse_risk.languages import Label
from relapse_risk.measures import Bins, FactColumn, FactTable, Fraction, Indicator
from relapse_risk.poverty import concentration_curve

__all__ = ["EXHIBITS", "INDICATORS", "SECTION", "TABLES"]

SECTION = Section(13)
C = FactColumn
NEEDS = ("scores.hardship",)
CURVE_STEPS = 20
INDEX = Bins((*range(0, 100, 10), 100.0001), tuple(f"{edge}–{edge + 10}" for edge in range(0, 100, 10)))


def _hardship(data: CountyData) -> pd.DataFrame:
    """Households with a need; without a priority where aid was not collected."""
    frame = data.scores.hardship
    assert frame is not None
    known = frame[frame["need"].notna()]
    return known if data.register.collected("assistance_record", "cash_amount") else known.assign(priority=np.nan)


def _neediest(frame: pd.DataFrame, tenths: float) -> pd.Series:
    """Whether a household is among the neediest ``tenths`` of its county; ties in order of the rank."""
    order = frame["need"].rank(method="first", ascending=False)
    return order <= max(len(frame) * tenths / 10, 1.0)


def hardship_by_town(data: CountyData) -> pd.DataFrame:
    """Need by town: mean, ninth decile, and households among the neediest tenth of the county."""
    frame = _hardship(data)
    town = frame["town_code"]
    grouped = frame.groupby("town_code")
    result = pd.DataFrame(
        {
            "scored": grouped.size(), "need_sum": grouped["need"].sum(), "p90_need": grouped["need"].quantile(0.9),
            "priority_sum": grouped["priority"].sum(min_count=1), "top_tenth": _neediest(frame, 1).groupby(town).sum(),
        }
    )  # fmt: skip
    return data.by_town(result)


def hardship_histogram(data: CountyData) -> pd.DataFrame:
    """Households by need and by priority after aid."""
    frame = _hardship(data)
    counts = {
        f"by_{name}": INDEX.counts(frame[name]) if frame[name].notna().any() else np.nan
        for name in ("need", "priority")
    }
    return pd.DataFrame({"index_band": INDEX.labels, **counts})


def hardship_profile(data: CountyData) -> pd.DataFrame:
    """Mean of each sub-index for everybody and for the neediest tenth."""
    frame = _hardship(data)
    top = frame[_neediest(frame, 1)]
    card = data.scores.index_card or {"weights": []}
    labels = {code: Label(zh=zh, en=en).cell for code, zh, en, _ in card["weights"]}
    subs = [name for name in frame.columns if name.startswith("sub_") and frame[name].notna().any()]
    return pd.DataFrame(
        {
            "subindex": [labels.get(name.removeprefix("sub_"), name) for name in subs],
            "all_sum": [float(frame[name].sum()) for name in subs],
            "scored": [int(frame[name].notna().sum()) for name in subs],
            "top_sum": [float(top[name].sum()) for name in subs],
            "top_scored": [int(top[name].notna().sum()) for name in subs],
        }
    )


def top_tenth_segments(data: CountyData) -> pd.DataFrame:
    """Who the neediest tenth are: each group among them and among everybody."""
    frame = _hardship(data)
    top = set(frame.loc[_neediest(frame, 1), "household_id"])
    inside = data.now["household_id"].isin(top)
    scored = data.now["household_id"].isin(frame["household_id"])
    rows = []
    for name, flags in segment_flags(data).items():
        if flags.notna().any():
            member = flags.fillna(False).astype(bool)
            rows.append({"segment": name, "top_n": int((member & inside).sum()), "top_all": int(inside.sum()),
                         "all_n": int((member & scored).sum()), "all_all": int(scored.sum())})  # fmt: skip
    return pd.DataFrame(rows)


def need_priority(data: CountyData) -> pd.DataFrame:
    """By tenth of need (1 = neediest): mean need, mean priority after aid, aid of the year per head."""
    frame = _hardship(data).merge(data.now[["household_id", "aid_received_12m", "size"]], on="household_id")
    order = frame["need"].rank(method="first", ascending=False)
    tenth = np.ceil(order * 10 / max(len(frame), 1)).astype(int)
    grouped = frame.assign(
        aid=frame["aid_received_12m"].astype(float).fillna(0.0), heads=frame["size"].astype(float).fillna(1.0)
    ).groupby(tenth)
    result = pd.DataFrame(
        {
            "scored": grouped.size(), "need_sum": grouped["need"].sum(), "priority_sum": grouped["priority"].sum(),
            "aid_sum": grouped["aid"].sum(), "heads": grouped["heads"].sum(),
        }
    )  # fmt: skip
    return result.reset_index(names="tenth").assign(tenth=lambda f: f["tenth"].astype(str))


def _aid(data: CountyData, frame: pd.DataFrame) -> pd.Series:
    aid = data.now.set_index("household_id")["aid_received_12m"].astype(float).fillna(0.0)
    return frame["household_id"].map(aid).astype("float64").fillna(0.0)


def aid_curve(data: CountyData) -> pd.DataFrame:
    """Share of the year's aid that went to the neediest share of households (concentration curve)."""
    frame = _hardship(data)
    aid = _aid(data, frame)
    if aid.sum() <= 0:
        return pd.DataFrame()
    curve = concentration_curve(aid.to_numpy(), -frame["need"].to_numpy(), points=CURVE_STEPS).frame
    return curve.rename(columns={"share": "aid"})


def rank_stability(data: CountyData) -> pd.DataFrame:
    """How far the county rank of need moves when every weight may change by a quarter: quantiles of interval width."""
    frame = _hardship(data)
    top = _neediest(frame, 1)
    width = (frame["rank_county_high"] - frame["rank_county_low"]).dropna().astype(float)
    rows = [("all", width), ("top_tenth", width[top.reindex(width.index)])]
    return pd.DataFrame(
        {
            "group": [name for name, _ in rows], "households": [len(values) for _, values in rows],
            "median_width": [values.median() for _, values in rows], "p90_width": [values.quantile(0.9) for _, values in rows],
        }
    )  # fmt: skip


def _mean_need(data: CountyData) -> Fraction:
    frame = _hardship(data)
    weight = data.weights(frame["household_id"])
    return Fraction(float((frame["need"] * weight).sum()), float(weight.sum()), **data.of_sample(len(frame)))


def _aid_to_top(data: CountyData) -> Fraction:
    """Share of the year's aid that reached the neediest fifth, as on the curve; a fifth would be neutral."""
    curve, aid = aid_curve(data), float(_aid(data, _hardship(data)).sum())
    if curve.empty:
        return Fraction(0.0, 0.0)
    part = float(np.interp(0.2, curve["population"], curve["aid"]))
    return Fraction(part * aid, aid)


def _sum(name: str) -> FactColumn:
    return C(name, "number", hidden=True, adds=True)


SCORED = C("scored", "households", counts="ranked.yes")
AID = ("scores.hardship", "assistance_record.cash_amount")
TABLES = (
    FactTable("hardship_by_town", 13,
              (C("town", "town"), SCORED, _sum("need_sum"), _sum("priority_sum"),
               C("mean_need", "index", of=("need_sum", "scored")), C("p90_need", "index"),
               C("mean_priority", "index", of=("priority_sum", "scored")), C("top_tenth", "households", counts="top_tenth.yes", within="scored")),
              (*NEEDS, "village.town_code"), hardship_by_town, city="counties", order="-mean_need"),
    FactTable("hardship_histogram", 13,
              (C("index_band", "bin"), C("by_need", "households", counts="ranked.yes by need={index_band}"),
               C("by_priority", "households", counts="ranked.yes by priority={index_band}")), NEEDS,
              hardship_histogram),
    FactTable("hardship_profile", 13,
              (C("subindex", "text"), _sum("all_sum"), _sum("scored"), _sum("top_sum"), _sum("top_scored"),
               C("all", "index", of=("all_sum", "scored")), C("top_tenth", "index", of=("top_sum", "top_scored"))),
              NEEDS, hardship_profile, order="-top_tenth"),
    FactTable("top_tenth_segments", 13,
              (C("segment", "label", "segment"), C("top_n", "households", counts="top_tenth.{segment}.yes"),
               C("top_all", "households", hidden=True, counts="top_tenth.yes by segment=*"),
               C("top_share", "share", of=("top_n", "top_all")), C("all_n", "households", counts="ranked.{segment}.yes"),
               C("all_all", "households", hidden=True, counts="ranked.yes by segment=*"),
               C("all_share", "share", of=("all_n", "all_all"))), NEEDS, top_tenth_segments, order="-top_share"),
    FactTable("need_priority", 13,
              (C("tenth", "text"), SCORED, _sum("need_sum"), _sum("priority_sum"), _sum("aid_sum"), _sum("heads"),
               C("need", "index", of=("need_sum", "scored")), C("priority", "index", of=("priority_sum", "scored")),
               C("aid_per_head", "money", of=("aid_sum", "heads"))), AID, need_priority),
    FactTable("aid_curve", 13, (C("population", "share"), C("aid", "share")), AID, aid_curve, city="none"),
    FactTable("rank_stability", 13,
              (C("group", "label", "group"), C("households", "households", counts="rank_interval.{group}.yes"), C("median_width", "number"),
               C("p90_width", "number")), NEEDS, rank_stability),
)  # fmt: skip
INDICATORS = (
    Indicator("mean_need", 13, "number", "lower_better", NEEDS, _mean_need, history=False, people=False),
    Indicator("aid_to_neediest_fifth", 13, "share", "higher_better", AID, _aid_to_top, history=False, people=False),
)
EXHIBITS = (
    Exhibit("hardship_by_town", Dots("town", "mean_need"), largest("mean_need", "town")),
    Exhibit("hardship_histogram", Columns("index_band", ("by_need", "by_priority")), needs_parts=True,
            before_aid="by_priority"),
    Exhibit("hardship_profile", Pairs("subindex", "top_tenth", "all", both=False, widest="above"),
            widest_gap("top_tenth", "all"), half=True, needs_parts=True),
    Exhibit("top_tenth_segments", subject="top_share"),
    Exhibit("need_priority", Pairs("tenth", "need", "priority"), in_row(0), half=True),
    Exhibit("aid_curve", Curve("population", "aid"), nearest("population", 0.2), half=True),
    Exhibit("rank_stability", needs_parts=True),
)  # fmt: skip
