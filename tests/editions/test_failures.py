"""What goes wrong on a real machine: each report fails alone, says why, and the exit code is right."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.report_fixtures import COUNTY, MONTH, OTHER, edition_file, notebook
from tests.system_faults import LINUX, ROOT, small_disk

from relapse_risk.editions.edition import read_edition
from relapse_risk.editions.render import NONE_PUBLISHED, SOME_FAILED, Options, render_edition
from relapse_risk.errors import RenderError

PARAMETERS = 'county = ""\nmonth = ""\nlanguage = ""\nregister = ""\nfacts = ""'
OPEN = "from relapse_risk.pages.county_report import open_report\nreport = open_report(facts, month, county, language)"
HANGS, EXITS, FULL, BROKEN = "371403", "371422", "371423", "371424"
CELLS = f"""
import os, resource, time
if county == "{HANGS}":
    time.sleep(600)
if county == "{EXITS}":
    os._exit(7)
if county == "{FULL}":
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
"""


def short(folder: Path, facts: Path, *code: str, parameters: str = PARAMETERS, **changes: object) -> Path:
    """An edition file whose notebook shows one section, pages only."""
    source = notebook(folder / "short.ipynb", OPEN, *code, "report.section(2)", 'report.table("town_profile")', parameters=parameters)  # fmt: skip
    given = {"notebooks": str(source), "counties": [COUNTY, OTHER], "languages": ["zh"], "formats": ["html"]}
    return edition_file(folder / "edition.yaml", facts, **(given | changes))


def with_damage(facts: Path, copy: Path, county: str) -> Path:
    """A copy of the facts in which one county's rows of one table cannot be read."""
    shutil.copytree(facts, copy)
    file = copy / MONTH / "town_profile.parquet"
    table = pq.ParquetFile(file)
    content = bytearray(file.read_bytes())
    for group in range(table.num_row_groups):
        if table.read_row_group(group, columns=["county_code"])["county_code"][0].as_py() == county:
            for column in range(1, table.metadata.num_columns):
                chunk = table.metadata.row_group(group).column(column)
                start = chunk.dictionary_page_offset or chunk.data_page_offset
                content[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    file.write_bytes(content)
    return copy


@LINUX
def test_every_kind_of_failure_takes_only_its_own_report(tmp_path: Path, facts_folder: Path) -> None:
    facts = with_damage(facts_folder, tmp_path / "facts", BROKEN)
    counties = [COUNTY, HANGS, EXITS, FULL, BROKEN, OTHER]
    events: list[str] = []
    file = short(tmp_path, facts, CELLS, counties=counties, timeout_seconds=12, retries=1)
    result = render_edition(
        read_edition(file), options=Options(log=lambda event: events.append(json.dumps(dict(event))))
    )
    assert result.exit_code == SOME_FAILED
    errors = {outcome.county: outcome.error for outcome in result.outcomes if outcome.status == "failed"}
    assert set(errors) == {HANGS, EXITS, FULL, BROKEN}
    assert "took too long and was stopped; expected at most 12 s" in errors[HANGS]
    assert "died; got 'exit code 7'" in errors[EXITS]
    assert "File too large" in errors[FULL]
    assert "cell" in errors[BROKEN], errors[BROKEN]
    assert sum('"again"' in event for event in events) == 2, "death and silence are tried again, other errors are not"
    for county in (COUNTY, OTHER):
        assert (result.folder / f"{county}-zh.html").is_file()
    for county in (HANGS, EXITS, BROKEN):
        assert (result.folder / f"{county}-zh.failed.html").is_file()
    failures = json.loads((tmp_path / "out" / "failures.json").read_text())
    assert {row["county"]: row["error"] for row in failures} == errors
    assert not [path for path in (tmp_path / "out").rglob("*") if path.suffix == ".part"]


def test_nothing_is_published_where_the_edition_asks_for_all_or_none(tmp_path: Path, facts_folder: Path) -> None:
    good = render_edition(read_edition(short(tmp_path, facts_folder)))
    cell = f'assert county != "{OTHER}"'
    result = render_edition(read_edition(short(tmp_path, facts_folder, cell, on_failure="publish_none")))
    assert (result.exit_code, result.folder) == (NONE_PUBLISHED, good.folder)
    assert "AssertionError" in (tmp_path / "out" / "failures.json").read_text()


def test_the_last_good_report_of_a_restricted_edition_stays_out_of_a_public_one(
    tmp_path: Path, facts_folder: Path
) -> None:
    took = f'{PARAMETERS}\naudience = ""'
    first = short(tmp_path, facts_folder, parameters=took, audience="restricted")
    assert render_edition(read_edition(first)).exit_code == 0
    fails = f'assert county != "{COUNTY}"'
    second = short(tmp_path, facts_folder, fails, parameters=took, audience="public")
    result = render_edition(read_edition(second))
    assert result.exit_code == SOME_FAILED
    assert [path.name for path in result.folder.glob("*-zh.html")] == [f"{OTHER}-zh.html"]
    third = short(tmp_path, facts_folder, fails, parameters=took, audience="restricted")
    assert (render_edition(read_edition(third)).folder / f"{COUNTY}-zh.html").is_file(), "in a restricted one it stays"


@ROOT
def test_a_disk_that_fills_up_loses_what_does_not_fit(tmp_path: Path, facts_folder: Path) -> None:
    large = f"from IPython.display import HTML, display\nif county == '{OTHER}':\n    display(HTML('<p>' + 'x' * 6_000_000))"
    with small_disk(tmp_path / "out", "size=5m"):
        result = render_edition(read_edition(short(tmp_path, facts_folder, large)))
        assert result.exit_code == SOME_FAILED
        assert "No space left on device" in result.failed[0].error
        assert (result.folder / f"{COUNTY}-zh.html").is_file()
        assert (tmp_path / "out" / "index.html").is_file()


@ROOT
def test_a_disk_that_is_full_to_the_last_byte_still_gets_its_failure_page(tmp_path: Path, facts_folder: Path) -> None:
    junk = tmp_path / "out" / "junk"
    fills = f"if county == '{OTHER}':\n    import contextlib\n    with contextlib.suppress(OSError), open({str(junk)!r}, 'wb', 0) as file:\n        while file.write(bytes(4096)): pass"
    with small_disk(tmp_path / "out", "size=5m"):
        result = render_edition(read_edition(short(tmp_path, facts_folder, fills)), options=Options(workers=1))
        assert "No space left on device" in result.failed[0].error
        for name in ("index.html", "index.en.html"):
            links = re.findall(r'href="([^"#][^"]*)"', (tmp_path / "out" / name).read_text(encoding="utf-8"))
            assert any("failed" in link for link in links)
            assert [link for link in links if not (tmp_path / "out" / link).is_file()] == []


@ROOT
@pytest.mark.parametrize(
    ("options", "words"), [("size=1m", "No space left on device"), ("ro", "Read-only file system")]
)
def test_a_folder_that_cannot_be_written_has_its_own_error(
    tmp_path: Path, facts_folder: Path, options: str, words: str
) -> None:
    file = short(tmp_path, facts_folder)
    with (
        small_disk(tmp_path / "out", options),
        pytest.raises(RenderError, match=f"nothing could be published: the folder cannot be written: {words}"),
    ):
        render_edition(read_edition(file))


def command(file: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "relapse_risk.cli", "render", str(file), *more]


@LINUX
def test_a_second_run_learns_who_is_there_and_a_dead_holder_holds_nothing(tmp_path: Path, facts_folder: Path) -> None:
    file = short(tmp_path, facts_folder, "import time\ntime.sleep(600)", counties=[COUNTY])
    first = subprocess.Popen(command(file), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    holder = tmp_path / "out" / ".holder.json"
    while not holder.is_file():
        time.sleep(0.2)
    second = subprocess.run(command(file, "--wait", "0.1", "--log-json"), capture_output=True, text=True, check=False)
    assert second.returncode == NONE_PUBLISHED
    assert f"another run is rendering into this folder; got 'process {first.pid} on" in second.stderr
    assert json.loads(second.stderr.splitlines()[0])["event"] == "nothing published"
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert render_edition(read_edition(short(tmp_path, facts_folder, counties=[COUNTY]))).exit_code == 0
    assert not holder.exists()


def at_once(file: Path, runs: int) -> None:
    """``runs`` renders at the same moment: one renders, the others find nothing to do."""
    started = [subprocess.Popen(command(file, "--wait", "500"), stdout=subprocess.PIPE, text=True) for _ in range(runs)]
    said = [run.communicate()[0] for run in started]
    assert [run.returncode for run in started] == [0] * runs, said
    assert sorted(words.splitlines()[0] for words in said) == [
        *["0 published, 2 unchanged, 0 failed"] * (runs - 1),
        "2 published, 0 unchanged, 0 failed",
    ]
    out = file.parent / "out"
    assert [path.name for path in sorted(out.glob("????-??.*"))] == [f"{MONTH}.1"]
    assert not [path for path in out.rglob(".*") if path.name != ".lock"]


def test_three_renders_at_once_are_one_edition(tmp_path: Path, facts_folder: Path) -> None:
    at_once(short(tmp_path, facts_folder), 3)


@pytest.mark.long
def test_eight_renders_at_once_are_one_edition(tmp_path: Path, facts_folder: Path) -> None:
    at_once(short(tmp_path, facts_folder), 8)
