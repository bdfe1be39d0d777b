"""Everything a parameter folder says, read at once: what is wrong, what soon ends, and what nothing uses."""

from relapse_risk.params_check.report import ParamsReport, check_params

__all__ = ["ParamsReport", "check_params"]
