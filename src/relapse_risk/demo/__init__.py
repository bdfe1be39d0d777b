"""The demonstration register: a synthetic Dezhou at true size, its seeded errors and true risks stored apart."""

from relapse_risk.demo.build import DemoKey, build_demo
from relapse_risk.demo.published_targets import Calibration, read_calibration

__all__ = ["Calibration", "DemoKey", "build_demo", "read_calibration"]
