"""`designer new`: a first problem file for a new geometry, commented, whose requirements the layout can meet.

What the layout can do is computed first: for an ear the largest cancellation gain that any weights reach at EFFORT_DB
of effort, for the beam the depth of the nulls that its window leaves. The file asks for less, and for no more
than a cap (`within_reach`). It is then designed, and a curve that weights miss is lowered, a band that taps miss narrowed,
until the verdict on the filters is that all is met: between the grid's frequencies, too, where a curve that bends there is hardest to keep.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from designer import job
from designer.acoustics.scene import Scene
from designer.acoustics.scene_of_problem import scene
from designer.arrays import Real
from designer.designs import design_channel
from designer.designs.bounds import reachable_gain
from designer.designs.within_reach import MIN_GAIN_DB, Requirement, requirement_below
from designer.errors import UsageError
from designer.measures import db
from designer.problem import Problem, loads
from designer.problem.enclosures.box import Box
from designer.problem.library import SCHEMA_FILE, write_schema
from designer.problem.messages import number
from designer.problem.schema import DesignTable
from designer.progress import Announcement, report
from designer.requirements.channel_target import channel_target
from designer.requirements.slacks import SLACK_TOLERANCE_DB, expected_gain
from designer.search.new_geometry import Geometry
from designer.writing import check_file, reserve, write_file

EFFORT_DB = 12.0
CAP_DB = 15.0
BEAM_CAP_DB = 12.0
LOWEST_HZ, HIGHEST_HZ = 200.0, 8000.0
LOWERINGS = 16
BOX_S, OPEN_S = 20.0, 2.0
"""CPU seconds of a new file: for a box, whose field is solved, and for other shapes."""
FADE_OCTAVES = 3.0
"""Wide, because a band that begins at 200 Hz leaves a few milliseconds of taps little room to come from the plain driver in."""
LARGEST_DRIVER_M, SMALLEST_DRIVER_M = 0.03, 0.001
BOXES = ("bar", "box", "laptop")
"""Shapes whose box is solved, up to the frequency that SOLVING_MINUTES allow (a laptop: LAPTOP_MINUTES, as thin boxes take longer)."""
SOLVING_MINUTES, LAPTOP_MINUTES, SPEED_OF_SOUND_M_S = 0.025, 0.016, 343.0
MIN_SOLVED_HZ, MIN_DEPTH_M = 1000.0, 0.005
LAPTOP_DEPTH, LAPTOP_HEIGHT_M = 0.7, 0.025
"""Depth of a laptop's case over its width, and its height: a thinner case takes more rectangles."""
LAPTOP_DRIVER_M, LAPTOP_AHEAD = 0.01, 0.06
"""Largest radius of a laptop's driver, and its distance in front of the middle over the width: beside the keyboard."""
LAPTOP_ELEVATION_DEG = 40.0
"""Elevation of the head of a person in front of a laptop."""


def box_size_m(geometry: Geometry) -> list[float]:
    """Depth, width and height of a bar, box or laptop, with room for its drivers."""
    if geometry.shape == "laptop":
        height_m = min(LAPTOP_HEIGHT_M, geometry.width_m / 4)
        return [_rounded(LAPTOP_DEPTH * geometry.width_m, 3), geometry.width_m, _rounded(height_m, 3)]
    spots = places(geometry)
    height_m = _rounded(min(max(4 * spots[0].radius_m, 0.04), geometry.width_m), 3)
    depth_m = max(-2 * spots[0].position_m[0], MIN_DEPTH_M) if geometry.shape == "box" else height_m
    return [_rounded(depth_m), geometry.width_m, height_m]


def highest_asked_hz(geometry: Geometry) -> float:
    """Highest frequency of a device's requirements; of a box, the highest that its minutes allow to solve."""
    if geometry.shape not in BOXES:
        return HIGHEST_HZ
    box = Box(size_m=box_size_m(geometry))
    most_minutes = min(SOLVING_MINUTES, LAPTOP_MINUTES) if geometry.shape == "laptop" else SOLVING_MINUTES
    for highest_hz in np.arange(HIGHEST_HZ, MIN_SOLVED_HZ, -100.0).tolist():
        if box.effort(2 * math.pi * highest_hz / SPEED_OF_SOUND_M_S, geometry.drivers).minutes <= most_minutes:
            return float(highest_hz)
    return MIN_SOLVED_HZ


@dataclass(frozen=True)
class Place:
    """One driver."""

    name: str
    position_m: tuple[float, float, float]
    azimuth_deg: float
    radius_m: float
    elevation_deg: float = 0.0

    @property
    def facing_deg(self) -> tuple[float, float]:
        """Azimuth and elevation."""
        return self.azimuth_deg, self.elevation_deg


