"""Hermitian forms that no vector makes non-negative all at once: a certificate by their weighted sum.

    Σ_g ν_g M_g negative definite for some ν >= 0   implies   no v != 0 has v^H M_g v >= 0 for every g,

because the sum would be non-negative there. The ν is looked for as the one of the least largest eigenvalue λ(ν) of the sum, a convex
function over the simplex, whose gradient is v^H M_g v at the top eigenvector v: by exponentiated gradient steps of Polyak's length
towards a value just below 0. For one or two forms there always is such a ν where there is no such v; for more a gap may be left, the
relaxation's, so that without a certificate nothing is shown.

Source: B. T. Polyak, Minimization of unsmooth functionals (1969) for the step; J. Kivinen and M. K. Warmuth, Exponentiated gradient
versus gradient descent for linear predictors (1997).
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Bool, Complex

ITERATIONS = 300
TARGET = -1e-3
"""Value that the steps aim at, of forms of norm 1."""
CERTAIN = -1e-9
"""A largest eigenvalue below it is negative, rounding or not."""
LEAST_NORM = 1e-300
STEEPEST = 20.0
"""Largest exponent of a step."""


def exclude_each_other(forms: Complex, iterations: int = ITERATIONS) -> Bool:
    """Where no vector makes all forms (F, G, L, L) non-negative, as far as a certificate was found (F,)."""
    norm = np.linalg.norm(forms, axis=(2, 3), keepdims=True)
    forms = forms / np.maximum(norm, LEAST_NORM)
    certified = np.zeros(len(forms), dtype=bool)
    at, log_share = np.arange(len(forms)), np.zeros(forms.shape[:2])
    for _ in range(iterations):
        share = np.exp(log_share - log_share.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        values, vectors = np.linalg.eigh(np.einsum("fg,fgij->fij", share, forms[at]))
        top, v = values[:, -1], vectors[:, :, -1]
        slope = np.einsum("fi,fgij,fj->fg", v.conj(), forms[at], v, optimize=True).real
        certified[at[top < CERTAIN]] = True
        left = (top >= CERTAIN) & (slope.min(axis=1) < 0)  # else v itself makes them all non-negative
        at, top, slope = at[left], top[left], slope[left]
        if not at.size:
            break
        slope -= np.sum(share[left] * slope, axis=1, keepdims=True)
        step = (top - TARGET) / np.maximum(np.sum(share[left] * slope**2, axis=1), LEAST_NORM)
        step = np.minimum(step, STEEPEST / np.maximum(np.abs(slope).max(axis=1), LEAST_NORM))
        log_share = log_share[left] - step[:, None] * slope
        log_share -= log_share.max(axis=1, keepdims=True)
    return certified
