"""Who goes out to ask, whom they ask and what they find (S30), and the log of activities (S29, S42, S44)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.typed_columns import Bools, Floats, dates, day_number, flags, labels, text, whole, words

__all__ = ["activity_table", "copied", "enumerator_table", "interview_table"]

QIHE = "371425"
TIERS = ("survey_staff", "delegate", "third_party")
STAFF = (1664, 52, 104)  # in Qihe (F35-F37)
CORE, TARGETED, REPEATS = 130, 70, 0.12
CHECKS = ("food_clothes_ok", "education_ok", "medical_ok", "house_safe", "water_safe")
# How often the interviewer finds what the register does not show, and how often an answer is put down wrongly.
HIDDEN = {
    "food_clothes_ok": 0.002,
    "education_ok": 0.001,
    "medical_ok": 0.003,
    "house_safe": 0.004,
    "water_safe": 0.004,
}
SLIP, SLIP_AGAIN = 0.001, 0.03  # first interview, repeated one
ANSWERS = (
    "look_food_clothes", "look_environment", "look_body", "look_house_water", "ask_medical", "ask_schooling",
    "ask_production", "ask_wage", "ask_aspiration", "ask_policy", "ask_difficulty", "ask_satisfaction",
)  # fmt: skip
COPIED = (4, 4, 4, 5, "no_problem", "no_problem", "no_problem", "no_problem", "solved", "no_problem", "no_problem", 5)
KINDS = {"leader_survey": 6, "delegate_visit": 5, "meeting": 44, "bulletin": 44, "paired_help": 4, "training": 6}


def enumerator_table(calibration: Calibration, scale: float, rng: np.random.Generator) -> pd.DataFrame:
    """Survey staff, delegates and third-party surveyors: in Qihe as published, other counties in proportion."""
    qihe = next(c.target_share for c in calibration.counties if c.code == QIHE)
    units = np.array(calibration.names.units)
    parts = []
    for county in calibration.counties:
        for tier, staff in zip(TIERS, STAFF, strict=True):
            n = max(round(staff * scale * county.target_share / qihe), 2)
            parts.append(pd.DataFrame({"county_code": [county.code] * n, "enumerator_tier": tier}))
    frame = pd.concat(parts, ignore_index=True)
    n = len(frame)
    return frame.assign(
        enumerator_id=text(labels("EN", np.arange(1, n + 1), 6)),
        unit_name=np.where(
            frame["enumerator_tier"] == "third_party", "第三方调查机构", units[rng.integers(0, len(units), n)]
        ),
        trained_on=dates(day_number("2020-02-20") + rng.integers(0, 40, n)),
    )


def _register_says(household: pd.DataFrame, person: pd.DataFrame) -> pd.DataFrame:
    """What the register says of each household, by the names of the interview; unknown counts as fine."""
    of_home = household["household_id"]
    out = person["dropped_out"].eq(True).groupby(person["household_id"]).any().reindex(of_home).fillna(False)
    bare = person["medical_insurance"].eq(False).groupby(person["household_id"]).any().reindex(of_home).fillna(False)
    food = ("staple_food_enough", "protein_food_regular", "seasonal_clothes")
    return pd.DataFrame(
        {
            "food_clothes_ok": ~np.logical_or.reduce([household[c].eq(False).fillna(False) for c in food]),
            "education_ok": ~out.to_numpy(dtype=bool),
            "medical_ok": ~bare.to_numpy(dtype=bool),
            "house_safe": ~household["dwelling_grade"].isin(["C", "D"]).to_numpy(),
            "water_safe": ~household["water_quality_ok"].eq(False).fillna(False).to_numpy(dtype=bool),
        }
    )


def interview_table(
    household: pd.DataFrame, person: pd.DataFrame, enumerators: pd.DataFrame, scale: float, rng: np.random.Generator
) -> pd.DataFrame:
    """A verification round of November 2020: a random core and a targeted part, some asked again by somebody else.

    The core draws the same number in each county; the targeted part takes each household with a probability in
    proportion to its size measure (ten times as high where it is or was monitored).  Both are drawn one by one, so the
    probability to be in the sample is exact.
    """
    home = household[household["monitor_type"].notna()].reset_index(drop=True)
    county = home["village_code"].str[:6]
    watched = home["monitor_type"].ne("none").to_numpy(dtype=bool)
    core = _probabilities(county, np.ones(len(home)), CORE * min(scale * 3, 1.0))
    aimed = _probabilities(county, np.where(watched, 10.0, 1.0), TARGETED * min(scale * 3, 1.0))
    in_core, in_aimed = rng.random(len(home)) < core, rng.random(len(home)) < aimed
    rows = np.flatnonzero(in_core | in_aimed)
    truth = _found(home, person, watched, rng).iloc[rows].reset_index(drop=True)
    first = pd.DataFrame(
        {
            "household_id": home["household_id"].to_numpy()[rows],
            "county": county.to_numpy()[rows],
            "sample_part": words(np.where(in_core & in_aimed, 2, in_aimed)[rows], ("core", "targeted", "both")),
            "inclusion_probability": np.round((1 - (1 - core) * (1 - aimed))[rows], 8),
            "day": day_number("2020-11-01") + rng.integers(0, 25, len(rows)),
            "is_repeat": False,
        }
    )
    again = np.flatnonzero(rng.random(len(rows)) < REPEATS)
    second = first.iloc[again].assign(is_repeat=True, day=lambda f: f["day"] + 7)
    frame = pd.concat([first, second], ignore_index=True)
    answers = pd.concat([truth, truth.iloc[again]], ignore_index=True)
    slips = rng.random(answers.shape) < np.where(frame["is_repeat"].to_numpy(dtype=bool), SLIP_AGAIN, SLIP)[:, None]
    answers = answers ^ slips
    return pd.DataFrame(
        {
            "interview_id": text(labels("IN", np.arange(1, len(frame) + 1), 6)),
            "household_id": frame["household_id"],
            "enumerator_id": _asked_by(frame["county"], enumerators, rng),
            "interviewed_on": dates(frame["day"].to_numpy()),
            "is_repeat": flags(frame["is_repeat"].to_numpy(dtype=bool)),
            "sample_part": frame["sample_part"],
            "inclusion_probability": frame["inclusion_probability"],
            **{str(name): flags(answers[name].to_numpy(dtype=bool)) for name in answers},
        }
    )


def _probabilities(county: pd.Series, size: Floats, want: float) -> Floats:
    """Inclusion probabilities in proportion to ``size``, adding up to ``want`` in each county, one at most."""
    total = pd.Series(size).groupby(county.to_numpy()).transform("sum").to_numpy()
    return np.minimum(want * size / total, 1.0)


def _found(home: pd.DataFrame, person: pd.DataFrame, watched: Bools, rng: np.random.Generator) -> pd.DataFrame:
    """What a careful interviewer would find of every household."""
    truth = _register_says(home, person)
    n = len(home)
    for name in CHECKS:
        truth[name] = truth[name].to_numpy(dtype=bool) & (rng.random(n) >= HIDDEN[name])
    failing = ~truth[list(CHECKS)].all(axis=1).to_numpy()
    truth["income_short"] = rng.random(n) < np.where(watched, 0.02, 0.004)
    truth["at_risk"] = watched | failing | truth["income_short"].to_numpy() | (rng.random(n) < 0.003)
    truth["need_unmet"] = rng.random(n) < np.where(watched, 0.03, 0.008)
    return truth


def _asked_by(county: pd.Series, enumerators: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Third-party surveyors and survey staff of the county, each asking a handful."""
    out = np.empty(len(county), dtype=object)
    able = enumerators[enumerators["enumerator_tier"] != "delegate"]
    for code, rows in county.groupby(county).indices.items():
        mine = able.loc[able["county_code"] == code].sort_values("enumerator_tier", ascending=False)
        pool = mine["enumerator_id"].to_numpy(dtype=object)[: max(len(rows) // 12, 2)]
        out[rows] = pool[rng.integers(0, len(pool), len(rows))]
    return out


def copied(visits: pd.DataFrame) -> pd.DataFrame:
    """``visits`` in which one officer of each county has put down the same answers since July."""
    lazy = visits["visitor_id"].str.fullmatch(r"C\d{6}T0003").fillna(False).to_numpy(dtype=bool)
    lazy = lazy & (visits["visited_on"] >= pd.Timestamp("2020-07-01")).to_numpy()
    changed = {
        name: visits[name].mask(pd.Series(lazy, index=visits.index), value)
        for name, value in zip(ANSWERS, COPIED, strict=True)
    }
    return visits.assign(**changed)


def activity_table(calibration: Calibration, rng: np.random.Generator) -> pd.DataFrame:
    """Special surveys by leaders (six in Qihe, F34), delegates, weekly meetings and bulletins, paired help, training."""
    units = calibration.names.units
    rows = [
        (county.code, kind, k, count if kind != "leader_survey" or county.code == QIHE else count - 2)
        for county in calibration.counties
        for kind, count in KINDS.items()
        for k in range(count if kind != "leader_survey" or county.code == QIHE else count - 2)
    ]
    n = len(rows)
    kind = np.array([row[1] for row in rows])
    step = np.array([row[2] / row[3] for row in rows])
    found = np.where(np.isin(kind, ("leader_survey", "delegate_visit", "meeting")), rng.poisson(2.2, n), 0)
    return pd.DataFrame(
        {
            "activity_id": text(labels("AC", np.arange(1, n + 1), 6)),
            "county_code": [row[0] for row in rows],
            "activity_kind": kind,
            "held_on": dates(day_number("2020-02-24") + (step * 305).astype(np.int64)),
            "organiser": np.array(units)[rng.integers(0, len(units), n)],
            "people": whole(np.where(kind == "bulletin", 0, rng.integers(5, 60, n))),
            "findings": whole(found),
            "findings_closed": whole(rng.binomial(found, 0.92)),
            "fund_amount": pd.Series(
                np.where(kind == "paired_help", np.round(rng.lognormal(13.1, 0.4, n), -3), np.nan)
            ),
        }
    )
