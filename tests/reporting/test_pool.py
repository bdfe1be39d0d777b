"""Reports side by side: a process each, and one that dies or hangs takes nobody with it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from relapse_risk.errors import RenderError
from relapse_risk.reporting import pool

PLANTED: list[str] = []


def no_warm_up() -> None:
    """Nothing to prepare."""


def work(job: str) -> str:
    """Stand-in for a report; ``job`` says how it behaves."""
    if job == "dies":
        os._exit(9)
    if job == "hangs":
        time.sleep(600)
    PLANTED.append(job)
    return f"{job} after {PLANTED[:-1]} with {os.environ['OMP_NUM_THREADS']} thread"


def test_every_job_answers_and_nothing_leaks_between_them() -> None:
    found = dict(pool.run_all(work, ["a", "b", "c"], 1, no_warm_up))
    assert found == {i: f"{job} after [] with 1 thread" for i, job in enumerate("abc")}


def test_a_process_that_dies_or_hangs_is_reported_and_the_others_go_on() -> None:
    found = dict(pool.run_all(work, ["dies", "a", "hangs", "b"], 2, no_warm_up, timeout=8))
    assert (found[1][:1], found[3][:1]) == ("a", "b")
    assert isinstance(found[0], RenderError)
    assert "died; got 'exit code 9'" in str(found[0])
    assert "took too long" in str(found[2])


def test_no_job_starts_no_process() -> None:
    assert list(pool.run_all(work, [], 2, no_warm_up)) == []


def slow(job: str) -> None:
    """Leave a sign of life, then wait."""
    Path(job).write_text(str(os.getpid()))
    time.sleep(600)


@pytest.mark.skipif(not pool.FORKS, reason="children are forked only here")
def test_a_driver_that_stops_listening_leaves_no_process_behind(tmp_path: Path) -> None:
    sign = tmp_path / "pid"
    running = pool.run_all(slow, [str(sign), "never"], 1, no_warm_up, timeout=20)
    stopped = pool.run_all(work, ["a"], 1, no_warm_up)
    assert next(stopped)[0] == 0
    stopped.close()
    results = dict(pool.run_all(slow, [str(sign)], 1, no_warm_up, timeout=2))
    running.close()
    assert "took too long" in str(results[0])
    with pytest.raises(ProcessLookupError):
        os.kill(int(sign.read_text()), 0)
