"""convey on the synthetic EU-SILC: measures of incomes with linearised standard errors."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.agreement.ledger import Case, Place, case

from relapse_risk.poverty import (
    Atkinson,
    Estimate,
    Fgt,
    GeneralisedEntropy,
    Gini,
    GiniOfGaps,
    GiniOfPoor,
    IncomeGapRatio,
    IncomeUpTo,
    JDivergence,
    LorenzOrdinate,
    MeanGap,
    Measure,
    MedianOfPoor,
    MedianRatio,
    Quantile,
    QuantileShareRatio,
    RelativeFgt,
    RelativeLine,
    RelativeMedianGap,
    RelativeRichness,
    RelativeWatts,
    Richness,
    Sen,
    Sst,
    Watts,
    Zenga,
    entropy_decomposition,
    estimate,
    fgt_decomposition,
    survey_design,
    watts_decomposition,
)

FAMILY = "Poverty and inequality with standard errors"
CONVEY = "convey 1.0.1"


class Eusilc:
    """Persons, with households as clusters and regions as strata."""

    def __init__(self, found: Case) -> None:
        self.frame = found.csv("index/data/eusilc_full.csv.gz")
        self.income = self.frame["eqIncome"].to_numpy()
        weights, strata, households = (self.frame[c].to_numpy() for c in ("rb050", "db040", "db030"))
        self.design = survey_design(weights, strata, households)
        self.positive = self.income > 0
        self.domains = {
            "all": np.ones(self.income.size, dtype=bool),
            "Vienna": self.frame["db040"].eq("Vienna").to_numpy(),
            "female": self.frame["rb090"].eq("female").to_numpy(),
        }

    def of(self, measure: Measure, domain: Any) -> tuple[float, float]:
        row = estimate(measure, self.income, self.design, domain).frame.iloc[0]
        return row["value"], row["se"]


def both(
    found: Case, place: Place, ours: tuple[float, float], rel: float, rel_se: float, names: str = "est se"
) -> None:
    value, se = names.split()
    found.same((*place, value), ours[0], rel)
    if se in found.at(*place):
        found.same((*place, se), ours[1], rel_se)


def parts(found: Case, place: Place, ours: Estimate, order: dict[str, str], rel: float, rel_se: float) -> None:
    """A decomposition: their names by ours."""
    for theirs, mine in order.items():
        row = ours.frame.set_index("label").loc[mine]
        found.same((*place, "est", theirs), row["value"], rel)
        found.same((*place, "se", theirs), row["se"], rel_se)


@case("measures/A01_sen_sst", FAMILY, "convey 0.2.3")
def sen_and_sst(found: Case) -> None:
    """convey's Gini leaves the own weight in (kind="convey") and moves with the order of ties; the exact one does not."""
    data, line = Eusilc(found), 7000.0
    theirs, exact = (line, "right", "convey"), (line, "right")
    for name, domain in data.domains.items():
        here = ("z7000", name)
        for index, measure in {"sen": Sen, "sst": Sst}.items():
            both(found, (*here, index), data.of(measure(*theirs), domain), 2e-5, 1e-3)
            found.same((*here, index, "est_with_exact_gini"), data.of(measure(*exact), domain)[0], 1e-8)
        components = {
            "sen_components": {"FGT(0)": Fgt(line, 0, "right"), "FGT(1)": Fgt(line, 1, "right"),
                               "Gini(Poor)": GiniOfPoor(*theirs), "Sen": Sen(*theirs)},
            "sst_components": {"FGT(0)": Fgt(line, 0, "right"), "FGT(1)": IncomeGapRatio(line, "right"),
                               "Gini(PGR)": GiniOfGaps(*theirs), "SST": Sst(*theirs)},
        }  # fmt: skip
        for index, measures in components.items():
            for part, measure in measures.items():
                rel = 2e-5 if "Gini" in part or part in ("Sen", "SST") else 1e-8
                both(found, (*here, index, part), data.of(measure, domain), rel, 1e-3, "Estimate SE")


@case("measures/A02_watts", FAMILY, CONVEY)
def watts_index(found: Case) -> None:
    data = Eusilc(found)
    for name, domain in data.domains.items():
        rows = domain & data.positive
        both(found, ("abs7000", name), data.of(Watts(7000, "right"), rows), 1e-8, 1e-6)
        both(found, ("relq60", name), data.of(RelativeWatts(), rows), 1e-8, 1e-6)
    decomposed = watts_decomposition(data.income, data.design, 12000.0, "right", data.positive)
    names = {"watts": "watts", "fgt0": "headcount", "watts pov. gap ratio": "depth", "theil(poor)": "inequality"}
    parts(found, ("decomposition_abs12000",), decomposed, names, 1e-8, 1e-6)


