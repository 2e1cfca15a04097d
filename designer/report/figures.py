"""Every figure, declared once: what it shows, how it is drawn, what it says and when it is there; folders and pages are made from this.

A new figure is one more entry here, with a function that draws it and one that states its message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from designer.acoustics.measured.head import MeasuredHead
from designer.acoustics.scene import Scene, scene
from designer.arrays import Real
from designer.comparison.entry import SharedChannel
from designer.comparison.head_shift import HeadShift
from designer.designs.reach import Reach, reach
from designer.evaluation.reach_words import spread_out
from designer.problem import geometry
from designer.problem.schema import Problem
from designer.report import channel_curves, channel_maps, channel_time, listener, measured, room
from designer.report import comparison_figures as comparison
from designer.report.canvas import ALARM, INK, STYLES, Draw, draw_in_copies, in_style, svg
from designer.report.grids import drawn_circle, drawn_heads, drawn_tables
from designer.report.layout import draw_layout, layout_words
from designer.report.plain_playback import draw_plain, say_plain
from designer.report.plots import curve, over_frequency, panels
from designer.requirements.curves import in_band
from designer.requirements.plain import Plain, crossover_of, driver_index, plain_in
from designer.result import Result
from designer.writing import CHECK, lay, write_folder

HIGHEST_REACH_DB = 40.0
MIN_APART_DB = 0.5
"""A line of a figure of reach that is nearer than this to another has no label of its own."""
REACH_POINTS = 33
"""Frequencies of a figure of reach."""


@dataclass(frozen=True)
class Declared:
    """One kind of figure.

    Attributes
    ----------
    kind : str, the end of its file's name
    caption : str, what it shows; empty where its message says that itself
    draw, says : callable, of the subject: its figure, and its message in a sentence, with the numbers that it is drawn for
    shown : callable, whether there is something to draw of the subject
    switched : bool, whether a page switches its curves

    """

    kind: str
    caption: str
    draw: Callable[..., Figure]
    says: Callable[..., str]
    shown: Callable[..., bool] = lambda *subject: True
    switched: bool = False


@dataclass(frozen=True)
class Picture:
    """A figure of a subject, not yet drawn."""

    declared: Declared
    subject: tuple[Any, ...]
    place: str = ""
    """Words behind the caption's first noun, where there are several."""

    def draw(self) -> str:
        """The SVG."""
        fig = self.declared.draw(*self.subject)
        return comparison.switchable(fig, *self.subject) if self.declared.switched else svg(fig)

    def says(self) -> str:
        """The caption and the message: text alternative, title and caption on the page."""
        caption = self.declared.caption.format(place=self.place)
        return f"{caption}: {self.declared.says(*self.subject)}." if caption else self.declared.says(*self.subject)


PROBLEM_FIGURES = (  # of a problem
    Declared("layout", "The layout, from above and from the side", draw_layout, layout_words),
    Declared("room-plan", "The room, from above and from the side", room.draw_plan, room.plan_words,
             lambda problem: problem.room is not None),
)  # fmt: skip


def _plain(result: Result, name: str) -> tuple[Plain, tuple[str, ...], Problem]:
    return result.channels[name].plain, result.channels[name].plain_names, result.problem


