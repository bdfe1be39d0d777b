"""An edition: which reports one run renders, validated whole before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from relapse_risk.errors import EditionError, ParameterError, did_you_mean, unknown
from relapse_risk.languages import LANGUAGES, Language
from relapse_risk.layers import packaged_params, project_folder
from relapse_risk.measures.facts_folder import months_of
from relapse_risk.months import check_month
from relapse_risk.parameters import params_dir
from relapse_risk.yaml_reading import check_model, read_yaml, stems

__all__ = [
    "CountyQuery",
    "Edition",
    "edition_month",
    "found_file",
    "on_day",
    "packaged_notebook",
    "read_edition",
]

QUARTER_ENDS = ("03", "06", "09", "12")
LATEST, DATA_DATE, TODAY = "latest", "data_date", "today"
CITY = "city"  # the code of all counties together: a report of its own where a list of counties names it


class CountyQuery(BaseModel):
    """Counties chosen by what their facts say: one indicator and its verdict or value.

    Attributes
    ----------
    indicator : str
        Name of an indicator of the facts.
    verdict : list of words, optional
    above, below : float, optional
        Strict bounds of the value, in the indicator's own unit (a share is 0–1).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    indicator: str
    verdict: tuple[Literal["met", "watch", "not_met", "cannot_tell", "no_limit", "not_collected"], ...] = ()
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> CountyQuery:
        if not self.verdict and self.above is None and self.below is None:
            raise ValueError("a query needs verdict, above or below")
        return self


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _kind_of_counties(value: Any) -> str:
    """Errors are then those of the kind that was meant."""
    return "query" if isinstance(value, (dict, CountyQuery)) else "list" if isinstance(value, (list, tuple)) else "all"


