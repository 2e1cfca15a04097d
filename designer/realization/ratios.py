"""Ratios of the drivers' filters to one reference driver's, bounded where the reference has a dip.

    R_l = W_l / W_r,     u_r = 1,     |u_l| <= cap

All drivers' weights may be divided by any one response: cancellation gain, masks and window are ratios and do not change,
the tone does. Where |W_r| dips, the R are peaks that no short filter follows; there

    minimise over u    (u - R)^H C (u - R)     subject to  |u_l| <= cap,  u_r = 1,

C what an error is heard as, so that the drivers share the loss as it is heard least. It is convex with a bound on each
driver alone, so that minimising over one driver after the other converges: u_l = R_l - Σ_{j≠l} C_lj (u_j - R_j) / C_ll,
brought back to the cap.

A plain driver as reference leaves the channel as it is outside the band. Any other then plays there alone: the ratios
fade with the design's share.

Every driver is tried as reference with as many taps. Of those whose error at the points in the band is nearly the least, so that
their ratios are short, a plain driver is taken if its ratios stay below the cap. Else it is the one whose largest ratio at any
frequency is the smallest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Bool, Complex, Index, Real
from designer.designs.channel import ChannelDesign
from designer.measures import db, quadratic, ratio
from designer.problem.schema import Realization
from designer.realization.equaliser import reached_level
from designer.realization.fir import Fitted
from designer.realization.held_requirements import Held
from designer.realization.mended_fit import Judge
from designer.realization.toeplitz_fit import delayed

SILENT = 1e-2
"""A reference this much below the loudest driver over half of the band, -40 dB, is silent."""
MIN_REFERENCE = 1e-3
"""A reference counts as this much of the loudest driver at the least, so that no ratio is infinite."""
SWEEPS = 100
MAX_EXTRA_ERROR = 0.05
"""How much more error is nearly the least: 13 dB below what is left, 0.2 dB of cancellation."""
BELOW_CAP = 0.999
CANDIDATES = 12
"""Drivers that are tried as reference: those that are never far below the loudest."""


def ratios(weights: Complex, reference: int, share: Real | None = None) -> Complex:
    """Ratios R (K, L) of weights (K, L), not yet bounded by a cap; a share (K,) of the design fades them."""
    denominator = weights[:, reference]
    floor = MIN_REFERENCE * np.abs(weights).max(axis=1)
    R = np.asarray(
        weights * (denominator.conj() / np.maximum(np.maximum(np.abs(denominator), floor) ** 2, 1e-300))[:, None]
    )
    if share is not None:
        R = np.asarray(R * share[:, None])
    R[:, reference] = 1.0
    return R


def capped(R: Complex, symbol: Complex, reference: int, cap: float) -> Complex:
    """The ratios u (K, L) nearest to R, as C (K, L, L) hears it, of which none is above the cap."""
    u = R.copy()
    others = [l for l in range(R.shape[1]) if l != reference]
    above = np.flatnonzero((np.abs(R[:, others]) > cap).any(axis=1))
    if not above.size:
        return u
    goal, C = R[above], symbol[above]
    bounded = goal * np.minimum(1.0, cap / np.maximum(np.abs(goal), 1e-300))
    bounded[:, reference] = 1.0
    for _ in range(SWEEPS):
        for l in others:
            error = bounded - goal
            error[:, l] = 0.0
            best = goal[:, l] - np.einsum("kj,kj->k", C[:, l], error) / C[:, l, l].real
            bounded[:, l] = best * np.minimum(1.0, cap / np.maximum(np.abs(best), 1e-300))
    u[above] = bounded
    return u


def silence(weights: Complex, reference: int) -> float:
    """How far the reference is below the loudest driver, as an amplitude ratio, at half of the frequencies (those in the band)."""
    loudest = np.maximum(np.abs(weights).max(axis=1), 1e-300)
    return float(np.median(np.abs(weights[:, reference]) / loudest))


@dataclass(frozen=True)
class Heard:
    """One channel on the frequencies of the fit: its weights, and the matrices of what is heard."""

    channel: ChannelDesign
    drivers: Index  # which of the problem's drivers it uses
    frequency_hz: Real  # (K,)
    in_band: Bool  # (K,)
    share: Real  # (K,)
    plain_level: Real  # (K,)
    weights: Complex  # W (K, L)
    symbol: Complex  # C (K, L, L)
    bright_power: Complex  # A (K, L, L)
    dark_power: Complex  # B (K, L, L)

    def bounded(self, reference: int, cap: float) -> Complex:
        """The ratios u (K, L) to a reference."""
        share = None if reference in self.channel.plain.drivers else self.share
        R = ratios(self.weights, reference, share)
        return capped(R, self._relative(R), reference, cap)

    def fitted(self, reference: int, u: Complex, requirements: tuple[Held, ...] = ()) -> Fitted:
        """The least-squares problem of the other drivers' ratios (K, L)."""
        symbol = self._relative(u)
        others = [l for l in range(u.shape[1]) if l != reference]
        return Fitted(self.frequency_hz, u[:, others], symbol[:, others][:, :, others], requirements)

    def judge(self, scene: Scene, reference: int, cap: float) -> Judge | None:
        """The judge of the ratios at the frequencies that were solved in the band; None where a cap bounds them there."""
        plain = Judge.of(self.channel, scene, self.drivers)
        R = ratios(plain.weights, reference)
        return None if (np.abs(R) > cap).any() else replace(plain, weights=R, reference=reference)

    def _relative(self, u: Complex) -> Complex:
        """C, which is relative to the plain driver's level, made relative to the level that u reaches."""
        reached = reached_level(self.bright_power, u)
        return np.asarray(self.symbol * (self.plain_level / np.maximum(reached, 1e-150))[:, None, None] ** 2)

    def gain_db(self, w: Complex) -> Real:
        """Cancellation gain of weights (K, L) in the band."""
        bright, dark = (
            quadratic(power[self.in_band], w[self.in_band]) for power in (self.bright_power, self.dark_power)
        )
        return db(ratio(bright, dark))


def choose_reference(heard: Heard, taps: int, cap: float) -> int:
    """The driver to divide by: of those with nearly the least error in the band, a plain one, or that of the smallest ratios."""
    inside, plain = heard.weights[heard.in_band], heard.channel.plain.drivers
    presence = (np.abs(inside) / np.maximum(np.abs(inside).max(axis=1, keepdims=True), 1e-300)).min(axis=0)
    candidates: list[int] = sorted({*np.argsort(-presence)[:CANDIDATES].tolist(), *plain})
    error: dict[int, float] = {}
    peak: dict[int, float] = {}
    for reference in candidates:
        u = heard.bounded(reference, cap)
        x = heard.fitted(reference, u).taps(taps, taps // 2, Realization(taps=taps))
        # Brought back to the weights: W_r times the ratios, against W.
        w = np.insert(delayed(np.fft.rfft(x, 2 * (len(u) - 1), axis=1).T, -(taps // 2)), reference, 1.0, axis=1)
        away = (w * heard.weights[:, reference, None] - heard.weights)[heard.in_band]
        error[reference] = float(quadratic(heard.symbol[heard.in_band], away).mean())
        peak[reference] = float(np.abs(u).max())
    good = [reference for reference in candidates if error[reference] <= min(error.values()) + MAX_EXTRA_ERROR]
    bounded = [reference for reference in good if reference in plain and peak[reference] < cap * BELOW_CAP]
    return min(bounded or good, key=lambda reference: (peak[reference], error[reference]))
