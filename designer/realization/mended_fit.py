"""Taps that keep what the design reached: the fit repeated with its goal and its weight mended where the filters fall short.

The least sum of squares spreads the error over all frequencies, and knows nothing of a curve's corner or of the end of a band between two
frequencies of the fit. So the taps are judged as the report judges them: at the frequencies that were solved, band ends included,
requirement by requirement. With e(f) = W(f) - x̂(f) e^{jωD} where the requirement missed most is missed by s(f) > 0 dB beyond the
formulation's own slack,

    W <- W + e,     C <- C (1 + (g - 1) min(1, s / s_max)),

both taken straight between the frequencies judged, and one step of the fit beyond the band's ends, and the taps are fitted again. The
first is iterative refinement, as for linear equations (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002, ch. 12):
its fixed point has e = 0, however the fit blurs its goal. The second, reweighted least squares (Lawson's algorithm; Cheney,
Introduction to Approximation Theory, 1966), makes it converge in two or three rounds where many equations share few taps. The
formulation's weights meet the requirement, and so do taps that follow them there. Where the taps are too few the rounds do not settle; the
best taps of all are kept, of those whose whole error stays within MAX_EXTRA_ERROR, and whose level at the bright points within half a
decibel of the weights', or a quarter further from it than the plain fit's.

Weights that are followed exactly hold every limit too, a driver's gain and the effort included, so that one rule serves them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Complex, Index, Real
from designer.designs.channel import ChannelDesign
from designer.measures import amplitude_db, mean_power
from designer.realization.held_requirements import TONE_BAND_HZ
from designer.realization.response import response
from designer.realization.toeplitz_fit import error_power
from designer.requirements.channel_target import channel_target
from designer.requirements.slacks import excesses_db, slacks_db
from designer.requirements.target import ChannelTarget

ROUNDS = 8
GROWTH = 3.0
"""Factor g on the weight of the frequency that is missed most."""
KEPT_DB = 0.05
"""Largest miss of a requirement that is kept."""
MAX_EXTRA_ERROR = 6.0
"""Growth of the whole error, as the fit hears it with its own W and C, that keeping the requirements may cost: 8 dB."""
MAX_LEVEL_CHANGE_DB = 0.5
MAX_EXTRA_LEVEL_CHANGE_DB = 0.25
"""Magnitude deviation at the bright points that keeping the requirements may leave; and how much more than the plain fit's."""
MAX_MENDED_NUMBERS = 8_000_000
"""Complex numbers of C up to which a fit takes seconds and is repeated."""


