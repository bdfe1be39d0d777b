"""The register: the only reader and writer of data tables."""

from relapse_risk.register.store import Register
from relapse_risk.register.writer import RegisterWriter

__all__ = ["Register", "RegisterWriter"]
