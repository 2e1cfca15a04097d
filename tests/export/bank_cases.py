"""Small banks over one key and two, and their exports in C as programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.bank.filter_bank import Axis, FilterBank, aligned_bank
from designer.bank.section_bank import section_bank
from designer.export.bank_plan import FADE, BankPlan, bank_plan
from designer.export.bank_set import BankSet
from designer.export.bank_source import bank_files
from designer.export.c_plan import CWord
from designer.export.filter_set import filters_of
from designer.problem.word_format import Word

RATE_HZ = 48000.0
FADES = 8
KEY = "listener.position_m[1]"
AXES: dict[int | str, list[Axis]] = {
    1: [Axis(KEY, np.array([-0.3, -0.1, 0.1, 0.4]))],
    2: [Axis(KEY, np.array([-0.3, 0.1, 0.4])), Axis("listener.turn_deg", np.array([-20.0, 30.0]))],
    "1 x 3": [Axis("listener.turn_deg", np.array([5.0])), Axis(KEY, np.array([-0.3, 0.1, 0.4]))],
    "3 x 1": [Axis(KEY, np.array([-0.3, 0.1, 0.4])), Axis("listener.turn_deg", np.array([5.0]))],
    "1 x 1": [Axis(KEY, np.array([0.1])), Axis("listener.turn_deg", np.array([5.0]))],
    "1": [Axis(KEY, np.array([0.1]))],
}
"""Number of keys, or sets along each -> axes."""
WAIT = 5


def bank_set(keys: int | str = 1, word: Word | None = None) -> BankSet:
    """Two channels, one of which waits, and three drivers, one of them silent in a channel, whose delays move by samples."""
    rng = np.random.default_rng(3)
    axes = AXES[keys]
    shape, drivers = tuple(axis.values.size for axis in axes), ("near", "mid left", "far")
    base = rng.standard_normal((2, 3, 40)) * np.exp(-np.arange(40) / 9) * 0.2
    base[1, 2] = 0
    f = np.fft.rfftfreq(60)
    taps = {}
    for c, name in enumerate(("left", "right")):
        sets = np.zeros((*shape, 3, 60))
        for place in np.ndindex(*shape):
            for l in range(3):
                late = 6 + 1.3 * place[0] * (l - 1) * (-1) ** c + 2.2 * l * sum(place[1:])
                whole = np.fft.rfft(base[c, l] * (1 + 0.1 * place[0]), 60) * np.exp(-2j * np.pi * f * late)
                sets[place][l] = np.fft.irfft(whole, 60)
        taps[name] = sets
    bank = aligned_bank(axes, drivers, RATE_HZ, taps, 7, word=word)
    return set_of(bank, {"left": 0, "right": WAIT})


def set_of(bank: FilterBank, waits: dict[str, int]) -> BankSet:
    """The filters of a bank as a firmware takes them."""
    start = tuple(float(axis.values[0]) + 0.05 for axis in bank.axes)
    return BankSet(
        title="a bank",
        sample_rate_hz=RATE_HZ,
        channels=tuple(waits),
        drivers=bank.drivers,
        filters=filters_of({name: bank.at(name, start) for name in waits}, bank.drivers, {}),
        form="fir",
        bulk_delay_samples=bank.bulk_delay_samples,
        word=bank.word,
        shifts=dict(bank.shifts),
        delays=waits,
        problem_file="small.toml",
        fed_by_upmix=bank.upmix,
        bank=bank,
        start=start,
        units=("m", "°")[: len(bank.axes)],
    )


def section_set(keys: int | str = 1) -> BankSet:
    """Sections of such channels and drivers, whose delays move by samples, with poles as near the circle as 100 Hz asks for."""
    rng = np.random.default_rng(5)
    axes, names = AXES[keys], ("left", "right")
    shape = tuple(axis.values.size for axis in axes)
    radius = np.tile([0.3, 0.9, 0.992], (2, 3, 1))
    angle = rng.uniform([0.5, 0.1, 0.01], [2.5, 0.5, 0.02], (2, 3, 3))
    poles = np.stack([-2 * radius * np.cos(angle), radius**2], axis=-1)
    numerators, delay = {}, {}
    for name in names:
        x = rng.normal(size=(*shape, 3, 7)) * [0.1, 0.05, 0.05, 0.01, 0.01, 1e-4, 1e-4]
        x[..., 6] -= x[..., 5]  # little at 0 Hz
        numerators[name] = x
        delay[name] = rng.uniform(0, 12, (*shape, 3))
    numerators["right"][..., 2, :] = 0
    bank = section_bank(
        axes, ("near", "mid left", "far"), RATE_HZ, numerators, dict(zip(names, poles, strict=True)), delay, 7
    )
    return set_of(bank, {"left": 0, "right": WAIT})


def chain_set() -> BankSet:
    """A stereo chain behind an upmix."""
    bank = bank_set().bank
    taps = {"virtual-left": bank.taps["left"], "virtual-right": bank.taps["right"], "centre": bank.taps["left"] / 2}
    delays = dict(zip(taps, (bank.delay_samples[name] for name in ("left", "right", "right")), strict=True))
    waits = {"virtual-left": 0, "virtual-right": 3, "centre": 11}
    return set_of(replace(bank, taps=taps, delay_samples=delays, waiting_samples=waits, upmix=True), waits)


def written(filters: BankSet, word: CWord, folder: Path) -> BankPlan:
    """The plan of an export whose files are in the folder."""
    plan = bank_plan(filters, word)
    folder.mkdir(exist_ok=True)
    for name, content in bank_files(plan).items():
        (folder / name).write_bytes(content)
    return plan


def path(filters: BankSet, fades: int = FADES) -> Real:
    """A position (fades, K) in single precision for each fade: over the range and beyond it, with one that stays."""
    values = [np.linspace(axis.values[0] - 0.1, axis.values[-1] + 0.1, fades) for axis in filters.bank.axes]
    out = np.float32(np.stack(values, axis=1)).astype(float)
    out[4] = out[3]
    return np.asarray(out)


def noise(filters: BankSet, level: float = 0.4, frames: int = FADES * FADE - 77) -> Real:
    """Signals (N, channels)."""
    return np.random.default_rng(0).uniform(-level, level, (frames, len(filters.channels)))


def filters_at(filters: BankSet, values: Sequence[float]) -> Real:
    """Filters (L, C, T) of the desktop at values of the keys, each channel's wait ahead of them."""
    most = max(filters.delays.values())
    filters_ = []
    for name in filters.channels:
        wait = filters.delays[name]
        filters_.append(np.pad(filters.bank.at(name, values), ((0, 0), (wait, most - wait))))
    return np.stack(filters_, axis=1)
