"""Filters that run every loop of the dependency-free C, and programs that play noise through them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter, sosfilt
from stereo.small_designs import trio
from toml_text import toml

import designer
from designer.arrays import Real
from designer.export import c_plan
from designer.export.c_plan import FLOAT, CWord, plan_of
from designer.export.filter_set import Filter, FilterSet, filters_of
from designer.export.runners import c_program
from designer.export.runners.c_program import KINDS
from designer.export.runners.machines import Machine, defined, linked, run
from designer.export.targets.c import write_c
from export.cmsis_cases import awkward, random_cascade
from export.filter_cases import made

FRAMES, LOUD = 1800, 300
HERE = Path(__file__).parent / "c_program"
STRICT = c_program.WARNINGS[1:]


def everything(taps: int = 300) -> FilterSet:
    """Taps long enough for partitions; pure delays; sections after delays; a delayed channel; a silent driver; odd names.

    What waits is longer than a partition for one channel, shorter for another.
    """
    rng = np.random.default_rng(5)
    base = awkward(taps)
    waits = {base.channels[0]: 0, base.channels[1]: 100, base.channels[2]: 9}
    values = rng.standard_normal((3, 4, taps)) * np.exp(-np.arange(taps) / 60) / 8
    values[:, 3] = 0
    values[1, 0] = np.arange(taps) == 11
    channels = dict(zip(base.channels, values, strict=True))
    filters = list(filters_of(channels, base.drivers, {}))
    for index, delay in ((2, 4), (6, 0)):
        cascade = random_cascade(rng, 3, 0.95, delay=delay, level=0.5)
        old = filters[index]
        filters[index] = Filter(old.channel, old.driver, cascade.impulse_response(700), cascade)
    return replace(base, filters=tuple(filters), delays=waits)


@cache
def speaker() -> designer.Design:
    """Three drivers with a virtual pair, a beam and an upmix, at 16 kHz; what the beam's side waits for is in the chain."""
    table = trio("left", "right", "centre")
    table["virtualizer"] = {}
    return designer.design(designer.loads(toml(table), source="trio.toml"))


def saving(machine: Machine, count: int, taps: int, work: Path) -> float:
    """Cost of direct sums over that of partitions: filters of so many taps from each of `count` channels to as many drivers."""
    values = np.random.default_rng(0).standard_normal((count, count, taps)) / taps
    channels = {f"c{c}": values[c] for c in range(count)}
    filters = made(channels, tuple(f"d{l}" for l in range(count)), {}, "fir")
    costs = []
    for name in ("direct", "parts"):
        folder = work / name
        folder.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            if name == "direct":
                patch.setattr(c_plan, "best_block", lambda filters: 0)
            prefix = written(filters, FLOAT, folder)
        big = prefix.upper()
        names = {"HEADER": f'"{prefix}.h"', "STATE": f"{prefix}_state", "INIT": f"{prefix}_init"}
        names |= {
            "PROCESS": f"{prefix}_process_interleaved",
            "CHANNELS": f"{big}_CHANNELS",
            "DRIVERS": f"{big}_DRIVERS",
        }
        parts = [*defined(**names), f"-I{folder}", str(HERE / "count.c"), str(folder / f"{prefix}.c")]
        program = linked(machine, parts, folder / "count.elf")
        costs.append(min(float(run(machine, program, folder, "-icount", "shift=0")) for _ in range(3)))
    return costs[0] / costs[1]


def noise(filters: FilterSet, word: CWord) -> NDArray[Any]:
    """The program's input (channels, FRAMES)."""
    bits, state, values = 24 if word is FLOAT else 8 * word.bytes, 1, []
    for n in range(FRAMES):
        for _ in filters.channels:
            state = (1664525 * state + 1013904223) % 2**32
            value = (state >> (32 - bits)) - 2 ** (bits - 1)
            values.append(value if n < LOUD else int(value / 32))  # towards 0, as C does
    signals = np.array(values).reshape(FRAMES, -1).T
    return signals / 2.0**23 if word is FLOAT else signals


def exact(filters: FilterSet, x: Real) -> Real:
    """Driver feeds (L, N) of inputs (channels, N), from the designed taps and sections by scipy."""
    out = np.zeros((len(filters.drivers), x.shape[1]))
    for one in filters.filters:
        wait = filters.delays.get(one.channel, 0)
        signal = np.pad(x[filters.channels.index(one.channel)], (wait, 0))[: x.shape[1]]
        if one.cascade is None:
            y = lfilter(one.taps, [1.0], signal)
        else:
            sos = np.insert(np.hstack([one.cascade.b, one.cascade.a]), 3, 1.0, axis=1)
            y = np.pad(sosfilt(np.ascontiguousarray(sos), signal), (one.cascade.delay_samples, 0))[: x.shape[1]]
        out[filters.drivers.index(one.driver)] += y
    return out


def written(filters: FilterSet, word: CWord, folder: Path) -> str:
    """The prefix of the export's files, which are in the folder then."""
    for path, content in write_c(filters, word).files.items():
        (folder / path).write_bytes(content)
    return plan_of(filters, word).names.prefix


def played(filters: FilterSet, word: CWord, machine: Machine, work: Path, *options: str) -> NDArray[Any]:
    """Feeds (L, FRAMES) that a program gives for `noise`; it compares its planar and its interleaved call."""
    written(filters, word, work)
    path = c_program.program_of(work, word, machine, *options)
    samples = noise(filters, word).T.astype(np.float32 if word is FLOAT else KINDS[word.bytes])
    return c_program.played(path, samples, machine, len(filters.drivers), word).T
