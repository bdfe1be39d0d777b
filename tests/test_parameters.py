"""Dated parameters: the published lines, and one clear error per way to go wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from relapse_risk.errors import ParameterError
from relapse_risk.parameters import params_dir, read_parameters, read_place
from relapse_risk.yaml_reading import read_yaml

PARAMETERS = read_parameters()
ENTRY = "x:\n  label: {zh: 甲, en: x}\n  unit: CNY\n  values:\n"


def folder_with(tmp_path: Path, lines: str) -> Path:
    (tmp_path / "lines.yaml").write_text(lines, encoding="utf-8")
    (tmp_path / "thresholds.yaml").write_text("{}", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("year", range(2014, 2020))
def test_series_b_is_2800_growing_six_per_cent_a_year(year: int) -> None:
    """2,800 x 1.06^n, published as 3,535 (2018) and 3,747 (2019)."""
    assert PARAMETERS.on("national_line_b", date(year, 7, 1)).value == pytest.approx(
        2800 * 1.06 ** (year - 2014), abs=0.6
    )


def test_the_two_national_series_are_kept_apart() -> None:
    day = date(2019, 12, 31)
    assert PARAMETERS.on("national_line_a", day).value == 3218
    assert PARAMETERS.on("national_line_b", day).value == 3747


def test_a_value_holds_from_its_first_day() -> None:
    assert PARAMETERS.on("monitoring_line_dezhou", date(2020, 12, 31)).value == 5000
    assert PARAMETERS.on("monitoring_line_dezhou", date(2021, 1, 1)).value == 6000


# Rules that began on a day: before it nobody was judged by them, and an answer would be an invention.
BEGAN = {
    "monitored_types": "2020-03-20", "elimination_months": "2020-03-20", "monitored_share_guide": "2020-01-01",
    "idle_land_village": "2020-01-01", "idle_land_household": "2020-01-01",
}  # fmt: skip
ELSEWHERE = {"eph_line_60"}  # a survey that ends in 2015


@pytest.mark.parametrize("name", sorted(PARAMETERS.by_name.keys() - ELSEWHERE))
def test_every_parameter_answers_on_every_day_from_2016_to_2026(name: str) -> None:
    """From the day a rule began; the whole eleven years where it has no such day."""
    first = date.fromisoformat(BEGAN.get(name, "2016-01-01"))
    for day in range(first.toordinal(), date(2026, 12, 31).toordinal() + 1):
        assert PARAMETERS.on(name, date.fromordinal(day)).value is not None
    if name in BEGAN:
        assert PARAMETERS.parameter(name).values[0][0] == first


@pytest.mark.parametrize(
    ("name", "day", "value", "first"),
    [
        ("national_line_b", date(2026, 12, 31), 4000, date(2021, 1, 1)),
        ("dibao_rural_dezhou", date(2022, 1, 1), 6468, date(2022, 1, 1)),
        ("monitoring_line_dezhou", date(2026, 6, 30), 8500, date(2026, 1, 1)),
    ],
)
def test_a_value_nobody_published_is_carried_on_and_says_so(name: str, day: date, value: float, first: date) -> None:
    found = PARAMETERS.on(name, day)
    assert (found.value, found.confidence, found.start) == (value, "carried", first)
    assert "carried on" in found.source


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            "    2020-01-01: {value: 4000, source: s}\n    2021-01-01: {value: 4500, confidence: carried, source: s}",
            "expected 4000",
        ),
        ("    2021-01-01: {value: 4500, confidence: carried, source: s}", "there is none"),
    ],
)
def test_what_is_carried_is_the_value_before(values: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=words):
        read_parameters(folder_with(tmp_path, ENTRY + values))


def test_every_value_carries_source_and_mark() -> None:
    for parameter in PARAMETERS.by_name.values():
        for start, entry in parameter.values:
            assert entry.value is None or entry.source, (parameter.name, start)


@pytest.mark.parametrize(("day", "nearest"), [(date(2013, 12, 31), "2014-01-01"), (date(2021, 1, 1), "2020-01-01")])
def test_no_value_names_file_parameter_date_and_nearest(day: date, nearest: str, tmp_path: Path) -> None:
    """From 2014 to 2020, two values and an end: nothing holds before the first and from the end on."""
    text = "    2014-01-01: {value: 2800}\n    2020-01-01: {value: 4000}\n    2021-01-01: {value: null}"
    with pytest.raises(ParameterError) as caught:
        read_parameters(folder_with(tmp_path, ENTRY + text)).on("x", day)
    for word in ("lines.yaml", "x has no value", day.isoformat(), nearest):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ENTRY + "    2020-01-01: {value: 1, confidence: sure}", "confidence"),
        (ENTRY + "    2020-01-01: {valeu: 1}", "valeu"),
        (ENTRY + "    someday: {value: 1}", "someday"),
        (ENTRY + "    2020-01-01: {value: many}", "valid number"),
        ("x:\n  unit: CNY\n  values: {}", "label"),
        (ENTRY + "    2020-01-01: {value: 1}\n    2020-01-01: {value: 2}", "written twice"),
        ("x: [1", "not valid YAML"),
        ("- a\n- b", "not a mapping"),
        ("x:\n\t- 1", "not valid YAML"),
    ],
)
def test_a_broken_line_file_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words) as caught:
        read_parameters(folder_with(tmp_path, text))
    assert "lines.yaml" in str(caught.value)


def test_a_name_in_two_files_is_refused(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ENTRY + "    2020-01-01: {value: 1}")
    (folder / "thresholds.yaml").write_text((folder / "lines.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ParameterError, match=r"lines\.yaml and thresholds\.yaml: name given twice"):
        read_parameters(folder)


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(ParameterError, match="did you mean 'national_line_b'"):
        PARAMETERS.on("national_line_bb", date(2020, 1, 1))
    with pytest.raises(ParameterError, match="dezhou"):
        read_place("dezho")


def test_unreadable_files_say_how_to_save_them(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="file not found"):
        read_yaml(tmp_path / "none.yaml")
    (tmp_path / "gbk.yaml").write_bytes("名称: 德州".encode("gb18030"))
    with pytest.raises(ParameterError, match="save it as UTF-8"):
        read_yaml(tmp_path / "gbk.yaml")


def test_the_folder_can_be_named_by_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAPSE_RISK_PARAMS", str(tmp_path))
    assert params_dir() == tmp_path
    monkeypatch.setenv("RELAPSE_RISK_PARAMS", str(tmp_path / "none"))
    with pytest.raises(ParameterError, match="RELAPSE_RISK_PARAMS: not a folder"):
        params_dir()


def test_lines_are_the_poverty_lines_of_every_place() -> None:
    for file in sorted((params_dir() / "places").glob("*.yaml")):
        for name in read_place(file.stem).lines.values():
            assert PARAMETERS.parameter(name).values
