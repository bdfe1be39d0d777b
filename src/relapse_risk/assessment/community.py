"""Sections 8 to 11: social help, the village exit standard, paired help, conduct and rectification."""

from __future__ import annotations

import pandas as pd

from relapse_risk.assessment.base import CountyData, FactColumn, FactTable, Fraction, Indicator, up_to
from relapse_risk.assessment.baseline import by_town
from relapse_risk.schema import code_list

__all__ = ["INDICATORS", "TABLES"]

C = FactColumn


def pupil_sponsors(data: CountyData) -> pd.DataFrame:
    """Sponsored pupils and money by role of the sponsor."""
    rows = data.table("pupil_sponsor")
    frame = rows.groupby("sponsor_role").agg(pupils=("person_id", "nunique"), fund=("fund_amount", "sum"))
    order = [word for word in code_list("sponsor_role").words if word in frame.index]
    return frame.loc[order].reset_index(names="sponsor_role")


def _posts_now(data: CountyData) -> pd.DataFrame:
    posts = up_to(data.table("special_post"), "start_on", data.day)
    return posts[~(posts["end_on"] <= pd.Timestamp(data.day)).fillna(False).to_numpy(dtype=bool)]


def _served(posts: pd.DataFrame) -> pd.Series:
    return posts["served_person_ids"].fillna("").map(lambda text: len([part for part in text.split(";") if part]))


def special_posts(data: CountyData) -> pd.DataFrame:
    """Special posts filled on the data date, by kind: holders, persons served, monthly pay."""
    posts = _posts_now(data)
    frame = (
        posts.assign(served=_served(posts))
        .groupby("post_kind")
        .agg(posts=("post_id", "nunique"), served=("served", "sum"), pay=("monthly_pay", "mean"))
    )
    order = [word for word in code_list("post_type").words if word in frame.index]
    return frame.loc[order].reset_index(names="post_kind")


def posts_by_town(data: CountyData) -> pd.DataFrame:
    """Special posts and persons served by town."""
    posts = _posts_now(data)
    frame = (
        posts.assign(served=_served(posts))
        .groupby(posts["village_code"].str[:9])
        .agg(posts=("post_id", "nunique"), served=("served", "sum"))
    )
    homes = data.now.groupby("town_code").size()
    frame = frame.reindex(homes.index, fill_value=0)
    frame["posts_per_100"] = 100 * frame["posts"] / homes
    return by_town(data, frame.sort_values("posts", ascending=False))


def village_flags(data: CountyData) -> pd.DataFrame:
    """Key villages that meet each of the fifteen exit standards."""
    flags = _flags(data)
    words = code_list("wu_tong_shi_you").words
    return pd.DataFrame(
        {
            "standard": words,
            "villages": len(flags),
            "met": [int(flags[word].sum()) for word in words],
            "share": [float(flags[word].mean()) if len(flags) else float("nan") for word in words],
        }
    )


def _flags(data: CountyData) -> pd.DataFrame:
    village = data.table("village")
    key = village[village["is_key_village"].fillna(False).to_numpy(dtype=bool) & village["exit_flags"].notna()]
    words = code_list("wu_tong_shi_you").words
    columns = {word: key["exit_flags"].str[place] == "1" for place, word in enumerate(words)}
    return pd.DataFrame(columns, index=key.index)


def village_pass_by_town(data: CountyData) -> pd.DataFrame:
    """Key villages that meet all fifteen standards, by town."""
    village = data.table("village")
    flags = _flags(data)
    whole = flags.all(axis=1)
    town = village.loc[flags.index, "town_code"]
    frame = pd.DataFrame({"villages": whole.groupby(town).size(), "met": whole.groupby(town).sum()})
    frame["share"] = frame["met"] / frame["villages"]
    return by_town(data, frame.sort_values("share"))


def _villages_pass(data: CountyData) -> Fraction:
    whole = _flags(data).all(axis=1)
    return Fraction(float(whole.sum()), float(len(whole)))


def paired_help(data: CountyData) -> pd.DataFrame:
    """Paired help recorded as facts about the county."""
    facts = data.table("place_fact")
    return facts.loc[facts["metric"].str.startswith("paired help").fillna(False), ["metric", "value", "unit"]]


def found_closed(data: CountyData) -> pd.DataFrame:
    """Project issues found and closed by the end of each of the last twelve months, cumulated over the year."""
    issue = data.table("project_issue")
    months = pd.period_range(end=pd.Period(data.month), periods=12, freq="M")
    ends = [month.end_time for month in months]
    return pd.DataFrame(
        {
            "month": months.astype(str),
            "found": [int((issue["found_on"] <= end).sum()) for end in ends],
            "closed": [int((issue["closed_on"] <= end).fillna(False).sum()) for end in ends],
        }
    )


def _rectified(data: CountyData) -> Fraction:
    issue = up_to(data.table("project_issue"), "found_on", data.day)
    due = issue[(issue["due_on"] <= pd.Timestamp(data.day)).fillna(False).to_numpy(dtype=bool)]
    closed = (due["closed_on"] <= pd.Timestamp(data.day)).fillna(False)
    return Fraction(float(closed.sum()), float(len(due)))


def _served_per_post(data: CountyData) -> Fraction:
    posts = _posts_now(data)
    return Fraction(float(_served(posts).sum()), float(posts["post_id"].nunique()))


TABLES = (
    FactTable("pupil_sponsors", 8,
              (C("sponsor_role", "code", "sponsor_role"), C("pupils", "persons"), C("fund", "money_wan")),
              ("pupil_sponsor",), pupil_sponsors),
    FactTable("special_posts", 8,
              (C("post_kind", "code", "post_type"), C("posts", "count"), C("served", "count"), C("pay", "money")),
              ("special_post",), special_posts),
    FactTable("posts_by_town", 8,
              (C("town", "town"), C("posts", "count"), C("served", "count"), C("posts_per_100", "number")),
              ("special_post", "village.town_code"), posts_by_town),
    FactTable("village_flags", 9,
              (C("standard", "code", "wu_tong_shi_you"), C("villages", "count"), C("met", "count"), C("share", "share")),
              ("village.exit_flags", "village.is_key_village"), village_flags),
    FactTable("village_pass_by_town", 9,
              (C("town", "town"), C("villages", "count"), C("met", "count"), C("share", "share")),
              ("village.exit_flags", "village.is_key_village"), village_pass_by_town),
    FactTable("paired_help", 10, (C("metric", "text"), C("value", "number"), C("unit", "text")),
              ("place_fact.paired_help",), paired_help),
    FactTable("found_closed", 11, (C("month", "text"), C("found", "count"), C("closed", "count")), ("project_issue",),
              found_closed),
)  # fmt: skip
INDICATORS = (
    Indicator("served_per_post", 8, "number", "none", ("special_post.served_person_ids",), _served_per_post,
              source="ART-DEZHOU", history=False),
    Indicator("villages_pass", 9, "share", "higher_better", ("village.exit_flags",), _villages_pass, limit="share_target",
              source="ART-QIHE", headline=True, history=False),
    Indicator("rectified_in_time", 11, "share", "higher_better", ("project_issue",), _rectified, limit="share_target",
              source="ART-QIHE", history=False),
)  # fmt: skip
