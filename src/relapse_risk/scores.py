"""Scores and ranks of a month on disk: fitted once for all counties, read county by county.

Layout: ``<out>/<month>/risk.parquet``, ``risk_reasons.parquet``, ``hardship.parquet``, ``hardship_reasons.parquet``
(one row group per county, ascending), ``model_card.json`` and ``index_card.json``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from relapse_risk.derive import household_frame, household_panel
from relapse_risk.errors import ModelError, NoHistoryError
from relapse_risk.files import write_json, write_parquet
from relapse_risk.hardship import HardshipIndex, hardship_index, read_index
from relapse_risk.json_reading import read_json
from relapse_risk.languages import flat
from relapse_risk.months import check_month, month_end
from relapse_risk.parameters import Parameters, Place
from relapse_risk.progress import Progress, no_progress
from relapse_risk.ranking import Ranking, rank_households
from relapse_risk.register import Register
from relapse_risk.register.made_from import note_made_from
from relapse_risk.relapse import (
    Backtest,
    Bands,
    FittedRelapseLogit,
    ModelCard,
    RelapseLogit,
    Spread,
    at_risk_rows,
    band_limits,
    fit_spread,
    fitted_card,
    followed,
    make_card,
    reasons,
    recent,
    risk_bands,
    unfitted_card,
    unlike_training,
    validate,
    with_history,
    without_outcomes,
)
from relapse_risk.relapse.drift_and_fairness import DriftLine, drift_lines
from relapse_risk.relapse.fitted_logit import predict_matrix
from relapse_risk.relapse.household_uncertainty import upper_of, with_later
from relapse_risk.sealed_tables import sealed, unsealed

__all__ = [
    "IndexCard",
    "ModelCard",
    "Scores",
    "compute_ranks",
    "compute_scores",
    "need_and_risk",
    "read_scores",
    "score_month",
]

AGAIN = "run relapse-risk score and rank again"

FILES = ("risk", "risk_reasons", "hardship", "hardship_reasons")
SEED, DRAWS = 2020, 100


@dataclass(frozen=True, slots=True)
class IndexCard:
    """What the hardship index was made of: weights, lines with their marks, what was left out and why."""

    month: str
    index: str
    confidence: str
    weights: tuple[tuple[str, str, str, float], ...]
    lines: tuple[tuple[str, float, str, str], ...]
    left_out: tuple[tuple[str, str], ...]
    draws: int
    level: float
    mean_shift: float


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of one month; a frame is ``None`` where it was not computed."""

    risk: pd.DataFrame | None
    risk_reasons: pd.DataFrame | None
    hardship: pd.DataFrame | None
    hardship_reasons: pd.DataFrame | None
    model_card: dict[str, Any] | None
    index_card: dict[str, Any] | None

    def summary(self) -> str:
        """How many households have a risk and a rank, and their means, in one line."""
        risk = "risk not computed" if self.risk is None else _told("risk", self.risk["probability"], 3)
        need = "need not computed" if self.hardship is None else _told("need", self.hardship["need"], 1)
        return f"{risk}; {need}"

    def __repr__(self) -> str:
        return f"<scores: {self.summary()}>"

    def _repr_html_(self) -> str:
        """The first rows of what was computed."""
        shown = [frame.head(5).to_html(index=False) for frame in (self.risk, self.hardship) if frame is not None]
        return f"<p>{escape(self.summary())}</p>{''.join(shown)}"


def _told(name: str, values: pd.Series, decimals: int) -> str:
    return f"{name} of {values.notna().sum():,} of {len(values):,} households, mean {values.mean():.{decimals}f}"


def compute_scores(
    register: Register,
    month: str,
    *,
    parameters: Parameters,
    place: Place,
    out: Path,
    progress: Progress | None = None,
) -> ModelCard:
    """Fit the relapse score on the register's history up to ``month`` and score every household of ``month``.

    Returns
    -------
    ModelCard
        Also written beside the scores; where the history is too short it says so and every probability is null.
    """
    card, risk, why = score_month(register, month, parameters=parameters, place=place, progress=progress)
    folder = out / check_month(month)
    _write(risk, folder / "risk.parquet")
    _write(why, folder / "risk_reasons.parquet")
    write_json(folder / "model_card.json", asdict(card, dict_factory=flat))
    note_made_from(folder, "score", register, month)
    return card