class Edition(BaseModel):
    """One edition file.

    Attributes
    ----------
    name, place : str
        ``place`` must be the facts' own.
    every : {"month", "quarter", "week"}, optional
        How often it is due; ``quarter`` takes the months that end one.
    month : str
        ``YYYY-MM``, or ``latest``: the newest facts (of a quarter's end where ``every`` says so).
    day : "data_date", "today" or YYYY-MM-DD, optional
        For notebooks that follow the issue ledger: the day they report on, passed with ``every``, the period they look
        back on.
    facts, register, out : Path
        Folders; relative ones start at the working folder.
    notebooks : one path or a list
        Each makes one report per county and language.
    counties : "all", a list of codes, or a :class:`CountyQuery`
        In a list, ``city`` is all counties together and ``all`` every county.
    departments : "all" or a list, optional
        One report for each of them in each county: its worklist.
    households : "monitored" or a list, optional
        One report for each of them: its plan.  ``monitored``: all that are, and whose risk is not eliminated.
    scores : Path, optional
        Folder of scores and ranks, for a notebook that takes it: the order of its rows then depends on need and risk too.
    languages, formats : lists
        ``xlsx`` adds a worklist's workbook and its JSON copy, or the annex of a report as a workbook.
    paper : {"a4", "us-letter"}
        Of PDFs.
    annex : bool
        Whether PDFs hold the annex too, which the HTML always does.
    audience : {"public", "restricted"}
        ``restricted`` passes the word to notebooks that take it, and keeps the folder from other users.
    keep : int
        Published editions that stay.
    on_failure : {"publish_others", "publish_none"}
    retries : int
        Times a report is tried again when its process died or took too long.
    timeout_seconds : float
        Of one report.
    on_request : bool
        Never due by itself.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    place: str
    every: Literal["month", "quarter", "week"] | None = None
    month: str = LATEST
    day: str | None = Field(default=None, pattern=r"^(data_date|today|\d{4}-\d{2}-\d{2})$")
    facts: Path
    register_folder: Path = Field(alias="register")
    notebooks: Annotated[tuple[Path, ...], BeforeValidator(_listed)] = Field(
        default=(Path("notebooks/reports/county_assessment.ipynb"),), min_length=1
    )
    counties: Annotated[
        Annotated[Literal["all"], Tag("all")]
        | Annotated[tuple[str, ...], Tag("list")]
        | Annotated[CountyQuery, Tag("query")],
        Discriminator(_kind_of_counties),
    ] = "all"
    departments: Literal["all"] | tuple[str, ...] | None = None
    households: Literal["monitored"] | tuple[str, ...] | None = None
    scores: Path | None = None
    languages: tuple[Language, ...] = Field(default=LANGUAGES, min_length=1)
    formats: tuple[Literal["html", "pdf", "xlsx"], ...] = Field(default=("html", "pdf"), min_length=1)
    paper: Literal["a4", "us-letter"] = "a4"
    annex: bool = False
    audience: Literal["public", "restricted"] = "public"
    out: Path
    keep: int = Field(default=12, ge=1)
    on_failure: Literal["publish_others", "publish_none"] = "publish_others"
    retries: int = Field(default=1, ge=0, le=5)
    timeout_seconds: float = Field(default=900, gt=0)
    on_request: bool = False

    @property
    def restricted(self) -> bool:
        """Whether only the owner may read what is published."""
        return self.audience == "restricted"

    @model_validator(mode="before")
    @classmethod
    def _has_one_printer(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and "pdf" in given:
            raise ValueError("pdf: Typst makes every PDF, there is nothing to choose: drop the line")
        return given

    @model_validator(mode="after")
    def _is_one_kind(self) -> Edition:
        if self.departments is not None and self.households is not None:
            raise ValueError("an edition is of departments or of households, not of both")
        if self.households is not None and self.audience != "restricted":
            raise ValueError("plans of households are restricted: write audience: restricted")
        if "xlsx" in self.formats and self.households is not None:
            raise ValueError("a household's plan has no workbook: drop xlsx from formats")
        return self

    @model_validator(mode="after")
    def _day_has_a_period(self) -> Edition:
        if self.day is not None and self.every is None:
            raise ValueError("day needs every: week, month or quarter, the period to look back on")
        return self


def read_edition(path: str | Path, folder: str | Path | None = None) -> Edition:
    """Read and check an edition file, whose place is one of the parameter ``folder``.

    Raises
    ------
    EditionError
        Naming file, key, value and the nearest allowed.
    """
    file = Path(path)
    try:
        content: Any = read_yaml(file)
        edition = check_model(Edition, content, str(file))
    except ParameterError as error:
        raise EditionError(
            error.what, where=error.where, got=error.got, expected=error.expected, fix=error.fix
        ) from error
    edition = _in_project(edition, file)
    if edition.place not in (places := stems(params_dir(folder) / "places")):
        raise unknown("place", edition.place, places, f"{file}: place", EditionError)
    if edition.month != LATEST:
        check_month(edition.month, f"{file}: month")
    for key in ("counties", "languages", "formats", "notebooks"):
        if isinstance(given := getattr(edition, key), tuple) and (twice := {x for x in given if given.count(x) > 1}):
            raise EditionError("given twice", where=f"{file}: {key}", got=str(min(twice)), fix="name it once")
    return edition


def _in_project(edition: Edition, file: Path) -> Edition:
    """The edition with folders that start at its project, wherever the command is given."""
    project = project_folder(file.parent)
    if project is None or project == Path().resolve():
        return edition
    names = ("facts", "register_folder", "scores", "out")
    return edition.model_copy(update={n: project / p for n in names if (p := getattr(edition, n)) is not None})


def found_file(path: Path, what: str) -> Path:
    """A file of the working folder, of the project, or one that comes with the program."""
    project = project_folder()
    roots = [*([project] if project else []), params_dir().parent, packaged_params().parent]
    for candidate in (path, *(root / path for root in roots)):
        if candidate.is_file():
            return candidate
    there = [file.name for file in path.parent.glob(f"*{path.suffix}")]
    raise EditionError(
        f"{what} not found", where=what, got=str(path), fix=did_you_mean(path.name, there, "check the path")
    )


def packaged_notebook(name: str) -> Path:
    """A notebook of ``notebooks/reports/`` by its file name.

    Raises
    ------
    EditionError
        If there is none of that name.
    """
    return found_file(Path("notebooks/reports") / name, "notebook")


def on_day(edition: Edition, today: date) -> Edition:
    """``edition`` with ``day: today`` made that day, so that the same edition can be made again later."""
    return edition.model_copy(update={"day": today.isoformat()}) if edition.day == TODAY else edition


def edition_month(edition: Edition) -> str:
    """The month that the edition is of: as written, or the newest facts that fit ``every``.

    Raises
    ------
    EditionError
        If there are no such facts.
    """
    if edition.month != LATEST:
        return edition.month
    months = months_of(edition.facts)
    if edition.every == "quarter":
        months = [month for month in months if month[-2:] in QUARTER_ENDS]
    if not months:
        raise EditionError("no facts yet", where=f"{edition.name}: month", got=LATEST, fix="run relapse-risk facts")
    return months[-1]
