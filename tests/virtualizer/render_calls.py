"""A call of every array function of upmix and rendering: for the test that inputs are not modified."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from designer.virtualizer import half_erb_bands, short_time_frames, upmix, upmix_gains

Call = tuple[Callable[..., Any], tuple[Any, ...]]
RATE_HZ = 1500.0


def calls() -> dict[str, Call]:
    """A call of every function, with arrays wherever it takes them; what remembers its past is made anew for each call."""
    rng = np.random.default_rng(0)
    stereo = rng.standard_normal((300, 2))
    bands = half_erb_bands.half_erb_bands(64, RATE_HZ)
    spectra = rng.standard_normal((2, 4, 33)) + 1j * rng.standard_normal((2, 4, 33))
    moments = rng.uniform(1.0, 2.0, (3, 4, bands.count.size))
    return {
        "virtualizer.half_erb_bands.Bands.spread": (bands.spread, (moments[0],)),
        "virtualizer.half_erb_bands.Bands.sums": (bands.sums, (np.abs(spectra),)),
        "virtualizer.half_erb_bands.erb_number": (half_erb_bands.erb_number, (np.array([100.0, 1000.0]),)),
        "virtualizer.short_time_frames.Analysis.push": (
            lambda x: short_time_frames.Analysis(16, 2).push(x),
            (stereo.T,),
        ),
        "virtualizer.short_time_frames.Synthesis.push": (
            lambda x: short_time_frames.Synthesis(16).push(x),
            (spectra[0],),
        ),
        "virtualizer.upmix.Upmix.averages": (lambda x: upmix.Upmix(RATE_HZ).averages(x), (spectra,)),
        "virtualizer.upmix.Upmix.push": (lambda x: upmix.Upmix(RATE_HZ).push(x), (stereo,)),
        "virtualizer.upmix.upmix": (lambda x: upmix.upmix(x, RATE_HZ), (stereo,)),
        "virtualizer.upmix_gains.upmix_gains": (upmix_gains.upmix_gains, tuple(moments)),
    }
