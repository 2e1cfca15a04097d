"""Figures show every band, wherever it lies; sections are fitted to a band from 0 Hz as to any other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toml_text import pair, toml

import designer
from designer.realization.biquad import fit_frequencies_hz
from designer.report.channel_maps import say_polar
from designer.report.figures import comparison_pictures
from designer.report.grids import drawn_frequencies_hz
from designer.report.printed import draw
from designer.search import compare


@pytest.mark.parametrize(
    ("rate_hz", "band_hz"),
    [
        (192000, [25_000.0, 60_000.0]),
        (192000, [0.0, 96_000.0]),
        (1000, [4.0, 9.0]),
        (48000, [0.0, 100.0]),
        (48000, [1000.0, 1000.5]),
        (8000, [500.0, 4000.0]),
    ],
)
def test_every_band_is_drawn(rate_hz: float, band_hz: list[float]) -> None:
    """At least one drawn frequency lies in the band, all ascend from above 0 Hz, and none is beyond half the rate."""
    tables = pair() | {"sample_rate_hz": rate_hz, "grid": {"frequencies": 1001 if rate_hz < 2000 else 97}}
    tables["designs"][0] |= {"band_hz": band_hz, "cancellation_gain_db": [[1000, 3]]}
    drawn_hz = drawn_frequencies_hz(designer.loads(toml(tables)))
    assert ((drawn_hz >= band_hz[0]) & (drawn_hz <= band_hz[1])).any()
    assert drawn_hz[0] > 0
    assert (np.diff(drawn_hz) > 0).all()
    assert drawn_hz[-1] <= rate_hz / 2 * (1 + 1e-12)


def test_sections_of_a_band_from_0_hz() -> None:
    """The fit's frequencies are those of a band from 10 Hz: finite, ascending, 10 Hz to half the rate."""
    actual = fit_frequencies_hz(0.0, 48_000.0)
    assert np.isfinite(actual).all()
    assert (np.diff(actual) > 0).all()
    np.testing.assert_allclose(actual[[0, -1]], [10.0, 24_000.0])
    np.testing.assert_array_equal(actual, fit_frequencies_hz(10.0, 48_000.0))


def test_designs_of_a_band_from_0_hz_are_compared(tmp_path: Path) -> None:
    """A logarithmic axis has no 0: the comparison is drawn, its captions are of finite numbers, and nothing warns."""
    tables = pair()
    tables["designs"][0] |= {"band_hz": [0.0, 4000.0], "cancellation_gain_db": [[1000, 3]]}
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(toml(tables), encoding="utf-8")
    result = compare.compare([str(tmp_path / "a.toml"), str(tmp_path / "b.toml")])
    pictures = comparison_pictures(result.channels, result.shifts, result.show)
    assert pictures and not any("nan" in picture.says().split() for picture in pictures.values())
    assert all(draw(picture.build()) for picture in pictures.values())
    design = designer.design(designer.loads(toml(tables)))
    assert say_polar(design, "left").startswith("at 250 Hz:")  # the octave drawn next to sqrt(3.9 Hz x 4 kHz) = 125 Hz
