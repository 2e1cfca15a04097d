"""`designer design`: its options, its progress, and what it says of the outcome."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Literal

import typer

from designer.cli.application import Force, NoCache, ProblemFile, Set, app, end_as_judged, with_set
from designer.cli.terminal import Stages, say, say_all, warn
from designer.errors import UsageError


@app.command()
def design(
    problem_file: ProblemFile,
    out: Annotated[
        Path | None, typer.Option("-o", help="The design folder; by default out/<problem's file name>.")
    ] = None,
    force: Force = False,
    refine: Annotated[
        bool,
        typer.Option(
            "--refine",
            help="Refine the taps of ear channels, as realization.refine = true does; takes seconds a channel.",
        ),
    ] = False,
    overlay: Annotated[
        list[Path] | None,
        typer.Option(
            "--overlay",
            help="Lay another design folder or a measurement (frequency in Hz, dB) over the page's figures.",
        ),
    ] = None,
    figures: Annotated[
        Literal["all", "core", "none"],
        typer.Option(
            help="Figures to write as files: all, none, or core (the layout, and each channel's gain, response and polar plots)."
        ),
    ] = "core",
    quick: Annotated[
        bool, typer.Option("--quick", help="Write the tables alone: no page, no figures, no listening zone.")
    ] = False,
    changes: Set = None,
    no_cache: NoCache = False,
) -> None:
    """Design a problem file's filters into a folder."""
    from designer.problem import load

    if quick and (overlay or figures == "all"):
        raise UsageError(
            f"--quick: got {'--overlay' if overlay else '--figures all'} beside it; expected one of the two, since --quick writes no page"
            " and no figures; leave one out"
        )
    begin = time.perf_counter()
    problem = with_set(load(problem_file), changes, refine=refine)
    warn(problem)
    folder = out if out is not None else Path("out") / problem_file.stem
    with Stages("starting") as shown:
        from designer import job
        from designer.export.write import export_notes, export_verdicts, refused
        from designer.folders.summary import PAGE, continuation, notes
        from designer.folders.write import check_free, data_files, parts, superseded
        from designer.stereo.placed_source import chain_sentence

        if overlay:
            from designer.report import page_data

            for path in overlay:
                page_data.overlay(path)  # before anything is designed
        check_free(folder, force=force, inputs=[problem_file, *data_files(problem)])
        ready = time.perf_counter()
        result = job.design(problem, progress=shown.update, keep_going=True)
        shown.update("tables" if quick else "report")
        report_begin = time.perf_counter()
        before = parts(folder)
        result.save(folder, force=force, report=not quick, overlay=overlay or [], figures=figures)
    end = time.perf_counter()
    say_all(f"{name}: {result.sentence(name)}." for name in result.channels)
    say_all(f"{text}." for text in [chain_sentence(result), *export_verdicts(folder)] if text)
    messages = result.warnings[len(result.failures) :]  # those of the missing channels are errors below
    say_all([*messages, *(f"export left out: {text}" for text in refused(folder).values())], "warning")
    say_all([*notes(result), *export_notes(folder), *superseded(folder, before)], "note")
    stages = {"start": ready - begin, **result.seconds, "tables" if quick else "report": end - report_begin}
    say(
        "time: "
        + ", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in stages.items())
        + f"; total {end - begin:.2f} s"
    )
    say(f"wrote {folder} ({'tables alone' if quick else f'open {folder / PAGE}'})")
    say(f"in Python: {continuation(folder)}")
    end_as_judged(result, problem)
