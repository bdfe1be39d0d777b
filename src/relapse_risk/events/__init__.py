"""One log of everything that has a life: its steps in order, each allowed by the declared machine of its kind."""

from relapse_risk.events.due_days import DueDays
from relapse_risk.events.event_log import Event, read_events, tip_of
from relapse_risk.events.kept_log import KeptLog, open_kept_log
from relapse_risk.events.machine_file import read_machine, read_machines
from relapse_risk.events.standing import Added, Standing, append_events, current, standings
from relapse_risk.events.state_machine import Machine, check_step, replies_of
from relapse_risk.events.working_days import WorkingDays, read_calendar

__all__ = [
    "Added",
    "DueDays",
    "Event",
    "KeptLog",
    "Machine",
    "Standing",
    "WorkingDays",
    "append_events",
    "check_step",
    "current",
    "open_kept_log",
    "read_calendar",
    "read_events",
    "read_machine",
    "read_machines",
    "replies_of",
    "standings",
    "tip_of",
]
