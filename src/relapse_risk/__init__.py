"""relapse_risk: who may fall back into poverty, who is worst off, and what each county owes them."""

__version__ = "0.1.0"
