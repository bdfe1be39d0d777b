"""Assistance a household is entitled to and does not receive, who must act by when, and work for those without it."""

from relapse_risk.assistance.aid_log import open_aid_log
from relapse_risk.assistance.assessed_register import Assessed, assess, assess_months, spending_known
from relapse_risk.assistance.catalogue import Catalogue, Item, read_catalogue
from relapse_risk.assistance.claim_ends import close_reminders
from relapse_risk.assistance.cliffs import Cliffs, cliffs
from relapse_risk.assistance.department_lists import WorkList, department_lists, job_matches
from relapse_risk.assistance.entitlements import (
    Entitlements,
    entitlements,
    explain,
    near_misses,
    person_frame,
)
from relapse_risk.assistance.jobs import (
    Placement,
    assign_jobs,
    audit_posts,
    follow_up,
    openings_on,
    seekers_of,
    zero_employment,
)
from relapse_risk.assistance.ledger import (
    LedgerFindings,
    aid_totals,
    check_records,
    decision_on,
    ledger_findings,
    receipts,
)  # fmt: skip
from relapse_risk.assistance.order_log import (
    cancel_order,
    confirm_orders,
    drawn_lines,
    enter_order,
    not_drawn_yet,
    order_lines,
    send_order,
)
from relapse_risk.assistance.orders import OrderList, cycle_of, draw_order, read_order, redraw, write_order
from relapse_risk.assistance.placement_log import declined_of, enter_matches, follow_register, free_of, placement_lines
from relapse_risk.assistance.process_clock import ProcessClock, process_clock
from relapse_risk.assistance.push_lists import PushList, job_rows, push, read_push_list, social_rows
from relapse_risk.assistance.referral_log import (
    escalate,
    hand_over,
    not_listed,
    referral_answers,
    referral_states,
    with_standing,
)
from relapse_risk.assistance.reminders import Reminders, remind
from relapse_risk.assistance.replies import Replies, take_replies
from relapse_risk.assistance.sendings import note_back, sendings, worklists_sent
from relapse_risk.assistance.worklists import worklist_content, write_worklists

__all__ = [
    "Assessed",
    "Catalogue",
    "Cliffs",
    "Entitlements",
    "Item",
    "LedgerFindings",
    "OrderList",
    "Placement",
    "ProcessClock",
    "PushList",
    "Reminders",
    "Replies",
    "WorkList",
    "aid_totals",
    "assess",
    "assess_months",
    "assign_jobs",
    "audit_posts",
    "cancel_order",
    "check_records",
    "cliffs",
    "close_reminders",
    "confirm_orders",
    "cycle_of",
    "decision_on",
    "declined_of",
    "department_lists",
    "draw_order",
    "drawn_lines",
    "enter_matches",
    "enter_order",
    "entitlements",
    "escalate",
    "explain",
    "follow_register",
    "follow_up",
    "free_of",
    "hand_over",
    "job_matches",
    "job_rows",
    "ledger_findings",
    "near_misses",
    "not_drawn_yet",
    "not_listed",
    "note_back",
    "open_aid_log",
    "openings_on",
    "order_lines",
    "person_frame",
    "placement_lines",
    "process_clock",
    "push",
    "read_catalogue",
    "read_order",
    "read_push_list",
    "receipts",
    "redraw",
    "referral_answers",
    "referral_states",
    "remind",
    "seekers_of",
    "send_order",
    "sendings",
    "social_rows",
    "spending_known",
    "take_replies",
    "with_standing",
    "worklist_content",
    "worklists_sent",
    "write_order",
    "write_worklists",
    "zero_employment",
]
