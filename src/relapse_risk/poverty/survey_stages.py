"""What a survey design may have beyond clusters in strata: later stages of sampling, and calibrated weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, IntArray, group_codes
from relapse_risk.rows import in_order, numbers

__all__ = ["Calibration", "LaterStage", "SamplingStage", "later_covariance", "read_stages"]


@dataclass(frozen=True, slots=True, eq=False)
class SamplingStage:
    """A stage of sampling within the units of the stage before.

    Attributes
    ----------
    units : sequence, shape (n,)
        Unit of each row, such as its household; the same label in two units of the stage before means two units.
    population : array_like, shape (n,)
        How many units there are in the row's unit of the stage before.
    """

    units: Any
    population: npt.ArrayLike


@dataclass(frozen=True, slots=True, eq=False)
class LaterStage:
    """A stage after the first, checked and coded.

    Attributes
    ----------
    unit : integer array, shape (n,)
        Code of each row's unit.
    parent : integer array, shape (units,)
        Code of the unit of the stage before that each unit lies in.
    fraction, chance : arrays, shape (parents,)
        Share of the units of each parent that was drawn, and share of such parents that was (over all stages before).
    """

    unit: IntArray
    parent: IntArray
    fraction: Array
    chance: Array


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What weights were calibrated on.

    Attributes
    ----------
    matrix : array, shape (n, k)
        Auxiliary variables.
    weights : array, shape (n,)
        Weights before calibration.
    calibrated : array, shape (n,)
        Weights after it; those of the design differ from them where they were trimmed later.
    """

    matrix: Array
    weights: Array
    calibrated: Array

    def residuals(self, z: Array, weights: Array) -> Array:
        """Influence values (n, q) less their regression on the auxiliary variables, by the weights before calibration.

        ``weights`` are those the influence values will be multiplied with.
        """
        later = np.divide(weights, self.calibrated, out=np.zeros_like(weights), where=self.calibrated != 0)[:, None]
        root = np.sqrt(self.weights)[:, None]
        fitted = self.matrix @ np.linalg.lstsq(self.matrix * root, z * later * root, rcond=None)[0]
        return np.divide(z * later - fitted, later, out=np.zeros_like(z), where=later != 0)


def read_stages(
    stages: Sequence[SamplingStage], psu: IntArray, chance_of_psu: Array, refuse_single: bool, index: pd.Index | None
) -> tuple[LaterStage, ...]:
    """The stages, each nested in the one before."""
    found, parents, chance = [], psu, chance_of_psu
    for number, stage in enumerate(stages, start=2):
        where = f"survey_design: stage {number}"
        given = [v if index is None else in_order(v, index, where) for v in (stage.units, stage.population)]
        units, _ = group_codes(given[0], psu.size)
        population = numbers(given[1], f"{where}: population")
        pair = parents * (int(units.max()) + 1) + units
        _, first, codes = np.unique(pair, return_index=True, return_inverse=True)
        parent = parents[first]
        drawn = np.bincount(parent, minlength=chance.size)
        if population.shape != psu.shape or not (np.isfinite(population) & (population >= drawn[parents])).all():
            raise ModelError("not a number of units that holds those drawn", where=f"{where}: population",
                             expected=f"({psu.size},), at least the units of the sample")  # fmt: skip
        exists = np.ones(chance.size)
        exists[parents] = population
        if refuse_single and ((drawn == 1) & (exists > 1)).any():
            raise ModelError("a unit with a single unit drawn of several", where=where, got=int(((drawn == 1) & (exists > 1)).sum()),
                             fix='choose single_psu="certainty" and say so, or describe the first stage alone')  # fmt: skip
        fraction = drawn / exists
        found.append(LaterStage(codes.astype(np.intp), parent, fraction, chance))
        parents, chance = codes.astype(np.intp), (chance * fraction)[parent]
    return tuple(found)


def later_covariance(stage: LaterStage, weighted: Array) -> Array:
    """Variance that a stage adds: sum over parents of chance × (1 - fraction) m / (m - 1) × squared deviations."""
    units = stage.parent.size
    totals = np.column_stack([np.bincount(stage.unit, column, units) for column in weighted.T])
    count = np.bincount(stage.parent, minlength=stage.chance.size)
    means = np.column_stack([np.bincount(stage.parent, column, count.size) for column in totals.T])
    centred = totals - (means / np.maximum(count, 1)[:, None])[stage.parent]
    scale = stage.chance * (1 - stage.fraction) * count / np.maximum(count - 1, 1)
    matrix: Array = (centred * scale[stage.parent, None]).T @ centred
    return matrix
