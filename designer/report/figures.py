"""Every figure of a design, by the name of its file."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from designer.acoustics.measured_head import MeasuredHead
from designer.acoustics.scene import scene
from designer.designs.reach import reach
from designer.problem import geometry
from designer.problem.schema import Problem
from designer.report.canvas import in_style, svg
from designer.report.channel_figures import CHANNEL_FIGURES
from designer.report.in_copies import Draw, draw_in_copies
from designer.report.layout import draw_layout, layout_words
from designer.report.listener_figures import listener_figures
from designer.report.measured_device_plot import draw_measured_device
from designer.report.measured_driver_plot import draw_measured_driver
from designer.report.measured_head_plot import draw_measured_head
from designer.report.reach_plot import draw_reach
from designer.report.room_plots import draw_plan, plan_words
from designer.result import Result
from designer.targets.curves import in_band
from designer.writing import CHECK, lay, write_folder


def file_stems(names: list[str]) -> dict[str, str]:
    """A file name for each channel: its letters and digits, numbered where two would be the same."""
    stems: dict[str, str] = {}
    for name in names:
        stem = re.sub(r"[^\w-]+", "-", name).strip("-").lower()[:60] or "channel"
        taken = set(stems.values())
        number, candidate = 2, stem
        while candidate in taken:
            candidate, number = f"{stem}-{number}", number + 1
        stems[name] = candidate
    return stems


def draw_all(result: Result) -> dict[str, str]:
    """The layout, each channel's figures and what the listener gets: file name without suffix -> SVG."""
    return draw_in_copies(tasks(result))


def tasks(result: Result) -> dict[str, Draw]:
    """Every figure's file name without suffix, and what draws it.

    What the figures share is computed on the way.
    """
    _ = (
        result.drawn_circle.circle() if not result.fine_scene.is_measured else None,
        result.moved_heads,
        result.drawn_heads,
        result.room,
    )
    made: dict[str, Draw] = {"layout": partial(_drawn, partial(draw_layout, result.problem))}
    if result.room is not None:
        made["room-plan"] = partial(_drawn, partial(draw_plan, result.problem))
    for name, stem in file_stems(list(result.channels)).items():
        for kind, figure in CHANNEL_FIGURES.items():
            if figure.shown(result, name):
                made[f"{stem}-{kind}"] = partial(_drawn, partial(figure.draw, result, name))
    return made | {name: partial(_drawn, one.draw) for name, one in listener_figures(result).items()}


def captions(result: Result) -> dict[str, str]:
    """What each figure shows and says, by the file name that `draw_all` gives it: its caption and its text alternative."""
    said = {"layout": f"The layout, from above and from the side: {layout_words(result.problem)}."}
    if result.room is not None:
        said["room-plan"] = f"The room, from above and from the side: {plan_words(result.problem)}."
    for name, stem in file_stems(list(result.channels)).items():
        for kind, figure in CHANNEL_FIGURES.items():
            if figure.shown(result, name):
                said[f"{stem}-{kind}"] = f"{figure.caption}: {figure.says(result, name)}."
    return said | {name: f"{one.caption}: {one.says()}." for name, one in listener_figures(result).items()}


def _drawn(draw: Callable[[], Figure]) -> str:
    return svg(draw())


def draw_problem(problem: Problem, *, with_reach: bool = False) -> dict[str, str]:
    """What `designer check` draws: file name without suffix -> SVG.

    The layout, each measured driver, head and device, and on request what each design's layout could reach at best.

    Raises
    ------
    DataError : a data file cannot be used

    """
    with in_style():
        drawn = {"layout": svg(draw_layout(problem))}
        if problem.room is not None:
            drawn["room-plan"] = svg(draw_plan(problem))
        if not problem.data_files and not with_reach:
            return drawn
        made = scene(problem)
        if with_reach:
            stems = file_stems([table.name for table in problem.designs])
            for table in problem.designs:
                inside = in_band(made.frequency_hz, table.band_hz)
                drawn[f"reach-{stems[table.name]}"] = svg(draw_reach(reach(table, made.at(made.frequency_hz[inside]))))
        responses = made.responses
        stems = file_stems([problem.drivers[l].name for l in responses])
        for l, response in responses.items():
            name = problem.drivers[l].name
            drawn[f"driver-{stems[name]}"] = svg(draw_measured_driver(name, response))
        heads = [head for head in made.heads if isinstance(head, MeasuredHead)]
        stems = file_stems([Path(head.name).stem for head in heads])
        ears_only = all(table.is_beam for table in problem.designs)
        arrivals = np.empty((0, 3)) if ears_only or made.is_measured else geometry.arrivals(problem)
        for head in heads:
            drawn[f"head-{stems[Path(head.name).stem]}"] = svg(draw_measured_head(head, arrivals))
        if problem.scene is not None and problem.scene.transfer is not None:
            drawn["device"] = svg(draw_measured_device(made, problem.scene.transfer))
    return drawn


def write_problem(problem: Problem, folder: Path, *, with_reach: bool = False, force: bool = False) -> list[Path]:
    """Draw a problem's figures into a folder, for `designer check`; the files' paths. All of them, or none.

    Raises
    ------
    DataError : a data file cannot be used
    UsageError : the folder holds files that `check` did not draw
    OutputError : it cannot be written; what was there is as it was

    """
    drawn = draw_problem(problem, with_reach=with_reach)
    files = {f"{name}.svg": text.encode() for name, text in drawn.items()}
    write_folder(folder, CHECK, lay(files), force=force)
    return [folder / name for name in files]
