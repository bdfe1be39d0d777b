"""Every fact table and indicator of the report, in the order of its sections."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from relapse_risk.assessment import (
    activities,
    alert_handling,
    annex,
    appraisal,
    baseline,
    conflicts,
    consumption_aid,
    dividends,
    evaluation_indicators,
    exit_quality,
    guarantees,
    hardship_profile,
    homes,
    industry_projects,
    issue_tables,
    monitored_households,
    paired_help,
    rectification,
    responsibility,
    reviews,
    satisfaction_survey,
    sector_policies,
    segments,
    social_help,
    verification,
    village_exit,
    visit_quality,
)
from relapse_risk.errors import SchemaError
from relapse_risk.exhibits import Exhibit, check_exhibit
from relapse_risk.measures import FactTable, Indicator

__all__ = ["ASPECTS", "EXHIBITS", "INDICATORS", "TABLES"]

_MODULES: tuple[ModuleType, ...] = (
    baseline, segments, responsibility, visit_quality, exit_quality, guarantees, homes, industry_projects, reviews, appraisal, dividends,
    conflicts, sector_policies, social_help, consumption_aid, village_exit, paired_help, rectification, activities, monitored_households,
    hardship_profile, alert_handling, satisfaction_survey, evaluation_indicators, verification, issue_tables, annex,
)  # fmt: skip
TABLES: tuple[FactTable, ...] = tuple(t for module in _MODULES for t in getattr(module, "TABLES", ()))
INDICATORS: tuple[Indicator, ...] = tuple(i for module in _MODULES for i in getattr(module, "INDICATORS", ()))


def _exhibits() -> Mapping[str, Exhibit]:
    """Every fact table's exhibit by its name, checked; a table alone where none was declared."""
    declared = {one.name: one for module in _MODULES for one in getattr(module, "EXHIBITS", ())}
    found = {t.name: check_exhibit(declared.pop(t.name, Exhibit(t.name)), t) for t in TABLES}
    if declared:
        raise SchemaError("exhibits without a fact table", got=sorted(declared))
    return MappingProxyType(found)


EXHIBITS = _exhibits()
ASPECTS = tuple(range(3, 12))
