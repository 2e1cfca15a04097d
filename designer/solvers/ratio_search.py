"""Stacked searches over Hermitian pencils: the most efficient vectors at a ratio, and the best ratio at an efficiency.

Both are one search along the family v(t), the top eigenvectors of A - tC for t in [0, 1]: the larger t, the larger the
ratio and the dearer. All frequencies at once, as stacked LAPACK calls; there is no Python loop over frequencies.
Frequencies that have converged are dropped.

**Two quadratic forms in the plane of two vectors: where a condition on them vanishes, and the multiplier there.** v is
a unit eigenvector of A - tC, and u a unit vector orthogonal to it, turned so that v^H C u is real. Then v^H (A - tC) u
= 0, so a_12 = t c_12 is real as well, and what matters of the plane is v + z u with z real:

    (v + zu)^H X (v + zu) = x_11 + 2 x_12 z + x_22 z²,   ||v + zu||² = 1 + z²

The condition αa + βc + δ = 0 on unit vectors is then a quadratic in z. A root v + zu is an eigenvector, within the plane,
of A - sC for the s at which both rows of (A - sC)(1, z)^T = μ(1, z)^T agree:

    s = n(A)/n(C),   n(X) = x_12 (1 - z²) + (x_22 - x_11) z,   hence s/(1 - s) = n(A)/n(C - A)

With u along the derivative of v by t, the plane holds the eigenvectors of all near t up to the square of the distance, so
s is a step of third order. With u the vector at the other end of a bracket it holds the combination that a double
eigenvalue wants. All is written in z, not in an angle, and with 1 - t given, because c_22 may be 1e12 times c_11.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from designer.arrays import Bool, Complex, Index, Real

TINY = 1e-300
TOLERANCE = 1e-10
"""Largest gap between a vector's value and its bound, relative."""
MAX_STEPS = 100
MAX_STALLS = 8
"""Steps in a row without progress that end a search; rounding lets no vector and bound agree better."""
PATIENCE = 2
"""Steps in a row without progress before the bracket is halved instead."""
ROUNDING = 4 * np.finfo(float).eps
LARGEST = 34.0
"""Bound of |log t/(1 - t)|, beyond which t is 0 or 1 to rounding."""
SMALL = 1e-150
"""Stand-in for a value of 0 in a quotient."""
FLOOR = 1e-12
"""Floor of B's eigenvalues, relative to its trace, in the best ratio at no efficiency at all."""


@dataclass(frozen=True)
class RatioSolution:
    """Unit-norm vectors with the multiplier of the ratio, λ = t / (1 - t), and their certificate."""

    v: Complex  # (F, L)
    multiplier: Real  # (F,) λ
    feasible: Bool  # (F,)
    gap: Real  # (F,) between the value and a bound that no vector passes, relative; 0 where not feasible


def most_efficient(A: Complex, B: Complex, gamma: Real) -> RatioSolution:
    """Maximise v^H A v / v^H v subject to v^H A v >= γ v^H B v, at every frequency.

    Lagrangian dual (two homogeneous quadratic forms over the complex numbers: no gap): every unit v that meets γ has

        v^H A v <= v^H A v + λ v^H (A - γB) v <= the largest eigenvalue of A + λ(A - γB),   λ >= 0,

    and the least of these bounds is reached. With t = λ/(1+λ) that matrix is (A - tγB)/(1-t): v is a top eigenvector of
    A - tC, C = γB, at the t where v^H (A - C) v = 0, or a combination of two where the largest eigenvalue is double.

    Parameters
    ----------
    A, B : (F, L, L) complex array, Hermitian, positive semidefinite
    gamma : (F,) float array, required ratio

    Returns
    -------
    RatioSolution : `feasible` is False where no v meets γ; v is then the top eigenvector of A - γB

    """
    scale = _trace(A)[:, None, None]
    goal = _Goal((1.0, -1.0), (1.0, 0.0), np.zeros(len(A)))
    nowhere = np.full(len(A), np.inf)
    return _search(A / scale, gamma[:, None, None] * (B / scale), goal, nowhere, np.zeros(A.shape[:2], complex))


