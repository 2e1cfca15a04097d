"""Places and directions: whose left is left, where the ears are, arcs that cross 180 degrees, a circle that counts nothing twice."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from toml_text import pair, toml

import designer
from designer.errors import ProblemError
from designer.problem import geometry
from designer.problem.plausibility import warnings
from designer.problem.schema import Listener

RADIUS_M = 0.0875


def listener(place: list[float], turn_deg: float = 0.0, cloud: list[list[float]] | None = None) -> Listener:
    return Listener(position_m=place, turn_deg=turn_deg, ear_cloud_m=cloud or [[0.0, 0.0, 0.0]])


def ears(place: list[float], turn_deg: float = 0.0) -> tuple[list[float], list[float]]:
    left, right = geometry.ears_m(listener(place, turn_deg), RADIUS_M)[0]
    return left.tolist(), right.tolist()


def test_left_is_the_listeners() -> None:
    """The listener in front faces the device, so the left ear is at -y and the right ear at +y."""
    left, right = ears([2.0, 0.0, 0.0])
    assert left == pytest.approx([2.0, -RADIUS_M, 0.0], abs=1e-15)
    assert right == pytest.approx([2.0, RADIUS_M, 0.0], abs=1e-15)


@pytest.mark.parametrize(
    ("place", "left"),
    [
        ([0.0, 2.0, 0.0], [RADIUS_M, 2.0, 0.0]),  # on the device's left, facing -y: the left hand points to +x
        ([0.0, -2.0, 0.0], [-RADIUS_M, -2.0, 0.0]),
        ([-2.0, 0.0, 0.0], [-2.0, RADIUS_M, 0.0]),  # behind the device
        ([2.0, 0.0, 1.0], [2.0, -RADIUS_M, 1.0]),  # higher up the head stays upright
    ],
)
def test_elsewhere(place: list[float], left: list[float]) -> None:
    """Wherever the listener is, the head faces the device in the horizontal plane."""
    found, other = ears(place)
    assert found == pytest.approx(left, abs=1e-15)
    assert np.add(found, other) / 2 == pytest.approx(np.array(place), abs=1e-15)


@pytest.mark.parametrize(
    ("turn_deg", "left"),
    [
        (90.0, [2.0 + RADIUS_M, 0.0]),
        (-90.0, [2.0 - RADIUS_M, 0.0]),
        (180.0, [2.0, RADIUS_M]),
        (-180.0, [2.0, RADIUS_M]),
    ],
)
def test_turn(turn_deg: float, left: list[float]) -> None:
    """A positive turn is counter-clockwise from above: by 90 degrees the face turns from -x to -y, the left ear to +x."""
    assert ears([2.0, 0.0, 0.0], turn_deg)[0] == pytest.approx([*left, 0.0], abs=1e-15)


@given(
    distance_m=st.floats(0.3, 5.0),
    azimuth_deg=st.floats(-180, 180),
    height_m=st.floats(-2, 2),
    turn_deg=st.floats(-180, 180),
)
def test_head_axes(distance_m: float, azimuth_deg: float, height_m: float, turn_deg: float) -> None:
    """The head's axes are orthonormal and right-handed; without a turn the device is straight ahead, with one it is beside."""
    angle = np.radians(azimuth_deg)
    at = listener([distance_m * np.cos(angle), distance_m * np.sin(angle), height_m], turn_deg)
    axes = geometry.head_axes(at)
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)
    to_device = -np.array([at.position_m[0], at.position_m[1], 0.0]) / distance_m
    seen = axes @ to_device  # (forward, left, up)
    assert seen == pytest.approx([np.cos(np.radians(turn_deg)), -np.sin(np.radians(turn_deg)), 0.0], abs=1e-12)


def test_displacements_are_the_devices() -> None:
    """The cloud moves the head along the device's axes and does not turn it, wherever the listener is."""
    at = listener([0.0, 2.0, 0.0], 30.0, [[0, 0, 0], [0.1, 0.2, 0.3]])
    home, moved = geometry.ears_m(at, RADIUS_M)
    assert moved - home == pytest.approx(np.array([[0.1, 0.2, 0.3]] * 2))
    assert geometry.head_centres_m(at) == pytest.approx(np.array([[0.0, 2.0, 0.0], [0.1, 2.2, 0.3]]))


