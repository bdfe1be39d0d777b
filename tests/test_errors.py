"""Errors carry what, where, got, expected and fix, also across processes."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor

import pytest

from relapse_risk.errors import ParameterError, RelapseRiskError, nearest, unknown


def fail_in_another_process() -> None:
    raise ParameterError("no value", where="lines.yaml", got="x", expected="y", fix="add it")


def test_text_names_every_part() -> None:
    error = RelapseRiskError("wrong type", where="a.csv, row 3", got="x", expected="a number", fix="correct the cell")
    assert str(error) == "a.csv, row 3: wrong type; got 'x', expected a number. Fix: correct the cell."


def test_parts_left_out_leave_no_trace() -> None:
    assert str(RelapseRiskError("wrong")) == "wrong."


def test_an_error_keeps_its_parts_across_processes() -> None:
    with ProcessPoolExecutor(1) as pool, pytest.raises(ParameterError) as caught:
        pool.submit(fail_in_another_process).result()
    assert (caught.value.where, caught.value.got, caught.value.fix) == ("lines.yaml", "x", "add it")


@pytest.mark.parametrize(
    ("got", "known", "right"),
    [
        ("rigid_burdn", ["rigid_spend", "rigid_burden", "size"], "rigid_burden"),  # a letter left out
        ("ZM03", ["MZ01", "MZ03", "ZJ01"], "MZ03"),  # two letters changed places
        ("dezhhou", ["dezhou", "jinan"], "dezhou"),  # a letter twice
        ("ZM", ["ZJ", "MZ", "JT"], "MZ"),  # of two names one slip away, the one of the same letters
        ("income", ["size"], None),
        ("x", [], None),
    ],
)
def test_the_nearest_name_is_the_one_fewest_slips_away(got: str, known: list[str], right: str | None) -> None:
    assert nearest(got, known) == right


def test_an_unknown_name_is_told_with_what_would_have_been_right() -> None:
    near = unknown("place", "dezhuo", ["dezhou", "jinan"], "edition.yaml: place")
    assert str(near) == (
        "edition.yaml: place: unknown place; got 'dezhuo', expected one of dezhou | jinan. Fix: did you mean 'dezhou'."
    )
    far = unknown("item", "QQ", [f"MZ{n:02}" for n in range(1, 42)], "x.yaml")
    assert str(far).endswith("got 'QQ'. Fix: such as " + " | ".join(f"MZ{n:02}" for n in range(1, 13)) + ".")
