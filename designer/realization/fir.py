"""The FIR form: causal taps for all the drivers of a channel at once, fitted on the responses at the control points.

The wanted weights are taken between the frequencies that were solved, on a grid at least twice as dense as the taps
need; `dense_targets.py` weighs what an error of them does at the points, and `toeplitz_fit.py` finds the taps.

Taps away from the main arrival may have a price, Σ_l,n q[n] x_l[n]²: energy before it is heard as a pre-echo, energy after it as
ringing. With the bulk delay D,

    q[n] = a ((D - n) / D)²  before D,     b ((n - D) / (T - 1 - D))²  after it.

The price rises with the square of the distance, so that a filter's own width near the main arrival stays free. A weight
of 1 prices a tap at the far end as the fit prices an error of the same energy in the plain driver's weight.

Half the taps as bulk delay leaves room on both sides, and its error was the smallest in every design measured. Most filters
need less before their main arrival than after it, and latency costs; so the least delay that keeps the result may be asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.designs.channel import ChannelDesign
from designer.problem.schema import Realization
from designer.realization.dense_targets import (
    audible,
    dense_frequencies_hz,
    dense_targets,
    slacks_between,
    weights_between,
)
from designer.realization.held_requirements import Held, hold, joined, requirements_of
from designer.realization.mended_fit import KEPT_DB, Judge, mended
from designer.realization.realized import Realized, TapsFit
from designer.realization.toeplitz_fit import (
    ROUGH_TOLERANCE,
    NormalEquations,
    delayed,
    error_power,
    exact_rows,
    fit,
    solve_exactly,
)
from designer.requirements.channel_target import driver_index
from designer.workers import cores, threads

REPORTED_EXCESS_DB = 0.05
"""An excess of a held requirement from which on it is reported."""
MAX_EXTRA_ERROR = 0.02
"""How much more error relative to what is left a least delay may cost, as a ratio of powers: -17 dB, 0.1 dB of cancellation."""


def realize(channels: Sequence[ChannelDesign], scene: Scene, taps: int) -> tuple[list[Real], int]:
    """Taps (L, T) of each channel for all the problem's drivers, and the bulk delay in samples, T // 2."""
    realized = realize_fir(channels, scene, Realization(taps=taps))
    return realized.taps, realized.bulk_delay_samples


def realize_fir(
    channels: Sequence[ChannelDesign], scene: Scene, table: Realization, *, quick: bool = False
) -> Realized:
    """Taps of each channel, fitted as the problem file's [realization] says; `quick` leaves the first fit as it is."""
    frequency_hz = dense_frequencies_hz(channels, scene, table.taps)
    index = [driver_index(channel.design, scene.drivers) for channel in channels]
    weights = [
        weights_between(channel, drivers, frequency_hz) for channel, drivers in zip(channels, index, strict=True)
    ]
    symbols = [np.empty((frequency_hz.size, drivers.size, drivers.size), dtype=complex) for drivers in index]
    held: list[list[tuple[slice, list[Held]]]] = [[] for _ in channels]
    for part, targets in dense_targets(channels, scene, frequency_hz):
        for n, (channel, target) in enumerate(zip(channels, targets, strict=True)):
            part_weights = weights[n][part]
            symbols[n][part] = audible(target, part_weights)
            if table.hold_requirements:
                slacks = slacks_between(channel, frequency_hz[part])
                names = [scene.drivers[l] for l in index[n]]
                held[n].append((part, requirements_of(target, part_weights, slacks, drivers=names)))
    problems = [Fitted(frequency_hz, w, C, joined(parts)) for w, C, parts in zip(weights, symbols, held, strict=True)]
    delay = common_delay(problems, table.taps, table)
    judges = [Judge.of(channel, scene, drivers) for channel, drivers in zip(channels, index, strict=True)]
    with threads(max(1, min(cores(), len(channels)))) as pool:
        filters = list(
            pool.map(
                lambda fit, judge: (
                    fit.taps(table.taps, delay, table) if quick else fit.kept_taps(judge, table.taps, delay, table)
                ),
                problems,
                judges,
            )
        )
    out: list[Real] = []
    warnings: list[str] = []
    for channel, drivers, problem, taps in zip(channels, index, problems, filters, strict=True):
        all_drivers = np.zeros((len(scene.drivers), table.taps))
        all_drivers[drivers] = taps
        warnings += [
            f"{channel.design.name}: {loss}" for loss in problem.missed_requirements(all_drivers[drivers], delay)
        ]
        out.append(all_drivers)
    fits = tuple(
        TapsFit(drivers, fitted.weights, fitted.symbol) for drivers, fitted in zip(index, problems, strict=True)
    )
    return Realized(out, delay, warnings=tuple(warnings), fits=fits)