def places(geometry: Geometry) -> list[Place]:
    """The drivers, from the listener's left (the device's -y) to the right."""
    count, half = geometry.drivers, geometry.width_m / 2
    elevation_deg = 90.0 if geometry.shape == "laptop" else 0.0  # up, out of the top
    if geometry.shape == "sphere":
        azimuths = np.linspace(-90.0, 90.0, count)
        radius = min(LARGEST_DRIVER_M, 0.4 * half * math.radians(180.0 / (count - 1)), 0.3 * half)
        turns = np.radians(azimuths)
        spots = [(half * math.cos(a), half * math.sin(a), 0.0) for a in turns]
    elif geometry.shape == "box":
        row = np.linspace(-half, half, count)[1:-1]
        radius = min(LARGEST_DRIVER_M, 0.4 * geometry.width_m / (count - 1))
        azimuths = np.array([-90.0, *np.zeros(count - 2), 90.0])
        back = -min(half, 2 * math.floor(1000 * radius) / 1000)  # the middle of a side
        spots = [(back, -half, 0.0), *((0.0, float(y), 0.0) for y in row), (back, half, 0.0)]
    elif geometry.shape == "laptop":
        radius = min(LAPTOP_DRIVER_M, geometry.width_m / 20)
        azimuths = np.zeros(count)
        ahead_m, up_m = LAPTOP_AHEAD * geometry.width_m, box_size_m(geometry)[2] / 2
        spots = [(ahead_m, side * (half - 1.5 * radius), up_m) for side in (-1, 1)]
    else:
        radius = min(LARGEST_DRIVER_M, 0.4 * geometry.width_m / max(count - 1, 1), half / 2)
        azimuths = np.zeros(count)
        edge = half if geometry.shape == "pair" else half - 1.1 * radius
        spots = [(0.0, float(y), 0.0) for y in np.linspace(-edge, edge, count)]
    names = ["left", "right"] if count == 2 else ["left", *(f"d{n}" for n in range(2, count)), "right"]
    if count == 3:
        names[1] = "front"
    return [
        Place(
            name,
            (_rounded(x), _rounded(y), _rounded(z)),
            float(azimuth),
            math.floor(1000 * radius) / 1000,
            elevation_deg,
        )
        for name, (x, y, z), azimuth in zip(names, spots, azimuths, strict=True)
    ]


def _check_room(geometry: Geometry) -> None:
    """Refuse more drivers than have room side by side."""
    if places(geometry)[0].radius_m < SMALLEST_DRIVER_M:
        raise UsageError(
            f"--drivers: got {geometry.drivers} on {number(geometry.width_m)} m; expected drivers of at least"
            f" {number(1000 * SMALLEST_DRIVER_M)} mm in radius; lower --drivers, or raise --width"
        )


def head_m(geometry: Geometry) -> tuple[float, float, float]:
    """Centre of the listener's head: straight ahead, and above a laptop."""
    up = math.radians(LAPTOP_ELEVATION_DEG) if geometry.shape == "laptop" else 0.0
    return _rounded(geometry.distance_m * math.cos(up), 3), 0.0, _rounded(geometry.distance_m * math.sin(up), 3)


def _rounded(value: float, digits: int = 6) -> float:
    return round(value, digits) + 0.0


