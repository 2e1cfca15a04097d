"""Candidate places: geometry against arithmetic, and each fault with its remedy."""

from __future__ import annotations

import numpy as np
import pytest

from designer.errors import ProblemError
from designer.placement.candidates import candidates_of
from designer.problem import loads

from .problems import BAR, BESIDE, BOX, SPHERE, candidates


def test_a_bar_has_places_in_equal_steps_and_their_mirror_images() -> None:
    """0.8 m in steps of 20 mm: 41 places, one in the middle and twenty pairs."""
    choices = candidates("bar")
    np.testing.assert_allclose(choices.places_m[:, 1], np.linspace(-0.4, 0.4, 41), atol=1e-12)
    assert sorted(map(len, choices.units)) == [1] + [2] * 20
    for pair in choices.units[1:]:
        assert choices.places_m[pair[0], 1] == pytest.approx(-choices.places_m[pair[1], 1])


@pytest.mark.parametrize(("step_m", "count"), [(0.03, 29), (0.05, 17), (0.3, 5), (1.0, 3)])
def test_the_ends_of_a_bar_are_places(step_m: float, count: int) -> None:
    """A width of 0.8 m that is no whole number of steps is divided into equal steps that are shorter: middle, ends, mirror images."""
    places = candidates_of(loads(BAR.replace("drivers = 5", "drivers = 3") + f"step_m = {step_m}\n")).places_m[:, 1]
    np.testing.assert_allclose(places, np.linspace(-0.4, 0.4, count), atol=1e-12)
    assert np.diff(places).max() <= step_m + 1e-12


def test_places_around_a_circle_are_equal_steps() -> None:
    """Around a sphere no two places are nearer than the others of their row, at the back either: 20 of 18 degrees at its equator."""
    places = candidates("sphere").places_m
    equator = places[np.abs(places[:, 2]) < 1e-9]
    angles = np.sort(np.degrees(np.arctan2(equator[:, 1], equator[:, 0])))
    np.testing.assert_allclose(np.diff(angles), 18.0, atol=1e-9)
    assert angles.size == 20


@pytest.mark.parametrize(("step_m", "count"), [(0.087, 8), (0.088, 8), (0.2, 4), (0.5, 2)])
def test_a_step_longer_than_the_radius_still_goes_around(step_m: float, count: int) -> None:
    """Places of a sphere of 87.5 mm come around to its back in the fewest equal steps that are no longer."""
    table = f'[placement]\non = "surface"\ndrivers = {min(count, 3)}\nstep_m = {step_m}\n'
    found = candidates_of(loads(SPHERE[: SPHERE.index("[placement]")] + table))
    assert len(found.places_m) == count
    assert found.places_m[:, 0].min() == pytest.approx(-0.0875)


def test_places_of_a_sphere_are_on_it_and_come_in_pairs() -> None:
    """Radius 87.5 mm everywhere, no place twice, and pistons of 15 mm that do not overlap: 30 mm between the places of any two units."""
    choices = candidates("sphere")
    np.testing.assert_allclose(np.linalg.norm(choices.places_m, axis=1), 0.0875, atol=1e-9)
    apart_m = np.linalg.norm(choices.places_m[:, None] - choices.places_m, axis=-1) + np.eye(len(choices.places_m))
    assert apart_m.min() > 1e-3
    for a, b in np.argwhere(~choices.excludes):
        assert apart_m[np.ix_(choices.units[a], choices.units[b])].min() >= 0.03 - 1e-9


def test_places_go_around_a_box_in_equal_steps() -> None:
    """Around a box of 0.1 by 0.4 m, 1 m: 20 places 50 mm apart along it, of which the four on edges hold no point source; in pairs."""
    choices = candidates_of(loads(AROUND))
    places = choices.places_m
    assert len(places) == 16
    on_side = np.isclose(np.abs(places[:, 1]), 0.2)
    np.testing.assert_allclose(places[on_side, 0], 0.0, atol=1e-3)
    np.testing.assert_allclose(np.abs(places[~on_side, 0]), 0.05, atol=1e-9)
    front = np.sort(np.abs(places[np.isclose(places[:, 0], 0.05), 1]))
    np.testing.assert_allclose(front, [0, 0.05, 0.05, 0.1, 0.1, 0.15, 0.15], atol=1e-4)
    assert sorted(map(len, choices.units)) == [1, 1] + [2] * 7
    two = candidates_of(
        loads(AROUND.replace("height_m = 0.0", "height_m = 0.05").replace("step_m = 0.05", "step_m = 0.03"))
    )
    assert sorted(set(two.places_m[:, 2].round(9).tolist())) == [-0.025, 0.0, 0.025]


