"""Real taps that minimise a weighted error of their responses, by conjugate gradients on block Toeplitz normal equations.

    minimise over real x    (1/N) Σ_f (x̂(f) - Ŵ(f))^H C(f) (x̂(f) - Ŵ(f))  +  Σ_l,n q[n] x_l[n]²

over all N frequencies of a real Fourier grid, x̂_l(f) = Σ_n x_l[n] e^{-jωn}, Ŵ(f) = W(f) e^{-jωD}. Setting the gradient to zero,

    (K + Q) x = b,     K = [c_ij[n - m]],     c_ij = irfft(C_ij),     b = cut(irfft(C Ŵ)),     Q = diag(q)

K is block Toeplitz, real because C(-f) is the conjugate of C(f), and never formed: only its lags below T count, and these
fit into a circulant of length 2 T, so that K x is an FFT of 2 T points, an L x L product a frequency, an inverse FFT and
a cut. The preconditioner is the same operation with C⁻¹, the inverse of the circulant that K is cut from: what it leaves
comes from the ends of the taps alone, so that the iterations hardly grow with T. It pays while the eigenvalues of C lie
within 10⁷ of each other.

Responses that are exact at chosen frequencies, such as zero at DC, are rows G x = g: cos ωn for the real part and -sin ωn for the
imaginary part of each driver's response. With multipliers λ,

    x = K⁻¹ (b - G^T λ),     (G K⁻¹ G^T) λ = G K⁻¹ b - g,

K⁻¹ on each row of G one run of conjugate gradients more.

Source: R. Chan and M. Ng, Conjugate gradient methods for Toeplitz systems, SIAM Review 38 (1996), sections 2 and 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import fft
from scipy.linalg import cho_factor, cho_solve

from designer.arrays import Complex, Real

DENSITY = 4
"""Length of the Fourier grid over the number of taps."""
TOLERANCE = 1e-8
"""Tolerance of the residual: mirrored or reordered problems give mirrored or reordered taps, to what a comparison of files asks."""
ROUGH_TOLERANCE = 1e-6
"""Where results are only compared, or solved again: what is left to gain, as it is heard, is 120 dB below what is wanted."""
ROW_TOLERANCE = 1e-9
"""Accuracy of the runs whose results are combined, so that exact responses are exact to about this."""
MAX_ITERATIONS = 500
DIRECT = 2600
"""Unknowns up to which a factor of the matrix itself, 54 MB, is faster over a few dozen right sides."""


def grid_size(taps: int, frequencies: int) -> int:
    """Length of the real Fourier grid: dense for the taps, and for the design's own frequencies."""
    return 1 << int(np.ceil(np.log2(max(DENSITY * taps, 4 * (frequencies - 1)))))


def delayed(weights: Complex, delay: float) -> Complex:
    """Ŵ = W e^{-jωD} (K, L) on the K = N/2 + 1 frequencies of a real Fourier grid of length N; D in samples."""
    size = 2 * (len(weights) - 1)
    return np.asarray(weights * np.exp(-2j * np.pi * delay / size * np.arange(len(weights)))[:, None])


