"""Two quadratic forms in the plane of two vectors: where a condition on them vanishes, and the multiplier there.

v is a unit eigenvector of A - tC, and u a unit vector orthogonal to it, turned so that v^H C u is real. Then
v^H (A - tC) u = 0, so a_12 = t c_12 is real as well, and what matters of the plane is v + z u with z real:

    (v + zu)^H X (v + zu) = x_11 + 2 x_12 z + x_22 z²,   ||v + zu||² = 1 + z²

The condition αa + βc + δ = 0 on unit vectors is then a quadratic in z. A root v + zu is an eigenvector, within the plane,
of A - sC for the s at which both rows of (A - sC)(1, z)^T = μ(1, z)^T agree:

    s = n(A)/n(C),   n(X) = x_12 (1 - z²) + (x_22 - x_11) z,   hence s/(1 - s) = n(A)/n(C - A)

With u along the derivative of v by t, the plane holds the eigenvectors of all near t up to the square of the distance, so
s is a step of third order. With u the vector at the other end of a bracket it holds the combination that a double
eigenvalue wants. All is written in z, not in an angle, and with 1 - t given, because c_22 may be 1e12 times c_11.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Bool, Complex, Real

TINY = 1e-300


@dataclass(frozen=True)
class Crossing:
    """Vectors that meet a condition with equality; the score is -inf where there is none."""

    v: Complex  # (F, L) of unit norm
    score: Real  # (F,)
    x: Real  # (F,) log s/(1 - s), NaN where s is outside (0, 1)


@dataclass(frozen=True)
class Eigenpair:
    """Top eigenvectors of A - tC with their forms."""

    v: Complex  # (F, L)
    Cv: Complex  # (F, L)
    a: Real  # (F,) v^H A v
    c: Real  # (F,) v^H C v
    t: Real  # (F,)
    rest: Real  # (F,) 1 - t to full precision


def crossing(
    A: Complex,
    C: Complex,
    here: Eigenpair,
    other: Complex,
    condition: tuple[float, float, Real],
    score: tuple[float, float],
) -> Crossing:
    """Where the condition vanishes in the plane of an eigenvector and another vector: the root of larger score.

    Parameters
    ----------
    A, C : (F, L, L)
    other : (F, L) any vectors; no crossing where one is 0 or parallel to the eigenvector
    condition : α, β, δ (F,)
    score : weights of a and c in the score

    """
    u, exists = _beside(other, here)
    c_12 = np.abs(product(u, here.Cv))
    Au = times(A, u)
    a_12, a_22, c_22 = product(here.v, Au).real, product(u, Au).real, product(u, times(C, u)).real
    alpha, beta, delta = condition
    g_11, g_22 = alpha * here.a + beta * here.c + delta, alpha * a_22 + beta * c_22 + delta
    g_12 = (
        alpha * a_12 + beta * c_12
    )  # from the forms, not from t: the condition is to hold where the eigenvector is rough
    with np.errstate(all="ignore"):
        root = np.sqrt(g_12**2 - g_11 * g_22)  # NaN where the condition has one sign in the whole plane
        far = -(g_12 + np.copysign(root, g_12))
        found = []
        for z in (far / g_22, g_11 / far):
            a, c = here.a + 2 * a_12 * z + a_22 * z**2, here.c + 2 * c_12 * z + c_22 * z**2
            turn, skew = 1 - z**2, (a_22 - here.a) * z
            s = (here.t * c_12 * turn + skew) / (here.rest * c_12 * turn + (c_22 - here.c) * z - skew)
            value = np.where(exists, (score[0] * a + score[1] * c) / (1 + z**2), -np.inf)
            found.append((z, np.where(np.isfinite(value), value, -np.inf), np.log(s)))
    second = found[1][1] > found[0][1]
    z, value, x = (np.where(second, there, first) for first, there in zip(*found, strict=True))
    z = np.where(np.isfinite(value), z, 0.0)[:, None]
    return Crossing((here.v + z * u) / np.sqrt(1 + z**2), value, np.where(np.isfinite(value), x, np.nan))


def _beside(other: Complex, here: Eigenpair) -> tuple[Complex, Bool]:
    """Unit vectors u (F, L) orthogonal to v with u^H C v real and not negative, and whether there are any (F,)."""
    u = other / np.maximum(np.linalg.norm(other, axis=1), TINY)[:, None]
    exists = np.ones(len(u), dtype=bool)
    for _ in range(2):  # twice, because what the first leaves of a nearly parallel vector is not orthogonal yet
        u = u - product(here.v, u)[:, None] * here.v
        norm = np.linalg.norm(u, axis=1)
        exists &= norm > 1e-12
        u = u / np.maximum(norm, TINY)[:, None]
    cross = product(u, here.Cv)
    turn = np.where(np.abs(cross) > 0, cross / np.maximum(np.abs(cross), TINY), 1.0)
    return u * turn[:, None], exists


def product(v: Complex, w: Complex) -> Complex:
    """v^H w (F,)."""
    return np.asarray(np.einsum("fi,fi->f", v.conj(), w))


def times(A: Complex, v: Complex) -> Complex:
    """A v (F, L)."""
    return np.asarray((A @ v[:, :, None])[:, :, 0])
