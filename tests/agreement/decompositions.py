"""dineq, IC2, acid and wINEQ on the Mexican household survey: ratios, polarisation, decompositions, RIF regressions."""

from __future__ import annotations

import numpy as np
import pandas as pd
from tests.agreement.ledger import Case, case

from relapse_risk.poverty import (
    coefficient_of_variation,
    entropy_by_group,
    esteban_gradin_ray,
    esteban_ray,
    extended_gini,
    fields_decomposition,
    generalised_entropy,
    gini,
    gini_by_group,
    gini_by_source,
    gini_stratification,
    hoover,
    kolm,
    mld_change,
    palma,
    quantile_share_ratio,
    rif,
    rif_regression,
    wolfson,
)

FAMILY = "Inequality, polarisation and their decompositions"
ELMO = "largest between-group part that groups of these sizes could have: not built"

GRID = "q - 0.5 / f(q) nearly cancels: R reads f off a grid of 512 points, 0.1 % beside the sum we take, which is 2.01 % here"


def mexico(found: Case, year: int = 2008) -> pd.DataFrame:
    return found.csv(f"../data/mexico_coneval_2014/dineq_mex_inc_{year}.csv")


@case("measures/A10_sgini", FAMILY, "IC2 1.0-1")
def extended_ginis(found: Case) -> None:
    data = mexico(found)
    for name in found.expected:
        found.same((name,), extended_gini(data["income"], float(name.split("_")[1]), data["factor"]), 1e-8)


@case("measures/A11_group_decomposition", FAMILY, "dineq 0.1.0, IC2 1.0-1")
def by_group(found: Case) -> None:
    data = mexico(found)
    x, g, w = data["income"], data["education"], data["factor"]
    parts = gini_by_group(x, g, w).set_index("group")
    within = parts["contribution"].drop(["between", "overlap"]).sum()
    between, overlap = parts.loc["between", "contribution"], parts.loc["overlap", "contribution"]
    here = ("by_education",)
    found.same((*here, "decomp"), {"gini_total": gini(x, w), "gini_within": within, "gini_between": between, "gini_overlap": overlap}, 1e-8)  # fmt: skip
    for theirs, ours in {"gini_group": "value", "contribution": "contribution", "pop_share": "population_share",
                         "income_share": "income_share"}.items():  # fmt: skip
        found.same((*here, theirs), parts[ours], 1e-8)
    found.same(("by_education_IC2_BM", "within"), within, 1e-8)
    found.same(("by_education_IC2_BM", "between"), between, 1e-8)
    found.same(("by_education_IC2_BM", "overlap"), overlap, 1e-8)
    found.leave(("by_education_IC2_BM", "between_elmo"), ELMO)
    # IC2 ranks ties in the order of the file, which a rise of a billionth per row does too.
    strata = gini_stratification(x + 1e-9 * np.arange(len(x)), g, w).set_index("group")
    here = ("by_education_yitzhaki_lerman",)
    found.same((*here, "within"), strata["contribution"].drop(["between", "stratification"]).sum(), 1e-8)
    found.same((*here, "between"), strata.loc["between", "contribution"], 1e-8)
    found.same((*here, "stratification"), strata.loc["stratification", "contribution"], 1e-8)
    found.same((*here, "strat_groups"), strata["stratification"], 1e-8)
    for order in (0, 1, 2):
        entropy = entropy_by_group(x, g, order, w).set_index("group")
        inside, apart = entropy["contribution"].drop("between").sum(), entropy.loc["between", "contribution"]
        total, here = generalised_entropy(x, order, w), (f"ge{order}_by_education",)
        found.same((*here, "total"), total, 1e-8)
        found.same((*here, "within"), inside, 1e-8)
        found.same((*here, "between"), apart, 1e-8)
        found.same((*here, "groups"), entropy["value"], 1e-8)
        found.leave((*here, "elmo_max_between"), ELMO)
        if order == 0:
            found.same(
                ("mld_by_education", "decomp"), {"mld_total": total, "mld_within": inside, "mld_between": apart}, 1e-8
            )
            found.same(("mld_by_education", "group"), entropy["value"], 1e-8)
            found.same(("mld_by_education", "contribution"), entropy["contribution"], 1e-8)
    for aversion in ("0.5", "1"):
        found.leave((f"atkinson{aversion}_by_education",), "decomposition of the Atkinson index by group: not built")


@case("measures/A12_change_and_regression", FAMILY, "dineq 0.1.0")
def change_and_regression(found: Case) -> None:
    """dineq turns the sign of the relative parts where the index falls: ours are shares of the sum of the parts."""
    one, two = mexico(found, 2008), mexico(found, 2016)
    two = two[two["income"] > 0]
    for when, data in {"t1": one, "t2": two}.items():
        parts = entropy_by_group(data["income"], data["education"], 0, data["factor"]).set_index("group")[
            "contribution"
        ]
        within = parts.drop("between").sum()
        found.same(
            ("mld_change_education", when), {"total": parts.sum(), "within": within, "between": parts["between"]}, 1e-7
        )
    change = mld_change(one["income"], one["education"], two["income"], two["education"], one["factor"], two["factor"])
    value, share = change.set_index("part")["value"], change.set_index("part")["share"]
    names = {"within_inequality": "within_inequality", "within_share_groups": "within_sizes",
             "between_share_groups": "between_sizes", "between_inequality": "between_means"}  # fmt: skip
    found.same(("mld_change_education", "absolute"), {theirs: value[ours] for theirs, ours in names.items()}, 1e-7)
    relative = {
        "within_group_relative": -share["within_inequality"], "between_groups_relative": -share["between_means"],
        "group_size_relative": -share["within_sizes"] - share["between_sizes"],
    }  # fmt: skip
    found.same(("mld_change_education", "relative"), relative, 1e-7)
    x, w = one["income"], one["factor"]
    covariates = one[["hh_structure", "education", "domicile_size", "age"]]
    shares = fields_decomposition(x, covariates, w).set_index("covariate")["share"]
    # Hmisc, and so dineq, divides a variance by the sum of the weights less one.
    found.same(("fields_2008", "share"), shares, 1e-7)
    found.same(("fields_2008", "r2"), 1 - shares["residual"], 1e-7)
    measures = {"gini": gini(x, w), "mld": generalised_entropy(x, 0, w), "theil": generalised_entropy(x, 1, w),
                "variance_logincome": float(rif(np.log(x), "variance", w) @ w) / (w.sum() - 1)}  # fmt: skip
    found.same(("fields_2008", "measures"), measures, 1e-7)


