"""Every benchmark model on the same test rows: out of time, and with whole counties left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.evaluation import bootstrap_measures, calibration
from relapse_risk.evaluation.discrimination import area_under_curve
from relapse_risk.months import add_months
from relapse_risk.progress import Progress, no_progress
from relapse_risk.relapse.features import FEATURES, Feature, feature_matrix
from relapse_risk.relapse.glm import Array
from relapse_risk.relapse.household_uncertainty import fit_spread, household_level_area, with_later
from relapse_risk.relapse.outcome import OUTCOMES, at_risk_rows, clusters, poor_at, with_history
from relapse_risk.research.ablation import extended_columns, extended_features
from relapse_risk.research.benchmark_models import BENCHMARKS, REAL_FALL, BenchmarkModel, Fold, learned, official
from relapse_risk.research.comparison_splits import YEAR, Split, no_splits, splits
from relapse_risk.research.hazard import DURATIONS

__all__ = ["Comparison", "Prepared", "compare", "decay", "prepared"]

NOT_FITTED = ["design", "split", "score", "why"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """At-risk rows with outcomes, every feature of each, and the visits they come from.

    ``depth`` is income over the line at the outcome, ``later`` whether poor at the visit after it (null: not seen).
    """

    rows: pd.DataFrame
    matrix: pd.DataFrame = field(repr=False)
    depth: pd.Series = field(repr=False)
    later: pd.Series = field(repr=False)
    visits: pd.DataFrame = field(repr=False)
    features: tuple[Feature, ...] = field(repr=False)
    extended: Mapping[str, tuple[Feature, ...]] = field(repr=False)
    raw: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """One table: design × score × measure with intervals and paired differences.

    Attributes
    ----------
    table : DataFrame
        design, score, measure, value, low, high, difference (official minus score), difference_low, difference_high.
    decay : DataFrame
        months (age of the newest outcome learned from), auc, intercept, slope on the same test rows.
    bounds : DataFrame
        design, part (every fall, real falls to below three quarters of the line, slips just below it), events, auc of
        the official score against those who stayed above; and ``household-level risk known``: households seen at two later
        visits, and the AUC if its unobserved effect were known (an upper estimate).
    tests : DataFrame
        design, n, events, train_n (mean of the folds), clusters, from, to.
    cluster : str
        What intervals are drawn by.
    not_fitted : DataFrame
        design, split, score, why: models that could not be fitted in a split.  A model that is missing in one has no
        measures in that design, since all are measured on the same rows; a split without the official score is left out.
    """

    table: pd.DataFrame
    decay: pd.DataFrame
    tests: pd.DataFrame
    bounds: pd.DataFrame
    cluster: str
    not_fitted: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=NOT_FITTED))

    @property
    def frame(self) -> pd.DataFrame:
        """The table."""
        return self.table

    def wide(self, design: str) -> pd.DataFrame:
        """One row a score, one column a measure."""
        own = self.table[self.table["design"] == design]
        return own.pivot(index="score", columns="measure", values="value").reindex(own["score"].unique())

    def summary(self) -> str:
        """The tables as text: value [interval], then the paired difference of the official score."""
        parts = [_as_text(self, design) for design in self.table["design"].unique()]
        told = [*parts, self.bound_words(), self.decay_words(), self.not_fitted_words()]
        return "\n\n".join(words for words in told if words)

    def not_fitted_words(self) -> str:
        """One line for each model that could not be fitted in a split, and why."""
        return "\n".join(
            f"{row.design}{row.split and f', {row.split}'}: {row.score} not fitted: {row.why}"
            for row in self.not_fitted.itertuples()
        )

    def bound_words(self) -> str:
        """What bounds the AUC: slips that no recorded column separates from staying, and unobserved heterogeneity."""
        return "\n".join(f"{b.design}: {b.part}, {b.events}: AUC {b.auc:.3f}" for b in self.bounds.itertuples())

    def decay_words(self) -> str:
        """How the score's performance decays with its age."""
        if self.decay.empty:
            return "decay: not enough years"
        first, last = self.decay.iloc[0], self.decay.iloc[-1]
        return (
            f"decay: learned from outcomes {first['months']:.0f} months old or newer, AUC {first['auc']:.3f} and "
            f"intercept {first['intercept']:+.2f}; {last['months']:.0f} months older, {last['auc']:.3f} and "
            f"{last['intercept']:+.2f}"
        )


