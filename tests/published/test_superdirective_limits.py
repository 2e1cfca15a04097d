"""Superdirective arrays of monopoles as their spacing shrinks: the largest directivity index there is.

Parsons, Maximum directivity proof for three-dimensional arrays (JASA 82, 1987): N monopoles in a line reach N² end-fire.
Broadside only the patterns that are even in the line's direction help, Σ (2n+1) P_n(0)² over even n < N: 1 for N = 2 and
1 + 5/4 = 9/4 for N = 3 and 4. Digits at a spacing are h^H Q⁻¹ h, Q_ij = sin(k d_ij)/(k d_ij), by mpmath with 60 digits.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import designer
from designer import measures
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.arrays import Complex
from designer.formulations import acoustic_contrast, superdirective
from designer.problem.geometry import direction
from designer.requirements.channel_target import channel_target
from designer.solvers import ratio_search

K = np.array([2 * np.pi * 300.0 / 343.0])
END_FIRE, BROADSIDE = 0.0, 90.0
LOADED = 0.02
"""What 1e-9 on the power's diagonal costs acoustic contrast, dB."""


def line(count: int, spacing_m: float) -> FreeField:
    """Monopoles in a line along x, centred."""
    places_m = (np.arange(count) - (count - 1) / 2) * spacing_m
    return FreeField([Disc(np.array([x, 0.0, 0.0])) for x in places_m])


def look_and_power(device: FreeField, azimuth_deg: float) -> tuple[Complex, Complex]:
    """The far field in the look direction (1, L) and the radiated power (1, L, L)."""
    return device.far_field(K, direction(np.array([azimuth_deg])))[:, 0], device.radiated_power(K)


def index_db(look: Complex, power: Complex, w: Complex) -> float:
    return float(measures.db(measures.directivity_index(look, power, w, np.inf))[0])


def formulation_indices_db(count: int, spacing_m: float, azimuth_deg: float) -> list[float]:
    """The indices of the superdirective form, and of acoustic contrast with the sphere's power to be small, from a problem file."""
    drivers = "".join(
        f'[[drivers]]\nname = "{n}"\nposition_m = [{(n - (count - 1) / 2) * spacing_m!r}, 0.0, 0.0]\n'
        for n in range(count)
    )
    problem = designer.loads(
        f"""
title = "Monopoles in a line"
sample_rate_hz = 48000
{drivers}
[listener]
position_m = [2.0, 0.0, 0.0]
head = "points"
[grid]
azimuth_distance_m = inf
[[designs]]
name = "beam"
kind = "beamformer"
look_deg = {azimuth_deg}
band_hz = [100.0, 1000.0]
cancellation_gain_db = [[100, 6]]
method = "superdirective"
"""
    )
    scene = designer.scene(problem).at(np.array([300.0]))
    target = channel_target(problem.designs[0], scene)
    w = superdirective.solve(target).weights
    power = scene.radiated_power[0]
    root = np.linalg.cholesky(power + 1e-15 * np.eye(count)).conj().T * np.sqrt(
        count
    )  # points whose mean power is the sphere's
    v = acoustic_contrast.solve(replace(target, dark=root[None])).weights
    return [index_db(target.look, scene.radiated_power, weights) for weights in (w, v)]


def best_indices_db(count: int, spacing_m: float, azimuth_deg: float) -> list[float]:
    """The largest ratio of the pencil; the index of the weights that reach it; that of a search for 1e-5 less."""
    look, power = look_and_power(line(count, spacing_m), azimuth_deg)
    A = measures.mean_power_matrix(look[:, None, :])
    best = ratio_search.best_ratio(A, power)
    deepest = ratio_search.best_ratio_at_efficiency(A, power, np.ones((1, count)), np.zeros(1))
    searched = ratio_search.most_efficient(A, power, best * (1 - 1e-5)).v
    return [float(measures.db(best)[0]), index_db(look, power, deepest), index_db(look, power, searched)]


