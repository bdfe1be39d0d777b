"""Reminders: entitled and not receiving, and the reverse; what to do, by when, and which first."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relapse_risk.assistance.catalogue import Catalogue, Item
from relapse_risk.assistance.conditions import condition_named
from relapse_risk.assistance.entitlements import Entitlements
from relapse_risk.assistance.ledger import receipts

__all__ = ["Reminders", "reason_of", "remind", "with_receipts"]

DUE_DAYS = 30  # where an item has no statutory days
PAIR = ["household_id", "person_id", "item_code"]
NONE = 3
MOST_ITEMS = 64  # read_catalogue holds to it
STATES = np.array(["receiving", "pending", "refused", ""], dtype=object)
CONTINUING = frozenset({"monthly", "quarterly"})  # items whose receipt without entitlement goes on until it is stopped


@dataclass(frozen=True, slots=True)
class Reminders:
    """Who should be told what.

    Attributes
    ----------
    frame : DataFrame
        One row per reminder, most pressing first: reminder_id, kind (``missing``: entitled and not receiving;
        ``over``: receiving a continuing item without entitlement), household_id, county_code, town_code, person_id,
        item_code, department, evidence_on, amount_year (forgone, or paid without entitlement; currency a year),
        due_on, need, risk, priority (0-100).
    counts : DataFrame
        item_code, entitled, receiving, pending, refused, missing, over, cannot_tell: pairs on the day.
    day : date
    """

    frame: pd.DataFrame
    counts: pd.DataFrame
    day: date

    def summary(self) -> str:
        """One line: how many reminders of each kind, and what is forgone a year."""
        missing = self.frame["kind"] == "missing"
        forgone = self.frame.loc[missing, "amount_year"].sum()
        return f"{int(missing.sum()):,} missing, {int((~missing).sum()):,} over; {forgone:,.0f} forgone a year"


def remind(
    found: Entitlements, records: pd.DataFrame, catalogue: Catalogue, scores: pd.DataFrame | None = None,
    households: pd.DataFrame | None = None,
) -> Reminders:  # fmt: skip
    """Compare what the rules grant with what is delivered.

    Parameters
    ----------
    found : Entitlements
        Of the day.
    records : DataFrame
        Rows of ``assistance_record`` (all time); a record without a person counts for every member.
    catalogue : Catalogue
    scores : DataFrame, optional
        household_id, need (0-100) and risk (0-1); what is missing counts as the median.
    households : DataFrame, optional
        household_id, county_code and town_code of everybody, for reminders of the kind ``over``.

    Returns
    -------
    Reminders

    Notes
    -----
    missing = yes - receiving - pending - refused.  over = receiving now - (yes, cannot tell or may keep it).
    priority = 100 × (r_need × r_amount × r_risk) ** (1/3), each r the percentile rank among the reminders of the day,
    so that none of the three units outweighs the others (ours).
    """
    state = _receipts(records, found.day, catalogue)
    claims, kept, keeps = _keys([found.frame, state, found.kept], catalogue)
    order = _order(state, claims, kept)
    yes = found.frame["state"].eq("yes").to_numpy(dtype=bool)
    missing = found.frame[yes & (order == NONE)]
    over = _over(found, state, (claims, keeps), kept, catalogue, households)
    frame = pd.concat([missing.assign(kind="missing"), over.assign(kind="over")], ignore_index=True)
    frame = _prioritised(_dated(frame, catalogue, found.day), scores)
    return Reminders(frame, _counts(claims.item, yes, order, over, catalogue), found.day)


def with_receipts(found: Entitlements, records: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """The entitlements of the day with ``receipt``: receiving, pending, refused, or null where nothing is known."""
    state = _receipts(records, found.day, catalogue)
    claims, kept = _keys([found.frame, state], catalogue)
    order = _order(state, claims, kept)
    return found.frame.assign(receipt=pd.Series(STATES[order], index=found.frame.index).replace("", pd.NA))


def _receipts(records: pd.DataFrame, day: date, catalogue: Catalogue) -> pd.DataFrame:
    return receipts(records, day, [item.code for item in catalogue.items if item.cadence == "once"])


@dataclass(frozen=True, slots=True)
class _Keys:
    """Claims as whole numbers: comparing them is a hundred times cheaper than comparing joined text."""

    household_item: npt.NDArray[np.int64]
    person_item: npt.NDArray[np.int64]  # -1 where no person is named

    @property
    def item(self) -> npt.NDArray[np.int64]:
        """Place of each row's item in the catalogue."""
        return self.household_item % MOST_ITEMS


def _keys(frames: list[pd.DataFrame], catalogue: Catalogue) -> list[_Keys]:
    """Keys of several frames that agree with each other."""
    codes = pa.array([one.code for one in catalogue.items])
    coded = {
        name: pd.factorize(pd.concat([frame[name] for frame in frames], ignore_index=True))[0]
        for name in ("household_id", "person_id")
    }
    bounds = np.cumsum([0, *(len(frame) for frame in frames)])
    out = []
    for place, frame in enumerate(frames):
        items = pc.index_in(pa.array(frame["item_code"], pa.string()), codes.cast(pa.string())).to_numpy(
            zero_copy_only=False
        )
        cut = slice(bounds[place], bounds[place + 1])
        person = coded["person_id"][cut]
        out.append(
            _Keys(
                coded["household_id"][cut] * MOST_ITEMS + items, np.where(person >= 0, person * MOST_ITEMS + items, -1)
            )
        )
    return out


