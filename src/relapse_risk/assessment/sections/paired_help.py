"""Section 10: paired help inside the province; what is recorded of it, and labour that works in its other cities."""

from __future__ import annotations

import pandas as pd

from relapse_risk.assessment.county_data import CountyData
from relapse_risk.assessment.sections.social_help import place_figures
from relapse_risk.exhibits import Section
from relapse_risk.measures import FactColumn, FactTable, Fraction, Indicator

__all__ = ["INDICATORS", "SECTION", "TABLES"]

SECTION = Section(10)
C = FactColumn


def paired_help(data: CountyData) -> pd.DataFrame:
    """Paired help (partner, funds, projects, labour) recorded as facts about the county."""
    return place_figures(data, "paired help")


def _transferred(data: CountyData) -> Fraction:
    """Persons at work away or locally whose place of work is another city of the province; "none" is no answer."""
    away = data.persons[data.persons["employment_status"].isin(["away", "local"]).to_numpy(dtype=bool)]
    known = away["work_place"].dropna()
    known = known[known != "none"]
    return Fraction(float((known == "province").sum()), float(len(known)))


TABLES = (
    FactTable("paired_help", 10,
              (C("metric", "label", "metric"), C("value", "number"), C("unit", "label", "fact_unit", descriptive=True), C("confidence", "confidence")),
              ("place_fact:paired help",), paired_help, city="none"),
)  # fmt: skip
INDICATORS = (
    Indicator("work_in_province", 10, "share", "none", ("person.work_place", "person.employment_status"), _transferred),
)
