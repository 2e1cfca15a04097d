"""The application that every command registers itself with, what their options share, and how all of them end."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designer import __version__
from designer.cli.terminal import Stopped, buffer_output, flush, say, say_all, stoppable
from designer.errors import EXIT_CODES, DesignerError, ProblemError, UsageError
from designer.problem.messages import enumeration
from designer.stopping import STOPPED

if TYPE_CHECKING:
    from designer.problem import Problem
    from designer.result import Result


app = typer.Typer(
    help="Turns a loudspeaker geometry into filters that run in its firmware.\n\n"
    f"Exit codes: {'; '.join(f'{code} {words}' for code, words in EXIT_CODES.items())}.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        say(f"designer {__version__}")
        raise typer.Exit


@app.callback()
def _before_every_command(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


Force = Annotated[
    bool, typer.Option("--force", help="Replace this tool's files even where they were edited since they were written.")
]
ForceFile = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


def _switch_cache_off(off: bool) -> None:
    if off:  # for the processes of a sweep, too
        os.environ["DESIGNER_CACHE"] = "off"


NoCache = Annotated[
    bool,
    typer.Option(
        "--no-cache",
        callback=_switch_cache_off,
        help="Neither read nor store fields and room responses in the folder DESIGNER_CACHE.",
    ),
]
"""Option of each command that evaluates a scene."""
ProblemFile = Annotated[Path, typer.Argument(metavar="PROBLEM.toml", help="The problem file.")]

Shape = Annotated[
    str | None,
    typer.Option(metavar="bar|sphere|box|laptop|pair", help="Shape that carries the drivers; by default a bar."),
]
Drivers = Annotated[int | None, typer.Option(help="Number of drivers; by default 3 in a box and 2 elsewhere.")]
Width = Annotated[
    float | None,
    typer.Option(metavar="M", help="Width of the device, or diameter of the sphere; by default 0.6, for a laptop 0.3."),
]
Distance = Annotated[
    float | None,
    typer.Option(
        metavar="M", help="Distance from the device to the listener's head; by default 2.5, for a laptop 0.6."
    ),
]
"""Options of a new geometry; `search.new_geometry.geometry_of` has what is not given."""

Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Set a key of the problem, as designs.left.max_effort_db=6; an empty value removes the key; repeatable.",
    ),
]


def set_values(texts: list[str] | None) -> dict[str, Any]:
    """Key -> value of --set; None where a key is to be left out.

    Raises
    ------
    UsageError : a text without an equals sign, or a value that is none

    """
    from designer.search.sweep_values import value_of

    values = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--set {text}: got no value; expected KEY=VALUE, as realization.taps=256")
        values[key.strip()] = value_of(value.strip()) if value.strip() else None
    return values


def with_set(problem: Problem, texts: list[str] | None, *, refine: bool = False) -> Problem:
    """The problem with the values of --set, and of --refine.

    Raises
    ------
    UsageError : as `set_values`, or a key that names nothing
    ProblemError : values that the keys cannot hold, told as faults of these options: the file was read without a fault

    """
    if not texts and not refine:
        return problem
    from designer.problem.replacing import replaced

    options = [*(f"--set {text}" for text in texts or ()), *(["--refine"] if refine else [])]
    try:
        return replaced(problem, set_values(texts) | ({"realization.refine": True} if refine else {}), "--set")
    except ProblemError as error:
        raise ProblemError(f"{problem.source} with {', '.join(options)}", error.faults) from None


def arguments() -> list[str]:
    """Arguments of the command, as a folder records them: the cache changes no result."""
    return [argument for argument in sys.argv[1:] if argument != "--no-cache"]


def run() -> None:
    """Run the command; a known error ends with its message and its exit code, and so does a signal that asks for an end."""
    buffer_output()
    try:
        with stoppable():
            try:
                app(prog_name="designer")
            finally:
                flush()
    except DesignerError as error:
        say(f"error: {error}", error=True)
        if isinstance(error, ProblemError) and error.codes:
            several = len(error.codes) > 1
            say(f"more: designer docs {'CODE, of ' if several else ''}{enumeration(error.codes)}", error=True)
        sys.exit(error.exit_code)
    except Stopped as stopped:
        say(STOPPED, error=True)
        if threading.active_count() > 1:  # compiled code that cannot be interrupted, and that Python would wait for
            os._exit(stopped.exit_code)
        sys.exit(stopped.exit_code)


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
