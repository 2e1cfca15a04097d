"""`designer sweep`: many designs of one problem file, and the best of them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from designer.cli.application import NoCache, app, arguments
from designer.cli.terminal import Stopped, say, say_all, warn
from designer.errors import UsageError

if TYPE_CHECKING:
    from designer.search.sweep_plan import Plan
    from designer.search.sweep_store import Progress

INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended."""


@app.command()
def sweep(
    out: Annotated[Path, typer.Option("-o", metavar="DIR", help="The folder of the sweep.")],
    problem_file: Annotated[
        Path | None, typer.Argument(metavar="PROBLEM.toml", help="The problem file that all points start from.")
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUES",
            help="Vary a key (drivers.right.position_m[1], designs.*.max_effort_db) over values: 6,12,18, or FROM:TO:STEP with both ends,"
            " or FROM:TO with --random; drivers.right.azimuth_deg and .height_m move it over a sphere, cylinder, box or mesh;"
            " NAME=@close.toml,@wide.toml takes files of keys that are set together; repeatable.",
        ),
    ] = None,
    zipped: Annotated[
        bool,
        typer.Option(
            "--zip",
            help="Take the first values of all keys together, then the second, and so on; by default every combination.",
        ),
    ] = False,
    draws: Annotated[
        int, typer.Option("--random", min=0, metavar="N", help="Draw N points at random.", show_default=False)
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of --random.")] = 0,
    mirror: Annotated[bool, typer.Option("--mirror", help="Move a driver's mirror image (y negated) with it.")] = False,
    on_surface: Annotated[
        bool,
        typer.Option(
            "--on-surface",
            help="Put every driver on the surface of the body, at its azimuth and height, whatever its size.",
        ),
    ] = False,
    robust: Annotated[
        bool,
        typer.Option(
            "--robust", help="Judge over tolerances, the listening zone and the room too, which takes longer."
        ),
    ] = False,
    processes: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Number of processes on this machine; by default one a processor."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="tcp://HOST:PORT", help="Compute on a Dask cluster with this scheduler; needs the extra [cluster]."
        ),
    ] = None,
    best: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="Pick the best point by this number (cancellation_gain_db, left.effort_db), draw its trade-off, and write"
            " DIR/best.toml.",
        ),
    ] = None,
    subject_to: Annotated[
        list[str] | None,
        typer.Option(metavar="NUMBER<LIMIT", help="Condition on the best point, as effort_db<12; repeatable."),
    ] = None,
    resolution: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            metavar="DIFFERENCE",
            help="Difference of --best's number up to which points are equal, in its unit; by default 0.5 dB.",
            show_default=False,
        ),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Compute failed points of the folder again.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Replace sweep.csv and best.toml even where they were edited since they were written."
        ),
    ] = False,
    no_cache: NoCache = False,
) -> None:
    """Design many variants of a problem; pick the best.

    DIR/sweep.sqlite grows by a row a point, and the same command goes on where it was stopped; DIR/sweep.csv is the
    table of all points at the end.
    """
    if problem_file is None and best is None:
        raise UsageError(
            "got neither a problem file nor --best; expected PROBLEM.toml with --vary, --best of a sweep, or both"
        )
    if problem_file is None and vary:
        raise UsageError("--vary: got no problem file; expected PROBLEM.toml beside it")
    if subject_to and best is None:
        raise UsageError("--subject-to: got no --best; expected the two together, as --best cancellation_gain_db")
    if resolution is not None and best is None:
        raise UsageError("--resolution: got no --best; expected the two together, as --best cancellation_gain_db")
    if scheduler is not None and processes is not None:
        raise UsageError(
            "got --scheduler and --processes; expected one of them; the cluster's workers are its processes"
        )
    if problem_file is not None:
        from designer.problem import load
        from designer.search.sweep_plan import Plan, variations
        from designer.search.sweep_store import check_free

        check_free(out, force=force)
        problem = load(problem_file)
        varied = variations(problem, vary or [], mirror=mirror, on_surface=on_surface)
        plan = Plan(problem, varied, zipped, draws, seed, robust)
        if best is not None:  # a misspelt number is told before the points are computed
            from designer.search.sweep_best import check_choice

            check_choice(best, subject_to or [], [design.name for design in problem.designs])
        warn(problem)
        _compute(plan, out, processes, scheduler, retry_failed=retry_failed, force=force)
    if best is not None:
        from designer.search.sweep_best import write_best

        say_all(write_best(out, best, subject_to or [], resolution=resolution, force=force))


def _compute(
    plan: Plan, out: Path, processes: int | None, scheduler: str | None, *, retry_failed: bool, force: bool
) -> None:
    from designer.search.sweep import engine as compute_by
    from designer.search.sweep_store import sweep as run

    try:
        with compute_by(processes, scheduler) as engine, _bar() as progress:
            command = shlex.join(["designer", *arguments()])
            counts, before = run(
                plan, out, engine, command=command, progress=progress, retry_failed=retry_failed, force=force
            )
    except (KeyboardInterrupt, Stopped) as stop:
        say(f"stopped; what is computed is kept in {out}, and the same command goes on from there", error=True)
        raise typer.Exit(stop.exit_code if isinstance(stop, Stopped) else INTERRUPTED) from None
    earlier = f" ({before} were there before)" if before else ""
    say(
        f"{counts.total()} points{earlier}: {', '.join(f'{count} {status}' for status, count in sorted(counts.items()))}"
    )
    if counts["failed"]:
        retry = "; --retry-failed computes them again" if before else ""
        say_all([f"{counts['failed']} points failed; their errors are in {out / 'sweep.csv'}{retry}"], "warning")
    say(f"wrote {out / 'sweep.csv'}")


@contextmanager
def _bar() -> Iterator[Progress]:
    """A bar with what is done and the time that is left; shows nothing where the output is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("points"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("left"))
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:
        bar = shown.add_task("points", total=None)

        def progress(before: int, computed: int, count: int) -> None:
            if computed == 0:  # what was there before says nothing of how fast points come
                shown.reset(bar, completed=before, total=count)
            else:
                shown.update(bar, completed=before + computed, total=count)

        yield progress
