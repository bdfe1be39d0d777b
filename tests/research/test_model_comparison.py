"""The comparison: splits disjoint in time, household and county; a leak is seen; the table holds every model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError, ParameterError, SourceError
from relapse_risk.relapse import read_panel, read_panel_design
from relapse_risk.research import compare, prepared, splits
from relapse_risk.research.ablation import extended_columns
from relapse_risk.research.benchmark_models import BENCHMARKS
from relapse_risk.research.model_comparison import Comparison, Prepared


@pytest.fixture(scope="module")
def data(panel: pd.DataFrame) -> Prepared:
    return prepared(panel, None, raw=("income_pc_year", "n_serious", "poverty_line"), kind="all")


@pytest.fixture(scope="module")
def found(data: Prepared) -> Comparison:
    chosen = {
        name: model for name, model in BENCHMARKS.items() if name not in ("hazard", "expected_poverty_multilevel")
    }
    return compare(data, np.random.default_rng(1), benchmarks=chosen, draws=50, years=1, groups=2)


def test_train_and_test_share_no_household_and_no_future(data: Prepared) -> None:
    rows = data.rows
    every = splits(rows, years=2, groups=3, households=3)
    assert [s.design for s in every].count("counties_left_out") == 3
    for split in every:
        left, right = rows[split.train], rows[split.test]
        if split.design == "out_of_time":
            assert left["month_next"].max() <= right["month"].min()
            assert not set(left["household_id"]) & set(right["household_id"])
        else:
            assert not set(left["county_code"]) & set(right["county_code"])
    for name in {s.name for s in every if s.design == "out_of_time"}:
        tested = sum(s.test.astype(int) for s in every if s.name == name)
        assert set(tested) <= {0, 1}
    assert (sum(s.test.astype(int) for s in every if s.design == "counties_left_out") == 1).all()


def test_the_survivors_of_the_training_year_stay_in_it(data: Prepared) -> None:
    """Leaving out households seen again would leave out those who did not fall: the rate learned from stays the rate."""
    for split in splits(data.rows, years=1, groups=2):
        if split.design == "out_of_time":
            known = data.rows["month_next"] <= data.rows.loc[split.test, "month"].min()
            rate = data.rows.loc[known, "event"].mean()
            assert data.rows.loc[split.train, "event"].mean() == pytest.approx(rate, abs=0.01)


def test_the_table_is_whole_and_the_official_score_beats_a_rule_it_contains(found: Comparison) -> None:
    assert set(found.table["design"]) == {"out_of_time", "counties_left_out"}
    table = found.table.set_index(["design", "score", "measure"])
    assert found.table.groupby(["design", "score"])["measure"].nunique().eq(9).all()
    for design in ("out_of_time", "counties_left_out"):
        # Counting triggers throws away by how much income is over the line.
        assert table.loc[(design, "triggers", "auc"), "difference"] > 0
        assert table.loc[(design, "without_history", "auc"), "difference"] > -0.005
        assert abs(table.loc[(design, "challenger", "auc"), "difference"]) < 0.02
    assert table.loc[("out_of_time", "official", "slope"), "value"] == pytest.approx(1, abs=0.15)
    assert "official minus this" in found.summary()
    assert "decay" in found.decay_words()


def test_a_leak_stands_out(data: Prepared) -> None:
    """Fed the outcome, a model reaches an area of one: the bench sees leaks, it does not hide them."""
    fold_leak = dict(zip(data.rows.index, data.rows["event"], strict=True))

    def leak(fold):
        return np.array([fold_leak[i] for i in fold.test.index]) * 0.8 + 0.1

    chosen = {"official": BENCHMARKS["official"], "leak": leak}
    table = compare(data, np.random.default_rng(2), benchmarks=chosen, draws=20, years=1, groups=2).table
    assert (table[(table["score"] == "leak") & (table["measure"] == "auc")]["value"] == 1.0).all()


def test_extended_features_look_only_back(panel: pd.DataFrame) -> None:
    """Incomes of later visits changed at will leave every extended column of earlier visits as it was."""
    later = panel["month"] > "2017-12"
    turned = panel.assign(income_pc_year=panel["income_pc_year"].where(~later, 1.0))
    before, after = (extended_columns(frame)[~later] for frame in (panel, turned))
    pd.testing.assert_frame_equal(before, after)


def test_a_panel_without_a_column_its_design_names_is_refused() -> None:
    design = read_panel_design("argentina_eph")
    with pytest.raises(ModelError, match="unknown column of the panel"):
        read_panel(pd.DataFrame({"hhid": ["a"]}), design)
    with pytest.raises(ParameterError, match="unknown panel"):
        read_panel_design("nowhere")
    with pytest.raises(SourceError, match="file not found"):
        read_panel(Path("nowhere.parquet"), design)


@pytest.mark.shared
def test_the_argentine_rows_are_those_of_the_protocol_experiment(shared_dir: Path) -> None:
    file = shared_dir / "data/argentina_eph/eph_balanced_4visits_linked.parquet"
    source = read_panel(file, read_panel_design("argentina_eph"))
    used = prepared(source.frame, source.horizon_months, extra=source.features, raw=source.raw)
    assert (len(used.rows), used.rows["household_id"].nunique()) == (18826, 14600)
    assert used.rows["event"].mean() == pytest.approx(0.3335812174652077, abs=1e-12)
