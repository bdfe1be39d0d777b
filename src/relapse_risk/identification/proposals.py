"""Whom the month proposes: by the rules of identification, by the risk score, and whose risk may be called eliminated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from relapse_risk.derive import household_frame, household_frames
from relapse_risk.events import Event, Standing
from relapse_risk.identification.identification_log import KIND, IdentificationLog, Whereabouts, whereabouts
from relapse_risk.languages import Label
from relapse_risk.months import add_months, month_end
from relapse_risk.parameters import Parameters, Place
from relapse_risk.predicates import Setting, setting_on
from relapse_risk.predicates.truth import alternatives
from relapse_risk.register import Register
from relapse_risk.relapse.monitoring_rules import CONDITIONS, eliminations, entry_types

__all__ = ["Proposals", "propose"]

HIGH = "high"  # the band of the risk score whose households are proposed


@dataclass(frozen=True, slots=True)
class Proposals:
    """What a month proposes, and where register and log do not agree.

    Attributes
    ----------
    events : tuple of Event
        Steps for the log: taken over, proposed, elimination proposed.
    differs : DataFrame
        household_id, county_code, difference (``register_ahead``: monitored in the register, not in the log;
        ``log_ahead``: monitored in the log, not in the register; ``not_in_month``), state of the log, since.
    held_back : DataFrame
        Under monitoring and not proposed for elimination: household_id, in_the_way (the first condition that does not
        hold).
    """

    events: tuple[Event, ...]
    differs: pd.DataFrame
    held_back: pd.DataFrame

    def counts(self) -> dict[str, int]:
        """Steps by kind: ``taken_over``, ``proposed by rule``, ``proposed by score``, ``elimination_proposed``."""
        names = [e.step if e.step != "proposed" else f"proposed by {e.facts['channel']}" for e in self.events]
        return {name: names.count(name) for name in dict.fromkeys(names)}


def propose(
    register: Register, month: str, log: IdentificationLog, parameters: Parameters, place: Place, day: date,
    risk: pd.DataFrame | None = None,
) -> Proposals:  # fmt: skip
    """What ``month`` proposes, for households whose newest episode allows it.

    Whoever the register already monitors when the log begins is taken over.  A household whose episode was closed is
    proposed again only for another reason, or ``propose_again_months`` later.

    Parameters
    ----------
    register : Register
    month : str
    log : IdentificationLog
    parameters, place
    day : datetime.date
        On which the steps are written down: clues run from it.
    risk : DataFrame, optional
        Risk scores of the month: household_id, band, probability.

    Raises
    ------
    ParameterError
        Where the place has no monitoring line, or the month is before the rules began.
    """
    setting = setting_on(parameters, place, month_end(month))
    frame = household_frame(register, month, parameters=parameters, place=place)
    at = _Context(log, whereabouts(register, month), month, day)
    entry = entry_types(frame, setting).assign(household_id=frame["household_id"])
    reasons = _reasons(setting)
    watched = frame["under_monitoring"].fillna(False).astype(bool)
    events = [*_taken_over(frame[watched], at)]
    proposed = {event.thing for event in events}
    events += (event for event in _by_rule(entry, reasons, at) if event.thing not in proposed)
    proposed = {event.thing for event in events}
    if risk is not None:
        events += (event for event in _by_score(risk, set(frame["household_id"]), at) if event.thing not in proposed)
    out, held_back = _eliminations(register, frame, setting, at, place)
    return Proposals((*events, *out), _differences(frame, watched, at), held_back)


@dataclass(frozen=True, slots=True)
class _Context:
    """What every event of a month's proposals has in common."""

    log: IdentificationLog
    homes: Whereabouts
    month: str
    day: date

    def event(self, household: str, step: str, on: date, by: str, role: str, **more: str) -> Event:
        said = {name: more.pop(name) for name in ("reason", "evidence") if name in more}
        county, town, village = self.homes.of(household)
        return Event(
            KIND, household, 0, step, on.isoformat(), self.day.isoformat(), by, role, county, town, village,
            source=f"propose {self.month}", facts={**more, "month": self.month}, **said,
        )  # fmt: skip

    def may_begin(self, household: str, rules: str) -> bool:
        """Whether nothing is open about the household, and it was not closed for the same reasons lately."""
        now = self.log.last(KIND, household)
        if now is None:
            return True
        if not self.log.machine.states[now.state].final:
            return False
        months = round(self.log.due.parameters.on("propose_again_months", self.day).value)
        again = add_months(f"{date.fromisoformat(now.last_on):%Y-%m}", months)
        return not set(rules.split(";")) <= set(now.facts.get("rules", "").split(";")) or f"{self.day:%Y-%m}" >= again


def _reasons(setting: Setting) -> dict[str, Label]:
    """What each rule that takes a household in says where it does."""
    found = {}
    for clause in alternatives("to_be_monitored", setting.predicates):
        predicate = setting.predicates[clause.names()[0]]
        found[predicate.name] = predicate.label if clause.predicate or predicate.fails is None else predicate.fails
    return found


def _joined(labels: list[Label]) -> str:
    return Label(zh="；".join(one.zh for one in labels), en="; ".join(one.en for one in labels)).cell


