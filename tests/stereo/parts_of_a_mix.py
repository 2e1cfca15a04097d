"""Where each part of a mix goes: the upmix is linear once its gains are known, so the mix's gains act on each part alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from designer.arrays import Complex, Real
from designer.stereo.upmix import Analysis, Synthesis, Upmix, upmix_gains
from stereo.signals import RATE_HZ


class Parted(NamedTuple):
    parts: list[Real]  # each part's left, right and centre (n, 3)
    alpha: Real  # (frames, bands)
    middle_power: Real  # |M|² summed over each band's bins (frames, bands)


def spectra(stereo: Real, hop: int) -> Complex:
    """Of M and S (2, frames, bins)."""
    left, right = np.concatenate([stereo, np.zeros((4 * hop - 1, 2))]).T
    return Analysis(hop, 2).push(np.stack([(left + right) / 2, (left - right) / 2]))


def separately(*parts: Real) -> Parted:
    """The parts (n, 2) of a mix at 48 kHz, each through the gains of the whole mix."""
    stage = Upmix(RATE_HZ)
    mix = spectra(np.sum(parts, axis=0), stage.hop)
    rho, alpha = upmix_gains(*stage.averages(mix))
    out = []
    for part in parts:
        middle, side = spectra(part, stage.hop)
        centre = Synthesis(stage.hop).push(stage.bands.spread(alpha) * (middle - stage.bands.spread(rho) * side))
        centre = centre[stage.frame - stage.hop :][: len(part)]
        out.append(np.column_stack([part - centre[:, None], centre]))
    return Parted(out, alpha, stage.bands.sums(np.abs(mix[0]) ** 2))


def power(samples: Real) -> float:
    """Mean square, without the first half second, while the averages fill."""
    return float(np.mean(samples[RATE_HZ // 2 :] ** 2))


def db(ratio: float | Real) -> float:
    return float(10 * np.log10(ratio))
