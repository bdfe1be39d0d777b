"""Ranks, rank intervals under changed weights, and shortlists with probabilities."""

from relapse_risk.ranking.ranks import Ranking, rank_households, rank_intervals, rank_within
from relapse_risk.ranking.shortlists import Shortlist, shortlist

__all__ = ["Ranking", "Shortlist", "rank_households", "rank_intervals", "rank_within", "shortlist"]
