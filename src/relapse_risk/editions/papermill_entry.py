"""Papermill's entry point: papermill loads this while it is still being imported, so nothing here imports papermill."""

from __future__ import annotations

from typing import Any

from relapse_risk.editions.fork_server import named

__all__ = ["PapermillEngine"]


def _engine() -> Any:
    return named("relapse_risk.editions.execute:InProcess")


class PapermillEngine:
    """The engine ``relapse_risk`` of papermill: cells run in papermill's own process, without a kernel."""

    @classmethod
    def execute_notebook(cls, *given: Any, **options: Any) -> Any:
        """Run the notebook and return it."""
        return _engine().execute_notebook(*given, **options)

    @classmethod
    def nb_kernel_name(cls, *given: Any) -> Any:
        """Name of the notebook's kernel."""
        return _engine().nb_kernel_name(*given)

    @classmethod
    def nb_language(cls, *given: Any) -> Any:
        """Language of the notebook."""
        return _engine().nb_language(*given)
