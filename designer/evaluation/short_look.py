"""Short look at whether refined taps would pay, in a design that does not refine them: free responses at few frequencies, drawn alike.

The responses at the ends of the band and between, as far apart as the taps can tell (`FreeResponses`), go on from
the fit's for a few iterations over drawn places and devices; the promise is what the 5th percentile gains on others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from designer import measures
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.designs import ChannelDesign
from designer.errors import DataError
from designer.evaluation.refinement import channel_problem, drawn_ears, is_refined, refinable
from designer.problem.schema import Realization
from designer.realization import Realized, response
from designer.realization.realized import TapsFit
from designer.realization.robust_taps import Lagrangian, robust_taps

FREQUENCIES = (4, 48)
"""Fewest and most."""
PLACES, DEVICES = 16, 4
ROUNDS, ITERATIONS = 6, 30
MIN_PROMISE_DB = 1.0
"""From which on the refinement is named."""


def promises_db(
    channels: Sequence[ChannelDesign], scene: Scene, realised: Realized, table: Realization
) -> dict[str, float]:
    """Name of the first ear channel with a curve -> its promise, which stands for its mirror image's; empty where none is left."""
    for n, channel in enumerate(channels):
        has_taps = len(realised.fits) > n and refinable(channel, realised, n)
        if has_taps and channel.design.cancellation_gain_db is not None and not is_refined(channel, table):
            try:
                return {channel.design.name: promise_db(channel, scene, realised, n, table)}
            except DataError:  # a measured head without the directions of the drawn places
                return {}
    return {}


def promise_db(channel: ChannelDesign, scene: Scene, realised: Realized, n: int, table: Realization) -> float:
    """About how much the refinement would raise a channel's 5th percentile in dB."""
    fit, (low_hz, high_hz) = realised.fits[n], channel.design.band_hz
    assert isinstance(fit, TapsFit)
    rate = scene.problem.sample_rate_hz
    count = int(np.clip((high_hz - low_hz) * realised.taps[n].shape[1] / rate, *FREQUENCIES))
    frequency_hz = np.linspace(low_hz, high_hz, count)
    w = response(realised.taps[n], frequency_hz, rate)[:, fit.drivers]
    bins = np.rint(frequency_hz / rate * 2 * (len(fit.symbol) - 1)).astype(int)
    problem = channel_problem(
        channel, scene, realised, n, table, frequency_hz, w, fit.symbol[bins], places=PLACES, devices=DEVICES
    )
    raised = robust_taps(problem, rounds=ROUNDS, iterations=ITERATIONS, unknowns=FreeResponses).taps
    bright, dark = drawn_ears(channel, scene, frequency_hz, places=PLACES, devices=DEVICES, run=1)
    before_db, after_db = (
        float(np.percentile(measures.db(measures.point_ratios(bright[..., fit.drivers], dark[..., fit.drivers], v)), 5))
        for v in (w, raised)
    )
    return after_db - before_db


def promise_sentence(name: str, promise_db: float) -> str:
    """Sentence that names the refinement."""
    return f"{name}: refined taps would raise the 5th percentile of its gain by about {promise_db:z.0f} dB; run designer design --refine"


@dataclass
class FreeResponses(Lagrangian):
    """The augmented Lagrangian as a function of the responses; the problem's `start` is w_0 (K, L), complex.

        maximise over w(f)    U(w)    subject to what binds the taps in the band

    T taps are a bijection of their responses at the multiples of f_s/T. At frequencies so far apart in the band each driver's response
    is a complex number of its own, and Fourier transforms fall away, with everything outside the band. What taps owe between these
    frequencies and outside the band is not counted.

    The variables are y with w = w_0 + C^-1/2 (y_1 + j y_2) at each frequency, coloured as the taps are. The gradient in them of a
    function that changes by Re Σ conj(G) dw is C^-1/2 G: its real part that of y_1, its imaginary part that of y_2.
    """

    @property
    def unknowns(self) -> int:
        """Number of y."""
        return 2 * len(self.problem.symbol) * self.problem.free.size

    @cached_property
    def _root(self) -> Complex:
        """C^-1/2 (K, L, L) of the free drivers."""
        free = self.problem.free
        values, vectors = np.linalg.eigh(self.problem.symbol[:, free[:, None], free])
        return np.asarray((vectors / np.sqrt(values)[:, None, :]) @ vectors.conj().swapaxes(1, 2))

    def _coloured(self, v: Complex) -> Complex:
        return np.asarray((self._root @ v[:, :, None])[:, :, 0])

    def filters(self, y: Real) -> Complex:
        """The responses w (K, L)."""
        w: Complex = self.problem.start.astype(complex)
        w[:, self.problem.free] += self._coloured(y.view(complex).reshape(len(w), -1))
        return w

    def spectra(self, x: Any) -> Complex:
        """The responses themselves."""
        return np.asarray(x)

    def gradient(self, G: Complex) -> Real:
        """With respect to y."""
        return self._coloured(G[:, self.problem.free]).ravel().view(float)
