"""A rigid body of triangles from a file, with drivers on its surface, whose field is solved up to a highest frequency."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, PrivateAttr

from designer.errors import DataError, Fault
from designer.problem.driver import Driver
from designer.problem.enclosures.enclosure import MAX_DEVICE_M, Array, in_metres, millimetres
from designer.problem.enclosures.solved_body import SNAPPED_M, Effort, SolvedBody, frequencies_solved
from designer.problem.meshes.mending import closed_surface
from designer.problem.meshes.mirrors import MirroredPart, mirrored_part
from designer.problem.meshes.places import MountedGroup, MountedPiston
from designer.problem.meshes.reading import MeshError, read_soup
from designer.problem.meshes.triangles import Triangles
from designer.problem.message_codes import coded
from designer.problem.messages import enumeration, nearest, number, shown
from designer.problem.table import FaultyKeyError, Name, Point, if_known

UNITS_M = {"m": 1.0, "mm": 0.001, "cm": 0.01, "in": 0.0254}
AXES = {
    sign + name: (-1.0 if sign else 1.0) * axis
    for name, axis in zip("xyz", np.eye(3), strict=True)
    for sign in ("", "-")
}
ELEMENTS_A_WAVE = 5.5
"""Longest edges along the shortest wave that is solved: a cap on a sphere is then within 0.4 dB in front and 1 dB behind, to -20 dB."""
FREQUENCIES_A_TURN = 5
"""Frequencies solved between two that differ by a turn over the diagonal: with 4, as of a box, a sphere is read 0.1 dB off."""
MAX_SIZE_M, MIN_SIZE_M = 10.0, 0.005
MAX_NAMED = 12
"""Groups that a message names."""
MAX_ELEMENTS = 60_000
"""Number of triangles above which their count is estimated."""
SHARE = 0.2
"""Approximate area of a triangle over the square of its longest edge, after edges are halved."""
PAIR_S, CUBE_S, ELEMENT_S, SETUP_S = 1.5e-7, 5e-12, 2e-5, 3e-4
"""CPU seconds: of one frequency for each pair, each cube, and each driver and triangle; of the preparation for each triangle."""
TRIANGLE_BYTES, PAIR_BYTES = 6e3, 4.0

Axis = Literal["x", "-x", "y", "-y", "z", "-z"]


@dataclass(frozen=True)
class Shape:
    """A file as a surface in the device's axes, what was mended, its named groups' triangles, and the digest of its content."""

    surface: Triangles
    notes: tuple[str, ...]
    groups: Mapping[str, Array]
    content: str

    @cached_property
    def mirrored(self) -> MirroredPart:
        """Part of the surface whose mirror images make the whole."""
        return mirrored_part(self.surface)


class Mesh(SolvedBody):
    """Drivers on a closed surface from an STL, OBJ or PLY file: point sources, or rigid pistons that move along the surface's normal."""

    model: Literal["mesh"] = "mesh"
    file: Annotated[Name, Field(title="STL, OBJ or PLY file of a closed surface of triangles")]
    unit: Annotated[Literal["m", "cm", "mm", "in"], Field(title="of the file's coordinates")] = "m"
    front: Annotated[Axis, Field(title="axis of the file that points to the front")] = "x"
    up: Annotated[Axis, Field(title="axis of the file that points up")] = "z"
    centre_m: Annotated[Point | None, Field(title="place of the middle of its bounds; by default as in the file")] = (
        None
    )

    size_key: ClassVar[str] = "file"
    too_large: ClassVar[str] = "export it with fewer triangles"

    _path: Path | None = PrivateAttr(default=None)
    _is_checked: bool = PrivateAttr(default=False)

    def model_post_init(self, context: Any, /) -> None:
        """Remember the place of the file, if the loader passes a folder."""
        super().model_post_init(context)
        if context:
            self.locate(context["folder"], context["files"])
            self._is_checked = False

    def locate(self, folder: Path, files: Mapping[str, str]) -> None:
        """Remember the place of the file; from now on its errors are faults of the key."""
        name = if_known(self, "file")
        if name is not None:
            self._path = (folder / files.get(name, name)).absolute()
        self._is_checked = True

    @property
    def data_files(self) -> tuple[str, ...]:
        """The mesh."""
        return (self.file,)

    @property
    def path(self) -> Path:
        """Path of the file."""
        return self._path or Path(self.file)

    def model_dump_json(self, **options: Any) -> str:
        """The table as text with the digest of the file's content: the key of stored results."""
        return super().model_dump_json(**options) + self.shape.content

    def _read(self) -> Shape:
        path = self.path
        if AXES[self.front] @ AXES[self.up]:
            raise MeshError(
                "front and up are along one axis", "two axes of the file at right angles", "choose another axis"
            )
        try:
            state = path.stat()
            stamp = state.st_mtime_ns, state.st_size
        except OSError:
            stamp = (0, 0)
        centre = None if self.centre_m is None else tuple(self.centre_m)
        return read_shape(path, stamp, self.unit, self.front, self.up, centre)

    @property
    def shape(self) -> Shape:
        """The file as it was read.

        Raises
        ------
        DataError : the file has become unusable since the problem was loaded

        """
        try:
            shape = self._read()
        except MeshError as error:
            if self._is_checked:
                raise FaultyKeyError("file") from None
            raise DataError(f"{self.path}: {error}") from None
        if self._is_checked and not _is_a_device(shape.surface.size_m):
            raise FaultyKeyError("unit")
        return shape

    @property
    def surface(self) -> Triangles:
        """The surface in the device's axes."""
        return self.shape.surface

    @coded("mesh-file")
    def layout_faults(self, drivers: list[Driver]) -> Iterator[Fault]:
        """A file that is no closed surface, or has another size than a device."""
        if AXES[self.front] @ AXES[self.up]:
            expected = "an axis at right angles to enclosure.front"
            yield Fault("enclosure.up", f"got {shown(self.up)}", expected, "choose two different axes of the file")
            return
        try:
            surface = self._read().surface
        except MeshError as error:
            yield Fault("enclosure.file", f"got {shown(self.file)}, {error.actual}", error.expected, error.remedy)
            return
        size_m = surface.size_m
        if not _is_a_device(size_m):
            scales = {unit: m / UNITS_M[self.unit] for unit, m in UNITS_M.items()}
            known = [place for driver in drivers if (place := if_known(driver, "position_m"))]
            places = np.array(known or [[0.0, 0.0, 0.0]], dtype=float)
            off_m = {
                unit: float(scale * surface.nearest(places / scale)[0].max())
                for unit, scale in scales.items()
                if _is_a_device(scale * size_m)
            }
            remedy = (
                f"set enclosure.unit = {shown(min(off_m, key=lambda unit: off_m[unit]))}" if off_m else "scale the file"
            )
            actual = f"got {shown(self.unit)}, in which {shown(self.file)} measures {_sides(size_m)} m"
            expected = f"a longest side from {number(MIN_SIZE_M)} to {number(MAX_SIZE_M)} m"
            yield Fault("enclosure.unit", actual, expected, remedy)

    @property
    def half_size_m(self) -> Array:
        """Its largest extents from the origin along x, y and z (3,)."""
        return np.asarray(np.abs(self.surface.bounds_m).max(axis=0))

    @property
    def corners_m(self) -> Array:
        """Its vertices (V, 3)."""
        return self.surface.vertices_m

    def clearance_m(self, points_m: Array) -> Array:
        """Distance from its surface (...) of points (..., 3); negative inside."""
        return self.surface.clearance_m(points_m.reshape(-1, 3)).reshape(points_m.shape[:-1])

    def extent_m(self, places_m: Array) -> float:
        """Radius of the sphere around the origin that holds it."""
        return float(np.linalg.norm(self.surface.vertices_m, axis=1).max())

    def on_surface(self, place_m: Array) -> Array:
        """Place of a driver (3,), moved onto the surface if it is within 2 mm of it."""
        place = np.array(place_m, dtype=float)
        distance_m, _, foot_m = self.surface.nearest(place[None])
        return foot_m[0] if distance_m[0] <= SNAPPED_M else place

    def mounted(self, driver: Driver) -> MountedPiston | MountedGroup:
        """The driver on the surface."""
        if driver.group is not None:
            return self._group(driver.group)
        return MountedPiston(
            self.surface, self.on_surface(np.array(driver.position_m, dtype=float)), driver.radius_m or 0.0
        )

    def _group(self, name: str) -> MountedGroup:
        corners_m = self.shape.groups.get(name)
        if corners_m is None:
            raise FaultyKeyError("group")
        return MountedGroup(self.surface, corners_m)

    def piston_radius_m(self, driver: Driver) -> float | None:
        """Radius of a disc of a driver's area; None of a point source."""
        return driver.radius_m if driver.group is None else math.sqrt(self._group(driver.group).area_m2 / math.pi)

    def normal(self, driver: Driver) -> Array:
        """Axis (3,) along which a driver on the surface moves."""
        return self.mounted(driver).axis

    def described(self) -> str:
        """Line of `designer check`."""
        shape = self.shape
        mended = f"; mended: {', '.join(shape.notes)}" if shape.notes else ""
        size, bodies = _sides(shape.surface.size_m), len(shape.surface.bodies)
        count = f"{len(shape.surface.faces)} triangles{f' of {bodies} bodies' if bodies > 1 else ''}"
        return f"{self.model_name} {self.file}, closed, {count}, {size} m deep, wide and high{mended}"

    @coded("driver-off-surface")
    def place_faults(self, path: str, driver: Driver) -> Iterator[Fault]:
        """A driver off the surface, or not in the middle of its group; a group that the file does not name, or that is no piston."""
        if driver.group is not None:
            yield from self._group_faults(path, driver, driver.group)
            return
        place = np.array(driver.position_m, dtype=float)
        distance_m, _, foot_m = self.surface.nearest(place[None])
        if distance_m[0] > SNAPPED_M:
            where = "inside" if float(self.clearance_m(place)) < 0 else "outside"
            actual = (
                f"got {shown(driver.position_m)}, {millimetres(float(distance_m[0]))} {where} the {self.model_name}"
            )
            expected = f"a place on its surface ({self.file}), within {millimetres(SNAPPED_M)}"
            nearest = [round(x, 6) + 0.0 for x in foot_m[0].tolist()]
            far = float(np.linalg.norm(place)) > MAX_DEVICE_M
            remedy = in_metres(driver.position_m) if far else f"the nearest place is {shown(nearest)}"
            yield Fault(f"{path}.position_m", actual, expected, remedy)

    def group_faults(self, path: str, driver: Driver) -> Iterator[Fault]:
        """None: `place_faults` looks at groups."""
        return iter(())

    @coded("mesh-group")
    def _group_faults(self, path: str, driver: Driver, name: str) -> Iterator[Fault]:
        names = list(self.shape.groups)
        if name not in names:
            words = enumeration([shown(other) for other in names[:MAX_NAMED]], "or")
            expected = f"a group of {self.file}: {words}" if names else f"no group, as {self.file} has none"
            remedy = nearest(name, names) or "choose one of these"
            remedy = remedy if names else "export an OBJ with groups, or a text STL with one solid for each group"
            yield Fault(f"{path}.group", f"got {shown(name)}", expected, remedy)
            return
        group = self._group(name)
        if group.off_surface or not group.has_axis:
            off = f"{group.off_surface} of its {len(group.corners_m)} triangles are not on the outer surface"
            actual = f"got {shown(name)}; {off if group.off_surface else 'its faces have no common direction'}"
            yield Fault(
                f"{path}.group",
                actual,
                "faces of the outer surface with a common direction",
                "put only the faces of the cone into the group",
            )
            return
        off_m = float(np.linalg.norm(np.array(driver.position_m, dtype=float) - group.place_m))
        if off_m > SNAPPED_M:
            middle = [round(x, 4) + 0.0 for x in group.place_m.tolist()]
            actual = f"got {shown(driver.position_m)}, {millimetres(off_m)} from the middle of its group {shown(name)}"
            expected = f"the middle, within {millimetres(SNAPPED_M)}"
            yield Fault(f"{path}.position_m", actual, expected, f"write {shown(middle)}")

    @coded("piston-misfit")
    def piston_faults(self, path: str, driver: Driver) -> Iterator[Fault]:
        """A piston over an edge of the surface, or one that has a group too."""
        if any(self.place_faults(path, driver)):
            return
        mounted = self.mounted(driver)
        if isinstance(mounted, MountedGroup):
            if driver.radius_m is not None:
                area = f"{number(round(1e4 * mounted.area_m2, 2))} cm2"
                actual = f"got {shown(driver.radius_m)}, beside the group {shown(driver.group)} of {area}"
                yield Fault(f"{path}.radius_m", actual, "either radius_m or group", "leave radius_m out")
            return
        if mounted.is_whole:
            return
        expected = "a surface under the piston whose normal is within 60 degrees of its axis"
        actual = f"got {shown(driver.radius_m)}, which reaches over an edge of the {self.model_name}"
        yield Fault(f"{path}.radius_m", actual, expected, "make the driver smaller, or move it away from the edge")

    def effort(self, highest_k: float, drivers: int) -> Effort:
        """Size of the solution up to a wave number, rad/m."""
        mirrored = self.shape.mirrored
        part = _elements(mirrored.part, longest_m(highest_k))
        frequencies = frequencies_solved(2 * half_diagonal_m(self.surface), highest_k, FREQUENCIES_A_TURN)
        return triangles_effort(part, mirrored.images, frequencies, drivers)


