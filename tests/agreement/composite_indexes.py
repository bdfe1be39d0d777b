"""Compind on the OECD Better Life Index and Europe 2020; multi-criteria rankings of pymcdm, scikit-criteria and pyDecision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from tests.agreement.ledger import Case, case

from relapse_risk.hardship import (
    adjusted_mazziotta_pareto,
    adjusted_posts,
    aras,
    benefit_of_the_doubt,
    codas,
    copras,
    directional_benefit_of_the_doubt,
    edas,
    mean_min,
    moora,
    order_m_benefit_of_the_doubt,
    ordered_weighted_average,
    orness,
    promethee,
    smaa,
    vikor,
    weighted_product,
    weighted_sum,
)
from relapse_risk.hardship.aggregate import mazziotta_pareto
from relapse_risk.hardship.normalise import minmax, zscore
from relapse_risk.hardship.ordered import adjusted_scores

FAMILY = "Composite indexes and multi-criteria rankings"


def better_life(found: Case) -> pd.DataFrame:
    """Eleven indicators of 35 countries; income turned round, so that one of them is a cost."""
    data = found.csv("measures/data/bli_2017.csv").set_index("country")
    return data.assign(income=-data["income"])


@case("measures/B01_mpi", FAMILY, "Compind 3.4 and the paper's formula")
def mazziotta_pareto_index(found: Case) -> None:
    data = better_life(found)
    ones = np.ones(data.shape[1])
    for field in found.expected:
        if field == "ids":
            continue
        sample = "n-1" in field
        scores = np.column_stack([zscore(data[c], 100, 10, ddof=int(sample)) for c in data])
        ours = mazziotta_pareto(scores, ones, 1 if field.startswith("plus") else -1, sample_deviation=sample)
        found.same((field,), ours, absolute=1e-8)


@case("measures/B02_owa", FAMILY, "Compind 3.4")
def ordered_averages(found: Case) -> None:
    """Compind calls the mean of the worst CI_OWA_n and that of the best CI_OWA_p."""
    data = better_life(found)
    scores = np.column_stack([minmax(data[c], 0, 1) for c in data])
    weights = np.array(found.given("owa_weights_descending"))
    for field in found.expected:
        side, _, rest = field.partition("_")
        if side in ("best", "worst"):
            count = int(rest.split("_")[0])
            places = np.arange(11) < count if side == "best" else np.arange(11) >= 11 - count
            found.same((field,), ordered_weighted_average(scores, places.astype(float)), absolute=1e-10)
    found.same(("owa_general",), ordered_weighted_average(scores, weights), absolute=1e-10)
    found.same(("owa_general_worst_first",), ordered_weighted_average(scores, weights[::-1]), absolute=1e-10)
    found.same(("orness",), orness(weights), absolute=1e-10)


@case("measures/B03_mean_min", FAMILY, "the paper's formula")
def mean_min_function(found: Case) -> None:
    """Compind's own function recycles column means down the rows and is no source."""
    data = better_life(found)
    scores = np.column_stack([zscore(data[c], 100, 10) for c in data])
    for field in found.expected:
        if field == "ids":
            continue
        alpha, beta = (float(part.removeprefix("alpha").removeprefix("beta")) for part in field.split("_"))
        found.same((field,), mean_min(scores, alpha, beta), absolute=1e-8)


@case("measures/B04_bod", FAMILY, "Compind 3.4, linear programmes by lpSolve")
def benefit_of_doubt(found: Case) -> None:
    data = found.csv("measures/data/bli_2017.csv")[["housing", "income", "jobs", "community", "education"]].to_numpy()
    ours = {
        "bod": benefit_of_the_doubt(data), "bod_shares_5_100": benefit_of_the_doubt(data, 0.05, 1),
        "bod_directional": directional_benefit_of_the_doubt(data, [1, 0.5, 1, 2, 1]),
        "robust_order_m_10": order_m_benefit_of_the_doubt(data, 10),
    }  # fmt: skip
    for field in [f for f in found.expected if f != "ids"]:
        found.same((field,), ours[field], absolute=1e-7)


@case("measures/B05_ampi", FAMILY, "Compind 3.4 and numpy")
def adjusted_index(found: Case) -> None:
    panel = found.csv("measures/data/eu2020_ampi_panel.csv")
    columns, directions = ["employ", "percGDP", "gasemiss"], [1, 1, -1]
    first = panel[panel["time"] == 2010]
    reference = first[columns].mean()
    posts = adjusted_posts(panel[columns], reference)
    found.same(("reference",), reference.to_numpy(), absolute=1e-8)
    found.same(("min_goal",), posts.low, absolute=1e-8)
    found.same(("max_goal",), posts.high, absolute=1e-8)
    for name, penalty in {"ampi_minus": -1, "ampi_plus": 1}.items():
        for year in found.at(name):
            rows = panel.loc[panel["time"] == int(year), columns]
            found.same((name, year), adjusted_mazziotta_pareto(rows, posts, directions, penalty), absolute=1e-8)
    found.same(("normalised_2010",), adjusted_scores(first[columns], posts, directions), absolute=1e-8)


