"""A channel's figures: how each is drawn, when there is something to draw, and what it says in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from designer.evaluation.listening_zone import HALF_WIDTH_M
from designer.evaluation.words import hz
from designer.measures import lowest_hz
from designer.report import azimuth_plots, frequency_plots, head_plots, place_plots, realisation_plots, time_plots
from designer.report.room_plots import draw_room
from designer.report.tolerance_plot import draw_tolerance
from designer.result import Result

Draw = Callable[[Result, str], Figure]
Says = Callable[[Result, str], str]
Holds = Callable[[Result, str], bool]


def _always(result: Result, name: str) -> bool:
    return True


@dataclass(frozen=True)
class ChannelFigure:
    """One figure of a channel.

    Attributes
    ----------
    caption : what it shows
    draw : of a result and a channel's name
    says : its message in a sentence or two, with the numbers that it is drawn for
    shown : whether there is something to draw

    """

    caption: str
    draw: Draw
    says: Says
    shown: Holds = _always


def _numbers(result: Result, name: str) -> dict[str, float]:
    return result.scalars[name].values


def _band(result: Result, name: str) -> str:
    low, high = result.channels[name].table.band_hz
    return f"from {hz(low)} to {hz(high)}"


def _cancellation(result: Result, name: str) -> str:
    n = _numbers(result, name)
    moved = (
        f"; with the head moved, half of the gains are above {n['moved_head_median_db']:.1f} dB and 95 % above"
        f" {n['moved_head_5th_percentile_db']:.1f} dB"
        if "moved_head_median_db" in n
        else ""
    )
    return (
        f"{_band(result, name)} the realised gain is {n['mean_cancellation_gain_db']:.1f} dB in the mean and"
        f" {n['least_cancellation_gain_db']:.1f} dB at least{moved}"
    )


def _filters(result: Result, name: str) -> str:
    return f"the loudest filter has a gain of {_numbers(result, name)['largest_driver_gain_db']:.1f} dB"


def _map(result: Result, name: str) -> str:
    f, azimuth, level, reference = azimuth_plots.relative_db(result, name)
    low, high = result.channels[name].table.band_hz
    inside = (f >= low) & (f <= high)
    at = np.unravel_index(np.argmin(np.where(inside[:, None], level, np.inf)), level.shape)
    return (
        f"in the band the least level is {max(level[at], -99.0):.0f} dB re {reference}, at {hz(float(f[at[0]]))} and"
        f" {azimuth[at[1]]:.0f} degrees"
    )


def _polar(result: Result, name: str) -> str:
    f, azimuth, level, reference = azimuth_plots.relative_db(result, name)
    band_hz = result.channels[name].table.band_hz
    middle_hz = np.sqrt(lowest_hz(band_hz) * band_hz[1])
    row = int(np.argmin(np.abs(np.log(f / middle_hz))))
    sides = [f"{round(level[row, np.argmin(np.abs(azimuth - a))]) + 0:d} dB at {a} degrees" for a in (-90, 0, 90)]
    return f"at {hz(float(f[row]))}: {', '.join(sides)}, re {reference}"


def _costs(result: Result, name: str) -> str:
    n = _numbers(result, name)
    return (
        f"{_band(result, name)} the effort is at most {n['largest_effort_db']:.1f} dB and the white-noise gain at least"
        f" {n['least_white_noise_gain_db']:.1f} dB"
    )


def _tone(result: Result, name: str) -> str:
    f, level = time_plots.tone_db(result, name)
    smooth = np.abs(time_plots.third_octaves_db(f, level))
    heard = (f >= 100) & (f <= 16_000)
    at = int(np.argmax(np.where(heard, smooth, 0.0)))
    return f"smoothed to third octaves the tone leaves the plain driver's by {smooth[at]:.1f} dB at most, at {hz(float(f[at]))}"


def _time(result: Result, name: str) -> str:
    rate = result.problem.sample_rate_hz
    arrival_ms = time_plots.arrival_s(result, name) * 1e3
    return f"the impulse arrives after {arrival_ms:.2f} ms, of which the bulk delay is {result.bulk_delay_samples / rate * 1e3:.2f} ms"


def _zone(result: Result, name: str) -> str:
    channel = place_plots.zones_of(result).square.channels[name]
    share = channel.area_m2 / (2 * HALF_WIDTH_M) ** 2
    return (
        f"the mean gain reaches the target of {channel.target_db:.1f} dB less 3 dB over {channel.area_m2:.2f} square metres,"
        f" {share * 100:.0f} % of the places within half a metre"
    )


def _phantom(result: Result, name: str) -> str:
    found = place_plots.zones_of(result).square
    aside = int(np.argmin(np.abs(found.displacements_m - [0.0, 0.1, 0.0]).sum(axis=1)))
    return (
        f"with the head 10 cm to its right, what comes from the middle ({found.middle}) is {found.level_db[aside]:+.1f} dB louder"
        f" at the left ear and {found.delay_s[aside] * 1e6:+.0f} microseconds later at the right one"
    )


def _tolerance(result: Result, name: str) -> str:
    n = result.tolerances[name].as_numbers()
    return (
        f"over the draws the mean gain is {n['tolerance_median_db']:.1f} dB in the median and {n['tolerance_5th_percentile_db']:.1f}"
        f" dB at the 5th percentile, {n['tolerance_nominal_db']:.1f} dB without errors"
    )


def _room(result: Result, name: str) -> str:
    assert result.room is not None
    band_hz = result.channels[name].table.band_hz
    own, plain = (one.measures.mean(band_hz) for one in result.room.compared(name)[:2])
    return (
        f"over the octaves of the band the critical distance is {own['critical_distance_m']:.2f} m and the interaural coherence"
        f" {own['interaural_coherence']:.2f}, with the plain driver {plain['critical_distance_m']:.2f} m and"
        f" {plain['interaural_coherence']:.2f}"
    )


def _realisation(result: Result, name: str) -> str:
    stages = result.study[name].stages
    last = list(stages)[-1]
    return (
        f"of {stages['ideal'].fifth_percentile_db:.1f} dB at the 5th percentile, the {last} filters keep"
        f" {stages[last].fifth_percentile_db:.1f} dB"
    )


def _impulses(result: Result, name: str) -> str:
    taps = result.taps[name]
    l, n = np.unravel_index(np.argmax(np.abs(taps)), taps.shape)
    return f"the largest tap is {taps[l, n]:.2f}, at sample {n} of driver {result.drivers[l]}"


def _left_out(result: Result, name: str) -> str:
    worst = max(found.largest_difference_db for found in result.left_out[name].values())
    return f"prediction and measurement are at most {worst:.1f} dB apart in the band"


def _has_zone(result: Result, name: str) -> bool:
    return result.zones is not None and name in result.zones.square.channels


def _has_phantom(result: Result, name: str) -> bool:
    if result.zones is None or not result.zones.square.middle:
        return False
    return name == ("centre" if result.zones.square.middle == "centre" else next(iter(result.zones.square.channels)))


CHANNEL_FIGURES: dict[str, ChannelFigure] = {
    "cancellation": ChannelFigure(
        "Cancellation gain over frequency, against its target", frequency_plots.draw_cancellation, _cancellation
    ),
    "filters": ChannelFigure("Magnitude of the realised filters, by driver", frequency_plots.draw_filters, _filters),
    "map": ChannelFigure("Level over frequency and azimuth", azimuth_plots.draw_map, _map),
    "polar": ChannelFigure("Polar response at octaves", azimuth_plots.draw_polars, _polar),
    "polar-window": ChannelFigure(
        "Polar response at octaves, relative to the listening window",
        azimuth_plots.draw_polars_to_window,
        _polar,
        lambda result, name: result.channels[name].table.window_deg is not None,
    ),
    "costs": ChannelFigure(
        "Effort, white-noise gain, directivity index and front-to-side power over frequency",
        frequency_plots.draw_costs,
        _costs,
    ),
    "tone": ChannelFigure("Tone of the reached point against the plain driver's", time_plots.draw_tone, _tone),
    "time": ChannelFigure("Group delay, impulse and step at the reached point", time_plots.draw_time, _time),
    "zone": ChannelFigure(
        "Cancellation gain over the listener's place and turn", place_plots.draw_zone, _zone, _has_zone
    ),
    "phantom": ChannelFigure(
        "Where what comes from the middle is heard, over the listener's place",
        place_plots.draw_phantom,
        _phantom,
        _has_phantom,
    ),
    "tolerance": ChannelFigure(
        "Cancellation gain over drawn devices and listeners",
        draw_tolerance,
        _tolerance,
        lambda result, name: name in result.tolerances,
    ),
    "room": ChannelFigure(
        "In the room: critical distance, clarity, coherence between the ears and early lateral energy by octave",
        draw_room,
        _room,
        lambda result, name: result.room is not None,
    ),
    "realisation": ChannelFigure(
        "Cancellation gain over the band and its points, against the length of the filters and of their words",
        realisation_plots.draw_realisation,
        _realisation,
        # not of taps from elsewhere, nor of fits too large to be kept
        lambda result, name: name in result.study and bool(result.study[name].curves),
    ),
    "impulses": ChannelFigure("Impulse responses of the realised filters", frequency_plots.draw_impulses, _impulses),
    "left-out": ChannelFigure(
        "Designed on every second direction of the head, judged on those left out",
        head_plots.draw_left_out,
        _left_out,
        lambda result, name: name in result.left_out,
    ),
}
