"""A project and its layer of parameters: the package's files with what the project's own say instead, key by key.

A project is a folder with ``project.yaml``.  Its ``params/`` holds only what differs from the package's; both together
are written below ``.params/``, under a name that changes whenever one of the files does.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from relapse_risk.errors import ParameterError, WriteError
from relapse_risk.files import move_folder, sha256, write_bytes, write_text
from relapse_risk.yaml_reading import read_yaml

__all__ = [
    "PROJECT_FILE", "PROJECT_VARIABLE", "Given", "found_above", "merged_params", "packaged_params", "project_folder", "project_place", "where_given",
]  # fmt: skip

PROJECT_FILE, LAYER, MERGED = "project.yaml", "params", ".params"
PROJECT_VARIABLE = "RELAPSE_RISK_PROJECT"  # set by --project, so that worker processes know too
KEPT = 3  # merged folders that stay: a run that began before an edit still reads its own


def project_folder(start: Path | None = None) -> Path | None:
    """The project of ``--project``, or the nearest folder with a ``project.yaml`` from ``start`` (here) upwards.

    Raises
    ------
    ParameterError
        If ``--project`` names a folder without one.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> folder = Path(mkdtemp()).resolve()
    >>> _ = (folder / "project.yaml").write_text("place: nowhere")
    >>> (folder / "data").mkdir()
    >>> project_folder(folder / "data") == folder
    True
    """
    named = os.environ.get(PROJECT_VARIABLE)
    if start is None and named:
        folder = Path(named)
        if not (folder / PROJECT_FILE).is_file():
            raise ParameterError(
                f"not a project: it has no {PROJECT_FILE}", where="--project", got=named,
                fix=f"make one with relapse-risk init {named}",
            )  # fmt: skip
        return folder.resolve()
    here = (start or Path()).resolve()
    return next((folder for folder in (here, *here.parents) if (folder / PROJECT_FILE).is_file()), None)


def found_above(path: str | Path) -> Path:
    """A path as given from here or, where it is relative and not here, from the nearest folder above that has it.

    A notebook runs in its own folder, and names data from the folder of its project.

    Raises
    ------
    ParameterError
        Naming every folder that was looked in.

    Examples
    --------
    >>> found_above("/")
    PosixPath('/')
    """
    given = Path(path)
    if given.is_absolute() or given.exists():
        return given
    here = Path().resolve()
    for folder in here.parents:
        if (folder / given).exists():
            return folder / given
    raise ParameterError(
        "not in this folder nor in one above it", where=str(path), got=f"looked in {' | '.join(map(str, (here, *here.parents)))}",
        fix="open the notebook inside its project, or give the whole path",
    )  # fmt: skip


def project_place(project: Path) -> str:
    """The name of the place a project is about: ``place`` in its ``project.yaml``."""
    content = read_yaml(project / PROJECT_FILE)
    place = content.get("place") if isinstance(content, dict) else None
    if not isinstance(place, str):
        raise ParameterError(
            "no place",
            where=str(project / PROJECT_FILE),
            got=place,
            expected="place: the name of a file of params/places",
        )
    return place


def packaged_params() -> Path:
    """The parameters that come with the program: the checkout's, or the copy in the package."""
    package = Path(__file__).resolve().parent
    for candidate in (package.parents[1] / "params", package / "params"):
        if (candidate / "lines.yaml").is_file():
            return candidate
    raise ParameterError("the parameters of the package are missing", where=str(package), fix="install it again")


def merged_params(project: Path) -> Path:
    """The folder with the package's parameters and the project's over them, made anew when one of them changed.

    Mappings are joined key by key, everything else (numbers, texts, lists) is replaced.

    Raises
    ------
    ParameterError
        Naming a file of the project that is not valid YAML.
    """
    below, above = packaged_params(), project / LAYER
    files = [*_files(below), *_files(above)]
    stamps = [f"{path}|{path.stat().st_mtime_ns}|{path.stat().st_size}" for path in files]
    folder = project / MERGED / sha256(stamps)[:16]
    if not folder.is_dir():
        _write_merged(below, above, folder)
        _sweep(folder)
    return folder


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))


def _write_merged(below: Path, above: Path, folder: Path) -> None:
    draft = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    own = {path.relative_to(above): path for path in _files(above)}
    for path in _files(below):
        if (name := path.relative_to(below)) not in own or path.suffix != ".yaml":
            write_bytes(draft / name, path.read_bytes())
    for name, path in own.items():
        if path.suffix == ".yaml" and (below / name).is_file():
            text = yaml.safe_dump(joined(read_yaml(below / name), read_yaml(path)), allow_unicode=True, sort_keys=False)
            write_text(draft / name, text)
        else:
            write_bytes(draft / name, path.read_bytes())
    try:
        move_folder(draft, folder)
    except (OSError, WriteError):  # another process was faster: its folder holds the same
        if not folder.is_dir():
            raise
        shutil.rmtree(draft, ignore_errors=True)


def _sweep(folder: Path) -> None:
    others = sorted((one for one in folder.parent.iterdir() if one != folder), key=lambda one: one.stat().st_mtime_ns)
    for old in others[: max(len(others) - KEPT + 1, 0)]:
        shutil.rmtree(old, ignore_errors=True)


def joined(below: Any, above: Any) -> Any:
    """``above`` over ``below``: mappings key by key, anything else replaced; an empty file changes nothing.

    Examples
    --------
    >>> joined({"a": {"x": 1, "y": 2}, "b": [1]}, {"a": {"y": 3}, "b": [2]})
    {'a': {'x': 1, 'y': 3}, 'b': [2]}
    """
    if above is None:
        return below
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {
        **below,
        **{key: joined(below[key], own) if own is not None and key in below else own for key, own in above.items()},
    }


@dataclass(frozen=True, slots=True)
class Given:
    """Where a name is given: ``project`` or ``package``, the file, the keys that lead to it, and what it says."""

    layer: str
    file: Path
    keys: tuple[str, ...]
    value: Any


def where_given(name: str, project: Path | None) -> tuple[Given, ...]:
    """Every place where a key ``name``, or a file of that name, is given; the one that counts first.

    Parameters
    ----------
    name : str
        A key (``monitoring_line``), keys that lead to it (``lines.poverty``), or the name of a file.
    project : Path or None
    """
    layers = [("project", project / LAYER)] if project is not None else []
    asked = tuple(name.split("."))
    return tuple(
        Given(layer, path, keys, value)
        for layer, folder in (*layers, ("package", packaged_params()))
        for path in _files(folder)
        if path.suffix == ".yaml"
        for keys, value in _named(read_yaml(path), asked, (), path.stem)
    )


def _named(
    content: Any, asked: tuple[str, ...], above: tuple[str, ...], stem: str
) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not above and asked == (stem,):
        yield (), content
    if not isinstance(content, dict):
        return
    for key, value in content.items():
        keys = (*above, str(key))
        if keys[-len(asked) :] == asked:
            yield keys, value
        yield from _named(value, asked, keys, stem)
