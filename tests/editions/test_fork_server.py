"""Reports side by side: a process each, and one that dies or hangs takes nobody with it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from relapse_risk.editions import fork_server
from relapse_risk.errors import RenderError

DONE: list[str] = []
HERE = "tests.editions.test_fork_server"


def work(job: str) -> str:
    """Stand-in for a report; ``job`` says how it behaves."""
    if job == "dies":
        os._exit(9)
    if job == "hangs":
        time.sleep(600)
    DONE.append(job)
    return f"{job} after {DONE[:-1]} with {os.environ['OMP_NUM_THREADS']} thread"


def run_all(jobs: list[str], workers: int, timeout: float = 60) -> dict[int, object]:
    with fork_server.ForkServer(fork_server.Setup(workers=workers, timeout=timeout)) as server:
        return dict(server.run(f"{HERE}:work", jobs))


def test_every_job_answers_and_nothing_leaks_between_them() -> None:
    assert run_all(["a", "b", "c"], 1) == {i: f"{job} after [] with 1 thread" for i, job in enumerate("abc")}


def test_a_process_that_dies_or_hangs_is_reported_and_the_others_go_on() -> None:
    found = run_all(["dies", "a", "hangs", "b"], 2, timeout=8)
    assert (str(found[1])[:1], str(found[3])[:1]) == ("a", "b")
    assert isinstance(found[0], RenderError)
    assert "died; got 'exit code 9'" in str(found[0])
    assert "took too long" in str(found[2])


def test_no_job_starts_no_process() -> None:
    with fork_server.ForkServer(fork_server.Setup()) as server:
        assert list(server.run(f"{HERE}:work", [])) == []
        assert server._process is None


def slow(job: str) -> None:
    """Leave a sign of life, then wait."""
    Path(job).write_text(str(os.getpid()))
    time.sleep(600)


@pytest.mark.skipif(not fork_server.FORKS, reason="children are forked only here")
def test_a_driver_that_stops_listening_leaves_no_process_behind(tmp_path: Path) -> None:
    sign = tmp_path / "pid"
    with fork_server.ForkServer(fork_server.Setup(workers=2)) as server:
        running = server.run(f"{HERE}:slow", [str(sign), str(tmp_path / "other")])
        running_once = server._started()
        running_once.send((f"{HERE}:slow", (str(sign),)))
        while not sign.exists() or not sign.read_text():
            time.sleep(0.05)
    running.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(sign.read_text()), 0)


@pytest.mark.parametrize(("free", "reports"), [(100.0, 1), (2.5 * fork_server.REPORT_MB, 2), (1e9, 3)])
def test_as_many_at_once_as_cores_and_memory_allow(monkeypatch: pytest.MonkeyPatch, free: float, reports: int) -> None:
    monkeypatch.setattr(fork_server, "_free_mb", lambda: free)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    assert fork_server.reports_at_once() == reports


@pytest.mark.skipif(not Path("/proc/meminfo").is_file(), reason="reads Linux's own account")
def test_free_memory_is_what_psutil_sees() -> None:
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.is_file() and limit.read_text().strip() != "max":
        pytest.skip("a container's limit stands before the machine's memory")
    assert fork_server._free_mb() == pytest.approx(psutil.virtual_memory().available / 2**20, rel=0.25)


def large(job: str) -> bytes:
    """Kill the server, then answer with more than a pipe holds."""
    Path(job).write_text(str(os.getpid()))
    os.kill(os.getppid(), signal.SIGKILL)
    return b"x" * 4_000_000


@pytest.mark.skipif(not fork_server.FORKS, reason="children are forked only here")
def test_a_child_whose_fork_server_was_killed_ends_though_nothing_reads_its_answer(tmp_path: Path) -> None:
    sign = tmp_path / "pid"
    with fork_server.ForkServer(fork_server.Setup(workers=2)) as server:
        found = dict(server.run(f"{HERE}:large", [str(sign)]))
    assert "was killed" in str(found[0])
    child, until = int(sign.read_text()), time.monotonic() + 20
    while psutil.pid_exists(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not psutil.pid_exists(child)
