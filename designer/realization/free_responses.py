"""Responses as the unknowns: about what `robust_taps` could gain, told before its taps are sought.

    maximise over w(f)    U(w)    subject to what binds the taps in the band

T taps are a bijection of their responses at the multiples of f_s/T. At frequencies so far apart in the band each driver's response is a
complex number of its own, and Fourier transforms fall away, with everything outside the band. What taps owe between these frequencies and
outside the band is not counted.

The variables are y with w = w_0 + C^-1/2 (y_1 + j y_2) at each frequency, coloured as the taps are. The gradient in them of a function that
changes by Re Σ conj(G) dw is C^-1/2 G: its real part that of y_1, its imaginary part that of y_2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from designer.arrays import Complex, Real
from designer.realization.robust_taps import Lagrangian


@dataclass
class FreeResponses(Lagrangian):
    """The augmented Lagrangian as a function of the responses; the problem's `start` is w_0 (K, L), complex."""

    @property
    def unknowns(self) -> int:
        """Number of y."""
        return 2 * len(self.problem.symbol) * self.problem.free.size

    @cached_property
    def _root(self) -> Complex:
        """C^-1/2 (K, L, L) of the free drivers."""
        free = self.problem.free
        values, vectors = np.linalg.eigh(self.problem.symbol[:, free[:, None], free])
        return np.asarray((vectors / np.sqrt(values)[:, None, :]) @ vectors.conj().swapaxes(1, 2))

    def _coloured(self, v: Complex) -> Complex:
        return np.asarray((self._root @ v[:, :, None])[:, :, 0])

    def filters(self, y: Real) -> Complex:
        """The responses w (K, L)."""
        w: Complex = self.problem.start.astype(complex)
        w[:, self.problem.free] += self._coloured(y.view(complex).reshape(len(w), -1))
        return w

    def spectra(self, x: Any) -> Complex:
        """The responses themselves."""
        return np.asarray(x)

    def gradient(self, G: Complex) -> Real:
        """With respect to y."""
        return self._coloured(G[:, self.problem.free]).ravel().view(float)
