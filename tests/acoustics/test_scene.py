"""A scene's tensors: which point is where, which driver is which, and that one scene never answers for another."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest
from designs.small_problems import CLOUD, Tables, limited, line, load, pair, small, speaker

import designer
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.errors import UsageError
from designer.problem import Problem
from designer.problem.geometry import direction

WISH: Tables = {
    "name": "left",
    "kind": "null-steering",
    "ear": "left",
    "band_hz": [500, 4000],
    "cancellation_gain_db": [[500, 3]],
}
THREE = {"a": [0.03, -0.2, 0.05], "b": [-0.04, 0.0, 0.0], "c": [0.0, 0.15, -0.1]}


def in_free_field(head: str, **listener: object) -> Problem:
    where: Tables = {"position_m": [1.2, 0.4, -0.1], "head": head, "ear_cloud_m": CLOUD, **listener}
    return load(small(THREE, where, WISH))


def point_source(frequency_hz: float, source: list[float], receiver: np.ndarray) -> complex:
    r = math.dist(source, receiver)
    return cmath.exp(-2j * math.pi * frequency_hz / 343.0 * r) / r


def ear_places(problem: Problem, radius_m: float) -> list[np.ndarray]:
    """Left and right ear of each displacement: the head faces the origin in the horizontal plane, plus its turn."""
    listener = problem.listener
    x, y, _ = listener.position_m
    heading = math.atan2(-y, -x) + math.radians(listener.turn_deg)
    left = np.array([-math.sin(heading), math.cos(heading), 0.0])
    places = []
    for move in listener.ear_cloud_m:
        centre = np.array(listener.position_m) + move
        places += [centre + radius_m * left, centre - radius_m * left]
    return places


@pytest.mark.parametrize("turn_deg", [0.0, 30.0, -75.0])
def test_ears_without_a_head_are_the_naive_free_field(turn_deg: float) -> None:
    """Left, right of the first displacement, left, right of the second, ...: e^{-jkr}/r from each driver's place to each ear's."""
    problem = in_free_field("points", turn_deg=turn_deg)
    scene = designer.scene(problem)
    ears = scene.ears()
    assert ears.shape == (65, 10, 3)
    for f in (0, 7, 64):
        for m, place in enumerate(ear_places(problem, 0.0875)):
            for l, source in enumerate(THREE.values()):
                assert ears[f, m, l] == pytest.approx(point_source(scene.frequency_hz[f], source, place), rel=1e-9)


def test_the_listeners_left_is_the_devices_right() -> None:
    """A listener in front faces the device: the left ear is at negative y, nearer to a driver at negative y."""
    scene = designer.scene(load(pair()))
    h = scene.ears()
    assert (np.abs(h[:, 0, 0]) > np.abs(h[:, 0, 1])).all()
    assert (np.abs(h[:, 1, 1]) > np.abs(h[:, 1, 0])).all()
    problem = load(small(THREE, {"position_m": [2.0, 0.0, 0.0], "head": "points", "ear_cloud_m": [[0, 0, 0]]}, WISH))
    left, right = ear_places(problem, 0.0875)
    assert left[1] == pytest.approx(-0.0875)
    assert right[1] == pytest.approx(0.0875)


@pytest.mark.parametrize(
    ("head", "radius_m"), [("sphere", 0.09), ("sphere:0.08", 0.08), ("sphere:0.11", 0.11), ("points", 0.09)]
)
def test_the_heads_radius_places_its_ears(head: str, radius_m: float) -> None:
    """At 0 Hz a small distance matters only as 1/r: the place of the ears is that of the head's own radius."""
    problem = in_free_field(head, head_radius_m=0.09)
    static = designer.scene(problem).at(np.array([0.0])).ears()[0]
    for m, place in enumerate(ear_places(problem, radius_m)):
        for l, source in enumerate(THREE.values()):
            free = abs(point_source(0.0, source, place))
            # A sphere in a static field raises the pressure by about (3/2) a/r towards the source and lowers it away.
            centre = np.array(problem.listener.position_m) + problem.listener.ear_cloud_m[m // 2]
            towards = np.dot(place - centre, np.array(source) - centre) / radius_m / math.dist(source, centre)
            expected = (
                free
                if head == "points"
                else (1 + 1.5 * radius_m / math.dist(source, centre) * towards) / math.dist(source, centre)
            )
            assert abs(static[m, l]) == pytest.approx(expected, rel=1e-9 if head == "points" else 0.01)


def test_a_sphere_head_is_met_by_each_driver_from_its_own_place() -> None:
    """Long waves pass a head as if it were not there; short ones from the side are stronger at the near ear and weaker at the far one."""
    drivers = {"side": [0.0, -1.9, 0.0], "b": [0.0, 0.05, 0.0], "c": [0.0, 0.1, 0.0]}
    with_head, without = (
        designer.scene(load(small(drivers, {"position_m": [2.0, 0.0, 0.0], "head": head}, WISH))).at(np.array([1.0, 8000.0])).ears()
        for head in ("sphere", "points")
    )  # fmt: skip
    rise_db = 20 * np.log10(np.abs(with_head / without))
    np.testing.assert_allclose(rise_db[0], 0.0, atol=0.3)
    assert rise_db[1, 0, 0] > 4.0  # the left ear looks towards the driver on the left
    assert rise_db[1, 1, 0] < -5.0


def test_the_circle_is_the_naive_free_field() -> None:
    """Azimuths from -180 in steps, counter-clockwise from the front, at the circle's own radius."""
    problem = line(3)
    problem["grid"]["azimuth_distance_m"] = 1.3
    scene = designer.scene(load(problem))
    np.testing.assert_allclose(scene.azimuth_deg, np.arange(-180, 180, 15))
    circle = scene.circle()
    assert circle.shape == (66, 24, 3)  # 800 Hz, the band's start, joins
    for a, azimuth in enumerate(scene.azimuth_deg):
        place = 1.3 * np.array([math.cos(math.radians(azimuth)), math.sin(math.radians(azimuth)), 0.0])
        for l, y in enumerate((-0.06, 0.0, 0.06)):
            assert circle[40, a, l] == pytest.approx(
                point_source(scene.frequency_hz[40], [0.0, y, 0.0], place), rel=1e-9
            )
    for azimuth in (0.0, 7.5, 90.0, 180.0, -180.0, 345.0, -360.0):
        place = 1.3 * np.array([math.cos(math.radians(azimuth)), math.sin(math.radians(azimuth)), 0.0])
        expected = [point_source(scene.frequency_hz[40], [0.0, y, 0.0], place) for y in (-0.06, 0.0, 0.06)]
        np.testing.assert_allclose(scene.look(azimuth)[40], expected, rtol=1e-9)


def devices() -> dict[str, Tables]:
    baffle = limited(line(3), facing_deg=[0.0, 0.0], radius_m=0.02)
    baffle["enclosure"] = {"model": "baffle"}
    sphere = speaker()
    del sphere["designs"][0]["ear"]
    sphere["designs"][0].update(kind="beamformer", look_deg=0.0)
    return {
        "points": line(3),
        "pistons that face aside": limited(line(3), facing_deg=[40.0, 20.0], radius_m=0.02),
        "baffle": baffle,
        "sphere": sphere,
    }


@pytest.mark.parametrize("device", devices())
def test_the_far_field_is_the_limit_of_a_circle(device: str) -> None:
    """R e^{jkr} p at growing r tends to the circle at infinity: at 1 km the two agree to 1e-3, ten times nearer ten times less well."""
    problem = devices()[device]
    errors = []
    problem["grid"]["azimuth_distance_m"] = math.inf
    f = np.array([100.0, 1000.0, 4000.0])
    limit = designer.scene(load(problem)).at(f).circle()
    for r in (100.0, 1000.0):
        problem["grid"]["azimuth_distance_m"] = r
        near = designer.scene(load(problem)).at(f).circle()
        k = 2 * np.pi * f / 343.0
        errors.append(np.abs(near * (r * np.exp(1j * k * r))[:, None, None] - limit).max() / np.abs(limit).max())
    assert errors[1] < 1e-3
    assert errors[1] == pytest.approx(errors[0] / 10, rel=0.2)


def test_on_a_baffle_the_front_is_the_free_field_and_the_back_is_silent() -> None:
    """Point drivers in the plane x = 0 keep the reference of a source in free field at x >= 0."""
    problem = line(3)
    free = designer.scene(load(problem)).circle()
    problem["enclosure"] = {"model": "baffle"}
    scene = designer.scene(load(problem))
    front = np.abs(scene.azimuth_deg) <= 90
    np.testing.assert_array_equal(scene.circle()[:, front], free[:, front])
    np.testing.assert_array_equal(scene.circle()[:, ~front], 0.0)
    np.testing.assert_allclose(scene.radiated_power, designer.scene(load(line(3))).radiated_power / 2)


def test_a_piston_is_a_sum_of_point_sources() -> None:
    """A disc of 3 cm that faces up and aside: 20,000 points of a spiral over it, each with its share of the volume velocity."""
    disc = Disc(np.array([0.02, -0.01, 0.03]), (35.0, 25.0), 0.03)
    points = np.array([[0.5, 0.2, 0.3], [-0.4, 0.6, 0.0], [0.1, 0.1, -0.7]])
    k = 2 * np.pi * np.array([500.0, 5000.0, 15000.0]) / 343.0
    normal = direction(35.0, 25.0)
    side = np.cross(normal, [1.0, 0.0, 0.0])
    side /= np.linalg.norm(side)
    up = np.cross(normal, side)
    n = np.arange(20_000) + 0.5
    radius, angle = 0.03 * np.sqrt(n / n.size), math.pi * (3 - math.sqrt(5)) * n
    places = disc.position_m + radius[:, None] * (np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * up)
    for f, wave_number in enumerate(k):
        for m, point in enumerate(points):
            r = np.linalg.norm(point - places, axis=1)
            expected = np.mean(np.exp(-1j * wave_number * r) / r)
            found = FreeField([disc]).field(k, points)[f, m, 0]
            assert abs(found - expected) < 2e-4 * abs(expected) + 2e-4


def test_a_far_piston_has_airys_pattern() -> None:
    """2 J1(ka sin θ)/(ka sin θ) at every angle off its axis: Kinsler, Frey, Coppens and Sanders, eq. 7.4.17."""
    from scipy.special import j1

    disc = Disc(np.zeros(3), (0.0, 0.0), 0.05)
    k, azimuth = np.array([30.0, 120.0]), np.array([10.0, 40.0, 75.0, 90.0])
    x = np.outer(k * 0.05, np.sin(np.radians(azimuth)))
    np.testing.assert_allclose(FreeField([disc]).far_field(k, direction(azimuth))[:, :, 0], 2 * j1(x) / x, atol=1e-6)


def test_the_power_of_two_point_sources_over_the_sphere() -> None:
    """The mean over all directions of |e^{jkx1·n} w1 + e^{jkx2·n} w2|², by a Gauss rule about their axis."""
    scene = designer.scene(load(pair()))
    x, weight = np.polynomial.legendre.leggauss(80)
    w = np.array([0.3 - 0.5j, -0.8 + 0.1j])
    for f in (0, 5, 64):
        k = 2 * np.pi * scene.frequency_hz[f] / 343.0
        mean = np.sum(weight / 2 * np.abs(w[0] * np.exp(-1j * k * 0.08 * x) + w[1] * np.exp(1j * k * 0.08 * x)) ** 2)
        assert (w.conj() @ scene.radiated_power[f] @ w).real == pytest.approx(mean, rel=1e-9)


@pytest.mark.parametrize("device", devices())
def test_the_radiated_power_is_the_mean_of_the_far_field(device: str) -> None:
    """w^H Q w by a product rule over all directions of what the device's own far field gives."""
    problem = devices()[device]
    scene = designer.scene(load(problem)).at(np.array([300.0, 2500.0]))
    from designer.acoustics.scene import device_of

    # 24 elevations of a Gauss rule in its sine by 48 azimuths; a baffle's edge at x = 0 lies between azimuths.
    sine, weight = np.polynomial.legendre.leggauss(24)
    azimuth = (np.arange(48) + 0.5) * 7.5
    n = direction(*np.meshgrid(azimuth, np.degrees(np.arcsin(sine)))).reshape(-1, 3)
    w = np.array([0.3 - 0.5j, -0.8 + 0.1j, 0.6j])
    p = device_of(load(problem)).far_field(scene.k, n) @ w
    mean = np.abs(p.reshape(2, 24, 48)) ** 2 @ np.full(48, 1 / 48) @ (weight / 2)
    found = np.einsum("i,fij,j->f", w.conj(), scene.radiated_power, w).real
    np.testing.assert_allclose(found, mean, rtol=2e-3)


def test_on_a_sphere_each_driver_keeps_its_side() -> None:
    """Long waves of a driver aside come from 1.5 radii beside the centre (the dipole term of potential flow): so the ears' phases differ.

    At the head's centre the phase falls by k·1.5·b·y/R a metre aside, at the ears of a small head by 1.5 times as much (Kuhn).
    """
    problem = speaker()
    scene = designer.scene(load(problem)).at(np.array([60.0]))
    assert list(scene.problem.driver_names) == ["left", "front", "right"]
    ears = scene.ears()[0, :2]
    k, b, a = 2 * np.pi * 60.0 / 343.0, 0.08, scene.heads[0].radius_m
    distance_m = scene.problem.listener.position_m[0]
    lag = np.angle(ears[0] / ears[1])  # left over right
    expected = 1.5 * k * 2 * a * 1.5 * b / distance_m
    assert lag[0] == pytest.approx(expected, rel=0.1)
    assert lag[2] == pytest.approx(-expected, rel=0.1)
    assert lag[1] == pytest.approx(0.0, abs=0.01 * expected)


def test_drivers_within_a_millimetre_are_put_on_the_sphere() -> None:
    """0.9 mm above the surface is the same driver as on it."""
    problem, other = speaker(), speaker()
    other["drivers"][1]["position_m"] = [0.0809, 0.0, 0.0]
    np.testing.assert_allclose(designer.scene(load(other)).ears(), designer.scene(load(problem)).ears(), rtol=1e-12)


def test_a_scene_answers_only_for_itself() -> None:
    """Other frequencies and other heads, asked for in any order before and after the first, give what a fresh scene gives."""
    problem = load(speaker())
    f, moves = np.array([333.0, 4444.0]), np.array([[0.1, 0.05, 0.0]])
    scene = designer.scene(problem)
    first = scene.ears().copy(), scene.circle().copy(), scene.radiated_power.copy(), scene.head_centre().copy()
    other = scene.at(f)
    moved = other.moved(moves)
    back = moved.at(scene.frequency_hz).moved(scene.displacements_m)
    assert other.ears().shape == (2, 6, 3)
    assert moved.ears().shape == (2, 2, 3)
    assert other.radiated_power.shape == (2, 3, 3)
    fresh = designer.scene(problem)
    for a, b in ((back, fresh), (scene, fresh)):
        np.testing.assert_array_equal(a.ears(), b.ears())
        np.testing.assert_array_equal(a.circle(), b.circle())
        np.testing.assert_array_equal(a.radiated_power, b.radiated_power)
    for array, again in zip(
        first, (scene.ears(), scene.circle(), scene.radiated_power, scene.head_centre()), strict=True
    ):
        np.testing.assert_array_equal(array, again)
    np.testing.assert_array_equal(moved.ears(), designer.scene(problem).moved(moves).at(f).ears())
    np.testing.assert_array_equal(moved.circle(), other.circle())
    np.testing.assert_array_equal(moved.head_centre(), other.head_centre())
    # Moved by a displacement of the cloud: the ears of that displacement.
    aside = designer.scene(problem).moved(np.array([CLOUD[1]])).ears()
    np.testing.assert_allclose(aside, fresh.ears()[:, 2:4], rtol=1e-6)


@pytest.mark.parametrize("moves_m", [[0.0, 0.02, 0.0], [[0.02]], [[0.0, 0.02]], [], [[[0.0, 0.0, 0.0]]]])
def test_displacements_of_another_shape_are_refused(moves_m: list[object]) -> None:
    """One displacement is a row of x, y and z: numpy would spread [[0.02]] over all three axes."""
    with pytest.raises(UsageError, match=r"^displacements_m: got an array of shape \(.*\); expected \(D, 3\)"):
        designer.scene(in_free_field("points")).moved(moves_m)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["smart-speaker", "cylinder-speaker", "laptop-box"])
@pytest.mark.parametrize("short_m", [0.0, 0.005])
def test_a_head_in_the_device_is_refused(name: str, short_m: float) -> None:
    """The head's centre at the middle of a body, or an ear in it, is said before anything is computed: no warning, and no NaN."""
    problem = designer.load(f"problems/{name}.toml")
    x, y, z = problem.listener.position_m
    with pytest.raises(
        UsageError, match=r"^displacements_m\[1\]: got \[.*\], with which the head .* is in the device; .* less$"
    ):
        designer.scene(problem).moved(np.array([[0.0, 0.0, 0.0], [short_m - x, -y, -z]]))


@pytest.mark.parametrize("move_m", [math.nan, math.inf, 1j])
def test_displacements_are_finite_real_numbers(move_m: complex) -> None:
    """A head that moved by NaN, by infinity or by an imaginary distance is nowhere."""
    with pytest.raises(UsageError, match=r"^displacements_m: got numbers that are complex or not finite"):
        designer.scene(in_free_field("points")).moved([[0.0, move_m, 0.0]])  # type: ignore[arg-type]
