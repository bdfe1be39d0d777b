"""Every product of a nation: what the single-machine functions give on the same rows, and the same bytes everywhere."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from relapse_risk.assistance import read_catalogue, remind
from relapse_risk.assistance.entitlements import entitlements
from relapse_risk.cli import app
from relapse_risk.derive import household_frame, person_ages
from relapse_risk.errors import ModelError, PartError, RegisterError
from relapse_risk.hardship import hardship_index, read_index
from relapse_risk.hardship.moments import merged, moments
from relapse_risk.hardship.weights import critic, entropy
from relapse_risk.nation import (
    Nation,
    build_nation,
    collect_nation,
    fit_nation,
    gap_counts,
    nation_claims,
    nation_counting,
    nation_gaps,
    nation_index,
    nation_scores,
    open_nation,
    subindex_grids,
    subindex_moments,
    unpacked,
)
from relapse_risk.parameters import Parameters, Place, read_parameters, read_place
from relapse_risk.parts import Part, opened
from relapse_risk.poverty import read_deprivation
from relapse_risk.poverty.alkire_foster import alkire_foster
from relapse_risk.poverty.deprivation import deprivation_matrix
from relapse_risk.poverty.survey import survey_design
from relapse_risk.predicates import setting_on
from relapse_risk.ranking import rank_households
from relapse_risk.register import Register
from relapse_risk.relapse import FEATURES, RelapseLogit, reasons, recent

MONTH, DAY = "2020-12", date(2020, 12, 31)
BACKENDS = ("serial", "processes:2", "dask")
MODEL = RelapseLogit(min_events=5)


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return read_parameters()


@pytest.fixture(scope="module")
def dezhou() -> Place:
    return read_place("dezhou")


@pytest.fixture(scope="module")
def nation(
    small_register: Path, tmp_path_factory: pytest.TempPathFactory, parameters: Parameters, dezhou: Place
) -> Nation:
    register, out = Register.open(small_register), tmp_path_factory.mktemp("nation")
    parts = [
        Part(f"p{i}", register.path, (), tuple(register.counties[i : i + 3]), 0)
        for i in range(0, len(register.counties), 3)
    ]
    return collect_nation(register, MONTH, out, parameters, dezhou, backend="processes:2", parts=parts)


def table(parts: list[Part] | tuple[Part, ...], name: str) -> pd.DataFrame:
    """All rows of one table."""
    data = pa.concat_tables([pq.read_table(part.of(name)) for part in parts], promote_options="permissive")
    frame = data.to_pandas()
    return frame.assign(**{c: frame[c].astype("str") for c in frame if isinstance(frame[c].dtype, pd.CategoricalDtype)})


def test_index_and_ranks_are_those_of_one_machine(
    nation: Nation, small_register: Path, parameters: Parameters, dezhou: Place
) -> None:
    design = read_index(dezhou.index)
    found = nation_index(nation, design, parameters, dezhou)
    households = household_frame(Register.open(small_register), MONTH, parameters=parameters, place=dezhou)
    index = hardship_index(households, design, parameters, dezhou, DAY)
    whole = rank_households(index).frame.set_index("household_id")
    mine = table(found.index, "index").set_index("household_id")
    assert sorted(mine.index) == sorted(whole.index)
    wanted = index.frame.set_index("household_id").loc[mine.index]
    for column in ("need", "priority", "answered", *(f"sub_{code}" for code in design.dimensions)):
        np.testing.assert_allclose(mine[column], wanted[column], rtol=0, atol=1e-12)
    assert mine["rank_county"].tolist() == whole.loc[mine.index, "rank_need_county"].tolist()
    ranks = table(found.ranks, "rank").set_index("household_id").loc[mine.index]
    steps = mine["need"].div(1e-4).round()
    assert ranks["rank_nation"].tolist() == steps.rank(method="min", ascending=False).tolist()
    assert ranks["rank_province"].tolist() == ranks["rank_nation"].tolist()  # one city, one province
    assert found.grid[[0, 50, 100]] == pytest.approx(
        mine["need"].quantile([0, 0.5, 1], interpolation="lower"), abs=1e-4
    )


def test_weights_of_the_nation_are_exact(nation: Nation, parameters: Parameters, dezhou: Place) -> None:
    design = read_index(dezhou.index)
    found = nation_index(nation, design, parameters, dezhou)
    codes = ("income", "rigid", "health", "disability")
    sums = subindex_moments(found.index, codes)
    matrix = table(found.index, "index")[[f"sub_{code}" for code in codes]].to_numpy()
    known = matrix[~np.isnan(matrix).any(axis=1)]
    assert (sums.n, sums.left_out) == (len(known), len(matrix) - len(known))
    np.testing.assert_allclose(sums.entropy(), entropy(known), atol=1e-12)
    np.testing.assert_allclose(sums.critic(), critic(known), atol=1e-12)
    grids = subindex_grids(found.index, codes)
    for code, column in zip(codes, matrix.T, strict=True):
        wanted = np.nanquantile(column, np.arange(101) / 100, method="inverted_cdf")
        np.testing.assert_allclose(grids[code], wanted, atol=0.0051)


def test_moments_do_not_depend_on_the_cut() -> None:
    x = np.random.default_rng(3).uniform(0, 100, (1000, 4))
    whole, cut = moments(x), merged(moments(part) for part in np.array_split(x, 7))
    np.testing.assert_allclose(cut.entropy(), whole.entropy(), atol=1e-13)
    np.testing.assert_allclose(whole.critic(), critic(x), atol=1e-12)
    with pytest.raises(ModelError, match="critic: column 1: constant column"):
        moments([[1.0, 2.0], [2.0, 2.0]]).critic()


def test_counts_by_county_are_those_of_one_machine(nation: Nation, parameters: Parameters, dezhou: Place) -> None:
    design = read_deprivation("national")
    found = nation_counting(nation, design, parameters, dezhou).set_index("county_code")
    households = table(nation.parts, "household")
    matrix = deprivation_matrix(households, design, parameters, dezhou, DAY)
    one = alkire_foster(
        matrix.g0, design.weights(), design.cutoffs[:1], survey_design(np.ones(len(matrix.g0))), design.codes,
        households.loc[matrix.g0.index, "county_code"],
    )  # fmt: skip
    k = design.cutoffs[0]
    assert found.loc["nation", "M0"] == pytest.approx(one.value("M0", k), abs=1e-14)
    for county in nation.counties:
        for measure in ("H", "M0"):
            assert found.loc[county, measure] == pytest.approx(one.value(measure, k, county), abs=1e-14)
        for code in design.codes:
            assert found.loc[county, f"hdk_{code}"] == pytest.approx(one.value("hdk", k, county, code), abs=1e-14)
    # M0 = sum of weight x censored headcount, whatever the machine (Alkire and Foster 2011).
    headcounts = found[[f"hdk_{code}" for code in design.codes]].to_numpy()
    np.testing.assert_allclose(headcounts @ design.weights(), found["M0"], atol=1e-12)
    with pytest.raises(ModelError, match=r"nobody answered|kept open"):
        nation_counting(nation, read_deprivation("guarantees"), parameters, dezhou)


def pairs(frame: pd.DataFrame) -> set[tuple[str, str, str]]:
    return set(zip(frame["household_id"], frame["person_id"].fillna(""), frame["item_code"], strict=True))


def test_claims_and_gaps_are_the_reminders_of_one_machine(
    nation: Nation, small_register: Path, parameters: Parameters, dezhou: Place
) -> None:
    register, catalogue = Register.open(small_register), read_catalogue("dezhou")
    households = household_frame(register, MONTH, parameters=parameters, place=dezhou)
    persons = person_ages(register.read("person", MONTH), setting_on(parameters, dezhou, DAY))
    one = entitlements(households, persons, catalogue, setting_on(parameters, dezhou, DAY))
    reminders = remind(one, register.read("assistance_record"), catalogue, None, households).frame
    claims = nation_claims(nation, catalogue, parameters, dezhou)
    gaps = nation_gaps(nation, claims, catalogue)

    def unpacked_pairs(parts: list[Part], word: str) -> pd.DataFrame:
        tables = [unpacked(pq.read_table(part.file), catalogue, word) for part in parts]
        return pa.concat_tables(tables, promote_options="permissive").to_pandas()

    assert pairs(unpacked_pairs(claims, "yes")) == pairs(one.granted())
    assert pairs(unpacked_pairs(claims, "kept")) == pairs(one.kept)
    for kind in ("missing", "over"):
        wanted = reminders[reminders["kind"] == kind]
        assert len(wanted) > 100
        assert pairs(unpacked_pairs(gaps, kind)) == pairs(wanted)
    counts = gap_counts(gaps, catalogue)
    assert int(counts["missing"].sum() + counts["over"].sum()) == len(reminders)


def history(nation: Nation) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Recent rows of the history and their features."""
    rows = recent(table(nation.parts, "history"))
    matrix = rows[[feature.name for feature in FEATURES]]
    return rows, matrix.loc[:, matrix.notna().any()]


