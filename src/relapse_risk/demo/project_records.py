"""Projects, their issues, assets and dividends; vacancies (F03, F15-F17)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from relapse_risk.demo.geography import apportion
from relapse_risk.demo.people import World
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.typed_columns import (
    NO_DAY,
    Bools,
    Floats,
    Ints,
    dates,
    day_number,
    flags,
    labels,
    text,
    whole,
    words,
)
from relapse_risk.demo.year_state import Year

__all__ = ["asset_table", "dividend_table", "issue_table", "project_table", "vacancy_table"]

PROJECTS, FUND_2020, COVERED, DIVIDEND = 1318, 265_000_000.0, 57_800, 1000.0
GOLDEN = 0.6180339887498949  # multiples of it, taken modulo one, are spread evenly
TYPES = ("planting", "breeding", "solar", "workshop", "asset_income", "infrastructure", "other")
STAGES = ("county_approval", "city_filing", "building", "accepted", "operating", "ended")
ISSUES = ("papers", "yield", "distribution", "idle", "title", "funds", "other")
STATES = ("normal", "low_yield", "idle", "lost", "disposed")


def project_table(calibration: Calibration, scale: float, rng: np.random.Generator) -> pd.DataFrame:
    """1,300 projects and more; those of 2020 draw the 265 million of the first half; together they cover 57,800."""
    n = max(round(PROJECTS * scale), 33)
    shares = np.array([c.target_share for c in calibration.counties])
    county = np.repeat([c.code for c in calibration.counties], apportion(n, shares, least=2))
    year = rng.choice([2016, 2017, 2018, 2019, 2020], n, p=[0.22, 0.25, 0.22, 0.18, 0.13])
    year[rng.integers(0, n)] = 2020
    fund = rng.lognormal(np.log(900_000), 0.6, n)
    now = year == 2020
    fund[now] *= FUND_2020 * scale / fund[now].sum()
    fund = np.round(fund, -2)
    last = np.flatnonzero(now)[-1]
    fund[last] += FUND_2020 * scale - fund[now].sum()
    first = np.array([day_number(f"{y}-02-01") for y in range(2016, 2021)])[year - 2016]
    town = first + rng.integers(0, 45, n)
    approved = town + rng.integers(8, 40, n)
    filed = approved + rng.integers(5, 25, n)
    stage = np.where(now, rng.choice([2, 3, 4], n, p=[0.35, 0.35, 0.3]), rng.choice([3, 4, 5], n, p=[0.04, 0.92, 0.04]))
    return pd.DataFrame(
        {
            "project_id": text(labels("PR", np.arange(1, n + 1), 6)),
            "county_code": county,
            "project_type": words(rng.choice(7, n, p=[0.22, 0.16, 0.14, 0.14, 0.22, 0.08, 0.04]), TYPES),
            "stage": words(stage, STAGES),
            "town_review_on": dates(town),
            "county_approve_on": dates(approved),
            "city_file_on": dates(filed),
            "expert_score": np.round(np.clip(rng.normal(82, 6, n), 60, 99), 1),
            "fund_year": whole(year),
            "fund_amount": fund,
            "expected_yield_rate": np.round(np.clip(rng.normal(0.08, 0.015, n), 0.03, 0.14), 3),
            "beneficiaries": whole(apportion(max(round(COVERED * scale), n), fund, least=1)),
            "paper_complete": flags(rng.random(n) < 0.97),
            "audit_findings": whole(rng.poisson(0.25, n)),
        }
    )


def issue_table(projects: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Findings of the full check of 2020, most of them closed by their deadline."""
    n = len(projects)
    rows = np.flatnonzero(rng.random(n) < 0.24)
    rows = rows if len(rows) else np.array([0])
    # Nothing is found before the project was approved.
    approved = projects["county_approve_on"].to_numpy().astype("datetime64[D]").astype(np.int64)[rows]
    found = np.maximum(day_number("2020-02-15") + rng.integers(0, 130, len(rows)), approved + 5)
    due = found + rng.choice([15, 30, 60], len(rows))
    closed = np.where(
        rng.random(len(rows)) < 0.88, due - rng.integers(1, 12, len(rows)), due + rng.integers(1, 60, len(rows))
    )
    open_ = (rng.random(len(rows)) < 0.04) | (closed > day_number("2020-12-31"))
    return pd.DataFrame(
        {
            "issue_id": text(labels("IS", np.arange(1, len(rows) + 1), 6)),
            "project_id": projects["project_id"].iloc[rows].to_numpy(),
            "found_on": dates(found),
            "issue_type": words(rng.choice(7, len(rows), p=[0.28, 0.18, 0.14, 0.1, 0.14, 0.08, 0.08]), ISSUES),
            "severity": words(rng.choice(3, len(rows), p=[0.72, 0.22, 0.06]), ("minor", "major", "severe")),
            "due_on": dates(due),
            "closed_on": dates(np.where(open_, NO_DAY, closed)),
        }
    )


