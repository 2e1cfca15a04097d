"""The ear cloud where the file names none: five places, and one where these cannot be."""

from __future__ import annotations

import pytest
from designs.small_problems import load, pair

import designer
from designer.errors import ProblemError
from designer.problem.checks import warnings


def without_cloud(**listener: object) -> designer.Problem:
    tables = pair()
    del tables["listener"]["ear_cloud_m"]
    tables["listener"] |= listener
    return load(tables)


def test_five_places_by_default_and_one_on_request() -> None:
    """As the design contract has it; `[[0, 0, 0]]` asks for one place, without a warning."""
    assert designer.scene(without_cloud()).ears().shape[1] == 10
    alone = without_cloud(ear_cloud_m=[[0, 0, 0]])
    assert designer.scene(alone).ears().shape[1] == 2
    assert not [line for line in warnings(alone) if "ear_cloud_m" in line]


def test_the_default_gives_way_near_the_device_and_says_so() -> None:
    """A head that three centimetres more would put onto a driver is designed at its own place; a cloud that is written is a fault."""
    tables = pair()
    tables["listener"] = {"position_m": [0.06, 0.0, 0.0]}
    tables["grid"]["azimuth_distance_m"] = 1.0
    problem = load(tables)
    assert problem.listener.ear_cloud_m == [[0.0, 0.0, 0.0]]
    assert any("gives way to one place, because the device is too near" in line for line in warnings(problem))
    tables["listener"]["ear_cloud_m"] = [[0, 0, 0], [-0.03, 0, 0]]
    with pytest.raises(ProblemError, match=r"inside the listener's head displaced by listener\.ear_cloud_m"):
        load(tables)
