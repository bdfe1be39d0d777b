"""Section 8, social help: sponsors of pupils, special posts, consumption aid and idle village resources."""

from __future__ import annotations

import pandas as pd

from relapse_risk.assessment.county_data import CountyData, in_code_order, share, up_to
from relapse_risk.assessment.sections.baseline import TOWN_HOMES
from relapse_risk.exhibits import Bars, Exhibit, Section, largest
from relapse_risk.measures import FactColumn, FactTable, Fraction, Indicator
from relapse_risk.predicates import holds
from relapse_risk.register.area_codes import areas_of
from relapse_risk.schema import code_list

__all__ = ["EXHIBITS", "INDICATORS", "SECTION", "TABLES"]

SECTION = Section(8)
C = FactColumn
UNABLE = ("lost", "none")
POST_AGES = (16, 70)  # QA-RULES: holders under 16, or 70 and over, are rejected


def pupil_sponsors(data: CountyData) -> pd.DataFrame:
    """Sponsored pupils and money by role of the sponsor."""
    rows = data.table("pupil_sponsor")
    frame = rows.groupby("sponsor_role").agg(
        pupils=("person_id", "nunique"), sponsors=("sponsor_id", "nunique"), fund=("fund_amount", "sum")
    )
    return in_code_order(frame, code_list("sponsor_role").words, "sponsor_role")


def _posts_now(data: CountyData) -> pd.DataFrame:
    posts = up_to(data.table("special_post"), "start_on", data.day)
    return posts[~(posts["end_on"] <= pd.Timestamp(data.day)).fillna(False).to_numpy(dtype=bool)]


def _served(posts: pd.DataFrame) -> pd.Series:
    named = posts["served_person_ids"].fillna("")
    return named.map(lambda text: len([part for part in text.split(";") if part])).astype("int64")


def _holders(data: CountyData) -> pd.DataFrame:
    """One row per person who holds a post on the data date, null where the register does not know the person."""
    return data.persons.set_index("person_id").reindex(_posts_now(data)["holder_id"].unique())


def special_posts(data: CountyData) -> pd.DataFrame:
    """Special posts filled on the data date, by kind: holders, persons served, monthly pay and hours."""
    posts = _posts_now(data)
    frame = (
        posts.assign(served=_served(posts))
        .groupby("post_kind")
        .agg(posts=("post_id", "nunique"), served=("served", "sum"), pay_sum=("monthly_pay", "sum"),
             paid=("monthly_pay", "count"), hours_sum=("hours_month", "sum"), timed=("hours_month", "count"))
    )  # fmt: skip
    return in_code_order(frame, code_list("post_type").words, "post_kind")


def posts_by_town(data: CountyData) -> pd.DataFrame:
    """Special posts and persons served by town."""
    posts = _posts_now(data)
    frame = (
        posts.assign(served=_served(posts))
        .groupby(areas_of(data.register, data.county).town_of(posts["village_code"]))
        .agg(posts=("post_id", "nunique"), served=("served", "sum"))
    )
    homes = data.now.groupby("town_code").size()
    frame = frame.reindex(homes.index, fill_value=0)
    frame["households"] = homes
    frame["posts_100"] = 100 * frame["posts"]
    return data.by_town(frame)


def post_checks(data: CountyData) -> pd.DataFrame:
    """Post holders the audit rules reject: too young, too old, no labour capacity, not in the register."""
    holder = _holders(data)
    tests = {
        "too_young": holder["age"] < POST_AGES[0],
        "too_old": holder["age"] >= POST_AGES[1],
        "no_capacity": holder["labour_capacity"].isin(UNABLE),
        "not_in_register": holder["household_id"].isna(),
    }
    return pd.DataFrame(
        {
            "post_check": list(tests), "persons": [int(flags.fillna(False).sum()) for flags in tests.values()],
            "holders": len(holder),
        }
    )  # fmt: skip


def idle_land(data: CountyData) -> pd.DataFrame:
    """Villages with idle land taken into use, by type, and area."""
    village = data.table("village")
    used = village[(village["idle_land_mu"] > 0).fillna(False).to_numpy(dtype=bool)]
    frame = used.groupby("idle_land_type").agg(villages=("village_code", "size"), area=("idle_land_mu", "sum"))
    return in_code_order(frame, code_list("idle_land_type").words, "idle_land_type")


