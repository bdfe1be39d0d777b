"""Every fact table and indicator of the report, in the order of its sections."""

from __future__ import annotations

from types import ModuleType

from relapse_risk.assessment import (
    activities,
    alerts,
    annex,
    appraisal,
    baseline,
    conflicts,
    dividends,
    evaluation_indicators,
    exit_quality,
    guarantees,
    hardship,
    homes,
    issues,
    markets,
    monitoring,
    paired_help,
    projects,
    rectification,
    responsibility,
    reviews,
    sector_policies,
    segments,
    social_help,
    survey,
    verification,
    village_exit,
    visits,
)
from relapse_risk.assessment.base import FactTable, Indicator

__all__ = ["ASPECTS", "INDICATORS", "TABLES"]

_MODULES: tuple[ModuleType, ...] = (
    baseline, segments, responsibility, visits, exit_quality, guarantees, homes, projects, reviews, appraisal, dividends,
    conflicts, sector_policies, social_help, markets, village_exit, paired_help, rectification, activities, monitoring,
    hardship, alerts, survey, evaluation_indicators, verification, issues, annex,
)  # fmt: skip
TABLES: tuple[FactTable, ...] = tuple(t for module in _MODULES for t in getattr(module, "TABLES", ()))
INDICATORS: tuple[Indicator, ...] = tuple(i for module in _MODULES for i in getattr(module, "INDICATORS", ()))
ASPECTS = tuple(range(3, 12))
