"""Small-area estimation: direct and synthetic, area-level (Fay-Herriot), unit-level (EBLUP, empirical best), benchmarking."""

from relapse_risk.poverty.small_area.benchmarking import benchmark
from relapse_risk.poverty.small_area.direct import composite_estimates, direct_estimates, synthetic_estimates
from relapse_risk.poverty.small_area.empirical_best import (
    PovertyModel,
    empirical_best,
    empirical_best_mse,
    fit_poverty_model,
)
from relapse_risk.poverty.small_area.fay_herriot import FayHerriot, fay_herriot
from relapse_risk.poverty.small_area.nested_error import NestedError, area_means, bootstrap_mse, nested_error
from relapse_risk.poverty.small_area.transformed import fay_herriot_log, fay_herriot_share

__all__ = [
    "FayHerriot",
    "NestedError",
    "PovertyModel",
    "area_means",
    "benchmark",
    "bootstrap_mse",
    "composite_estimates",
    "direct_estimates",
    "empirical_best",
    "empirical_best_mse",
    "fay_herriot",
    "fay_herriot_log",
    "fay_herriot_share",
    "fit_poverty_model",
    "nested_error",
    "synthetic_estimates",
]
