"""Slopes of H with the drivers' places, against differences of H and one of them against another program's arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import numpy as np
import pytest

from designer.acoustics.enclosures import EnclosedDrivers
from designer.acoustics.enclosures.baffle import BaffledDrivers
from designer.acoustics.enclosures.cylinder import CylinderEnclosure
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.acoustics.head_models import Sphere
from designer.acoustics.heads import ears_in_field
from designer.acoustics.moving_ears import SlopeScene, head_slopes
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.problem import loads

K = 2 * np.pi * np.array([100.0, 500.0, 2000.0, 6000.0]) / 343.0
STEP_M = 1.5e-4
HEAD = Sphere("sphere", 0.0875)
CENTRES = np.array([[0.8, 0.1, 0.0], [2.0, 0.3, 0.1], [1.0, -0.4, 0.0]])
RADIUS_M = 0.0875
FRAME = """
title = "Three"
sample_rate_hz = 48000
[enclosure]
model = "free-field"
[[drivers]]
name = "a"
position_m = [0.0, 0.0, 0.0]
[[drivers]]
name = "b"
position_m = [0.0, 0.2, 0.1]
[[drivers]]
name = "c"
position_m = [0.0, -0.3, 0.0]
[listener]
position_m = [1.6, 0.0, 0.0]
[[designs]]
name = "left"
kind = "null-steering"
ear = "left"
band_hz = [300.0, 8000.0]
cancellation_gain_db = [[500, 12]]
"""


def five_points(of: Callable[[float], Complex], step: float = STEP_M) -> Complex:
    """Slope at 0, of the fourth order in the step."""
    return (of(-2 * step) - 8 * of(-step) + 8 * of(step) - of(2 * step)) / (12 * step)


def worst(slopes: Complex, expected: Complex) -> float:
    """Largest error at any frequency, over the largest slope at it."""
    axes = tuple(range(1, slopes.ndim))
    return float((np.abs(slopes - expected).max(axis=axes) / np.abs(expected).max(axis=axes)).max())


def points_m() -> Real:
    """Seven places around a device, 0.3 to 3 m away."""
    rng = np.random.default_rng(1)
    ways = rng.normal(size=(7, 3))
    distances_m = np.array([0.3, 0.5, 1.0, 2.0, 3.0, 1.5, 2.2])
    return np.asarray(ways * (distances_m / np.linalg.norm(ways, axis=1))[:, None])


def on_sphere(q: float) -> SphereEnclosure:
    """A point and two caps, q metres along great circles."""
    s, t = directions()
    return SphereEnclosure(RADIUS_M, np.cos(q / RADIUS_M) * s + np.sin(q / RADIUS_M) * t, [0.0, 0.02, 0.03])


def directions() -> tuple[Real, Real]:
    """Of the drivers at q = 0, the first straight towards a head, and unit tangents there."""
    rng = np.random.default_rng(2)
    s, t = rng.normal(size=(2, 3, 3))
    s[0] = CENTRES[1]
    s /= np.linalg.norm(s, axis=1, keepdims=True)
    t -= np.sum(t * s, axis=1, keepdims=True) * s
    return s, np.asarray(t / np.linalg.norm(t, axis=1, keepdims=True))


AZIMUTH, HEIGHT_M, HALF_M = np.array([0.1, 1.2, -2.0]), np.array([0.0, 0.05, -0.1]), np.array([0.0, 0.02, 0.02])
TURN, RISE = np.array([1.0, 0.3, 0.0]) / RADIUS_M, np.array([0.2, 0.5, 1.0])


def on_cylinder(q: float) -> CylinderEnclosure:
    """A point and two pistons that turn and rise."""
    return CylinderEnclosure(RADIUS_M, AZIMUTH + q * TURN, HEIGHT_M + q * RISE, HALF_M, HALF_M)


def helices() -> Real:
    """Their tangents at q = 0."""
    around = np.stack([-np.sin(AZIMUTH), np.cos(AZIMUTH), np.zeros(3)], axis=1)
    return np.asarray(around * (TURN * RADIUS_M)[:, None] + RISE[:, None] * [0.0, 0.0, 1.0])


WAYS = np.array([[0.3, -1.0, 0.2], [0.0, 0.7, -0.6], [0.0, 0.4, 1.1]])
PLACES = np.array([[0.0, 0.1, 0.0], [0.0, -0.2, 0.1], [0.0, 0.0, 0.0]])


def discs(q: float, kind: type[FreeField]) -> FreeField:
    """A point and two pistons along straight lines."""
    ways = WAYS * ([1, 1, 1] if kind is FreeField else [0, 1, 1])
    facing = (20.0, 0.0) if kind is FreeField else (0.0, 0.0)
    return kind([Disc(p + q * t, facing, r) for p, t, r in zip(PLACES, ways, (0.0, 0.02, 0.04), strict=True)])


DEVICES: dict[str, tuple[Callable[[float], EnclosedDrivers], Real]] = {
    "sphere": (on_sphere, directions()[1]),
    "cylinder": (on_cylinder, helices()),
    "free-field": (lambda q: discs(q, FreeField), WAYS),
    "baffle": (lambda q: discs(q, BaffledDrivers), WAYS * [0, 1, 1]),
}


@pytest.mark.parametrize("name", DEVICES)
def test_slopes_of_a_field_are_its_differences(name: str) -> None:
    """Near and far, to 1e-6 of the largest; differences of the fourth order, 0.15 mm apart, have 1e-8 at 6 kHz."""
    make, along_m = DEVICES[name]
    moving = make(0.0).moving(along_m)
    assert moving is not None
    at = points_m()
    assert worst(moving.field(K, at), five_points(lambda q: make(q).field(K, at))) < 1e-6
    towards = at / np.linalg.norm(at, axis=1, keepdims=True)
    assert worst(moving.far_field(K, towards), five_points(lambda q: make(q).far_field(K, towards))) < 1e-6


@pytest.mark.parametrize("name", ["sphere", "cylinder"])
@pytest.mark.parametrize("heads", [1, 5])
def test_slopes_at_the_ears_are_differences(name: str, heads: int) -> None:
    """Of heads before a sphere and a cylinder, few (by the device's own waves) and many (by the line between the ears)."""
    make, along_m = DEVICES[name]
    moving, turned = (
        make(0.0).moving(along_m),
        np.array([[np.cos(0.4), np.sin(0.4), 0], [-np.sin(0.4), np.cos(0.4), 0], [0, 0, 1]]),
    )
    assert moving is not None
    centres_m = np.concatenate([CENTRES + np.array([0.0, 0.01 * n, 0.0]) for n in range(heads)])
    slopes = ears_in_field(HEAD, moving, K, centres_m, turned)
    expected = five_points(lambda q: ears_in_field(HEAD, make(q), K, centres_m, turned))
    assert worst(slopes, expected) < 1e-6


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("position_m = [1.6, 0.0, 0.0]", "position_m = [1.6, 0.0, 0.0]"),
        ("position_m = [1.6, 0.0, 0.0]", 'position_m = [1.6, 0.0, 0.0]\nhead = "points"'),
        ("[listener]", "[scene]\nair_absorption = true\n[listener]"),
        ('name = "b"', 'name = "b"\nradius_m = 0.03'),
        ('"free-field"', '"baffle"'),
    ],
)
def test_slopes_of_a_scene_are_its_differences(old: str, new: str) -> None:
    """At the ears, on the circle and at the head's centre: point sources, two points for a head, air, a piston, a baffle."""
    problem, frequency_hz = loads(FRAME.replace(old, new)), K * 343.0 / 2 / np.pi
    cloud_m, along_m = np.asarray(problem.listener.ear_cloud_m, dtype=float), WAYS * [0, 1, 1]

    def scene(q: float) -> Scene:
        drivers = [
            driver.model_copy(update={"position_m": list(np.array(driver.position_m) + q * along)})
            for driver, along in zip(problem.drivers, along_m, strict=True)
        ]
        return Scene(problem.model_copy(update={"drivers": drivers}), frequency_hz, cloud_m)

    slopes = SlopeScene(problem, frequency_hz, cloud_m, along_m=along_m)
    assert slopes.is_known
    for tensor in (Scene.ears, Scene.circle, Scene.head_centre):
        assert worst(tensor(slopes), five_points(lambda q, of=tensor: of(scene(q)))) < 1e-6  # type: ignore[misc] # a default binds it


