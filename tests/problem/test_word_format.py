"""Names of fixed-point words, against the tables of the formats' makers."""

from __future__ import annotations

import pytest

from designer.problem.word_format import Word


@pytest.mark.parametrize(
    ("name", "bits", "least", "greatest"),
    [
        ("q15", 16, -1.0, 1 - 2.0**-15),  # Arm, CMSIS-DSP: q15_t
        ("Q31", 32, -1.0, 1 - 2.0**-31),  # q31_t
        ("q7", 8, -1.0, 1 - 2.0**-7),
        ("5.23", 28, -16.0, 16 - 2.0**-23),  # Analog Devices, ADAU1701 data sheet, "Numeric formats"
        ("8.24", 32, -128.0, 128 - 2.0**-24),  # ADAU1452 data sheet, "Numeric formats"
        ("1.15", 16, -1.0, 1 - 2.0**-15),
    ],
)
def test_named_words_have_their_makers_range(name: str, bits: int, least: float, greatest: float) -> None:
    """Length, most negative and most positive value."""
    word = Word.of(name)
    assert word.bits == bits
    assert word.least * word.step == least
    assert word.greatest * word.step == greatest


@pytest.mark.parametrize("name", ["", "q", "15", "q15.2", "5,23", "-1.15", "q123", "float"])
def test_other_names_are_refused(name: str) -> None:
    """The message shows both ways to name a word."""
    with pytest.raises(ValueError, match=r'^"q15", or .* "5\.23"'):
        Word.of(name)


def test_a_word_needs_its_sign() -> None:
    """0.16 has no bit for the sign."""
    with pytest.raises(ValueError, match="at least one bit before the binary point"):
        Word.of("0.16")
