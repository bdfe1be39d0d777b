"""Play the trial office and say what came of it: ``python -m tests.trial_office --counties 8 --months 24``."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tests.trial_office.compare import against_books, conflicts_against
from tests.trial_office.letters import Clerks
from tests.trial_office.office import Office, play
from tests.trial_office.truth import live_through


def main() -> None:
    """Play it in a folder and print the comparison."""
    asked = argparse.ArgumentParser()
    asked.add_argument("folder", type=Path)
    for name, value in (("counties", 2), ("months", 4), ("households", 20), ("seed", 14)):
        asked.add_argument(f"--{name}", type=int, default=value)
    asked.add_argument("--mishaps", type=float, default=1.0)
    given = asked.parse_args()
    folder = given.folder.resolve()
    folder.mkdir(parents=True)
    books = live_through(given.counties, given.households, given.months, given.seed)
    post = Clerks(books, folder / "letters", given.seed, given.mishaps).write()
    office = Office(folder / "tavel", given.counties)
    began = time.perf_counter()
    play(office, post)
    print(f"{len(post.letters)} letters in {time.perf_counter() - began:.0f} s")
    print("stopped:", *office.diary.stopped, sep="\n  ")
    print("strange:", *office.diary.strange[:12], f"({len(office.diary.strange)})", sep="\n  ")
    print(f"still waiting: {[(one.month, one.sender.name) for one in office.waiting]}")
    print(against_books(office, books).summary())
    missed, extra = conflicts_against(office, post)
    print(
        f"conflicts planted {len(post.contradictions)}, not listed {sorted(missed)[:5]} ({len(missed)}), not planted {sorted(extra)[:5]} ({len(extra)})"
    )


if __name__ == "__main__":
    main()
