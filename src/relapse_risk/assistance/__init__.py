"""What a household is entitled to and does not get, who should act by when, and work for those without it."""

from relapse_risk.assistance.catalogue import Catalogue, Item, read_catalogue
from relapse_risk.assistance.conditions import CONDITIONS, Condition, Limits
from relapse_risk.assistance.entitlements import (
    Entitlements,
    entitlements,
    explain,
    limits_on,
    near_misses,
    person_frame,
)

__all__ = [
    "CONDITIONS",
    "Catalogue",
    "Condition",
    "Entitlements",
    "Item",
    "Limits",
    "entitlements",
    "explain",
    "limits_on",
    "near_misses",
    "person_frame",
    "read_catalogue",
]
