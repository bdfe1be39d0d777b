"""Whom to ask: the telephone sample of the satisfaction survey, and the households to verify, with their chances."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.assessment.county_data import CountyData
from relapse_risk.assessment.facts import county_data
from relapse_risk.assessment.sections.conflicts import in_conflict
from relapse_risk.assessment.sections.monitored_households import is_monitored, meets_monitoring_rules
from relapse_risk.errors import ModelError
from relapse_risk.parameters import Parameters, Place
from relapse_risk.register import Register

__all__ = [
    "allocate",
    "answer_weights",
    "county_frame",
    "proportional_chances",
    "sampling_frame",
    "systematic_draw",
    "telephone_sample",
    "verification_sample",
]

Array = npt.NDArray[np.float64]
FLOOR, DOUBT = 0.02, 0.25  # size measure: of everybody, and of whom the register contradicts itself about; ours


def sampling_frame(data: CountyData) -> pd.DataFrame:
    """Households of a county that may be drawn.

    Returns
    -------
    DataFrame
        household_id, county_code, town_code, village_code, stratum (of the telephone survey) and size: 0.02, plus the
        relapse probability where scored, plus 0.25 where the register disagrees with itself (another office's data,
        or a monitoring rule that is met by a household not monitored).
    """
    now = data.now
    watched = is_monitored(now).to_numpy(dtype=bool)
    labour = ~now["all_no_labour"].fillna(False).to_numpy(dtype=bool)
    never = now["register_year"].isna().to_numpy(dtype=bool)
    stratum = np.select([watched, never, labour], ["monitored", "ordinary", "lifted_with_labour"], "lifted_no_labour")
    rules = pd.concat([flags.fillna(False).astype(bool) for flags in meets_monitoring_rules(data).values()], axis=1)
    doubt = (rules.any(axis=1).to_numpy() & ~watched) | now["household_id"].isin(in_conflict(data)).to_numpy()
    risk = np.zeros(len(now))
    if data.scores.risk is not None:
        known = data.scores.risk.set_index("household_id")["probability"].astype("float64")
        risk = known.reindex(now["household_id"]).fillna(0.0).to_numpy()
    return now[["household_id", "county_code", "town_code", "village_code"]].assign(
        stratum=stratum, size=FLOOR + risk + DOUBT * doubt
    )


def county_frame(
    register: Register, county: str, month: str, parameters: Parameters, place: Place, scores: Path | None
) -> pd.DataFrame:
    """:func:`sampling_frame` of one county of a register."""
    return sampling_frame(county_data(register, county, month, None, parameters, place, scores))


def allocate(sizes: Mapping[str, int], n: int, least: int) -> dict[str, int]:
    """Calls by stratum: in proportion to size, ``least`` at least, never more than there are.

    Raises
    ------
    ModelError
        If ``n`` or ``least`` is not positive.

    Examples
    --------
    >>> allocate({"a": 900, "b": 90, "c": 10}, 100, 20)
    {'a': 90, 'b': 20, 'c': 10}
    """
    if n < 1 or least < 1:
        raise ModelError("a sample needs households", where="n, least", got=f"{n}, {least}", expected="1 or more")
    total = sum(sizes.values())
    return {name: min(max(int(np.ceil(n * size / total)), least), size) for name, size in sizes.items() if size}


def telephone_sample(frame: pd.DataFrame, n: int, least: int, reserve: float, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the telephone sample: simple random within each stratum, with a reserve list in random order.

    Parameters
    ----------
    frame : DataFrame
        household_id and stratum (see :func:`sampling_frame`), one row per household.
    n, least : int
        Calls in all (proportional), and in each stratum at least.
    reserve : float
        Reserves per call; they are taken in order when a call stays without answer, so that the sample stays a
        simple random one.
    rng : Generator
        The seed is to be kept with the sample.

    Returns
    -------
    DataFrame
        The columns of ``frame`` with call (1 upwards within the stratum), is_reserve, stratum_size, calls (of the
        stratum), inclusion_probability and sampling_weight (of the first calls; NaN for reserves).

    Examples
    --------
    >>> frame = pd.DataFrame({"household_id": list("abcdefgh"), "stratum": ["x"] * 6 + ["y"] * 2})
    >>> drawn = telephone_sample(frame, 4, 1, 0.5, np.random.default_rng(1))
    >>> drawn.groupby("stratum")["is_reserve"].agg(["size", "sum"]).values.tolist()
    [[5, 2], [2, 1]]
    """
    order = frame.iloc[rng.permutation(len(frame))].sort_values("stratum", kind="stable")
    size = order["stratum"].value_counts()
    calls = allocate({str(k): int(v) for k, v in size.sort_index().items()}, n, least)
    drawn = order.assign(
        call=order.groupby("stratum").cumcount() + 1, stratum_size=order["stratum"].map(size),
        calls=order["stratum"].map(calls),
    )  # fmt: skip
    drawn = drawn[drawn["call"] <= np.ceil(drawn["calls"] * (1 + reserve))]
    chance = drawn["calls"] / drawn["stratum_size"]
    spare = drawn["call"] > drawn["calls"]
    return drawn.assign(
        is_reserve=spare, inclusion_probability=chance.mask(spare), sampling_weight=(1 / chance).mask(spare)
    ).reset_index(drop=True)


