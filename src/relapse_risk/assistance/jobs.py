"""Work for households where nobody works: seekers, openings, and the assignment that places most and neediest first.

Everybody able to work in a household without work is a seeker; openings are vacancies and village special posts.  The
assignment is optimal, and is shown beside first come, first served.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linear_sum_assignment

from relapse_risk.errors import ModelError
from relapse_risk.languages import LANGUAGES
from relapse_risk.register.area_codes import Areas, town_in_code
from relapse_risk.schema import code_list
from relapse_risk.text import messages, text

__all__ = [
    "Placement",
    "assign_jobs",
    "audit_posts",
    "fits",
    "job_values",
    "openings_on",
    "seekers_of",
    "zero_employment",
]

DUE_DAYS = 10  # from the alert to the first contact (alert rule A09, assumed)
POST_AGES = (16, 70)
PLACED = 1000.0  # a placement outweighs every other point
NO_VILLAGES = Areas({}, {})
AWAY = {"village_code": 1.0, "town_code": 2.0, "county_code": 5.0}  # points lost where these differ, the last counts
WAGE_POINTS = 10.0


@dataclass(frozen=True, slots=True)
class Placement:
    """The matching of seekers with openings.

    Attributes
    ----------
    frame : DataFrame
        One row per seeker: person_id, household_id, county_code, need, opening_id, kind, monthly_pay, outcome
        (``placed`` | ``no_fit`` | ``taken``), zh, en.
    value : float
        Sum of the points of all placements.
    first_come : float
        The same sum when seekers choose in the order of their ids.
    placed_first_come : int
    """

    frame: pd.DataFrame
    value: float
    first_come: float
    placed_first_come: int

    def summary(self) -> str:
        """One line."""
        placed = int((self.frame["outcome"] == "placed").sum())
        return (
            f"{placed} of {len(self.frame)} placed ({self.value:,.0f} points); first come, first served places "
            f"{self.placed_first_come} ({self.first_come:,.0f})"
        )


def zero_employment(households: pd.DataFrame, day: date) -> pd.DataFrame:
    """Households with somebody able to work and nobody in work, with the due date of the first contact.

    Parameters
    ----------
    households : DataFrame
        household_id, county_code, town_code, labour_count and employed_count
        (:func:`relapse_risk.derive.household_frame`); households with a missing count are left out.

    Returns
    -------
    DataFrame
        household_id, county_code, town_code, village_code (where given), labour_count, due_on.

    Notes
    -----
    Rural definition: at least one member able to work (16-59, not in school, not without capacity) and none employed,
    self-employed or farming for a living.  The urban definition counts only registered job seekers; pass a frame
    with these in labour_count.

    Examples
    --------
    >>> homes = pd.DataFrame({"household_id": ["a", "b", "c"], "county_code": "371425", "town_code": "t",
    ...                       "labour_count": [2, 1, 0], "employed_count": [0, 1, 0]})
    >>> zero_employment(homes, date(2020, 12, 31))["household_id"].tolist()
    ['a']
    """
    idle = (households["labour_count"] > 0) & (households["employed_count"] == 0)
    columns = ["household_id", "county_code", "town_code", "village_code", "labour_count"]
    found = households.loc[idle.fillna(False).to_numpy(dtype=bool), [c for c in columns if c in households]]
    return found.assign(due_on=pd.Timestamp(day + timedelta(days=DUE_DAYS))).reset_index(drop=True)


def seekers_of(
    households: pd.DataFrame, persons: pd.DataFrame, need: pd.Series | None = None, holders: pd.Series | None = None
) -> pd.DataFrame:
    """Members able to work and not in work of the ``households`` given.

    Parameters
    ----------
    households : DataFrame
        household_id, county_code and (where known) village_code, such as from :func:`zero_employment`.
    persons : DataFrame
        Living persons with age, is_labour (:func:`relapse_risk.derive.person_ages`), employment_status, education_level,
        labour_capacity and disability_level.
    need : Series, optional
        Need (0-100) by household_id; 50 where unknown.
    holders : Series, optional
        person_id of those entitled to a village special post; if given, nobody else may hold one.
    """
    homes = households[[c for c in ("household_id", "county_code", "town_code", "village_code") if c in households]]
    able = persons["is_labour"].fillna(False).astype(bool) & (persons["employment_status"] == "none").fillna(False)
    columns = [
        c
        for c in ("person_id", "household_id", "age", "education_level", "labour_capacity", "disability_level")
        if c in persons
    ]
    found = persons.loc[able.to_numpy(dtype=bool), columns].merge(homes, on="household_id")
    known = found["household_id"].map(need).astype("float64") if need is not None else pd.Series(np.nan, found.index)
    may = found["person_id"].isin(holders.unique()) if holders is not None else True
    return found.assign(need=known.fillna(50.0), may_hold_post=may).sort_values("person_id", ignore_index=True)


def openings_on(vacancies: pd.DataFrame, posts: pd.DataFrame, day: date, areas: Areas = NO_VILLAGES) -> pd.DataFrame:
    """One row per opening on ``day``: vacancies still valid, once per place, and special posts whose holder has left.

    Returns
    -------
    DataFrame
        opening_id, kind (``vacancy`` | ``post``), county_code, village_code (posts only), age_min, age_max, education_min, disability_friendly,
        heavy_labour, monthly_pay.
    """
    today = pd.Timestamp(day)
    valid = vacancies[(vacancies["valid_until"] >= today).fillna(False).to_numpy(dtype=bool)]
    times = valid["openings"].fillna(1).astype(int)
    repeated = valid.loc[valid.index.repeat(times)]
    number = repeated.groupby("vacancy_id").cumcount() + 1
    jobs = repeated.assign(
        opening_id=repeated["vacancy_id"] + "-" + number.astype("str"),
        kind="vacancy",
        town_code=pd.NA,
        village_code=pd.NA,
    ).rename(columns={"monthly_wage": "monthly_pay"})
    last = posts.sort_values("start_on").drop_duplicates("post_id", keep="last")
    free = last[(last["end_on"] <= today).fillna(False).to_numpy(dtype=bool)]
    left = free.assign(
        opening_id=free["post_id"], kind="post", county_code=areas.county_of(free["village_code"]),
        town_code=areas.town_of(free["village_code"]), age_min=POST_AGES[0],
        age_max=POST_AGES[1] - 1, education_min=pd.NA, disability_friendly=True, heavy_labour=False,
    )  # fmt: skip
    columns = [
        "opening_id", "kind", "county_code", "town_code", "village_code", "age_min", "age_max", "education_min", "disability_friendly", "heavy_labour",
        "monthly_pay",
    ]  # fmt: skip
    return pd.concat([jobs[columns], left[columns]], ignore_index=True)


def fits(seekers: pd.DataFrame, openings: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Which seeker may hold which opening; shape (seekers, openings).

    Age within limits; schooling at least as required (unknown schooling fits only if none is required); a disabled
    seeker only in suitable work; weak labour never in heavy work; a post only in the seeker's county, and only if
    ``may_hold_post`` is true where it is given.
    """
    order = {word: place for place, word in enumerate(code_list("education_level").words)}
    age = seekers["age"].astype("float64").to_numpy()[:, None]
    low, high = (openings[c].astype("float64").to_numpy() for c in ("age_min", "age_max"))
    inside = ~(age < low) & ~(age > high) & ~np.isnan(age)
    schooling = seekers["education_level"].map(order).astype("float64").fillna(-1).to_numpy()[:, None]
    asked = openings["education_min"].map(order).astype("float64").fillna(-1).to_numpy()
    level = seekers["disability_level"].fillna("none")
    disabled = (level != "none").to_numpy()[:, None]
    weak = (seekers["labour_capacity"] == "weak").fillna(False).to_numpy(dtype=bool)[:, None]
    friendly, heavy = (openings[c].fillna(False).to_numpy(dtype=bool) for c in ("disability_friendly", "heavy_labour"))
    post = (openings["kind"] == "post").to_numpy(dtype=bool)
    here = seekers["county_code"].to_numpy()[:, None] == openings["county_code"].to_numpy()
    may = seekers["may_hold_post"].to_numpy(dtype=bool)[:, None] if "may_hold_post" in seekers else True
    return np.asarray(inside & (schooling >= asked) & (~disabled | friendly) & ~(weak & heavy) & (~post | (here & may)))


