"""Interpolation over the sphere: weights that any set of directions allows, and the gaps of real sets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acoustics.measured.head_files import grid_deg, unit
from designer.acoustics.measured.sphere import TOLERANCE_DEG, GapError, SphereInterpolation

MIRROR = np.array([1.0, -1.0, 1.0])


def random_directions(count: int, seed: int) -> np.ndarray:
    places = np.random.default_rng(seed).normal(size=(count, 3))
    return np.asarray(places / np.linalg.norm(places, axis=1, keepdims=True))


@settings(max_examples=30)
@given(st.integers(150, 400), st.integers(0, 10_000))
def test_weights_are_barycentric(count: int, seed: int) -> None:
    """On any dense set, weights are not negative, sum to 1, and their sum of directions points the way that was asked."""
    directions = random_directions(count, seed)
    towards = random_directions(60, seed + 1)
    found = SphereInterpolation(directions)
    if found.holes_deg.max() >= 25:
        return
    weights = found.weights(towards).toarray()
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-12)
    mean = weights @ directions
    np.testing.assert_allclose(mean / np.linalg.norm(mean, axis=1, keepdims=True), towards, rtol=0, atol=1e-5)
    assert np.count_nonzero(weights > 1e-12, axis=1).max() <= 6  # three, or the few of one plane
    np.testing.assert_allclose(found.weights(directions).toarray(), np.eye(count), rtol=0, atol=1e-4)


@settings(max_examples=30)
@given(st.floats(-180, 180), st.floats(-90, 90), st.integers(0, 1000))
def test_weights_are_continuous(azimuth: float, elevation: float, seed: int) -> None:
    """A step of a thousandth of a degree changes no weight by more than a thousandth, on rings with poles."""
    found = SphereInterpolation(unit(grid_deg(10)))
    here = unit(np.array([[azimuth, elevation]]))
    there = here + 2e-5 * random_directions(1, seed)
    there /= np.linalg.norm(there)
    change = np.abs(found.weights(here).toarray() - found.weights(there).toarray()).max()
    assert change < 1e-3


def test_a_symmetric_set_has_symmetric_weights() -> None:
    """On rings that are their own mirror image, the mirrored direction has the mirrored weights: no diagonal is drawn."""
    directions = unit(grid_deg(10))
    found = SphereInterpolation(directions)
    towards = random_directions(300, 3)
    mirrored = found.weights(towards * MIRROR)
    np.testing.assert_allclose((found.weights(towards) @ directions) * MIRROR, mirrored @ directions, rtol=0, atol=1e-9)
    level = 3 * directions[:, 0] ** 2 + directions[:, 2]  # any symmetric function
    np.testing.assert_allclose(found.weights(towards) @ level, mirrored @ level, rtol=0, atol=1e-9)


def test_poles() -> None:
    """Around a pole that is measured, and around one that a ring of twelve surrounds, weights are the same on each side."""
    with_pole = unit(grid_deg(10))
    without = with_pole[with_pole[:, 2] < 0.99]
    for directions in (with_pole, without):
        found = SphereInterpolation(directions)
        weights = found.weights(np.array([[0.0, 0.0, 1.0]])).toarray()[0]
        np.testing.assert_allclose(weights @ directions[:, :2], 0, rtol=0, atol=1e-9)
        assert weights[directions[:, 2] < 0.9].max() == 0


def test_the_gap_at_the_bottom_is_named() -> None:
    """Above -40 degrees all is measured; just below, the border stands in; farther below is refused by name."""
    found = SphereInterpolation(unit(grid_deg(10, -40)))
    assert found.weights(unit(np.array([[17.0, -40 - 0.9 * TOLERANCE_DEG]]))).sum() == pytest.approx(1)
    for angles in ([17.0, -46.0], [-120.0, -90.0]):
        with pytest.raises(GapError, match="nothing is measured below -40 degrees of elevation"):
            found.weights(unit(np.array([angles])))


def test_the_border_of_a_gap_is_met_without_a_step() -> None:
    """From inside to outside of what is measured no weight jumps."""
    found = SphereInterpolation(unit(grid_deg(10, -40)))
    elevations = np.arange(-41.0, -39.0, 0.002)
    weights = found.weights(unit(np.column_stack([np.full(elevations.size, 13.0), elevations]))).toarray()
    assert np.abs(np.diff(weights, axis=0)).max() < 2e-3


def test_a_hole_in_the_middle_is_named() -> None:
    """Where a cone of 60 degrees is missing on one side, a direction in it is refused, and the nearest one is said."""
    directions = unit(grid_deg(10))
    kept = directions[directions @ unit(np.array([[90.0, 0.0]]))[0] < np.cos(np.radians(31))]
    with pytest.raises(GapError, match=r"nothing is measured within .* degrees of it: the nearest is azimuth"):
        SphereInterpolation(kept).weights(unit(np.array([[90.0, 0.0]])))


def test_a_turntable_measures_its_own_plane() -> None:
    """Directions on one ring serve directions on the ring, between two of them, and no other."""
    azimuths = np.arange(0, 360, 10.0)
    found = SphereInterpolation(unit(np.column_stack([azimuths, np.zeros(36)])))
    weights = found.weights(unit(np.array([[12.5, 0.0], [0.0, 1.0]]))).toarray()
    assert set(np.flatnonzero(weights[0])) == {1, 2}
    assert weights[1, 0] == pytest.approx(1)
    with pytest.raises(GapError, match="nothing is measured off 0 degrees of elevation"):
        found.weights(unit(np.array([[0.0, 8.0]])))


def test_the_upper_half_alone() -> None:
    """A set above 10 degrees of elevation, whose hull does not hold the centre, serves what is above and refuses the rest."""
    found = SphereInterpolation(unit(grid_deg(10, 10)))
    assert found.weights(unit(np.array([[33.0, 45.0], [0.0, 90.0]]))).shape[0] == 2
    for angles in ([33.0, 0.0], [33.0, -60.0]):
        with pytest.raises(GapError, match="below 10 degrees of elevation"):
            found.weights(unit(np.array([angles])))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_directions_serve_themselves(count: int) -> None:
    """One, two or three directions far apart are no area: each serves itself, and between them nothing is measured."""
    directions = unit(np.array([[0.0, 0.0], [120.0, 0.0], [-120.0, 0.0]]))[:count]
    found = SphereInterpolation(directions)
    np.testing.assert_allclose(found.weights(directions).toarray(), np.eye(count), rtol=0, atol=1e-9)
    with pytest.raises(GapError, match="nothing is measured"):
        found.weights(unit(np.array([[60.0, 20.0]])))
