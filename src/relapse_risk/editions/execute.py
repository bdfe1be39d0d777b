"""Running a report notebook through papermill, strictly: what papermill only warns of stops the run here.

The cells run in this very process, in a shell of their own (:class:`InProcess`, a papermill engine): rendering gives
every report a process of its own anyway, so that a second one for a kernel would only cost time.  ``papermill`` by hand
and JupyterLab use an ordinary kernel and show the same.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import papermill
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import CapturedIO, RichOutput, capture_output
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from relapse_risk.errors import EditionError, RenderError, unknown

__all__ = ["ENGINE", "InProcess", "check_parameters", "declared_parameters", "run_notebook"]

ENGINE = "relapse_risk"
MOST_SHOWN = 160


def declared_parameters(notebook: Path) -> frozenset[str]:
    """Names in the notebook's parameters cell.

    Raises
    ------
    EditionError
        For a file that is no notebook.
    """
    try:
        return _declared(notebook, notebook.stat().st_mtime_ns)
    except (OSError, ValueError, nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise EditionError(f"notebook cannot be read: {error}", where=str(notebook)) from error


@cache
def _declared(notebook: Path, _changed: int) -> frozenset[str]:
    """Read once: the fork server has read it before its children ask."""
    return frozenset(papermill.inspect_notebook(str(notebook)))


def check_parameters(notebook: Path, parameters: Mapping[str, object]) -> None:
    """Refuse parameters the notebook does not declare, and declared ones that are not given.

    Raises
    ------
    EditionError
        For a misspelt, missing or unknown parameter, or a notebook without a parameters cell.
    """
    declared = declared_parameters(notebook)
    if not declared:
        raise EditionError(
            "the notebook has no parameters cell",
            where=str(notebook),
            fix='tag one cell "parameters" and list them there',
        )
    for name in parameters:
        if name not in declared:
            raise unknown("parameter", name, sorted(declared), str(notebook), EditionError, "drop it")
    if missing := declared - set(parameters):
        raise EditionError("parameter not given", where=str(notebook), expected=" | ".join(sorted(missing)))


class InProcess(Engine):
    """Papermill engine that runs the cells in this process, each notebook in a new namespace."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: NotebookExecutionManager, kernel_name: str, **_: object) -> None:
        """Run every code cell in order; stop at the first error."""
        os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        InteractiveShell.clear_instance()
        shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}), user_ns={})
        try:
            for index, cell in enumerate(nb_man.nb.cells):
                nb_man.cell_start(cell, index)
                if cell.cell_type == "code" and not _run_cell(shell, cell, index):
                    nb_man.cell_exception(cell, index)
                    break
                nb_man.cell_complete(cell, index)
        finally:
            InteractiveShell.clear_instance()


def _run_cell(shell: InteractiveShell, cell: nbformat.NotebookNode, index: int) -> bool:
    """Run one cell, put its outputs into it, and say whether it went well."""
    # The trap is entered first: entered by run_cell itself it would take the display hook back from the capture.
    with shell.display_trap, capture_output() as captured:
        result = shell.run_cell(cell.source, store_history=False)  # type: ignore[no-untyped-call]
    cell.execution_count = index
    cell.outputs = [*_streams(captured), *(_shown(output) for output in captured.outputs)]
    if result.success:
        return True
    error = result.error_before_exec or result.error_in_exec
    cell.outputs.append(nbformat.v4.new_output("error", ename=type(error).__name__, evalue=str(error), traceback=[]))
    return False


def _streams(captured: CapturedIO) -> list[nbformat.NotebookNode]:
    found = (("stdout", captured.stdout), ("stderr", captured.stderr))
    return [
        nbformat.from_dict({"output_type": "stream", "name": name, "text": words}) for name, words in found if words
    ]


def _shown(output: RichOutput) -> nbformat.NotebookNode:
    # new_output would check each against the schema; the notebook is checked whole when it is read
    return nbformat.from_dict({"output_type": "display_data", "data": output.data or {}, "metadata": output.metadata or {}})  # fmt: skip


papermill_engines.register(ENGINE, InProcess)


def run_notebook(notebook: Path, parameters: Mapping[str, object], folder: Path) -> nbformat.NotebookNode:
    """Execute ``notebook`` in this process and return it with its outputs; nothing is written.

    Parameters
    ----------
    notebook : Path
    parameters : mapping
        Exactly the parameters the notebook declares.
    folder : Path
        Working folder of the cells.

    Raises
    ------
    EditionError
        For parameters that do not fit the notebook.
    RenderError
        With the number and source of the cell that failed, and its error.
    """
    check_parameters(notebook, parameters)
    logging.getLogger("papermill").setLevel(logging.ERROR)
    options: dict[str, Any] = {
        "engine_name": ENGINE,
        "progress_bar": False,
        "kernel_name": "python3",
        "language": "python",
    }
    try:
        return papermill.execute_notebook(str(notebook), None, parameters=dict(parameters), cwd=str(folder), **options)
    except PapermillExecutionError as error:
        raise RenderError(
            f"cell {error.cell_index}: {error.ename}: {error.evalue}",
            where=notebook.name,
            got=error.source.strip()[:MOST_SHOWN],
            fix="run the notebook by hand with the same parameters",
        ) from error
