"""Slopes of a layout's value by coordinates of its drivers: analytic in H, with H's own slopes at hand.

With K = (G + βI)⁻¹ a coordinate q changes the weights by

    δw = K (δb - δG w - δβ w),   δb = δH^H d,   δG w = δH^H H w + H^H δH w + ε² diag(δ|h_l|²) w                         (1)

and where effort binds, β follows so that it stays: δ ln e + (∂ ln e/∂β) δβ = 0, e = s w^H P⁻¹ w/|H_b w|², s the level of the strongest
driver. A sample g = 10 log10(Σ|p|² / Σ|p'|²) changes with its pressures p = J (w ∘ devices). The percentile is the mean of order
statistics with weights of a beta distribution, wide enough that the value is smooth; of several channels the soft least.

Source: Harrell and Davis, A new distribution-free quantile estimator (Biometrika 69, 1982).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

from designer.arrays import Complex, Index, Real
from designer.measures import FLOOR, db
from designer.placement.column_slopes import Slope
from designer.placement.layouts import LEAST_BETA, Weights, over_band, strongest_db, strongest_powers, weights_of
from designer.placement.system import ChannelSystem

WIDE_AS = 200
"""Number of samples that the weights of order statistics are as wide as."""
SOFT_DB = 0.1
"""Width of the soft least of channels."""


def order_weights(count: int, percentile: float) -> Real:
    """Weights of rising order statistics (N,), in sum 1."""
    p = percentile / 100
    ends = betainc((WIDE_AS + 1) * p, (WIDE_AS + 1) * (1 - p), np.linspace(0.0, 1.0, count + 1))
    return np.asarray(np.diff(ends))


def smooth_value(
    channel: ChannelSystem, columns: Index, percentile: float, slopes: Sequence[Slope]
) -> tuple[float, Real]:
    """Smooth percentile in dB of a layout, and its slopes by the coordinates (Q,)."""
    weights = weights_of(channel, columns)
    w, n = weights.w, len(columns)
    devices = channel.devices[:, :, :n]
    X = (w[:, None, :] * devices).swapaxes(1, 2)[:, None]  # (F, 1, n, D)
    rows = channel.judged_bright[:, :, :, columns], channel.judged_dark[:, :, :, columns]
    pressures = [J @ X for J in rows]
    powers = [np.maximum(np.sum(np.abs(p) ** 2, axis=2), FLOOR) for p in pressures]
    curve_db = db(powers[0] / powers[1]) - strongest_db(channel, columns)[:, :, None]
    samples = over_band(channel, curve_db)
    order = np.argsort(samples, axis=None)
    share: Real = np.empty(samples.shape)
    share.flat[order] = order_weights(samples.size, percentile)
    value = float(np.sum(share * samples))
    share = _shares_of_band(channel, curve_db, share)
    pulls = [
        sign * (20 / np.log(10)) * (share / power)[:, :, None] * p.conj()
        for sign, p, power in zip((1.0, -1.0), pressures, powers, strict=True)
    ]
    by_fed = sum(J.swapaxes(2, 3) @ pull for J, pull in zip(rows, pulls, strict=True))  # (F, G, n, D)
    by_w = np.sum(np.sum(by_fed, axis=1) * devices.swapaxes(1, 2), axis=2)
    follow = _Follow.of(channel, weights)
    gradient = np.empty(len(slopes))
    for q, slope in enumerate(slopes):
        at = np.flatnonzero(np.isin(columns, slope.columns))
        changes = [(slope.bright, pulls[0]), *([] if channel.is_fed else [(slope.dark, pulls[1])])]
        moved = sum(np.sum(pull * (dJ @ X[:, :, at])).real for dJ, pull in changes)
        gradient[q] = moved + np.sum(by_w * follow.change(slope, at)).real
        if channel.by_strongest:
            gradient[q] -= _strongest_slope(channel, columns, slope, at, share)
    return value, gradient


def _shares_of_band(channel: ChannelSystem, curve_db: Real, share: Real) -> Real:
    """Shares of a curve (F, G, D) in the value, from those of samples that sum up the band (F or 1, G, D)."""
    if channel.objective.band == "worst":
        return np.where(np.arange(len(curve_db))[:, None, None] == curve_db.argmin(axis=0), share, 0.0)
    if channel.objective.band:
        return np.asarray(channel.band_share[:, None, None] * share)
    return share


def _strongest_slope(channel: ChannelSystem, columns: Index, slope: Slope, at: Index, share: Real) -> float:
    """Slope of the strongest driver's own level in dB, where it is one that moves."""
    alone = strongest_powers(channel, columns)
    change = 2 * np.sum((channel.judged_bright[:, :, :, columns[at]].conj() * slope.bright).real, axis=2)
    change = change * channel.cost[:, None, columns[at]]
    strongest = at == alone.argmax(axis=2)[..., None]
    by_group = np.sum(np.where(strongest, change, 0.0), axis=2) / alone.max(axis=2)
    return float(10 / np.log(10) * np.sum(by_group * share.sum(axis=2)))