def test_the_score_fitted_in_parts_is_the_score_fitted_at_once(nation: Nation) -> None:
    rows, matrix = history(nation)
    one = MODEL.fit_matrix(matrix, rows["month"], rows["event"], rows["weight"], rows["village_code"])
    found = fit_nation(nation, MODEL)
    model = found.model
    assert (found.trained_from, found.trained_to) == (rows["month"].min(), rows["month"].max())
    assert (model.n, model.events, model.clusters) == (one.n, one.events, one.clusters)
    assert model.left_out == one.left_out
    assert [term.name for term in model.terms] == [term.name for term in one.terms]
    for part in ("coefficient", "se", "reference", "spread", "low", "high"):
        got, wanted = ([getattr(term, part) for term in score.terms] for score in (model, one))
        np.testing.assert_allclose(got, wanted, rtol=1e-8, atol=1e-10, err_msg=part)
    assert model.base == pytest.approx(one.base, abs=1e-8)
    np.testing.assert_allclose(model.covariance, one.covariance, rtol=1e-6, atol=1e-10)


def test_scores_and_reasons_are_those_of_one_machine(
    nation: Nation, small_register: Path, parameters: Parameters, dezhou: Place
) -> None:
    model = fit_nation(nation, MODEL).model
    found = table(nation_scores(nation, model), "risk").set_index("household_id")
    households = table(nation.parts, "household").set_index("household_id", drop=False).loc[found.index]
    at_risk = households["poor"].eq(False).fillna(False).to_numpy(dtype=bool)
    predicted = model.predict(households)["probability"]
    np.testing.assert_allclose(found["probability"][at_risk], predicted[at_risk], rtol=1e-10)
    assert found["probability"][~at_risk].isna().all()
    explained = reasons(model, households[at_risk])
    first = explained[explained["contribution"] > 0].drop_duplicates("household_id").set_index("household_id")
    mine = found[found["contribution_1"].notna()]
    assert sorted(mine.index) == sorted(first.index)
    np.testing.assert_allclose(mine["contribution_1"], first.loc[mine.index, "contribution"], rtol=1e-5)
    same = mine["reason_1"] == first.loc[mine.index, "reason"]
    assert same.mean() > 0.99  # equal contributions may come in either order


