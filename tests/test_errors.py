"""Errors carry what, where, got, expected and fix, also across processes."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from relapse_risk.errors import ParameterError, RelapseRiskError, nearest, unknown


def fail_in_another_process() -> None:
    raise ParameterError("no value", where="lines.yaml", got="x", expected="y", fix="add it")


def test_text_names_every_part() -> None:
    error = RelapseRiskError("wrong type", where="a.csv, row 3", got="x", expected="a number", fix="correct the cell")
    assert str(error) == "a.csv, row 3: wrong type; got 'x', expected a number. Fix: correct the cell."


def test_parts_left_out_leave_no_trace() -> None:
    assert str(RelapseRiskError("wrong")) == "wrong."


@pytest.mark.parametrize(
    ("got", "shown"),
    [
        (np.float64(0.0), "0.0"), ((np.int64(4), np.float64(-2.0)), "(4, -2.0)"), ([np.str_("x")], "['x']"),
        ({np.str_("a"): np.bool_(True)}, "{'a': True}"), ((np.int64(4),), "(4,)"), (np.array([[1], [2]]), "array([[1],        [2]])"),
        ("two\nlines", "'two\\nlines'"),
    ],
)  # fmt: skip
def test_what_was_got_is_told_in_one_plain_line(got: object, shown: str) -> None:
    assert str(RelapseRiskError("wrong", got=got)) == f"wrong; got {shown}."


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