def new_problem(geometry: Geometry) -> tuple[str, list[str]]:
    """Text of a problem file for a geometry, and remarks for the user.

    Raises
    ------
    UsageError : the geometry is not allowed, or nothing that is worth asking for is within its reach

    """
    geometry.check()
    _check_room(geometry)
    highest_hz = highest_asked_hz(geometry)
    wide = Requirement((LOWEST_HZ, highest_hz), ())
    open_problem = loads(
        text_of(geometry, replace(wide, curve=((LOWEST_HZ, 0.0),)), wide if geometry.drivers > 2 else None),
        source="new",
    )
    seconds = BOX_S if geometry.shape in BOXES else OPEN_S
    report(Announcement(f"finding requirements that the {geometry.shape} meets, about {seconds:.0f} CPU s", seconds))
    on_grid = scene(open_problem)
    on_grid.prepare()
    inside = on_grid.frequency_hz[(on_grid.frequency_hz >= LOWEST_HZ) & (on_grid.frequency_hz <= highest_hz)]
    narrowed = on_grid.at(inside)
    left, right, *beams = open_problem.designs
    bound = np.minimum(*(db(reachable_gain(channel_target(table, narrowed))) for table in (left, right)))
    ears = requirement_below(inside, bound, CAP_DB)
    if ears is None:
        band = f"{LOWEST_HZ:.0f} Hz to {number(round(highest_hz / 1000, 1))} kHz"
        raise UsageError(
            f"no octave from {band} leaves {MIN_GAIN_DB:z.0f} dB of cancellation gain at {EFFORT_DB:z.0f} dB of effort:"
            " raise --width, or lower --distance"
        )
    beam = requirement_below(inside, depth_db(beams[0], narrowed), BEAM_CAP_DB) if beams else None
    remarks = (
        ['no design "centre" is written: the layout makes no beam over an octave'] if beams and beam is None else []
    )
    for attempt in range(1, LOWERINGS + 1):
        report(f"designing the requirements, attempt {attempt} of at most {LOWERINGS}")
        text = text_of(geometry, ears, beam)
        missed, realised = missed_db(loads(text, source="new"))
        sides, centre = max(missed["left"], missed["right"]), missed.get("centre", 0.0)
        short_sides = max(realised["left"], realised["right"]) > SLACK_TOLERANCE_DB
        short_centre = realised.get("centre", 0.0) > SLACK_TOLERANCE_DB
        if sides <= 0 and centre <= 0 and not short_sides and not short_centre:
            return text, remarks
        ears = ears.lowered(_half_steps(sides)) if sides > 0 or not short_sides else ears.narrowed()
        if beam is not None:
            beam = beam.lowered(_half_steps(centre)) if centre > 0 or not short_centre else beam.narrowed()
            if beam.band_hz[1] < 2 * beam.band_hz[0]:
                beam, remarks = None, ['no design "centre" is written: the filters keep no beam over an octave']
    raise UsageError("no requirements were found that this layout meets: raise --width, or lower --distance")


def _half_steps(decibel: float) -> float:
    return math.ceil(2 * decibel) / 2 if decibel > 0 else 0.0


def depth_db(beam: DesignTable, on_grid: Scene) -> Real:
    """The gain over the nulls (F,) that the curve is held against, as large as window and effort allow; -inf where the window fails."""
    solved = design_channel(beam, on_grid)
    gain_db = db(expected_gain(channel_target(beam, on_grid, solved.plain), solved.weights))
    return np.asarray(np.where(solved.slack_db <= SLACK_TOLERANCE_DB, gain_db, -np.inf))


def missed_db(problem: Problem) -> tuple[dict[str, float], dict[str, float]]:
    """How far each channel misses its requirements: with its weights (0 where all hold), and with its realised filters."""
    result = job.design(problem)
    weights = {n: 0.0 if channel.feasible else float(channel.slack_db.max()) for n, channel in result.channels.items()}
    realised = {n: max(outcome.missed_db for outcome in numbers.outcomes) for n, numbers in result.scalars.items()}
    return weights, realised


def text_of(geometry: Geometry, ears: Requirement, beam: Requirement | None) -> str:
    """The problem file."""
    pair = geometry.drivers == 2
    parts = [
        f"#:schema ./{SCHEMA_FILE}",
        "# Written by `designer new`. The requirements below are within reach of the layout as modelled: `designer check --reach`",
        "# shows by how much, and what drivers that differ leave of it. Left and right are the listener's, who faces the device:",
        "# the listener's left is at negative y.",
        f'title = "{geometry.title}"',
        "sample_rate_hz = 48000",
        "",
        *_enclosure(geometry),
        "# Positions are [front, the device's left (the listener's right), up] from the device's centre, in metres.",
    ]
    for place in places(geometry):
        parts += [
            "[[drivers]]",
            f'name = "{place.name}"',
            f"position_m = [{', '.join(_toml(x) for x in place.position_m)}]",
            f"facing_deg = [{', '.join(map(_toml, place.facing_deg))}]            # azimuth (counter-clockwise from the front), elevation",
            f"radius_m = {_toml(place.radius_m)}                   # of the cone",
            "# band_hz = [150.0, 16000.0]       # outside it the driver is to stay quiet",
            "# max_gain_db = 12.0",
            '# response = "driver.frd"          # measured, instead of the model',
            "",
        ]
    parts += [
        "[listener]",
        f"position_m = [{', '.join(map(_toml, head_m(geometry)))}]      # centre of the head, which faces the device",
        'head = "sphere"                     # or a measured head: the path of a SOFA file',
        "# The head's displacements that a design holds over: a single place loses everything as the head moves by 3 cm.",
        "ear_cloud_m = [[0, 0, 0], [0, 0.03, 0], [0, -0.03, 0], [0.03, 0, 0], [-0.03, 0, 0]]",
        "",
    ]
    for side in ("left", "right"):
        parts += [
            "[[designs]]",
            f'name = "{side}"                       # the channel',
            f'kind = "{"ctc" if pair else "null-steering"}"',
            f'ear = "{side}"                        # the bright ear; the other is cancelled',
            *_requirement(ears),
            f"max_effort_db = {_toml(EFFORT_DB)}                # what the cancellation may cost in driver power",
            "# driver_spread = true              # hold the curve over drivers that differ by 0.5 dB and 3 degrees, or as in [tolerance]",
            "",
        ]
    if beam is not None:
        parts += [
            "[[designs]]",
            'name = "centre"',
            'kind = "beamformer"',
            "look_deg = 0.0",
            "nulls_deg = [-90.0, 90.0]           # each an arc, null_width_deg wide",
            *_requirement(beam),
            f"max_effort_db = {_toml(EFFORT_DB)}",
            "driver_spread = true                # the curve holds over drivers that differ by 0.5 dB and 3 degrees, or as in [tolerance]",
            "window_deg = [-30.0, 30.0]          # where the level stays within the ripple of the on-axis level",
            "window_ripple_db = 6.0",
            "",
        ]
    parts += [
        "[grid]",
        "refine = true                       # the curves' points are frequencies of the design, too",
        "",
        "[realization]",
        'form = "fir"                        # or "rtf", "biquad"',
        "taps = 512                          # more of them keep more of the requirements at low frequencies",
        "",
    ]
    return "\n".join(re.sub(r" +(#)", _comment_column, line) for line in parts)


