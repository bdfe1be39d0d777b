"""Errors carry what, where, got, expected and fix, also across processes."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor

import pytest

from relapse_risk.errors import ParameterError, RelapseRiskError


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
