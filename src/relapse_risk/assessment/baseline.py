"""Sections 0 and 2: what the data is, and who the people are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.assessment.base import CountyData, FactColumn, FactTable, Fraction, Indicator, hits
from relapse_risk.schema import code_list, tables

__all__ = ["INDICATORS", "TABLES", "by_town"]

AGE_BANDS = tuple(range(0, 90, 10))
C = FactColumn


def by_town(data: CountyData, counts: pd.DataFrame) -> pd.DataFrame:
    """``counts`` (indexed by town code) with the town's bilingual name first, largest town first."""
    names = data.towns
    frame = counts.reset_index(names="town_code")
    frame.insert(0, "town", frame["town_code"].map(names).fillna(frame["town_code"]))
    return frame.drop(columns="town_code")


def data_sources(data: CountyData) -> pd.DataFrame:
    """Rows and share of missing cells of every table in this county."""
    rows = []
    for name, spec in tables().items():
        if spec.restricted or spec.county_from is None:
            continue
        frame = data.table(name)
        missing = float(frame.isna().to_numpy().mean()) if frame.size else np.nan
        rows.append({"table": name, "rows": len(frame), "missing": missing})
    return pd.DataFrame(rows)


def population_by_class(data: CountyData) -> pd.DataFrame:
    """Households and persons by household class."""
    size = data.now["size"].astype(float)
    grouped = size.groupby(data.now["household_class"])
    frame = pd.DataFrame({"households": grouped.size(), "persons": grouped.sum()})
    order = [word for word in code_list("household_class").words if word in frame.index]
    return frame.loc[order].reset_index(names="household_class")


def causes(data: CountyData) -> pd.DataFrame:
    """Households by main cause, and by any cause named."""
    words = code_list("poverty_cause").words
    every = pd.concat([data.now[c] for c in ("cause_main", "cause_other_1", "cause_other_2")])
    main = data.now["cause_main"].value_counts().reindex(words, fill_value=0)
    frame = pd.DataFrame({"cause": words, "main": main.to_numpy()})
    frame["any"] = every.value_counts().reindex(words, fill_value=0).to_numpy()
    known = frame["main"].sum()
    frame["main_share"] = frame["main"] / known if known else np.nan
    return frame[(frame["main"] > 0) | (frame["any"] > 0)].sort_values("main", ascending=False, ignore_index=True)


def age_sex(data: CountyData) -> pd.DataFrame:
    """Persons by ten-year age band and sex."""
    people = data.persons.dropna(subset=["age", "sex"])
    band = pd.cut(people["age"].astype(float), [*AGE_BANDS, 200], right=False, labels=[str(a) for a in AGE_BANDS])
    counts = pd.crosstab(band, people["sex"]).reindex(index=[str(a) for a in AGE_BANDS], fill_value=0)
    counts = counts.reindex(columns=["male", "female"], fill_value=0)
    labels = [f"{a}–{a + 9}" if a < AGE_BANDS[-1] else f"{a}+" for a in AGE_BANDS]
    return pd.DataFrame({"age_band": labels, "male": counts["male"].to_numpy(), "female": counts["female"].to_numpy()})


def town_profile(data: CountyData) -> pd.DataFrame:
    """Villages, households and persons by town."""
    village = data.table("village")
    homes = data.now.groupby("town_code").agg(households=("household_id", "size"), persons=("size", "sum"))
    villages = village.groupby("town_code").agg(
        villages=("village_code", "size"), key_villages=("is_key_village", lambda x: hits(x))
    )
    frame = villages.join(homes, how="outer").fillna(0).sort_values("households", ascending=False)
    return by_town(data, frame)


def _persons(data: CountyData) -> Fraction:
    return Fraction(float(data.now["size"].sum()), float(len(data.now)), value=float(data.now["size"].sum()))


def _elderly(data: CountyData) -> Fraction:
    known = data.persons["age"].dropna()
    return Fraction(float((known >= 60).sum()), float(len(known)))


def _no_labour(data: CountyData) -> Fraction:
    known = data.now["all_no_labour"].dropna()
    return Fraction(float(known.sum()), float(len(known)))


TABLES = (
    FactTable("data_sources", 0, (C("table", "label", "table"), C("rows", "count"), C("missing", "share")), (),
              data_sources),
    FactTable("population_by_class", 2,
              (C("household_class", "code", "household_class"), C("households", "households"), C("persons", "persons")),
              ("household.household_class",), population_by_class),
    FactTable("causes", 2,
              (C("cause", "code", "poverty_cause"), C("main", "households"), C("any", "households"),
               C("main_share", "share")),
              ("household.cause_main",), causes),
    FactTable("age_sex", 2, (C("age_band", "bin"), C("male", "persons"), C("female", "persons")),
              ("person.birth_date", "person.sex"), age_sex),
    FactTable("town_profile", 2,
              (C("town", "town"), C("villages", "count"), C("key_villages", "count"), C("households", "households"),
               C("persons", "persons")),
              ("village.town_code",), town_profile),
)  # fmt: skip
INDICATORS = (
    Indicator("persons", 2, "count", "none", ("household.household_size",), _persons, headline=True),
    Indicator("elderly_share", 2, "share", "none", ("person.birth_date",), _elderly),
    Indicator("no_labour_households", 2, "share", "none", ("person.labour_capacity",), _no_labour),
)
