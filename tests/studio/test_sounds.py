"""Sounds to compare: what `designer render --at-ears` writes, but for a gain and a delay; equally loud, of one length, in time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from command import Command
from pyloudnorm import Meter
from stereo.signals import panned, pink, voice
from stereo.small_designs import RATE_HZ, trio
from toml_text import toml

import designer
from designer.arrays import Real
from designer.errors import UsageError
from designer.problem.schema import Problem
from designer.studio.sounds import Sounds, write_sounds

STEP = 2.0**-23
ROOM = {"size_m": [4.0, 3.0, 2.5], "device_m": [1.0, 1.5, 1.0], "absorption": 0.6}


def problem_of(*names: str, **tables: Any) -> Problem:
    data = trio(*(names or ("left", "right")))
    return designer.loads(toml(data | tables))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of a voice in the middle and noise at one side, in a file."""
    folder = tmp_path_factory.mktemp("listen")
    sound = panned(voice(2.0, RATE_HZ), 0.0) + panned(pink(2.0, 3, RATE_HZ), 0.7)
    soundfile.write(folder / "in.wav", 0.05 * sound, RATE_HZ, subtype="PCM_24")
    return folder


@pytest.fixture(scope="module")
def states() -> dict[str, Problem]:
    """The current state with a beam; A without it, B with twice the taps, which come later, and C at another rate."""
    return {
        "current": problem_of("left", "right", "centre"),
        "A": problem_of("left", "right"),
        "B": problem_of("left", "right", realization={"taps": 128}),
        "C": problem_of("left", "right", sample_rate_hz=2 * RATE_HZ, realization={"taps": 128}),
    }


@pytest.fixture(scope="module")
def sounds(folder: Path, states: dict[str, Problem]) -> Sounds:
    return write_sounds(states, folder / "in.wav", "ears", folder / "sounds")


def read(path: Path) -> Real:
    return np.asarray(soundfile.read(path, always_2d=True)[0])


def best_fit(part: Real, whole: Real) -> tuple[int, float, float]:
    """Where in a longer sound another lies, with which gain, and the largest difference there."""
    size = 1 << int(np.ceil(np.log2(len(whole) + len(part))))
    spectra = [np.fft.rfft(x.sum(axis=1), size) for x in (whole, part)]
    shift = int(np.argmax(np.fft.irfft(spectra[0] * spectra[1].conj(), size)[: len(whole)]))
    there = whole[shift : shift + len(part)]
    mine = part[: len(there)]
    gain = float(np.sum(mine * there) / np.sum(there**2))
    return shift, gain, float(np.abs(mine - gain * there).max())


def test_each_state_sounds_as_the_command_renders_it(
    folder: Path, states: dict[str, Problem], sounds: Sounds, designer_command: Command, tmp_path: Path
) -> None:
    """The samples are those of `designer render --at-ears` of the same design, from one sample on, times a gain."""
    for name in ("current", "A", "B"):
        designer.design(states[name]).save(tmp_path / name, report=False)
        out = tmp_path / f"{name}.wav"
        designer_command("render", str(tmp_path / name), str(folder / "in.wav"), "-o", str(out), "--at-ears")
        shift, gain, difference = best_fit(read(sounds.files[name]), read(out))
        assert 0 < shift < 1000
        assert difference < 3 * STEP * max(1.0, gain)


def test_plain_playback_sounds_as_the_command_renders_it(
    folder: Path, states: dict[str, Problem], sounds: Sounds, designer_command: Command, tmp_path: Path
) -> None:
    """Plain is `render --at-ears --plain` of the current state, and bypass is the input."""
    designer.design(states["current"]).save(tmp_path / "current", report=False)
    out = tmp_path / "plain.wav"
    designer_command(
        "render", str(tmp_path / "current"), str(folder / "in.wav"), "-o", str(out), "--at-ears", "--plain"
    )
    assert best_fit(read(sounds.files["plain"]), read(out))[2] < 3 * STEP
    shift, _, difference = best_fit(read(sounds.files["bypass"]), read(folder / "in.wav"))
    assert shift == 0
    assert difference < 3 * STEP


