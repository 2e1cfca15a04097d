"""Faults of a beam's regions of the sphere: what each region is, what goes with them, and what a baffle leaves of them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from designer.errors import Fault
from designer.problem.messages import shown
from designer.problem.schema import DesignTable, Problem, Region

REGION_METHODS = ("auto", "spherical-harmonic")


def company(path: str, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    """What regions go with, and what needs them."""
    if design.cancel_regions is None:
        for key in ("reach_regions", "region_order"):
            if key in design.model_fields_set:
                yield Fault(f"{path}.{key}", "found without cancel_regions", "only with them", "add cancel_regions")
        if design.method == "spherical-harmonic":
            remedy = "add cancel_regions, or use the method power-ratio for the points of the circle"
            yield Fault(f"{path}.method", 'found "spherical-harmonic"', "only with cancel_regions", remedy)
        return
    here = f"{path}.cancel_regions"
    if design.method not in REGION_METHODS:
        may_be = f"only with method {' or '.join(shown(method) for method in REGION_METHODS)}"
        yield Fault(here, f'found with method = "{design.method}"', may_be, "the other methods know points alone")
    for key in ("mask", "window_deg"):
        if getattr(design, key) is not None:
            remedy = "ask for the ratio between regions and the shape over azimuth in two designs"
            yield Fault(here, f"found with {key}", "without a mask and a window, which are of points", remedy)
    if problem.scene is not None and problem.scene.transfer is not None:
        remedy = "leave scene.transfer out, or use nulls_deg"
        yield Fault(here, "found with scene.transfer", "only where the field is known all around the device", remedy)


def each_region(path: str, region: Region, problem: Problem, *, reached: bool) -> Iterator[Fault]:
    """A region is a cap or a band, its elevations rise, and a baffle does not cut a cap or silence what is to be reached."""
    given = region.model_fields_set
    if region.around_deg is not None and given & {"azimuth_deg", "elevation_deg"}:
        remedy = "leave one of the two out"
        yield Fault(
            path, "found a cap (around_deg) and a band (azimuth_deg, elevation_deg) in one", "one of them", remedy
        )
    if region.around_deg is None and "radius_deg" in given:
        yield Fault(
            f"{path}.radius_deg", "found without around_deg", "only with it", "add the cap's centre, around_deg"
        )
    low, high = region.elevation_deg
    if low > high:
        found = f"found {shown(region.elevation_deg)}"
        yield Fault(f"{path}.elevation_deg", found, "[lowest, highest]", "swap the two")
    if not problem.body.silent_behind:
        return
    remedy = "behind a baffle is silence: move the region to the front"
    if region.around_deg is not None:
        azimuth, elevation = (math.radians(angle) for angle in region.around_deg)
        off_axis_deg = math.degrees(math.acos(max(-1.0, min(1.0, math.cos(azimuth) * math.cos(elevation)))))
        radius_deg = region.radius_deg or 0.0
        if off_axis_deg + radius_deg > 90.0 + 1e-6 and radius_deg < 180.0:
            found = f"found a cap from {off_axis_deg - radius_deg:.4g} to {off_axis_deg + radius_deg:.4g} degrees off the front"
            yield Fault(path, found, "a cap that ends before 90 degrees, or the whole sphere", remedy)
    elif reached:
        start = region.azimuth_deg[0] + 90.0
        width = (
            360.0
            if region.azimuth_deg[1] - region.azimuth_deg[0] >= 360
            else (region.azimuth_deg[1] + 90.0 - start) % 360.0
        )
        if start % 360.0 > 180.0 and start % 360.0 + width < 360.0:
            found = f"found {shown(region.azimuth_deg)}"
            yield Fault(f"{path}.azimuth_deg", found, "azimuths from -90 to 90, at least in part", remedy)
