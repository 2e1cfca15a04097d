"""fconvolver and BruteFIR run their exports on a noise file, and match scipy's convolution to -120 dB."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from programs import need
from scipy.signal import fftconvolve, sosfilt

from designer.arrays import Real
from designer.export import FilterSet, target_named
from designer.export.runners.bench import Bench
from export import filter_cases

CASES = {
    "two lengths": filter_cases.two_lengths(),
    "taps with a pure delay, a silent driver and a waiting channel": filter_cases.fir(taps=300),
    "sections as responses": filter_cases.biquads(),
    "more taps than a block": filter_cases.fir(taps=1500),
    "names that nothing takes": filter_cases.odd_names(),
}
LENGTH = 6000


def noise(filters: FilterSet) -> Real:
    return np.random.default_rng(7).uniform(-0.5, 0.5, (LENGTH, len(filters.channels)))


def by_scipy(filters: FilterSet, x: Real) -> Real:
    """The drivers' feeds (N, L); sections run as sections, not as their responses."""
    out = np.zeros((len(x), len(filters.drivers)))
    for one in filters.filters:
        wait = filters.delays.get(one.channel, 0)
        delayed = np.concatenate([np.zeros(wait), x[:, filters.channels.index(one.channel)]])
        if one.cascade is None:
            y = fftconvolve(delayed, one.taps)
        else:
            sections = np.concatenate([one.cascade.b, np.ones((len(one.cascade.b), 1)), one.cascade.a], axis=1)
            y = sosfilt(sections, np.concatenate([np.zeros(one.cascade.delay_samples), delayed]))
        out[:, filters.drivers.index(one.driver)] += y[: len(x)]
    return out


def written(target: str, filters: FilterSet, folder: Path) -> Path:
    for path, content in target_named(target).write(filters).files.items():
        (folder / path).write_bytes(content)
    return folder


def apart_db(y: Real, expected: Real) -> float:
    """The largest difference over the largest sample."""
    return float(20 * np.log10(np.abs(y - expected).max() / np.abs(expected).max() + 1e-300))


SEEN = "more taps than a block"
"""Case of BruteFIR without `--long`, which takes a third of a second to start; `test_headroom.py` plays a pure delay by it."""


@pytest.mark.parametrize(
    ("target", "case"),
    [
        pytest.param(target, case, marks=[pytest.mark.long] if target == "brutefir" and case != SEEN else [])
        for target in ("jconvolver", "wav", "brutefir")
        for case in CASES
    ],
)
def test_a_convolver_plays_the_filters(target: str, case: str, tmp_path: Path) -> None:
    """Fconvolver with jconvolver's configuration, and with filters.wav alone; BruteFIR: what scipy gives, to -120 dB."""
    filters, run = CASES[case], target_named(target).run
    assert run is not None
    x = noise(filters)
    y = run(written(target, filters, tmp_path), x, filters, Bench())
    assert y.shape == (LENGTH, len(filters.drivers))
    assert apart_db(y, by_scipy(filters, x.astype(np.float32).astype(float) if target != "brutefir" else x)) < -120


@pytest.mark.parametrize("case", CASES)
def test_sox_reads_the_responses(case: str, tmp_path: Path) -> None:
    """Sox decodes the 32-bit and the 24-bit file alike: the response of every channel and driver, in order, to one step."""
    program = need("sox", "sox")
    filters = CASES[case]
    written("wav", filters, tmp_path)
    scale = target_named("wav").write(filters).facts["scale_of_24_bit"]
    length = max(one.taps.size + filters.delays.get(one.channel, 0) for one in filters.filters)
    impulses = np.zeros((length, len(filters.channels)))
    impulses[0] = 1.0
    for name, factor, step in (("filters.wav", 1.0, 2.0**-24), ("filters-24bit.wav", scale, 2.0**-23 * scale)):
        raw = tmp_path / "out.f64"
        done = subprocess.run(
            [program, tmp_path / name, "-t", "raw", "-e", "floating-point", "-b", "64", raw],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        tracks = np.frombuffer(raw.read_bytes(), "<f8").reshape(len(impulses), -1) * factor
        for c, _ in enumerate(filters.channels):
            alone = np.zeros_like(impulses)
            alone[0, c] = 1.0
            expected = filter_cases.feeds(filters, alone)
            got = tracks[:, c * len(filters.drivers) : (c + 1) * len(filters.drivers)]
            inside = np.clip(expected, -1.0, 1.0) if factor == 1.0 else expected  # sox's own samples end at 1
            assert np.abs(got - inside).max() <= step * max(1.0, float(np.abs(expected).max()))
