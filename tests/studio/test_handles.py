"""Handles: what a drag sets, on the enclosure's surface, in mirrored pairs, within what the file allows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import designer
from designer.errors import UsageError
from designer.problem.key_places import locations
from designer.problem.schema import Problem
from designer.studio import handles
from designer.studio.readings import drafted

SPEAKER = designer.load("problems/smart-speaker.toml")
RADIUS_M = 0.0875
CYLINDER = designer.load("problems/cylinder-speaker.toml")
WALL = """
title = "wall"
sample_rate_hz = 48000
[enclosure]
model = "baffle"
[[drivers]]
name = "a"
position_m = [0.0, -0.1, 0.0]
[[drivers]]
name = "b"
position_m = [0.0, 0.1, 0.0]
[listener]
position_m = [2.0, 0.0, 0.0]
[[designs]]
name = "left"
kind = "ctc"
ear = "left"
band_hz = [500.0, 4000.0]
cancellation_gain_db = [[500, 3]]
"""


def places(problem: Problem, handle: str, x: float, y: float) -> dict[str, Any]:
    """Drivers' places after a drag that the loader has no fault to find with."""
    reading = drafted(problem, handles.dragged(problem, handle, x, y))
    assert reading.problem is not None, reading.fault_messages
    return {driver.name: np.array(driver.position_m) for driver in reading.problem.drivers}


@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))
def test_a_driver_stays_on_the_sphere_wherever_the_hand_is(x: float, y: float) -> None:
    """Its distance from the centre is the radius, its height as before, its twin the mirror image; it is where the hand points."""
    if np.hypot(x, y) < 0.01 or abs(x) < 0.02:  # both of a pair would be in one place
        return
    after = places(SPEAKER, "driver:0:layout-plan", x, y)
    assert np.linalg.norm(after["left"]) == pytest.approx(RADIUS_M, abs=2e-4)
    assert after["left"][2] == 0.0
    assert after["right"].tolist() == [after["left"][0], -after["left"][1], after["left"][2]]
    across, front = after["left"][1], after["left"][0]
    assert np.arctan2(across, front) == pytest.approx(np.arctan2(x, y), abs=3e-3)
    assert after["front"].tolist() == SPEAKER.drivers[1].position_m


def test_from_the_side_a_driver_climbs_the_sphere() -> None:
    """The front driver lifted 45 degrees keeps y = 0 and faces outwards as it did."""
    values = handles.dragged(SPEAKER, "driver:1:layout-side", 0.1, 0.1)
    height_m = RADIUS_M / np.sqrt(2)
    assert values["drivers[1].position_m"] == pytest.approx([height_m, 0.0, height_m], abs=1e-4)
    assert values["drivers[1].facing_deg"] == pytest.approx([0.0, 45.0], abs=0.1)
    assert set(values) == {"drivers[1].position_m", "drivers[1].facing_deg"}


def test_a_driver_in_the_middle_of_a_symmetric_layout_is_held_there() -> None:
    """A hand that strays 2 mm does not move it off the middle; one that means it does."""
    assert handles.dragged(SPEAKER, "driver:1:layout-plan", 0.002, 0.2)["drivers[1].position_m"][1] == 0.0
    assert handles.dragged(SPEAKER, "driver:1:layout-plan", 0.04, 0.08)["drivers[1].position_m"][1] > 0.03


def test_a_driver_slides_along_a_cylinder() -> None:
    """From the side its height is the hand's, and its distance from the axis stays the radius."""
    body = CYLINDER.body
    name, place = CYLINDER.drivers[0].name, CYLINDER.drivers[0].position_m
    after = places(CYLINDER, "driver:0:layout-side", place[0], 0.11)[name]
    assert after[2] == 0.11
    assert np.hypot(after[0], after[1]) == pytest.approx(float(body.half_size_m[0]), abs=2e-4)


def test_a_driver_slides_along_a_wall() -> None:
    """Whatever the hand does, x stays 0; both views move what they show of the plane."""
    wall = designer.loads(WALL)
    assert places(wall, "driver:0:layout-plan", -0.3, 0.2)["a"].tolist() == [0.0, -0.3, 0.0]
    after = places(wall, "driver:0:layout-side", 0.2, 0.05)
    assert (after["a"].tolist(), after["b"].tolist()) == ([0.0, -0.1, 0.05], [0.0, 0.1, 0.05])


def test_mirrored_ears_move_together_while_their_curves_are_equal() -> None:
    """One drag sets both curves; once they differ it sets one."""
    both = handles.dragged(SPEAKER, "curve:0:2", 1703.2, 13.04)
    curve = [[500.0, 4.0], [1000.0, 8.0], [1700.0, 13.0], [4000.0, 15.0], [6000.0, 10.0]]
    assert both == {"designs[0].cancellation_gain_db": curve, "designs[1].cancellation_gain_db": curve}
    apart = SPEAKER.replace("designs.right.cancellation_gain_db[0][1]", 3.0)
    assert list(handles.dragged(apart, "curve:0:2", 1700, 13)) == ["designs[0].cancellation_gain_db"]


@given(st.integers(0, 4), st.floats(1.0, 1e5), st.floats(-500, 500))
def test_a_curve_stays_one_the_loader_takes(n: int, x: float, y: float) -> None:
    """Wherever a point is dragged, frequencies rise and gains are within the file's range."""
    reading = drafted(SPEAKER, handles.dragged(SPEAKER, f"curve:1:{n}", x, y))
    assert reading.problem is not None, reading.fault_messages
    curve = np.array(reading.problem.designs[1].cancellation_gain_db)
    assert (np.diff(curve[:, 0]) > 0).all()


