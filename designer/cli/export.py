"""`designer export`: its options, and what it says of the size and the level."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from designer.cli.application import app
from designer.cli.terminal import say, say_all, warn_missing


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="A design folder.")],
    target: Annotated[str, typer.Option(metavar="NAME", help="What to write for.")],
    out: Annotated[Path | None, typer.Option("-o", metavar="DIR", help="Another folder than OUT/export/NAME.")] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Replace this tool's files even where they were edited or are of another export; files of others stay.",
        ),
    ] = False,
    prefix: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="With cmsis targets: prefix of the files and of the names in C; default: the problem's file name.",
        ),
    ] = None,
    part: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="With sigmadsp: the part, such as adau1452, for the order and the size of its memory."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="With minidsp: the processor, such as 2x4-hd, for its sample rate and its filter blocks.",
        ),
    ] = None,
) -> None:
    """Write a design's coefficients for a firmware, a convolver or another program."""
    from designer import job
    from designer.export.minidsp_models import check_model
    from designer.export.of_design import filter_set
    from designer.export.registry import check_options
    from designer.export.sigma_parts import check_part
    from designer.export.write import check_elsewhere, write_elsewhere, write_in_design

    asked = {"prefix": prefix, "part": part, "model": model}
    given: dict[str, Any] = {option: value for option, value in asked.items() if value is not None}
    check_options(target, given)
    check_part(part or "")
    check_model(model or "")
    if out is not None:
        check_elsewhere(out, force=force)
    design = job.open_folder(folder)
    warn_missing(design)
    filters = replace(filter_set(design), **given)
    if out is None:
        made, place = write_in_design(filters, folder, [target], force=force)[target], folder / "export" / target
    else:
        made, place = write_elsewhere(filters, out, target, force=force), out
    say_all(made.notes, "note")
    say(
        f"{target}: {made.coefficient_bytes} bytes of coefficients, {made.state_bytes} of state,"
        f" {made.multiply_adds} multiply-adds a sample; scaling: {made.scaling}"
    )
    say(f"headroom: {filters.headroom.text}")
    say(
        f"preamp: {-filters.headroom.tones_db:.2f} dB would make that room and is not applied; it is set by {made.preamp}"
    )
    say(f"wrote {place}: {', '.join(made.files)}")
