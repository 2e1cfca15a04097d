"""Taps as the unknowns: the most of what a product is judged by, among taps that keep what a fit kept.

    maximise over x     U(x) = a S_3(g(x)) + (1 - a) S_15(g(x)),     S_t(g) = -t ln mean_i e^{-g_i/t}
    subject to          m(f) <= max m_0,  rms m <= rms m_0           m = max(0, curve - G): what the file's cloud is short of the curve
                        mean of E(f) <= mean of E_0(f)               the effort in dB over the band
                        E(f) <= max(limit(f), E_0(f))                the file's limit on effort
                        |w_l(f)| <= max(g_l(f), |w_l,0(f)|)          the drivers' gains; without a limit g is the fit's loudest
                        |M(f)| <= max(0.5 dB, |M_0(f)|)              the magnitude deviation at the ipsilateral ear, at every frequency
                        mean of (w - w_0)^H C (w - w_0) <= 10^-2.5   playback outside the band and its fades

x are the taps of a channel's drivers, w(f) = Σ_n x[n] e^{-jωn} their responses, and 0 marks the fit that is begun from.
g_i = 10 log10 |h_i w|² / |k_i w|² is the cancellation gain in dB of one place of one head, of one drawn device, at one frequency of the
band: h_i and k_i its responses at the ipsilateral and the contralateral ear. S_t is a soft minimum: the smallest g_i for t -> 0, their mean
for t -> inf. S_3 weighs what lies more than 3 dB above the lowest hardly at all and stands for the low percentiles, S_15 for the median;
a, the file's `floor_weight`, is the one choice between the two. A fit that keeps the curve where it is judged has taps that keep it, too,
at every frequency where it does. Of a fit that misses it they are nowhere shorter than it is most, and no shorter in the root of the mean
square, so that what cannot be had at one frequency may be made up for at another. (Held to what the fit reaches at each frequency by
itself, eight drivers on a bar gained 1 dB at the 5th percentile where they gain 2.)

How much there is to gain: responses of any length, held to the same at each frequency, gain 2.2 dB in the median and 2.0 in the 5th
percentile for a soundbar of eight drivers over four heads, where 128 taps gain 1.5 and 1.5. Of its limits the curve costs most: without
it the median gains 0.9 dB more, without any other at most 0.2. With nothing but the mean effort to keep, and sought on the very draws that
judge them, responses gain 2.7 and 1.9 dB, or 2.4 and 2.2: no search gained more at the 5th percentile. At 1.1 dB more effort the taps gain
3.5 and 2.5 dB.

Not convex: g_i is the logarithm of a ratio of two quadratics, and so are G, E and M. What stands for the result is of first order: each
round's taps are a point where the gradient of the Lagrangian has all but vanished (`stationarity`, relative to that of U at the start),
with multipliers that are not negative and constraints that are kept to `violation_db`. That no other taps are better is not
shown; that these are better than the fit is measured, on draws that neither saw (`designer.evaluation.refinement`).

The variables are y with x = x_0 + C^-1/2 y, the circulant that the fit's own normal matrix (its Gauss-Newton matrix) is cut from taken
for that matrix: |y|² is about how loud a change of the taps is, so that the steps of L-BFGS are of one size in all directions. Cholesky's
factor of the matrix itself gave the same taps. Constraints c <= 0 go into an augmented Lagrangian,

    -U + Σ_j ρ_j/2 (max(0, c_j + λ_j/ρ_j)² - (λ_j/ρ_j)²),     λ <- max(0, λ + ρ c) after each round,

ρ growing where a round has not halved what was left. Gradients: with b = mean |h w|², d(10 log10 b) = 20/ln 10 Re(w^H h^H h dw)/b.

Source: J. Nocedal and S. Wright, Numerical Optimization (2006), sections 7.2 (L-BFGS) and 17.4 (augmented Lagrangian).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy import fft

from designer.arrays import Complex, Index, Real
from designer.measures import db, squared
from designer.realization.toeplitz_fit import NormalEquations
from designer.solvers.quasi_newton import least

LOW_DB, HIGH_DB = 3.0, 15.0
"""t of the two soft minima."""
FLOOR_WEIGHT = 0.4
CURVE_MARGIN_DB = 0.085
"""The floor lies so far below the curve, or as far as the fit falls short of it at most; with what rounds may leave, 0.1 dB."""
LEAST_SHORTFALL_DB = 0.1
"""Root mean square of a shortfall from which on it is measured relative to the fit's."""
MAX_DEVIATION_DB = 0.5
PLAYBACK_ERROR = 10**-2.5
"""Error of playback outside the band: 25 dB below it, as the fit weighs errors."""
DB = 10 / np.log(10)
"""d(10 log10 u) = DB du/u."""
PRICES = {
    "curve": 16.0,
    "curve_rms": 16.0,
    "mean_effort": 80.0,
    "max_effort": 16.0,
    "max_gain": 400.0,
    "magnitude": 160.0,
    "playback": 80.0,
}
"""ρ at first, of a constraint's mean square."""
TOLERANCES = {
    "curve": 0.015,
    "curve_rms": 0.015,
    "mean_effort": 0.006,
    "max_effort": 0.03,
    "max_gain": 0.01,
    "magnitude": 0.02,
    "playback": 0.02,
}
"""Excess that a round may leave of a constraint in its own unit: dB, of gains and of playback a share of the power."""
ROUNDS, ITERATIONS = 15, 400
SETTLED_DB = 0.005
"""The rounds end where all is kept and U has changed by less."""
UNCHANGED_DB = 1e-4
"""A round ends where ten iterations change its value by less."""
GROWTH = 4.0
LEAST_POWER = 1e-30
MAX_UNKNOWNS = 32_768
"""Eight drivers of so many take minutes."""


