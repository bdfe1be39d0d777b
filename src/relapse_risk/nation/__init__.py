"""Every product for a province or a nation: the same functions over parts, on whichever backend."""

from relapse_risk.nation.claims import gap_counts, nation_claims, nation_gaps, unpacked
from relapse_risk.nation.collect import collect_nation
from relapse_risk.nation.counting import nation_counting
from relapse_risk.nation.nation_index import NationIndex, nation_index, subindex_grids, subindex_moments
from relapse_risk.nation.nation_store import Nation, open_nation
from relapse_risk.nation.scoring import nation_scores
from relapse_risk.nation.synthetic_nation import build_nation
from relapse_risk.nation.training import fit_nation

__all__ = [
    "Nation",
    "NationIndex",
    "build_nation",
    "collect_nation",
    "fit_nation",
    "gap_counts",
    "nation_claims",
    "nation_counting",
    "nation_gaps",
    "nation_index",
    "nation_scores",
    "open_nation",
    "subindex_grids",
    "subindex_moments",
    "unpacked",
]
