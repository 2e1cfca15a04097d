"""Drivers on a box: limits, energy, reciprocity, a finer grid, the head, the store, and faults of its file."""

from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from designs.small_problems import Tables, load, small

import designer
from designer.acoustics import array_store
from designer.acoustics.enclosures import box, surface_drivers, surface_solution
from designer.acoustics.enclosures.box import BoxedDrivers
from designer.acoustics.enclosures.box_equations import answers
from designer.acoustics.enclosures.box_field import Surface
from designer.acoustics.enclosures.box_grid import BoxGrid, images_of, parities_of
from designer.acoustics.enclosures.box_pistons import Piston, scattered_slopes
from designer.arrays import Complex, Real
from designer.errors import ProblemError
from designer.problem.enclosures.box import FEWEST_A_WAVE, Box, steps_a_wave
from designer.problem.geometry import direction

C = 343.0
SIZE_M = (0.14, 0.10, 0.18)
PISTONS = (
    Piston(0, 1, (0.07, 0.01, 0.03), 0.03),
    Piston(0, 1, (0.07, 0.025, -0.06)),
    Piston(1, -1, (0.02, -0.05, 0.01), 0.02),
    Piston(2, 1, (0.0, 0.01, 0.09), 0.03),
)
TURN = direction(np.arange(0.0, 360.0, 10.0))
"""Directions around the z axis."""


@cache
def boxed(
    highest_hz: float,
    finer: float = 1.0,
    size_m: tuple[float, float, float] = SIZE_M,
    pistons: tuple[Piston, ...] = PISTONS,
) -> BoxedDrivers:
    k = 2 * np.pi * highest_hz / C
    return BoxedDrivers(np.zeros(3), BoxGrid(size_m, steps_a_wave([*size_m], finer * k, FEWEST_A_WAVE)), pistons, k)


def differences(found: Complex, wanted: Complex) -> tuple[float, float]:
    """Largest differences in dB and in degrees."""
    ratio = found / wanted
    return float(np.abs(20 * np.log10(np.abs(ratio))).max()), float(np.degrees(np.abs(np.angle(ratio))).max())


def wave_numbers(*frequency_hz: float) -> Real:
    return 2 * np.pi * np.array(frequency_hz) / C


def test_long_waves_leave_a_point_source() -> None:
    """At 0 and 2 Hz every driver, on whatever face, is a point source within 0.03 dB and 0.5 degrees far away, and Q = 1 within 0.01."""
    device, k = boxed(2000.0), wave_numbers(0.0, 2.0)
    level_db, phase_deg = differences(
        device.far_field(k, TURN), np.ones((2, TURN.shape[0], len(PISTONS)), dtype=complex)
    )
    assert level_db < 0.03
    assert phase_deg < 0.5
    np.testing.assert_allclose(device.radiated_power(k).real, 1.0, atol=0.01)


def test_a_large_front_is_a_baffle() -> None:
    """5 cm before the middle of a front of 1.2 x 1 m the field is that in an endless wall: its edges come 20 times as far away."""
    piston = Piston(0, 1, (0.15, 0.05, -0.1), 0.03)
    device = boxed(500.0, 1.0, (0.3, 1.2, 1.0), (piston,))
    k, points_m = wave_numbers(200.0, 350.0, 500.0), np.array([[0.2, 0.05, -0.1], [0.2, 0.09, -0.1]])
    level_db, phase_deg = differences(device.field(k, points_m)[..., 0], piston.field(k, points_m))
    assert level_db < 0.6
    assert phase_deg < 4.0


def test_a_finer_grid_says_the_same() -> None:
    """Twice as many steps along each side move the far field by less than 0.5 dB before the box and 1 dB behind it, down to -20 dB."""
    k = wave_numbers(300.0, 1100.0, 2000.0)
    coarse, fine = (boxed(2000.0, finer) for finer in (1.0, 2.0))
    a, b = coarse.far_field(k, TURN), fine.far_field(k, TURN)
    heard = np.abs(b) > 0.1 * np.abs(b).max(axis=1, keepdims=True)
    apart_db = np.where(heard, np.abs(20 * np.log10(np.abs(a / b))), 0.0)
    front = TURN[:, 0] > -1e-9
    assert apart_db[:, front, :2].max() < 0.5
    assert apart_db.max() < 1.0
    power = [np.einsum("fii->fi", device.radiated_power(k).real) for device in (coarse, fine)]
    np.testing.assert_allclose(power[0], power[1], rtol=0.03)