@dataclass(frozen=True, kw_only=True)
class TapsProblem:
    """One channel on K frequencies of a real Fourier grid, B of them in the band; L drivers."""

    start: Any  # x_0 (L, T), real
    free: Index  # the drivers whose taps are unknowns; the others keep theirs
    symbol: Complex  # C (K, L, L)
    band: Index  # (B,)
    outside: Real  # (K,) 1 outside the band and its fades, 0 in the band
    bright: Complex  # (K, P, L) over the file's cloud
    dark: Complex  # (B, P, L)
    plain_level: Real  # (K,)
    single_level: Real  # (B,)
    heard: Index  # frequencies at which the magnitude is held
    curve_db: Real  # (B,); -inf without one
    effort_limit_db: Real  # (B,); inf without one
    gain_limit: Real  # g (K, L) amplitude; inf without one
    drawn_bright: Complex  # h (B, S, L) of drawn places and devices
    drawn_dark: Complex  # k (B, S, L)
    floor_weight: float = FLOOR_WEIGHT
    less_effort_db: float = 0.0  # the mean effort is to be so much below the start's
    keeps_curve: bool = (
        False  # the start does where it is judged: what it misses between is no leave to miss the curve elsewhere
    )


@dataclass(frozen=True)
class RobustTaps:
    """Taps (L, T) and their certificate of first order."""

    taps: Any  # as the problem's start
    utility_db: tuple[float, float]  # U of the start and of these
    violation_db: float  # the largest, as dB
    stationarity: float
    holds: bool  # every constraint is kept to its tolerance


