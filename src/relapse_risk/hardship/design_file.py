"""Reading an index from ``params/indexes/<name>.yaml`` into a checked design."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from relapse_risk.hardship.design import TOP, IndexDesign, check_design
from relapse_risk.parameters import params_dir
from relapse_risk.yaml_reading import check_model, named_file, read_yaml

__all__ = ["parse_design", "read_index"]


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


def read_index(name: str = "dz_hardship", folder: str | Path | None = None) -> IndexDesign:
    """Read and check ``indexes/<name>.yaml`` of the parameter folder.

    Parameters
    ----------
    name : str
        File name without ``.yaml``; a place names its index in ``places/<place>.yaml: index``.
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
    file = named_file(params_dir(folder) / "indexes", name, "index")
    return parse_design(read_yaml(file), f"indexes/{name}.yaml")
