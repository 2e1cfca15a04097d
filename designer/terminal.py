"""What every command says to its user, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from designer.problem import Problem


def say(text: str = "", *, error: bool = False) -> None:
    """A line for the user; messages of trouble go to the error stream."""
    typer.echo(text, err=error)


def warn(problem: Problem) -> None:
    """What is odd in a problem that is valid."""
    from designer.problem.checks import warnings

    for warning in warnings(problem):
        say(f"warning: {warning}", error=True)
