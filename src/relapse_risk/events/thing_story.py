"""The story of one thing, or of everything about one household: every step, those taken back among them, in words."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from relapse_risk.errors import RegisterError
from relapse_risk.events.event_log import Event, read_events
from relapse_risk.events.kept_log import KeptLog
from relapse_risk.events.standing import TAKEN_BACK, standings
from relapse_risk.languages import Label, Language
from relapse_risk.text import text

__all__ = ["STORY_COLUMNS", "thing_story"]

STORY_COLUMNS = ("name", "on", "recorded_on", "step", "state", "by", "role", "why", "evidence", "source")
HIDDEN = ("rules", "digest", "list", "household")  # what only the program needs, or what the story is about


def thing_story(log: KeptLog, name: str, language: Language = "zh", kind: str = "") -> pd.DataFrame:
    """Every step of one thing in the order of writing, with headings and words of a language.

    Parameters
    ----------
    log : KeptLog
        Of all kinds that are asked for.
    name : str
        A thing, or a household: then also every reminder, order and placement that concerns it.
    language : {"zh", "en"}
    kind : str
        Only of this kind; all when left out.

    Returns
    -------
    DataFrame
        One row a step: number, day, day recorded, step, the state it led to, by whom and as what, reason and what else it
        says, evidence, and by which file it came.

    Raises
    ------
    RegisterError
        If the log knows nothing of it.
    """
    everything = [
        event for event in read_events(log.register) if event.kind in log.machines and kind in ("", event.kind)
    ]
    things = {(e.kind, e.thing) for e in everything if name in (e.thing, e.facts.get("household"))}
    mine = [event for event in everything if (event.kind, event.thing) in things]
    if not mine:
        raise RegisterError("the log says nothing of this", where=str(log.register), got=name, fix="check the number")
    rows = [_row(log, mine[: number + 1], language) for number in range(len(mine))]
    frame = pd.DataFrame(rows, columns=list(STORY_COLUMNS))
    return frame.rename(columns={column: text(f"review.{column}", language) for column in frame})


def _row(log: KeptLog, until: Sequence[Event], language: Language) -> tuple[str, ...]:
    event = until[-1]
    machine, mine = log.machines[event.kind], (event.kind, event.thing)
    after = standings([e for e in until if (e.kind, e.thing) == mine], log.machines).get(mine)
    return (
        event.name, event.on, event.recorded_on, machine.step_label(event.step)[language],
        machine.state_label(after[-1].state if after else "")[language], event.by, machine.roles[event.role][language],
        _why(log, event, language), event.evidence, event.source,
    )  # fmt: skip


def _why(log: KeptLog, event: Event, language: Language) -> str:
    """The reason and the other facts of a step; what only the program needs is left out."""
    machine = log.machines[event.kind]
    said = [Label.from_cell(event.reason)[language]] if event.reason else []
    hidden = HIDDEN if event.step != TAKEN_BACK else ()
    between = "：" if language == "zh" else ": "
    said += [
        f"{machine.facts[name].label[language]}{between}{machine.said(name, value)[language]}"
        for name, value in event.facts.items()
        if name not in hidden and name in machine.facts
    ]
    return ("；" if language == "zh" else "; ").join(said)
