"""SigmaDSP parts: the word of their parameters, how many they hold, and the order in which their filter cells keep them.

The orders are those of the parameter addresses that SigmaStudio's own exports list for its second-order cells (B0, B1, B2, A1, A2 for
the ADAU1701; B2, B1, B0, A2, A1 for the ADAU1452), and of Analog Devices' page on the FIR cell, whose code for the 32-bit core
writes the taps "in reverse order"; that the 28-bit core takes the first tap first is not in what could be read:

    5.23, ADAU14xx and ADAU17xx with a 28-bit core   b0, b1, b2, a1, a2;  first tap first
    8.24, ADAU145x and ADAU146x with a 32-bit core   b2, b1, b0, a2, a1;  last tap first

In both, a1 and a2 have the opposite of the signs of H(z) = (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2), because the
core adds what it feeds back. 5.23 is 28 bits, from -16 to 16, behind four zero bits of a 32-bit cell (1.0 is 0x00800000, -1.0
is 0x0F800000); 8.24 is 32 bits, from -128 to 128 (1.0 is 0x01000000). Words are those of the data sheets: parameter RAM (the
ADAU1702 has half the ADAU1701's program, not half its parameters), on the 32-bit core one of its two data
memories: half the kilowords of data RAM that its data sheet counts.

Cores that run fast filters from registers of their own (ADAU1772, ADAU1787's FastDSP: 5.27, a bank a coefficient) have
another memory, and are not among these.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import numpy as np

from designer.arrays import Real
from designer.errors import UsageError
from designer.problem.word_format import Word


@dataclass(frozen=True)
class Family:
    """Parts of one memory.

    Attributes
    ----------
    name : "5.23" or "8.24"
    word : of a parameter
    section : places of b0, b1, b2, a1, a2 in the order of the memory
    reversed_taps : the last tap lies first

    """

    name: str
    word: Word
    section: tuple[int, ...]
    reversed_taps: bool

    def taps(self, taps: Real) -> Real:
        """Taps (T,) in the order of the memory."""
        return taps[::-1] if self.reversed_taps else taps

    def sections(self, b: Real, a: Real) -> Real:
        """Sections (S, 5) in the order of the memory, feedback signs turned."""
        return np.concatenate([b, -a], axis=1)[:, self.section]

    def taps_read(self, values: Real) -> Real:
        """Taps (T,), the first first, of a memory's."""
        return self.taps(values)

    def sections_read(self, table: Real) -> Real:
        """b0, b1, b2, a1, a2 (S, 5) of a memory's sections (S, 5)."""
        ordered = table[:, np.argsort(self.section)]
        return np.concatenate([ordered[:, :3], -ordered[:, 3:]], axis=1)

    def parameter_names(self, sections: int, taps: int) -> list[str]:
        """Names of the parameters in the order of the memory."""
        if not sections:
            return [f"h_{n}" for n in (range(taps)[::-1] if self.reversed_taps else range(taps))]
        keys = ("b0", "b1", "b2", "-a1", "-a2")
        return [f"{keys[place]}_{s + 1}" for s in range(sections) for place in self.section]


FAMILIES = {
    family.name: family
    for family in (
        Family("5.23", Word(5, 23), (0, 1, 2, 3, 4), False),
        Family("8.24", Word(8, 24), (2, 1, 0, 4, 3), True),
    )
}
PARTS = {
    "adau1401": ("5.23", 1024),
    "adau1442": ("5.23", 4096),
    "adau1445": ("5.23", 4096),
    "adau1446": ("5.23", 4096),
    "adau1461": ("5.23", 1024),
    "adau1701": ("5.23", 1024),
    "adau1702": ("5.23", 1024),
    "adau1761": ("5.23", 1024),
    "adau1450": ("8.24", 4096),
    "adau1451": ("8.24", 20480),
    "adau1452": ("8.24", 20480),
    "adau1462": ("8.24", 24576),
    "adau1463": ("8.24", 24576),
    "adau1466": ("8.24", 40960),
    "adau1467": ("8.24", 40960),
}
"""Part -> the family of its memory, and words of parameters."""


def check_part(name: str) -> None:
    """Refuse a part that is not known.

    Raises
    ------
    UsageError : naming those that are

    """
    if name and name not in PARTS:
        near = difflib.get_close_matches(name.lower(), PARTS, n=1, cutoff=0.6)
        remedy = f"; nearest: {near[0]}" if near else ""
        raise UsageError(f"--part: found {name!r}; allowed: {', '.join(PARTS)}{remedy}")
