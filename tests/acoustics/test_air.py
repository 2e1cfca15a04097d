"""Absorption of the air against the table that ISO 9613-1:1993 prints, and against what must hold without one."""

from __future__ import annotations

import numpy as np
import pytest
from designs.small_problems import pair, text

import designer
from designer.acoustics.air import Air
from designer.errors import ProblemError
from designer.problem.checks import warnings

DRIVERS_M = ([0.0, -0.08, 0.0], [0.3, 0.08, 0.0])
TABLE_1 = """
-20  10    50 0.589
-20 100    50 0.0992
-20  15   125 1.43
-20  70   125 0.514
-20  10  1000 1.65
-20  50  1000 9.14
-20  50  4000 13.2
-20 100  4000 31.4
-20  70  8000 27.8
-20 100 10000 47.0
-10  10   125 1.86
-10  70  8000 86.2
  0  10    50 0.302
  0  10  1000 14.0
  0  15  1000 18.3
  0  50  1000 6.83
  0 100  1000 3.37
  0  20  2000 34.6
  0 100  6300 88.0
  5  50  1000 5.08
 10  10  1000 21.6
 10  70  1000 3.66
 10  50  4000 46.7
 10  70  4000 32.8
 10  10  8000 69.4
 15  50  1000 4.16
 15 100 10000 105
 20  10    50 0.270
 20  80    50 0.0501
 20  70   125 0.339
 20  10  1000 14.1
 20  50  1000 4.66
 20  70  1000 4.98
 20  80  1000 5.15
 20  50  2000 9.86
 20  10  4000 109
 20 100  4000 19.4
 20  15  6300 175
 20  80 10000 105
 25  50  1000 5.68
 25 100  2000 11.4
 30  50  1000 7.03
 30  50  4000 24.5
 30  10  4000 96.0
 35  50  1000 8.43
 40  50  1000 9.52
 45  50   800 7.16
 50  50  1000 10.0
 50  50  2000 24.8
 50  10  8000 155
"""
"""ISO 9613-1:1993, table 1, a to p: temperature in °C, relative humidity in %, nominal frequency in Hz, and the printed
coefficient in dB/km at one atmosphere. The standard computed it at the exact midband frequencies 1000 · 10^(k/10) Hz
(its note 5). Three readers of the print wrote such values down independently of each other (RWTH's ITA-Toolbox, and the
tests of the packages sound-propagation and phonometry); what two of them have agrees. One value of one reader is left
out, 20 °C, 50 %, 50 Hz as 0.0794: the formula gives 0.0784, a slip of one digit, and no second reader has it.
"""


@pytest.mark.parametrize("row", TABLE_1.split("\n")[1:-1])
def test_table_1_of_the_standard(row: str) -> None:
    """Each printed value to half of its last digit, three digits in all."""
    temperature_c, humidity, nominal_hz, printed = map(float, row.split())
    exact_hz = 1000 * 10 ** (round(10 * np.log10(nominal_hz / 1000)) / 10)
    air = Air(temperature_c=temperature_c, relative_humidity_percent=humidity)
    found = 1000 * float(air.attenuation_db_per_m(np.array(exact_hz)))
    half_a_digit = 0.5 * 10 ** (np.floor(np.log10(printed)) - 2)
    assert abs(found - printed) <= half_a_digit, f"{found:.5g} against {printed}"


def test_silence_and_distance() -> None:
    """Nothing is lost at 0 Hz or over no distance; twice the distance loses twice the decibels."""
    air = Air(temperature_c=20.0, relative_humidity_percent=50.0)
    factor = air.amplitude_factor(np.array([0.0, 1000.0, 16_000.0]), np.array([0.0, 2.0, 4.0]))
    assert factor.shape == (3, 3)
    np.testing.assert_array_equal(factor[0], 1.0)
    np.testing.assert_array_equal(factor[:, 0], 1.0)
    np.testing.assert_allclose(factor[:, 2], factor[:, 1] ** 2, rtol=1e-14)
    # the table's 4.66 dB/km at 1 kHz, over 2 m, of an amplitude: 20 log10
    np.testing.assert_allclose(20 * np.log10(factor[1, 1]), -2 * 4.66e-3, rtol=2e-3)


def test_low_and_high_frequency() -> None:
    """Far below and far above both relaxations the loss grows as f², above by the classical part and no less."""
    air = Air(temperature_c=20.0, relative_humidity_percent=50.0)
    low, high = air.attenuation_db_per_m(np.array([0.1, 0.2])), air.attenuation_db_per_m(np.array([1e8, 2e8]))
    np.testing.assert_allclose(low[1] / low[0], 4.0, rtol=1e-4)
    np.testing.assert_allclose(high[1] / high[0], 4.0, rtol=1e-4)
    np.testing.assert_allclose(high[0], 8.686 * 1.84e-11 * 1e16, rtol=1e-4)


