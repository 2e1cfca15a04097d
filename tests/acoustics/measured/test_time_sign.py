"""Heads whose spectra were written with e^{-jwt}: heard as they are, and said, whatever the convention, the grid and the order of ears."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sofar
from numpy.typing import NDArray

from acoustics.measured.head_files import KEMAR, C, grid_deg, sphere, sphere_spectra, unit
from designer.acoustics.measured.head import MeasuredHead, read_head
from designer.acoustics.measured.interaural_time import time_sign
from designer.acoustics.measured.sofa import kind_of

RING = grid_deg(20.0, -40.0)


def written(path: Path, convention: str, spectra: NDArray[np.complex128], f: NDArray[Any], angles: Any) -> Path:
    """Spectra (M, 2, N) of a head as a file."""
    sofa = sofar.Sofa(convention)
    sofa.Data_Real, sofa.Data_Imag, sofa.N = spectra.real, spectra.imag, f
    sofa.ReceiverPosition = np.array([[0.0, 0.0875, 0.0], [0.0, -0.0875, 0.0]])
    sofa.SourcePosition = angles
    sofa.SourcePosition_Type, sofa.SourcePosition_Units = "spherical", "degree, degree, metre"
    sofar.write_sofa(str(path), sofa)
    return path


def read(path: Path) -> MeasuredHead:
    return read_head(path, 0.0875, C, name="head.sofa")


@pytest.mark.parametrize(
    ("convention", "f", "swapped"),
    [
        ("SimpleFreeFieldHRTF", np.arange(0.0, 16_001.0, 50.0), False),
        ("SimpleFreeFieldHRTF", np.arange(187.5, 20_001.0, 187.5), True),
        ("GeneralTF", np.arange(100.0, 12_001.0, 100.0), False),
        pytest.param("SimpleFreeFieldHRTF", np.arange(0.0, 16_001.0, 50.0), True, marks=pytest.mark.long),
        pytest.param("SimpleFreeFieldHRTF", np.arange(187.5, 20_001.0, 187.5), False, marks=pytest.mark.long),
        pytest.param("GeneralTF", np.arange(100.0, 12_001.0, 100.0), True, marks=pytest.mark.long),
    ],
)
def test_a_sphere(tmp_path: Path, convention: str, f: NDArray[np.float64], swapped: bool) -> None:
    """Conjugated, it is the same sphere at both ears within 0.2 dB and 5 degrees, and that is said; else nothing is said.

    With the channels exchanged as well, sign and side are both found.
    """
    spectra = sphere_spectra(RING, f, 1.4) * np.exp(2j * np.pi * f * (1.4 / C - 1e-3))
    spectra = spectra[:, ::-1] if swapped else spectra
    angles = np.column_stack([RING, np.full(len(RING), 1.4)])
    wanted = read(sphere(tmp_path / "sphere.sofa", RING))
    at, towards = np.geomspace(300.0, 8000.0, 40), unit(RING[::7])
    true = wanted.transfer(at, towards)
    for conjugated in (False, True):
        path = written(tmp_path / "head.sofa", convention, spectra.conj() if conjugated else spectra, f, angles)
        assert kind_of(path) == "head"
        head = read(path)
        ratio = head.transfer(at, towards) / true
        assert np.abs(20 * np.log10(np.abs(ratio))).max() < 0.2
        assert np.degrees(np.abs(np.angle(ratio))).max() < 5
        sign = [
            w for w in head.warnings if "got spectra of e^(-jwt), because the ear that hears first is the quieter" in w
        ]
        assert len(sign) == conjugated, head.warnings
        assert any("ReceiverPosition" in w for w in head.warnings) == swapped


def test_a_dummy_head(tmp_path: Path) -> None:
    """The KEMAR's own spectra conjugated: the same interaural time, with its sign."""
    from designer.acoustics.measured.head_file import read_recording

    recording = read_recording(KEMAR, "kemar")
    some = slice(None, None, 9)
    spectra = np.fft.rfft(recording.responses[some], axis=2)
    f = np.fft.rfftfreq(recording.responses.shape[2], 1 / recording.sample_rate_hz)
    n = recording.directions[some]
    azimuth, elevation = np.degrees(np.arctan2(n[:, 1], n[:, 0])), np.degrees(np.arcsin(n[:, 2]))
    angles = np.column_stack([azimuth, elevation, np.full(len(n), 1.4)])
    times = [
        read(written(tmp_path / f"{k}.sofa", "SimpleFreeFieldHRTF", s, f, angles)).interaural_time_s
        for k, s in enumerate((spectra, spectra.conj()))
    ]
    np.testing.assert_allclose(times[1], times[0], rtol=0, atol=1e-6)
    assert np.abs(times[0]).max() > 6e-4


def test_causality_decides_where_no_time_does() -> None:
    """In the median plane both ears hear at once: what rings before the peak rang after it."""
    decay = np.zeros((5, 2, 256))
    decay[..., 64:] = np.exp(-np.arange(192) / 20.0) * np.cos(np.arange(192) * 0.9)
    assert not time_sign(decay, 48_000.0).is_reversed
    backwards = time_sign(decay[..., ::-1], 48_000.0)
    assert backwards.is_reversed
    assert str(backwards).startswith(f"{100 * backwards.before:.0f} % of the energy beside the peak comes before it")


def test_level_against_causality_is_doubtful() -> None:
    """A nearer ear that is quieter, with responses that run forwards: kept, and said."""
    ears = np.zeros((6, 2, 256))
    for m, lag in enumerate((-20, -10, -5, 5, 10, 20)):  # the second ear hears so many samples later, and louder
        for ear, at in enumerate((64, 64 + lag)):
            ears[m, ear, at:] = np.exp(-np.arange(256 - at) / 10.0) * (1.5 ** (np.sign(lag) * (ear - 0.5)))
    sign = time_sign(ears, 48_000.0)
    assert sign.is_doubtful
    assert not sign.is_reversed
