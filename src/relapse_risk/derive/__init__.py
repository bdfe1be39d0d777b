"""Pure column functions: from the tables of a register to one row per household."""

from relapse_risk.derive.household_columns import age_on, composition, income_columns, is_labour
from relapse_risk.derive.household_frame import household_frame, household_frames, household_panel, person_ages

__all__ = [
    "age_on",
    "composition",
    "household_frame",
    "household_frames",
    "household_panel",
    "income_columns",
    "is_labour",
    "person_ages",
]
