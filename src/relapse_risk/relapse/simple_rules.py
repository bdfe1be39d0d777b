"""Simple rules a county would use instead of a model: last income, and the number of official triggers met."""

from __future__ import annotations

import pandas as pd

__all__ = ["income_gap", "trigger_rules"]

TRIGGER_COLUMNS = ("income_change", "rigid_burden", "uncompensated_loss_12m", "house_safe", "zero_employment")
NEAR_LINE, SHARP_FALL, URGENT_LOSS = 1.5, 0.6, 10000


def income_gap(rows: pd.DataFrame) -> pd.Series:
    """The plain income rule: the lower the income over the line, the higher the risk.

    Examples
    --------
    >>> income_gap(pd.DataFrame({"income_pc_year": [6000.0], "poverty_line": [4000.0]})).tolist()
    [-1.5]
    """
    return -(rows["income_pc_year"] / rows["poverty_line"]).astype(float)


def trigger_rules(rows: pd.DataFrame) -> pd.Series:
    """Number of official triggers met: income near the line, sharp fall, rigid spending, urgent loss, unsafe home,
    nobody in work.  What was not collected, and a column that is not there, does not count.

    Examples
    --------
    >>> trigger_rules(pd.DataFrame({"income_pc_year": [5000.0, 9000.0], "poverty_line": [4000.0, 4000.0]})).tolist()
    [1.0, 0.0]
    """
    nothing = pd.Series(pd.NA, index=rows.index, dtype="Float64")
    column = {name: rows.get(name, nothing) for name in TRIGGER_COLUMNS}
    fired = [
        rows["income_pc_year"] < NEAR_LINE * rows["poverty_line"],
        column["income_change"] < SHARP_FALL,
        column["rigid_burden"] > 1,
        column["uncompensated_loss_12m"] >= URGENT_LOSS,
        column["house_safe"].eq(False),
        column["zero_employment"].eq(True),
    ]
    return sum((flag.fillna(False).astype(float) for flag in fired), start=pd.Series(0.0, index=rows.index))
