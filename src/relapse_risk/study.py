"""One month of a place for research, opened in one line: its households, scores, facts, aid and names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

import pandas as pd

from relapse_risk.assessment import Facts, read_facts
from relapse_risk.derive import household_frame
from relapse_risk.errors import RegisterError, unknown
from relapse_risk.languages import Language
from relapse_risk.layers import found_above
from relapse_risk.months import check_month
from relapse_risk.parameters import Parameters, Place, read_parameters, read_place
from relapse_risk.register import Register
from relapse_risk.schema import code_list, table
from relapse_risk.scores import Scores, read_scores

__all__ = ["Study", "open_study"]


@dataclass(frozen=True)
class Study:
    """A month of a place; each part is read when it is first asked for.

    Attributes
    ----------
    folder : Path
        With ``register``, and ``scores`` and ``facts`` where they were computed.
    month : str
        ``YYYY-MM``.
    register : Register
    parameters : Parameters
    place : Place
    """

    folder: Path
    month: str
    register: Register
    parameters: Parameters
    place: Place

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per household: the columns of the register and those derived from them; unknown is null."""
        return household_frame(self.register, self.month, parameters=self.parameters, place=self.place)

    @cached_property
    def scores(self) -> Scores:
        """Risk and need of each household; a part that was not computed is None, and ``relapse-risk score`` makes it."""
        return read_scores(self.folder / "scores", self.month)

    @cached_property
    def facts(self) -> Facts:
        """The tables of every county's report, small counts withheld.

        Raises
        ------
        RelapseRiskError
            If ``relapse-risk facts`` has not been run.
        """
        return read_facts(self.folder / "facts", self.month)

    @cached_property
    def aid(self) -> pd.DataFrame:
        """Aid records of all households: what was applied for, decided and delivered."""
        return self.register.read("assistance_record")

    @cached_property
    def names(self) -> pd.DataFrame:
        """Codes of counties with their names in both languages."""
        return self.register.read("county")[["county_code", "county_name_zh", "county_name_en"]]

    def named(self, frame: pd.DataFrame, language: Language = "en") -> pd.DataFrame:
        """A copy of ``frame`` with names for county codes, labels for code words, and headings in words.

        Parameters
        ----------
        frame : DataFrame
            Columns of the register's tables; others stay as they are.
        language : {"zh", "en"}

        Returns
        -------
        DataFrame
        """
        shown = frame.copy()
        if "county_code" in shown:
            known = self.names.set_index("county_code")[f"county_name_{language}"]
            shown["county_code"] = shown["county_code"].map(known).fillna(shown["county_code"])
        columns = {column.name: column for name in ("household", "assistance_record") for column in table(name).columns}
        for name in shown.columns.intersection(list(columns)):
            if columns[name].codes:
                words = {code.word: code.label[language] for code in code_list(columns[name].codes).codes}
                shown[name] = shown[name].map(words).fillna(shown[name])
        return shown.rename(columns={name: column.label[language] for name, column in columns.items()})

    def summary(self) -> str:
        """Place, month, and which of scores and facts are there, in one line."""
        made = [part for part in ("scores", "facts") if (self.folder / part / self.month).is_dir()]
        return (
            f"{self.place.label.en}, {self.month}: {len(self.register.counties)} counties;"
            f" frame, aid, names{''.join(f', {part}' for part in made)}"
        )

    def __repr__(self) -> str:
        return f"<study of {self.summary()}>"

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.summary())}</p>{self.names.to_html(index=False)}"


def open_study(folder: str | Path, month: str | None = None) -> Study:
    """Open a month of a place: its households, scores, facts, aid and names.

    Parameters
    ----------
    folder : path
        Of the place: with ``register`` in it.  A relative one is looked for in the folders above, too.
    month : str, optional
        ``YYYY-MM``; the latest of the register when left out.

    Returns
    -------
    Study

    Raises
    ------
    ParameterError
        If the folder is not here nor in a folder above.
    RegisterError
        If there is no register in it, or the register has no such month.

    Notes
    -----
    The names are those of the codes of the register's own ``county`` table (GB/T 2260 in China).

    Examples
    --------
    >>> open_study("no/such/folder")
    Traceback (most recent call last):
    relapse_risk.errors.ParameterError: no/such/folder: not in this folder nor in one above it...
    """
    base = found_above(folder)
    if not (base / "register").is_dir():
        raise RegisterError(
            "no register in this folder", where=str(base), expected=f"a folder {base / 'register'}",
            fix="name the folder above the register, or make the demo with relapse-risk demo",
        )  # fmt: skip
    register = Register.open(base / "register")
    wanted = check_month(month) if month else register.months[-1]
    if wanted not in register.months:
        raise unknown("month", wanted, register.months, str(base / "register"), RegisterError)
    return Study(base, wanted, register, read_parameters(), read_place(register.place))
