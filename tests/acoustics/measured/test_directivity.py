"""A measured driver's interpolation, its join below the band, and its refusal above it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.acoustics.measured.directivity import DirectivitySummary, MeasuredDirectivity
from designer.acoustics.measured.driver_sets import common_reference
from designer.acoustics.measured.formats import read_response
from designer.arrays import Complex, Real
from designer.errors import DataError
from designer.problem.geometry import direction

ROOT = Path(__file__).parents[3]
REAL_SET = ROOT.parent / "shared" / "data" / "rew-polar"
needs_real_set = pytest.mark.skipif(not REAL_SET.exists(), reason="the measured set is not beside this repository")
C = 343.0
SUMMARY = DirectivitySummary(
    driver="woofer",
    kind="made",
    files=("made.npz",),
    coverage="sphere",
    directions=0,
    lowest_hz=0,
    highest_hz=0,
    level_1_khz_db=0.0,
    gain_db=0.0,
    delay_removed_s=0.0,
    distance_m=None,
    polarity=1,
    acoustic_centre_m=(0, 0, 0),
    symmetry_error_db=None,
    noise_floor_db=-100.0,
)


def measured(
    frequency_hz: Real, directions: Real, pressure: Complex, centre_s: Real | None = None
) -> MeasuredDirectivity:
    centre = np.zeros(3) if centre_s is None else centre_s
    return MeasuredDirectivity(frequency_hz, directions, pressure, SUMMARY, acoustic_centre_s=centre)


def grid(step_deg: float) -> Real:
    """The sphere at equal steps of azimuth and elevation, each pole once."""
    azimuth, elevation = np.meshgrid(np.arange(-180, 180, step_deg), np.arange(-90 + step_deg, 90, step_deg))
    return np.concatenate([direction(azimuth.ravel(), elevation.ravel()), [[0, 0, 1.0], [0, 0, -1.0]]])


def horizontal(step_deg: float, last_deg: float = 180.0) -> Real:
    return np.round(direction(np.arange(-180 + step_deg, last_deg + 1e-9, step_deg)), 12)


def cap(frequency_hz: Real, directions: Real) -> Complex:
    """A driver on a sphere of 8.75 cm that faces +x, from the model: smooth, and known everywhere."""
    sphere = SphereEnclosure(0.0875, np.array([[1.0, 0.0, 0.0]]), [0.025])
    field: Complex = sphere.far_field(2 * np.pi * frequency_hz / C, directions)[:, :, 0]
    return field


FREQUENCY_HZ = np.geomspace(100.0, 8000.0, 120)


@pytest.mark.parametrize("directions", [grid(15), horizontal(10)], ids=["sphere", "one plane"])
def test_a_measured_direction_is_returned_as_measured(directions: Real) -> None:
    """At the measured frequencies and directions nothing is interpolated."""
    pressure = cap(FREQUENCY_HZ, directions)
    again = measured(FREQUENCY_HZ, directions, pressure).transfer(FREQUENCY_HZ, directions)
    np.testing.assert_allclose(again, pressure, rtol=1e-6)


@pytest.mark.parametrize(
    ("directions", "limit_db"), [(grid(10), 0.5), (horizontal(10), 0.5), (grid(20), 1.5)], ids=["10", "plane", "20"]
)
def test_between_measured_directions_the_model_is_met(directions: Real, limit_db: float) -> None:
    """A cap on a sphere, sampled every 10 degrees, is known in between within half a dB wherever it is not near a null."""
    asked = direction(np.linspace(-178, 177, 41), np.linspace(-60, 60, 41))
    got = measured(FREQUENCY_HZ, directions, cap(FREQUENCY_HZ, directions)).transfer(FREQUENCY_HZ, asked)
    true = cap(FREQUENCY_HZ, asked)
    level_db = 20 * np.log10(np.abs(true))
    heard = level_db > level_db.max() - 15
    assert np.abs(20 * np.log10(np.abs(got / true)))[heard].max() < limit_db


def test_a_turned_far_driver_keeps_its_delays() -> None:
    """A set turned 15 cm away from its acoustic centre is a phase of many turns between angles; it comes back in phase."""
    directions, asked = horizontal(10), direction(np.arange(-175.0, 180, 10))
    centre_s = np.array([0.05, 0.15, 0.0]) / C

    def moved(towards: Real) -> Complex:
        shift: Complex = np.exp(2j * np.pi * np.outer(FREQUENCY_HZ, towards @ centre_s))
        return cap(FREQUENCY_HZ, towards) * shift

    got = measured(FREQUENCY_HZ, directions, moved(directions), centre_s).transfer(FREQUENCY_HZ, asked)
    level_db = 20 * np.log10(np.abs(cap(FREQUENCY_HZ, asked)))
    phase = np.angle(got / moved(asked))
    assert np.abs(phase[level_db > level_db.max() - 15]).max() < np.radians(15)


@settings(max_examples=40)
@given(st.floats(-179.9, 179.9), st.floats(100, 8000), st.sampled_from([5.0, 10.0, 22.5]))
def test_no_comb_between_two_angles(azimuth_deg: float, frequency_hz: float, step_deg: float) -> None:
    """Between two measured angles the level lies between theirs, at every frequency and whatever their phases are."""
    directions = horizontal(step_deg)
    rng = np.random.default_rng(0)
    delays = np.exp(-2j * np.pi * np.outer(FREQUENCY_HZ, rng.uniform(0, 1e-3, len(directions))))
    m = measured(FREQUENCY_HZ, directions, np.abs(cap(FREQUENCY_HZ, directions)) * delays)
    angles = np.degrees(np.arctan2(directions[:, 1], directions[:, 0]))
    apart = np.abs((angles - azimuth_deg + 180) % 360 - 180)
    pair = directions[np.argsort(apart)[:2]]
    level = np.log(np.abs(m.transfer(np.array([frequency_hz]), np.concatenate([pair, [direction(azimuth_deg)]]))))[0]
    assert level[:2].min() - 1e-6 <= level[2] <= level[:2].max() + 1e-6


def test_no_comb_within_a_triangle() -> None:
    """On the sphere too: no direction is louder or quieter than the loudest and quietest of all, phases being random."""
    directions = grid(20)
    rng = np.random.default_rng(1)
    level = rng.uniform(0.5, 2.0, len(directions))
    m = measured(
        FREQUENCY_HZ, directions, level * np.exp(2j * np.pi * rng.random((FREQUENCY_HZ.size, len(directions))))
    )
    towards = rng.normal(size=(500, 3))
    got = np.abs(m.transfer(FREQUENCY_HZ, towards / np.linalg.norm(towards, axis=1, keepdims=True)))
    assert got.min() > 0.5 - 1e-6
    assert got.max() < 2.0 + 1e-6


def test_one_side_of_one_plane_is_completed_by_symmetry_about_the_axis() -> None:
    """0 to 180 degrees to one side give every direction at the same angle from the axis the same value."""
    angles = np.arange(0, 181, 10.0)
    directions = np.round(direction(angles), 12)
    m = measured(FREQUENCY_HZ, directions, cap(FREQUENCY_HZ, directions))
    roll = np.radians(np.arange(0, 360, 30))
    ring = np.stack([np.full(roll.size, np.cos(1.0)), np.sin(1.0) * np.cos(roll), np.sin(1.0) * np.sin(roll)], axis=1)
    got = m.transfer(FREQUENCY_HZ, ring)
    np.testing.assert_allclose(got, got[:, :1].repeat(roll.size, axis=1), rtol=1e-9)


def test_both_sides_of_one_plane_are_kept_in_it_and_averaged_across_it() -> None:
    """Left 2 and right 0.5 stay what they are in the plane; straight up lies their mean in dB, 1."""
    directions = np.round(direction(np.array([-90.0, 0.0, 90.0])), 12)
    m = measured(FREQUENCY_HZ, directions, np.tile([0.5, 1.0, 2.0], (FREQUENCY_HZ.size, 1)).astype(complex))
    asked = np.array([[0, 1.0, 0], [0, -1.0, 0], [0, 0, 1.0], [0, 0, -1.0]])
    np.testing.assert_allclose(np.abs(m.transfer(FREQUENCY_HZ[:1], asked))[0], [2.0, 0.5, 1.0, 1.0], rtol=1e-9)


def test_two_planes_are_blended_by_the_square_of_the_cosine() -> None:
    """Between left (4) and up (1), half way around the axis, lies their mean in dB, 2; in each plane its own."""
    circle = np.arange(-90.0, 91, 30)
    flat, upright = direction(circle), direction(np.zeros(circle.size), circle)
    directions = np.round(np.concatenate([flat, upright[circle != 0]]), 12)
    wide = np.where(circle == 0, 2.0, 4.0)
    pressure = np.concatenate([wide, np.where(circle == 0, 2.0, 1.0)[circle != 0]])
    m = measured(FREQUENCY_HZ, directions, np.tile(pressure, (FREQUENCY_HZ.size, 1)).astype(complex))
    half = np.sqrt(0.5)
    asked = np.array([[0, 1.0, 0], [0, 0, 1.0], [0, half, half], [0, -half, half], [0, half, -half]])
    np.testing.assert_allclose(np.abs(m.transfer(FREQUENCY_HZ[:1], asked))[0], [4, 1, 2, 2, 2], rtol=1e-9)


def test_half_a_sphere_holds_its_rim_behind() -> None:
    """Directions of the front alone: the back gets values of the front, and no hole."""
    directions = grid(15)
    front = directions[directions[:, 0] > -1e-9]
    m = measured(FREQUENCY_HZ, front, cap(FREQUENCY_HZ, front))
    got = np.abs(m.transfer(FREQUENCY_HZ, grid(20)))
    assert np.isfinite(got).all()
    assert got.min() >= np.abs(m.pressure).min() * (1 - 1e-6)


def test_below_the_band_the_driver_goes_over_to_omnidirectional() -> None:
    """At the lowest frequency the join is continuous; an octave below, all directions are alike, at the level on axis."""
    directions = horizontal(15)
    m = measured(FREQUENCY_HZ, directions, cap(FREQUENCY_HZ, directions) * np.linspace(0.7, 1.3, len(directions)))
    asked = direction(np.array([0.0, 40.0, 130.0]))
    got = m.transfer(np.array([0.0, 10.0, 49.9, 99.999, 100.0]), asked)
    np.testing.assert_allclose(np.abs(got[3]), np.abs(got[4]), rtol=1e-4)
    np.testing.assert_allclose(np.abs(got[1:3]), np.abs(got[4, 0]), rtol=1e-9)
    assert not got[0].imag.any()


def test_below_the_band_a_model_is_joined() -> None:
    """A driver that is the model times 0.5 and a phase stays so below its band, for all directions."""
    directions = grid(20)
    factor = 0.5 * np.exp(0.3j)
    m = measured(FREQUENCY_HZ, directions, factor * cap(FREQUENCY_HZ, directions))
    low_hz = np.array([20.0, 60.0, 99.0])
    got = m.transfer(low_hz, directions, below=cap)
    np.testing.assert_allclose(got, factor * cap(low_hz, directions), rtol=2e-3)


def test_below_the_band_a_model_may_be_silent() -> None:
    """Behind a baffle the model has nothing: what was measured there goes on at the join, and fades to nothing an octave below."""
    directions = horizontal(15.0)
    driver = measured(FREQUENCY_HZ, directions, cap(FREQUENCY_HZ, directions))

    def before_the_baffle(frequency_hz: Real, directions: Real) -> Complex:
        return np.tile((directions[:, 0] > -1e-9).astype(complex), (frequency_hz.size, 1))

    lowest_hz = driver.frequency_hz[0]
    found = driver.transfer(lowest_hz * np.array([0.4, 0.5, 1 - 1e-9, 1.0]), directions, below=before_the_baffle)
    np.testing.assert_allclose(found[2], found[3], rtol=1e-6)
    behind = directions[:, 0] < -1e-9
    np.testing.assert_array_equal(found[:2, behind], 0.0)
    assert np.abs(found[:2, ~behind]).min() > 0.5 * np.abs(found[3, ~behind]).min()


def test_above_the_band_is_refused() -> None:
    """The error names the file, the driver, the measured band and what was asked; holding must be asked for."""
    directions = horizontal(30)
    m = measured(FREQUENCY_HZ, directions, cap(FREQUENCY_HZ, directions))
    with pytest.raises(
        DataError, match=r"made\.npz: driver woofer was measured from 100 to 8000 Hz.*expected up to 8000"
    ):
        m.transfer(np.array([1000.0, 9000.0]), directions)
    with pytest.raises(DataError, match=r"designs\[0\]\.band_hz asks for 500 to 12000 Hz"):
        m.check_band((500.0, 12000.0), location="designs[0].band_hz")
    held = m.transfer(np.array([8000.0, 12000.0]), directions, above="hold")
    np.testing.assert_allclose(np.abs(held[1]), np.abs(held[0]))


def test_inputs_are_not_modified() -> None:
    """Arrays that are handed in stay as they are."""
    directions, frequency_hz = horizontal(30), np.array([0.0, 50.0, 200.0])
    pressure = cap(FREQUENCY_HZ, directions)
    before = pressure.copy(), directions.copy(), frequency_hz.copy()
    measured(FREQUENCY_HZ, directions, pressure).transfer(frequency_hz, directions)
    for now, then in zip((pressure, directions, frequency_hz), before, strict=True):
        np.testing.assert_array_equal(now, then)


def with_summary(m: MeasuredDirectivity, **changes: object) -> MeasuredDirectivity:
    return replace(m, summary=replace(m.summary, **changes))  # type: ignore[arg-type]  # any of the summary's keys


def test_drivers_of_one_kind_keep_their_relative_level() -> None:
    """Two drivers whose files were raised by 3 and 9 dB get the loudest's gain, so that 6 dB stay between them."""
    directions = horizontal(30)
    one = measured(FREQUENCY_HZ, directions, np.ones((FREQUENCY_HZ.size, len(directions)), dtype=complex))
    out, warnings = common_reference({"a": with_summary(one, gain_db=-80.0), "b": with_summary(one, gain_db=-74.0)})
    assert not warnings
    assert 20 * np.log10(np.abs(out["a"].pressure)).max() == pytest.approx(0.0, abs=1e-9)
    assert 20 * np.log10(np.abs(out["b"].pressure)).max() == pytest.approx(-6.0)
    assert out["b"].summary.gain_db == -80.0


