"""Every number that is reported, declared once.

`CURVES` are columns of `metrics.csv`, `NUMBERS` stand for a channel as a whole, `ROOM` are measures by octave. Tables, page, comparison,
sweep and the notebook read them: a new number is one more entry here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from designer import measures
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.measures import amplitude_db, db
from designer.metrics import powers
from designer.metrics.powers import Powers
from designer.metrics.realised import Realised as Realised
from designer.requirements.slacks import expected_gain
from designer.requirements.target import ChannelTarget

TONE_BAND_HZ = (100.0, 16_000.0)
RESOLUTIONS = {"dB": 0.5, "m²": 0.01, "m": 0.01, "s": 0.02, "ms": 0.1}
"""Unit -> difference up to which two designs are equal: filters that miss a requirement by 0.5 dB count as meeting it; an area of 10 cm by
10 cm; a reverberation time's just noticeable difference of 5 % in a dry room. Counts are exact.
"""
UNITS = {"db": "dB", "m2": "m²", "m": "m", "s": "s", "ms": "ms", "bytes": "bytes"}
EVERYWHERE = frozenset({"page", "comparison", "sweep"})
HEADS = EVERYWHERE | {"head"}
"""Shown for each head of a list alone, too."""


@dataclass(frozen=True)
class Metric:
    """One number.

    Attributes
    ----------
    name : str, of columns and keys, with its unit at the end
    label : str, a noun phrase for tables and axes
    definition : str, how it is computed, in a sentence
    better : int, 1 where more is better, -1 where less is, 0 where neither
    needs : set of str, "target", "regions", "moved", "draws", "zone", "cost"; the drivers apart ("drivers"), responses beside the ears'
        ("directions"); of several listeners "dark" ones, "playback" of all channels, dark "zones" of a programme, several "programmes"
    compute : callable or None, of the realised filters; None for a column of that name in another table
    on : set of str, where it is shown
    limit : str, the key of the design that bounds it
    powers : callable or None, its rows, of a curve that is a ratio of powers
    over : tuple of str, of a number the curve that it sums up over the band, and how: "mean", "log mean" or "worst"; else empty

    """

    name: str
    label: str
    definition: str
    better: int = 0
    needs: frozenset[str] = frozenset()
    compute: Callable[[Realised], Any] | None = None
    on: frozenset[str] = EVERYWHERE
    limit: str = ""
    powers: Callable[[ChannelTarget, Scene], Powers] | None = None
    over: tuple[str, str] = ("", "")

    @property
    def unit(self) -> str:
        """The unit that the name ends in; empty for a ratio."""
        if self.name.endswith("_per_s"):
            return "1/s"
        return UNITS.get(self.name.rpartition("_")[2], "")

    @property
    def resolution(self) -> float:
        """Difference up to which two designs are equal by this number."""
        return RESOLUTIONS.get(self.unit, 0.0)

    @property
    def axis(self) -> str:
        """The label with its unit."""
        return f"{self.label} in {self.unit}" if self.unit else self.label

    def text(self, value: float) -> str:
        """A value with its unit, to a tenth of a dB or a hundredth; counts whole."""
        if self.unit in ("1/s", "bytes"):
            return f"{value:,.0f} {self.unit}"
        return f"{value:z.1f} dB" if self.unit == "dB" else f"{value:.2f} {self.unit}".rstrip()


def _need(*names: str) -> frozenset[str]:
    return frozenset(names)


def _slack_db(c: Realised) -> Real:
    inside, w = c.band
    shortfalls_db = [*c.missed_db.values(), np.zeros(len(w))]
    if c.lowered:
        reached = np.sqrt(measures.mean_power(inside.bright, w))
        shortfalls_db.append(amplitude_db(inside.plain_level) - amplitude_db(reached))
    slack = np.full(c.target.frequency_hz.size, np.nan)
    slack[c.target.in_band] = np.max(shortfalls_db, axis=0)
    return slack


def _directivity(c: Realised) -> Real:
    look = np.zeros_like(c.full)
    look[:, c.index] = c.target.look
    power = c.scene.radiated_power_to(c.target.look_distance_m)
    return measures.directivity_index(look, power, c.full, c.target.look_distance_m)


def _gain_db(target: ChannelTarget, w: Complex) -> Real:
    return db(measures.cancellation_gain(target.bright, target.own_dark, w))


def _worst_db(target: ChannelTarget, w: Complex) -> Real:
    return db(target.worst_gain(w))


def _effort_db(target: ChannelTarget, w: Complex) -> Real:
    return db(measures.effort(target.bright, w))


def _white_noise_gain_db(target: ChannelTarget, w: Complex) -> Real:
    return db(measures.white_noise_gain(target.look, w, target.look_distance_m))


def _target_db(c: Realised) -> Real:
    gamma = c.target.gamma
    return np.full(len(c.w), np.nan) if gamma is None else np.where(c.target.in_band, db(gamma), np.nan)


def _margin_db(c: Realised) -> float:
    margins_db = []
    for part in c.judged:
        inside, w = part.band
        assert inside.gamma is not None
        margins_db.append(db(expected_gain(inside, w)) - db(inside.gamma))
    return float(np.concatenate(margins_db).min())


def _order_error_db(c: Realised) -> float:
    inside, w = c.band
    assert inside.regions is not None
    return float(np.abs(inside.regions.order_error_db(w)).max())


def _largest_tone_db(c: Realised) -> float:
    f = c.scene.frequency_hz
    heard = (f >= TONE_BAND_HZ[0]) & (f <= TONE_BAND_HZ[1]) & c.plain.crossover.plays(f)
    return float(np.abs(c.tone_db[heard]).max(initial=0.0))


def _of_cost(key: str) -> Callable[[Realised], Any]:
    return lambda c: float(getattr(c.cost, key))


def _drawn_percentile(percentile: float) -> Callable[[Realised], Any]:
    return lambda c: float(np.percentile(c.draws.gain_db.mean(axis=1), percentile))


def _isolation_db(target: ChannelTarget, w: Complex) -> Real:
    """Over the other listeners and places alike, whatever their numbers of points and weights."""
    powers = [measures.mean_power(group.points, w) for group in target.dark_groups]
    return db(measures.ratio(measures.mean_power(target.bright, w), np.mean(powers, axis=0)))


def _error_db(c: Realised) -> Real:
    """At the bright points, against plain playback as late as the filters."""
    p, desired = (
        measures.pressure(c.target.bright, w[:, c.index]) for w in (c.full, c.playback.desired(c.design, c.scene))
    )
    return db(measures.reproduction_error(p, desired))


def _log_mean(c: Realised, curve_db: Real) -> float:
    """Mean of a curve in dB (F,) over log f in the band."""
    inside = c.target.in_band
    return float(curve_db[inside] @ measures.octave_shares(c.scene.frequency_hz[inside], c.design.band_hz))


def _of_programmes(kind: str, label: str) -> tuple[Metric, ...]:
    """Numbers of the isolation of "zones" or of "programmes"."""
    name, title = f"inter_{kind[:-1]}_isolation", label[0].lower() + label[1:]
    key, over_draws = f"{kind}_db", "5th percentile over drawn devices"

    def means(values: Real) -> float:
        return float(np.percentile(values.mean(axis=1), 5.0))

    return (
        Metric(f"mean_{name}_db", f"Mean {title}", "mean in dB over log f in the band", 1, _need(kind),
               lambda c: _log_mean(c, getattr(c.isolations, key))),
        Metric(f"moved_{name}_5th_percentile_db", f"Heads moved: 5th percentile of {title}",
               "5th percentile over heads off their clouds and frequencies off the grid", 1, _need(kind, "moved"),
               lambda c: float(np.percentile(getattr(c.moved.isolations, key), 5.0))),
        Metric(f"tolerance_{name}_5th_percentile_db", f"Tolerances: 5th percentile of the mean {title}", over_draws, 1,
               _need(kind, "draws"), lambda c: means(getattr(c.draws.isolations, key))),
        Metric(f"room_{name}_db", f"Room: mean {title}", "mean in dB over log f in the band, direct and reflected sound together", 1,
               _need(kind, "room"), lambda c: float(getattr(c.room.isolations, key).mean())),
        Metric(f"room_{name}_5th_percentile_db", f"Room: 5th percentile of the mean {title}", over_draws, 1,
               _need(kind, "room"), lambda c: means(getattr(c.room.drawn_isolations, key))),
    )  # fmt: skip


ANGLES = _need("drivers", "directions")
COST = _need("drivers", "cost")
PRICED = frozenset({"page", "sweep"})
"""Cost of filters stands on the page and in a sweep; a comparison is of what is heard, and names length and latency beside."""
CURVES = (
    Metric("cancellation_gain_db", "Cancellation gain", "mean power over the bright points over that over the dark ones", 1,
           compute=lambda c: _gain_db(c.target, c.w), powers=powers.gain),
    Metric("target_db", "Target curve", "the cancellation gain that is asked for, in the band", compute=_target_db),
    Metric("worst_cancellation_gain_db", "Gain at the worst point", "the smallest ratio at one displacement or azimuth", 1,
           compute=lambda c: _worst_db(c.target, c.w), powers=powers.worst_gain),
    Metric("effort_db", "Effort", "power fed to all drivers over the single best driver's at equal level", -1, _need("drivers"),
           lambda c: _effort_db(c.target, c.w), limit="max_effort_db", powers=powers.inverse_effort),
    Metric("white_noise_gain_db", "White-noise gain", "power at the look point over the power fed to all drivers", 1, ANGLES,
           lambda c: _white_noise_gain_db(c.target, c.w), limit="min_white_noise_gain_db", powers=powers.white_noise_gain),
    Metric("directivity_index_db", "Directivity index", "power in the look direction over the mean over the sphere", 1, ANGLES,
           lambda c: db(_directivity(c)), powers=powers.directivity),
    Metric("slack_db", "Slack", "by how much the requirement or limit missed most is missed, in the band", -1, compute=_slack_db,
           on=frozenset()),
    Metric("isolation_db", "Isolation", "mean power at the bright points over the mean of that at each other listener and place", 1,
           _need("dark"), lambda c: _isolation_db(c.target, c.w), powers=powers.isolation),
    Metric("inter_zone_isolation_db", "Inter-zone isolation",
           "all channels of a programme together: mean power at its listeners over the mean of that at each dark listener and place", 1,
           _need("zones"), lambda c: c.isolations.zones_db),
    Metric("inter_programme_isolation_db", "Inter-programme isolation",
           "at a programme's listeners, its mean power over that of all other programmes, equally loud", 1,
           _need("programmes"), lambda c: c.isolations.programmes_db),
    Metric("reproduction_error_db", "Reproduction error", "squared error of the pressure at the bright points against plain playback's,"
           " over the latter squared", -1, _need("drivers", "playback"), _error_db),
)  # fmt: skip
NUMBERS = (
    Metric("least_margin_to_target_db", "Least margin to the target curve",
           "power ratio that the curve is held by, less its target: least in the band, between the grid's frequencies too", 1,
           _need("target"), _margin_db),
    Metric("least_region_power_ratio_db", "Least power ratio between regions of the sphere", "its least in the band", 1,
           _need("regions"), lambda c: float(db(c.band[0].power_ratio(c.band[1])).min())),
    Metric("largest_region_order_error_db", "Truncation error of the order of harmonics, at most", "change of that ratio at a finer order",
           -1, _need("regions"), _order_error_db, EVERYWHERE - {"comparison"}),
    Metric("mean_cancellation_gain_db", "Mean cancellation gain", "mean in dB over the grid's frequencies in the band, all alike", 1,
           compute=lambda c: float(np.mean(_gain_db(*c.band))), on=HEADS,
           over=("cancellation_gain_db", "mean")),
    Metric("least_cancellation_gain_db", "Least cancellation gain", "its least in the band", 1,
           compute=lambda c: float(_gain_db(*c.band).min()), on=HEADS,
           over=("cancellation_gain_db", "worst")),
    Metric("least_worst_cancellation_gain_db", "Least gain at any one point", "the worst point's gain, least in the band", 1,
           compute=lambda c: float(_worst_db(*c.band).min()),
           over=("worst_cancellation_gain_db", "worst")),
    Metric("mean_isolation_db", "Mean isolation", "mean in dB over log f in the band", 1,
           _need("dark"), lambda c: _log_mean(c, _isolation_db(c.target, c.w)),
           over=("isolation_db", "log mean")),
    Metric("least_isolation_db", "Least isolation", "its least in the band", 1,
           _need("dark"), lambda c: float(_isolation_db(*c.band).min()),
           over=("isolation_db", "worst")),
    Metric("moved_isolation_5th_percentile_db", "Heads moved: 5th percentile of isolation",
           "5th percentile over heads off their clouds and frequencies off the grid", 1,
           _need("dark", "moved"), lambda c: c.moved.isolation_percentile_db(5.0)),
    Metric("moved_head_median_db", "Head moved: median gain", "median over heads off the cloud and frequencies off the grid", 1,
           _need("moved"), lambda c: c.moved.median_db, HEADS),
    Metric("moved_head_5th_percentile_db", "Head moved: 5th percentile", "5th percentile over the same", 1,
           _need("moved"), lambda c: c.moved.fifth_percentile_db, HEADS),
    Metric("moved_head_1st_percentile_db", "Head moved: 1st percentile", "1st percentile over the same", 1,
           _need("moved"), lambda c: c.moved.first_percentile_db, HEADS),
    Metric("largest_effort_db", "Largest effort", "effort, largest in the band", -1, _need("drivers"),
           lambda c: float(_effort_db(*c.band).max()),
           over=("effort_db", "worst")),
    Metric("largest_driver_gain_db", "Largest gain of a driver", "largest magnitude of any driver's filter at any frequency", -1,
           _need("drivers"), lambda c: float(amplitude_db(c.full).max())),
    Metric("least_white_noise_gain_db", "Least white-noise gain", "white-noise gain, least in the band", 1, ANGLES,
           lambda c: float(_white_noise_gain_db(*c.band).min()),
           over=("white_noise_gain_db", "worst")),
    Metric("largest_magnitude_deviation_db", "Largest magnitude deviation, 100 Hz to 16 kHz",
           "level over plain playback's, largest magnitude", -1, _need("drivers"), _largest_tone_db),
    Metric("tolerance_nominal_db", "Tolerances: mean gain without errors", "mean over the band of the device as drawn", 1,
           _need("draws"), lambda c: float(c.draws.nominal_db.mean()), frozenset({"sweep"})),
    Metric("tolerance_median_db", "Tolerances: median of the mean gain", "median over drawn devices", 1,
           _need("draws"), _drawn_percentile(50.0)),
    Metric("tolerance_5th_percentile_db", "Tolerances: 5th percentile of the mean gain", "5th percentile over drawn devices", 1,
           _need("draws"), _drawn_percentile(5.0)),
    Metric("tolerance_1st_percentile_db", "Tolerances: 1st percentile of the mean gain", "1st percentile over drawn devices", 1,
           _need("draws"), _drawn_percentile(1.0)),
    Metric("tolerance_isolation_5th_percentile_db", "Tolerances: 5th percentile of the mean isolation", "5th percentile over drawn devices",
           1, _need("dark", "draws"), lambda c: float(np.percentile(c.draws.isolation_db.mean(axis=1), 5.0))),
    *_of_programmes("zones", "Inter-zone isolation"),
    *_of_programmes("programmes", "Inter-programme isolation"),
    Metric("log_mean_cancellation_gain_db", "Mean cancellation gain over log f", "mean in dB over log f in the band", 1,
           _need("dark"), lambda c: _log_mean(c, _gain_db(c.target, c.w)),
           over=("cancellation_gain_db", "log mean")),
    Metric("mean_reproduction_error_db", "Mean reproduction error", "mean in dB over log f in the band", -1,
           _need("drivers", "playback"), lambda c: _log_mean(c, _error_db(c))),
    Metric("moved_reproduction_error_95th_percentile_db", "Heads moved: 95th percentile of the reproduction error",
           "95th percentile over heads off their clouds and frequencies off the grid", -1,
           _need("drivers", "playback", "moved"), lambda c: float(np.percentile(c.moved.error_db, 95.0))),
    Metric("tolerance_reproduction_error_95th_percentile_db", "Tolerances: 95th percentile of the mean reproduction error",
           "95th percentile over drawn devices", -1,
           _need("drivers", "playback", "draws"), lambda c: float(np.percentile(c.draws.error_db.mean(axis=1), 95.0))),
    Metric("tolerance_95th_percentile_db", "Tolerances: 95th percentile of the mean gain", "95th percentile over drawn devices", 1,
           _need("draws"), _drawn_percentile(95.0), frozenset({"sweep"})),
    Metric("room_isolation_db", "Room: mean isolation", "mean in dB over log f in the band, direct and reflected sound together", 1,
           _need("room"), lambda c: c.room.mean_db),
    Metric("room_isolation_5th_percentile_db", "Room: 5th percentile of the mean isolation", "5th percentile over drawn devices", 1,
           _need("room"), lambda c: c.room.drawn_percentile_db(5.0)),
    Metric("left_out_heads_percentile_db", "Heads left out in turn: percentile of the mean gain",
           "[population]'s percentile over heads, each judged by filters designed for the others", 1,
           _need("population"), lambda c: c.population.percentile_db(c.design.over_heads)),
    Metric("left_out_heads_largest_loss_db", "Heads left out in turn: largest loss of the mean gain",
           "the most that a head loses by not having been designed for", -1,
           _need("population"), lambda c: c.population.largest_loss_db),
    Metric("listening_zone_m2", "Listening zone: mean gain over log f within 3 dB of the target's", "area around the listener's place", 1,
           _need("zone"), lambda c: c.zone_m2),
    Metric("multiply_adds_per_s", "Multiply-adds of the channel", "products of the channel's filters in their direct form", -1, COST,
           _of_cost("multiply_adds_per_s"), PRICED),
    Metric("coefficient_bytes", "Memory of coefficients", "bytes of the channel's coefficients in the word, floats with 4", -1, COST,
           _of_cost("coefficient_bytes"), PRICED),
    Metric("state_bytes", "Memory of state", "bytes of past samples and delays, in the same word", -1, COST,
           _of_cost("state_bytes"), PRICED),
    Metric("latency_ms", "Latency", "bulk delay of the filters", -1, COST, _of_cost("latency_ms"), PRICED),
    Metric("headroom_db", "Headroom of the channel for any input",
           "level below full scale at which no input drives a feed beyond it", -1, COST,
           _of_cost("headroom_db"), PRICED),
    Metric("worst_output_db", "Worst output of the channel for full-scale input",
           "level of the largest feed over full scale (l1 norm)", -1, COST,
           _of_cost("worst_output_db"), PRICED),
)  # fmt: skip
ON_DEMAND = frozenset({"draws", "zone", "room", "population"})
"""Needs that are dear: their numbers are not among a channel's scalars."""
ROOM = (
    Metric("direct_to_reverberant_db", "Direct over reverberant, at the ears", "energy of the direct sound over all reflections'", 1),
    Metric("critical_distance_m", "Critical distance", "where direct sound and reflections are equal", 1, on=frozenset({"figure"})),
    Metric("clarity_db", "Clarity C50", "energy up to 50 ms over what follows", 1, on=frozenset({"figure"})),
    Metric("interaural_coherence", "Interaural coherence", "largest normalised cross-correlation within 1 ms", on=frozenset({"figure"})),
    Metric("early_lateral_fraction", "Early lateral fraction", "lateral energy from 5 to 80 ms", on=frozenset({"figure"})),
    Metric("reverberation_time_s", "Reverberation time T20", "from the backward integral's fall from -5 to -25 dB"),
)  # fmt: skip
BY_NAME = {metric.name: metric for metric in (*CURVES, *NUMBERS, *ROOM)}


OF_SEVERAL = frozenset({"dark", "playback", "zones", "programmes"})
"""Needs that one listener alone does not meet: columns of these are only where there are several."""


def compute(metrics: tuple[Metric, ...], realised: Realised) -> dict[str, Any]:
    """Name -> value of those metrics whose needs are met."""
    has = realised.has
    return {
        metric.name: metric.compute(realised)
        for metric in metrics
        if metric.compute is not None and metric.needs <= has
    }


def numbers_of(realised: Realised, *, dear: bool = False) -> dict[str, float]:
    """Name -> value of a channel's numbers: those of every design, or those over drawn devices and places."""
    return compute(tuple(metric for metric in NUMBERS if bool(metric.needs & ON_DEMAND) == dear), realised)


def shown_on(place: str) -> tuple[Metric, ...]:
    """The numbers of a channel that the page, the comparison or the sweep shows."""
    return tuple(metric for metric in NUMBERS if place in metric.on)
