"""The whole city as frames: pure functions of seed, scale and calibration; nothing is written here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from relapse_risk.demo import (
    aid,
    alert_records,
    dwellings,
    fieldwork,
    identity_numbers,
    library,
    place_facts,
    product_sales,
    project_records,
    visit_records,
)  # fmt: skip
from relapse_risk.demo.december_placements import settle_placements
from relapse_risk.demo.geography import Geography, build_geography, county_table, village_table
from relapse_risk.demo.grants import AidInput
from relapse_risk.demo.income_process import run_years
from relapse_risk.demo.monitoring_process import Watch, elimination_table, watch_households
from relapse_risk.demo.month_snapshots import PersonView, person_snapshot, read_persons
from relapse_risk.demo.monthly import Moment, WorkCalendar, moment_of_month, moment_of_year, work_calendar
from relapse_risk.demo.people import World, build_world
from relapse_risk.demo.posts import post_kinds, post_table
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.spending import Spending, income_table, loss_events, shock_table, spend
from relapse_risk.demo.traits import Traits, build_traits
from relapse_risk.demo.typed_columns import NO_DAY, Bools, Floats, Ints
from relapse_risk.demo.work_year import POST
from relapse_risk.demo.year_state import Year

__all__ = ["MONTHS", "WAVES", "City", "draw_city", "snapshots", "static_tables"]

WAVES = ("2015-12", "2016-12", "2017-12", "2018-12", "2019-12")
MONTHS = tuple(f"2020-{month:02d}" for month in range(1, 13))
# One random stream per stage, so that a change in one stage leaves the others as they were.
STAGES = ("geography", "people", "process", "traits", "spending", "monitoring", "villages", "aid", "projects", "visits")


@dataclass(frozen=True, slots=True)
class City:
    """Everything that has been simulated, from which all tables are assembled."""

    seed: int
    scale: float
    calibration: Calibration
    geography: Geography
    world: World
    years: tuple[Year, ...]
    spendings: tuple[Spending, ...]
    traits: Traits
    watch: Watch
    calendar: WorkCalendar
    posts: Ints
    cadre: np.ndarray
    eco: Floats
    hh_ids: pa.Array
    person_ids: pa.Array

    def stream(self, stage: str) -> np.random.Generator:
        """The random stream of a stage."""
        return stream(self.seed, stage)

    @property
    def edge_on(self) -> Ints:
        """Day on which a household outside the register is identified and enters it."""
        return np.where(self.world.registered, NO_DAY, self.watch.identified_on)

    def moment(self, month: str) -> Moment:
        """The state shown in ``month``."""
        if month in WAVES:
            year = self.years[int(month[:4]) - 2015]
            return moment_of_year(self.world, year, self.world.registered)
        return moment_of_month(
            self.world, month, self.years[-2], self.years[-1], self.traits, self.calendar, self.edge_on
        )

    def view(self, moment: Moment) -> PersonView:
        return read_persons(self.world, moment, self.traits, self.posts)


def stream(seed: int, stage: str) -> np.random.Generator:
    """A generator for one stage of one seed."""
    return np.random.default_rng([seed, sum(ord(letter) * 31**k for k, letter in enumerate(stage)) % 2**31])


def draw_city(calibration: Calibration, seed: int, scale: float) -> City:
    """Simulate the city."""
    geography = build_geography(calibration, scale, stream(seed, "geography"))
    world = build_world(calibration, geography, scale, stream(seed, "people"))
    years = run_years(world, calibration, stream(seed, "process"))
    traits = build_traits(world, years, calibration, scale, stream(seed, "traits"))
    settled = settle_placements(world, years[-2], years[-1], traits, calibration, scale, stream(seed, "settle"))
    years = (*years[:-1], settled)
    rng = stream(seed, "spending")
    spendings = tuple(spend(world, year, rng) for year in years)
    watch = watch_households(world, years[-2], years[-1], spendings[-1], calibration, stream(seed, "monitoring"))
    last = years[-1]
    inside = np.logical_or.reduce([year.inside for year in years[-2:]]) | (watch.identified_on != NO_DAY)
    eco = np.where(traits.household[:, 10] < 0.02, np.round((0.5 + traits.household[:, 11] * 2), 1) * 125, 0.0)
    codes = np.array(geography.county_codes)
    hh_ids = _ids("H", codes[world.county], stream(seed, "ids"))
    return City(
        seed=seed,
        scale=scale,
        calibration=calibration,
        geography=geography,
        world=world,
        years=years,
        spendings=spendings,
        traits=traits,
        watch=watch,
        calendar=work_calendar(last, years[-2], traits),
        posts=post_kinds((years[-1].jobs.job == POST) | (years[-2].jobs.job == POST), traits.person[:, 11]),
        cadre=visit_records.cadres(world, geography, inside, scale),
        eco=eco,
        hh_ids=hh_ids,
        person_ids=_person_ids(world, hh_ids),
    )


def _ids(prefix: str, county: np.ndarray, rng: np.random.Generator) -> pa.Array:
    """Household ids: county code and a number in random order, so that neighbours do not show."""
    number = rng.permutation(len(county)) + 1
    return pa.array(np.char.add(np.char.add(prefix, county), np.char.zfill(number.astype(str), 6)))


def _person_ids(world: World, hh_ids: pa.Array) -> pa.Array:
    place = pd.Series(world.hh).groupby(world.hh).cumcount().to_numpy() + 1
    owner = hh_ids.take(pa.array(world.hh)).to_numpy(zero_copy_only=False).astype(str)
    tail = np.char.zfill(place.astype(str), 2)
    return pa.array(np.char.add(np.char.add("P", np.char.lstrip(owner, "H")), tail))


def snapshots(city: City, month: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The household and person frames of ``month``."""
    moment = city.moment(month)
    view = city.view(moment)
    u = city.traits.household
    edge_assessed = (u[:, 7] < 0.05) & ~moment.dibao & ~moment.tekun & (month >= "2019-12")
    household = dwellings.household_snapshot(
        city.world, city.geography, moment, view, city.traits, city.watch, edge_assessed, city.cadre,
        city.hh_ids, city.person_ids,
    )  # fmt: skip
    person = person_snapshot(
        city.world, moment, view, city.traits, city.geography.county_codes, city.hh_ids, city.person_ids
    )
    return household, person