def test_a_point_is_added_where_it_is_put_and_taken_out_again() -> None:
    """The curve has one point more, in order; removing it gives the curve that was."""
    values = handles.added(SPEAKER, "curve:0", 1503.0, 11.0)
    more = SPEAKER.replace(values)
    assert [f for f, _ in more.designs[1].cancellation_gain_db or []] == [500.0, 1000.0, 1500.0, 2000.0, 4000.0, 6000.0]
    less = more.replace(handles.removed(more, "curve:0:2"))
    assert less.designs[0].cancellation_gain_db == SPEAKER.designs[0].cancellation_gain_db


def test_a_mask_line_moves_with_its_mirror_image() -> None:
    """Edges mirrored about the look direction, band and level alike; removed together, the last of them with the key."""
    wide = SPEAKER.replace(handles.dragged(SPEAKER, "mask:2:0:start", 500.0, 61.4))
    assert [line.azimuth_deg for line in wide.designs[2].mask or []] == [[61.0, 105.0], [-105.0, -61.0]]
    lower = wide.replace(handles.dragged(wide, "mask:2:1:level", 0.0, -12.34))
    assert [line.max_db for line in lower.designs[2].mask or []] == [-12.3, -12.3]
    narrow = lower.replace(handles.dragged(lower, "mask:2:0:high", 903.0, 80.0))
    assert [line.band_hz for line in narrow.designs[2].mask or []] == [[250.0, 903.0]] * 2
    assert narrow.replace(handles.removed(narrow, "mask:2:0:low")).designs[2].mask is None


def test_window_and_nulls_stay_symmetric_about_the_look_direction() -> None:
    """One edge and one null move the other; a window that would leave the look direction out is not set."""
    turned = SPEAKER.replace({"designs.centre.look_deg": 10.0, "designs.centre.window_deg": [-30.0, 50.0]})
    assert handles.dragged(turned, "window:2:0", 500.0, -40.0) == {"designs[2].window_deg": [-40.0, 60.0]}
    assert handles.dragged(turned, "window:2:0", 500.0, 60.0) == {}
    assert handles.dragged(SPEAKER, "null:2:1", 500.0, 80.3) == {"designs[2].nulls_deg": [-80.0, 80.0]}


def test_the_cloud_stays_symmetric_and_on_its_axes() -> None:
    """The place at the right takes the one at the left along; a stray hand moves it off no axis."""
    cloud = handles.dragged(SPEAKER, "cloud:1", 0.05, 2.01)["listener.ear_cloud_m"]
    assert cloud == [[0.0, 0.0, 0.0], [0.0, 0.05, 0.0], [0.0, -0.05, 0.0], [0.03, 0.0, 0.0], [-0.03, 0.0, 0.0]]
    values = handles.added(SPEAKER, "cloud", 0.02, 2.04)["listener.ear_cloud_m"]
    assert values[-1] == [0.04, 0.02, 0.0]


def test_the_head_moves_and_turns() -> None:
    """Its place is the hand's; its turn the angle from the device to the hand, counter-clockwise."""
    assert handles.dragged(SPEAKER, "head", 0.2, 1.5) == {"listener.position_m": [1.5, 0.2, 0.0]}
    assert handles.dragged(SPEAKER, "head:turn", -1.0, 1.0) == {"listener.turn_deg": 45.0}


def test_limits_move_for_all_that_share_them() -> None:
    """Both ears' effort; every driver of one limit."""
    assert handles.dragged(SPEAKER, "effort:0", 1.0, 9.26) == {
        "designs[0].max_effort_db": 9.3,
        "designs[1].max_effort_db": 9.3,
    }
    (gain,) = [name for name in handles.grips(SPEAKER) if name.startswith("gain-limit:0")]
    assert handles.dragged(SPEAKER, gain, 1.0, 6.0) == {f"drivers[{l}].max_gain_db": 6.0 for l in range(3)}


@pytest.mark.parametrize(
    "file", ["smart-speaker", "two-way-bar", "cylinder-speaker", "stereo-dipole", "soundbar-kemar"]
)
def test_a_handle_put_where_it_is_changes_no_requirement(file: str) -> None:
    """Nothing is set but what rounding changes, and the file stays without faults; every key that a handle names is one."""
    problem = designer.load(f"problems/{file}.toml")
    for name, grip in handles.grips(problem).items():
        handle = grip.handle
        reading = drafted(problem, handles.dragged(problem, name, handle["x"], handle["y"]))
        assert reading.problem is not None, (name, reading.fault_messages)
        for before, after in zip(problem.drivers, reading.problem.drivers, strict=True):
            assert after.position_m == pytest.approx(before.position_m, abs=1e-4)
        moved = reading.problem.model_dump(exclude={"drivers", "listener"})
        kept = problem.model_dump(exclude={"drivers", "listener"})
        if not name.startswith(("band", "mask", "curve")):
            assert moved == kept, name
        for key in handle["keys"]:
            assert locations(problem, key, "test"), key
    for name in handles.rooms(problem):
        assert drafted(problem, handles.added(problem, name, 700.0, 40.0)).problem is not None, name


def test_what_is_no_handle_is_refused() -> None:
    """By name, and so is a place that is none."""
    with pytest.raises(UsageError, match="no such handle"):
        handles.dragged(SPEAKER, "curve:9:0", 1.0, 1.0)
    with pytest.raises(UsageError, match="two finite numbers"):
        handles.dragged(SPEAKER, "curve:0:0", float("nan"), 1.0)
    with pytest.raises(UsageError, match="cannot be removed"):
        handles.removed(SPEAKER, "driver:0:layout-plan")
    with pytest.raises(UsageError, match="cannot be added"):
        handles.added(SPEAKER, "driver", 0.0, 0.0)
