"""The official score fitted on the history of a nation, part by part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial, reduce
from operator import add
from typing import TypeVar

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from relapse_risk.errors import ModelError
from relapse_risk.files import sha256
from relapse_risk.months import add_months
from relapse_risk.nation.nation_store import Nation, floats
from relapse_risk.parts import SERIAL, Backend, Part, collected, map_parts, opened, read_part
from relapse_risk.parts.stored import KEY
from relapse_risk.relapse import FEATURES, FittedRelapseLogit, RelapseLogit
from relapse_risk.relapse.backtest import first_month
from relapse_risk.relapse.fit_sums import Block
from relapse_risk.relapse.logit_steps import LEVEL_MONTHS
from relapse_risk.relapse.merged_fit import fit_blocks

__all__ = ["NationFit", "fit_nation"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NationFit:
    """The fitted score, the first and last month it learned from, and a digest of its history files."""

    model: FittedRelapseLogit
    trained_from: str
    trained_to: str
    digest: str


@dataclass(frozen=True, slots=True)
class _Job:
    """Which rows and columns of ``history`` are fitted on."""

    after: str
    newest_after: str
    names: tuple[str, ...]


def fit_nation(nation: Nation, model: RelapseLogit | None = None, backend: str | Backend = SERIAL) -> NationFit:
    """Fit the official score on every row of ``history`` in the window a register would be fitted on.

    Parameters
    ----------
    nation : Nation
    model : RelapseLogit, optional
        The default score when left out.
    backend : str or Backend

    Returns
    -------
    NationFit
        With the coefficients and the covariance of one fit on all rows together.

    Raises
    ------
    ModelError
        If nobody's outcome was seen, or as :class:`relapse_risk.relapse.RelapseLogit`.
    PartError
        Naming the part that cannot be read.
    """
    with opened(backend) as chosen:
        seen: Counter[tuple[str, int]] = reduce(add, map_parts(_months, nation.parts, chosen), Counter())
        if not seen:
            raise ModelError("nobody's outcome was seen", where=f"{nation.folder}/history", fix="collect more waves")
        events = {month: seen[month, 1] for month in sorted({month for month, _ in seen})}
        last = max(events)
        there = collected(nation.parts, "history")
        names = tuple(feature.name for feature in FEATURES if feature.name in there)
        job = _Job(first_month(events), add_months(last, -LEVEL_MONTHS), names)

        def over(task: Callable[[Block], T]) -> Iterable[T]:
            return map_parts(partial(_on_part, job, task), nation.parts, chosen)

        fitted = fit_blocks(over, names, model)
    return NationFit(fitted, min(month for month in events if month > job.after), last, _digest(nation))


def _digest(nation: Nation) -> str:
    """Of the history files' own keys, which say what they were made from."""
    return sha256((pq.read_schema(part.of("history")).metadata or {}).get(KEY, b"") for part in nation.parts)


def _months(part: Part) -> Counter[tuple[str, int]]:
    """Rows by month and outcome."""
    data = read_part(part, "history", ["month", "event"])
    counted = data.group_by(["month", "event"], use_threads=False).aggregate([([], "count_all")])
    rows = zip(*(counted[name].to_pylist() for name in ("month", "event", "count_all")), strict=True)
    return Counter({(month, int(event)): count for month, event, count in rows})


def _on_part(job: _Job, task: Callable[[Block], T], part: Part) -> T:
    """``task`` on the part's rows of the window."""
    data = read_part(part, "history", ["month", "event", "weight", "village_code", *job.names])
    data = data.filter(pc.greater(data["month"], job.after))
    block = Block(
        np.column_stack([floats(data, name) for name in job.names]), floats(data, "event"), floats(data, "weight"),
        pd.factorize(data["village_code"].to_pandas())[0].astype(np.int64),
        pc.greater(data["month"], job.newest_after).to_numpy(zero_copy_only=False),
    )  # fmt: skip
    return task(block)
