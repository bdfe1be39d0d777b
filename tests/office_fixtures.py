"""Files of an invented office: five households of two counties, written as CSV and imported as an office does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from relapse_risk.register.import_report import ImportReport
from relapse_risk.register.importing import import_source
from relapse_risk.register.mapping import SourceMapping

HEAD = "户编号,村代码,家庭人口数,耕地面积,监测对象类别,社会救助类别,住房安全等级"
DECEMBER = f"""{HEAD}
H1,999901001001,2,3,边缘易致贫户,最低生活保障,基本安全
H2,999901001001,1,1,无,无,安全
H3,999901001002,3,2,无,无,安全
H4,999902001001,1,4,脱贫不稳定户,无,安全
H5,999902001001,4,5,无,无,安全
"""
MEMBERS = "人员编号,户编号,性别\nP1,H1,男\nP2,H1,女\nP3,H2,女\nP4,H3,男\nP5,H4,男\nP6,H5,女\n"


def take(
    folder: Path, text: str, month: str | None, *, name: str = "户.csv", table: str = "household", **given: Any
) -> ImportReport:
    """Import one CSV file of ``table`` into the register in ``folder``."""
    mapping = SourceMapping.model_validate(
        {"name": "m", "label": {"zh": "表", "en": "table"}, "kind": "csv", "place": "dezhou",
         "tables": [{"table": table, "source": "*"}]}
    )  # fmt: skip
    source = folder / name
    source.write_text(text, encoding="utf-8")
    day = pd.Period(month or "2021-02", "M").end_time.date()
    return import_source(source, mapping, folder / "register", month, as_of=day, **given)


def december(folder: Path) -> Path:
    """Five households and six persons in December 2020."""
    take(folder, DECEMBER, "2020-12")
    take(folder, MEMBERS, "2020-12", name="人.csv", table="person")
    return folder
