"""Keys, stamps, what is due, and counties by query: the same thing twice is the same bytes, and a change has a name."""

from __future__ import annotations

import json
import shutil
from datetime import date
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.report_fixtures import COUNTY, MONTH, OTHER, edition_file, notebook, released

from relapse_risk.editions.due import due_editions
from relapse_risk.editions.edition import Edition, edition_month, on_day, read_edition
from relapse_risk.editions.edition_keys import Keys, changed_parts
from relapse_risk.editions.edition_plan import plan
from relapse_risk.editions.publish import read_manifest
from relapse_risk.editions.render import render_edition
from relapse_risk.editions.reproduce import reproduce_report
from relapse_risk.errors import EditionError

TODAY = date(2021, 1, 5)


def test_a_stamp_gives_the_same_bytes_again(rendered: Edition, tmp_path: Path) -> None:
    for language in ("zh", "en"):
        outcome = read_manifest(released(rendered))[f"{COUNTY}-{language}"]
        page = (released(rendered) / f"{COUNTY}-{language}.html").read_text(encoding="utf-8")
        assert f"{outcome.stamp} · 2020-12-31 · relapse-risk" in page
    made = reproduce_report(outcome.stamp, rendered.out.parent, tmp_path / "again")
    assert made.exit_code == 0
    for name, digest in outcome.files.items():
        assert sha256((tmp_path / "again" / name).read_bytes()).hexdigest() == digest
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == sorted(outcome.files)


