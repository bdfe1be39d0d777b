"""From scores to decisions: what to give within a budget, its price, and the simple rules beside it."""

from relapse_risk.decisions.allocation import Allocation, allocate_items, bounded_loss
from relapse_risk.decisions.allocation_rules import allocate_by_rule
from relapse_risk.decisions.programme import Limits

__all__ = ["Allocation", "Limits", "allocate_by_rule", "allocate_items", "bounded_loss"]
