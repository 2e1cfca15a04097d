"""What realisation hands on: the taps of each channel, their common delay, and what the user should know of them."""

from __future__ import annotations

from dataclasses import dataclass

from designer.arrays import Real


@dataclass(frozen=True)
class Realized:
    """Filters of all channels.

    Attributes
    ----------
    taps : (L, T) a channel, all 0 for a driver that it does not use
    bulk_delay_samples : the delay that all share
    references : the reference driver of each channel, by name, in the RTF form
    warnings : what is lost on the way, each with its dB

    """

    taps: list[Real]
    bulk_delay_samples: int
    references: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
