"""laeken, convey and mpitbR: the measures and Alkire-Foster designs that were matched first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from tests.agreement.ledger import Case, case
from tests.poverty.test_reference_eusilc import BY_REGION, DESIGNS, MEASURES, POSITIVE_ONLY

from relapse_risk.poverty import (
    Fgt,
    alkire_foster,
    alkire_foster_change,
    estimate,
    estimate_by_group,
    fgt,
    fgt_decomposition,
    gini,
    quantile_share_ratio,
    survey_design,
    weighted_quantile,
)

FAMILY = "Poverty and inequality with standard errors"
WEIGHTS = [1 / 6] * 4 + [1 / 18] * 6
CUTOFFS = {20: 0.2, 33: 0.33, 50: 0.5}
VALUES = {"b": "value", "se": "se", "ll": "low", "ul": "high"}


@case("index/eusilc_R", FAMILY, "laeken 0.5.2, convey 1.0.1")
def eusilc(found: Case) -> None:
    data = found.csv("index/data/eusilc_full.csv.gz")
    x, w, region = (data[c].to_numpy() for c in ("eqIncome", "rb050", "db040"))
    median = weighted_quantile(x, 0.5, w, rule="laeken")
    line = 0.6 * median
    found.same(("n",), len(data))
    found.same(("arpt",), line, 1e-10)
    for share in (40, 50, 60, 70):
        found.same((f"arpr{share}", "value"), 100 * fgt(x, share / 100 * median, 0, w), 1e-10)
    for name in [*sorted(set(region)), "everybody"]:
        here = region == name if name != "everybody" else np.ones(x.size, dtype=bool)
        poor = here & (x < line)
        ours = {
            "arpr60_by_region": 100 * fgt(x[here], line, 0, w[here]),
            "qsr": quantile_share_ratio(x[here], 0.2, w[here], rule="laeken"),
            "rmpg": 100 * (1 - weighted_quantile(x[poor], 0.5, w[poor], rule="laeken") / line),
            "gini": 100 * gini(x[here], w[here], "laeken"),
        }
        for measure, value in ours.items():
            place = (measure, "value") if name == "everybody" else (measure, "byStratum", name)
            found.same(place, value, 1e-10)
    for name, psu in DESIGNS.items():
        design = survey_design(w, region, data[psu].to_numpy())
        for theirs, measure in MEASURES.items():
            row = estimate(measure, x, design, x > 0 if theirs in POSITIVE_ONLY else None).frame.iloc[0]
            found.same((name, theirs), {"est": row["value"], "se": row["se"]}, 1e-10)
        parts = fgt_decomposition(x, design, 10000, [Fgt(10000, a, "right") for a in (2, 0, 1)]).frame
        found.same((name, "fgtdec2_abs10000"), {"est": parts["value"], "se": parts["se"]}, 1e-10)
        for theirs, measure in BY_REGION.items():
            rows = estimate_by_group(measure, x, design, region).frame
            found.same((name, theirs), {"est": rows["value"], "se": rows["se"], "region": rows["label"]}, 1e-10)


@case("index/mpitbR_syn_cdta", "Alkire-Foster", "mpitbR 1.0.1")
def multidimensional_poverty(found: Case) -> None:
    """mpitbR adds single-precision noise to some weights (up to 7e-8); 1e-6 is what is asked."""
    data = found.csv("index/data/mpitb_syn_cdta.csv.gz")
    names = [name for name in data if name.startswith("d_")]
    data = data.dropna(subset=names)
    found.leave(("n",), "rows of the peer's file, those with missing deprivations included")
    cutoffs = list(CUTOFFS.values())
    levels = []
    for t, wave in data.groupby("t"):
        design = survey_design(wave["weight"], wave["stratum"], wave["psu"])
        result = alkire_foster(wave[names], WEIGHTS, cutoffs, design, names, wave["area"].astype(str))
        levels.append(result.frame.assign(t=t))
    design = survey_design(data["weight"], data["stratum"], data["psu"])
    changes = alkire_foster_change(
        data[names], WEIGHTS, cutoffs, design, data["t"], (2010, 2018.5), names, data["area"].astype(str),
        degrees_of_freedom=np.inf,
    )  # fmt: skip
    rows(found, "lframe", pd.concat(levels), ["t"])
    rows(
        found,
        "cotframe",
        changes.assign(ctype=changes["change"].str[:3], ann=changes["per_year"].astype(int)),
        ["ctype", "ann"],
    )


def rows(found: Case, table: str, ours: pd.DataFrame, also: list[str]) -> None:
    """Rows of the peer's table, found in ours by measure, cut-off, group, indicator and what else tells them apart."""
    keys = zip(*(ours[c] for c in ("measure", "k", "group", "indicator", *also)), strict=True)
    mine = {
        tuple(plain(part) for part in key): row
        for key, row in zip(keys, ours[list(VALUES.values())].to_numpy(dtype=float), strict=True)
    }
    for number, row in enumerate(found.at(table)):
        group = "all" if row["loa"] == "nat" else row["subg"]
        cutoff = CUTOFFS.get(row["k"]) if row["k"] is not None else None
        key = (row["measure"], cutoff, group, row["indicator"] or None, *(plain(row[name]) for name in also))
        for field in row:
            if field in VALUES:
                value = mine[key][list(VALUES).index(field)]
                if row[field] is None:
                    found.given(table, number, field)
                else:
                    found.same((table, number, field), value, 1e-6)
            else:
                found.given(table, number, field)


def plain(value: Any) -> Any:
    return None if value is None or value != value else value
