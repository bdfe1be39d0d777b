"""A register assessed by the catalogue: households, persons, records and claims of one month or several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from relapse_risk.assistance.catalogue import Catalogue
from relapse_risk.assistance.entitlements import Entitlements, entitlements
from relapse_risk.assistance.ledger import check_records
from relapse_risk.derive import household_frames, person_ages
from relapse_risk.errors import RegisterError
from relapse_risk.months import check_month, month_end
from relapse_risk.parameters import Parameters, Place
from relapse_risk.predicates import setting_on
from relapse_risk.register import Register
from relapse_risk.register.completeness import read_expected, waiting_for

__all__ = ["Assessed", "assess", "assess_months", "spending_known"]

SPENT = ("medical_self_paid", "disaster_loss")


@dataclass(frozen=True, slots=True)
class Assessed:
    """A city or one of its counties on the last day of a month.

    Attributes
    ----------
    day : date
    homes : DataFrame
        :func:`relapse_risk.derive.household_frame`; spending not recorded counts as zero.
    persons : DataFrame
        Living persons with age and is_labour.
    records : DataFrame
        Rows of ``assistance_record``, of all time.
    claims : Entitlements
    awaited : frozenset of (str, str)
        Table and county of what is expected by the month and not yet received: what it would say is not known.
    roles : mapping of str to tuple of str
        Codes of the items of each role (:meth:`Catalogue.roles`).
    """

    day: date
    homes: pd.DataFrame
    persons: pd.DataFrame
    records: pd.DataFrame
    claims: Entitlements
    awaited: frozenset[tuple[str, str]] = frozenset()
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def counties_awaited(self, name: str) -> frozenset[str]:
        """Counties whose table ``name`` has not been received yet."""
        return frozenset(county for table, county in self.awaited if table == name)


def spending_known(homes: pd.DataFrame) -> pd.DataFrame:
    """``homes`` with medical spending and disaster losses that are missing set to zero: only bills are recorded."""
    return homes.assign(**{name: homes[name].fillna(0) for name in SPENT})


def assess(
    register: Register,
    month: str,
    catalogue: Catalogue,
    parameters: Parameters,
    place: Place,
    county: str | None = None,
) -> Assessed:
    """Assess one month; parameters as in :func:`assess_months`."""
    (found,) = assess_months(register, (month,), catalogue, parameters, place, county)
    return found


def assess_months(
    register: Register, months: Sequence[str], catalogue: Catalogue, parameters: Parameters, place: Place,
    county: str | None = None,
) -> Iterator[Assessed]:  # fmt: skip
    """Assess every item for everybody, month after month; records, incomes, losses and visits are read once.

    Parameters
    ----------
    register : Register
    months : sequence of str
        ``YYYY-MM``, each with a snapshot.
    catalogue : Catalogue
    parameters, place
        Dated limits; each month is assessed by its own.
    county : str, optional
        Only this one (six digits).

    Yields
    ------
    Assessed

    Raises
    ------
    RegisterError
        For an unknown county or month, or a record of an unknown household or item, or after the register's last month.
    """
    if county is not None and county not in register.counties:
        raise RegisterError("unknown county", where="county", got=county, expected=" | ".join(register.counties))
    records = register.read("assistance_record", county=county)
    known = register.read_all("household", columns=["household_id"])["household_id"]
    check_records(records, known, catalogue, month_end(register.months[-1]))
    expected = read_expected(parameters.folder)
    only = (county,) if county is not None else None
    frames = household_frames(register, months, county, parameters=parameters, place=place)
    for month, homes in zip(months, frames, strict=True):
        day = month_end(check_month(month))
        asked = spending_known(homes)
        setting = setting_on(parameters, place, day)
        persons = person_ages(register.read("person", month, county), setting)
        claims = entitlements(asked, persons, catalogue, setting)
        awaited = frozenset(waiting_for(register, month, expected, only))
        yield Assessed(day, asked, persons, records, claims, awaited, catalogue.roles())
