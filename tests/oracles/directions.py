"""Directions by another library's rotations: those of the package share their formula with what is judged."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation


def direction(azimuth_deg: ArrayLike, elevation_deg: ArrayLike = 0.0) -> NDArray[np.float64]:
    """Unit vectors (..., 3): the x axis turned about z by the azimuth, and from there up by the elevation."""
    azimuth, elevation = np.broadcast_arrays(np.asarray(azimuth_deg, float), np.asarray(elevation_deg, float))
    turned = Rotation.from_euler("ZY", np.stack([azimuth.ravel(), -elevation.ravel()], axis=-1), degrees=True)
    return np.asarray(turned.apply([1.0, 0.0, 0.0])).reshape(*azimuth.shape, 3)