def _comment_column(match: re.Match[str]) -> str:
    return " " * max(1, 36 - match.start()) + match[1]


def _enclosure(geometry: Geometry) -> list[str]:
    if geometry.shape == "sphere":
        radius = _toml(_rounded(geometry.width_m / 2))
        return ["[enclosure]", 'model = "sphere"', f"radius_m = {radius}", ""]
    if geometry.shape == "pair":
        return []
    size_m = box_size_m(geometry)
    is_laptop = geometry.shape == "laptop"
    centre = [
        "# The box is the case without the screen, because a body is one box. The origin is its centre."
        if is_laptop
        else f"centre_m = [{_toml(-size_m[0] / 2)}, 0.0, 0.0]          # the front is at x = 0"
    ]
    return [
        "[enclosure]",
        'model = "box"',
        f"size_m = [{', '.join(map(_toml, size_m))}]        # depth, width, height",
        *centre,
        f"highest_hz = {_toml(highest_asked_hz(geometry))}                # end of the box's solution; a higher one takes longer",
        "",
    ]


def _requirement(requirement: Requirement) -> list[str]:
    curve = ", ".join(f"[{_short(f)}, {_short(gain)}]" for f, gain in _corners(requirement.curve))
    return [
        f"band_hz = [{_toml(requirement.band_hz[0])}, {_toml(requirement.band_hz[1])}]",
        f"fade_octaves = {FADE_OCTAVES}                  # from the design to the plain driver, outside the band",
        *([f"cancellation_gain_db = [{curve}]  # target curve: [frequency_hz, gain_db], ..."] if curve else []),
    ]


def _corners(curve: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Curve without the points that lie between two of the same gain."""
    last = len(curve) - 1
    return [
        point for n, point in enumerate(curve) if n in (0, last) or not curve[n - 1][1] == point[1] == curve[n + 1][1]
    ]


def _toml(value: float) -> str:
    return repr(float(value))


def _short(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def write_new(path: Path, geometry: Geometry, *, force: bool = False) -> list[str]:
    """Write the problem file, and beside it the JSON schema that its first line names, if it is not there.

    Returns
    -------
    Lines for the user

    Raises
    ------
    UsageError : the file exists already, its folder does not, or the geometry is not allowed
    OutputError : it cannot be written; what was there is as it was

    """
    if path.suffix != ".toml":
        raise UsageError(f"{path}: got no name of a problem file; expected a name that ends in .toml")
    if not path.parent.is_dir():
        if path.parent.exists():
            raise UsageError(f"{path}: {path.parent} is a file; expected a folder; choose another place")
        raise UsageError(
            f"{path}: got no folder {path.parent}; expected a folder; make it first, or choose another place"
        )
    check_file(path, force=force)
    reserve(path)
    text, remarks = new_problem(geometry)
    with contextlib.ExitStack() as undo:
        if schema := write_schema(path.parent):
            undo.callback(schema.unlink)
            remarks.append(f"wrote {schema}, by which an editor completes and checks keys")
        write_file(path, lambda place: _write_text(place, text))
        undo.pop_all()
    return [*remarks, f"wrote {path}", f"next: designer check {path}, then designer design {path}"]


def _write_text(place: Path, text: str) -> None:
    place.write_text(text, encoding="utf-8")
