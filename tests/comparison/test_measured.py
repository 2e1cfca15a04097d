"""A measurement beside its prediction: a prototype that measures as the model says gives the prediction; less is judged as less."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from acoustics.measured.made_sets import write_frd_set
from acoustics.measured.test_measured_device import PAIR, measured

import designer
from designer.comparison.entry import Entry
from designer.comparison.measured import measured_entries
from designer.errors import DataError, UsageError

BEAM = """
[[designs]]
name = "beam"
kind = "beamformer"
look_deg = 0.0
nulls_deg = [90.0]
band_hz = [500.0, 1500.0]
"""


@cache
def entry(text: str = PAIR) -> Entry:
    return Entry("pair", designer.design(designer.loads(text)), "pair.toml")


@pytest.mark.parametrize("circle", [True, False])
def test_a_perfect_prototype_measures_as_predicted(tmp_path: Path, circle: bool) -> None:
    """The model's own responses as a file: the same gains within 0.1 dB; without a circle of receivers the beam is left out and said so."""
    predicted = entry(PAIR + BEAM)
    path = measured(tmp_path, circle=circle)
    (beside,), notes = measured_entries([predicted], [str(path)])
    assert beside.label == "pair, measured (device)"
    assert beside.has_circle is circle
    assert set(beside.result.channels) == ({"left", "beam"} if circle else {"left"})
    assert [note.endswith("no receivers on the circle, so it has no beam") for note in notes] == (
        [] if circle else [True]
    )
    for name, channel in beside.result.channels.items():
        own, other = (one.result.metrics[one.result.metrics.channel == name] for one in (beside, predicted))
        low_hz, high_hz = channel.table.band_hz
        band = own.frequency_hz.between(low_hz, high_hz).to_numpy()
        np.testing.assert_allclose(
            own.cancellation_gain_db[band], other.cancellation_gain_db.to_numpy()[band], rtol=0, atol=0.1
        )


def test_another_prototype_measures_otherwise(tmp_path: Path) -> None:
    """With its right driver 3 dB too loud, the file's gain is that of taps whose right driver is 3 dB louder."""
    import sofar

    predicted = entry()
    path = measured(tmp_path, circle=False)
    sofa = sofar.read_sofa(str(path), verbose=False)
    loud = 10 ** (3 / 20)
    for data in (sofa.Data_Real, sofa.Data_Imag):
        data[..., 1] *= loud
    sofar.write_sofa(str(path), sofa)
    (beside,), _ = measured_entries([predicted], [str(path)])
    f = np.array([1000.0])
    ears = designer.scene(predicted.result.problem).at(f).ears()[0]
    w = np.array(
        [np.sum(t * np.exp(-2j * np.pi * 1000.0 * np.arange(t.size) / 16000)) for t in predicted.result.taps["left"]]
    )
    p = np.abs(ears @ (w * [1.0, loud])) ** 2
    expected = 10 * np.log10(p[0::2].mean() / p[1::2].mean())
    table = beside.result.metrics
    actual = np.interp(1000.0, table.frequency_hz, table.cancellation_gain_db)
    assert actual == pytest.approx(expected, abs=0.1)
    own = predicted.result.metrics
    assert abs(actual - np.interp(1000.0, own.frequency_hz, own.cancellation_gain_db)) > 0.5


def test_a_measured_driver(tmp_path: Path) -> None:
    """DRIVER=FILES puts a measured set into the driver's place, and leaves the filters as they are."""
    write_frd_set(tmp_path, angles_deg=(0.0, 45.0, 90.0))
    predicted = entry()
    (beside,), _ = measured_entries([predicted], [f"left={tmp_path / 'woofer * *.frd'}"])
    assert beside.label == "pair, measured drivers"
    np.testing.assert_array_equal(beside.result.taps["left"], predicted.result.taps["left"])
    assert (
        beside.result.metrics.cancellation_gain_db - predicted.result.metrics.cancellation_gain_db
    ).abs().max() > 1.0


def test_what_fits_no_design(tmp_path: Path) -> None:
    """A driver that nobody has, a file of another number of drivers, and one measured elsewhere are named with what is allowed."""
    predicted = entry()
    with pytest.raises(UsageError, match="--measured: got tweeter; expected drivers of one design: left, right"):
        measured_entries([predicted], ["tweeter=x.frd"])
    path = measured(tmp_path, circle=False)
    three = PAIR.replace("[listener]", '[[drivers]]\nname = "m"\nposition_m = [0.0, 0.0, 0.0]\n[listener]')
    three = three.replace('kind = "ctc"', 'kind = "ctc"\ndrivers = ["left", "right"]')
    with pytest.raises(DataError, match=r"device\.sofa: got 2 drivers.*as many as a design has \(pair 3\)"):
        measured_entries([entry(three)], [str(path)])
    elsewhere = PAIR.replace("position_m = [1.0, 0.0, 0.0]", "position_m = [1.3, 0.0, 0.0]")
    with pytest.raises(
        DataError, match=r"receivers neither at the listener's ears nor on the circle of 1\.3 m of pair"
    ):
        measured_entries([entry(elsewhere)], [str(path)])