@dataclass
class Lagrangian:
    """The augmented Lagrangian of a problem, with its multipliers, as a function of y."""

    problem: TapsProblem
    prices: dict[str, float] = field(default_factory=dict)
    multipliers: dict[str, Real] = field(default_factory=dict)

    def __post_init__(self) -> None:
        constraints = self.constraints(self.spectra(self.problem.start))[0]
        self.multipliers = {name: np.zeros_like(c) for name, c in constraints.items()}
        self.prices = {name: PRICES[name] / max(c.size, 1) for name, c in constraints.items()}

    @cached_property
    def equations(self) -> NormalEquations:
        """K of the free drivers."""
        free = self.problem.free
        return NormalEquations(self.problem.symbol[:, free[:, None], free], self.problem.start.shape[1])

    @property
    def unknowns(self) -> int:
        """Number of y."""
        return int(self.problem.free.size * self.problem.start.shape[1])

    def filters(self, y: Real) -> Any:
        """Taps x (L, T)."""
        x = self.problem.start.copy()
        x[self.problem.free] += self.equations.coloured(y)
        return x

    def spectra(self, x: Any) -> Complex:
        """The responses w (K, L)."""
        return np.ascontiguousarray(fft.rfft(x, self.equations.size, axis=1).T)

    def gradient(self, G: Complex) -> Real:
        """With respect to y, of a function that changes by Re Σ_k conj(G_k) dw_k for G (K, L): C^-1/2 of Re Σ_k conj(G_k) e^{-jωn}."""
        half = np.full(len(G), 0.5)
        half[[0, -1]] = 1.0
        x = fft.irfft(G.T * half, self.equations.size, axis=1) * self.equations.size
        return self.equations.coloured(x[self.problem.free, : self.problem.start.shape[1]]).ravel()

    def utility(self, w: Complex) -> tuple[float, Complex]:
        """U, and its gradient (B, L) with respect to w in the band."""
        problem = self.problem
        inside = w[problem.band][:, :, None]
        p, q = (points @ inside for points in (problem.drawn_bright, problem.drawn_dark))
        bright, dark = (np.maximum(squared(r), LEAST_POWER) for r in (p, q))
        gain_db = DB * np.log(bright / dark)
        total, slope = 0.0, np.zeros_like(gain_db)
        for weight, t in ((problem.floor_weight, LOW_DB), (1 - problem.floor_weight, HIGH_DB)):
            lowest = gain_db.min()
            e = np.exp((lowest - gain_db) / t)
            sum_of_e = e.sum()
            total += weight * (lowest - t * np.log(sum_of_e / e.size))
            slope += e * (weight / sum_of_e)
        slope *= 2 * DB
        G = _back(problem.drawn_bright, slope / bright * p) - _back(problem.drawn_dark, slope / dark * q)
        return float(total), G[:, :, 0]

    @cached_property
    def _begun(self) -> Complex:
        """The fit's responses (K, L)."""
        return self.spectra(self.problem.start)

    @cached_property
    def _start(self) -> dict[str, Any]:
        """Each limited quantity of the fit."""
        return self._quantities(self._begun)

    @cached_property
    def _playback(self) -> Complex:
        """C (K, L, L) times the weights of its mean."""
        outside = self.problem.outside
        return np.asarray(self.problem.symbol * (outside / max(outside.sum(), 1.0) / PLAYBACK_ERROR)[:, None, None])

    def _quantities(self, w: Complex) -> dict[str, Any]:
        """Limited quantities, and the pressures (F, P, 1) and power of the weights (B,) that they are made of."""
        problem, inside = self.problem, w[self.problem.band]
        p, q = problem.bright @ w[:, :, None], problem.dark @ inside[:, :, None]
        bright, dark = (squared(r[:, :, 0]).sum(axis=1) / r.shape[1] + LEAST_POWER for r in (p, q))
        gain_db = DB * np.log(bright[problem.band] / dark)
        spent = squared(inside).sum(axis=1)
        return {
            "bright": bright,
            "dark": dark,
            "pressures": (p, q),
            "spent": spent,
            "curve": gain_db,
            "shortfall": np.maximum(problem.curve_db - gain_db, 0.0),
            "effort": DB * np.log(spent * problem.single_level**2 / bright[problem.band]),
            "magnitude": DB * np.log(bright[problem.heard] / problem.plain_level[problem.heard] ** 2),
        }

    @cached_property
    def _limits(self) -> dict[str, Real]:
        problem, start = self.problem, self._start
        short = start["shortfall"]
        gains = np.abs(self._begun)
        loudest = np.where(np.isinf(problem.gain_limit), gains.max(), problem.gain_limit)
        return {
            "curve": problem.curve_db - np.maximum(short if problem.keeps_curve else short.max(), CURVE_MARGIN_DB),
            "curve_rms": np.mean(start["shortfall"] ** 2, keepdims=True),
            "mean_effort": np.mean(start["effort"], keepdims=True) - problem.less_effort_db,
            "max_effort": np.maximum(problem.effort_limit_db, start["effort"]),
            "max_gain": np.maximum(loudest, gains) ** 2,
            "magnitude": np.maximum(MAX_DEVIATION_DB, np.abs(start["magnitude"])),
        }

    def _below_floor(self, gain_db: Real) -> Real:
        """How far a gain (B,) is below the curve's floor."""
        return np.maximum(self.problem.curve_db - CURVE_MARGIN_DB - gain_db, 0.0)

    @cached_property
    def _rms_unit(self) -> float:
        """Change of a mean square for one of its root by 1 dB, near the fit's."""
        return 2 * max(float(np.sqrt(self._limits["curve_rms"][0])), LEAST_SHORTFALL_DB)

    def constraints(self, w: Complex) -> tuple[dict[str, Real], dict[str, Any], Complex]:
        """Each c <= 0, the limited quantities, and C (w - w_0) (K, L) times the weights of its mean."""
        limit, now = self._limits, self._quantities(w)
        now["short"] = short = self._below_floor(now["curve"])
        away = w - self._begun
        heard = (self._playback @ away[:, :, None])[:, :, 0]
        c = {
            "curve": limit["curve"] - now["curve"],
            "curve_rms": (np.mean(short**2, keepdims=True) - limit["curve_rms"]) / self._rms_unit,
            "mean_effort": now["effort"].mean() - limit["mean_effort"],
            "max_effort": now["effort"] - limit["max_effort"],
            "max_gain": squared(w) / limit["max_gain"] - 1,
            "magnitude": np.abs(now["magnitude"]) - limit["magnitude"],
            "playback": np.array([np.vdot(away, heard).real - 1]),
        }
        return c, now, heard

    def __call__(self, y: Real) -> tuple[float, Real]:
        """Value and gradient."""
        problem, w = self.problem, self.spectra(self.filters(y))
        utility, slope = self.utility(w)
        c, now, heard = self.constraints(w)
        value, m = -utility, {}
        for name, violation in c.items():
            price, multiplier = self.prices[name], self.multipliers[name]
            share = multiplier / price
            raised = np.maximum(violation + share, 0.0)
            value += price / 2 * float((raised**2 - share**2).sum())
            m[name] = price * raised
        m["curve"] += m["curve_rms"] * 2 * now["short"] / problem.band.size / self._rms_unit
        effort = m["max_effort"] + m["mean_effort"] / problem.band.size
        level = np.zeros(len(w))  # the slope of the value by the bright level in dB
        level[problem.heard] = m["magnitude"] * np.sign(now["magnitude"])
        level[problem.band] -= m["curve"] + effort
        bright = (2 * DB * level / now["bright"] / problem.bright.shape[1])[:, None, None]
        p, q = now["pressures"]
        G = _back(problem.bright, bright * p)[:, :, 0]
        dark = (2 * DB * m["curve"] / now["dark"] / problem.dark.shape[1])[:, None, None]
        of_effort = (2 * DB * effort / now["spent"])[:, None] * w[problem.band]
        G[problem.band] += _back(problem.dark, dark * q)[:, :, 0] - slope + of_effort
        G += 2 * m["max_gain"] / self._limits["max_gain"] * w + 2 * m["playback"] * heard
        return value, self.gradient(G)


