"""What the measures cost, beside a peer in the same run where there is one.

Not a test: numbers depend on the machine. Each case runs in its own fresh process; CPU seconds are counted inside it,
after the imports, and memory is that process's peak.

    python benchmarks/measures.py [--peer PYTHON] [--small]

``PYTHON`` is an interpreter of a throwaway environment with ``pip install scikit-criteria==0.10``; without it the peer's
column stays empty. ``--small`` divides every size by ten.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass

SHARED = """
import json, sys, time
import numpy as np
n = int(sys.argv[1])
def measured(run):
    try:
        import resource
        peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    except ImportError:
        peak = lambda: float("nan")
    wall, cpu = time.perf_counter(), time.process_time()
    note = run()
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "mib": peak(), "note": note}))
"""

MATRIX = "x = np.random.default_rng(1).gamma(2.0, 1.0, (n, 15))\n"

TOPSIS_OURS = """
from relapse_risk.hardship import rank_scores, topsis
from relapse_risk.hardship.weights import entropy
def run():
    rank = rank_scores(topsis(x, entropy(x)), "dense")
    return f"ranks sum {int(rank.sum())}, first {int(np.argmin(rank))}, last {int(np.argmax(rank))}"
measured(run)
"""

TOPSIS_PEER = """
import skcriteria as skc
from skcriteria.agg.similarity import TOPSIS
from skcriteria.pipeline import mkpipe
from skcriteria.preprocessing.scalers import VectorScaler
from skcriteria.preprocessing.weighters import EntropyWeighter
def run():
    dm = skc.mkdm(x, [max] * 15)
    rank = mkpipe(EntropyWeighter(), VectorScaler(target="matrix"), TOPSIS()).evaluate(dm).rank_
    return f"ranks sum {int(rank.sum())}, first {int(np.argmin(rank))}, last {int(np.argmax(rank))}"
measured(run)
"""

SHORTLIST = """
from dataclasses import replace
from datetime import date
import pandas as pd
from relapse_risk.hardship import Uncertainty, hardship_index, read_index
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.ranking import shortlist
g = np.random.default_rng(1)
size = g.integers(1, 6, n)
labour = np.minimum(size, g.integers(0, 4, n))
frame = pd.DataFrame({
    "household_id": np.arange(n).astype(str), "county_code": "371402", "town_code": "371402100",
    "income_pc_year": g.lognormal(8.9, 0.4, n), "rigid_burden": g.gamma(2, 0.1, n), "size": size,
    "n_serious": g.binomial(size, 0.1), "n_chronic": g.binomial(size, 0.3), "n_disabled_severe": g.binomial(size, 0.08),
    "labour_count": labour, "all_no_labour": labour == 0, "zero_employment": (labour > 0) & (g.random(n) < 0.1),
    "work_months": np.where(labour > 0, g.integers(0, 12, n) * labour, np.nan), "house_safe": g.random(n) < 0.99,
    "water_safe": g.random(n) < 0.99, "n_pupils": g.binomial(size, 0.15), "n_dropped_out": g.binomial(size, 0.001),
    "uncompensated_loss_12m": g.exponential(300, n), "aid_received_12m": g.exponential(1500, n)})
index = hardship_index(frame, read_index(), read_parameters(), read_place("dezhou"), date(2020, 12, 31))
choices = CHOICES
def run():
    result = shortlist(index, np.random.default_rng(2), quota=n // 10, uncertainty=choices, draws=1000)
    return f"{len(index.design.indicators)} indicators; {result.summary()}"
measured(run)
"""

ALKIRE_FOSTER = """
from relapse_risk.poverty import alkire_foster, survey_design
g = np.random.default_rng(1)
g0 = (g.random((n, 10)) < 0.25).astype(float)
psu = g.integers(0, max(n // 40, 4), n)
design = survey_design(g.uniform(0.5, 2, n), psu % 50, psu)
area = g.integers(0, 2, n)
weights = [1 / 6] * 4 + [1 / 18] * 6
def run():
    return f"{len(alkire_foster(g0, weights, [0.2, '1/3', 0.5], design, groups=area).frame)} estimates, 3 cut-offs"
measured(run)
"""

CITY = (
    SHORTLIST.split("choices = CHOICES")[0]
    + """
from relapse_risk.ranking import rank_households
def run():
    again = hardship_index(frame, read_index(), read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    return rank_households(again, np.random.default_rng(3), draws=100).summary()
measured(run)
"""
)

WEIGHTS_ONLY = "Uncertainty(0.25)"
EVERYTHING = (
    'Uncertainty(0.25, 0.1, ("goalposts", "percentile_rank"), ("arithmetic", "geometric"), ("share", "donor", "worst"))'
)


@dataclass(frozen=True, slots=True)
class Case:
    """One measurement: what it shows, our code, the peer's, the size and what was asked."""

    name: str
    ours: str
    peer: str
    n: int
    asked: str


CASES = (
    Case(
        "entropy TOPSIS with ranks, 1M × 15", MATRIX + TOPSIS_OURS, MATRIX + TOPSIS_PEER, 1_000_000, "10 × fewer CPU s"
    ),
    Case(
        "shortlist, 100k × 15 × 1,000 draws, weights",
        SHORTLIST.replace("CHOICES", WEIGHTS_ONLY),
        "",
        100_000,
        "60 s, 1 GiB",
    ),
    Case(
        "shortlist, 100k × 15 × 1,000 draws, everything",
        SHORTLIST.replace("CHOICES", EVERYTHING),
        "",
        100_000,
        "60 s, 1 GiB",
    ),
    Case("Alkire-Foster with errors, 1M × 10, 3 k, 2 areas", ALKIRE_FOSTER, "", 1_000_000, "10 s"),
    Case("index, ranks and intervals of a city of 30k", CITY, "", 30_000, "about 1 s a rank"),
)


def run(python: str, code: str, n: int) -> dict[str, object]:
    """Run a case in a fresh process of ``python``."""
    done = subprocess.run([python, "-c", SHARED + code, str(n)], capture_output=True, text=True, check=False)
    if done.returncode:
        return {"note": f"failed: {done.stderr.strip().splitlines()[-1]}"}
    result: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def line(who: str, result: dict[str, object]) -> str:
    """One printed line of a result."""
    if "cpu" not in result:
        return f"  {who}: {result['note']}"
    return f"  {who}: {result['cpu']:.2f} CPU s, {result['wall']:.2f} s, {result['mib']:.0f} MiB; {result['note']}"


def main() -> None:
    """Run every case and print what it cost."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--peer", default="")
    options.add_argument("--small", action="store_true")
    chosen = options.parse_args()
    for case in CASES:
        n = case.n // 10 if chosen.small else case.n
        print(f"{case.name}{' (a tenth)' if chosen.small else ''}; asked: {case.asked}")
        ours = run(sys.executable, case.ours, n)
        print(line("ours", ours))
        if case.peer and chosen.peer:
            peer = run(chosen.peer, case.peer, n)
            print(line("peer", peer))
            if "cpu" in ours and "cpu" in peer:
                print(f"  peer / ours: {float(str(peer['cpu'])) / float(str(ours['cpu'])):.1f} × CPU seconds")


if __name__ == "__main__":
    main()
