"""One channel's least-squares problem, and the ways to solve it that the problem file offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.arrays import Complex, Real
from designer.problem.schema import Realization
from designer.realization.bulk_delay import least_delay
from designer.realization.exact_responses import exact_rows, solve_exactly, wanted_values
from designer.realization.held_wishes import Held, hold
from designer.realization.time_penalty import time_penalty
from designer.realization.toeplitz_fit import ROUGH_TOLERANCE, NormalEquations, delayed, error_power, fit

SAID_DB = 0.05
"""An excess of a held wish from which on it is reported."""


@dataclass(frozen=True)
class Fitted:
    """Weights to follow and how an error of them is heard, on the frequencies of the fit; columns are the drivers fitted."""

    frequency_hz: Real  # (K,)
    wanted: Complex  # W (K, L) without the bulk delay
    symbol: Complex  # C (K, L, L)
    wishes: tuple[Held, ...] = ()

    def largest_error(self, taps: int, delay: int) -> float:
        """The largest error at the points, as C weighs it, of the plain fit with a bulk delay."""
        if not self.wanted.shape[1]:  # the reference alone
            return 0.0
        found = fit(self.wanted, self.symbol, taps, delay, tolerance=ROUGH_TOLERANCE)
        return float(error_power(found, self.wanted, self.symbol, delay).max())

    def taps(self, taps: int, delay: int, table: Realization) -> Real:
        """The taps (L, T), as the problem file's [realization] wants them."""
        if not self.wanted.shape[1]:  # the reference alone
            return np.zeros((0, taps))
        penalty = time_penalty(taps, delay, pre_ringing=table.pre_ringing_weight, tail=table.tail_weight)
        if self.wishes and table.hold_wishes:
            return hold(self.wishes, self.wanted, self.symbol, taps, delay, penalty)
        exact_hz = ([0.0] if table.zero_at_dc else []) + list(table.exact_at_hz)
        if not exact_hz:
            return fit(self.wanted, self.symbol, taps, delay, penalty)
        equations = NormalEquations(self.symbol, taps, penalty)
        goal = delayed(self.wanted, delay)
        rate = 2 * float(self.frequency_hz[-1])
        rows, meaning = exact_rows(taps, exact_hz, rate)
        values = self._at(np.array(exact_hz)) * np.exp(-2j * np.pi * delay / rate * np.array(exact_hz))[:, None]
        if table.zero_at_dc:
            values[0] = 0.0
        return solve_exactly(
            equations, equations.right_side(goal), rows, wanted_values(values, meaning), equations.cut(goal)
        )

    def left_over(self, taps: Real, delay: int) -> list[str]:
        """In words, what taps that were to hold the wishes still lose of them on the frequencies of the fit."""
        w = delayed(np.fft.rfft(taps, 2 * (len(self.wanted) - 1), axis=1).T, -delay)
        excess = {wish.label: wish.excess_db(w) for wish in self.wishes}
        return [
            f"hold_wishes leaves {wish} exceeded by {missing:.2f} dB; more [realization] taps bring it back"
            for wish, missing in excess.items()
            if missing > SAID_DB
        ]

    def _at(self, frequency_hz: Real) -> Complex:
        """The wanted weights between the frequencies of the fit, which is dense enough for straight lines."""
        parts = [
            np.interp(frequency_hz, self.frequency_hz, column.real)
            + 1j * np.interp(frequency_hz, self.frequency_hz, column.imag)
            for column in self.wanted.T
        ]
        return np.stack(parts, axis=1)


def common_delay(problems: Sequence[Fitted], taps: int, table: Realization) -> int:
    """The bulk delay in samples that all channels share: given, half the taps, or the least that keeps every channel's result."""
    if isinstance(table.bulk_delay_samples, int):
        return table.bulk_delay_samples
    if table.bulk_delay_samples is None:
        return taps // 2
    return max(least_delay(lambda delay, one=one: one.largest_error(taps, delay), taps) for one in problems)  # type: ignore[misc] # a default binds the loop's variable
