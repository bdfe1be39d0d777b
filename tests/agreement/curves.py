"""wbpip on grouped data and rtip on Lorenz dominance."""

from __future__ import annotations

import numpy as np
from tests.agreement.ledger import Case, case

from relapse_risk.poverty import (
    dominance_test,
    fgt,
    fit_lorenz,
    kodde_palm_bounds,
    lorenz_ordinates,
    tip_ordinates,
)

FAMILY = "Grouped data and dominance"


@case("measures/A17_grouped_lorenz", FAMILY, "wbpip 0.0.2.9000, exact integrals by scipy")
def grouped_data(found: Case) -> None:
    tables = found.csv("measures/data/grouped_lorenz.csv")
    for name, branch in found.expected.items():
        rows = tables[tables["table"] == name]
        mean = found.given(name, "mean")
        for short, family in {"lq": "quadratic", "lb": "beta"}.items():
            curve = fit_lorenz(rows["p"], rows["l"], family, mean)
            rel = 1e-7 if short == "lq" else 1e-6
            ours = {
                "coef": curve.coefficients, "gini": curve.gini, "median": curve.median, "decile_shares": curve.decile_shares(),
                "polarization_wolfson": curve.wolfson, "ge0_mld": curve.entropy(0), "ge1_theil": curve.entropy(1),
                **{f"atkinson_{a}": curve.atkinson(float(a)) for a in ("0.5", "1", "2")}, "valid_in_wbpip": curve.is_valid,
            }  # fmt: skip
            for field in branch[short]:
                if not field.startswith("line_"):
                    found.same((name, short, field), ours[field], 1e-6 if field.startswith(("ge", "atk")) else rel)
                    continue
                poor = curve.poverty(float(field.split("_")[1]) * mean)
                moves = poor.elasticities.set_index("measure")
                measures = {
                    "headcount": poor.headcount,
                    "gap": poor.gap,
                    "severity": poor.severity,
                    "watts": poor.watts,
                }
                measures |= {
                    f"elasticity_{m}_{by}": moves.loc[m, f"of_{by}"] for m in moves.index for by in ("mean", "gini")
                }
                found.same((name, short, field), measures, rel if short == "lb" else 1e-6)


@case("measures/A18_dominance", FAMILY, "rtip 1.1.1")
def lorenz_dominance(found: Case) -> None:
    data = found.csv("measures/data/rtip_three_regions.csv")
    incomes = {name: rows.to_numpy() for name, rows in data.groupby("region")["income"]}
    for name in found.at("regions"):
        here, x = ("regions", name), incomes[name]
        generalised, lorenz = lorenz_ordinates(x), lorenz_ordinates(x, "lorenz")
        found.same((*here, "n"), x.size)
        found.same((*here, "generalised_lorenz"), generalised.frame["value"], 1e-8)
        found.same((*here, "generalised_lorenz_se"), generalised.frame["se"], 1e-8)
        found.same((*here, "lorenz"), lorenz.frame["value"], 1e-8)
        found.same((*here, "lorenz_se"), lorenz.frame["se"], 1e-8, zero=1e-9)
        found.same((*here, "covariance_gl_first_row"), generalised.covariance[0], 1e-8)
        tip = tip_ordinates(x, 11_000, [k / 10 for k in range(1, 10)])["value"]
        found.same((*here, "tip_line_11000_at_0_.1_.."), np.concatenate(([0.0], tip)), 1e-8)
        found.same((*here, "tip_end_is_fgt1"), fgt(x, 11_000, 1), 1e-8)
    for name in found.at("tests"):
        if name.startswith("kodde"):
            ours = {"lower_K1": kodde_palm_bounds(1)[0], **{f"upper_K{k}": kodde_palm_bounds(k)[1] for k in (9, 10)}}
            found.same(("tests", name), ours, 1e-8)
            continue
        one, two = name.split(" over ")
        for kind in ("generalised_lorenz", "lorenz"):
            ours = dominance_test(incomes[one], incomes[two], "generalised" if kind[0] == "g" else "lorenz")
            found.same(("tests", name, f"{kind}_T"), ours.statistic, 1e-5, zero=1e-8)
