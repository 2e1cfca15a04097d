"""Two point sources, two ears: what inverting them costs, and where constant regularisation holds it.

Choueiri, Optimal crosstalk cancellation for binaural audio with two loudspeakers: with the path ratio g = l_1/l_2 and the
phase x = k (l_2 - l_1), H = [[1, g e^{-jx}], [g e^{-jx}, 1]] up to a common factor. Its singular values are
|1 ± g e^{-jx}|, its inverse has 1/(1 - g) for the largest at the worst phase and entries of at most 1/(1 - g²); with
constant regularisation σ/(σ² + β) <= 1/(2√β).
"""

from __future__ import annotations

import numpy as np
import pytest

import designer
from designer.arrays import Complex, Real
from designer.formulations import pressure_matching
from designer.targets.channel_target import channel_target

G = 0.985
SPAN_M, HEAD_M = 0.5, 0.15
# l_1² = D² + ((span - head)/2)², l_2² = D² + ((span + head)/2)², l_1 = g l_2: a head at 1.55 m.
DISTANCE_M = (((G * (SPAN_M + HEAD_M)) ** 2 - (SPAN_M - HEAD_M) ** 2) / (4 * (1 - G**2))) ** 0.5
LONGER_M = (1 / G - 1) * (DISTANCE_M**2 + ((SPAN_M - HEAD_M) / 2) ** 2) ** 0.5
WORST_HZ = 343.0 / (2 * LONGER_M) * np.arange(3)  # x = 0, π, 2π

PAIR = f"""
title = "Two point sources and two ears"
sample_rate_hz = 48000
[[drivers]]
name = "left"
position_m = [0.0, {-SPAN_M / 2}, 0.0]
[[drivers]]
name = "right"
position_m = [0.0, {SPAN_M / 2}, 0.0]
[listener]
position_m = [{DISTANCE_M!r}, 0.0, 0.0]
head = "points"
head_radius_m = {HEAD_M / 2}
[[designs]]
name = "left"
kind = "ctc"
ear = "left"
band_hz = [100.0, 20000.0]
cancellation_gain_db = [[100, 30]]
[[designs]]
name = "right"
kind = "ctc"
ear = "right"
band_hz = [100.0, 20000.0]
cancellation_gain_db = [[100, 30]]
"""


def filters(frequency_hz: Real, beta: float) -> Complex:
    """Least-squares weights of both channels at one β, (F, drivers, channels), of the pair with unit direct paths."""
    problem = designer.loads(PAIR)
    scene = designer.scene(problem).at(frequency_hz)
    columns = []
    for design in problem.designs:
        target = channel_target(design, scene)
        columns.append(pressure_matching.system_of(target).weights(np.full(frequency_hz.size, beta)))
    return np.stack(columns, axis=2)


def largest_singular_value(frequency_hz: Real, beta: float) -> Real:
    return np.asarray(np.linalg.norm(filters(frequency_hz, beta), 2, axis=(1, 2)))


def test_the_pair_has_the_path_ratio() -> None:
    """The scene's far paths are g times its direct ones in level, and later by l_2 - l_1 = 24 mm."""
    problem = designer.loads(PAIR)
    ears = designer.scene(problem).at(np.array([1000.0])).ears()[0]
    crossed = ears[0, 1] / ears[0, 0]
    assert abs(crossed) == pytest.approx(G, rel=1e-12)
    assert np.angle(crossed) == pytest.approx(-2 * np.pi * 1000.0 * LONGER_M / 343.0, rel=1e-9)
    np.testing.assert_allclose(ears[[1, 1], [1, 0]], ears[[0, 0], [0, 1]], rtol=1e-12)


def test_perfect_cancellation_costs_36_decibels() -> None:
    """At g = 0.985 the inverse's largest singular value is 1/(1-g), 36.5 dB; one channel's weight alone 30.5 dB."""
    found = largest_singular_value(WORST_HZ, 0.0)
    np.testing.assert_allclose(found, 1 / (1 - G), rtol=1e-9)
    np.testing.assert_allclose(20 * np.log10(found), 36.5, atol=0.05)
    alone = np.abs(filters(WORST_HZ, 0.0)[:, 0, 0])
    np.testing.assert_allclose(alone, 1 / (1 - G**2), rtol=1e-9)
    np.testing.assert_allclose(20 * np.log10(alone), 30.5, atol=0.05)


def test_perfect_cancellation_at_every_phase() -> None:
    """Between its worst phases the largest singular value is 1/|1 ± g e^{-jx}|, the smaller of the two; at x = π/2 0.3 dB."""
    frequency_hz = np.linspace(0.0, WORST_HZ[2], 201)
    crossed = G * np.exp(-2j * np.pi * frequency_hz * LONGER_M / 343.0)
    expected = 1 / np.minimum(np.abs(1 - crossed), np.abs(1 + crossed))
    np.testing.assert_allclose(largest_singular_value(frequency_hz, 0.0), expected, rtol=1e-9)


@pytest.mark.parametrize(("beta", "limit_db"), [(0.05, 6.99), (0.005, 16.99), (0.0005, 26.99)])
def test_constant_regularisation_holds_the_peaks(beta: float, limit_db: float) -> None:
    """No singular value passes 1/(2√β), and one comes to it where |1 - g e^{-jx}| = √β."""
    limit = 1 / (2 * np.sqrt(beta))
    assert 20 * np.log10(limit) == pytest.approx(limit_db, abs=0.005)
    assert largest_singular_value(np.linspace(0.0, WORST_HZ[2], 1001), beta).max() <= limit * (1 + 1e-12)
    phase = 2 * np.pi - np.arccos((1 + G**2 - beta) / (2 * G))
    at_hz = np.array([phase * 343.0 / (2 * np.pi * LONGER_M)])
    np.testing.assert_allclose(largest_singular_value(at_hz, beta), limit, rtol=1e-9)
