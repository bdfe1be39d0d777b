"""Amount rules of assistance items that are more than a fixed sum: small named functions of a frame and the setting.

Each returns the worth of one delivery in the place's currency, ``NaN`` where its data is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import pandas as pd

from relapse_risk.predicates import Setting, income_before_relief

__all__ = ["AMOUNT_RULES", "TAPERED"]

AmountRule = Callable[[pd.DataFrame, Setting], pd.Series]
COMPULSORY_BOARDER = {"primary": 1000.0, "junior": 1250.0}
COMPULSORY_DAY = {"primary": 500.0, "junior": 625.0}


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    """The column, or all missing if it was not collected; the amount is then unknown."""
    return frame[name] if name in frame.columns else pd.Series(float("nan"), index=frame.index)


def dibao_top_up(frame: pd.DataFrame, setting: Setting) -> pd.Series:
    """Monthly top-up of the household to the dibao line: max(line - income per head before relief, 0) x size / 12.

    Examples
    --------
    >>> from datetime import date
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> setting = Setting(read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    >>> dibao_top_up(pd.DataFrame({"income_pc_year": [4100.0], "size": [2]}), setting).tolist()
    [200.0]
    """
    return (
        (setting.line("dibao") - income_before_relief(frame).astype("float64")).clip(lower=0)
        * frame["size"].astype(float)
        / 12
    )


def tekun_base(frame: pd.DataFrame, setting: Setting) -> pd.Series:
    """Monthly base of support for a destitute person: dibao x ratio / 12 (at least 1.3, MEM)."""
    return pd.Series(setting.line("dibao") * setting.value("tekun_ratio") / 12, index=frame.index)


def compulsory_school_allowance(frame: pd.DataFrame, setting: Setting) -> pd.Series:
    """Yearly allowance in compulsory school: boarders 1,000 / 1,250, day pupils 500 / 625 (SD-JN-EDU2020); half a term.

    Examples
    --------
    >>> from datetime import date
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> setting = Setting(read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    >>> pupils = pd.DataFrame({"student_stage": ["junior", "primary"], "boarder": [True, False]})
    >>> compulsory_school_allowance(pupils, setting).tolist()
    [625.0, 250.0]
    """
    boarder = _column(frame, "boarder").astype("boolean").fillna(False).to_numpy(dtype=bool)
    stage = _column(frame, "student_stage")
    yearly = stage.map(COMPULSORY_DAY).where(~boarder, stage.map(COMPULSORY_BOARDER))
    return yearly.astype(float) / 2


TAPERED = frozenset({dibao_top_up.__name__})  # amounts that fall to nothing as income rises
AMOUNT_RULES: Mapping[str, AmountRule] = MappingProxyType(
    {rule.__name__: rule for rule in (dibao_top_up, tekun_base, compulsory_school_allowance)}
)
