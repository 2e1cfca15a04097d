"""Equalizer APO's configuration, played by a small player written from its configuration reference; it runs on Windows alone."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import lfilter

from designer.arrays import Real
from designer.export import target_named
from export import filter_cases

CASES = {
    "two lengths": filter_cases.two_lengths(),
    "taps": filter_cases.fir(),
    "sections": filter_cases.biquads(),
    "more channels than drivers": filter_cases.odd_names(),
}


def play(path: Path, x: Real, rate: int) -> Real:
    """The device's channels (N, K) behind the configuration; a `Copy` reads what stood before its line."""
    streams = {str(k + 1): x[:, k].copy() for k in range(x.shape[1])}
    selected = list(streams)
    running = True
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        command, _, rest = line.partition(": ")
        if command == "If":
            running = rest == f"sampleRate == {rate}"
        elif command == "EndIf:":
            running = True
        elif not running:
            continue
        elif command == "Channel":
            selected = list(streams) if rest == "all" else rest.split()
            assert all(name in streams and len(name) <= 3 for name in selected)
        elif command == "Copy":
            before = dict(streams)
            for assignment in rest.split(" "):
                name, _, terms = assignment.partition("=")
                # A number is a channel; with a point it is a constant.
                streams[name] = sum(
                    (np.full(len(x), float(term)) if "." in term else before[term] for term in terms.split("+")),
                    np.zeros(len(x)),
                )
        elif command == "Delay":
            samples = int(rest.removesuffix(" samples"))
            for name in selected:
                streams[name] = np.concatenate([np.zeros(samples), streams[name]])[: len(x)]
        elif command == "Convolution":
            taps, file_rate = soundfile.read(path.parent / rest, always_2d=True)
            assert file_rate == rate and taps.shape[1] == 1
            for name in selected:
                streams[name] = np.convolve(streams[name], taps[:, 0])[: len(x)]
        else:
            numbers = re.fullmatch(r"ON IIR Order 2 Coefficients((?: -?\d+\.\d+){6})", rest)
            assert command == "Filter" and numbers, line
            values = [float(number) for number in numbers[1].split()]
            for name in selected:
                streams[name] = np.asarray(lfilter(values[:3], values[3:], streams[name]))
    return np.stack([streams[str(k + 1)] for k in range(x.shape[1])], axis=1)


@pytest.mark.parametrize("case", CASES)
def test_the_configuration_is_the_filters(case: str, tmp_path: Path) -> None:
    """Channels come in first, drivers go out first, what is no driver is silent; another rate is left alone."""
    filters = CASES[case]
    for name, content in target_named("equalizerapo").write(filters).files.items():
        (tmp_path / name).write_bytes(content)
    width = max(len(filters.channels), len(filters.drivers))
    x = np.zeros((600, width))
    x[:, : len(filters.channels)] = np.random.default_rng(4).uniform(-1, 1, (600, len(filters.channels)))
    y = play(tmp_path / "equalizerapo.txt", x, 48000)
    expected = filter_cases.feeds(filters, x)
    assert np.abs(y[:, : len(filters.drivers)] - expected).max() < 2.0**-22 * np.abs(expected).max()
    assert not y[:, len(filters.drivers) :].any()
    assert np.array_equal(play(tmp_path / "equalizerapo.txt", x, 44100), x)
