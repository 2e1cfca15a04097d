"""A stable rational filter through given complex responses: vector fitting in z, then its sections.

    minimise  Σ_k |weight_k (R(z_k) - wanted_k)|²,     R(z) = r_0 + Σ_n r_n / (z - p_n)

The poles are moved until they stay: with σ(z) = 1 + Σ c_n / (z - p_n), the linear least-squares problem
Σ |weight (p(z) - σ(z) wanted)|² over p's and σ's residues has p/σ as its fit, whose poles are the zeros of σ; a zero
outside the allowed radius is mirrored or drawn into it (B. Gustavsen and A. Semlyen, IEEE Trans. Power Delivery 14(3),
1999; σ's own size is held instead of its constant, which speeds it up under noise: B. Gustavsen, 21(3), 2006). First
poles lie on a logarithmic axis, so that low frequencies are resolved. With the poles at rest, r is a linear fit. The
zeros are the generalised eigenvalues of [A - zI, B; C, D].
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigvals

from designer.arrays import Complex, Real
from designer.realization.cascade import Cascade

ITERATIONS = 12
MAX_ROWS = 128
"""Rows of one QR factorisation."""
FAR = 1e6
"""A zero beyond this radius is at infinity."""
LOWEST_ANGLE = 1e-3
"""Radians a sample: 8 Hz at 48 kHz."""


def vector_fit(response: Complex, weight: Real, turn: Complex, sections: int, radius: float) -> Cascade:
    """A cascade of S sections without a delay, no pole beyond the radius, near to wanted responses (K,) at z^-1 = `turn` (K,).

    The weight (K,) is on the amplitude of the error.
    """
    poles = first_poles(turn, sections, radius)
    for _ in range(ITERATIONS):
        poles = _relocated(poles, response, weight, turn, radius)
    basis = _basis(poles, turn)
    columns = np.concatenate([np.ones((turn.size, 1)), basis], axis=1)
    rows, target = columns * weight[:, None], response * weight
    coefficients = _scaled_lstsq(np.concatenate([rows.real, rows.imag]), np.concatenate([target.real, target.imag]))
    A, B = _state_space(poles)
    zeros = _zeros(A, B, coefficients[1:], coefficients[0])
    b, a = _paired(zeros, poles)
    shape = Cascade(b, a).response(turn)
    weighted_shape = weight**2 * shape.conj()
    b[0] *= np.real(weighted_shape @ response) / max(float(np.real(weighted_shape @ shape)), 1e-300)
    return Cascade(b, a)


def first_poles(turn: Complex, sections: int, radius: float) -> Complex:
    """Pairs (S, 2), their angles in equal ratios over the grid, their bandwidth a share of the angle."""
    angles = np.abs(np.angle(turn))
    low = max(float(angles[angles > 0].min()), LOWEST_ANGLE)
    angle = np.geomspace(low, 0.9 * np.pi, sections) if sections > 1 else np.array([0.1])
    upper = np.minimum(np.exp(-0.3 * angle), radius) * np.exp(1j * angle)
    return np.stack([upper, upper.conj()], axis=1)


def _basis(poles: Complex, turn: Complex) -> Complex:
    """Two functions a pair (K, 2S), (zI - A)^-1 B of its block: what 1/(z-p) and 1/(z-p*) span with real factors."""
    A, B = _state_space(poles)
    z = 1 / turn
    out = np.empty((turn.size, len(A)), dtype=complex)
    for s in range(len(A) // 2):
        (p, q), (m, n) = A[2 * s : 2 * s + 2, 2 * s : 2 * s + 2]
        determinant = (z - p) * (z - n) - q * m
        b = B[2 * s : 2 * s + 2]
        out[:, 2 * s] = ((z - n) * b[0] + q * b[1]) / determinant
        out[:, 2 * s + 1] = (m * b[0] + (z - p) * b[1]) / determinant
    return out


def _state_space(poles: Complex) -> tuple[Real, Real]:
    """A block diagonal (2S, 2S) and B (2S,), from pairs (S, 2) of poles, each conjugate or both real."""
    A, B = np.zeros((2 * len(poles), 2 * len(poles))), np.ones(2 * len(poles))
    for s, (p, q) in enumerate(poles):
        block = slice(2 * s, 2 * s + 2)
        if p.imag != 0:
            A[block, block] = [[p.real, p.imag], [-p.imag, p.real]]
            B[block] = [2.0, 0.0]
        else:
            A[block, block] = [[p.real, 0.0], [0.0, q.real]]
    return A, B


def _relocated(poles: Complex, response: Complex, weight: Real, turn: Complex, radius: float) -> Complex:
    """The zeros of σ, each within the radius."""
    basis = _basis(poles, turn)
    count = turn.size
    numerator = np.concatenate([np.ones((count, 1)), basis], axis=1) * weight[:, None]
    denominator = -np.concatenate([np.ones((count, 1)), basis], axis=1) * (response * weight)[:, None]
    rows = np.concatenate([numerator, denominator], axis=1)
    rows = np.concatenate([rows.real, rows.imag])
    size = numerator.shape[1]
    # The sum of Re σ is held at its number of frequencies, as strongly as the fit itself weighs.
    strength = np.linalg.norm(response * weight) / count
    held = np.concatenate([np.zeros(size), [count], basis.real.sum(axis=0)]) * strength
    rows = np.concatenate([rows, held[None]])
    target = np.zeros(len(rows))
    target[-1] = count * strength
    return _moved(poles, _scaled_lstsq(rows, target)[size:], radius)


def common_poles(targets: Complex, weight: Real, turn: Complex, sections: int, radius: float) -> Complex:
    """Pairs of poles (S, 2) that serve P wanted responses (P, K) with weights (P, K), each with residues of its own.

    σ is the same for all. Of each response's rows what is left beside its own residues, the lower corner of a QR decomposition, counts
    (D. Deschrijver et al., IEEE Microwave and Wireless Components Letters 18(6), 2008).
    """
    poles = first_poles(turn, sections, radius)
    for _ in range(ITERATIONS):
        basis = _basis(poles, turn)
        columns = np.concatenate([np.ones((turn.size, 1)), basis], axis=1)
        count = columns.shape[1]
        rows = []
        for response, share in zip(targets, weight, strict=True):
            both = np.concatenate([columns * share[:, None], -columns * (response * share)[:, None]], axis=1)
            corner = np.asarray(np.linalg.qr(np.concatenate([both.real, both.imag]), mode="r"))
            rows.append(corner[count : 2 * count, count:])
        strength = np.linalg.norm(targets * weight) / turn.size
        held = np.concatenate([[turn.size], basis.real.sum(axis=0)]) * strength
        target = np.zeros(len(targets) * count + 1)
        target[-1] = turn.size * strength
        poles = _moved(poles, _scaled_lstsq(np.concatenate([*rows, held[None]]), target), radius)
    return poles


def _moved(poles: Complex, sigma: Real, radius: float) -> Complex:
    """The zeros of σ, from its constant and residues, each within the radius."""
    A, B = _state_space(poles)
    constant = sigma[0] if abs(sigma[0]) > 1e-8 else 1e-8
    zeros = np.linalg.eigvals(A - np.outer(B, sigma[1:]) / constant).astype(complex)
    outside = np.abs(zeros) > 1
    zeros[outside] = 1 / zeros[outside].conj()
    magnitude = np.abs(zeros)
    zeros = np.where(magnitude > radius, zeros * radius / np.maximum(magnitude, 1e-300), zeros)
    return _conjugate_pairs(zeros)


def _scaled_lstsq(rows: Real, target: Real) -> Real:
    """The least-squares solution, from the triangle of the rows' QR factors.

    The triangle is put together from parts of MAX_ROWS rows, none of which a library shares among threads: these wait for each other
    longer than such a part takes, and on a busy machine a hundred times as long.
    """
    scale = np.linalg.norm(rows, axis=0)
    scale[scale == 0] = 1.0
    whole = np.concatenate([rows / scale, target[:, None]], axis=1)
    width = whole.shape[1]
    while len(whole) > 2 * width:
        parts = -(-len(whole) // max(MAX_ROWS, 2 * width))
        size = -(-len(whole) // parts)
        padded = np.concatenate([whole, np.zeros((parts * size - len(whole), width))])
        whole = np.asarray(np.linalg.qr(padded.reshape(parts, size, width), mode="r")).reshape(-1, width)
    R = np.asarray(np.linalg.qr(whole, mode="r"))[: width - 1]
    return np.asarray(np.linalg.lstsq(R[:, :-1], R[:, -1], rcond=1e-14)[0] / scale)


def _zeros(A: Real, B: Real, C: Real, D: float) -> Complex:
    """The 2S zeros of D + C (zI - A)^-1 B; np.inf where there are fewer."""
    size = len(A)
    system = np.block([[A, B[:, None]], [C[None, :], np.array([[D]])]])
    identity = np.diag(np.concatenate([np.ones(size), [0.0]]))
    with np.errstate(all="ignore"):
        zeros = eigvals(system, identity)
    zeros = np.asarray(np.where(np.isfinite(zeros), zeros, np.inf), dtype=complex)
    zeros = zeros[np.argsort(np.abs(zeros))][:size]
    return np.where(np.abs(zeros) > FAR, np.inf, zeros)


def _conjugate_pairs(roots: Complex) -> Complex:
    """Pairs (S, 2): conjugates together, real ones by size, infinite ones last."""
    finite = roots[np.isfinite(roots)]
    tolerance = 1e-10 * np.maximum(np.abs(finite), 1e-3)
    upper = finite[finite.imag > tolerance]
    real = np.sort(finite[np.abs(finite.imag) <= tolerance].real)
    count = roots.size - 2 * upper.size
    flat = np.concatenate([real, np.full(max(count - real.size, 0), np.inf)])[:count]
    flat = flat[: count - count % 2]
    pairs = [np.stack([upper, upper.conj()], axis=1), flat.reshape(-1, 2).astype(complex)]
    return np.concatenate(pairs)


def _paired(zeros: Complex, poles: Complex) -> tuple[Real, Real]:
    """Sections (S, 3), (S, 2): the pole pair nearest to the circle first takes the zeros nearest to it."""
    zero_pairs = _conjugate_pairs(zeros)
    a = np.stack([-(poles.sum(axis=1)).real, poles.prod(axis=1).real], axis=1)
    b = np.empty((len(a), 3))
    unpaired = list(range(len(zero_pairs)))
    for s in np.argsort(-np.abs(poles).max(axis=1)):
        distance = [
            np.abs(zero_pairs[n, 0] - poles[s, 0]) if np.isfinite(zero_pairs[n, 0]) else np.inf for n in unpaired
        ]
        b[s] = _polynomial(zero_pairs[unpaired.pop(int(np.argmin(distance)))])
    order = np.argsort(np.abs(poles).max(axis=1), kind="stable")
    return b[order], a[order]


def _polynomial(zeros: Complex) -> Real:
    """Coefficients of z^0, z^-1, z^-2 with these zeros, the largest of them 1."""
    finite = zeros[np.isfinite(zeros)]
    coefficients = [1.0, -finite.sum().real, finite.prod().real]
    b = np.array([0.0] * (2 - finite.size) + coefficients[: 1 + finite.size])
    return np.asarray(b / np.abs(b).max())
