"""`designer figures`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from designer.cli.application import Force, NoCache, app
from designer.cli.terminal import Stages, say, warn_missing
from designer.declared import FIGURES, declared

OF_A_DESIGN = ("problem", "channel", "head", "upmix")
KINDS = {figure["kind"]: figure["caption"] for figure in declared(FIGURES, "Declared") if figure["of"] in OF_A_DESIGN}
EPILOG = "\b\nKinds:\n" + "\n".join(f"  {kind:<21} {caption.format(place='')}" for kind, caption in KINDS.items())


@app.command(epilog=EPILOG)
def figures(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="A design folder.")],
    only: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Draw these kinds alone, from the list below; by default all.")
    ] = None,
    form: Annotated[Literal["svg", "pdf", "png"], typer.Option("--format", help="Format of the files.")] = "svg",
    dpi: Annotated[float, typer.Option(min=30, max=1200, help="Dots per inch of a PNG.")] = 160.0,
    out: Annotated[
        Path | None, typer.Option("-o", metavar="DIR", help="The folder to write; by default OUT/figures.")
    ] = None,
    force: Force = False,
    no_cache: NoCache = False,
) -> None:
    """Draw a design's figures as files, to print."""
    from designer import job
    from designer.commands.figures import write

    with Stages("starting") as shown:
        design = job.open_folder(folder)
        warn_missing(design)
        shown.update("figures")
        kinds = None if only is None else [kind.strip() for kind in only.split(",") if kind.strip()]
        place = folder if out is None else out
        written = write(design, place, only=kinds, form=form, dpi=dpi, in_design=out is None, force=force)
    for path in written:
        say(f"wrote {path}")
