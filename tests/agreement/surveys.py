"""R survey on the California schools: designs, replicate weights, calibration, quantiles and regressions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from tests.agreement.ledger import Case, Place, case

from relapse_risk.poverty import (
    Mean,
    Ratio,
    ReplicateDesign,
    SamplingStage,
    SurveyDesign,
    Total,
    Variance,
    calibrate,
    calibrated_weights,
    design_effect,
    estimate,
    estimate_by_group,
    interval,
    jackknife_replicates,
    post_stratify,
    rake,
    replicate_design,
    replicate_estimate,
    share_interval,
    successive_difference_replicates,
    survey_design,
    survey_quantile,
    survey_regression,
    trim_weights,
)

FAMILY = "Survey inference"
SURVEY = "survey 4.1-1"
DOMAIN_LIMITS = "survey takes the limits with the degrees of freedom of the whole design (39) and divides by the t of the domain (20)"


def schools(found: Case, name: str) -> tuple[pd.DataFrame, SurveyDesign]:
    """The sample and its design, as survey's examples describe it."""
    kind, _, rest = name.partition("_")
    data = found.csv({"strat": "measures/data/apistrat.csv", "clus1": "measures/data/apiclus1.csv",
                      "clus2": "measures/data/apiclus2.csv"}[kind])  # fmt: skip
    fpc = "fpc" in rest and "nofpc" not in rest
    if kind == "strat":
        return data, survey_design(data["pw"], data["stype"], population_psu=data["fpc"] if fpc else None)
    if kind == "clus1":
        return data, survey_design(data["pw"], psu=data["dnum"], population_psu=data["fpc"] if fpc else None)
    drawn, within = data["dnum"].nunique(), data.groupby("dnum")["snum"].transform("size")
    weights = data["fpc1"] / drawn * data["fpc2"] / within
    later = [SamplingStage(data["snum"], data["fpc2"])]
    return data, survey_design(weights, psu=data["dnum"], population_psu=data["fpc1"], later_stages=later)


def one(measure: Any, x: Any, design: SurveyDesign, domain: Any = None) -> tuple[float, float]:
    row = estimate(measure, x, design, domain).frame.iloc[0]
    return row["value"], row["se"]


def both(found: Case, place: Place, name: str, ours: tuple[float, float], rel: float) -> None:
    found.same((*place, "est", name), ours[0], rel)
    if "se" in found.at(*place):
        found.same((*place, "se", name), ours[1], rel, zero=1e-9)


@case("measures/C01_designs", FAMILY, SURVEY)
def designs(found: Case) -> None:
    rel = 1e-8
    for name in found.expected:
        data, design = schools(found, name)
        answered = data["enroll"].notna()
        enroll = data["enroll"].fillna(0.0)
        for variable in ("api00", "api99"):
            both(found, (name, "mean"), variable, one(Mean(), data[variable], design), rel)
            found.same((name, "mean", "deff", variable), design_effect(data[variable], design), rel)
        both(found, (name, "total_enroll"), "enroll", one(Total(), enroll, design, answered), rel)
        for kind in "EHM":
            both(found, (name, "share"), f"stype{kind}", one(Mean(), data["stype"].eq(kind) * 1.0, design), rel)
        ratio = one(Ratio(enroll.to_numpy()), data["api.stu"].fillna(0.0), design, answered)
        found.same((name, "ratio", "est", "api.stu/enroll"), ratio[0], rel)
        found.same((name, "ratio_se"), ratio[1], rel)
        freedom = design.degrees_of_freedom
        found.same((name, "degf"), freedom)
        mean, se = one(Mean(), data["api00"], design)
        found.same((name, "ci_mean_t"), interval(mean, se, degrees_of_freedom=freedom), rel)
        found.same((name, "ci_mean_z"), interval(mean, se), rel)
        share, se = one(Mean(), data["api00"].gt(700) * 1.0, design)
        kinds: dict[str, Any] = {
            "logit": "logit",
            "xlogit": "logit",
            "beta": "beta",
            "asin": "arcsine",
            "mean": "normal",
        }
        for theirs, kind in kinds.items():
            limits = share_interval(share, se, len(data), freedom, kind=kind)
            found.same((name, f"ci_share_{theirs}"), limits, rel)
        groups = estimate_by_group(Mean(), data["api00"], design, data["stype"]).frame.set_index("label")
        found.same((name, "domain_mean_by_type"), {"est": groups["value"], "se": groups["se"]}, rel)
        totals = {k: one(Total(), enroll, design, answered & data["stype"].eq(k)) for k in "EHM"}
        for kind, ours in totals.items():
            both(found, (name, "domain_total_by_type"), kind, ours, rel)
        value, se = one(Variance(), data["api00"], design)
        found.same((name, "variance"), {"est": value, "se": se}, rel)
        found.leave((name, "rao_scott_F"), "test of independence of Rao and Scott: not built")


