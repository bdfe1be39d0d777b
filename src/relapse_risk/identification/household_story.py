"""One household's story: every step of every episode, those taken back among them, in words."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from relapse_risk.errors import RegisterError
from relapse_risk.events import Event, standings
from relapse_risk.events.standing import TAKEN_BACK
from relapse_risk.identification.identification_log import KIND, IdentificationLog
from relapse_risk.languages import Label, Language
from relapse_risk.text import text

__all__ = ["STORY_COLUMNS", "household_story"]

STORY_COLUMNS = ("name", "on", "recorded_on", "step", "state", "by", "role", "why", "evidence", "source")


def household_story(
    log: IdentificationLog, events: Iterable[Event], household: str, language: Language = "zh"
) -> pd.DataFrame:
    """Every step of one household in the order of writing, with headings and words of a language.

    Parameters
    ----------
    log : IdentificationLog
    events : iterable of Event
        Of the whole log (:func:`relapse_risk.events.read_events`).
    household : str
    language : {"zh", "en"}

    Returns
    -------
    DataFrame
        One row a step: number, day, day recorded, step, the state it led to, by whom and as what, reason and what else it
        says, evidence, and by which file it came.

    Raises
    ------
    RegisterError
        If the log knows nothing of the household.
    """
    mine = [event for event in events if event.kind == KIND and event.thing == household]
    if not mine:
        raise RegisterError("the log says nothing of this household", where=str(log.register), got=household, fix="check the number")  # fmt: skip
    rows = []
    for number, event in enumerate(mine, 1):
        after = standings(mine[:number], log.machines).get((KIND, household))
        state = after[-1].state if after else ""
        rows.append(
            (event.name, event.on, event.recorded_on, log.machine.step_label(event.step)[language],
             log.machine.state_label(state)[language], event.by, log.machine.roles[event.role][language],
             _why(log, event, language), event.evidence, event.source)
        )  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(STORY_COLUMNS))
    return frame.rename(columns={name: text(f"review.{name}", language) for name in frame})


def _why(log: IdentificationLog, event: Event, language: Language) -> str:
    """The reason and the other facts of a step; what only the program needs is left out."""
    said = [Label.from_cell(event.reason)[language]] if event.reason else []
    hidden = ("rules", "digest") if event.step != TAKEN_BACK else ()
    between = "：" if language == "zh" else ": "
    said += [
        f"{log.machine.facts[name].label[language]}{between}{log.machine.said(name, value)[language]}"
        for name, value in event.facts.items()
        if name not in hidden and name in log.machine.facts
    ]
    return ("；" if language == "zh" else "; ").join(said)
