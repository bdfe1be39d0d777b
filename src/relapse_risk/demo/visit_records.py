"""Cadres and their households: assignments, visits, the telephone survey, dwelling checks, posts and pupil sponsors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from relapse_risk.demo.geography import Geography
from relapse_risk.demo.monitoring_process import Watch
from relapse_risk.demo.monthly import Moment
from relapse_risk.demo.people import World
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.traits import Traits
from relapse_risk.demo.typed_columns import Bools, Ints, dates, day_number, flags, labels, text, whole, words

__all__ = ["asked", "assignment_table", "cadres", "check_table_rows", "sponsor_table", "survey_table", "visit_table"]

TIERS = ("county", "department", "town", "village")
ANSWERS = ("not_asked", "no_problem", "problem", "solved")
QIHE, QIHE_CADRES, QIHE_UNITS = "371425", 1012, 79
SPONSORED, SPONSOR_FUND = 4030, 52_300_000.0
REASONS = ("income", "policy", "unfair", "housing_water", "medical", "cadre", "other")
ISSUES = ("缺少常用药", "院内排水不畅", "希望增加公益岗位", "子女赡养费未按时到位", "冬季取暖物资不足")


def cadres(world: World, geography: Geography, inside: Bools, scale: float) -> np.ndarray:
    """The town cadre answering for each household, as id text (None outside); Qihe assigns 1,000 and more (F41)."""
    out = np.full(world.n_hh, None, dtype=object)
    for county, code in enumerate(geography.county_codes):
        mine = np.flatnonzero(inside & (world.county == county))
        count = round(QIHE_CADRES * scale) if code == QIHE else round(len(mine) / 3)
        count = max(min(count, len(mine)), 1)
        block = np.arange(len(mine)) * count // max(len(mine), 1)
        out[mine] = np.char.add(f"C{code}T", np.char.zfill(block.astype(str), 4))
    return out


def assignment_table(
    geography: Geography, calibration: Calibration, cadre: np.ndarray, inside: Bools, hh_ids: pa.Array, scale: float
) -> pd.DataFrame:
    """County leaders and departments to towns (F39, F40), village cadres to villages, town cadres to households."""
    g = geography
    codes = np.array(g.county_codes)
    rows = np.flatnonzero(inside)
    town = np.repeat(np.arange(len(g.town_code)), 2)
    leader = np.char.add(np.char.add("C", codes[g.town_county[town]]), "L")
    parts = [
        pd.DataFrame(
            {
                "cadre_id": np.char.add(leader, np.char.zfill(np.arange(len(town)).astype(str), 3)),
                "cadre_tier": "county",
                "unit_name": "县委县政府",
                "target_kind": "town",
                "target_id": g.town_code[town],
            }
        ),
        _departments(g, calibration, scale),
        pd.DataFrame(
            {
                "cadre_id": np.char.add("CV", g.village_code),
                "cadre_tier": "village",
                "unit_name": "村民委员会",
                "target_kind": "village",
                "target_id": g.village_code,
            }
        ),
        pd.DataFrame(
            {
                "cadre_id": cadre[rows].astype(str),
                "cadre_tier": "town",
                "unit_name": "乡镇人民政府",
                "target_kind": "household",
                "target_id": text(hh_ids.take(pa.array(rows))).to_numpy(),
            }
        ),
    ]
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(assignment_id=text(labels("AG", np.arange(1, len(frame) + 1), 6)))


def _departments(g: Geography, calibration: Calibration, scale: float) -> pd.DataFrame:
    """County departments helping towns: 79 different ones in Qihe, four per town in other counties."""
    names = calibration.names.units
    out = []
    for county, code in enumerate(g.county_codes):
        towns = np.flatnonzero(g.town_county == county)
        count = QIHE_UNITS if code == QIHE else min(4 * len(towns), 60)
        units = [
            f"{names[k % len(names)]}{'' if k < len(names) else '第' + '一二三四五'[k // len(names) - 1] + '工作组'}"
            for k in range(count)
        ]
        out.append(
            pd.DataFrame(
                {
                    "cadre_id": [f"C{code}D{k:03d}" for k in range(count)],
                    "cadre_tier": "department",
                    "unit_name": units,
                    "target_kind": "town",
                    "target_id": g.town_code[towns[np.arange(count) % len(towns)]],
                }
            )
        )
    return pd.concat(out, ignore_index=True)


def visit_table(
    world: World,
    moments: tuple[Moment, ...],
    weekly: Bools,
    cadre: np.ndarray,
    geography: Geography,
    hh_ids: pa.Array,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Visits of 2020: everybody in each month's last week; the weekly class every week from September on."""
    hh, day, week = _visit_days(moments, weekly, rng)
    n = len(hh)
    order = np.lexsort((hh, day))
    hh, day, week = hh[order], day[order], week[order]
    tier = np.where(
        week, rng.choice([2, 3], n, p=[0.55, 0.45]), rng.choice([0, 1, 2, 3], n, p=[0.02, 0.13, 0.75, 0.10])
    )
    visitor = np.char.add(np.char.add("C", np.array(geography.county_codes)[world.county[hh]]), "D000").astype(object)
    village = np.char.add("CV", geography.village_code[world.village[hh]]).astype(object)
    visitor = np.where(tier == 2, cadre[hh], np.where(tier == 3, village, visitor))
    in_help_week: Bools = np.asarray(week == 0)
    months = ((day - day_number("2020-01-01")) / 30.5).astype(np.int64)
    trouble = rng.random((n, 7)) < (0.055 - 0.003 * np.clip(months, 0, 11))[:, None]
    solved = trouble & (rng.random((n, 7)) < 0.55)
    asked = np.where(rng.random((n, 7)) < 0.02, 0, np.where(solved, 3, np.where(trouble, 2, 1)))
    looks = np.clip(np.round(rng.normal(4.3, 0.6, (n, 4)) - 0.5 * trouble[:, :4]), 1, 5).astype(np.int64)
    any_trouble = trouble.any(axis=1)
    questions = ("medical", "schooling", "production", "wage", "aspiration", "policy", "difficulty")
    seen = ("food_clothes", "environment", "body", "house_water")
    return pd.DataFrame(
        {
            "visit_id": text(labels("VI", np.arange(1, n + 1), 8)),
            "household_id": text(hh_ids.take(pa.array(hh))),
            "visited_on": dates(day),
            "visitor_id": text(pa.array(visitor, type=pa.string())),
            "visitor_tier": words(tier, TIERS),
            "in_help_week": flags(in_help_week),
            **{f"look_{name}": whole(looks[:, k]) for k, name in enumerate(seen)},
            **{f"ask_{name}": words(asked[:, k], ANSWERS) for k, name in enumerate(questions)},
            "ask_satisfaction": whole(
                np.clip(np.round(rng.normal(4.55, 0.55, n) - 0.6 * any_trouble), 1, 5).astype(np.int64)
            ),
            "help_problem_solved": flags(np.asarray(solved.any(axis=1))),
            "help_confidence": flags(rng.random(n) < 0.8),
            "issue_text": words(
                np.where(any_trouble & (rng.random(n) < 0.4), rng.integers(0, len(ISSUES), n), -1), ISSUES
            ),
        }
    )


