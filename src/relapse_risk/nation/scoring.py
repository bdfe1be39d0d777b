"""Relapse scores of a nation: probability of every household at risk, and its strongest reasons."""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa

from relapse_risk.nation.nation_store import Nation, frame_of
from relapse_risk.parts import SERIAL, Backend, Part, read_part, stored_parts
from relapse_risk.progress import Progress
from relapse_risk.relapse import FittedRelapseLogit
from relapse_risk.relapse.block_scoring import score_blocks

__all__ = ["REASONS", "nation_scores"]

REASONS = 3
KEYS = ("household_id", "county_code")


def nation_scores(
    nation: Nation, fitted: FittedRelapseLogit, backend: str | Backend = SERIAL, progress: Progress | None = None
) -> list[Part]:
    """Score every household with ``fitted``; files of an earlier run with the same score are kept.

    Parameters
    ----------
    nation : Nation
    fitted : FittedRelapseLogit
        From :func:`relapse_risk.nation.fit_nation`, a register, or a file (:func:`relapse_risk.relapse.load_model`).
    backend, progress
        As :func:`relapse_risk.parts.map_parts`.

    Returns
    -------
    list of Part
        Table ``risk``: household_id, county_code, probability (null for the poor and the unknown), and for each of
        three reasons ``reason_<n>`` (name of the term; null where no further one raises the risk) and
        ``contribution_<n>`` (log-odds it adds).

    Raises
    ------
    PartError
        Naming the part that cannot be read or written.
    """
    key = f"risk|{fitted.base}|{fitted.terms}|{fitted.link}"
    return stored_parts(
        partial(_risk, fitted), nation.parts, nation.folder / "risk", key, backend, progress, reads=["household"]
    )


def _risk(fitted: FittedRelapseLogit, part: Part) -> pa.Table:
    names = {term.name for term in fitted.terms}
    needs = dict.fromkeys(need for f in fitted.features if f.name in names for need in f.needs)
    frame = frame_of(read_part(part, "household", [*KEYS, "month", "poor", *needs]))
    scored = list(score_blocks(fitted, fitted.matrix(frame).to_numpy(dtype=np.float64), REASONS))
    at_risk = frame["poor"].eq(False).fillna(False).to_numpy(dtype=bool)
    probability = np.where(at_risk, np.concatenate([block.probability for block in scored]), np.nan)
    reason = np.concatenate([block.reason for block in scored])
    added = np.concatenate([block.contribution for block in scored])
    terms = pa.array([term.name for term in fitted.terms])
    columns = {"probability": pa.array(probability, from_pandas=True)}
    for n in range(REASONS):
        silent = ~at_risk | (reason[:, n] < 0)
        columns[f"reason_{n + 1}"] = pa.DictionaryArray.from_arrays(pa.array(reason[:, n], mask=silent), terms)
        columns[f"contribution_{n + 1}"] = pa.array(added[:, n], mask=silent)
    keys = {"household_id": pa.array(frame["household_id"], pa.string())}
    county = pa.array(frame["county_code"], pa.string()).dictionary_encode()
    return pa.table(keys | {"county_code": county} | columns)
