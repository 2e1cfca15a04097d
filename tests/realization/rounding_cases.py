"""Problems that rounding is tried on: taps with a random weighting, and the eight-driver case."""

from __future__ import annotations

from functools import cache

import numpy as np

import designer
from designer.arrays import Complex, Real
from designer.designs import ChannelDesign
from designer.realization.dense_targets import audible, between
from designer.realization.toeplitz_fit import fit, grid_size
from designer.requirements.channel_target import channel_target
from realization.test_fir_fit import weighting
from realization.test_realized_channels import designed, eight_drivers


def random_case(seed: int, drivers: int, taps: int) -> tuple[Real, Complex]:
    """Taps (L, T) below 0.9 and a symbol on a grid of 4 T."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.9, 0.9, (drivers, taps)), weighting(rng, 2 * taps + 1, drivers)


def normal_matrix(symbol: Complex, taps: int) -> Real:
    """N (T L, T L) with drivers within taps, from the sum itself."""
    size, drivers = 2 * (len(symbol) - 1), symbol.shape[1]
    C = np.concatenate([symbol, symbol[-2:0:-1].conj()])
    turns = np.exp(-2j * np.pi / size * np.outer(np.arange(size), np.arange(taps)))
    out = np.zeros((taps, drivers, taps, drivers))
    for l, m in np.ndindex(drivers, drivers):
        out[:, l, :, m] = ((turns.conj() * C[:, l, m, None]).T @ turns).real / size
    return out.reshape(taps * drivers, taps * drivers)


@cache
def eight_driver_taps(taps: int) -> tuple[Real, Complex, designer.Scene, ChannelDesign]:
    """The eight-driver case's taps, their symbol, 40 moved heads off the grid, and the design."""
    actual, scene = designed(eight_drivers(), 257)
    frequency_hz = np.fft.rfftfreq(grid_size(taps, 257), 1 / 48_000)
    expected = between(actual.frequency_hz, actual.weights, frequency_hz)
    symbol = audible(channel_target(actual.design, scene.at(frequency_hz), actual.plain), expected)
    moves = np.random.default_rng(0).uniform(-0.03, 0.03, (40, 3)) * [1, 1, 0]
    off_grid = scene.at(np.linspace(1260.0, 4890.0, 100)).moved(moves)
    return fit(expected, symbol, taps, taps // 2), symbol, off_grid, actual