@case("measures/C04_quantiles", FAMILY, SURVEY)
def quantiles(found: Case) -> None:
    rules: dict[str, Any] = {"math": "step", "school": "school", "hf7": "interpolated"}
    kinds: dict[str, Any] = {"mean": "normal", "beta": "beta", "xlogit": "logit"}
    for name in found.expected:
        data, design = schools(found, name)
        for theirs, rule in rules.items():
            for interval_kind, kind in kinds.items():
                ours = survey_quantile(data["api00"], design, [0.1, 0.25, 0.5, 0.75, 0.9], rule, kind)
                columns = {"q": ours["value"], "low": ours["low"], "high": ours["high"], "se": ours["se"]}
                found.same((name, theirs, interval_kind), columns, 1e-6)
        medians = {k: survey_quantile(data["api00"], design, [0.5], domain=data["stype"].eq(k)).iloc[0] for k in "EHM"}
        for column, mine in {"est": "value", "se": "se"}.items():
            for kind, row in medians.items():
                if (name, column, kind) == ("clus2_two_stage_fpc", "se", "M"):
                    found.leave((name, "median_by_type", column, kind), DOMAIN_LIMITS)
                else:
                    found.same((name, "median_by_type", column, kind), row[mine], 1e-6)


@case("measures/C02_replicates", FAMILY, SURVEY)
def replicates(found: Case) -> None:
    rel = 1e-8
    centres: dict[str, Any] = {"centred_on_replicate_mean": "mean", "mse": "estimate"}
    for name, fpc in {"strat_JKn": "strat_nofpc", "strat_JKn_fpc": "strat_fpc"}.items():
        data, design = schools(found, fpc)
        for theirs, centre in centres.items():
            made = jackknife_replicates(design, centre)
            measures = {"mean": (Mean(), data["api00"]), "total": (Total(), data["enroll"]),
                        "ratio": (Ratio(data["enroll"].to_numpy()), data["api.stu"])}  # fmt: skip
            for field, (measure, x) in measures.items():
                found.same((name, theirs, field), replicated(measure, x, made), rel)
            found.same((name, theirs, "degf"), made.degrees_of_freedom)
    data = found.csv("measures/data/scd.csv")
    ones, ratio = np.ones(len(data)), Ratio(data["arrests"].to_numpy())
    brr, jk2 = (np.array(found.given(f"scd_{m}_matrix"), dtype=float) for m in ("brr", "jk2"))
    fay = np.where(brr == 2, 2 - 0.3, 0.3)
    for theirs, centre in centres.items():
        made = {
            "scd_BRR": replicate_design(ones, brr, "BRR", factors=True, centre=centre),
            "scd_Fay03": replicate_design(ones, fay, "Fay", 0.3, factors=True, centre=centre),
            "scd_JK2": replicate_design(ones, jk2, "JK2", factors=True, centre=centre),
        }  # fmt: skip
        for name, design in made.items():
            found.same((name, theirs, "ratio"), replicated(ratio, data["alive"], design), rel)
            found.same((name, theirs, "total"), replicated(Total(), data["alive"], design), rel)
    stratified = survey_design(ones, data["ESA"], data["ambulance"])
    value, se = one(ratio, data["alive"], stratified)
    found.same(("scd_linearised", "ratio"), {"est": value, "se": se}, rel)
    found.same(("scd_JKn", "ratio"), replicated(ratio, data["alive"], jackknife_replicates(stratified, "mean")), rel)
    found.given("hadamard8")
    data, _ = schools(found, "strat_nofpc")
    made = successive_difference_replicates(data["pw"], 8)
    found.same(("sdr_apistrat_file_order", "mean"), replicated(Mean(), data["api00"], made), rel)
    found.same(("sdr_apistrat_file_order", "total"), replicated(Total(), data["enroll"], made), rel)


def replicated(measure: Any, x: Any, design: ReplicateDesign) -> dict[str, float]:
    row = replicate_estimate(measure, x, design).frame.iloc[0]
    return {"est": row["value"], "se": row["se"]}


