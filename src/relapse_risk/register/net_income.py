"""Net income: the one rule that register, measures and reports share."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

__all__ = ["COST", "PARTS", "answered_income", "collected_parts", "net_income"]

PARTS = ("wage_income", "business_gross", "business_cost", "property_income", "transfer_income")
COST = "business_cost"


def collected_parts(rows: pd.DataFrame) -> tuple[str, ...]:
    """The parts of income with any answer in ``rows``: the others were not asked.

    Examples
    --------
    >>> collected_parts(pd.DataFrame({"wage_income": [None, 1.0], "transfer_income": [None, None]}))
    ('wage_income',)
    """
    return tuple(name for name in PARTS if name in rows and rows[name].notna().any())


def net_income(rows: pd.DataFrame, asked: Sequence[str] | None = None) -> pd.Series:
    """Wage + business + property + transfer - business cost (INC-FORM), in the currency and period of ``rows``.

    A part left blank makes the sum unknown, because a blank is not zero.  A part that was not asked is left out.

    Parameters
    ----------
    rows : DataFrame
        Columns of :data:`PARTS`.
    asked : sequence of str, optional
        The parts the place collects; those with any value in ``rows`` when left out.

    Examples
    --------
    >>> rows = pd.DataFrame({"wage_income": [5000.0, 5000.0], "business_cost": [1000.0, 1000.0],
    ...                      "transfer_income": [500.0, None], "property_income": [None, None]})
    >>> net_income(rows).tolist()
    [4500.0, nan]
    """
    wanted = collected_parts(rows) if asked is None else asked
    signs = [-1.0 if name == COST else 1.0 for name in wanted]
    total = rows[list(wanted)].astype("float64").mul(signs, axis=1).sum(axis=1, skipna=False)
    return total.where(answered_income(rows, wanted))


def answered_income(rows: pd.DataFrame, asked: Sequence[str]) -> pd.Series:
    """Whether any part of income was answered (a cost alone is no income)."""
    return rows[[name for name in asked if name != COST]].notna().any(axis=1)
