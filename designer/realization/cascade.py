"""A cascade of second-order sections behind a delay of whole samples: its response, its stability, its order and scale.

    H(z) = z^-d Π_s (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2)

A section is stable inside the triangle |a2| < 1, |a1| < 1 + a2. Its poles lie within the radius ρ when z = ρ z' is inside
it: a1 = ρ α, a2 = ρ² β. The triangle is the image of the plane under β = tanh u, α = (1 + β) tanh v.

A node's largest value for inputs |x| <= 1 is the l1 norm of the impulse response from the input to it. Sections are ordered from the
least to the most resonant, and each numerator but the last is scaled so that the l1 norm at its section's output is FULL; the last
one carries the filter's own gain. Hence only the output itself can pass full scale, where the filter asks for more. The state of a
section is its own past inputs and outputs (direct form I), so that these are all the nodes there are. A numerator is stored as
b / gain, a power of two that lets its largest coefficient fill the word: the firmware shifts the sum of its three products.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from designer.arrays import Complex, Real

EDGE = 1.0 - 1e-12
"""How near to the triangle's edge parameters begin."""
FULL = 0.97
"""The l1 norm that a node is scaled to: the rest is for the rounding of the coefficients."""
ROOM = 0.95
"""The share of a word's range that numerators fill at first: the rest is for their rounding."""
TAIL = 1e-7
LONGEST = 65_536


@dataclass(frozen=True)
class Cascade:
    """One filter; its numerators are stored as b / gain."""

    b: Real  # numerators (S, 3)
    a: Real  # a1 and a2 of the denominators (S, 2)
    delay_samples: int = 0
    gain: Real = field(default_factory=lambda: np.ones(1))  # powers of two (S,), or (1,) for all

    @property
    def gains(self) -> Real:
        """The gain of each section (S,)."""
        return np.array(np.broadcast_to(self.gain, len(self.b)))

    def response(self, turn: Complex) -> Complex:
        """H (K,) at z^-1 = `turn` (K,), the delay included."""
        product = np.prod(section_responses(self.b, self.a, turn), axis=0)
        return np.asarray(product * turn**self.delay_samples)

    def impulse_response(self, length: int) -> Real:
        """The first samples of the response to a unit impulse (length,)."""
        from scipy.signal import sosfilt  # slow to import

        impulse = np.zeros(length)
        impulse[self.delay_samples : self.delay_samples + 1] = 1.0
        return np.asarray(sosfilt(self.sos, impulse))

    @property
    def sos(self) -> Real:
        """b0, b1, b2, 1, a1, a2 of each section (S, 6), as scipy and MATLAB take them; columns of b may be what lies together."""
        return np.ascontiguousarray(np.concatenate([self.b, np.ones((len(self.b), 1)), self.a], axis=1))

    @property
    def pole_radius(self) -> float:
        """The largest magnitude of a pole."""
        return float(pole_radii(self.a).max(initial=0.0))


def pole_radii(a: Real) -> Real:
    """The larger magnitude of each section's two poles (S,), from a1 and a2 (S, 2)."""
    root = np.sqrt((a[:, 0] ** 2 / 4 - a[:, 1]).astype(complex))
    return np.asarray(np.maximum(np.abs(-a[:, 0] / 2 + root), np.abs(-a[:, 0] / 2 - root)))


def section_responses(b: Real, a: Real, turn: Complex) -> Complex:
    """Each section's own response (..., S, K) at z^-1 = `turn` (K,), of numerators (..., S, 3) and denominators (..., S, 2)."""
    upper = b[..., :1] + b[..., 1:2] * turn + b[..., 2:] * turn**2
    return np.asarray(upper / (1 + a[..., :1] * turn + a[..., 1:] * turn**2))


def denominators(free: Real, radius: float) -> Real:
    """a1, a2 (..., S, 2) of the parameters u, v (..., S, 2)."""
    beta = np.tanh(free[..., 0])
    return np.stack([radius * (1 + beta) * np.tanh(free[..., 1]), radius**2 * beta], axis=-1)


def free_parameters(a: Real, radius: float) -> Real:
    """u, v (..., S, 2) of a1, a2 (..., S, 2); what is outside the triangle is taken to its edge."""
    beta = np.clip(a[..., 1] / radius**2, -EDGE, EDGE)
    return np.stack([np.arctanh(beta), np.arctanh(np.clip(a[..., 0] / radius / (1 + beta), -EDGE, EDGE))], axis=-1)


def denominator_slopes(free: Real, radius: float) -> Real:
    """∂(a1, a2)/∂(u, v) (..., S, 2, 2)."""
    beta, alpha = np.tanh(free[..., 0]), np.tanh(free[..., 1])
    slopes = np.zeros((*free.shape, 2))
    slopes[..., 0, 0], slopes[..., 0, 1] = radius * (1 - beta**2) * alpha, radius * (1 + beta) * (1 - alpha**2)
    slopes[..., 1, 0] = radius**2 * (1 - beta**2)
    return slopes


def settled_length(pole_radius: float) -> int:
    """Samples after which r^n is below TAIL, at most LONGEST."""
    return int(min(LONGEST, 64 + np.ceil(np.log(TAIL) / np.log(max(min(pole_radius, 1 - 1e-9), 0.5)))))


def node_bounds(cascade: Cascade) -> Real:
    """The largest value of each section's output (S,) for inputs of at most 1."""
    from scipy.signal import sosfilt  # slow to import

    count = settled_length(cascade.pole_radius)
    signal = np.zeros(count)
    signal[0] = 1.0
    bounds = []
    for b, a in zip(cascade.b, cascade.a, strict=True):
        signal = sosfilt(np.concatenate([b, [1.0], a])[None], signal)
        bounds.append(float(np.abs(signal).sum()))
    return np.array(bounds)


def scaled(cascade: Cascade) -> Cascade:
    """Filter, ordered and scaled."""
    order = np.argsort(pole_radii(cascade.a), kind="stable")
    b, a = cascade.b[order], cascade.a[order]
    for s in range(len(b) - 1):
        bound = node_bounds(Cascade(b[: s + 1], a[: s + 1]))[-1]
        factor = FULL / bound if bound > 0 else 1.0
        b[s] *= factor
        b[s + 1] /= factor
    return replace(cascade, b=b, a=a)


def with_gains(cascade: Cascade, greatest: float) -> Cascade:
    """Filter with its gains chosen so that no stored coefficient is beyond ROOM of the greatest that a word holds."""
    most = np.maximum(np.abs(cascade.b).max(axis=1), 1e-300)
    return replace(cascade, gain=2.0 ** np.ceil(np.log2(most / (ROOM * greatest))))


def cleared(cascade: Cascade) -> Cascade:
    """Equal filter and coefficients, powers of two moved from gain to gain until no inner node passes full scale."""
    b, gain = cascade.b.copy(), cascade.gains
    for s in range(len(b) - 1):
        bound = node_bounds(Cascade(b[: s + 1], cascade.a[: s + 1]))[-1]
        shift = 2.0 ** max(0.0, np.ceil(np.log2(max(bound, 1e-300))))
        for values in (b, gain):
            values[s] /= shift
            values[s + 1] *= shift
    return replace(cascade, b=b, gain=gain)