@dataclass(frozen=True, slots=True)
class Shown:
    """Which households and persons have a row in any snapshot."""

    households: Bools
    persons: Bools


def ever_shown(city: City) -> Shown:
    """Look through every month once."""
    moments = [city.moment(month) for month in (*WAVES, *MONTHS)]
    return Shown(
        households=np.logical_or.reduce([moment.inside for moment in moments]),
        persons=np.logical_or.reduce([moment.listed for moment in moments]),
    )


def income(city: City, shown: Shown) -> pd.DataFrame:
    """The ``income`` table: every December from 2015 of who was in the register; edge households from 2018 on."""
    parts = []
    edge = shown.households & ~city.world.registered
    for year, spending in zip(city.years, city.spendings, strict=True):
        rows = year.inside | (edge & (year.year >= 2018) & (year.size > 0))
        parts.append(income_table(city.world, year, spending, city.eco, rows, city.hh_ids))
    return pd.concat(parts, ignore_index=True)


def shocks(city: City, shown: Shown) -> pd.DataFrame:
    """The events of households that were in the register when struck, oldest first."""
    edge = shown.households & ~city.world.registered
    kept = []
    for year, spending in zip(city.years[1:], city.spendings[1:], strict=True):
        events = spending.events
        listed = (city.world.registered & year.was_inside) | (edge & (year.year == 2020))
        kept.append(events[listed[events["hh"].to_numpy()]])
    events = pd.concat(kept, ignore_index=True).sort_values(["day", "hh"], kind="stable", ignore_index=True)
    person = events["person"].to_numpy()
    # A child born and dead between two snapshots has no row to refer to.
    return events[(person < 0) | shown.persons[np.maximum(person, 0)]].reset_index(drop=True)


def static_tables(city: City) -> dict[str, pd.DataFrame]:
    """Every table that is not kept by month, by name."""
    calibration, geography, world = city.calibration, city.geography, city.world
    moments = tuple(city.moment(month) for month in MONTHS)
    june, december = moments[5], moments[-1]
    view = city.view(december)
    shown = ever_shown(city)
    incomes = income(city, shown)
    events = shocks(city, shown)
    newest = incomes[incomes["period_end"] == "2020-12"]
    out = {
        "county": county_table(calibration, geography),
        "village": village_table(geography, city.stream("villages")),
        "income": incomes,
        "shock_event": shock_table(events, city.hh_ids, city.person_ids, city.stream("shocks")),
        "assistance_item": aid.item_table(calibration),
        "elimination": elimination_table(world, city.years[-1], city.watch, newest, city.hh_ids),
        "place_fact": place_facts.place_fact_table(calibration),
        "identity": _identity(city, shown, december),
    }
    source = AidInput(
        world, city.years, city.spendings, june, december, view, city.watch, city.traits,
        loss_events(events, world.n_hh), calibration, city.scale,
    )  # fmt: skip
    out["assistance_record"] = aid.aid_table(source, city.hh_ids, city.person_ids, city.stream("aid"))
    out |= _project_tables(city, december)
    out |= _market_tables(city, december, out["village"])
    out |= _people_tables(city, moments, view)
    return out