def test_drivers_of_different_kinds_are_not_compared() -> None:
    """Each keeps its own level, and a warning says so."""
    directions = horizontal(30)
    one = measured(FREQUENCY_HZ, directions, cap(FREQUENCY_HZ, directions))
    other = with_summary(one, gain_db=-70.0, kind="other")
    out, (warning,) = common_reference({"a": one, "b": other})
    assert "different kinds of file cannot be compared" in warning
    assert out["b"].summary.gain_db == -70.0


def test_a_polarity_flip_in_one_driver_is_named() -> None:
    """The driver whose on-axis pressure starts the other way is named, with those that it differs from."""
    directions = horizontal(30)
    one = measured(FREQUENCY_HZ, directions, cap(FREQUENCY_HZ, directions))
    _, (warning,) = common_reference({"left": one, "front": one, "right": with_summary(one, polarity=-1)})
    assert "polarity of right is opposite to that of left, front" in warning


def test_drivers_of_one_file_share_a_latency() -> None:
    """Where one driver's latency was taken off and another's was not, both get the same."""
    directions = horizontal(30)
    one = replace(measured(FREQUENCY_HZ, directions, cap(FREQUENCY_HZ, directions)), time="absolute")
    out, _ = common_reference({"a": with_summary(one, delay_removed_s=2.1e-4), "b": one})
    turned = out["b"].pressure / one.pressure
    np.testing.assert_allclose(turned[:, 0], np.exp(2j * np.pi * FREQUENCY_HZ * 2.1e-4))


