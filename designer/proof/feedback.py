"""Sections whose feedback has the other sign, and that are unstable with it: known by how they begin.

y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] + a1 y[n-1] + a2 y[n-2] with a1, a2 of H(z), which belong on the other side, has poles at (a1
± sqrt(a1² + 4 a2)) / 2: for complex poles of a radius r near 1 one of them lies outside of the unit circle, with the sign of a1,
and the output grows until something holds it, and then stands, or changes sign every sample. When it grows, and how, follows from
the first samples of the first sweep. So what is compared are the samples before and behind the first that full scale holds, in the
band that the sweeps show: a recorder passes no more.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from designer.arrays import Real
from designer.export.filter_set import FilterSet
from designer.proof.reference import exact_feeds
from designer.proof.responses import Deconvolution, Fit
from designer.proof.saturation import delayed
from designer.proof.shapes import flipped
from designer.proof.stimulus import Stimulus

BEFORE, BEHIND, FADE = 256, 192, 64
"""Samples ahead of the first that is held and behind it that are compared, and over which both ends fade."""


def growing(filters: FilterSet, driver: int, stimulus: Stimulus) -> Real | None:
    """The feed (N,) of a driver whose sections have the other sign in their feedback; None where they are stable, or there are none."""
    turned = [
        replace(filter_, cascade=filter_.cascade and flipped(filter_.cascade))
        for filter_ in filters.filters
        if filter_.driver == filters.drivers[driver]
    ]
    if not any(filter_.cascade is not None and filter_.cascade.pole_radius >= 1 for filter_ in turned):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        return exact_feeds(replace(filters, filters=tuple(turned)), stimulus.samples)[:, driver]


def beginning_fit(deconvolution: Deconvolution, measured: Real, predicted: Real, common: tuple[float, float]) -> Fit:
    """How a growing feed (N,) begins as predicted, once a common delay is taken out; full scale holds it, or its largest sample."""
    gain, delay = common
    y, most = delayed(measured, -delay), float(np.abs(measured).max())
    if most == 0:
        return Fit(0.0, 0.0, 0.0)
    fits = []
    for level in (1.0, most / abs(gain)):
        held = np.flatnonzero(~(np.abs(predicted) < level))
        if not held.size:
            continue
        part = slice(max(int(held[0]) - BEFORE, 0), int(held[0]) + BEHIND)
        bounded = np.clip(predicted[part], -level, level)
        fade = np.hanning(2 * FADE + 1)
        window = np.concatenate([fade[:FADE], np.ones(max(bounded.size - 2 * FADE, 0)), fade[FADE + 1 :]])
        window = window[-bounded.size :]
        measured_part, predicted_part = (
            deconvolution.spectrum((window * signal)[None]) for signal in (y[part], bounded)
        )
        band = deconvolution.shown(deconvolution.angles) ** 2
        fits.append(deconvolution.fit(measured_part, predicted_part, band))
    return min(fits, key=lambda fit: fit.residual_db, default=Fit(0.0, 0.0, 0.0))