def best_ratio_at_efficiency(A: Complex, B: Complex, P: Real, min_efficiency: Real) -> Complex:
    """Unit-norm vectors (F, L) of largest ratio whose efficiency is still at least the given one; see `at_efficiency`."""
    return at_efficiency(A, B, P, min_efficiency).v


def at_efficiency(A: Complex, B: Complex, P: Real, min_efficiency: Real) -> RatioSolution:
    """Maximise v^H A v / v^H B v subject to v^H A v >= η v^H P v, at every frequency.

    v is scaled so that P = 1. Where the constraint binds the ratio is η / v^H B v over unit v with v^H A v = η, and of these

        -v^H B v <= the largest eigenvalue of A/s - B, less η/s,   s > 0,

    so v is a top eigenvector of A - sB: the family of `most_efficient`, searched for an efficiency. A - tC with C = A + B
    is (1-t)(A - sB), s = t/(1-t), and v^H A v falls as t rises. s ends below the best ratio there is, and where the vector
    of that one is efficient enough, it is the answer.

    Parameters
    ----------
    A, B : (F, L, L) complex array, Hermitian, positive semidefinite
    P : (F, L) float array, diagonal cost
    min_efficiency : (F,) float array, η

    Returns
    -------
    RatioSolution : `feasible` is False where no vector is efficient enough; v is then the most efficient one. The
        multiplier is s, inf where the constraint does not bind

    """
    d = 1 / np.sqrt(P)
    both = d[:, :, None] * d[:, None, :]
    A, B = A * both, B * both
    power, b_trace = _trace(A), _trace(B)
    A, B, eta = A / power[:, None, None], B / b_trace[:, None, None], min_efficiency / power
    v = _best(A, B)
    efficiency = product(v, times(A, v)).real
    # B in the scale of the best ratio, where v^H A v = v^H B v; so s = 1 is the bracket's end.
    ceiling = np.clip(efficiency / np.maximum(product(v, times(B, v)).real, TINY), 1e-16, 1e16)
    binds = np.flatnonzero(efficiency < eta)
    scaled = A[binds] + ceiling[binds, None, None] * B[binds]
    solution = _search(A[binds], scaled, _Goal((-1.0, 0.0), (0.0, -1.0), eta[binds]), np.zeros(binds.size), v[binds])
    multiplier, gap = np.full(len(A), np.inf), np.zeros(len(A))
    v[binds], multiplier[binds], gap[binds] = (
        solution.v,
        solution.multiplier * (ceiling * power / b_trace)[binds],
        solution.gap,
    )
    a, b = product(v, times(A, v)).real, ceiling * np.maximum(product(v, times(B, v)).real, 0.0)
    gap = gap * (a + b) / np.where(b > 0, b, 1.0)  # of the search's a + b, and a is given
    feasible = a >= eta * (1 - TOLERANCE)
    v = v * d
    return RatioSolution(v / np.linalg.norm(v, axis=1, keepdims=True), multiplier, feasible, gap)


def best_ratio(A: Complex, B: Complex) -> Real:
    """The largest v^H A v / v^H B v over all v (F,): inf where B is singular along a v that A hears.

    B = U Λ U^H turns the ratio into the largest eigenvalue of Λ^(-1/2) U^H A U Λ^(-1/2). Eigenvalues below the rounding
    of B's trace are its null space.
    """
    values, vectors = np.linalg.eigh(B)
    floor = ROUNDING * _trace(B)[:, None]
    inner = vectors.conj().swapaxes(1, 2) @ A @ vectors
    heard = np.where(values < floor, np.diagonal(inner, axis1=1, axis2=2).real, 0.0).sum(axis=1)
    unbounded = heard > 1e-9 * _trace(A)
    scale = 1 / np.sqrt(np.maximum(values, floor))
    largest = np.linalg.eigvalsh(inner * scale[:, :, None] * scale[:, None, :])[:, -1]
    return np.where(unbounded, np.inf, largest)


def _best(A: Complex, B: Complex) -> Complex:
    """The unit-norm vectors of that ratio (F, L), with B's eigenvalues raised to FLOOR; B has trace 1."""
    values, vectors = np.linalg.eigh(B)
    whiten = vectors / np.sqrt(np.maximum(values, FLOOR))[:, None, :]
    _, inner = np.linalg.eigh(whiten.conj().swapaxes(1, 2) @ A @ whiten)
    v = times(whiten, inner[:, :, -1])
    return np.asarray(v / np.linalg.norm(v, axis=1, keepdims=True))


