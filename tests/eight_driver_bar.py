"""A bar whose requirements eight drivers in a row can meet, for what is timed in the studio."""

from __future__ import annotations

from toml_text import toml


def eight_driver_bar() -> str:
    """A constrained beam and a channel of an ear over eight drivers in a row."""
    drivers = [
        {"name": f"d{n}", "position_m": [0.0, 0.07 * (n - 3.5), 0.0], "radius_m": 0.025, "max_gain_db": 12.0}
        for n in range(8)
    ]
    beam = {
        "name": "beam", "kind": "beamformer", "look_deg": 0.0, "nulls_deg": [-60.0, 60.0], "null_width_deg": 10.0,
        "band_hz": [300.0, 4000.0], "cancellation_gain_db": [[300, 6], [1000, 12], [4000, 12]],
        "mask": [{"azimuth_deg": [50.0, 70.0], "max_db": -9.0}], "min_white_noise_gain_db": -6.0,
    }  # fmt: skip
    ear = {
        "name": "left", "kind": "null-steering", "ear": "left", "band_hz": [300.0, 6000.0], "max_effort_db": 12.0,
        "cancellation_gain_db": [[300, 6], [1000, 12], [6000, 12]],
    }  # fmt: skip
    return toml({
        "title": "A bar of eight drivers", "sample_rate_hz": 48000, "drivers": drivers, "listener": {"position_m": [2.0, 0.0, 0.0]},
        "designs": [beam, ear], "realization": {"form": "fir", "taps": 1024},
    })  # fmt: skip
