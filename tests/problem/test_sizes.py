"""Sizes that a machine cannot hold, or that take hours, are refused when the problem is read, with the number and what would fit."""

from __future__ import annotations

from typing import Any

import pytest
from toml_text import pair, toml

import designer
from designer.errors import ProblemError


def refused(tables: dict[str, Any]) -> str:
    with pytest.raises(ProblemError) as caught:
        designer.loads(toml(tables))
    return str(caught.value)


@pytest.mark.parametrize(
    ("table", "key", "value", "most"),
    [
        ("realization", "pre_ringing_weight", 1e160, "a number from 0 to 1000000"),
        ("realization", "tail_weight", 1e7, "a number from 0 to 1000000"),
        ("tolerance", "gain_db", 1e3, "a number from 0 to 20"),
        ("tolerance", "phase_deg", 181.0, "a number from 0 to 180"),
        ("tolerance", "seed", 2**64, "a whole number from 0 to 9"),
    ],
)
def test_keys_have_upper_bounds(table: str, key: str, value: float, most: str) -> None:
    """A weight, a deviation or a seed beyond all sense is refused with its range."""
    tables = pair()
    tables.setdefault(table, {})[key] = value
    assert f"{table}.{key}: got " in refused(tables)
    assert most in refused(tables)


def test_bounds_in_lists() -> None:
    """Bands end at 1 MHz, a driver's spread at 20 dB, and there are at most 64 designs and 1,000 points of a curve."""
    tables = pair()
    design = tables["designs"][0]
    design |= {"driver_spread": {"gain_db": 21.0}, "cancellation_gain_db": [[n + 1.0, 6.0] for n in range(1001)]}
    tables["drivers"][0]["band_hz"] = [0.0, 1e9]
    said = refused(tables)
    assert "designs[0].driver_spread.gain_db: got 21.0; expected a number from 0 to 20" in said
    assert "designs[0].cancellation_gain_db: got " in said
    assert "1 to 1000 lists" in said
    assert "drivers[0].band_hz[1]: got 1000000000.0; expected a number from 0 to 1000000" in said
    tables = pair()
    tables["designs"] = [tables["designs"][0] | {"name": f"{n}"} for n in range(65)]
    assert "a list of 1 to 64 tables" in refused(tables)


def test_drivers_times_places() -> None:
    """256 drivers, 1,000 places of the head and 600 taps: a thousand million transfer functions are too many; 100 places are not."""
    tables = pair()
    names = [f"d{n}" for n in range(256)]
    tables["drivers"] = [{"name": name, "position_m": [0.0, n / 256 - 0.5, 0.0]} for n, name in enumerate(names)]
    tables["listener"] = {"position_m": [2.0, 0.0, 0.0], "head": "points"}
    tables["designs"][0]["kind"] = "null-steering"
    tables["realization"]["taps"] = 600
    tables["listener"]["ear_cloud_m"] = [[0.0, 1e-4 * n, 0.0] for n in range(100)]
    designer.loads(toml(tables))
    tables["listener"]["ear_cloud_m"] = [[0.0, 1e-4 * n, 0.0] for n in range(1000)]
    assert (
        "realization.taps: got 600 taps, fitted at 2049 frequencies x 2000 points x 256 drivers, 1049 million numbers;"
        " expected at most 1000 million numbers; use fewer taps, frequencies, displacements, azimuths or drivers"
    ) in refused(tables)


def test_the_limits_together() -> None:
    """256 drivers, 1,000 places and 65 frequencies, each within its limit, take minutes of products; the points that fit are named."""
    tables = pair()
    tables["drivers"] = [{"name": f"d{n}", "position_m": [0.0, n / 256 - 0.5, 0.0]} for n in range(256)]
    tables["listener"] |= {"ear_cloud_m": [[0.0, 1e-4 * n, 0.0] for n in range(1000)]}
    tables["designs"][0]["kind"] = "null-steering"
    tables["grid"]["frequencies"] = 65
    tables["realization"] = {"taps": 256}
    said = refused(tables)
    assert "taps: got 256 taps, fitted at 513 frequencies x 2000 points x 256 drivers" in said
    assert "67240 million products; expected at most 40000 million products, for example 1189 points" in said
    tables["listener"]["ear_cloud_m"] = tables["listener"]["ear_cloud_m"][: 1189 // 2]
    designer.loads(toml(tables))


def test_frequencies_times_azimuths() -> None:
    """0.1 degree with 8,193 frequencies: 59 million rows of a table; a step of 0.2 degrees fits, as the message says."""
    tables = pair()
    tables["grid"] = {"frequencies": 8193, "azimuth_step_deg": 0.1}
    said = refused(tables)
    assert (
        "16385 frequencies (half steps included) x 3600 azimuths x 1 designs, 59 million rows of response.csv" in said
    )
    assert "raise grid.azimuth_step_deg to 0.19662 or more" in said
    tables["grid"]["azimuth_step_deg"] = 0.2
    designer.loads(toml(tables))


def test_large_pistons() -> None:
    """A piston of 0.3 m at 192 kHz is 528 in ka: the message says which radius fits, and that radius does."""
    tables = pair() | {"sample_rate_hz": 192000}
    tables["drivers"][0]["radius_m"] = 0.3
    tables["realization"]["taps"] = 256
    assert "drivers[0].radius_m: got 0.3; expected at most 0.142162 at this sample rate" in refused(tables)
    tables["drivers"][0]["radius_m"] = 0.142
    designer.loads(toml(tables))


def test_pistons_far_apart() -> None:
    """Pistons whose places are in millimetres are too far apart to be summed up."""
    tables = pair() | {"sample_rate_hz": 96000}
    for driver, y in zip(tables["drivers"], (-800.0, 800.0), strict=True):
        driver |= {"position_m": [0.0, y, 0.0], "radius_m": 0.02}
    said = refused(tables)
    assert "drivers[1].position_m: got [0.0, 800.0, 0.0], 1600 m from the first of them" in said
    assert "pistons, and drivers on a cylinder, at most 227" in said
