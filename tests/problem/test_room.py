"""The room's places and walls as the problem file means them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toml_text import pair, toml

import designer
from designer.problem import geometry, room_places
from designer.problem.explain import explain
from designer.problem.schema import Problem, Room

C_M_S = 343.0


def in_room(**room: Any) -> tuple[Problem, Room]:
    problem = designer.loads(toml(pair() | {"room": room}))
    assert problem.room is not None
    return problem, problem.room


def test_sabines_constant() -> None:
    """24 ln 10 / c is the textbooks' 0.161 s/m at 343 m/s: 5 x 4 x 2.5 m are 50 m³ and 85 m², whose shortest time is 0.161 · 50 / 85."""
    _, room = in_room()
    assert room_places.shortest_rt60_s(room, C_M_S) == pytest.approx(0.161 * 50 / 85, rel=1e-3)


@given(st.floats(0.11, 5.0))
def test_a_reverberation_time_comes_back(rt60_s: float) -> None:
    """Eyring's time of the walls that a time asks for is that time, and their absorption is below 1."""
    room = Room(rt60_s=rt60_s)
    (share,) = room_places.absorption(room, C_M_S)
    assert 0 < share < 1
    assert room_places.eyring_rt60_s(room, C_M_S) == pytest.approx([rt60_s])


def test_without_either_the_contracts_time() -> None:
    """[room] alone is the contract's 0.4 s, and says so in `designer check`."""
    problem, room = in_room()
    assert room_places.eyring_rt60_s(room, C_M_S) == pytest.approx([0.4])
    (said,) = (line for line in explain(problem) if line.startswith("room: "))
    assert said == (
        "room: 5 x 4 x 2.5 m, walls absorb 0.21, reverberation time 0.40 s (Eyring); device at [0.60, 2.00, 1.00],"
        " facing 0 degrees, listener at [1.20, 2.00, 1.00]"
    )


def test_where_the_listener_is() -> None:
    """A device that faces +y of the room has its own left at -x: the listener, 0.6 m in front, is 0.6 m further along y."""
    problem, room = in_room(device_m=[2.0, 1.0, 1.2], heading_deg=90.0)
    np.testing.assert_allclose(room_places.in_room_m(room, np.array([0.6, 0.0, 0.0])), [2.0, 1.6, 1.2], atol=1e-12)
    np.testing.assert_allclose(room_places.in_room_m(room, np.array([0.0, 1.0, 0.0])), [1.0, 1.0, 1.2], atol=1e-12)
    assert room_places.room_listener(problem, room) == problem.listener


@given(st.floats(-180, 180), st.floats(-180, 180), st.floats(1.0, 4.0), st.floats(0.5, 3.5))
def test_where_another_listener_looks(heading_deg: float, looks_deg: float, x: float, y: float) -> None:
    """`listener_m` and `listener_heading_deg` are the room's, however the device is turned."""
    room = Room(
        device_m=[0.5, 2.0, 1.0], heading_deg=heading_deg, listener_m=[x, y, 1.3], listener_heading_deg=looks_deg
    )
    listener = room_places.room_listener(designer.loads(toml(pair())), room)
    np.testing.assert_allclose(room_places.in_room_m(room, np.array(listener.position_m)), [x, y, 1.3], atol=1e-9)
    forward = geometry.head_axes(listener)[0] @ room_places.device_axes(room)
    looks = np.radians(looks_deg)
    np.testing.assert_allclose(forward, [np.cos(looks), np.sin(looks), 0.0], atol=1e-9)
