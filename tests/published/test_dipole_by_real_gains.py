"""Matrix mixing of a close pair with nulls at its sides is the dipole, gains 1 and -1: 4.77 dB over the sphere.

Elko, Superdirectional microphone arrays (2000): cos θ has the index 3, 10 log10 3 = 4.77 dB.
"""

from __future__ import annotations

import numpy as np
import pytest

import designer
from designer import measures
from designer.formulations import matrix_mixing
from designer.requirements.channel_target import channel_target

PAIR = """
title = "A pair in line with the look direction"
sample_rate_hz = 48000
[[drivers]]
name = "front"
position_m = [0.001, 0.0, 0.0]
[[drivers]]
name = "back"
position_m = [-0.001, 0.0, 0.0]
[listener]
position_m = [2.0, 0.0, 0.0]
head = "points"
[grid]
azimuth_distance_m = inf
[[designs]]
name = "beam"
kind = "beamformer"
look_deg = 0.0
band_hz = [250.0, 500.0]
nulls_deg = [90.0, -90.0]
null_width_deg = 0.0
cancellation_gain_db = [[250, 60]]
method = "matrix"
"""


def test_nulls_at_the_sides_make_a_dipole() -> None:
    """60 dB are asked of the sides: the gains are equal and opposite within 1e-3 of the field that is left, and the index 4.77 dB."""
    problem = designer.loads(PAIR)
    scene = designer.scene(problem)
    target = channel_target(problem.designs[0], scene)
    solution = matrix_mixing.solve(target)
    front, back = solution.weights[0].real
    assert back / front == pytest.approx(-1.0, abs=1e-4)
    inside = target.in_band
    index = measures.directivity_index(target.look, scene.radiated_power, solution.weights, np.inf)
    np.testing.assert_allclose(10 * np.log10(index[inside]), 4.77, atol=0.01)
    assert (np.abs(solution.gap) < 1e-6).all()
