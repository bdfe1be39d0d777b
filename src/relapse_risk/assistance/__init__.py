"""Assistance a household is entitled to and does not receive, who must act by when, and work for those without it."""

from relapse_risk.assistance.assessed_register import Assessed, assess, assess_months, spending_known
from relapse_risk.assistance.catalogue import Catalogue, Item, read_catalogue
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
from relapse_risk.assistance.orders import (
    OrderList,
    cancel_order,
    cycle_of,
    draw_order,
    drawn_lines,
    enter_order,
    not_drawn_yet,
    read_order,
    redraw,
    write_order,
)
from relapse_risk.assistance.process_clock import ProcessClock, process_clock
from relapse_risk.assistance.referrals import (
    Step,
    append_steps,
    awaiting_records,
    hand_over,
    read_steps,
    referral_states,
)
from relapse_risk.assistance.reminders import Reminders, remind
from relapse_risk.assistance.replies import Replies, read_replies, take_replies
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
    "Reminders",
    "Replies",
    "Step",
    "WorkList",
    "aid_totals",
    "append_steps",
    "assess",
    "assess_months",
    "assign_jobs",
    "audit_posts",
    "awaiting_records",
    "cancel_order",
    "check_records",
    "cliffs",
    "cycle_of",
    "decision_on",
    "department_lists",
    "draw_order",
    "drawn_lines",
    "enter_order",
    "entitlements",
    "explain",
    "follow_up",
    "hand_over",
    "job_matches",
    "ledger_findings",
    "near_misses",
    "not_drawn_yet",
    "openings_on",
    "person_frame",
    "process_clock",
    "read_catalogue",
    "read_order",
    "read_replies",
    "read_steps",
    "receipts",
    "redraw",
    "referral_states",
    "remind",
    "seekers_of",
    "spending_known",
    "take_replies",
    "worklist_content",
    "write_order",
    "write_worklists",
    "zero_employment",
]
