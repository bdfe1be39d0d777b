"""Consumption-aid products with their sales (S16), and what idle land brings (S18)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from relapse_risk.demo.geography import apportion
from relapse_risk.demo.people import World
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.typed_columns import NO_DAY, Bools, Ints, dates, day_number, labels, text, whole

__all__ = ["parcel_table", "product_table", "sale_table", "with_arrears"]

PRODUCTS, SALES = 170, 9000
GAIN_VILLAGE, GAIN_HOUSEHOLD = 12_500.0, 840.0


def product_table(calibration: Calibration, scale: float, rng: np.random.Generator) -> pd.DataFrame:
    """The directory of 34 classes, three products a division at least (F19)."""
    names = calibration.names
    classes = np.array(names.product_classes)
    shares = np.array([c.target_share for c in calibration.counties])
    n = max(round(PRODUCTS * scale), len(classes))
    kind = np.arange(n) % len(classes)
    supplier = np.array(names.enterprises)[rng.integers(0, len(names.enterprises), n)]
    return pd.DataFrame(
        {
            "product_id": text(labels("PD", np.arange(1, n + 1), 5)),
            "county_code": np.repeat([c.code for c in calibration.counties], apportion(n, shares, least=1)),
            "product_name": [f"{c}（{s}）" for c, s in zip(classes[kind], supplier, strict=True)],
            "product_class": classes[kind],
            "supplier_name": supplier,
            "listed_on": dates(day_number("2020-04-20") + rng.integers(0, 60, n)),
        }
    )


def sale_table(
    products: pd.DataFrame, world: World, codes: tuple[str, ...], inside: Bools, scale: float, hh_ids: pa.Array,
    rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Sales since the directory; five in six can be traced to a household, which gets most of the money."""
    n = max(round(SALES * scale), 4 * len(products))
    item = rng.integers(0, len(products), n)
    county = np.array([codes.index(code) for code in products["county_code"]])[item]
    amount = np.round(rng.lognormal(np.log(900), 0.8, n))
    hh = np.zeros(n, dtype=np.int64)
    for place in range(len(codes)):
        mine = np.flatnonzero(county == place)
        pool = np.flatnonzero(inside & (world.county == place))
        hh[mine] = pool[rng.integers(0, len(pool), len(mine))]
    # A supplier that cannot name the households does so for none of its sales of the product.
    dark = rng.random(len(products)) < 0.12
    traced = ~dark[item] & (rng.random(n) < 0.95)
    return pd.DataFrame(
        {
            "sale_id": text(labels("SL", np.arange(1, n + 1), 7)),
            "product_id": products["product_id"].to_numpy()[item],
            "sold_on": dates(day_number("2020-06-20") + rng.integers(0, 190, n)),
            "sale_amount": amount,
            "household_id": text(hh_ids.take(pa.array(hh, mask=~traced))),
            "household_amount": pd.Series(np.round(amount * rng.uniform(0.5, 0.9, n))).where(pd.Series(traced)),
        }
    )


def parcel_table(villages: pd.DataFrame, households: Ints, rng: np.random.Generator) -> pd.DataFrame:
    """One parcel per village with idle land in use: ten thousand and more to the village, 800 and more a household.

    ``households`` counts the registered households of each of ``villages`` (F27-F30).
    """
    rows = np.flatnonzero((villages["idle_land_mu"] > 0).fillna(False).to_numpy(dtype=bool))
    village = villages.iloc[rows].reset_index(drop=True)
    parts = []
    for year, part in ((2019, 0.6), (2020, 1.0)):
        collective = np.round(rng.lognormal(np.log(GAIN_VILLAGE), 0.25, len(rows)) * part)
        each = np.clip(rng.normal(GAIN_HOUSEHOLD, 120, len(rows)), 300, None) * part
        # In one village in thirty everything stays with the collective.
        paid = np.where(rng.random(len(rows)) < 1 / 30, 0, households[rows])
        given = np.round(each * paid)
        parts.append(
            pd.DataFrame(
                {
                    "parcel_id": "LP" + village["village_code"],
                    "year": whole(np.full(len(rows), year)),
                    "village_code": village["village_code"],
                    "land_type": village["idle_land_type"],
                    "area_mu": village["idle_land_mu"],
                    "parcel_income": collective + given,
                    "to_collective": collective,
                    "to_households": given,
                    "households_paid": whole(paid),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def with_arrears(dividends: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """``dividends`` of which one in a hundred of the last year is decided and not yet paid."""
    late = (dividends["year"] == dividends["year"].max()).to_numpy() & (rng.random(len(dividends)) < 0.01)
    days = dividends["paid_on"].to_numpy().astype("datetime64[D]").astype(np.int64)
    return dividends.assign(paid_on=dates(np.where(late, NO_DAY, days)))
