"""The oracle for the ears, held against limits and cases that are worked out by hand."""

import cmath
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import sofar

from oracles.far_ear import cancellation_gain_db, ear_pressures
from oracles.naive_sphere import naive_sphere_pressure

C = 343.0
A = 0.0875


def _write(
    folder: Path,
    drivers: Mapping[str, tuple[Sequence[float], Mapping[int, float]]],
    listener: str,
    enclosure: str = "",
    top: str = "sample_rate_hz = 48000",
    driver_radius_m: float | None = None,
) -> tuple[Path, Path]:
    """A problem file and a coefficients file: each driver's place and taps."""
    lines = ['title = "test"', top]
    if enclosure:
        lines += ["[enclosure]", enclosure]
    for name, (place, _) in drivers.items():
        lines += ["[[drivers]]", f'name = "{name}"', f"position_m = {list(place)}"]
        if driver_radius_m is not None:
            lines += [f"radius_m = {driver_radius_m}"]
    lines += ["[listener]", listener]
    for ear in ("left", "right"):
        lines += ["[[designs]]", f'name = "to {ear}"', 'kind = "ctc"', f'ear = "{ear}"', "band_hz = [100, 1000]"]
    problem = folder / "problem.toml"
    problem.write_text("\n".join(lines) + "\n", encoding="utf-8")

    rows = ["channel,driver,tap,value"]
    for name, (_, taps) in drivers.items():
        for tap, value in taps.items():
            rows += [f"to left,{name},{tap},{value!r}", f"to right,{name},{tap},{-value!r}"]
    coefficients = folder / "coefficients.csv"
    coefficients.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return problem, coefficients


def _delay_s(later: complex, earlier: complex, frequency_hz: float) -> float:
    return -cmath.phase(later / earlier) / (2.0 * math.pi * frequency_hz)


# ----------------------------------------------------------------------------------------------------------------------
# The rigid sphere
# ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cap_radius_m", [0.0, 5e-7])
@pytest.mark.parametrize("cos_angle", [-1.0, 0.2, 1.0])
def test_a_source_on_a_vanishing_sphere_is_a_point_source(cap_radius_m: float, cos_angle: float) -> None:
    """As ka → 0, a cap or point on the sphere, at any angle, gives e^{-jkr}/r within 1e-4 of its size."""
    k, a, r = 2.0 * math.pi * 1000.0 / C, 1e-6, 2.0
    free = cmath.exp(-1j * k * r) / r
    assert abs(naive_sphere_pressure(k, a, a, r, cos_angle, cap_radius_m) / free - 1.0) < 1e-4


@pytest.mark.parametrize("cos_angle", [-1.0, 0.2, 1.0])
def test_a_vanishing_sphere_does_not_disturb_the_field(cos_angle: float) -> None:
    """As ka → 0, the pressure on or near a tiny sphere is that of the point source alone, within 1e-4."""
    k, a, r_s = 2.0 * math.pi * 1000.0 / C, 1e-6, 2.0
    for r in (a, 0.5):
        apart = math.sqrt(r_s**2 + r**2 - 2.0 * r_s * r * cos_angle)
        free = cmath.exp(-1j * k * apart) / apart
        assert abs(naive_sphere_pressure(k, a, r_s, r, cos_angle) / free - 1.0) < 1e-4


@pytest.mark.parametrize("ka", [50.0, 200.0])
def test_the_near_pole_gains_six_decibels_from_a_far_source(ka: float) -> None:
    """Large ka: the pole that faces a far source sees twice the free-field pressure there, +6.02 dB within 0.02 dB."""
    r_s = 100.0 * A
    free = cmath.exp(-1j * ka / A * (r_s - A)) / (r_s - A)
    ratio = naive_sphere_pressure(ka / A, A, r_s, A, 1.0) / free
    assert 20.0 * math.log10(abs(ratio)) == pytest.approx(20.0 * math.log10(2.0), abs=0.02)
    assert abs(cmath.phase(ratio)) < 0.02


@pytest.mark.parametrize("ka", [0.5, 3.0, 12.0])
def test_the_sphere_is_rigid(ka: float) -> None:
    """∂p/∂r = 0 on the surface, for a point source outside: the Neumann condition by one-sided differences."""
    k, r_s, step = ka / A, 0.3, 1e-5
    for cos_angle in (-1.0, -0.3, 0.6, 1.0):
        at = [naive_sphere_pressure(k, A, r_s, A + n * step, cos_angle) for n in range(3)]
        slope = (-3.0 * at[0] + 4.0 * at[1] - at[2]) / (2.0 * step)
        # A plane wave of that pressure has the slope k·|p|.
        assert abs(slope) < 1e-3 * k * abs(at[0])


