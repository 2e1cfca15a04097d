"""A problem in words, for `designer check`: the layout, who sits on which side, and what each design asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from designer.problem import geometry, room_places
from designer.problem.designs import by_name
from designer.problem.driver_ways import ways_of
from designer.problem.frequency_grid import regular_frequencies_hz
from designer.problem.listeners import Listener, NamedListener
from designer.problem.messages import enumeration, number
from designer.problem.methods import method_of
from designer.problem.schema import DesignTable, Problem, Realization, Region, Room


def explain(problem: Problem, players: Mapping[str, str] | None = None) -> Iterator[str]:
    """Lines that say how the problem was understood.

    Parameters
    ----------
    players : mapping of str to str, or None, channel whose plain playback has several ways -> who plays them (`words.players`)

    """
    yield problem.title
    yield from _device(problem)
    left = geometry.head_axes(problem.listener)[1]
    yield "drivers, as the listener sees them:"
    width = max(len(driver.name) for driver in problem.drivers)
    for driver in sorted(problem.drivers, key=lambda d: -float(np.dot(left, d.position_m))):
        x, y, z = driver.position_m
        aside = float(np.dot(left, driver.position_m))
        side = (
            "in the middle"
            if abs(aside) < 5e-4
            else f"{abs(aside) * 100:.1f} cm to the {'left' if aside > 0 else 'right'}"
        )
        source = f"piston, radius {number(driver.radius_m)} m" if driver.radius_m else "point source"
        if driver.group is not None:
            radius_m = problem.body.piston_radius_m(driver) or 0.0
            source = f'piston, group "{driver.group}" of the mesh, as large as a disc of {radius_m:.3g} m'
        if problem.measured_device is not None:
            source = "as in the file"
        elif driver.response is not None:
            source = f"measured: {driver.response}, facing {number(driver.facing_deg[0])}, {number(driver.facing_deg[1])} degrees"
        limits = [f"{number(driver.band_hz[0])} to {number(driver.band_hz[1])} Hz"] if driver.band_hz else []
        limits += [f"at most {number(driver.max_gain_db)} dB"] if driver.max_gain_db is not None else []
        place = f"[{number(x)}, {number(y)}, {number(z)}]"
        yield f"  {driver.name:{width}}  {side:20} {place:24} {', '.join([source, *limits])}"
    listeners: Sequence[Listener] = problem.listeners or [problem.listener]
    for listener in listeners:
        heads = listener.heads if problem.measured_device is None else ("as in the file",)
        yield f"{_listener(listener)}, head {', '.join(heads)}, {_cloud(listener)}"
    for region in problem.places or ():
        middle = ", ".join(number(x) for x in region.centre_m)
        yield f'place "{region.name}": {region.shape} around [{middle}], {len(region.points_m())} points, no head'
    yield (
        f"grid: {_grid(problem)}; azimuths every"
        f" {number(problem.grid.azimuth_step_deg)} degrees at {problem.azimuth_distance_m:.3g} m"
    )
    for design in problem.designs:
        yield f'design "{design.name}": {"; ".join(_requirements(design, problem.head_places))}'
        yield from _ways(design, problem, (players or {}).get(design.name, ""))
    table = problem.realization
    length = f"{table.sections} sections a driver" if table.form == "biquad" else f"{table.taps} taps"
    kind = f"{table.form}, {length}"
    if table.form == "auto":
        kind = (
            f"the cheapest form that misses no requirement by {number(table.max_loss_db)} dB more than the weights do, and changes the"
            f" level by at most {number(table.max_level_change_db)} dB"
        )
    yield f"realised as {kind}" + (f", in words of {table.word}" if table.word else "") + _limits(table)
    stereo = problem.virtualizer
    if stereo is not None:
        centre = ", the middle to the beam by the upmix" if stereo.upmix else ", no upmix"
        fitted = "a rigid sphere" if stereo.crosstalk_model == "sphere" else "the measured head"
        chain = f"both ears matched, {stereo.priority} first" if stereo.chain == "matched" else "the designs combined"
        yield f"stereo chain: a pair at +/-{number(stereo.angle_deg)} degrees, {chain}, crosstalk model of {fitted}{centre}"
    if problem.room is not None:
        yield _room(problem, problem.room)


def _device(problem: Problem) -> Iterator[str]:
    """The enclosure, and how far it is solved; or the file that replaces it, and what the model behind is still for."""
    medium = f"{number(problem.sample_rate_hz)} Hz, {number(problem.speed_of_sound_m_s)} m/s"
    if problem.measured_device is None:
        yield f"enclosure: {problem.body.described()}; {medium}"
    else:
        yield f"device: whole, from {problem.measured_device} ([scene] transfer); {medium}"
        yield (
            "  at its receivers it replaces [enclosure], radius_m, facing_deg and response of [[drivers]], and listener.head; for what"
            " has none (directivity index, white-noise gain of an ear, a circle that is not in the file) these stand:"
            f" {problem.body.described()}"
        )
    if problem.body.is_solved:
        highest_hz = problem.solved_to_hz
        size = problem.body.solving(highest_hz, problem.speed_of_sound_m_s, len(problem.drivers))
        yield f"{'' if problem.measured_device is None else '  '}{problem.body.solved(highest_hz)}; {size}"


def _ways(design: DesignTable, problem: Problem, who_plays: str) -> Iterator[str]:
    """The ways of plain playback, who plays where, and what none does."""
    ways = ways_of(design, problem)
    if len(ways.ways) == 1 and ways.spans_hz == [(0.0, math.inf)]:
        return
    nyquist_hz = problem.sample_rate_hz / 2
    by_bands = ", ".join(
        f"{_span(low, high)} by the drivers of {_span(way.low_hz, way.high_hz)}"
        for way, (low, high) in zip(ways.ways, ways.spans_hz, strict=True)
    )
    joined = f"slopes of {3 * design.crossover_order} dB an octave at its ends"
    if len(ways.ways) > 1:
        joined = f"crossovers of Linkwitz and Riley, {6 * design.crossover_order} dB an octave; {joined}"
    silent = " and ".join(_span(low, high) for low, high in ways.silent_hz(0.0, nyquist_hz))
    yield f"  plain playback: {who_plays or by_bands}; {joined}" + (f"; no driver plays {silent}" if silent else "")


def _span(low_hz: float, high_hz: float) -> str:
    low, high = number(round(low_hz)), number(round(high_hz)) if math.isfinite(high_hz) else ""
    return f"{low} to {high} Hz" if high else f"{low} Hz and up"


def _grid(problem: Problem) -> str:
    """The grid's frequencies, and what joins them."""
    regular_hz = regular_frequencies_hz(problem)
    if problem.grid.spacing == "linear":
        steps = f"{number(regular_hz[1])} Hz apart"
    else:
        octaves = math.log2(regular_hz[-1] / regular_hz[1])
        steps = f"0 and {(regular_hz.size - 2) / octaves:.3g} an octave from {number(regular_hz[1])} Hz"
    joined = (
        "the bands' ends and the curves' points, and more where phases turn"
        if problem.grid.refine
        else "the bands' ends"
    )
    return f"{regular_hz.size} frequencies, {steps}, with {joined}"


