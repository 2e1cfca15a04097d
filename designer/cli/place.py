"""`designer place`: which drivers, how many, and where."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from designer.cli.application import Force, NoCache, Set, app, arguments, with_set
from designer.cli.terminal import Stages, say, say_all


class Method(StrEnum):
    """How layouts are searched."""

    exchange = "exchange"
    group_lasso = "group-lasso"
    exhaustive = "exhaustive"


@app.command()
def place(
    problem_file: Annotated[
        Path, typer.Argument(metavar="PROBLEM.toml", help="The problem file, with a table [placement].")
    ],
    out: Annotated[Path, typer.Option("-o", metavar="DIR", help="The folder to write.")],
    method: Annotated[
        Method,
        typer.Option(help="Exchanges from greedy layouts; the convex relaxation alone; or all layouts."),
    ] = Method.exchange,
    changes: Set = None,
    force: Force = False,
    no_cache: NoCache = False,
) -> None:
    """Search where drivers are worth most.

    Writes a problem file for each Pareto-optimal layout, which no other beats in its number and in all that it is traded against.
    The table [placement] says where drivers may be, how many, and which number decides. DIR holds placed-1.toml, ..., a
    table of all layouts, and placement.html with the layouts drawn to scale beside their numbers.
    """
    from designer.problem import load
    from designer.search.place import place as place_drivers

    problem = with_set(load(problem_file), changes)
    with Stages("starting") as shown:
        placed = place_drivers(
            problem,
            out,
            method=method.value,
            command=shlex.join(["designer", *arguments()]),
            progress=shown.update,
            force=force,
        )
    say_all(placed.notes, "note")
    say_all(placed.failures(), "error")
    say(placed.sentence)
    say(f"wrote {out} (open {out / 'placement.html'})")
    if placed.status:
        raise typer.Exit(placed.status)