@pytest.mark.parametrize("ka", [0.5, 8.0])
def test_a_cap_is_the_mean_of_the_points_on_it(ka: float) -> None:
    """A cap of unit volume velocity is the average over its area of surface point sources, within 1e-9."""
    k, r, cos_angle, rim = ka / A, 0.5, 0.3, 0.025
    sin_angle, cos_rim = math.sqrt(1.0 - cos_angle**2), math.cos(math.asin(rim / A))
    nodes, weights = np.polynomial.legendre.leggauss(12)
    around = 24
    mean = 0j
    for node, weight in zip(nodes.tolist(), weights.tolist(), strict=True):
        u = cos_rim + (1.0 - cos_rim) * (node + 1.0) / 2.0
        for step in range(around):
            turn = 2.0 * math.pi * (step + 0.5) / around
            toward = u * cos_angle + math.sqrt(1.0 - u * u) * math.cos(turn) * sin_angle
            mean += weight / 2.0 / around * naive_sphere_pressure(k, A, A, r, toward)
    assert abs(naive_sphere_pressure(k, A, A, r, cos_angle, rim) / mean - 1.0) < 1e-9


def test_zero_frequency_is_the_limit() -> None:
    """At k = 0 the size continues that at small k: on the surface, for a cap and with both points outside."""
    for args in ((1.0, A, 0.3), (1.0, 0.2, 0.3), (A, 0.2, 0.3, 0.025)):
        small = naive_sphere_pressure(1e-3, A, *args)
        assert abs(small) == pytest.approx(abs(naive_sphere_pressure(0.0, A, *args)), rel=1e-5)


# ----------------------------------------------------------------------------------------------------------------------
# The listener and the scene
# ----------------------------------------------------------------------------------------------------------------------


def test_interaural_delay_of_a_far_source_at_low_frequency(tmp_path: Path) -> None:
    """50 Hz, 30° to the listener's left, 20 m away: the right ear is 3(a/c) sin 30° = 383 µs later, within 1%."""
    distance = 20.0
    place = [distance - distance * math.cos(math.pi / 6.0), -distance * math.sin(math.pi / 6.0), 0.0]
    files = _write(tmp_path, {"one": (place, {0: 1.0})}, f"position_m = [{distance}, 0.0, 0.0]")
    left, right = ear_pressures(*files, "to left", [50.0])[0, 0]
    assert _delay_s(right, left, 50.0) == pytest.approx(3.0 * A / C * 0.5, rel=0.01)


@pytest.mark.parametrize("head", ["sphere", "sphere:0.08", "points"])
def test_the_left_ear_is_first_for_a_driver_at_negative_y(tmp_path: Path, head: str) -> None:
    """A driver at -y arrives first, and louder, at the left ear, for each model of the head."""
    listener = f'position_m = [2.0, 0.0, 0.0]\nhead = "{head}"'
    files = _write(tmp_path, {"left": ([0.0, -0.5, 0.0], {0: 1.0})}, listener)
    left, right = ear_pressures(*files, "to left", [300.0])[0, 0]
    assert _delay_s(right, left, 300.0) > 100e-6
    assert abs(left) > 1.01 * abs(right)


def test_a_turn_to_the_left_brings_the_right_ear_first(tmp_path: Path) -> None:
    """Counter-clockwise from above is to the listener's left: a driver ahead then arrives first at the right ear."""
    drivers: dict[str, tuple[list[float], dict[int, float]]] = {"front": ([0.0, 0.0, 0.0], {0: 1.0})}
    files = _write(tmp_path, drivers, "position_m = [20.0, 0.0, 0.0]\nturn_deg = 30.0")
    left, right = ear_pressures(*files, "to left", [50.0])[0, 0]
    assert _delay_s(left, right, 50.0) == pytest.approx(3.0 * A / C * 0.5, rel=0.01)


