"""Every figure, declared once: what it shows, what it is made of, what it says and when it is there; folders and pages are made from this.

A new figure is one more entry here, with a function that makes its dictionary and one that states its message. Kinds are read by
`--help` without importing this file, so that their keywords are literals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from designer.acoustics.measured.head import MeasuredHead
from designer.acoustics.scene import Scene
from designer.acoustics.scene_of_problem import scene
from designer.comparison.entry import SharedChannel, chosen_entries
from designer.comparison.head_shift import HeadShift
from designer.designs.reach import reach
from designer.errors import UsageError
from designer.evaluation.reach_words import spread_out
from designer.problem import geometry
from designer.problem.schema import Problem
from designer.proof.outcome import Proof
from designer.report import bank_figures as bank
from designer.report import (
    before_design,
    body_view,
    channel_curves,
    channel_maps,
    channel_time,
    isolation_curve,
    layout,
    listener,
    measured,
    room,
)
from designer.report import comparison_figures as comparison
from designer.report import comparison_layouts as layouts
from designer.report import proof_figures as proof
from designer.report.figure_data import Figure
from designer.requirements.curves import in_band
from designer.requirements.plain import Plain, crossover_of, driver_index, plain_in
from designer.result import Result
from designer.writing import CHECK, lay, write_folder

if TYPE_CHECKING:
    from designer.report.canvas import Printed

Format = Literal["svg", "pdf", "png"]
REACH_POINTS = 33
"""Frequencies of a figure of reach."""


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One kind of figure.

    Attributes
    ----------
    of : str, "problem", "channel", "head", "upmix", "comparison", "compared layouts", "bank" or "proof":
        what `build`, `says` and `shown` are called with
    kind : str, the end of its file's name
    caption : str, what it shows; empty where its message says that itself
    build, says : callable, of the subject: its dictionary, and its message in a sentence, with the numbers that it is drawn for
    shown : callable, whether there is something to draw of the subject
    core : bool, whether `designer design` writes it as a file without being asked

    """

    of: str
    kind: str
    caption: str = ""
    build: Callable[..., Figure]
    says: Callable[..., str]
    shown: Callable[..., bool] = lambda *subject: True
    core: bool = False


@dataclass(frozen=True)
class Picture:
    """A figure of a subject, not yet made."""

    declared: Declared
    subject: tuple[Any, ...]
    place: str = ""
    """Words behind the caption's first noun, where there are several."""

    def build(self) -> Figure:
        """The figure's dictionary."""
        return self.declared.build(*self.subject)

    def draw(self) -> Printed:
        """The figure as matplotlib draws it."""
        from designer.report.printed import draw

        return draw(self.build())

    def says(self) -> str:
        """The caption and the message: text alternative, title and caption on the page."""
        caption = self.declared.caption.format(place=self.place)
        return f"{caption}: {self.declared.says(*self.subject)}." if caption else self.declared.says(*self.subject)

    def file(self, form: Format = "svg", dpi: float = 160.0) -> bytes:
        """The content of its file; an SVG says in words what it shows.

        Parameters
        ----------
        dpi : float, dots per inch of a PNG

        """
        from designer.report.canvas import as_bytes, as_file, svg

        fig = self.draw()
        return as_file(svg(fig), self.says()).encode() if form == "svg" else as_bytes(fig, form, dpi)


def _plain(result: Result, name: str) -> tuple[Plain, tuple[str, ...], Problem]:
    return result.channels[name].plain, result.channels[name].plain_names, result.problem


LAYOUT = Declared(of="problem", kind="layout", caption="The layout, from above, front and side", build=layout.layout_figure,
                  says=layout.layout_words, core=True)  # fmt: skip
BODY = Declared(of="problem", kind="body", caption="The body in three dimensions, with its drivers", build=body_view.body_figure,
                says=body_view.body_words, shown=lambda problem: problem.body.surface is not None)  # fmt: skip
