"""The commands between a design and a firmware: `designer export` and `designer import-coefficients`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from designer.declared import TARGETS, declared
from designer.terminal import say, warn, warn_missing


def export(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="A design folder.", show_default=False)],
    target: Annotated[str, typer.Option(metavar="NAME", help="What to write for.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option("-o", metavar="DIR", help="Another folder than OUT/export/NAME.", show_default=False),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Replace this tool's files even where they were edited or are of another export; files of others stay.",
        ),
    ] = False,
    **options: str | None,
) -> None:
    """Write a design's coefficients for a firmware, a convolver or another program."""
    from designer import job
    from designer.export.of_design import filter_set
    from designer.export.targets import checked_options
    from designer.export.write import check_elsewhere, write_elsewhere, write_in_design

    given = checked_options(target, options)
    if out is not None:
        check_elsewhere(out, force=force)
    design = job.open_folder(folder)
    warn_missing(design)
    filters = filter_set(design)
    filters = replace(filters, options={**filters.options, **given})
    if out is None:
        made, place = write_in_design(filters, folder, [target], force=force)[target], folder / "export" / target
    else:
        made, place = write_elsewhere(filters, out, target, force=force), out
    for note in made.notes:
        say(f"note: {note}", error=True)
    say(
        f"{target}: {made.coefficient_bytes} bytes of coefficients, {made.state_bytes} of state,"
        f" {made.multiply_adds} multiply-adds a sample; scaling: {made.scaling}"
    )
    say(f"headroom: {filters.headroom.text}")
    say(
        f"preamp: {-filters.headroom.tones_db:.2f} dB would make that room and is not applied; it is set by {made.preamp}"
    )
    say(f"wrote {place}: {', '.join(made.files)}")


def add_flags(command: Callable[..., None]) -> None:
    """Give a command a flag in place of its **options for each option that a target declares."""
    signature = inspect.signature(command, eval_str=True)
    parameters = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
    for option in declared(TARGETS, "Option"):
        flag = Annotated[str | None, typer.Option(metavar="NAME", help=option["help"], show_default=False)]
        parameters.append(
            inspect.Parameter(option["flag"], inspect.Parameter.KEYWORD_ONLY, default=None, annotation=flag)
        )
    vars(command)["__signature__"] = signature.replace(parameters=parameters)
    command.__annotations__ = {one.name: one.annotation for one in parameters}


add_flags(export)
EXPORT_TARGETS = "\b\nTargets:\n" + "\n".join(f"  {t['name']:<12}  {t['summary']}" for t in declared(TARGETS, "Target"))


def import_coefficients(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A file, or a folder, as any target of `designer export` writes it.",
            show_default=False,
        ),
    ],
    problem: Annotated[
        Path,
        typer.Option("--problem", metavar="PROBLEM.toml", help="What they are to be judged on.", show_default=False),
    ],
    out: Annotated[Path, typer.Option("-o", metavar="OUT", help="The design folder to write.", show_default=False)],
    force: Annotated[
        bool, typer.Option("--force", help="Replace this tool's files even where they were edited since.")
    ] = False,
) -> None:
    """Read the filters that a device has, and write them as a design folder, judged as a design's are."""
    from rich.console import Console

    from designer import folder
    from designer.export.write import export_notes, superseded
    from designer.importing import import_coefficients as read
    from designer.problem import load

    loaded = load(problem)
    folder.check_free(out, force=force, inputs=[file, problem, *folder.data_files(loaded)])
    warn(loaded)
    with Console(stderr=True).status("importing"):  # shows nothing where the output is not a terminal
        made = read(file, loaded)
        gone = superseded(out, loaded.export.targets)
        made.save(out, force=force)
    for name, channel in made.channels.items():
        say(f"{name}: {channel.verdict.sentence}.")
    for warning in made.warnings:
        say(f"warning: {warning}", error=True)
    for note in [*folder.notes(made), *export_notes(out), *gone]:
        say(f"note: {note}", error=True)
    say(f"wrote {out} (open {out / 'report.html'})")