def _taken_over(watched: pd.DataFrame, at: _Context) -> Iterator[Event]:
    end = min(month_end(at.month), at.day)
    for household, kind, since in watched[["household_id", "monitor_type", "monitor_identified_on"]].itertuples(index=False):  # fmt: skip
        if at.log.last(KIND, household) is None:
            on = end if pd.isna(since) else min(since.date(), end)
            yield at.event(household, "taken_over", on, "register", "delivery", type=str(kind), evidence="monitored in the register")  # fmt: skip


def _by_rule(entry: pd.DataFrame, reasons: Mapping[str, Label], at: _Context) -> Iterator[Event]:
    taken = entry[entry["type"].notna()]
    met = {name: taken[name].fillna(False).to_numpy(dtype=bool) for name in reasons}
    for number, (household, kind) in enumerate(taken[["household_id", "type"]].itertuples(index=False)):
        names = [name for name, flags in met.items() if flags[number]]
        if at.may_begin(household, ";".join(names)):
            yield at.event(
                household, "proposed", at.day, "identification rules", "rule", channel="rule", type=kind,
                rules=";".join(names), reason=_joined([reasons[name] for name in names]),
            )  # fmt: skip


def _by_score(risk: pd.DataFrame, known: set[str], at: _Context) -> Iterator[Event]:
    high = risk[risk["band"] == HIGH].sort_values(["probability", "household_id"], ascending=[False, True])
    for household, probability in high[["household_id", "probability"]].itertuples(index=False):
        if household in known and at.may_begin(household, "score"):
            said = Label(
                zh=f"返贫风险评分高（概率{probability:.1%}）", en=f"high risk score (probability {probability:.1%})"
            )
            yield at.event(household, "proposed", at.day, "risk score", "rule", channel="score", rules="score", reason=said.cell)  # fmt: skip


def _eliminations(
    register: Register, frame: pd.DataFrame, setting: Setting, at: _Context, place: Place
) -> tuple[list[Event], pd.DataFrame]:
    """Steps for those whose risk may be called eliminated; the others with what is in the way."""
    watched = {one.thing: _identified(one) for one in at.log.held("monitored")}
    now = frame[frame["household_id"].isin(list(watched))].reset_index(drop=True)
    if now.empty:
        return [], pd.DataFrame(columns=["household_id", "in_the_way"])
    days = pd.to_datetime(now["household_id"].map(watched))
    now = now.assign(monitor_identified_on=days.astype("datetime64[s]"))
    months = int(setting.value("elimination_months"))
    earlier = [m for m in register.months if add_months(at.month, -months) <= m < at.month]
    frames = household_frames(register, earlier, parameters=setting.parameters, place=place)
    columns = ["household_id", "month", "income_pc_year"]
    history = [part.loc[part["household_id"].isin(list(watched)), columns] for part in frames]
    found = eliminations(now, pd.concat([now[columns].iloc[:0], *history]), setting)
    said = _joined([setting.predicates[name].label for name in CONDITIONS[1:]])
    held = Label(zh=f"收入稳定{months}个月", en=f"income has held for {months} months")
    reason = _joined([held, Label.from_cell(said)])
    fit = found.loc[found["eliminable"].to_numpy(dtype=bool), "household_id"]
    standing = at.log.now
    events = [
        at.event(name, "elimination_proposed", at.day, "elimination rules", "rule", rules=";".join(CONDITIONS), reason=reason)
        for name in fit
        if not _kept_lately(standing[name], at, months)
    ]  # fmt: skip
    rest = found.loc[~found["eliminable"].to_numpy(dtype=bool), ["household_id", "in_the_way"]]
    return events, rest.reset_index(drop=True)


def _identified(one: Standing) -> str:
    """The day the household was taken into monitoring."""
    return next(event.on for event, state in zip(one.events, one.states, strict=True) if state == "monitored")


def _kept_lately(one: Standing, at: _Context, months: int) -> bool:
    """Whether an elimination of the household was refused within the last ``months`` months."""
    refused = [e.on for e, before, after in zip(one.events, ("", *one.states), one.states, strict=False) if after == "monitored" and before.startswith("out_")]  # fmt: skip
    return bool(refused) and f"{at.day:%Y-%m}" < add_months(refused[-1][:7], months)


def _differences(frame: pd.DataFrame, watched: pd.Series, at: _Context) -> pd.DataFrame:
    """Where the register and the log do not say the same of who is monitored."""
    says = dict(zip(frame["household_id"], np.where(frame["under_monitoring"].isna(), "", watched.astype(str)), strict=True))  # fmt: skip
    rows = []
    for household, one in sorted(at.log.now.items()):
        monitored = "monitored" in one.states and not at.log.machine.states[one.state].final
        said = says.get(household)
        if said is None and not at.log.machine.states[one.state].final:
            word = "not_in_month"
        elif said == "True" and not monitored:
            word = "register_ahead"
        elif said == "False" and monitored and _identified(one) <= month_end(at.month).isoformat():
            word = "log_ahead"
        else:
            continue
        rows.append((household, one.place[0], word, one.state, one.since))
    return pd.DataFrame(rows, columns=["household_id", "county_code", "difference", "state", "since"])
