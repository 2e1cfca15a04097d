"""A recording's file, its place and its length; the stimulus; and the numbers, of errors with known power."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from stereo.small_designs import RATE_HZ, design_of

from designer.errors import DataError
from designer.export.of_design import filter_set
from designer.proof.outcome import Proof, proof_of
from designer.proof.recording import laid_under, read_feeds
from designer.proof.stimulus import LEAD, stimulus_of
from proof import plants
from proof.plants import played


def test_the_stimulus_is_of_16_bits_and_no_feed_passes_full_scale() -> None:
    """Every sample is a whole number of 2^-15; one channel sounds in its sweep alone; feeds peak at 0.9 in the noise, in silence at 0."""
    for filters in (plants.fir(), plants.sections()):
        stimulus = stimulus_of(filters)
        steps = stimulus.samples * 2.0**15
        assert np.array_equal(steps, np.rint(steps)) and np.abs(steps).max() < 2**15
        for channel in range(stimulus.channels):
            others = np.delete(stimulus.samples[stimulus.sweep_of(channel)], channel, axis=1)
            assert not others.any() and stimulus.samples[stimulus.sweep_of(channel), channel].any()
        assert not stimulus.samples[stimulus.silence].any()
        feeds = np.abs(played(filters, stimulus.samples))
        assert feeds[stimulus.loud].max() == pytest.approx(0.9, abs=1e-3)
        assert feeds[: stimulus.noise.start].max() == pytest.approx(0.9 / 2, abs=0.01)


def test_a_recording_may_begin_anywhere_and_have_another_rate(tmp_path: Path) -> None:
    """Cut into the lead or 3 s late; a file of 96 kHz is brought to 48 kHz, with a note."""
    filters = plants.twins()
    stimulus = stimulus_of(filters)
    feeds = played(filters, stimulus.samples)
    assert laid_under(feeds[500:], filters, stimulus).late == -500
    silence = np.zeros((144_000, 3))
    assert laid_under(np.concatenate([silence, feeds]), filters, stimulus).late == 144_000
    doubled = plants.at_another_clock(feeds, 2, 1)
    soundfile.write(tmp_path / "fast.wav", doubled, 96_000, subtype="FLOAT")
    samples, notes = read_feeds(tmp_path / "fast.wav", filters)
    assert notes == ("fast.wav has 96000 Hz, and was resampled to the design's 48000 Hz",)
    recording = laid_under(samples, filters, stimulus)
    made = proof_of(recording.feeds, filters, stimulus, target="c", ran="", recording=recording)
    assert made.failures == () and made.status == 0


@pytest.mark.parametrize(
    ("columns", "samples", "message"),
    [
        (
            2,
            100,
            r"feeds.wav: got 2 columns; expected a WAV or FLAC file of 3 columns \(l, m, r\); record every driver",
        ),
        (3, 0, "feeds.wav: got silence; expected what the drivers play"),
    ],
)
def test_a_file_that_is_no_recording_is_refused(columns: int, samples: int, message: str, tmp_path: Path) -> None:
    """The message states the file, what it holds and the columns that are expected."""
    signal = np.zeros((1000, columns))
    signal[:samples] = 0.1
    soundfile.write(tmp_path / "feeds.wav", signal, 48_000)
    with pytest.raises(DataError, match=message):
        read_feeds(tmp_path / "feeds.wav", plants.twins())
    with pytest.raises(DataError, match=r"none\.wav: got no such file"):
        read_feeds(tmp_path / "none.wav", plants.twins())
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(DataError, match=r"text\.wav: cannot be read"):
        read_feeds(tmp_path / "text.wav", plants.twins())


def test_a_recording_that_ends_early_is_refused() -> None:
    """Half of the stimulus: how much is missing, in seconds."""
    filters = plants.twins()
    stimulus = stimulus_of(filters)
    half = played(filters, stimulus.samples)[: stimulus.noise.start]
    with pytest.raises(
        DataError, match=r"ends 0\.\d\d s before the stimulus does; expected a recording of the whole stimulus"
    ):
        laid_under(half, filters, stimulus)


def proven(**errors: float) -> tuple[Proof, float]:
    """A proof of sound feeds with an error at the last driver, and the power of its feed in the noise."""
    filters = plants.twins()
    stimulus = stimulus_of(filters)
    feeds = played(filters, stimulus.samples)
    power = float(np.mean(feeds[stimulus.loud, 2] ** 2))
    n = np.arange(len(feeds))
    behind = n >= LEAD
    feeds[:, 2] += behind * errors.get("dc", 0.0) + behind * errors.get("tone", 0.0) * np.cos(0.3 * n)
    feeds[:, 2] += (
        errors.get("noise", 0.0) * np.random.default_rng(4).standard_normal(len(feeds)) * (n < stimulus.silence.start)
    )
    feeds[stimulus.loud.start + 7, 2] += errors.get("click", 0.0)
    return proof_of(feeds, filters, stimulus, target="c", ran="its export"), power


def test_numbers_are_those_of_errors_with_known_power() -> None:
    """White noise, a constant, a tone and a click: powers and levels by hand, and which of them fail the proof."""
    made, power = proven(noise=1e-4)
    assert made.numbers[2].signal_to_noise_db == pytest.approx(10 * np.log10(power / 1e-8), abs=0.1)
    assert made.failures == () and made.status == 0
    made, _ = proven(dc=0.002)
    assert made.numbers[2].dc_db == pytest.approx(20 * np.log10(0.002), abs=1e-6)
    assert made.failures == (f"r has DC of {20 * np.log10(0.002):.1f} dB of full scale in silence (at most -60)",)
    assert made.status == 7
    made, _ = proven(tone=0.002)
    assert made.numbers[2].limit_cycle_db == pytest.approx(20 * np.log10(0.002), abs=0.1)
    assert [words[:19] for words in made.failures] == ["r has a limit cycle"]
    made, _ = proven(click=0.01)
    row = made.numbers[2]
    assert row.worst_sample_db == pytest.approx(-40.0, abs=1e-6)
    assert row.worst_sample_s == pytest.approx((made.stimulus.loud.start + 7) / 48_000)
    assert [row.level_error_db for row in made.numbers] == pytest.approx([0, 0, 0], abs=1e-3)


def test_a_channel_that_waits_as_the_chain_asks_is_not_late() -> None:
    """One channel 2 samples behind the other: exact feeds change neither level nor time at the ears; without the wait it is early."""
    asked = replace(filter_set(design_of("left", "right")), delays={"left": 0, "right": 2})
    stimulus = stimulus_of(asked)
    exact, hasty = (
        proof_of(played(plays, stimulus.samples), asked, stimulus, target="c", ran="its export").ears
        for plays in (asked, replace(asked, delays={}))
    )
    assert all(abs(change) < 1e-3 for ear in exact.values() for key, change in ear.items() if "change" in key)
    assert hasty["right"]["time_change_us"] == pytest.approx(2e6 / RATE_HZ, abs=0.1)
    assert hasty["left"]["time_change_us"] == pytest.approx(0.0, abs=0.1)


def test_the_summary_is_json_of_what_was_found() -> None:
    """Faults, numbers of every driver, bounds and verdict."""
    made, _ = proven(dc=0.002)
    summary = made.summary
    assert summary["passed"] is False and summary["faults"] == [] and summary["recorder"] is None
    assert [row["driver"] for row in summary["drivers"]] == ["l", "m", "r"]
    assert summary["bounds"]["accepted_db"] == -40.0 and summary["verdict"] == made.verdict
    assert repr(made) == f"<Proof of c: {made.verdict}>"
