"""The combination of CTC channels: what the two ears then get, its limits, and what a driver may be given."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from designer.arrays import Complex
from designer.stereo.virtualisation import LEAST_DIVISOR, Heard, largest_share

SEEDS = st.integers(0, 2**32 - 1)


def gaussian(seed: int, *shape: int) -> Complex:
    rng = np.random.default_rng(seed)
    return np.asarray(rng.standard_normal(shape) + 1j * rng.standard_normal(shape))


def channels(seed: int, residual: float) -> tuple[Complex, Complex]:
    """What two channels give the near and the far ear of the first one's side, one head, 50 frequencies."""
    own, other = gaussian(seed, 50, 1, 2), gaussian(seed + 1, 50, 1, 2)
    own[..., 1] = residual * own[..., 0] * np.exp(1j * np.angle(own[..., 1]))
    other[..., 0] = residual * other[..., 1] * np.exp(1j * np.angle(other[..., 0]))
    return own, other


@given(SEEDS)
def test_the_ears_get_the_model_and_no_more(seed: int) -> None:
    """The near ear gets X_i E and the far ear X_c E, E what the own channel alone gives the near ear, on any layout."""
    own, other = channels(seed, 0.6)
    near, far = np.exp(1j * gaussian(seed + 2, 50).real), 0.7 * np.exp(1j * gaussian(seed + 3, 50).real)
    heard = Heard.of(own, other)
    a, b = heard.combination(near, heard.target(near, far, np.ones(50)))
    ears = a[:, None] * own[:, 0] + b[:, None] * other[:, 0]
    np.testing.assert_allclose(ears, np.stack([near, far], axis=1) * own[:, 0, :1], rtol=1e-9, atol=1e-12)


def test_a_symmetric_pair_gives_the_closed_form() -> None:
    """On q = q', r = 1: a = (X_i - q X_c)/(1 - q²), b = (X_c - q X_i)/(1 - q²)."""
    q, near, far = 0.3 - 0.2j, np.exp(0.4j), 0.6 * np.exp(-1.1j)
    own = np.array([[[1.0, q]]])
    other = np.array([[[q, 1.0]]])
    heard = Heard.of(own, other)
    a, b = heard.combination(np.array([near]), heard.target(np.array([near]), np.array([far]), np.ones(1)))
    np.testing.assert_allclose(a, (near - q * far) / (1 - q**2), rtol=1e-12)
    np.testing.assert_allclose(b, (far - q * near) / (1 - q**2), rtol=1e-12)


@given(SEEDS)
def test_outside_the_band_the_own_channel_plays_alone(seed: int) -> None:
    """With no share of the design b = 0 and a = X_i, also where the two channels are nearly the same at the ears."""
    own, other = channels(seed, 0.999)
    near, far = np.exp(1j * gaussian(seed + 2, 50).real), gaussian(seed + 3, 50)
    heard = Heard.of(own, other)
    a, b = heard.combination(near, heard.target(near, far, np.zeros(50)))
    np.testing.assert_allclose(a, near, rtol=0, atol=1e-12)
    np.testing.assert_allclose(b, 0.0, atol=1e-12)


@given(SEEDS, st.floats(0.0, 1.0))
def test_the_near_ear_keeps_its_tone(seed: int, residual: float) -> None:
    """Whatever the share and however near 1 - q q' is to 0, the near ear gets X_i; the far ear's level moves between the ends."""
    own, other = channels(seed, residual)
    near, far = np.exp(1j * gaussian(seed + 2, 50).real), 0.5 * np.exp(1j * gaussian(seed + 3, 50).real)
    heard, share = Heard.of(own, other), np.linspace(0.0, 1.0, 50)
    expected = heard.target(near, far, share)
    a, b = heard.combination(near, expected)
    at_near = a * own[:, 0, 0] + b * other[:, 0, 0]
    np.testing.assert_allclose(at_near, near * own[:, 0, 0], rtol=1e-9)
    level = np.abs(expected)
    least, most = min(max(residual, 1e-3), 0.5), max(residual, 0.5)
    assert (level > least - 1e-9).all() and (level < most + 1e-9).all()
    louder = np.abs(own[:, 0, 0] / other[:, 0, 1])
    assert (np.abs(b) <= louder * (np.abs(expected) + residual) / LEAST_DIVISOR + 1e-9).all()


@given(SEEDS, st.floats(1.2, 6.0))
def test_a_drivers_limit_holds_and_is_used(seed: int, limit: float) -> None:
    """Along a straight way from weights of 1 every driver stays within its limit; where the way is cut short one is at it."""
    end = 4 * gaussian(seed, 40, 3)
    most = np.linspace(0.2, 1.0, 40)

    def weights(share: np.ndarray) -> Complex:
        return np.asarray(1 + share[:, None] * (end - 1))

    share = largest_share(weights, np.full(3, limit), most)
    loudest = np.abs(weights(share)).max(axis=1)
    assert (loudest <= limit * (1 + 1e-12)).all() and (share <= most).all()
    cut = share < most
    np.testing.assert_allclose(loudest[cut], limit, rtol=2e-3)
    assert (np.abs(weights(most)).max(axis=1)[~cut] <= limit * (1 + 1e-12)).all()