ROOM_PLAN = Declared(of="problem", kind="room-plan", caption="The room, from above and from the side", build=room.plan_figure,
                     says=room.plan_words, shown=lambda problem: problem.room is not None)  # fmt: skip
GAIN = Declared(of="channel", kind="gain", caption="Cancellation gain over frequency, against its target",
                build=channel_curves.gain_figure, says=channel_curves.say_gain, core=True)  # fmt: skip
ISOLATION = Declared(of="channel", kind="isolation", caption="Isolation from other listeners over frequency, against its target",
                     build=isolation_curve.isolation_figure, says=isolation_curve.say_isolation,
                     shown=isolation_curve.has_isolation)  # fmt: skip
RESPONSE = Declared(of="channel", kind="response", caption="Magnitude of the realised filters, by driver",
                    build=channel_curves.response_figure, says=channel_curves.say_response, core=True)  # fmt: skip
MAP = Declared(of="channel", kind="map", caption="Level over frequency and azimuth", build=channel_maps.map_figure,
               says=channel_maps.say_map)  # fmt: skip
POLAR = Declared(of="channel", kind="polar", caption="Polar response at octaves", build=channel_maps.polar_figure,
                 says=channel_maps.say_polar, core=True)  # fmt: skip
POLAR_WINDOW = Declared(of="channel", kind="polar-window", caption="Polar response at octaves, relative to the listening window",
                        build=channel_maps.polar_window_figure, says=channel_maps.say_polar_to_window,
                        shown=lambda result, name: result.channels[name].table.window_deg is not None)  # fmt: skip
COSTS = Declared(of="channel", kind="costs",
                 caption="Effort, white-noise gain and power ratios over frequency",
                 build=channel_curves.costs_figure, says=channel_curves.say_costs)  # fmt: skip
PLAIN = Declared(of="channel", kind="plain", caption="Plain playback by its ways over frequency",
                 build=lambda result, name: before_design.plain_figure(*_plain(result, name)),
                 says=lambda result, name: before_design.say_plain(*_plain(result, name)),
                 shown=lambda result, name: len(result.channels[name].plain.crossover.crossings_hz) > 0)  # fmt: skip
TONE = Declared(of="channel", kind="tone", caption="Magnitude deviation at the bright point, against plain playback",
                build=channel_curves.tone_figure, says=channel_curves.say_tone)  # fmt: skip
TIME = Declared(of="channel", kind="time", caption="Group delay, impulse and step at the bright point",
                build=channel_time.time_figure, says=channel_time.say_time)  # fmt: skip
ZONE = Declared(of="channel", kind="zone", caption="Cancellation gain over the listener's place and turn",
                build=channel_maps.zone_figure, says=channel_maps.say_zone, shown=channel_maps.has_zone)  # fmt: skip
PHANTOM = Declared(of="channel", kind="phantom",
                   caption="Level and time between the ears of sound from the middle, over the listener's place",
                   build=channel_maps.phantom_figure, says=channel_maps.say_phantom, shown=channel_maps.has_phantom)  # fmt: skip
TOLERANCE = Declared(of="channel", kind="tolerance", caption="Cancellation gain over product line and heads",
                     build=channel_curves.tolerance_figure, says=channel_curves.say_tolerance,
                     shown=lambda result, name: name in result.tolerances)  # fmt: skip
ROOM = Declared(of="channel", kind="room",
                caption="In the room: critical distance, clarity, coherence between the ears and early lateral energy by octave",
                build=room.room_figure, says=room.say_room, shown=lambda result, name: result.room is not None)  # fmt: skip
REALISATION = Declared(of="channel", kind="realisation",
                       caption="Cancellation gain against filter length and word length, over frequencies and points",
                       build=channel_time.realisation_figure, says=channel_time.say_realisation,
                       # not of taps from elsewhere, nor of fits too large to be kept
                       shown=lambda result, name: name in result.study and bool(result.study[name].curves))  # fmt: skip
