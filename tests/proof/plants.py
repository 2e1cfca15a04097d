"""A device with faults, as naive loops play it in the time domain, and a recorder of its feeds.

Nothing here is shared with the code under test: taps by numpy's direct convolution, sections by the difference equation of direct form I.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
from export import filter_cases
from scipy.signal import resample

from designer.arrays import Real
from designer.export.filter_set import Filter, FilterSet
from designer.realization.cascade import Cascade

GAIN, LATENCY, NOISE_DB = 0.37, 700.3, -60.0


def fir() -> FilterSet:
    """Three unlike drivers, two channels; a pure delay, a driver that one channel leaves silent, a channel that waits."""
    return filter_cases.fir(taps=60)


def sections() -> FilterSet:
    """Two channels to two drivers in four sections each, behind delays."""
    return filter_cases.biquads()


def mirrored() -> FilterSet:
    """Two sides and a middle: either channel's outer filters are the other's, swapped; the middle's are the same."""
    near, far, middle = filter_cases.decaying(np.random.default_rng(11), 48)
    return filter_cases.made(
        {"left": np.array([near, middle, far]), "right": np.array([far, middle, near])}, ("l", "m", "r"), {}, "fir"
    )


def pair() -> FilterSet:
    """Two drivers that are each other's mirror image, and far apart in level: changed, each plays in the other's time."""
    own, other, _ = filter_cases.decaying(np.random.default_rng(13), 48)
    across = 0.15 * other
    return filter_cases.made({"left": np.array([own, across]), "right": np.array([across, own])}, ("l", "r"), {}, "fir")


def twins() -> FilterSet:
    """One channel to three drivers, of which the outer two have the same filter."""
    outer, middle, _ = filter_cases.decaying(np.random.default_rng(12), 48)
    return filter_cases.made({"centre": np.array([outer, middle, outer])}, ("l", "m", "r"), {}, "fir")


def mild() -> FilterSet:
    """Sections whose poles lie so near to the origin that they stay stable with the other sign in their feedback."""
    draw = np.random.default_rng(5)
    cascades = {}
    for driver in ("x", "y"):
        radius, angle = draw.uniform(0.2, 0.4, 3), draw.uniform(0.8, 2.2, 3)
        a = np.stack([-2 * radius * np.cos(angle), radius**2], axis=1)
        cascades[driver] = Cascade(draw.uniform(-1, 1, (3, 3)), a, 4)
    responses = np.array([cascade.impulse_response(200) for cascade in cascades.values()])
    return filter_cases.made({"a": responses}, ("x", "y"), {"a": cascades}, "biquad")


@dataclass(frozen=True)
class Plant:
    """Faults of a device, each by the name of a driver."""

    turned: tuple[str, ...] = ()
    feedback: tuple[str, ...] = ()
    gain: Mapping[str, float] | None = None
    late: Mapping[str, int] | None = None
    bound: Mapping[str, float] | None = None
    swapped: tuple[str, str] | None = None


SOUND = Plant()


def played(filters: FilterSet, x: Real, plant: Plant = SOUND) -> Real:
    """Feeds (N, drivers) of signals (N, channels)."""
    out = np.zeros((len(x), len(filters.drivers)))
    for one in filters.filters:
        signal = np.concatenate(
            [np.zeros(filters.delays.get(one.channel, 0)), x[:, filters.channels.index(one.channel)]]
        )
        is_sound = one.driver not in (*plant.turned, *plant.feedback)
        y = sound(one, signal[: len(x)]) if is_sound else through(one, signal[: len(x)], plant)
        out[:, filters.drivers.index(one.driver)] += y
    if plant.swapped:
        first, second = (filters.drivers.index(name) for name in plant.swapped)
        out[:, [first, second]] = out[:, [second, first]]
    for name, factor in (plant.gain or {}).items():
        out[:, filters.drivers.index(name)] *= factor
    for name, count in (plant.late or {}).items():
        column = filters.drivers.index(name)
        out[:, column] = np.concatenate([np.zeros(count), out[:, column]])[: len(out)]
    for name, level in {**dict.fromkeys(plant.feedback, 1.0), **(plant.bound or {})}.items():
        column = filters.drivers.index(name)
        out[:, column] = np.clip(out[:, column], -level, level)
    return out


KNOWN: dict[tuple[int, bytes], tuple[Filter, Real]] = {}
"""A filter's number, which it keeps as long as it stands here, and its input -> it and its output."""


def sound(one: Filter, x: Real) -> Real:
    """Output (N,) of one filter as it is designed, computed once for the same input."""
    key = (id(one), sha256(x.tobytes()).digest())
    if key not in KNOWN:
        KNOWN[key] = (one, through(one, x, SOUND))
    return KNOWN[key][1]


def through(one: Filter, x: Real, plant: Plant) -> Real:
    """Output (N,) of one filter."""
    if one.cascade is None:
        taps = one.taps[::-1] if one.driver in plant.turned and one.delay_samples is None else one.taps
        return np.convolve(x, taps)[: x.size]
    is_flipped = one.driver in plant.feedback
    signal = np.concatenate([np.zeros(one.cascade.delay_samples), x])[: x.size].tolist()
    for (b0, b1, b2), (a1, a2) in zip(one.cascade.b.tolist(), one.cascade.a.tolist(), strict=True):
        if is_flipped:
            a1, a2 = -a1, -a2
        x1 = x2 = y1 = y2 = 0.0
        result = []
        for value in signal:
            y0 = b0 * value + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            if is_flipped:  # what is unstable ends at full scale, as a fixed-point section does
                y0 = min(max(y0, -1.0), 1.0)
            x1, x2, y1, y2 = value, x1, y0, y1
            result.append(y0)
        signal = result
    return np.array(signal)


def recorded(feeds: Real, *, gain: float = GAIN, latency: float = LATENCY, noise_db: float = NOISE_DB) -> Real:
    """Feeds as a recorder has them: one gain and latency of all, of which a part is no whole sample, and white noise."""
    count = len(feeds) + int(latency) + 2000
    turns = np.exp(-2j * np.pi * np.fft.rfftfreq(2 * count) * latency)
    late = np.fft.irfft(np.fft.rfft(feeds, 2 * count, axis=0) * turns[:, None], axis=0)[:count] * gain
    rms = 10 ** (noise_db / 20) * np.abs(late).max()
    return np.asarray(late + rms * np.random.default_rng(2).standard_normal(late.shape))


def at_another_clock(feeds: Real, up: int, down: int) -> Real:
    """A signal that takes up / down as long."""
    count = -(-len(feeds) // down)
    return np.asarray(resample(np.pad(feeds, ((0, count * down - len(feeds)), (0, 0))), count * up))


def with_filters_of(filters: FilterSet, driver: str, taps: Real) -> FilterSet:
    """Filters of which those of a driver are others."""
    kept = [
        replace(one, taps=taps, cascade=None, delay_samples=None) if one.driver == driver else one
        for one in filters.filters
    ]
    return replace(filters, filters=tuple(kept))
