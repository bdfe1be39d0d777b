"""Backends: the same results in part order from a loop, processes and a Dask cluster, whatever dies on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from distributed import LocalCluster

from relapse_risk.errors import ParameterError, PartError
from relapse_risk.parts import Part, Processes, Serial, check_versions, cut, map_parts, opened, read_part, stored_parts
from relapse_risk.parts.stored import write_part

COUNTIES = tuple(f"3714{n:02d}" for n in range(1, 13))
BACKENDS = ("serial", "processes:2", "dask")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Part]:
    """Twelve counties of a thousand rows in one file, three to a part."""
    file = tmp_path_factory.mktemp("nation") / "household" / "37.parquet"
    income = np.random.default_rng(7).lognormal(9, 1, 12_000)
    data = pa.table({"county_code": np.repeat(COUNTIES, 1000), "income": income})
    write_part(data, file, "37")
    return cut([file], rows=3000)


def backend_word(backend: str, cluster: str) -> str:
    return f"dask:{cluster}" if backend == "dask" else backend


def total_income(part: Part) -> pa.Table:
    data = read_part(part, "household", ["county_code", "income"])
    return data.group_by("county_code", use_threads=False).aggregate([("income", "sum")])


def die_once(folder: Path, part: Part) -> str:
    """The second part kills the process it is worked on in, the first time."""
    mark = folder / "died"
    if part.counties[0] == COUNTIES[3] and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return part.name


def die_always(part: Part) -> str:
    if part.counties[0] == COUNTIES[3]:
        os.kill(os.getpid(), signal.SIGKILL)
    return part.name


def slow_first(part: Part) -> str:
    if part.counties[0] == COUNTIES[0]:
        time.sleep(0.5)
    return part.name


def test_parts_are_whole_counties_in_order(parts: list[Part]) -> None:
    assert [part.rows for part in parts] == [3000] * 4
    assert [code for part in parts for code in part.counties] == list(COUNTIES)
    rows = [read_part(part, "household", ["county_code"])["county_code"].unique().to_pylist() for part in parts]
    assert [code for codes in rows for code in codes] == list(COUNTIES)
    whole = cut([parts[0].file], rows=10**6)
    assert [(part.name, part.rows) for part in whole] == [("37", 12_000)]
    # A county larger than the wish is a part of its own.
    assert [part.rows for part in cut([parts[0].file], rows=10)] == [1000] * 12


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_come_in_part_order(backend: str, cluster: str, parts: list[Part]) -> None:
    assert list(map_parts(slow_first, parts, backend_word(backend, cluster))) == [part.name for part in parts]


def test_every_backend_writes_the_same_bytes(cluster: str, parts: list[Part], tmp_path: Path) -> None:
    made = {}
    for backend in BACKENDS:
        stored = stored_parts(
            total_income, parts, tmp_path / backend, "k", backend_word(backend, cluster), reads=["household"]
        )
        assert [part.rows for part in stored] == [3] * 4
        made[backend] = [part.file.read_bytes() for part in stored]
    assert made["serial"] == made["processes:2"] == made["dask"]
    total = sum(pq.read_table(file)["income_sum"].to_numpy().sum() for file in (tmp_path / "dask").iterdir())
    assert total == pytest.approx(np.random.default_rng(7).lognormal(9, 1, 12_000).sum(), rel=1e-12)


def test_a_killed_process_changes_nothing(parts: list[Part], tmp_path: Path) -> None:
    assert list(map_parts(partial(die_once, tmp_path), parts, Processes(2))) == [part.name for part in parts]
    assert (tmp_path / "died").exists()


def test_a_killed_dask_worker_changes_nothing(cluster: str, parts: list[Part], tmp_path: Path) -> None:
    assert list(map_parts(partial(die_once, tmp_path), parts, f"dask:{cluster}")) == [part.name for part in parts]
    assert (tmp_path / "died").exists()


@pytest.mark.parametrize("backend", ["processes:2", "dask"])
def test_a_part_that_kills_every_worker_is_named(backend: str, cluster: str, parts: list[Part]) -> None:
    with pytest.raises(PartError, match=r"part 37-371404.*died|part 37-371401 or one of the next"):
        list(map_parts(die_always, parts, backend_word(backend, cluster)))


def test_another_version_is_refused_with_both_named(parts: list[Part], tmp_path: Path) -> None:
    """A real worker whose duckdb says it is 0.0.1: its metadata stand first on its path."""
    old = tmp_path / "old" / "duckdb-0.0.1.dist-info"
    old.mkdir(parents=True)
    (old / "METADATA").write_text("Metadata-Version: 2.1\nName: duckdb\nVersion: 0.0.1\n")
    with LocalCluster(n_workers=0, dashboard_address=":0") as made:
        path = os.pathsep.join([str(old.parent), *filter(None, sys.path)])
        worker = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_worker", made.scheduler_address, "--nthreads", "1",
             "--no-dashboard", "--no-nanny", "--local-directory", str(tmp_path)],
            env=os.environ | {"PYTHONPATH": path}, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 60
            while not made.scheduler.workers and time.monotonic() < deadline:
                time.sleep(0.1)
            with pytest.raises(PartError, match=rf"duckdb differs; got '0.0.1', expected {duckdb.__version__}"):
                list(map_parts(slow_first, parts, f"dask:{made.scheduler_address}"))
        finally:
            worker.kill()
            worker.wait()


def test_a_worker_that_joins_later_is_checked_by_its_first_task() -> None:
    with pytest.raises(PartError, match=r"worker: pyarrow differs; got '1.0', expected 26"):
        check_versions((("pyarrow", "26"),), {"pyarrow": "1.0"})


def test_a_corrupt_part_is_named_the_rest_is_kept_and_a_second_run_completes(parts: list[Part], tmp_path: Path) -> None:
    """Four files; the third is cut in the middle of a run, and mended for the next."""
    files = []
    for part in parts:
        files.append(tmp_path / "household" / f"{part.counties[0]}.parquet")
        write_part(read_part(part, "household"), files[-1], part.name)
    own = cut(files)
    whole = files[2].read_bytes()
    files[2].write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PartError, match=r"part 371407, .*371407.parquet: cannot be read.*parts already done are kept"):
        stored_parts(total_income, own, tmp_path / "out", "k", reads=["household"])
    done = sorted((tmp_path / "out").iterdir())
    assert [file.stem for file in done] == ["371401", "371404"]
    before = [file.stat().st_mtime_ns for file in done]
    files[2].write_bytes(whole)
    assert [part.rows for part in stored_parts(total_income, own, tmp_path / "out", "k", reads=["household"])] == [
        3
    ] * 4
    assert [file.stat().st_mtime_ns for file in done] == before
    assert sorted(file.stem for file in (tmp_path / "out").iterdir()) == [part.counties[0] for part in parts]


def test_a_changed_source_or_key_is_done_again(parts: list[Part], tmp_path: Path) -> None:
    file, out = tmp_path / "household" / "37.parquet", tmp_path / "out"
    write_part(pq.read_table(parts[0].file), file, "37")
    own = cut([file], rows=3000)

    def written(key: str) -> list[int]:
        stored_parts(total_income, own, out, key, reads=["household"])
        return [file.stat().st_mtime_ns for file in sorted(out.iterdir())]

    first = written("k")
    assert written("k") == first
    assert not set(written("other")) & set(first)
    again = written("k")
    data = pq.read_table(file)
    write_part(data.set_column(1, "income", pa.array(data["income"].to_numpy()[::-1])), file, "37")
    assert not set(written("k")) & set(again)


def test_a_full_disk_names_the_part_and_leaves_no_half_file(parts: list[Part], tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("cannot mount a small disk here (needs root)")
    try:
        with pytest.raises(PartError, match=r"part 37-3714\d\d, .*cannot be written: .*No space left on device"):
            stored_parts(partial(read_part, table="household"), parts, disk / "copy", "k")
        kept = sorted(file.name for file in (disk / "copy").iterdir())
        assert kept == [f"{part.name}.parquet" for part in parts[: len(kept)]]
        assert 0 < len(kept) < 4
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        stored = stored_parts(partial(read_part, table="household"), parts, disk / "copy", "k")
        assert [part.rows for part in stored] == [3000] * 4
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_backends_have_names() -> None:
    with opened("serial") as backend:
        assert isinstance(backend, Serial)
    with opened("processes:3") as backend:
        assert backend == Processes(3)
    with opened(backend) as again:
        assert again is backend
    for word in ("spark", "processes:0", "processes:two", "serial:2"):
        with pytest.raises(ParameterError, match=r"unknown backend; got .*serial \| processes"), opened(word):
            pass
    with pytest.raises(PartError, match="no Dask scheduler answers"), opened("dask:tcp://127.0.0.1:9"):
        pass