@needs_real_set
def test_leaving_out_every_second_angle_of_a_real_set_predicts_it() -> None:
    """A woofer measured every 7.5 degrees is predicted from every 15 within 0.3 dB (rms) and 1 dB at worst, up to 5 kHz."""
    woofer = read_response("woofer hor *.frd", REAL_SET, driver="woofer", speed_of_sound_m_s=C)
    order = np.argsort(woofer.directions[:, 1])
    kept, left_out = order[::2], order[1::2]
    thinned = replace(woofer, directions=woofer.directions[kept], pressure=woofer.pressure[:, kept])
    up_to = woofer.frequency_hz <= 5000
    predicted = thinned.transfer(woofer.frequency_hz[up_to], woofer.directions[left_out])
    error_db = 20 * np.log10(np.abs(predicted / woofer.pressure[up_to][:, left_out]))
    assert np.sqrt(np.mean(error_db**2)) < 0.3
    assert np.abs(error_db).max() < 1.0


@needs_real_set
def test_the_real_set_says_what_it_is() -> None:
    """Thirteen angles of one side of one plane, 59.9 Hz to 22 kHz; what was assumed is in the notes and warnings."""
    woofer = read_response("woofer hor *.frd", REAL_SET, driver="woofer", speed_of_sound_m_s=C)
    s = woofer.summary
    assert (s.directions, s.coverage, s.symmetry_error_db) == (13, "horizontal plane", None)
    assert s.lowest_hz == pytest.approx(59.932)
    assert s.highest_hz == pytest.approx(22013.406)
    assert any("completed by symmetry about the axis" in note for note in woofer.notes)
    assert any("nothing was measured beyond 90 degrees" in warning for warning in woofer.warnings)
    assert s.polarity == 1
