"""Sections judged at the low ends of the gain: weighed up where they fell, and what plain rounding would keep more is told."""

from __future__ import annotations

import numpy as np
import pytest

from designer.arrays import Real
from designer.problem.word_format import Word
from designer.realization import kept_sections as rounding
from designer.realization.cascade import Cascade
from designer.realization.coefficient_lattice import Lattice
from designer.realization.kept_sections import kept_sections
from designer.realization.kept_words import LowEnds
from designer.realization.section_problem import SectionProblem
from designer.realization.section_rounding import plainly_rounded, round_sections
from designer.realization.section_scaling import scaled, with_gains
from realization.section_cases import RATE, coupled, equaliser, turn_of

BAND_HZ = np.geomspace(300.0, 6000.0, 25)


def case(seed: int) -> tuple[list[Cascade], SectionProblem, LowEnds]:
    """Two drivers of two sections, one random point to reach and one to cancel."""
    rng = np.random.default_rng(seed)
    known = [equaliser(seed, 2, 200.0), equaliser(seed + 1, 2, 200.0)]
    H = rng.normal(size=(2, 1, 1, 2)) + 1j * rng.normal(size=(2, 1, 1, 2))
    reach, cancel = (np.repeat(each, BAND_HZ.size, axis=0) for each in H)
    return known, coupled(known, seed, np.geomspace(15.0, 24_000.0, 80)), LowEnds(BAND_HZ, reach, cancel, RATE)


def ends_db(filters: list[Cascade], judged: LowEnds) -> Real:
    """5th percentile and worst, each frequency by itself."""
    gains = []
    for hz, reach, cancel in zip(BAND_HZ, judged.reach[:, 0], judged.cancel[:, 0], strict=True):
        w = [f.response(turn_of(np.array([hz])))[0] for f in filters]
        gains.append(20 * np.log10(abs(reach[0] * w[0] + reach[1] * w[1]) / abs(cancel[0] * w[0] + cancel[1] * w[1])))
    return np.array([np.percentile(gains, 5), min(gains)])


@pytest.mark.parametrize("seed", range(6))
def test_what_is_told_is_what_is_missing(seed: int) -> None:
    """By so much the lower of both ends stays below plain rounding's or the unrounded's, whichever is less, beyond 0.1 dB; never
    more than a single rounding by what is heard misses.
    """
    known, problem, judged = case(seed)
    lattice = Lattice.of(Word(1, 8), problem.radius)
    found, missing = kept_sections(known, problem, lattice, judged)
    plain = plainly_rounded([with_gains(scaled(f), lattice.greatest) for f in known], lattice)
    goal = np.minimum(ends_db(known, judged), ends_db(plain, judged)) - 0.1
    assert missing == pytest.approx(max(0.0, float((goal - ends_db(found, judged)).max())), abs=1e-9)
    once = round_sections(known, problem, lattice)
    assert missing <= max(0.0, float((goal - ends_db(once, judged)).max())) + 1e-9


def test_the_weights_follow_what_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over twelve pairs, three passes miss less in sum than one."""
    sums = []
    for passes in (1, 3):
        monkeypatch.setattr(rounding, "PASSES", passes)
        missing = []
        for seed in range(12):
            known, problem, judged = case(seed)
            missing.append(kept_sections(known, problem, Lattice.of(Word(1, 8), problem.radius), judged)[1])
        sums.append(sum(missing))
    assert sums[0] > 0
    assert sums[1] < 0.9 * sums[0]
