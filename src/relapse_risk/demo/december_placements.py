"""December 2020 brought to the published number of persons placed in work (F04)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from relapse_risk.demo.monthly import moment_of_month, work_calendar
from relapse_risk.demo.people import World
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.traits import Traits, pick
from relapse_risk.demo.typed_columns import NO_DAY
from relapse_risk.demo.work_year import LOCAL
from relapse_risk.demo.year_state import Year

__all__ = ["settle_placements"]


def settle_placements(
    world: World,
    before: Year,
    last: Year,
    traits: Traits,
    calibration: Calibration,
    scale: float,
    rng: np.random.Generator,
) -> Year:
    """``last`` with a few more or fewer jobs in the county, so that 10,200 are at work in December.

    The process itself comes within a few hundred.  Who is added began in December and is first paid in January;
    who is taken out ends with the months worked: neither changes the income of the year.
    """
    nobody = np.full(world.n_hh, NO_DAY)
    moment = moment_of_month(world, "2020-12", before, last, traits, work_calendar(last, before, traits), nobody)
    living = moment.lives.alive & (moment.inside & world.registered)[world.hh]
    gap = round(calibration.number("placed_in_work") * scale) - int((living & (moment.job > 0)).sum())
    job, months = last.jobs.job.copy(), last.jobs.months.copy()
    if gap > 0:
        fit = living & np.isin(moment.capacity, [0, 1, 4]) & (moment.stage == 0)
        fit &= (moment.age >= 18) & (moment.age < 60)
        fit &= (moment.job == 0) & (last.jobs.job == 0) & ~last.relief.tekun[world.hh]
        chosen = pick(fit, gap, rng, moment.age + 25.0 * (moment.capacity == 4))
        job[chosen], months[chosen] = LOCAL, 1
    else:
        chosen = pick(living & (moment.job == LOCAL) & (before.jobs.job == LOCAL), -gap, rng)
        job[chosen] = 0
        months[chosen] = np.minimum(months[chosen], 11)
    return replace(last, jobs=replace(last.jobs, job=job, months=months))