SHOWN = ("auc", "pr_auc", "brier", "intercept", "slope", "missed_5", "missed_10", "missed_20")


def _as_text(found: Comparison, design: str) -> str:
    own = found.table[found.table["design"] == design]
    test = found.tests[found.tests["design"] == design].iloc[0]
    lines = [
        f"{design}: {test['n']} rows, {test['events']} events, {test['from']} … {test['to']}, "
        f"{test['clusters']} clusters ({found.cluster})"
    ]
    for score, rows in own.groupby("score", sort=False):
        if "not_fitted" in set(rows["measure"]):
            lines.append(f"  {score}: not fitted in every split")
            continue
        by = rows.set_index("measure")
        lines.append(f"  {score}")
        lines += [
            f"    {name:<10} {by.loc[name, 'value']:7.4f} [{by.loc[name, 'low']:.4f}, {by.loc[name, 'high']:.4f}]  "
            f"official minus this {by.loc[name, 'difference']:+.4f} "
            f"[{by.loc[name, 'difference_low']:+.4f}, {by.loc[name, 'difference_high']:+.4f}]"
            for name in SHOWN
            if np.isfinite(by.loc[name, "value"])
        ]
    return "\n".join(lines)


def prepared(
    panel: pd.DataFrame, horizon_months: int | None, *, extra: Sequence[Feature] = (), raw: Sequence[str] = (),
    kind: str = "relapse",
) -> Prepared:  # fmt: skip
    """At-risk rows of ``kind`` (``relapse``, ``entry`` or ``all``) with every feature, the extended ones included.

    Parameters
    ----------
    panel : DataFrame
        One row per household and visit.
    horizon_months : int or None
        ``None``: the next visit.
    extra : sequence of Feature
        Beyond :data:`FEATURES`.
    raw : sequence of str
        Columns plain machine learning is given; every numeric one when left out.
    """
    visits = with_history(panel)
    extensions = extended_columns(visits)
    full = at_risk_rows(pd.concat([panel, extensions], axis=1), horizon_months)
    wanted = full["observed"] & (True if kind == "all" else full["kind"] == kind)
    rows = full[wanted.to_numpy(dtype=bool)].reset_index(drop=True)
    if rows.empty:
        raise ModelError("nobody of that kind is followed", where="compare", got=kind, expected="relapse | entry | all")
    ratio = (panel["income_pc_year"] / panel["poverty_line"]).set_axis(
        pd.MultiIndex.from_frame(panel[["household_id", "month"]])
    )
    depth = ratio.reindex(pd.MultiIndex.from_arrays([rows["household_id"], rows["month_next"]])).reset_index(drop=True)
    ahead = visits.sort_values(["household_id", "month"], kind="stable")
    second = ahead.groupby("household_id")["month"].shift(-2).reindex(visits.index)
    if horizon_months is None:
        second = second.set_axis(ratio.index).reindex(pd.MultiIndex.from_frame(rows[["household_id", "month"]]))
        later = poor_at(panel, rows["household_id"], pd.Series(second.to_numpy(), index=rows.index))
    else:
        later = with_later(panel, rows, horizon_months)
    # The clock of the outcome is fixed when it is not the next visit, so its length is no feature then.
    features = (*FEATURES, *extra)
    extended = extended_features(extensions)
    known = rows.drop(columns=[name for name in OUTCOMES if name in rows])
    matrix = feature_matrix(known, (*features, *DURATIONS, *(f for group in extended.values() for f in group)))
    chosen = tuple(raw) or tuple(
        str(name) for name in panel if pd.api.types.is_numeric_dtype(panel[name]) and panel[name].notna().any()
    )
    columns = tuple(
        dict.fromkeys([*chosen, "income_pc_year", "poverty_line", *(["gap_months"] if horizon_months is None else [])])
    )
    return Prepared(rows, matrix, depth, later, visits, features, extended, columns)