def _room(problem: Problem, room: Room) -> str:
    """Its size, its walls, and where device and listener stand."""
    size = " x ".join(number(side) for side in room.size_m)
    shares = room_places.absorption(room, problem.speed_of_sound_m_s)
    times_s = room_places.eyring_rt60_s(room, problem.speed_of_sound_m_s)
    absorbed = ", ".join(f"{share:.2f}" for share in shares)
    rt60 = f"{min(times_s):.2f}" + (f" to {max(times_s):.2f}" if len(shares) > 1 else "")
    octaves = " by octave from 125 Hz" if len(shares) > 1 else ""
    listener_m = room_places.in_room_m(room, np.array(room_places.room_listener(problem, room).position_m))
    device, listener = (", ".join(f"{x:.2f}" for x in place) for place in (room.device_m, listener_m))
    return (
        f"room: {size} m, walls absorb {absorbed}{octaves}, reverberation time {rt60} s (Eyring); device at [{device}],"
        f" facing {number(room.heading_deg)} degrees, listener at [{listener}]"
    )


def _listener(listener: Listener) -> str:
    distance_m, (x, y, _) = math.dist((0, 0, 0), listener.position_m), listener.position_m
    turn = f", turned by {number(listener.turn_deg)} degrees" if listener.turn_deg else ""
    if not isinstance(listener, NamedListener):
        return f"listener: at {distance_m:.2f} m{turn}"
    return f'listener "{listener.name}": at {distance_m:.2f} m to {number(round(math.degrees(math.atan2(y, x)), 1))} degrees{turn}'


def _cloud(listener: Listener) -> str:
    return f"{len(listener.ear_cloud_m)} displacements" if len(listener.ear_cloud_m) > 1 else "one place"


def aim_words(design: DesignTable) -> str:
    """Where a design is bright."""
    if design.is_beam:
        return f"looks to {number(design.look_deg)} degrees"
    if design.is_ear:
        return f"bright at the {design.ear} ear" + (f" of {design.listener}" if design.listener else "")
    return f"bright at {enumeration(design.bright or [])}"