@case("measures/A03_fgt_relative_lines", FAMILY, CONVEY)
def fgt_against_relative_lines(found: Case) -> None:
    data = Eusilc(found)
    both(found, ("arpt",), data.of(RelativeLine(), data.domains["all"]), 1e-8, 2e-2)
    for name in ("all", "Vienna"):
        domain = data.domains[name]
        for order in (0, 1, 2):
            half_mean = RelativeFgt(order, 0.5, of="mean")
            both(found, (name, f"fgt{order}_relq60"), data.of(RelativeFgt(order), domain), 1e-8, 2e-2)
            both(found, (name, f"fgt{order}_relm50"), data.of(half_mean, domain), 1e-8, 1e-6)
            both(found, (name, f"fgt{order}_abs9000"), data.of(Fgt(9000, order, "right"), domain), 1e-8, 1e-6)
        for order in (2, 3):
            measures = [Fgt(9000, a, "right") for a in (order, 0, 1)]
            ours = fgt_decomposition(data.income, data.design, 9000, measures, order, domain)
            names = {f"fgt{order}": f"fgt{order}", "fgt0": "fgt0", "fgt1": "fgt1", "igr": "income_gap_ratio",
                     f"gei(poor;epsilon={order})": f"entropy_of_gaps_{order}"}  # fmt: skip
            parts(found, (name, f"fgtdec{order}_abs9000"), ours, names, 1e-8, 1e-6)
        both(found, (name, "median_of_poor"), data.of(MedianOfPoor(), domain), 1e-8, 2e-2)
        both(found, (name, "rmpg"), data.of(RelativeMedianGap(), domain), 1e-8, 2e-2)
        both(found, (name, "arpr"), data.of(RelativeFgt(), domain), 1e-8, 2e-2)


@case("measures/A04_richness", FAMILY, CONVEY)
def richness_measures(found: Case) -> None:
    data = Eusilc(found)
    kinds: dict[str, tuple[Any, float]] = {
        "headcount": ("headcount", 1), "cha_0.3": ("chakravarty", 0.3), "cha_3": ("chakravarty", 3),
        "concave_0.3": ("concave", 0.3), "concave_1": ("concave", 1), "convex_2": ("convex", 2),
    }  # fmt: skip
    for name in ("all", "Vienna"):
        for theirs, (kind, order) in kinds.items():
            fixed, moving = Richness(30000.0, kind, order), RelativeRichness(2.0, kind, order)
            both(found, (name, "abs30000", theirs), data.of(fixed, data.domains[name]), 1e-8, 1e-6)
            both(found, (name, "relq2", theirs), data.of(moving, data.domains[name]), 1e-8, 2e-2)


@case("measures/A05_ratios_lorenz", FAMILY, CONVEY)
def ratios_and_lorenz(found: Case) -> None:
    data = Eusilc(found)
    pay = data.frame["py010n"].to_numpy()
    women = data.frame["rb090"].eq("female").to_numpy()
    gap = estimate(MeanGap(women), np.nan_to_num(pay), data.design, pay > 0).frame.iloc[0]
    both(found, ("gpg",), (gap["value"], gap["se"]), 1e-8, 1e-6)
    measures: dict[str, Measure] = {
        "rmir65": MedianRatio(data.frame["age"].ge(65).to_numpy()), "qsr": QuantileShareRatio(),
        "qsr_10": QuantileShareRatio(0.1), "palma_by_isq": QuantileShareRatio(0.4, 0.9), "isq40": IncomeUpTo(0.4),
        "isq90_upper": IncomeUpTo(0.9, upper=True), "median": Quantile(), "p10": Quantile(0.1), "p90": Quantile(0.9),
    }  # fmt: skip
    for name in ("all", "Vienna"):
        domain = data.domains[name]
        for theirs, measure in measures.items():
            both(found, (name, theirs), data.of(measure, domain), 1e-8, 2e-2)
        both(found, (name, "gini"), data.of(Gini("convey"), domain), 1e-5, 1e-6)
        found.same((name, "gini", "est_exact"), data.of(Gini(), domain)[0], 1e-8)
        both(found, (name, "zenga"), data.of(Zenga(), domain & data.positive), 1e-8, 1e-6)
        orders = found.given(name, "lorenz", "p")
        curve = [data.of(LorenzOrdinate(order), domain) for order in orders]
        found.same((name, "lorenz", "est"), [value for value, _ in curve], 1e-8)
        found.same((name, "lorenz", "se"), [se for _, se in curve], 1e-6, zero=1e-9)


@case("measures/A06_entropy_decomposition", FAMILY, CONVEY)
def entropy_and_its_decomposition(found: Case) -> None:
    data = Eusilc(found)
    for name in [n for n in ("all", "Vienna") if n in found.expected]:
        rows = data.domains[name] & data.positive
        for theirs in found.at(name):
            kind, _, order = theirs.partition("_")
            measure: Measure = JDivergence() if kind == "jdiv" else (
                GeneralisedEntropy(float(order)) if kind == "ge" else Atkinson(float(order)))  # fmt: skip
            both(found, (name, theirs), data.of(measure, rows), 1e-8, 1e-5)
    for order in (0, 1, 2):
        groups = data.frame["db040"].to_numpy()
        ours = entropy_decomposition(data.income, groups, data.design, order, data.positive)
        names = {n: n for n in ("total", "within", "between")}
        parts(found, (f"gei_by_region_{order}",), ours, names, 1e-8, 1e-5)