def _on_faces(device: BoxedDrivers, node: int) -> Complex:
    """Pressure (L, L) at each driver's rectangle from each driver, without the driver's own field in an infinite wall."""
    surface = images_of(device.surface.values[node, 0])
    places_m, k = device.grid.places_m, np.array([node * device.surface.k_step])
    out = np.empty((len(device.pistons), len(device.pistons)), dtype=complex)
    for i, piston in enumerate(device.pistons):
        at = np.unravel_index(np.linalg.norm(places_m - piston.place_m, axis=2).argmin(), places_m.shape[:2])
        assert np.allclose(places_m[at], piston.place_m)
        for j, source in enumerate(device.pistons):
            wall = 0.0 if i == j else source.field(k, np.array([piston.place_m]))[0, 0]
            out[i, j] = surface[at][j] + wall
    return out


def test_energy_and_reciprocity() -> None:
    """Point sources on three faces: the pressure of each at the other is the same both ways within 2 %, and what the sources work against,
    -Im p/k at their places, is the mean over all directions of the far fields' products within 4 %.
    """
    k = float(wave_numbers(2500.0)[0])
    grid = BoxGrid(SIZE_M, steps_a_wave([*SIZE_M], 2 * k, FEWEST_A_WAVE))
    pistons = []
    for axis, side, near in (
        (0, 1, [0.07, 0.01, 0.03]),
        (1, -1, [0.02, -0.05, 0.03]),
        (2, 1, [0.02, 0.01, 0.09]),
        (0, 1, [0.07, -0.01, -0.04]),
    ):
        flat = grid.places_m.reshape(-1, 3)
        x, y, z = flat[np.linalg.norm(flat - near, axis=1).argmin()].tolist()
        pistons.append(Piston(axis, side, (x, y, z)))
    device = BoxedDrivers(np.zeros(3), grid, tuple(pistons), k)
    for node in (2, 4, 7):
        at, wave_number = _on_faces(device, node), node * device.surface.k_step
        assert np.abs(at - at.T).max() < 0.02 * np.abs(at).max()
        itself = 2 * np.eye(4) * wave_number  # -Im of 2 e^{-jkr}/r at r = 0
        worked = (itself - (at + at.T).imag / 2) / wave_number
        power = device.radiated_power(np.array([wave_number]))[0].real
        np.testing.assert_allclose(worked, power, rtol=0, atol=0.04 * np.diag(power).max())


def test_between_the_frequencies_solved() -> None:
    """Half way between two solved frequencies the field is within 0.1 dB and 0.5 degrees of the box solved there, down to -20 dB."""
    device = boxed(2000.0)
    step = device.surface.k_step
    k = (np.array([0, 1, 5, len(device.surface.values) - 6]) + 0.5) * step
    points_m = np.concatenate([0.25 * TURN, 2.0 * TURN])
    read = device.field(k, points_m)
    slopes = np.stack([scattered_slopes(device.grid, piston, k) for piston in PISTONS], axis=-1)
    for n, wave_number in enumerate(k):
        q = parities_of(slopes[n])
        values = np.stack([answers(device.grid, float(wave_number), q), q])
        there = Surface(device.grid, float(wave_number), np.stack([values, values]))
        wall = np.stack([piston.field(k[n : n + 1], points_m)[0] for piston in PISTONS], axis=-1)
        solved = there.field(np.array([1]), points_m)[0] + wall
        heard = np.abs(solved) > 0.1 * np.abs(solved).max(axis=0)
        level_db, phase_deg = differences(read[n][heard], solved[heard])
        assert level_db < 0.1
        assert phase_deg < 0.5


def test_far_away_the_near_field_is_the_far_field() -> None:
    """At 500 m R e^{jkR} p is the far field within 0.1 %, in directions without symmetry."""
    device, k = boxed(2000.0), wave_numbers(170.0, 1000.0, 1900.0)
    rays = direction(np.array([10.0, 100.0, -33.0, 181.0]), np.array([7.0, -40.0, 80.0, 0.0]))
    near = device.field(k, 500.0 * rays) * 500.0 * np.exp(1j * k * 500.0)[:, None, None]
    np.testing.assert_allclose(near, device.far_field(k, rays), atol=1e-3 * np.abs(near).max())