def test_keep_outs_and_fixed_drivers_take_places_away() -> None:
    """Within 50 mm of y = 0.2, and within two radii of 25 mm of a fixed driver at 0: what is left is what arithmetic leaves."""
    text = BAR.replace('name = "a"\n', 'name = "a"\nradius_m = 0.025\n').replace(
        'name = "b"\n', 'name = "b"\nradius_m = 0.025\n'
    )
    keys = 'mirror = false\nfixed = ["a"]\nlike = "b"\nkeep_outs = [{ centre_m = [0.0, 0.2, 0.0], radius_m = 0.05 }]\n'
    choices = candidates_of(loads(text.replace("drivers = 5", "drivers = 4") + keys))
    y = np.linspace(-0.4, 0.4, 41)
    expected = y[(np.abs(y) >= 0.05 - 1e-9) & (np.abs(y - 0.2) > 0.05 + 1e-9)]
    np.testing.assert_allclose(choices.places_m[:, 1], expected, atol=1e-12)
    assert choices.least_m == 0.05


def test_placed_drivers_are_named_from_the_listeners_left() -> None:
    """The listener's left is -y; other keys are those of the driver that they are like."""
    drivers = candidates("bar").placed(np.array([[0.0, 0.3, 0.0], [0.0, -0.3, 0.0]]))
    assert [(driver.name, driver.position_m[1]) for driver in drivers] == [("placed 1", -0.3), ("placed 2", 0.3)]


AROUND = (
    BOX[: BOX.index("[placement]")].replace("highest_hz = 1500", "highest_hz = 300")
    + '[placement]\non = "surface"\nheight_m = 0.0\nstep_m = 0.05\ndrivers = 3\n'
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BAR[: BAR.index("[placement]")], "placement: got no table; expected [placement] with drivers, on and width_m"),
        (BAR.replace("width_m = 0.8", ""), 'placement.width_m: got none with on = "bar"; expected a width in metres'),
        (BAR + 'fixed = ["z"]\n', 'placement.fixed: got "z"; expected one of a, b, c'),
        (BAR + 'fixed = ["a", "b", "c"]\n', "placement.fixed: got all drivers; expected one that is not fixed"),
        (BAR + "keep_outs = [{ centre_m = [0.0, 0.0, 0.0], radius_m = 0.5 }]\n", "placement.keep_outs: got no place left of 41"),
        (BAR.replace("drivers = 5", "drivers = 5\nstep_m = 0.5"), "placement.drivers: got 5, more than the 3 places that are left"),
        (BAR + "spacing_m = 0.25\n", "got 5, whose centres cannot all be 250 mm apart in these bounds; expected at most 4"),
        (BAR.replace('name = "a"\n', 'name = "a"\nradius_m = 0.11\n'), "cannot all be 220 mm apart"),
        (BAR + "centre_m = [0.0, 0.1, 0.0]\n", "placement.centre_m: got y = 0.1 with mirror = true; expected y = 0"),
        (AROUND.replace("height_m = 0.0", "height_m = 0.4"), "got a row of places at z = -0.2, where the body has no surface"),
        (BOX.replace('on = "bar"', 'on = "surface"\nfree = true'), "placement.free: got true on the surface of a box"),
        (BAR.replace('"bar"', '"surface"'), 'placement.on: got "surface" with enclosure.model = "free-field"'),
        (BESIDE.replace("0.05", "0.001"), "placement.step_m: got 0.001, which makes 801 places; expected at most 400 places"),
        (SPHERE + "azimuth_deg = [0.0, 90.0]\n", "placement.azimuth_deg: got [0.0, 90.0] with mirror = true"),
        (BAR + "keep_outs = [{ centre_m = [0.0, 0.0, 0.0], radius_m = 0.01 }]\n", "got 5 with mirror = true, and no place in the middle"),
    ],
)  # fmt: skip
def test_a_fault_names_its_key_and_the_remedy(text: str, message: str) -> None:
    """Each is a fault of the problem file."""
    with pytest.raises(ProblemError) as error:
        candidates_of(loads(text))
    assert message in str(error.value)
    assert len(error.value.faults[0].remedy) > 5
