"""What an edition reports on within a county: departments with a worklist, households with a plan."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path

from relapse_risk.assistance import read_catalogue
from relapse_risk.editions.edition import CITY, Edition
from relapse_risk.editions.edition_plan import Subject
from relapse_risk.errors import EditionError, unknown
from relapse_risk.languages import Label
from relapse_risk.register import Register
from relapse_risk.register.area_codes import areas_of
from relapse_risk.schema import code_list

__all__ = ["county_hash", "subjects_of"]


def subjects_of(edition: Edition, month: str, county: str) -> tuple[Subject, ...]:
    """Departments or households of ``county`` that the edition asks for.

    Raises
    ------
    EditionError
        For an unknown department or household (naming the nearest), or for the city, which has neither.
    """
    if county == CITY:
        raise EditionError(
            "worklists and plans are of counties", where=f"{edition.name}: counties", got=CITY, expected="all, or codes"
        )
    if edition.departments is not None:
        return _departments(edition)
    return _households(edition, month, county)


def _departments(edition: Edition) -> tuple[Subject, ...]:
    known = tuple(dict.fromkeys(item.department for item in read_catalogue(edition.place).items))
    asked = known if edition.departments == "all" else tuple(edition.departments or ())
    for code in asked:
        _check("department", code, known, f"{edition.name}: departments")
    labels = code_list("department")
    return tuple(Subject("department", c, labels.of(c)) for c in asked)


def _households(edition: Edition, month: str, county: str) -> tuple[Subject, ...]:
    known = _in_month(str(edition.register_folder), month)
    if edition.households == "monitored":
        mine = [code for code, (where, monitored) in known.items() if monitored and where == county]
    else:
        for code in edition.households or ():
            _check("household", code, known, f"{edition.name}: households")
        mine = [code for code in edition.households or () if known[code][0] == county]
    return tuple(Subject("household", code, Label.same(code)) for code in mine)


@cache
def _in_month(folder: str, month: str) -> dict[str, tuple[str, bool]]:
    """County of each household, and whether it is monitored now."""
    columns = ["household_id", "village_code", "monitor_type", "risk_eliminated"]
    register = Register.open(Path(folder))
    frame = register.read("household", month, columns=columns)
    counties = areas_of(register).county_of(frame["village_code"])
    watched = frame["monitor_type"].fillna("none").ne("none") & ~frame["risk_eliminated"].fillna(False).astype(bool)
    return dict(zip(frame["household_id"], zip(counties, watched, strict=True), strict=True))


def _check(kind: str, code: str, known: Collection[str], where: str) -> None:
    if code not in known:
        raise unknown(kind, code, known, where, EditionError, "check the code")


def month_digest(folder: Path, month: str) -> str:
    """Digest of what the register holds of a month: what facts of it are computed from."""
    return Register.open(folder).month_digest(month)


def county_hash(folder: Path, county: str, month: str) -> str:
    """Digest of what the register holds of a county: a worklist or a plan is made from that, not from facts."""
    return Register.open(folder).county_hash(county, month)
