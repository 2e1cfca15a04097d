"""Interaural matching: two ears hear of all drivers what they would hear of a loudspeaker elsewhere, as far as limits let them.

    minimise    Σ_d (Re² + ψ Im²)(g_d w) + Σ_d Re²(t_d w - 1) + w^H P w + φ ||w - w_0||² + β τ²
    subject to  h w = 1                                    the ipsilateral ear at the cloud's centre
                |w_l| <= (1 + τ) g_l,   ||w|| <= e,   τ >= 0

**Errors.** A loudspeaker far away gives the ears of a head, wherever it stands, pressures of one ratio R = X_c / X_i. Two pressures
p_i, p_c of another ratio differ from it by

    (p_c / p_i) / R - 1 = (1 + δ) e^{jε} - 1 ≈ δ + jε,      δ of level, ε of phase.

That is linear-fractional in w. With p_i known beforehand, T_i, it is linear: (p_c - R p_i) / (R T_i) = g_d w, and its real and imaginary
part are the errors of the interaural level and of the interaural phase. At the centre p_i = T_i exactly, by the first constraint. At the
other places T_i is what plain playback gives there: t_d w = p_i / T_i, and the real part of t_d w - 1 is the error of the level at
the ipsilateral ear. Sums are means over places and heads. ψ = 4 where phase places a source, up to 1.5 kHz (Wightman and Kistler): a
just noticeable phase is half of a just noticeable level, 0.06 rad (20 µs at 500 Hz) against 1 dB. Above,
ψ = 1: a level is one only while the phase is near. Where the level at the ipsilateral ear is kept and limits bind, the level
between the ears gives before the time, which places the source: ψ = 10 up to 1 kHz, from where on a just noticeable phase grows
(Klumpp and Eady), and evenly down to 1 an octave above. P is the price of effort with the drivers' spread; φ holds the
weights to plain playback w_0 in the fades.

The real part of a small z = 1 + g_d w says little of its level: it is no more than 1 off however deep the contralateral ear's null is,
and near 0 the phase costs nothing either. Where the level is given and drivers' limits leave such errors, the program is solved again
in the band with the logarithm about the last answer z_0 (Gauss and Newton's steps on log z = ln|z| + j arg z, whose parts are the true
errors),

    g_d w  <-  log z_0 + (1 + g_d w - z_0) / z_0,

and of all answers each frequency keeps the one with the least sum of true errors.

**Level.** Weights of level s = 1/(1 + τ), w' = s w, with |w'_l| <= g_l are weights of level 1 with |w_l| <= (1 + τ) g_l. So the
level is lowered in the program where drivers' limits bind, and nowhere else: a factor on the pressures themselves would be lowered by
every error that no level mends. τ is free at the price β, or given: 0 keeps the level and lets the errors grow.

**Convex.** Squares of affine functions of (w, τ), norms below affine functions. With w = w_1 + N u (N orthogonal to h) it is a
least-squares problem with second-order cones; where its closed form keeps the limits that is the answer. Infeasible it is only where
g or e allow no level of 1 at all: then they are raised by the least factor, and the level is lowered by it.

Source: J. Bauck and D. Cooper, Generalized transaural stereo and applications (JAES 44, 1996), the targets of a virtual source;
F. Wightman and D. Kistler, The dominant role of low-frequency interaural time differences (JASA 91, 1992); R. Klumpp and H. Eady, Some
measurements of interaural time difference thresholds (JASA 28, 1956). Truth: two drivers and
one place without limits have the 2x2 inverse.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from designer.arrays import Complex, Index, Real
from designer.errors import SolverError
from designer.solvers import cones
from designer.solvers.cone_program import ConeProgram, ConeRows, assemble
from designer.solvers.constrained_cones import Plane
from designer.solvers.constrained_data import INSIDE, NO_LIMIT, share_of_level
from designer.solvers.parts import MAX_GAP, MAX_VIOLATION

TIMED_HZ = 1500.0
TINY = 1e-12
PHASE_WEIGHT = 4.0
"""ψ up to TIMED_HZ."""
PASSES = 4
LARGE = 0.35
"""An error of 3 dB, or of 20 degrees, from which on a linear one says too little."""
LEAST_RATIO = 0.2
"""|z_0| about which a step is taken at least: 14 dB too quiet."""


@dataclass(frozen=True, kw_only=True)
class VirtualSource:
    """Data of all frequencies, over T_i, what the ipsilateral ear at the cloud's centre is to get; M places and heads."""

    centre: Complex  # h (F, L)
    interaural: Complex  # g_d (F, M, L)
    tone: Complex  # t_d (F, M, L)
    phase_weight: Real  # ψ (F,)
    cost: Real  # diagonal of P (F, L)
    plain: Complex  # w_0 (F, L)
    hold: Real  # φ (F,)
    max_gain: Real  # g (F, L), inf without a limit
    max_norm: Real  # e (F,), inf without a limit
    level_price: float = np.inf  # β; inf: τ is given
    lowered: Real | float = 0.0  # τ (F,) where it is given
    offset: Complex | float = 0.0  # of the errors (F, M): o_d + g_d w

    def at(self, index: Index) -> VirtualSource:
        """Data at some of the frequencies."""
        arrays = {name: value[index] for name, value in vars(self).items() if np.ndim(value)}
        return replace(self, **arrays)


