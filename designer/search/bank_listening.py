"""Gain of a channel along a walk, from the drivers' feeds as they change: at the ears, or at a channel's own points.

**At the ears** the feeds go on through the responses of the place where the head is, which change as it walks: a bank of its own over the
same keys, aligned and interpolated as filters are. In a window of WINDOW samples both ears hear the same noise, so that the ratio of their
spectra is that of the responses.

**At points** of a beam or a zone, those towards which sound is wanted over those where it is not, at the values of the keys in the
middle of the window. Weights of the filters that play in it are those of averaged cross-spectra, with X_l the spectrum of driver l's feed
and N that of the noise, over the bins b around a frequency,

    w_l = Σ_b X_l(b) N(b)* / Σ_b |N(b)|²

so that no frequency counts at which the noise happens to be weak. A beam whose direction turns is judged towards where it ought to look
then.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

import numpy as np

from designer import measures
from designer.acoustics.scene_of_problem import scene
from designer.acoustics.several_listeners import heard_by
from designer.arrays import Index, Real
from designer.bank.filter_bank import Axis, FilterBank, aligned_bank
from designer.bank.walk import walked
from designer.designs.all_channels import family_of, fine_scene
from designer.problem.schema import Problem
from designer.requirements.curves import in_band
from designer.search.bank_keys import Followed, problem_at
from designer.search.bank_places import Points, Values, points_of
from designer.stereo.chain import removed_samples, responses_at_ears
from designer.stereo.moving import BLOCK, ear_filters
from designer.stereo.render import ear_samples
from designer.stereo.signal_path import EARS

WINDOW = 4096
FINER = 4
"""Bins of a window's transform for each that it resolves, so that one lies near every frequency."""
AROUND = FINER * np.arange(-2, 3)
"""Bins over which cross-spectra are averaged."""
EAR_PLACES = {1: 41, 2: 13}
"""Places along each of one key or two at which responses are computed."""

POINT_WINDOWS = 41
"""Windows of a walk at points, each of which has responses of its own."""


class Listening(Protocol):
    """Where a channel is judged."""

    def starts(self, size: int) -> Index:
        """First samples (W,) of the windows of so many samples."""

    def gains_db(self, noise: Real, feeds: Real, starts: Index, exact: Real, middles: Real) -> Real:
        """Gain (W,) of the feeds (N, L) of noise (N, 1), the keys having values (blocks, K) at blocks' ends, (W, K) in windows' middles."""


@dataclass(frozen=True)
class AtEars:
    """At the two ears of a listener, by a bank of their responses over the same keys; `bright` is 0 for the left."""

    ears: FilterBank
    bright: int
    band_hz: Sequence[float]

    def starts(self, size: int) -> Index:
        """Windows that overlap by half."""
        return np.arange(WINDOW, size - WINDOW, WINDOW // 2)

    def gains_db(self, noise: Real, feeds: Real, starts: Index, exact: Real, middles: Real) -> Real:
        """Gain in the mean over the band."""
        heard = walked(ear_filters(self.ears), feeds, exact, BLOCK)[:, [self.bright, 1 - self.bright]]
        inside = in_band(np.fft.rfftfreq(WINDOW, 1 / self.ears.sample_rate_hz), self.band_hz)
        window = np.hanning(WINDOW)[:, None]
        gains = []
        for start in starts:
            power = np.abs(np.fft.rfft(heard[start : start + WINDOW] * window, axis=0)[inside]) ** 2
            gains.append(float(np.mean(measures.db(measures.ratio(power[:, 0], power[:, 1])))))
        return np.array(gains)


@dataclass(frozen=True)
class AtPoints:
    """At a channel's own points, by the values of the keys."""

    points: Callable[[Values], Points]
    sample_rate_hz: float

    def starts(self, size: int) -> Index:
        """Windows in equal steps."""
        return np.linspace(WINDOW, size - 2 * WINDOW, POINT_WINDOWS).astype(int)

    def gains_db(self, noise: Real, feeds: Real, starts: Index, exact: Real, middles: Real) -> Real:
        """Gain in the mean over the grid's frequencies in the band."""
        window, gains = np.hanning(WINDOW)[:, None], []
        for start, values in zip(starts, middles.tolist(), strict=True):
            points, part = self.points(tuple(values)), slice(start, start + WINDOW)
            nearest = np.rint(points.frequency_hz * FINER * WINDOW / self.sample_rate_hz).astype(int)
            bins = np.clip(nearest[:, None] + AROUND, 0, FINER * WINDOW // 2)
            heard, played = (
                np.fft.rfft(samples[part] * window, FINER * WINDOW, axis=0)[bins]
                for samples in (feeds[:, points.drivers], noise)
            )
            weights = (heard * played.conj()).sum(axis=1) / (np.abs(played) ** 2).sum(axis=1)
            gains.append(points.gain_of_weights_db(weights))
        return np.array(gains)


def at_points(problem: Problem, keys: Sequence[Followed], channel: str) -> AtPoints:
    """The points of a channel over the keys, which has dark ones; each place's are computed once."""
    family = family_of(problem)

    @cache
    def points(values: Values) -> Points:
        moved = problem_at(problem, keys, values)
        (table,) = (table for table in moved.designs if table.name == channel)
        of_channel = points_of(table, fine_scene(moved, family))
        assert of_channel is not None
        return of_channel

    return AtPoints(points, problem.sample_rate_hz)


def ear_places(keys: Sequence[Followed]) -> list[Real]:
    """Values of each key at which responses are computed."""
    return [np.linspace(key.low, key.high, EAR_PLACES[len(keys)]) for key in keys]


def ear_bank(
    problem: Problem, keys: Sequence[Followed], axes: Sequence[Real], listener: str | None = None
) -> FilterBank:
    """Responses (L, T) from the drivers' feeds to each ear, channels "left ear" and "right ear", at the product of some values of each key.

    The way through the air that their times leave out is the same at all values: as the head walks away, all becomes later.

    Parameters
    ----------
    listener : str or None, whose ears, where they are several; None for the first

    Raises
    ------
    DataError : a head's file cannot be used

    """
    length = ear_samples(problem.sample_rate_hz)
    scenes = [heard_by(scene(problem_at(problem, keys, values)), listener) for values in itertools.product(*axes)]
    at_places = [responses_at_ears(at_place, length) for at_place in scenes]
    removed = np.array([removed_samples(at_place, length) for at_place in scenes], dtype=float)
    shape = tuple(len(values) for values in axes)
    whole = np.array(at_places).reshape(*shape, *at_places[0].shape)
    taps = {name: np.take(whole, n, axis=len(shape)) for n, name in enumerate(EARS)}
    named = [Axis(key.key, values) for key, values in zip(keys, axes, strict=True)]
    bank = aligned_bank(named, problem.driver_names, problem.sample_rate_hz, taps, 0)
    later = (removed - removed.min()).reshape(*shape, 1)
    return replace(bank, delay_samples={name: delay + later for name, delay in bank.delay_samples.items()})
