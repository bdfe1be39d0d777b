"""The identification of a register's households as one thing to ask: its machine, its limits, and where each stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from relapse_risk.errors import ParameterError
from relapse_risk.events import KeptLog, Machine, Standing, open_kept_log
from relapse_risk.parameters import Parameters
from relapse_risk.register import Register
from relapse_risk.register.area_codes import areas_of

__all__ = ["KIND", "LEAVING", "IdentificationLog", "Whereabouts", "open_log", "whereabouts"]

KIND, LEAVING = "identification", "leaving"  # kinds of things, by the names of their machines
# Steps that the program itself writes, or asks for: a machine without one of them is refused.
OWN_STEPS = ("proposed", "clue_added", "taken_over", "notice_begun", "elimination_proposed", "objected", "appealed")
OWN_FACTS = ("channel", "type", "rules", "month", "first_day", "last_day", "digest")


@dataclass(frozen=True, slots=True)
class IdentificationLog(KeptLog):
    """The log of identification of one register, as it stands: households that came up, and those that left."""

    @property
    def episodes(self) -> dict[str, tuple[Standing, ...]]:
        """Every household that ever came up, its episodes in order."""
        return {thing: every for (kind, thing), every in self.things.items() if kind == KIND}

    @property
    def left(self) -> dict[str, tuple[Standing, ...]]:
        """The same of those that left the register."""
        return {thing: every for (kind, thing), every in self.things.items() if kind == LEAVING}

    @property
    def machine(self) -> Machine:
        """The machine of identification."""
        return self.machines[KIND]

    @property
    def now(self) -> dict[str, Standing]:
        """The newest episode of every household."""
        return self.now_of(KIND)

    def held(self, *states: str) -> list[Standing]:
        """Newest episodes in one of ``states``, by household."""
        return [one for _, one in sorted(self.now.items()) if one.state in states]

    def decide_by(self, one: Standing) -> str:
        """The day by which an undecided household should have been decided on; empty once it is."""
        whole = self.machine.whole
        if whole is None or any(state in whole.until for state in one.states) or self.machine.states[one.state].final:
            return ""
        return self.due.of_whole(self.machine, one.begun)


def open_log(
    register: str | Path, parameters: Parameters, place: str, folder: str | Path | None = None, known_on: date | None = None
) -> IdentificationLog:  # fmt: skip
    """The log of a register with the machines of its parameters and the calendar of ``place``.

    Raises
    ------
    ParameterError
        If the machine lacks a step or a fact that the program writes itself.
    RegisterError
        If the log is damaged.
    """
    log = open_kept_log(register, parameters, place, folder, known_on, (KIND, LEAVING))
    _check_own(log.machines)
    return IdentificationLog(log.register, log.machines, log.due, log.things)


def _check_own(machines: Mapping[str, Machine]) -> None:
    where = f"events/{KIND}.yaml"
    if KIND not in machines:
        raise ParameterError("no machine of identification", where=where, fix="restore the file")
    machine = machines[KIND]
    for what, names, known in (("steps", OWN_STEPS, machine.steps), ("facts", OWN_FACTS, machine.facts)):
        for name in names:
            if name not in known:
                raise ParameterError("missing, and the program writes it", where=f"{where}: {what}", got=name, fix=f"add {name} again")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where each household lives, and what places are called.

    Attributes
    ----------
    frame : DataFrame
        By household_id: county_code, town_code, village_code (empty text where unknown) and household_size.
    names : mapping
        By language: name of a county, town or village by code; the code itself where there is none.
    """

    frame: pd.DataFrame
    names: Mapping[str, Mapping[str, str]]

    def of(self, household: str) -> tuple[str, str, str]:
        """County, town and village; empty where the household is not in the month."""
        if household not in self.frame.index:
            return "", "", ""
        county, town, village = self.frame.loc[household, ["county_code", "town_code", "village_code"]]
        return str(county), str(town), str(village)

    def name(self, code: str, language: str) -> str:
        """A place's name in a language."""
        return self.names.get(language, {}).get(code, code)


def whereabouts(register: Register, month: str) -> Whereabouts:
    """Where the households of ``month`` live."""
    rows = register.read("household", month, columns=["household_id", "village_code", "household_size"])
    areas = areas_of(register)
    places = {"county_code": areas.county_of(rows["village_code"]), "town_code": areas.town_of(rows["village_code"])}
    frame = rows.assign(**places).drop_duplicates("household_id").set_index("household_id")
    texts = ["county_code", "town_code", "village_code"]
    frame[texts] = frame[texts].astype("str").fillna("")
    return Whereabouts(frame, _names(register))


def _names(register: Register) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {"zh": {}, "en": {}}
    if register.has("county"):
        counties = register.read("county")
        for language, column in (("zh", "county_name_zh"), ("en", "county_name_en")):
            found[language] |= _named(counties, "county_code", column)
    if register.has("village"):
        villages = register.read("village")
        for language, column in (("zh", "town_name_zh"), ("en", "town_name_en")):
            found[language] |= _named(villages, "town_code", column)
        found["zh"] |= _named(villages, "village_code", "village_name_zh")
    return found


def _named(rows: pd.DataFrame, code: str, name: str) -> dict[str, str]:
    known = rows.dropna(subset=[code, name]) if name in rows else rows.iloc[:0]
    return dict(zip(known[code].astype(str), known[name].astype(str), strict=True)) if len(known) else {}
