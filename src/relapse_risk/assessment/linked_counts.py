"""Which published counts are the same, or add up to one another, across the tables and indicators of a county.

A reader holds all tables of a report at once.  What one table withholds, another must not give back: every identity
between them is declared here, and :mod:`relapse_risk.disclosure.published_cells` withholds over all of them together.
"""

from __future__ import annotations

from relapse_risk.assessment.sections.guarantees import CRITERIA, STAGES
from relapse_risk.assessment.sections.homes import CHECKLISTS
from relapse_risk.assessment.sections.monitored_households import MONITORED, PROBABILITIES, RULE_WORDS
from relapse_risk.assessment.sections.segments import SEGMENTS
from relapse_risk.disclosure.links import INDICATOR, At, Link
from relapse_risk.schema import code_list

__all__ = ["LINKS"]


def _of(name: str, side: str = "cases") -> At:
    return At(INDICATOR, side, "indicator", (name,))


def _same(indicator: str, table: str, cases: str, rest: str = "", key: str = "", *where: str) -> list[Link]:
    """An indicator's cases, and the others, as the sum of a table's rows."""
    found = [Link(_of(indicator), (At(table, cases, key, where),))]
    return [*found, Link(_of(indicator, "rest"), (At(table, rest, key, where),))] if rest else found


def _some(table: str, column: str, key: str, where: tuple[str, ...], of: At) -> Link:
    return Link(of, (At(table, column, key, where),), rest=True)


def _guarantees() -> list[Link]:
    """One failing household stands in the county's rates, by town, by reason, and as one that should be monitored."""
    found: list[Link] = []
    for name in CRITERIA:
        found += _same(name, "guarantee_pass", "passed", "failed", "criterion", name)
        found += [
            Link(At("guarantee_pass", "passed", "criterion", (name,)), (At("guarantee_by_town", f"{name}_n"),)),
            Link(At("guarantee_pass", "failed", "criterion", (name,)), (At("guarantee_by_town", f"{name}_n.rest"),)),
        ]
    reason = {
        "house_safe": ("dwelling_c", "dwelling_d"), "education_ok": ("dropped_out",), "medical_ok": ("uninsured",),
    }  # fmt: skip
    for name, words in reason.items():
        failed = At("guarantee_pass", "failed", "criterion", (name,))
        found.append(Link(failed, (At("guarantee_reasons", "households", "reason", words),)))
        found.append(Link(failed, (At("missed_checks", "households", "missed_rule", (RULE.get(name, words[0]),)),)))
    for name in ("water_quality", "water_amount", "water_distance", "water_outage"):
        found.append(
            _some("guarantee_reasons", "households", "reason", (name,),
                  At("guarantee_pass", "failed", "criterion", ("water_safe",)))
        )  # fmt: skip
    for name in REASONS:
        found.append(
            _some("wrong_exit_checks", "households", "wrong_exit_reason", (name,),
                  At("guarantee_reasons", "households", "reason", (name,)))
        )  # fmt: skip
    found += _same("dropped_out", "schooling", "persons", "", "stage", "dropped_out")
    found += _same("insured_persons", "insurance", "insured", "uninsured", "insurance", "medical_insurance")
    return [*found, Link(At("insurance", "insured", "insurance", ("medical_insurance",)), (At("health", "insured"),))]


RULE = {"house_safe": "dwelling"}
REASONS = (
    "dwelling_c", "dwelling_d", "water_quality", "water_amount", "water_distance", "water_outage", "dropped_out",
    "uninsured", "staple_food", "protein_food", "clothes",
)  # fmt: skip


def _homes() -> list[Link]:
    found = _same("homes_complete", "home_checklists", "complete", "", "checklist", "three_three")
    found += _same("environment_complete", "home_checklists", "complete", "", "checklist", "one_two_three_four")
    for name in CHECKLISTS:
        complete = At("home_checklists", "complete", "checklist", (name,))
        found.append(Link(complete, (At("homes_by_town", f"{name}_n"),)))
    short = At("home_checklists", "one_short", "checklist", ("one_two_three_four",))
    return [*found, Link(short, (At("home_worklist", "households"),))]


