"""Which driver the RTF form divides by, and the least-squares problem that this leaves for the others.

Every driver is tried with as many taps. Of those whose error at the points in the band is nearly the least, so that
their ratios are short, a plain driver is taken if its ratios stay below the cap: outside the band it plays on as it does
without the form. Else it is the one whose largest ratio at any frequency is the smallest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Bool, Complex, Real
from designer.measures import db, quadratic, ratio
from designer.problem.schema import Realization
from designer.realization.equaliser import reached_level
from designer.realization.fitted import Fitted
from designer.realization.held_wishes import Held
from designer.realization.ratios import capped, ratios
from designer.realization.toeplitz_fit import delayed

NEARLY = 0.05
"""How much more error is nearly the least: 13 dB below what is left, 0.2 dB of cancellation."""
BELOW_CAP = 0.999
CANDIDATES = 12
"""Drivers that are tried as reference: those that are never far below the loudest."""


@dataclass(frozen=True)
class Heard:
    """One channel on the frequencies of the fit: its weights, and the matrices of what is heard."""

    frequency_hz: Real  # (K,)
    in_band: Bool  # (K,)
    share: Real  # (K,)
    plain_level: Real  # (K,)
    plain: tuple[int, ...]
    wanted: Complex  # W (K, L)
    symbol: Complex  # C (K, L, L)
    reach_power: Complex  # A (K, L, L)
    cancel_power: Complex  # B (K, L, L)

    def bounded(self, reference: int, cap: float) -> tuple[Complex, Complex]:
        """The ratios u (K, L) to a reference, and the C (K, L, L) that goes with them."""
        share = None if reference in self.plain else self.share
        R = ratios(self.wanted, reference, share)
        u = capped(R, self._relative(R), reference, cap)
        return u, self._relative(u)

    def _relative(self, u: Complex) -> Complex:
        """C, which is relative to the plain driver's level, made relative to the level that u reaches."""
        reached = reached_level(self.reach_power, u)
        return np.asarray(self.symbol * (self.plain_level / np.maximum(reached, 1e-150))[:, None, None] ** 2)

    def fitted(self, reference: int, cap: float, wishes: tuple[Held, ...] = ()) -> Fitted:
        """The least-squares problem of the other drivers."""
        u, symbol = self.bounded(reference, cap)
        others = [l for l in range(u.shape[1]) if l != reference]
        return Fitted(self.frequency_hz, u[:, others], symbol[:, others][:, :, others], wishes)

    def gain_db(self, w: Complex) -> Real:
        """Cancellation gain of weights (K, L) in the band."""
        inside = self.in_band
        return db(
            ratio(quadratic(self.reach_power[inside], w[inside]), quadratic(self.cancel_power[inside], w[inside]))
        )


def choose_reference(heard: Heard, taps: int, cap: float) -> int:
    """The driver to divide by: of those with nearly the least error in the band, a plain one, or that of the smallest ratios."""
    inside = heard.wanted[heard.in_band]
    presence = (np.abs(inside) / np.maximum(np.abs(inside).max(axis=1, keepdims=True), 1e-300)).min(axis=0)
    candidates: list[int] = sorted({*np.argsort(-presence)[:CANDIDATES].tolist(), *heard.plain})
    error: dict[int, float] = {}
    peak: dict[int, float] = {}
    for reference in candidates:
        u, _ = heard.bounded(reference, cap)
        problem = heard.fitted(reference, cap)
        x = problem.taps(taps, taps // 2, Realization(taps=taps))
        # Brought back to the weights: W_r times the ratios, against W.
        w = np.insert(delayed(np.fft.rfft(x, 2 * (len(u) - 1), axis=1).T, -(taps // 2)), reference, 1.0, axis=1)
        away = (w * heard.wanted[:, reference, None] - heard.wanted)[heard.in_band]
        error[reference] = float(quadratic(heard.symbol[heard.in_band], away).mean())
        peak[reference] = float(np.abs(u).max())
    good = min(error.values()) + NEARLY
    nearly_best = [reference for reference in candidates if error[reference] <= good]
    bounded = [reference for reference in nearly_best if reference in heard.plain and peak[reference] < cap * BELOW_CAP]
    return min(bounded or nearly_best, key=lambda reference: (peak[reference], error[reference]))
