"""The largest level that hard limits allow, at the point whose phase is kept.

    maximise    |h w|
    subject to  |w_l| <= g_l,   ||w|| <= e

Phases are free, so every term of Σ h_l w_l can point the same way: maximise Σ |h_l| m_l with 0 <= m_l <= g_l and
||m|| <= e. The multiplier of the norm makes it m_l = min(g_l, ρ |h_l|), and ρ is the largest for which ||m|| <= e. The
gains bind one after another as ρ passes the sorted g_l/|h_l|; between two of them

    S(ρ) = Σ |h_l| m_l = Σ_bound |h_l| g_l + ρ Σ_free |h_l|²,   N(ρ)² = ||m||² = Σ_bound g_l² + ρ² Σ_free |h_l|²,

so N(ρ) = e is solved in closed form, and S(ρ) is the level; without a binding norm m = g.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Index, Real


def reachable_level(magnitude: Real, max_gain: Real, max_norm: Real) -> Real:
    """The largest |h w| (F,); inf without limits.

    Parameters
    ----------
    magnitude : |h| (F, L)
    max_gain : g (F, L), inf without a limit
    max_norm : e (F,), inf without a limit

    """
    filling = _Filling.of(magnitude, max_gain)
    _, norm = filling.at_bends()
    gh, gg, hh = filling.sums(np.sum(norm <= max_norm[:, None], axis=1))
    # ρ Σ_free |h|² of the ρ with N(ρ) = e
    rest = np.where(hh > 0, np.sqrt(np.maximum(max_norm**2 - gg, 0.0)), 0.0) * np.sqrt(hh)
    return np.asarray(gh + rest)


def share_of_level(magnitude: Real, max_gain: Real, max_norm: Real) -> Real:
    """The largest share t <= 1 of the level |h w| = 1 that the gains allow, the norm being relative to the level (F,).

    That is the largest t for which w' = w/t with |h w'| = 1, |w'_l| <= g_l/t and ||w'|| <= e exists; e must allow |h
    w'| = 1 by itself, or t is 0. With m = t m' = min(g, ρ|h|) the level makes t = S(ρ), and the norm N(ρ) <= e S(ρ); N/S
    grows with ρ, so between two bends N² = e²S² is a quadratic in ρ:

        Σ_free |h|² (1 - e² Σ_free |h|²) ρ² - 2e² Σ_bound |h| g Σ_free |h|² ρ + Σ_bound g² - e² (Σ_bound |h| g)² = 0
    """
    filling = _Filling.of(magnitude, max_gain)
    level, norm = filling.at_bends()
    e = np.minimum(max_norm, 1e50)
    gh, gg, hh = filling.sums(np.sum(norm <= e[:, None] * level, axis=1))
    a, b, c = hh * (1 - e**2 * hh), e**2 * gh * hh, gg - (e * gh) ** 2
    limited = a > 0  # else the free drivers alone keep to the norm, whatever ρ is
    rho = (b + np.sqrt(np.maximum(b**2 - a * c, 0.0))) / np.where(limited, a, 1.0)
    return np.minimum(1.0, np.where(limited | (hh == 0), gh + rho * hh, 1.0))


@dataclass(frozen=True)
class _Filling:
    """m(ρ) = min(g, ρ|h|) with the drivers sorted by the ρ at which their gain binds."""

    bend: Real  # (F, L) g/|h|, rising; inf where nothing binds
    gain: Real  # (F, L) g in that order, 0 where it never binds
    magnitude: Real  # (F, L) |h|

    @classmethod
    def of(cls, magnitude: Real, max_gain: Real) -> _Filling:
        binds = (magnitude > 0) & np.isfinite(max_gain)
        bend = np.where(binds, max_gain, np.inf) / np.where(binds, magnitude, 1.0)
        order = np.argsort(bend, axis=1)
        gain = np.take_along_axis(np.where(binds, max_gain, 0.0), order, axis=1)
        return cls(np.take_along_axis(bend, order, axis=1), gain, np.take_along_axis(magnitude, order, axis=1))

    def sums(self, bound: Index) -> tuple[Real, Real, Real]:
        """Σ_bound |h| g, Σ_bound g² and Σ_free |h|², each (F,), with so many bound (F,)."""
        first = np.arange(self.bend.shape[1]) < bound[:, None]
        gh, gg = np.where(first, self.gain * self.magnitude, 0.0), np.where(first, self.gain**2, 0.0)
        return gh.sum(axis=1), gg.sum(axis=1), np.where(first, 0.0, self.magnitude**2).sum(axis=1)

    def at_bends(self) -> tuple[Real, Real]:
        """S(ρ) and N(ρ), each (F, L), at every bend: NaN at those that are never reached."""
        finite = np.isfinite(self.bend)
        rho = np.where(finite, self.bend, 0.0)
        # All that bend later are free; those that bend here fit either sum.
        free = np.cumsum(self.magnitude[:, ::-1] ** 2, axis=1)[:, ::-1]
        before = np.cumsum(self.gain * self.magnitude, axis=1) - self.gain * self.magnitude
        before_2 = np.cumsum(self.gain**2, axis=1) - self.gain**2
        level = before + rho * free
        return level, np.where(finite, np.sqrt(np.maximum(before_2, 0.0) + rho**2 * free), np.nan)
