"""A bank's export in C, run along a path of positions, set beside the desktop's interpolation (`designer.bank.walk`, `section_walk`).

    settle | to and fro through the whole range, beyond its ends, a stay, jumps from end to end | silence

Noise feeds all channels at once, as loud as the feeds take without passing full scale, and a new position is set ahead of each fade of
FADE samples. The error of a feed is what came out less the desktop's feed for the same samples and positions:

================  ===============================================================================  =========================
signal to noise   power of the desktop's feed over that of the error less its mean, in the noise   MIN_SIGNAL_TO_NOISE_DB
DC                mean of the silence at the end                                                   MAX_DC_DB
limit cycle       largest deviation from that mean                                                 MAX_LIMIT_CYCLE_DB
worst sample      largest error anywhere                                                           none of its own
================  ===============================================================================  =========================

A filter between the wrong sets, a delay that is off by a sample, or a step instead of a fade leaves an error as loud as the feed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.arrays import Real
from designer.bank.walk import along
from designer.export.bank_plan import FADE, BankPlan, bank_plan
from designer.export.bank_set import BankSet
from designer.export.c_plan import BLOCK
from designer.export.judged import MAX_DC_DB, MAX_LIMIT_CYCLE_DB, MIN_SIGNAL_TO_NOISE_DB
from designer.export.runners import cmsis_program
from designer.export.runners.bench import Bench
from designer.export.runners.c_program import FLOAT, built, full_scale, names_of, played, prefix_of, samples_of
from designer.export.runners.machines import HOST, Machine, machine_named
from designer.export.target import Target
from designer.proof.numbers import silence_failures
from designer.proof.outcome import Outcome, to_4_digits
from designer.proof.responses import FLOOR_DB, decibels
from designer.stereo.moving import walk_of

WALK_FADES, STAY_FADES, JUMPS = 48, 4, 8
BEYOND = 0.05
"""How far the walk goes beyond the ends of a range, as a share of it: there the ends' filters play."""
PEAK, LARGEST = 0.9, 0.95
"""Largest sample of the desktop's feeds, and of the noise itself, full scale 1."""


@dataclass(frozen=True)
class PathNumbers:
    """One driver's feed against the desktop's."""

    driver: str
    signal_to_noise_db: float
    dc_db: float
    limit_cycle_db: float
    worst_sample_db: float
    worst_sample_s: float

    @property
    def failures(self) -> tuple[str, ...]:
        """Each floor that is not held, in words."""
        words = silence_failures(self.driver, self.dc_db, self.limit_cycle_db)
        if self.signal_to_noise_db < MIN_SIGNAL_TO_NOISE_DB:
            ratio = f"{self.signal_to_noise_db:z.1f} dB (at least {MIN_SIGNAL_TO_NOISE_DB:g})"
            words = (f"{self.driver} has a signal-to-noise ratio of {ratio} along the path", *words)
        return words


@dataclass(frozen=True)
class BankProof(Outcome):
    """Feeds (N, drivers) that an export of a bank played along positions (fades, K), and how far they are from the desktop's."""

    filters: BankSet
    target: str
    ran: str
    values: Real
    feeds: Real
    numbers: tuple[PathNumbers, ...]
    notes: tuple[str, ...] = ()
    command: str = ""

    @property
    def failures(self) -> tuple[str, ...]:
        """Sentences on everything that is wrong."""
        return tuple(words for row in self.numbers for words in row.failures)

    @property
    def verdict(self) -> str:
        """The outcome in a sentence."""
        if self.failures:
            return "; ".join(self.failures)
        least = min(row.signal_to_noise_db for row in self.numbers)
        return (
            f"no fault: along {len(self.values)} positions every driver's feed is the desktop's interpolation, with a signal-to-noise ratio"
            f" of {least:z.1f} dB or more"
        )

    @property
    def summary(self) -> dict[str, Any]:
        """Content of proof.json."""
        return {
            "target": self.target,
            "ran": self.ran,
            "command": self.command,
            "passed": not self.failures,
            "verdict": self.verdict,
            "drivers": [to_4_digits(row) for row in self.numbers],
            "path": {
                "fade_samples": FADE,
                "keys": [axis.key for axis in self.filters.bank.axes],
                "values": self.values.tolist(),
            },
            "bounds": {
                "min_signal_to_noise_db": MIN_SIGNAL_TO_NOISE_DB,
                "max_dc_db": MAX_DC_DB,
                "max_limit_cycle_db": MAX_LIMIT_CYCLE_DB,
            },
            "notes": list(self.notes),
            "problem": self.filters.problem_file,
            "problem_sha256": self.filters.problem_sha256,
            "versions": self.filters.versions,
        }


def positions(filters: BankSet) -> Real:
    """A position (fades, K) for each fade, in single precision, as firmware takes it.

    The first key goes through its range and back, beyond both ends, while the second goes through its own three times as fast; then both
    stay, and at last both jump from end to end.
    """
    turns = np.linspace(0, 1, WALK_FADES)
    shares = [1 - np.abs(1 - 2 * turns), 0.5 - 0.5 * np.cos(6 * np.pi * turns)][: len(filters.bank.axes)]
    rows = []
    for share, axis in zip(shares, filters.bank.axes, strict=True):
        walk = (1 + 2 * BEYOND) * share - BEYOND
        stay, jumps = np.full(STAY_FADES, 0.37), np.arange(JUMPS) % 2
        low, high = float(axis.values[0]), float(axis.values[-1])
        rows.append(low + (high - low) * np.concatenate([walk, stay, jumps]))
    return np.asarray(np.float32(np.stack(rows, axis=1)), dtype=float)