@dataclass(frozen=True)
class Fitted:
    """Weights to follow and how an error of them is heard, on the frequencies of the fit; columns are the drivers fitted."""

    frequency_hz: Real  # (K,)
    weights: Complex  # W (K, L) without the bulk delay
    symbol: Complex  # C (K, L, L)
    requirements: tuple[Held, ...] = ()

    def largest_error(self, taps: int, delay: int) -> float:
        """The largest error at the points, as C weighs it, of the plain fit with a bulk delay."""
        if not self.weights.shape[1]:  # the reference alone
            return 0.0
        best = fit(self.weights, self.symbol, taps, delay, tolerance=ROUGH_TOLERANCE)
        return float(error_power(best, self.weights, self.symbol, delay).max())

    def taps(self, taps: int, delay: int, table: Realization) -> Real:
        """The taps (L, T), as the problem file's [realization] wants them."""
        if not self.weights.shape[1]:  # the reference alone
            return np.zeros((0, taps))
        penalty = time_penalty(taps, delay, pre_ringing=table.pre_ringing_weight, tail=table.tail_weight)
        if self.requirements and table.hold_requirements:
            return hold(self.requirements, self.weights, self.symbol, taps, delay, penalty)
        exact_hz = ([0.0] if table.zero_at_dc else []) + list(table.exact_at_hz)
        if not exact_hz:
            return fit(self.weights, self.symbol, taps, delay, penalty)
        equations = NormalEquations(self.symbol, taps, penalty)
        goal = delayed(self.weights, delay)
        rate = 2 * float(self.frequency_hz[-1])
        responses = [np.interp(exact_hz, self.frequency_hz, w.real) + 1j * np.interp(exact_hz, self.frequency_hz, w.imag)
                 for w in self.weights.T]  # fmt: skip # straight lines do: the fit's grid is dense
        values = np.stack(responses, axis=1) * np.exp(-2j * np.pi * delay / rate * np.array(exact_hz))[:, None]
        if table.zero_at_dc:
            values[0] = 0.0
        rows = exact_rows(taps, exact_hz, rate, values)
        return solve_exactly(equations, equations.right_side(goal), *rows, equations.cut(goal))

    def kept_taps(self, judge: Judge, taps: int, delay: int, table: Realization) -> Real:
        """The taps (L, T), mended where they miss a requirement that the weights meet; or the held ones, where these miss less."""
        plain = table.model_copy(update={"hold_requirements": False})

        def solve(weights: Complex, symbol: Complex) -> Real:
            return replace(self, weights=weights, symbol=symbol).taps(taps, delay, plain)

        mended_taps = mended(judge, solve, self.weights, self.symbol, delay, self.frequency_hz)
        if not (self.requirements and table.hold_requirements):
            return mended_taps
        held = self.taps(taps, delay, table)
        return mended_taps if judge.worst_db(mended_taps, delay) < judge.worst_db(held, delay) - KEPT_DB else held

    def missed_requirements(self, taps: Real, delay: int) -> list[str]:
        """In words, what taps that were to hold the requirements still lose of them on the frequencies of the fit."""
        w = delayed(np.fft.rfft(taps, 2 * (len(self.weights) - 1), axis=1).T, -delay)
        excess = {requirement.label: requirement.excess_db(w) for requirement in self.requirements}
        return [
            f"hold_requirements leaves {requirement} short by {missing:z.2f} dB; remedy: more [realization] taps"
            for requirement, missing in excess.items()
            if missing > REPORTED_EXCESS_DB
        ]


def time_penalty(taps: int, delay: int, *, pre_ringing: float, tail: float) -> Real | None:
    """Prices q (T,) of a tap's square, from the weights a and b; None where both are 0."""
    if pre_ringing == 0 and tail == 0:
        return None
    n = np.arange(taps)
    before = np.maximum(delay - n, 0) / max(delay, 1)
    after = np.maximum(n - delay, 0) / max(taps - 1 - delay, 1)
    return np.asarray(pre_ringing * before**2 + tail * after**2)


def common_delay(problems: Sequence[Fitted], taps: int, table: Realization) -> int:
    """The bulk delay in samples that all channels share: given, half the taps, or the least that keeps every channel's result."""
    if isinstance(table.bulk_delay_samples, int):
        return table.bulk_delay_samples
    if table.bulk_delay_samples is None:
        return taps // 2
    return max(least_delay(partial(problem.largest_error, taps), taps) for problem in problems)


def least_delay(largest_error: Callable[[int], float], taps: int) -> int:
    """The smallest bulk delay in samples whose largest error is at most MAX_EXTRA_ERROR above that of half the taps, searched by halving.

    `largest_error` of the fit with a bulk delay falls, all in all, as the delay grows to half the taps.
    """
    enough = taps // 2
    limit = largest_error(enough) + MAX_EXTRA_ERROR
    short = -1  # the largest delay known not to do
    while enough - short > 1:
        middle = (enough + short) // 2
        if largest_error(middle) <= limit:
            enough = middle
        else:
            short = middle
    return enough
