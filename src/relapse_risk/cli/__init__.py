"""The command line: parse, call, print a path; nothing else.

One module per group of commands; each registers its own on :data:`app`.  Imports are inside the commands (the only
exception in the package) so that ``--help`` answers at once.

Exit codes: 0 done; 1 something was found or failed (rejected rows, faults, a report that failed);
2 wrong usage; 3 bad input (an error named in one line); 4 nothing was published.
"""

from __future__ import annotations

import sys

import typer

from relapse_risk.cli.app import EXIT_INPUT, app
from relapse_risk.errors import RelapseRiskError

# Commands appear in --help in the order in which their modules are imported.
# isort: off
from relapse_risk.cli import (
    project_commands,
    register_commands,
    history_commands,
    score_commands,
    report_commands,
    assistance_commands,
    refer_command,
    order_command,
    work_commands,
    sample_commands,
    why_command,
    issue_commands,
    identify_commands,
    event_commands,
    research_commands,
    nation_commands,
    params_commands,
    month_command,
)
# isort: on

__all__ = [
    "app",
    "assistance_commands",
    "event_commands",
    "history_commands",
    "identify_commands",
    "issue_commands",
    "main",
    "month_command",
    "nation_commands",
    "order_command",
    "params_commands",
    "project_commands",
    "refer_command",
    "register_commands",
    "report_commands",
    "research_commands",
    "sample_commands",
    "score_commands",
    "why_command",
    "work_commands",
]


def main() -> None:
    """Entry point: an error of this package or of the system is one line on standard error and exit code 3."""
    try:
        app()
    except RelapseRiskError as error:
        words = str(error)
    except OSError as error:
        words = f"{error.filename or 'a file'}: {error.strerror or error}. Fix: check that it exists and that you may use it."
    else:
        return
    typer.echo(f"relapse-risk: {words}", err=True)
    sys.exit(EXIT_INPUT)
