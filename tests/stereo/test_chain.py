"""The whole chain at the ears, from `coefficients.csv` by the naive oracle, against real loudspeakers at ±30 degrees by plain loops."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from designs.small_problems import load, pair, speaker
from oracles.far_ear import ear_pressures

import designer
from designer.commands.import_coefficients import import_coefficients
from designer.errors import UsageError
from designer.export.of_design import filter_set
from designer.folders import tables
from designer.stereo.chain import chain_of, ear_responses, ear_scene, removed_samples
from designer.stereo.listening import listening
from designer.stereo.virtualisation import virtual_sides
from designer.writing.csv_text import csv_text
from stereo import naive_ears as naive

PROBLEMS = Path(__file__).parents[2] / "problems"
KEMAR = PROBLEMS / "data" / "mit_kemar_normal.sofa"
TIMES_HZ = [float(f) for f in range(250, 1501, 250)]
BANDS_HZ = [250.0, 630.0, 1600.0, 4000.0, 5000.0]
COMPARED_HZ = [*TIMES_HZ, *(f for band in BANDS_HZ for f in naive.band_frequencies(band))]
CLOUD = "ear_cloud_m = [[0, 0, 0], [0, 0.02, 0], [0, -0.02, 0], [0.02, 0, 0], [-0.02, 0, 0]]"
Ears = Callable[[float], tuple[complex, complex]]


def text(head: str) -> str:
    """The library's problem with a head of another kind."""
    sound = (PROBLEMS / "stereo-speaker.toml").read_text(encoding="utf-8")
    if head == "sphere":
        return sound
    changed = sound.replace('head = "sphere"', f'head = "{KEMAR}"').replace(
        'crosstalk_model = "sphere"', 'crosstalk_model = "measured"'
    )
    assert changed.count(str(KEMAR)) == 1 and '"measured"' in changed
    return changed


@cache
def design(head: str) -> designer.Design:
    return designer.design(designer.loads(text(head)))


def at_the_ears(head: str, channels: tuple[str, ...], place: Path, frequency_hz: Sequence[float] = COMPARED_HZ) -> Ears:
    """The left and the right ear at the middle of the cloud, all channels fed with 1, by the oracle in one reading of its files."""
    problem, coefficients = place / "problem.toml", place / "coefficients.csv"
    problem.write_text(text(head).replace(CLOUD, ""), encoding="utf-8")
    assert CLOUD not in problem.read_text(encoding="utf-8")
    coefficients.write_text(csv_text(tables.coefficients(design(head))), encoding="utf-8")
    total = sum(ear_pressures(problem, coefficients, channel, frequency_hz)[:, 0] for channel in channels)
    known = {
        f: (complex(left), complex(right)) for f, (left, right) in zip(frequency_hz, np.asarray(total), strict=True)
    }
    return known.__getitem__


def swapped(ears: Ears) -> Ears:
    return lambda f: ears(f)[::-1]


@pytest.mark.parametrize("channel", ["virtual-left", "virtual-right"])
def test_one_side_sounds_as_a_loudspeaker_at_30_degrees_on_a_sphere(channel: str, tmp_path: Path) -> None:
    """Near ear first and louder; level by third octave in the band within 1.5 dB, phase delay to 1.5 kHz within 40 µs of the series;
    the mean time lies between those of loudspeakers at 28 and 32 degrees.
    """  # fmt: skip
    actual = at_the_ears("sphere", (channel,), tmp_path)
    ears = actual if channel == "virtual-left" else swapped(actual)
    late_s = naive.phase_delays_s([ears(f) for f in TIMES_HZ], TIMES_HZ)
    at = {
        angle: naive.phase_delays_s([naive.sphere_ears(angle, f) for f in TIMES_HZ], TIMES_HZ) for angle in (28, 30, 32)
    }
    assert max(abs(a - b) for a, b in zip(late_s, at[30], strict=True)) < 40e-6
    assert np.mean(at[28]) < np.mean(late_s) < np.mean(at[32])
    for band in BANDS_HZ:
        wanted_db = naive.level_difference_db(lambda f: naive.sphere_ears(30.0, f), band)
        made_db = naive.level_difference_db(ears, band)
        assert made_db > 0
        assert abs(made_db - wanted_db) < 1.5, band


@pytest.mark.parametrize("channel", ["virtual-left", pytest.param("virtual-right", marks=pytest.mark.long)])
def test_one_side_sounds_as_a_loudspeaker_at_30_degrees_on_a_kemar(channel: str, tmp_path: Path) -> None:
    """Against the KEMAR's own responses: mean time between those at 25 and 35 degrees; level within 1.5 dB on average, 3 dB a band."""
    actual = at_the_ears("kemar", (channel,), tmp_path)
    ears = actual if channel == "virtual-left" else swapped(actual)
    late_s = np.mean(naive.phase_delays_s([ears(f) for f in TIMES_HZ], TIMES_HZ))
    wanted_s = [
        float(np.mean(naive.phase_delays_s([measured(f) for f in TIMES_HZ], TIMES_HZ)))
        for measured in (naive.kemar_ears(KEMAR, 25.0), naive.kemar_ears(KEMAR, 35.0))
    ]
    assert wanted_s[0] < late_s < wanted_s[1]
    real = naive.kemar_ears(KEMAR, 30.0)
    errors_db = [naive.level_difference_db(ears, band) - naive.level_difference_db(real, band) for band in BANDS_HZ]
    assert np.abs(errors_db).max() < 3.0
    assert np.abs(errors_db).mean() < 1.5


