"""``python -m relapse_risk.cli``."""

from relapse_risk.cli import main

main()
