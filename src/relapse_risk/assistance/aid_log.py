"""The log of events as far as aid is concerned: reminders, orders, placements, pledges, lists sent."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from relapse_risk.assistance.old_journals import move_journals
from relapse_risk.errors import ParameterError
from relapse_risk.events import KeptLog, open_kept_log
from relapse_risk.parameters import Parameters

__all__ = ["ORDER", "PLACEMENT", "PLEDGE", "REMINDER", "SENDING", "open_aid_log"]

REMINDER, ORDER, PLACEMENT, PLEDGE, SENDING = "reminder", "order", "placement", "pledge", "sending"
# Steps that the program itself writes, or asks for: a machine without one of them is refused.
OWN_STEPS = {
    REMINDER: ("found", "handed_over", "accepted", "returned", "finished", "not_delivered", "escalated", "confirmed", "contested", "ceased"),
    ORDER: ("drawn", "drawn_again", "sent", "delivered", "partly", "undelivered", "brought_back", "cancelled", "confirmed"),
    PLACEMENT: ("sought", "found", "matched", "offered", "accepted", "declined", "lapsed", "started", "pay_checked", "lost"),
    PLEDGE: ("shown", "taken_up", "given", "declined"),
    SENDING: ("sent", "received", "partly_back", "back"),
}  # fmt: skip


def open_aid_log(
    register: str | Path, parameters: Parameters, place: str, folder: str | Path | None = None, county: str = "",
    kinds: Collection[str] = tuple(OWN_STEPS),
) -> KeptLog:  # fmt: skip
    """The log of reminders, orders, placements and lists sent of a register; older journals are moved into it first.

    Parameters
    ----------
    register : path
    parameters : Parameters
    place : str
        Whose working days limits are counted in.
    folder : path, optional
        Of parameters, where they are not the project's.
    county : str
        Only what was said of things in this county.
    kinds : collection of str
        Only these.

    Raises
    ------
    ParameterError
        If a machine lacks a step that the program itself writes.
    RegisterError
        If the log is damaged.
    """
    log = open_kept_log(register, parameters, place, folder, kinds=kinds, county=county)
    for kind in kinds:
        machine = log.machines.get(kind)
        for step in OWN_STEPS[kind]:
            if machine is None or step not in machine.steps:
                raise ParameterError("missing, and the program writes it", where=f"events/{kind}.yaml: steps", got=step, fix=f"add {step} again")  # fmt: skip
    if move_journals(log):
        return open_kept_log(register, parameters, place, folder, kinds=kinds, county=county)
    return log