def compare(
    data: Prepared, rng: np.random.Generator, *, benchmarks: Mapping[str, BenchmarkModel] = BENCHMARKS, draws: int = 400,
    weighted: bool = False, seed: int = 2020, years: int = 6, groups: int = 8, min_events: int = 30,
    progress: Progress | None = None,
) -> Comparison:  # fmt: skip
    """Evaluate every model on rows it has not seen, by whole clusters (:func:`relapse_risk.relapse.clusters`).

    Parameters
    ----------
    data : Prepared
    rng : Generator
        Draws the clusters.
    benchmarks : mapping of str to function of a Fold
        ``official`` must be among them.
    draws : int
    weighted : bool
        Learn and evaluate with the sampling weight; each household counts once otherwise.
    seed : int
        Of the models that draw.
    years, groups : int
        Test years, and groups of counties, of :func:`splits`.
    min_events : int
        Events, and other rows, that a score needs to be learned from.

    Raises
    ------
    ModelError
        If there is nothing to learn from, or the official score can be fitted in no split.  One split or model that cannot
        be fitted is a row of ``not_fitted``.
    """
    report = progress or no_progress
    cluster = str(clusters(data.rows).name)
    every = splits(data.rows, years=years, groups=groups)
    not_fitted = no_splits(data.rows, every)
    if not every:
        raise ModelError(
            "nothing to learn from", where="compare", got=f"{data.rows['month'].nunique()} waves with an outcome",
            expected="two waves with an outcome, or two counties", fix="use more waves, or name counties",
        )  # fmt: skip
    tested: dict[str, list[pd.DataFrame]] = {}
    sizes: dict[str, list[int]] = {}
    for i, split in enumerate(every):
        report(i, len(every), f"{split.design} {split.name}")
        scored, failed = _scored(data, split, benchmarks, weighted, seed, min_events)
        not_fitted += [(split.design, split.name, name, why) for name, why in failed.items()]
        if scored is not None:
            tested.setdefault(split.design, []).append(scored)
            sizes.setdefault(split.design, []).append(int(split.train.sum()))
    if not tested:
        raise ModelError(
            "the official score could not be fitted in any split", where="compare", got=not_fitted[0][3],
            fix="use more waves, a longer horizon, --kind all or a smaller --min-events",
        )  # fmt: skip
    tables, tests, bounds = [], [], []
    for design, parts in tested.items():
        frame = pd.concat(parts, ignore_index=True)
        names = [name for name in benchmarks if frame[name].notna().all()]
        table = bootstrap_measures(
            frame, names, reference="official", cluster=cluster, draws=draws, rng=rng,
            weight="weight" if weighted else None,
        )  # fmt: skip
        tables.append(_with_unfitted(table, benchmarks, names).assign(design=design))
        bounds += [(design, *row) for row in _bounds(frame, frame["weight"] if weighted else None)]
        tests.append((design, len(frame), int(frame["event"].sum()), int(np.mean(sizes[design])),
                      frame[cluster].nunique(), frame["month"].min(), frame["month_next"].max()))  # fmt: skip
    report(len(every), len(every), "done")
    columns = ["design", "n", "events", "train_n", "clusters", "from", "to"]
    table = pd.concat(tables, ignore_index=True)
    table = table[["design", *(name for name in table if name != "design")]]
    return Comparison(
        table, decay(data, every, weighted, seed), pd.DataFrame(tests, columns=columns),
        pd.DataFrame(bounds, columns=["design", "part", "events", "auc"]), cluster,
        pd.DataFrame(not_fitted, columns=NOT_FITTED),
    )  # fmt: skip


def _scored(
    data: Prepared, split: Split, benchmarks: Mapping[str, BenchmarkModel], weighted: bool, seed: int, min_events: int
) -> tuple[pd.DataFrame | None, dict[str, str]]:
    """The test rows with every model's score (null where it could not be fitted), and why; none without the official."""
    try:
        fold = learned(replace(_fold(data, split, weighted, seed), min_events=min_events))
    except ModelError as error:
        return None, {"official": str(error)}
    found: dict[str, Array] = {}
    failed: dict[str, str] = {}
    for name, model in benchmarks.items():
        try:
            found[name] = np.asarray(model(fold), dtype=np.float64)
        except ModelError as error:
            failed[name] = str(error)
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:  # a library's, of a model not ours
            failed[name] = f"{type(error).__name__}: {error}".splitlines()[0]
        else:
            if not np.isfinite(found[name]).all():
                failed[name] = "no score for some of the test rows"
    missing = np.full(int(split.test.sum()), np.nan)
    scores = {name: missing if name in failed else found[name] for name in benchmarks}
    return data.rows[split.test].assign(depth=data.depth[split.test], later=data.later[split.test], **scores), failed