def test_all_are_equally_loud_and_of_one_length(sounds: Sounds) -> None:
    """By pyloudnorm's own meter within 0.1 dB, none over full scale, at one rate."""
    loudness = {name: Meter(RATE_HZ).integrated_loudness(read(path)) for name, path in sounds.files.items()}
    assert set(loudness) == {"current", "A", "B", "C", "plain", "bypass"}
    assert max(loudness.values()) - min(loudness.values()) < 0.1
    assert {len(read(path)) for path in sounds.files.values()} == {2 * RATE_HZ}
    assert {soundfile.info(path).samplerate for path in sounds.files.values()} == {RATE_HZ}
    assert max(np.abs(read(path)).max() for path in sounds.files.values()) <= 10 ** (-0.1 / 20) + STEP
    assert sounds.seconds == 2.0


def test_all_are_in_time_with_the_input(sounds: Sounds) -> None:
    """Cross-correlation of the mean of both ears with the input's is largest within a sample of 0, whatever delay a state has."""
    reference = read(sounds.files["bypass"]).mean(axis=1)
    for name, path in sounds.files.items():
        other = read(path).mean(axis=1)
        size = 2 * len(reference)
        product = np.fft.irfft(np.fft.rfft(other, size) * np.fft.rfft(reference, size).conj())
        lag = int(np.argmax(np.abs(product)))
        assert min(lag, size - lag) <= 1, (name, lag)


def test_the_excerpt_needs_no_file(tmp_path: Path) -> None:
    """Without a file the built-in programme of four seconds is played, at the state's own rate."""
    sounds = write_sounds({"current": problem_of()}, None, "ears", tmp_path / "sounds")
    assert set(sounds.files) == {"current", "plain", "bypass"}
    assert sounds.seconds == 4.0
    assert sounds.notes == ()


def test_in_the_room_as_the_command_renders_it(folder: Path, designer_command: Command, tmp_path: Path) -> None:
    """With `--room` too; a snapshot without a room is left out, and said."""
    pytest.importorskip("pyroomacoustics")
    states = {"current": problem_of(room=ROOM), "A": problem_of()}
    sounds = write_sounds(states, folder / "in.wav", "room", tmp_path / "sounds")
    designer.design(states["current"]).save(tmp_path / "design", report=False)
    out = tmp_path / "room.wav"
    options = ["--at-ears", "--room"]
    designer_command("render", str(tmp_path / "design"), str(folder / "in.wav"), "-o", str(out), *options)
    assert best_fit(read(sounds.files["current"]), read(out))[2] < 3 * STEP
    assert "A" not in sounds.files
    assert sounds.notes[0].startswith("A is left out: --room: got no [room]")


def test_without_a_room_there_is_none_to_listen_in(tmp_path: Path) -> None:
    """The current state's missing room is an error with its remedy."""
    with pytest.raises(UsageError, match=r"got no \[room\]"):
        write_sounds({"current": problem_of()}, None, "room", tmp_path / "sounds")


def test_a_snapshot_that_cannot_be_heard_is_left_out(folder: Path, tmp_path: Path) -> None:
    """A state with a beam alone has nothing that plays stereo."""
    states = {"current": problem_of(), "D": problem_of("centre")}
    sounds = write_sounds(states, folder / "in.wav", "ears", tmp_path / "sounds")
    assert set(sounds.files) == {"current", "plain", "bypass"}
    assert "D is left out" in sounds.notes[0]
    assert "expected left and right" in sounds.notes[0]


def test_a_long_recording_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what is longer than the limit the beginning is played, and that is said."""
    monkeypatch.setattr("designer.studio.sounds.LONGEST_S", 0.5)
    soundfile.write(tmp_path / "long.flac", 0.1 * panned(pink(1.2, 5, RATE_HZ), 0.2), RATE_HZ)
    sounds = write_sounds({"current": problem_of()}, tmp_path / "long.flac", "ears", tmp_path / "sounds")
    assert sounds.seconds == 0.5
    assert sounds.notes == ("of the recording's 1 s the first 0.5 are played",)


def test_silence_stays_silent(tmp_path: Path) -> None:
    """Nothing is divided by the loudness of nothing."""
    soundfile.write(tmp_path / "silence.wav", np.zeros((RATE_HZ, 2)), RATE_HZ)
    sounds = write_sounds({"current": problem_of()}, tmp_path / "silence.wav", "ears", tmp_path / "sounds")
    assert all(not read(path).any() for path in sounds.files.values())
