"""The ear in the deep shadow of a near device, at the highest frequencies, by the field's slope on the head and by sums of points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.directions import direction
from oracles.head_scattering import ears_by_neumann_data
from scipy.special import eval_legendre, spherical_jn, spherical_yn

from acoustics.measured.head_files import A
from acoustics.test_heads import HEAD, C, axes_turned, differences
from designer.acoustics import shaded_ears
from designer.acoustics.enclosures import Device
from designer.acoustics.enclosures.cylinder import CylinderEnclosure
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.acoustics.heads import _ears, ears_in_field
from designer.arrays import Bool, Complex, Real


class Unanswered(SphereEnclosure):
    """A sphere whose heads are answered from the line and from the surface, as those of discs and boxes are."""

    def knows_balls(self, k_max: float, radius_m: float, centres_m: Real) -> Bool:
        return np.zeros(len(centres_m), dtype=bool)


BALL = Unanswered(0.0875, direction(np.array([-90.0, 0.0])), [0.025, 0.0])
DISCS = FreeField([Disc(np.array([0.0, -0.1, 0.0]), (20.0, 10.0), 0.07), Disc(np.array([0.0, 0.1, 0.05]))])


def truth(device: Device, k: float, centre_m: Real, ear_axis: Real) -> Complex:
    """Both ears (2, L), of so many orders and places around that a far ear 65 dB down is within 0.001 dB."""

    def field(points_m: Real) -> Complex:
        return np.asarray(device.field(np.array([k]), points_m)[0])

    count, around = int(k * A) + 32, 2 * int(k * A) + 36
    return ears_by_neumann_data(field, k, centre_m, ear_axis, A, count=count, around=around)


@pytest.mark.parametrize(
    ("distance_m", "turn_deg"),
    [
        (0.3, 60.0),
        (0.5, 90.0),
        *(
            pytest.param(*case, marks=pytest.mark.long)
            for case in ((0.3, 30.0), (0.3, 90.0), (0.35, 60.0), (0.35, 90.0))
        ),
    ],
)
def test_before_a_sphere(distance_m: float, turn_deg: float) -> None:
    """At 16 and 23 kHz within 0.04 dB and 0.3 degrees of what the field's slope on the head says, at each ear.

    The far ear hears up to 66 dB less, and the line alone misses it by 22 dB at 0.3 m. 69 circles of 108 places, four radii.
    """
    k, axes = 2 * np.pi * np.array([16e3, 23e3]) / C, axes_turned(turn_deg)
    centre_m = np.array([distance_m, 0.02, 0.01])
    heard = ears_in_field(HEAD, BALL, k, centre_m[None], axes)[:, 0]
    for f, wave_number in enumerate(k.tolist()):
        level_db, phase_deg = differences(heard[f], truth(BALL, wave_number, centre_m, axes[1]))
        assert level_db < 0.04
        assert phase_deg < 0.3


@pytest.mark.parametrize(("distance_m", "turn_deg"), [(0.3, 60.0), (0.45, 110.0)])
def test_before_discs(distance_m: float, turn_deg: float) -> None:
    """A disc of 7 cm in free field, at 20 and 23 kHz: within 0.04 dB and 0.3 degrees at each ear."""
    k, centre_m, axes = (
        2 * np.pi * np.array([20e3, 23e3]) / C,
        np.array([distance_m, 0.02, 0.01]),
        axes_turned(turn_deg),
    )
    heard = ears_in_field(HEAD, DISCS, k, centre_m[None], axes)[:, 0]
    for f, wave_number in enumerate(k.tolist()):
        level_db, phase_deg = differences(heard[f], truth(DISCS, wave_number, centre_m, axes[1]))
        assert level_db < 0.04
        assert phase_deg < 0.3


@pytest.mark.parametrize(
    ("radius_m", "distance_m", "turn_deg", "frequency_hz"),
    [
        (0.12, 1.6, 83.0, 21e3),
        pytest.param(0.0875, 1.25, 83.0, 21e3, marks=pytest.mark.long),
        pytest.param(0.0875, 1.0, 82.0, 17e3, marks=pytest.mark.long),
        (0.0875, 0.9, 81.0, 13.6e3),
    ],
)
def test_beside_the_bright_spot(radius_m: float, distance_m: float, turn_deg: float, frequency_hz: float) -> None:
    """Nearly turned to a sphere, at one frequency alone: within 0.1 dB and 1 degree where a point is louder than the sphere.

    The far ear stands in the first ring around a point's bright spot, which the sphere's width fills: the line missed it by 4 dB at 1.6 m.
    """
    ball = Unanswered(radius_m, direction(np.array([-60.0, -90.0, 0.0, 40.0])), [0.03, 0.025, 0.0, 0.03])
    k, centre_m, axes = 2 * np.pi * frequency_hz / C, np.array([distance_m, 0.0, 0.01]), axes_turned(turn_deg)
    heard = ears_in_field(HEAD, ball, np.array([k]), centre_m[None], axes)[0, 0]
    level_db, phase_deg = differences(heard, truth(ball, k, centre_m, axes[1]))
    assert level_db < 0.1
    assert phase_deg < 1.0


@pytest.mark.parametrize(
    ("device", "centre_m", "turn_deg", "frequency_hz"),
    [
        (
            Unanswered(0.135, direction(np.array([88.7, 139.9]), np.array([32.8, -12.7])), [0.0, 0.0]),
            (0.3096, 0.1736, 0.0),
            86.0,
            11_263.0,
        ),
        (
            FreeField(
                [
                    Disc(np.array([0.0, -0.1428, 0.0743]), (-19.9, -9.8), 0.04),
                    Disc(np.array([0.0, -0.3803, 0.1021]), (-17.5, 25.7), 0.0686),
                ]
            ),
            (0.0579, -0.5728, 0.146),
            147.7,
            12_036.0,
        ),
    ],
)
def test_wide_devices_below(
    device: Device, centre_m: tuple[float, float, float], turn_deg: float, frequency_hz: float
) -> None:
    """A third to a half as wide as far away, at ka = 18 and 19: within 0.01 dB and 0.1 degrees; the line missed by 0.26 and 0.42 dB."""
    k, axes = 2 * np.pi * frequency_hz / C, axes_turned(turn_deg)
    heard = ears_in_field(HEAD, device, np.array([k]), np.array([centre_m]), axes)[0, 0]
    level_db, phase_deg = differences(heard, truth(device, k, np.array(centre_m), axes[1]))
    assert level_db < 0.01
    assert phase_deg < 0.1


def test_before_a_cylinder() -> None:
    """A point on a cylinder of 6 cm, at 0.3 m and 16 kHz: within 0.01 dB and 0.1 degrees. The slope takes 20,000 points: a second."""
    device = CylinderEnclosure.of_discs(0.06, np.array([[0.06, 0.0, 0.0]]), [0.0])
    k, centre_m, axes = np.array([2 * np.pi * 16e3 / C]), np.array([0.3, 0.0, 0.0]), axes_turned(60.0)
    heard = ears_in_field(HEAD, device, k, centre_m[None], axes)[0, 0]
    level_db, phase_deg = differences(heard, truth(device, float(k[0]), centre_m, axes[1]))
    assert level_db < 0.01
    assert phase_deg < 0.1


def test_the_surface_is_asked_for_where_the_line_does_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turned and near, for all places at once and no frequency beside: not in front of the device, not at 2 m, not below 10 kHz.

    Nor at 0.7 m below 19 kHz, where a wide line does; each place is as alone.
    """
    asked: list[int] = []
    surface = shaded_ears._from_surface

    def counted(device: Device, k: Real, *given: Any) -> Complex:
        asked.append(k.size)
        return surface(device, k, *given)

    monkeypatch.setattr(shaded_ears, "_from_surface", counted)
    k = 2 * np.pi * np.linspace(0.0, 24e3, 25) / C
    centres_m = np.array([[0.35, 0.02, 0.0], [2.0, 0.0, 0.0]])
    ears_in_field(HEAD, BALL, k, centres_m, axes_turned(0.0))
    ears_in_field(HEAD, BALL, k[:11], centres_m, axes_turned(60.0))
    assert not asked
    both = ears_in_field(HEAD, BALL, k, centres_m, axes_turned(60.0))
    assert len(asked) == 1
    assert sum(asked) <= 14
    alone = ears_in_field(HEAD, BALL, k, centres_m[:1], axes_turned(60.0))
    np.testing.assert_allclose(both[:, 0], alone[:, 0], rtol=1e-3)
    asked.clear()
    ears_in_field(HEAD, BALL, k[:20], np.array([[0.7, 0.0, 0.0]]), axes_turned(60.0))
    assert not asked


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2)), 3])
def test_a_wide_line_tells_the_far_ear(seed: int) -> None:
    """Before spheres of 5 to 16 cm, two turns of each, up to ka·reach/R = 5: within 0.03 dB and 0.2 degrees of the slope on the head."""
    rng = np.random.default_rng(seed)
    radius_m = [0.05, 0.0875, 0.12, 0.16][seed]
    ball = Unanswered(radius_m, direction(np.array([-90.0, 0.0, 40.0])), [0.3 * radius_m, 0.0, 0.0])
    for turn_deg in rng.uniform(45.0, 135.0, 3).tolist()[:2]:
        k, axes = 2 * np.pi * float(rng.uniform(12e3, 20e3)) / C, axes_turned(turn_deg)
        centre_m = np.array([k * A * float(ball.source_extent_m()[0]) / 4.8, 0.01, 0.0])
        heard = ears_in_field(HEAD, ball, np.array([k]), centre_m[None], axes)[0, 0]
        level_db, phase_deg = differences(heard, truth(ball, k, centre_m, axes[1]))
        assert level_db < 0.03
        assert phase_deg < 0.2


