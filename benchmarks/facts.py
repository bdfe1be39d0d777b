"""How long the facts of a city take, and how much memory: ``python benchmarks/facts.py REGISTER SCORES [WORKERS]``.

Prints wall and processor seconds and the largest memory of this process and of its workers.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from relapse_risk.assessment import compute_facts
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register import Register


def main(register: str, scores: str, backend: str = "serial") -> None:
    opened = Register.open(register)
    month = opened.months[-1]
    with tempfile.TemporaryDirectory() as folder:
        wall, busy = time.perf_counter(), time.process_time()
        found = compute_facts(
            opened, month, read_parameters(), read_place(opened.place), Path(scores), Path(folder), backend=backend
        )
        wall, busy = time.perf_counter() - wall, time.process_time() - busy
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    peak = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(f"{len(found.counties)} counties, {len(opened.read('household', month)):,} households, {backend}")
    print(f"wall {wall:.1f} s, processor (this process) {busy:.1f} s, memory {peak[0]:.0f} + {peak[1]:.0f} MiB")
    print(f"{len(found.tables)} tables, {size / 1e6:.1f} MB, {found.suppressed} cells withheld")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "serial")