def score_month(
    register: Register, month: str, *, parameters: Parameters, place: Place, progress: Progress | None = None
) -> tuple[ModelCard, pd.DataFrame, pd.DataFrame]:
    """What :func:`compute_scores` writes: the card, the risk of every household, and its reasons."""
    report = progress or no_progress
    report(0, 4, "history")
    high, medium = (parameters.on(f"risk_share_{band}", month_end(month)).value for band in ("high", "medium"))
    try:
        panel = household_panel(register, parameters=parameters, place=place)
    except NoHistoryError as error:  # a place without a past: nobody is scored, and the card says why
        now = with_history(household_frame(register, month, parameters=parameters, place=place))
        report(4, 4, "done")
        card = unfitted_card(month, place.name, place.horizon_months, error.what, (high, medium))
        return card, _unscored(now), _no_reasons()
    panel = panel[panel["month"] <= month].reset_index(drop=True)
    now = _rows_now(register, month, panel, parameters, place)
    report(1, 4, "fit")
    try:
        rows = at_risk_rows(panel, place.horizon_months)
        seen = recent(followed(rows))
        known = without_outcomes(seen)
        fitted = RelapseLogit().fit_rows(known, seen["event"], seen["weight"], seen["village_code"])
    except ModelError as error:
        report(4, 4, "done")
        card = unfitted_card(month, place.name, place.horizon_months, str(error), (high, medium))
        return card, _unscored(now), _no_reasons()
    report(2, 4, "back-test")
    validation = validate(rows, seed=SEED)
    report(3, 4, "score")
    spread = _spread(panel, followed(rows), fitted, place.horizon_months)
    learned = fitted.matrix(known)
    risk, why, bands, drift = _scored(now, fitted, (high, medium), spread, (learned, validation.tests))
    ended = rows[rows["month_next"] <= month]
    card = fitted_card(
        month, place.name, place.horizon_months, fitted, (seen["month"].min(), seen["month"].max()), validation,
        (high, medium), float(1 - ended["observed"].mean()),
        make_card(fitted, learned, seen["event"], seen["weight"]), bands, spread, drift,
    )  # fmt: skip
    report(4, 4, "done")
    return card, risk, why


def fit_score(
    register: Register, month: str, *, parameters: Parameters, place: Place
) -> tuple[FittedRelapseLogit, pd.DataFrame]:
    """The score of ``month`` and the households at risk then, for reruns under changed inputs.

    Raises
    ------
    ModelError
        Where the history is too short to fit one.
    """
    panel = household_panel(register, parameters=parameters, place=place)
    panel = panel[panel["month"] <= month].reset_index(drop=True)
    now = _rows_now(register, month, panel, parameters, place)
    seen = recent(followed(at_risk_rows(panel, place.horizon_months)))
    fitted = RelapseLogit().fit_rows(without_outcomes(seen), seen["event"], seen["weight"], seen["village_code"])
    return fitted, now[now["poor"].eq(False).fillna(False).to_numpy(dtype=bool)].reset_index(drop=True)


def _rows_now(
    register: Register, month: str, panel: pd.DataFrame, parameters: Parameters, place: Place
) -> pd.DataFrame:
    """Households of ``month`` with the history before their newest income; between two waves that one counts once."""
    now = household_frame(register, month, parameters=parameters, place=place)
    newest = panel["household_id"].map(now.set_index("household_id")["income_period"])
    before = panel[(panel["month"] < month) & (newest.isna() | (panel["month"] < newest))]
    full = with_history(pd.concat([before, now], ignore_index=True))
    return full[full["month"] == month].reset_index(drop=True)


def _spread(panel: pd.DataFrame, seen: pd.DataFrame, fitted: FittedRelapseLogit, horizon_months: int) -> Spread | None:
    """Household-level uncertainty; null where too few households were seen twice after scoring."""
    later = with_later(panel, seen, horizon_months)
    twice = seen[later.notna().to_numpy(dtype=bool)]
    try:
        return fit_spread(fitted.predict(without_outcomes(twice))["probability"], twice["event"], later[twice.index])
    except ModelError:
        return None


def _scored(
    now: pd.DataFrame, fitted: FittedRelapseLogit, shares: tuple[float, float], spread: Spread | None,
    learned: tuple[pd.DataFrame, Sequence[Backtest]],
) -> tuple[pd.DataFrame, pd.DataFrame, Bands, tuple[DriftLine, ...]]:  # fmt: skip
    """Risk and reasons of the households at risk, where the bands begin, and drift against what was learned from."""
    at_risk = now["poor"].eq(False).fillna(False).to_numpy(dtype=bool)
    matrix = fitted.matrix(now)
    predicted = predict_matrix(fitted, matrix).where(pd.Series(at_risk))
    frame = _unscored(now).assign(**{name: predicted[name] for name in predicted})
    if spread is not None:
        frame["own_high"] = upper_of(predicted, spread.rho)
    frame["band"] = risk_bands(frame["probability"], frame["household_id"], *shares)
    frame["check"] = unlike_training(fitted, matrix).where(at_risk).astype("str")
    why = reasons(fitted, now[at_risk], matrix[at_risk])
    then, tests = learned
    level = next(
        ((t.calibration_intercept, t.calibration_intercept_se) for t in tests if t.design == "out_of_time"), None
    )
    drift = (
        drift_lines(then, matrix[at_risk], level, {term.name: term.family for term in fitted.terms})
        if at_risk.any()
        else ()
    )
    return frame, why, band_limits(frame["probability"], frame["band"]), drift