def _dark(design: DesignTable) -> Iterator[str]:
    for name in design.dark or ():
        curve, weight = by_name(design.dark_gain_db, name), by_name(design.dark_weight, name)
        default = " by the cancellation gain" if design.is_ear and design.cancellation_gain_db else ""
        gains = (
            default
            if curve is None
            else f" by {', '.join(f'{number(gain)} dB at {number(f)} Hz' for f, gain in curve)}"
        )
        yield f"dark at {name}{gains}" + ("" if weight is None else f", weight {number(weight)}")


def _requirements(design: DesignTable, places: int) -> Iterator[str]:
    aim = aim_words(design)
    yield f"{design.kind}, {aim}, {number(design.band_hz[0])} to {number(design.band_hz[1])} Hz"
    if design.cancellation_gain_db:
        curve = ", ".join(f"{number(gain)} dB at {number(f)} Hz" for f, gain in design.cancellation_gain_db)
        yield f"cancellation gain of {curve}, {hold_phrase(design, places)}"
    yield from _dark(design)
    if design.diffuse_gain_db:
        curve = ", ".join(f"{number(gain)} dB at {number(f)} Hz" for f, gain in design.diffuse_gain_db)
        yield f"above the mean over all directions by {curve}"
    if design.nulls_deg:
        yield f"nulls at {', '.join(number(null) for null in design.nulls_deg)} degrees, {number(design.null_width_deg)} wide"
    if design.window_deg:
        yield f"window {number(design.window_deg[0])} to {number(design.window_deg[1])} degrees within {number(design.window_ripple_db)} dB"
    for line in design.mask or []:
        low, high = line.band_hz or design.band_hz
        arc = f"{number(line.azimuth_deg[0])} to {number(line.azimuth_deg[1])} degrees"
        yield f"mask of {number(line.max_db)} dB from {arc}, {number(low)} to {number(high)} Hz"
    for verb, regions in (("reached", design.bright_regions), ("cancelled", design.dark_regions)):
        if regions:
            yield f"{verb} over the sphere: {'; '.join(_region(region) for region in regions)}"
    if design.max_effort_db is not None:
        yield f"effort at most {number(design.max_effort_db)} dB"
    if design.min_white_noise_gain_db is not None:
        yield f"white-noise gain at least {number(design.min_white_noise_gain_db)} dB"
    yield f"method {design.method}"
    method = method_of(design)
    for key, declared in method.keys.items() if method is not None else ():
        if declared.words and getattr(design, key) is not None:
            yield declared.words.format(number(getattr(design, key)))


def judged_places(design: DesignTable) -> str:
    """Noun phrase for what a channel's gain is over, beside frequency."""
    if design.is_beam:
        return "azimuths of the arcs"
    return "dark points" if design.bright is not None else "places of the ear cloud"


def hold_phrase(design: DesignTable, places: int) -> str:
    """Adverbial phrase for what the curve is held by; an ear channel has so many places of the head."""
    all_places, at_each = (
        ("the dark azimuths", "at every dark azimuth") if design.is_beam else ("the ear cloud", "at every place")
    )
    if design.bright is not None:
        all_places, at_each = "the points of each", "at every dark point"
    if design.dark_regions is not None:
        all_places, at_each = "the regions", "over the regions"
    if design.over_heads is not None:
        return f"at the {_ordinal(design.over_heads)} percentile over heads"
    spread = design.driver_spread is not None
    if places == 1 and not design.is_beam and not spread:
        return "at the listener's one place"
    if design.hold == "mean":
        return f"in the mean over {all_places}" + (" and the drivers' spread" if spread else "")
    if design.hold == "every":
        return at_each + (" for all errors of one deviation" if spread else "")
    return f"at the {_ordinal(design.hold)} percentile over {all_places}" + (" and drawn devices" if spread else "")


def _ordinal(percentile: float) -> str:
    return number(percentile) + {1.0: "st", 2.0: "nd", 3.0: "rd"}.get(percentile, "th")


def _region(region: Region) -> str:
    if region.around_deg is not None:
        azimuth, elevation = (number(angle) for angle in region.around_deg)
        return f"{number(region.radius_deg or 0.0)} degrees around azimuth {azimuth}, elevation {elevation}"
    azimuths = " to ".join(number(angle) for angle in region.azimuth_deg)
    return f"azimuth {azimuths}, elevation {' to '.join(number(angle) for angle in region.elevation_deg)}"


def _limits(table: Realization) -> str:
    """Limits of the filters' cost, in words."""
    limits = (
        (table.max_latency_ms, "ms of latency"),
        (table.max_mac_per_s, "multiply-adds a second"),
        (table.max_bytes, "bytes"),
    )
    texts = [f"{value:,.12g} {unit}" for value, unit in limits if value is not None]
    return f"; at most {', '.join(texts)}" if texts else ""
