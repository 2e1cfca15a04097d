"""`designer study`: gain over taps or sections and over word lengths, of a design folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from designer.cli.application import Force, NoCache, app
from designer.cli.terminal import Stages, say, warn_missing


@app.command()
def study(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="A design folder.")],
    force: Force = False,
    no_cache: NoCache = False,
) -> None:
    """Study gain over taps, sections and word length.

    The study is of a design's cancellation gain, and is added to its folder and its page.
    """
    from designer import job
    from designer.folders.summary import SUMMARY
    from designer.folders.write import add_study
    from designer.problem.explain import judged_places
    from designer.writing import DESIGN, check_update

    with Stages("reading") as shown:
        design = job.open_folder(folder)
        warn_missing(design)
        check_update(folder, DESIGN, [SUMMARY], force=force)
        shown.update("study")
        studied = job.studied(design)
        shown.update("report")
        names = add_study(studied, folder, force=force)
    for name, channel in studied.study.items():
        places = judged_places(studied.channels[name].table)
        for axis in dict.fromkeys(point.axis for point in channel.curves):
            points = [point for point in channel.curves if point.axis == axis]
            way = points[-1].way
            gains = ", ".join(
                f"{point.gains.fifth_percentile_db:z.1f} dB at {point.value}" for point in points if point.way == way
            )
            words = f"5th percentile of the gain over the band's frequencies and the {places}, by {axis}{f', {way}' if way else ''}"
            say(f"{name}: {words}: {gains}")
    say(f"wrote {folder}: {', '.join(name for name in names if not name.startswith('figures/'))}")