def _project_tables(city: City, december: Moment) -> dict[str, pd.DataFrame]:
    rng, more = city.stream("projects"), city.stream("library")
    project = project_records.project_table(city.calibration, city.scale, rng)
    asset = project_records.asset_table(project, city.calibration.names.enterprises, rng)
    issue = project_records.issue_table(project, rng)
    dividend = project_records.dividend_table(
        city.world, city.years, december.listed & december.lives.alive, asset, project,
        city.geography.county_codes, city.calibration, city.person_ids, rng,
    )  # fmt: skip
    proposed = library.proposals(city.calibration, city.scale, len(project), more)
    project = library.appraised(pd.concat([project, proposed], ignore_index=True), more)
    expert = library.expert_table(city.calibration, city.scale, more)
    return {
        "project": project,
        "project_issue": issue,
        "asset": asset,
        "dividend": product_sales.with_arrears(dividend, more),
        "vacancy": project_records.vacancy_table(city.calibration, city.scale, rng),
        "expert": expert,
        "project_review": library.review_table(project, expert, more),
        "fund_flow": library.flow_table(project, more),
        "project_paper": library.paper_table(project, more),
    }


def _market_tables(city: City, december: Moment, village: pd.DataFrame) -> dict[str, pd.DataFrame]:
    rng = city.stream("markets")
    inside = december.inside & city.world.registered
    product = product_sales.product_table(city.calibration, city.scale, rng)
    codes = city.geography.county_codes
    households = np.bincount(city.world.village[inside], minlength=len(village))
    return {
        "product": product,
        "product_sale": product_sales.sale_table(product, city.world, codes, inside, city.scale, city.hh_ids, rng),
        "land_parcel": product_sales.parcel_table(village, households, rng),
        "activity": fieldwork.activity_table(city.calibration, rng),
        "enumerator": fieldwork.enumerator_table(city.calibration, city.scale, rng),
    }


def _people_tables(city: City, moments: tuple[Moment, ...], view: PersonView) -> dict[str, pd.DataFrame]:
    world, geography, december = city.world, city.geography, moments[-1]
    rng = city.stream("visits")
    care = np.zeros(len(world.hh), dtype=np.int64)
    care[view.index] = view.self_care
    working = np.zeros(len(world.hh), dtype=np.int64)
    working[view.index] = view.employment
    carer = (december.size[world.hh] > 1) | (city.traits.person[:, 18] < 0.75)
    weekly = visit_records.weekly_class(world, december, december.lives.level, care, carer)
    fit = _labour(december)
    former = city.years[-2].jobs.job == POST
    zero = (world.count(fit) > 0) & (world.count(fit & np.isin(working, [1, 2, 3, 4, 5])) == 0)
    out = {
        "visit_record": fieldwork.copied(
            visit_records.visit_table(world, moments, weekly, city.cadre, geography, city.hh_ids, rng)
        ),
        "survey_response": visit_records.asked(
            visit_records.survey_table(world, moments, city.watch, city.hh_ids, city.scale, rng), city.stream("survey")
        ),
        "dwelling_check": visit_records.check_table_rows(city.traits, december.inside & world.registered, city.hh_ids, rng),
        "assignment": visit_records.assignment_table(
            geography, city.calibration, city.cadre, december.inside, city.hh_ids, city.scale
        ),
        "pupil_sponsor": visit_records.sponsor_table(
            world, december, geography.county_codes, city.person_ids, city.scale, rng
        ),
        "special_post": post_table(
            world, geography, december, former, city.posts, city.calendar, _neediness(december, care),
            round(SERVED * city.scale), city.person_ids, rng,
        ),
    }  # fmt: skip
    out["alert"] = alert_records.alert_table(
        world, city.years[-2], city.years[-1], city.spendings[-1], december, zero, city.watch, city.cadre, city.calibration,
        city.hh_ids, rng,
    )  # fmt: skip
    out["referral"] = alert_records.referral_table(out["alert"], rng)
    return out


SERVED = 3340


def _labour(december: Moment) -> Bools:
    able = np.isin(december.capacity, [0, 1, 4]) & december.lives.alive & (december.stage == 0)
    return np.asarray(able & (december.age >= 16) & (december.age < 60))


def _neediness(december: Moment, care: Ints) -> Floats:
    severe = (december.lives.level > 0) & (december.lives.level <= 2)
    return np.asarray(3.0 * care + 2.0 * severe + (december.age >= 75) + december.age / 200.0) * december.lives.alive


def _identity(city: City, shown: Shown, december: Moment) -> pd.DataFrame:
    """Names and numbers of everybody who has a row in any snapshot."""
    rows = np.flatnonzero(shown.persons)
    registered = city.world.registered[city.world.hh[rows]]
    return identity_numbers.identity_table(
        city.world, city.calibration.names, rows, december.lives.level, december.lives.kind, registered,
        city.person_ids, city.stream("identity"),
    )  # fmt: skip