def test_a_wide_line_tells_what_the_line_between_the_ears_does_not() -> None:
    """At 0.81 m from a sphere of 12 cm, turned by 72 degrees, at 16.8 kHz: the one is 9 degrees off, the other 0.01."""
    ball = Unanswered(0.12, direction(np.array([-90.0, 0.0, 40.0])), [0.036, 0.0, 0.0])
    k, centre_m, axes = np.array([2 * np.pi * 16_801.0 / C]), np.array([0.8075, 0.01, 0.0]), axes_turned(72.1)
    wanted = truth(ball, float(k[0]), centre_m, axes[1])
    assert differences(_ears(HEAD, ball, k, centre_m[None], axes, None)[0, 0], wanted)[1] > 5.0
    level_db, phase_deg = differences(ears_in_field(HEAD, ball, k, centre_m[None], axes)[0, 0], wanted)
    assert level_db < 0.002
    assert phase_deg < 0.02


def test_a_disc_is_the_sum_of_its_points() -> None:
    """Duda and Martens' series, summed over 1,400 points of a disc of 7 cm: at 23 kHz within 0.04 dB and 0.3 degrees."""
    centre_m, axes, disc = (
        np.array([0.3, 0.02, 0.01]),
        axes_turned(60.0),
        Disc(np.array([0.0, -0.1, 0.0]), (0.0, 0.0), 0.07),
    )
    node, weight = np.polynomial.legendre.leggauss(24)
    radius_m, turn = disc.radius_m * np.sqrt((node + 1) / 2), 2 * np.pi * np.arange(60) / 60
    places_m = disc.position_m + np.stack(
        [0 * np.outer(radius_m, turn), np.outer(radius_m, np.cos(turn)), np.outer(radius_m, np.sin(turn))], axis=-1
    )
    way_m = (places_m - centre_m).reshape(-1, 3)
    away_m = np.linalg.norm(way_m, axis=1)
    n = np.arange(90)[:, None]
    angular = eval_legendre(n, way_m @ axes[1] / away_m)
    k = 2 * np.pi * 23e3 / C
    outgoing = spherical_jn(n, k * away_m) - 1j * spherical_yn(n, k * away_m)
    slope = spherical_jn(n, k * A, True) - 1j * spherical_yn(n, k * A, True)
    terms = -(2 * n + 1) * outgoing / (slope * k * A**2) * angular
    share = np.repeat(weight / 2 / turn.size, turn.size)
    wanted = np.array([(terms.sum(axis=0) @ share), ((-1.0) ** n * terms).sum(axis=0) @ share])
    heard = ears_in_field(HEAD, FreeField([disc]), np.array([k]), centre_m[None], axes)[0, 0, :, 0]
    level_db, phase_deg = differences(heard, wanted)
    assert level_db < 0.04
    assert phase_deg < 0.3