def test_mono_through_the_sides_reaches_both_ears_alike(tmp_path: Path) -> None:
    """Without the upmix, 1 on the left and on the right is the same at both ears of a symmetric layout, to 0.01 dB and 0.5 µs."""
    frequencies_hz = (120.0, 315.0, 500.0, 1700.0, 4000.0, 9000.0)
    ears = at_the_ears("sphere", ("virtual-left", "virtual-right"), tmp_path, frequencies_hz)
    for f in frequencies_hz:
        left, right = ears(f)
        assert abs(20 * np.log10(abs(left / right))) < 0.01
        assert abs(np.angle(left / right)) / (2 * np.pi * f) < 0.5e-6


def test_the_centre_reaches_both_ears_alike(tmp_path: Path) -> None:
    """The centre channel at a centred head: the two ears within 0.1 dB and 5 µs, from 50 Hz to 16 kHz."""
    frequencies_hz = np.geomspace(50.0, 16_000.0, 12).tolist()
    ears = at_the_ears("sphere", ("centre",), tmp_path, frequencies_hz)
    for f in frequencies_hz:
        left, right = ears(f)
        assert abs(20 * np.log10(abs(left / right))) < 0.1
        assert abs(np.angle(left / right)) / (2 * np.pi * f) < 5e-6


def test_a_chain_with_a_centre_beam_upmixes() -> None:
    """One of a centre beam beside both sides; without it the sides play all."""
    assert chain_of(design("sphere")).upmix
    assert not chain_of(designer.design(load(pair(both=True)))).upmix


def test_an_impulse_through_the_chain_is_the_convolution_of_its_parts(tmp_path: Path) -> None:
    """Ear responses convolved with delay and taps, by a plain loop, transform to the oracle's pressures, less the stated delay."""
    result, n = design("sphere"), 1024
    chain, responses = chain_of(result), ear_responses(result, n)
    frequencies_hz = (300.0, 1000.0, 3000.0, 8000.0)
    ears = at_the_ears("sphere", ("virtual-left",), tmp_path, frequencies_hz)
    taps, wait = chain.taps["virtual-left"], chain.delay_samples["virtual-left"]
    signal = np.zeros((2, n + taps.shape[1] - 1 + wait))
    for ear in (0, 1):
        for l in range(len(chain.drivers)):
            signal[ear, wait:] += np.convolve(responses[ear, l], taps[l])
    for f in frequencies_hz:
        turn = np.exp(-2j * np.pi * f / 48_000.0 * np.arange(signal.shape[1]))
        delay = np.exp(-2j * np.pi * f / 48_000.0 * (wait - removed_samples(ear_scene(result), n)))
        np.testing.assert_allclose(signal @ turn, np.array(ears(f)) * delay, rtol=0, atol=2e-3 * abs(ears(f)[0]))


def test_sides_and_centre_arrive_together() -> None:
    """The energy of both, in the centre's band at the ears, is half a sample apart at most, by sums over samples."""
    result = design("sphere")
    chain, responses = chain_of(result), ear_responses(result, 1024)
    arrivals = {}
    for name, taps in chain.taps.items():
        energy = moment = 0.0
        for ear in (0, 1):
            signal = np.sum([np.convolve(one, own) for one, own in zip(responses[ear], taps, strict=True)], axis=0)
            n = np.arange(signal.size)
            for f in np.arange(250.0, 501.0, 2.0):
                turn = np.exp(-2j * np.pi * f / 48_000.0 * n)
                P, slope = np.sum(signal * turn), np.sum(n * signal * turn)
                energy, moment = energy + abs(P) ** 2, moment + (np.conj(P) * slope).real
        arrivals[name] = moment / energy + chain.delay_samples[name]
    assert abs(arrivals["virtual-left"] - arrivals["centre"]) < 0.6
    assert abs(arrivals["virtual-left"] - arrivals["virtual-right"]) < 1e-6
    assert min(chain.delay_samples.values()) == 0


def test_the_problem_is_feasible_and_the_angle_is_its_own() -> None:
    """Exit code 0, nothing lost in realisation, and both sides point to within half a degree of 30."""
    result = design("sphere")
    actual = listening(result)
    assert (result.status, result.warnings) == (0, []) and actual is not None
    for angle in actual.heads[0].pointed_deg.values():
        assert angle == pytest.approx(30.0, abs=0.5)