def job_values(seekers: pd.DataFrame, openings: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Points of each placement: 1,000 for being placed, the seeker's need (0-100), pay (0-10), minus points for distance.

    The register has no coordinates.  Distance is 0 in the same village, 1 in another village of the town, 2 in another
    town and 5 in another county, compared where both are known (a vacancy gives its county only).
    Placing one more seeker outweighs everything else, so the number placed comes first, then need.  Zero where the
    seeker does not fit.
    """
    pay = openings["monthly_pay"].astype("float64").fillna(0).to_numpy()
    points = WAGE_POINTS * pay / max(float(pay.max(initial=0.0)), 1.0)
    value = PLACED + seekers["need"].to_numpy(dtype=float)[:, None] + points - _way(seekers, openings)
    return np.where(fits(seekers, openings), value, 0.0)


def _way(seekers: pd.DataFrame, openings: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Points deducted for distance; shape (seekers, openings)."""
    way = np.zeros((len(seekers), len(openings)))
    for level, points in AWAY.items():  # the county last: it outweighs town and village
        home, work = (_area(frame, level) for frame in (seekers, openings))
        known = home.notna().to_numpy()[:, None] & work.notna().to_numpy()
        other = home.to_numpy(dtype=object)[:, None] != work.to_numpy(dtype=object)
        way = np.where(known & other, points, way)
    return way


def _area(frame: pd.DataFrame, level: str) -> pd.Series:
    """Code of an area; the town of a Chinese village code where no town is given; null where unknown."""
    if level in frame:
        return frame[level].astype("str")
    village = frame["village_code"] if "village_code" in frame else pd.Series(pd.NA, frame.index, dtype="str")
    return town_in_code(village) if level == "town_code" else village.astype("str")


def assign_jobs(
    seekers: pd.DataFrame, openings: pd.DataFrame, declined: Collection[tuple[str, str]] = ()
) -> Placement:  # fmt: skip
    """Match every seeker with at most one opening so that the sum of points of :func:`job_values` is maximal.

    Parameters
    ----------
    seekers, openings : DataFrame
        :func:`seekers_of`, :func:`openings_on`.
    declined : collection of (str, str)
        Person and opening that are not matched again.

    Raises
    ------
    ModelError
        For a person or an opening that appears twice.

    Notes
    -----
    The linear assignment problem (Kuhn 1955), solved exactly by scipy's modified Jonker-Volgenant algorithm.

    Examples
    --------
    >>> seekers = pd.DataFrame({"person_id": ["p1", "p2"], "household_id": ["a", "b"], "county_code": "371425",
    ...     "age": [30, 55], "education_level": "junior", "labour_capacity": "ordinary", "disability_level": "none",
    ...     "need": [40.0, 60.0]})
    >>> openings = pd.DataFrame({"opening_id": ["young", "any"], "kind": "vacancy", "county_code": "371425",
    ...     "age_min": [18, 18], "age_max": [40, 60], "education_min": [None, None], "disability_friendly": False,
    ...     "heavy_labour": False, "monthly_pay": [2000.0, 3000.0]})
    >>> assign_jobs(seekers, openings).frame["opening_id"].tolist()  # the first seeker leaves the better one to the second
    ['young', 'any']
    """
    for frame, key in ((seekers, "person_id"), (openings, "opening_id")):
        if frame[key].duplicated().any():
            raise ModelError("appears twice", where=f"jobs: {key}", got=frame.loc[frame[key].duplicated(), key].iloc[0])
    value = np.where(_declined(seekers, openings, declined), 0.0, job_values(seekers, openings))
    rows, columns = linear_sum_assignment(value, maximize=True)
    good = value[rows, columns] > 0
    chosen = np.full(len(seekers), -1)
    chosen[rows[good]] = columns[good]
    first = _first_come(value)
    outcome = np.where(chosen >= 0, "placed", np.where((value > 0).any(axis=1), "taken", "no_fit"))
    frame = seekers[["person_id", "household_id", "county_code", "need"]].assign(outcome=outcome)
    for name in ("opening_id", "kind", "monthly_pay"):
        values = openings[name].to_numpy(dtype=object)
        frame[name] = [values[at] if at >= 0 else None for at in chosen]
    frame = frame.assign(**{language: [text(f"job.{word}", language) for word in outcome] for language in LANGUAGES})
    total = float(value[rows[good], columns[good]].sum())
    return Placement(frame, total, float(sum(value[i, j] for i, j in first)), len(first))


def _declined(
    seekers: pd.DataFrame, openings: pd.DataFrame, declined: Collection[tuple[str, str]]
) -> npt.NDArray[np.bool_]:  # fmt: skip
    """Which seeker declined which opening, or another place of the same vacancy; shape (seekers, openings)."""
    vacancies = [_vacancy(name, kind) for name, kind in zip(openings["opening_id"], openings["kind"], strict=True)]
    said = {(person, name) for person, name in declined} | {
        (person, name.rpartition("-")[0]) for person, name in declined
    }
    return np.array(
        [[(person, one) in said for one in vacancies] for person in seekers["person_id"]], dtype=bool
    ).reshape(len(seekers), len(openings))


def _vacancy(opening: str, kind: str) -> str:
    return opening.rpartition("-")[0] if kind == "vacancy" and "-" in opening else opening


def _first_come(value: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
    """Each seeker in turn takes the best opening that is left."""
    left = value.copy()
    taken = []
    for seeker in range(len(value)):
        best = int(left[seeker].argmax()) if value.shape[1] else 0
        if value.shape[1] and left[seeker, best] > 0:
            taken.append((seeker, best))
            left[:, best] = 0
    return taken


def follow_up(sought: pd.DataFrame, persons: pd.DataFrame, incomes: pd.DataFrame) -> pd.DataFrame:
    """Earlier job seekers or placements at a later month: work, kind of work, and change in household wages.

    Parameters
    ----------
    sought : DataFrame
        person_id and household_id: seekers (:func:`seekers_of`) or placements of an earlier month.
    persons : DataFrame
        Of the later month: person_id, employment_status.
    incomes : DataFrame
        household_id, wage_before and wage_after (a year; null unknown).

    Returns
    -------
    DataFrame
        person_id, household_id, status (``in_work`` | ``not_in_work`` | ``unknown``), employment_status, wage_change (of
        the household a year); those not in work first.
    """
    mine = sought[["person_id", "household_id"]]
    later = mine["person_id"].map(persons.drop_duplicates("person_id").set_index("person_id")["employment_status"])
    status = np.select([later.isna(), later.eq("none").fillna(False)], ["unknown", "not_in_work"], "in_work")
    wages = incomes.drop_duplicates("household_id").set_index("household_id")
    change = mine["household_id"].map(wages["wage_after"] - wages["wage_before"])
    found = mine.assign(status=status, employment_status=later, wage_change=change)
    order = found["status"].map({"not_in_work": 0, "unknown": 1, "in_work": 2})
    return found.iloc[np.lexsort((found["person_id"].to_numpy(dtype=str), order))].reset_index(drop=True)


def audit_posts(posts: pd.DataFrame, persons: pd.DataFrame, day: date) -> pd.DataFrame:
    """Current holders of special posts who do not meet the rules.

    Returns
    -------
    DataFrame
        post_id, holder_id, village_code, fault (``under_16`` | ``seventy_or_over`` | ``no_capacity`` |
        ``not_registered``), zh, en.
    """
    today = pd.Timestamp(day)
    now = posts[
        ((posts["start_on"] <= today) & (posts["end_on"].isna() | (posts["end_on"] > today))).to_numpy(dtype=bool)
    ]
    holder = persons.drop_duplicates("person_id").set_index("person_id").reindex(now["holder_id"])
    tests = {
        "under_16": holder["age"] < POST_AGES[0],
        "seventy_or_over": holder["age"] >= POST_AGES[1],
        "no_capacity": holder["labour_capacity"].isin(["lost", "none"]),
        "not_registered": holder["household_id"].isna(),
    }
    parts = [
        now.loc[flags.fillna(False).to_numpy(dtype=bool), ["post_id", "holder_id", "village_code"]].assign(
            fault=name, **messages()[f"list.reason.{name}"].by_language
        )
        for name, flags in tests.items()
    ]
    return pd.concat(parts, ignore_index=True)
