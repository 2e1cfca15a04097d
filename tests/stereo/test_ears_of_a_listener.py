"""Sound at the ears, of the listener whom the stereo is for."""

from __future__ import annotations

from typing import Any

import numpy as np
from toml_text import pair, toml

import designer
from designer.stereo.chain import ear_responses

SAMPLES, RADIUS_M = 512, 0.09


def test_stereo_for_the_second_listener_is_heard_at_its_ears() -> None:
    """From point to point the level is 1 / r, by the places of the second listener's ears beside its middle, who faces the origin."""
    problem = pair()
    del problem["listener"]
    problem["listeners"] = [
        {"name": "a", "position_m": [0.9, -0.4, 0.0], "head": "points", "head_radius_m": RADIUS_M},
        {"name": "b", "position_m": [0.8, 0.6, 0.0], "head": "points", "head_radius_m": RADIUS_M},
    ]
    problem["designs"] = [
        {**problem["designs"][0], "name": side, "ear": side, "listener": "b"} for side in ("left", "right")
    ]
    responses = ear_responses(designer.design(designer.loads(toml(problem))), SAMPLES)
    level = np.abs(
        np.exp(-2j * np.pi * 2000 / 16000 * np.arange(SAMPLES)) @ np.moveaxis(responses, -1, 0).reshape(SAMPLES, -1)
    )
    facing = np.array([-0.8, -0.6])  # of length 1
    left = np.array([-facing[1], facing[0]])
    ears_m = [np.array([0.8, 0.6]) + side * RADIUS_M * left for side in (1, -1)]
    ways_m = [[float(np.hypot(*(ear - [0.0, y]))) for y in (-0.08, 0.08)] for ear in ears_m]
    np.testing.assert_allclose(level.reshape(2, 2), 1 / np.array(ways_m), rtol=0.01)


def test_in_the_room_too_the_second_listener_is_heard() -> None:
    """`render --room`: with its walls, at the second listener's ears, what a file with that listener alone has; not at the first's ears."""
    couch = pair()
    del couch["listener"]
    places = {"a": {"position_m": [0.9, -0.4, 0.0]}, "b": {"position_m": [0.8, 0.6, 0.0]}}
    couch["room"] = {"size_m": [3.0, 2.5, 2.2], "absorption": 0.8, "device_m": [0.5, 1.0, 1.0]}
    couch["listeners"] = [{"name": name, "head_radius_m": RADIUS_M, **place} for name, place in places.items()]
    sides = [{**couch["designs"][0], "name": side, "ear": side} for side in ("left", "right")]
    alone = {key: value for key, value in couch.items() if key != "listeners"}

    def heard(problem: dict[str, Any]) -> Any:
        ears = designer.design(designer.loads(toml(problem))).room_ears
        assert ears is not None
        return ears

    at_b = heard(couch | {"designs": [side | {"listener": "b"} for side in sides]})
    for name, place in places.items():
        ears = heard(alone | {"listener": {"head_radius_m": RADIUS_M, **place}, "designs": sides})
        length = min(ears.shape[2], at_b.shape[2])
        apart = np.abs(ears[:, :, :length] - at_b[:, :, :length]).max() / np.abs(at_b).max()
        assert apart < 1e-6 if name == "b" else apart > 0.1, name
