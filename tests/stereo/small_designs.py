"""Small designs to play through: three drivers in a row, made in a moment."""

from __future__ import annotations

from functools import cache
from typing import Any

from toml_text import toml

import designer
from designer.job import Design

RATE_HZ = 16_000


def trio(*names: str, sample_rate_hz: int = RATE_HZ) -> dict[str, Any]:
    """Three points 8 cm apart with the designs of these names; mirror images of each other left to right."""
    ear = {
        "kind": "null-steering",
        "band_hz": [500.0, 3000.0],
        "cancellation_gain_db": [[500, 8], [3000, 8]],
        "max_effort_db": 10.0,
    }
    beam = {"kind": "beamformer", "look_deg": 0.0, "band_hz": [500.0, 3000.0], "method": "delay-and-sum"}
    beam |= {"nulls_deg": [-90.0, 90.0], "null_width_deg": 60.0}
    every = {
        "left": {"name": "left", "ear": "left", **ear},
        "right": {"name": "right", "ear": "right", **ear},
        "centre": {"name": "centre", **beam},
    }
    return {
        "title": "Trio",
        "sample_rate_hz": sample_rate_hz,
        "drivers": [{"name": name, "position_m": [0.0, y, 0.0]} for name, y in (("l", -0.08), ("m", 0.0), ("r", 0.08))],
        "listener": {"position_m": [0.6, 0.0, 0.0], "head": "points"},
        "grid": {"frequencies": 33, "azimuth_step_deg": 30.0},
        "designs": [every[name] for name in names],
        "realization": {"taps": 64},
    }


@cache
def design_of(*names: str, sample_rate_hz: int = RATE_HZ) -> Design:
    """The design of such a problem."""
    return designer.design(designer.loads(toml(trio(*names, sample_rate_hz=sample_rate_hz))))
