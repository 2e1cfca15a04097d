"""Two point sources, two ears: what inverting them costs, and where constant and frequency-dependent regularisation hold it.

Choueiri, Optimal crosstalk cancellation for binaural audio with two loudspeakers: with the path ratio g = l_1/l_2 and the
phase x = k (l_2 - l_1), H = [[1, g e^{-jx}], [g e^{-jx}, 1]] up to a common factor. Its singular values are
|1 ± g e^{-jx}|, its inverse has 1/(1 - g) for the largest at the worst phase and entries of at most 1/(1 - g²); with
constant regularisation σ/(σ² + β) <= 1/(2√β). A spectrum that is flat at Γ wherever perfect cancellation would pass it needs

    β_I = -g² + 2g cos x + √(g² - 2g cos x + 1)/Γ - 1,    β_II the same with -cos x in the place of cos x,

I where the pair is inverted worst out of phase, II where in phase, and β = 0 in between.
"""

from __future__ import annotations

import numpy as np
import pytest

import designer
from designer.arrays import Complex, Real
from designer.formulations import choueiri, pressure_matching
from designer.requirements.channel_target import channel_target

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
ear_cloud_m = [[0, 0, 0]]
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


FINE_HZ = np.linspace(0.0, WORST_HZ[2], 501)


def closed_form_beta(frequency_hz: Real, limit: float) -> tuple[Real, Real]:
    """The paper's β with its three branches, and the envelope 1/|1 ± g e^{-jx}| of perfect cancellation."""
    cos = np.cos(2 * np.pi * frequency_hz * LONGER_M / 343.0)
    out_of_phase, in_phase = (np.sqrt(G**2 - sign * 2 * G * cos + 1) for sign in (1, -1))
    one = -(G**2) + 2 * G * cos + out_of_phase / limit - 1
    two = -(G**2) - 2 * G * cos + in_phase / limit - 1
    perfect = np.maximum(1 / out_of_phase, 1 / in_phase)
    return np.where(perfect <= limit, 0.0, np.where(1 / out_of_phase > 1 / in_phase, one, two)), perfect


def flat_filters(frequency_hz: Real, limit_db: float) -> Complex:
    """Weights of both channels by the method "choueiri", (F, drivers, channels), of the pair with unit direct paths."""
    problem = designer.loads(PAIR)
    scene = designer.scene(problem).at(frequency_hz)
    columns = [choueiri.solve(channel_target(design, scene), limit_db).weights for design in problem.designs]
    return np.stack(columns, axis=2)


@pytest.mark.parametrize("limit_db", [3.0, 7.0, 15.0])
def test_the_flat_spectrum_has_the_closed_form_of_beta(limit_db: float) -> None:
    """β of the pair's singular values is the paper's at every frequency, all three branches among them."""
    limit = 10 ** (limit_db / 20)
    expected, perfect = closed_form_beta(FINE_HZ, limit)
    crossed = G * np.exp(-2j * np.pi * FINE_HZ * LONGER_M / 343.0)
    singular = np.stack([np.abs(1 - crossed), np.abs(1 + crossed)], axis=1)
    np.testing.assert_allclose(choueiri.flat_spectrum_beta(singular, limit), expected, atol=1e-12)
    assert (expected[perfect > limit] > 0).all()
    assert (perfect > limit).sum() > 50
    assert (expected == 0).sum() > 50


@pytest.mark.parametrize("limit_db", [3.0, 7.0, 15.0])
def test_the_spectrum_is_flat_where_it_would_be_louder(limit_db: float) -> None:
    """The largest singular value is Γ wherever perfect cancellation passes it, to 1e-9, and perfect cancellation's elsewhere."""
    limit = 10 ** (limit_db / 20)
    _, perfect = closed_form_beta(FINE_HZ, limit)
    found = np.linalg.norm(flat_filters(FINE_HZ, limit_db), 2, axis=(1, 2))
    np.testing.assert_allclose(found, np.minimum(perfect, limit), rtol=1e-9)


def test_a_constant_regularisation_from_the_file_is_that_beta() -> None:
    """`regularization_db = -20` is β = 0.01: the weights are the regularised inverse's, by numpy alone."""
    problem = designer.loads(
        PAIR.replace('kind = "ctc"', 'kind = "ctc"\nmethod = "least-squares"\nregularization_db = -20.0')
    )
    made = designer.design(problem)
    f = made.frequency_hz
    inside = (f >= 100) & (f <= 20000)
    crossed = G * np.exp(-2j * np.pi * f[inside] * LONGER_M / 343.0)
    C = np.stack([np.stack([np.ones_like(crossed), crossed], 1), np.stack([crossed, np.ones_like(crossed)], 1)], 1)
    inverse = np.linalg.solve(C.conj().swapaxes(1, 2) @ C + 0.01 * np.eye(2), C.conj().swapaxes(1, 2))
    w = made.weights["left"][inside]
    np.testing.assert_allclose(w[:, 1] / w[:, 0], inverse[:, 1, 0] / inverse[:, 0, 0], rtol=1e-9)
