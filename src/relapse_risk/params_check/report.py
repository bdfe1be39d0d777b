"""The check of a parameter folder as one result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from relapse_risk.errors import RelapseRiskError
from relapse_risk.parameters import params_dir
from relapse_risk.params_check.doubts import doubts
from relapse_risk.params_check.ending import MONTHS_AHEAD, Ending, endings
from relapse_risk.params_check.income_cliffs import IncomeCliff, income_cliffs
from relapse_risk.params_check.reading import Fault, read_all
from relapse_risk.params_check.usage import Unused, misspelt_definitions, unused_names

__all__ = ["ParamsReport", "check_params"]


@dataclass(frozen=True, slots=True)
class ParamsReport:
    """What is wrong with a parameter folder, what ends soon, what nothing uses, and where one yuan more costs an aid.

    Attributes
    ----------
    faults : tuple of Fault
        The first of each file or entry.
    endings : tuple of Ending
        Soonest first.
    unused : tuple of Unused
    cliffs : tuple of IncomeCliff
        The largest first.
    """

    faults: tuple[Fault, ...]
    endings: tuple[Ending, ...]
    unused: tuple[Unused, ...]
    cliffs: tuple[IncomeCliff, ...] = ()

    def summary(self) -> str:
        """The whole report as plain lines."""
        lines = [f"{len(self.faults)} wrong"] + [f"  {fault}" for fault in self.faults]
        lines += [f"{len(self.endings)} dated out within {MONTHS_AHEAD} months"]
        lines += [f"  {one.last_day.isoformat()}  {one.where}: {one.what}" for one in self.endings]
        lines += [f"{len(self.unused)} used by nothing"] + [
            f"  {one.file}: {one.kind} {one.name}" for one in self.unused
        ]
        lines += [
            f"{len(self.cliffs)} items end in whole at an income: one more of the currency costs the household all of it"
        ]
        for cliff in self.cliffs:
            lost = "amount not a fixed sum" if cliff.worth is None else f"{cliff.worth:,.0f} a year"
            lines.append(f"  {cliff.where}: {lost}, at {', '.join(cliff.conditions)}")
        return "\n".join(lines)


def check_params(place: str | None, day: date, folder: str | Path | None = None) -> ParamsReport:
    """Read everything for ``place`` (every place: ``None``) and say what is wrong, ends soon, or is not used.

    Parameters
    ----------
    place : str or None
    day : date
        From which the 13 months are counted.
    folder : path, optional
        Parameter folder; found by :func:`relapse_risk.parameters.params_dir` otherwise.

    Raises
    ------
    ParameterError
        For an unknown place or no parameter folder.

    Examples
    --------
    >>> check_params("dezhou", date(2020, 12, 31)).faults
    ()
    """
    root = params_dir(folder)
    read = read_all(root, place)
    try:
        unused = unused_names(root)
        misspelt = misspelt_definitions(root, unused)
    except RelapseRiskError:  # a file that is no YAML: already among the faults
        unused, misspelt = (), ()
    named = {fault.got for fault in misspelt}
    left = tuple(one for one in unused if one.name not in named)
    doubtful = () if read.faults else doubts(read)
    return ParamsReport((*read.faults, *misspelt, *doubtful), endings(read, day), left, income_cliffs(read, day))