def _order(state: pd.DataFrame, wanted: _Keys, kept: _Keys) -> npt.NDArray[np.int64]:
    """How each entitlement stands in the ledger: its place in ``STATES``.

    A person's claim is met by the person's own record or by one that names no person; a household's by any record of
    the household, since it is often kept under the member who applied.
    """
    order = state["state"].map({"receiving": 0, "pending": 1, "refused": 2}).to_numpy(dtype=np.int64)
    unnamed = kept.person_item < 0
    own = _best(wanted.person_item, kept.person_item[~unnamed], order[~unnamed])
    shared = _best(wanted.household_item, kept.household_item[unnamed], order[unnamed])
    whole = _best(wanted.household_item, kept.household_item, order)
    return np.where(wanted.person_item < 0, whole, np.where(own < NONE, own, shared))


def _best(
    wanted: npt.NDArray[np.int64], keys: npt.NDArray[np.int64], order: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The lowest order among the equal keys, ``NONE`` where there is none."""
    if not len(keys):
        return np.full(len(wanted), NONE)
    by = np.lexsort((order, keys))
    sorted_keys = keys[by]
    at = np.searchsorted(sorted_keys, wanted)
    inside = np.minimum(at, len(keys) - 1)
    return np.where(sorted_keys[inside] == wanted, order[by][inside], NONE)


def _over(
    found: Entitlements, state: pd.DataFrame, settling: tuple[_Keys, _Keys], kept: _Keys, catalogue: Catalogue,
    households: pd.DataFrame | None,
) -> pd.DataFrame:  # fmt: skip
    """Pairs that receive a continuing item on the day and have no claim to it."""
    going = {item.code for item in catalogue.items if item.cadence in CONTINUING and item.on(found.day) is not None}
    rows_now = ((state["state"] == "receiving") & state["item_code"].isin(going)).to_numpy(dtype=bool)
    now, have = state[rows_now], _Keys(kept.household_item[rows_now], kept.person_item[rows_now])
    # A claim of the household settles every record of it; a record that names no person is settled by any member's claim.
    settled = np.zeros(len(now), dtype=bool)
    for claims in settling:
        named = claims.person_item >= 0
        settled |= np.isin(have.person_item, claims.person_item[named])
        settled |= np.isin(have.household_item, claims.household_item[~named])
        settled |= (have.person_item < 0) & np.isin(have.household_item, claims.household_item)
    rows = now[~settled]
    if households is None:
        rows = rows.assign(county_code=pd.NA, town_code=pd.NA)
    else:
        rows = rows.merge(households[["household_id", "county_code", "town_code"]], on="household_id", how="inner")
    return rows.drop(columns=["state", "since"]).assign(amount=np.nan, amount_year=np.nan)


def _dated(frame: pd.DataFrame, catalogue: Catalogue, day: date) -> pd.DataFrame:
    items = {item.code: item for item in catalogue.items}
    days = {code: _days(item, day) for code, item in items.items()}
    due = pd.Timestamp(day) + pd.to_timedelta(frame["item_code"].map(days), unit="D")
    return frame.assign(
        department=frame["item_code"].map({code: item.department for code, item in items.items()}),
        evidence_on=pd.Timestamp(day), due_on=due,
        reminder_id=_identities(frame),
    )  # fmt: skip


def _days(item: Item, day: date) -> int:
    version = item.on(day)
    return version.statutory_days if version is not None and version.statutory_days else DUE_DAYS


def _identities(frame: pd.DataFrame) -> list[str]:
    """The same claim has the same id every month, so that a reply finds it again."""
    parts = [frame[name].to_numpy(dtype=object, na_value="") for name in ("kind", *PAIR)]
    return ["R" + hashlib.sha256("|".join(row).encode()).hexdigest()[:12] for row in zip(*parts, strict=True)]


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
    return done.sort_values(["priority", "reminder_id"], ascending=[False, True], kind="stable", ignore_index=True)


def _percentile(values: pd.Series) -> pd.Series:
    """Percentile rank; what is unknown stands in the middle."""
    return values.rank(pct=True).fillna(0.5)


def _counts(
    item: npt.NDArray[np.int64], yes: npt.NDArray[np.bool_], order: npt.NDArray[np.int64], over: pd.DataFrame,
    catalogue: Catalogue,
) -> pd.DataFrame:  # fmt: skip
    def counted(rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        return np.bincount(item[rows], minlength=len(catalogue))

    codes = [one.code for one in catalogue.items]
    in_doubt = over["item_code"].value_counts()
    columns = {"entitled": counted(yes)} | {word: counted(yes & (order == at)) for at, word in enumerate(STATES[:NONE])}
    columns["missing"] = counted(yes & (order == NONE))
    columns["over"] = np.array([int(in_doubt.get(code, 0)) for code in codes])
    return pd.DataFrame({"item_code": codes} | columns | {"cannot_tell": counted(~yes)})


def reason_of(item: Item, day: date, kind: str, language: str) -> str:
    """The conditions of ``item`` as one sentence: met for ``missing``, not met together for ``over``."""
    version = item.on(day)
    names = dict.fromkeys(version.requires.names()) if version else {}
    told = ("；" if language == "zh" else "; ").join(condition_named(name).reason(language) for name in names)
    if kind == "missing":
        return told
    return (
        f"正在享受，但不再同时符合：{told}" if language == "zh" else f"receives it, and no longer meets all of: {told}"
    )
