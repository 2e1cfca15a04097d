"""Filters of a bank, as the targets that interpolate between sets take them.

**Bounds.** Between sets a filter is Σ u_i t_i * d, the u_i >= 0 with a sum of 1, d on a straight line between two rows of the delay
filter's table: a mean of t_i * d_p over sets i and rows p. So no tap, no l1 norm and no response is larger than the largest
over all of these, and headroom and words are those of a finite list. Sections fade their delays ahead of their poles: the largest feed in
a fade is within the l1 norm of their impulse responses times the largest of a delay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from designer.arrays import Real
from designer.bank.delay_filter import DELAY_TAPS, TABLE
from designer.bank.filter_bank import FilterBank
from designer.bank.section_bank import SectionBank
from designer.export.filter_set import POINTS_A_TAP, FilterSet, Headroom, room_db


@dataclass(frozen=True, kw_only=True)
class BankSet(FilterSet):
    """All sets of a bank; `filters` holds those at `start`, one for each channel and driver that any set uses.

    Attributes
    ----------
    bank : FilterBank
    start : tuple of float, values of the keys at which a firmware starts
    units : tuple of str, of the keys; empty where a key has none
    judge_between : callable or None, filters (L, T) of a channel at values of the keys, to what they lose between the sets, in
        words of the manifest

    """

    bank: FilterBank
    start: tuple[float, ...]
    units: tuple[str, ...]
    judge_between: Callable[[Callable[[str, Sequence[float]], Real]], dict[str, object]] | None = None

    @property
    def of_all_channels(self) -> BankSet:
        """The bank with the channels, too, that its stereo chain follows and no firmware plays."""
        return replace(self, channels=self.bank.channels)

    @cached_property
    def headroom(self) -> Headroom:
        """How far below full scale inputs must stay at any values of the keys: bounds that the largest filters reach."""
        bank = self.bank
        count = 1 << (POINTS_A_TAP * bank.length - 1).bit_length()
        late = float(np.abs(np.fft.rfft(TABLE, 64 * DELAY_TAPS, axis=1)).max())
        norms, tones = 0.0, 0.0
        for place in np.ndindex(*(axis.values.size for axis in bank.axes)):
            norm = np.zeros(len(self.drivers))
            level = np.zeros((len(self.drivers), count // 2 + 1))
            for taps in (bank.taps[name][place] for name in self.channels):
                norm += (
                    np.abs(taps).sum(axis=1) * np.abs(TABLE).sum(axis=1).max()
                    if isinstance(bank, SectionBank)
                    else [np.abs(delayed_by_rows(row)).sum(axis=1).max() for row in taps]
                )
                level += np.abs(np.fft.rfft(taps, count, axis=1))
            norms, tones = max(norms, float(norm.max())), max(tones, late * float(level.max()))
        return Headroom(room_db([norms]), room_db([tones]), norms)


def delayed_by_rows(taps: Real) -> Real:
    """Taps (T,) through each row of the delay filter's table: (PHASES + 1, T + DELAY_TAPS - 1)."""
    out = np.zeros((len(TABLE), taps.size + DELAY_TAPS - 1))
    for m in range(DELAY_TAPS):
        out[:, m : m + taps.size] += TABLE[:, m : m + 1] * taps
    return out
