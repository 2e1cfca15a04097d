"""Speed of the exported C on this machine: long filters in partitions against sums of products, as ratios of CPU time."""

from __future__ import annotations

from pathlib import Path

import pytest
from export.c_cases import saving

from designer.export.runners.machines import HOST


@pytest.mark.parametrize(("count", "taps", "least"), [(1, 256, 2.5), (3, 512, 3.0), (3, 2048, 6.0)])
def test_partitions_against_direct_sums(count: int, taps: int, least: float, tmp_path: Path) -> None:
    """Filters from each of so many channels to as many drivers, gcc -O2, in calls of 256 frames."""
    ratio = saving(HOST, count, taps, tmp_path)
    print(f"{count} x {count} filters of {taps} taps: {ratio:.1f} times as fast in partitions")
    assert ratio > least
