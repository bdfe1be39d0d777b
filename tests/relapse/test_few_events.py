"""Scores learned from few events: slopes shrunk so that they hold for new rows, or refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.relapse import RelapseLogit
from relapse_risk.relapse.glm import Array, expit, fit_glm, logit
from relapse_risk.relapse.logit_steps import shrinkage

NAMES = [f"x{k}" for k in range(14)]
EFFECTS = np.array([-0.6, 0.4, 0.35, -0.3, 0.25, 0.2, -0.2, 0.15, 0.1, 0, 0, 0, 0, 0])
DIRECTIONS = dict(zip(NAMES, [-1, 1, 1, -1, 1, 1, -1, 1, 1, 1, -1, 1, 0, 0], strict=True))


def households(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, Array]:
    """Fourteen columns that hang together, four of them yes or no; nine have an effect, and 16 in 100 fall."""
    x = 0.8 * rng.normal(size=(n, 14)) + 0.3 * rng.normal(size=(n, 1))
    x[:, 10:] = x[:, 10:] > 0.8
    return pd.DataFrame(x, columns=NAMES), (rng.random(n) < expit(-1.9 + x @ EFFECTS)).astype(float)


def test_the_factor_by_hand() -> None:
    assert shrinkage(40, 10) == 0.75
    assert shrinkage(99, 10) == pytest.approx(89 / 99)
    assert shrinkage(100, 10) == 1, "0.9 and above stays as fitted"
    assert shrinkage(3, 0) == 1, "no slope, nothing to shrink"
    for chi_square in (0.0, 5.0, 16.6):
        with pytest.raises(ModelError, match="chance"):
            shrinkage(chi_square, 10)
    assert shrinkage(16.7, 10) == pytest.approx(6.7 / 16.7)


def test_a_shrunk_score_is_the_fitted_one_times_its_factor() -> None:
    """The factor from the gain in likelihood, the base again such that expected events are those observed."""
    x, y = households(np.random.default_rng(3), 500)
    plain, shrunk = (RelapseLogit(directions=DIRECTIONS, shrink=s).fit(x, y).fitted_ for s in (False, True))
    names = [term.name for term in plain.terms]
    assert [term.name for term in shrunk.terms] == names
    p, rate = plain.predict(x)["probability"].to_numpy(), y.mean()
    gain = 2 * (y @ np.log(p / rate) + (1 - y) @ np.log((1 - p) / (1 - rate)))
    factor = 1 - len(names) / gain
    assert 0.4 < factor < 0.9
    assert shrunk.shrinkage == pytest.approx(factor)
    assert [t.coefficient for t in shrunk.terms] == pytest.approx([factor * t.coefficient for t in plain.terms])
    assert shrunk.predict(x)["probability"].sum() == pytest.approx(y.sum())
    assert f"shrunk to {factor:.3f}" in shrunk.summary()


def test_noise_is_refused_and_many_events_are_left_alone() -> None:
    """Of chance alone the gain is a chi-square with as many degrees as terms, 14: beyond 14 / .6 in one of 18 draws."""
    rng, refused = np.random.default_rng(1), 0
    for _ in range(40):
        x, _ = households(rng, 400)
        try:
            RelapseLogit().fit(x, (rng.random(400) < 0.3).astype(float))
        except ModelError as error:
            refused += "most of what it explains is chance" in str(error)
    assert refused >= 33, "of 38 expected five standard errors less"
    x, y = households(rng, 6000)
    assert RelapseLogit(directions=DIRECTIONS).fit(x, y).fitted_.shrinkage == 1


@pytest.mark.long
@pytest.mark.parametrize("rows", [250, 400, 850, 1700])
def test_slopes_on_new_rows(rows: int) -> None:
    """Figures of docs/relapse.md: on average within .85 and 1.15 at every size, or refused."""
    rng = np.random.default_rng(17)
    others, fell = households(rng, 40_000)
    slopes: dict[bool, list[float]] = {False: [], True: []}
    refused = 0
    for _ in range(300):
        x, y = households(rng, rows)
        try:
            models = {shrink: RelapseLogit(directions=DIRECTIONS, shrink=shrink).fit(x, y) for shrink in slopes}
        except ModelError:
            refused += 1
            continue
        for shrink, model in models.items():
            score = logit(model.predict_proba(others)[:, 1])
            slopes[shrink].append(float(fit_glm(np.column_stack([np.ones(len(score)), score]), fell).params[1]))
    plain, shrunk = (float(np.mean(found)) for found in slopes.values())
    print(f"{rows} rows: slope {shrunk:.2f} (not shrunk {plain:.2f}), {refused} of 300 refused")
    assert 0.85 <= shrunk <= 1.15
