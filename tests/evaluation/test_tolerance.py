"""Drawn devices and listeners: against scenes built anew for a draw, and against what the variance of errors must add."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import designer
from designer.acoustics.measured import formats
from designer.acoustics.measured.directivity import MeasuredDirectivity
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.evaluation.tolerance import Draws, Points, changed_scene, draw, tolerance
from designer.problem import Problem
from designer.problem.schema import Tolerance
from designer.realization import response

pytestmark = pytest.mark.usefixtures("judged")

PROBLEMS = Path(__file__).parents[2] / "problems"


@pytest.fixture(scope="module", name="made")
def laptop() -> designer.Design:
    return designer.design(designer.load(PROBLEMS / "laptop-pair.toml"))


def drawn_problem(problem: Problem, draws: Draws, n: int) -> Problem:
    """The problem file that the n-th drawn device and listener would have, its drivers' errors apart."""
    drivers = [
        driver.model_copy(update={"position_m": [float(x) for x in np.array(driver.position_m) + move]})
        for driver, move in zip(problem.drivers, draws.displacement_m[n], strict=True)
    ]
    radius_m = problem.listener.head_radius_m * float(draws.head_radius_ratio[n])
    return problem.model_copy(
        update={
            "drivers": drivers,
            "speed_of_sound_m_s": problem.speed_of_sound_m_s * float(draws.speed_ratio[n]),
            "listener": problem.listener.model_copy(update={"head_radius_m": radius_m}),
        }
    )


def test_a_draw_is_the_scene_that_it_describes(made: designer.Design) -> None:
    """Pressures at both ears, for five draws: those of a scene built for each, within 1 % of the ipsilateral ear's; off equal steps too."""
    problem = made.problem
    scene = designer.scene(problem)
    f = np.union1d(scene.frequency_hz[3:60:4], [250.0, 4321.0])
    draws = draw(Tolerance(draws=50), 2, problem.listener.head_radius_m)
    points = Points.of(problem.designs[0], scene.at(f).moved(np.zeros((1, 3))), draws)
    w = response(made.taps["left"], f, problem.sample_rate_hz)
    assert points is not None
    (actual,) = points.pressures(draws, [w])
    for n in range(5):
        place = designer.scene(drawn_problem(problem, draws, n)).at(f).moved(np.zeros((1, 3)))
        expected = np.einsum("fml,fl->mf", place.ears()[:, :2], w * draws.factor[n])
        assert (np.abs(actual[n] - expected).max(axis=0) < 0.01 * np.abs(expected[0])).all()


