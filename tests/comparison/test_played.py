"""A channel measured with its filters running, beside its prediction. The prototypes are plain loops over drivers and taps."""

from __future__ import annotations

import cmath
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from acoustics.measured.made_sets import frd_text
from designs.small_problems import text, wide_pair

import designer
from designer.comparison.entry import Entry, shared_channels
from designer.comparison.measured import measured_entries
from designer.comparison.numbers import scalar_rows
from designer.errors import DataError, UsageError
from designer.search.compare import Comparison

RATE, C = 16000, 343.0
DRIVERS = [(0.0, -0.1, 0.0), (0.0, 0.1, 0.0)]
EARS = {"left": (1.0, -0.0875, 0.0), "right": (1.0, 0.0875, 0.0)}
BEAM = {
    "name": "beam",
    "kind": "beamformer",
    "look_deg": 0.0,
    "nulls_deg": [90.0],
    "band_hz": [500.0, 1500.0],
    "cancellation_gain_db": [[500, 10], [1500, 14]],
}
PAIR = wide_pair(head="points")
PROBLEM = text(PAIR | {"designs": [*PAIR["designs"], BEAM]})
RIGHT_LOUDER = (1.0, 10 ** (3 / 20))
"""Gains of a prototype whose right driver is 3 dB too loud."""


@pytest.fixture(scope="module")
def predicted() -> Entry:
    return Entry("pair", designer.design(designer.loads(PROBLEM)), "pair.toml")


def played(taps: np.ndarray, place: tuple[float, ...], hz: float, gains: tuple[float, ...] = (1.0, 1.0)) -> complex:
    """Pressure at a place: each driver's taps summed sample by sample, then e^{-jkr}/r."""
    total = 0j
    for driver, own, gain in zip(DRIVERS, taps, gains, strict=True):
        fed = np.exp(-2j * np.pi * hz / RATE * np.arange(len(own))) @ own
        r = math.dist(driver, place)
        total += gain * fed * cmath.exp(-2j * math.pi * hz * r / C) / r
    return total


def write_sofa(
    path: Path, places: list[tuple[float, ...]], taps: np.ndarray, gains: tuple[float, ...] = (1.0, 1.0)
) -> str:
    """Receivers at the places and one emitter, the channel."""
    import sofar

    hz = np.arange(0.0, 8001.0, 62.5)
    data = np.array([[[played(taps, place, f, gains) for f in hz] for place in places]])  # (M, R, N)
    sofa = sofar.Sofa("GeneralTF")
    sofa.Data_Real, sofa.Data_Imag, sofa.N = data.real, data.imag, hz
    sofa.ReceiverPosition = np.array(places)
    sofa.SourcePosition = np.zeros((1, 3))
    sofa.SourcePosition_Type, sofa.SourcePosition_Units = "cartesian", "metre"
    sofar.write_sofa(str(path), sofa)
    return str(path)


def cloud() -> list[tuple[float, ...]]:
    return [(x, y + move, z) for move in (0.0, 0.02, -0.02) for x, y, z in EARS.values()]


def circle() -> list[tuple[float, ...]]:
    return [(math.cos(math.radians(a)), math.sin(math.radians(a)), 0.0) for a in range(-180, 180, 30)]


def gains_db(entry: Entry, name: str) -> np.ndarray:
    table, (low_hz, high_hz) = entry.result.metrics, entry.result.channels[name].table.band_hz
    own = table[(table.channel == name) & table.frequency_hz.between(low_hz, high_hz)]
    return own.cancellation_gain_db.to_numpy()


def test_a_prototype_that_plays_as_designed_measures_as_predicted(predicted: Entry, tmp_path: Path) -> None:
    """At all places of the ear cloud: the gain at every frequency within 0.1 dB; what pressures alone do not tell is not told."""
    file = write_sofa(tmp_path / "run.sofa", cloud(), predicted.result.taps["left"])
    (beside,), notes = measured_entries([predicted], [f"channel:left={file}"])
    assert (beside.label, notes, set(beside.result.channels)) == ("pair, left as played", [], {"left"})
    np.testing.assert_allclose(gains_db(beside, "left"), gains_db(predicted, "left"), rtol=0, atol=0.1)
    assert set(beside.numbers("left")) == {
        "mean_cancellation_gain_db", "least_cancellation_gain_db", "least_worst_cancellation_gain_db", "least_margin_to_target_db",
    }  # fmt: skip
    for key, value in beside.numbers("left").items():
        assert value == pytest.approx(predicted.numbers("left")[key], abs=0.1)


