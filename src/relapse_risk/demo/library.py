"""The project library and the expert library: proposals, three reviews, fund flows and papers (S12, S26, S31)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.demo.geography import apportion
from relapse_risk.demo.project_records import STAGES, TYPES
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.typed_columns import NO_DAY, Bools, Ints, dates, day_number, labels, text, whole, words

__all__ = ["appraised", "expert_table", "flow_table", "paper_table", "proposals", "review_table"]

PROPOSED, EXPERTS, PER_PROJECT = 30, 180, 2
FIELDS = ("agriculture", "finance", "engineering", "law", "audit")
WAITING = ("proposed", "town_review", "expert_review", "county_approval")
STEPS = ("town", "expert", "county", "city")
REQUIRED = {"allocation": 4, "appraisal": 5, "supervision": 6, "distribution": 4}
END = day_number("2020-12-31")


def appraised(projects: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """``projects`` with the term of the yield, what is left at its end, and the households linked."""
    n = len(projects)
    public = projects["project_type"].eq("infrastructure").to_numpy(dtype=bool)
    solar = projects["project_type"].eq("solar").to_numpy(dtype=bool)
    term = np.where(solar, 20, rng.choice([5, 8, 10], n, p=[0.3, 0.4, 0.3]))
    residual = np.where(solar, 0.05, np.round(rng.choice([0.5, 0.8, 1.0], n, p=[0.3, 0.3, 0.4]), 2))
    covered = projects["beneficiaries"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    return projects.assign(
        term_years=whole(term, public),
        residual_rate=pd.Series(residual).mask(public),
        households_linked=whole(np.maximum(np.nan_to_num(covered) / 2.1, 1).astype(np.int64), np.isnan(covered)),
    )


def proposals(calibration: Calibration, scale: float, first: int, rng: np.random.Generator) -> pd.DataFrame:
    """Projects proposed for 2021, in review at the end of 2020; every division has one at least."""
    shares = np.array([c.target_share for c in calibration.counties])
    n = max(round(PROPOSED * scale), len(shares))
    stage = np.arange(n) % len(WAITING)
    town = day_number("2020-11-05") + rng.integers(0, 30, n)
    return pd.DataFrame(
        {
            "project_id": text(labels("PR", first + np.arange(1, n + 1), 6)),
            "county_code": np.repeat([c.code for c in calibration.counties], apportion(n, shares, least=1)),
            "project_type": words(rng.choice(5, n), TYPES),
            "stage": words(stage, WAITING),
            "town_review_on": dates(np.where(stage >= 2, town, NO_DAY)),
            "county_approve_on": dates(np.full(n, NO_DAY)),
            "city_file_on": dates(np.full(n, NO_DAY)),
            "fund_year": whole(np.full(n, 2021)),
            "fund_amount": np.round(rng.lognormal(np.log(900_000), 0.5, n), -2),
            "expected_yield_rate": np.round(np.clip(rng.normal(0.08, 0.025, n), 0.02, 0.14), 3),
        }
    )


def expert_table(calibration: Calibration, scale: float, rng: np.random.Generator) -> pd.DataFrame:
    """Experts of each division, three at least."""
    shares = np.array([c.target_share for c in calibration.counties])
    n = max(round(EXPERTS * scale), 3 * len(shares))
    county = np.repeat([c.code for c in calibration.counties], apportion(n, shares, least=3))
    units = calibration.names.units
    return pd.DataFrame(
        {
            "expert_id": text(labels("X", np.arange(1, n + 1), 5)),
            "county_code": county,
            "expert_field": words(rng.choice(5, n, p=[0.4, 0.2, 0.2, 0.1, 0.1]), FIELDS),
            "unit_name": np.array(units)[rng.integers(0, len(units), n)],
            "listed_on": dates(day_number("2018-01-01") + rng.integers(0, 600, n)),
        }
    )


def _days(values: pd.Series) -> Ints:
    known = values.to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(known), NO_DAY, known.astype(np.int64))


def review_table(projects: pd.DataFrame, experts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Every step of every review with who, when and outcome; one in fourteen was returned once, few skip the experts."""
    n = len(projects)
    county = projects["county_code"].to_numpy()
    town, approved, filed = (_days(projects[name]) for name in ("town_review_on", "county_approve_on", "city_file_on"))
    done = approved != NO_DAY
    between = np.where(done, town + (approved - town) // 2, NO_DAY)
    score = projects["expert_score"].astype("float64").fillna(78.0).to_numpy()
    asked = np.ones(n, dtype=bool)
    office = {"town": "TR", "county": "CR", "city": "MR"}
    parts = []
    for step, day, before in (
        ("town", town, town - rng.integers(4, 13, n)), ("county", approved, between + 1), ("city", filed, approved + 1),
    ):  # fmt: skip
        rows = np.flatnonzero(day != NO_DAY)
        parts.append(_rows(rows, step, before, day, np.char.add(office[step], county[rows].astype(str))))
    back = np.flatnonzero(done & (rng.random(n) < 0.07))
    parts.append(
        _rows(back, "town", town[back] - 40, town[back] - 25, np.char.add("TR", county[back].astype(str)), whole=False)
        .assign(review_outcome="returned")
    )  # fmt: skip
    asked &= done & (rng.random(n) >= 0.03)
    parts += _expert_rows(np.flatnonzero(asked), between, town, county, score, experts, rng)
    parts.append(_pending(projects, rng))
    frame = pd.concat(parts, ignore_index=True).sort_values(["row", "submitted"], kind="stable", ignore_index=True)
    return pd.DataFrame(
        {
            "review_id": text(labels("RV", np.arange(1, len(frame) + 1), 7)),
            "project_id": projects["project_id"].to_numpy()[frame["row"]],
            "review_step": frame["review_step"].to_numpy(),
            "submitted_on": dates(frame["submitted"].to_numpy()),
            "reviewed_on": dates(frame["reviewed"].to_numpy()),
            **{name: frame[name].to_numpy() for name in ("reviewer_id", "review_outcome")},
            **{name: frame[name].astype("float64").to_numpy() for name in ("score_mode", "score_yield", "score_link")},
        }
    )


def _rows(
    rows: Ints, step: str, submitted: Ints, reviewed: Ints, reviewer: np.ndarray, whole: bool = True
) -> pd.DataFrame:
    """Passed reviews of ``rows``; ``whole``: the days are of every project, not of ``rows`` only."""
    days = (submitted[rows], reviewed[rows]) if whole else (submitted, reviewed)
    return pd.DataFrame(
        {"row": rows, "review_step": step, "submitted": days[0], "reviewed": days[1], "reviewer_id": reviewer,
         "review_outcome": "passed", "score_mode": np.nan, "score_yield": np.nan, "score_link": np.nan}
    )  # fmt: skip


def _expert_rows(
    rows: Ints, day: Ints, town: Ints, county: np.ndarray, score: np.ndarray, experts: pd.DataFrame,
    rng: np.random.Generator,
) -> list[pd.DataFrame]:  # fmt: skip
    pools = {code: ids.to_numpy(dtype=object) for code, ids in experts.groupby("county_code")["expert_id"]}
    start = rng.integers(0, 1000, len(rows))
    found = []
    for k in range(PER_PROJECT):
        who = np.array([pools[c][(s + k) % len(pools[c])] for c, s in zip(county[rows], start, strict=True)])
        marks = np.clip(score[rows][:, None] + rng.normal(0, 4, (len(rows), 3)), 40, 100).round(1)
        found.append(
            _rows(rows, "expert", town + 1, day, who).assign(
                score_mode=marks[:, 0], score_yield=marks[:, 1], score_link=marks[:, 2]
            )
        )
    return found


def _pending(projects: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The step a proposal waits for; one in four has waited since August."""
    stage = projects["stage"].to_numpy()
    rows = np.flatnonzero(np.isin(stage, WAITING))
    late = np.arange(len(rows)) % 4 == 1
    since = np.where(late, day_number("2020-08-10"), END - rng.integers(2, 15, len(rows)))
    step = np.array([dict(zip(WAITING, ("town", "town", "expert", "county"), strict=True))[s] for s in stage[rows]])
    frame = _rows(rows, "town", since, np.full(len(rows), NO_DAY), np.full(len(rows), ""), whole=False)
    return frame.assign(review_step=step, reviewer_id=None, review_outcome=None)


def flow_table(projects: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Allocated after filing, disbursed in two parts, used as work goes on; in few projects the money waits."""
    filed = _days(projects["city_file_on"])
    rows = np.flatnonzero(filed != NO_DAY)
    fund = projects["fund_amount"].to_numpy()[rows]
    n = len(rows)
    stuck = rng.random(n) < 0.03
    building = np.isin(projects["stage"].to_numpy()[rows], STAGES[:3])
    given = filed[rows] + rng.integers(5, 20, n)
    share = np.where(building, rng.uniform(0.3, 0.8, n), np.where(rng.random(n) < 0.02, 0.4, 1.0))
    first = np.round(fund * 0.6)
    parts = [
        ("allocated", given, fund, np.ones(n, dtype=bool)),
        ("disbursed", given + 30, first, ~stuck),
        ("disbursed", given + 120, fund - first, ~stuck),
        ("used", given + 75, np.round(first * share), ~stuck),
        ("used", given + 180, np.round((fund - first) * share), ~stuck & ~building),
    ]
    frame = pd.concat(
        [_flow(rows[keep], kind, day[keep], amount[keep]) for kind, day, amount, keep in parts], ignore_index=True
    )
    frame = frame[frame["day"] <= END].reset_index(drop=True)
    return pd.DataFrame(
        {
            "flow_id": text(labels("FL", np.arange(1, len(frame) + 1), 7)),
            "project_id": projects["project_id"].to_numpy()[frame["row"]],
            "flow_kind": frame["kind"].to_numpy(),
            "flow_on": dates(frame["day"].to_numpy()),
            "amount": frame["amount"].to_numpy(dtype=float),
        }
    )


def _flow(rows: Ints, kind: str, day: Ints, amount: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"row": rows, "kind": kind, "day": day, "amount": amount})


def paper_table(projects: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Papers required and filed by step reached; whole where the project's papers are marked complete."""
    stage = projects["stage"].to_numpy()
    complete = projects["paper_complete"].fillna(True).to_numpy(dtype=bool)
    reached: dict[str, Bools] = {
        "allocation": ~np.isin(stage, WAITING),
        "appraisal": ~np.isin(stage, WAITING),
        "supervision": np.isin(stage, ("building", "accepted", "operating", "ended")),
        "distribution": (stage == "operating") & projects["project_type"].ne("infrastructure").to_numpy(dtype=bool),
    }
    weak = np.where(complete, -1, rng.integers(0, 3, len(projects)))
    parts = []
    for k, (step, here) in enumerate(reached.items()):
        rows = np.flatnonzero(here)
        lacking = np.where(weak[rows] == k, rng.integers(1, 3, len(rows)), 0)
        parts.append(
            pd.DataFrame(
                {
                    "project_id": projects["project_id"].to_numpy()[rows],
                    "paper_step": step,
                    "papers_required": whole(np.full(len(rows), REQUIRED[step])),
                    "papers_filed": whole(REQUIRED[step] - lacking),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
