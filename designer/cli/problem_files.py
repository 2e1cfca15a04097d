"""The commands that hand out problem files: `designer problems`, `designer new` and `designer schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from designer.cli.application import ForceFile, NoCache, app
from designer.cli.terminal import Stages, say, say_all


@app.command()
def problems() -> None:
    """List the library of problem files."""
    from designer.problem.library import library, library_folder

    files = library()
    width = max(len(name) for name in files)
    for name, (_, title) in files.items():
        say(f"{name:{width}}  {title}")
    say(f"\nThe files are in {library_folder()}")


@app.command()
def new(
    path: Annotated[Path, typer.Argument(metavar="NAME.toml", help="The file to write.")],
    shape: Annotated[str, typer.Option(metavar="bar|sphere|box|pair", help="Shape that carries the drivers.")] = "bar",
    drivers: Annotated[
        int | None, typer.Option(help="Number of drivers; by default 3 in a box and 2 elsewhere.")
    ] = None,
    width: Annotated[float, typer.Option(metavar="M", help="Width of the device, or diameter of the sphere.")] = 0.6,
    distance: Annotated[
        float, typer.Option(metavar="M", help="Distance from the device to the listener's head.")
    ] = 2.5,
    force: ForceFile = False,
    no_cache: NoCache = False,
) -> None:
    """Write a commented first problem file for a new geometry, with requirements that it can meet."""
    from designer.search.starter import Geometry, least_drivers, write_new

    with Stages("finding what the layout can reach") as shown:
        lines = write_new(
            path,
            Geometry(shape, least_drivers(shape) if drivers is None else drivers, width, distance),
            force=force,
            progress=shown.update,
        )
    say_all(lines)


@app.command()
def schema() -> None:
    """Print the JSON schema of the problem file, for editors."""
    from designer.problem.library import schema_text

    say(schema_text(), line=False)
