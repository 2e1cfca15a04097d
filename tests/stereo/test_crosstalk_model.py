"""The crosstalk model against the rigid sphere's series, summed by a plain loop, and what holds at any angle."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.acoustics.head_models import Sphere
from designer.acoustics.measured.head import read_head
from designer.stereo.crosstalk import CrosstalkModel, far_ears, measured_crosstalk, sphere_crosstalk
from stereo import naive_ears as naive

KEMAR = Path(__file__).parents[2] / "problems" / "data" / "mit_kemar_normal.sofa"
HERTZ = np.geomspace(20.0, 20_000.0, 60)


def model(angle_deg: float, sample_rate_hz: float = 48_000.0) -> CrosstalkModel:
    return sphere_crosstalk(
        angle_deg, head_radius_m=naive.RADIUS_M, sample_rate_hz=sample_rate_hz, speed_of_sound_m_s=naive.SPEED_M_S
    )


@pytest.mark.parametrize(
    ("angle_deg", "largest_db"),
    [
        (10, 1.5),
        (30, 1.5),
        (60, 2.0),
        (90, 1.5),
        *(pytest.param(angle_deg, 1.5, marks=pytest.mark.long) for angle_deg in (20, 45)),
    ],
)
def test_differences_are_the_spheres(angle_deg: float, largest_db: float) -> None:
    """Phase delay within 30 µs from 200 Hz to 1.5 kHz; level by third octave, 200 Hz to 8 kHz, within 1.5 dB, at 60 degrees 2 dB."""
    result = model(angle_deg)

    def ears(frequency_hz: float) -> tuple[complex, complex]:
        f = np.array([frequency_hz])
        return complex(result.near(f)[0]), complex(result.far(f)[0])

    f = naive.TIMES_HZ
    wanted_s = naive.phase_delays_s([naive.sphere_ears(angle_deg, one) for one in f], f)
    made_s = naive.phase_delays_s([ears(one) for one in f], f)
    assert max(abs(a - b) for a, b in zip(made_s, wanted_s, strict=True)) < 30e-6
    for band in naive.BANDS_HZ:
        wanted_db = naive.level_difference_db(lambda one: naive.sphere_ears(angle_deg, one), band)
        assert abs(naive.level_difference_db(ears, band) - wanted_db) < largest_db, band


@pytest.mark.parametrize("angle_deg", [10.0, 30.0, 60.0, 90.0])
def test_high_frequencies_arrive_as_woodworth_says(angle_deg: float) -> None:
    """At 6 kHz the far ear is later by (a/c)(θ + sin θ), within two samples at 48 kHz: 261 µs at 30 degrees."""
    f = np.geomspace(100.0, 6000.0, 400)
    result = model(angle_deg)
    late_s = -np.unwrap(np.angle(result.far(f) / result.near(f)))[-1] / (2 * np.pi * 6000.0)
    theta = math.radians(angle_deg)
    assert late_s == pytest.approx(naive.RADIUS_M / naive.SPEED_M_S * (theta + math.sin(theta)), abs=2 / 48_000)


@settings(max_examples=6)
@given(st.floats(1.0, 90.0), st.sampled_from([16_000.0, 44_100.0, 96_000.0]))
def test_at_any_angle(angle_deg: float, sample_rate_hz: float) -> None:
    """|X_i| = 1 to rounding, X_c leaves 0 Hz alone and is stable, and both impulse responses transform to the responses."""
    result = model(angle_deg, sample_rate_hz)
    f = HERTZ[sample_rate_hz / 2 > HERTZ]
    np.testing.assert_allclose(np.abs(result.near(f)), 1.0, rtol=0, atol=1e-14)
    assert abs(result.far(np.zeros(1))[0]) == pytest.approx(1.0, abs=1e-9)
    assert np.abs(np.roots(result.denominator)).max() < 1.0
    assert np.abs(np.roots(result.numerator)).max() < 1.0
    for taps, expected in zip(result.taps(), (result.near(f), result.far(f)), strict=True):
        sums = np.exp(-2j * np.pi / sample_rate_hz * np.outer(f, np.arange(taps.size))) @ taps
        np.testing.assert_allclose(sums, expected, rtol=0, atol=1e-6)
    assert not result.taps()[1][: result.delay_samples].any()


def test_a_longer_way_at_a_larger_angle() -> None:
    """From 10 to 90 degrees the far ear's delay at 300 Hz only grows."""
    f = np.array([300.0])
    late = [float(np.angle(m.near(f) / m.far(f))[0]) for m in map(model, (10, 30, 60, 90))]
    assert (np.diff(late) > 0).all()


def test_a_sphere_as_a_head_gives_the_spheres_model() -> None:
    """Fitted to the scene's own sphere head, from a source 1 km away, the model is that of the series for plane waves."""
    fitted = measured_crosstalk(
        Sphere("sphere", naive.RADIUS_M), 30.0, sample_rate_hz=48_000.0, speed_of_sound_m_s=naive.SPEED_M_S
    )
    f = HERTZ[HERTZ < 10_000]
    np.testing.assert_allclose(fitted.far(f) / fitted.near(f), model(30.0).far(f) / model(30.0).near(f), atol=0.02)


def test_a_loudspeaker_on_the_left_is_earlier_and_louder_at_the_left_ear() -> None:
    """And by the plain loop's own pressures, at both signs of the angle."""
    head = Sphere("sphere", naive.RADIUS_M)
    f = np.array([400.0, 1000.0, 3000.0])
    for angle_deg, near in ((30.0, 0), (-30.0, 1)):
        ears = far_ears(head, f, angle_deg, naive.SPEED_M_S)
        expected = np.array([naive.sphere_ears(30.0, one) for one in f])
        np.testing.assert_allclose(ears[:, 1 - near] / ears[:, near], expected[:, 1] / expected[:, 0], rtol=2e-3)
        assert (np.abs(ears[:, near]) > np.abs(ears[:, 1 - near])).all()


def test_fitted_to_a_kemar() -> None:
    """The model's time and level are those of the file's own responses at 30 degrees: on average 30 µs to 1.5 kHz and 1.5 dB a band,
    a pinna's own notches within 3.5 dB.
    """
    head = read_head(KEMAR, naive.RADIUS_M, naive.SPEED_M_S)
    result = measured_crosstalk(head, 30.0, sample_rate_hz=48_000.0, speed_of_sound_m_s=naive.SPEED_M_S)
    measured = naive.kemar_ears(KEMAR, 30.0)

    def ears(frequency_hz: float) -> tuple[complex, complex]:
        f = np.array([frequency_hz])
        return complex(result.near(f)[0]), complex(result.far(f)[0])

    f = naive.TIMES_HZ
    wanted_s = np.array(naive.phase_delays_s([measured(one) for one in f], f))
    made_s = np.array(naive.phase_delays_s([ears(one) for one in f], f))
    assert np.abs(made_s - wanted_s).mean() < 30e-6 < wanted_s.mean()
    errors_db = [
        naive.level_difference_db(ears, band) - naive.level_difference_db(measured, band) for band in naive.BANDS_HZ
    ]
    assert np.abs(errors_db).mean() < 1.5
    assert np.abs(errors_db).max() < 3.5