def _unscored(now: pd.DataFrame) -> pd.DataFrame:
    poor = now["poor"]
    empty = pd.Series(np.nan, index=now.index)
    nothing = pd.Series(pd.NA, index=now.index, dtype="str")
    return now[["household_id", "county_code", "town_code", "month"]].assign(
        status=np.select([poor.isna(), poor.fillna(False)], ["unknown", "poor"], "at_risk"),
        kind=np.where(now["poor_before"].to_numpy(dtype=bool), "relapse", "entry"),
        probability=empty,
        low=empty,
        high=empty,
        own_high=empty,
        band=nothing,
        check=nothing,
    )


def _no_reasons() -> pd.DataFrame:
    text = {name: pd.Series(dtype="str") for name in ("household_id", "county_code", "reason", "family")}
    return pd.DataFrame({**text, **{name: pd.Series(dtype=float) for name in ("value", "contribution", "points")}})


def compute_ranks(
    register: Register,
    month: str,
    *,
    parameters: Parameters,
    place: Place,
    out: Path,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Hardship index of every household of ``month``, need and priority, ranked within town, county and city."""
    report = progress or no_progress
    day = month_end(month)
    report(0, 3, "households")
    households = household_frame(register, month, parameters=parameters, place=place)
    report(1, 3, "index")
    index = hardship_index(households, read_index(place.index), parameters, place, day)
    report(2, 3, "ranks")
    ranking = rank_households(index, np.random.default_rng(SEED), DRAWS)
    columns = ["household_id", *(c for c in index.frame if c not in ranking.frame)]
    frame = ranking.frame.merge(index.frame[columns], on="household_id", how="left")
    folder = out / check_month(month)
    _write(frame, folder / "hardship.parquet")
    reasons = index.reasons.merge(frame[["household_id", "county_code"]], on="household_id", how="left")
    _write(reasons, folder / "hardship_reasons.parquet")
    write_json(folder / "index_card.json", asdict(_index_card(month, index, ranking)))
    note_made_from(folder, "rank", register, month)
    report(3, 3, "done")
    return frame


def _index_card(month: str, index: HardshipIndex, ranking: Ranking) -> IndexCard:
    design = index.design
    weights = tuple((sub.code, sub.label.zh, sub.label.en, float(sub.weight)) for sub in design.subindexes)
    lines = tuple((line.name, line.value, line.unit, line.confidence) for line in index.lines)
    left_out = tuple((item.indicator, item.reason) for item in index.left_out)
    return IndexCard(
        month, design.id, design.confidence, weights, lines, left_out, ranking.draws, ranking.level, ranking.mean_shift
    )


def need_and_risk(folder: str | Path, month: str, county: str | None = None) -> pd.DataFrame:
    """Need (0-100) and risk (0-1) of each household in one frame: household_id, need, risk.

    Raises
    ------
    ModelError
        If the month was not scored and ranked.
    """
    scores = read_scores(Path(folder), month, county)
    if scores.risk is None or scores.hardship is None:
        raise ModelError("not scored", where=str(Path(folder) / month), fix="run relapse-risk score and rank first")
    risk = scores.risk[["household_id", "probability"]].rename(columns={"probability": "risk"})
    return scores.hardship[["household_id", "need"]].merge(risk, on="household_id", how="left")


def read_scores(folder: Path, month: str, county: str | None = None) -> Scores:
    """Scores and ranks of ``month`` (of one county), with ``None`` for what was not computed."""
    base = folder / check_month(month)
    frames = [_read(base / f"{name}.parquet", county) for name in FILES]
    cards = [_read_json(base / name) for name in ("model_card.json", "index_card.json")]
    return Scores(*frames, *cards)


def _write(frame: pd.DataFrame, path: Path) -> None:
    """One row group per county, ascending, swapped in whole."""
    ordered = frame.sort_values("county_code", kind="stable")
    schema = pa.Schema.from_pandas(ordered, preserve_index=False).remove_metadata()
    data = pa.Table.from_pandas(ordered, schema=schema, preserve_index=False)
    write_parquet(path, sealed(data), ordered.groupby("county_code", sort=True).size().tolist())


def _read(path: Path, county: str | None) -> pd.DataFrame | None:
    if not path.is_file():
        return None
    filters = [("county_code", "=", county)] if county is not None else None
    try:
        return unsealed(pq.read_table(path, filters=filters, page_checksum_verification=True)).to_pandas()
    except (OSError, pa.ArrowException, KeyError) as error:
        raise ModelError(f"damaged: {error}", where=str(path), fix=AGAIN) from error


def _read_json(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    return read_json(path, ModelError, AGAIN, {"month": str})
