"""Model of a bank of sections in C in numpy: its loops without rounding but that of the stored numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.arrays import Real
from designer.bank.section_bank import impulse_responses
from designer.export.bank_model import WHOLE_SHARE, BankModel
from designer.export.bank_plan import FADE, ONE_BITS, PHASE_BITS, BankPlan
from designer.export.section_plan import SectionPlan, SectionRoute
from designer.realization.cascade import pole_radii, settled_length


@dataclass(frozen=True)
class SectionModel(BankModel):
    """Numbers that the loops compute."""

    plan: SectionPlan

    def coefficients(self, route: SectionRoute, values: Sequence[float]) -> tuple[int, Real, Real]:
        """Whole delay, delay filter and numerators of a route at values of the keys."""
        plan = self.plan
        corners = [(place, share) for place, share in self.corners(values) if share]
        late = (sum(share * int(route.delays[place]) for place, share in corners) + WHOLE_SHARE // 2) >> ONE_BITS
        inside, rest_bits = late & ((1 << plan.delay_bits) - 1), plan.delay_bits - PHASE_BITS
        row, between = inside >> rest_bits, inside & ((1 << rest_bits) - 1)
        below, above = plan.sinc[row : row + 2].astype(float)
        numerators = sum(share / WHOLE_SHARE * route.values[place].astype(float) for place, share in corners)
        part = below + between / 2.0**rest_bits * (above - below)
        return route.wait + (late >> plan.delay_bits), part, np.asarray(numerators)

    def at(self, channel: str, values: Sequence[float]) -> Real:
        """Filters (L, T) of a channel as they run at values of the keys, without what the channel waits."""
        filters = self.plan.filters
        index, wait = filters.channels.index(channel), filters.delays.get(channel, 0)
        out = np.zeros((len(filters.drivers), filters.bank.length + 1))
        for route in self.plan.routes:
            if route.channel == index:
                start, part, numerators = self.coefficients(route, values)
                count = settled_length(float(pole_radii(route.denominators).max(initial=0.0)))
                taps = np.convolve(impulse_responses(numerators[None], route.denominators[None], count)[0], part)
                room = out.shape[1] - (start - wait)
                out[route.driver, start - wait : start - wait + taps.size] = taps[:room]
        return out

    def feeds(self, inputs: NDArray[Any], values: Real) -> NDArray[Any]:
        """Feeds (L, N) of inputs (C, N), whose n-th FADE samples end with the filters at `values[n]`."""
        from scipy.signal import lfilter  # slow to import

        count = inputs.shape[1]
        out = np.zeros((len(self.plan.filters.drivers), count))
        steps = list(zip([values[0], *values[:-1]], values, strict=True))
        share = np.arange(count) % FADE / FADE
        for route in self.plan.routes:
            x, u = inputs[route.channel].astype(float), np.zeros((2, count))
            numerators = np.zeros((2, route.taps, count))
            for n, places in enumerate(steps):
                block = slice(n * FADE, min((n + 1) * FADE, count))
                for slot, place in enumerate(places):
                    whole, part, weights = self.coefficients(route, place)
                    late = np.convolve(np.concatenate([np.zeros(whole), x])[:count], part)[:count]
                    u[slot, block], numerators[slot, :, block] = late[block], weights[:, None]
            delayed = (1 - share) * u[0] + share * u[1]
            mixed = (1 - share) * numerators[0] + share * numerators[1]
            out[route.driver] += mixed[0] * delayed
            for s, a in enumerate(route.denominators):
                w = lfilter([1.0], [1.0, *a], delayed)
                out[route.driver] += mixed[1 + 2 * s] * w
                out[route.driver, 1:] += mixed[2 + 2 * s, 1:] * w[:-1]
        return out


def model_of(plan: BankPlan) -> BankModel:
    """The model of a plan of taps or of sections."""
    return SectionModel(plan) if isinstance(plan, SectionPlan) else BankModel(plan)
