"""The bright points and to cancel, masks and windows, as the conventions define them."""

from __future__ import annotations

import numpy as np
import pytest
from designs.small_problems import CLOUD, Tables, line, load, pair, speaker
from hypothesis import given, settings
from hypothesis import strategies as st

import designer
from designer.problem import geometry
from designer.requirements.channel_target import channel_target, dark_azimuths, quiet_azimuths
from designer.requirements.target import ChannelTarget


def target_of(problem: Tables, which: int = 0) -> tuple[ChannelTarget, designer.Scene]:
    checked = load(problem)
    scene = designer.scene(checked)
    return channel_target(checked.designs[which], scene), scene


def on_arc(azimuth_deg: float, start: float, stop: float) -> bool:
    """Whether a walk counter-clockwise from start to stop passes the azimuth, ends included."""
    turn = start
    while turn <= stop + 1e-9:
        if abs((turn - azimuth_deg + 180) % 360 - 180) < 1e-9:
            return True
        turn += 0.5
    return False


@settings(max_examples=50)
@given(start=st.integers(-360, 360), width=st.integers(0, 359))
def test_an_arc_runs_counter_clockwise_with_its_ends(start: int, width: int) -> None:
    """Whichever way its ends are written, also across 180 degrees, an arc holds what a walk along it passes."""
    azimuth_deg = geometry.azimuth_grid_deg(1.0)
    naive = [on_arc(a, start, start + width) for a in azimuth_deg]
    written = (start + 180) % 360 - 180, (start + width + 180) % 360 - 180
    for arc in (written, (float(start), float(start + width))):
        np.testing.assert_array_equal(geometry.in_arc(azimuth_deg, arc), naive)


@pytest.mark.parametrize("ear", ["left", "right"])
def test_an_ear_channel_reaches_its_ear_at_each_displacement_and_cancels_the_other(ear: str) -> None:
    """The ipsilateral and the contralateral ear of every displacement, in the cloud's order; the head's centre is looked at."""
    problem = pair(ear=ear)
    target, scene = target_of(problem)
    checked = load(problem)
    assert target.bright.shape == target.dark.shape == (65, 5, 2)
    ears = scene.ears()
    for d in range(len(CLOUD)):
        near, far = (2 * d, 2 * d + 1) if ear == "left" else (2 * d + 1, 2 * d)
        np.testing.assert_array_equal(target.bright[:, d], ears[:, near])
        np.testing.assert_array_equal(target.dark[:, d], ears[:, far])
    np.testing.assert_array_equal(target.centre, target.bright[:, 0])
    np.testing.assert_array_equal(target.quiet, target.dark)
    k = 2 * np.pi * scene.frequency_hz / 343.0
    for l, driver in enumerate(checked.drivers):
        r = np.linalg.norm(np.array(checked.listener.position_m) - driver.position_m)
        np.testing.assert_allclose(target.look[:, l], np.exp(-1j * k * r) / r, rtol=1e-12)
    assert target.look_distance_m == pytest.approx(0.7)


def test_the_phase_is_kept_at_the_clouds_centre_wherever_it_stands_in_the_list() -> None:
    """The displacement in the middle of the cloud is the centre, not the first of the list."""
    problem = pair()
    problem["listener"]["ear_cloud_m"] = [[0.02, 0, 0], [-0.02, 0, 0], [0, 0.02, 0], [0, 0, 0], [0, -0.02, 0]]
    target, _ = target_of(problem)
    np.testing.assert_array_equal(target.centre, target.bright[:, 3])


def test_a_beam_reaches_its_look_direction_and_cancels_the_arcs_of_its_nulls() -> None:
    """Nulls at 90 and 180 degrees, 30 wide: 75, 90, 105 and, across the back, 165, 180, -165, ends included."""
    target, scene = target_of(line(look_deg=15.0, nulls_deg=[90.0, 180.0], null_width_deg=30.0))
    azimuth = scene.azimuth_deg.tolist()
    at = [azimuth.index(a) for a in (-180.0, -165.0, 75.0, 90.0, 105.0, 165.0)]
    np.testing.assert_array_equal(target.dark, scene.circle()[:, sorted(at)])
    np.testing.assert_array_equal(target.bright[:, 0], scene.circle()[:, azimuth.index(15.0)])
    assert target.bright.shape[1] == 1
    np.testing.assert_array_equal(target.centre, target.look)
    assert target.deepest_nulls


def test_a_look_direction_between_grid_azimuths_is_looked_at_exactly() -> None:
    """7.5 degrees on a grid of 15: the pressure at that point of the circle."""
    problem = line(look_deg=7.5)
    target, scene = target_of(problem)
    point = 2.0 * np.array([np.cos(np.radians(7.5)), np.sin(np.radians(7.5)), 0.0])
    k = 2 * np.pi * scene.frequency_hz / 343.0
    for l, driver in enumerate(load(problem).drivers):
        r = np.linalg.norm(point - driver.position_m)
        np.testing.assert_allclose(target.look[:, l], np.exp(-1j * k * r) / r, rtol=1e-12)