@pytest.mark.parametrize(("count", "digits"), [(2, 6.020), (3, 9.542)])
def test_end_fire_at_five_millimetres(count: int, digits: float) -> None:
    """5 mm apart at 300 Hz: 6.020 and 9.542 dB for 2 and 3 monopoles (mpmath), 20 log10 N to 5e-4 dB."""
    found = best_indices_db(count, 0.005, END_FIRE)
    np.testing.assert_allclose(found, digits, atol=5e-4)
    np.testing.assert_allclose(found, 20 * np.log10(count), atol=5e-4)
    superdirective_db, contrast_db = formulation_indices_db(count, 0.005, END_FIRE)
    assert superdirective_db == pytest.approx(digits, abs=5e-4)
    assert contrast_db == pytest.approx(digits, abs=LOADED)


def test_end_fire_of_four() -> None:
    """Four monopoles 20 mm apart at 300 Hz: 12.037 dB (mpmath), 20 log10 4 to 5e-3 dB."""
    found = best_indices_db(4, 0.020, END_FIRE)
    np.testing.assert_allclose(found, 12.037, atol=1e-3)
    np.testing.assert_allclose(found, 20 * np.log10(4), atol=5e-3)
    superdirective_db, _ = formulation_indices_db(4, 0.020, END_FIRE)
    assert superdirective_db == pytest.approx(12.037, abs=1e-3)


def test_end_fire_of_four_at_five_millimetres() -> None:
    """5 mm apart: 12.041 dB (mpmath). The power matrix has the condition number 8e12, so 0.003 dB is left."""
    best, _, searched = best_indices_db(4, 0.005, END_FIRE)
    superdirective_db, _ = formulation_indices_db(4, 0.005, END_FIRE)
    np.testing.assert_allclose([best, searched, superdirective_db], 12.041, atol=3e-3)


@pytest.mark.parametrize(("count", "limit"), [(2, 1.0), (3, 9 / 4), (4, 9 / 4)])
def test_broadside(count: int, limit: float) -> None:
    """Broadside, 5 mm apart at 300 Hz: 0 dB for two monopoles, 3.52 dB for three and for four."""
    found = best_indices_db(count, 0.005, BROADSIDE)
    np.testing.assert_allclose(found, 10 * np.log10(limit), atol=5e-4)
    superdirective_db, contrast_db = formulation_indices_db(count, 0.005, BROADSIDE)
    assert superdirective_db == pytest.approx(10 * np.log10(limit), abs=5e-4)
    if count < 4:  # four of them want eigenvalues far below acoustic contrast's loading
        assert contrast_db == pytest.approx(10 * np.log10(limit), abs=LOADED)


def legendre_weights(count: int, spacing_m: float) -> Complex:
    """Weights whose pattern tends to Σ_{n<N} (2n+1) P_n(u), u = cos θ, as the spacing shrinks.

    Σ w_l e^{jk x_l u} = Σ_m u^m Σ_l w_l (jk x_l)^m / m!: the first N powers of u are matched.
    """
    pattern = np.polynomial.legendre.leg2poly(2 * np.arange(count) + 1)
    x = (np.arange(count) - (count - 1) / 2) * spacing_m
    factorial = np.cumprod(np.maximum(np.arange(count), 1))
    moments = np.vander(1j * K[0] * x, count, increasing=True).T / factorial[:, None]
    return np.asarray(np.linalg.solve(moments, pattern))


@pytest.mark.parametrize("count", [2, 3, 4])
def test_end_fire_weights_by_hand(count: int) -> None:
    """The pattern Σ_{n<N} (2n+1) P_n(cos θ), made by hand, has the index 20 log10 N to 1e-3 dB: 6.02, 9.54, 12.04."""
    look, power = look_and_power(line(count, 0.005), END_FIRE)
    found = index_db(look, power, legendre_weights(count, 0.005)[None])
    assert found == pytest.approx(20 * np.log10(count), abs=1e-3)