def test_beyond_the_highest_frequency_level_and_delay_stay() -> None:
    """At twice and four times the highest frequency: the level of the highest, and the phase of the straight way; the power likewise."""
    device, k = boxed(2000.0), wave_numbers(2000.0, 4000.0, 8000.0)
    points_m = 1.3 * TURN[::6]
    p = device.field(k, points_m)
    way_m = np.linalg.norm(points_m[:, None] - np.array([piston.place_m for piston in PISTONS]), axis=2)
    for n in (1, 2):
        np.testing.assert_allclose(p[n], p[0] * np.exp(-1j * (k[n] - k[0]) * way_m), rtol=1e-6)
    np.testing.assert_allclose(device.radiated_power(k)[1:], device.radiated_power(k)[[0, 0]], rtol=1e-6)


def test_what_was_solved_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is stopped keeps its frequencies: the next solves the others alone, the third none, and all have the same numbers; a
    solution is kept as a whole where it is larger than what is kept of other arrays.
    """
    monkeypatch.setenv("DESIGNER_CACHE", str(tmp_path))
    monkeypatch.setattr(array_store, "MAX_BYTES", 1000)
    solved: list[float] = []

    def counted(grid: BoxGrid, k: float, q: Complex, most: int = 3) -> Complex:
        if len(solved) == most:
            raise KeyboardInterrupt
        solved.append(k)
        return answers(grid, k, q)

    monkeypatch.setattr(box, "answers", counted)
    monkeypatch.setattr(surface_drivers, "in_memory", lambda *_: [])
    grid, pistons = BoxGrid((0.1, 0.12, 0.1), (4, 4, 4)), (Piston(0, 1, (0.05, 0.0, 0.01)),)
    drivers = BoxedDrivers(np.zeros(3), grid, pistons, 15.0)
    with pytest.raises(KeyboardInterrupt):
        drivers.solve(None)
    told: list[tuple[int, int]] = []

    def recorded(grid: BoxGrid, k: float, q: Complex) -> Complex:
        solved.append(k)
        return answers(grid, k, q)

    monkeypatch.setattr(box, "answers", recorded)
    first = drivers.solve(lambda *at: told.append(at))
    count = len(first.values)
    assert len(solved) == count
    assert told == [(n, count) for n in range(3, count + 1)]  # three are known
    again = drivers.solve(None)
    assert len(solved) == count
    np.testing.assert_array_equal(first.values, again.values)


BOX: Tables = {"model": "box", "size_m": [0.1, 0.3, 0.12]}
FRONT = {"left": [0.05, -0.1, 0.0], "right": [0.05, 0.1, 0.0]}
EAR: Tables = {"name": "left", "kind": "ctc", "ear": "left", "band_hz": [300, 1000], "cancellation_gain_db": [[300, 2]]}
LISTENER: Tables = {"position_m": [1.5, 0.0, 0.0]}


def in_box(places: dict[str, list[float]] = FRONT, box: Tables = BOX, **more: Any) -> designer.Problem:
    return load(small(places, LISTENER, EAR, enclosure=box, **more))


def test_a_cubes_edges_ripple_as_olson_measured() -> None:
    """In the middle of a cube's face all edges are alike: on axis the level is highest where they are half a wave away, and lowest, some
    10 dB below, where they are one. Beside the middle of an oblong face the same is less than half as much.

    Source: H. F. Olson, Direct radiator loudspeaker enclosures (Audio Engineering, November 1951).
    """
    edge_m, waves = 0.1, np.arange(0.3, 1.14, 0.02)
    k = 2 * np.pi * waves / edge_m
    swing_db = []
    for size_m, place in (((0.2, 0.2, 0.2), (0.1, 0.0, 0.0)), ((0.2, 0.2, 0.3), (0.1, 0.03, 0.05))):
        device = boxed(float(k[-1]) * C / (2 * np.pi), 1.0, size_m, (Piston(0, 1, place),))
        level_db = 20 * np.log10(np.abs(device.far_field(k, TURN[:1])[:, 0, 0]))
        swing_db.append(np.ptp(level_db))
        if place[1] == 0:
            assert waves[level_db.argmax()] == pytest.approx(0.5, abs=0.1)
            assert waves[level_db.argmin()] == pytest.approx(1.0, abs=0.15)
    assert 8.5 < swing_db[0] < 11
    assert swing_db[1] < swing_db[0] / 2


def test_a_box_beside_the_origin() -> None:
    """The field of a box that is moved with its drivers moves with it."""
    centre_m = [-0.05, 0.02, 0.1]
    here, there = (
        in_box(),
        in_box({n: (np.array(p) + centre_m).tolist() for n, p in FRONT.items()}, BOX | {"centre_m": centre_m}),
    )
    a, b = (designer.scene(problem).at(np.array([200.0, 900.0])) for problem in (here, there))
    points_m = np.array([[1.0, 0.3, 0.2], [-0.7, 0.1, 0.0]])
    np.testing.assert_allclose(a.device.field(a.k, points_m), b.device.field(b.k, points_m + centre_m), rtol=1e-5)
    np.testing.assert_allclose(
        a.device.far_field(a.k, TURN) * np.exp(1j * np.multiply.outer(b.k, TURN @ centre_m))[..., None],
        b.device.far_field(b.k, TURN),
        rtol=1e-5,
    )


def test_a_driver_near_a_face_is_put_on_it() -> None:
    """A driver 1.5 mm before the front is on the front; at an edge the driver's facing decides the face."""
    scene = designer.scene(in_box({"left": [0.0515, -0.1, 0.0], "right": [0.05, 0.1, 0.0]}))
    np.testing.assert_allclose(scene.device.driver_places_m()[0], np.array([0.05, -0.1, 0.0]))  # type: ignore[attr-defined] # a box
    body = in_box().body
    driver = in_box().drivers[0]
    edge = driver.model_copy(update={"position_m": [0.05, 0.149, 0.0], "facing_deg": [90.0, 0.0]})
    assert body.normal(edge).tolist() == [0.0, 1.0, 0.0]  # type: ignore[union-attr] # a box has one
    assert body.normal(edge.model_copy(update={"facing_deg": [0.0, 0.0]})).tolist() == [1.0, 0.0, 0.0]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("places", "box", "listener", "message"),
    [
        (
            {"left": [0.0, -0.1, 0.0]},
            {},
            {},
            r"drivers\[0\]\.position_m: got \[0\.0, -0\.1, 0\.0\], 50 mm inside the box; expected a place on one of its faces"
            r" \(enclosure\.size_m\), within 2 mm; the nearest place is \[.*0\.05, -0\.1, 0\.0\], on its front",
        ),
        (
            {"left": [0.05, -0.2, 0.0]},
            {},
            {},
            r"50 mm outside the box; .*; the nearest place is \[0\.05, -0\.15, 0\.0\]",
        ),
        ({"left": [0.05, -0.15, 0.0]}, {}, {}, r"a point source on an edge of the front; expected places 1 mm or more"),
        ({"left": [50.0, -100.0, 0.0]}, {}, {}, r"millimetres\? Write \[0\.05, -0\.1, 0\.0\]"),
        ({"left": [0.05, -0.1, 0.0]}, {}, {"position_m": [0.12, 0.0, 0.0]}, r"the head 17\.5 mm into the device"),
        ({"left": [0.05, -0.1, 0.0]}, {}, {"position_m": [0.05, 0.0, 0.06]}, r"puts both ears at the surface of the device"),
        (
            {"left": [50.0, -0.1, 0.0]},
            {"size_m": [100.0, 0.3, 0.12]},
            {},
            r"enclosure\.size_m\[0\]: got 100\.0; expected a number from 0\.005 to 10; the unit is metres",
        ),
        (
            {"left": [0.5, -0.1, 0.0]},
            {"size_m": [1.0, 2.0, 2.0], "highest_hz": 8000.0},
            {"position_m": [3.0, 0.0, 0.0]},
            r"enclosure\.highest_hz: got 8000\.0; solving the box up to 8000 Hz takes \d+ rectangles at \d+ frequencies, about \d+ CPU"
            r" hours and [\d.]+ GB; expected at most 60 CPU minutes and 8 GB; set enclosure\.highest_hz = \d+, which takes \d+ rectangles",
        ),
    ],
)  # fmt: skip
def test_faults_have_a_remedy(places: dict[str, list[float]], box: Tables, listener: Tables, message: str) -> None:
    """A driver off the box, on an edge or in millimetres, a head in the box, a box that takes too long: each message has a remedy."""
    design = EAR | {"kind": "null-steering"} if len(places) > 2 else EAR
    places = places | {"right": [places["left"][0] if abs(places["left"][0]) < 1 else 0.05, 0.1, 0.01]}
    with pytest.raises(ProblemError, match=message):
        load(small(places, LISTENER | listener, design, enclosure=BOX | box))