@lru_cache(maxsize=8)
def read_shape(
    path: Path, stamp: tuple[int, int], unit: str, front: str, up: str, centre_m: tuple[float, ...] | None
) -> Shape:
    """A file in metres and in the device's axes.

    Parameters
    ----------
    stamp : tuple of int, time and size of the file, so that one that changed is read again

    Raises
    ------
    MeshError : it is no closed surface

    """
    soup, faces_of = read_soup(path)
    in_file, notes = closed_surface(soup)
    rows = np.stack([AXES[front], np.cross(AXES[up], AXES[front]), AXES[up]]).T * UNITS_M[unit]
    surface = Triangles(in_file.vertices_m @ rows, in_file.faces)
    moved_m = np.zeros(3) if centre_m is None else np.array(centre_m) - surface.centre_m
    surface = Triangles(surface.vertices_m + moved_m, surface.faces)
    vertices, faces = soup
    groups = {name: vertices[faces[index]] @ rows + moved_m for name, index in faces_of.items()}
    content = hashlib.blake2b(surface.vertices_m.tobytes() + surface.faces.tobytes(), digest_size=16)
    for name, corners_m in groups.items():
        content.update(name.encode() + corners_m.tobytes())
    return Shape(surface, tuple(notes), groups, content.hexdigest())