CHANNEL_FIGURES = (  # of a result and a channel's name, in the page's order
    Declared("cancellation", "Cancellation gain over frequency, against its target", channel_curves.draw_cancellation,
             channel_curves.say_cancellation),
    Declared("filters", "Magnitude of the realised filters, by driver", channel_curves.draw_filters, channel_curves.say_filters),
    Declared("map", "Level over frequency and azimuth", channel_maps.draw_map, channel_maps.say_map),
    Declared("polar", "Polar response at octaves", channel_maps.draw_polars, channel_maps.say_polar),
    Declared("polar-window", "Polar response at octaves, relative to the listening window", channel_maps.draw_polars_to_window,
             channel_maps.say_polar_to_window, lambda result, name: result.channels[name].table.window_deg is not None),
    Declared("costs", "Effort, white-noise gain, directivity index and front-to-side power over frequency", channel_curves.draw_costs,
             channel_curves.say_costs),
    Declared("plain", "Plain playback by its ways over frequency", lambda result, name: draw_plain(*_plain(result, name)),
             lambda result, name: say_plain(*_plain(result, name)),
             lambda result, name: len(result.channels[name].plain.crossover.crossings_hz) > 0),
    Declared("tone", "Magnitude deviation at the bright point, against plain playback", channel_curves.draw_tone, channel_curves.say_tone),
    Declared("time", "Group delay, impulse and step at the bright point", channel_time.draw_time, channel_time.say_time),
    Declared("zone", "Cancellation gain over the listener's place and turn", channel_maps.draw_zone, channel_maps.say_zone,
             channel_maps.has_zone),
    Declared("phantom", "Level and time between the ears of sound from the middle, over the listener's place", channel_maps.draw_phantom,
             channel_maps.say_phantom, channel_maps.has_phantom),
    Declared("tolerance", "Cancellation gain over product line and heads", channel_curves.draw_tolerance,
             channel_curves.say_tolerance, lambda result, name: name in result.tolerances),
    Declared("room", "In the room: critical distance, clarity, coherence between the ears and early lateral energy by octave",
             room.draw_room, room.say_room, lambda result, name: result.room is not None),
    Declared("realisation", "Cancellation gain over the band and its points, against the length of the filters and of their words",
             channel_time.draw_realisation, channel_time.say_realisation,
             # not of taps from elsewhere, nor of fits too large to be kept
             lambda result, name: name in result.study and bool(result.study[name].curves)),
    Declared("impulses", "Impulse responses of the realised filters", channel_time.draw_impulses, channel_time.say_impulses),
    Declared("left-out", "Designed on every second direction of the head, judged on those left out", channel_curves.draw_left_out,
             channel_curves.say_left_out, lambda result, name: name in result.left_out),
)  # fmt: skip
HEAD_FIGURES = (  # of one head of what the listener gets
    Declared("listener-differences", "Level and time between the ears{place} over frequency, beside those of real loudspeakers",
             listener.draw_differences, listener.say_differences),
    Declared("listener-coherence", "Coherence between the ears{place} over frequency, beside that of real loudspeakers",
             listener.draw_coherence, listener.say_coherence),
)  # fmt: skip
UPMIX_FIGURES = (
    Declared("listener-separation", "Levels of left, right and centre that the upmix makes of a source over its panning",
             listener.draw_separation, listener.say_separation),
)  # fmt: skip
COMPARISON_FIGURES = (  # of a channel's view, in the page's order
    Declared("gain", "", comparison.draw_gain, comparison.say_gain, switched=True),
    Declared(
        "head-shift", "", comparison.draw_shift, comparison.say_shift, lambda view: bool(view.shifts), switched=True
    ),
    Declared("maps", "", comparison.draw_maps, comparison.say_maps, lambda view: bool(view.levels)),
    Declared("polars", "", comparison.draw_polars, comparison.say_polars, lambda view: bool(view.levels)),
    Declared("costs", "", comparison.draw_costs, comparison.say_costs, switched=True),
)


def file_stems(names: Sequence[str]) -> dict[str, str]:
    """A file name for each channel: its letters and digits, numbered where two would be the same."""
    stems: dict[str, str] = {}
    for name in names:
        stem = re.sub(r"[^\w-]+", "-", name).strip("-").lower()[:60] or "channel"
        used = set(stems.values())
        number, candidate = 2, stem
        while candidate in used:
            candidate, number = f"{stem}-{number}", number + 1
        stems[name] = candidate
    return stems


def _of(
    declared: Sequence[Declared], *subject: Any, front: str = "", end: str = "", place: str = ""
) -> dict[str, Picture]:
    return {f"{front}{kind.kind}{end}": Picture(kind, subject, place) for kind in declared if kind.shown(*subject)}


def listener_pictures(result: Result) -> dict[str, Picture]:
    """Pictures of each head, numbered from the second on, and the upmix: file's stem -> picture; none without [virtualizer]."""
    shown: dict[str, Picture] = {}
    views = listener.head_views(result)
    for number, view in enumerate(views):
        several = len(views) > 1
        end, place = f"-{number + 1}" if number else "", f" at {view.name}" if several else ""
        shown |= _of(HEAD_FIGURES, view, end=end, place=place)
    if views and views[0].listening.chain.upmix:
        shown |= _of(UPMIX_FIGURES, listener.panned(views[0].listening.chain.sample_rate_hz))
    return shown