def _with_unfitted(
    table: pd.DataFrame, benchmarks: Mapping[str, BenchmarkModel], fitted: Sequence[str]
) -> pd.DataFrame:
    """The table with one empty row for each model that has no measures."""
    left_out = [name for name in benchmarks if name not in fitted]
    if not left_out:
        return table
    return pd.concat([table, pd.DataFrame({"score": left_out, "measure": "not_fitted"})], ignore_index=True)


def _bounds(frame: pd.DataFrame, weight: pd.Series | None) -> list[tuple[str, int, float]]:
    """AUC of the official score for real falls, and for slips just below the line."""
    fell, deep = frame["event"] == 1, frame["depth"] < REAL_FALL
    found = []
    for part, chosen in (("every fall", fell), ("real falls", fell & deep), ("slips", fell & ~deep)):
        used = (chosen | ~fell).to_numpy(dtype=bool)
        if not chosen.any():
            continue
        w = None if weight is None else weight[used]
        area = area_under_curve(chosen[used].astype(float), frame.loc[used, "official"], w).value
        found.append((part, int(chosen.sum()), area))
    return [*found, *_household_level_bound(frame)]


def _household_level_bound(frame: pd.DataFrame) -> list[tuple[str, int, float]]:
    """The AUC if all household heterogeneity were recorded; what remains is chance and measurement error."""
    try:
        spread = fit_spread(frame["official"], frame["event"], frame["later"])
    except ModelError:  # not estimable from a panel of two visits
        return []
    return [
        (
            "household-level risk known",
            spread.pairs,
            household_level_area(frame["official"].to_numpy(dtype=float), spread.rho),
        )
    ]


def _fold(data: Prepared, split: Split, weighted: bool, seed: int) -> Fold:
    train, test = data.rows[split.train], data.rows[split.test]
    one = train["weight"] if weighted else pd.Series(1.0, index=train.index)
    drop = [name for name in OUTCOMES if name in train]
    visits = data.visits
    if split.design == "out_of_time":
        kept = (visits["month"] <= test["month"].min()) & ~visits["household_id"].isin(test["household_id"])
    else:
        kept = ~visits["county_code"].isin(test["county_code"].unique())
    learned_from = kept.to_numpy(dtype=bool)
    known = visits[learned_from]
    known = known[(known["month"] > add_months(known["month"].max(), -YEAR)).to_numpy(dtype=bool)]
    return Fold(
        train.drop(columns=drop), test.drop(columns=drop), data.matrix[split.train], data.matrix[split.test],
        data.features, data.extended, train["event"], one, data.depth[split.train], known, visits[learned_from],
        visits[visits["household_id"].isin(test["household_id"]).to_numpy(dtype=bool)], data.raw, seed,
        update=split.design == "out_of_time",
    )  # fmt: skip


def decay(data: Prepared, every: Sequence[Split], weighted: bool = False, seed: int = 2020) -> pd.DataFrame:
    """The official score on the newest test year when it stopped learning 0, 12, 24, … months before.

    Returns
    -------
    DataFrame
        months, train_n, auc, intercept, slope; ages at which too few events are left are not there.
    """
    newest = [split for split in every if split.design == "out_of_time"]
    rows: list[tuple[float, ...]] = []
    if not newest:
        return pd.DataFrame(rows, columns=["months", "train_n", "auc", "intercept", "slope"])
    last = replace(newest[-1], test=np.logical_or.reduce([s.test for s in newest if s.name == newest[-1].name]))
    # All households are scored, by a score that learned from all: only its age differs.
    last = replace(last, train=np.logical_or.reduce([s.train for s in newest if s.name == last.name]))
    for months in range(0, 5 * YEAR, YEAR):
        limit = add_months(data.rows.loc[last.test, "month"].min(), -months)
        train = last.train & (data.rows["month_next"] <= limit).to_numpy(dtype=bool)
        try:
            p = official(_fold(data, replace(last, train=train), weighted, seed))
        except ModelError:
            break
        y = data.rows.loc[last.test, "event"]
        w = data.rows.loc[last.test, "weight"] if weighted else None
        measured = calibration(y, p, w)
        rows.append((months, int(train.sum()), area_under_curve(y, p, w).value, measured.intercept, measured.slope))
    return pd.DataFrame(rows, columns=["months", "train_n", "auc", "intercept", "slope"])
