"""One county's report, block by block: what the notebook calls.

Every method gives a :class:`Block`, a piece of HTML the notebook shows and the page is put together from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from relapse_risk.assessment import CITY, EXHIBITS, TABLES, Facts, FactTable, read_facts
from relapse_risk.assessment import SECTIONS as NUMBERS
from relapse_risk.errors import EditionError
from relapse_risk.languages import labels_by_code
from relapse_risk.layers import found_above
from relapse_risk.pages import back_matter, exhibit_blocks, front_matter, indicator_verdicts
from relapse_risk.pages.block import ANNEX, Block
from relapse_risk.pages.brief import brief as first_page
from relapse_risk.pages.format import is_null
from relapse_risk.pages.model_card_page import card_part
from relapse_risk.pages.section_heading import heading, is_left_out, missing
from relapse_risk.parameters import Place, read_place
from relapse_risk.text import LANGUAGES, Language, has_text, said
from relapse_risk.text.by_language import month_in_words

__all__ = ["CORE", "Block", "Report", "open_report"]

SECTIONS = (1, 0, *(number for number in NUMBERS if number > 1))  # the summary comes before the data statement
# Parts of the core, in order, each with the sections it is about: left out where nothing of them was collected.
CORE: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "indicators": (), "risk": (12,), "income": (4, 5), "entitlements": (7,), "projects": (6,), "voices": (15, 16),
        "issues": (17,),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """The facts of one county, ready to be shown in one language.

    ``sections`` says where another document than the county's report puts a table or figure, by name.
    """

    facts: Facts
    county: str
    language: Language
    audience: str = "public"
    sections: Mapping[str, int] = field(default_factory=dict)
    _read: dict[tuple[str, str | None], pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)
    _status: dict[str, tuple[int, str, str]] = field(default_factory=dict, repr=False, compare=False)
    _numbers: dict[tuple[str, int], dict[str, int]] = field(default_factory=dict, repr=False, compare=False)
    _pictures: set[str] = field(default_factory=set, repr=False, compare=False)
    _values: dict[str, dict[str, float]] = field(default_factory=dict, repr=False, compare=False)

    # -- scope -------------------------------------------------------------------------------------------

    def say(self, key: str, /, **values: object) -> str:
        """A message of the catalogue in the report's language, in the words of its place."""
        return said(key, self.language, self.place, **values)

    @property
    def name(self) -> str:
        """Name of the county, or of the place for all counties together, in the report's language."""
        if self.county == CITY:
            return self.label("label")
        return self.county_names[self.county]

    @property
    def county_names(self) -> dict[str, str]:
        """Name of every county by code, in the report's language."""
        return {code: name[self.language] for code, name in labels_by_code(self.facts.manifest["counties"]).items()}

    @property
    def place(self) -> Place:
        return _place(self.facts.manifest["place"])

    def label(self, part: str) -> str:
        """A label of the place: ``label``, ``division``, ``currency`` …"""
        found: str = getattr(self.place, part).in_language(self.language)
        return found

    @property
    def data_note(self) -> str:
        """What the data are: invented for the demonstration, or collected by the place."""
        synthetic = bool(self.facts.manifest.get("synthetic"))
        return self.place.note_on_data(synthetic).in_language(self.language)

    @property
    def month(self) -> str:
        return month_in_words(self.facts.manifest["month"], self.language)

    @property
    def limits(self) -> dict[str, float]:
        """Dated values used, by name (the latest of each)."""
        return {used["name"]: float(used["value"]) for used in self.facts.manifest["parameters"]}

    def rows(self, name: str, county: str | None = None) -> pd.DataFrame:
        """Rows of a fact table: of one county (or ``city``), or of every one; each read once."""
        if (name, county) not in self._read:
            frame = self.facts.all_counties(name, county)
            self._read[name, county] = frame.drop(columns="county_code") if county else frame
        return self._read[name, county].copy(deep=False)

    def indicator_rows(self) -> pd.DataFrame:
        """The county's indicators."""
        return self.rows("indicator", self.county)

    @property
    def is_sample(self) -> bool:
        """Whether households are sampled with weights: shares are weighted, counts are of the sample."""
        rows = self.indicator_rows()
        return "weighted" in rows and bool(rows["weighted"].any())  # facts of an older version do not say

    def peers(self, indicator: str) -> tuple[float | None, list[float]]:
        """Value of an indicator in all counties together, and in each of the others, where it is known."""
        if not self._values:
            rows = self.rows("indicator")
            for name, county, value in zip(
                *(rows[c].tolist() for c in ("indicator", "county_code", "value")), strict=True
            ):
                if not is_null(value):
                    self._values.setdefault(name, {})[county] = float(value)
        found = self._values.get(indicator, {})
        return found.get(CITY), [value for county, value in found.items() if county not in (CITY, self.county)]

    def availability(self) -> dict[str, tuple[int, str, str]]:
        """Section, status and reason of every fact table of this county, by name."""
        if not self._status:
            rows = self.rows("availability", self.county)
            columns = (rows[name].tolist() for name in ("table", "section", "status", "reason"))
            self._status.update(
                (name, (section, status, reason)) for name, section, status, reason in zip(*columns, strict=True)
            )
        return self._status

    # -- front and back matter ------------------------------------------------------------------------------------

    def brief(self, *pictures: str) -> Block:
        """The first page: who is in trouble, what changed, what must be done; with the first of the ``pictures`` there is."""
        return first_page(
            self, self.say("report.title"), self.picture(*pictures, half=self.place.limits_apply, numbered=False)
        )

    def picture(self, *names: str, half: bool = False, numbered: bool = True) -> Block:
        """The first of the exhibits whose chart may be drawn; :meth:`figure` does not draw it again.

        ``half``: for half a page's width, also where the exhibit is wider; ``numbered``: not where it is the only one.
        """
        self._pictures.difference_update(names)
        for name in names:
            if "<svg" in (block := self.figure(name, half=half, numbered=numbered)).html:
                self._pictures.add(name)
                return block
        return Block("")

    def contents(self) -> Block:
        """Contents with links, the core before the annex; page numbers are put in by the PDF."""
        parts = [(f"core-{name}", self.say(f"core.{name}")) for name in CORE if not self._left_out(name)]
        return front_matter.contents(self, parts, [number for number in SECTIONS if not is_left_out(self, number)])

    def part(self, name: str) -> Block:
        """Heading of a part of the core; empty where the place has nothing of it."""
        if self._left_out(name):
            return Block("")
        key = f"core.{name}.intro"
        intro = f'<p class="intro">{escape(self.say(key))}</p>' if has_text(key) else ""
        return Block(f'<h2 id="core-{name}">{escape(self.say(f"core.{name}"))}</h2>{intro}')

    def _left_out(self, name: str) -> bool:
        """Whether nothing of a part was collected, or all of it is about limits where none apply."""
        sections = CORE[name]
        return bool(sections) and all(is_left_out(self, n) or bool(self.missing(n)) for n in sections)

    def annex(self) -> Block:
        """Where the annex begins: a PDF ends here, unless its edition asks for the annex."""
        title = escape(self.say("report.annex"))
        return Block(f'{ANNEX}<h2 id="annex">{title}</h2><p class="intro">{escape(self.say("report.annex_intro"))}</p>')

    def headlines(self) -> Block:
        """The headline indicators with trend, interval, limit, verdict, and the peers."""
        return front_matter.headlines(self)

    def exceptions(self, number: int) -> Block:
        """The indicators of a section that miss their limit, or hardly meet it; one sentence where none does."""
        return indicator_verdicts.exceptions(self, number)

    def summary(self) -> Block:
        """How many limits are met, and the nine aspects."""
        return front_matter.summary(self)

    def data_statement(self) -> Block:
        """Population, origin and marks of the data, and what is missing."""
        return front_matter.data_statement(self)

    def indicators(self, number: int) -> Block:
        """The indicators of a section: value, interval, counts, last period, city, limit, verdict, and the peers."""
        return indicator_verdicts.section_table(self, number)

    def formulas(self) -> Block:
        """All indicators with numerator, denominator, limit, its basis and source."""
        return indicator_verdicts.formula_table(self)

    def issues(self) -> Block:
        """Every indicator not met as an issue with lead department, deadline and suggestion."""
        return back_matter.issues(self)

    def parameters(self) -> Block:
        """Every dated value used, with source and mark."""
        return back_matter.parameters(self)

    def model_note(self) -> Block:
        """How to recompute a probability, what it was fitted on, and how bands are cut."""
        return back_matter.model_note(self)

    def model_card(self, part: str) -> Block:
        """A part of the model card: ``cover``, ``use``, ``made``, ``validation``, ``drift`` or ``limits``."""
        return card_part(self, part)

    def index_note(self) -> Block:
        """What the hardship index is and how far its weights may be trusted."""
        return back_matter.index_note(self)

    def not_collected(self) -> Block:
        """What could not be reported and what it needs, section by section, where sections are left out for it."""
        return back_matter.not_collected(self)

    def method_notes(self) -> Block:
        """Sampling and suppression."""
        return back_matter.method_notes(self)

    # -- sections ----------------------------------------------------------------------------------------------------

    def section(self, number: int) -> Block:
        """Heading of a section, how its indicators stand, and one sentence on its question; empty where left out."""
        return heading(self, number)

    def missing(self, number: int) -> str:
        """The sentence for a section of which nothing could be computed; empty when something could."""
        return missing(self, number)

    # -- tables and figures --------------------------------------------------------------------------------------------

    def spec(self, name: str) -> FactTable:
        """The declaration of a fact table."""
        for found in TABLES:
            if found.name == name:
                return found
        raise EditionError(
            "no such fact table", where="notebook", got=name, expected=" | ".join(t.name for t in TABLES)
        )

    def status(self, name: str) -> tuple[str, str]:
        """``collected``, ``empty``, ``suppressed`` or ``not_collected``, and the reason."""
        _, status, reason = self.availability().get(name, (0, "not_collected", ""))
        return str(status), str(reason)

    def numbered(self, section: int) -> int:
        """The number of a section: its own, or its place among those there are where sections are left out."""
        if self.place.limits_apply:
            return section
        shown = [number for number in SECTIONS if number and not is_left_out(self, number)]
        return shown.index(section) + 1 if section in shown else section

    def number(self, kind: str, section: int, name: str) -> str:
        """``Table 2-3``: tables and figures of a section are counted as they first appear."""
        section = self.sections[name] if name in self.sections else self.numbered(section)
        known = self._numbers.setdefault((kind, section), {})
        return self.say(f"report.{kind}_number", number=f"{section}-{known.setdefault(name, len(known) + 1)}")

    def table(self, name: str) -> Block:
        """A fact table with its notes, or the reason why there is none."""
        if self.spec(name).restricted and self.audience != "restricted":
            return exhibit_blocks.instead(self.say(f"exhibit.{name}.title"), self.say("report.restricted"))
        return exhibit_blocks.table(self, name)

    def figure(self, name: str, *, half: bool = False, numbered: bool = True) -> Block:
        """The drawing of a fact table under a title that says its finding.

        Only the finding where all is the same; only the reason where too little of it may be shown; nothing where it
        was the :meth:`picture` of a page before.
        """
        return Block("") if name in self._pictures else exhibit_blocks.figure(self, name, half=half, numbered=numbered)

    def exhibit(self, name: str) -> Block:
        """The drawing and the table of a fact table: a small drawing beside its table, another above it."""
        drawn, table = self.figure(name), self.table(name)
        return self.side(drawn, table) if EXHIBITS[name].half else Block(drawn.html + table.html)

    def side(self, *blocks: Block) -> Block:
        """Small figures and tables side by side where the page is wide enough."""
        found = "".join(f"<div>{block.html}</div>" for block in blocks if block.html)
        return Block(f'<div class="side">{found}</div>' if found else "")