def _trace(A: Complex) -> Real:
    """(F,), 1 where it is 0."""
    trace = np.trace(A, axis1=1, axis2=2).real
    return np.asarray(np.where(trace > 0, trace, 1.0))


@dataclass(frozen=True)
class _Goal:
    """Goal of a search along v(t), a = v^H A v, c = v^H C v: the t where g = αa + βc + δ, which rises with t, vanishes.

    The score, of which the most is wanted, has the bound (μ - δ)/w with μ the largest eigenvalue of A - tC. From a - tc
    <= μ: at a ratio (g = a - c, score a = c) a(1 - t) <= μ, so w = 1 - t; at an efficiency (g = δ - a, score -c) δ - tc
    <= μ, so w = t.
    """

    condition: tuple[float, float]  # α, β
    score: tuple[float, float]  # weights of a and c
    delta: Real  # (F,)

    @property
    def of_ratio(self) -> bool:
        return self.condition[1] != 0


@dataclass
class _State:
    """A search's frequencies that are still at work."""

    index: Index  # (N,) among all
    delta: Real  # (N,) of the goal
    x: Real  # (N,) log t/(1-t)
    low: Real  # (N,) the bracket, infinite where an end is not known
    high: Real
    v_low: Complex  # (N, L) the eigenvectors at its ends, 0 where not known
    v_high: Complex
    v: Complex  # (N, L) the best vector that meets the condition
    score: Real  # (N,) its score
    bound: Real  # (N,) the least of all bounds
    x_bound: Real  # (N,) where that is
    stalls: Index  # (N,) steps without progress

    @classmethod
    def start(cls, delta: Real, high: Real, v_high: Complex) -> _State:
        far, none = np.full(delta.size, np.inf), np.zeros_like(v_high)
        index, stalls = np.arange(delta.size), np.zeros(delta.size, int)
        return cls(index, delta, -far, -far, high, none, v_high, none, -far, far, -far, stalls)

    def at(self, keep: Bool) -> _State:
        return _State(*(getattr(self, field.name)[keep] for field in fields(self)))

    def narrow(self, meets: Bool, pair: Eigenpair) -> None:
        """One end of the bracket moves to x."""
        self.low, self.high = np.where(meets, self.low, self.x), np.where(meets, np.minimum(self.x, LARGEST), self.high)
        self.v_low, self.v_high = _either(meets, self.v_low, pair.v), _either(meets, pair.v, self.v_high)

    def improve(self, candidate: Crossing, bound: Real) -> None:
        """Keep the best vector and the least bound, and count the steps that gave neither."""
        better, tighter = candidate.score > self.score, bound < self.bound
        with np.errstate(invalid="ignore"):  # inf - inf: nothing found yet
            gained = better & ~(candidate.score - self.score <= TOLERANCE * np.abs(candidate.score))
            lowered = tighter & ~(self.bound - bound <= TOLERANCE * np.abs(bound))
        self.v, self.score = _either(better, candidate.v, self.v), np.where(better, candidate.score, self.score)
        self.bound, self.x_bound = np.where(tighter, bound, self.bound), np.where(tighter, self.x, self.x_bound)
        self.stalls = np.where(gained | lowered, 0, self.stalls + 1)

    @property
    def gap(self) -> Real:
        """The bound over the score, relative (N,); inf where there is no score yet."""
        has_score = np.isfinite(self.score)
        score = np.where(has_score, self.score, 1.0)
        return np.where(has_score, (self.bound - score) / np.maximum(np.abs(score), SMALL), np.inf)

    def fall_back(self, done: Bool, A: Complex, C: Complex, of_ratio: bool) -> None:
        """Where no plane held a vector, the bracket's sound end, with the score that its bound is for: a, or -c δ/a."""
        lost = done & ~np.isfinite(self.score)
        if not lost.any():
            return
        v = self.v_high if of_ratio else self.v_low
        a, c = product(v, times(A, v)).real, product(v, times(C, v)).real
        score = a if of_ratio else -c * self.delta / np.where(a > 0, a, 1.0)
        self.v, self.score = _either(lost, v, self.v), np.where(lost, score, self.score)