def test_radius_in_the_heads_word() -> None:
    """`sphere:0.08` carries its own radius; every other head has the listener's."""
    assert geometry.head_radius_m("sphere:0.08", 0.0875) == 0.08
    assert [geometry.head_radius_m(head, 0.09) for head in ("sphere", "points", "a.sofa")] == [0.09] * 3


@pytest.mark.parametrize(
    ("arc", "held"),
    [
        ((-45.0, 45.0), [-45, 0, 45]),
        ((135.0, -135.0), [-180, -135, 135]),  # over 180 degrees
        ((135.0, 225.0), [-180, -135, 135]),  # the same, written on
        ((-225.0, -135.0), [-180, -135, 135]),
        ((90.0, 90.0), [90]),
        ((45.0, -45.0), [-180, -135, -90, -45, 45, 90, 135]),  # counter-clockwise: all but the front
        ((-180.0, 180.0), [-180, -135, -90, -45, 0, 45, 90, 135]),
        ((0.0, 360.0), [-180, -135, -90, -45, 0, 45, 90, 135]),
        ((-360.0, 360.0), [-180, -135, -90, -45, 0, 45, 90, 135]),
        ((46.0, 89.0), []),
    ],
)
def test_arcs(arc: tuple[float, float], held: list[int]) -> None:
    """An arc runs counter-clockwise from its first to its last azimuth, holds its ends, and may cross 180 degrees."""
    azimuth_deg = np.arange(-180.0, 180.0, 45.0)
    assert azimuth_deg[geometry.in_arc(azimuth_deg, arc)].tolist() == held


@given(
    start=st.integers(-180, 180), width=st.integers(0, 359), turns=st.integers(-1, 1), azimuth=st.integers(-180, 179)
)
def test_arc_against_counting(start: int, width: int, turns: int, azimuth: int) -> None:
    """A whole degree is in an arc of whole degrees if and only if one meets it counting up from the start to the end."""
    met = {(start + step) % 360 for step in range(width + 1)}
    arc = (float(start), float(start + width + 360 * turns) if turns < 1 else float(start + width))
    assert bool(geometry.in_arc(np.array([float(azimuth)]), arc)[0]) == (azimuth % 360 in met)


@given(step_deg=st.one_of(st.floats(0.1, 90.0), st.integers(10, 9000).map(lambda n: n / 100)))
@example(step_deg=0.1)
@example(step_deg=0.7)
@example(step_deg=7.0)
@example(step_deg=90.0)
@example(step_deg=89.9999999)
@example(step_deg=360 / 7)
def test_azimuth_grid(step_deg: float) -> None:
    """The circle's azimuths are multiples of the step in [-180, 180], 0 among them; none counts twice, no gap exceeds two steps."""
    azimuth_deg = geometry.azimuth_grid_deg(step_deg)
    assert 0.0 in azimuth_deg
    assert azimuth_deg.min() >= -180.001
    assert azimuth_deg.max() < 180
    assert azimuth_deg / step_deg == pytest.approx(np.round(azimuth_deg / step_deg), abs=1e-9)
    around = np.sort(azimuth_deg % 360.0)
    gaps = np.diff(np.append(around, around[0] + 360.0))
    assert gaps.sum() == pytest.approx(360.0)
    assert gaps.min() > 1e-7
    assert gaps.max() < 2 * step_deg * (1 + 1e-6)


def test_null_arcs() -> None:
    """Each null is an arc of the given width around it; over 180 degrees too."""
    back, side = geometry.null_arcs_deg([180.0, -90.0], 10.0)
    assert (back, side) == ((175.0, 185.0), (-95.0, -85.0))
    held = geometry.azimuth_grid_deg(5.0)
    assert held[geometry.in_arc(held, back)].tolist() == [-180.0, -175.0, 175.0]


@pytest.mark.parametrize(
    "body", [{"model": "sphere", "radius_m": 0.08}, {"model": "box", "size_m": [0.1, 0.16, 0.1]}], ids=["sphere", "box"]
)
def test_centimetres_are_named(body: dict[str, object]) -> None:
    """Drivers at 8 of a body of 8 cm were written in centimetres: the place that the remedy gives is on the body."""
    tables = pair() | {"enclosure": body}
    for driver, y in zip(tables["drivers"], (-8.0, 8.0), strict=True):
        driver["position_m"] = [0.0, y, 0.0]
    with pytest.raises(ProblemError, match=r"centimetres\? Write \[0\.0, -0\.08, 0\.0\]"):
        designer.loads(toml(tables))
    for driver, y in zip(tables["drivers"], (-0.08, 0.08), strict=True):
        driver["position_m"] = [0.0, y, 0.0]
    assert designer.loads(toml(tables)).drivers[0].position_m[1] == -0.08


