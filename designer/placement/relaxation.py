"""Layouts by group lasso: the price of a driver falls until as many units as are wanted have weights."""

from __future__ import annotations

import itertools

import numpy as np

from designer.arrays import Complex
from designer.formulations import group_lasso
from designer.placement.exchange import Space
from designer.placement.layouts import Judge, Layout, weights_of

FALL = 0.75
"""Ratio of two prices."""
PRICES = 24
PATH_GAP = 1e-2
"""Gap of the weights along the path, relative: their order is wanted, no more."""


def rows_of(judge: Judge, layout: Layout) -> tuple[Complex, Complex]:
    """H (T, M, N) and d (T, M) of all channels and frequencies, at the regularisation that a layout asks for."""
    parts = []
    for channel in judge.system.channels:
        beta = weights_of(channel, judge.columns(layout)).beta
        alone = channel.spread[:, None] * np.sum(np.abs(channel.H) ** 2, axis=1) + beta[:, None]
        rows = np.concatenate([channel.H, np.sqrt(alone)[:, :, None] * np.eye(channel.H.shape[2])], axis=1)
        parts.append((rows, np.concatenate([channel.d, np.zeros(alone.shape)], axis=1)))
    tall = max(rows.shape[1] for rows, _ in parts)
    H = np.concatenate([np.pad(rows, ((0, 0), (0, tall - rows.shape[1]), (0, 0))) for rows, _ in parts])
    return H, np.concatenate([np.pad(d, ((0, 0), (0, tall - d.shape[1]))) for _, d in parts])


def relaxed(judge: Judge, space: Space, layout: Layout) -> Layout | None:
    """The first layout along the path of prices, at the regularisation of another layout; None where no price has one.

    Units that have weights are taken by the size of these, as far as they do not exclude each other. Fixed drivers have a
    price too: they are there whatever it is.
    """
    fixed = judge.system.fixed
    H, d = rows_of(judge, layout)
    usable = [int(unit) for unit in np.flatnonzero(space.usable)]
    columns = np.concatenate([np.arange(fixed), *(fixed + np.array(judge.units[u]) for u in usable)]).astype(int)
    H = H[:, :, columns]
    ends = fixed + np.cumsum([0, *(len(judge.units[u]) for u in usable)])
    units = [[n] for n in range(fixed)] + [list(range(a, b)) for a, b in itertools.pairwise(ends)]
    price = group_lasso.largest_price(H, d, units)
    weights = None
    for _ in range(PRICES):
        price *= FALL
        weights = group_lasso.solve(H, d, units, price, weights, gap=PATH_GAP).weights
        size = np.array([np.linalg.norm(weights[:, unit]) / np.sqrt(len(unit)) for unit in units[fixed:]])
        order = [usable[n] for n in np.argsort(-size, kind="stable")[: int((size > 0).sum())]]
        layouts = [candidate for n in space.compositions if (candidate := space.filled(order, n)) is not None]
        if layouts:
            return max(layouts, key=judge)
    return None
