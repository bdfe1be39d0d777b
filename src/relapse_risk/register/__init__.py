"""The register: the only reader and writer of data tables."""

from relapse_risk.register.manifest import Manifest
from relapse_risk.register.month_changes import diff_months
from relapse_risk.register.register import Register
from relapse_risk.register.writer import RegisterWriter

__all__ = ["Manifest", "Register", "RegisterWriter", "diff_months"]
