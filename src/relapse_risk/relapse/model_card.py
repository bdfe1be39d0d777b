"""The model card: what a reader must know of the relapse score before using it."""

from __future__ import annotations

from dataclasses import dataclass

from relapse_risk.relapse.backtest import Backtest, NotValidated, Validation
from relapse_risk.relapse.bands import Bands
from relapse_risk.relapse.drift_and_fairness import DriftLine, as_table
from relapse_risk.relapse.fitted_logit import FittedRelapseLogit, LeftOutTerm, Term
from relapse_risk.relapse.household_uncertainty import Spread
from relapse_risk.relapse.reasons import base_points
from relapse_risk.relapse.scorecard import RelapseCard

__all__ = ["ModelCard", "fitted_card", "unfitted_card"]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a reader must know of the relapse score before using it.

    Attributes
    ----------
    fitted : bool
        False when the register's history is too short; ``why_not`` then says why and nothing was scored.
    n, events, clusters : int
        At-risk rows it was fitted on, how many fell, and villages.
    train_from, train_to : str
        First and last month whose outcomes it learned from; empty when not fitted.
    base_rate : float or None
        Share of at-risk households that fell within the horizon, in the rows it was fitted on.
    base, base_points : float or None
        Log-odds, and points, of a household at every reference; the points of its reasons are added to them.
    shrinkage : float
        What the fitted slopes were multiplied by because events are few; 1 where they are enough.
    terms, left_out : tuple
        Lines of the score, and features that are not in it with the reason.
    backtests : tuple of Backtest
        Out of time and, where there are counties enough, out of place.
    not_validated : tuple of NotValidated
        Validations, or folds of them, that the rows do not allow, and why.
    paper : RelapseCard or None
        The score in whole points.
    bands : Bands or None
        Probability at which each band begins this month.
    attrition : float or None
        Share of at-risk households not observed at the horizon.
    spread : Spread or None
        Household-level uncertainty; null where too few households were seen twice after scoring.
    drift : tuple of DriftLine
        Population drift since fitting, and drift of the level in the newest known year.
    """

    month: str
    place: str
    horizon_months: int
    fitted: bool
    why_not: str
    n: int
    events: int
    clusters: int
    base_rate: float | None
    base: float | None
    base_se: float | None
    terms: tuple[Term, ...]
    backtests: tuple[Backtest, ...]
    attrition: float | None
    high_share: float
    medium_share: float
    train_from: str = ""
    train_to: str = ""
    base_points: float | None = None
    shrinkage: float = 1.0
    left_out: tuple[LeftOutTerm, ...] = ()
    paper: RelapseCard | None = None
    bands: Bands | None = None
    spread: Spread | None = None
    drift: tuple[DriftLine, ...] = ()
    not_validated: tuple[NotValidated, ...] = ()

    @property
    def drift_status(self) -> str:
        """The worst of ``drift``: ``ok``, ``watch`` or ``fail``."""
        return as_table(self.drift).status

    def summary(self) -> str:
        """A few lines for a terminal."""
        if not self.fitted:
            return f"not fitted: {self.why_not}"
        lines = [f"relapse score for {self.month}: {self.n} rows, {self.events} events, base rate {self.base_rate:.2%}"]
        for test in self.backtests:
            official = test.scores[0]
            lines.append(
                f"{test.design}: AUC {official.auc:.3f} ({official.auc_low:.3f}–{official.auc_high:.3f}), "
                f"calibration {test.calibration_intercept:+.2f} / {test.calibration_slope:.2f}, "
                + ", ".join(f"{other.name} {other.auc:.3f}" for other in test.scores[1:])
            )
        lines += [
            f"{one.design}{one.fold and f' of {one.fold}'}: not validated: {one.why}" for one in self.not_validated
        ]
        if self.drift:
            lines.append(as_table(self.drift).summary())
        return "\n".join(lines)


def fitted_card(
    month: str, place: str, horizon_months: int, fitted: FittedRelapseLogit, train: tuple[str, str],
    validation: Validation, shares: tuple[float, float], attrition: float, paper: RelapseCard, bands: Bands,
    spread: Spread | None = None, drift: tuple[DriftLine, ...] = (),
) -> ModelCard:  # fmt: skip
    """The card of a score that was fitted on outcomes of months ``train`` (first and last)."""
    return ModelCard(
        month=month,
        place=place,
        horizon_months=horizon_months,
        fitted=True,
        why_not="",
        n=fitted.n,
        events=fitted.events,
        clusters=fitted.clusters,
        base_rate=fitted.events / fitted.n,
        base=fitted.base,
        base_se=fitted.base_se,
        terms=fitted.terms,
        backtests=validation.tests,
        not_validated=validation.not_done,
        attrition=attrition,
        high_share=shares[0],
        medium_share=shares[1],
        train_from=train[0],
        train_to=train[1],
        base_points=base_points(fitted),
        shrinkage=fitted.shrinkage,
        left_out=fitted.left_out,
        paper=paper,
        bands=bands,
        spread=spread,
        drift=drift,
    )


def unfitted_card(month: str, place: str, horizon_months: int, why: str, shares: tuple[float, float]) -> ModelCard:
    """The card of a score that could not be fitted, and why."""
    none: tuple[()] = ()
    return ModelCard(
        month, place, horizon_months, False, why, 0, 0, 0, None, None, None, none, none, None, shares[0], shares[1]
    )