def test_a_wrong_stamp_names_the_nearest_and_a_change_is_named(
    rendered: Edition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp = read_manifest(released(rendered))[f"{COUNTY}-zh"].stamp
    with pytest.raises(EditionError, match=f"no published report has this stamp.*did you mean '{stamp}'"):
        reproduce_report(stamp[:-1], rendered.out.parent, tmp_path)
    copy = tmp_path / "reports" / "x"
    shutil.copytree(rendered.out, copy)
    manifest = copy / released(rendered).name / "manifest.json"
    content = json.loads(manifest.read_text())
    content["reports"][0]["parts"]["words"] = content["reports"][0]["key"] = "0"
    manifest.write_text(json.dumps(content))
    with pytest.raises(EditionError, match="not what it was: words"):
        reproduce_report(content["reports"][0]["stamp"], tmp_path / "reports", tmp_path)


def test_one_countys_new_facts_change_one_countys_key(tmp_path: Path, facts_folder: Path) -> None:
    facts = tmp_path / "facts"
    shutil.copytree(facts_folder, facts)
    before = plan(read_edition(edition_file(tmp_path / "e.yaml", facts, counties="all")))
    file = facts / MONTH / "facts.json"
    content = json.loads(file.read_text())
    content["hashes"][OTHER] = "new"
    file.write_text(json.dumps(content))
    after = plan(read_edition(edition_file(tmp_path / "e.yaml", facts, counties="all")))
    old, new = Keys(before), Keys(after)
    changed = {
        report.stem: changed_parts(old.of(report).parts, new.of(report).parts)
        for report in after.reports
        if old.of(report).digest != new.of(report).digest
    }
    assert changed == {f"{OTHER}-zh": ["facts"], f"{OTHER}-en": ["facts"]}
    assert len(after.reports) == 22


def test_a_query_chooses_counties_by_their_facts(tmp_path: Path, facts_folder: Path) -> None:
    def chosen(**query: object) -> set[str]:
        file = edition_file(tmp_path / "e.yaml", facts_folder, counties=query)
        return {report.county for report in plan(read_edition(file)).reports}

    rows = pq.read_table(facts_folder / MONTH / "indicator.parquet").to_pandas()
    rows = rows[rows["county_code"] != "city"]
    one = str(rows.groupby("indicator")["value"].nunique().idxmax())
    rows = rows[rows["indicator"] == one].set_index("county_code")
    values = rows["value"].dropna().sort_values()
    assert chosen(indicator=one, below=values.iloc[-1]) == set(values.index[values < values.iloc[-1]])
    for verdict in set(rows["verdict"]):
        assert chosen(indicator=one, verdict=[verdict]) == set(rows.index[rows["verdict"] == verdict])
    with pytest.raises(EditionError, match=r"unknown indicator; got 'house_saf'.*did you mean 'house_safe'"):
        chosen(indicator="house_saf", below=1)
    with pytest.raises(EditionError, match="no county fits"):
        chosen(indicator=one, below=-1e9)


def test_several_notebooks_have_names_of_their_own(tmp_path: Path, facts_folder: Path) -> None:
    books = []
    for name in ("first", "second"):
        books.append(str(tmp_path / f"{name}.ipynb"))
        Path(books[-1]).write_text("{}")
    planned = plan(read_edition(edition_file(tmp_path / "e.yaml", facts_folder, notebooks=books, languages=["zh"])))
    assert [report.stem for report in planned.reports] == [f"{COUNTY}-first-zh", f"{COUNTY}-second-zh"]
    with pytest.raises(EditionError, match=r"notebook not found.*did you mean 'first\.ipynb'"):
        plan(read_edition(edition_file(tmp_path / "e.yaml", facts_folder, notebooks=str(tmp_path / "frst.ipynb"))))


def test_latest_is_the_newest_month_and_for_quarters_the_newest_that_ends_one(tmp_path: Path) -> None:
    for month in ("2020-09", "2020-11"):
        (tmp_path / month).mkdir()
        (tmp_path / month / "facts.json").write_text("{}")
    found = [
        edition_month(read_edition(edition_file(tmp_path / "e.yaml", tmp_path, month="latest", every=every)))
        for every in ("month", "week", "quarter")
    ]
    assert found == ["2020-11", "2020-11", "2020-09"]


def test_what_is_due_is_said_with_its_reason(rendered: Edition, tmp_path: Path) -> None:
    done = edition_file(tmp_path / "a.yaml", rendered.facts, out=str(rendered.out), every="week")
    new = edition_file(tmp_path / "b.yaml", rendered.facts, name="new")
    wrong = tmp_path / "c.yaml"
    wrong.write_text("nam: x")
    said = {one.name: (one.is_due, one.why) for one in due_editions([done, new, wrong], TODAY)}
    assert said["small"] == (False, f"{MONTH} is published")
    assert said["new"] == (True, f"{MONTH}: 2 never published")
    assert not said["c"][0]
    assert "did you mean 'name'" in said["c"][1]


def test_an_edition_of_the_day_is_due_once_a_week(rendered: Edition, tmp_path: Path) -> None:
    names = "\n".join(f"{name} = ''" for name in ("county", "month", "language", "register", "facts", "day", "every"))
    shown = "from IPython.display import HTML\nHTML(f'<h2>{county} {day} {every}</h2>')"
    source = notebook(tmp_path / "day.ipynb", shown, parameters=names)
    given = {"notebooks": str(source), "formats": ["html"], "languages": ["zh"], "every": "week", "day": "today"}
    file = edition_file(tmp_path / "a.yaml", rendered.facts, **given)
    monday, sunday, next_monday = date(2021, 1, 4), date(2021, 1, 10), date(2021, 1, 11)
    assert due_editions([file], monday)[0].is_due
    assert render_edition(on_day(read_edition(file), monday)).exit_code == 0
    assert [due_editions([file], day)[0].is_due for day in (monday, sunday, next_monday)] == [False, False, True]


def test_facts_computed_again_for_the_same_month_make_an_edition_due(rendered: Edition, tmp_path: Path) -> None:
    shutil.copytree(rendered.facts, tmp_path / "facts")
    file = tmp_path / "facts" / MONTH / "facts.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    content["hashes"] |= {COUNTY: "others"}
    file.write_text(json.dumps(content), encoding="utf-8")
    edition = edition_file(tmp_path / "a.yaml", tmp_path / "facts", out=str(rendered.out))
    (said,) = due_editions([edition], TODAY)
    assert (said.is_due, said.why) == (True, f"{MONTH}: 2 changed: facts")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"languages": ["zhh"]}, r"got 'zhh'.*did you mean 'zh'"),
        ({"on_failure": "publish_other"}, r"on_failure.*did you mean 'publish_others'"),
        ({"audience": "restrict"}, r"audience.*did you mean 'restricted'"),
        ({"every": "monthly"}, r"every.*did you mean 'month'"),
        ({"languages": ["zh", "zh"]}, r"languages: given twice; got 'zh'"),
        ({"keep": 0}, r"keep"),
        ({"counties": {"indicator": "x"}}, r"verdict, above or below"),
        ({"notebook": "x.ipynb"}, r"unknown key; got 'notebook'.*did you mean 'notebooks'"),
    ],
)
def test_a_wrong_value_names_the_nearest(tmp_path: Path, change: dict[str, object], words: str) -> None:
    with pytest.raises(EditionError, match=words):
        read_edition(edition_file(tmp_path / "e.yaml", tmp_path, **change))