def within_limits(source: VirtualSource) -> tuple[VirtualSource, Real]:
    """Limits that allow a level of 1, and the share of it (F,) that the problem's allow."""
    least = 1 / np.maximum(np.linalg.norm(source.centre, axis=1), 1e-300)
    max_norm = np.maximum(source.max_norm, least / INSIDE)
    share = share_of_level(np.abs(source.centre), source.max_gain, max_norm)
    share = np.where(share < 1, share * INSIDE, 1.0)
    return replace(source, max_gain=source.max_gain / share[:, None], max_norm=max_norm), share


def solve(source: VirtualSource) -> tuple[Complex, Real]:
    """Weights (F, L), and the level s (F,) that is in them.

    Raises
    ------
    SolverError : where a certificate confirms no answer

    """
    weights, level = solve_linear(source)
    if np.isfinite(source.level_price):
        return weights, level
    ratio, value = _true_errors(source, weights, level)
    at = np.flatnonzero((np.abs(np.log(ratio)) > LARGE).any(axis=1) & (source.hold == 0))
    for _ in range(PASSES):
        if not at.size:
            break
        z = ratio[at] * np.maximum(1.0, LEAST_RATIO / np.abs(ratio[at]))
        part = source.at(at)
        w, s = solve_linear(replace(part, interaural=part.interaural / z[..., None], offset=np.log(z) + 1 / z - 1))
        ratio[at], after = _true_errors(part, w, s)
        less = after < value[at]
        better = at[less]
        weights[better], level[better], value[better] = w[less], s[less], after[less]
        at = better
    return weights, level


def _true_errors(source: VirtualSource, weights: Complex, level: Real) -> tuple[Complex, Real]:
    """Z (F, M) of weights of a level, and the objective (F,) with the errors of log z in the place of the linear ones."""
    w = weights / level[:, None]
    z = 1 + np.einsum("fml,fl->fm", source.interaural, w)
    z = np.where(np.abs(z) > TINY, z, TINY)
    errors = np.log(z)
    value = np.mean(errors.real**2 + source.phase_weight[:, None] * errors.imag**2, axis=1)
    value += np.mean((np.einsum("fml,fl->fm", source.tone, w).real - 1) ** 2, axis=1)
    value += np.sum(source.cost * np.abs(w) ** 2, axis=1) + source.hold * np.sum(np.abs(w - source.plain) ** 2, axis=1)
    return z, value


def solve_linear(source: VirtualSource) -> tuple[Complex, Real]:
    """The convex program itself."""
    source, share = within_limits(source)
    plane = Plane.of(source.centre)
    program = program_of(source, plane)
    x = np.zeros(program.q.shape)
    inner = 2 * plane.across.shape[2]  # τ follows where it is free; without limits it is 0, and nothing pulls it
    x[:, :inner] = np.linalg.solve(program.P[:, :inner, :inner], -program.q[:, :inner, None])[..., 0]
    w, loudest = plane.weights(x), source.max_gain * (1 + np.broadcast_to(source.lowered, len(x)))[:, None]
    beyond = (np.abs(w) > loudest).any(axis=1) | (np.linalg.norm(w, axis=1) > source.max_norm)
    at = np.flatnonzero(beyond)
    if at.size:
        answer = cones.solve(program.at(at))
        bad = ~((answer.violation <= MAX_VIOLATION) & (answer.gap <= MAX_GAP))
        if bad.any():
            raise SolverError(
                f"virtual source: the cone solver stopped without a certified answer at {bad.sum()} of {len(x)} frequencies;"
                ' raise max_gain_db, or set [virtualizer] chain = "combined"'
            )
        x[at] = answer.x
        w = plane.weights(x)
    lowered = x[:, inner] if np.isfinite(source.level_price) else np.broadcast_to(source.lowered, len(x))
    level = share / (1 + np.maximum(lowered, 0.0))
    return w * level[:, None], level


