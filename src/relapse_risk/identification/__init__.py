"""Identification of households at risk: proposed, reviewed by village, town and county, on notice, monitored, and out again."""

from relapse_risk.identification.due_list import due_list
from relapse_risk.identification.identification_log import KIND, IdentificationLog, open_log
from relapse_risk.identification.proposals import Proposals, propose
from relapse_risk.identification.public_notice import begin_notices, take_down
from relapse_risk.identification.review_replies import ReviewReplies, take_review_replies
from relapse_risk.identification.review_sheets import write_review_sheets

__all__ = [
    "KIND",
    "IdentificationLog",
    "Proposals",
    "ReviewReplies",
    "begin_notices",
    "due_list",
    "open_log",
    "propose",
    "take_down",
    "take_review_replies",
    "write_review_sheets",
]
