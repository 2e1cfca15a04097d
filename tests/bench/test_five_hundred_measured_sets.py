"""Five hundred random variations of measured sets: the fifty of the suite, and more of the same generator."""

from __future__ import annotations

from pathlib import Path

import pytest
from acoustics.measured.measured_variations import verdict


@pytest.mark.long
@pytest.mark.parametrize("start", range(0, 500, 50))
def test_five_hundred_variations(tmp_path: Path, start: int) -> None:
    """Read back within 0.1 dB and 2 degrees, or refused, and never silently otherwise."""
    wrong = []
    for seed in range(start, start + 50):
        (tmp_path / str(seed)).mkdir()
        wrong.append(verdict(seed, tmp_path / str(seed)))
    assert [words for words in wrong if words] == []
