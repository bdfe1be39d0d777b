"""The household rows of one month: class, monitoring, relief, dwelling, water, courtyard, land and property checks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from relapse_risk.demo.geography import Geography
from relapse_risk.demo.monitoring_process import MONITOR_TYPES, Watch
from relapse_risk.demo.month_snapshots import PersonView
from relapse_risk.demo.monthly import Moment
from relapse_risk.demo.people import World
from relapse_risk.demo.traits import Traits
from relapse_risk.demo.typed_columns import NO_DAY, Bools, Ints, dates, flags, text, whole, words

__all__ = ["CAUSES", "RELIEF", "dwelling_grade", "household_snapshot"]

CAUSES = (
    "illness",
    "disability",
    "schooling",
    "disaster",
    "no_land",
    "no_water",
    "no_skill",
    "no_labour",
    "no_funds",
    "poor_transport",
    "low_drive",
    "other",
)
CLASSES = ("lifted_policy", "lifted_unstable", "edge", "sudden_hardship", "tekun_scattered")
RELIEF = ("none", "dibao", "tekun", "dibao_edge", "rigid_spending", "monitored", "other")
TENURES = ("own", "own_built", "help_built", "rented_private", "lodging")
STRUCTURES = ("concrete", "brick_concrete", "brick_wood", "thatch_adobe", "other")
ATTRIBUTES = ("ordinary", "dibao", "five_guarantees", "dibao_with_labour")


def dwelling_grade(traits: Traits, day: int) -> Ints:
    """Grade on a day: 0 A, 1 B, 2 C, 3 D."""
    rebuilt = (traits.rebuilt_on != NO_DAY) & (traits.rebuilt_on <= day)
    return np.where(rebuilt, traits.grade_after, traits.grade_before)


def household_snapshot(
    world: World,
    geography: Geography,
    m: Moment,
    view: PersonView,
    traits: Traits,
    watch: Watch,
    edge_assessed: Bools,
    cadre: np.ndarray,
    hh_ids: pa.Array,
    person_ids: pa.Array,
) -> pd.DataFrame:
    """The ``household`` rows of a month."""
    i = np.flatnonzero(m.inside)
    u = traits.household[i]
    grade = dwelling_grade(traits, m.day)[i]
    return pd.DataFrame(
        {
            "household_id": text(hh_ids.take(pa.array(i))),
            "snapshot_month": text(pa.array([m.month]).take(pa.array(np.zeros(len(i), dtype=np.int32)))),
            "village_code": text(pa.array(geography.village_code[world.village[i]])),
            "head_person_id": text(person_ids.take(pa.array(view.head[i]))),
            "household_size": whole(m.size[i].astype(np.int64)),
            **_standing(world, m, traits, watch, edge_assessed, i),
            **_monitoring(m, watch, i),
            **_causes(traits, i),
            "dwelling_grade": words(grade, ("A", "B", "C", "D")),
            "dwelling_tenure": words(np.searchsorted([0.35, 0.90, 0.95, 0.97], u[:, 6]), TENURES),
            "dwelling_area": np.round(28 + 75 * u[:, 7] + 6 * m.size[i]),
            "dwelling_structure": words(_structure(u[:, 8], grade), STRUCTURES),
            **_water_food(m, u),
            **_courtyard(traits, m, i),
            **_property(world, m, i, u),
            "responsible_cadre_id": text(pa.array(cadre[i], type=pa.string())),
            "distance_to_road_km": np.round(np.minimum(u[:, 9] ** 2 * 4.6 + 0.1, 4.9), 1),
            "returned_farmland_mu": np.round(np.where(u[:, 10] < 0.02, 0.5 + u[:, 11] * 2, 0.0), 1),
            "sampling_weight": np.ones(len(i)),
        }
    )


def _standing(
    world: World, m: Moment, traits: Traits, watch: Watch, edge_assessed: Bools, i: Ints
) -> dict[str, pd.Series]:
    """Class, attribute, exit and relief of the households at ``i``."""
    registered = world.registered[i]
    exited = traits.exit_year[i] <= int(m.month[:4])
    seen, done = (mask[i] for mask in watch.shown(m.day))
    active = seen & ~done
    relief = np.where(m.tekun[i], 2, np.where(m.dibao[i], 1, 0))
    relief = np.where((relief == 0) & edge_assessed[i], 3, relief)
    relief = np.where((relief == 0) & active, 5, relief)
    family = np.where(active, watch.kind[i], np.where(m.tekun[i], 4, 0))
    # A household outside the register of the poor whose risk is gone is an ordinary one again.
    family = np.where(~registered, np.where(active, 2, 5), np.where(exited, family, -1))
    standard = np.where(registered, (traits.household[i, 5] < 0.7).astype(np.int64), -1)
    return {
        "household_class": words(family, (*CLASSES, "ordinary")),
        "register_attribute": words(np.where(registered, _attribute(m, i), -1), ATTRIBUTES),
        "identification_standard": words(standard, ("national", "provincial")),
        "register_year": whole(traits.register_year[i], ~registered),
        "exit_year": whole(traits.exit_year[i], ~registered | ~exited),
        "relief_status": words(relief, RELIEF),
        "policy_enjoying": flags(registered & exited),
    }


def _monitoring(m: Moment, watch: Watch, i: Ints) -> dict[str, pd.Series]:
    seen, done = (mask[i] for mask in watch.shown(m.day))
    return {
        "monitor_type": words(np.where(seen, watch.kind[i], 0), MONITOR_TYPES),
        "monitor_identified_on": dates(np.where(seen, watch.identified_on[i], NO_DAY)),
        "monitor_risk_types": text(pa.array(watch.risks[i], type=pa.string(), mask=~seen)),
        "risk_eliminated": flags(done, ~seen),
        "risk_eliminated_on": dates(np.where(done, watch.eliminated_on[i], NO_DAY)),
        "risk_elimination_way": words(np.where(done, np.where(watch.by_help[i], 0, 1), -1), ("help", "natural")),
    }


def _attribute(m: Moment, i: Ints) -> Ints:
    return np.where(m.tekun[i], 2, np.where(m.dibao[i], np.where(m.labour[i] > 0, 3, 1), 0))


def _structure(u: np.ndarray, grade: Ints) -> Ints:
    sound = np.searchsorted([0.06, 0.58], u)
    return np.where(grade >= 2, np.where(u < 0.7, 2, 3), sound)


def _causes(traits: Traits, i: Ints) -> dict[str, pd.Series]:
    main, u = traits.cause[i], traits.household[i]
    first = np.where(u[:, 12] < 0.45, np.array([7, 0, 8, 0, 8, 8, 8, 0, 6, 8, 6, 0])[main], -1)
    second = np.where(
        first < 0, -1, np.where(u[:, 13] < 0.25, np.array([1, 7, 6, 8, 6, 6, 10, 1, 10, 6, 8, 6])[main], -1)
    )
    return {
        "cause_main": words(main, CAUSES),
        "cause_other_1": words(first, CAUSES),
        "cause_other_2": words(np.where(second == first, -1, second), CAUSES),
    }


def _water_food(m: Moment, u: np.ndarray) -> dict[str, pd.Series | np.ndarray]:
    """Water and food: problems were solved by June 2020, as the articles report."""
    open_years = 0.02 if m.month < "2019-01" else (0.004 if m.month < "2020-06" else 0.0)
    dry, poor = u[:, 32] < open_years, u[:, 33] < open_years
    return {
        "water_litres_per_person_day": np.round(np.where(dry, 20 + 10 * u[:, 34], 45 + 60 * u[:, 34]), 0),
        "water_quality_ok": flags(~(dry & (u[:, 35] < 0.5))),
        "water_fetch_minutes": np.round(np.where(dry, 22 + 10 * u[:, 36], 2 * u[:, 36]), 0),
        "water_outage_days": whole(np.floor(12 * u[:, 37] ** 2).astype(np.int64)),
        "staple_food_enough": flags(np.ones(len(u), dtype=bool)),
        "protein_food_regular": flags(~poor),
        "seasonal_clothes": flags(~(poor & (u[:, 35] < 0.4))),
    }


def _courtyard(traits: Traits, m: Moment, i: Ints) -> dict[str, pd.Series]:
    """Three haves and three cleans hold together only where the clean courtyard has been completed."""
    u = traits.household[i]
    done = (traits.clean_on[i] != NO_DAY) & (traits.clean_on[i] <= m.day)
    late = m.month >= "2020-01"

    def share(column: int, before: float, after: float) -> Bools:
        return np.asarray(done | (u[:, column] < (after if late else before)))

    tv, fan, openings = share(20, 0.9, 0.97), share(21, 0.88, 0.96), share(22, 0.93, 0.99)
    indoor, personal = share(23, 0.5, 0.66), share(24, 0.6, 0.74)
    return {
        "has_tv": flags(tv),
        "has_fan": flags(fan),
        "has_heating": flags(share(25, 0.8, 0.95)),
        "has_weatherproof_openings": flags(openings),
        "courtyard_clean": flags(done | ((u[:, 31] < 0.6) & ~(tv & fan & openings & indoor & personal))),
        "indoor_clean": flags(indoor),
        "personal_clean": flags(personal),
        "hard_path_to_door": flags(share(27, 0.5, 0.82)),
        "greened": flags(share(28, 0.3, 0.6)),
        "beautified": flags(share(29, 0.25, 0.5)),
        "sanitary_toilet": flags(share(30, 0.5, 0.85)),
    }


def _property(world: World, m: Moment, i: Ints, u: np.ndarray) -> dict[str, pd.Series | np.ndarray]:
    """Property found in the cross-check: only where it bars a household from dibao."""
    fails = world.assets_fail[i] & ~m.dibao[i] & ~m.tekun[i]
    vehicle = fails & (u[:, 41] < 0.6)
    return {
        "arable_mu": world.arable_mu[i],
        "coop_member": flags(u[:, 38] < 0.22),
        "vehicle_count": whole(vehicle.astype(np.int64)),
        "second_dwelling": flags(fails & ~vehicle & (u[:, 41] < 0.75)),
        "business_registration": flags(fails & ~vehicle & (u[:, 41] >= 0.75)),
        "financial_assets": np.round(np.exp(7.2 + 1.3 * (u[:, 39] - 0.5) * 2)),
        "public_payroll_member": flags(u[:, 40] < 0.0004),
        "loan_balance": np.round(np.where(u[:, 42] > 0.93, 5000 + 40000 * u[:, 43], 0.0)),
    }
