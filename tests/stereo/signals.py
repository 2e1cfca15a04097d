"""Signals that the tests of the upmix and of rendering listen to, made here."""

from __future__ import annotations

import numpy as np
from scipy.signal import sosfilt

from designer.arrays import Real

RATE_HZ = 48_000


def pink(seconds: float, seed: int, sample_rate_hz: float = RATE_HZ) -> Real:
    """Noise of equal power in each octave from 30 Hz up, mean square 1."""
    count = round(seconds * sample_rate_hz)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    frequency_hz = np.fft.rfftfreq(count, 1 / sample_rate_hz)
    spectrum *= np.where(frequency_hz >= 30.0, 1 / np.sqrt(np.maximum(frequency_hz, 30.0)), 0.0)
    noise = np.fft.irfft(spectrum, count)
    return np.asarray(noise / np.sqrt(np.mean(noise**2)))


def panned(mono: Real, beta: float | Real) -> Real:
    """Stereo (n, 2) of a source at β = (g_L - g_R)/(g_L + g_R): gains 1 + β and 1 - β."""
    return np.column_stack([mono * (1 + beta), mono * (1 - beta)])


def clicks(seconds: float, every_s: float, sample_rate_hz: float = RATE_HZ) -> Real:
    """A train of single samples."""
    train = np.zeros(round(seconds * sample_rate_hz))
    train[:: round(every_s * sample_rate_hz)] = 1.0
    return train


def voice(seconds: float, sample_rate_hz: float = RATE_HZ) -> Real:
    """Like a voice: 40 harmonics of a pitch about 120 Hz that sways, three formants, four syllables a second; mean square 1."""
    time_s = np.arange(round(seconds * sample_rate_hz)) / sample_rate_hz
    pitch_hz = 120 * 2 ** (0.15 * np.sin(2 * np.pi * 0.7 * time_s) + 0.02 * np.sin(2 * np.pi * 5.5 * time_s))
    half = np.pi * np.cumsum(pitch_hz) / sample_rate_hz
    buzz = np.sin(40 * half) * np.cos(41 * half) / np.sin(half)  # the sum of cos 2 n half over n = 1 to 40
    sung = np.zeros_like(buzz)
    for formant_hz, width_hz, gain in ((600.0, 90.0, 1.0), (1200.0, 120.0, 0.5), (2600.0, 180.0, 0.25)):
        radius = np.exp(-np.pi * width_hz / sample_rate_hz)
        turn = 2 * np.pi * formant_hz / sample_rate_hz
        sung += gain * sosfilt([[1 - radius, 0, 0, 1, -2 * radius * np.cos(turn), radius**2]], buzz)
    sung *= np.clip(np.sin(2 * np.pi * 2 * time_s) ** 2 * 1.3 - 0.15, 0.0, 1.0)  # silence between the syllables
    return np.asarray(sung / np.sqrt(np.mean(sung**2)))


def chord(seconds: float, notes_hz: tuple[float, ...], sample_rate_hz: float = RATE_HZ) -> Real:
    """Held notes of eight harmonics each, 1/n strong, struck anew each second; mean square 1."""
    time_s = np.arange(round(seconds * sample_rate_hz)) / sample_rate_hz
    notes = [np.sin(2 * np.pi * n * f * time_s + n * f) / n for f in notes_hz for n in range(1, 9)]
    since_s = time_s % 1.0
    played = np.sum(notes, axis=0) * np.minimum(since_s / 0.02, 1.0) * np.exp(-1.5 * since_s)
    return np.asarray(played / np.sqrt(np.mean(played**2)))
