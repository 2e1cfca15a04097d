"""A cascade of second-order sections behind a delay of whole samples, and the parameters in which it cannot be unstable.

    H(z) = z^-d Π_s (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2)

A section is stable inside the triangle |a2| < 1, |a1| < 1 + a2. Its poles lie within the radius ρ when z = ρ z' is inside
it: a1 = ρ α, a2 = ρ² β. The triangle is the image of the plane under β = tanh u, α = (1 + β) tanh v.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.signal import sosfilt

from designer.arrays import Complex, Real

EDGE = 1.0 - 1e-12
"""How near to the triangle's edge parameters begin."""


@dataclass(frozen=True)
class Cascade:
    """One filter.

    Attributes
    ----------
    b : numerators (S, 3)
    a : a1 and a2 of the denominators (S, 2)
    delay_samples : d
    gain : powers of two (S,), or (1,) for all: the numerators are stored as b / gain

    """

    b: Real
    a: Real
    delay_samples: int = 0
    gain: Real = field(default_factory=lambda: np.ones(1))

    @property
    def gains(self) -> Real:
        """The gain of each section (S,)."""
        return np.array(np.broadcast_to(self.gain, len(self.b)))

    def response(self, turn: Complex) -> Complex:
        """H (K,) at z^-1 = `turn` (K,), the delay included."""
        whole = np.prod(section_responses(self.b, self.a, turn), axis=0)
        return np.asarray(whole * turn**self.delay_samples)

    def impulse_response(self, length: int) -> Real:
        """The first samples of the response to a unit impulse (length,)."""
        sections = np.concatenate([self.b, np.ones((len(self.b), 1)), self.a], axis=1)
        impulse = np.zeros(length)
        impulse[self.delay_samples : self.delay_samples + 1] = 1.0
        return np.asarray(sosfilt(np.ascontiguousarray(sections), impulse))  # columns of b may be what lies together

    @property
    def pole_radius(self) -> float:
        """The largest magnitude of a pole."""
        return float(pole_radii(self.a).max(initial=0.0))


def pole_radii(a: Real) -> Real:
    """The larger magnitude of each section's two poles (S,), from a1 and a2 (S, 2)."""
    root = np.sqrt((a[:, 0] ** 2 / 4 - a[:, 1]).astype(complex))
    return np.asarray(np.maximum(np.abs(-a[:, 0] / 2 + root), np.abs(-a[:, 0] / 2 - root)))


def section_responses(b: Real, a: Real, turn: Complex) -> Complex:
    """Each section's own response (S, K) at z^-1 = `turn`."""
    upper = b[:, :1] + b[:, 1:2] * turn + b[:, 2:] * turn**2
    return np.asarray(upper / (1 + a[:, :1] * turn + a[:, 1:] * turn**2))


def denominators(free: Real, radius: float) -> Real:
    """a1, a2 (S, 2) of the parameters u, v (S, 2)."""
    beta = np.tanh(free[:, 0])
    return np.stack([radius * (1 + beta) * np.tanh(free[:, 1]), radius**2 * beta], axis=1)


def free_parameters(a: Real, radius: float) -> Real:
    """u, v (S, 2) of a1, a2 (S, 2); what is outside the triangle is taken to its edge."""
    beta = np.clip(a[:, 1] / radius**2, -EDGE, EDGE)
    return np.stack([np.arctanh(beta), np.arctanh(np.clip(a[:, 0] / radius / (1 + beta), -EDGE, EDGE))], axis=1)


def denominator_slopes(free: Real, radius: float) -> Real:
    """∂(a1, a2)/∂(u, v) (S, 2, 2)."""
    beta, alpha = np.tanh(free[:, 0]), np.tanh(free[:, 1])
    zero = np.zeros_like(beta)
    first = np.stack([radius * (1 - beta**2) * alpha, radius * (1 + beta) * (1 - alpha**2)], axis=1)
    return np.stack([first, np.stack([radius**2 * (1 - beta**2), zero], axis=1)], axis=1)
