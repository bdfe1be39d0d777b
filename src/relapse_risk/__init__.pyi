# What `import relapse_risk as rr` offers: one line per name, read by editors, by type checkers and by `__init__.py`.
# A name stands here if a user of the library calls it; the rooms at the end hold the rest.

from relapse_risk import evaluation as evaluation
from relapse_risk import hardship as hardship
from relapse_risk import poverty as poverty
from relapse_risk import ranking as ranking
from relapse_risk import relapse as relapse
from relapse_risk import research as research
from relapse_risk.evaluation import area_under_curve as area_under_curve
from relapse_risk.evaluation import brier as brier
from relapse_risk.evaluation import calibration as calibration
from relapse_risk.evaluation import calibration_table as calibration_table
from relapse_risk.evaluation import decision_curve as decision_curve
from relapse_risk.evaluation import fairness as fairness
from relapse_risk.evaluation import gains as gains
from relapse_risk.evaluation import targeting as targeting
from relapse_risk.hardship import IndexDesign as IndexDesign
from relapse_risk.hardship import Indicator as Indicator
from relapse_risk.hardship import SubIndex as SubIndex
from relapse_risk.hardship import Uncertainty as Uncertainty
from relapse_risk.hardship import compare_indexes as compare_indexes
from relapse_risk.hardship import design_from_table as design_from_table
from relapse_risk.hardship import hardship_index as hardship_index
from relapse_risk.hardship import household_card as household_card
from relapse_risk.hardship import index_design as index_design
from relapse_risk.hardship import read_index as read_index
from relapse_risk.hardship import remove_each as remove_each
from relapse_risk.hardship import sobol_of_design as sobol_of_design
from relapse_risk.poverty import Atkinson as Atkinson
from relapse_risk.poverty import Fgt as Fgt
from relapse_risk.poverty import GeneralisedEntropy as GeneralisedEntropy
from relapse_risk.poverty import Gini as Gini
from relapse_risk.poverty import Mean as Mean
from relapse_risk.poverty import QuantileShareRatio as QuantileShareRatio
from relapse_risk.poverty import RelativeFgt as RelativeFgt
from relapse_risk.poverty import RelativeLine as RelativeLine
from relapse_risk.poverty import Watts as Watts
from relapse_risk.poverty import alkire_foster as alkire_foster
from relapse_risk.poverty import atkinson as atkinson
from relapse_risk.poverty import chronic_transient as chronic_transient
from relapse_risk.poverty import concentration_curve as concentration_curve
from relapse_risk.poverty import estimate as estimate
from relapse_risk.poverty import estimate_by_group as estimate_by_group
from relapse_risk.poverty import fgt as fgt
from relapse_risk.poverty import fgt_by_group as fgt_by_group
from relapse_risk.poverty import generalised_entropy as generalised_entropy
from relapse_risk.poverty import gini as gini
from relapse_risk.poverty import headcount as headcount
from relapse_risk.poverty import lorenz_curve as lorenz_curve
from relapse_risk.poverty import quantile_share_ratio as quantile_share_ratio
from relapse_risk.poverty import sen as sen
from relapse_risk.poverty import spells as spells
from relapse_risk.poverty import sst as sst
from relapse_risk.poverty import survey_design as survey_design
from relapse_risk.poverty import transitions as transitions
from relapse_risk.poverty import watts as watts
from relapse_risk.ranking import rank_households as rank_households
from relapse_risk.ranking import shortlist as shortlist
from relapse_risk.relapse import RelapseBoost as RelapseBoost
from relapse_risk.relapse import RelapseLogit as RelapseLogit

__version__: str
__all__: list[str]
