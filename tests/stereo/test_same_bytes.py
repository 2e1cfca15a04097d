"""A sound file is the same bytes at any time of day."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from designer.stereo.sound_file import wav_file


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE", "PCM_24"])
def test_no_time_of_day_is_written(subtype: str, tmp_path: Path) -> None:
    """The PEAK chunk of float samples has the time 0, as the format places it, four bytes behind its version; samples are untouched."""
    samples = np.random.default_rng(1).uniform(-1, 1, (50, 2)).astype(np.float32).astype(float)
    with wav_file(tmp_path / "out.wav", 2) as sound:
        sound.copy([samples], len(samples), 48000, subtype)
    content = (tmp_path / "out.wav").read_bytes()
    at = content.find(b"PEAK")
    assert (at > 0) == (subtype != "PCM_24")
    assert at < 0 or content[at + 12 : at + 16] == bytes(4)
    np.testing.assert_allclose(soundfile.read(tmp_path / "out.wav")[0], samples, rtol=0, atol=2e-7)