def test_a_solution_is_refused_for_its_memory_alone() -> None:
    """256 drivers on a bar of 2 m: a few minutes, but more than 8 GB; the frequency of the remedy fits, and 10 % above it does not."""
    bar = Box(size_m=[0.05, 2.0, 0.05])
    whole = bar.effort(2 * math.pi * 5000.0 / C, 256)
    assert whole.minutes < 10 and whole.size > 8e9
    (fault,) = bar.solving_faults(5000.0, C, 256)
    match = re.search(r"set enclosure\.highest_hz = (\d+)", fault.remedy)
    assert match is not None
    fits, above = (bar.effort(2 * math.pi * factor * int(match[1]) / C, 256) for factor in (1.0, 1.1))
    assert fits.size <= 8e9 < above.size
    assert "expected at most 60 CPU minutes and 8 GB" in str(fault)


def test_a_piston_stays_within_its_face() -> None:
    """A cone of 7 cm on a front 12 cm high is refused, with the largest that fits."""
    tables = small(FRONT, LISTENER, EAR, enclosure=BOX)
    tables["drivers"][0]["radius_m"] = 0.07
    with pytest.raises(
        ProblemError, match=r"drivers\[0\]\.radius_m: got 0\.07; expected at most 0\.05, .* edge of the front"
    ):
        load(tables)