@pytest.mark.parametrize("model", ["cylinder", "free-field"])
def test_millimetres_are_named(model: str) -> None:
    """A driver 80 m from the centre is asked whether it was written in millimetres, and the place is given in metres."""
    tables = pair()
    tables["enclosure"] = {"model": model} | ({"radius_m": 0.08} if model == "cylinder" else {})
    for driver, y in zip(tables["drivers"], (-80.0, 80.0), strict=True):
        driver["position_m"] = [0.0, y, 0.0]
    with pytest.raises(ProblemError) as caught:
        designer.loads(toml(tables))
    assert "millimetres? Write [0.0, -0.08, 0.0]" in str(caught.value)
    assert ".position_m: got [0.0, -80.0, 0.0]" in str(caught.value)  # at the driver's own key
    assert ("listener" in str(caught.value)) == (model == "free-field")


@pytest.mark.parametrize(
    ("apart_m", "radii_m", "facing_deg", "overlap"),
    [
        (0.02, (0.02, 0.02), ([-90.0, 0.0], [90.0, 0.0]), True),
        (0.041, (0.02, 0.02), ([0.0, 0.0], [0.0, 0.0]), False),
        (0.01, (0.05, 0.012), ([0.0, 0.0], [0.0, 0.0]), False),
    ],
    ids=["back to back", "beside each other", "coaxial"],
)
def test_cones_that_overlap(
    apart_m: float, radii_m: tuple[float, float], facing_deg: tuple[list[float], list[float]], *, overlap: bool
) -> None:
    """Two cones of 4 cm whose centres are 2 cm apart cannot be built; a tweeter before the middle of a woofer can."""
    tables = pair()
    for driver, y, radius_m, facing in zip(tables["drivers"], (-0.5, 0.5), radii_m, facing_deg, strict=True):
        driver |= {"position_m": [0.0, y * apart_m, 0.0], "radius_m": radius_m, "facing_deg": facing}
    said = warnings(designer.loads(toml(tables)))
    assert [sentence.endswith("such cones overlap; correct radius_m or position_m") for sentence in said] == [
        True
    ] * overlap


def test_a_band_without_a_driver() -> None:
    """Two drivers from 2 kHz up cannot be asked for 500 Hz without a warning, nor two that leave a gap between them."""
    tables = pair()
    for driver in tables["drivers"]:
        driver["band_hz"] = [2000.0, 8000.0]
    said = "designs[0].band_hz holds 500 to 2000 Hz, which is in no band_hz of its drivers; widen one, or add a driver"
    silent = "designs[0]: no driver plays 200 to 500 Hz for it: plain playback is silent there; widen a band_hz, or add a driver"
    assert warnings(designer.loads(toml(tables))) == [said, silent]
    tables["drivers"][0]["band_hz"] = [100.0, 1500.0]
    assert warnings(designer.loads(toml(tables))) == [said.replace("500 to", "1500 to")]
    tables["drivers"][0]["band_hz"] = [100.0, 2500.0]
    assert warnings(designer.loads(toml(tables))) == []


def test_a_consequence_is_no_fault() -> None:
    """One driver in millimetres, or all lengths: one fault, the first driver's, and nothing of the taps that such ways would take."""
    for place, drivers in (([2.0, 0.0, 0.0], {"right": 80.0}), ([1500.0, 0.0, 0.0], {"left": -80.0, "right": 80.0})):
        tables = pair()
        tables["listener"]["position_m"] = place
        for driver in tables["drivers"]:
            driver["position_m"] = [0.0, drivers.get(driver["name"], -0.08), 0.0]
        tables["drivers"].append({"name": "front", "position_m": [max(abs(y) for y in drivers.values()), 0.0, 0.0]})
        tables["designs"][0]["kind"] = "null-steering"
        with pytest.raises(ProblemError) as refused:
            designer.loads(toml(tables))
        (fault,) = refused.value.faults
        assert re.fullmatch(r"drivers\[\d\]\.position_m", fault.path)
        assert "millimetres? Write [0" in fault.remedy
