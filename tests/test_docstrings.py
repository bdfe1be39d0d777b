"""Public functions of the measurement library say what they take, give, refuse and follow, and show themselves at work."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from importlib import import_module

import pytest

import relapse_risk as rr

UNITS = ("poverty", "hardship", "ranking", "impact", "decisions")
PUBLIC = [
    pytest.param(found, id=f"{unit}.{name}")
    for unit in UNITS
    for name in import_module(f"relapse_risk.{unit}").__all__
    if inspect.isfunction(found := getattr(import_module(f"relapse_risk.{unit}"), name))
]
SOURCE = re.compile(r"^References\n-+\n|doi:|\((1[89]|20)\d\d\)|COINr|source", re.MULTILINE)


@pytest.mark.parametrize("function", PUBLIC)
def test_a_docstring_has_its_sections_a_source_and_an_example(function: Callable[..., object]) -> None:
    doc = inspect.getdoc(function) or ""
    assert "Parameters\n----------\n" in doc
    assert SOURCE.search(doc), "names nothing it follows"
    assert ">>> " in doc, "shows no example"
    assert re.search(r"^(Returns|Yields)\n-+\n", doc, re.MULTILINE), "does not say what it gives"
    body = inspect.getsource(function).split('"""')[-1]
    assert "raise " not in body or "Raises\n------\n" in doc, "does not name its errors"
    named = doc.split("Parameters\n----------\n")[1]
    for name in inspect.signature(function).parameters:
        assert re.search(rf"\b{name}\b", named), f"does not say what {name} is"


CLASSES = [pytest.param(found, id=name) for name in rr.__all__ if inspect.isclass(found := getattr(rr, name))]


@pytest.mark.parametrize("offered", CLASSES)
def test_a_class_of_the_library_shows_itself(offered: type) -> None:
    assert ">>> " in (inspect.getdoc(offered) or ""), "shows no example"
