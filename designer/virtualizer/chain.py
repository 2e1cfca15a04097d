"""The stereo chain of a design: which filters, delays and gains lie between the stereo input and the drivers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from designer.acoustics.scene import scene
from designer.arrays import Real
from designer.errors import DataError
from designer.result import Result


@dataclass(frozen=True)
class StereoChain:
    """What a stereo input runs through.

    Attributes
    ----------
    taps : channel -> (L, T): "virtual-left" and "virtual-right", or "left" and "right" without a [virtualizer]; "centre"
        where there is one
    delay_samples : channel -> samples ahead of its filters
    upmix : whether left, right and centre are made from stereo
    crosstalk : "near" and "far" -> (T,), the crosstalk model alone; empty without one
    gain : of the whole chain

    """

    sample_rate_hz: float
    drivers: tuple[str, ...]
    taps: dict[str, Real]
    delay_samples: dict[str, int]
    upmix: bool
    crosstalk: dict[str, Real] = field(default_factory=dict)
    gain: float = 1.0


def chain_of(design: Result) -> StereoChain:
    """The chain of a design's channels left, right and, if there is one, centre.

    Raises
    ------
    DataError : there is no left or no right

    """
    missing = [name for name in ("left", "right") if name not in design.taps]
    if missing:
        found = ", ".join(design.taps)
        raise DataError(
            f"{design.problem.source}: found the designs {found}; allowed for stereo: designs named left and right, and"
            f" centre if there is one; add {' and '.join(missing)}"
        )
    taps: dict[str, Real] = {name: design.taps[name] for name in ("left", "right", "centre") if name in design.taps}
    rate = design.problem.sample_rate_hz
    return StereoChain(rate, design.drivers, taps, dict.fromkeys(taps, 0), "centre" in taps)


def ear_responses(design: Result, n: int) -> Real:
    """Impulse responses (2, L, n) from the drivers to the two ears at the cloud's first place.

    The sound's way to the middle between the ears, in whole samples, is replaced by a delay of n // 4.
    """
    problem = design.problem
    frequency_hz = np.fft.rfftfreq(n, 1 / problem.sample_rate_hz)
    ears = scene(problem).at(frequency_hz).ears()[:, :2]
    way = round(
        float(np.linalg.norm(problem.listener.position_m)) / problem.speed_of_sound_m_s * problem.sample_rate_hz
    )
    turned = ears * np.exp(-2j * np.pi * frequency_hz / problem.sample_rate_hz * (n // 4 - way))[:, None, None]
    return np.moveaxis(np.fft.irfft(turned, n, axis=0), 0, -1)