IMPULSES = Declared(of="channel", kind="impulses", caption="Impulse responses of the realised filters",
                    build=channel_time.impulses_figure, says=channel_time.say_impulses)  # fmt: skip
LEFT_OUT = Declared(of="channel", kind="left-out",
                    caption="Designed on every second direction of the head, judged on those left out",
                    build=channel_curves.left_out_figure, says=channel_curves.say_left_out,
                    shown=lambda result, name: name in result.left_out)  # fmt: skip
DIFFERENCES = Declared(of="head", kind="listener-differences",
                       caption="Level and time between the ears{place} over frequency, beside those of real loudspeakers",
                       build=listener.differences_figure, says=listener.say_differences)  # fmt: skip
COHERENCE = Declared(of="head", kind="listener-coherence",
                     caption="Coherence between the ears{place} over frequency, beside that of real loudspeakers",
                     build=listener.coherence_figure, says=listener.say_coherence)  # fmt: skip
SEPARATION = Declared(of="upmix", kind="listener-separation",
                      caption="Levels of left, right and centre that the upmix makes of a source over its panning",
                      build=listener.separation_figure, says=listener.say_separation)  # fmt: skip
COMPARED_LAYOUTS = Declared(of="compared layouts", kind="layouts", build=layouts.layouts_figure, says=layouts.say_layouts,
                            shown=lambda view: view.differ)  # fmt: skip
COMPARED_GAIN = Declared(of="comparison", kind="gain", build=comparison.gain_figure, says=comparison.say_gain)
COMPARED_SHIFT = Declared(of="comparison", kind="head-shift", build=comparison.shift_figure, says=comparison.say_shift,
                          shown=lambda view: bool(view.shifts))  # fmt: skip
COMPARED_MAPS = Declared(of="comparison", kind="maps", build=comparison.maps_figure, says=comparison.say_maps,
                         shown=lambda view: bool(view.levels))  # fmt: skip
COMPARED_POLARS = Declared(of="comparison", kind="polars", build=comparison.polars_figure, says=comparison.say_polars,
                           shown=lambda view: bool(view.levels))  # fmt: skip
COMPARED_COSTS = Declared(of="comparison", kind="costs", build=comparison.costs_figure, says=comparison.say_costs)
BANK_PLACES = Declared(of="bank", kind="places", caption="Gain over place, with the bank and without", build=bank.places_figure,
                       says=bank.say_places)  # fmt: skip
BANK_WALK = Declared(of="bank", kind="walk", caption="Gain over time along a walk through the range", build=bank.walk_figure,
                     says=bank.say_walk, shown=lambda view: view.walk is not None)  # fmt: skip
PROVEN_GAIN = Declared(of="proof", kind="gain", caption="Cancellation gain over the band, as designed and as played",
                       build=proof.gain_figure, says=proof.say_gain, shown=lambda outcome: bool(outcome.gains))  # fmt: skip
PROVEN_RESIDUALS = Declared(of="proof", kind="residuals", caption="Residual of each driver's response to the design's filters",
                            build=proof.residuals_figure, says=proof.say_residuals)  # fmt: skip
PROVEN_RESPONSES = Declared(of="proof", kind="responses", caption="Responses of every channel at every driver",
                            build=proof.responses_figure, says=proof.say_responses)  # fmt: skip
PROVEN_ERRORS = Declared(of="proof", kind="errors", caption="Played feeds less the exact ones, over time: sweeps, noise and silence",
                         build=proof.errors_figure, says=proof.say_errors)  # fmt: skip


def declared_of(subject: str) -> tuple[Declared, ...]:
    """Kinds of figures of a subject, in the page's order."""
    return tuple(kind for kind in globals().values() if isinstance(kind, Declared) and kind.of == subject)


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
    of: str, *subject: Any, kinds: Collection[str] | None = None, front: str = "", end: str = "", place: str = ""
) -> dict[str, Picture]:
    chosen = (kind for kind in declared_of(of) if kinds is None or kind.kind in kinds)
    return {f"{front}{kind.kind}{end}": Picture(kind, subject, place) for kind in chosen if kind.shown(*subject)}


