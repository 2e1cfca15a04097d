"""The few-taps report: its table is computed again, its figure is drawn from its table, and it keeps what it promises."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from designs.small_problems import load, pair

import designer
from designer.designs import design_channel

HERE = Path(__file__).parents[1] / "reports" / "few-taps"


@pytest.fixture(scope="module")
def make() -> ModuleType:
    """The script that made the folder."""
    spec = importlib.util.spec_from_file_location("few_taps_make", HERE / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_what_is_measured(make: ModuleType) -> None:
    """Rows of 32, 56, 128 and 256 taps, in both ways, come out again to 0.02 dB."""
    taps = (32, 56, 128, 256)
    printed = {(one.way, one.taps): one for one in make.read((HERE / "taps.csv").read_text(encoding="utf-8"))}
    assert {taps for _, taps in printed} == set(make.TAPS)
    found = make.measured(taps)
    assert len(found) == 8
    for one in found:
        other = printed[one.way, one.taps]
        for column in make.Kept._fields[2:]:
            assert getattr(one, column) == pytest.approx(getattr(other, column), abs=0.02)


def test_the_figure_is_drawn_from_the_table(make: ModuleType) -> None:
    """Drawn again from the table, it has the same text and the same curves."""
    table = make.read((HERE / "taps.csv").read_text(encoding="utf-8"))
    assert make.picture(table) == (HERE / "taps.svg").read_text(encoding="utf-8")


def test_few_taps_keep_the_null(make: ModuleType) -> None:
    """22 dB at the 5th percentile with 128 taps and with 56, tone within 0.5 dB from 100 Hz to 16 kHz, with 128 within 0.2; a cut
    inverse transform loses more than 8 dB at 56 taps.
    """
    rows = {(one.way, one.taps): one for one in make.read((HERE / "taps.csv").read_text(encoding="utf-8"))}
    for taps in (128, 96, 56):
        kept = rows["joint fit", taps]
        assert kept.fifth_percentile_db >= 22.0
        assert kept.tone_db <= 0.5
    assert rows["joint fit", 128].tone_db <= 0.2
    assert rows["cut inverse transform", 56].fifth_percentile_db < 22.0 - 8.0


def test_long_filters_of_both_ways_keep_the_same(make: ModuleType) -> None:
    """With the ends of the band between the grid's steps too: 512 taps cut from an inverse transform are the weights', as fitted ones are.

    The median and the 5th percentile agree to 0.1 dB, and the level at the ipsilateral ear is the plain driver's to 0.05 dB.
    """
    scene = designer.scene(load(pair(band_hz=[550.0, 3950.0])))
    assert {550.0, 3950.0} <= set(scene.frequency_hz.tolist())
    fitted, cut = make.taps_curve(design_channel(scene.problem.designs[0], scene), scene, [512])
    assert (fitted.way, cut.way) == ("joint fit", "cut inverse transform")
    assert cut.median_db == pytest.approx(fitted.median_db, abs=0.1)
    assert cut.fifth_percentile_db == pytest.approx(fitted.fifth_percentile_db, abs=0.1)
    assert cut.tone_in_band_db < 0.05
