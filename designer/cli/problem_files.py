"""The commands that hand out problem files: `designer problems`, `designer new` and `designer schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from designer.cli.application import Distance, Drivers, ForceFile, NoCache, Shape, Width, app
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
    shape: Shape = None,
    drivers: Drivers = None,
    width: Width = None,
    distance: Distance = None,
    force: ForceFile = False,
    no_cache: NoCache = False,
) -> None:
    """Write a first problem file for a new geometry.

    Its keys have comments, and the geometry can meet its requirements.
    """
    from designer.search.new_geometry import geometry_of
    from designer.search.starter import write_new

    with Stages("finding what the layout can reach"):
        geometry = geometry_of(shape, drivers, width, distance)
        lines = write_new(path, geometry, force=force)
    say_all(lines)


@app.command()
def schema() -> None:
    """Print the JSON schema of the problem file.

    With this schema an editor completes and checks the file's keys.
    """
    from designer.problem.library import schema_text

    say(schema_text(), line=False)