def triangles_effort(part: int, images: int, frequencies: int, drivers: int) -> Effort:
    """Size of the solution of the triangles of a part, and as many of each of its images."""
    count = part * images
    seconds = frequencies * images * (PAIR_S * part**2 + CUBE_S * part**3 + ELEMENT_S * part * drivers)
    seconds += SETUP_S * part
    size = 3e8 + TRIANGLE_BYTES * part + PAIR_BYTES * part * count + 24.0 * frequencies * count * drivers
    return Effort(count, "triangles", frequencies, seconds / 60, size)


def longest_m(highest_k: float) -> float:
    """Longest edge for waves up to a wave number, rad/m."""
    return 2 * math.pi / max(highest_k, 1e-9) / ELEMENTS_A_WAVE


def half_diagonal_m(surface: Triangles) -> float:
    """Radius of the sphere around the middle of its bounds that holds it."""
    return float(np.linalg.norm(surface.vertices_m - surface.centre_m, axis=1).max())


def _elements(part: Triangles, longest_m: float) -> int:
    """Number of triangles of a part after its edges are halved; an estimate above MAX_ELEMENTS."""
    finer = part.refined(longest_m, MAX_ELEMENTS) if len(part.faces) < MAX_ELEMENTS else None
    if finer is not None:
        return len(finer.faces)
    return max(len(part.faces), MAX_ELEMENTS + math.ceil(float(part.areas_m2.sum()) / (SHARE * longest_m**2)))


def _is_a_device(size_m: Array) -> bool:
    return bool(MIN_SIZE_M <= size_m.max() <= MAX_SIZE_M)


def _sides(size_m: Array) -> str:
    return " x ".join(number(round(float(side), 4)) for side in size_m)