@case("measures/C03_calibration", FAMILY, SURVEY)
def calibration(found: Case) -> None:
    rel = 1e-7
    data, design = schools(found, "clus1_fpc")
    sizes = found.given("population", "stype")
    wide = found.given("population", "sch.wide")
    people, points = found.given("population", "N"), found.given("population", "api99_total")
    auxiliary = np.column_stack([np.ones(len(data)), data["stype"].eq("H"), data["stype"].eq("M"), data["api99"]])
    totals = [people, sizes["H"], sizes["M"], points]

    def compare(name: str, calibrated: SurveyDesign) -> None:
        measures = {"mean": ("api00", Mean()), "total": ("enroll", Total())}
        for field, (variable, measure) in measures.items():
            if field in found.at(name):
                both(found, (name, field), variable, one(measure, data[variable], calibrated), rel)
        factors = calibrated.weights / design.weights
        if "g_weights_first8" in found.at(name):
            found.same((name, "g_weights_first8"), factors[:8], rel)
        if "range_g" in found.at(name):
            found.same((name, "range_g"), [factors.min(), factors.max()], rel)

    stratified = post_stratify(design, data["stype"], sizes)
    compare("poststrat_clus1", stratified)
    found.same(("poststrat_clus1", "weight_by_type"), pd.Series(stratified.weights).groupby(data["stype"]).mean(), rel)
    raked = rake(design, [(data["stype"], sizes), (data["sch.wide"], wide)])
    compare("raking_clus1", raked)
    cells = pd.Series(raked.weights).groupby(data["stype"] + "_" + data["sch.wide"]).mean()
    found.same(("raking_clus1", "weight_by_cell"), cells, rel)
    linear = calibrate(design, auxiliary, totals)
    compare("calibrate_linear_clus1", linear)
    compare("calibrate_raking_clus1", calibrate(design, auxiliary, totals, "raking"))
    compare("calibrate_logit_clus1", calibrate(design, auxiliary, totals, "logit", (0.4, 2.5)))
    compare("calibrate_linear_bounded_.5_2", calibrate(design, auxiliary, totals, "linear", (0.5, 2)))
    compare("calibrate_equal_in_cluster", calibrate(design, auxiliary, totals, equal_in_cluster=True))
    trimmed = trim_weights(linear, 20, 50)
    found.same(("trim", "result", "weights_first8"), trimmed.weights[:8], rel)
    both(found, ("trim", "result", "mean"), "api00", one(Mean(), data["api00"], trimmed), rel)
    made = jackknife_replicates(design)
    columns = np.column_stack([calibrated_weights(w, auxiliary, totals) for w in made.replicates.T])
    replicate = replace(made, weights=linear.weights, replicates=columns, centre="mean")
    for field, (variable, measure) in {"mean": ("api00", Mean()), "total": ("enroll", Total())}.items():
        ours = replicated(measure, data[variable], replicate)
        both(found, ("calibrate_on_JK1_replicates", field), variable, (ours["est"], ours["se"]), rel)


@case("measures/C05_svyglm", FAMILY, SURVEY)
def regressions(found: Case) -> None:
    for name in found.expected:
        data, design = schools(found, name)
        wide = data["sch.wide"].eq("Yes") * 1.0
        enroll = data["enroll"]
        models = {
            "gaussian": survey_regression(data["api00"], data[["ell", "meals", "mobility"]], design),
            **{
                link: survey_regression(wide, data[["ell", "meals"]], design, link)
                for link in ("logit", "probit", "cloglog")
            },
            "poisson": survey_regression(enroll.fillna(0), data[["api99", "stype"]], design, "poisson", enroll.notna()),
        }
        for theirs, fitted in models.items():
            terms = fitted.frame["term"].str.replace("=", "").replace("(intercept)", "(Intercept)")
            frame = fitted.frame.set_index(terms)
            found.same((name, theirs, "coef"), frame["value"], 1e-7)
            found.same((name, theirs, "se"), frame["se"], 1e-5)
            found.same((name, theirs, "df"), fitted.degrees_of_freedom)
        statistic, p = models["gaussian"].wald_test(["ell", "mobility"])
        ours = {"F": statistic, "df": 2, "ddf": models["gaussian"].degrees_of_freedom, "p": p}
        found.same((name, "wald_ell_mobility"), ours, 1e-5)
