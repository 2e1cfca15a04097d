"""Greedy layouts, improved by exchanges; layouts by group lasso; and all layouts, where these are few.

Greedy: units are added one at a time, each the best by `block_updates`. Exchange: of all layouts in which one unit is replaced by another
of its size, those that rank highest are valued, and the best of them is the next layout if it is better; the search ends where none is. It
begins at several layouts and never ends below the best of them. Every value counts as an evaluation; ranking does not.

Group lasso: the price of a driver falls until as many units as are wanted have weights.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from designer.arrays import Bool, Complex, Index, Real
from designer.formulations import group_lasso
from designer.placement.block_updates import exchange_scores, inverse_of
from designer.placement.candidates import Candidates
from designer.placement.layouts import Judge, Layout, Weights, weights_of
from designer.placement.system import ChannelSystem

FEW_LAYOUTS = 60
"""So many are all valued."""
SHARE, LEAST_EVALUATIONS, MOST_EVALUATIONS = 0.05, 9, 400
"""Share of all layouts that an exchange may value, and its bounds."""
COUNTED = 20_000
"""So many layouts are counted one by one."""
TRIES, PATIENCE = 3, 9
"""Layouts of a round that are valued at once, and how many in vain until the search ends."""
FIRST_BETA = 1e-2
"""Regularisation of the first unit, relative to the largest power of a candidate."""
MOST_MIDDLE = 4
"""Units in the middle that a symmetric layout has at most, beside those that an odd number asks for."""
FALL = 0.75
"""Ratio of two prices."""
PRICES = 24
PATH_GAP = 1e-2
"""Gap of the weights along the path, relative: their order is wanted, no more."""


@dataclass(frozen=True)
class Space:
    """Layouts that are searched: so many drivers, of some of the units."""

    candidates: Candidates
    count: int
    usable: Bool  # (U,)

    def free(self, layout: Sequence[int]) -> Bool:
        """Units that are usable and that nothing in the layout excludes (U,)."""
        excluded = self.candidates.excludes[list(layout)].any(axis=0) if len(layout) else False
        return np.asarray(self.usable & ~np.asarray(excluded))

    @property
    def compositions(self) -> list[int]:
        """Numbers of units in the middle (of one driver) that a layout of pairs and these may have."""
        sizes = self.candidates.sizes[self.usable]
        singles, pairs = int((sizes == 1).sum()), int((sizes == 2).sum())
        if not pairs:
            return [self.count] if singles >= self.count else []
        return [
            n
            for n in range(self.count % 2, min(singles, self.count, MOST_MIDDLE) + 1, 2)
            if (self.count - n) // 2 <= pairs
        ]

    @property
    def most_layouts(self) -> int:
        """How many layouts there are if no unit excludes another."""
        sizes = self.candidates.sizes[self.usable]
        singles, pairs = int((sizes == 1).sum()), int((sizes == 2).sum())
        return sum(math.comb(singles, n) * math.comb(pairs, (self.count - n) // 2) for n in self.compositions)

    @property
    def number_of_layouts(self) -> int:
        """How many there are; of very many the bound."""
        return sum(1 for _ in self.layouts()) if self.most_layouts <= COUNTED else self.most_layouts

    def layouts(self) -> Iterator[Layout]:
        """Every layout, none twice."""
        sizes = self.candidates.sizes
        for middle in self.compositions:
            yield from self._grown((), {1: middle, 2: (self.count - middle) // 2}, np.flatnonzero(self.usable), sizes)

    def _grown(self, layout: Layout, missing: dict[int, int], units: Index, sizes: Index) -> Iterator[Layout]:
        if not any(missing.values()):
            yield layout
            return
        for n, unit in enumerate(units):
            size = int(sizes[unit])
            if missing[size]:
                later = units[n + 1 :]
                later = later[~self.candidates.excludes[unit, later]]
                yield from self._grown((*layout, int(unit)), {**missing, size: missing[size] - 1}, later, sizes)

    def filled(self, order: Sequence[int], middle: int) -> Layout | None:
        """The first units of an order that make a layout with so many in the middle; None where they do not."""
        missing = {1: middle, 2: (self.count - middle) // 2}
        layout: list[int] = []
        for unit in order:
            if missing[int(self.candidates.sizes[unit])] and self.free(layout)[unit]:
                layout.append(int(unit))
                missing[int(self.candidates.sizes[unit])] -= 1
        return None if any(missing.values()) else tuple(sorted(layout))


def exhaustive(judge: Judge, space: Space) -> Layout | None:
    """The best of all layouts; None where there is none."""
    return max(space.layouts(), key=judge, default=None)


def even(space: Space) -> Layout | None:
    """Units nearest to equal steps from one end of the bounds to the other; None where they exclude each other."""
    if space.candidates.table.on != "bar" or not space.compositions:
        return None
    half_m = space.candidates.half_width_m()
    widest = half_m[space.usable].max()
    layout: list[int] = []
    steps = np.linspace(0.0, 1.0, space.count) * 2 - 1
    for place in steps[steps > -1e-9] * widest:
        size = 1 if abs(place) < 1e-9 else 2
        near = np.abs(half_m - place) + np.where(space.free(layout) & (space.candidates.sizes == size), 0.0, np.inf)
        if not np.isfinite(near.min()):
            return None
        layout.append(int(near.argmin()))
    sizes = space.candidates.sizes[layout]
    return tuple(sorted(layout)) if sizes.sum() == space.count else None


def greedy(judge: Judge, space: Space, middle: int) -> Layout | None:
    """A unit at a time, the best by rank of those that leave room for the others; None where the units left do not fit."""
    missing = {1: middle, 2: (space.count - middle) // 2}
    layout: list[int] = []
    outermost: list[int] = np.argsort(-space.candidates.half_width_m(), kind="stable").tolist()
    while any(missing.values()):
        fits = space.free(layout) & (np.vectorize(lambda size: missing[int(size)] > 0)(space.candidates.sizes))
        units = np.flatnonzero(fits)
        if not units.size:
            return None
        states = _states(judge, layout)
        scores = np.concatenate(
            [_scores(judge, states, (), units[space.candidates.sizes[units] == size]) for size in (1, 2)]
        )
        units = np.concatenate([units[space.candidates.sizes[units] == size] for size in (1, 2)])
        ranked = (int(unit) for unit in units[np.argsort(-scores, kind="stable")])
        fitting = next((unit for unit in ranked if space.filled([*layout, unit, *outermost], middle) is not None), None)
        if fitting is None:
            return None
        layout.append(fitting)
        missing[int(space.candidates.sizes[fitting])] -= 1
    return tuple(sorted(layout))


def exchange(judge: Judge, space: Space, start: Layout, most: int) -> Layout:
    """The layout that exchanges reach from another one, while the judge has valued fewer than `most`."""
    best, value, vain = start, judge(start), 0
    ranked = neighbours(judge, space, best)
    while judge.evaluations < most and vain < PATIENCE:
        tried = [layout for layout in ranked if layout not in judge.values][: min(TRIES, most - judge.evaluations)]
        if not tried:
            break
        better = max(tried, key=judge)
        vain += len(tried)
        if judge(better) > value:
            best, value, vain = better, judge(better), 0
            ranked = neighbours(judge, space, best)
    return best


def neighbours(judge: Judge, space: Space, layout: Layout) -> list[Layout]:
    """Layouts that differ in one unit from a layout, by rank."""
    states = _states(judge, layout)
    layouts: list[Layout] = []
    scores: list[Real] = [np.zeros(0)]
    for unit, others, units in _exchanges(space, layout):
        layouts += [tuple(sorted((*others, int(other)))) for other in units]
        scores.append(_scores(judge, states, judge.units[unit], units))
    return [layouts[n] for n in np.argsort(-np.concatenate(scores), kind="stable")]


def nearest(space: Space, layout: Layout) -> list[Layout]:
    """Layouts that differ in one unit from a layout, the one whose unit moves least first."""
    places_m = space.candidates.places_m[[places[0] for places in space.candidates.units]]
    layouts: list[Layout] = []
    moves_m: list[Real] = [np.zeros(0)]
    for unit, others, units in _exchanges(space, layout):
        layouts += [tuple(sorted((*others, int(other)))) for other in units]
        moves_m.append(np.linalg.norm(places_m[units] - places_m[unit], axis=1))
    return [layouts[n] for n in np.argsort(np.concatenate(moves_m), kind="stable")]


def _exchanges(space: Space, layout: Layout) -> Iterator[tuple[int, Layout, Index]]:
    """Each unit of a layout, the others, and the units that may take its place."""
    sizes = space.candidates.sizes
    for unit in layout:
        others = tuple(other for other in layout if other != unit)
        units = np.flatnonzero(space.free(others) & (sizes == sizes[unit]))
        yield unit, others, units[units != unit]


def search(judge: Judge, space: Space, more: Sequence[Layout] = ()) -> Layout | None:
    """The best layout: of all where they are few, else by exchanges from greedy layouts, even steps and `more`; None without any."""
    if space.most_layouts <= FEW_LAYOUTS:
        return exhaustive(judge, space)
    begun = [greedy(judge, space, middle) for middle in space.compositions] + [even(space)]
    outermost: list[int] = np.argsort(-space.candidates.half_width_m(), kind="stable").tolist()
    layouts = list(dict.fromkeys([*(layout for layout in begun if layout is not None), *more]))
    if not layouts:
        layouts = [layout for n in space.compositions if (layout := space.filled(outermost, n)) is not None]
    if not layouts:
        return next(space.layouts(), None)
    budget = int(np.clip(SHARE * space.number_of_layouts, LEAST_EVALUATIONS, MOST_EVALUATIONS))
    starts = sorted(layouts, key=judge, reverse=True)
    most = judge.evaluations - len(layouts) + budget
    ends = []
    for n, start in enumerate(starts):
        share = -(-max(most - judge.evaluations, 0) // (len(starts) - n))
        ends.append(exchange(judge, space, start, judge.evaluations + share))
    best = max(ends, key=judge)
    return max([exchange(judge, space, best, most), *ends], key=judge)


def _states(judge: Judge, layout: Sequence[int]) -> list[tuple[ChannelSystem, Weights]]:
    """Weights of a layout in each channel; of none at the regularisation of a single candidate."""
    columns = judge.columns(layout)
    states = []
    for channel in judge.system.channels:
        if columns.size:
            states.append((channel, weights_of(channel, columns)))
        else:
            beta = FIRST_BETA * np.einsum("fnn->fn", channel.gram).real.max(axis=1)
            states.append(
                (
                    channel,
                    Weights(columns.astype(int), beta, np.zeros((len(beta), 0), dtype=complex), np.zeros(len(beta))),
                )
            )
    return states


def _scores(
    judge: Judge, states: Sequence[tuple[ChannelSystem, Weights]], left_out: Sequence[int], units: Index
) -> Real:
    """Rank of each unit (V,) of one size in the place of a unit: of the channel that is worst."""
    if not len(units):
        return np.zeros(0)
    fixed = judge.system.fixed
    columns = fixed + np.array([judge.units[unit] for unit in units])
    gone = [fixed + place for place in left_out]
    scores = [
        exchange_scores(channel, weights, inverse_of(channel, weights), gone, columns, judge.system.percentile)
        for channel, weights in states
    ]
    return np.asarray(np.min(scores, axis=0))


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
