"""Care: households whose weekly visit is overdue, and persons without self-care and without a carer."""

from __future__ import annotations

from datetime import date

import pandas as pd

from relapse_risk.languages import LANGUAGES
from relapse_risk.text import text

__all__ = ["central_care_proposals", "missed_visits"]

VISIT_DAYS = {True: 7, False: 31}


def missed_visits(households: pd.DataFrame) -> pd.DataFrame:
    """Households whose last visit is longer ago than their class allows, longest first.

    Parameters
    ----------
    households : DataFrame
        household_id, county_code, town_code, weekly_class, days_since_visit (null: never) and responsible_cadre_id
        (:func:`relapse_risk.derive.household_frame`).

    Returns
    -------
    DataFrame
        Those columns and allowed (7 or 31 days; ``weekly_visit_days`` and ``monthly_visit_days`` of the parameters).

    Examples
    --------
    >>> homes = pd.DataFrame({"household_id": list("abc"), "county_code": "1", "town_code": "t", "responsible_cadre_id": None,
    ...                       "weekly_class": [True, True, False], "days_since_visit": [7.0, 8, 32]})
    >>> missed_visits(homes)["household_id"].tolist()
    ['c', 'b']
    """
    weekly = households["weekly_class"].fillna(False).astype(bool)
    allowed = weekly.map(VISIT_DAYS)
    days = households["days_since_visit"].astype("float64")
    late = days.isna() | (days > allowed)
    columns = ["household_id", "county_code", "town_code", "weekly_class", "days_since_visit", "responsible_cadre_id"]
    found = households.loc[late, columns].assign(allowed=allowed[late])
    return found.sort_values("days_since_visit", ascending=False, na_position="first", ignore_index=True)


def central_care_proposals(persons: pd.DataFrame, households: pd.DataFrame, day: date) -> pd.DataFrame:
    """Persons to be screened jointly for central care: no self-care and no carer.

    Parameters
    ----------
    persons : DataFrame
        Living persons: person_id, household_id, age, self_care, has_carer.
    households : DataFrame
        household_id, county_code, town_code, relief_status.
    day : date
        Of the proposal.

    Returns
    -------
    DataFrame
        person_id, household_id, county_code, town_code, age, proposed_on, tekun (bool: destitute support goes first),
        reason (what the joint screening confirmed from the register: ``no_self_care``, ``no_carer``, ``tekun``,
        joined by a comma), the same in words (one column per language), unknown (what it has to ask).
    """
    joined = persons.merge(households[["household_id", "county_code", "town_code", "relief_status"]], on="household_id")
    helpless = joined["self_care"].eq("none").astype("boolean").mask(joined["self_care"].isna())
    alone = ~joined["has_carer"].astype("boolean")
    both = (helpless & alone).fillna(False).to_numpy(dtype=bool)
    asked = ((helpless.fillna(False) & alone.isna()) | (helpless.isna() & alone.fillna(False))).to_numpy(dtype=bool)
    rows = joined[both | asked]
    tekun = rows["relief_status"].eq("tekun").fillna(False).astype(bool)
    reasons = [["no_self_care", "no_carer"] if sure else (["no_carer"] if pd.isna(care) else ["no_self_care"])
               for sure, care in zip(both[both | asked], rows["self_care"], strict=True)]  # fmt: skip
    confirmed = [[*names, "tekun"] if one else names for names, one in zip(reasons, tekun, strict=True)]
    found = rows[["person_id", "household_id", "county_code", "town_code", "age"]].assign(
        proposed_on=pd.Timestamp(day), tekun=tekun.to_numpy(),
        reason=[", ".join(names) for names in confirmed],
        **{language: [text("punctuation.between", language).join(text(f"list.reason.{name}", language) for name in names)
                      for names in confirmed] for language in LANGUAGES},
        unknown=["" if sure else ("self_care" if pd.isna(care) else "has_carer")
                 for sure, care in zip(both[both | asked], rows["self_care"], strict=True)],
    )  # fmt: skip
    return found.sort_values(["tekun", "age"], ascending=[False, False], ignore_index=True)
