"""The two memories that SigmaDSP filters read, and cores that read them; written from the parameter addresses that SigmaStudio lists.

On the 28-bit core the addresses of a second-order cell are B0, B1, B2, A1, A2 and its FIR cell begins with the first tap; on the
32-bit core they are B2, B1, B0, A2, A1 and its FIR cell ends with the first tap. Both add what they feed back.
"""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np

from designer.arrays import Real

FORMATS = {"5.23": (28, 23), "8.24": (32, 24)}


def memory(text: str, form: str) -> list[float]:
    """Words by their addresses, as the part takes them for numbers."""
    bits, fraction = FORMATS[form]
    cells = [line.split() for line in text.splitlines() if line and line[0] != "#"]
    assert [int(cell[0]) for cell in cells] == list(range(len(cells)))
    words = [int(cell[2], 16) for cell in cells]
    assert all(re.fullmatch("0x[0-9A-F]{8}", cell[2]) for cell in cells) and all(word < 2**bits for word in words)
    return [float(Fraction(word - 2**bits if word >> (bits - 1) else word, 2**fraction)) for word in words]


def play(words: list[float], form: str, x: Real, *, sections: bool) -> Real:
    """What the core makes of x (N,), one cell after the other, sample by sample."""
    return _sections(words, form, x) if sections else _taps(words, form, x)


def _taps(words: list[float], form: str, x: Real) -> Real:
    line = [0.0] * len(words)  # the newest sample first
    out = []
    for sample in x.tolist():
        line = [sample, *line[:-1]]
        # The 28-bit core walks from the newest sample on, the 32-bit core from the oldest.
        walk = line if form == "5.23" else line[::-1]
        out.append(sum(word * value for word, value in zip(words, walk, strict=True)))
    return np.array(out)


def _sections(words: list[float], form: str, x: Real) -> Real:
    for start in range(0, len(words), 5):
        cell = words[start : start + 5]
        b0, b1, b2, a1, a2 = cell if form == "5.23" else (cell[2], cell[1], cell[0], cell[4], cell[3])
        x1 = x2 = y1 = y2 = 0.0
        out = []
        for x0 in x.tolist():
            y0 = b0 * x0 + b1 * x1 + b2 * x2 + a1 * y1 + a2 * y2
            x2, x1, y2, y1 = x1, x0, y1, y0
            out.append(y0)
        x = np.array(out)
    return x
