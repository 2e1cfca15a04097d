"""`designer import-coefficients`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from designer.cli.application import Force, NoCache, Set, app, end_as_judged, with_set
from designer.cli.terminal import Stages, say, say_all, warn


@app.command("import-coefficients")
def import_coefficients(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file, or a folder, as any target of `designer export` writes it.")
    ],
    problem: Annotated[
        Path, typer.Option("--problem", metavar="PROBLEM.toml", help="The problem file to judge the coefficients on.")
    ],
    out: Annotated[Path, typer.Option("-o", metavar="OUT", help="The design folder to write.")],
    force: Force = False,
    changes: Set = None,
    no_cache: NoCache = False,
) -> None:
    """Read and judge the filters that a device has.

    They are written as a design folder, judged as a design's are. Ends with 7 where they miss what the problem asks for.
    """
    from designer.commands.import_coefficients import import_coefficients as read
    from designer.export.write import export_notes
    from designer.folders.summary import continuation, notes
    from designer.folders.write import check_free, data_files, parts, superseded
    from designer.problem import load
    from designer.stereo.placed_source import chain_sentence

    loaded = with_set(load(problem), changes)
    check_free(out, force=force, inputs=[file, problem, *data_files(loaded)])
    warn(loaded)
    with Stages("importing"):
        result = read(file, loaded)
        before = parts(out)
        result.save(out, force=force)
    say_all(
        f"{text}."
        for text in [*(f"{name}: {result.sentence(name)}" for name in result.channels), chain_sentence(result)]
        if text
    )
    say_all(result.warnings, "warning")
    say_all([*notes(result), *export_notes(out), *superseded(out, before)], "note")
    say(f"wrote {out} (open {out / 'report.html'})")
    say(f"in Python: {continuation(out)}")
    end_as_judged(result, loaded)
