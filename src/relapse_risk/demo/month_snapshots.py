"""The person and household rows of one month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from relapse_risk.demo.heads import RELATIONS, heads, relations
from relapse_risk.demo.life import CAPACITY, STAGES
from relapse_risk.demo.monthly import Moment
from relapse_risk.demo.people import ROLES, World
from relapse_risk.demo.traits import Traits
from relapse_risk.demo.typed_columns import NO_DAY, Bools, Floats, Ints, dates, flags, text, whole, words

__all__ = ["EMPLOYMENT", "PersonView", "person_snapshot", "read_persons"]

EMPLOYMENT = ("none", "away", "local", "public_post", "farming", "self_employed", "unable", "in_school")
MARITAL = ("never_married", "married", "widowed", "divorced")
EDUCATION = ("illiterate", "primary", "junior", "senior", "vocational_secondary", "college", "bachelor")
HEALTH = ("healthy", "chronic", "serious", "disabled")
DISEASES = (
    "none",
    "cancer",
    "renal_failure",
    "child_leukaemia",
    "child_heart",
    "severe_mental",
    "haemophilia",
    "stroke",
    "infarction",
    "pneumoconiosis",
    "cirrhosis",
    "other_listed",
)
ADULT_DISEASES = np.array([1, 2, 5, 7, 8, 9, 10, 11])
ADULT_SHARES = np.cumsum([0.24, 0.06, 0.06, 0.30, 0.13, 0.02, 0.05])
KINDS = ("none", "visual", "hearing", "speech", "limb", "intellectual", "mental", "multiple")
LEVELS = ("none", "level_1", "level_2", "level_3", "level_4")
PLACES = ("none", "town", "county", "city", "province", "other_province")
POSTS = ("none", "help_old", "help_sick", "help_disabled", "cleaning", "other")
NEEDS = ("none", "matching", "training", "transport", "other")
CITIES_NEAR = ("370102", "370112", "371502", "371602", "370202")
CITIES_FAR = ("120112", "110115", "131002", "320205", "330106", "310115")


@dataclass(frozen=True, slots=True)
class PersonView:
    """Columns of the persons listed in a month, arrays (n_listed,); ``index`` is their position in the world."""

    index: Ints
    head: Ints
    relation: Ints
    employment: Ints
    work_place: Ints
    health: Ints
    disease: Ints
    self_care: Ints
    mind_severe: Bools
    post: Ints
    dropped_out: Bools
    stage: Ints


def _disease(age: Ints, health: Ints, luck: Floats) -> Ints:
    adult = ADULT_DISEASES[np.searchsorted(ADULT_SHARES, luck)]
    child = np.where(luck < 0.4, 3, np.where(luck < 0.9, 4, 6))
    return np.where(health == 2, np.where(age < 15, child, adult), 0)


def _employment(m: Moment, index: Ints, farmland: Floats, luck: Floats) -> Ints:
    """Index into ``EMPLOYMENT``; who can work, has land and no job mostly farms."""
    job, age, able, stage = m.job[index], m.age[index], m.capacity[index], m.stage[index]
    fit = np.isin(able, [0, 1, 4]) & (age >= 16)
    out = np.where(fit & (luck < 0.82) & (farmland > 0.6), 4, np.where(fit & (luck > 0.97), 5, 0))
    out = np.where(~fit & (age >= 16), 6, out)
    out = np.where(age < 16, 0, out)
    out = np.where(stage > 0, 7, out)
    return np.where(job > 0, job, out)


def read_persons(world: World, m: Moment, traits: Traits, posts: Ints) -> PersonView:
    """Work out the columns that several tables need; ``posts`` is the kind of post of each holder (0 = none)."""
    index = np.flatnonzero(m.listed)
    t = traits.person[index]
    alive = m.lives.alive[index]
    age = m.age[index]
    head = heads(world, m.lives.alive & m.listed, m.age)
    employment = np.where(alive, _employment(m, index, world.arable_mu[world.hh[index]], t[:, 1]), 0)
    stage = m.stage[index]
    dropped = (m.month < "2020-03") & (age >= 12) & (age < 16) & (t[:, 2] < 0.012) & (stage == 3)
    health, level, kind = m.lives.health[index], m.lives.level[index], m.lives.kind[index]
    disease = _disease(age, health, t[:, 3])
    mind = ((kind == 6) & (level > 0) & (level <= 2)) | (disease == 5)
    severe = (level > 0) & (level <= 2)
    care = np.where((level == 1) & (t[:, 4] < 0.45), 2, np.where(severe & (t[:, 4] < 0.6), 1, 0))
    care = np.where((age >= 84) & (t[:, 4] > 0.93), 2, np.where((age >= 75) & (t[:, 4] > 0.8) & (care == 0), 1, care))
    place = np.where(employment == 1, np.where(t[:, 5] < 0.3, 3, np.where(t[:, 5] < 0.75, 4, 5)), 0)
    place = np.where(employment == 2, np.where(t[:, 5] < 0.55, 1, 2), place)
    place = np.where(employment == 3, 1, place)
    return PersonView(
        index=index,
        head=head,
        relation=relations(world, head)[index],
        employment=employment,
        work_place=place,
        health=np.where(health == 2, 2, np.where(level > 0, 3, health)),
        disease=disease,
        self_care=care,
        mind_severe=mind,
        post=np.where(employment == 3, np.maximum(posts[index], 1), 0),
        dropped_out=dropped,
        stage=np.where(dropped, 0, stage),
    )


def _marital(world: World, m: Moment, index: Ints, traits: Traits) -> Ints:
    """Couples are married while both live and widowed after; other grown-ups by role."""
    role, hh, age = world.role[index], world.hh[index], m.age[index]
    couple = np.isin(role, [ROLES.index(r) for r in "EeHS"])
    founders = world.count(np.isin(world.role, [ROLES.index(r) for r in "eS"]))[hh] > 0
    both = world.count(m.lives.alive & np.isin(world.role, [ROLES.index(r) for r in "EeHS"]))[hh] > 1
    u = traits.person[index, 6]
    out = np.where(
        founders, np.where(both, 1, 2), np.where(age >= 60, np.where(u < 0.7, 2, 0), np.where(u < 0.65, 0, 3))
    )
    out = np.where(
        couple, out, np.where(np.isin(role, [ROLES.index("A")]), np.where(u < 0.3, 1, np.where(u < 0.6, 3, 0)), 0)
    )
    out = np.where(role == ROLES.index("P"), np.where(u < 0.85, 2, 1), out)
    return np.where(age < 22, 0, out)


def _education(m: Moment, index: Ints, stage: Ints, traits: Traits) -> Ints:
    age, u = m.age[index], traits.person[index, 7]
    old = np.searchsorted([0.40, 0.82, 0.97], u)
    middle = np.searchsorted([0.12, 0.46, 0.90, 0.97], u)
    young = np.searchsorted([0.04, 0.14, 0.68, 0.80, 0.88, 0.96], u)
    out = np.where(age >= 60, old, np.where(age >= 40, middle, young))
    out = np.where(age < 23, np.clip(np.where(age < 12, 1, np.where(age < 15, 2, np.clip(young, 2, 5))), 0, 5), out)
    in_school = np.array([0, 0, 1, 2, 3, 4, 5, 6, 1])
    return np.where(stage > 0, in_school[stage], np.where(age < 6, 0, out))


def person_snapshot(
    world: World,
    m: Moment,
    view: PersonView,
    traits: Traits,
    county_codes: tuple[str, ...],
    hh_ids: pa.Array,
    person_ids: pa.Array,
) -> pd.DataFrame:
    """The ``person`` rows of a month."""
    i = view.index
    alive = m.lives.alive[i]
    return pd.DataFrame(
        {
            "person_id": text(person_ids.take(pa.array(i))),
            "household_id": text(hh_ids.take(pa.array(world.hh[i]))),
            "snapshot_month": text(pa.array([m.month]).take(pa.array(np.zeros(len(i), dtype=np.int32)))),
            "sex": words(world.female[i].astype(np.int64), ("male", "female")),
            "birth_date": dates(world.birth[i]),
            "relation_to_head": words(np.where(alive, view.relation, RELATIONS.index("other")), RELATIONS),
            "marital_status": words(_marital(world, m, i, traits), MARITAL),
            "deceased_on": dates(np.where(alive, NO_DAY, m.lives.died_on[i])),
            **_schooling(m, view, traits),
            **_health(m, view),
            **_needs(world, m, view, traits),
            **_work(world, m, view, traits, county_codes),
        }
    )


def _schooling(m: Moment, view: PersonView, traits: Traits) -> dict[str, pd.Series]:
    boards = np.array([0, 0, 0.06, 0.5, 0.8, 0.8, 1, 1, 0.3])[view.stage]
    return {
        "education_level": words(_education(m, view.index, view.stage, traits), EDUCATION),
        "student_stage": words(view.stage, STAGES),
        "boarder": flags(boards > traits.person[view.index, 10]),
        "dropped_out": flags(view.dropped_out),
    }


def _health(m: Moment, view: PersonView) -> dict[str, pd.Series]:
    i, lives = view.index, m.lives
    return {
        "health_status": words(view.health, HEALTH),
        "chronic_hypertension": flags(lives.hypertension[i]),
        "chronic_diabetes": flags(lives.diabetes[i]),
        "serious_disease_code": words(view.disease, DISEASES),
        "disability_type": words(lives.kind[i], KINDS),
        "disability_level": words(lives.level[i], LEVELS),
        "disability_suspected": flags(m.suspected[i]),
        "severe_mental_disorder": flags(view.mind_severe),
        "labour_capacity": words(np.where(lives.alive[i], m.capacity[i], CAPACITY.index("none")), CAPACITY),
        "self_care": words(view.self_care, ("full", "half", "none")),
    }


def _needs(world: World, m: Moment, view: PersonView, traits: Traits) -> dict[str, pd.Series]:
    """Insurance, kin and the special groups that items of assistance name."""
    i, t = view.index, traits.person[view.index]
    hh, age, level = world.hh[i], m.age[i], m.lives.level[i]
    child = (world.role[i] == ROLES.index("G")) & (age < 18)
    orphan = np.where(child, np.where(t[:, 15] < 0.02, 1, np.where(t[:, 15] < 0.12, 2, 0)), 0)
    alone = m.size[hh] <= 1
    uninsured = (m.month < "2020-05") & (view.health == 0) & (t[:, 9] < 0.003)
    return {
        "has_supporter": flags(world.has_supporter[hh] & ~m.tekun[hh]),
        "orphan_status": words(orphan, ("none", "orphan", "de_facto")),
        "medical_insurance": flags(~uninsured),
        "serious_illness_insurance": flags(~uninsured),
        "pension_insurance": flags((age >= 16) & (view.stage == 0)),
        "veteran_care": flags(~world.female[i] & (age >= 55) & (t[:, 23] > 0.98)),
        "union_member_hardship": flags((view.employment == 2) & (t[:, 19] > 0.985)),
        "family_planning_loss": flags((age >= 52) & alone & (t[:, 16] > 0.99)),
        "needs_aid_device": flags((level > 0) & (t[:, 9] < 0.90)),
        "needs_barrier_free": flags((level > 0) & (level <= 2) & (t[:, 20] < 0.985)),
        "two_cancer_patient": flags(world.female[i] & (view.disease == 1) & (age >= 30) & (t[:, 11] < 0.3)),
        "legal_case": flags((age >= 18) & (t[:, 17] > 0.9965)),
        "has_carer": flags(~alone | (t[:, 18] < 0.75)),
    }


def _work(
    world: World, m: Moment, view: PersonView, traits: Traits, county_codes: tuple[str, ...]
) -> dict[str, pd.Series]:
    i, t = view.index, traits.person[view.index]
    age = m.age[i]
    fit = np.isin(m.capacity[i], [0, 1, 4]) & (age >= 16) & (age < 60) & (view.stage == 0)
    idle = fit & (view.employment == 0)
    wants_away = fit & (view.employment != 1) & (age < 50) & (t[:, 8] < 0.12)
    need = np.where(wants_away, 1 + np.floor(t[:, 22] * 4).astype(np.int64), 0)
    return {
        "employment_status": words(view.employment, EMPLOYMENT),
        "work_months": whole(m.work_months[i]),
        "work_place": words(view.work_place, PLACES),
        "work_county_code": _work_county(world, view, county_codes, t[:, 21]),
        "post_type": words(view.post, POSTS),
        "registered_unemployed": flags(idle & (t[:, 12] < 0.6)),
        "wants_work": flags(idle & (t[:, 13] < 0.8)),
        "training_wanted": flags(fit & (t[:, 14] < 0.1)),
        "plans_to_work_away": flags(wants_away),
        "work_service_need": words(need, NEEDS),
    }


def _work_county(world: World, view: PersonView, county_codes: tuple[str, ...], u: Floats) -> pd.Series:
    """The county where a worker works; null for those without wage work."""
    own = world.county[world.hh[view.index]]
    n = len(county_codes)
    book = (*county_codes, *CITIES_NEAR, *CITIES_FAR)
    other = (own + 1 + np.floor(u * (n - 1)).astype(np.int64)) % n
    near = n + np.floor(u * len(CITIES_NEAR)).astype(np.int64)
    far = n + len(CITIES_NEAR) + np.floor(u * len(CITIES_FAR)).astype(np.int64)
    place = view.work_place
    code = np.where(place == 3, other, np.where(place == 4, near, np.where(place == 5, far, own)))
    return words(np.where(place > 0, code, -1), book)