def _visit_days(moments: tuple[Moment, ...], weekly: Bools, rng: np.random.Generator) -> tuple[Ints, Ints, Bools]:
    hh, day, week = [], [], []
    for moment in moments:
        # February 2020: villages were closed by the epidemic and a third of the visits were missed.
        missed = 0.35 if moment.month == "2020-02" else 0.015
        rows = np.flatnonzero(moment.inside)
        rows = rows[rng.random(len(rows)) >= missed]
        hh.append(rows)
        day.append(moment.day - rng.integers(0, 7, len(rows)))
        week.append(np.zeros(len(rows), dtype=bool))
        if moment.month < "2020-09":
            continue
        often = np.flatnonzero(moment.inside & weekly)
        for back in (8, 15, 22):
            rows = often[rng.random(len(often)) < 0.97]
            hh.append(rows)
            day.append(moment.day - back - rng.integers(0, 3, len(rows)))
            week.append(np.ones(len(rows), dtype=bool))
    return np.concatenate(hh), np.concatenate(day), np.concatenate(week)


def survey_table(
    world: World, moments: tuple[Moment, ...], watch: Watch, hh_ids: pa.Array, scale: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Four quarterly telephone surveys, drawn by county and stratum; the weight is households per interview tried."""
    out = []
    for quarter, moment in enumerate(moments[2::3], start=1):
        seen, done = watch.shown(moment.day)
        stratum = np.where(seen & ~done, 2, np.where(moment.labour > 0, 0, 1))
        stratum = np.where(~world.registered, 3, stratum)
        frame = np.flatnonzero(moment.inside)
        cell = world.county[frame] * 4 + stratum[frame]
        want = max(round(70 * min(scale * 3, 1.0)), 6)
        rank = pd.Series(rng.random(len(frame))).groupby(cell).rank(method="first").to_numpy()
        total = np.bincount(cell, minlength=44)[cell]
        drawn = rank <= want
        rows, size = frame[drawn], np.minimum(total, want)[drawn]
        n = len(rows)
        reached = rng.random(n) < 0.74
        content = rng.random(n) < np.where(stratum[rows] == 2, 0.925, 0.965)
        part = pd.DataFrame(
            {
                "quarter": f"2020Q{quarter}",
                "household_id": text(hh_ids.take(pa.array(rows))),
                "stratum": words(stratum[rows], ("lifted_with_labour", "lifted_no_labour", "monitored", "ordinary")),
                "sampling_weight": np.round(total[drawn] / size, 4),
                "contacted": flags(reached),
                "satisfied": flags(content, ~reached),
                "recognises_policy": flags(rng.random(n) < 0.955, ~reached),
                "recognises_cadre": flags(rng.random(n) < 0.965, ~reached),
            }
        )
        out.append(part)
    frame = pd.concat(out, ignore_index=True)
    return frame.assign(response_id=text(labels("SR", np.arange(1, len(frame) + 1), 6)))


def asked(survey: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """``survey`` with who was reached and would not answer, and what the dissatisfied name."""
    answered = survey["contacted"].to_numpy(dtype=bool)
    refused = ~answered & (rng.random(len(survey)) < 0.18)
    reason = rng.choice(len(REASONS), len(survey), p=[0.3, 0.15, 0.15, 0.1, 0.15, 0.1, 0.05])
    unhappy = survey["satisfied"].eq(False).fillna(False).to_numpy(dtype=bool)
    return survey.assign(
        contacted=flags(answered | refused), answered=flags(answered),
        dissatisfied_with=words(np.where(unhappy, reason, -1), REASONS),
    )  # fmt: skip


def check_table_rows(traits: Traits, inside: Bools, hh_ids: pa.Array, rng: np.random.Generator) -> pd.DataFrame:
    """Four layers of verification for each dwelling rebuilt in 2020 (S21); few fail a layer before the last."""
    rows = np.flatnonzero(inside & (traits.rebuilt_on >= day_number("2020-01-01")))
    layers = ("county_self", "county_cross", "third_party", "city_review")
    out = []
    for k, layer in enumerate(layers):
        failed = (rng.random(len(rows)) < 0.015) & (k < 3)
        found = np.where(failed, traits.grade_before[rows], traits.grade_after[rows])
        out.append(
            pd.DataFrame(
                {
                    "household_id": text(hh_ids.take(pa.array(rows))),
                    "layer": layer,
                    "checked_on": dates(traits.rebuilt_on[rows] + 6 + 14 * k + rng.integers(0, 10, len(rows))),
                    "grade_found": words(found, ("A", "B", "C", "D")),
                    "passed": flags(~failed),
                }
            )
        )
    return pd.concat(out, ignore_index=True)


def sponsor_table(
    world: World,
    december: Moment,
    county_codes: tuple[str, ...],
    person_ids: pa.Array,
    scale: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Three for one: a cadre, a teacher and an entrepreneur for each of 4,000 pupils and more (F31, F32, F44)."""
    enjoying = (december.inside & world.registered)[world.hh] & december.lives.alive
    pool = np.flatnonzero(enjoying & (december.stage >= 2))
    who = np.sort(rng.permutation(pool)[: round(SPONSORED * scale)])
    n = len(who)
    fund = rng.gamma(8.0, 1.0, n)
    fund = np.round(fund / fund.sum() * SPONSOR_FUND * min(n / SPONSORED, 1.0), 0)
    county = np.array(county_codes)[world.county[world.hh[who]]]
    out = []
    for role, letter in (("will", "W"), ("learning", "T"), ("money", "E")):
        out.append(
            pd.DataFrame(
                {
                    "person_id": text(person_ids.take(pa.array(who))),
                    "sponsor_role": role,
                    "sponsor_id": np.char.add(
                        np.char.add("S", county), np.char.add(letter, rng.integers(100, 999, n).astype(str))
                    ),
                    "fund_amount": fund if role == "money" else np.zeros(n),
                }
            )
        )
    return pd.concat(out, ignore_index=True)


def weekly_class(world: World, december: Moment, level: Ints, self_care: Ints, has_carer: Bools) -> Bools:
    """Households to be visited weekly: severe disability, tekun at home, or no self-care and nobody to care (S38)."""
    severe = december.lives.alive & (level > 0) & (level <= 2)
    helpless = december.lives.alive & (self_care == 2) & ~has_carer
    return np.asarray(((world.count(severe) > 0) | december.tekun | (world.count(helpless) > 0)) & december.inside)
