"""Random variations of a measured set are read back within 0.1 dB and 2 degrees, or refused, and never silently otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from designer.acoustics.enclosures.sphere import SphereEnclosure

from .measured_variations import C, driver, unit, verdict

SEEDS_A_TEST = 10


@pytest.mark.parametrize(
    "start", [0, *(pytest.param(start, marks=pytest.mark.long) for start in range(10, 50, SEEDS_A_TEST))]
)
def test_random_variations(tmp_path: Path, start: int) -> None:
    """Each of 10, with `--long` of 50, writes up to 24 files and reads them; 500 of them are in tests/bench."""
    wrong = []
    for seed in range(start, start + SEEDS_A_TEST):
        (tmp_path / str(seed)).mkdir()
        wrong.append(verdict(seed, tmp_path / str(seed)))
    assert [words for words in wrong if words] == []


def test_the_known_driver_is_that_of_the_model_too() -> None:
    """The series written here and the enclosure's model agree: two derivations, one field."""
    f, towards = np.geomspace(30.0, 18000.0, 40), unit(np.array([0.0, 40.0, 90.0, 150.0, 180.0]), np.zeros(5))
    s = 1j * f / 100.0
    tone = s**2 / (1 + 1.4 * s + s**2) / (1 + 1j * f / 14_000)
    model = SphereEnclosure(0.06, np.array([[1.0, 0.0, 0.0]]), [0.06 * np.sin(0.35)]).far_field(
        2 * np.pi * f / C, towards
    )
    np.testing.assert_allclose(driver(f, towards, 0.06, 100.0) / tone[:, None], model[:, :, 0], rtol=1e-9)
