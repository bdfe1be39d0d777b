"""The hidden truth of an invented prefecture: who lives where, what they earn and are given, month by month.

Its own books, in plain Python: nothing here knows the program.
"""

from __future__ import annotations

import random
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date

NAMES = ("Alder", "Birch", "Cedar", "Durian", "Elm", "Fir", "Gum", "Hazel")
COUNTIES = {f"TV{10 * (i + 1)}": f"{name} Vale" for i, name in enumerate(NAMES)}
FIRST_MONTH = "2020-07"
QUARTER_ENDS = ("03", "06", "09", "12")
RELIEF, DWELLING = ("none", "dibao", "dibao_edge"), ("A", "B", "C", "D")
HEALTH = ("healthy", "chronic", "serious")
WORK = ("none", "away", "local", "farming")
CAUSES = ("illness", "disability", "no_labour", "no_funds")
LEDGERS = ("MZ", "YB", "JT", "RS", "ZJ", "CL", "CS", "TY", "FP", "WJ", "NY", "YJ")
ITEMS = {f"{who}{n:02d}": who for i, who in enumerate(LEDGERS) for n in range(1, 4 if i < 6 else 3)}  # 30 items

Row = dict[str, object]


def month_after(month: str, steps: int = 1) -> str:
    """The month ``steps`` later."""
    at = int(month[:4]) * 12 + int(month[5:]) - 1 + steps
    return f"{at // 12}-{at % 12 + 1:02d}"


@dataclass
class Books:
    """What is so: rows by month, table and key; and rows of tables without months by table and key."""

    months: dict[str, dict[str, dict[str, Row]]] = field(default_factory=dict)
    events: dict[str, dict[tuple[str, ...], Row]] = field(default_factory=dict)
    counties: dict[str, dict[str, str]] = field(default_factory=dict)  # month to household to county
    villages: dict[str, list[Row]] = field(default_factory=dict)  # month to villages


