"""Section 9: key villages against the exit standard, five accesses and ten haves."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from relapse_risk.assessment.county_data import CountyData, counted
from relapse_risk.exhibits import Dots, Exhibit, Heat, Section, smallest
from relapse_risk.languages import LANGUAGES, Label
from relapse_risk.measures import FactColumn, FactTable, Fraction, Indicator
from relapse_risk.schema import code_list
from relapse_risk.text.by_language import enumerated

__all__ = ["EXHIBITS", "INDICATORS", "SECTION", "TABLES"]

SECTION = Section(9)
C = FactColumn
FLAGS = code_list("wu_tong_shi_you").words


def _key_villages(data: CountyData) -> pd.DataFrame:
    village = data.table("village")
    return village[village["is_key_village"].fillna(False).to_numpy(dtype=bool) & village["exit_flags"].notna()]


def _flags(data: CountyData) -> pd.DataFrame:
    """One row per key village with a flag per standard; a short text fails what it does not say."""
    key = _key_villages(data)
    return pd.DataFrame(
        {word: key["exit_flags"].str[place].eq("1") for place, word in enumerate(FLAGS)}, index=key.index
    )


def village_flags(data: CountyData) -> pd.DataFrame:
    """Key villages that meet each of the fifteen exit standards."""
    flags = _flags(data)
    met = [int(flags[word].sum()) for word in FLAGS]
    return pd.DataFrame({"standard": FLAGS, "villages": len(flags), "met": met}) if len(flags) else pd.DataFrame()


def village_heat(data: CountyData) -> pd.DataFrame:
    """Key villages meeting each standard, by town."""
    flags, key = _flags(data), _key_villages(data)
    town = key["town_code"]
    counts = counted({f"{word}_n": flags[word] for word in FLAGS}, town)
    return data.by_town(counts.join(town.value_counts().rename("villages"))) if len(key) else pd.DataFrame()


def village_pass_by_town(data: CountyData) -> pd.DataFrame:
    """Key villages that meet all fifteen standards, by town."""
    flags, key = _flags(data), _key_villages(data)
    if key.empty:
        return pd.DataFrame()
    return data.by_town(counted({"villages": key["village_code"].notna(), "met": flags.all(axis=1)}, key["town_code"]))


def _joined(standards: Sequence[str]) -> str:
    """Standards in words, in each language."""
    said = {side: [code_list("wu_tong_shi_you").label(word, side) for word in standards] for side in LANGUAGES}
    return Label(**{side: enumerated(words, side) for side, words in said.items()}).cell


def villages_failing(data: CountyData) -> pd.DataFrame:
    """Key villages that fail a standard, with what they fail."""
    flags, key = _flags(data), _key_villages(data)
    rows = [
        {
            "town": data.towns.get(key.loc[place, "town_code"], ""), "village": data.villages[key.loc[place, "village_code"]],
            "failed_standards": _joined([word for word in FLAGS if not row[word]]),
        }
        for place, row in flags[~flags.all(axis=1)].iterrows()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def village_services(data: CountyData) -> pd.DataFrame:
    """Villages with a standard clinic, a qualified doctor and a passenger bus."""
    village = data.table("village")
    names = [n for n in ("has_standard_clinic", "has_qualified_doctor", "passenger_bus") if village[n].notna().any()]
    return pd.DataFrame(
        {
            "service": names, "villages": [int(village[n].notna().sum()) for n in names],
            "met": [int(village[n].fillna(False).sum()) for n in names],
        }
    )  # fmt: skip


def _villages_pass(data: CountyData) -> Fraction:
    whole = _flags(data).all(axis=1)
    return Fraction(float(whole.sum()), float(len(whole)))


def _collective_income(data: CountyData) -> Fraction:
    known = data.table("village")["collective_income"].dropna()
    return Fraction(float(known.sum()), float(len(known)))


NEEDS = ("village.exit_flags", "village.is_key_village")
SHARE = C("share", "share", of=("met", "villages"), limit="completeness_target")
TABLES = (
    FactTable("village_flags", 9,
              (C("standard", "code", "wu_tong_shi_you"), C("villages", "count"), C("met", "count"), SHARE),
              NEEDS, village_flags),
    FactTable("village_pass_by_town", 9, (C("town", "town"), C("villages", "count"), C("met", "count"), SHARE),
              (*NEEDS, "village.town_code"), village_pass_by_town, city="counties", order="share"),
    FactTable("village_heat", 9,
              (C("town", "town"), C("villages", "count"), *(C(f"{word}_n", "count", hidden=True) for word in FLAGS),
               *(C(word, "share", of=(f"{word}_n", "villages")) for word in FLAGS)),
              (*NEEDS, "village.town_code"), village_heat, city="counties"),
    FactTable("villages_failing", 9, (C("town", "town"), C("village", "text"), C("failed_standards", "text")), NEEDS,
              villages_failing, city="none"),
    FactTable("village_services", 9,
              (C("service", "label", "service"), C("villages", "count"), C("met", "count"), SHARE),
              ("village.has_standard_clinic",), village_services),
)  # fmt: skip
INDICATORS = (
    Indicator("villages_pass", 9, "share", "higher_better", NEEDS, _villages_pass, limit="completeness_target",
              source="ART-QIHE", headline=True, history=False, people=False),
    Indicator("collective_income", 9, "money", "higher_better", ("village.collective_income",), _collective_income,
              history=False, people=False),
)  # fmt: skip
EXHIBITS = (
    Exhibit("village_flags", Dots("standard", "share"), smallest("share", "standard", all_same=True)),
    Exhibit("village_heat", Heat("town", codes="wu_tong_shi_you")),
)