def test_check_says_what_is_solved() -> None:
    """`check` states size, frequency, effort, and what holds above; the default is half an octave above the band."""
    from designer.problem.explain import explain

    lines = list(explain(in_box()))
    assert lines[1].startswith("enclosure: box, 0.1 x 0.3 x 0.12 m deep, wide and high;")
    assert lines[2].startswith("the box is solved up to 1414 Hz; above, each driver keeps in each direction the level")
    assert re.search(
        r"; solving it takes \d+ rectangles at \d+ frequencies, about \d+ CPU s and \d+ MB, unless the solution is on disk$",
        lines[2],
    )
    assert list(explain(in_box(box=BOX | {"highest_hz": 500.0})))[2].startswith("the box is solved up to 500 Hz")


def test_a_room_holds_the_whole_box() -> None:
    """A bar that fits along the wall does not fit turned by 90 degrees: the message states how deep the wall cuts it."""
    room: Tables = {"size_m": [5.0, 4.0, 2.5], "rt60_s": 0.4, "device_m": [0.1, 2.0, 1.0]}
    in_box(room=room)
    with pytest.raises(
        ProblemError, match=r"where a wall cuts the box by 50 mm; expected the whole box within the room"
    ):
        in_box(room=room | {"heading_deg": 90.0, "listener_m": [2.0, 2.5, 1.0]})


def test_what_is_no_later_than_the_diagonal_is_read_between_frequencies() -> None:
    """Waves as early or as late as the diagonal, real in time, are interpolated within 5e-4, also next to 0 and to the last frequency."""
    diagonal_m, count = 0.3, 20
    step = 2 * math.pi / (4 * diagonal_m)
    k = np.linspace(0.0, step * (count - surface_solution.ORDER // 2), 57)
    nodes, plain, conjugate = surface_solution.between(k, step, count)
    for late in (-1.0, -0.4, 0.0, 0.7, 1.0):
        read = surface_solution.read_between(np.exp(-1j * late * diagonal_m * step * nodes), plain, conjugate)
        np.testing.assert_allclose(read, np.exp(-1j * late * diagonal_m * k), rtol=5e-4)
