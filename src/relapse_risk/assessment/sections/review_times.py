"""Section 12, too: how long identification took, read from the log of events where a place keeps one."""

from __future__ import annotations

import pandas as pd

from relapse_risk.assessment.county_data import CountyData
from relapse_risk.exhibits import Section
from relapse_risk.identification import open_log
from relapse_risk.identification.review_timing import review_timing
from relapse_risk.measures import FactColumn, FactTable

__all__ = ["SECTION", "TABLES"]

SECTION = Section(12, place=3)
C = FactColumn


def review_times(data: CountyData) -> pd.DataFrame:
    """Households whose review ended, or whose limit ran out, in the last 12 months: days, and how many in time."""
    log = open_log(data.register.path, data.parameters, data.place.name)
    return review_timing(log, data.county, (pd.Timestamp(data.day) - pd.DateOffset(years=1)).date(), data.day)


TABLES = (
    FactTable("review_times", 12,
              (C("review_stage", "label", "review_stage"), C("households", "households", counts="review_{review_stage}.known"),
               C("median_days", "days"), C("p90_days", "days"), C("within", "households", counts="review_{review_stage}.yes"),
               C("share", "share", of=("within", "households"))),
              ("events.identification",), review_times),
)  # fmt: skip
