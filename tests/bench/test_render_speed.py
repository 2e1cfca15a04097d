"""Speed of upmix and filters as a ratio against scipy's tools doing the same, in the same run: the best of a few."""

from __future__ import annotations

import numpy as np
from scipy.signal import ShortTimeFFT, oaconvolve

from bench.timing import best_of
from designer.arrays import Real
from designer.stereo.signal_path import Running, SignalPath
from designer.stereo.upmix import window

RATE_HZ = 48_000
SECONDS = 20
BLOCK = 32_768


def test_upmix_and_nine_filters_against_scipy() -> None:
    """Upmix, 3 channels x 3 drivers x 512 taps take at most 1.5 times as long as scipy's oaconvolve and ShortTimeFFT.

    Scipy convolves each of the nine pairs, and transforms two signals forth and one back, in the same frames. It does none
    of what lies between: averages, gains, mixing.
    """
    rng = np.random.default_rng(0)
    stereo = rng.standard_normal((SECONDS * RATE_HZ, 2))
    filters = rng.standard_normal((3, 3, 512))

    def ours() -> list[Real]:
        path = Running(SignalPath(filters, True, ("a", "b", "c")), RATE_HZ)
        blocks = [path.push(stereo[start : start + BLOCK]) for start in range(0, len(stereo), BLOCK)]
        return [*blocks, path.finish()]

    def scipys() -> None:
        transform = ShortTimeFFT(window(2048), 512, RATE_HZ)
        left, right = stereo.T
        middle, _ = transform.stft(left), transform.stft(right)
        centre = transform.istft(middle)[: len(left)]
        for driver in filters:
            sum(oaconvolve(x, taps) for x, taps in zip((left, right, centre), driver, strict=True))

    fast, rival = best_of(3, ours), best_of(3, scipys)
    print(f"{SECONDS} s of stereo: {fast:.2f} s, scipy {rival:.2f} s, ratio {fast / rival:.2f}")
    assert fast < 1.5 * rival