def test_another_prototype_measures_otherwise(predicted: Entry, tmp_path: Path) -> None:
    """With its right driver 3 dB too loud the gain at 1 kHz is that of the loop, mean power of the ears over the cloud."""
    taps = predicted.result.taps["left"]
    file = write_sofa(tmp_path / "run.sofa", cloud(), taps, RIGHT_LOUDER)
    (beside,), _ = measured_entries([predicted], [f"channel:left={file}"])
    power = [abs(played(taps, place, 1000.0, RIGHT_LOUDER)) ** 2 for place in cloud()]
    expected = 10 * math.log10(sum(power[0::2]) / sum(power[1::2]))
    table = beside.result.metrics
    assert np.interp(1000.0, table.frequency_hz, table.cancellation_gain_db) == pytest.approx(expected, abs=0.05)
    assert abs(gains_db(beside, "left") - gains_db(predicted, "left")).max() > 0.5


def test_impulse_responses_at_two_ears(predicted: Entry, tmp_path: Path) -> None:
    """A dummy head's recording at one place: the design at that place stands beside it, and is within 0.1 dB of it."""
    taps, count = predicted.result.taps["left"], 512
    hz = np.arange(count // 2 + 1) * RATE / count
    # The drivers' band ends below half the sample rate, as a recording's does: no ringing at the ends of the spectrum.
    fade = 0.5 * (1 + np.cos(np.pi * np.clip((hz - 6000) / 1500, 0, 1)))
    ears = [
        np.fft.irfft([played(taps, place, f) * s for f, s in zip(hz, fade, strict=True)], count)
        for place in EARS.values()
    ]
    file = tmp_path / "head.wav"
    soundfile.write(file, np.column_stack(ears), RATE, subtype="DOUBLE")
    (scene_there, beside), notes = measured_entries([predicted], [f"channel:left={file}"])
    assert (scene_there.label, beside.label) == ("pair, left at 1 place", "pair, left as played")
    assert notes == [
        f"pair, left as played: {file} has 1 of the ear cloud's 3 displacements; the design at these alone is pair, left at 1 place"
    ]
    np.testing.assert_allclose(gains_db(beside, "left"), gains_db(scene_there, "left"), rtol=0, atol=0.1)
    assert abs(gains_db(beside, "left") - gains_db(predicted, "left")).max() > 0.5


@pytest.mark.parametrize("kind", ["receivers", "set"])
def test_a_beam_measured_around(predicted: Entry, tmp_path: Path, kind: str) -> None:
    """On the circle, by receivers in a SOFA file or by a text file an angle: gain and level over azimuth are the loop's."""
    taps = predicted.result.taps["beam"]
    value = write_sofa(tmp_path / "run.sofa", circle(), taps)
    if kind == "set":
        hz = np.arange(125.0, 7501.0, 62.5)
        for azimuth, place in zip(range(-180, 180, 30), circle(), strict=True):
            response = np.array([played(taps, place, f) for f in hz])
            (tmp_path / f"beam hor {azimuth}.frd").write_text(frd_text(hz, response), encoding="utf-8")
        value = str(tmp_path / "beam hor *.frd")
    (beside,), notes = measured_entries([predicted], [f"channel:beam={value}"])
    assert notes == [] and beside.has_circle
    np.testing.assert_allclose(gains_db(beside, "beam"), gains_db(predicted, "beam"), rtol=0, atol=0.1)
    table = beside.result.response
    own = table[table.frequency_hz == 1000.0].set_index("azimuth_deg").magnitude_db
    for angle in (-120.0, 60.0, 90.0):
        x, y = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        level = 20 * math.log10(abs(played(taps, (x, y, 0.0), 1000.0) / played(taps, (1.0, 0.0, 0.0), 1000.0)))
        assert own[angle] - own[0.0] == pytest.approx(level, abs=0.1)


def test_it_stands_on_the_page_beside_the_design(predicted: Entry, tmp_path: Path) -> None:
    """Same axes, no row of its own numbers for what was not measured, no key that differs, and its filters are not made up."""
    taps = predicted.result.taps
    value = [
        f"channel:left={write_sofa(tmp_path / 'left.sofa', cloud(), taps['left'], RIGHT_LOUDER)}",
        f"channel:beam={write_sofa(tmp_path / 'beam.sofa', circle(), taps['beam'])}",
    ]
    beside, _ = measured_entries([predicted], value)
    entries = [predicted, *beside]
    channels, _ = shared_channels(entries)
    assert [[entry.label for entry in channel.entries] for channel in channels] == [
        ["pair", "pair, left as played"], ["pair", "pair, beam as played"],
    ]  # fmt: skip
    effort = next(row for row in scalar_rows(channels[0]) if row.key == "largest_effort_db")
    assert effort.values_db[0] is not None and effort.values_db[1] is None
    files = Comparison(tuple(entries), tuple(channels), {}).draw().files()
    page = files["comparison.html"].decode()
    assert page.count("as in the device") == 2 and "The problem files differ in no key." in page
    csv = files["comparison.csv"].decode()
    assert "pair, left as played" in csv and '"pair, left as played",left,effort_db' not in csv
    assert '"pair, beam as played",beam,level_at_+90_deg_db' in csv


def test_what_does_not_fit(predicted: Entry, tmp_path: Path) -> None:
    """A channel that nobody has, many drivers, receivers elsewhere, the wrong kind of file: each named with what is allowed."""
    import sofar

    taps = predicted.result.taps["left"]
    with pytest.raises(UsageError, match="--measured: got channel:middle; expected channels of one design: left, beam"):
        measured_entries([predicted], ["channel:middle=x.sofa"])
    with pytest.raises(UsageError, match=r"--measured: got channel:left= without a file; expected channel:NAME=FILES"):
        measured_entries([predicted], ["channel:left="])
    file = write_sofa(tmp_path / "run.sofa", cloud(), taps)
    with pytest.raises(DataError, match=r"neither at the listener's ears nor on the circle of 1 m of pair"):
        measured_entries([predicted], [f"channel:beam={file}"])
    elsewhere = write_sofa(tmp_path / "elsewhere.sofa", [(2.0, 0.0, 0.0)], taps)
    with pytest.raises(DataError, match=r"neither at the listener's ears nor on the circle"):
        measured_entries([predicted], [f"channel:left={elsewhere}"])
    sofa = sofar.read_sofa(file, verbose=False)
    sofa.Data_Real, sofa.Data_Imag = (np.concatenate([part, part]) for part in (sofa.Data_Real, sofa.Data_Imag))
    sofa.SourcePosition = np.zeros((2, 3))
    sofar.write_sofa(str(tmp_path / "two.sofa"), sofa)
    with pytest.raises(DataError, match=r"got 2 drivers.*expected one, the channel as it plays"):
        measured_entries([predicted], [f"channel:left={tmp_path / 'two.sofa'}"])
    with pytest.raises(DataError, match=r"was measured all around the device, and left of pair is for an ear"):
        measured_entries([predicted], [f"channel:left={tmp_path / 'beam hor *.frd'}"])
    for name, samples, message in (
        ("mono", np.ones((64, 1)), r"got 1 channels; expected two, the left and the right ear"),
        ("long", np.ones((20_000, 2)), r"got 20,000 samples; expected at most 16,384"),
        ("half", np.outer(np.ones(64), [1.0, 0.0]), r"got an ear without sound"),
    ):
        soundfile.write(tmp_path / f"{name}.wav", 0.5 * samples, RATE)
        with pytest.raises(DataError, match=message):
            measured_entries([predicted], [f"channel:left={tmp_path / f'{name}.wav'}"])
    soundfile.write(tmp_path / "low.wav", 0.5 * np.ones((64, 2)), 8000)
    with pytest.raises(DataError, match=r"measured up to 3800 Hz, and left of pair goes up to 4000 Hz"):
        measured_entries([predicted], [f"channel:left={tmp_path / 'low.wav'}"])
    with pytest.raises(DataError, match=r"no\.wav"):
        measured_entries([predicted], [f"channel:left={tmp_path / 'no.wav'}"])
