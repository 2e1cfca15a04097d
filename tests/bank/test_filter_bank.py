"""Sets are aligned by their delays, and what is played between them is the filter of the place between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from designer.arrays import Complex, Real
from designer.bank.alignment import delays, lags
from designer.bank.bank_file import bank_bytes, read_bank
from designer.bank.filter_bank import Axis, FilterBank, aligned_bank
from designer.errors import DataError
from designer.problem.word_format import Word

OMEGA = np.linspace(0.05, 0.6, 60) * np.pi


def pulse(delay: float, taps: int = 96) -> Real:
    """A band-limited pulse (taps,) at a delay: a Gaussian's spectrum, by the inverse transform."""
    omega = 2 * np.pi * np.fft.rfftfreq(4 * taps)
    spectrum = np.exp(-((omega / 1.0) ** 2) - 1j * omega * delay)
    return np.asarray(np.fft.irfft(spectrum, 4 * taps)[:taps])


def response(taps: Real) -> Complex:
    """H (F,) by the sum itself."""
    return np.asarray(np.exp(-1j * np.outer(OMEGA, np.arange(taps.size))) @ taps)


def bank(places: Real, delay_of: float, **more: object) -> FilterBank:
    """A bank of two drivers: a pulse that moves by `delay_of` samples a unit of the key, and one that stays."""
    taps = np.array([[pulse(40 + delay_of * place), pulse(40)] for place in places])
    return aligned_bank([Axis("key", places)], ("a", "b"), 48_000.0, {"left": taps}, 40, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("lag", [-7.3, 0.0, 0.41, 12.0])
def test_the_lag_of_two_pulses_is_found(lag: float) -> None:
    """To a hundredth of a sample."""
    assert lags(pulse(40)[None], pulse(40 + lag)[None])[0] == pytest.approx(lag, abs=0.01)


def test_delays_on_a_grid_are_those_of_its_places() -> None:
    """Of a pulse whose delay is 3 x - 2 y, up to the constant that makes the least 0."""
    taps = np.array([[[pulse(40 + 3 * x - 2 * y)] for y in range(4)] for x in range(3)])
    expected = np.array([[[3 * x - 2 * y + 6.0] for y in range(4)] for x in range(3)])
    np.testing.assert_allclose(delays(taps, 2), expected, atol=0.02)


def test_half_way_between_two_delays_is_the_delay_between() -> None:
    """Sets with a pulse at 40 and at 52 samples: at 0.25 it stands at 43, and everything has the bulk delay of the bank besides."""
    played = bank(np.array([0.0, 1.0]), 12.0)
    late = played.bulk_delay_samples - 40
    for place in (0.0, 0.25, 0.5, 1.0):
        moving, still = played.at("left", [place])
        np.testing.assert_allclose(response(moving), response(pulse(40 + 12 * place + late, 400)), atol=2e-3)
        np.testing.assert_allclose(response(still), response(pulse(40 + late, 400)), atol=2e-3)


def test_without_alignment_it_is_a_comb() -> None:
    """The mean of two pulses d samples apart: |cos(ω d / 2)| of one, the reason for the alignment."""
    played = bank(np.array([0.0, 1.0]), 12.0, align=False)
    actual = np.abs(response(played.at("left", [0.5])[0]))
    np.testing.assert_allclose(actual, np.abs(response(pulse(40, 400)) * np.cos(6 * OMEGA)), atol=2e-3)


def test_values_beyond_the_range_play_its_ends() -> None:
    """A tracker may tell any place."""
    played = bank(np.array([0.0, 1.0, 3.0]), 2.0)
    np.testing.assert_array_equal(played.at("left", [-5.0]), played.at("left", [0.0]))
    np.testing.assert_array_equal(played.at("left", [9.0]), played.at("left", [3.0]))


def test_the_nearest_set_is_the_nearest() -> None:
    """At 1.9 between 1 and 3 it is that at 1."""
    played = bank(np.array([0.0, 1.0, 3.0]), 2.0)
    np.testing.assert_array_equal(played.nearest("left", [1.9]), played.at("left", [1.0]))


def test_shares_of_two_keys_are_bilinear() -> None:
    """Shares of the four sets around (0.25, 0.5) on a unit cell; their sum is 1."""
    taps = np.zeros((2, 2, 1, 8))
    taps[..., 4] = [[[1.0], [2.0]], [[3.0], [4.0]]]
    axes = [Axis("x", np.array([0.0, 1.0])), Axis("y", np.array([0.0, 1.0]))]
    played = aligned_bank(axes, ("a",), 48_000.0, {"left": taps}, 4)
    shares = dict(played.corners([0.25, 0.5]))
    assert shares == pytest.approx({(0, 0): 0.375, (0, 1): 0.375, (1, 0): 0.125, (1, 1): 0.125})
    assert played.at("left", [0.25, 0.5]).sum() == pytest.approx(0.375 * 3 + 0.125 * 7, abs=1e-3)


def test_a_bank_in_words_holds_integers_between_sets_too() -> None:
    """Q = tap 2^(fraction bits - shift) is whole, and fits the word."""
    word = Word(1, 11)
    played = bank(np.array([0.0, 1.0]), 5.0, word=word)
    for place in (0.0, 0.3, 1.0):
        taps, _ = played.parts("left", [place])
        q = taps / (2.0 ** played.shifts["left"] * word.step)
        assert (q == np.rint(q)).all()
        assert np.abs(q).max() <= 2**11
        assert np.abs(q).max() > 2**8


def test_a_bank_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Every array, and the same bytes again."""
    written = bank(np.array([0.0, 1.0, 3.0]), 2.0, word=Word(1, 15))
    (tmp_path / "bank.npz").write_bytes(bank_bytes(written))
    again = read_bank(tmp_path / "bank.npz")
    assert (again.drivers, again.channels, again.word) == (("a", "b"), ("left",), Word(1, 15))
    assert (again.shifts, again.bulk_delay_samples) == (written.shifts, written.bulk_delay_samples)
    np.testing.assert_array_equal(again.axes[0].values, written.axes[0].values)
    np.testing.assert_array_equal(again.at("left", [0.7]), written.at("left", [0.7]))
    assert bank_bytes(again) == bank_bytes(written)


def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    """By its name, with the remedy."""
    path = tmp_path / "bank.npz"
    path.write_bytes(bank_bytes(bank(np.array([0.0, 1.0]), 2.0))[:900])
    with pytest.raises(DataError, match=r"bank\.npz: cannot be read as a bank: .*; make the bank again"):
        read_bank(path)