def virtual(**keys: object) -> dict[str, object]:
    return pair(both=True) | {"virtualizer": {"upmix": False, **keys}}


@cache
def small() -> designer.Design:
    return designer.design(load(virtual()))


@pytest.mark.parametrize("form", ["fir", "rtf", "biquad"])
def test_every_form_places_the_sides(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two drivers 16 cm apart, in each form, taps as 16-bit words: left-only input is earlier and louder at the left ear, 1 to 3 kHz."""
    monkeypatch.setattr("designer.job.remedy", lambda *_: "more")  # what one section misses takes seconds to mend
    problem = virtual()
    problem["grid"] = {"frequencies": 33, "azimuth_step_deg": 15.0}
    problem["realization"] = {"form": form, "word": "q15", **({"sections": 1} if form == "biquad" else {"taps": 96})}
    result = designer.design(load(problem))
    actual = listening(result)
    assert actual is not None
    assert set(result.taps) == {"left", "right", "virtual-left", "virtual-right"}
    inside = (actual.frequency_hz > 1000) & (actual.frequency_hz < 1500)
    bands = (actual.middle_hz > 700) & (actual.middle_hz < 3200)
    for side in ("left", "right"):
        assert (actual.heads[0].chain[side].time_s[inside] > 150e-6).all()
        assert (actual.heads[0].chain[side].level_db[bands] > 1.0).all()


def test_a_drivers_limit_holds_for_combined_channels() -> None:
    """With max_gain_db = 10 the virtual weights stay below it, and the design says what that holds back; with 40 they need more."""
    problem = speaker(
        *({"name": ear, "kind": "null-steering", "ear": ear, "band_hz": [500.0, 4000.0],
           "cancellation_gain_db": [[500, 4], [2000, 10], [4000, 10]], "max_effort_db": 13.0} for ear in ("left", "right")),
    ) | {"virtualizer": {"upmix": False, "chain": "combined"}}  # fmt: skip
    loud = {}
    for limit in (40.0, 10.0):
        for driver in problem["drivers"]:
            driver["max_gain_db"] = limit
        result = designer.design(load(problem))
        sides = virtual_sides(result.fine_scene, result.taps, result.bulk_delay_samples)
        loud[limit] = 20 * np.log10(np.abs(sides["left"].weights).max())
        assert any("holds the virtual loudspeaker" in warning for warning in result.warnings) == (limit == 10.0)
        realised = 20 * np.log10(np.abs(np.fft.rfft(result.taps["virtual-left"], 1024, axis=1)).max())
        assert realised == pytest.approx(loud[limit], abs=1.0)
    assert loud[10.0] < 10.001 < 12.0 < loud[40.0]


def test_a_folder_opens_again_with_its_chain(tmp_path: Path) -> None:
    """Taps of the virtual channels come back bit for bit, the chain with them; `summary.json` names channels, delays and angles."""
    result = dataclasses.replace(small(), study_source=lambda curves: {})
    again = designer.open(result.save(tmp_path / "again"))
    assert list(again.taps) == list(result.taps)
    for one, other in ((chain_of(result), chain_of(again)),):
        assert one.delay_samples == other.delay_samples
        for name in ("virtual-left", "virtual-right"):
            assert np.array_equal(one.taps[name], other.taps[name])
        assert np.array_equal(one.crosstalk["far"], other.crosstalk["far"])
    exported = filter_set(again)
    assert exported.channels == ("virtual-left", "virtual-right")
    assert exported.delays == {"virtual-left": 0, "virtual-right": 0}
    page = (tmp_path / "again" / "report.html").read_text(encoding="utf-8")
    assert 'id="listener"' in page and "crosstalk model" in page
    assert "listener-differences" in page


def test_coefficients_of_a_stereo_chain_are_read_again(tmp_path: Path) -> None:
    """`coefficients.csv` of a folder with virtual channels, imported on its problem: the same chain, tap for tap."""
    result = small()
    table = tmp_path / "coefficients.csv"
    table.write_text(csv_text(tables.coefficients(result)), encoding="utf-8")
    again = import_coefficients(table, result.problem)
    for name, taps in chain_of(result).taps.items():
        assert np.array_equal(chain_of(again).taps[name], taps)


def test_no_sides_no_chain() -> None:
    """A design without channels left and right is refused, with what it has and the remedy."""
    result = designer.design(load(pair()))
    with pytest.raises(UsageError, match=r"got the channels left; expected left and right, .* name two ear designs"):
        chain_of(result)


def test_names_with_commas_are_told_apart() -> None:
    """Channels of a couch, "seat, left" and "seat, right", stand in quotes where stereo finds no chain."""
    table = pair()["designs"][0]
    couch = pair() | {"designs": [table | {"name": f"seat, {ear}", "ear": ear} for ear in ("left", "right")]}
    with pytest.raises(
        UsageError, match='got the channels "seat, left", "seat, right"; expected left and right, which'
    ):
        chain_of(designer.design(load(couch)))
