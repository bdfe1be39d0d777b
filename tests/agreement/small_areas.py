"""sae and emdi: Fay-Herriot, nested-error regression, empirical best predictors of poverty, direct estimates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from tests.agreement.ledger import Case, case

from relapse_risk.poverty import fgt, gini, quantile_share_ratio, weighted_quantile
from relapse_risk.poverty.small_area import (
    area_means,
    benchmark,
    bootstrap_mse,
    composite_estimates,
    direct_estimates,
    empirical_best,
    fay_herriot,
    fay_herriot_log,
    fay_herriot_share,
    fit_poverty_model,
    nested_error,
    synthetic_estimates,
)

FAMILY = "Small-area estimation"
LINE = 6557.143
POSTERIOR = (
    "8.5 % below the exact integral in each province, by a quadrature it does not name; ours is held to simulation"
)
R_SQUARED = "emdi's R² of the true means: its formula is in no paper we could hold it to, so it is not built"
FLOAT_TIE = (
    "the order is hit exactly, which R's floating point misses: it takes the value, we the mean of it and the next"
)
TIES = {
    "q10": ("Baden", "Klagenfurt (Stadt)"),
    "q90": ("Klagenfurt (Stadt)",),
    "qsr": ("Baden", "Hollabrunn", "Korneuburg"),
}
LOW_DRAW = "sae's 200 draws gave 25.1 here; ours give 31.8 with 1,500, and the known variances alone cost 24.3"
STOPPED = "sae's default stopping rule (1e-4) leaves the variance off by up to 6e-6: its tight fit is matched instead"


@case("small_area/E01_fay_herriot_milk", FAMILY, "sae 1.3")
def milk(found: Case) -> None:
    data = found.csv("small_area/data/milk.csv")
    for theirs, method in {"REML": "reml", "ML": "ml", "FH": "moment"}.items():
        covariates = pd.DataFrame({"area": data["MajorArea"].astype(str)})
        fitted = fay_herriot(data["yi"], data["SD"] ** 2, covariates, data["SmallArea"], method)
        ours = {
            "eblup": fitted.frame["value"], "mse": fitted.frame["mse"], "A": fitted.area_variance,
            "beta": fitted.coefficients["value"], "se_beta": fitted.coefficients["se"],
            "loglik": fitted.log_likelihood, "AIC": fitted.aic, "BIC": fitted.bic,
        }  # fmt: skip
        for field, value in ours.items():
            found.same((theirs, "tight", field), value, 1e-7)
        found.leave((theirs, "tight", "iterations"), "steps of sae's own algorithm")
        found.leave((theirs, "default"), STOPPED)


@case("small_area/E04_bhf_corn", FAMILY, "sae 1.3")
def corn_and_soybeans(found: Case) -> None:
    """Row 33 is left out, as in the paper."""
    data = found.csv("small_area/data/cornsoybean.csv").drop(index=32)
    population = found.csv("small_area/data/cornsoybeanmeans.csv")
    means = population.rename(columns={"MeanCornPixPerSeg": "CornPix", "MeanSoyBeansPixPerSeg": "SoyBeansPix"})
    pixels, sizes, counties = data[["CornPix", "SoyBeansPix"]], means["PopnSegments"], means["CountyIndex"]
    for crop in found.expected:
        for theirs in ("REML", "ML"):
            fitted = nested_error(data[crop], pixels, data["County"], "reml" if theirs == "REML" else "ml")
            predicted = area_means(fitted, means[["CornPix", "SoyBeansPix"]], sizes, counties)
            found.given(crop, theirs, "domain")
            ours = {
                "eblup": predicted["value"], "n": predicted["n"], "beta": fitted.beta, "sigma2_u": fitted.area_variance,
                "sigma2_e": fitted.unit_variance, "loglik": fitted.log_likelihood, "u": fitted.effects["effect"],
            }  # fmt: skip
            for field in [f for f in found.at(crop, theirs) if f != "domain"]:
                found.same((crop, theirs, field), ours[field], 1e-5)
        if "mse_bootstrap_B200_seed123_MONTE_CARLO" in found.at(crop):
            fitted = nested_error(data[crop], pixels, data["County"])
            rng = np.random.default_rng(1)
            drawn = bootstrap_mse(
                fitted, pixels, data["County"], means[["CornPix", "SoyBeansPix"]], sizes, counties, rng, 600
            )
            for k, value in enumerate(drawn["mse"]):
                place = (crop, "mse_bootstrap_B200_seed123_MONTE_CARLO", k)
                if k == 11:
                    found.leave(place, LOW_DRAW)
                else:
                    found.same(place, value, 0.25)


@case("small_area/E05_direct_synthetic", FAMILY, "sae 1.3")
def direct_and_synthetic(found: Case) -> None:
    data = found.csv("small_area/data/incomedata.csv.gz")
    sizes = found.csv("small_area/data/sizeprov.csv").set_index("prov")["Nd"]
    by_education = found.csv("small_area/data/sizeprovedu.csv").set_index("prov").drop(columns="provlab")
    by_education.columns = [int(name.removeprefix("educ")) for name in by_education.columns]
    found.given("province")
    poor = data["income"].lt(LINE) * 1.0
    gap = poor * (LINE - data["income"]) / LINE
    estimates = {
        "headcount": direct_estimates(poor, data["prov"], sizes.to_dict(), data["weight"]),
        "gap": direct_estimates(gap, data["prov"], sizes.to_dict(), data["weight"]),
        "headcount_srs_with_replacement": direct_estimates(poor, data["prov"], sizes.to_dict()),
    }
    names = {"direct": "value", "sd": "se", "n": "n"}
    for field, frame in estimates.items():
        for theirs in found.at(field):
            found.same((field, theirs), frame[names[theirs]], 1e-8)
    synthetic = synthetic_estimates(poor, data["educ"], by_education, data["weight"], ratio=False)
    found.same(("post_stratified_synthetic",), synthetic.to_numpy(), 1e-8)
    represented = data.groupby("prov")["weight"].sum()
    direct = estimates["headcount"]["value"].to_numpy()
    mixed = composite_estimates(direct, synthetic.to_numpy(), represented.to_numpy(), sizes.to_numpy())
    found.same(("sample_size_dependent", "ssd"), mixed["value"], 1e-8)
    found.same(("sample_size_dependent", "weight"), mixed["weight"], 1e-8)


@case("small_area/E06_ebp_income", FAMILY, "sae 1.3, closed form by scipy")
def empirical_best_poverty(found: Case) -> None:
    data = found.csv("small_area/data/incomedata.csv.gz")
    census = found.csv("small_area/data/incomedata_outsample_patterns.csv")
    terms = ["age2", "age3", "age4", "age5", "nat1", "educ1", "educ3", "labor1", "labor2"]
    model = fit_poverty_model(data["income"], data[terms], data["prov"], 3600.0)
    fitted = model.fitted
    beta = dict(zip(["const", *terms], fitted.beta, strict=True))
    ours = {
        "beta": beta,
        "sigma2_u": fitted.area_variance,
        "sigma2_e": fitted.unit_variance,
        "reml_loglik": fitted.log_likelihood,
    }
    found.same(("fit",), ours, 1e-5)
    best, ell = (
        empirical_best(model, census[terms], census["domain"], LINE, census["count"], ell=ell).set_index("area") for ell in (False, True)
    )  # fmt: skip
    effects = fitted.effects.set_index("area")
    for province in found.at("province"):
        here, row = ("province", province), best.loc[int(province)]
        for field in ("fgt0", "fgt1", "fgt2", "mean_income"):
            found.same((*here, field), row[field], 1e-5)
        known = effects.loc[int(province)]
        found.same((*here, "gamma"), known["shrinkage"], 1e-5)
        found.same((*here, "u"), known["effect"], 1e-5)
        found.same((*here, "n"), known["n"])
        found.same((*here, "N"), row["population"])
        found.same((*here, "ell_expectation"), ell.loc[int(province)], 1e-5)
        found.leave((*here, "posterior_sd_of_fgt0"), POSTERIOR)
        for order in (0, 1):
            error = 4 * found.at(*here, "posterior_sd_of_fgt0") / np.sqrt(50)
            found.same((*here, f"mc_sae_50_draws_fgt{order}"), row[f"fgt{order}"], absolute=error)


def districts(found: Case) -> pd.DataFrame:
    return found.csv("small_area/data/eusilcA_fh.csv").set_index("Domain")


@case("small_area/E07_fh_eusilcA", FAMILY, "emdi 2.2.2")
def austrian_districts(found: Case) -> None:
    data = districts(found)
    for method in ("reml", "ml"):
        fitted = fay_herriot(data["Mean"], data["Var_Mean"], data[["cash", "self_empl"]], data.index, method)
        names = found.at(method, "domain")
        frame = fitted.frame.set_index("area").loc[names]
        terms = dict(zip(["(Intercept)", "cash", "self_empl"], fitted.coefficients["value"], strict=True))
        value, mse = fitted.frame["value"].to_numpy(), fitted.frame["mse"].to_numpy()
        shares = data["ratio_n"].to_numpy()
        moved = {
            theirs: pd.Series(benchmark(value, shares / shares.sum(), 20140.09, kind, mse), data.index).loc[names].to_numpy()
            for theirs, kind in {"raking": "difference", "ratio": "ratio", "MSE_adj": "uncertainty"}.items()
        }  # fmt: skip
        ours: dict[str, Any] = {
            "fh": frame["value"].to_numpy(), "mse": frame["mse"].to_numpy(), "gamma": frame["shrinkage"].to_numpy(),
            "beta": terms, "se_beta": fitted.coefficients["se"], "sigma2u": fitted.area_variance,
            "loglik": fitted.log_likelihood, "AIC": fitted.aic, "BIC": fitted.bic, "AdjR2": fitted.adjusted_r_squared,
            "share_sum": shares.sum(),
            **{f"benchmark_20140.09_{theirs}": moved[theirs] for theirs in moved},
        }  # fmt: skip
        found.leave((method, "FH_R2"), R_SQUARED)
        for field in [f for f in found.at(method) if f not in ("domain", "FH_R2")]:
            found.same((method, field), ours[field], 1e-6)


@case("small_area/E08_fh_transformed", FAMILY, "own ML by scipy; emdi 2.2.2")
def on_other_scales(found: Case) -> None:
    data = districts(found)
    for name in found.expected:
        here = found.at(name)
        kind, _, rest = name.partition("_")
        if kind == "arcsin":
            covariate = rest.removeprefix("MTMED_on_")
            naive, corrected = (
                fay_herriot_share(data["MTMED"], data["n"], data[[covariate]] / 10_000, data.index, bias_corrected=flag)
                for flag in (False, True)
            )
            fitted = naive
            ours = {"fh_naive": at(naive, here), "fh_bias_corrected": at(corrected, here)}
            found.leave((name, "fh_bias_corrected_over_0_to_half_pi"), "emdi's integral stops at 0 and pi/2: a fault")
        else:
            table = data[["cash", "self_empl"]] / 10_000
            best, crude = (
                fay_herriot_log(data["Mean"], data["Var_Mean"], table, data.index, back=back)
                for back in ("slud_maiti", "crude")
            )
            plain = fay_herriot(np.log(data["Mean"]), data["Var_Mean"] / data["Mean"] ** 2, table, data.index, "ml")
            fitted = best
            ours = {"fh_slud_maiti": at(best, here), "fh_crude": at(crude, here), "mse_crude": at(crude, here, "mse"),
                    "mse_on_log_scale": at(plain, here, "mse")}  # fmt: skip
        ours |= {"sigma2_u": fitted.area_variance, "beta_const_and_per_10000": fitted.coefficients["value"]}
        for field in [f for f in here if f != "domain" and f in ours]:
            found.same((name, field), ours[field], 1e-6)


def at(fitted: Any, here: Any, column: str = "value") -> Any:
    return fitted.frame.set_index("area").loc[here["domain"], column].to_numpy()


@case("small_area/E09_direct_eusilcA", FAMILY, "emdi 2.2.2")
def direct_by_district(found: Case) -> None:
    data = found.csv("small_area/data/eusilcA_smp.csv")
    line = 10885.33
    for k, name in enumerate(found.at("domain")):
        rows = data[data["district"] == name]
        x, w = rows["eqIncome"].to_numpy(), rows["weight"].to_numpy()
        low, high = x <= weighted_quantile(x, 0.2, w, "laeken"), x > weighted_quantile(x, 0.8, w, "laeken")
        means = w[low].sum() / w[high].sum()  # emdi compares mean incomes of the two groups, not their totals
        ours = {"n": len(rows), "mean": float(np.average(x, weights=w)), "headcount": fgt(x, line, 0, w),
                "gap": fgt(x, line, 1, w), "gini": gini(x, w),
                "qsr": quantile_share_ratio(x, 0.2, w, "laeken") * means}  # fmt: skip
        ours |= {q: weighted_quantile(x, o, w, "laeken") for q, o in {"q10": 0.1, "median": 0.5, "q90": 0.9}.items()}
        for field, value in ours.items():
            if name in TIES.get(field, ()):
                found.leave((field, k), FLOAT_TIE)
            else:
                found.same((field, k), value, 1e-8)