def asset_table(projects: pd.DataFrame, enterprises: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """One asset for each accepted or operating project of the years before; all registered, as published."""
    done = projects[projects["stage"].isin(["accepted", "operating"])]
    n = len(done)
    operating = done["project_type"].to_numpy() != "infrastructure"
    value = np.round(done["fund_amount"].to_numpy() * rng.uniform(0.85, 1.0, n), -2)
    state = rng.choice(5, n, p=[0.90, 0.06, 0.025, 0.005, 0.01])
    rate = done["expected_yield_rate"].to_numpy() * np.where(state == 0, 1.0, np.where(state == 1, 0.5, 0.0))
    return pd.DataFrame(
        {
            "asset_id": text(labels("AS", np.arange(1, n + 1), 6)),
            "project_id": done["project_id"].to_numpy(),
            "asset_type": words(
                np.where(operating, np.where(rng.random(n) < 0.08, 2, 0), 1), ("operating", "public", "household")
            ),
            "original_value": value,
            "owner_level": words(rng.choice([2, 3], n, p=[0.25, 0.75]), ("county", "department", "town", "village")),
            "operator_name": np.array(enterprises)[rng.integers(0, len(enterprises), n)],
            "registered": flags(np.ones(n, dtype=bool)),
            "on_three_assets_platform": flags(np.ones(n, dtype=bool)),
            "operating_state": words(state, STATES),
            "annual_yield": np.round(value * rate * operating),
        }
    )


def dividend_table(
    world: World,
    years: tuple[Year, ...],
    listed: Bools,
    assets: pd.DataFrame,
    projects: pd.DataFrame,
    codes: tuple[str, ...],
    calibration: Calibration,
    person_ids: pa.Array,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Dividends of 2018-2020 to every person enjoying policies, about 1,000 CNY in 2020 (F17)."""
    place = assets["project_id"].map(projects.set_index("project_id")["county_code"]).to_numpy()
    parts = []
    for year in years[-3:]:
        alive = year.lives.alive & (year.inside & world.registered)[world.hh]
        if year.year == 2020:
            alive &= listed
        who = np.flatnonzero(alive)
        asset = np.zeros(len(who), dtype=np.int64)
        for position, code in enumerate(codes):
            mine = np.flatnonzero(world.county[world.hh[who]] == position)
            own = np.flatnonzero(place == code)
            asset[mine] = own[world.hh[who[mine]] % len(own)]
        amount = np.round(
            calibration.number("dividend_year", year.year) * np.clip(rng.normal(1, 0.06, len(who)), 0.7, 1.3)
        )
        paid = day_number(f"{year.year}-11-20") + rng.integers(0, 36, len(who))
        parts.append(
            pd.DataFrame(
                {
                    "asset_id": assets["asset_id"].to_numpy()[asset],
                    "year": year.year,
                    "person_id": text(person_ids.take(pa.array(who))),
                    "amount": amount,
                    "paid_on": dates(paid),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _drawn(own: Ints, yields: Floats, hh: Ints) -> Ints:
    """An asset for each household of ``hh``, in proportion to what the assets yield; the same for all its members."""
    part = yields[own] if yields[own].sum() > 0 else np.ones(len(own))
    place = (hh * GOLDEN) % 1.0
    return own[np.minimum(np.searchsorted(np.cumsum(part / part.sum()), place), len(own) - 1)]


def vacancy_table(calibration: Calibration, scale: float, rng: np.random.Generator) -> pd.DataFrame:
    """Open jobs that the employment service offers."""
    shares = np.array([c.target_share for c in calibration.counties])
    n = max(round(900 * scale), 22)
    county = np.repeat([c.code for c in calibration.counties], apportion(n, shares, least=1))
    names = calibration.names
    return pd.DataFrame(
        {
            "vacancy_id": text(labels("VA", np.arange(1, n + 1), 6)),
            "county_code": county,
            "employer": np.array(names.enterprises)[rng.integers(0, len(names.enterprises), n)],
            "occupation": np.array(names.occupations)[rng.integers(0, len(names.occupations), n)],
            "age_min": whole(np.full(n, 18)),
            "age_max": whole(rng.choice([45, 50, 55, 60], n)),
            "education_min": words(
                rng.choice([0, 1, 2, 3], n, p=[0.3, 0.3, 0.3, 0.1]), ("illiterate", "primary", "junior", "senior")
            ),
            "disability_friendly": flags(rng.random(n) < 0.15),
            "heavy_labour": flags(rng.random(n) < 0.3),
            "monthly_wage": np.round(rng.normal(2400, 420, n), -1),
            "openings": whole(1 + rng.poisson(3, n)),
            "valid_until": dates(day_number("2021-01-15") + rng.integers(0, 90, n)),
        }
    )