@cache
def _place(name: str) -> Place:
    return read_place(name)


def _code(given: str | int, codes: Sequence[str]) -> str:
    """The code that ``given`` stands for: itself, or the one of digits with its value.

    Examples
    --------
    >>> _code(371425, ["371425"]), _code(11, ["0011", "0012"]), _code("0011", ["0011"])
    ('371425', '0011', '0011')
    """
    alike = [code for code in codes if isinstance(given, int) and code.isdigit() and int(code) == given]
    return alike[0] if len(alike) == 1 else str(given)


def open_report(
    facts: str | Path, month: str, county: str | int, language: str, audience: str = "public", *,
    sections: Mapping[str, int] | None = None,
) -> Report:  # fmt: skip
    """Open one county's facts as a report.

    Parameters
    ----------
    facts : path
        Facts folder of the place; a relative one is looked for in the folders above, too, where the notebook lies deeper.
    month : str
        ``YYYY-MM``.
    county : str or int
        County code, or ``city`` for all counties together; papermill's ``-p`` makes a number of a code of digits.
    language : {"zh", "en"}
    audience : {"public", "restricted"}
        Lists of single households are shown to ``restricted`` only.
    sections : mapping, optional
        Section of each table and figure by name, where it is not the one of the county's report.

    Raises
    ------
    EditionError
        For an unknown county or language.
    """
    if language not in LANGUAGES:
        raise EditionError("unknown language", where="language", got=language, expected=" | ".join(LANGUAGES))
    opened = read_facts(found_above(facts), month)
    codes = [*(code for code, _, _ in opened.manifest["counties"]), CITY]
    county = _code(county, codes)
    if county not in codes:
        raise EditionError("unknown county", where="county", got=county, expected=" | ".join(codes))
    return Report(opened, county, language, audience, sections or {})
