"""A problem with a cylinder: what its scene computes, and what its checks say."""

from __future__ import annotations

import numpy as np
import pytest

import designer
from designer.acoustics.enclosures.cylinder import CylinderEnclosure
from designer.acoustics.scene import device_of
from designer.errors import ProblemError

PROBLEM = """
title = "Can"
sample_rate_hz = 48000
[enclosure]
model = "cylinder"
radius_m = 0.08
[[drivers]]
name = "left"
position_m = [0.0, -0.0804, 0.03]
radius_m = 0.02
[[drivers]]
name = "right"
position_m = {right}
[listener]
position_m = {listener}
ear_cloud_m = [[0, 0, 0]]
head = "{head}"
[grid]
frequencies = 9
azimuth_distance_m = 0.5
[[designs]]
name = "left"
kind = "ctc"
ear = "left"
band_hz = [250.0, 5000.0]
cancellation_gain_db = [[250, 10], [5000, 6]]
"""


def text(right: str = "[0.0, 0.08, 0.5]", listener: str = "[1.5, 0.0, 0.0]", head: str = "points") -> str:
    return PROBLEM.format(right=right, listener=listener, head=head)


def test_drivers_are_put_on_the_cylinder_at_their_own_height() -> None:
    """0.4 mm outside is on it; a disc of 20 mm is a square of 35.4 mm; a driver without a radius is a point."""
    device = device_of(designer.loads(text()))
    assert isinstance(device, CylinderEnclosure)
    np.testing.assert_allclose(np.degrees(device.azimuth_rad), [-90.0, 90.0])
    np.testing.assert_allclose(device.height_m, [0.03, 0.5])
    np.testing.assert_allclose(2 * device.half_width_m, [0.035449, 0.0], rtol=1e-5)
    np.testing.assert_allclose(2 * device.half_height_m, [0.035449, 0.0], rtol=1e-5)
    np.testing.assert_allclose(device.source_places_m(), [[0.0, 0.0, 0.03], [0.0, 0.0, 0.5]])


def test_the_scene_is_the_devices_field() -> None:
    """Without a head the ears are points of the device's field, and the circle may be nearer than the highest driver."""
    scene = designer.scene(designer.loads(text()))
    device = device_of(scene.problem)
    ears_m = np.array([[1.5, -0.0875, 0.0], [1.5, 0.0875, 0.0]])
    np.testing.assert_allclose(scene.ears(), device.field(scene.k, ears_m), rtol=1e-7)
    assert scene.circle().shape == (11, 72, 2)
    assert np.isfinite(designer.scene(designer.loads(text(head="sphere"))).ears()).all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"right": "[0.0, 0.07, 0.5]"},
            r"drivers\[1\].position_m: got \[0.0, 0.07, 0.5\], 10 mm inside the cylinder; expected 0.08 m"
            r" \(enclosure.radius_m\) from the z axis, within 1 mm",
        ),
        ({"right": "[0.05, 0.08, 0.0]"}, r"drivers\[1\].position_m: .* 14.3 mm outside the cylinder"),
        ({"right": "[0.0, -0.08, 0.03]"}, r"drivers\[1\].position_m: .*, where drivers\[0\] is"),
        (
            {"listener": "[0.01, 0.0, 3.0]"},
            r"listener.position_m: .* puts both ears inside the device, a cylinder without ends; expected .* from the device's axis",
        ),
    ],
)
def test_places_that_cannot_be(changed: dict[str, str], message: str) -> None:
    """A driver off the surface, two at one place on it, ears inside the cylinder however high: each is named with the remedy."""
    head = "sphere:0.02" if "listener" in changed else "points"
    with pytest.raises(ProblemError, match=message):
        designer.loads(text(**changed, head=head))


def test_a_piston_as_wide_as_the_cylinder_is_refused() -> None:
    """A driver's radius is below the cylinder's, as on a sphere."""
    with pytest.raises(
        ProblemError, match=r"drivers\[0\].radius_m: got 0.08; expected less than 0.08, enclosure.radius_m"
    ):
        designer.loads(text().replace("radius_m = 0.02", "radius_m = 0.08"))
