"""Sums of waves over grids that are partly even: runs of equal steps, and the same sum as one by one."""

from __future__ import annotations

import numpy as np

from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.acoustics.turning import equal_steps, phase, turning


def test_runs_cover_every_frequency_once() -> None:
    """Even steps with two frequencies joined, an uneven grid, and few: consecutive parts, the long ones even."""
    even = np.linspace(0.0, 100.0, 101)
    for k in (even, np.unique(np.append(even, [30.3, 70.7])), np.geomspace(1.0, 50.0, 40), even[:3], even[:1]):
        runs = equal_steps(k)
        assert np.concatenate([np.arange(k.size)[run] for run in runs]).tolist() == list(range(k.size))
    assert len(equal_steps(even)) == 1
    assert max(np.arange(103)[run].size for run in equal_steps(np.unique(np.append(even, [30.3, 70.7])))) >= 40


def test_a_joined_frequency_changes_no_other() -> None:
    """A piston's field on a grid that 190 Hz joins is that on the even grid, and at 190 Hz its own."""
    piston = FreeField([Disc(np.array([0.0, 0.1, 0.0]), (20.0, 0.0), 0.05)])
    points = np.array([[1.0, 0.2, 0.1], [0.3, -0.5, 0.0]])
    k = 2 * np.pi * np.linspace(0.0, 24000.0, 65) / 343.0
    own = 2 * np.pi * 190.0 / 343.0
    joined = np.sort(np.append(k, own))
    field = piston.field(joined, points)
    np.testing.assert_allclose(field[joined != own], piston.field(k, points), rtol=1e-9)
    np.testing.assert_allclose(field[joined == own], piston.field(np.array([own]), points), rtol=1e-5)


def test_a_phase_is_the_exponential() -> None:
    """At multiples of pi, where the tangent has its poles, and at long and short ways."""
    angle = np.concatenate([np.pi * np.arange(-9, 10), np.geomspace(1e-12, 1e4, 300)])
    np.testing.assert_allclose(phase(angle), np.cos(angle) + 1j * np.sin(angle), rtol=0, atol=2e-15)


def test_a_turning_is_the_phase_of_its_way() -> None:
    """e^{-jkr} at each wave number and way by itself, on even, joined and uneven grids: later is more lag."""
    even, ways_m = np.linspace(0.0, 440.0, 1025), np.array([[0.0, 0.35], [2.0, -0.1]])
    for k in (
        even,
        np.unique(np.append(even, [30.3, 70.7])),
        np.geomspace(1.0, 50.0, 40),
        even[:3],
        even[:1],
        even[5:6],
    ):
        expected = [[[complex(np.cos(x * r), -np.sin(x * r)) for x in k] for r in row] for row in ways_m]
        np.testing.assert_allclose(turning(k, ways_m), expected, rtol=0, atol=1e-11)
