"""Running a report notebook through papermill, strictly: what papermill only warns of stops the run here."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

# Importing nbformat compiles grammars for seconds wherever JupyterLab is installed, for URL formats that notebooks
# never use; jsonschema does without when the module cannot be imported.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

import nbformat  # noqa: E402
import papermill  # noqa: E402
from nbclient.exceptions import DeadKernelError  # noqa: E402
from papermill.exceptions import PapermillExecutionError  # noqa: E402

from relapse_risk.errors import EditionError, RenderError  # noqa: E402

__all__ = ["check_parameters", "run_notebook"]

CELL_TIMEOUT_SECONDS = 300


def check_parameters(notebook: Path, parameters: Mapping[str, object]) -> None:
    """Refuse parameters the notebook does not declare, and declared ones that are not given.

    Raises
    ------
    EditionError
        For a misspelt, missing or unknown parameter, or a notebook without a parameters cell.
    """
    try:
        declared = set(papermill.inspect_notebook(str(notebook)))
    except (OSError, ValueError, nbformat.reader.NotJSONError) as error:
        raise EditionError(f"notebook cannot be read: {error}", where=str(notebook)) from error
    if not declared:
        raise EditionError(
            "the notebook has no parameters cell",
            where=str(notebook),
            fix='tag one cell "parameters" and list them there',
        )
    for name in parameters:
        if name not in declared:
            near = get_close_matches(name, declared, 1)
            raise EditionError(
                "unknown parameter", where=str(notebook), got=name, expected=" | ".join(sorted(declared)),
                fix=f"did you mean {near[0]!r}" if near else "drop it",
            )  # fmt: skip
    if missing := declared - set(parameters):
        raise EditionError("parameter not given", where=str(notebook), expected=" | ".join(sorted(missing)))


def run_notebook(notebook: Path, parameters: Mapping[str, object], folder: Path) -> nbformat.NotebookNode:
    """Execute ``notebook`` in a fresh kernel and return it with its outputs; nothing is written.

    Parameters
    ----------
    notebook : Path
    parameters : mapping
        Exactly the parameters the notebook declares.
    folder : Path
        Working folder of the kernel.

    Raises
    ------
    RenderError
        With the cell that failed and its error, or a kernel that died.
    """
    check_parameters(notebook, parameters)
    logging.getLogger("papermill").setLevel(logging.ERROR)
    try:
        return papermill.execute_notebook(
            str(notebook), None, parameters=dict(parameters), cwd=str(folder), progress_bar=False, log_output=False,
            execution_timeout=CELL_TIMEOUT_SECONDS, kernel_name="python3",
        )  # fmt: skip
    except PapermillExecutionError as error:
        raise RenderError(
            f"cell {error.exec_count}: {error.ename}: {error.evalue}",
            where=notebook.name,
            got=error.source.strip()[:120],
        ) from error
    except DeadKernelError as error:
        raise RenderError(
            "the kernel died", where=notebook.name, fix="look for memory or a crashing library"
        ) from error
    except TimeoutError as error:
        raise RenderError("a cell took too long", where=notebook.name, expected=f"{CELL_TIMEOUT_SECONDS} s") from error
