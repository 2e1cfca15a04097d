"""Reading recordings: what is taken, at any sample rate, and what is refused with which words."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from designer.arrays import Real
from designer.errors import DataError
from designer.stereo.sound_file import StereoFile


def noise(count: int = 40_000, channels: int = 2) -> Real:
    return 0.1 * np.random.default_rng(0).standard_normal((count, channels))


def whole(file: StereoFile) -> Real:
    return np.concatenate(list(file.samples()))


@pytest.mark.parametrize(
    ("name", "subtype", "step"),
    [
        ("a.wav", "PCM_16", 2.0**-15),
        ("a.wav", "PCM_24", 2.0**-23),
        ("a.wav", "PCM_32", 2.0**-31),
        ("a.wav", "FLOAT", 2.0**-24),
        ("a.wav", "DOUBLE", 0.0),
        ("a.flac", "PCM_16", 2.0**-15),
        ("a.flac", "PCM_24", 2.0**-23),
    ],
)
def test_every_form_is_read(tmp_path: Path, name: str, subtype: str, step: float) -> None:
    """WAV of 16, 24, 32 bit and float, and FLAC, to half a step of what was written."""
    sound = noise()
    soundfile.write(tmp_path / name, sound, 44_100, subtype=subtype)
    file = StereoFile(tmp_path / name)
    assert (file.sample_rate_hz, file.frames, file.subtype) == (44_100, len(sound), subtype)
    assert np.abs(whole(file) - sound).max() <= step  # libsndfile scales by 2^31 - 1, so half a step and a little


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000])
def test_other_rates_are_resampled(tmp_path: Path, rate_hz: int) -> None:
    """A sine at another rate is the same sine at 48 kHz: in level, without delay, as long as it was."""

    def sine(at_hz: int) -> Real:
        return 0.5 * np.sin(2 * np.pi * 1000 * np.arange(at_hz) / at_hz)

    soundfile.write(tmp_path / "a.wav", np.column_stack([sine(rate_hz), -sine(rate_hz)]), rate_hz, subtype="DOUBLE")
    out = np.concatenate(list(StereoFile(tmp_path / "a.wav").resampled(48_000)))
    assert abs(len(out) - 48_000) <= 1
    middle = slice(12_000, 36_000)
    for got, expected in zip(out.T, (sine(48_000), -sine(48_000)), strict=True):
        assert np.abs(got[middle] - expected[middle]).max() < 1e-6


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def damaged(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


def as_text(path: Path) -> None:
    path.write_text("no sound", encoding="utf-8")


def none_left(path: Path) -> None:
    soundfile.write(path, noise(0), 48_000)


def not_a_number(path: Path) -> None:
    sound = noise()
    sound[35_000, 1] = np.nan
    soundfile.write(path, sound, 48_000, subtype="FLOAT")


def of_channels(channels: int) -> Callable[[Path], None]:
    return lambda path: soundfile.write(path, noise(channels=channels), 48_000)


def telephone(path: Path) -> None:
    soundfile.write(path, noise(), 8_000, subtype="ULAW")


def ogg(path: Path) -> None:
    soundfile.write(path, noise(), 48_000, format="OGG", subtype="VORBIS")


@pytest.mark.parametrize(
    ("name", "harm", "words"),
    [
        ("a.wav", cut_short, r"truncated or corrupt file: the last \d+ bytes that its header announces are missing"),
        ("a.flac", cut_short, r"truncated or corrupt file: it does not decode after \d+ of 40000 samples"),
        ("a.flac", damaged, "truncated or corrupt file"),
        ("a.wav", as_text, "truncated or corrupt file: it cannot be opened: Format not recognised"),
        ("a.wav", none_left, "got no samples"),
        ("a.wav", Path.unlink, "got no such file"),
        ("a.wav", of_channels(1), r"got 1 channel \(mono\); expected 2 .*; write it into both channels"),
        ("a.wav", of_channels(6), r"got 6 channels; expected 2 .*; mix it down to stereo"),
        ("a.wav", not_a_number, r"no finite number \(number 35000 of 40000\)"),
        ("a.wav", telephone, "got WAV with ULAW samples; expected a stereo WAV"),
        ("a.wav", ogg, "got OGG with VORBIS samples; expected a stereo WAV"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, name: str, harm: Callable[[Path], None], words: str) -> None:
    """Each fault is an error that names the file, what was found, what is allowed and the remedy."""
    path = tmp_path / name
    soundfile.write(path, noise(), 48_000, subtype="PCM_16")
    harm(path)
    with pytest.raises(DataError, match=rf"{re.escape(str(path))}: .*{words}"):
        whole(StereoFile(path))


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.7, 0.95, 0.999])
def test_any_damage_to_a_flac_is_noticed(tmp_path: Path, share: float) -> None:
    """A bit that is turned anywhere in the samples fails the checksum of its frame."""
    path = tmp_path / "a.flac"
    soundfile.write(path, noise(), 48_000, subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[int(share * len(data))] ^= 0x10
    path.write_bytes(data)
    with pytest.raises(DataError, match="truncated or corrupt"):
        whole(StereoFile(path))


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_any_cut_of_a_wav_is_noticed(tmp_path: Path, subtype: str) -> None:
    """However many bytes are missing at its end, from one to all but a few of the header, a WAV file is refused."""
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(1000), 48_000, subtype=subtype)
    data = path.read_bytes()
    audio = 1000 * 2 * {"PCM_16": 2, "FLOAT": 4}[subtype]
    for remaining in (len(data) - 1, len(data) - 3, len(data) - audio + 1, len(data) - audio, 20, 3, 0):
        path.write_bytes(data[:remaining])
        with pytest.raises(DataError, match="truncated or corrupt"):
            whole(StereoFile(path))


@pytest.mark.parametrize("container", ["WAVEX", "RF64"])
def test_other_headers_of_wav(tmp_path: Path, container: str) -> None:
    """Extensible headers and those of files beyond 4 GB are read, and their cuts noticed."""
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(), 48_000, format=container, subtype="PCM_24")
    assert np.abs(whole(StereoFile(path)) - noise()).max() < 2.0**-22
    cut_short(path)
    with pytest.raises(DataError, match=r"the last \d+ bytes that its header"):
        StereoFile(path)
