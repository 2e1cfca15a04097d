"""All exchanges of one unit at once, by block updates of the inverse: what a layout would be worth, at the same regularisation.

With K = (G_SS + β I)⁻¹ at hand, leaving out the columns u of S and taking in the columns v costs no further solution:

    K_RR' = K_RR - K_Ru K_uu⁻¹ K_uR,   w_R' = w_R - K_Ru K_uu⁻¹ w_u                    R = S without u            (1)
    Δ_v = (G_vv + β I - g^H K' g)⁻¹ (b_v - g^H w_R'),   w_R'' = w_R' - K' g Δ_v        g = G_Rv                   (2)

(the inverse of a partitioned matrix). At the points that are judged, with J their rows, the pressure is J_R w_R' + (J_v - J_R K' g) Δ_v:
one product for all v. Drawn devices are replaced by their mean, ε² Σ_l mean|J_l|² |w_l|² more power.

Where effort exceeds the limit, β would rise. Its far end needs no inverse, w ∝ b_S for β → ∞, and the gain is taken at the limit on the
straight line in dB between the two ends. (A dB of gain for a dB of effort instead puts layouts last that need another β than the one at
hand: on a sphere some that are 20 dB better.) So this ranks exchanges; it does not value them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.arrays import Complex, Index, Real
from designer.measures import FLOOR, db, squared
from designer.placement.layouts import Weights, over_band
from designer.placement.system import ChannelSystem


def inverse_of(channel: ChannelSystem, weights: Weights) -> Complex:
    """K (F, n, n) of a layout."""
    columns = weights.columns
    regularised = channel.gram[:, columns[:, None], columns] + weights.beta[:, None, None] * np.eye(len(columns))
    return np.asarray(np.linalg.inv(regularised))


def without(K: Complex, w: Complex, left_out: Index) -> tuple[Complex, Complex]:
    """K (F, n, n) and w (F, n) without some of the columns, by (1)."""
    stay = np.setdiff1d(np.arange(K.shape[1]), left_out)
    if not len(left_out):
        return K, w
    share = K[:, stay[:, None], left_out] @ np.linalg.inv(K[:, left_out[:, None], left_out])
    reduced = K[:, stay[:, None], stay] - share @ K[:, left_out[:, None], stay]
    return np.asarray(reduced), np.asarray(w[:, stay] - (share @ w[:, left_out, None])[:, :, 0])


def with_units(
    channel: ChannelSystem, K: Complex, w: Complex, columns: Index, beta: Real, units: Index
) -> tuple[Complex, Complex]:
    """Weights with a unit more, by (2): Δ (F, V, c) of the unit's columns, and K' g (F, n, V, c), what they take from the others.

    Parameters
    ----------
    K, w : (F, n, n), (F, n) complex array, of the columns that stay
    columns : (n,) int array
    units : (V, c) int array, columns of the units, which have the same size

    """
    count, size = units.shape
    g = channel.gram[:, columns[:, None], units.ravel()]
    Kg = (K @ g).reshape(*g.shape[:2], count, size)
    g = g.reshape(Kg.shape)
    schur = channel.gram[:, units[:, :, None], units[:, None, :]] + beta[:, None, None, None] * np.eye(size)
    schur = schur - np.einsum("fnva,fnvb->fvab", g.conj(), Kg, optimize=True)
    residual = channel.projected[:, units] - np.einsum("fnva,fn->fva", g.conj(), w, optimize=True)
    return np.linalg.solve(schur, residual[..., None])[..., 0], Kg


def exchange_scores(
    channel: ChannelSystem, weights: Weights, K: Complex, left_out: Sequence[int], units: Index, percentile: float
) -> Real:
    """Approximate percentile in dB (V,) of the layout in which each unit (V, c) takes the place of the columns that are left out.

    Parameters
    ----------
    left_out : sequence of int, columns of the layout
    units : (V, c) int array

    """
    gone = np.flatnonzero(np.isin(weights.columns, left_out))
    K, w = without(K, weights.w, gone)
    columns = np.delete(weights.columns, gone)
    shares, Kg = with_units(channel, K, w, columns, weights.beta, units)
    others = w[:, :, None] - np.einsum("fnvc,fvc->fnv", Kg, shares, optimize=True)  # (F, n, V)
    gain_db, effort_db = _gain_and_effort_db(channel, columns, others, units, shares)
    if np.isfinite(channel.max_effort):
        b = channel.projected
        end_db, end_effort_db = _gain_and_effort_db(channel, columns, b[:, columns, None], units, b[:, units])
        excess_db = np.maximum(effort_db - 10 * np.log10(channel.max_effort), 0.0)
        falls = effort_db > end_effort_db
        along = np.clip(excess_db / np.where(falls, effort_db - end_effort_db, 1.0), 0.0, 1.0)
        along = np.where(falls, along, excess_db > 0)
        gain_db += along[:, None] * (end_db - gain_db)
    return np.asarray(np.percentile(over_band(channel, gain_db), percentile, axis=(0, 1)))


def _gain_and_effort_db(
    channel: ChannelSystem, columns: Index, others: Complex, units: Index, shares: Complex
) -> tuple[Real, Real]:
    """Gain (F, G, V) and effort (F, V) in dB of weights (F, n, V or 1) of columns and (F, V, c) of a unit more."""
    added = squared(shares)
    powers = []
    for judged, alone in zip((channel.judged_bright, channel.judged_dark), channel.judged_power, strict=True):
        flat = judged.reshape(len(judged), -1, judged.shape[-1])
        power = squared(_pressure(flat, columns, others, units, shares))
        power = power.reshape(*judged.shape[:3], -1).sum(axis=2)
        spread = alone[:, columns, None] * squared(others)
        spread = spread.sum(axis=1) + np.sum(alone[:, units] * added, axis=2)
        powers.append(power + channel.spread[:, None, None] * spread[:, None])
    gain_db = db(powers[0] / np.maximum(powers[1], FLOOR))
    if channel.by_strongest:
        alone = channel.judged_power[0] * channel.cost
        gain_db -= db(np.maximum(alone[:, units].max(axis=2), alone[:, columns].max(axis=1, initial=0.0)[:, None]))[
            :, None
        ]
    spent = np.sum(squared(others) / channel.cost[:, columns, None], axis=1) + np.sum(
        added / channel.cost[:, units], axis=2
    )
    reached = _pressure(channel.H[:, : channel.bright_points], columns, others, units, shares)
    single = np.maximum(
        channel.level[:, units].max(axis=2), channel.level[:, columns].max(axis=1, initial=0.0)[:, None]
    )
    return gain_db, db(spent * single / np.maximum(squared(reached).sum(axis=1), FLOOR))


def _pressure(rows: Complex, columns: Index, others: Complex, units: Index, shares: Complex) -> Complex:
    """Pressure (F, M, V) at rows (F, M, N)."""
    added = sum(rows[:, :, units[:, c]] * shares[:, None, :, c] for c in range(units.shape[1]))
    return np.asarray(rows[:, :, columns] @ others + added)