@case("measures/B06_smaa_exact", FAMILY, "exact areas")
def rank_acceptabilities(found: Case) -> None:
    """Shares of draws, within four standard errors of the exact areas."""
    draws = 20_000
    for name in found.expected:
        scores = found.given(name, "scores")
        units = list(scores)
        ours = smaa(list(scores.values()), np.random.default_rng(7), draws)
        for i, unit in enumerate(units):
            for k, exact in enumerate(found.at(name, "rank_acceptability", unit)):
                share(found, (name, "rank_acceptability", unit, k), ours.ranks[i, k], exact, draws)
            first = float(ours.ranks[i, 0] * draws)
            if "central_weights" in found.at(name):
                central(found, (name, "central_weights", unit), ours.central_weights[i], first)
            else:
                central(found, (name, "central_weight_of_first_criterion", unit), ours.central_weights[i, 0], first)
            for other in found.at(name).get("pairwise_winning", {}).get(unit, {}):
                place = (name, "pairwise_winning", unit, other)
                share(found, place, ours.wins[i, units.index(other)], found.at(*place), draws)


def share(found: Case, place: Any, ours: float, exact: float, draws: int) -> None:
    found.same(place, ours, absolute=4 * np.sqrt(exact * (1 - exact) / draws), zero=1e-12)


def central(found: Case, place: Any, ours: Any, first: float) -> None:
    """A mean of weights between 0 and 1, whose standard deviation is at most 1/2."""
    if found.at(*place) is None:
        found.same(place, np.nan if np.isnan(ours).all() else 0.0)
    else:
        found.same(place, ours, absolute=4 * 0.5 / np.sqrt(max(first, 1.0)))


@case("measures/B07_mcda_six", FAMILY, "pymcdm 1.4.0, scikit-criteria 0.10, pyDecision 5.1.8")
def six_alternatives(found: Case) -> None:
    rankings(found)


@case("measures/B09_mcda_van2021", FAMILY, "pymcdm 1.4.0, scikit-criteria 0.10, pyDecision 5.1.8")
def nine_alternatives(found: Case) -> None:
    rankings(found)


def rankings(found: Case) -> None:
    """Where the peers differ (COPRAS of pymcdm, WASPAS and CODAS of pyDecision) the paper's formula is the source."""
    x, w, signs = (np.array(found.given(name)) for name in ("matrix", "weights", "types"))
    limits = {name: np.array(values) for name, values in found.given("promethee_thresholds").items()}
    rel = 1e-8
    for v in (0.5, 0.3):
        ours = vikor(x, w, signs, v)
        found.same(("vikor", f"Q_v{v}"), ours.compromise, rel)
    found.same(("vikor", "S"), ours.group, rel)
    found.same(("vikor", "R"), ours.regret, rel)
    q = copras(x, w, signs)
    found.same(("copras",), {"Q": q, "utility": q / q.max()}, rel)
    total, product = weighted_sum(x, w, signs), weighted_product(x, w, signs)
    found.same(("saw_linear_max",), total, rel)
    found.same(("wpm_linear_max",), product, rel)
    for share_of_sum in (0.5, 0.2):
        found.same((f"waspas_{share_of_sum}",), share_of_sum * total + (1 - share_of_sum) * product, rel)
    ideal = np.where(signs == 1, x, 1 / x)
    best = ideal.max(axis=0) / (ideal.sum(axis=0) + ideal.max(axis=0)) @ (w / w.sum())
    utility = aras(x, w, signs)
    found.same(("aras",), {"S": utility * best, "K": utility}, rel)
    views = moora(x, w, signs)
    found.same(("moora_ratio",), views.ratio, rel)
    multi = {
        "ratio": views.ratio, "reference_point_max_distance": views.reference,
        "full_multiplicative_weights_as_powers": views.multiplicative,
        "full_multiplicative_unweighted": moora(x, np.ones(w.size), signs).multiplicative ** w.size,
    }  # fmt: skip
    found.same(("multimoora",), multi, rel)
    found.same(("edas",), edas(x, w, signs), rel)
    found.same(("codas_tau0.02",), codas(x, w, signs), rel)
    names = {
        "usual": "usual",
        "ushape": "u_shape",
        "vshape": "v_shape",
        "level": "level",
        "linear": "linear",
        "gaussian": "gaussian",
    }
    for theirs, function in names.items():
        flows = promethee(x, w, signs, function, limits["q"], limits["p"])
        found.same(
            (f"promethee_{theirs}",), {"plus": flows.plus, "minus": flows.minus, "net": flows.net}, rel, absolute=1e-14
        )
