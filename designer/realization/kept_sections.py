"""Sections rounded by what is heard, judged at the low ends of the cancellation gain as taps are (`kept_words.py`).

Plain rounding of short sections costs tens of decibels of tone where low frequencies suffer, even where the gain, a ratio,
survives. So it is never taken in place of the other; what the lowest gains lose against it is told instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from designer.arrays import Real
from designer.realization.cascade import Cascade
from designer.realization.coefficient_lattice import Lattice
from designer.realization.kept_words import MOST_MORE_DB, NOTHING_DB, LowEnds, low_ends
from designer.realization.section_problem import SectionProblem
from designer.realization.section_rounding import plainly_rounded, round_sections
from designer.realization.section_scaling import scaled, with_gains

PASSES, QUICK_PASSES = 3, 2


def kept_sections(
    filters: Sequence[Cascade], problem: SectionProblem, lattice: Lattice, judged: LowEnds, *, quick: bool = False
) -> tuple[list[Cascade], float]:
    """Cascades on the lattice, and by how many dB their low ends stay below plain rounding's; 0 where they do not.

    Parameters
    ----------
    filters : L cascades of S sections, refined
    problem : what they follow
    lattice : the values that coefficients may take
    judged : where the gain counts
    quick : as in `round_sections`, and fewer passes

    """

    def gains_db(these: Sequence[Cascade]) -> Real:
        turn = np.exp(-2j * np.pi / judged.sample_rate_hz * judged.frequency_hz)
        return judged.gains_of(np.stack([f.response(turn) for f in these], axis=1))

    plain = plainly_rounded([with_gains(scaled(f), lattice.greatest) for f in filters], lattice)
    exact = gains_db(filters)
    goal = np.minimum(low_ends(exact), low_ends(gains_db(plain))) - NOTHING_DB
    frequency_hz = -np.angle(problem.turn) * judged.sample_rate_hz / (2 * np.pi)
    frequency_hz = np.where(frequency_hz < 0, -frequency_hz, frequency_hz)  # Nyquist, whose angle is π
    more_db = np.zeros(judged.frequency_hz.size)
    best, missing = list(plain), np.inf
    for _ in range(QUICK_PASSES if quick else PASSES):
        weight = 10 ** (np.interp(frequency_hz, judged.frequency_hz, more_db, left=0.0, right=0.0) / 10)
        weighed = replace(problem, symbol=problem.symbol * weight[:, None, None])
        found = round_sections(filters, weighed, lattice, quick=quick)
        gains = gains_db(found)
        below = float((goal - low_ends(gains)).max())
        if below < missing:
            best, missing = found, below
        if missing <= 0:
            break
        fallen = (np.minimum(exact, low_ends(exact)[0]) - gains).max(axis=1)
        more_db = more_db + np.clip(fallen, 0.0, MOST_MORE_DB)
    return best, max(missing, 0.0)
