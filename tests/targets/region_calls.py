"""A call of every array function of the spherical harmonics and of a beam's regions: for the test that inputs are not modified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from formulations.random_targets import Wanted, gaussian, random_target

from designer.acoustics import encoded_directivity, spherical_harmonics
from designer.acoustics.free_field import Disc, FreeField, direction
from designer.evaluation import region_order
from designer.formulations import spherical_harmonic
from designer.problem.schema import Region
from designer.targets import region_power
from designer.targets.target import equivalent_points

Call = tuple[Callable[..., Any], tuple[Any, ...]]


def calls() -> dict[str, Call]:
    """A call of every function, with arrays wherever it takes them."""
    rng = np.random.default_rng(0)
    k = 2 * np.pi * np.array([500.0, 600.0, 700.0]) / 343.0
    around = direction(np.array([10.0, 120.0]), np.array([0.0, -30.0]))
    places = 0.05 * rng.normal(size=(3, 3))
    device = FreeField([Disc(place) for place in places])
    here, aside = Region(around_deg=[0.0, 0.0]), Region(azimuth_deg=[60.0, 300.0])
    regions = region_power.RegionPower(device, k, 1.0, (0, 1, 2), (here,), (aside,), float(k[-1]), 3)
    encoding = encoded_directivity.encode(device, k, 1.0, 3, [0, 1, 2])
    target = replace(random_target(1, Wanted(frequencies=3, gain_db=3.0)), regions=regions)
    w, density = gaussian(rng, 3, 3), rng.normal(size=49)
    G, A = spherical_harmonics.product_matrix(density, 3), regions.matrices.cancel.copy()
    return {
        "acoustics.encoded_directivity.Encoding.at": (lambda e, n: e.at(n), (encoding, around)),
        "acoustics.encoded_directivity.encode": (encoded_directivity.encode, (device, k, 1.0, 3, [0, 2])),
        "acoustics.spherical_harmonics.harmonics": (spherical_harmonics.harmonics, (4, around)),
        "acoustics.spherical_harmonics.product_matrix": (spherical_harmonics.product_matrix, (density, 3)),
        "evaluation.region_order.order_warnings": (region_order.order_warnings, (regions, w, k * 343 / (2 * np.pi))),
        "formulations.spherical_harmonic.solve": (spherical_harmonic.solve, (target,)),
        "formulations.spherical_harmonic.statement": (
            lambda *a: str(spherical_harmonic.statement(*a)), (A[0], A[1], np.ones(3), 2.0)
        ),
        "targets.target.ChannelTarget.power_ratio": (lambda t, v: t.power_ratio(v), (target, w)),
        "targets.region_power.RegionPower.at": (lambda r, i: r.at(i), (regions, np.array([0, 2]))),
        "targets.region_power.RegionPower.order_error_db": (lambda r, v: r.order_error_db(v), (regions, w)),
        "targets.region_power.RegionPower.power_ratio": (lambda r, v: r.power_ratio(v), (regions, w)),
        "targets.target.equivalent_points": (equivalent_points, (A,)),
        "targets.region_power.power_matrix": (region_power.power_matrix, (encoding, G)),
    }  # fmt: skip
