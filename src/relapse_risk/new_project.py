"""A new project: the folder of one place, with its own small layer of parameters, notebooks to change, and an inbox."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from shlex import quote
from typing import Any, Literal

import yaml
from python_calamine import CalamineError, CalamineWorkbook

from relapse_risk.errors import ParameterError, SourceError
from relapse_risk.files import write_bytes, write_text
from relapse_risk.languages import Language
from relapse_risk.layers import PROJECT_FILE, merged_params, packaged_params
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register.cell_texts import plain_text
from relapse_risk.register.plain_tables import read_plain_table

__all__ = ["NewProject", "make_project", "read_counties"]

CODES = ("code", "county_code", "行政区划代码", "代码")
NAMES = ("name", "county_name", "name_en", "county_name_en", "名称", "英文名称")
NAMES_ZH = ("name_zh", "county_name_zh", "名称")
FIRST_DAY = date(2000, 1, 1)  # from which the lines given hold, until dated entries say more
OWN_THRESHOLDS = ("near_line_ratio", "income_fall_ratio")
IGNORED = "data/\nreports/\ninbox/\n.params/\n*.key\n*.log\n"


@dataclass(frozen=True, slots=True)
class NewProject:
    """What ``init`` asks.

    Attributes
    ----------
    name : str
        Of the place, as pages print it.
    counties : mapping of str to (Chinese, English) names
        By code, any text of the place's own scheme.
    currency : str
    line, monitoring_line : float
        Income per person and year under which a household is poor, and is watched; no second line where it is None.
    languages : tuple of {"zh", "en"}
    income_scale, records, horizon_months
        As in a place file.
    """

    name: str
    counties: Mapping[str, tuple[str, str]]
    currency: str
    line: float
    monitoring_line: float | None = None
    languages: tuple[Language, ...] = ("en",)
    income_scale: Literal["head", "adult_equivalent"] = "head"
    records: Literal["register", "survey"] = "register"
    horizon_months: int = 12

    @property
    def place(self) -> str:
        """The name of its files: small letters, digits and underscores."""
        return re.sub(r"[^a-z0-9]+", "_", self.name.lower()).strip("_") or "place"


def read_counties(path: Path) -> dict[str, tuple[str, str]]:
    """Codes and names of counties from a spreadsheet: columns ``code`` and ``name`` (and ``name_zh``), in any order.

    Raises
    ------
    SourceError
        If a column is missing, or a code is empty or there twice.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> file = Path(mkdtemp()) / "counties.csv"
    >>> _ = file.write_text("code,name\\nNK-A1,Aster\\nNK-B2,Briar\\n")
    >>> read_counties(file)
    {'NK-A1': ('Aster', 'Aster'), 'NK-B2': ('Briar', 'Briar')}
    """
    rows = _rows(path)
    head = [cell.lower() for cell in rows[0]] if rows else []
    code, name, zh = (next((head.index(h) for h in known if h in head), None) for known in (CODES, NAMES, NAMES_ZH))
    if code is None or name is None:
        raise SourceError(
            "columns not found",
            where=path.name,
            got=head,
            expected="code and name",
            fix="name the columns in the first row",
        )
    found: dict[str, tuple[str, str]] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        if not row[code] or row[code] in found:
            what = "a code twice" if row[code] else "no code"
            raise SourceError(
                what, where=f"{path.name}, row {number}", got=row[code] or None, expected="one row a county"
            )
        english = row[name] or row[code]
        found[row[code]] = ((row[zh] if zh is not None else "") or english, english)
    if not found:
        raise SourceError("no county", where=path.name, expected="one row a county")
    return found


def _rows(path: Path) -> list[list[str]]:
    if path.suffix.lower() in (".xlsx", ".xls", ".ods", ".xlsm"):
        try:
            sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
        except (CalamineError, OSError) as error:
            raise SourceError(f"cannot be read: {error}", where=str(path), fix="save it as .xlsx or CSV") from error
        return [[plain_text(cell) for cell in row] for row in sheet]
    table = read_plain_table(path).frame
    return [[str(c) for c in table.columns], *([plain_text(v) for v in row] for row in table.itertuples(index=False))]


def make_project(folder: Path, asked: NewProject, today: date) -> Path:
    """Write the project and check that its parameters can be read.

    Raises
    ------
    ParameterError
        If the folder holds a project already.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> asked = NewProject("North Kivari", {"NK-A1": ("Aster", "Aster")}, "crowns", 3000.0)
    >>> folder = make_project(Path(mkdtemp()) / "kivari", asked, date(2024, 3, 1))
    >>> sorted(path.name for path in folder.iterdir() if path.name != ".params")
    ['.gitignore', 'crontab', 'inbox', 'notebooks', 'params', 'project.yaml']
    """
    if (folder / PROJECT_FILE).exists():
        raise ParameterError(
            "there is a project already", where=str(folder / PROJECT_FILE), fix="choose another folder"
        )
    place, params = asked.place, folder / "params"
    if (packaged_params() / "places" / f"{place}.yaml").exists():
        raise ParameterError(
            "the package has a place of that name", where="--name", got=place, fix="choose another name"
        )
    texts = {
        folder / ".gitignore": IGNORED,
        folder / "crontab": _crontab(folder, asked),
        params / "lines.yaml": _commented(
            "Lines: income per person and year. Add a dated entry when one changes; `null` ends a line.",
            _lines(asked, today),
        ),
        params / "thresholds.yaml": _commented(
            "Thresholds that pages of this place rest on: the program's own until you write others.", _thresholds(today)
        ),
        params / "places" / f"{place}.yaml": _commented(
            "The place: names, counties, words and lines (docs/place.md).", _place(asked)
        ),
        params / "editions" / "counties.yaml": _commented(
            "One report a county. relapse-risk render params/editions/counties.yaml", _edition(asked)
        ),
        folder / PROJECT_FILE: _commented(
            "A project: commands given in this folder are about this place. params/ holds what differs from the package.",
            {"place": place},
        ),
    }
    for path, text in texts.items():
        write_text(path, text)
    (folder / "inbox").mkdir(exist_ok=True)
    for notebook in sorted((packaged_params().parent / "notebooks" / "reports").glob("*.ipynb")):
        write_bytes(folder / "notebooks" / "reports" / notebook.name, notebook.read_bytes())
    merged = merged_params(folder.resolve())
    read_place(place, merged)
    read_parameters(merged)
    return folder


def _commented(comment: str, content: object) -> str:
    return f"# {comment}\n{yaml.safe_dump(content, allow_unicode=True, sort_keys=False)}"


def _both(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _lines(asked: NewProject, today: date) -> dict[str, Any]:
    given = {"poverty": ("贫困线", "Poverty line", asked.line)}
    if asked.monitoring_line is not None:
        given["monitoring"] = ("监测线", "Monitoring line", asked.monitoring_line)
    return {
        f"{role}_{asked.place}": {
            "label": _both(zh, en),
            "unit": f"{asked.currency}/person/year",
            "values": {FIRST_DAY: {"value": value, "source": f"given on {today.isoformat()}", "confidence": "assumed"}},
        }
        for role, (zh, en, value) in given.items()
    }


def _thresholds(today: date) -> dict[str, Any]:
    """The package's values without its documents, which are of another country."""
    packaged = read_parameters(packaged_params())
    return {
        name: {
            "values": {
                start: {"value": entry.value, "source": f"taken over on {today.isoformat()}", "confidence": "assumed"}
                for start, entry in packaged.parameter(name).values
            }
        }
        for name in OWN_THRESHOLDS
    }


