"""Small data sets to learn on, generated when called: the same seed gives the same rows; nobody in them exists.

``columns(name)`` says what each column means and what it is measured in.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.demo import build_demo
from relapse_risk.derive import household_frame
from relapse_risk.errors import ModelError, unknown
from relapse_risk.hardship import IndexDesign, index_design
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register import Register
from relapse_risk.schema import derived_frames

__all__ = ["LINE", "city", "columns", "panel", "survey", "village_design", "villages"]

Array = npt.NDArray[np.float64]
LINE = 4000.0  # the poverty line of the survey and the panel, CNY per person and year
SIZES: Mapping[str, int | None] = MappingProxyType({"small": 600, "medium": 3000, "full": None})
CITY_MONTH = "2020-12"
COLUMNS: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "survey": {
            "household_id": ("", "the household"),
            "stratum": ("", "region and area it was drawn in: north-rural to south-urban"),
            "psu": ("", "primary sampling unit: the village or street drawn first"),
            "weight": ("households", "how many households it stands for"),
            "region": ("", "north, middle or south"),
            "size": ("persons", "members"),
            "head_schooling": ("years", "schooling of the head"),
            "wage": ("CNY/person/year", "income from work for others"),
            "farm": ("CNY/person/year", "income from own farm and business, net"),
            "transfers": ("CNY/person/year", "pensions, remittances and aid"),
            "income": ("CNY/person/year", "wage + farm + transfers"),
            "no_school": ("0/1", "a child of school age is not in school, or nobody has six years of schooling"),
            "no_water": ("0/1", "no safe drinking water"),
            "no_toilet": ("0/1", "no sanitary toilet"),
            "unsafe_home": ("0/1", "the dwelling is not safe"),
        },
        "panel": {
            "household_id": ("", "the household, followed over the years"),
            "month": ("YYYY-MM", "December of the year"),
            "village": ("", "village: what is drawn together"),
            "weight": ("households", "how many households it stands for"),
            "size": ("persons", "members"),
            "head_age": ("years", "age of the head"),
            "sick": ("0/1", "a member is seriously ill"),
            "income": ("CNY/person/year", "net income per head, in prices of the first year"),
            "poor": ("yes/no", "income below LINE"),
        },
        "villages": {
            "village": ("", "the village"),
            "county": ("", "its county; null for one that nobody knows"),
            "population": ("persons", "residents"),
            "income": ("CNY/person/year", "mean net income per head"),
            "road": ("km", "to the nearest paved road"),
            "clinic": ("km", "to the nearest clinic"),
            "water": ("share", "households with safe water; null where it was not asked"),
            "out_of_school": ("share", "children of school age not in school"),
            "aged": ("share", "residents of 60 and over"),
        },
    }
)


def columns(name: str) -> pd.DataFrame:
    """What the columns of a data set mean.

    Parameters
    ----------
    name : {"survey", "panel", "villages", "city"}

    Returns
    -------
    DataFrame
        column, unit, meaning.

    Raises
    ------
    ModelError
        For another name.

    Examples
    --------
    >>> columns("panel").set_index("column").loc["income", "unit"]
    'CNY/person/year'
    """
    if name == "city":
        given = [(c.name, c.unit, c.label.en) for c in derived_frames()["household_frame"].columns]
    elif name in COLUMNS:
        given = [(column, unit, meaning) for column, (unit, meaning) in COLUMNS[name].items()]
    else:
        raise unknown("data set", name, [*COLUMNS, "city"], "datasets", ModelError)
    return pd.DataFrame(given, columns=["column", "unit", "meaning"])


def survey(psu_per_stratum: int = 8, households_per_psu: int = 20, seed: int = 1) -> pd.DataFrame:
    """A survey of households in two stages: villages drawn in six strata, households drawn in villages.

    Parameters
    ----------
    psu_per_stratum, households_per_psu : int
        At least 2 and 1; 960 households when left out.
    seed : int

    Returns
    -------
    DataFrame
        See ``columns("survey")``; nothing is missing.

    Raises
    ------
    ModelError
        For fewer villages or households.

    Examples
    --------
    >>> frame = survey()
    >>> frame.shape, frame["stratum"].nunique(), frame["psu"].nunique()
    ((960, 15), 6, 48)
    """
    if psu_per_stratum < 2 or households_per_psu < 1:
        raise ModelError("too small a sample", where="datasets.survey", got=(psu_per_stratum, households_per_psu),
                         expected="at least 2 villages a stratum, 1 household a village")  # fmt: skip
    g = np.random.default_rng(seed)
    strata = [(region, area) for region in ("north", "middle", "south") for area in ("rural", "urban")]
    n = len(strata) * psu_per_stratum * households_per_psu
    stratum = np.repeat(np.arange(6), psu_per_stratum * households_per_psu)
    psu = np.repeat(np.arange(6 * psu_per_stratum), households_per_psu)
    urban, region = stratum % 2, stratum // 2
    effect = g.normal(0, 0.25, 6 * psu_per_stratum)[psu]
    schooling = np.clip(np.round(g.normal(7 + 2.5 * urban, 3.2)), 0, 16)
    log_income = 8.6 + 0.35 * urban + 0.12 * region + 0.06 * (schooling - 7) + effect + g.normal(0, 0.5, n)
    income = np.exp(log_income).round(0)
    parts = g.dirichlet([3, 2, 1.5], n)
    wage, farm = (income * parts[:, 0]).round(0), (income * parts[:, 1]).round(0)
    lack = -(log_income - 8.6)  # the poorer, the likelier a deprivation
    return pd.DataFrame(
        {
            "household_id": [f"s{i:04d}" for i in range(n)],
            "stratum": [f"{strata[s][0]}-{strata[s][1]}" for s in stratum],
            "psu": [f"v{p:02d}" for p in psu],
            "weight": (np.array([420, 150, 380, 210, 300, 260])[stratum] * g.uniform(0.8, 1.2, n)).round(1),
            "region": [strata[s][0] for s in stratum],
            "size": 1 + g.binomial(6, 0.4, n),
            "head_schooling": schooling.astype(int),
            "wage": wage,
            "farm": farm,
            "transfers": income - wage - farm,
            "income": income,
            "no_school": _yes(g, -2.2 + 1.2 * lack - 0.15 * (schooling - 7)),
            "no_water": _yes(g, -1.6 + 0.9 * lack - 0.8 * urban),
            "no_toilet": _yes(g, -1.0 + 0.9 * lack - 1.0 * urban),
            "unsafe_home": _yes(g, -2.6 + 1.4 * lack),
        }
    )


def _yes(g: np.random.Generator, logit: Array) -> npt.NDArray[np.intp]:
    """1 with the probability of these log-odds, else 0."""
    return (g.random(logit.size) < 1 / (1 + np.exp(-logit))).astype(np.intp)


def panel(households: int = 600, years: int = 5, seed: int = 1) -> pd.DataFrame:
    """Households followed over years from 2016: incomes with a lasting part, shocks that fade, and illness.

    Parameters
    ----------
    households, years : int
        At least 1 and 2.
    seed : int

    Returns
    -------
    DataFrame
        One row per household and year; see ``columns("panel")``.

    Raises
    ------
    ModelError
        For fewer households or years.

    Notes
    -----
    ln income = lasting part + shock that keeps 0.6 of itself from year to year + passing error + 4 % growth a year - 0.35
    where somebody is seriously ill.

    Examples
    --------
    >>> frame = panel(households=10, years=3)
    >>> frame.shape, frame["month"].unique().tolist()
    ((30, 9), ['2016-12', '2017-12', '2018-12'])
    """
    if households < 1 or years < 2:
        raise ModelError(
            "too small a panel", where="datasets.panel", got=(households, years), expected="1 household, 2 years"
        )
    g = np.random.default_rng(seed)
    village = g.integers(0, max(2, households // 20), households)
    lasting = 8.55 + g.normal(0, 0.3, households) + g.normal(0, 0.15, village.max() + 1)[village]
    size, age = 1 + g.binomial(5, 0.4, households), g.integers(24, 75, households)
    weight, sick = g.uniform(80, 120, households).round(1), g.random(households) < 0.06
    shock = g.normal(0, 0.3, households)
    rows = []
    for year in range(years):
        sick = np.where(sick, g.random(households) < 0.6, g.random(households) < 0.04)
        shock = 0.6 * shock + g.normal(0, 0.24, households)
        income = np.exp(lasting + shock + 0.04 * year - 0.35 * sick + g.normal(0, 0.12, households)).round(0)
        rows.append(
            pd.DataFrame(
                {
                    "household_id": [f"p{i:04d}" for i in range(households)], "month": f"{2016 + year}-12",
                    "village": [f"v{v:02d}" for v in village], "weight": weight, "size": size, "head_age": age + year,
                    "sick": sick.astype(np.intp), "income": income, "poor": income < LINE,
                }
            )
        )  # fmt: skip
    return pd.concat(rows).sort_values(["household_id", "month"], kind="stable").reset_index(drop=True)


def villages(count: int = 40, seed: int = 1) -> pd.DataFrame:
    """A table of villages for a composite index, with a village of no known county and one whose water nobody asked about.

    Parameters
    ----------
    count : int
        At least 4.
    seed : int

    Returns
    -------
    DataFrame
        See ``columns("villages")``; :func:`village_design` is an index over it.

    Raises
    ------
    ModelError
        For fewer villages.

    Examples
    --------
    >>> frame = villages()
    >>> frame.shape, int(frame["county"].isna().sum()), int(frame["water"].isna().sum())
    ((40, 9), 1, 1)
    """
    if count < 4:
        raise ModelError("too few villages", where="datasets.villages", got=count, expected="at least 4")
    g = np.random.default_rng(seed)
    county = pd.Series(np.array(["Ash", "Birch", "Cedar", "Elm"])[np.arange(count) % 4], dtype="str")
    remote = g.gamma(2, 1.0, count)
    frame = pd.DataFrame(
        {
            "village": [f"village {i + 1:02d}" for i in range(count)],
            "county": county,
            "population": g.integers(150, 2500, count),
            "income": np.exp(9.1 - 0.08 * remote + g.normal(0, 0.2, count)).round(0),
            "road": (1.5 * remote * g.uniform(0.3, 1.2, count)).round(1),
            "clinic": (2 + 2.5 * remote * g.uniform(0.5, 1.5, count)).round(1),
            "water": np.clip(0.98 - 0.05 * remote - g.beta(1, 9, count), 0, 1).round(2),
            "out_of_school": np.clip(g.beta(1, 30, count) + 0.004 * remote, 0, 1).round(3),
            "aged": g.beta(6, 20, count).round(2),
        }
    )
    frame.loc[2, "county"], frame.loc[3, "water"] = None, np.nan
    return frame


def village_design() -> IndexDesign:
    """An index of the hardship of villages: income, access and people, for :func:`villages`.

    Returns
    -------
    IndexDesign

    Examples
    --------
    >>> village_design().dimensions
    ('access', 'people', 'income')
    """
    return index_design(
        {
            "subindexes": [{"code": "access", "weight": 3}, {"code": "people", "weight": 2}],
            "indicators": [
                {"code": "income", "weight": 5, "worst": 3000, "best": 15000},
                {"code": "road", "parent": "access", "worst": 10, "best": 0},
                {"code": "clinic", "parent": "access", "worst": 20, "best": 1},
                {"code": "water", "parent": "access", "worst": 0.3, "best": 1},
                {"code": "out_of_school", "parent": "people", "worst": 0.2, "best": 0},
                {"code": "aged", "parent": "people", "worst": 0.5, "best": 0.1},
            ],
        },
        name="villages",
    )


def city(size: Literal["small", "medium", "full"] = "small", seed: int = 2020) -> pd.DataFrame:
    """Households of the demonstration city in December 2020: the household frame of a register with seeded errors.

    The register is built in a folder that is removed afterwards; ``relapse-risk demo`` keeps one.

    Parameters
    ----------
    size : {"small", "medium", "full"}
        600, 3,000 or 27,750 households that enjoy policies; about half a minute, one, or several.
    seed : int

    Returns
    -------
    DataFrame
        One row per household; see ``columns("city")``.

    Raises
    ------
    ModelError
        For another size.

    Examples
    --------
    >>> city("tiny")
    Traceback (most recent call last):
        ...
    relapse_risk.errors.ModelError: datasets.city: unknown size; got 'tiny', expected one of small | medium | full. ...
    """
    if size not in SIZES:
        raise unknown("size", size, SIZES, "datasets.city", ModelError)
    with TemporaryDirectory() as folder:
        key = build_demo(Path(folder) / "register", seed, SIZES[size])
        register = Register.open(key.register)
        frame = household_frame(register, CITY_MONTH, parameters=read_parameters(), place=read_place("dezhou"))
    return frame[[name for name in derived_frames()["household_frame"].names if name in frame]]
