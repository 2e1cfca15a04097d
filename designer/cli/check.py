"""`designer check`: its options, and what it explains and draws."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from designer.cli.application import Force, NoCache, ProblemFile, app
from designer.cli.terminal import Stages, say_all, warn


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
    from designer.problem import load
    from designer.problem.explain import explain
    from designer.problem.ways import ways_of

    if out is not None:
        from designer.writing import CHECK, check_folder, reserve

        check_folder(out, CHECK, force=force, inputs=[problem_file])
        reserve(out)
    problem = load(problem_file)
    say_all(explain(problem))
    warn(problem)
    if any(len(ways_of(table, problem).ways) > 1 for table in problem.designs):
        from designer.acoustics.scene import scene
        from designer.evaluation.plain_words import explain_plain

        say_all(explain_plain(problem, scene(problem)))
    if problem.data_files:
        from designer.acoustics.measured.drivers import explain_drivers
        from designer.acoustics.measured.head_facts import explain_heads
        from designer.acoustics.scene import scene

        with Stages("measured data"):
            measured_scene = scene(problem)
            lines = [*explain_heads(measured_scene), *explain_drivers(problem, measured_scene.responses)]
            messages = measured_scene.warnings
        say_all(lines)
        say_all(messages, "warning")
    if reach:
        from designer.acoustics.scene import scene
        from designer.evaluation.reach_words import explain_reach, realised_misses
        from designer.job import design
        from designer.stereo.reachable_angle import explain_angle

        whole = scene(problem)
        with Stages("designing what is asked, and what is within reach"):
            lines = [
                *explain_reach(problem, whole, realised_misses(design(problem).metrics)),
                *explain_angle(problem, whole),
            ]
        say_all(lines)
    if out is not None:
        from designer.report.figures import write_problem

        with Stages("figures"):
            written = write_problem(problem, out, with_reach=reach, force=force)
        say_all(f"wrote {path}" for path in written)