def every_product(folder: Path, backend: str, parameters: Parameters, dezhou: Place) -> dict[str, bytes]:
    """Bytes of every file, and the numbers that are merged."""
    nation, catalogue = open_nation(folder), read_catalogue("dezhou")
    with opened(backend) as chosen:
        found = nation_index(nation, read_index(dezhou.index), parameters, dezhou, chosen)
        sums = subindex_moments(found.index, ("income", "rigid"), chosen)
        grids = subindex_grids(found.index, ("income", "rigid"), chosen)
        counted = nation_counting(nation, read_deprivation("national"), parameters, dezhou, chosen)
        gaps = nation_gaps(nation, nation_claims(nation, catalogue, parameters, dezhou, chosen), catalogue, chosen)
        fitted = fit_nation(nation, MODEL, chosen).model
        nation_scores(nation, fitted, chosen)
        counts = gap_counts(gaps, catalogue, chosen)
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}
    numbers = {"critic": sums.critic(), "covariance": fitted.covariance, "counts": counts["missing"].to_numpy()} | grids
    return files | {
        "counted": counted.to_csv().encode(),
        "terms": repr(fitted.terms).encode(),
        **{name: values.tobytes() for name, values in numbers.items()},
    }


def test_every_product_has_the_same_bytes_on_every_backend(
    nation: Nation, cluster: str, tmp_path: Path, parameters: Parameters, dezhou: Place
) -> None:
    made = {}
    for backend in BACKENDS:
        folder = tmp_path / backend.partition(":")[0]
        folder.mkdir()
        for name in ("household", "person", "aid", "history"):
            shutil.copytree(nation.folder / name, folder / name)
        shutil.copy(nation.folder / "nation.json", folder)
        word = f"dask:{cluster}" if backend == "dask" else backend
        made[backend] = every_product(folder, word, parameters, dezhou)
    assert len(made["serial"]) > 30
    for backend in BACKENDS[1:]:
        assert made[backend].keys() == made["serial"].keys()
        unlike = [name for name, content in made[backend].items() if content != made["serial"][name]]
        assert unlike == [], backend