class Prefecture:
    """The prefecture as it lives on; :meth:`close` writes a month into the books."""

    def __init__(self, counties: int, households: int, seed: int, merge_on: str) -> None:
        self.draw = random.Random(seed)
        self.books = Books(events={"income": {}, "assistance_record": {}, "shock_event": {}})
        self.codes = list(COUNTIES)[:counties]
        self.merge_on = merge_on
        self.village_of_old: dict[str, str] = {}
        self.villages = {f"{code}-v{v}": code for code in self.codes for v in (1, 2)}
        self.households: dict[str, Row] = {}
        self.persons: dict[str, Row] = {}
        for code in self.codes:
            for n in range(1, households + 1):
                self._settle(f"{code}.{n:03d}", f"{code}-v{n % 2 + 1}")

    def _settle(self, name: str, village: str) -> None:
        draw = self.draw
        self.households[name] = {
            "household_id": name, "village_code": village, "head_person_id": f"{name}-1", "household_size": 0,
            "cause_main": draw.choice(CAUSES), "relief_status": draw.choices(RELIEF, [6, 3, 1])[0],
            "dwelling_grade": draw.choices(DWELLING, [70, 20, 7, 3])[0],
        }  # fmt: skip
        for k in range(1, draw.choice((1, 2, 2, 3, 4)) + 1):
            adult = k <= 2
            born = date(
                draw.randint(1945, 1990) if adult else draw.randint(2006, 2014),
                draw.randint(1, 12),
                draw.randint(1, 28),
            )
            self.persons[f"{name}-{k}"] = {
                "person_id": f"{name}-{k}", "household_id": name, "sex": draw.choice(("male", "female")), "birth_date": born,
                "relation_to_head": "head" if k == 1 else "spouse" if k == 2 else "son", "deceased_on": None,
                "medical_insurance": draw.random() < 0.9, "health_status": draw.choices(HEALTH, [7, 2, 1])[0],
                "student_stage": "none" if adult else "primary", "dropped_out": False,
                "employment_status": draw.choice(WORK) if adult else "none",
                "disability_type": "limb" if k == 2 and draw.random() < 0.2 else "none", "disability_level": "none",
                "veteran_care": k == 1 and draw.random() < 0.05,
            }  # fmt: skip
            if self.persons[f"{name}-{k}"]["disability_type"] == "limb":
                self.persons[f"{name}-{k}"]["disability_level"] = draw.choice(("level_2", "level_3"))

    def live(self, month: str) -> None:
        """A month passes: statuses change, people die, households split, a county is merged."""
        draw, quarter_end = self.draw, month[5:] in QUARTER_ENDS
        for gone in [p for p, row in self.persons.items() if row["deceased_on"]]:
            del self.persons[gone]
        there = {str(row["household_id"]) for row in self.persons.values()}
        for empty in set(self.households) - there:
            del self.households[empty]
        self._heads()
        for row in self.households.values():
            if draw.random() < 0.04:
                row["relief_status"] = draw.choice(RELIEF)
            if quarter_end and draw.random() < 0.06:
                row["dwelling_grade"] = draw.choice(DWELLING)
        for row in self.persons.values():
            if draw.random() < 0.03:
                row["medical_insurance"] = not row["medical_insurance"]
            if draw.random() < 0.03:
                row["health_status"] = draw.choice(HEALTH)
            if row["student_stage"] == "none" and draw.random() < 0.04:
                row["employment_status"] = draw.choice(WORK)
            if row["disability_type"] == "limb" and quarter_end and draw.random() < 0.2:
                row["disability_level"] = draw.choice(("level_2", "level_3"))
        for name in draw.sample(sorted(self.persons), max(1, len(self.persons) // 300)):
            self.persons[name]["deceased_on"] = date(int(month[:4]), int(month[5:]), draw.randint(1, 28))
        self._split(month)
        if month == self.merge_on:
            self._merge()

    def _heads(self) -> None:
        for name in self.households:
            own = sorted(p for p, row in self.persons.items() if row["household_id"] == name)
            if self.households[name]["head_person_id"] not in own:
                self.households[name]["head_person_id"] = own[0]
                self.persons[own[0]]["relation_to_head"] = "head"

    def _split(self, month: str) -> None:
        """One household of a county becomes two: its second person leaves with the last one."""
        code = self.draw.choice(self.codes)
        able = [
            name for name in sorted(self.households)
            if name.startswith(code) and sum(row["household_id"] == name and not row["deceased_on"] for row in self.persons.values()) >= 3
        ]  # fmt: skip
        if not able:
            return
        old = self.draw.choice(able)
        new = f"{old}s{month.replace('-', '')}"
        moved = sorted(p for p, row in self.persons.items() if row["household_id"] == old)[-1]
        self.households[new] = self.households[old] | {"household_id": new, "head_person_id": moved}
        self.persons[moved] |= {"household_id": new, "relation_to_head": "head"}

    def _merge(self) -> None:
        """The last county becomes part of the one before: its villages get codes of that county."""
        last, into = self.codes[-1], self.codes[-2]
        renamed = {v: f"{into}-m{v[-1]}" for v, code in self.villages.items() if code == last}
        self.villages = {renamed.get(v, v): into if v in renamed else code for v, code in self.villages.items()}
        for row in self.households.values():
            row["village_code"] = renamed.get(str(row["village_code"]), row["village_code"])

    def close(self, month: str) -> None:
        """Write the month into the books."""
        for name, row in self.households.items():
            row["household_size"] = sum(p["household_id"] == name for p in self.persons.values())
        own = {"household": deepcopy(self.households), "person": deepcopy(self.persons)}
        self.books.months[month] = own
        self.books.counties[month] = {n: self.villages[str(r["village_code"])] for n, r in self.households.items()}
        self.books.villages[month] = [
            {"village_code": v, "town_code": f"{code}-t1", "county_code": code} for v, code in self.villages.items()
        ]
        self._earn(month)
        self._give(month)

    def _earn(self, month: str) -> None:
        for name, row in self.households.items():
            size = int(str(row["household_size"]))
            self.books.events["income"][name, month] = {
                "household_id": name, "period_end": month, "months": 12,
                "wage_income": round(size * self.draw.lognormvariate(8.6, 0.4)), "transfer_income": self.draw.randint(0, 900) * size,
            }  # fmt: skip

    def _give(self, month: str) -> None:
        ledger, shocks = self.books.events["assistance_record"], self.books.events["shock_event"]
        for item, who in ITEMS.items():
            for name in self.draw.sample(sorted(self.households), max(1, len(self.households) // 40)):
                key = f"{who}-{month}-{item}-{name}"
                ledger[(key,)] = {
                    "record_id": key, "household_id": name, "item_code": item, "delivered_on": date(int(month[:4]), int(month[5:]), 15),
                    "decision": "approved", "cash_amount": self.draw.randint(1, 40) * 50,
                }  # fmt: skip
        for name in self.draw.sample(sorted(self.households), max(1, len(self.households) // 100)):
            key = f"S-{month}-{name}"
            shocks[(key,)] = {
                "event_id": key, "household_id": name, "event_date": date(int(month[:4]), int(month[5:]), 9), "shock_type": "fire",
                "gross_loss": self.draw.randint(1, 90) * 100, "compensated": 0, "verified": True,
            }  # fmt: skip


def live_through(counties: int, households: int, months: int, seed: int) -> Books:
    """The books of ``months`` months; the merger comes at two thirds of them."""
    every = [month_after(FIRST_MONTH, n) for n in range(months)]
    place = Prefecture(counties, households, seed, every[2 * months // 3])
    for n, month in enumerate(every):
        if n:
            place.live(month)
        place.close(month)
    return place.books
