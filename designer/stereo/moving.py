"""Stereo through a bank of filters whose values follow a path, to driver feeds or to the ears of a head that walks along it.

The ears' responses at places are a bank too: aligned, their delays apart, and interpolated between places as filters are. Both follow the
path block by block (`designer.bank.walk`); at the end of each block stand the values of the path at that time.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.bank.filter_bank import FilterBank
from designer.bank.section_bank import SectionBank
from designer.bank.section_walk import SectionWalk
from designer.bank.walk import Filters, Walk, Walking
from designer.errors import DataError, UsageError
from designer.problem.messages import listed
from designer.stereo.chain import CENTRE
from designer.stereo.render import Listened, RenderOptions, stream
from designer.stereo.signal_path import EARS
from designer.stereo.sound_file import StereoFile, check_writable, wav_file
from designer.stereo.upmix import Upmix

BLOCK = 256
"""Samples over which outputs go over from the filter before to the next: 5.3 ms at 48 kHz."""


@dataclass(frozen=True)
class ValuePath:
    """Values (N, K) of a bank's keys at times (N,) in s, straight lines between them, and the ends before and after."""

    time_s: Real
    values: Real

    def at(self, time_s: float) -> tuple[float, ...]:
        """Values at a time."""
        return tuple(float(np.interp(time_s, self.time_s, column)) for column in self.values.T)