def pictures(result: Result) -> dict[str, Picture]:
    """Every figure of a design: file name without suffix -> picture."""
    shown = _of(PROBLEM_FIGURES, result.problem)
    for name, stem in file_stems(list(result.channels)).items():
        shown |= _of(CHANNEL_FIGURES, result, name, front=f"{stem}-")
    return shown | listener_pictures(result)


def tasks(result: Result) -> dict[str, Draw]:
    """Functions that draw each figure, by its file name without suffix; what the figures share is computed on the way."""
    _ = (
        drawn_circle(result).circle() if not result.fine_scene.is_measured else None,
        drawn_tables(result),
        drawn_heads(result),
        result.moved_heads,
        result.room,
    )
    return {name: picture.draw for name, picture in pictures(result).items()}


def draw_all(result: Result) -> dict[str, str]:
    """The layout, each channel's figures and what the listener gets: file name without suffix -> SVG."""
    return draw_in_copies(tasks(result))


def captions(result: Result) -> dict[str, str]:
    """Drawing and caption of each figure, by the file name that `draw_all` gives it."""
    return {name: picture.says() for name, picture in pictures(result).items()}


@dataclass(frozen=True)
class Drawn:
    """One figure of a comparison: its file's name without suffix, the SVG, what it says, and its channel."""

    name: str
    text: str
    message: str
    channel: str


def draw_comparison(
    channels: Sequence[SharedChannel], shifts: Mapping[tuple[str, str], HeadShift], show: Sequence[str] = ()
) -> list[Drawn]:
    """Each channel's figures, in the page's order.

    Parameters
    ----------
    shifts : mapping of tuple of 2 str to HeadShift, (entry's label, channel) -> its head shifts
    show : sequence of str, labels of the designs to draw as curves of their own where there are many

    """
    stems = file_stems([channel.name for channel in channels])
    shown: dict[str, Picture] = {}
    for channel in channels:
        view = comparison.channel_view(channel, shifts, show)
        shown |= _of(COMPARISON_FIGURES, view, front=f"{stems[channel.name]}-")
    messages = {name: picture.says() for name, picture in shown.items()}
    svgs = draw_in_copies({name: picture.draw for name, picture in shown.items()})
    return [Drawn(name, text, messages[name], shown[name].subject[0].channel.name) for name, text in svgs.items()]


def draw_reach(bound: Reach) -> Figure:
    """The most that a layout could reach, a line an effort, and what is asked; up to HIGHEST_REACH_DB.

    More effort is darker; the legend names the least and the most.
    """
    fig, (axes,) = panels(3.6)
    f, curves = bound.frequency_hz, []
    lines = np.where(np.isfinite(bound.gain_db), np.minimum(bound.gain_db, HIGHEST_REACH_DB), np.nan)
    for number, (effort, gains, at) in enumerate(zip(bound.effort_db, lines, _label_places(lines), strict=True)):
        shade = 0.75 - 0.6 * number / max(bound.effort_db.size - 1, 1)
        end = number in (0, bound.effort_db.size - 1)
        curves.append(curve(f, gains, f"effort of {effort:.0f} dB" if end else "", color=str(shade)))
        if at is not None:
            axes.annotate(f"{effort:.0f} dB", (f[at], min(gains[at], HIGHEST_REACH_DB - 1.5)), ha="center", va="center", fontsize=8,
                          color=INK, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0})  # fmt: skip
    if bound.required_db is not None:
        curves.append(curve(f, bound.required_db, "asked", ALARM, 1.8, linestyle=STYLES[1]))
    gain_db, phase_deg = bound.deviations
    title = f"{bound.name}: largest gain within reach, by effort; drivers differ by {gain_db:g} dB and {phase_deg:g}°"
    if over_frequency(axes, curves, (float(f[0]), float(f[-1])), title=title, unit="Cancellation gain in dB"):
        axes.legend(loc="upper left")
    axes.set_ylim(0.0, HIGHEST_REACH_DB)
    return fig