def answer_weights(stratum: pd.Series, answered: pd.Series, sizes: Mapping[str, int]) -> pd.Series:
    """Weight of each answer: the size of its stratum over the answers of its stratum; NaN without an answer.

    Within a stratum, who does not answer is taken to be like those who do.

    Examples
    --------
    >>> answer_weights(pd.Series(list("xxy")), pd.Series([True, False, True]), {"x": 10, "y": 4}).tolist()
    [10.0, nan, 4.0]
    """
    count = answered.astype(int).groupby(stratum).transform("sum")
    return (stratum.map(sizes) / count.where(count > 0)).where(answered)


def proportional_chances(size: Array, n: int) -> Array:
    """Inclusion probabilities in proportion to ``size`` that add up to ``n``; who would exceed one is certain.

    Examples
    --------
    >>> proportional_chances(np.array([8.0, 1, 1]), 2).tolist()
    [1.0, 0.5, 0.5]
    """
    if n >= len(size):
        return np.ones(len(size))
    sure = np.zeros(len(size), dtype=bool)
    while True:
        chance = np.where(sure, 1.0, (n - sure.sum()) * size / size[~sure].sum())
        over = ~sure & (chance >= 1.0)
        if not over.any():
            return chance
        sure |= over


def systematic_draw(chance: Array, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Draw with the given probabilities, a fixed number, along a random order (randomised systematic sampling)."""
    order = rng.permutation(len(chance))
    ends = np.cumsum(chance[order]) + rng.random()
    drawn = np.empty(len(chance), dtype=bool)
    drawn[order] = np.floor(ends) > np.floor(ends - chance[order])
    return drawn


def verification_sample(frame: pd.DataFrame, core: int, targeted: int, rng: np.random.Generator) -> pd.DataFrame:
    """Households to visit again: a random core, and a part aimed at risk and at what the register contradicts.

    The core is a simple random sample of all; the targeted part takes every household with a probability in
    proportion to ``size``.  The two are drawn independently, so that a household is in the sample with the probability
    1 - (1 - core) (1 - targeted), which is kept: weighted by its inverse, every rate of the population stays
    estimable (Horvitz and Thompson 1952, doi:10.1080/01621459.1952.10483446).

    Parameters
    ----------
    frame : DataFrame
        household_id and size, one row per household (see :func:`sampling_frame`).
    core, targeted : int
        Households of each part.

    Returns
    -------
    DataFrame
        The columns of ``frame`` with sample_part (core, targeted, both) and inclusion_probability.

    Raises
    ------
    ModelError
        If a size is not positive, or no core is asked for.

    Examples
    --------
    >>> frame = pd.DataFrame({"household_id": list("abcd"), "size": [1.0, 1, 1, 5]})
    >>> drawn = verification_sample(frame, 4, 1, np.random.default_rng(1))
    >>> drawn["inclusion_probability"].tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    size = frame["size"].to_numpy(dtype=np.float64)
    if core < 1 or not (size > 0).all():
        raise ModelError(
            "a rate needs every household to have a chance", where="core, size", got=f"{core}, {size.min()}",
            expected="a core of one or more, positive sizes",
        )  # fmt: skip
    aimed = proportional_chances(size, targeted) if targeted else np.zeros(len(size))
    even = min(core / len(frame), 1.0)
    in_core = np.zeros(len(frame), dtype=bool)
    in_core[rng.permutation(len(frame))[:core]] = True
    in_aimed = systematic_draw(aimed, rng)
    part = np.select([in_core & in_aimed, in_core], ["both", "core"], "targeted")
    drawn = frame.assign(sample_part=part, inclusion_probability=1 - (1 - even) * (1 - aimed))
    return drawn[in_core | in_aimed].reset_index(drop=True)
