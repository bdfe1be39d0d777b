"""Section 8: consumption-aid products and their sales, and idle land with the split of what it brings."""

from __future__ import annotations

import pandas as pd

from relapse_risk.assessment.county_data import CountyData, in_code_order, up_to
from relapse_risk.exhibits import Section
from relapse_risk.measures import FactColumn, FactTable, Fraction, Indicator
from relapse_risk.schema import code_list

__all__ = ["INDICATORS", "SECTION", "TABLES"]

SECTION = Section(8, place=2)
C = FactColumn
MOST_SHORT = 20


def _sales(data: CountyData) -> pd.DataFrame:
    """Sales of the year up to the data date, with the class of the product."""
    rows = up_to(data.table("product_sale"), "sold_on", data.day)
    rows = rows[rows["sold_on"] >= pd.Timestamp(f"{data.year}-01-01")]
    kind = data.table("product").set_index("product_id")["product_class"]
    return rows.assign(product_class=rows["product_id"].map(kind), traced=rows["household_id"].notna())


def products(data: CountyData) -> pd.DataFrame:
    """The directory by class: products, sold at all, sales, traced to a household, households, what they got."""
    rows = _sales(data)
    traced = rows[rows["traced"]]
    frame = pd.DataFrame({"products": data.table("product").groupby("product_class").size()})
    frame["sold"] = rows.groupby("product_class")["product_id"].nunique()
    frame["sales"] = rows.groupby("product_class")["sale_amount"].sum()
    frame["traced_sales"] = traced.groupby("product_class")["sale_amount"].sum()
    frame["households"] = traced.groupby("product_class")["household_id"].nunique()
    frame["to_households"] = traced.groupby("product_class")["household_amount"].sum()
    return frame.fillna(0).reset_index(names="product_class")


def untraced_products(data: CountyData) -> pd.DataFrame:
    """Products that sold and whose sales lead to no household: the supplier has to name them or leave the directory."""
    rows = _sales(data)
    by_product = rows.groupby("product_id").agg(sales=("sale_amount", "sum"), traced=("traced", "sum"))
    dark = by_product[by_product["traced"] == 0]
    names = data.table("product").set_index("product_id")
    return dark.reset_index()[["product_id", "sales"]].assign(
        product_class=lambda f: f["product_id"].map(names["product_class"])
    )


def _parcels(data: CountyData) -> pd.DataFrame:
    """This year's parcels with what each household got and whether village and households got what was promised.

    Where nobody was paid each got zero; where the number paid is unknown, so is what each got (null).
    """
    rows = data.table("land_parcel")
    rows = rows[(rows["year"] == int(data.year)).fillna(False).to_numpy(dtype=bool)]
    paid = rows["households_paid"].astype("float64")
    each = (rows["to_households"] / paid.where(paid > 0)).mask(paid == 0, 0.0)
    return rows.assign(
        paid=paid, each=each, to_paid=rows["to_households"].where(paid.notna()),
        village_met=rows["to_collective"] >= data.limit("idle_land_village"),
        household_met=each >= data.limit("idle_land_household"),
    )  # fmt: skip


def parcels(data: CountyData) -> pd.DataFrame:
    """Idle land in use by type: area, income, its split, income per household, parcels that keep each promise."""
    rows = _parcels(data)
    frame = rows.groupby("land_type").agg(
        parcels=("parcel_id", "size"), area=("area_mu", "sum"), parcel_income=("parcel_income", "sum"),
        to_collective=("to_collective", "sum"), to_households=("to_households", "sum"), to_paid=("to_paid", "sum"), households=("paid", "sum"),
        village_met=("village_met", "sum"), household_met=("household_met", "sum"),
    )  # fmt: skip
    return in_code_order(frame, code_list("idle_land_type").words, "idle_land_type")


def parcels_short(data: CountyData) -> pd.DataFrame:
    """Villages whose households got furthest below the promise, with the split."""
    rows = _parcels(data)
    rows = rows[rows["each"].notna() & ~rows["household_met"]].sort_values(["each", "parcel_id"]).head(MOST_SHORT)
    town_of = data.table("village").set_index("village_code")["town_code"].map(data.towns)
    rows = rows.assign(town=rows["village_code"].map(town_of), village=rows["village_code"].map(data.villages))
    return rows[["town", "village", "area_mu", "to_collective", "to_households", "each"]].rename(
        columns={"area_mu": "area", "each": "per_household"}
    )


def _traced(data: CountyData) -> Fraction:
    rows = _sales(data)
    return Fraction(float(rows.loc[rows["traced"], "sale_amount"].sum()), float(rows["sale_amount"].sum()))


def _household_part(data: CountyData) -> Fraction:
    rows = _parcels(data)
    return Fraction(float(rows["to_households"].sum()), float(rows["parcel_income"].sum()))


def _parcel_households(data: CountyData) -> Fraction:
    rows = _parcels(data)
    return Fraction(float(rows["to_paid"].sum()), float(rows["paid"].sum()))


SALE, PARCEL = ("product", "product_sale"), ("land_parcel",)
TABLES = (
    FactTable("products", 8,
              (C("product_class", "label", "product_class"), C("products", "count"), C("sold", "count"), C("sales", "money_wan"),
               C("traced_sales", "money_wan"), C("traced_share", "share", of=("traced_sales", "sales"), rests_on=()),
               C("households", "households", counts="sellers.{product_class}.yes"), C("to_households", "money_wan")),
              SALE, products, order="-sales"),
    FactTable("untraced_products", 8,
              (C("product_id", "text"), C("product_class", "label", "product_class", descriptive=True), C("sales", "money_wan")),
              SALE, untraced_products, city="none", order="-sales"),
    FactTable("parcels", 8,
              (C("idle_land_type", "code", "idle_land_type"), C("parcels", "count"), C("area", "number", adds=True),
               C("parcel_income", "money_wan"), C("to_collective", "money_wan"), C("to_households", "money_wan"),
               C("household_part", "share", of=("to_households", "parcel_income")), C("households", "households", counts="paid_for_parcels.yes"),
               C("to_paid", "money", hidden=True, adds=True),
               C("per_household", "money", of=("to_paid", "households")), C("village_met", "count"),
               C("household_met", "count")), PARCEL, parcels),
    FactTable("parcels_short", 8,
              (C("town", "town"), C("village", "text"), C("area", "number"), C("to_collective", "money"), C("to_households", "money"),
               C("per_household", "money")), PARCEL, parcels_short, city="none", order="per_household"),
)  # fmt: skip
INDICATORS = (
    Indicator("sales_traced", 8, "share", "higher_better", SALE, _traced, limit="completeness_target", source="ART-DEZHOU",
              history=False, people=False),
    Indicator("idle_land_household_part", 8, "share", "none", PARCEL, _household_part, source="ART-DEZHOU",
              history=False, people=False),
    Indicator("idle_land_per_household", 8, "money", "higher_better", PARCEL, _parcel_households,
              source="ART-DEZHOU", history=False, people=False),
)  # fmt: skip
