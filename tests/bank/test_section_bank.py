"""Sections between sets: as stable as the sets, linear in their numerators, and without a click while values change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.arrays import Real
from designer.bank.bank_file import bank_bytes, read_bank
from designer.bank.filter_bank import Axis
from designer.bank.section_bank import SectionBank, section_bank
from designer.bank.section_walk import SectionWalk
from designer.bank.walk import along
from designer.errors import DataError

BLOCK = 64
RADIUS = 0.97


def bank_of(seed: int, keys: int = 1, sections: int = 3) -> SectionBank:
    """Two channels and two drivers, one of them silent in a channel: poles within RADIUS, numerators and delays by chance."""
    rng = np.random.default_rng(seed)
    axes = [Axis("x", np.array([0.0, 0.3, 1.0])), Axis("y", np.array([-1.0, 2.0]))][:keys]
    shape = tuple(axis.values.size for axis in axes)
    radius, angle = rng.uniform(0.2, RADIUS, (2, 2, sections)), rng.uniform(0, np.pi, (2, 2, sections))
    denominators = np.stack([-2 * radius * np.cos(angle), radius**2], axis=-1)
    names = ("left", "right")
    numerators = {name: rng.normal(size=(*shape, 2, 1 + 2 * sections)) for name in names}
    numerators["right"][..., 1, :] = 0
    delay = {name: rng.uniform(0, 30, (*shape, 2)) for name in names}
    poles = dict(zip(names, denominators, strict=True))
    return section_bank(axes, ("a", "b"), 48_000.0, numerators, poles, delay, 20)


def naive(bank: SectionBank, inputs: Real, values: Real) -> Real:
    """Feeds of the channel "left" to the driver "a" by the recursion itself, sample after sample."""
    from designer.bank.delay_filter import fraction_taps

    x, a = inputs[:, 0], bank.denominators["left"][0]
    w, out = np.zeros((len(a), len(x) + 2)), np.zeros(len(x))

    def delayed(n: int, delay: float) -> float:
        whole = int(delay)
        part = fraction_taps(np.array([delay - whole]))[0]
        return float(sum(tap * x[n - whole - m] for m, tap in enumerate(part) if n >= whole + m))

    before = values[0]
    for n in range(len(x)):
        now, g = values[n // BLOCK], n % BLOCK / BLOCK
        (x0, d0), (x1, d1) = (bank.coefficients("left", each) for each in (before, now))
        u = (1 - g) * delayed(n, d0[0]) + g * delayed(n, d1[0])
        numerators = (1 - g) * x0[0] + g * x1[0]
        out[n] = numerators[0] * u
        for s in range(len(a)):
            w[s, n + 2] = u - a[s, 0] * w[s, n + 1] - a[s, 1] * w[s, n]
            out[n] += numerators[1 + 2 * s] * w[s, n + 2] + numerators[2 + 2 * s] * w[s, n + 1]
        if n % BLOCK == BLOCK - 1:
            before = now
    return out


@given(st.integers(0, 1000), st.floats(-0.5, 1.5), st.floats(-2, 3))
def test_filters_between_sets_are_stable(seed: int, x: float, y: float) -> None:
    """At any values, within the range or beyond: the last tenth of the impulse response is below the largest pole's decay."""
    bank = bank_of(seed, 2)
    taps = bank.at("left", [x, y])
    start = taps.shape[1] - 64
    most = np.abs(bank.numerators["left"]).sum(axis=-1).max() / (1 - RADIUS)
    assert np.abs(taps[:, start:]).max() <= most * taps.shape[1] * RADIUS ** (start - 50)


def test_half_way_is_the_mean_of_the_responses() -> None:
    """Where two sets have the same delays: numerators are linear, whatever the poles are."""
    bank = bank_of(1)
    bank.delay_samples["left"][...] = 3.25
    mean = (bank.at("left", [0.3]) + bank.at("left", [1.0])) / 2
    np.testing.assert_allclose(bank.at("left", [0.65]), mean, atol=1e-10)


