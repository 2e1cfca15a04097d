"""Small problems as TOML text: three geometries, and a way to change any key of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import designer
from designer.problem import Problem

Tables = dict[str, Any]

CLOUD = [[0.0, 0.0, 0.0], [0.0, 0.02, 0.0], [0.0, -0.02, 0.0], [0.02, 0.0, 0.0], [-0.02, 0.0, 0.0]]


def toml(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, Sequence):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return repr(value)


def text(problem: Tables) -> str:
    """A problem file; keys whose value is None are left out."""
    plain = [(key, value) for key, value in problem.items() if not isinstance(value, dict) and not _tables(value)]
    lines = [f"{key} = {toml(value)}" for key, value in plain if value is not None]
    for key, value in problem.items():
        for table in value if _tables(value) else [value] if isinstance(value, dict) else []:
            lines.append(f"[[{key}]]" if _tables(value) else f"[{key}]")
            lines += [f"{name} = {toml(item)}" for name, item in table.items() if item is not None]
    return "\n".join(lines) + "\n"


def _tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def load(problem: Tables) -> Problem:
    """The checked problem."""
    return designer.loads(text(problem))


def design(problem: Tables) -> designer.Design:
    """The problem, read and designed."""
    return designer.design(load(problem))


def small(drivers: dict[str, list[float]], listener: Tables, *designs: Tables, **keys: Any) -> Tables:
    """A problem at 16 kHz with 65 frequencies, 125 Hz apart, and short filters."""
    return {
        "title": "small",
        "sample_rate_hz": 16000,
        "drivers": [{"name": name, "position_m": place} for name, place in drivers.items()],
        "listener": listener,
        "grid": {"frequencies": 65, "azimuth_step_deg": 15.0},
        "realization": {"taps": 64},
        "designs": list(designs),
        **keys,
    }


def pair(*, both: bool = False, width_m: float = 0.16, listener: Tables | None = None, **keys: Any) -> Tables:
    """Two point drivers 16 cm apart at 0.7 m from a sphere head, a cloud of five: the left ear's channel, or both."""
    requirements: Tables = {
        "kind": "ctc",
        "band_hz": [500.0, 4000.0],
        "cancellation_gain_db": [[500, 12], [4000, 8]],
        "max_effort_db": 9.0,
    }
    requirements.update(keys)
    ears = ["left", "right"] if both else ["left"]
    return small(
        {"left": [0.0, -width_m / 2, 0.0], "right": [0.0, width_m / 2, 0.0]},
        {"position_m": [0.7, 0.0, 0.0], "ear_cloud_m": CLOUD} if listener is None else listener,
        *({"name": ear, "ear": ear, **requirements} for ear in ears),
    )


def wide_pair(**listener: Any) -> Tables:
    """Two point drivers 20 cm apart at 1 m, a cloud of three and a coarse circle: the left ear's channel, easily met."""
    listener = {"position_m": [1.0, 0.0, 0.0], "ear_cloud_m": CLOUD[:3], **listener}
    problem = pair(width_m=0.2, listener=listener, cancellation_gain_db=[[500, 8], [4000, 8]], max_effort_db=14.0)
    return problem | {"grid": {"frequencies": 65, "azimuth_step_deg": 30.0}, "realization": {"taps": 128}}


def line(count: int = 4, *, spacing_m: float = 0.06, **keys: Any) -> Tables:
    """A broadside line of point drivers in free field that looks to the front: one beam, by default with a mask."""
    requirements: Tables = {"kind": "beamformer", "look_deg": 0.0, "band_hz": [800.0, 3000.0]}
    if not {"mask", "window_deg", "nulls_deg", "cancellation_gain_db"} & set(keys):
        requirements["mask"] = [{"azimuth_deg": [60.0, 120.0], "max_db": -6.0}]
    requirements.update(keys)
    middle = (count - 1) / 2
    return small(
        {f"d{l}": [0.0, round((l - middle) * spacing_m, 9), 0.0] for l in range(count)},
        {"position_m": [2.0, 0.0, 0.0]},
        {"name": "centre", **requirements},
    )


def speaker(*designs: Tables, **keys: Any) -> Tables:
    """Three capped drivers on a rigid sphere of 8 cm, heard at 1.5 m by a sphere head: the left ear by default."""
    requirements: Tables = {
        "name": "left",
        "kind": "null-steering",
        "ear": "left",
        "band_hz": [500.0, 4000.0],
        "cancellation_gain_db": [[500, 4], [2000, 10], [4000, 10]],
        "max_effort_db": 13.0,
    }
    requirements.update(keys)
    problem = small(
        {"left": [0.0, -0.08, 0.0], "front": [0.08, 0.0, 0.0], "right": [0.0, 0.08, 0.0]},
        {"position_m": [1.5, 0.0, 0.0], "ear_cloud_m": CLOUD[:3]},
        *(designs or (requirements,)),
        enclosure={"model": "sphere", "radius_m": 0.08},
    )
    for driver in problem["drivers"]:
        driver["radius_m"] = 0.02
    return problem


def limited(problem: Tables, driver: int | None = None, **keys: Any) -> Tables:
    """The problem with more keys on one of its drivers, or on all."""
    for l, table in enumerate(problem["drivers"]):
        if driver is None or l == driver:
            table.update(keys)
    return problem
