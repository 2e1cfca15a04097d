"""Heads before a sphere, from far fields in complex directions: against the field's slope on the head, a point source, mirror images."""

from __future__ import annotations

import numpy as np
import pytest
from oracles.directions import direction
from oracles.head_scattering import ears_by_neumann_data
from scipy.special import eval_legendre, spherical_jn, spherical_yn

from acoustics.measured.head_files import A
from acoustics.test_heads import HEAD, C, axes_turned, differences
from designer.acoustics.enclosures import sphere_ears
from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.acoustics.heads import _ears_by_line, ears_in_field
from designer.arrays import Complex, Real


def waves(device: SphereEnclosure, k: float, centre_m: Real, left: Real, radius_m: float = A) -> Complex:
    """Both ears (2, L) of one head at one wave number."""
    return np.asarray(device.ears_of_balls(np.array([k]), radius_m, centre_m[None], left)[0][0, 0])


def truth(device: SphereEnclosure, k: float, centre_m: Real, left: Real, radius_m: float = A) -> Complex:
    """The same from the slope of the device's field on the head, of so many orders that a far ear 65 dB down is within 0.001 dB."""
    count, around = int(k * radius_m) + 32, 2 * int(k * radius_m) + 36
    return ears_by_neumann_data(
        lambda points_m: np.asarray(device.field(np.array([k]), points_m)[0]),
        k,
        centre_m,
        left,
        radius_m,
        count=count,
        around=around,
    )


@pytest.mark.parametrize(
    ("distance_m", "turn_deg", "frequency_hz"),
    [
        pytest.param(*place, frequency_hz, marks=() if (i + j) % 2 == 0 else pytest.mark.long)
        for i, place in enumerate([(0.3, 60.0), (0.35, 30.0), (0.5, 90.0), (2.0, 75.0)])
        for j, frequency_hz in enumerate([150.0, 3000.0, 16e3, 23e3])
    ],
)
def test_against_the_slope_on_the_head(distance_m: float, turn_deg: float, frequency_hz: float) -> None:
    """A cap and a point on a sphere of 8.75 cm, beside the axis: within 0.005 dB and 0.05 degrees at each ear."""
    ball = SphereEnclosure(0.0875, direction(np.array([-90.0, 0.0])), [0.025, 0.0])
    k, centre_m, left = 2 * np.pi * frequency_hz / C, np.array([distance_m, 0.02, 0.01]), axes_turned(turn_deg)[1]
    level_db, phase_deg = differences(waves(ball, k, centre_m, left), truth(ball, k, centre_m, left))
    assert level_db < 0.005
    assert phase_deg < 0.05


@pytest.mark.parametrize(
    "seed", [0, 1, 2, 3, *(pytest.param(seed, marks=pytest.mark.long) for seed in (4, 5, 7, 9, 10, 11)), 6, 8]
)
def test_spheres_of_any_size(seed: int) -> None:
    """Devices of 3 to 16 cm and heads of 7 to 10 cm wherever both are served, turned anyhow: within 0.01 dB and 0.1 degrees."""
    rng = np.random.default_rng(seed)
    a, b = float(rng.uniform(0.03, 0.16)), float(rng.uniform(0.07, 0.1))
    k = float(rng.uniform(0.5, 1.0) * 440 if seed % 2 else 440 * 10 ** rng.uniform(-3, 0))
    nearest_m = max(
        sphere_ears.MIN_RATIO * a + b, sphere_ears.MIN_RATIO * b + a, k * (a + b) ** 2 / (2 * sphere_ears.MAX_GROWTH)
    )
    away_m = float(1.01 * nearest_m * (4.0 ** rng.random() if seed % 3 else 1.0))
    ball = SphereEnclosure(a, direction(rng.uniform(-180, 180, 3), rng.uniform(-80, 80, 3)), [0.3 * a, 0.0, 0.1 * a])
    centre_m = away_m * direction(float(rng.uniform(-180, 180)), float(rng.uniform(-60, 60)))
    assert ball.knows_balls(k, b, centre_m[None]).all()
    left = axes_turned(float(rng.uniform(-180, 180)))[1]
    level_db, phase_deg = differences(waves(ball, k, centre_m, left, b), truth(ball, k, centre_m, left, b))
    assert level_db < 0.01
    assert phase_deg < 0.1


def test_a_speck_is_a_point_source() -> None:
    """A sphere of 20 nm: Duda and Martens' series of a point, at 0 Hz the static one, within 1e-4."""
    speck = SphereEnclosure(1e-8, direction(np.array([30.0])), [0.0])
    centre_m, left, n = np.array([0.4, 0.1, 0.05]), axes_turned(50.0)[1], np.arange(80)
    away_m, cosine = float(np.linalg.norm(centre_m)), float(-centre_m @ left / np.linalg.norm(centre_m))
    for k in (1e-4, 5.0, 100.0, 400.0):
        with np.errstate(all="ignore"):
            ratio = (spherical_jn(n, k * away_m) - 1j * spherical_yn(n, k * away_m)) / (
                spherical_jn(n, k * A, True) - 1j * spherical_yn(n, k * A, True)
            )
            terms = -(2 * n + 1) * ratio / (k * A**2) * eval_legendre(n, cosine)
        terms[~np.isfinite(terms)] = 0.0
        wanted = np.array([terms.sum(), ((-1.0) ** n * terms).sum()])
        found = waves(speck, 0.0 if k < 1e-3 else k, centre_m, left)[:, 0]
        np.testing.assert_allclose(found, wanted, rtol=2e-4)