def test_few_draws_have_scenes_of_their_own(made: designer.Design, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 10 draws at 20 kHz: pressures are those of each draw's scene, and no more scenes are made than draws and the nominal one."""
    problem = made.problem
    table = problem.tolerance.model_copy(update={"draws": 10, "position_m": 0.0, "head_radius_m": 0.01})
    problem = problem.model_copy(update={"tolerance": table})
    f = np.array([500.0, 20_000.0])
    draws = draw(table, 2, problem.listener.head_radius_m)
    scenes: list[Scene] = []

    def counted(*args: Any) -> Scene:
        scenes.append(changed_scene(*args))
        return scenes[-1]

    monkeypatch.setattr("designer.evaluation.tolerance.changed_scene", counted)
    points = Points.of(problem.designs[0], designer.scene(problem).at(f).moved(np.zeros((1, 3))), draws)
    assert points is not None
    assert len(scenes) == 11
    w = response(made.taps["left"], f, problem.sample_rate_hz)
    (actual,) = points.pressures(draws, [w])
    for n in (0, 9):
        place = designer.scene(drawn_problem(problem, draws, n)).at(f).moved(np.zeros((1, 3)))
        expected = np.einsum("fml,fl->mf", place.ears()[:, :2], w * draws.factor[n])
        np.testing.assert_allclose(actual[n], expected, rtol=1e-6)


def test_errors_of_the_drivers_add_their_variance(made: designer.Design) -> None:
    """20,000 draws of gain and phase alone: the mean power at the contralateral ear is |h w|² + ε² Σ|h_l w_l|², within 3 %."""
    problem = made.problem
    table = Tolerance(gain_db=0.2, phase_deg=1.5, position_m=0.0, temperature_c=0.0, head_radius_m=0.0, draws=20_000)
    f = designer.scene(problem).frequency_hz[10:14]
    at = designer.scene(problem.model_copy(update={"tolerance": table})).at(f).moved(np.zeros((1, 3)))
    w = response(made.taps["left"], f, problem.sample_rate_hz)
    draws = draw(table, 2, problem.listener.head_radius_m)
    points = Points.of(problem.designs[0], at, draws)
    assert points is not None
    (p,) = points.pressures(draws, [w])
    variance = (0.2 * np.log(10) / 20) ** 2 + np.radians(1.5) ** 2
    h = at.ears()[:, 1]
    expected = np.abs(np.sum(h * w, axis=1)) ** 2 + variance * np.sum(np.abs(h * w) ** 2, axis=1)
    np.testing.assert_allclose(np.mean(np.abs(p[:, 1]) ** 2, axis=0), expected, rtol=0.03)


def test_draws_depend_on_the_seed_alone_and_each_quantity_has_its_own_stream() -> None:
    """The same seed gives the same numbers; a deviation of 0 leaves the others' draws as they were; heads stay heads."""
    table = Tolerance(draws=50)
    first, again = draw(table, 3, 0.0875), draw(table, 3, 0.0875)
    np.testing.assert_array_equal(first.factor, again.factor)
    np.testing.assert_array_equal(first.displacement_m, again.displacement_m)
    still = draw(table.model_copy(update={"position_m": 0.0}), 3, 0.0875)
    assert not still.displacement_m.any()
    np.testing.assert_array_equal(still.factor, first.factor)
    np.testing.assert_array_equal(still.head_radius_ratio, first.head_radius_ratio)
    assert (draw(table.model_copy(update={"seed": 2}), 3, 0.0875).factor != first.factor).all()
    wide = draw(Tolerance(draws=5000, temperature_c=20.0, head_radius_m=0.01), 1, 0.08)
    assert wide.head_radius_ratio.min() >= 1 - 3 * 0.01 / 0.08 - 1e-12
    assert np.log(wide.factor.real**2 + wide.factor.imag**2).std() == pytest.approx(0.5 * np.log(10) / 10, rel=0.05)


def test_nothing_drawn_is_the_nominal_design(made: designer.Design) -> None:
    """Deviations of 0: every draw has the gain that `metrics.csv` would have with the head at its own place."""
    table = Tolerance(gain_db=0.0, phase_deg=0.0, position_m=0.0, temperature_c=0.0, head_radius_m=0.0, draws=3)
    problem = made.problem.model_copy(update={"tolerance": table})
    scene = designer.scene(problem)
    actual = tolerance(problem.designs, made.taps, scene, draw(table, 2, 0.0875))
    alone = problem.listener.model_copy(update={"ear_cloud_m": [[0.0, 0.0, 0.0]]})
    judged = designer.evaluate(made, designer.scene(problem.model_copy(update={"listener": alone})))
    for name, one in actual.items():
        rows = judged.metrics[(judged.metrics.channel == name) & judged.metrics.frequency_hz.isin(one.frequency_hz)]
        np.testing.assert_allclose(one.gain_db[1], rows.cancellation_gain_db, atol=0.1)
        np.testing.assert_allclose(one.gain_db, np.tile(one.nominal_db, (3, 1)), atol=1e-9)
        assert np.median(one.gain_db.mean(axis=1)) == pytest.approx(one.nominal_db.mean())


def test_beams_are_judged_over_their_arcs_also_in_the_far_field() -> None:
    """Errors of drivers alone: mean power over the arcs against the look direction's, from plain sums over the circle."""
    problem = designer.load(PROBLEMS / "smart-speaker.toml")
    table = Tolerance(position_m=0.0, temperature_c=0.0, draws=5)
    for distance_m in (2.0, float("inf")):
        grid = problem.grid.model_copy(update={"azimuth_distance_m": distance_m})
        place = problem.model_copy(update={"grid": grid, "tolerance": table})
        scene = designer.scene(place)
        beam = place.designs[2]
        taps = np.random.default_rng(1).standard_normal((3, 64))
        draws = draw(table, 3, 0.0875)
        actual = tolerance([beam], {"centre": taps}, scene, draws)["centre"]
        inside = np.isin(scene.frequency_hz, actual.frequency_hz)
        w = response(taps, scene.frequency_hz, 48000.0)[inside]
        circle = scene.circle()[inside]
        degrees = np.round(scene.azimuth_deg)
        for n in range(5):
            p = np.abs(np.einsum("fal,fl->fa", circle, w * draws.factor[n])) ** 2
            arcs = p[:, (np.abs(np.abs(degrees) - 90) <= 5)].mean(axis=1)
            expected = 10 * np.log10(p[:, degrees == 0][:, 0] / arcs)
            np.testing.assert_allclose(actual.gain_db[n], expected, atol=0.05)


def test_a_beam_is_solved_where_it_is_judged_and_for_no_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """No draw of a head's radius changes a beam, whose arcs are solved at most 26 times, and not the whole circle 322 times."""
    required = []
    on_circle = Scene.on_circle

    def counted(scene: Scene, azimuth_deg: Real) -> Complex:
        required.append(azimuth_deg.size)
        return on_circle(scene, azimuth_deg)

    problem = designer.load(PROBLEMS / "smart-speaker.toml")
    scene = designer.scene(problem).at(np.linspace(0.0, 2000.0, 9))
    taps = np.random.default_rng(1).standard_normal((3, 64))
    monkeypatch.setattr(Scene, "on_circle", counted)
    assert tolerance([problem.designs[2]], {"centre": taps}, scene, draw(Tolerance(draws=2), 3, 0.0875))
    assert len(required) <= 26
    assert max(required) < scene.azimuth_deg.size / 2


def test_a_measured_device_is_what_it_is(made: designer.Design) -> None:
    """No draws: its responses are known at its own places alone."""
    scene = designer.scene(made.problem)
    scene = scene.with_device(object())  # type: ignore[arg-type] # nothing of it is asked for
    assert tolerance(made.problem.designs, made.taps, scene, draw(Tolerance(draws=2), 2, 0.0875)) == {}


def test_a_bands_ends_are_judged(made: designer.Design) -> None:
    """A curve is often missed at an end first, which lies between two of the even frequencies."""
    low_hz, high_hz = made.channels["left"].table.band_hz
    f = made.tolerances["left"].frequency_hz
    assert (f[0], f[-1]) == (low_hz, high_hz) and low_hz not in made.even_scene.frequency_hz
    assert (np.diff(f) > 1.0).all() and np.isin(f[1:-1], made.even_scene.frequency_hz).all()


def test_a_band_between_two_of_the_even_frequencies_is_judged_on_the_designs_own() -> None:
    """1,025 frequencies and a band 40 Hz wide: the maps and the draws have frequencies in it."""
    text = (PROBLEMS / "laptop-pair.toml").read_text(encoding="utf-8")
    text = text.replace("[250.0, 5000.0]", "[1040.0, 1080.0]") + "[grid]\nfrequencies = 1025\n"
    text = text.replace("[[250, 10], [600, 15], [2500, 12], [5000, 6]]", "[[1000, 6]]")
    result = designer.design(designer.loads(text))
    assert result.tolerances["left"].frequency_hz.size > 1
    assert result.zones is not None
    gain_db = result.zones.square.channels["left"].gain_db
    assert np.isfinite(gain_db[gain_db.size // 2])  # the listener's own place


def test_a_scene_that_no_surface_holds_is_left_out(made: designer.Design, monkeypatch: pytest.MonkeyPatch) -> None:
    """No number instead of a wrong one, and no end of the design."""
    monkeypatch.setattr("designer.evaluation.tolerance.fitted", lambda *_, **__: None)
    assert (
        tolerance(made.problem.designs, made.taps, designer.scene(made.problem), draw(Tolerance(draws=50), 2, 0.0875))
        == {}
    )


def test_a_measured_driver_is_read_once_and_in_the_air_of_its_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A point source that was measured at 2 m is, in warmer air, the point source beside it that is modelled."""
    f = np.geomspace(100.0, 20_000.0, 300)
    azimuth_deg = np.arange(-180.0, 180.0, 30.0)
    pressure = np.exp(-2j * np.pi * f * 2 / 343.0) / 2
    np.savez(
        tmp_path / "point.npz",
        frequency_hz=f,
        azimuth_deg=azimuth_deg,
        pressure=np.repeat(pressure[:, None], azimuth_deg.size, axis=1),
        distance_m=2.0,
    )
    text = (
        'title = "pair"\nsample_rate_hz = 48000\n[enclosure]\nmodel = "free-field"\n[listener]\nposition_m = [2.0, 0.0, 0.0]\n'
        "[tolerance]\ngain_db = 0.0\nphase_deg = 0.0\nposition_m = 0.0\ntemperature_c = 8.0\nhead_radius_m = 0.0\ndraws = 20\n"
        '[[designs]]\nname = "left"\nkind = "ctc"\near = "left"\nband_hz = [1000.0, 4000.0]\n'
        "cancellation_gain_db = [[1000, 8], [4000, 8]]\n"
        '[[drivers]]\nname = "a"\nposition_m = [0.0, -0.1, 0.0]\n[[drivers]]\nname = "b"\nposition_m = [0.0, 0.1, 0.0]\n'
    )
    (tmp_path / "model.toml").write_text(text)
    (tmp_path / "measured.toml").write_text(text + 'response = "point.npz"\n')
    reads = []
    read_response = formats.read_response

    def counted(*what: Any, **how: Any) -> MeasuredDirectivity:
        reads.append(what)
        return read_response(*what, **how)

    monkeypatch.setattr(formats, "read_response", counted)
    taps = {"left": np.array([[1.0, 0.0, 0.0, 0.2], [0.0, -0.8, 0.1, 0.0]])}
    gains = []
    for name in ("model", "measured"):
        problem = designer.load(tmp_path / f"{name}.toml")
        even = designer.scene(problem).at(np.arange(200.0, 6000.0, 50.0))
        gains.append(tolerance(problem.designs, taps, even, draw(problem.tolerance, 2, 0.0875))["left"].gain_db)
    np.testing.assert_allclose(gains[1], gains[0], atol=0.02)
    assert np.ptp(gains[0], axis=0).max() > 0.1  # the air does something
    assert len(reads) == 1