@pytest.mark.parametrize("keys", [1, 2])
def test_a_value_that_stays_plays_the_filter_of_the_place(keys: int) -> None:
    """The walk's recursion and the impulse responses of the bank are the same filters, with what a channel waits."""
    bank, place = bank_of(2, keys), (0.4, 0.5)[:keys]
    inputs = np.random.default_rng(1).normal(size=(12 * BLOCK, 2))
    out = along(SectionWalk(bank, {"left": 0, "right": 7}, place), inputs, np.tile(place, (12, 1)), BLOCK)
    for l in range(2):
        sides = [np.convolve(inputs[:, c], bank.at(name, place)[l]) for c, name in enumerate(("left", "right"))]
        expected = sides[0][: len(inputs)] + np.concatenate([np.zeros(7), sides[1]])[: len(inputs)]
        np.testing.assert_allclose(out[:, l], expected, atol=1e-5 * np.abs(expected).max())


def test_a_walk_is_the_recursion() -> None:
    """Delays and numerators on straight lines over a block, poles as they are: the sample-by-sample loop."""
    bank, values = bank_of(3), np.array([[0.0], [0.9], [0.9], [0.2], [1.4], [1.4]])
    inputs = np.random.default_rng(2).normal(size=(6 * BLOCK, 2))
    inputs[:, 1] = 0
    out = along(SectionWalk(bank, {"left": 0, "right": 0}, values[0]), inputs, values, BLOCK)
    np.testing.assert_allclose(out[:, 0], naive(bank, inputs, values), atol=1e-9)


def test_the_order_of_sections_does_not_matter() -> None:
    """Sections of all sets in another order are the same bank: nothing is paired between neighbours."""
    bank = bank_of(4)
    order = np.array([2, 0, 1])
    columns = np.concatenate([[0], *(np.array([1, 2]) + 2 * s for s in order)])
    turned = section_bank(
        bank.axes,
        bank.drivers,
        bank.sample_rate_hz,
        {name: x[..., columns] for name, x in bank.numerators.items()},
        {name: a[:, order] for name, a in bank.denominators.items()},
        bank.delay_samples,
        20,
    )
    np.testing.assert_allclose(turned.at("left", [0.7]), bank.at("left", [0.7]), atol=1e-12)


def test_no_path_drives_a_walk_beyond_its_bound() -> None:
    """Values that jump with every block, as fast as anything can: feeds stay below the norms of delay, poles and numerators."""
    bank = bank_of(5)
    rng = np.random.default_rng(3)
    values = rng.choice([0.0, 0.3, 1.0], size=(200, 1))
    inputs = np.sign(rng.normal(size=(200 * BLOCK, 2)))
    inputs[:, 1] = 0
    out = along(SectionWalk(bank, {"left": 0, "right": 0}, values[0]), inputs, values, BLOCK)
    for l, a in enumerate(bank.denominators["left"]):
        norms = []
        for each in a:
            pole = np.zeros(2000)
            pole[0] = 1.0
            for n in range(1, 2000):
                pole[n] = -each[0] * pole[n - 1] - (each[1] * pole[n - 2] if n > 1 else 0.0)
            norms.append(np.abs(pole).sum())
        most = np.abs(bank.numerators["left"][:, l]).max(axis=0)
        bound = 3.0 * (most[0] + sum(n * (most[1 + 2 * s] + most[2 + 2 * s]) for s, n in enumerate(norms)))
        assert np.abs(out[:, l]).max() <= bound


def test_the_file_is_the_bank(tmp_path: Path) -> None:
    """Written and read: the same filters, and the same bytes again."""
    bank = bank_of(6, 2)
    (tmp_path / "bank.npz").write_bytes(bank_bytes(bank))
    read = read_bank(tmp_path / "bank.npz")
    assert isinstance(read, SectionBank)
    np.testing.assert_array_equal(read.at("right", [0.5, 1.0]), bank.at("right", [0.5, 1.0]))
    assert bank_bytes(read) == bank_bytes(bank)


@pytest.mark.parametrize("a", [(np.nan, 0.5), (0.0, 1.0), (-2.2, 1.3)])
def test_a_file_with_poles_on_the_unit_circle_or_beyond_is_refused(a: tuple[float, float], tmp_path: Path) -> None:
    """Its sections ring for ever; NaN is no pole."""
    bank = bank_of(6)
    bank.denominators["right"][1, 2] = a
    (tmp_path / "bank.npz").write_bytes(bank_bytes(bank))
    with pytest.raises(DataError, match=r"poles are not inside the unit circle; expected bank\.npz"):
        read_bank(tmp_path / "bank.npz")
