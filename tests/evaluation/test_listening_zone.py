"""The listening zone: against plain loops over the scene's ears, and against what is known of a middle that moves aside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toml_text import pair, toml

import designer
from designer.evaluation.listening_zone import (
    ChannelZone,
    Zone,
    half_width_m,
    interaural_delay_s,
    listening_zone,
    possible,
    square_m,
)
from designer.measures import octave_shares

pytestmark = pytest.mark.usefixtures("judged")

PROBLEMS = Path(__file__).parents[2] / "problems"


@pytest.fixture(scope="module", name="made")
def laptop() -> designer.Design:
    return designer.design(designer.load(PROBLEMS / "laptop-pair.toml"))


def zone_of(made: designer.Design, moves: np.ndarray, turn_deg: float | np.ndarray = 0.0) -> Zone:
    return zone_in(made.even_scene, made, moves, turn_deg)


def zone_in(
    scene: designer.Scene, made: designer.Design, moves: np.ndarray, turn_deg: float | np.ndarray = 0.0
) -> Zone:
    plain = {name: c.plain.weights(scene.frequency_hz, 2) for name, c in made.channels.items()}
    return listening_zone(made.problem.designs, made.taps, plain, scene, moves, turn_deg)


def test_gain_and_middle_are_those_of_a_plain_loop(made: designer.Design) -> None:
    """Each place alone through `Scene.ears`, each frequency alone: mean gain over log f within 0.01 dB, level between the ears too.

    A mean over log f is that of many values in equal ratios, each taken at the nearest frequency: on equal steps, and on the
    design's own frequencies, which the ends of bands make uneven.
    """
    moves = np.array([[0.05, 0.1, 0.0], [-0.2, -0.3, 0.0]])
    for scene in (made.even_scene, designer.scene(made.problem)):
        zone = zone_in(scene, made, moves)
        f = scene.frequency_hz
        for p, move in enumerate(moves):
            ears = scene.moved(move[None]).ears()
            gain_db, left, right = (np.zeros(f.size) for _ in range(3))
            for n, hertz in enumerate(f):
                delay = np.exp(-2j * np.pi * hertz / 48_000 * np.arange(512))
                w = np.array([sum(taps * delay) for taps in made.taps["left"]])
                v = np.array([sum(taps * delay) for taps in made.taps["right"]])
                gain_db[n] = 20 * np.log10(abs(ears[n, 0] @ w) / abs(ears[n, 1] @ w))
                left[n], right[n] = abs(ears[n, 0] @ (w + v)) ** 2, abs(ears[n, 1] @ (w + v)) ** 2
            level_db = 10 * np.log10(mean_over_log_f(f, left, 200.0, 1500.0) / mean_over_log_f(f, right, 200.0, 1500.0))
            assert zone.channels["left"].gain_db[p] == pytest.approx(
                mean_over_log_f(f, gain_db, 250.0, 5000.0), abs=0.01
            )
            assert zone.level_db[p] == pytest.approx(level_db, abs=0.01)


def mean_over_log_f(f: np.ndarray, values: np.ndarray, low_hz: float, high_hz: float) -> float:
    """The mean of 5,000 values in equal ratios between the ends, each at the nearest of the frequencies between them."""
    known = np.flatnonzero((f >= low_hz) & (f <= high_hz))
    octaves = np.linspace(np.log2(low_hz), np.log2(high_hz), 5000)
    nearest = np.abs(np.log2(f[known]) - octaves[:, None]).argmin(axis=1)
    return float(values[known[nearest]].mean())


def test_the_mean_over_octaves_does_not_depend_on_the_grid(made: designer.Design) -> None:
    """4,000 frequencies in equal ratios count alike: their plain mean is the zone's to 0.02 dB on equal steps, 0.1 dB on the design's grid,
    whose first step within the band, from 250 to 281 Hz, is a third of the next.
    """
    f = np.geomspace(250.0, 5000.0, 4000)
    fine = made.fine_scene.at(f)
    w = np.exp(-2j * np.pi / 48_000 * np.outer(f, np.arange(512))) @ made.taps["left"].T
    p = np.abs(np.einsum("fml,fl->fm", fine.moved(np.zeros((1, 3))).ears(), w))
    expected = float((20 * np.log10(p[:, 0] / p[:, 1])).mean())
    for scene, within_db in ((made.even_scene, 0.02), (designer.scene(made.problem), 0.1)):
        gain_db = zone_in(scene, made, np.zeros((1, 3))).channels["left"].gain_db[0]
        assert gain_db == pytest.approx(expected, abs=within_db)


def test_shares_are_of_octaves() -> None:
    """Of log2 f over 1 to 8 kHz, whose mean is half way, 2 times the square root of 2 kHz, on steps of any size; 0 Hz counts nothing."""
    rng = np.random.default_rng(0)
    middle = np.log2(1000.0) + 1.5
    for f in (np.linspace(1000.0, 8000.0, 400), np.sort(rng.uniform(1000.0, 8000.0, 2000))):
        assert octave_shares(f, [1000.0, 8000.0]) @ np.log2(f) == pytest.approx(middle, abs=1e-3)
    np.testing.assert_allclose(octave_shares(np.array([0.0, 100.0, 200.0, 400.0]), [0.0, 400.0]), [0, 0.25, 0.5, 0.25])
    np.testing.assert_array_equal(octave_shares(np.array([0.0]), [0.0, 10.0]), [1.0])


def test_the_middle_stays_in_the_middle_on_the_axis_and_leads_at_the_nearer_side(made: designer.Design) -> None:
    """On the axis of a symmetric pair there is no difference; to the listener's right, the left loudspeaker comes from
    farther left and the whole sound from the left: the left ear leads, so the right one hears later.
    """
    zone = zone_of(made, np.array([[0.1, 0.0, 0.0], [0.0, 0.2, 0.0], [0.0, -0.2, 0.0]]))
    assert zone.level_db[0] == pytest.approx(0.0, abs=1e-6)
    assert zone.delay_s[0] == pytest.approx(0.0, abs=1e-9)
    assert zone.delay_s[1] > 1e-4 and zone.level_db[1] > 1.0
    assert zone.delay_s[2] == pytest.approx(-zone.delay_s[1], abs=1e-8)
    assert zone.level_db[2] == pytest.approx(-zone.level_db[1], abs=1e-4)


def test_a_turned_head_hears_the_interaural_time_of_the_sphere(made: designer.Design) -> None:
    """A head turned to its left by θ hears what is ahead on its right: earlier there, by 3(a/c) sin θ and less (Kuhn's low
    frequencies to Woodworth's a(θ + sin θ)/c).
    """
    angle = np.radians(20.0)
    zone = zone_of(made, np.zeros((1, 3)), np.array([20.0]))
    low, high = 3 * 0.0875 / 343 * np.sin(angle), 0.0875 / 343 * (angle + np.sin(angle))
    assert high < -zone.delay_s[0] < low * 1.02
    assert zone.level_db[0] < -0.5


def test_the_area_counts_cells(made: designer.Design) -> None:
    """As many cells as reach the curve's mean less 3 dB; the target is the curve's mean over log f."""
    moves = square_m(0.2, 0.04)
    zone = zone_of(made, moves)
    left: ChannelZone = zone.channels["left"]
    assert left.area_m2 == pytest.approx(0.02**2 * np.sum(left.gain_db >= left.target_db - 3.0))
    assert 0 < left.area_m2 < 0.02**2 * len(moves)
    octaves = np.linspace(np.log2(250), np.log2(5000), 20001)
    curve = np.interp(octaves, np.log2([250, 600, 2500, 5000]), [9, 15, 12, 6])
    assert left.target_db == pytest.approx(curve.mean(), abs=0.1)
    mirrored = zone.channels["right"].gain_db.reshape(11, 11)[:, ::-1]
    np.testing.assert_allclose(left.gain_db.reshape(11, 11), mirrored, atol=1e-3)


@pytest.mark.parametrize(("distance_m", "half_m"), [(2.0, 0.5), (0.6, 0.24), (0.35, 0.12), (0.2, 0.1)])
def test_the_map_of_a_near_listener_goes_half_of_the_way_to_the_device(distance_m: float, half_m: float) -> None:
    """From the head's surface, of 8.75 cm, to a pair 8 cm aside, in whole steps of 2 cm; at least 10 cm, at most half a metre."""
    tables = pair()
    for driver, y_m in zip(tables["drivers"], (-0.08, 0.08), strict=True):
        driver["position_m"] = [0.0, y_m, 0.0]
    tables["listener"] = {"position_m": [distance_m, 0.0, 0.0]}
    assert half_width_m(designer.loads(toml(tables)), 0.02) == pytest.approx(half_m)


def test_places_inside_the_device_are_left_out(made: designer.Design) -> None:
    """No number stands where no head can be."""
    moves = np.array([[-0.55, 0.0, 0.0], [0.0, 0.0, 0.0]])
    assert possible(made.problem, moves).tolist() == [False, True]
    zone = zone_of(made, moves)
    assert np.isnan(zone.channels["left"].gain_db[0]) and np.isnan(zone.delay_s[0])
    assert np.isfinite(zone.channels["left"].gain_db[1])


def test_the_delay_is_that_of_a_delayed_ear() -> None:
    """Of pure delays within a millisecond, to a microsecond, with the sign that says which ear is later."""
    f = np.arange(200.0, 1500.0, 50.0)
    delays = np.array([-7.3e-4, -1.21e-4, 0.0, 3.3e-5, 6.004e-4])
    cross = np.exp(2j * np.pi * np.outer(delays, f))
    np.testing.assert_allclose(interaural_delay_s(cross, f), delays, atol=1e-6)


def test_beams_that_are_no_centre_have_no_listeners_places() -> None:
    """A device of beams alone is judged by azimuth, so it has no maps over the listener's place, and its page is made without them."""
    tables = pair()
    tables["designs"] = [
        {"name": "beam", "kind": "beamformer", "look_deg": 0.0, "nulls_deg": [180.0], "band_hz": [500.0, 2000.0]}
    ]
    beam = designer.design(designer.loads(toml(tables)))
    assert beam.zones is None
    tables["designs"][0]["name"] = "centre"
    centre = designer.design(designer.loads(toml(tables))).zones
    assert centre is not None and centre.square.middle == "centre" and not centre.square.channels


def test_a_band_that_nobody_hears_has_no_map() -> None:
    """From 25 kHz on a channel is left out of the maps, and costs none of their frequencies; where no other is for ears there are none."""
    tables = pair()
    tables["sample_rate_hz"] = 96_000.0
    tables["grid"] = {"frequencies": 17}
    heard = tables["designs"][0]
    ultrasonic = {
        **heard, "name": "pest", "band_hz": [25_000.0, 40_000.0], "cancellation_gain_db": [[25_000, 3], [40_000, 3]],
    }  # fmt: skip
    tables["designs"] = [heard, ultrasonic]
    both = designer.design(designer.loads(toml(tables)))
    assert both.zones is not None and list(both.zones.square.channels) == [heard["name"]]
    assert ["listening_zone_m2" in both.robustness(name) for name in (heard["name"], "pest")] == [True, False]
    tables["designs"] = [ultrasonic]
    alone = designer.design(designer.loads(toml(tables)))
    assert alone.zones is None and "listening_zone_m2" not in alone.robustness("pest")


def test_a_band_whose_heard_part_lies_between_frequencies_has_its_map() -> None:
    """From 14 to 60 kHz on steps of 32 kHz: the octave that is mapped gets frequencies of its own."""
    tables = pair()
    tables["sample_rate_hz"] = 192_000.0
    tables["grid"] = {"frequencies": 4}
    tables["designs"][0] |= {"band_hz": [14_000.0, 60_000.0], "cancellation_gain_db": [[14_000, 3], [60_000, 3]]}
    made = designer.design(designer.loads(toml(tables)))
    assert made.zones is not None and np.isfinite(made.zones.near.channels["left"].gain_db).all()
