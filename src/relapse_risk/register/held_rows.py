"""What a register holds while a delivery is laid over it, the months this very delivery has filled included."""

from __future__ import annotations

import pandas as pd

from relapse_risk.register.carrying import NO_LINES, Base
from relapse_risk.register.register import Register
from relapse_risk.schema import empty_table, table

__all__ = ["HeldRows"]


class HeldRows:
    """Rows of the register before an import, and of the last month the import has put.

    Parameters
    ----------
    register : Register or None
        None where the register is new.
    """

    def __init__(self, register: Register | None) -> None:
        self._register = register
        self._put: dict[str, tuple[str, pd.DataFrame]] = {}
        self._lines: dict[tuple[str, str], pd.DataFrame] = {}
        self._followed: dict[tuple[str, str], pd.DataFrame] = {}

    @property
    def counties(self) -> tuple[str, ...]:
        """Counties that hold households."""
        return self._register.counties if self._register is not None else ()

    def _months(self, name: str) -> tuple[str, ...]:
        if self._register is None:
            return ()
        return tuple(entry.month for entry in self._register.manifest.of(name) if entry.month)

    def rows(self, name: str, month: str | None) -> pd.DataFrame:
        """Rows held of a table (and month); no rows and no columns where there are none."""
        if self._register is None or (month is not None and month not in self._months(name)):
            return pd.DataFrame()
        if table(name).restricted:
            return self._register.read_identity()
        return self._register.read(name, month=month)

    def base(self, name: str, month: str, *, carry: bool) -> Base:
        """The rows that a delivery of snapshot table ``name`` for ``month`` is laid over.

        Those of the month, where the register holds it; else, with ``carry``, those of the last month before it, if the
        register held one before this import.
        """
        if (name, month) in self._followed:
            return Base(self._followed[name, month], None, self._lines[name, month])
        if month in self._months(name):
            return Base(self.rows(name, month), None, self._held_lines(name, month))
        earlier = [one for one in self._months(name) if one < month]
        if not carry or not earlier:
            return Base(empty_table(name), None, NO_LINES)
        last = earlier[-1]
        put = self._put.get(name)
        if put is not None and last <= put[0] < month:
            last, rows, lines = put[0], put[1], self._lines[name, put[0]]
        else:
            rows, lines = self.rows(name, last), self._held_lines(name, last)
        return Base(rows.assign(snapshot_month=pd.Series(month, index=rows.index, dtype="str")), last, lines)

    def _held_lines(self, name: str, month: str) -> pd.DataFrame:
        """What was carried, of one table and month of the register before."""
        held = self.rows("carried", month)
        if not len(held):
            return NO_LINES
        return held.loc[held["table_name"] == name, list(NO_LINES.columns)].reset_index(drop=True)

    def keep(self, name: str, month: str, rows: pd.DataFrame, lines: pd.DataFrame) -> None:
        """Remember what the import has put: the next month of the same import may start from it."""
        self._put[name] = (month, rows)
        self._lines[name, month] = lines

    def later(self, month: str) -> tuple[str, ...]:
        """Months held after ``month``, ascending."""
        return tuple(sorted(one for one in self._months("household") if one > month))

    def follow(self, name: str, month: str, rows: pd.DataFrame, lines: pd.DataFrame) -> None:
        """Remember a later month that follows an earlier one."""
        self._followed[name, month], self._lines[name, month] = rows, lines

    def had_lines(self, month: str) -> bool:
        """Whether the register held anything carried in ``month``."""
        return month in self._months("carried")

    def lines(self, month: str) -> pd.DataFrame:
        """Rows of table ``carried`` of one month as they will be: those of tables this import put, and the rest held."""
        put = {name for name, of in self._lines if of == month}
        held = self.rows("carried", month)
        kept = [held[~held["table_name"].isin(put)]] if len(held) else []
        parts = [part for part in (*kept, *(self._lines[name, month] for name in sorted(put))) if len(part)]
        return pd.concat(parts, ignore_index=True) if parts else empty_table("carried")

    def deliveries(self, month: str | None) -> pd.DataFrame:
        """Rows of table ``delivery`` of one month, or of every month."""
        if month is not None or self._register is None:
            held = self.rows("delivery", month)
        else:
            held = self._register.read_all("delivery")
        return held if len(held) else empty_table("delivery")