@dataclass(frozen=True)
class _Follow:
    """How the weights follow a change of H."""

    channel: ChannelSystem
    weights: Weights
    H: Complex
    K: Complex
    by_beta: Complex  # (F, n) ∂w/∂β
    effort_by_beta: Real  # (F,) ∂ ln e/∂β; 0 where effort does not bind

    @classmethod
    def of(cls, channel: ChannelSystem, weights: Weights) -> _Follow:
        columns, w = weights.columns, weights.w
        gram = channel.gram[:, columns[:, None], columns]
        K = np.linalg.inv(gram + weights.beta[:, None, None] * np.eye(len(columns)))
        H = channel.H[:, :, columns]
        by_beta = -(K @ w[:, :, None])[:, :, 0]
        largest = np.linalg.eigvalsh(gram)[:, -1]
        binds = np.isfinite(channel.max_effort) & (weights.beta > 2 * LEAST_BETA * largest)
        follow = cls(channel, weights, H, K, by_beta, np.zeros(len(w)))
        slope = follow._effort_change(by_beta, np.zeros(H.shape[:2], dtype=complex))
        return cls(channel, weights, H, K, by_beta, np.where(binds, slope, 0.0))

    def _effort_change(self, dw: Complex, dp: Complex) -> Real:
        """δ ln(w^H P⁻¹ w/|p|²) (F,) of δw and of what else δp changes."""
        w, b = self.weights.w, self.channel.bright_points
        cost = self.channel.cost[:, self.weights.columns]
        p = (self.H[:, :b] @ w[:, :, None])[:, :, 0]
        change = (self.H[:, :b] @ dw[:, :, None])[:, :, 0] + dp[:, :b]
        spent = np.sum(np.abs(w) ** 2 / cost, axis=1)
        by_w = 2 * np.sum((w.conj() * dw).real / cost, axis=1) / spent
        return np.asarray(by_w - 2 * np.sum((p.conj() * change).real, axis=1) / np.sum(np.abs(p) ** 2, axis=1))

    def change(self, slope: Slope, at: Index) -> Complex:
        """δw (F, n) by (1)."""
        channel, w, H = self.channel, self.weights.w, self.H
        p = (H @ w[:, :, None])[:, :, 0]
        dp = (slope.H @ w[:, at, None])[:, :, 0]
        right = -np.einsum("fmn,fm->fn", H.conj(), dp)
        right[:, at] += np.einsum("fmc,fm->fc", slope.H.conj(), channel.d - p)
        alone = 2 * np.sum((H[:, :, at].conj() * slope.H).real, axis=1)
        right[:, at] -= channel.spread[:, None] * alone * w[:, at]
        dw = (self.K @ right[:, :, None])[:, :, 0]
        if not self.effort_by_beta.any():
            return np.asarray(dw)
        change = self._effort_change(dw, dp) + self._single_change(slope, at)
        by = self.effort_by_beta
        beta = np.where(by != 0, -change / np.where(by != 0, by, 1.0), 0.0)
        return np.asarray(dw + beta[:, None] * self.by_beta)

    def _single_change(self, slope: Slope, at: Index) -> Real:
        """δ ln s (F,): only where the strongest driver is one that moves."""
        level = self.channel.level[:, self.weights.columns]
        b, cost = self.channel.bright_points, self.channel.cost[:, self.weights.columns[at]]
        change = 2 * np.sum((self.H[:, :b, at].conj() * slope.H[:, :b]).real, axis=1) * cost
        strongest = at[None, :] == level.argmax(axis=1)[:, None]
        return np.asarray(np.sum(np.where(strongest, change, 0.0), axis=1) / level.max(axis=1))


def soft_least(values: Real, gradients: Real) -> tuple[float, Real]:
    """Soft least of channels' values (C,), and its slopes of theirs (C, Q)."""
    least = values.min()
    shares = np.exp(-(values - least) / SOFT_DB)
    return float(least - SOFT_DB * np.log(shares.mean())), np.asarray(shares @ gradients / shares.sum())
