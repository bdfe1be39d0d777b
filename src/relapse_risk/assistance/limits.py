"""The dated limits that conditions and amounts of assistance items compare with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from relapse_risk.errors import ParameterError
from relapse_risk.parameters import Parameters, Place

__all__ = ["Limits", "limits_on"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The dated limits conditions compare with, as of one day (money in the place's currency).

    Attributes
    ----------
    dibao_year, monitoring_year, disposable_income_year : float
        Per person and year.
    tekun_ratio, dibao_edge_ratio : float
        Multiples of the dibao line.
    asset_cap_per_person, urgent_loss, medical_alert, disaster_loss_min : float
        Per person; per household and 12 months; per household and year; per household.
    """

    dibao_year: float
    monitoring_year: float
    disposable_income_year: float
    tekun_ratio: float
    dibao_edge_ratio: float
    asset_cap_per_person: float
    urgent_loss: float
    medical_alert: float
    disaster_loss_min: float


def limits_on(parameters: Parameters, place: Place, day: date) -> Limits:
    """The dated limits of ``place`` on ``day``; a missing one is an error of :mod:`relapse_risk.parameters`.

    Examples
    --------
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> limits_on(read_parameters(), read_place("dezhou"), date(2020, 12, 31)).dibao_year
    5300.0
    """

    def value(name: str) -> float:
        return parameters.on(name, day).value

    for line in ("dibao", "monitoring"):
        if line not in place.lines:
            raise ParameterError(
                "no such line", where=f"places/{place.name}.yaml", got=" | ".join(place.lines), expected=line,
                fix="name it under lines: assistance items are judged by it",
            )  # fmt: skip

    return Limits(
        dibao_year=value(place.lines["dibao"]),
        monitoring_year=value(place.lines["monitoring"]),
        disposable_income_year=value("local_disposable_income"),
        tekun_ratio=value("tekun_ratio"),
        dibao_edge_ratio=value("dibao_edge_ratio"),
        asset_cap_per_person=value("asset_cap_per_person"),
        urgent_loss=value("urgent_loss"),
        medical_alert=value("medical_alert"),
        disaster_loss_min=value("disaster_loss_min"),
    )