def _search(A: Complex, C: Complex, goal: _Goal, high: Real, v_high: Complex) -> RatioSolution:
    """The search itself, in x = log t/(1-t), from t = 0 and inside a bracket.

    A step takes the top eigenpair at x, and with it a bound. In two planes through the eigenvector
    (`crossing`) the condition is met in closed form, which gives a vector that meets it and the next x. One
    plane holds the eigenvector's derivative along t, up to its length Σ_j v_j (v_j^H C v)/(μ_1 - μ_j), from the
    eigenvectors at hand; the other the vector at the bracket's other end. Where neither holds a vector that meets the
    condition, the eigenvalues at t = 1 tell whether there is any. Done where vector and bound agree.

    high, v_high : the bracket's upper end (F,) and the vector there (F, L); inf and 0 where they are not known
    """
    count, size = v_high.shape
    out = RatioSolution(np.zeros((count, size), complex), np.zeros(count), np.ones(count, bool), np.zeros(count))
    now = _State.start(goal.delta, high, v_high)
    for step in range(MAX_STEPS):
        if not now.index.size:
            break
        A_, C_ = A[now.index], C[now.index]
        pair, values, derivative = _eigenpairs(A_, C_, now.x)
        condition = (*goal.condition, now.delta)
        meets = condition[0] * pair.a + condition[1] * pair.c + now.delta >= 0
        now.narrow(meets, pair)
        vectors = np.stack([derivative, _either(meets, now.v_low, now.v_high)])
        candidate = _larger(crossing(A_, C_, pair, vectors, condition, goal.score))
        weight = pair.one_minus_t if goal.of_ratio else pair.t
        bound = np.where(weight > 0, (values[:, -1] - now.delta) / np.where(weight > 0, weight, 1.0), np.inf)
        now.improve(candidate, bound)

        free = meets if step == 0 else np.zeros_like(meets)
        infeasible = np.isposinf(now.x) & ~(meets & (values[:, -1] > size * ROUNDING * np.abs(values).max(axis=1)))
        done = free | infeasible | (now.gap <= TOLERANCE) | (now.stalls > MAX_STALLS) | (step == MAX_STEPS - 1)
        now.fall_back(done & ~free & ~infeasible, A_, C_, goal.of_ratio)
        at = now.index[done]
        out.v[at] = _either(free | infeasible, pair.v, now.v)[done]
        out.multiplier[at] = np.exp(np.where(infeasible, np.inf, now.x_bound))[done]
        out.gap[at] = np.where(free | infeasible, 0.0, now.gap)[done]
        out.feasible[at] = ~infeasible[done]

        inside = (candidate.x > now.low) & (candidate.x < now.high) & (now.stalls < PATIENCE)
        middle = np.where(np.isfinite(now.high), (np.maximum(now.low, -LARGEST) + now.high) / 2, np.inf)
        now.x = np.where(inside, candidate.x, middle)
        now = now.at(~done)
    return out


def _eigenpairs(A: Complex, C: Complex, x: Real) -> tuple[Eigenpair, Real, Complex]:
    """The top eigenpairs of A - tC, all eigenvalues (N, L), and the direction of the eigenvector's derivative (N, L)."""
    with np.errstate(over="ignore"):
        t, one_minus_t = 1 / (1 + np.exp(-x)), 1 / (1 + np.exp(x))
    values, vectors = np.linalg.eigh(A - t[:, None, None] * C)
    v, lower = vectors[:, :, -1], vectors[:, :, :-1]
    Cv = times(C, v)
    slopes = times(lower.conj().swapaxes(1, 2), Cv) / np.maximum(values[:, -1:] - values[:, :-1], 1e-30)
    pair = Eigenpair(v, Cv, product(v, times(A, v)).real, product(v, Cv).real, t, one_minus_t)
    return pair, values, times(lower, slopes)


def _either(choose: Bool, first: Complex, second: Complex) -> Complex:
    """Vectors (N, L): there where chosen, else the other."""
    return np.where(choose[:, None], first, second)


def _larger(both: Crossing) -> Crossing:
    later = both.score[1] > both.score[0]
    score, x = (np.where(later, last, first) for first, last in (both.score, both.x))
    return Crossing(_either(later, both.v[1], both.v[0]), score, x)


