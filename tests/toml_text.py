"""Problems as Python tables, and their TOML, so that tests can change one value of a sound problem."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Mapping
from typing import Any


class Raw(str):
    """A value that is written as it is."""


def toml(table: Mapping[str, Any]) -> str:
    """A document with every value in one line, tables inline; no two values look alike to a reader of TOML."""
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in table.items())


def _key(key: str) -> str:
    return json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, float):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf") if math.isinf(value) else repr(value)
    if isinstance(value, int | datetime.date):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(_value(item) for item in value) + "]"


def pair() -> dict[str, Any]:
    """Two drivers 16 cm apart, small enough to be designed in a moment."""
    return {
        "title": "Pair",
        "sample_rate_hz": 16000,
        "drivers": [
            {"name": "left", "position_m": [0.0, -0.08, 0.0]},
            {"name": "right", "position_m": [0.0, 0.08, 0.0]},
        ],
        "listener": {"position_m": [0.6, 0.0, 0.0], "head": "points", "ear_cloud_m": [[0, 0, 0]]},
        "grid": {"frequencies": 33, "azimuth_step_deg": 30.0},
        "designs": [
            {
                "name": "left",
                "kind": "ctc",
                "ear": "left",
                "band_hz": [500.0, 4000.0],
                "cancellation_gain_db": [[500, 6], [4000, 6]],
            }
        ],
        "realization": {"taps": 64},
    }


def trio() -> dict[str, Any]:
    """Three drivers on a sphere, with every key that is built at least once."""
    return {
        "title": "Trio",
        "sample_rate_hz": 48000,
        "speed_of_sound_m_s": 343.0,
        "enclosure": {"model": "sphere", "radius_m": 0.0875},
        "drivers": [
            {
                "name": name,
                "position_m": position_m,
                "facing_deg": [azimuth_deg, 0.0],
                "radius_m": 0.025,
                "band_hz": [150.0, 16000.0],
                "max_gain_db": 12.0,
            }
            for name, position_m, azimuth_deg in (
                ("left", [0.0, -0.0875, 0.0], -90.0),
                ("front", [0.0875, 0.0, 0.0], 0.0),
                ("right", [0.0, 0.0875, 0.0], 90.0),
            )
        ],
        "listener": {
            "position_m": [2.0, 0.0, 0.0],
            "turn_deg": 0.0,
            "head": "sphere",
            "head_radius_m": 0.0875,
            "ear_cloud_m": [[0, 0, 0], [0, 0.03, 0], [0, -0.03, 0]],
        },
        "scene": {"air_absorption": False},
        "grid": {"frequencies": 257, "azimuth_step_deg": 5.0, "azimuth_distance_m": 2.0},
        "designs": [
            {
                "name": "left",
                "kind": "null-steering",
                "drivers": ["left", "front", "right"],
                "ear": "left",
                "band_hz": [500.0, 6000.0],
                "cancellation_gain_db": [[500, 4], [1000, 8], [6000, 10]],
                "max_effort_db": 13.0,
                "plain": ["left"],
                "fade_octaves": 0.5,
                "method": "auto",
            },
            {
                "name": "centre",
                "kind": "beamformer",
                "look_deg": 0.0,
                "window_deg": [-45.0, 45.0],
                "window_ripple_db": 4.5,
                "nulls_deg": [-90.0, 90.0],
                "null_width_deg": 10.0,
                "band_hz": [250.0, 1200.0],
                "cancellation_gain_db": [[250, 12], [1200, 15]],
                "mask": [{"azimuth_deg": [75, 105], "band_hz": [250, 1200], "max_db": -10.0}],
                "min_white_noise_gain_db": -10.0,
            },
            {
                "name": "mixed",
                "kind": "beamformer",
                "look_deg": 0.0,
                "nulls_deg": [180.0],
                "band_hz": [250.0, 1200.0],
                "method": "matrix",
                "matrix_gains": [0.5, 1.0, 0.5],
            },
        ],
        "realization": {"form": "fir", "taps": 512},
        "export": {"targets": []},
    }