def listener_pictures(result: Result, kinds: Collection[str] | None = None) -> dict[str, Picture]:
    """Pictures of each head, numbered from the second on, and the upmix: file's stem -> picture; none without [virtualizer]."""
    shown: dict[str, Picture] = {}
    if kinds is not None and not any(kind.kind in kinds for of in ("head", "upmix") for kind in declared_of(of)):
        return shown
    views = listener.head_views(result)
    for number, view in enumerate(views):
        several = len(views) > 1
        end, place = f"-{number + 1}" if number else "", f" at {view.name}" if several else ""
        shown |= _of("head", view, kinds=kinds, end=end, place=place)
    if views and views[0].listening.chain.upmix:
        shown |= _of("upmix", listener.panned(views[0].listening.chain.sample_rate_hz), kinds=kinds)
    return shown


def pictures(result: Result, kinds: Collection[str] | None = None) -> dict[str, Picture]:
    """Every figure of a design, or those of some kinds: file name without suffix -> picture.

    What tells whether there is a figure of a kind may be dear: it is computed of these kinds alone.
    """
    shown = _of("problem", result.problem, kinds=kinds)
    for name, stem in file_stems(list(result.channels)).items():
        shown |= _of("channel", result, name, kinds=kinds, front=f"{stem}-")
    return shown | listener_pictures(result, kinds)


CORE = tuple(kind.kind for of in ("problem", "channel") for kind in declared_of(of) if kind.core)
"""Kinds that `designer design` draws."""


def pictures_of(result: Result, kinds: Collection[str]) -> dict[str, Picture]:
    """The figures of some kinds.

    Raises
    ------
    UsageError : a kind of which this design has no figure, or none at all; naming those that it has

    """
    shown = pictures(result, kinds)
    missing = [kind for kind in kinds if kind not in {picture.declared.kind for picture in shown.values()}]
    if missing or not kinds:
        present = dict.fromkeys(picture.declared.kind for picture in pictures(result).values())
        got = ", ".join(missing) or "no kind"
        raise UsageError(f"figures: got {got}; expected kinds that this design has: {', '.join(present)}")
    return shown


def picture_named(result: Result, names: Sequence[str]) -> Picture:
    """One figure, by a channel's name and a kind, or by a kind alone where it is of no channel.

    Raises
    ------
    UsageError : there is none; naming the channels and the kinds that there are

    """
    *channel, kind = names or ("",)
    stems = file_stems(list(result.channels))
    shown = pictures(result, {kind}) if len(channel) <= 1 else {}
    stem = "-".join([*(stems.get(name, "") for name in channel), kind])
    if stem in shown and (shown[stem].declared.of == "channel") == bool(channel):
        return shown[stem]
    shown = pictures(result)
    alone = [name for name, picture in shown.items() if picture.declared.of != "channel"]
    kinds = dict.fromkeys(picture.declared.kind for picture in shown.values() if picture.declared.of == "channel")
    raise UsageError(
        f"figure({', '.join(map(repr, names))}): no such figure; expected {', '.join(map(repr, alone))}, or a channel"
        f" ({', '.join(map(repr, stems))}) and one of {', '.join(map(repr, kinds))}"
    )