def desktop_feeds(filters: BankSet, signals: Real, values: Real) -> Real:
    """Feeds (N, L) of signals (N, C) through the bank's own interpolation, each channel's wait ahead of its filters."""
    waits = {name: filters.delays.get(name, 0) for name in filters.channels}
    return along(walk_of(filters.bank, waits, values[0].tolist()), signals, values, FADE)


def bank_program(
    folder: Path,
    plan: BankPlan,
    machine: Machine,
    *options: str,
    stereo: bool = False,
    cmsis: Path | None = None,
    objects: tuple[Path, ...] = (),
) -> Path:
    """The program, built in the folder of the export; with `stereo` of the call that takes left and right.

    With `cmsis`, the sources' folder, it is one for CMSIS-DSP and its objects.

    Raises ProgramError: a compiler is missing, or refuses the source.
    """
    prefix = plan.names.prefix
    big, names = prefix.upper(), names_of(prefix, plan.word, stereo=stereo)
    names |= {"SET": f"{prefix}_set_position", "FILTERS": "(&(state)->filters)" if stereo else "(state)"}
    names |= {"FADE": f"{big}_FADE_SAMPLES", "KEYS": f"{big}_KEYS"}
    if cmsis is None:
        return built(machine, folder, prefix, "play_bank.c", names, *options)
    return cmsis_program.built(
        machine, folder, prefix, "play_bank.c", {"BLOCKS": BLOCK, **names}, cmsis, objects, *options
    )


def played_along(program: Path, samples: NDArray[Any], values: Real, machine: Machine, plan: BankPlan) -> NDArray[Any]:
    """Feeds (N, drivers) of samples (N, channels), with a position (K,) of `values` set ahead of each fade's samples."""
    values.astype(FLOAT).tofile(program.parent / "path.bin")
    return played(program, samples, machine, len(plan.filters.drivers), plan.word)


def bank_proof(filters: BankSet, target: Target, bench: Bench, work: Path, *, command: str = "") -> BankProof:
    """Build the export whose files lie in a folder, play it along a path here, and set it beside the desktop.

    Raises
    ------
    UsageError : a machine that is not known
    MissingProgramError, ProgramError, DataError : a compiler, an emulator or the library is missing, or fails

    """
    word = target.bank_word
    assert word is not None
    named = replace(filters, options={**filters.options, "prefix": prefix_of(work)})
    plan = bank_plan(named, word)
    machine, more = machine_named(bench.machine) if bench.machine else HOST, dict[str, Any]()
    if plan.library:
        root = cmsis_program.library_root(bench.cmsis)
        machine = cmsis_program.MACHINES[machine_named(bench.machine or "cortex-m4").name]
        more = {"cmsis": root, "objects": tuple(cmsis_program.library(machine, root, work))}
    program = bank_program(work, plan, machine, **more)
    walk = positions(filters)
    fades_to_end = -(-(filters.bank.length + max(filters.delays.values(), default=0) + BLOCK) // FADE) + 2
    values = np.concatenate([walk, np.repeat(walk[-1:], fades_to_end + STAY_FADES, axis=0)])
    noise = np.zeros((len(values) * FADE, len(filters.channels)))
    loud = slice(0, len(walk) * FADE)
    noise[loud] = np.random.default_rng(1).uniform(-1, 1, noise[loud].shape)
    loudest = float(np.abs(desktop_feeds(filters, noise, values)).max())
    level = min(LARGEST, PEAK / max(loudest, 1e-300))
    signals = np.rint(level * noise * 2.0**15) / 2.0**15  # of 16 bits, which every word holds
    exact = desktop_feeds(filters, signals, values)
    feeds = full_scale(played_along(program, samples_of(signals, word.word), values, machine, plan), word.word)
    silence = slice((len(walk) + fades_to_end) * FADE, None)
    ran = bench.text
    rows = tuple(
        _numbers(name, feeds[:, l], exact[:, l], loud, silence, filters.sample_rate_hz)
        for l, name in enumerate(filters.drivers)
    )
    return BankProof(filters, target.name, ran, values, feeds, rows, command=command)


def _numbers(name: str, feed: Real, exact: Real, loud: slice, silence: slice, rate: float) -> PathNumbers:
    error, quiet = feed - exact, feed[silence]
    worst, offset = int(np.argmax(np.abs(error))), float(quiet.mean())
    power, noise = float(np.mean(exact[loud] ** 2)), float(np.var(error[loud]))
    return PathNumbers(
        name,
        decibels(power) - decibels(noise) if power else -FLOOR_DB,
        decibels(offset**2),
        decibels(float(np.abs(quiet - offset).max() ** 2)),
        decibels(float(error[worst] ** 2)),
        worst / rate,
    )
