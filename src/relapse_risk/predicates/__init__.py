"""Predicates: each yes or no about a person, a household, a village or a record, defined once and read everywhere."""

from relapse_risk.predicates.functions import income_before_relief
from relapse_risk.predicates.members import asked_of_members, count_true, somebody
from relapse_risk.predicates.predicate_files import predicates_of, read_predicates, setting_on
from relapse_risk.predicates.setting import Predicate, Setting
from relapse_risk.predicates.truth import holds, limits_of, needs, shortfall

__all__ = [
    "Predicate",
    "Setting",
    "asked_of_members",
    "count_true",
    "holds",
    "income_before_relief",
    "limits_of",
    "needs",
    "predicates_of",
    "read_predicates",
    "setting_on",
    "shortfall",
    "somebody",
]
