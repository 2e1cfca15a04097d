"""A call of every array function of upmix and rendering: for the test that inputs are not modified."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.virtualizer import (
    feed_file,
    filter_matrix,
    half_erb_bands,
    loudness,
    render,
    short_time_frames,
    signal_path,
    upmix,
    upmix_gains,
)

Call = tuple[Callable[..., Any], tuple[Any, ...]]
RATE_HZ = 1500.0


def calls() -> dict[str, Call]:
    """A call of every function, with arrays wherever it takes them; what remembers its past is made anew for each call."""
    rng = np.random.default_rng(0)
    stereo = rng.standard_normal((300, 2))
    bands = half_erb_bands.half_erb_bands(64, RATE_HZ)
    spectra = rng.standard_normal((2, 4, 33)) + 1j * rng.standard_normal((2, 4, 33))
    path = signal_path.SignalPath(rng.standard_normal((2, 2, 30)), False, signal_path.EARS)

    def kept(block: Real) -> float:
        with TemporaryDirectory() as folder, feed_file.Unfinished(Path(folder) / "out.wav", 2) as place:
            place.keep(block)
            return place.peak

    def measured(block: Real) -> float:
        meter = loudness.Loudness(RATE_HZ)
        meter.push(block)
        return meter.integrated_lufs()

    moments = rng.uniform(1.0, 2.0, (3, 4, bands.count.size))
    return {
        "virtualizer.feed_file.Unfinished.keep": (kept, (stereo,)),
        "virtualizer.filter_matrix.FilterMatrix.push": (
            lambda f, x: filter_matrix.FilterMatrix(f).push(x), (path.filters, np.tile(stereo, (10, 1)))
        ),
        "virtualizer.half_erb_bands.Bands.spread": (bands.spread, (moments[0],)),
        "virtualizer.half_erb_bands.Bands.sums": (bands.sums, (np.abs(spectra),)),
        "virtualizer.half_erb_bands.erb_number": (half_erb_bands.erb_number, (np.array([100.0, 1000.0]),)),
        "virtualizer.loudness.Loudness.push": (measured, (stereo,)),
        "virtualizer.loudness.gated_lufs": (loudness.gated_lufs, (np.array([1e-9, 0.1, 0.2, 1e-4]),)),
        "virtualizer.loudness.lufs": (loudness.lufs, (np.array([0.0, 0.5]),)),
        "virtualizer.render.Listened.push": (
            lambda x: render.Listened(path, RATE_HZ).push(x), (np.tile(stereo, (10, 1)),)
        ),
        "virtualizer.signal_path.Running.push": (
            lambda x: signal_path.Running(path, RATE_HZ).push(x), (np.tile(stereo, (10, 1)),)
        ),
        "virtualizer.signal_path.SignalPath.heard": (path.heard, (rng.standard_normal((2, 2, 20)),)),
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
    }  # fmt: skip
