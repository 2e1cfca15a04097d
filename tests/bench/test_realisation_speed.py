"""Speed of the joint fit against one Cholesky factor of its dense normal matrix, in the same process, BLAS on one thread.

    python tests/bench/test_realisation_speed.py 1024

runs the real size: 8 drivers x 1024 taps x 2049 frequencies x 72 azimuths.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from scipy import linalg

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests"))  # run by hand, this file is no part of the test run that adds it

from designs.small_problems import line, load  # noqa: E402, needs the path above

import designer  # noqa: E402
from bench.timing import best_of  # noqa: E402
from designer.acoustics.scene_of_problem import fine_frequencies_hz  # noqa: E402
from designer.arrays import Complex, Real  # noqa: E402
from designer.designs import design_channel  # noqa: E402
from designer.measures import mean_power  # noqa: E402
from designer.realization.dense_targets import audible, between  # noqa: E402
from designer.realization.toeplitz_fit import fit  # noqa: E402
from designer.requirements.channel_target import channel_target  # noqa: E402

DRIVERS, AZIMUTHS, SPACING_M = 8, 72, 0.05


def test_the_fit_is_faster_than_a_dense_factor() -> None:
    """512 taps, half the real size: at least 6 times faster, and the same level at the far azimuths to 0.01 dB.

    The factor grows with the cube of the taps and the fit with the taps, so that the real size is won by 20 and more.
    """
    alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, __file__, "512"], check=True, capture_output=True, text=True, cwd=ROOT, env=alone
    )
    print(done.stdout)
    times_faster, far_db, gigabytes = map(float, done.stdout.split()[-3:])
    assert times_faster > 6
    assert far_db < 0.01
    assert gigabytes < 2


def beam(taps: int) -> tuple[Complex, Complex, Complex]:
    """A designed beam's weights and weighting on a grid of four frequencies a tap, and the tensor of its null's azimuths.

    Eight point sources 5 cm apart look to the front; from 500 Hz to 5 kHz 72 azimuths count, and those from 75 to 105
    degrees are masked at -25 dB.
    """
    mask = [{"azimuth_deg": [75.0, 105.0], "max_db": -25.0}]
    tables = line(DRIVERS, spacing_m=SPACING_M, band_hz=[500.0, 5000.0], mask=mask)
    tables |= {"sample_rate_hz": 48000, "grid": {"frequencies": 257, "azimuth_step_deg": 5.0}}
    problem = load(tables)
    scene = designer.scene(problem).at(fine_frequencies_hz(problem))
    channel = design_channel(problem.designs[0], scene)
    frequency_hz = np.fft.rfftfreq(4 * taps, 1 / problem.sample_rate_hz)
    target = channel_target(channel.design, scene.at(frequency_hz), channel.plain)
    assert target.quiet.shape[1] + 1 == AZIMUTHS
    wanted = between(channel.frequency_hz, channel.weights, frequency_hz)
    return wanted, audible(target, wanted), target.masks[0].points[target.in_band]


def dense_matrix(symbol: Complex, taps: int) -> tuple[Real, Real]:
    """The normal matrix, block by block, and the lags that it is made of."""
    size = 2 * (len(symbol) - 1)
    lags = np.fft.irfft(symbol.transpose(1, 2, 0), size, axis=2)
    matrix = np.empty((DRIVERS * taps, DRIVERS * taps))
    for i in range(DRIVERS):
        for j in range(DRIVERS):
            column, row = lags[i, j, :taps], np.concatenate([lags[i, j, :1], lags[i, j, :-taps:-1]])
            matrix[i * taps : (i + 1) * taps, j * taps : (j + 1) * taps] = linalg.toeplitz(column, row)
    return matrix, lags


def compare(taps: int) -> tuple[float, float, float]:
    """How many times faster, the largest difference at the far azimuths in dB, and the peak of memory before the dense part in GB."""
    wanted, symbol, null = beam(taps)
    size, delay = 4 * taps, taps // 2
    fast = best_of(5, lambda: fit(wanted, symbol, taps, delay))
    x = fit(wanted, symbol, taps, delay)
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    shifted = wanted * np.exp(-2j * np.pi * delay / size * np.arange(len(wanted)))[:, None]
    rhs = np.fft.irfft(np.einsum("kij,kj->ki", symbol, shifted).T, size, axis=1)[:, :taps]
    matrix, _ = dense_matrix(symbol, taps)
    begin = time.perf_counter()
    factor = linalg.cho_factor(matrix, overwrite_a=True, check_finite=False)
    slow = time.perf_counter() - begin
    dense = linalg.cho_solve(factor, rhs.ravel()).reshape(DRIVERS, taps)
    f = np.fft.rfftfreq(size, 1 / 48_000.0)
    band = (f >= 500.0) & (f <= 5000.0)
    levels = [10 * np.log10(mean_power(null, np.fft.rfft(one, size, axis=1).T[band])) for one in (x, dense)]
    print(f"{taps} taps: fit {fast:.3f} s, dense factor {slow:.2f} s")
    return slow / fast, float(np.abs(levels[0] - levels[1]).max()), gigabytes


if __name__ == "__main__":
    print(*compare(int(sys.argv[1])))
