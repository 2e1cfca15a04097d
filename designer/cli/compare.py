"""`designer compare`: its options."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from designer.cli.application import Force, NoCache, app, arguments
from designer.cli.terminal import Stages, say, say_all


@app.command()
def compare(
    items: Annotated[list[str], typer.Argument(metavar="OUT_OR_PROBLEM...", help="Design folders and problem files.")],
    out: Annotated[Path, typer.Option("-o", metavar="DIR", help="The folder to write.")],
    methods: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Design one problem by each of these methods.")
    ] = None,
    measured: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Lay a measurement over its prediction: a SOFA file of the whole device driver by driver, DRIVER=FILES, or"
            " channel:NAME=FILES of a channel as it plays, filters running; repeatable.",
        ),
    ] = None,
    show: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Draw this design as a curve of its own; by default six at most, of more the first, best and worst; repeatable.",
        ),
    ] = None,
    points_per_octave: Annotated[
        int, typer.Option(min=1, max=96, metavar="N", help="Frequencies of comparison.csv.")
    ] = 12,
    force: Force = False,
    no_cache: NoCache = False,
) -> None:
    """Lay designs side by side.

    DIR holds a page, its figures, and one tidy table.
    """
    from designer.search.compare import compare as lay_side_by_side

    with Stages("starting") as shown:
        comparison = lay_side_by_side(
            items,
            out,
            methods=[method.strip() for method in methods.split(",")] if methods else (),
            measured=measured or (),
            show=show or (),
            points_per_octave=points_per_octave,
            command=shlex.join(["designer", *arguments()]),
            progress=shown.update,
            force=force,
        )
    say_all(comparison.notes, "note")
    say(f"wrote {out} (open {out / 'comparison.html'})")