def comparison_pictures(
    channels: Sequence[SharedChannel], shifts: Mapping[tuple[str, str], HeadShift], show: Sequence[str] = ()
) -> dict[str, Picture]:
    """The layouts, and each channel's figures, in the page's order: file name without suffix -> picture.

    Parameters
    ----------
    shifts : mapping of tuple of 2 str to HeadShift, (entry's label, channel) -> its head shifts
    show : sequence of str, labels of the designs to draw as curves of their own where there are many

    """
    stems = file_stems([channel.name for channel in channels])
    entries = {
        number: entry for channel in channels for number, entry in zip(channel.numbers, channel.entries, strict=True)
    }
    chosen = {channel.numbers[place] for channel in channels for place in chosen_entries(channel, show)}
    drawn = tuple(entries[number] for number in sorted(entries) if number in chosen)
    shown = _of("compared layouts", layouts.LayoutsView(drawn))
    for channel in channels:
        shown |= _of("comparison", comparison.channel_view(channel, shifts, show), front=f"{stems[channel.name]}-")
    return shown


def bank_pictures(view: bank.BankView) -> dict[str, Picture]:
    """The figures of a bank, in the page's order: name -> picture."""
    return _of("bank", view)


def proof_pictures(outcome: Proof) -> dict[str, Picture]:
    """The figures of a proof, in the page's order: name -> picture."""
    return _of("proof", outcome)


def _measured(problem: Problem, problem_scene: Scene) -> dict[str, Callable[[], Figure]]:
    """Figures of each measured driver, head and device of a problem."""
    builders: dict[str, Callable[[], Figure]] = {}
    names = {problem.drivers[l].name: response for l, response in problem_scene.responses.items()}
    for name, stem in file_stems(list(names)).items():
        builders[f"driver-{stem}"] = partial(measured.driver_figure, name, names[name])
    heads = {Path(head.name).stem: head for head in problem_scene.heads if isinstance(head, MeasuredHead)}
    beams_only = all(table.is_beam for table in problem.designs)
    arrivals = np.empty((0, 3)) if beams_only or problem_scene.is_measured else geometry.arrivals(problem)
    for name, stem in file_stems(list(heads)).items():
        builders[f"head-{stem}"] = partial(measured.head_figure, heads[name], arrivals)
    if problem.measured_device is not None:
        builders["device"] = partial(measured.device_figure, problem_scene, problem.measured_device)
    return builders


def problem_figures(problem: Problem, *, with_reach: bool = False) -> dict[str, Figure]:
    """Figures of `designer check`: file name without suffix -> dictionary.

    The layout, each measured driver, head and device, and on request what each design's layout could reach at best.

    Raises
    ------
    DataError : a data file cannot be used

    """
    built = {name: picture.build() for name, picture in _of("problem", problem).items()}
    crossed = [table for table in problem.designs if crossover_of(table, problem).crossings_hz]
    if not problem.data_files and not with_reach and not crossed:
        return built
    problem_scene = scene(problem)
    stems = file_stems([table.name for table in problem.designs])
    for table in crossed:
        plain, index = plain_in(table, problem_scene), driver_index(table, problem_scene.drivers)
        names = [problem_scene.drivers[index[l]] for l in plain.drivers]
        built[f"plain-{stems[table.name]}"] = before_design.plain_figure(plain, names, problem)
    for table in problem.designs if with_reach else ():
        inside = in_band(problem_scene.frequency_hz, table.band_hz)
        at_hz = spread_out(problem_scene.frequency_hz[inside], REACH_POINTS)
        built[f"reach-{stems[table.name]}"] = before_design.reach_figure(reach(table, problem_scene, at_hz))
    return built | {name: build() for name, build in _measured(problem, problem_scene).items()}


def write_problem(problem: Problem, folder: Path, *, with_reach: bool = False, force: bool = False) -> list[Path]:
    """Draw a problem's figures into a folder, for `designer check`; the files' paths. All of them, or none.

    Raises
    ------
    DataError : a data file cannot be used
    UsageError : the folder holds files that `check` did not draw
    OutputError : it cannot be written; what was there is as it was

    """
    from designer.report.canvas import svg
    from designer.report.printed import draw

    built = problem_figures(problem, with_reach=with_reach)
    files = {f"{name}.svg": svg(draw(figure)).encode() for name, figure in built.items()}
    write_folder(folder, CHECK, lay(files), force=force)
    return [folder / name for name in files]
