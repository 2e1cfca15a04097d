"""Fixed-point words: how many bits stand before the binary point, the sign among them, and how many after it.

`"5.23"` is 28 bits, 5 before the point: from -16 to 16 - 2^-23 in steps of 2^-23. `"q15"` is another name of `"1.15"`,
`"q31"` of `"1.31"`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PATTERN = r"^(?:[qQ]\d{1,2}|\d{1,2}\.\d{1,2})$"


@dataclass(frozen=True)
class Word:
    """A two's complement word: steps of 2^-fraction_bits, from -2^(integer_bits - 1) to one step below its opposite."""

    integer_bits: int
    """Bits before the binary point, the sign included."""
    fraction_bits: int

    @classmethod
    def of(cls, name: str) -> Word:
        """The word of a name: `"q15"`, `"5.23"`.

        Raises
        ------
        ValueError : saying what is allowed

        """
        if not re.match(PATTERN, name):
            raise ValueError('"q15", or the bits before and after the binary point, as "5.23"')
        before, _, after = name.lower().replace("q", "1.").partition(".")
        word = cls(int(before), int(after))
        if word.integer_bits < 1:
            raise ValueError("at least one bit before the binary point: the sign")
        return word

    @property
    def bits(self) -> int:
        """Length of the word."""
        return self.integer_bits + self.fraction_bits

    @property
    def step(self) -> float:
        """Distance of neighbouring values."""
        return 2.0**-self.fraction_bits

    @property
    def least(self) -> int:
        """The most negative value, in steps."""
        return -(1 << (self.bits - 1))

    @property
    def greatest(self) -> int:
        """The most positive value, in steps."""
        return (1 << (self.bits - 1)) - 1