@case("measures/A13_rif", FAMILY, "dineq 0.1.0")
def recentred_influence(found: Case) -> None:
    data = mexico(found)
    x, w = data["income"], data["factor"]
    rows = np.array(found.given("rows")) - 1
    ours = rif(x, "gini", w)
    found.same(("rif_gini",), ours[rows], 1e-8)
    found.same(("mean_rif_gini",), float(np.average(ours, weights=w)), 1e-8)
    found.same(("gini",), gini(x, w), 1e-8)
    found.same(("rif_variance",), rif(x, "variance", w)[rows], 1e-8)
    covariates = data[["hh_structure", "education"]]
    for order in (0.1, 0.5, 0.9):
        value, at = rif(x, "quantile", w, order)[rows], found.at(f"rif_q{order}")
        for row, theirs in enumerate(at):
            if order == 0.5 and theirs < 0:
                found.leave((f"rif_q{order}", row), GRID)
            else:
                found.same((f"rif_q{order}", row), value[row], 2e-2)
    statistics = {("reg_gini",): ("gini", 0.5, 1e-8), ("reg_variance",): ("variance", 0.5, 1e-8)}
    for place, (statistic, order, rel) in statistics.items():
        fitted = rif_regression(x, covariates, statistic, w, order)
        compare(found, place, fitted, rel)
    for order in (0.1, 0.5, 0.9):
        fitted = rif_regression(x, covariates, "quantile", w, order)
        terms = named(fitted.frame)
        found.same(("reg_quantiles", "coef", f"q_{order}"), terms["value"], 2e-2, zero=1e-9)
        for kind in set(found.at("reg_quantiles")) - {"coef"}:
            branch = found.at("reg_quantiles", kind)
            mine = terms["se"] if kind == "se" else fitted.adjusted_r_squared
            if f"q_{order}" in branch:
                found.same(("reg_quantiles", kind, f"q_{order}"), mine, 2e-2)


def named(frame: pd.DataFrame) -> pd.DataFrame:
    """R's names of the terms."""
    return frame.assign(term=frame["term"].str.replace("=", "").replace("(intercept)", "(Intercept)")).set_index("term")


def compare(found: Case, place: tuple[str, ...], fitted: object, rel: float) -> None:
    terms = named(fitted.frame)
    found.same((*place, "coef"), terms["value"], rel)
    found.same((*place, "se"), terms["se"], rel)
    found.same((*place, "adj_r2"), fitted.adjusted_r_squared, rel)


@case("measures/A14_polarisation", FAMILY, "dineq 0.1.0, acid 1.1")
def polarisation(found: Case) -> None:
    data = mexico(found)
    x, g, w = data["income"], data["education"], data["factor"]
    found.same(
        ("wolfson_affluence_unweighted",),
        wolfson(found.csv("measures/data/affluence.csv")["income"], whole_units=True),
        1e-6,
    )
    found.same(("wolfson_mexico_weighted",), wolfson(x, w, whole_units=True), 1e-6)
    found.given("er_groups")
    for alpha in (1, 1.6):
        found.same((f"er_alpha{alpha}",), esteban_ray(x, g, alpha, w), 1e-8)
        found.same((f"egr_alpha{alpha}_beta1",), esteban_gradin_ray(x, g, alpha, 1, w), 1e-8)
        found.same(("hand_two_groups", f"{alpha}"), esteban_ray([1, 3], ["a", "b"], alpha), 1e-8)


@case("measures/A15_simple_ratios", FAMILY, "wINEQ 1.2.1")
def simple_ratios(found: Case) -> None:
    data = mexico(found)
    x, w = data["income"], data["factor"]
    ours = {
        "Gini": gini(x, w), "Theil_T": generalised_entropy(x, 1, w), "Theil_L": generalised_entropy(x, 0, w),
        "Hoover": hoover(x, w), "Palma": palma(x, w), "Prop20_20": quantile_share_ratio(x, 0.2, w, "lorenz"),
        "CoefVar": coefficient_of_variation(x, w),
        **{f"Kolm_alpha{a}_income_in_10000": kolm(x / 10_000, float(a), w) for a in ("0.5", "1", "2")},
    }  # fmt: skip
    found.same((), ours, 1e-8)


@case("measures/A19_gini_by_source", FAMILY, "IC2 1.0-1 and the formula")
def by_source(found: Case) -> None:
    data = found.csv("measures/data/eusilc_income_sources.csv.gz")
    sources = data.drop(columns=["household", "w", "total"])
    rows = (
        gini_by_source(sources, data["w"])
        .set_index("source")
        .rename(columns={"marginal_effect": "marginal_effect_relative"})
    )
    found.same(("gini_total",), gini(sources.sum(axis=1), data["w"]), 1e-8)
    found.same(("sources",), {name: rows.loc[name] for name in rows.index}, 1e-8)
