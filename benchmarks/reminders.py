"""Reminders of a whole city, 41 items × 12 months, beside plain pandas (merge and filter) in the same run.

    python benchmarks/reminders.py [--register data/dezhou/register] [--plain-months 2]

Prints wall and CPU seconds, peak memory, the ratio, and whether both find the same missing claims.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

import pandas as pd
from relapse_risk.assistance.conditions import condition_named, holds

from relapse_risk.assistance import Catalogue, assess_months, limits_on, read_catalogue, remind, spending_known
from relapse_risk.derive import household_frame, person_ages
from relapse_risk.months import month_end
from relapse_risk.parameters import Parameters, Place, read_parameters, read_place
from relapse_risk.register import Register

COLUMNS = [
    "household_id", "person_id", "item_code", "applied_on", "delivered_on", "decision", "period_start", "period_end",
]  # fmt: skip


@cache
def rules() -> tuple[Parameters, Place, Catalogue]:
    """Read once per process, as a scheduled run would."""
    return read_parameters(), read_place("dezhou"), read_catalogue("dezhou")


def ours(folder: Path, months: list[str]) -> list[pd.DataFrame]:
    """Missing claims of each month."""
    parameters, place, catalogue = rules()
    register = Register.open(folder)
    found = []
    for at in assess_months(register, months, catalogue, parameters, place):
        frame = remind(at.claims, at.records, catalogue, None, at.homes).frame
        found.append(frame[frame["kind"] == "missing"])
    return found


def counted(folder: Path, months: list[str]) -> list[int]:
    """How many, which is all that crosses the border of a process while the clock runs."""
    return [len(one) for one in ours(folder, months)]


def inputs(folder: Path, month: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    register, (parameters, place, _) = Register.open(folder), rules()
    homes = spending_known(household_frame(register, month, parameters=parameters, place=place))
    persons = person_ages(register.read("person", month), month)
    return homes, persons, register.read("assistance_record", columns=COLUMNS)


def triples(frame: pd.DataFrame) -> set[tuple[str, str, str]]:
    return set(frame[["household_id", "person_id", "item_code"]].fillna("").itertuples(index=False, name=None))


def plain(folder: Path, month: str) -> pd.DataFrame:
    """What one writes first: per item, merge persons with households, filter by each condition, merge the records."""
    homes, persons, records = inputs(folder, month)
    (parameters, place, catalogue), day = rules(), month_end(month)
    limits = limits_on(parameters, place, day)
    granted: dict[str, pd.DataFrame] = {}
    for item in catalogue.items:
        version = item.on(day)
        assert version is not None
        frame = homes.assign(person_id=pd.NA)
        if item.level == "person":
            own = [c for c in homes.columns if c not in persons.columns or c == "household_id"]
            frame = persons.merge(homes[own], on="household_id")
        granted[item.code] = frame[asked(version.requires, frame, limits).fillna(False).to_numpy(dtype=bool)]
    for item, other, who in catalogue.exclusions():
        granted[other.code] = granted[other.code][~granted[other.code][who].isin(granted[item.code][who])]
    answered = answered_on(
        records, pd.Timestamp(day), [item.code for item in catalogue.items if item.cadence == "once"]
    )
    missing = []
    for item in catalogue.items:
        mine = granted[item.code][["household_id", "person_id"]].assign(item_code=item.code)
        got = answered[answered["item_code"] == item.code]
        keys = ["household_id"] if item.level == "household" else ["household_id", "person_id"]
        mine = mine.merge(got[keys].drop_duplicates().assign(got=True), on=keys, how="left")
        if item.level == "person":
            shared = got.loc[got["person_id"].isna(), ["household_id"]].drop_duplicates().assign(shared=True)
            mine = mine.merge(shared, on="household_id", how="left")
            mine = mine[mine["shared"].isna()]
        missing.append(mine[mine["got"].isna()])
    return pd.concat(missing)


def answered_on(records: pd.DataFrame, today: pd.Timestamp, once: list[str]) -> pd.DataFrame:
    """Records that receive, wait or were refused on the day."""
    year_ago = today - pd.Timedelta(days=365)
    stated = records["period_start"].notna() & ~(records["period_end"] < records["period_start"])
    lasts = records["period_end"].isna() | (records["period_end"] >= today - pd.Timedelta(days=62))
    now = (~stated & (records["delivered_on"] > year_ago)) | (stated & (records["period_start"] <= today) & lasts)
    received = (now | records["item_code"].isin(once)) & (records["delivered_on"] <= today)
    refused = records["decision"].isin(["refused", "withdrawn"])
    applied = (records["applied_on"] > year_ago) & (records["applied_on"] <= today)
    waiting = applied & ((records["decision"] == "open") | (records["delivered_on"] > today) | refused)
    return records[((received & ~refused) | waiting).fillna(False).to_numpy(dtype=bool)]


def asked(tree: object, frame: pd.DataFrame, limits: object) -> pd.Series:
    if tree.condition is not None:  # type: ignore[attr-defined]
        return holds(condition_named(tree.condition), frame, limits)  # type: ignore[attr-defined, arg-type]
    answers = [asked(part, frame, limits) for part in (tree.all or tree.any)]  # type: ignore[attr-defined]
    out = answers[0]
    for answer in answers[1:]:
        out = out & answer if tree.all else out | answer  # type: ignore[attr-defined]
    return out


def cpu() -> float:
    return sum(sum(os.times()[i] for i in pair) for pair in ((0, 1), (2, 3)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--register", type=Path, default=Path("data/dezhou/register"))
    parser.add_argument("--plain-months", type=int, default=2)
    asked_for = parser.parse_args()
    months = [month for month in Register.open(asked_for.register).months if month.startswith("2020")]
    started, spent = time.perf_counter(), cpu()
    halves = [months[: len(months) // 2], months[len(months) // 2 :]]
    with ProcessPoolExecutor(2) as pool:
        counts = [one for half in pool.map(partial(counted, asked_for.register), halves) for one in half]
    wall, used = time.perf_counter() - started, cpu() - spent
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(
        f"ours: {len(months)} months, {sum(counts):,} missing, {wall:.1f} s wall, {used:.1f} s CPU, {peak:.2f} GiB a process"
    )
    some = months[-asked_for.plain_months :]
    started, spent = time.perf_counter(), cpu()
    theirs = [plain(asked_for.register, month) for month in some]
    wall_plain, used_plain = time.perf_counter() - started, cpu() - spent
    per = len(months) / len(some)
    print(
        f"plain: {len(some)} months, {wall_plain:.1f} s wall, {used_plain:.1f} s CPU; {used_plain * per:.0f} s CPU for {len(months)}"
    )
    same = [triples(one) for one in ours(asked_for.register, some)] == [triples(one) for one in theirs]
    print(f"ratio of CPU: {used_plain * per / used:.1f}; the same claims: {same}")


if __name__ == "__main__":
    main()
