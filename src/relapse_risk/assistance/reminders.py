"""Reminders: entitled and not receiving, or receiving and not entitled; with due date and priority."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relapse_risk.assistance.catalogue import Catalogue, Item
from relapse_risk.assistance.entitlements import Entitlements
from relapse_risk.assistance.ledger import STANDING, standing
from relapse_risk.files import sha256
from relapse_risk.languages import Language
from relapse_risk.predicates.clauses import Clause
from relapse_risk.text import text

__all__ = ["Reminders", "reason_of", "remind", "reminder_identity", "with_receipts"]

DUE_DAYS = 30  # for items without a statutory period
PAIR = ["household_id", "person_id", "item_code"]
NONE = len(STANDING)
CONTINUING = frozenset({"monthly", "quarterly"})  # continuing items, paid until they are stopped


@dataclass(frozen=True, slots=True)
class Reminders:
    """The reminders of a day and the counts behind them.

    Attributes
    ----------
    frame : DataFrame
        One row per reminder, most pressing first: reminder_id, kind (``missing``: entitled and not receiving;
        ``over``: receiving a continuing item without entitlement), household_id, county_code, town_code, person_id,
        item_code, department, evidence_on, amount_year (forgone, or paid without entitlement; currency a year),
        due_on, need, risk, priority (0-100).
    counts : DataFrame
        item_code, entitled, receiving, pending, refused, missing, not_yet_known (entitled, and the records of the county
        have not been received), over, cannot_tell: pairs on the day.
    day : date
    """

    frame: pd.DataFrame
    counts: pd.DataFrame
    day: date

    def summary(self) -> str:
        """One line: how many reminders of each kind, what is forgone a year, and how many claims wait for records."""
        missing = self.frame["kind"] == "missing"
        forgone = self.frame.loc[missing, "amount_year"].sum()
        waits = int(self.counts["not_yet_known"].sum())
        later = f"; {waits:,} not yet known, since their aid records have not been received" if waits else ""
        return f"{int(missing.sum()):,} missing, {int((~missing).sum()):,} over; {forgone:,.0f} forgone a year{later}"


def remind(
    found: Entitlements, records: pd.DataFrame, catalogue: Catalogue, scores: pd.DataFrame | None = None,
    households: pd.DataFrame | None = None, awaited: Collection[str] = (),
) -> Reminders:  # fmt: skip
    """Compare entitlements with deliveries.

    Parameters
    ----------
    found : Entitlements
        Of the day.
    records : DataFrame
        Rows of ``assistance_record`` (all time); a record without a person counts for every member.
    catalogue : Catalogue
    scores : DataFrame, optional
        household_id, need (0-100) and risk (0-1); missing values count as the median.
    households : DataFrame, optional
        household_id, county_code and town_code of everybody, for reminders of the kind ``over``.
    awaited : collection of str
        Counties whose aid records of the month have not been received yet: nobody there is reminded of, since not yet
        received is not "not done".

    Returns
    -------
    Reminders

    Notes
    -----
    missing = yes - receiving - pending - refused.  over = receiving now - (yes, cannot tell or may keep it).
    priority = 100 × (r_need × r_amount × r_risk) ** (1/3), each r the percentile rank among the reminders of the day,
    so that none of the three units outweighs the others (ours).
    """
    order = _order_of(records, found.day, catalogue)
    claims, kept, keeps = _keys([found.frame, records, found.kept], catalogue)
    met = _met(claims, kept, order)
    yes = found.frame["state"].eq("yes").to_numpy(dtype=bool)
    waits = found.frame["county_code"].isin(list(awaited)).to_numpy(dtype=bool)
    missing = found.frame[yes & (met == NONE) & ~waits]
    going = _continuing(catalogue, found.day)[kept.item] & (kept.item >= 0)
    in_doubt = (order == 0) & going & ~_settled(kept, claims, keeps)
    over = _over(records[in_doubt], households)
    over = over[~over["county_code"].isin(list(awaited))]
    frame = pd.concat([missing.assign(kind="missing"), over.assign(kind="over")], ignore_index=True)
    frame = _prioritised(_dated(frame, catalogue, found.day), scores)
    return Reminders(frame, _counts(claims.item, yes, met, over, catalogue, waits), found.day)


def with_receipts(
    found: Entitlements, records: pd.DataFrame, catalogue: Catalogue, awaited: Collection[str] = ()
) -> pd.DataFrame:
    """The entitlements of the day with ``receipt``: receiving, pending, refused, or null where nothing is known.

    In counties whose records are ``awaited`` a claim nothing is known of is one nobody can tell about.
    """
    claims, kept = _keys([found.frame, records], catalogue)
    met = _met(claims, kept, _order_of(records, found.day, catalogue))
    words = np.array([*STANDING, None], dtype=object)
    waits = found.frame["county_code"].isin(list(awaited)).to_numpy(dtype=bool) & (met == NONE)
    receipt = pd.Series(words[met], index=found.frame.index, dtype="str")
    return found.frame.assign(receipt=receipt, state=found.frame["state"].mask(waits, "cannot_tell"))


def _order_of(records: pd.DataFrame, day: date, catalogue: Catalogue) -> npt.NDArray[np.int64]:
    return standing(records, day, [item.code for item in catalogue.items if item.cadence == "once"])


@dataclass(frozen=True, slots=True)
class _Keys:
    """Household, person and item of each row as integer codes: comparing them is far cheaper than comparing text; shape (n,)."""

    household: npt.NDArray[np.int64]
    person: npt.NDArray[np.int64]  # -1 where no person is named
    item: npt.NDArray[np.int64]  # position in the catalogue; -1 if not in it
    sizes: tuple[int, int, int]  # numbers of households, persons and items

    def where(self, rows: npt.NDArray[np.bool_]) -> _Keys:
        return _Keys(self.household[rows], self.person[rows], self.item[rows], self.sizes)


def _keys(frames: list[pd.DataFrame], catalogue: Catalogue) -> list[_Keys]:
    """Integer keys that are consistent across several frames."""
    bounds = np.cumsum([0, *(len(frame) for frame in frames)])
    home, homes = pd.factorize(pd.concat([frame["household_id"] for frame in frames]))
    person, persons = pd.factorize(pd.concat([frame["person_id"] for frame in frames]))
    sizes = (len(homes), len(persons), len(catalogue))
    cuts = [slice(*pair) for pair in pairwise(bounds)]
    return [_Keys(home[cut], person[cut], _places(frame, catalogue), sizes) for cut, frame in zip(cuts, frames, strict=True)]  # fmt: skip


def _places(frame: pd.DataFrame, catalogue: Catalogue) -> npt.NDArray[np.int64]:
    """Position of each row's item in the catalogue, -1 if not in it."""
    codes = pa.array([item.code for item in catalogue.items], pa.string())
    found = pc.index_in(pa.array(frame["item_code"], pa.string()), codes)
    return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _met(wanted: _Keys, kept: _Keys, order: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Status of each claim in the ledger: position in ``STANDING``, ``NONE`` without a record.

    A person's claim is met by a record of the person or one that names no person; a household's by any record of
    the household, since it is often recorded under the member who applied.
    """
    homes, persons, items = wanted.sizes
    whole, shared, own = (np.full((n, items), NONE, dtype=np.int8) for n in (homes, homes, persons))
    for place in reversed(range(NONE)):  # the status with precedence is written last
        rows = kept.where((order == place) & (kept.item >= 0))
        whole[rows.household, rows.item] = place
        named = rows.person >= 0
        own[rows.person[named], rows.item[named]] = place
        shared[rows.household[~named], rows.item[~named]] = place
    found = whole[wanted.household, wanted.item].astype(np.int64)
    named = wanted.person >= 0
    mine = wanted.where(named)
    best = own[mine.person, mine.item]
    found[named] = np.where(best < NONE, best, shared[mine.household, mine.item])
    return found


def _settled(kept: _Keys, claims: _Keys, keeps: _Keys) -> npt.NDArray[np.bool_]:
    """Whether each record has a claim behind it (certain, open, or one that may be kept).

    A claim of the household settles every record of it; a record that names no person is settled by any member's claim.
    """
    homes, persons, items = kept.sizes
    anybody, whole, own = (np.zeros((n, items), dtype=bool) for n in (homes, homes, persons))
    for one in (claims, keeps):
        anybody[one.household, one.item] = True
        named = one.person >= 0
        own[one.person[named], one.item[named]] = True
        whole[one.household[~named], one.item[~named]] = True
    unnamed = kept.person < 0
    settled = whole[kept.household, kept.item] | (unnamed & anybody[kept.household, kept.item])
    settled[~unnamed] |= own[kept.person[~unnamed], kept.item[~unnamed]]
    return settled


def _continuing(catalogue: Catalogue, day: date) -> npt.NDArray[np.bool_]:
    return np.array([item.cadence in CONTINUING and item.on(day) is not None for item in catalogue.items])


def _over(rows: pd.DataFrame, households: pd.DataFrame | None) -> pd.DataFrame:
    """Pairs that receive a continuing item on the day without a claim to it, each once, with their position."""
    pairs = rows[PAIR].drop_duplicates()
    if households is None:
        pairs = pairs.assign(county_code=pd.NA, town_code=pd.NA)
    else:
        pairs = pairs.merge(households[["household_id", "county_code", "town_code"]], on="household_id", how="inner")
    return pairs.assign(amount=np.nan, amount_year=np.nan)


def _dated(frame: pd.DataFrame, catalogue: Catalogue, day: date) -> pd.DataFrame:
    places, today = _places(frame, catalogue), pd.Timestamp(day)
    due = np.array([today + pd.Timedelta(days=_days(item, day)) for item in catalogue.items], dtype="datetime64[s]")
    departments = pd.array([item.department for item in catalogue.items], dtype="str")
    return frame.assign(
        department=departments.take(places), evidence_on=today, due_on=due[places], reminder_id=_identities(frame)
    )


def _days(item: Item, day: date) -> int:
    version = item.on(day)
    return version.statutory_days if version is not None and version.statutory_days else DUE_DAYS


def _identities(frame: pd.DataFrame) -> list[str]:
    """Id of a claim, the same every month, so that a reply can be matched."""
    parts = [frame[name].to_numpy(na_value="") for name in ("kind", *PAIR)]
    return [reminder_identity(*row) for row in zip(*parts, strict=True)]


def reminder_identity(kind: str, household: str, person: str, item: str) -> str:
    """Id of one claim, the same every month; the person is empty where the item is the household's.

    Examples
    --------
    >>> reminder_identity("missing", "H1", "", "MZ01") == reminder_identity("over", "H1", "", "MZ01")
    False
    """
    return "R" + sha256(["|".join((kind, household, person, item))])[:12]


def _prioritised(frame: pd.DataFrame, scores: pd.DataFrame | None) -> pd.DataFrame:
    known = pd.DataFrame(columns=["household_id", "need", "risk"]) if scores is None else scores
    table = known.drop_duplicates("household_id").set_index("household_id")
    need, risk = (frame["household_id"].map(table[name]).astype("float64") for name in ("need", "risk"))
    parts = [_percentile(values) for values in (need, frame["amount_year"].astype("float64"), risk)]
    priority = 100 * (parts[0] * parts[1] * parts[2]) ** (1 / 3)
    columns = [
        "reminder_id", "kind", "household_id", "county_code", "town_code", "person_id", "item_code", "department",
        "evidence_on", "amount_year", "due_on", "need", "risk", "priority",
    ]  # fmt: skip
    done = frame.assign(need=need, risk=risk, priority=priority.round(2))[columns]
    return done.sort_values(["priority", "reminder_id"], ascending=[False, True], ignore_index=True)


def _percentile(values: pd.Series) -> pd.Series:
    """Percentile rank; unknown values get the middle."""
    return values.rank(pct=True).fillna(0.5)


def _counts(
    item: npt.NDArray[np.int64], yes: npt.NDArray[np.bool_], order: npt.NDArray[np.int64], over: pd.DataFrame,
    catalogue: Catalogue, waits: npt.NDArray[np.bool_],
) -> pd.DataFrame:  # fmt: skip
    def counted(rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        return np.bincount(item[rows], minlength=len(catalogue))

    codes = [one.code for one in catalogue.items]
    in_doubt = over["item_code"].value_counts()
    columns = {"entitled": counted(yes)} | {word: counted(yes & (order == at)) for at, word in enumerate(STANDING)}
    columns["missing"] = counted(yes & (order == NONE) & ~waits)
    columns["not_yet_known"] = counted(yes & (order == NONE) & waits)
    columns["over"] = np.array([int(in_doubt.get(code, 0)) for code in codes])
    return pd.DataFrame({"item_code": codes} | columns | {"cannot_tell": counted(~yes)})


def reason_of(item: Item, day: date, kind: str, language: Language) -> str:
    """The conditions of ``item`` as one sentence: met for ``missing``, not met together for ``over``."""
    version = item.on(day)
    conditions = _in_words(version.requires, item, language) if version else ""
    if kind == "missing":
        return conditions
    return text("reason.over", language, conditions=conditions)


def _in_words(clause: Clause, item: Item, language: Language, inside: bool = False) -> str:
    """The conditions as a sentence: those that must all be met in sequence, alternatives in brackets joined by *or*."""
    if clause.predicate is not None:
        return item.predicates[clause.predicate].label.in_language(language)
    if clause.not_ is not None:
        return _denied(clause.not_, item, language)
    parts = dict.fromkeys(_in_words(part, item, language, True) for part in clause.parts)
    if clause.all:
        return text("reason.and_inside" if inside else "punctuation.between", language).join(parts)
    words = text("reason.or", language).join(parts)
    return text("reason.brackets", language, words=words) if len(parts) > 1 else words


def _denied(clause: Clause, item: Item, language: Language) -> str:
    """The sentence of a predicate that fails; for any other clause its negation."""
    fails = item.predicates[clause.predicate].fails if clause.predicate is not None else None
    if fails is not None:
        return fails.in_language(language)
    words = _in_words(clause, item, language, True)
    if clause.all and len(clause.all) > 1:
        words = text("reason.brackets", language, words=words)
    return text("reason.not", language, words=words)
