"""Short-time transforms with perfect reconstruction, in blocks of any size.

Frames of N samples start every N/4. Analysis and synthesis both take w[n] = sin(π(n + ½)/N), whose square is Hann's
window sin²; four of them a quarter frame apart sum to 2, so half of w·w reconstructs exactly:

    Σ_k w²[n - kN/4] / 2 = 1

What comes out does not depend on how the input was cut into blocks, to the last bit: every frame is transformed by
itself, and a sample is the sum of its four frames in the order of time.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real

OVERLAP = 4
HOP_S = 512 / 48_000


def hop_size(sample_rate_hz: float) -> int:
    """The power of two nearest to 10.7 ms: 512 samples at 44.1 and 48 kHz; at least 16."""
    return int(max(16, 2 ** round(np.log2(HOP_S * sample_rate_hz))))


def window(frame: int) -> Real:
    """The sine window (N,)."""
    return np.sin(np.pi * (np.arange(frame) + 0.5) / frame)


class Analysis:
    """Samples in, spectra of the frames that they complete out. The first frame begins N - N/4 samples before time 0."""

    def __init__(self, hop: int, signals: int) -> None:
        self.hop = hop
        self.frame = OVERLAP * hop
        self.window = window(self.frame)
        self.waiting: Real = np.zeros((signals, self.frame - hop))

    def push(self, block: Real) -> Complex:
        """Spectra (P, frames, N//2 + 1) of the frames that end within this block (P, n)."""
        samples = np.concatenate([self.waiting, block], axis=1)
        count = max(0, (samples.shape[1] - self.frame) // self.hop + 1)
        self.waiting = samples[:, count * self.hop :]
        if not count:
            return np.zeros((len(samples), 0, self.frame // 2 + 1), dtype=complex)
        frames = np.lib.stride_tricks.sliding_window_view(samples, self.frame, axis=1)[:, :: self.hop][:, :count]
        return np.fft.rfft(frames * self.window, axis=-1)


class Synthesis:
    """Spectra of frames in, the samples that no later frame touches out."""

    def __init__(self, hop: int) -> None:
        self.hop = hop
        self.frame = OVERLAP * hop
        self.window = window(self.frame) * (2 / OVERLAP)
        self.before: Real = np.zeros((OVERLAP - 1, OVERLAP, hop))

    def push(self, spectra: Complex) -> Real:
        """(frames × hop,) samples from (frames, N//2 + 1); they begin where the oldest of these frames' first quarter does,
        three quarters before the newest.
        """
        count = len(spectra)
        if not count:
            return np.zeros(0)
        new = (np.fft.irfft(spectra, self.frame, axis=-1) * self.window).reshape(count, OVERLAP, self.hop)
        parts = np.concatenate([self.before, new])
        self.before = parts[count:]
        # Frame k's first quarter is the fourth and last of what falls on it: frame k-3's last quarter came first.
        out = parts[:count, 3]
        for quarter in (2, 1, 0):
            out = out + parts[3 - quarter : 3 - quarter + count, quarter]
        return np.asarray(out.reshape(-1))
