"""Model of a bank's C in numpy: filters of integers bit for bit, those of floats without rounding but that of the stored numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.arrays import Real
from designer.bank.section_bank import impulse_responses
from designer.export.bank_plan import ONE_BITS, PHASE_BITS, BankPlan, BankRoute
from designer.realization.cascade import pole_radii, settled_length
from designer.realization.words import scale

WHOLE_SHARE = 1 << ONE_BITS


@dataclass(frozen=True)
class BankModel:
    """Numbers that the loops compute."""

    plan: BankPlan

    def corners(self, values: Sequence[float]) -> list[tuple[int, int]]:
        """Numbers of the sets around values of the keys, and their shares of WHOLE_SHARE, those without a share left out."""
        axes = self.plan.filters.bank.axes
        cells = [_cell(axis.values, value) for axis, value in zip(axes, values, strict=True)]
        if len(cells) == 1:
            ((below, share),) = cells
            corners = [(below, WHOLE_SHARE - share), (below + 1, share)]
        else:
            (first, u), (second, v) = cells
            count, both = axes[1].values.size, u * v >> ONE_BITS
            start = first * count + second
            shares = (WHOLE_SHARE + both - u - v, v - both, u - both, both)
            corners = list(zip((start, start + 1, start + count, start + count + 1), shares, strict=True))
        return [(place, share) for place, share in corners if share]

    def delay(self, route: BankRoute, corners: Sequence[tuple[int, int]]) -> tuple[int, NDArray[Any]]:
        """Whole delay of a route, and its delay filter."""
        plan = self.plan
        late = (sum(share * int(route.delays[place]) for place, share in corners) + WHOLE_SHARE // 2) >> ONE_BITS
        inside, rest_bits = late & ((1 << plan.delay_bits) - 1), plan.delay_bits - PHASE_BITS
        row, between = inside >> rest_bits, inside & ((1 << rest_bits) - 1)
        below, above = plan.sinc[row : row + 2]
        whole = route.wait + (late >> plan.delay_bits)
        if plan.word.word is None:
            return whole, below + between / 2.0**rest_bits * (above.astype(float) - below)
        return whole, below + ((above - below) * between >> rest_bits)

    def filter(self, route: BankRoute, values: Sequence[float]) -> tuple[int, NDArray[Any]]:
        """Whole delay and taps of the filter of one route that is played at values of the keys."""
        corners, fixed = self.corners(values), self.plan.word.word is not None
        whole, part = self.delay(route, corners)
        sums = sum(share * route.values[place].astype(np.int64 if fixed else float) for place, share in corners)
        if fixed:
            taps = (np.asarray(sums) + WHOLE_SHARE // 2) >> ONE_BITS
            lower = ONE_BITS + route.played_shift - route.shift
            return whole, (np.convolve(taps, part) + (1 << (lower - 1))) >> lower
        mixed = np.asarray(sums) / WHOLE_SHARE
        if route.denominators is not None:
            count = settled_length(float(pole_radii(route.denominators).max(initial=0.0)))
            mixed = impulse_responses(mixed[None], route.denominators[None], count)[0]
        return whole, np.convolve(mixed, part)

    def at(self, channel: str, values: Sequence[float]) -> Real:
        """Filters (L, T) of a channel as they run at values of the keys, without what the channel waits."""
        plan = self.plan
        word, filters = plan.word.word, plan.filters
        index, wait = filters.channels.index(channel), filters.delays.get(channel, 0)
        out = np.zeros((len(filters.drivers), filters.bank.length + 1))  # arm_fir_q15's even number of taps
        for route in plan.routes:
            if route.channel == index:
                start, taps = self.filter(route, values)
                step = 1.0 if word is None else scale(word, route.played_shift)
                taps = taps[: out.shape[1] - (start - wait)]
                out[route.driver, start - wait : start - wait + taps.size] = taps * step
        return out


def _cell(values: Real, value: float) -> tuple[int, int]:
    """Number of the set below a value in single precision, and the share of the set above."""
    if values.size == 1:
        return 0, 0
    place = float(np.float32(value))
    below = int(np.clip(np.searchsorted(values, place, side="right") - 1, 0, values.size - 2))
    inside = float((place - values[below]) / (values[below + 1] - values[below]))
    return below, int(min(max(inside, 0.0), 1.0) * WHOLE_SHARE + 0.5)
