"""Every fact table and indicator of the report, in the order of its sections."""

from __future__ import annotations

from types import ModuleType

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
from relapse_risk.measures import FactTable, Indicator

__all__ = ["ASPECTS", "INDICATORS", "TABLES"]

_MODULES: tuple[ModuleType, ...] = (
    baseline, segments, responsibility, visit_quality, exit_quality, guarantees, homes, industry_projects, reviews, appraisal, dividends,
    conflicts, sector_policies, social_help, consumption_aid, village_exit, paired_help, rectification, activities, monitored_households,
    hardship_profile, alert_handling, satisfaction_survey, evaluation_indicators, verification, issue_tables, annex,
)  # fmt: skip
TABLES: tuple[FactTable, ...] = tuple(t for module in _MODULES for t in getattr(module, "TABLES", ()))
INDICATORS: tuple[Indicator, ...] = tuple(i for module in _MODULES for i in getattr(module, "INDICATORS", ()))
ASPECTS = tuple(range(3, 12))
