"""Faults in words: what each is called, whose it is, and its number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from designer.proof.responses import Fit
from designer.proof.saturation import Bound
from designer.proof.shapes import RATE, SWAPPED

LEVEL_DB, DELAY = 0.5, 0.2
"""Difference from the common level and delay, in samples, beyond which a driver is apart from the others."""
SILENT, NONE, SATURATED, GAIN, SIGN, TIME, CLOCK = "silent", "none", "saturation", "gain", "sign", "time", "clock"


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes
    ----------
    drivers : tuple of str, whose it is; all of the design's for a clock
    channel : str, whose filter it is; empty where it is of all channels
    kind : str, as "reversed", "swapped", "sign", "time", "gain", "rate", "feedback", "saturation", "clock", "silent" or "none"
    words : str, the sentence
    value : float or None, the number: dB, samples, Hz, or dB of full scale
    residual_db, next_db : float or None, what it leaves, and what the next hypothesis leaves
    twin : str, the other driver of a swap
    alike : tuple of str, words of other faults that predict the same here

    """

    drivers: tuple[str, ...]
    kind: str
    words: str
    value: float | None = None
    channel: str = ""
    residual_db: float | None = None
    next_db: float | None = None
    twin: str = ""
    alike: tuple[str, ...] = ()


def apart_faults(
    subject: str, fit: Fit, sample_rate_hz: float, common: tuple[float, float], name: str = ""
) -> Iterable[Fault]:
    """Faults of gain, sign and delay, of a fit against the common gain and delay; `name` where the subject is longer."""
    gain, delay = common
    driver = (name or subject,)
    level_db, off = 20 * float(np.log10(max(abs(fit.gain), 1e-300) / gain)), fit.delay - delay
    if fit.gain < 0:
        yield Fault(driver, SIGN, f"{subject} is inverted", -1.0, residual_db=fit.residual_db)
    if abs(level_db) > LEVEL_DB:
        words = f"{subject} is {abs(level_db):z.2f} dB too {'quiet' if level_db < 0 else 'loud'} (a factor of {10 ** (level_db / 20):.3f})"
        yield Fault(driver, GAIN, words, level_db, residual_db=fit.residual_db)
    if abs(off) > DELAY:
        us = abs(off) / sample_rate_hz * 1e6
        words = f"{subject} is {abs(off):z.2f} samples ({us:z.1f} µs) {'late' if off > 0 else 'early'}"
        yield Fault(driver, TIME, words, off, residual_db=fit.residual_db)


def saturation_fault(name: str, bound: Bound) -> Fault:
    """A feed that is held within a bound."""
    words = f"{name} saturates at {bound.level_db:z.1f} dB of full scale, which clips {100 * bound.share:.1f} % of its loud samples"
    return Fault((name,), SATURATED, words, bound.level_db, residual_db=bound.residual_db, next_db=bound.without_db)


def together(faults: Sequence[Fault], drivers: tuple[str, ...]) -> Iterable[Fault]:
    """Two drivers swapped as one fault, and another rate of all as one; with what predicts the same in the words."""
    swaps = {fault.drivers[0]: fault.twin for fault in faults if fault.kind == SWAPPED and not fault.channel}
    rates = [fault for fault in faults if fault.kind == RATE]
    are_all = len(rates) == len(drivers) > 1 and len({fault.value for fault in rates}) == 1
    for fault in faults:
        driver, words = fault.drivers[0], fault.words
        if fault.kind == RATE and are_all:
            if fault is rates[0]:
                yield replace(
                    fault,
                    drivers=drivers,
                    words=f"all drivers{words.removeprefix(driver).replace('plays its', 'play their')}",
                )
            continue
        is_pair = fault.kind == SWAPPED and not fault.channel and swaps.get(fault.twin) == driver
        if is_pair and drivers.index(driver) > drivers.index(fault.twin):
            continue
        if is_pair:
            fault = replace(fault, drivers=(driver, fault.twin))
            words = f"{driver} and {fault.twin} are swapped"
        if fault.alike:
            words += f" (or {driver} {'; or '.join(fault.alike)}: here that is the same)"
        yield replace(fault, words=words)
