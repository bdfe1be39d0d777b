"""A month's work as a chain of steps: each is done once for what it reads, and a run that was stopped goes on there.

What a step read is written down when it has ended: the digest of its own inputs and of the steps before it.  The same
again is not done again; anything else is, with every step that reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from relapse_risk.errors import RegisterError
from relapse_risk.files import sha256, write_json
from relapse_risk.json_reading import parsed

__all__ = ["Outcome", "Step", "run_steps"]

State = Literal["done", "unchanged", "would_run", "left_out", "stopped"]
LAST_GOOD = 1  # exit codes above this one end the run


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a month.

    Attributes
    ----------
    name : str
    act : callable
        Does it; its exit code: 0 done, 1 done and something was found, more: it could not be done.
    inputs : callable
        Digest of what it reads, asked when its turn has come.
    reads : tuple of str
        Earlier steps whose results it reads and ``inputs`` does not see: when one was done anew, so is this one.
    after : tuple of str
        Earlier steps that change what ``inputs`` digests.
    makes : Path, optional
        File or folder that is there once it is done.
    left_out : str
        Why this place has no such step; empty where it has.
    always : bool
        Whether it finds out by itself what there is to do, and is asked every time.
    """

    name: str
    act: Callable[[], int]
    inputs: Callable[[], str]
    reads: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    makes: Path | None = None
    left_out: str = ""
    always: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step ended: its state, its exit code (an unchanged step's is the one it ended with), and why."""

    name: str
    state: State
    code: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Ended:
    """What a step had read when it ended, and its exit code."""

    token: str
    code: int


def run_steps(
    steps: Sequence[Step], journal: Path, *, dry_run: bool = False, tell: Callable[[Outcome], None] = lambda _: None
) -> list[Outcome]:
    """Do the steps in order, each only if what it reads is new, and stop at the first that could not be done.

    Parameters
    ----------
    steps : sequence of Step
        Each after those it reads.
    journal : Path
        JSON file that says what each step read when it ended last; written after every step.
    dry_run : bool
        Only say what would be done; nothing is written.
    tell : callable
        Called with every outcome as it comes.

    Returns
    -------
    list of Outcome
        Of every step up to the one that stopped the run.

    Raises
    ------
    RegisterError
        If the journal is damaged.

    Notes
    -----
    An error that a step raises goes through; what was done before it stays done.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> file, read = Path(mkdtemp()) / "2024-01.json", []
    >>> steps = [Step("import", lambda: 0, lambda: "file 1"), Step("score", lambda: 0, lambda: "", ("import",))]
    >>> [outcome.state for outcome in run_steps(steps, file)]
    ['done', 'done']
    >>> [outcome.state for outcome in run_steps(steps, file)]
    ['unchanged', 'unchanged']
    """
    known, tokens, anew, outcomes = _read(journal), dict[str, str](), set[str](), list[Outcome]()

    def ended(outcome: Outcome) -> None:
        outcomes.append(outcome)
        tell(outcome)

    for step in steps:
        if step.left_out:
            ended(Outcome(step.name, "left_out", why=step.left_out))
            continue
        before = [name for name in (*step.after, *step.reads) if name in anew]
        if dry_run and before:  # its inputs are not there yet
            anew.add(step.name)
            ended(Outcome(step.name, "would_run", why=f"after {', '.join(before)}"))
            continue
        tokens[step.name] = token = sha256([step.name, step.inputs(), *(tokens.get(name, "") for name in step.reads)])
        why = _why(step, known.get(step.name), token)
        if not why:
            ended(Outcome(step.name, "unchanged", known[step.name].code))
            continue
        anew.add(step.name)
        if dry_run:
            ended(Outcome(step.name, "would_run", why=why))
            continue
        code = step.act()
        if code > LAST_GOOD:
            ended(Outcome(step.name, "stopped", code, why))
            return outcomes
        known[step.name] = _Ended(token, code)
        write_json(journal, {name: asdict(one) for name, one in known.items()})
        ended(Outcome(step.name, "done", code, why))
    return outcomes


def _why(step: Step, last: _Ended | None, token: str) -> str:
    if step.always:
        return "looks for itself"
    if last is None:
        return "not done yet"
    if last.token != token:
        return "what it reads has changed"
    return "what it made is gone" if step.makes is not None and not step.makes.exists() else ""


def _read(journal: Path) -> dict[str, _Ended]:
    if not journal.is_file():
        return {}
    try:
        content = parsed(journal.read_text(encoding="utf-8"))
        return {str(name): _Ended(str(one["token"]), int(one["code"])) for name, one in content.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RegisterError(
            "the journal of the month is damaged", where=str(journal), fix="remove it: what is done is done again"
        ) from error