def _people() -> list[Link]:
    """Section 2: groups in total and by town, ages, work."""
    found = [Link(At("segments", "households", "segment", (name,)), (At("segment_towns", name),)) for name in SEGMENTS]
    old = ("60–69", "70–79", "80+")
    found.append(
        Link(_of("elderly_share"), (At("age_sex", "male", "age_band", old), At("age_sex", "female", "age_band", old)))
    )
    found += _same("no_labour_households", "segments", "households", "", "segment", "no_labour")
    found += _same("zero_employment", "segments", "households", "", "segment", "zero_employment")
    found += _same("employed_of_labour", "employment", "persons", "", "employment_status", *WORKING)
    found.append(
        Link(_of("employed_of_labour", "rest"), (At("employment", "persons", "employment_status", ("none",)),))
    )
    found += [
        Link(_of("employed_of_labour", "n"), (At("employment", "persons"),)),
        Link(_of("work_in_province", "n"), (At("work_places", "persons"),)),
        Link(_of("zero_employment", "n"), (_of("no_labour_households", "rest"),)),
    ]
    found.append(Link(_of("pupils_sponsored", "n"), (At("schooling", "persons", "stage", STAGES[1:]),)))
    found += [
        _some("pupil_sponsors", "pupils", "sponsor_role", (role,), _of("pupils_sponsored"))
        for role in code_list("sponsor_role").words
    ]
    found += _same("work_in_province", "work_places", "persons", "", "work_place", "province")
    for name, group in (("no_labour_households", "no_labour"), ("zero_employment", "zero_employment")):
        found.append(Link(_of(name, "before"), (At("segment_moves", "before", "segment", (group,)),)))
    for name in (*SEGMENTS, "pupils", "sole_person"):
        whole = At("segments", "households", "segment", (name,))
        found.append(Link(whole, (At("top_tenth_segments", "all_n", "segment", (name,)),)))
    return found


BELOW, NEAR = ("<0.5", "0.5–1"), ("1–1.25", "1.25–1.5")
WORKING = ("away", "local", "public_post", "farming", "self_employed")


def _incomes() -> list[Link]:
    def sums(column: str) -> tuple[At, At]:
        return At("income_distribution", column, "ratio", BELOW), At("income_distribution", column, "ratio", NEAR)

    (below, near), (below_before, near_before) = sums("households"), sums("before")
    return [
        Link(_of("near_line"), (near,)),
        Link(_of("near_line", "before"), (near_before,)),
        Link(_of("below_line"), (below,), sample=True),
        Link(_of("below_line", "before"), (below_before,), sample=True),
        *_same("near_line", "income_by_town", "near_line"),
        Link(below, (At("income_by_town", "below_line"),)),
        Link(_of("sharp_fall"), (At("income_change", "households", "change", ("<−40%",)),)),
        *_same("below_line", "poverty_measures", "poor", "others", "line", "poverty_line"),
        *_same("below_monitor_line", "poverty_measures", "poor", "others", "line", "monitor_line"),
    ]


