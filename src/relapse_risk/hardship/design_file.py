"""An index read from a YAML file, of the parameter folder or one's own, or written in Python, as a checked design."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relapse_risk.errors import ParameterError
from relapse_risk.hardship.design import TOP, IndexDesign, check_design
from relapse_risk.parameters import params_dir
from relapse_risk.yaml_reading import check_model, named_file, read_yaml

__all__ = ["index_design", "parse_design", "read_index"]

SUFFIXES = (".yaml", ".yml")


def parse_design(content: Any, file: str) -> IndexDesign:
    """A design from the content of its YAML file.

    What the file says once for all, ``normalise`` and ``missing`` of indicators and ``aggregate`` of sub-indexes, is
    given to each that does not say it itself; the columns are those of the household frame unless ``reads: own``.
    """
    return check_design(check_model(IndexDesign, _spread(content, file), file))


def _spread(content: Any, file: str) -> Any:
    if not isinstance(content, dict):
        return content
    given = dict(content)
    common = {key: given.pop(key) for key in ("normalise", "missing") if key in given}
    aggregate = {"aggregate": given["aggregate"]} if "aggregate" in given else {}
    for key, defaults in (("indicators", common), ("subindexes", aggregate)):
        if isinstance(given.get(key), list):
            given[key] = [
                {"parent": TOP, "weight": 1, **defaults, **one} if isinstance(one, dict) else one for one in given[key]
            ]
    return {"reads": "household_frame", **given, "file": file}


def index_design(content: Mapping[str, Any], name: str = "index") -> IndexDesign:
    """An index over columns of one's own frame, written in Python with the keys of a YAML file.

    Parameters
    ----------
    content : mapping
        ``indicators``: a list of mappings, each with ``code`` and, where wanted, ``columns`` (column and coefficient; the
        column called like the code when left out), ``per``, ``over``, ``weight`` (1), ``parent`` (the whole), ``worst``
        and ``best`` (goalposts), or another ``normalise`` with its ``direction``; ``subindexes``, ``aggregate``,
        ``missing``, ``ties`` and the rest of :class:`IndexDesign` where wanted.
    name : str
        What errors call the design.

    Returns
    -------
    IndexDesign

    Raises
    ------
    ParameterError
        For any fault named in :func:`check_design`, or a key nobody knows.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, doi:10.1787/9789264043466-en.

    Examples
    --------
    >>> design = index_design({"indicators": [{"code": "income", "worst": 0, "best": 9000, "weight": 3},
    ...                                       {"code": "rooms", "worst": 0, "best": 2}]})
    >>> design.effective_weights()
    {'income': 0.75, 'rooms': 0.25}
    """
    if not isinstance(content, Mapping):
        raise ParameterError(
            "not a design", where=name, got=type(content).__name__, expected="a mapping with indicators",
            fix="read_index reads a file, design_from_table a table",
        )  # fmt: skip
    return parse_design(_own({"id": name, **content}), name)


def _own(content: Any) -> Any:
    """A design of one's own columns: an indicator without ``columns`` reads the column called like it."""
    if not isinstance(content, dict):
        return content
    given = {"reads": "own", **content}
    if given["reads"] == "own" and isinstance(given.get("indicators"), list | tuple):
        given["indicators"] = [
            {"columns": {one["code"]: 1.0}, **one} if isinstance(one, dict) and "code" in one else one
            for one in given["indicators"]
        ]
    return given


def read_index(name: str | Path = "dz_hardship", folder: str | Path | None = None) -> IndexDesign:
    """Read and check a design: a file of one's own, or ``indexes/<name>.yaml`` of the parameter folder.

    Parameters
    ----------
    name : str or path
        Path of a ``.yaml`` file, whose columns are those of a frame of one's own (unless it says
        ``reads: household_frame``); or the name of a design of the parameter folder, without ``.yaml``: a place names its
        index in ``places/<place>.yaml: index``.
    folder : path, optional
        Parameter folder; found by :func:`relapse_risk.parameters.params_dir` otherwise.

    Returns
    -------
    IndexDesign

    Raises
    ------
    ParameterError
        For an unknown name or any fault named in :func:`check_design`.

    References
    ----------
    The design file names the source and confidence of each weight and anchor.

    Examples
    --------
    >>> design = read_index("dz_hardship")
    >>> design.id, len(design.dimensions), round(sum(design.effective_weights()[c] for c in design.codes), 12)
    ('DZ_HARDSHIP_V0', 9, 1.0)
    """
    if isinstance(name, Path) or name.endswith(SUFFIXES):
        path = Path(name)
        content = read_yaml(path)
        return parse_design(_own({"id": path.stem, **content} if isinstance(content, dict) else content), path.name)
    file = named_file(params_dir(folder) / "indexes", name, "index")
    return parse_design(read_yaml(file), f"indexes/{name}.yaml")
