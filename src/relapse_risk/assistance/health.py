"""Health and schooling lists: persons on a disease list and their care, reimbursement of a bill, children out of school."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.parameters import Parameters

__all__ = ["disability_queue", "drop_outs", "listed_patients", "reimbursement", "unsponsored_pupils"]

LISTS = {
    "thirty_diseases": ("serious_illness_visits", 92),
    "two_diseases": ("outpatient_drugs", 365),
}  # role of the items a list is about, and days within which one must be given
COMPULSORY_AGES = (6, 15)
RATE = "two_disease_reimbursement"


def listed_patients(
    persons: pd.DataFrame, records: pd.DataFrame, day: date, roles: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Living persons on the lists of thirty serious and of two chronic diseases, and whether they were served in time.

    Parameters
    ----------
    persons : DataFrame
        person_id, household_id, serious_disease_code, chronic_hypertension, chronic_diabetes, medical_insurance.
    records : DataFrame
        Rows of ``assistance_record``.
    day : date
    roles : mapping of str to sequence of str
        Codes of the items that are visits to the seriously ill (``serious_illness_visits``) and reimbursed drugs
        (``outpatient_drugs``); a list whose role no item has is left out.

    Returns
    -------
    DataFrame
        list (``thirty_diseases`` | ``two_diseases``), person_id, household_id, insured, cared_on (last visit, or last
        reimbursement of drugs), overdue (bool: none within a quarter, or within a year).
    """
    serious = persons["serious_disease_code"].notna() & (persons["serious_disease_code"] != "none")
    drugs = persons["chronic_hypertension"].fillna(False).astype(bool) | persons["chronic_diabetes"].fillna(
        False
    ).astype(bool)
    parts = []
    for name, flags in (("thirty_diseases", serious), ("two_diseases", drugs)):
        role, days = LISTS[name]
        if role not in roles:
            continue
        mine = records[records["item_code"].isin(roles[role]) & (records["delivered_on"] <= pd.Timestamp(day))]
        last = mine.groupby("person_id")["delivered_on"].max()
        rows = persons.loc[flags.to_numpy(dtype=bool), ["person_id", "household_id", "medical_insurance"]]
        cared = rows["person_id"].map(last)
        late = ~(cared > pd.Timestamp(day - timedelta(days=days)))
        parts.append(
            rows.rename(columns={"medical_insurance": "insured"}).assign(
                list=name, cared_on=cared, overdue=late.to_numpy(dtype=bool)
            )
        )
    columns = ["list", "person_id", "household_id", "insured", "cared_on", "overdue"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def reimbursement(bill: npt.ArrayLike, day: date, parameters: Parameters) -> npt.NDArray[np.float64]:
    """Reimbursement of an out-patient drug bill for the two diseases on a day, in currency.

    bill × rate; the rate is dated (``two_disease_reimbursement``): 50 % before the reform, 90 % after.

    Parameters
    ----------
    bill : array_like, shape (n,) or scalar
        Not negative.

    Raises
    ------
    ModelError
        For a negative bill.

    References
    ----------
    Figures F08 and F09 of the two 2020 articles.

    Examples
    --------
    >>> from relapse_risk.parameters import read_parameters
    >>> reimbursement([100.0], date(2019, 12, 31), read_parameters()).tolist(), reimbursement([100.0], date(2020, 6, 30), read_parameters()).tolist()
    ([50.0], [90.0])
    """
    amount = np.asarray(bill, dtype=float)
    if (amount < 0).any():
        raise ModelError("a bill is negative", where="reimbursement", got=float(amount.min()), expected="0 or more")
    return amount * parameters.on(RATE, day).value


def disability_queue(persons: pd.DataFrame) -> pd.DataFrame:
    """Persons suspected to be disabled and not graded: children first, then the oldest.

    Returns
    -------
    DataFrame
        person_id, household_id, age, disability_level (null where not recorded: ask before grading).
    """
    suspected = persons["disability_suspected"].fillna(False).astype(bool)
    graded = persons["disability_level"].notna() & (persons["disability_level"] != "none")
    rows = persons.loc[
        (suspected & ~graded).to_numpy(dtype=bool), ["person_id", "household_id", "age", "disability_level"]
    ]
    order = np.lexsort(
        (rows["person_id"].to_numpy(dtype=str), -rows["age"].astype(float), rows["age"].astype(float) >= 18)
    )
    return rows.iloc[order].reset_index(drop=True)


def drop_outs(persons: pd.DataFrame) -> pd.DataFrame:
    """Children of compulsory age recorded as out of school; the aim is an empty list.

    Returns
    -------
    DataFrame
        person_id, household_id, age, health_status; by age.
    """
    low, high = COMPULSORY_AGES
    mine = persons["age"].between(low, high) & persons["dropped_out"].fillna(False).astype(bool)
    return persons.loc[
        mine.fillna(False).to_numpy(dtype=bool), ["person_id", "household_id", "age", "health_status"]
    ].sort_values(["age", "person_id"], ignore_index=True)


def unsponsored_pupils(persons: pd.DataFrame, sponsors: pd.DataFrame) -> pd.DataFrame:
    """Pupils from primary school on, and which of the three sponsors (will, learning, money) they lack.

    Parameters
    ----------
    persons : DataFrame
        person_id, household_id, student_stage.
    sponsors : DataFrame
        Rows of ``pupil_sponsor``: person_id (the pupil), sponsor_role.

    Returns
    -------
    DataFrame
        person_id, household_id, student_stage, lacking (roles joined by a comma); only pupils who lack one.
    """
    roles = ["will", "learning", "money"]
    pupils = persons.loc[(~persons["student_stage"].isin(["none", "preschool"]) & persons["student_stage"].notna()).to_numpy(dtype=bool),
                         ["person_id", "household_id", "student_stage"]]  # fmt: skip
    have = sponsors.groupby("person_id")["sponsor_role"].agg(set)
    lacking = [", ".join(role for role in roles if role not in have.get(one, set())) for one in pupils["person_id"]]
    return pupils.assign(lacking=lacking).query("lacking != ''").reset_index(drop=True)