def test_what_is_cancelled_without_nulls() -> None:
    """The mask's arcs; without a mask what lies outside the window; without a window everything but the look direction."""
    grid = geometry.azimuth_grid_deg(15.0)
    mask = load(
        line(mask=[{"azimuth_deg": [60.0, 120.0], "max_db": -6.0}, {"azimuth_deg": [165.0, -165.0], "max_db": -3.0}])
    )
    window = load(line(window_deg=[-30.0, 45.0]))
    curve = load(line(look_deg=30.0, cancellation_gain_db=[[800, 6]]))
    problems = {"mask": mask, "window": window, "curve": curve}
    cancelled = {name: grid[dark_azimuths(p.designs[0], grid)].tolist() for name, p in problems.items()}
    assert cancelled["mask"] == [-180.0, -165.0, 60.0, 75.0, 90.0, 105.0, 120.0, 165.0]
    assert cancelled["window"] == [a for a in grid.tolist() if not -30 <= a <= 45]
    assert cancelled["curve"] == [a for a in grid.tolist() if a != 30.0]


def test_quiet_is_everything_outside_the_window() -> None:
    """Whatever is masked or nulled, the beam wants nothing outside its window."""
    grid = geometry.azimuth_grid_deg(15.0)
    beam = load(line(window_deg=[-30.0, 30.0], nulls_deg=[90.0], mask=[{"azimuth_deg": [60.0, 75.0], "max_db": -6.0}]))
    assert grid[~quiet_azimuths(beam.designs[0], grid)].tolist() == [-30.0, -15.0, 0.0, 15.0, 30.0]


def test_masks_and_windows_in_the_targets_arrays() -> None:
    """-6 dB is an amplitude of 10^(-6/20), in its own band only; a ripple of 3 dB is a distance of 1 - 10^(-3/20)."""
    target, scene = target_of(
        line(
            window_deg=[-30.0, 30.0],
            window_ripple_db=3.0,
            mask=[
                {"azimuth_deg": [60.0, 120.0], "max_db": -6.0, "band_hz": [1000.0, 2000.0]},
                {"azimuth_deg": [165.0, -165.0], "max_db": -20.0},
            ],
        )
    )
    f, azimuth = scene.frequency_hz, scene.azimuth_deg
    own = (f >= 1000) & (f <= 2000)
    np.testing.assert_allclose(target.masks[0].limit[own], 10**-0.3, rtol=1e-12)
    assert np.isinf(target.masks[0].limit[~own]).all()
    np.testing.assert_allclose(target.masks[1].limit[(f >= 800) & (f <= 3000)], 0.1, rtol=1e-12)
    np.testing.assert_array_equal(target.masks[0].azimuth_deg, [60, 75, 90, 105, 120])
    np.testing.assert_array_equal(target.masks[1].azimuth_deg, [-180, -165, 165])
    for mask in target.masks:
        np.testing.assert_array_equal(mask.points, scene.circle()[:, np.isin(azimuth, mask.azimuth_deg)])
    assert target.window is not None
    assert target.window.ripple == pytest.approx(1 - 10 ** (-3 / 20), rel=1e-12)
    np.testing.assert_array_equal(target.window.azimuth_deg, [-30, -15, 0, 15, 30])


def test_limits_are_ratios() -> None:
    """DB of effort and white-noise gain are 10 log10, of a driver's gain 20 log10; a beam's white-noise floor is an effort limit too."""
    problem = speaker(max_effort_db=6.0, min_white_noise_gain_db=-10.0)
    problem["drivers"][1]["max_gain_db"] = 6.0
    target, _ = target_of(problem)
    np.testing.assert_allclose(target.max_effort, 10**0.6)
    assert target.min_white_noise_gain == pytest.approx(0.1)
    np.testing.assert_allclose(target.max_gain, [np.inf, 10**0.3, np.inf])
    beam, scene = target_of(line(4, min_white_noise_gain_db=3.0))
    # One driver alone has a white-noise gain of |h|² R²; a floor above that is a limit on the effort.
    strongest = np.max(np.abs(scene.look(0.0)) ** 2, axis=1) * 4.0
    np.testing.assert_allclose(beam.max_effort, strongest / 10**0.3, rtol=1e-12)


def test_a_channel_with_its_own_order_of_drivers() -> None:
    """`drivers` picks columns in its own order."""
    target, scene = target_of(pair(drivers=["right", "left"]))
    np.testing.assert_array_equal(target.bright, scene.ears()[:, ::2][:, :, [1, 0]])
    np.testing.assert_array_equal(target.plain[:, 1], 1.0)  # the left driver, still


def test_some_frequencies_of_a_target_are_the_same_target() -> None:
    """`at` picks the same rows of every array."""
    whole, _ = target_of(
        line(
            window_deg=[-30.0, 30.0],
            cancellation_gain_db=[[800, 6]],
            mask=[{"azimuth_deg": [60.0, 120.0], "max_db": -6.0}],
        )
    )
    index = np.array([40, 3, 17])
    part = whole.at(index)
    names = "frequency_hz in_band share bright dark centre look quiet gamma max_effort cost plain"
    for name in names.split():
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[index])
    np.testing.assert_array_equal(part.masks[0].points, whole.masks[0].points[index])
    np.testing.assert_array_equal(part.masks[0].limit, whole.masks[0].limit[index])
    assert part.window is not None
    assert whole.window is not None
    np.testing.assert_array_equal(part.window.points, whole.window.points[index])
    np.testing.assert_array_equal(part.plain_level, whole.plain_level[index])
    np.testing.assert_array_equal(part.single_level, whole.single_level[index])