def test_mirror_images_and_places_of_one_direction() -> None:
    """A mirrored head, driver and ear hear the same; places on one ray, and many places at once, are as each alone."""
    ball = SphereEnclosure(0.0875, direction(np.array([-70.0, 70.0])), [0.025, 0.025])
    k, left = np.linspace(0.0, 440.0, 12), axes_turned(0.0)[1]
    centres_m = np.array([[0.5, 0.07, 0.0], [0.5, -0.07, 0.0], [0.6, 0.084, 0.0], [1.4, 0.1, 0.2]])
    ears = ball.ears_of_balls(k, A, centres_m, left)[0]
    np.testing.assert_allclose(ears[:, 0], ears[:, 1, ::-1, ::-1], rtol=1e-4)
    for place, centre_m in enumerate(centres_m):
        alone = ball.ears_of_balls(k, A, centre_m[None], left)[0][:, 0]
        np.testing.assert_allclose(ears[:, place], alone, rtol=1e-3)


def test_what_is_not_served_is_answered_from_the_line() -> None:
    """A head that all but touches a sphere, and a large sphere's at the highest frequencies, hear what line and surface say."""
    k, axes = np.array([40.0, 430.0]), axes_turned(30.0)
    for a, away_m in ((0.0875, 0.19), (0.3, 0.5)):
        ball = SphereEnclosure(a, direction(np.array([40.0])), [0.2 * a])
        centre_m = np.array([[away_m, 0.0, 0.0]])
        assert not ball.knows_balls(430.0, A, centre_m).any()
        line = _ears_by_line(HEAD, ball, k, centre_m, axes, None)
        np.testing.assert_allclose(ears_in_field(HEAD, ball, k, centre_m, axes), line, rtol=1e-9)


def test_places_and_frequencies_share_tables_and_angles(monkeypatch: pytest.MonkeyPatch) -> None:
    """The five places of a cloud, at 65 frequencies, take two tables; three drivers in their three directions are five angles, not nine.

    These counts are the cost: the columns of both tables, and of the device's series, for all places at once.
    """
    tables, counted = [], sphere_ears._associated
    angles, shared = [], sphere_ears._by_shared_nodes

    def associated(x: Complex, orders: int, count: int) -> Complex:
        tables.append(x.size)
        return counted(x, orders, count)

    def by_shared_nodes(k: Real, terms: tuple[Complex, Complex], heads: sphere_ears._Heads, waves: Complex) -> Complex:
        angles.append((k.size, heads.sent.shape[1], waves.shape[2]))
        return shared(k, terms, heads, waves)

    monkeypatch.setattr(sphere_ears, "_associated", associated)
    monkeypatch.setattr(sphere_ears, "_by_shared_nodes", by_shared_nodes)
    ball = SphereEnclosure(0.0875, direction(np.array([-90.0, 0.0, 90.0])), [0.025, 0.025, 0.025])
    moves_m = 0.03 * np.array([[0, 0, 0], [0, 1, 0], [0, -1, 0], [1, 0, 0], [-1, 0, 0]])
    ball.ears_of_balls(
        2 * np.pi * np.linspace(0.0, 16e3, 65) / C, A, moves_m + np.array([0.35, 0.0, 0.0]), axes_turned(0.0)[1]
    )
    ((frequencies, columns, nodes),) = angles
    assert (frequencies, columns) == (48, 5)
    assert nodes <= 16
    assert len(tables) == 2
    assert tables[0] == columns + 3 + nodes
    assert tables[1] <= 17 * 10


def test_many_places_and_drivers_are_as_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where numbers are held for a direction or a driver at a time, the ears are those of all at once."""
    ball = SphereEnclosure(0.0875, direction(np.array([-70.0, 10.0, 70.0, 180.0])), [0.025, 0.025, 0.0, 0.01])
    k, left = np.linspace(0.0, 440.0, 12), axes_turned(20.0)[1]
    centres_m = np.array([[0.5, 0.07, 0.0], [0.5, -0.07, 0.0], [0.6, 0.084, 0.0], [0.5, 0.0, 0.1]])
    together = ball.ears_of_balls(k, A, centres_m, left)[0]
    for most in (1, 4000):
        monkeypatch.setattr(sphere_ears, "MAX_NUMBERS", most)
        np.testing.assert_allclose(ball.ears_of_balls(k, A, centres_m, left)[0], together, rtol=1e-9)


def test_tables_are_those_of_the_associated_functions() -> None:
    """p_nm at real and complex arguments is in its sums what Legendre's addition theorem says: P_n of the angle between two directions."""
    one, two, turn = np.array([0.3, -0.7]), np.array([0.9 - 0.4j, 1.0 - 0.1j]), 0.8
    table, other = (sphere_ears._associated(x, 12, 12) for x in (one.astype(complex), two))
    m = np.arange(12)
    epsilon = np.where(m, 2.0, 1.0) * np.cos(m * turn)
    between = one * two + np.sqrt(1 - one**2) * np.sqrt(1 - two**2) * np.cos(turn)
    summed = (epsilon[:, None] * table * other).sum(axis=1)
    np.testing.assert_allclose(summed, [eval_legendre(n, between) for n in range(12)], rtol=1e-10)