def _monitoring() -> list[Link]:
    flow = {word: At("monitor_flow", "households", "step", (word,)) for word in STEPS}
    found = [
        Link(flow["end"], (flow["entered"], flow["start"]), (flow["eliminated"], flow["left_register"])),
        Link(flow["end"], (At("monitored_now", "current"),)),
        Link(flow["end"], (At("population_by_class", "households", "household_class", MONITORED),)),
        *_same("monitored_share", "monitored_now", "current"),
        *_same("monitored_persons", "monitored_now", "persons"),
        Link(_of("monitored_share", "before"), (flow["start"],)),
        Link(At("risk_bands", "households", "band", ("high",)), (At("risk_by_town", "high"),)),
        Link(At("risk_bands", "households"), (At("risk_histogram", "households"),)),
        Link(_of("below_line", "rest"), (At("risk_bands", "households"),), sample=True),
        *_tails(),
        *_same("timeliness", "monitor_timing", "within", "within.rest", "step", "identify"),
        Link(_of("high_risk_unmonitored", "n"), (At("risk_bands", "households", "band", ("high",)),)),
        Link(_of("missed_monitoring", "n"), (_of("monitored_share", "rest"),)),
        Link(_of("timeliness", "n"), (At("monitor_timing", "households", "step", ("identify",)),)),
        Link(_of("failed_help", "rest"), (At("monitor_timing", "within", "step", ("help",)),)),
        Link(_of("failed_help", "n"), (At("monitor_timing", "households", "step", ("help",)),)),
    ]
    # A household whose class lags behind its monitoring by a month is a matter of the register, not of the household:
    # guarding that difference would withhold both tables nearly whole.
    for rule in RULE_WORDS.values():
        found.append(_some("missed_checks", "missed", "missed_rule", (rule,), _of("missed_monitoring")))
        found.append(_some("missed_checks", "watched", "missed_rule", (rule,), _of("monitored_share")))
    return found


def _tails() -> list[Link]:
    """Bands and bars cut the same scale at different places: the households between two cuts are a count, too.

    Where a sample's bands are of a few households.  In a register they are of a hundred, and the two or three whose
    score lies between two cuts would cost every county its bars.
    """
    found = []
    for bands in (("high",), ("high", "medium")):
        for bars in (PROBABILITIES.at_least(0.2), PROBABILITIES.at_least(0.1), PROBABILITIES.at_least(0.05)):
            band, bar = (
                At("risk_bands", "households", "band", bands),
                At("risk_histogram", "households", "probability", bars),
            )
            # one of the two is part of the other: the link holds in that direction
            found += [Link(bar, (band,), rest=True, sample=True), Link(band, (bar,), rest=True, sample=True)]
    return found


STEPS = ("start", "entered", "eliminated", "left_register", "end")


def _cases() -> list[Link]:
    """Applications, posts, alerts and referrals by this and by that."""
    raised = At("alert_funnel", "alerts", "step", ("raised",))
    closed = At("alert_levels", "closed")
    return [
        *_same("take_up", "take_up_by_department", "receiving", "missing"),
        *_same("served_per_post", "special_posts", "served"),
        *_same("served_per_post", "posts_by_town", "served"),
        Link(raised, (At("alerts_by_rule", "raised"),)),
        Link(raised, (At("alert_levels", "raised"),)),
        *(Link(At("alert_funnel", "alerts", "step", (word,)), (At("alerts_by_rule", word),)) for word in ("checked", "confirmed")),
        Link(closed, (At("alerts_by_rule", "closed"),)),
        Link(closed, (At("alert_outcomes", "alerts"),)),
        Link(At("alert_funnel", "alerts", "step", ("checked",)), (closed,)),
        Link(_of("alert_hit_rate", "n"), (At("alerts_by_rule", "checked"),)),
        Link(_of("approval_rate", "rest"), (At("survey_reasons", "answers"),)),
        Link(_of("approval_rate", "n"), (At("survey_answers", "answers", "question", ("satisfied",)),)),
        *(Link(_of(name, "n"), (At("survey_answers", "answers", "question", (name,)),)) for name in ("recognises_policy", "recognises_cadre")),
        Link(At("alert_levels", "overdue"), (At("alerts_by_rule", "overdue"),)),
        *_same("alert_hit_rate", "alerts_by_rule", "confirmed", "confirmed.rest"),
        Link(At("project_types", "beneficiaries"), (At("fund_by_year", "beneficiaries"),)),
    ]  # fmt: skip


LINKS: tuple[Link, ...] = (
    *_people(), *_incomes(), *_guarantees(), *_homes(), *_monitoring(), *_cases(),
)  # fmt: skip
