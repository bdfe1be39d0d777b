"""relapse_risk: who may fall back into poverty, who is worst off, and what each county owes them.

``import relapse_risk as rr`` gives the functions and classes of research under the names of their field.  Nothing is
imported until it is asked for (SPEC 1 of scientific Python): the names stand once, in ``__init__.pyi``, where editors
and type checkers read them; a name that is not there is looked up as a room of the package, such as ``rr.poverty``.

Examples
--------
>>> import relapse_risk as rr
>>> rr.fgt([100, 110, 150, 160], 125)
0.5
"""

import ast
from importlib import import_module
from pathlib import Path
from typing import Any

__version__ = "0.1.0"


def _homes() -> dict[str, str]:
    """The module of each name of the stub beside this file."""
    tree = ast.parse(Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: node.module or "" for node in imports for alias in node.names}


_HOMES = _homes()
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = import_module(f"{home}.{name}" if home == __name__ else home)
    value = found if home == __name__ else getattr(found, name)
    globals()[name] = value  # asked for once
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
