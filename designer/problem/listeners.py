"""Who listens and where nobody does: the heads with the displacements that are designed over, and regions in space without a head."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, PrivateAttr

from designer.problem.table import MAX_DISTANCE_M, MAX_HEAD_RADIUS_M, MIN_HEAD_RADIUS_M, Name, Point, Table

ONE_PLACE_M = [[0.0, 0.0, 0.0]]
EAR_CLOUD_M = [*ONE_PLACE_M, [0.0, 0.03, 0.0], [0.0, -0.03, 0.0], [0.03, 0.0, 0.0], [-0.03, 0.0, 0.0]]
"""Displacements designed over by default: a design for one place loses all as the head moves by 3 cm."""
MAX_LISTENERS = 16


class Listener(Table):
    """The head that listens: its centre, heading, kind, and the displacements designed over."""

    position_m: Annotated[Point, Field(title="centre of the head, which faces the device")]
    turn_deg: Annotated[float, Field(ge=-180.0, le=180.0)] = Field(
        default=0.0, title="of the head, counter-clockwise from above"
    )
    head: Name | Annotated[list[Name], Field(min_length=1, max_length=64)] = Field(
        default="sphere",
        description='"sphere", "sphere:RADIUS_M", "points", the path of a SOFA file, or a list of these',
    )
    head_weights: Annotated[list[Annotated[float, Field(gt=0, le=1e6)]], Field(min_length=1, max_length=64)] | None = (
        Field(default=None, title="of each head of a list in the means that are designed over; default: 1 each")
    )
    head_radius_m: Annotated[float, Field(ge=MIN_HEAD_RADIUS_M, le=MAX_HEAD_RADIUS_M)] = Field(
        default=0.0875, title="of a spherical head"
    )
    ear_cloud_m: Annotated[list[Point], Field(min_length=1, max_length=1_000)] = Field(
        default=EAR_CLOUD_M, title="displacements of the head that are designed over"
    )

    _one_place_because: str = PrivateAttr(default="")

    @property
    def one_place_because(self) -> str:
        """Why the default cloud gave way to one place; empty where it did not."""
        return self._one_place_because

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads designed over, outermost first."""
        return (self.head,) if isinstance(self.head, str) else tuple(self.head)


class Population(Table):
    """Heads of a list as a population: ear channels hold their curve at a percentile over heads, and are judged on heads left out.

    A curve over a dark listener is held at that percentile over its own heads, against the bright ear's mean over all of the channel's.
    """

    percentile: Annotated[float, Field(gt=0, lt=50.0)] = Field(
        default=10.0, title="of the heads' gains, each over its ear cloud, that meets the curve"
    )


class NamedListener(Listener):
    """One of several listeners."""

    name: Annotated[Name, Field(title="what designs call the listener")]


Length = Annotated[float, Field(gt=0, le=MAX_DISTANCE_M)]


class Place(Table):
    """A region in space without a head, as points in equal steps: where nobody listens, or a device's microphones are."""

    name: Annotated[Name, Field(title="what designs call the place")]
    shape: Annotated[Literal["box", "disc", "sphere"], Field(title="of the place; a disc is horizontal")]
    centre_m: Annotated[Point, Field(title="middle of the place")]
    size_m: (
        Annotated[
            list[Annotated[float, Field(ge=0, le=MAX_DISTANCE_M)]],
            Field(min_length=3, max_length=3, description="along x, y and z"),
        ]
        | None
    ) = Field(default=None, title="of a box")
    radius_m: Length | None = Field(default=None, title="of a disc or a sphere")
    spacing_m: Length = Field(default=0.05, title="largest step between neighbouring points")

    @property
    def half_sides_m(self) -> tuple[float, float, float]:
        """Half of its extent along x, y and z."""
        if self.shape == "box":
            x, y, z = self.size_m or (0.0, 0.0, 0.0)
            return x / 2, y / 2, z / 2
        radius_m = self.radius_m or 0.0
        return radius_m, radius_m, radius_m if self.shape == "sphere" else 0.0

    @property
    def steps(self) -> tuple[int, int, int]:
        """Points along x, y and z of the box around the place; of a disc or a sphere an odd number, with the centre."""
        if self.shape == "box":
            x, y, z = (1 + math.ceil(2 * half_m / self.spacing_m - 1e-9) for half_m in self.half_sides_m)
        else:
            x, y, z = (1 + 2 * math.ceil(half_m / self.spacing_m - 1e-9) for half_m in self.half_sides_m)
        return x, y, z

    def points_m(self) -> np.ndarray:
        """Points (N, 3): a grid, ends included, and of a disc or a sphere what of it lies inside."""
        sides = [
            np.linspace(-h, h, n) if n > 1 else np.zeros(1) for h, n in zip(self.half_sides_m, self.steps, strict=True)
        ]
        grid_m = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, 3)
        if self.shape != "box":
            grid_m = grid_m[np.linalg.norm(grid_m, axis=1) <= (self.radius_m or 0.0) * (1 + 1e-9)]
        return np.asarray(np.array(self.centre_m, dtype=float) + grid_m)


def _without_default(node: dict[str, Any]) -> None:
    node.pop("default", None)  # none that a file could write


OneListener = Annotated[Listener, Field(title="who listens, where it is one", json_schema_extra=_without_default)]
Listeners = Annotated[
    Annotated[list[NamedListener], Field(min_length=1, max_length=MAX_LISTENERS)] | None,
    Field(title="who listens, in the place of [listener] where they are several"),
]
Places = Annotated[
    Annotated[list[Place], Field(min_length=1, max_length=MAX_LISTENERS)] | None,
    Field(title="regions in space without a head, which designs name as bright or dark"),
]
