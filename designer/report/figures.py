"""Every figure of a design, by the name of its file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from designer.acoustics.measured_drivers import measured_responses
from designer.acoustics.measured_head import MeasuredHead
from designer.acoustics.scene import scene
from designer.designs.reach import reach
from designer.problem import geometry
from designer.problem.schema import Problem
from designer.report import azimuth_plots, frequency_plots, head_plots, realisation_plots
from designer.report.canvas import in_style, svg
from designer.report.layout import draw_layout
from designer.report.measured_device_plot import draw_measured_device
from designer.report.measured_driver_plot import draw_measured_driver
from designer.report.measured_head_plot import draw_measured_head
from designer.report.reach_plot import draw_reach
from designer.result import Result
from designer.targets.curves import in_band

CHANNEL_FIGURES: dict[str, tuple[str, Callable[[Result, str], Figure]]] = {
    "cancellation": ("Cancellation gain over frequency, against its target", frequency_plots.draw_cancellation),
    "filters": ("Magnitude of the realised filters, by driver", frequency_plots.draw_filters),
    "map": ("Level over frequency and azimuth", azimuth_plots.draw_map),
    "polar": ("Polar response at octaves", azimuth_plots.draw_polars),
    "costs": ("Effort, white-noise gain and directivity index over frequency", frequency_plots.draw_costs),
    "realisation": (
        "Cancellation gain over the band and its points, against the length of the filters and of their words",
        realisation_plots.draw_realisation,
    ),
    "impulses": ("Impulse responses of the realised filters", frequency_plots.draw_impulses),
}

LEFT_OUT = "Designed on every second direction of the head, judged on those left out"
"""A figure more for an ear channel where a head is measured: <channel>-left-out."""


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
    """The layout, and each channel's figures: file name without suffix -> SVG."""
    with in_style():
        drawn = {"layout": svg(draw_layout(result.problem))}
        for name, stem in file_stems(list(result.channels)).items():
            for kind, (_, draw) in CHANNEL_FIGURES.items():
                if kind == "realisation" and (name not in result.study or not result.study[name].curves):
                    continue  # taps from elsewhere, or fits too large to be kept
                drawn[f"{stem}-{kind}"] = svg(draw(result, name))
            if name in result.left_out:
                drawn[f"{stem}-left-out"] = svg(head_plots.draw_left_out(result, name))
    return drawn


def draw_problem(problem: Problem, *, with_reach: bool = False) -> dict[str, str]:
    """What `designer check` draws: file name without suffix -> SVG.

    The layout, each measured driver, head and device, and on request what each design's layout could reach at best.

    Raises
    ------
    DataError : a data file cannot be used

    """
    with in_style():
        drawn = {"layout": svg(draw_layout(problem))}
        if not problem.data_files and not with_reach:
            return drawn
        made = scene(problem)
        if with_reach:
            stems = file_stems([table.name for table in problem.designs])
            for table in problem.designs:
                inside = in_band(made.frequency_hz, table.band_hz)
                drawn[f"reach-{stems[table.name]}"] = svg(draw_reach(reach(table, made.at(made.frequency_hz[inside]))))
        responses = measured_responses(problem)[0]
        stems = file_stems([problem.drivers[l].name for l in responses])
        for l, response in responses.items():
            name = problem.drivers[l].name
            drawn[f"driver-{stems[name]}"] = svg(draw_measured_driver(name, response))
        heads = [head for head in made.heads if isinstance(head, MeasuredHead)]
        stems = file_stems([Path(head.name).stem for head in heads])
        ears_only = all(table.kind == "beamformer" for table in problem.designs)
        arrivals = np.empty((0, 3)) if ears_only or made.is_measured else geometry.arrivals(problem)
        for head in heads:
            drawn[f"head-{stems[Path(head.name).stem]}"] = svg(draw_measured_head(head, arrivals))
        if problem.scene is not None and problem.scene.transfer is not None:
            drawn["device"] = svg(draw_measured_device(made, problem.scene.transfer))
    return drawn


def write_problem(problem: Problem, folder: Path, *, with_reach: bool = False) -> list[Path]:
    """Draw a problem's figures into a folder, for `designer check`; the files' paths. All of them, or none.

    Raises
    ------
    DataError : a data file cannot be used

    """
    drawn = draw_problem(problem, with_reach=with_reach)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in drawn.items():
        paths.append(folder / f"{name}.svg")
        paths[-1].write_text(text, encoding="utf-8")
    return paths