@pytest.fixture(scope="module")
def donors(nation: Nation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a nation to be, with the small city as its donors."""
    folder = tmp_path_factory.mktemp("donors")
    shutil.copytree(nation.folder, folder / "donors" / "2020-600", dirs_exist_ok=True)
    return folder


def test_a_synthetic_nation_has_its_households_and_resumes(donors: Path, tmp_path: Path) -> None:
    def made(name: str, backend: str) -> tuple[Nation, dict[str, bytes]]:
        folder = tmp_path / name
        if not folder.exists():
            shutil.copytree(donors, folder)
        built = build_nation(folder, 5000, backend=backend, counties=100, city=600, part_rows=1000)
        return built, {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.glob("*/*.parquet")}

    nation, first = made("a", "serial")
    assert nation.households == 5000
    assert len(nation.counties) == 100
    assert len(nation.parts) > 4
    assert all(len({code[:2] for code in part.counties}) == 1 for part in nation.parts)
    households, persons, aid = (table(nation.parts, name) for name in ("household", "person", "aid"))
    assert households["household_id"].is_unique
    assert persons["person_id"].is_unique
    assert persons["household_id"].isin(households["household_id"]).all()
    assert (persons.groupby("household_id").size() > 0).all()
    assert 3.5 < len(aid) / 5000 < 4.5
    named = aid["person_id"].dropna()
    assert named.isin(persons["person_id"]).mean() > 0.9  # the rest are records of members who left
    assert (households["village_code"].str[:6] == households["county_code"]).all()
    income = households["income_pc_year"] * households["scale"] - households["net_income"]
    assert income.abs().max() < 0.01
    assert (households["poor"] == (households["income_pc_year"] < households["poverty_line"])).all()
    assert made("b", "processes:2")[1] == first
    lost = nation.parts[3].file
    lost.unlink()
    assert made("a", "serial")[1] == first
    assert nation_index(nation, read_index("dz_hardship"), read_parameters(), read_place("dezhou")).grid[100] <= 100


def test_a_corrupt_part_of_a_nation_is_named_and_a_second_run_completes(
    donors: Path, tmp_path: Path, parameters: Parameters, dezhou: Place
) -> None:
    shutil.copytree(donors, tmp_path / "n")
    nation = build_nation(tmp_path / "n", 2000, counties=8, city=600, part_rows=1)
    design, file = read_index(dezhou.index), nation.parts[5].file
    whole = file.read_bytes()
    body = bytearray(whole)
    body[2000:6000] = b"\0" * 4000  # the footer stands, the data do not
    file.write_bytes(bytes(body))
    with pytest.raises(PartError, match=rf"part {nation.parts[5].name}, .*cannot be read"):
        nation_index(nation, design, parameters, dezhou)
    kept = {path.name: path.stat().st_mtime_ns for path in (nation.folder / "index").iterdir()}
    assert sorted(kept) == [part.file.name for part in nation.parts[:5]]
    file.write_bytes(whole)
    found = nation_index(nation, design, parameters, dezhou)
    assert sum(part.rows for part in found.index) == 2000
    assert {name: (nation.folder / "index" / name).stat().st_mtime_ns for name in kept} == kept


def test_bad_input_is_named(tmp_path: Path, nation: Nation, parameters: Parameters, dezhou: Place) -> None:
    with pytest.raises(RegisterError, match=r"no nation\.json"):
        open_nation(tmp_path)
    (tmp_path / "nation.json").write_text("{}")
    with pytest.raises(RegisterError, match=r"nation\.json cannot be read"):
        open_nation(tmp_path)
    design = read_index(dezhou.index)
    first = replace(design.indicators[0], normalise="zscore")
    relative = replace(design, indicators=(first, *design.indicators[1:]))
    with pytest.raises(
        ModelError, match=r"income_monitoring: scores that depend on other households; expected goalposts"
    ):
        nation_index(nation, relative, parameters, dezhou)


def test_the_commands_run_every_product(nation: Nation, tmp_path: Path) -> None:
    folder = ["--folder", str(nation.folder), "--backend", "serial", "--json"]
    printed = {}
    for command in ("index", "count", "gaps"):
        result = CliRunner().invoke(app, ["nation", command, *folder])
        assert result.exit_code == 0, result.output
        printed[command] = json.loads(result.stdout)
    assert printed["index"]["rows"] == nation.households
    assert [row["county_code"] for row in printed["count"]] == [*nation.counties, "nation"]
    assert len(printed["gaps"]) == len(read_catalogue("dezhou"))
    assert len(pd.read_csv(nation.folder / "counting.csv")) == len(nation.counties) + 1
    wrong = CliRunner().invoke(app, ["nation", "index", "--folder", str(tmp_path)])
    assert isinstance(wrong.exception, RegisterError)