def _place(asked: NewProject) -> dict[str, Any]:
    roles = ("poverty", "monitoring") if asked.monitoring_line is not None else ("poverty",)
    return {
        "name": asked.place,
        "label": _both(asked.name, asked.name),
        "division": _both("县", "county"),
        "divisions": _both("县", "counties"),
        "settlements": _both("村", "villages"),
        "whole": _both("全部县", "all counties"),
        "records": asked.records,
        "unit_of_report": _both("登记户", "registered household"),
        "currency": _both(asked.currency, asked.currency),
        "lines": {role: f"{role}_{asked.place}" for role in roles},
        "index": "dz_hardship",
        "income_scale": asked.income_scale,
        "horizon_months": asked.horizon_months,
        "area_codes": "own",
        "limits_apply": False,
        "counties": {code: _both(*names) for code, names in asked.counties.items()},
        "population_note": _both("统计对象为登记册中的住户。", "The population is the households on the register."),
        "data_note": _both(f"数据由{asked.name}收集。", f"Collected by {asked.name}."),
    }


def _edition(asked: NewProject) -> dict[str, Any]:
    return {
        "name": "counties",
        "place": asked.place,
        "every": "month",
        "month": "latest",
        "register": "data/register",
        "facts": "data/facts",
        "notebooks": "notebooks/reports/county_assessment.ipynb",
        "counties": "all",
        "languages": list(asked.languages),
        "formats": ["html", "pdf"],
        "out": "reports/counties",
    }


def _crontab(folder: Path, asked: NewProject) -> str:
    here = quote(str(folder.resolve())).replace("%", r"\%")  # cron ends a command at a plain %
    return (
        f"# {asked.place}: every night at 2, what is new in the newest month of inbox/ is taken in and reported (docs/place.md).\n"
        f"0 2 * * * cd {here} && relapse-risk month --language {asked.languages[0]} >> month.log 2>&1\n"
    )
