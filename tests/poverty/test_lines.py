"""Lines of a place on a day."""

from __future__ import annotations

from datetime import date

import pytest

from relapse_risk.errors import ParameterError
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.poverty import first_line, line_of, poverty_line

PARAMETERS, PLACE = read_parameters(), read_place("dezhou")


def test_the_line_in_force_on_the_day() -> None:
    """lines.yaml: 3747 in 2019, 4000 from 2020."""
    assert poverty_line(PLACE, PARAMETERS, date(2019, 12, 31)).value == 3747
    assert poverty_line(PLACE, PARAMETERS, date(2020, 1, 1)).value == 4000


def test_a_day_without_a_line_names_file_and_nearest() -> None:
    """Before 2014 there was no line of this series; what holds in years to come the file may say."""
    with pytest.raises(ParameterError, match=r"lines\.yaml: national_line_b has no value on 2013-12-31.*2014-01-01"):
        poverty_line(PLACE, PARAMETERS, date(2013, 12, 31))


def test_a_role_the_place_does_not_have() -> None:
    bare = PLACE.model_copy(update={"lines": {"poverty": "national_line_b"}})
    with pytest.raises(ParameterError, match="no dibao line"):
        line_of("dibao", bare, PARAMETERS, date(2020, 1, 1))
    assert first_line(("dibao", "monitoring"), bare, PARAMETERS, date(2020, 1, 1)) is None