def _back(points: Complex, p: Complex) -> Complex:
    """h^H p (F, L, 1) of pressures (F, M, 1)."""
    return np.asarray((points.swapaxes(1, 2) @ p.conj()).conj())


def robust_taps(
    problem: TapsProblem,
    *,
    rounds: int = ROUNDS,
    iterations: int = ITERATIONS,
    unknowns: Callable[[TapsProblem], Lagrangian] = Lagrangian,
) -> RobustTaps:
    """The taps, or other unknowns, from the start's in rounds of the augmented Lagrangian."""
    function = unknowns(problem)
    y: Real = np.zeros(function.unknowns)
    first, slope = function.utility(function.spectra(problem.start))
    steepness = _norm_in_band(function, slope)
    before, left = first, dict.fromkeys(PRICES, np.inf)
    for _ in range(rounds):
        y = least(function, y, iterations=iterations, change=UNCHANGED_DB)
        w = function.spectra(function.filters(y))
        now, (c, *_) = function.utility(w)[0], function.constraints(w)
        remainder = function(y)[1]  # the Lagrangian's gradient, of the multipliers that follow
        holds = all(excess.max(initial=0.0) <= TOLERANCES[name] for name, excess in c.items())
        for name, excess in c.items():
            price, violation = function.prices[name], float(excess.max(initial=0.0))
            function.multipliers[name] = np.maximum(function.multipliers[name] + price * excess, 0.0)
            if violation > max(TOLERANCES[name], left[name] / 2):
                function.prices[name] *= GROWTH
            left[name] = violation
        if holds and abs(now - before) <= SETTLED_DB:
            break
        before = now
    stationarity = float(np.linalg.norm(remainder) / max(steepness, LEAST_POWER))
    decibels = [
        left[name] if name not in ("max_gain", "playback") else float(db(np.array(1 + left[name]))) for name in left
    ]
    return RobustTaps(function.filters(y), (first, now), max(decibels), stationarity, holds)


def _norm_in_band(function: Lagrangian, slope: Complex) -> float:
    G = np.zeros((len(function.problem.symbol), slope.shape[1]), dtype=complex)
    G[function.problem.band] = slope
    return float(np.linalg.norm(function.gradient(G)))
