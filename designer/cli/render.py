"""`designer render`: its options, its progress bar, and what it says; `stereo/render.py` does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from designer.cli.application import ForceFile, NoCache, app
from designer.cli.terminal import say_all, warn_missing


@app.command()
def render(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="The design folder, or with --path a bank's.")],
    recording: Annotated[Path, typer.Argument(metavar="in.wav", help="A stereo WAV or FLAC file, at any sample rate.")],
    out: Annotated[Path, typer.Option("-o", metavar="out.wav", help="The file to write.")],
    path: Annotated[
        Path | None,
        typer.Option(
            metavar="path.csv",
            help="Of a bank: play a moving listener, along a table with columns time_s and the bank's keys; values between its rows lie on"
            " straight lines.",
        ),
    ] = None,
    at_ears: Annotated[
        bool, typer.Option("--at-ears", help="Write the sound at the two ears, through the acoustics, for headphones.")
    ] = False,
    headphones: Annotated[
        bool, typer.Option("--headphones", help="Write the output of the crosstalk model alone, for headphones.")
    ] = False,
    bypass: Annotated[bool, typer.Option("--bypass", help="Write the input bit for bit, for comparison.")] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="Play stereo on the outermost left and right drivers, for comparison.")
    ] = False,
    room: Annotated[
        bool, typer.Option("--room", help="With --at-ears: add the reflections of the problem's [room].")
    ] = False,
    gain: Annotated[
        float | None,
        typer.Option(
            min=-200.0,
            max=200.0,
            metavar="DB",
            help="Gain; by default that of equal loudness, lowered where peaks would exceed full scale.",
        ),
    ] = None,
    force: ForceFile = False,
    no_cache: NoCache = False,
) -> None:
    """Play a stereo file through a design.

    Writes the feeds of the drivers, or what two ears hear.
    """
    from rich.console import Console
    from rich.progress import Progress

    from designer import job
    from designer.commands.render import render_bank
    from designer.search.bank_folder import is_bank
    from designer.stereo.render import RenderOptions
    from designer.stereo.render import render as play

    options = RenderOptions(at_ears, headphones, bypass, plain, room, gain)
    options.check()
    of_bank = path is not None or is_bank(folder)
    if not of_bank:
        design = job.open_folder(folder)
        warn_missing(design)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("rendering", total=1.0)

        def share(done: float) -> None:
            bar.update(task, completed=done)

        if of_bank:
            lines = render_bank(folder, recording, out, path, options, progress=share, force=force)
        else:
            lines = play(design, recording, out, options=options, progress=share, force=force)
    say_all(lines)
