"""The box's surface: the field outside of a monopole inside the box is the monopole's own, whatever the box."""

from __future__ import annotations

import numpy as np
import pytest

from designer.acoustics.enclosures import box_equations
from designer.acoustics.enclosures.box_field import Surface
from designer.acoustics.enclosures.box_grid import BoxGrid, images_of, others, parities_of
from designer.arrays import Complex, Real
from designer.problem.enclosures.box import FEWEST_A_WAVE, steps_a_wave

SIZE_M = (0.10, 0.18, 0.14)
INSIDE_M = np.array([0.004, 0.03, -0.02])
RNG = np.random.default_rng(4)
AROUND = RNG.standard_normal((40, 3))
AROUND *= np.repeat([0.25, 2.0], 20)[:, None] / np.linalg.norm(AROUND, axis=1)[:, None]


def resonance(*orders: int) -> float:
    """Wave number at which the box's interior resonates between soft walls."""
    return float(np.pi * np.linalg.norm(np.array(orders) / SIZE_M))


def slopes(grid: BoxGrid, k: float) -> Complex:
    """∂/∂n of the monopole's field (8, E, 1), the mean over 6 x 6 places of each rectangle."""
    points, weights = np.polynomial.legendre.leggauss(6)
    q = np.zeros((8, grid.octant_size), dtype=complex)
    for axis, face in grid.faces:
        c, d = others(axis)
        for x, u in zip(points, weights, strict=True):
            for y, v in zip(points, weights, strict=True):
                at = grid.places_m[:, face].copy()
                at[..., c] += x * grid.steps_m[c] / 2
                at[..., d] += y * grid.steps_m[d] / 2
                way = at - INSIDE_M
                r = np.linalg.norm(way, axis=-1)
                q[:, face] -= (
                    u * v / 4 * (1j * k + 1 / r) * np.exp(-1j * k * r) / r**2 * way[..., axis] * grid.outward[:, face]
                )
    return q[..., None]


def outside(grid: BoxGrid, k: float) -> Complex:
    """The field at AROUND, from the monopole's slopes alone."""
    q = parities_of(slopes(grid, k)).astype(np.complex64)
    p = box_equations.answers(grid, k, q)
    return Surface(grid, k, np.stack([np.zeros((2, *q.shape)), np.stack([p, q])]).astype(np.complex64)).field(
        np.array([1]), AROUND
    )[0, :, 0]


def monopole(k: float, points_m: Real) -> Complex:
    r = np.linalg.norm(points_m - INSIDE_M, axis=1)
    return np.asarray(np.exp(-1j * k * r) / r)


@pytest.mark.parametrize(
    "k",
    [1e-3, 5.0, resonance(1, 1, 1), 45.0, resonance(1, 2, 1), 57.5, resonance(2, 2, 2), 100.0],
    ids=lambda k: f"{k:.3g}",
)
def test_a_monopole_within_the_box(k: float) -> None:
    """Within 0.5 dB and 3 degrees everywhere outside at six rectangles a wavelength, at resonances of the interior too, and where of
    fifty wave numbers up to 125 the level (57.5) and the phase (45) were worst.
    """
    ratio = outside(BoxGrid(SIZE_M, steps_a_wave([*SIZE_M], k, FEWEST_A_WAVE)), k) / monopole(k, AROUND)
    assert np.abs(20 * np.log10(np.abs(ratio))).max() < 0.5
    assert np.abs(np.degrees(np.angle(ratio))).max() < 3.0


@pytest.mark.parametrize("k", [resonance(1, 1, 1), resonance(1, 2, 1)], ids=lambda k: f"{k:.3g}")
def test_two_grids_extrapolated(k: float) -> None:
    """The error falls with the square of the step: six and nine a wavelength together are within 0.1 dB and 1 degree."""
    counts = np.array(steps_a_wave([*SIZE_M], k, FEWEST_A_WAVE))
    grids = [
        BoxGrid(SIZE_M, (x, y, z)) for x, y, z in (counts.tolist(), (2 * np.ceil(0.75 * counts).astype(int)).tolist())
    ]
    coarse, fine = (outside(grid, k) for grid in grids)
    squares = [float(np.prod(grid.steps_m) ** (2 / 3)) for grid in grids]
    ratio = (fine + (fine - coarse) * squares[1] / (squares[0] - squares[1])) / monopole(k, AROUND)
    assert np.abs(20 * np.log10(np.abs(ratio))).max() < 0.1
    assert np.abs(np.degrees(np.angle(ratio))).max() < 1.0


def test_without_coupling_a_resonance_is_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Near the first resonance the first equation alone, without Burton and Miller's sum, is off by more than 3 dB at some frequency."""
    monkeypatch.setattr(box_equations, "COUPLING", 0.0)
    grid = BoxGrid(SIZE_M, steps_a_wave([*SIZE_M], resonance(1, 1, 1), FEWEST_A_WAVE))
    worst = [
        np.abs(20 * np.log10(np.abs(outside(grid, k) / monopole(k, AROUND)))).max()
        for k in resonance(1, 1, 1) * np.linspace(0.97, 1.03, 13)
    ]
    assert max(worst) > 3


def test_parities_and_images_are_each_others_inverse() -> None:
    """Eight numbers at random, there and back; a function of x alone that is odd is one parity."""
    values = RNG.standard_normal((8, 5)) + 1j * RNG.standard_normal((8, 5))
    np.testing.assert_allclose(images_of(parities_of(values)), values, rtol=1e-13)
    grid = BoxGrid(SIZE_M, (4, 6, 4))
    parts = parities_of(grid.places_m[..., 0])
    np.testing.assert_allclose(parts[4], grid.centres_m[:, 0], rtol=1e-13)
    assert np.abs(np.delete(parts, 4, axis=0)).max() < 1e-15


def test_rectangles_cover_the_box() -> None:
    """Their areas' sum is the surface, and each centre is on a face."""
    grid = BoxGrid(SIZE_M, (4, 8, 6))
    a, b, c = SIZE_M
    np.testing.assert_allclose(8 * grid.areas_m2.sum(), 2 * (a * b + b * c + c * a), rtol=1e-13)
    assert grid.elements == 2 * (4 * 8 + 8 * 6 + 6 * 4)
    on_face = np.isclose(np.abs(grid.places_m), np.array(SIZE_M) / 2)
    assert (on_face.sum(axis=2) == 1).all()
