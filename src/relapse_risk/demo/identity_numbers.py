"""Invented names and identity numbers that no one can hold: region 999999, valid check character (GB 11643)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from relapse_risk.demo.people import World
from relapse_risk.demo.published_targets import Names
from relapse_risk.demo.typed_columns import Bools, Ints, text

__all__ = ["check_characters", "identity_table"]

REGION = "999999"
WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
CHARACTERS = np.array(list("10X98765432"))


def check_characters(digits: np.ndarray) -> np.ndarray:
    """The eighteenth character for each row of seventeen digits.

    Examples
    --------
    >>> check_characters(np.array([[int(d) for d in "11010519491231002"]])).tolist()
    ['X']
    """
    return np.asarray(CHARACTERS[(digits @ WEIGHTS) % 11])


def identity_table(
    world: World,
    names: Names,
    rows: Ints,
    level: Ints,
    kind: Ints,
    registered: Bools,
    person_ids: pa.Array,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The ``identity`` table of the persons at ``rows``; the disabled have a certificate (number, type, level)."""
    surname = np.array(list(names.surnames))
    male, female = np.array(list(names.given_male)), np.array(list(names.given_female))
    family = surname[rng.integers(0, len(surname), world.n_hh)]
    woman = world.female[rows]
    given = np.where(
        woman, female[rng.integers(0, len(female), len(rows))], male[rng.integers(0, len(male), len(rows))]
    )
    second = np.where(
        woman, female[rng.integers(0, len(female), len(rows))], male[rng.integers(0, len(male), len(rows))]
    )
    # A founder's wife keeps her own surname.
    own = surname[rng.integers(0, len(surname), len(rows))]
    last = np.where(np.isin(world.role[rows], [1, 3]), own, family[world.hh[rows]])
    number = _numbers(world, rows)
    has = (level[rows] > 0) & registered
    certificate = np.char.add(number, np.char.add(kind[rows].astype(str), level[rows].astype(str)))
    phone = np.char.add("199", np.char.zfill(rng.integers(0, 10**8, len(rows)).astype(str), 8))
    return pd.DataFrame(
        {
            "person_id": text(person_ids.take(pa.array(rows))),
            "person_name": text(
                pa.array(np.char.add(np.char.add(last, given), np.where(rng.random(len(rows)) < 0.7, second, "")))
            ),
            "id_number": text(pa.array(number)),
            "disability_certificate": text(pa.array(certificate, mask=~has)),
            "phone": text(pa.array(phone, mask=rng.random(len(rows)) < 0.25)),
        }
    )


def _numbers(world: World, rows: Ints) -> np.ndarray:
    """Unique numbers: birth date, then a serial within birth date and sex whose last digit is odd for men."""
    born = np.datetime_as_string(world.birth[rows].astype("datetime64[D]"), unit="D")
    born = np.char.replace(born, "-", "")
    serial = pd.Series(rows).groupby([born, world.female[rows]]).cumcount().to_numpy()
    digits = np.char.zfill((serial * 2 + np.where(world.female[rows], 0, 1)).astype(str), 3)
    body = np.char.add(np.char.add(REGION, born), digits)
    letters = np.array([list(text_) for text_ in body.tolist()]).astype(np.int64)
    return np.char.add(body, check_characters(letters))
