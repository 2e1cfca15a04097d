"""Model of a bank's C in numpy: its integers bit for bit, its floats without rounding but that of the stored numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.arrays import Real
from designer.export.bank_plan import FADE, ONE_BITS, PHASE_BITS, BankPlan, BankRoute
from designer.export.c_plan import SUM_BITS
from designer.realization.words import scale

WHOLE_SHARE = 1 << ONE_BITS


@dataclass(frozen=True)
class BankModel:
    """Numbers that the loops compute."""

    plan: BankPlan

    def corners(self, values: Sequence[float]) -> list[tuple[int, int]]:
        """Numbers of the sets around values of the keys, and their shares of WHOLE_SHARE."""
        axes = self.plan.filters.bank.axes
        cells = [_cell(axis.values, value) for axis, value in zip(axes, values, strict=True)]
        if len(cells) == 1:
            ((below, share),) = cells
            return [(below, WHOLE_SHARE - share), (below + 1, share)]
        (first, u), (second, v) = cells
        count, both = axes[1].values.size, u * v >> ONE_BITS
        start = first * count + second
        shares = (WHOLE_SHARE + both - u - v, v - both, u - both, both)
        return list(zip((start, start + 1, start + count, start + count + 1), shares, strict=True))

    def filter(self, route: BankRoute, values: Sequence[float]) -> tuple[int, NDArray[Any]]:
        """Whole delay and taps of the filter of one route that is played at values of the keys."""
        plan, fixed = self.plan, self.plan.word.word is not None
        corners = [(place, share) for place, share in self.corners(values) if share]
        late = (sum(share * int(route.delays[place]) for place, share in corners) + WHOLE_SHARE // 2) >> ONE_BITS
        inside, rest_bits = late & ((1 << plan.delay_bits) - 1), plan.delay_bits - PHASE_BITS
        row, between = inside >> rest_bits, inside & ((1 << rest_bits) - 1)
        below, above = plan.sinc[row : row + 2]
        sums = sum(share * route.values[place].astype(np.int64 if fixed else float) for place, share in corners)
        whole = route.wait + (late >> plan.delay_bits)
        if not fixed:
            part = below + between / 2.0**rest_bits * (above.astype(float) - below)
            return whole, np.convolve(np.asarray(sums) / WHOLE_SHARE, part)
        taps = (np.asarray(sums) + WHOLE_SHARE // 2) >> ONE_BITS
        part = below + ((above - below) * between >> rest_bits)
        lower = ONE_BITS + route.played_shift - route.shift
        return whole, (np.convolve(taps, part) + (1 << (lower - 1))) >> lower

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
                out[route.driver, start - wait : start - wait + taps.size] = taps * step
        return out

    def feeds(self, inputs: NDArray[Any], values: Real) -> NDArray[Any]:
        """Feeds (L, N) of inputs (C, N), samples of the word or floats, whose n-th FADE samples end with the filters at `values[n]`."""
        plan, word = self.plan, self.plan.word.word
        kind = float if word is None else np.int64
        sums = np.zeros((2, len(plan.filters.drivers), inputs.shape[1]), dtype=kind)
        for n, (before, now) in enumerate(zip([values[0], *values[:-1]], values, strict=True)):
            start, stop = n * FADE, min((n + 1) * FADE, inputs.shape[1])
            for slot, place in enumerate((before, now)):
                for route in plan.routes:
                    whole, taps = self.filter(route, place)
                    first = start - whole - taps.size + 1
                    x = inputs[route.channel, max(first, 0) : max(stop - whole, 0)].astype(kind)
                    x = np.concatenate([np.zeros(stop - whole - first - x.size, dtype=kind), x])
                    y = np.convolve(x, taps)[taps.size - 1 : taps.size - 1 + stop - start]
                    sums[slot, route.driver, start:stop] += y if word is None else self._output(y, route)
        index = np.arange(inputs.shape[1]) % FADE
        if word is None:
            return np.asarray(sums[0] + index / FADE * (sums[1] - sums[0]))
        mixed = sums[0] + ((sums[1] - sums[0]) * index >> (FADE.bit_length() - 1))
        cut = SUM_BITS - word.fraction_bits
        return np.asarray(np.clip((mixed + (1 << (cut - 1))) >> cut, word.least, word.greatest))

    def _output(self, sums: NDArray[np.int64], route: BankRoute) -> NDArray[np.int64]:
        """Part of a driver's sum that a sum of products makes."""
        shift, fixed = sum_shift(self.plan, route), self.plan.word.fixed
        if self.plan.library:
            sums = np.clip(sums >> fixed.fraction_bits, fixed.least, fixed.greatest)
        return np.asarray(sums << shift if shift >= 0 else sums >> -shift)


def sum_shift(plan: BankPlan, route: BankRoute) -> int:
    """From the point of a sum of products, of CMSIS-DSP's output, to that of a driver's sum."""
    return SUM_BITS - (1 if plan.library else 2) * plan.word.fixed.fraction_bits + route.played_shift


def _cell(values: Real, value: float) -> tuple[int, int]:
    """Number of the set below a value in single precision, and the share of the set above."""
    if values.size == 1:
        return 0, 0
    place = float(np.float32(value))
    below = int(np.clip(np.searchsorted(values, place, side="right") - 1, 0, values.size - 2))
    inside = float((place - values[below]) / (values[below + 1] - values[below]))
    return below, int(min(max(inside, 0.0), 1.0) * WHOLE_SHARE + 0.5)
