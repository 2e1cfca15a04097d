"""End of the commands that judge filters: a line for each channel that misses what is asked, and the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from designer.cli.terminal import say, say_all

if TYPE_CHECKING:
    from designer.problem import Problem
    from designer.result import Result


def end_as_judged(result: Result, problem: Problem) -> None:
    """Say on the error stream what is missing, infeasible or missed, and end the command with the design's exit code.

    Parameters
    ----------
    problem : Problem, as it was read: the design's own is without the channels at which the solver stopped

    """
    from designer.stereo.placed_source import chain_outcome

    if not result.status:
        return
    say_all((f"{message}; the other channels are written" for message in result.failures.values()), "error")
    missed = "is missed by these filters" if result.imported_from else "is met on paper, and missed by these filters"
    places = {table.name: i for i, table in enumerate(problem.designs)}
    for name, channel in result.channels.items():
        if not channel.feasible:
            say(f'designs[{places[name]}] "{name}" is infeasible as asked; the best compromise is written', error=True)
        elif result.misses(name):
            say(f'designs[{places[name]}] "{name}" {missed}', error=True)
    if result.choice is not None and result.choice.is_short:
        say("realization: no form within the limits loses as little as the file allows", error=True)
    if chain_outcome(result).infeasible:
        say("virtualizer is infeasible as asked; the best compromise is written", error=True)
    elif chain_outcome(result).missed:
        say(f"virtualizer {missed}", error=True)
    raise typer.Exit(result.status)
