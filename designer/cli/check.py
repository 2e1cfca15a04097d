"""`designer check`: its options, and what it explains and draws."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from designer.cli.application import Force, NoCache, ProblemFile, app
from designer.cli.terminal import Stages, say_all


@app.command()
def check(
    problem_file: ProblemFile,
    out: Annotated[
        Path | None, typer.Option("-o", help="Draw the layout and each measured set into this folder.")
    ] = None,
    reach: Annotated[
        bool,
        typer.Option(
            "--reach",
            help="Tabulate the largest cancellation gain that each design can reach, by effort and frequency.",
        ),
    ] = False,
    force: Force = False,
    no_cache: NoCache = False,
) -> None:
    """Read and explain a problem file."""
    from designer.commands.check import explained
    from designer.problem import load

    if out is not None:
        from designer.writing import CHECK, check_folder, reserve

        check_folder(out, CHECK, force=force, inputs=[problem_file])
        reserve(out)
    problem = load(problem_file)
    with Stages("reading") as shown:
        for kind, line in explained(problem, reach=reach, progress=shown.update):
            say_all([line], kind)
    if out is not None:
        from designer.report.figures import write_problem

        with Stages("figures"):
            written = write_problem(problem, out, with_reach=reach, force=force)
        say_all(f"wrote {path}" for path in written)