def program_of(source: VirtualSource, plane: Plane) -> ConeProgram:
    """Conic data of all frequencies over x = [Re u; Im u], and τ where it is free."""
    free = int(np.isfinite(source.level_price))
    count, size = source.centre.shape
    inner, places = 2 * (size - 1), source.interaural.shape[1]
    rows = ConeRows(count, inner + free)

    def affine(points: Complex) -> tuple[Real, Complex]:
        """Real and imaginary rows (F, R, 2, n) of points (F, R, L), and their values at the origin (F, R)."""
        part, value = plane.in_plane(points)
        return cones.real_rows(part, free), value

    identity: Complex = np.broadcast_to(np.eye(size, dtype=complex), (count, size, size))
    (errors, error), (tones, tone), (drivers, origin) = (affine(x) for x in (source.interaural, source.tone, identity))
    error = error + source.offset
    root_cost, root_hold = np.sqrt(source.cost), np.broadcast_to(np.sqrt(source.hold)[:, None], (count, size))
    turned = np.broadcast_to(np.sqrt(source.phase_weight)[:, None], error.shape)
    mean = np.full(error.shape, places**-0.5)
    squares = [  # factor (F, R), rows (F, R, n), value (F, R)
        (mean, errors[:, :, 0], error.real),
        (mean * turned, errors[:, :, 1], error.imag),
        (mean, tones[:, :, 0], tone.real - 1),
    ]
    for factor, centre in ((root_cost, np.zeros_like(origin)), (root_hold, source.plain)):
        off = origin - centre
        squares += [(factor, drivers[:, :, 0], off.real), (factor, drivers[:, :, 1], off.imag)]
    K = np.concatenate([factor[..., None] * linear for factor, linear, _ in squares], axis=1)
    k = np.concatenate([factor * value for factor, _, value in squares], axis=1)
    P, q = 2 * K.swapaxes(1, 2) @ K, 2 * (K.swapaxes(1, 2) @ k[..., None])[..., 0]
    lowered = np.zeros((count, 1, rows.n))
    if free:
        P[:, -1, -1] = 2 * source.level_price
        lowered[:, 0, -1] = 1.0
        rows.add("nonnegative", lowered, np.zeros(1))
    widened = 1 + np.broadcast_to(source.lowered, count) * (1 - free)
    limited = np.flatnonzero(np.isfinite(source.max_gain).any(axis=0))
    gain = np.minimum(source.max_gain[:, limited], NO_LIMIT)
    norms = np.concatenate([gain[:, :, None, None] * lowered[:, None], drivers[:, limited]], axis=2)
    bounds = np.stack([gain * widened[:, None], origin[:, limited].real, origin[:, limited].imag], axis=2)
    if limited.size:
        rows.add_norms(norms, bounds)
    if np.isfinite(source.max_norm).any():
        linear = np.concatenate([np.zeros_like(lowered), drivers.reshape(count, 2 * size, -1)], axis=1)
        values = np.stack([origin.real, origin.imag], axis=2).reshape(count, -1)
        rows.add("second-order", linear, np.column_stack([np.minimum(source.max_norm, NO_LIMIT), values]))
    return assemble(P, q, rows, np.sum(k**2, axis=1))


def statement(source: VirtualSource, f: int) -> Any:
    """One frequency of a source within limits as a cvxpy problem: the readable reference, with nothing of the conic data above."""
    import cvxpy as cp

    w = cp.Variable(source.centre.shape[1], complex=True, name="w")
    free = np.isfinite(source.level_price)
    tau = (
        cp.Variable(nonneg=True, name="tau") if free else float(np.broadcast_to(source.lowered, len(source.centre))[f])
    )
    places = source.interaural.shape[1]
    error = source.interaural[f] @ w + np.broadcast_to(source.offset, source.interaural.shape[:2])[f]
    objective = (
        (cp.sum_squares(cp.real(error)) + source.phase_weight[f] * cp.sum_squares(cp.imag(error))) / places
        + cp.sum_squares(cp.real(source.tone[f] @ w) - 1) / places
        + cp.sum_squares(cp.multiply(np.sqrt(source.cost[f]), w))
        + source.hold[f] * cp.sum_squares(w - source.plain[f])
        + (source.level_price * cp.square(tau) if free else 0.0)
    )
    limits = [cp.abs(w[l]) <= gain * (1 + tau) for l, gain in enumerate(source.max_gain[f]) if np.isfinite(gain)]
    limits += [cp.norm(w) <= source.max_norm[f]] if np.isfinite(source.max_norm[f]) else []
    return cp.Problem(cp.Minimize(objective), [source.centre[f] @ w == 1, *limits])