@dataclass(frozen=True)
class Judge:
    """A channel's requirements and limits at the frequencies that were solved (J,), and the weights that meet them."""

    target: ChannelTarget
    drivers: tuple[str, ...]
    allowed_db: dict[str, Real]  # requirement or limit -> (J,) that the formulation fell short by
    weights: Complex  # W (J, L) without the bulk delay
    sample_rate_hz: float
    level_hz: Real  # (F,) solved frequencies at which the level is heard, in the band and outside it
    bright: Complex  # (F, R, L) there
    level: Real  # (F,) that the weights reach
    reference: int | None = None  # the driver that plays a pure delay, where weights are ratios to it

    @classmethod
    def of(cls, channel: ChannelDesign, scene: Scene, drivers: Index) -> Judge:
        """The judge of a channel's own drivers, at the frequencies in its band."""
        solved = scene if np.array_equal(channel.frequency_hz, scene.frequency_hz) else scene.at(channel.frequency_hz)
        target = channel_target(channel.design, solved, channel.plain)
        weights, f = channel.weights[:, drivers], channel.frequency_hz
        heard = (f >= TONE_BAND_HZ[0]) & (f <= TONE_BAND_HZ[1])
        bright = target.bright[heard]
        return cls(
            target.at(channel.in_band),
            tuple(scene.drivers[l] for l in drivers),
            {**channel.slacks_db, **channel.excesses_db},
            weights[channel.in_band],
            scene.problem.sample_rate_hz,
            f[heard],
            bright,
            mean_power(bright, weights[heard]) ** 0.5,
        )

    @property
    def has_requirements(self) -> bool:
        """Whether anything but limits is judged: a virtual source, whose match no requirement holds, would pay for a tenth of a limit."""
        target = self.target
        return target.gamma is not None or bool(target.masks) or target.window is not None or target.deepest_nulls

    @property
    def fitted(self) -> list[int]:
        """Which of the drivers have taps to find."""
        return [l for l in range(len(self.drivers)) if l != self.reference]

    def responses(self, taps: Real, delay: int) -> Complex:
        """Responses (J, L) of the fitted drivers' taps, freed of the bulk delay; the reference's is 1."""
        f, w = self.target.frequency_hz, np.ones_like(self.weights)
        turn = np.exp(2j * np.pi * delay / self.sample_rate_hz * f)
        w[:, self.fitted] = response(taps, f, self.sample_rate_hz) * turn[:, None]
        return w

    def lost_db(self, w: Complex) -> Real:
        """By how much weights (J, L) miss a requirement or limit beyond the formulation's own slack, at most (J,)."""
        missed = {**slacks_db(self.target, w), **excesses_db(self.target, w, self.drivers)}
        losses = [
            shortfall - self.allowed_db.get(requirement, 0.0)
            for requirement, shortfall in missed.items()
            if self.reference is None or not requirement.startswith("max_gain_db")  # a ratio has no gain to limit
        ]
        return np.asarray(np.max([*losses, np.zeros(len(w))], axis=0))

    def worst_db(self, taps: Real, delay: int) -> float:
        """The largest loss of the fitted drivers' taps."""
        return float(self.lost_db(self.responses(taps, delay)).max())

    def level_change_db(self, taps: Real, delay: int) -> float:
        """The largest change of the level at the bright points against the weights'; 0 of ratios, whose level an equaliser makes."""
        if self.reference is not None or not self.level_hz.size:
            return 0.0
        level = mean_power(self.bright, response(taps, self.level_hz, self.sample_rate_hz)) ** 0.5
        return float(np.abs(amplitude_db(level) - amplitude_db(self.level)).max())

    def between(self, values: Complex | Real, fit_hz: Real) -> Complex | Real:
        """Values (J,) at the frequencies of the fit (K,): straight lines, kept for one step beyond the ends, and 0 further out."""
        f, step_hz = self.target.frequency_hz, fit_hz[1]
        held = (fit_hz > f[0] - step_hz) & (fit_hz < f[-1] + step_hz)
        return np.where(held, np.interp(fit_hz, f, values), 0.0)


def mended(
    judge: Judge, solve: Callable[[Complex, Complex], Real], weights: Complex, symbol: Complex, delay: int, fit_hz: Real
) -> Real:
    """The best taps (fitted drivers, T) of all rounds.

    Parameters
    ----------
    solve : callable, taps for W (K, L) and C (K, L, L) of the fitted drivers, on the frequencies of the fit
    weights : (K, L) complex array, the fit's own W
    symbol : (K, L, L) complex array, its own C
    fit_hz : (K,) float array, from 0 to Nyquist

    """
    best = taps = solve(weights, symbol)
    if not 0 < symbol.size <= MAX_MENDED_NUMBERS or not judge.has_requirements:
        return best

    def whole_error(x: Real) -> float:
        return float(error_power(x, weights, symbol, delay).mean())

    least_db, share, goal, max_error = np.inf, np.ones(len(fit_hz)), weights, MAX_EXTRA_ERROR * whole_error(best)
    max_change_db = max(judge.level_change_db(best, delay) + MAX_EXTRA_LEVEL_CHANGE_DB, MAX_LEVEL_CHANGE_DB)
    for n in range(ROUNDS + 1):
        w = judge.responses(taps, delay)
        lost_db = judge.lost_db(w)
        worst_db = float(lost_db.max())
        if n and (whole_error(taps) > max_error or judge.level_change_db(taps, delay) > max_change_db):
            break
        if worst_db < least_db:
            best, least_db = taps, worst_db
        if worst_db <= KEPT_DB or n == ROUNDS:
            break
        error = ((judge.weights - w) * (lost_db > KEPT_DB)[:, None])[:, judge.fitted]
        goal = goal + np.stack([judge.between(e, fit_hz) for e in error.T], axis=1)
        share = share * (1 + (GROWTH - 1) * judge.between(lost_db / worst_db, fit_hz).real)
        taps = solve(goal, symbol * share[:, None, None])
    return best
