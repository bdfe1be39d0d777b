"""Import: a source is read, mapped, checked and written, completely or not at all; repeating it changes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from relapse_risk.errors import SourceError, unknown
from relapse_risk.files import sha256
from relapse_risk.months import check_month
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.progress import Progress, no_progress
from relapse_risk.register.admission import CheckContext
from relapse_risk.register.candidates import Candidate, candidates
from relapse_risk.register.databases import is_url
from relapse_risk.register.deliveries import Sent
from relapse_risk.register.gates import check_acceptance
from relapse_risk.register.import_report import (
    ImportReport,
)
from relapse_risk.register.import_work import ImportWork
from relapse_risk.register.manifest import MANIFEST
from relapse_risk.register.mapping import SourceMapping, read_mapping
from relapse_risk.register.overwrites import check_sender, read_answers
from relapse_risk.register.pseudonyms import create_key, read_key
from relapse_risk.register.readers import read_source
from relapse_risk.register.register import Register
from relapse_risk.register.rules import RuleBook, read_rules
from relapse_risk.register.writer import RegisterWriter
from relapse_risk.schema import table

__all__ = ["ImportReport", "import_source", "read_mapping"]

_MONTH = re.compile(r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])")
# Tables that households refer to are written with the first month; tables that refer to households, with the last.
_FIRST = ("county", "village", "assistance_item")


def import_source(
    source: str | Path,
    mapping: SourceMapping | str | Path,
    register: str | Path,
    month: str | None = None,
    key: str | Path | None = None,
    progress: Progress | None = None,
    *,
    as_of: date,
    params: str | Path | None = None,
    complete: bool | None = None,
    counties: Sequence[str] = (),
    sender: str = "",
    accept: str = "",
    place: str | None = None,
) -> ImportReport:
    """Import a workbook, CSV, database or Parquet file into a register.

    A month the register does not hold yet starts from the last one before it: what the source does not say is carried,
    and table ``carried`` says from which month.  A cell with an error keeps its last value, a row whose key or
    reference is wrong is kept out; both, and all warnings, are written beside the register.  The register is the old
    one or the new one, whatever stops the process; importing the same source again changes nothing, and finishes
    what a dead process began.

    Parameters
    ----------
    place : str, optional
        Of a new register, where the mapping does not name one.
    source : str or Path
        File, folder of files, or SQLAlchemy URL.
    mapping : SourceMapping, str or Path
        Mapping, its name in ``params/sources/``, or its file.
    register : str or Path
        Folder of a new or existing register.
    month : str, optional
        Month of the snapshot, where the rows do not state it.
    key : str or Path, optional
        Key file for pseudonyms; made if the register is new and there is none.
    progress : callable, optional
        Called with (done, total, what).
    as_of : datetime.date
        The data date: nothing may have happened after it.
    params : str or Path, optional
        Parameter folder.
    complete : bool, optional
        Whether the source names everybody: a household or person it leaves out is no more in that month; what the
        mapping says when left out.
    counties : sequence of str, optional
        Counties it is complete for; all when left out.
    sender : str
        Department the source is from; the mapping's when left out.
    accept : str
        Who lets the delivery through a gate, and why: ``who: why``.

    Returns
    -------
    ImportReport

    Raises
    ------
    GateError
        If it drops or adds too many rows, empties a county or loses a monitored household, and nobody answers for it;
        nothing is written then.
    SourceError
        If the source cannot be read or mapped as a whole, or its rows say another month; nothing is written then.
    RegisterError
        If the register is damaged, of another place, or another process is writing.

    Examples
    --------
    >>> import tempfile
    >>> from datetime import date
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "村.csv").write_text("村代码,县代码,村名\\n371425101001,371425,示例村\\n", encoding="utf-8")
    >>> rules = {"name": "villages", "label": {"zh": "村", "en": "villages"}, "kind": "csv", "place": "dezhou",
    ...          "tables": [{"table": "village", "source": "村*"}]}
    >>> report = import_source(folder / "村.csv", SourceMapping(**rules), folder / "register", as_of=date(2020, 12, 31))
    >>> [(count.table, count.accepted) for count in report.tables], report.rejected
    ([('village', 1)], 0)
    """
    chosen = mapping if isinstance(mapping, SourceMapping) else read_mapping(mapping, params)
    if month is not None:
        check_month(month, "month")
    names_all = chosen.complete if complete is None else complete
    if counties and not names_all:
        raise SourceError("counties without complete", where="--county", got=list(counties), fix="add --complete")
    root = Path(register)
    tell = progress or no_progress
    of_place = _place(chosen, root, params, place)
    raw = read_source(source, chosen, tell)
    offered = candidates(raw.tables, chosen, _key(chosen, key, root), month)
    parameters = read_parameters(params)
    rules = read_rules(params, parameters)
    of = read_place(of_place, params)
    context = CheckContext(parameters, of, _without(rules, chosen).for_place(of), as_of)
    whole = names_all or chosen.mode == "replace"
    name = raw.name if is_url(raw.name) else Path(raw.name).name  # wherever it lay on somebody's disk
    sent = Sent(name, raw.digest or _content_digest(offered), chosen.name, as_of, check_sender(sender or chosen.sender), whole,
                tuple(sorted(counties)), check_acceptance(accept))  # fmt: skip
    parts = _parts(offered, month, as_of)
    with RegisterWriter(root, place=of_place) as writer:
        held = Register.open(root) if (root / MANIFEST).exists() else None
        work = ImportWork(chosen, writer, held, context, sent, read_answers(params))
        for done, (of_month, part) in enumerate(parts):
            tell(done, len(parts), f"check {of_month}")
            work.take(of_month, part)
        work.pass_gates()
        tell(len(parts), len(parts), "write")
        return work.finish(raw, offered, tuple(m for m, _ in parts), root, as_of)


def _without(book: RuleBook, mapping: SourceMapping) -> RuleBook:
    """The rules, without those that the mapping switches off."""
    known = {rule.id for rule in book.rules}
    for name in mapping.rules_off:
        if name not in known:
            raise unknown("rule", name, sorted(known), f"{mapping.name}: rules_off", SourceError, "see params/rules/")
    return replace(book, rules=tuple(rule for rule in book.rules if rule.id not in mapping.rules_off))


def _place(mapping: SourceMapping, root: Path, params: str | Path | None, given: str | None) -> str:
    """The place of the register: its own, and of a new one the mapping's or the one given; never two of them."""
    held = Register.open(root).place if (root / MANIFEST).exists() else None
    said = [(mapping.place, f"mapping {mapping.name}: place"), (given, "--place"), (held, f"register {root}")]
    named = [(place, where) for place, where in said if place is not None]
    if not named:
        raise SourceError(
            "which place is the new register of?", where="--place", expected="a name of params/places",
            fix="pass --place NAME, stand in a project (relapse-risk init FOLDER), or write place: in the mapping",
        )  # fmt: skip
    place, where = named[-1]
    for other, at in named[:-1]:
        if other != place:
            raise SourceError(
                f"{at.partition(' ')[0]} names another place than {where.partition(' ')[0]}: for another place than the register",
                where=at, got=other, expected=place, fix="correct it, or choose another register",
            )  # fmt: skip
    return read_place(place, params).name


