"""A problem's device from its model, solved or in closed form, for a SOFA file that other tools and this one read.

| convention | content | key that reads it back |
|---|---|---|
| FreeFieldDirectivityTF | the drivers, one measurement each, on a sphere about the origin | `response` of each of the `[[drivers]]` |
| GeneralTF | the drivers, one measurement each, at all ears, at places and on the circle without a head | `transfer` of `[scene]` |
| GeneralTF-E | as GeneralTF, with the drivers as emitters of one measurement | `transfer` of `[scene]` |

Data.Real + j Data.Imag is pressure with e^{+jωt}, relative to an ideal source's on-axis free-field pressure at 1 m, at the design's
frequencies; those of a solved body end where its solution ends. SOFA's axes are the device's: x front, y its own left, z up, azimuth
counter-clockwise from above; left and right of the ears are the listener's, so that the left ear lies at negative y.

The sphere has a receiver every STEP_DEG in azimuth and elevation. Its radius by default is that of the circle, or the listener's distance
where the circle is in the far field. A reader interpolates between directions, and extrapolates a driver to other distances as a far
source: the file is exact at its receivers alone. The sphere leaves out the air's absorption, because a scene adds it; the ears and the
circle include it. A device that is silent in half of the space, or of infinite length, has no directivity on a sphere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from designer.acoustics.enclosures import EnclosedDrivers
from designer.acoustics.measured.device import MeasuredDevice
from designer.acoustics.measured.drivers import MeasuredDrivers
from designer.acoustics.measured.raw_set import check_bytes
from designer.acoustics.scene import Scene, driver_places_m
from designer.acoustics.scene_of_problem import scene
from designer.acoustics.several_listeners import heard_by
from designer.arrays import Complex, Real
from designer.errors import UsageError
from designer.problem import Problem, geometry
from designer.problem.listeners import Listener

Convention = Literal["FreeFieldDirectivityTF", "GeneralTF", "GeneralTF-E"]
CONVENTIONS: tuple[Convention, ...] = get_args(Convention)
STEP_DEG = 5
PART = 32
"""Frequencies whose field is computed at once."""


def modelled_device(
    problem: Problem,
    convention: Convention,
    *,
    distance_m: float | None = None,
) -> MeasuredDevice:
    """Response of a problem's device at a file's receivers.

    Parameters
    ----------
    distance_m : float or None, radius of the sphere of FreeFieldDirectivityTF

    Raises
    ------
    UsageError : the problem's device is a measured one, or the convention cannot hold it
    DataError : the file would be larger than its reader takes
    """
    whole = scene(problem)
    if whole.is_measured:
        raise UsageError(
            f"{problem.source}: got a measured device ([scene] transfer); expected a modelled one; convert the file of the"
            " measurement"
        )
    highest_hz = problem.solved_to_hz if problem.body.is_solved else np.inf
    used = whole.at(whole.frequency_hz[(whole.frequency_hz > 0) & (whole.frequency_hz <= highest_hz * (1 + 1e-9))])
    if convention == "FreeFieldDirectivityTF":
        points_m = _sphere_m(used, distance_m)
        check_bytes(str(problem.source), 16 * len(points_m) * used.k.size * len(used.drivers), "pressure")
        used.prepare()
        parts = np.array_split(
            used.k, -(-used.k.size // PART)
        )  # the tensor of a solved body's surface to all points is large
        field = np.concatenate([used.device.field(k, points_m) for k in parts])
    elif distance_m is not None:
        raise UsageError(
            f"{problem.source}: got --distance with {convention}, whose places the problem states; expected it with"
            " FreeFieldDirectivityTF alone; leave it out"
        )
    else:
        points_m, field = _at_places(used)
    data = field.transpose(1, 2, 0)
    late_s, places_m = np.zeros(data.shape[:2]), driver_places_m(problem)
    return MeasuredDevice(str(problem.source), points_m, data, used.frequency_hz, 0.0, late_s, places_m)


def sphere_directions() -> Real:
    """Unit vectors (N, 3) every STEP_DEG in azimuth and elevation, each pole once."""
    elevation_deg, azimuth_deg = np.meshgrid(
        np.arange(STEP_DEG - 90.0, 90, STEP_DEG), np.arange(0.0, 360, STEP_DEG), indexing="ij"
    )
    around = geometry.direction(azimuth_deg.ravel(), elevation_deg.ravel())
    return np.concatenate([[[0.0, 0.0, -1.0]], around, [[0.0, 0.0, 1.0]]])


def _sphere_m(used: Scene, distance_m: float | None) -> Real:
    """Receivers (N, 3) around the device."""
    problem, device = used.problem, used.device
    model = device.model if isinstance(device, MeasuredDrivers) else device
    assert isinstance(model, EnclosedDrivers)  # what every enclosure makes
    if model.endless or model.front_only:
        actual = "a body of infinite length" if model.endless else "a wall, behind which there is silence"
        raise UsageError(
            f"{problem.source}: got {actual} ({problem.body.model_name}); expected a body of finite size for"
            " FreeFieldDirectivityTF; choose another enclosure, or --convention GeneralTF"
        )
    circle_m = problem.azimuth_distance_m
    usual_m = circle_m if np.isfinite(circle_m) else float(np.linalg.norm(problem.listener.position_m))
    radius_m = usual_m if distance_m is None else distance_m
    nearest_m = model.extent_m(range(len(used.drivers)))
    if radius_m <= nearest_m:
        raise UsageError(
            f"{problem.source}: got receivers at {radius_m:g} m, within the device; expected more than {nearest_m:.3g} m;"
            " choose a larger --distance"
        )
    return radius_m * sphere_directions()


def ears_of(problem: Problem) -> int:
    """Number of ears of all listeners at their displacements."""
    listeners: Sequence[Listener] = problem.listeners or [problem.listener]
    return sum(2 * len(listener.ear_cloud_m) for listener in listeners)


def _at_places(used: Scene) -> tuple[Real, Complex]:
    """Places (N, 3) and the field there (F, N, L): each listener's ears, places without a head, and the circle, where it is not far."""
    problem = used.problem
    used.prepare()
    places, fields = list[Real](), list[Complex]()
    names: list[str | None] = [listener.name for listener in problem.listeners or ()]
    for name in names or [None]:
        heard = heard_by(used, name)
        listener, heads = heard.problem.listener, heard.problem.heads
        if len(heads) > 1:
            raise UsageError(
                f"{problem.source}: got {len(heads)} heads, whose ears are at the same places; expected one head in a file of"
                " transfer functions; name one in listener.head, or write FreeFieldDirectivityTF"
            )
        cloud_m = np.asarray(listener.ear_cloud_m, dtype=float)
        places.append(geometry.ears_m(listener, heard.heads[0].radius_m, cloud_m).reshape(-1, 3))
        fields.append(heard.ears())
    for place in problem.places or ():
        places.append(place.points_m())
        fields.append(used.field(places[-1]))
    if np.isfinite(problem.azimuth_distance_m):
        places.append(problem.azimuth_distance_m * geometry.direction(used.azimuth_deg))
        fields.append(used.circle())
    return np.concatenate(places), np.concatenate(fields, axis=1)