def read_path(file: Path, ranges: Mapping[str, tuple[float, float]]) -> ValuePath:
    """The path of a CSV file with a column time_s and one for each key of a bank.

    Parameters
    ----------
    ranges : mapping of str to tuple of 2 float, key -> ends of the range that the bank was made over

    Raises
    ------
    DataError : naming the file, what it lacks, and values beyond the bank's

    """
    columns = ["time_s", *ranges]
    expected = f"columns {', '.join(columns)}"
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text, skipinitialspace=True)
            header = [name.strip() for name in reader.fieldnames or ()]
            missing = [name for name in columns if name not in header]
            if missing and any(";" in name or "\t" in name for name in header):
                raise DataError(
                    f"{file}: got columns with {'semicolons' if ';' in ''.join(header) else 'tabs'} between them; expected commas, as"
                    f" {','.join(columns)}, and points in numbers; write the table with these"
                )
            if missing:
                raise DataError(f"{file}: got columns {', '.join(header) or 'none'}; expected {expected}")
            reader.fieldnames = header
            rows = [(f"{file}, line {reader.line_num}", [row[name] for name in columns]) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{file}: {why}; expected a text file with the {expected}, numbers in each row") from None
    if not rows:
        raise DataError(f"{file}: got no rows; expected one or more, of the {expected}")
    table = np.array([_numbers(where, columns, texts) for where, texts in rows])
    late = np.flatnonzero(np.diff(table[:, 0]) <= 0)
    if late.size:
        before, now = table[late[0] : late[0] + 2, 0]
        raise DataError(
            f"{rows[late[0] + 1][0]}: got time_s {now:g} after {before:g}; expected times that rise from row to row; sort the rows"
        )
    for (key, (low, high)), values in zip(ranges.items(), table[:, 1:].T, strict=True):
        slack = 1e-9 * (high - low)
        if values.min() < low - slack or values.max() > high + slack:
            raise DataError(
                f"{file}: got {key} from {values.min():g} to {values.max():g}; expected {low:g} to {high:g}, the bank's range;"
                " make a bank over a wider range"
            )
    return ValuePath(table[:, 0], table[:, 1:])


def _numbers(where: str, columns: Sequence[str], texts: Sequence[str | None]) -> list[float]:
    """Numbers of a row; a DataError where one is missing or is not finite."""
    numbers = []
    for name, text in zip(columns, texts, strict=True):
        try:
            numbers.append(float(text or ""))
        except ValueError:
            numbers.append(np.nan)
        if not np.isfinite(numbers[-1]):
            raise DataError(f"{where}: got {text or 'nothing'} in {name}; expected a finite number")
    return numbers


def chain_waits(bank: FilterBank) -> dict[str, int]:
    """Inputs of a bank's stereo chain, left, right, and centre behind the upmix, by their channels -> whole samples that they wait."""
    sides = [name for name in bank.waiting_samples if name != CENTRE]
    return {name: bank.waiting_samples[name] for name in ([*sides, CENTRE] if bank.upmix else sides)}


def waiting_filters(bank: FilterBank, waits: Mapping[str, int]) -> Filters:
    """Filters (L, C, T) of channels, with what they wait ahead of them, at values of the keys."""
    length = bank.length + max(waits.values())

    def filters(values: Sequence[float]) -> Real:
        out = np.zeros((len(bank.drivers), len(waits), length))
        for n, (name, wait) in enumerate(waits.items()):
            out[:, n, wait : wait + bank.length] = bank.at(name, values)
        return out

    return filters


def walk_of(bank: FilterBank, waits: Mapping[str, int], start: Sequence[float]) -> Walking:
    """Channels of a bank that play, from values of the keys on."""
    if isinstance(bank, SectionBank):
        return SectionWalk(bank, waits, start)
    return Walk(waiting_filters(bank, waits), start)


def ear_filters(ears: FilterBank) -> Filters:
    """Filters (2, L, T) from feeds to ears, of a bank whose channels are the two ears."""
    return lambda values: np.stack([ears.at(name, values) for name in EARS])


class Moving:
    """Stereo through a bank along a path; with the ears' bank, what they hear."""

    def __init__(self, bank: FilterBank, path: ValuePath, ears: FilterBank | None = None) -> None:
        start = path.at(0.0)
        self._upmix = Upmix(bank.sample_rate_hz) if bank.upmix else None
        self._early = self._upmix.latency_samples if self._upmix else 0
        self._walks: list[Walking] = [walk_of(bank, chain_waits(bank), start)]
        if ears is not None:
            self._walks.append(Walk(ear_filters(ears), start))
        self.outputs = bank.drivers if ears is None else EARS
        self.tail = sum(walk.taps - 1 for walk in self._walks)
        self._path, self._rate, self._played = path, bank.sample_rate_hz, 0
        self._waiting: Real = np.zeros((0, self._walks[0].inputs))

    def push(self, block: Real) -> Real:
        """The samples (m, O) that are known after this block (n, 2)."""
        return self._filtered(self._upmix.push(block) if self._upmix else block)

    def finish(self) -> Real:
        """Rest of the output, to the end of the filters' tails and of a block."""
        last = [self._filtered(self._upmix.finish())] if self._upmix else []
        return np.concatenate([*last, self._filtered(np.zeros((self.tail + BLOCK, self._waiting.shape[1])))])

    def _filtered(self, channels: Real) -> Real:
        dropped = min(self._early, len(channels))
        self._early -= dropped
        samples = np.concatenate([self._waiting, channels[dropped:]])
        count = len(samples) // BLOCK
        self._waiting = samples[count * BLOCK :]
        out = np.empty((count * BLOCK, len(self.outputs)))
        for n in range(count):
            self._played += BLOCK
            values, signal = self._path.at(self._played / self._rate), samples[n * BLOCK : (n + 1) * BLOCK]
            for walk in self._walks:
                signal = walk.push(signal, values)
            out[n * BLOCK : (n + 1) * BLOCK] = signal
        return out


def render_along(
    bank: FilterBank,
    source: Path,
    out: Path,
    path: ValuePath,
    *,
    ears: FilterBank | None = None,
    gain_db: float | None = None,
    progress: Callable[[float], None] | None = None,
    force: bool = False,
) -> list[str]:
    """Play a stereo WAV or FLAC file through a bank along a path into a WAV file, and say in a few lines what was done.

    Parameters
    ----------
    ears : FilterBank or None, responses at the ears over the same keys: then what the ears hear is written, at the input's loudness
    gain_db : float or None, a gain of its own
    progress : callable or None, called with the share that is done, 0 to 1
    force : bool, replace a file that this tool did not write, or that was edited since

    Raises
    ------
    UsageError : a bank without a stereo chain, an output that is not free, a gain that would clip
    DataError : the recording cannot be used
    OutputError : the file cannot be written; what was there is as it was

    """
    if not bank.waiting_samples:
        raise UsageError(
            f"got a bank of the channels {listed(bank.channels)}; expected left and right, which stereo is played through; name"
            " two ear designs left and right"
        )
    check_writable(out, source, force=force)
    recording, moving, rate = StereoFile(source), Moving(bank, path, ears), bank.sample_rate_hz
    playing = Listened(moving, moving.outputs, moving.tail, rate, heard=ears is not None)
    options = RenderOptions(at_ears=ears is not None, gain_db=gain_db)
    lines = stream(recording, playing, None, rate, options, progress, partial(wav_file, out))
    seconds = path.time_s[-1] - path.time_s[0]
    heading = f"plays the bank along a path of {len(path.time_s)} rows, {seconds:.1f} s{' at the ears' if ears is not None else ''}"
    *remarks, written = lines
    return [heading, *remarks, f"wrote {out} ({written})"]