@dataclass(frozen=True)
class Crossing:
    """Vectors that meet a condition with equality; the score is -inf where there is none."""

    v: Complex  # (..., F, L) of unit norm
    score: Real  # (..., F)
    x: Real  # (..., F) log s/(1 - s), NaN where s is outside (0, 1)


@dataclass(frozen=True)
class Eigenpair:
    """Top eigenvectors of A - tC with their forms."""

    v: Complex  # (F, L)
    Cv: Complex  # (F, L)
    a: Real  # (F,) v^H A v
    c: Real  # (F,) v^H C v
    t: Real  # (F,)
    one_minus_t: Real  # (F,) 1 - t to full precision


def crossing(
    A: Complex,
    C: Complex,
    pair: Eigenpair,
    vector: Complex,
    condition: tuple[float, float, Real],
    score: tuple[float, float],
) -> Crossing:
    """Where the condition vanishes in the plane of an eigenvector and another vector: the root of larger score.

    Parameters
    ----------
    A, C : (F, L, L) complex array
    vector : (..., F, L) complex array, any vectors; no crossing where one is 0 or parallel to the eigenvector
    condition : tuple of float, float and float array, α, β, δ (F,)
    score : tuple of 2 float, weights of a and c in the score

    """
    u, exists = _beside(vector, pair)
    c_12 = np.abs(product(u, pair.Cv))
    Au = times(A, u)
    a_12, a_22, c_22 = product(pair.v, Au).real, product(u, Au).real, product(u, times(C, u)).real
    alpha, beta, delta = condition
    g_11, g_22 = alpha * pair.a + beta * pair.c + delta, alpha * a_22 + beta * c_22 + delta
    g_12 = (
        alpha * a_12 + beta * c_12
    )  # from the forms, not from t: the condition is to hold where the eigenvector is rough
    with np.errstate(all="ignore"):
        root = np.sqrt(g_12**2 - g_11 * g_22)  # NaN where the condition has one sign in the whole plane
        far = -(g_12 + np.copysign(root, g_12))
        roots = []
        for z in (far / g_22, g_11 / far):
            a, c = pair.a + 2 * a_12 * z + a_22 * z**2, pair.c + 2 * c_12 * z + c_22 * z**2
            turn, skew = 1 - z**2, (a_22 - pair.a) * z
            s = (pair.t * c_12 * turn + skew) / (pair.one_minus_t * c_12 * turn + (c_22 - pair.c) * z - skew)
            value = np.where(exists, (score[0] * a + score[1] * c) / (1 + z**2), -np.inf)
            roots.append((z, np.where(np.isfinite(value), value, -np.inf), np.log(s)))
    second = roots[1][1] > roots[0][1]
    z, value, x = (np.where(second, last, first) for first, last in zip(*roots, strict=True))
    z = np.where(np.isfinite(value), z, 0.0)[..., None]
    return Crossing((pair.v + z * u) / np.sqrt(1 + z**2), value, np.where(np.isfinite(value), x, np.nan))


def _beside(vector: Complex, pair: Eigenpair) -> tuple[Complex, Bool]:
    """Unit vectors u (..., F, L) orthogonal to v with u^H C v real and not negative, and whether there are any (..., F)."""
    u = vector / np.maximum(np.linalg.norm(vector, axis=-1), TINY)[..., None]
    exists = np.ones(u.shape[:-1], dtype=bool)
    for _ in range(2):  # twice, because what the first leaves of a nearly parallel vector is not orthogonal yet
        u = u - product(pair.v, u)[..., None] * pair.v
        norm = np.linalg.norm(u, axis=-1)
        exists &= norm > 1e-12
        u = u / np.maximum(norm, TINY)[..., None]
    cross = product(u, pair.Cv)
    turn = np.where(np.abs(cross) > 0, cross / np.maximum(np.abs(cross), TINY), 1.0)
    return u * turn[..., None], exists


def product(v: Complex, w: Complex) -> Complex:
    """v^H w (..., F)."""
    return np.asarray(np.einsum("...i,...i->...", v.conj(), w))


def times(A: Complex, v: Complex) -> Complex:
    """A v (..., F, L)."""
    return np.asarray((A @ v[..., None])[..., 0])
