"""Change of time at the bright points, of a delay that is known."""

from __future__ import annotations

import numpy as np
import pytest

from designer.export.of_design import lateness_s


@pytest.mark.parametrize("late_s", [0.0, 2e-8, -50e-6, 312e-6, -312e-6, 1.7e-3, -3.1e-3])
def test_a_delay_of_milliseconds_is_read(late_s: float) -> None:
    """A pure delay is read to a nanosecond, whatever its sign and however often its phase turns over within the band."""
    f = np.arange(500.0, 6000.0, 93.75)
    level = np.random.default_rng(3).uniform(0.1, 1.0, f.size)
    assert lateness_s(level * np.exp(-2j * np.pi * f * late_s), f) == pytest.approx(late_s, abs=1e-9)


def test_silence_and_one_frequency_are_no_delay_of_more_than_half_a_period() -> None:
    """Nothing is fitted to nothing, and one frequency tells a delay within half of its period alone."""
    assert lateness_s(np.zeros(3, dtype=complex), np.array([1.0, 2.0, 3.0])) == 0.0
    assert lateness_s(np.exp([-0.5j]), np.array([1000.0])) == pytest.approx(0.5 / (2 * np.pi * 1000.0))