def _key(mapping: SourceMapping, key: str | Path | None, root: Path) -> bytes | None:
    if not mapping.needs_key:
        return None
    # With a new key, no person of an existing register would be recognised.
    if key is not None and not Path(key).exists() and not (root / MANIFEST).exists():
        create_key(key, root)
    return read_key(key, root)


def _parts(offered: Mapping[str, Candidate], month: str | None, as_of: date) -> list[tuple[str, dict[str, Candidate]]]:
    """The rows of each month, ascending, so that memory and work depend on a month and not on the whole panel."""
    months = sorted({m for name, c in offered.items() if table(name).is_snapshot for m in _months(c)})
    late = [m for m in months if m > f"{as_of:%Y-%m}"]
    if late:
        raise SourceError(
            "a month after the data date", where="snapshot_month", got=late[-1], expected=f"up to {as_of:%Y-%m}",
            fix="correct the month, or give the data date with --as-of",
        )  # fmt: skip
    months = months or [month or f"{as_of:%Y-%m}"]
    parts: dict[str, dict[str, Candidate]] = {m: {} for m in months}
    for name, candidate in offered.items():
        for m, positions in _by_month(name, candidate, months).items():
            if len(positions):
                parts[m][name] = candidate if len(positions) == len(candidate.rows) else candidate.take(positions)
    return list(parts.items())


def _months(candidate: Candidate) -> set[str]:
    return {m for m in candidate.frame["snapshot_month"].dropna().unique() if _MONTH.fullmatch(str(m))}


def _by_month(name: str, candidate: Candidate, months: list[str]) -> dict[str, np.ndarray]:
    """Positions of the rows to be checked with each month; rows of unknown month are checked with the last."""
    said = {"income": "period_end"}.get(name, "snapshot_month" if table(name).is_snapshot else "")
    if said and said in candidate.frame and len(months) > 1:
        at = pd.Index(months).get_indexer(candidate.frame[said])
        at = np.where(at < 0, len(months) - 1, at)
    else:
        at = np.full(len(candidate.rows), 0 if name in _FIRST else len(months) - 1)
    return {m: np.flatnonzero(at == i) for i, m in enumerate(months)}


def _content_digest(offered: Mapping[str, Candidate]) -> str:
    """A digest of the rows of a database, which has no file."""
    return sha256(part for name, one in offered.items() for part in (name, one.frame.to_csv(index=False)))