def test_a_listener_at_the_side_faces_the_device(tmp_path: Path) -> None:
    """A scene turned by 90° about the vertical, listener on +y, gives the same pressures; the listener is raised."""
    first = _write(
        tmp_path, {"one": ([0.0, -0.3, 0.0], {0: 1.0})}, "position_m = [1.5, 0.0, 0.4]\near_cloud_m = [[0, 0, 0]]"
    )
    before = ear_pressures(*first, "to left", [700.0])
    second = _write(
        tmp_path, {"one": ([0.3, 0.0, 0.0], {0: 1.0})}, "position_m = [0.0, 1.5, 0.4]\near_cloud_m = [[0, 0, 0]]"
    )
    after = ear_pressures(*second, "to left", [700.0])
    np.testing.assert_allclose(after, before, rtol=1e-12)
    assert abs(before[0, 0, 0] - before[0, 0, 1]) > 0.1 * abs(before[0, 0, 0])


def test_two_points_by_hand(tmp_path: Path) -> None:
    """Two drivers, two ears, a wavelength of 1 m: 1.4 at the left ear, -0.3j at the right, 13.38 dB.

    c = 340 m/s, f = 340 Hz, so k = 2π. Drivers and ears at y = ∓0.375 m, 1 m apart along x: the straight paths are
    1 m, e^{-j2π} = 1; the crossed ones sqrt(1 + 0.75²) = 1.25 m, e^{-j2π·1.25}/1.25 = -0.8j. At 1360 Hz one tap is a
    quarter of a period, -j: the right driver's filter, -0.5 at tap 1, is 0.5j.
    Left: 1 + 0.5j·(-0.8j) = 1.4. Right: -0.8j + 0.5j = -0.3j. The gain is 20 log10(1.4/0.3) = 13.380 dB.
    """
    files = _write(
        tmp_path,
        {"left": ([0.0, -0.375, 0.0], {0: 1.0}), "right": ([0.0, 0.375, 0.0], {1: -0.5})},
        'position_m = [1.0, 0.0, 0.0]\nhead = "points"\nhead_radius_m = 0.375\near_cloud_m = [[0, 0, 0]]',
        top="sample_rate_hz = 1360\nspeed_of_sound_m_s = 340.0",
    )
    pressures = ear_pressures(*files, "to left", [340.0])
    assert pressures.shape == (1, 1, 2)
    np.testing.assert_allclose(pressures[0, 0], [1.4, -0.3j], rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(ear_pressures(*files, "to right", [340.0]), -pressures, rtol=0.0, atol=1e-12)
    for channel, expected in (("to left", 13.380136), ("to right", -13.380136)):
        mean, worst = cancellation_gain_db(*files, channel, [340.0])
        np.testing.assert_allclose([mean[0], worst[0]], expected, rtol=0.0, atol=1e-6)


def test_a_cloud_by_hand(tmp_path: Path) -> None:
    """Mean of powers over mean of powers, 4.270 dB, and the smallest single ratio, 1.938 dB.

    One driver at y = -0.375 m, ears at ∓0.375 m. Head at x = 1 m: powers 1 and 1/1.25² = 0.64. Head half a metre
    nearer: 1/0.5² = 4 and 1/(0.5² + 0.75²) = 1.230769. Means 2.5 and 0.935385: 10 log10(2.672697) = 4.2695 dB. Single
    ratios: 1/0.64, 1.9382 dB, and 3.25, 5.1188 dB.
    """
    files = _write(
        tmp_path,
        {"left": ([0.0, -0.375, 0.0], {0: 1.0})},
        'position_m = [1.0, 0, 0]\nhead = "points"\nhead_radius_m = 0.375\near_cloud_m = [[0, 0, 0], [-0.5, 0, 0]]',
    )
    powers = np.abs(ear_pressures(*files, "to left", [0.0, 777.0])) ** 2
    np.testing.assert_allclose(powers, [[[1.0, 0.64], [4.0, 16.0 / 13.0]]] * 2, rtol=1e-12)
    mean, worst = cancellation_gain_db(*files, "to left", [0.0, 777.0])
    np.testing.assert_allclose(mean, 10.0 * math.log10(2.5 / 0.9353846153846154), atol=1e-9)
    np.testing.assert_allclose(mean, 4.2695, atol=1e-4)
    np.testing.assert_allclose(worst, 1.9382, atol=1e-4)


def test_a_vanishing_enclosure_is_a_driver_at_the_origin(tmp_path: Path) -> None:
    """A cap on a sphere of 1 µm meets a sphere head as a free-field driver at the origin does, within 1e-4."""
    listener = "position_m = [1.0, 0.0, 0.0]\nturn_deg = 40.0\near_cloud_m = [[0, 0, 0], [0.1, -0.2, 0.05]]"
    frequencies = [60.0, 200.0, 3000.0]
    free = ear_pressures(*_write(tmp_path, {"one": ([0.0, 0.0, 0.0], {0: 1.0})}, listener), "to left", frequencies)
    enclosed = _write(
        tmp_path,
        {"one": ([0.0, 1e-6, 0.0], {0: 1.0})},
        listener,
        'model = "sphere"\nradius_m = 1e-6',
        driver_radius_m=3e-7,
    )
    np.testing.assert_allclose(ear_pressures(*enclosed, "to left", frequencies), free, rtol=1e-4)


def test_drivers_near_the_enclosure_are_put_on_it(tmp_path: Path) -> None:
    """A driver 0.9 mm off the surface, in or out, counts as on it; 20 mm outside it does not."""
    listener = 'position_m = [1.0, 0.0, 0.0]\nhead = "points"'
    enclosure = 'model = "sphere"\nradius_m = 0.0875'
    results = []
    for y in (-0.0875, -0.0884, -0.0866, -0.1075):
        files = _write(tmp_path, {"one": ([0.0, y, 0.0], {0: 1.0})}, listener, enclosure)
        results.append(ear_pressures(*files, "to left", [2000.0]))
    np.testing.assert_allclose(results[1], results[0], rtol=1e-12)
    np.testing.assert_allclose(results[2], results[0], rtol=1e-12)
    assert np.max(np.abs(results[3] / results[0] - 1.0)) > 0.05
    # At the left ear, worked out directly: the angle between -y and the ear at (1, -a, 0).
    distance = math.hypot(1.0, A)
    direct = naive_sphere_pressure(2.0 * math.pi * 2000.0 / C, A, A, distance, A / distance)
    np.testing.assert_allclose(results[0][0, 0, 0], direct, rtol=1e-12)


@pytest.mark.parametrize("left_first", [True, False])
def test_a_measured_head_by_hand(tmp_path: Path, left_first: bool) -> None:
    """At a measured place, the file's own impulse, rate and delay; half way between two, their geometric mean level.

    From [2, 0, 0] a driver 1.2 m away and 30° to the listener's left is at +30° of the file, not at -30°.
    """
    sofa = sofar.Sofa("SimpleFreeFieldHRIR")
    sofa.SourcePosition = np.array([[0.0, 0.0, 1.2], [330.0, 0.0, 1.2], [30.0, 0.0, 1.2], [90.0, 0.0, 1.2]])
    sofa.SourcePosition_Type, sofa.SourcePosition_Units = "spherical", "degree, degree, metre"
    sofa.Data_SamplingRate = 8000.0
    near, far = (0, 1) if left_first else (1, 0)
    responses = np.zeros((4, 2, 8))
    for m in range(4):
        responses[m, near, m] = 1.0 + m
        responses[m, far, m + 3] = 0.1 + 0.1 * m
    sofa.Data_IR = responses
    delays = np.zeros((1, 2))
    delays[0, far] = 1.5
    sofa.Data_Delay = delays
    ears = np.zeros((2, 3, 1))
    ears[near, 1], ears[far, 1] = 0.09, -0.09
    sofa.ReceiverPosition = ears
    sofar.write_sofa(str(tmp_path / "head.sofa"), sofa)

    listener = 'position_m = [2.0, 0.0, 0.0]\nhead = "head.sofa"'
    at = [(2.0 - 1.2 * math.cos(angle), -1.2 * math.sin(angle), 0.0) for angle in (math.pi / 6, math.pi / 12)]
    files = _write(tmp_path, {"left": (at[0], {0: 1.0})}, listener)
    f = 500.0
    carried = cmath.exp(-2j * math.pi * f / C * 1.2) / 1.2
    expected = [
        3.0 * cmath.exp(-2j * math.pi * f * 2.0 / 8000.0) * carried,
        0.3 * cmath.exp(-2j * math.pi * f * (5.0 + 1.5) / 8000.0) * carried,
    ]
    np.testing.assert_allclose(ear_pressures(*files, "to left", [f])[0, 0], expected, rtol=1e-9)
    files = _write(tmp_path, {"left": (at[1], {0: 1.0})}, listener)
    between = np.abs(ear_pressures(*files, "to left", [f])[0, 0])
    np.testing.assert_allclose(between, np.array([math.sqrt(3.0), math.sqrt(0.1 * 0.3)]) / 1.2, rtol=1e-9)
