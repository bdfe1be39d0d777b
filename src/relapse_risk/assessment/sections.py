"""Every fact table and indicator of the report, in the order of its sections."""

from __future__ import annotations

from types import ModuleType

from relapse_risk.assessment import (
    alerts,
    annex,
    baseline,
    evaluation_indicators,
    exit_quality,
    guarantees,
    hardship,
    issues,
    monitoring,
    paired_help,
    projects,
    rectification,
    responsibility,
    sector_policies,
    social_help,
    survey,
    village_exit,
)
from relapse_risk.assessment.base import FactTable, Indicator

__all__ = ["ASPECTS", "INDICATORS", "TABLES"]

_MODULES: tuple[ModuleType, ...] = (
    baseline, responsibility, exit_quality, guarantees, projects, sector_policies, social_help, village_exit,
    paired_help, rectification, monitoring, hardship, alerts, survey, evaluation_indicators, issues, annex,
)  # fmt: skip
TABLES: tuple[FactTable, ...] = tuple(t for module in _MODULES for t in getattr(module, "TABLES", ()))
INDICATORS: tuple[Indicator, ...] = tuple(i for module in _MODULES for i in getattr(module, "INDICATORS", ()))
ASPECTS = tuple(range(3, 12))
