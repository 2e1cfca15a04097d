"""Signals as samples of a firmware's word and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.arrays import Real
from designer.problem.word_format import Word

KINDS: dict[int, Any] = {2: np.dtype("<i2"), 4: np.dtype("<i4")}
FLOAT = np.dtype("<f4")


def samples_of(signals: Real, word: Word | None) -> NDArray[Any]:
    """The nearest samples of signals of full scale 1: integers of a word, else of single precision."""
    if word is None:
        return signals.astype(FLOAT)
    steps = np.rint(signals * 2.0**word.fraction_bits)
    return np.asarray(np.clip(steps, word.least, word.greatest), dtype=KINDS[word.bits // 8])


def full_scale(samples: NDArray[Any], word: Word | None) -> Real:
    """Signals of full scale 1."""
    return samples.astype(float) * (1.0 if word is None else 2.0**-word.fraction_bits)