def test_one_slope_in_thirty_digits() -> None:
    """A source 0.6 m from a head of 87.5 mm at 3 kHz, moved along (0.3, -0.5, 0.2): Duda and Martens' series, differentiated by mpmath."""
    k, a, way_m, along_m = 2 * np.pi * 3000 / 343, 0.0875, np.array([0.5, 0.3, 0.1]), np.array([0.3, -0.5, 0.2])
    with mpmath.workdps(30):

        def hankel(n: int, x: mpmath.mpf) -> mpmath.mpc:
            return mpmath.sqrt(mpmath.pi / (2 * x)) * mpmath.hankel2(n + mpmath.mpf(1) / 2, x)

        ka = mpmath.mpf(k) * a
        slope_at_a = [n / ka * hankel(n, ka) - hankel(n + 1, ka) for n in range(40)]

        def pressure(q: mpmath.mpf) -> mpmath.mpc:
            x, y, z = (mpmath.mpf(p) + q * mpmath.mpf(t) for p, t in zip(way_m, along_m, strict=True))
            r = mpmath.sqrt(x * x + y * y + z * z)
            terms = ((2 * n + 1) * hankel(n, k * r) / slope_at_a[n] * mpmath.legendre(n, y / r) for n in range(40))
            return -mpmath.fsum(terms) / (k * mpmath.mpf(a) ** 2)

        expected = complex(mpmath.diff(pressure, 0))
    (slope,) = head_slopes(np.array([k]), a, way_m[None], np.array([0.0, 1.0, 0.0]), along_m)[:, 0]
    assert slope == pytest.approx(expected, rel=1e-8)