def _label_places(lines: Real) -> list[int | None]:
    """Frequency at which each line is labelled: where the nearest other is farthest, a tenth of the axis from other labels and the ends.

    None where it runs along another.
    """
    size = lines.shape[1]
    free = (np.arange(size) >= 0.05 * size) & (np.arange(size) < 0.95 * size)
    label_places: list[int | None] = []
    for number, line in enumerate(lines):
        apart = np.abs(np.delete(lines, number, axis=0) - line)
        nearest = np.where(np.isnan(apart), np.inf, apart).min(axis=0, initial=np.inf)
        nearest = np.where(free & np.isfinite(line), np.minimum(nearest, HIGHEST_REACH_DB), 0.0)
        at = int(nearest.argmax())
        label_places.append(at if nearest[at] > MIN_APART_DB else None)
        if nearest[at] > MIN_APART_DB:
            free &= np.abs(np.arange(size) - at) > 0.1 * size
    return label_places


def _measured(problem: Problem, problem_scene: Scene) -> dict[str, Callable[[], Figure]]:
    """Figures of each measured driver, head and device of a problem."""
    plots_by_name: dict[str, Callable[[], Figure]] = {}
    names = {problem.drivers[l].name: response for l, response in problem_scene.responses.items()}
    for name, stem in file_stems(list(names)).items():
        plots_by_name[f"driver-{stem}"] = partial(measured.draw_measured_driver, name, names[name])
    heads = {Path(head.name).stem: head for head in problem_scene.heads if isinstance(head, MeasuredHead)}
    beams_only = all(table.is_beam for table in problem.designs)
    arrivals = np.empty((0, 3)) if beams_only or problem_scene.is_measured else geometry.arrivals(problem)
    for name, stem in file_stems(list(heads)).items():
        plots_by_name[f"head-{stem}"] = partial(measured.draw_measured_head, heads[name], arrivals)
    if problem.scene is not None and problem.scene.transfer is not None:
        plots_by_name["device"] = partial(measured.draw_measured_device, problem_scene, problem.scene.transfer)
    return plots_by_name


def draw_problem(problem: Problem, *, with_reach: bool = False) -> dict[str, str]:
    """Figures of `designer check`: file name without suffix -> SVG.

    The layout, each measured driver, head and device, and on request what each design's layout could reach at best.

    Raises
    ------
    DataError : a data file cannot be used

    """
    with in_style():
        svgs = {name: picture.draw() for name, picture in _of(PROBLEM_FIGURES, problem).items()}
        crossed = [table for table in problem.designs if crossover_of(table, problem).crossings_hz]
        if not problem.data_files and not with_reach and not crossed:
            return svgs
        problem_scene = scene(problem)
        stems = file_stems([table.name for table in problem.designs])
        for table in crossed:
            plain, index = plain_in(table, problem_scene), driver_index(table, problem_scene.drivers)
            names = [problem_scene.drivers[index[l]] for l in plain.drivers]
            svgs[f"plain-{stems[table.name]}"] = svg(draw_plain(plain, names, problem))
        for table in problem.designs if with_reach else ():
            inside = in_band(problem_scene.frequency_hz, table.band_hz)
            svgs[f"reach-{stems[table.name]}"] = svg(
                draw_reach(reach(table, problem_scene, spread_out(problem_scene.frequency_hz[inside], REACH_POINTS)))
            )
        return svgs | {name: svg(draw()) for name, draw in _measured(problem, problem_scene).items()}


def write_problem(problem: Problem, folder: Path, *, with_reach: bool = False, force: bool = False) -> list[Path]:
    """Draw a problem's figures into a folder, for `designer check`; the files' paths. All of them, or none.

    Raises
    ------
    DataError : a data file cannot be used
    UsageError : the folder holds files that `check` did not draw
    OutputError : it cannot be written; what was there is as it was

    """
    svgs = draw_problem(problem, with_reach=with_reach)
    files = {f"{name}.svg": text.encode() for name, text in svgs.items()}
    write_folder(folder, CHECK, lay(files), force=force)
    return [folder / name for name in files]
