"""`bank.npz`: a bank's structure as numpy arrays, which `numpy.load` opens without pickles.

| array | shape | what |
|---|---|---|
| `keys` | (K,) text | keys of the problem, one or two |
| `values_0`, `values_1` | (S_k,) | values of a key at which sets stand |
| `channels`, `drivers` | (C,), (L,) text | names |
| `taps_0`, `taps_1`, ... | (S_1, [S_2,] L, T) | aligned taps of each channel, in the order of `channels` |
| `delay_samples_0`, ... | (S_1, [S_2,] L) | their delays |
| `bulk_delay_samples` | () | of the filters that are played, at all values of the keys |
| `sample_rate_hz` | () | |
| `chain_channels`, `waiting_samples` | (N,) | channels of the stereo chain, and whole samples ahead of their filters |
| `upmix` | () | whether left, right and centre are made from stereo |
| `word_bits` | (2,) | bits before and after the binary point; both 0 without a word |
| `shifts` | (C,) | s of each channel: a tap is q 2^(s - fraction_bits); 0 without a word |

A bank of sections (`section_bank`) has numerators in place of taps, and no word:

| array | shape | what |
|---|---|---|
| `numerators_0`, `numerators_1`, ... | (S_1, [S_2,] L, 1 + 2N) | x_0, and x_1, x_2 of each section, of each channel |
| `denominators_0`, ... | (L, N, 2) | a_1, a_2 of each section, of all sets |

`delay_table` (PHASES + 1, DELAY_TAPS) is the delay filter's, for programs that play the bank.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.bank.delay_filter import DELAY_LATENCY, TABLE
from designer.bank.filter_bank import Axis, FilterBank
from designer.bank.section_bank import SectionBank, section_bank
from designer.errors import DataError
from designer.problem.word_format import Word
from designer.realization.cascade import pole_radii

BANK = "bank.npz"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time of the archive's members, so that the same bank is the same file."""


def bank_bytes(bank: FilterBank) -> bytes:
    """Content of the file."""
    word = bank.word or Word(0, 0)
    arrays: dict[str, Any] = {
        "keys": np.array([axis.key for axis in bank.axes]),
        **{f"values_{n}": axis.values for n, axis in enumerate(bank.axes)},
        "channels": np.array(bank.channels),
        "drivers": np.array(bank.drivers),
        **_filters(bank),
        **{f"delay_samples_{n}": delay for n, delay in enumerate(bank.delay_samples.values())},
        "bulk_delay_samples": np.array(bank.bulk_delay_samples),
        "sample_rate_hz": np.array(bank.sample_rate_hz),
        "chain_channels": np.array(list(bank.waiting_samples), dtype=str),
        "waiting_samples": np.array(list(bank.waiting_samples.values()), dtype=int),
        "upmix": np.array(bank.upmix),
        "word_bits": np.array([word.integer_bits, word.fraction_bits]),
        "shifts": np.array([bank.shifts.get(name, 0) for name in bank.channels]),
        "delay_table": TABLE,
    }
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", EPOCH), member.getvalue(), zipfile.ZIP_DEFLATED)
    return whole.getvalue()


def _filters(bank: FilterBank) -> dict[str, Real]:
    """Arrays that the sets' filters are made of: taps, or numerators and denominators."""
    if not isinstance(bank, SectionBank):
        return {f"taps_{n}": taps for n, taps in enumerate(bank.taps.values())}
    parts = {"numerators": bank.numerators, "denominators": bank.denominators}
    return {f"{name}_{n}": array for name, part in parts.items() for n, array in enumerate(part.values())}


def read_bank(path: Path) -> FilterBank:
    """The bank of a file.

    Raises
    ------
    DataError : it is missing, broken, or no such file

    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            channels = [str(name) for name in arrays["channels"]]
            keys = [str(key) for key in arrays["keys"]]
            integer_bits, fraction_bits = (int(bits) for bits in arrays["word_bits"])
            word = Word(integer_bits, fraction_bits) if integer_bits else None
            shifts = zip(channels, arrays["shifts"].tolist(), strict=True)
            chain = zip(arrays["chain_channels"], arrays["waiting_samples"].tolist(), strict=True)
            axes = tuple(Axis(key, arrays[f"values_{n}"]) for n, key in enumerate(keys))
            drivers, rate = tuple(str(name) for name in arrays["drivers"]), float(arrays["sample_rate_hz"])
            delay = {name: arrays[f"delay_samples_{n}"] for n, name in enumerate(channels)}
            if "numerators_0" in arrays:
                numerators, denominators = (
                    {name: arrays[f"{part}_{n}"] for n, name in enumerate(channels)}
                    for part in ("numerators", "denominators")
                )
                _check_stable(denominators.values())
                bulk = int(arrays["bulk_delay_samples"]) - DELAY_LATENCY
                bank = section_bank(axes, drivers, rate, numerators, denominators, delay, bulk)
                waiting = {str(name): waiting for name, waiting in chain}
                return replace(bank, waiting_samples=waiting, upmix=bool(arrays["upmix"]))
            return FilterBank(
                axes=axes,
                drivers=drivers,
                sample_rate_hz=rate,
                taps={name: arrays[f"taps_{n}"] for n, name in enumerate(channels)},
                delay_samples=delay,
                bulk_delay_samples=int(arrays["bulk_delay_samples"]),
                waiting_samples={str(name): waiting for name, waiting in chain},
                upmix=bool(arrays["upmix"]),
                word=word,
                shifts=dict(shifts) if word is not None else {},
            )
    except (OSError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(
            f"{path}: cannot be read as a bank: {error}; expected {BANK} as `designer bank` wrote it; make the bank again"
        ) from None


def _check_stable(denominators: Iterable[Real]) -> None:
    """Raise a ValueError at poles that are not inside the unit circle, or are no numbers."""
    for a in denominators:
        if not (np.isfinite(a).all() and pole_radii(a.reshape(-1, 2)).max(initial=0.0) < 1):
            raise ValueError("denominators whose poles are not inside the unit circle")