@dataclass(frozen=True)
class NormalEquations:
    """K + Q for one weighting C (K, L, L), Hermitian positive definite, and a number of taps; it serves any number of right sides."""

    symbol: Complex
    taps: int
    penalty: Real | None = None  # q (T,)

    @property
    def size(self) -> int:
        """N, the length of the Fourier grid; at least 2 T."""
        return 2 * (len(self.symbol) - 1)

    @cached_property
    def _circulants(self) -> tuple[Complex, Complex]:
        """C and C⁻¹ with their lags below T alone, on a grid of 2 T; in single precision C⁻¹ took twice the iterations."""
        return self._embedded(self.symbol), self._embedded(np.linalg.inv(self.symbol))

    def _embedded(self, matrices: Complex) -> Complex:
        count, drivers, _ = matrices.shape
        lags = fft.irfft(matrices.reshape(count, -1).T, self.size, axis=1)
        short = np.zeros((drivers * drivers, 2 * self.taps))
        short[:, : self.taps] = lags[:, : self.taps]
        short[:, self.taps + 1 :] = lags[:, self.size - self.taps + 1 :]
        return np.ascontiguousarray(fft.rfft(short, axis=1).T.reshape(-1, drivers, drivers))

    def _times(self, circulant: Complex, x: Real) -> Real:
        spectra = fft.rfft(x, 2 * self.taps, axis=1).T
        product = (circulant @ spectra[:, :, None])[:, :, 0]
        return np.asarray(fft.irfft(product.T, 2 * self.taps, axis=1)[:, : self.taps])

    def apply(self, x: Real) -> Real:
        """(K + Q) x (L, T)."""
        image = self._times(self._circulants[0], x)
        return image if self.penalty is None else image + self.penalty * x

    def spectra(self, x: Real) -> Complex:
        """Responses (K, L) of taps (L, T), on the Fourier grid."""
        return np.asarray(fft.rfft(x, self.size, axis=1).T)

    def cut(self, spectra: Complex) -> Real:
        """The first T samples (L, T) of the inverse transform of spectra (K, L)."""
        return np.asarray(fft.irfft(spectra.T, self.size, axis=1)[:, : self.taps])

    def right_side(self, weights: Complex) -> Real:
        """The right side b (L, T) for delayed weights Ŵ (K, L)."""
        return self.cut((self.symbol @ weights[:, :, None])[:, :, 0])

    @cached_property
    def _factor(self) -> tuple[Real, bool]:
        """Cholesky's factor of K + Q (L T, L T) itself."""
        count, drivers, _ = self.symbol.shape
        lags = fft.irfft(self.symbol.reshape(count, -1).T, self.size, axis=1)
        n = np.arange(self.taps)
        blocks = lags[:, (n[:, None] - n) % self.size].reshape(drivers, drivers, self.taps, self.taps)
        matrix = np.ascontiguousarray(blocks.transpose(0, 2, 1, 3)).reshape(drivers * self.taps, -1)
        if self.penalty is not None:
            matrix[np.diag_indices_from(matrix)] += np.tile(self.penalty, drivers)
        return cho_factor(matrix, overwrite_a=True, check_finite=False)

    @cached_property
    def _inverse_root(self) -> Complex:
        """C^-1/2 with its lags below T alone, on a grid of 2 T."""
        values, vectors = np.linalg.eigh(self.symbol)
        return self._embedded((vectors / np.sqrt(values)[:, None, :]) @ vectors.conj().swapaxes(1, 2))

    def coloured(self, y: Real) -> Real:
        """Taps (L, T) of y (L T,) by C^-1/2, its own transpose: but for the taps' ends the energy of y is the sum that its taps add."""
        return self._times(self._inverse_root, y.reshape(-1, self.taps))

    def solve_again(self, rhs: Real, start: Real) -> Real:
        """Taps x (L, T), where many right sides (L, T) follow each other: up to DIRECT unknowns by a factor, else from a start (L, T)."""
        if rhs.size > DIRECT:
            return self.solve(rhs, start, ROUGH_TOLERANCE)
        return np.asarray(cho_solve(self._factor, rhs.ravel(), check_finite=False).reshape(rhs.shape))

    def solve(self, rhs: Real, start: Real | None = None, tolerance: float = TOLERANCE) -> Real:
        """Taps x (L, T) with (K + Q) x = rhs, to a residual of `tolerance` times the right side in the preconditioner's norm."""
        inverse = self._circulants[1]
        x = np.zeros_like(rhs) if start is None else start
        residual = rhs if start is None else rhs - self.apply(x)
        z = self._times(inverse, residual)
        direction = z
        energy = float(np.vdot(residual, z))
        stop = tolerance**2 * float(np.vdot(rhs, self._times(inverse, rhs)))
        for _ in range(MAX_ITERATIONS):
            if energy <= stop:
                break
            image = self.apply(direction)
            step = energy / float(np.vdot(direction, image))
            x = x + step * direction
            residual = residual - step * image
            z = self._times(inverse, residual)
            energy, before = float(np.vdot(residual, z)), energy
            direction = z + energy / before * direction
        return x


def fit(
    weights: Complex,
    symbol: Complex,
    taps: int,
    delay: float,
    penalty: Real | None = None,
    tolerance: float = TOLERANCE,
) -> Real:
    """Taps (L, T) that minimise the sum above, for weights W (K, L) without the bulk delay of D samples.

    The K = N/2 + 1 frequencies are those of a real Fourier grid of even length N >= 2 T; C (K, L, L) is Hermitian positive definite.
    """
    equations = NormalEquations(symbol, taps, penalty)
    goal = delayed(weights, delay)
    start = equations.cut(goal)  # the cut inverse Fourier transform begins
    return equations.solve(equations.right_side(goal), start, tolerance)


def error_power(taps: Real, weights: Complex, symbol: Complex, delay: float) -> Real:
    """(x̂ - Ŵ)^H C (x̂ - Ŵ) (K,): how loud the error of taps (L, T) is, as C weighs it."""
    error = np.fft.rfft(taps, 2 * (len(weights) - 1), axis=1).T - delayed(weights, delay)
    return np.asarray(np.einsum("ki,kij,kj->k", error.conj(), symbol, error).real)


def exact_rows(
    taps: int, frequency_hz: Sequence[float], sample_rate_hz: float, responses: Complex
) -> tuple[Real, Real]:
    """Rows (R, T) and values (R, L) that give the drivers' responses (frequencies, L); real parts alone at 0 Hz and Nyquist."""
    rows, values = [], []
    for f, response in zip(frequency_hz, responses, strict=True):
        phase = 2 * np.pi * f / sample_rate_hz * np.arange(taps)
        rows.append(np.cos(phase))
        values.append(response.real)
        if abs(np.sin(2 * np.pi * f / sample_rate_hz)) > 1e-12:
            rows.append(-np.sin(phase))
            values.append(response.imag)
    return np.array(rows), np.array(values)


def solve_exactly(equations: NormalEquations, rhs: Real, rows: Real, values: Real, start: Real | None = None) -> Real:
    """Taps (L, T) that solve the normal equations for `rhs` with every driver's rows (R, T) at values (R, L), begun at a start (L, T)."""
    drivers, taps = rhs.shape
    free = equations.solve(rhs, start)
    lifted = []
    for row in rows:
        for l in range(drivers):
            unit_row = np.zeros((drivers, taps))
            unit_row[l] = row
            lifted.append(equations.solve(unit_row, tolerance=ROW_TOLERANCE))
    columns = np.array(lifted)  # (R L, L, T)
    coupling = np.einsum("rt,klt->rlk", rows, columns).reshape(len(columns), len(columns))
    miss = rows @ free.T - values  # (R, L), in the order of the columns
    multipliers = np.linalg.solve(coupling, miss.ravel())
    return np.asarray(free - np.einsum("k,klt->lt", multipliers, columns))
