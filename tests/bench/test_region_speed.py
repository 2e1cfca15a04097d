"""Speed of the matrices over a region, against grids of like accuracy in the same run: the best of a few, the machine is shared."""

from __future__ import annotations

import numpy as np
import pytest

from bench.timing import best_of
from designer.acoustics.enclosures import Device
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.acoustics.encoded_directivity import automatic_order
from designer.arrays import Complex, Real
from designer.measures import quadratic
from designer.problem.geometry import direction
from designer.problem.schema import Region
from designer.requirements.region_power import RegionPower

K = 2 * np.pi * np.linspace(200.0, 4000.0, 513) / 343.0
ASIDE = Region(azimuth_deg=[40.0, 320.0], elevation_deg=[-45.0, 45.0])
LOOK = Region(around_deg=[0.0, 0.0])
AROUND = direction(np.arange(8) * 45.0)
DEVICES: dict[str, Device] = {
    "bar of point sources": FreeField([Disc(np.array([0.0, (l - 3.5) * 0.03, 0.0])) for l in range(8)]),
    "caps on a sphere": SphereEnclosure(0.0875, AROUND, [0.01] * 8),
}


def cells(step_deg: float) -> tuple[Real, Real]:
    """Centres of equal steps of azimuth and elevation over the region, and their solid angles."""
    azimuth, elevation = np.meshgrid(
        np.arange(40 + step_deg / 2, 320, step_deg), np.arange(-45 + step_deg / 2, 45, step_deg)
    )
    return direction(azimuth.ravel(), elevation.ravel()), np.cos(np.radians(elevation.ravel()))


def gauss(azimuths: int, elevations: int) -> tuple[Real, Real]:
    """Gauss-Legendre over both, the best grid there is for one region."""
    x, wx = np.polynomial.legendre.leggauss(azimuths)
    y, wy = np.polynomial.legendre.leggauss(elevations)
    azimuth, elevation = np.meshgrid(180 + 140 * x, 45 * y)
    return direction(azimuth.ravel(), elevation.ravel()), (wy[:, None] * wx * np.cos(np.radians(elevation))).ravel()


def gridded(device: Device, nodes: Real, weights: Real) -> Complex:
    """The mean of h^H h over the nodes, for all frequencies at once."""
    H = device.far_field(K, nodes) * np.sqrt(weights / weights.sum())[:, None]
    return np.asarray(H.conj().swapaxes(1, 2) @ H)


@pytest.mark.parametrize("name", DEVICES)
def test_regions_against_grids(name: str) -> None:
    """A and B of 8 drivers at 513 frequencies take less time than B alone on a grid of 5 degrees, which errs more.

    Printed too: a Gauss grid, whose size is found by hand for this region and band. Errors are of the power of random
    weights, against a Gauss grid of twice the nodes each way.
    """
    device = DEVICES[name]

    def run() -> RegionPower:
        regions = RegionPower(device, K, np.inf, tuple(range(8)), (LOOK,), (ASIDE,), float(K[-1]))
        _ = regions.matrices
        return regions

    order = automatic_order(device, float(K[-1]), np.inf, range(8))
    own = best_of(5, run)
    w: Complex = np.asarray(np.random.default_rng(0).normal(size=(513, 8)), dtype=complex)
    true = quadratic(gridded(device, *gauss(60, 30)), w)
    error = {"own": np.abs(10 * np.log10(quadratic(run().matrices.dark, w) / true)).max()}
    rivals = {"5 degrees": cells(5.0), "Gauss": gauss(order + 6, order // 2 + 4)}
    seconds = {}
    for rival, (nodes, weights) in rivals.items():
        seconds[rival] = best_of(3, lambda n=nodes, v=weights: gridded(device, n, v))  # type: ignore[misc]  # bound on purpose
        error[rival] = np.abs(10 * np.log10(quadratic(gridded(device, nodes, weights), w) / true)).max()
        print(
            f"{name}, order {order}, {rival} ({len(nodes)} points): {seconds[rival] / own:.1f} x as long, errs {error[rival]:.0e} dB"
            f" against {error['own']:.0e} dB in {own * 1e3:.0f} ms"
        )
    assert error["own"] < 1e-4
    assert error["own"] < error["5 degrees"]
    assert seconds["5 degrees"] > own