def problem(*, damp: bool, distance: float = 2.0, places: tuple[list[float], list[float]] = DRIVERS_M) -> str:
    """A pair without a head whose right driver is nearer, at 10 °C and 70 %."""
    listener = {"position_m": [1.5, 0.0, 0.0], "head": "points", "ear_cloud_m": [[0, 0, 0]]}
    curve = [[250, 10], [5000, 6]]
    tables = pair(listener=listener, band_hz=[250.0, 5000.0], cancellation_gain_db=curve, max_effort_db=None)
    for driver, place in zip(tables["drivers"], places, strict=True):
        driver["position_m"] = place
    tables |= {
        "sample_rate_hz": 48000,
        "realization": {"taps": 512},
        "grid": {"frequencies": 9, "azimuth_distance_m": distance},
    }
    scene = {"air_absorption": damp, "temperature_c": 10.0, "relative_humidity_percent": 70.0}
    return text(tables | {"scene": scene})


def test_the_scene_loses_level_on_the_way_from_each_driver() -> None:
    """At 4 kHz and 10 °C, 70 %, an ear loses α times its own distance from each driver, and no phase; the circle likewise."""
    dry = designer.scene(designer.loads(problem(damp=False)))
    damp = designer.scene(designer.loads(problem(damp=True)))
    alpha_db = 0.0328  # a metre: the table's 32.8 dB/km at the midband of 4 kHz, 3981 Hz
    frequency_hz = np.array([1000 * 10**0.6])
    ratio = damp.at(frequency_hz).ears()[0] / dry.at(frequency_hz).ears()[0]
    np.testing.assert_allclose(ratio.imag, 0.0, atol=1e-12)
    ears_m = np.array([[1.5, -0.0875, 0.0], [1.5, 0.0875, 0.0]])
    drivers_m = np.array(DRIVERS_M)
    distance_m = np.linalg.norm(ears_m[:, None] - drivers_m, axis=-1)
    np.testing.assert_allclose(-20 * np.log10(ratio.real), alpha_db * distance_m, rtol=2e-3)
    level_db = 20 * np.log10(np.abs(damp.at(frequency_hz).circle() / dry.at(frequency_hz).circle()))
    assert (level_db < -1.6 * alpha_db).all()
    assert (level_db > -2.4 * alpha_db).all()


def test_the_far_field_has_no_distance_to_lose_level_on() -> None:
    """A circle at infinity is the limit that is left when the distance is taken out."""
    dry = designer.scene(designer.loads(problem(damp=False, distance=float("inf"))))
    damp = designer.scene(designer.loads(problem(damp=True, distance=float("inf"))))
    np.testing.assert_array_equal(damp.circle(), dry.circle())
    np.testing.assert_array_equal(damp.radiated_power, dry.radiated_power)


def test_the_directivity_index_of_one_driver_stays() -> None:
    """A point source at the origin has the index 1, whatever the air takes: the look and the mean lose alike."""
    middle = problem(damp=True, places=([0.0, 0.0, 0.0], DRIVERS_M[1]))
    scene = designer.scene(designer.loads(middle))
    on_circle = np.abs(scene.look(0.0)[:, 0]) ** 2 * 2.0**2
    np.testing.assert_allclose(on_circle, scene.radiated_power[:, 0, 0].real, rtol=1e-12)


@pytest.mark.parametrize("distance", [0.5, pytest.param(4.0, marks=pytest.mark.long), float("inf")])
def test_the_index_of_an_ear_channel_is_of_its_own_distance(distance: float) -> None:
    """Where a channel plays one point source alone, its index is 0 dB at every frequency, however far the circle of maps is.

    An ear channel's look point is the head's centre, and its air is that of 1.5 m.
    """
    beside = problem(damp=True, distance=distance, places=(DRIVERS_M[0], [0.0, 0.08, 0.0]))
    metrics = designer.design(designer.loads(beside)).metrics
    alone = metrics[metrics["status"] == "plain"]
    assert alone["frequency_hz"].max() > 20_000
    np.testing.assert_allclose(alone["directivity_index_db"], 0.0, atol=0.05)


def test_a_temperature_without_absorption_is_a_slip() -> None:
    """The air's state alone has no effect, and a warning says so with the key that was meant."""
    found = warnings(designer.loads(problem(damp=False)))
    assert "scene.temperature_c has no effect without scene.air_absorption = true" in found
    assert not any("scene." in line for line in warnings(designer.loads(problem(damp=True))))


def test_air_that_cannot_be() -> None:
    """Temperatures and humidities outside the standard's table are refused with what is allowed."""
    damp = problem(damp=True)
    with pytest.raises(ProblemError, match=r"scene.temperature_c: got 70.0; expected a number from -20 to 50"):
        designer.loads(damp.replace("temperature_c = 10.0", "temperature_c = 70.0"))
    with pytest.raises(
        ProblemError, match=r"scene.relative_humidity_percent: got 0.5; expected a number from 1 to 100"
    ):
        designer.loads(damp.replace("percent = 70.0", "percent = 0.5"))
