"""Items that end in whole at an income are named with what a household loses; amounts that taper off are not."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from relapse_risk.parameters import params_dir
from relapse_risk.params_check import check_params

DAY = date(2020, 12, 31)


def test_a_new_cliff_is_named_with_its_loss(tmp_path: Path) -> None:
    folder = tmp_path / "params"
    shutil.copytree(params_dir(), folder)
    shipped = {one.where: one for one in check_params("dezhou", DAY).cliffs}
    # Support of the destitute is a share of the dibao line and ends at an income; the dibao top-up falls to nothing with it.
    assert shipped["assistance/dezhou.yaml: MZ02"].worth is None
    assert "assistance/dezhou.yaml: MZ01" not in shipped
    file = folder / "assistance" / "dezhou.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count("income_below_dibao_edge, assets_within_cap], amount: {fixed: 0}") == 1
    changed = text.replace("assets_within_cap], amount: {fixed: 0}", "assets_within_cap], amount: {fixed: 1300}", 1)
    file.write_text(changed, encoding="utf-8")
    found = check_params("dezhou", DAY, folder).cliffs
    (edge,) = [one for one in found if one.where.endswith("MZ03")]
    assert edge.worth == 1300, "once a year"
    assert "income_below_dibao_edge" in edge.conditions
    assert "assets_within_cap" not in edge.conditions, "an asset test is none of income"
    assert [one.worth or 0 for one in found] == sorted((one.worth or 0 for one in found), reverse=True)
    assert "MZ03: 1,300 a year, at " in check_params("dezhou", DAY, folder).summary()


def test_a_cliff_of_an_item_not_yet_in_force_is_none() -> None:
    assert check_params("dezhou", date(2015, 12, 31)).cliffs == ()
