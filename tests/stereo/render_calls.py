"""A call of every array function of upmix and rendering: for the test that inputs are not modified."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.stereo import loudness, render, signal_path, sound_file, upmix

Call = tuple[Callable[..., Any], tuple[Any, ...]]
RATE_HZ = 1500.0


def calls() -> dict[str, Call]:
    """A call of every function, with arrays wherever it takes them; what remembers its past is made anew for each call."""
    rng = np.random.default_rng(0)
    stereo = rng.standard_normal((300, 2))
    bands = upmix.half_erb_bands(64, RATE_HZ)
    spectra = rng.standard_normal((2, 4, 33)) + 1j * rng.standard_normal((2, 4, 33))
    path = signal_path.SignalPath(rng.standard_normal((2, 2, 30)), False, signal_path.EARS)

    def kept(block: Real) -> int:
        with TemporaryDirectory() as folder, sound_file.wav_file(Path(folder) / "out.wav", 2) as file:
            file.keep(block)
            return file.frames

    moments = rng.uniform(1.0, 2.0, (3, 4, bands.count.size))
    return {
        "stereo.sound_file.WavFile.keep": (kept, (stereo,)),
        "stereo.upmix.Bands.spread": (bands.spread, (moments[0],)),
        "stereo.upmix.Bands.sums": (bands.sums, (np.abs(spectra),)),
        "stereo.loudness.Loudness.push": (lambda x: loudness.Loudness(RATE_HZ).push(x), (stereo,)),
        "stereo.loudness.integrated_lufs": (lambda x: loudness.integrated_lufs(x, RATE_HZ), (stereo,)),
        "stereo.render.Listened.push": (
            lambda x: render.Listened(path, RATE_HZ).push(x), (np.tile(stereo, (10, 1)),)
        ),
        "stereo.signal_path.Running.push": (
            lambda x: signal_path.Running(path, RATE_HZ).push(x), (np.tile(stereo, (10, 1)),)
        ),
        "stereo.signal_path.Running.whole": (lambda x: signal_path.Running(path, RATE_HZ).whole(x), (stereo,)),
        "stereo.signal_path.SignalPath.heard": (path.heard, (rng.standard_normal((2, 2, 20)),)),
        "stereo.upmix.Analysis.push": (
            lambda x: upmix.Analysis(16, 2).push(x),
            (stereo.T,),
        ),
        "stereo.upmix.Synthesis.push": (
            lambda x: upmix.Synthesis(16).push(x),
            (spectra[0],),
        ),
        "stereo.upmix.Upmix.averages": (lambda x: upmix.Upmix(RATE_HZ).averages(x), (spectra,)),
        "stereo.upmix.Upmix.push": (lambda x: upmix.Upmix(RATE_HZ).push(x), (stereo,)),
        "stereo.upmix.upmix": (lambda x: upmix.upmix(x, RATE_HZ), (stereo,)),
        "stereo.upmix.upmix_gains": (upmix.upmix_gains, tuple(moments)),
    }  # fmt: skip
