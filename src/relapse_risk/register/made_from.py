"""Made from: results of a month name the state of the register they came from, so that old ones are never taken for new."""

from __future__ import annotations

from pathlib import Path

from relapse_risk.errors import RegisterError
from relapse_risk.files import write_json
from relapse_risk.json_reading import parsed
from relapse_risk.register.register import Register

__all__ = ["check_made_from", "is_stale", "note_made_from"]

FILE = "made_from"  # without an ending: it is no result


def note_made_from(folder: Path, what: str, register: Register, month: str) -> Path:
    """Write down beside the results ``what`` (``score``, ``rank``, ``remind``) what of the register they came from.

    Parameters
    ----------
    folder : Path
        Folder of the month's results.
    what : str
        Command that made them.
    register : Register
    month : str
    """
    return write_json(folder / FILE, _noted(folder) | {what: register.month_digest(month)})


def is_stale(folder: Path, what: str, register: Register, month: str) -> bool:
    """Whether the register's month is another now than when ``what`` was made; not where nothing was written down."""
    noted = _noted(folder).get(what)
    return noted is not None and noted != register.month_digest(month)


def check_made_from(folder: Path, what: str, register: Register, month: str) -> None:
    """Raise if ``what`` was made from another state of the register.

    Raises
    ------
    RegisterError
        Naming the command that makes it anew.
    """
    if is_stale(folder, what, register, month):
        raise RegisterError(
            f"made from another state of the register than it holds now for {month}", where=str(folder), got=what,
            fix=f"run relapse-risk {what} --register {register.path} --month {month} --out {folder.parent}",
        )  # fmt: skip


def _noted(folder: Path) -> dict[str, str]:
    try:
        content: dict[str, str] = parsed((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
