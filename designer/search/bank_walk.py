"""A bank judged in time: a head walks over the range, a tracker tells where it is, and filters follow.

The head goes from one end of the first key's range to the other in WALK_S, as half a cosine; over a second key's there and back. The
tracker tells its place `rate_hz` times a second, `delay_s` late and with a normal error of `jitter`; filters hold the last that it told.
Noise goes through the bank's filters, which follow what was told, as `designer.bank.walk` plays them, and is listened to where the head
is, at its ears or at the channel's own points (`designer.search.bank_listening`).

**Clicks.** A sine in the middle of the band goes through the filters, and what of the feeds' energy lies above the band comes of filters
that change. With a Kaiser window (β = 20) a fixed filter leaves less than -140 dB there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from designer import measures
from designer.arrays import Real
from designer.bank.filter_bank import FilterBank
from designer.bank.walk import Filters, Walk, along
from designer.search.bank_keys import Followed
from designer.search.bank_listening import WINDOW, Listening
from designer.search.bank_places import Values
from designer.stereo.moving import BLOCK, walk_of

WALK_S = 5.0
KAISER = 20.0
SEED = 1
EXACT, TRACKED, NEAREST, FIXED = "bank, exact place", "bank, tracked place", "nearest set, exact place", "fixed design"


@dataclass(frozen=True)
class Tracker:
    """A tracker of the keys' values while filters play.

    Attributes
    ----------
    jitter : tuple of float, standard deviation of the error of each key
    rate_hz : float, how often it tells
    delay_s : float, how late

    """

    jitter: tuple[float, ...]
    rate_hz: float = 30.0
    delay_s: float = 0.05

    def told(self, time_s: Real, place: Callable[[Real], Real]) -> Real:
        """Values (N, K) that are known at times (N,), of a head whose place (N, K) is known at any time."""
        number = np.floor(time_s * self.rate_hz + 1e-9).astype(int)
        errors = np.random.default_rng(SEED).normal(size=(number.max() + 1, len(self.jitter))) * self.jitter
        return np.asarray(place(np.maximum(number / self.rate_hz - self.delay_s, 0.0)) + errors[number])


@dataclass(frozen=True)
class Walked:
    """One channel of a bank along a walk.

    Attributes
    ----------
    channel : str
    tracker : Tracker
    time_s : (W,) float array, middles of the windows
    values : (W, K) float array, where the head is
    gain_db : mapping of str to float array, way of following -> gain (W,)
    clicks_db : mapping of str to float, way of following -> energy of a sine's feeds above the band over all of it
    sine_hz : float
    speed : tuple of float, largest speed in each key's unit a second

    """

    channel: str
    tracker: Tracker
    time_s: Real
    values: Real
    gain_db: dict[str, Real]
    clicks_db: dict[str, float]
    sine_hz: float
    speed: tuple[float, ...]

    def mean_db(self, way: str) -> float:
        """Mean gain over the walk."""
        return float(self.gain_db[way].mean())

    def low_db(self, way: str) -> float:
        """5th percentile of the gain over the walk."""
        return float(np.percentile(self.gain_db[way], 5))


def walk_place(keys: Sequence[Followed]) -> Callable[[Real], Real]:
    """Where the head is (N, K) at times (N,)."""

    def place(time_s: Real) -> Real:
        ways = [(1 - np.cos(np.pi * (n + 1) * np.clip(time_s / WALK_S, 0, 1))) / 2 for n in range(len(keys))]
        return np.stack([key.low + (key.high - key.low) * way for key, way in zip(keys, ways, strict=True)], axis=1)

    return place


def walk_through(
    bank: FilterBank, keys: Sequence[Followed], channel: str, fixed: Real, band_hz: Sequence[float], tracker: Tracker,
    listening: Listening,
) -> Walked:  # fmt: skip
    """Judge one channel of a bank along the walk.

    Parameters
    ----------
    fixed : (L, T) float array, filters of one design, for comparison
    listening : Listening, at the ears, or at the channel's points

    """
    rate, place = bank.sample_rate_hz, walk_place(keys)
    count = int(WALK_S * rate) // BLOCK
    ends_s = (np.arange(count) + 1) * BLOCK / rate
    exact = place(ends_s)
    nearest = np.array([bank.nearest_values(values) for values in exact])
    ways: dict[str, tuple[Filters | None, Real]] = {
        EXACT: (None, exact),
        TRACKED: (None, tracker.told(ends_s, place)),
        NEAREST: (None, nearest),
        FIXED: (lambda _: fixed[:, None], exact[:1].repeat(count, axis=0)),
    }

    def played(way: str, signal: Real) -> Real:
        filters, values = ways[way]
        walk = walk_of(bank, {channel: 0}, values[0]) if filters is None else Walk(filters, values[0])
        return along(walk, signal, values, BLOCK)

    if bank.sets == 1:
        del ways[NEAREST]
    size = count * BLOCK
    noise = np.random.default_rng(SEED).normal(size=(size, 1))
    sine_hz = float(np.sqrt(max(band_hz[0], 20.0) * band_hz[1]))
    sine = np.sin(2 * np.pi * sine_hz / rate * np.arange(size))[:, None]
    starts = listening.starts(size)
    middles_s = (starts + WINDOW / 2) / rate
    gain_db: dict[str, Real] = {}
    clicks_db: dict[str, float] = {}
    for way in ways:
        clicks_db[way] = _above_db(played(way, sine)[min(2 * bank.length, size // 2) :], band_hz[1], rate)
        gain_db[way] = listening.gains_db(noise, played(way, noise), starts, exact, place(middles_s))
    fine = np.linspace(0, WALK_S, 501)
    speed = np.abs(np.gradient(place(fine), fine, axis=0)).max(axis=0)
    return Walked(channel, tracker, middles_s, place(middles_s), gain_db, clicks_db, sine_hz, tuple(speed.tolist()))


def _above_db(feeds: Real, edge_hz: float, rate: float) -> float:
    """Energy of signals (N, L) above a frequency over all of it, in dB."""
    window = np.kaiser(len(feeds), KAISER)[:, None]
    energy = (np.abs(np.fft.rfft(feeds * window, axis=0)) ** 2).sum(axis=1)
    above = np.fft.rfftfreq(len(feeds), 1 / rate) > edge_hz
    return float(measures.db(energy[above].sum() / energy.sum()))


def default_jitter(keys: Sequence[Followed]) -> Values:
    """1 cm of a length, 1 degree of an angle, and of other keys a hundredth of the range."""
    of_unit = {"m": 0.01, "°": 1.0}
    return tuple(of_unit.get(key.unit, (key.high - key.low) / 100) for key in keys)
