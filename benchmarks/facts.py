"""How long the facts of a city take, and how much memory: ``python benchmarks/facts.py REGISTER SCORES [BACKEND]``.

With ``--province COUNTIES COPIES`` the register answers as a province: county i holds the households of a county of the
register COPIES times over, under keys of their own (no scores then).  98 counties of four copies are a million
households.  Prints wall and processor seconds and the largest memory of this process and of its workers.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from joblib.externals.loky import get_reusable_executor

from relapse_risk.assessment import compute_facts
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register import Register
from relapse_risk.schema import table

# Columns that say where a row is; every other key is a household's, a person's or a record's.
PLACES = {"county_code", "village_code", "town_code", "work_county_code", "item_code", "serious_disease_code"}
ONCE = {"county", "village", "place_fact", "project", "project_issue", "asset", "expert", "project_review", "fund_flow",
        "project_paper", "product", "product_sale", "land_parcel", "enumerator", "activity", "special_post", "vacancy",
        "assistance_item"}  # fmt: skip


class Province(Register):
    """A register that answers for many counties with the rows of a few."""

    def __init__(self, base: Register, counties: int, copies: int) -> None:
        super().__init__(base.path, base.manifest)
        self.copies = copies
        donors = base.counties
        self.donor = {f"{37 + k // 6000:02d}{k % 6000:04d}": donors[k % len(donors)] for k in range(counties)}

    def __reduce__(self) -> tuple[object, ...]:
        return (_province, (self.path, len(self.donor), self.copies))

    @property
    def counties(self) -> tuple[str, ...]:
        return tuple(self.donor)

    def county_hash(self, county: str, month: str) -> str:
        return super().county_hash(self.donor[county], month)

    def read(
        self, name: str, month: str | None = None, county: str | None = None, columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        frame = super().read(name, month, self.donor.get(county or "", county), columns)
        if county is None or name in ONCE:
            return frame
        spec = table(name)
        keys = [c.name for c in spec.columns if c.name in frame and c.name not in PLACES]
        keys = [c for c in keys if spec.column(c).type == "str" and (c.endswith("_id") or c == "target_id")]
        parts = [frame, *(frame.assign(**{c: frame[c] + f"~{k}" for c in keys}) for k in range(1, self.copies))]
        return pd.concat(parts, ignore_index=True)


def _province(path: Path, counties: int, copies: int) -> Province:
    return Province(Register.open(path), counties, copies)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("register")
    asked.add_argument("scores")
    asked.add_argument("backend", nargs="?", default="serial")
    asked.add_argument("--province", nargs=2, type=int, metavar=("COUNTIES", "COPIES"))
    given = asked.parse_args()
    opened = Register.open(given.register)
    scores: Path | None = Path(given.scores)
    if given.province:
        opened, scores = Province(opened, *given.province), None
    month = opened.months[-1]
    with tempfile.TemporaryDirectory() as folder:
        wall, before = time.perf_counter(), _busy()
        found = compute_facts(
            opened, month, read_parameters(), read_place(opened.place), scores, Path(folder), backend=given.backend
        )
        wall = time.perf_counter() - wall
        get_reusable_executor().shutdown()  # the seconds of workers are told when they have ended
        busy = _busy() - before
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    peak = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    homes = sum(len(opened.read("household", month, code, ["household_id"])) for code in opened.counties)
    print(f"{len(found.counties)} counties, {homes:,} households, {given.backend}")
    print(f"wall {wall:.1f} s, processor {busy:.1f} s, memory {peak[0]:.0f} MiB + {peak[1]:.0f} MiB a worker")
    print(
        f"{1000 * busy / homes:.2f} ms a household; {len(found.tables)} tables, {size / 1e6:.1f} MB, {found.suppressed} cells withheld"
    )


def _busy() -> float:
    """Processor seconds of this process and of the workers that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


if __name__ == "__main__":
    main()