def place_figures(data: CountyData, *words: str) -> pd.DataFrame:
    """Facts about the county whose metric starts with one of ``words``; the metric as one word the catalogue may know."""
    facts = data.table("place_fact")
    mine = facts[facts["metric"].fillna("").str.startswith(words)]
    return mine[["metric", "value", "unit", "confidence"]].assign(
        metric=mine["metric"].str.lower().str.replace(" ", "_")
    )


def donations(data: CountyData) -> pd.DataFrame:
    """Donations recorded as facts about the county (consumption aid has tables of its own: ``markets``)."""
    return place_figures(data, "donation")


def _served_per_post(data: CountyData) -> Fraction:
    posts = _posts_now(data)
    return Fraction(float(_served(posts).sum()), float(posts["post_id"].nunique()))


def _holders_fit(data: CountyData) -> Fraction:
    """Post holders in the register who are of the right age and able to work."""
    holder = _holders(data).dropna(subset=["household_id"])
    return share(holds("may_hold_a_post", holder, data.setting))


def _pupils_sponsored(data: CountyData) -> Fraction:
    """Pupils and students from primary school on who have a sponsor."""
    stage = data.persons["student_stage"]
    pupils = data.persons[(stage.notna() & ~stage.isin(["none", "preschool"])).to_numpy(dtype=bool)]
    named = pupils["person_id"].isin(data.table("pupil_sponsor")["person_id"])
    return Fraction(float(named.sum()), float(len(pupils)))


POST = ("special_post",)
SERVED = C("served", "persons", counts="served_by_posts.yes")
TABLES = (
    FactTable("pupil_sponsors", 8,
              (C("sponsor_role", "code", "sponsor_role"), C("pupils", "persons", counts="pupils_sponsored.{sponsor_role}.yes"), C("sponsors", "count"),
               C("fund", "money_wan")), ("pupil_sponsor",), pupil_sponsors),
    FactTable("special_posts", 8,
              (C("post_kind", "code", "post_type"), C("posts", "count"), SERVED,
               C("pay_sum", "money", hidden=True, adds=True), C("paid", "count", hidden=True),
               C("pay", "money", of=("pay_sum", "paid")), C("hours_sum", "number", hidden=True, adds=True),
               C("timed", "count", hidden=True), C("hours", "number", of=("hours_sum", "timed"))),
              POST, special_posts),
    FactTable("posts_by_town", 8,
              (C("town", "town"), TOWN_HOMES, C("posts", "count"), SERVED,
               C("posts_100", "number", hidden=True, adds=True), C("posts_per_100", "number", of=("posts_100", "households"))),
              (*POST, "village.town_code"), posts_by_town, city="counties", order="-posts"),
    FactTable("post_checks", 8,
              (C("post_check", "label", "post_check"), C("persons", "persons", counts="post_check.{post_check}.yes"), C("holders", "count")),
              POST, post_checks),
    FactTable("idle_land", 8,
              (C("idle_land_type", "code", "idle_land_type"), C("villages", "count"),
               C("area", "number", adds=True)), ("village.idle_land_mu",), idle_land),
    FactTable("donations", 8,
              (C("metric", "label", "metric"), C("value", "number"), C("unit", "label", "fact_unit", descriptive=True), C("confidence", "confidence")),
              ("place_fact:donation",), donations, city="none"),
)  # fmt: skip
INDICATORS = (
    Indicator("served_per_post", 8, "number", "none", ("special_post.served_person_ids",), _served_per_post,
              source="ART-DEZHOU", history=False, measure="served_by_posts"),
    Indicator("post_holders_fit", 8, "share", "higher_better", ("special_post.holder_id",), _holders_fit,
              limit="completeness_target", source="QA-RULES", history=False),
    Indicator("pupils_sponsored", 8, "share", "higher_better", ("pupil_sponsor", "person.student_stage"),
              _pupils_sponsored, source="ART-DEZHOU", history=False),
)  # fmt: skip
EXHIBITS = (Exhibit("posts_by_town", Bars("town", "posts_per_100"), largest("posts_per_100", "town"), half=True),)
