"""Result of realisation: the taps of each channel, their common delay, and what the user should know of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from designer.arrays import Complex, Index, Real
from designer.realization.cascade import Cascade
from designer.realization.held_requirements import Held
from designer.realization.section_fit import SectionProblem


@dataclass(frozen=True)
class TapsFit:
    """Target that one channel's taps were fitted to, for rounding them and for other numbers of them."""

    drivers: Index  # which of the problem's drivers the channel uses
    weights: (
        Complex | None
    )  # (K, L) weights without the bulk delay, on the frequencies of the fit; None where they are ratios
    symbol: Complex  # C (K, L, L)


@dataclass(frozen=True)
class SectionsFit:
    """Target and limits of one channel's sections, and the result before scaling and rounding; delays count from 0."""

    drivers: Index
    problem: SectionProblem
    arrival: Index
    filters: tuple[Cascade, ...]
    requirements: tuple[Held, ...] = ()
    low_end_db: Callable[[Complex], float] | None = None  # of weights on the fit's frequencies

    @property
    def followed(self) -> SectionProblem:
        """Target of rounding: the filters as they came out, which hold what the weights' own fit would not."""
        return replace(self.problem, weights=self.problem.weights + self.problem.errors(self.filters))


@dataclass(frozen=True)
class Realized:
    """Filters of all channels.

    Attributes
    ----------
    taps : list of (L, T) float array, one a channel, all 0 for a driver that it does not use; a biquad's impulse response
    bulk_delay_samples : int, the delay that all share
    references : tuple of str, the reference driver of each channel, by name, in the RTF form
    warnings : tuple of str, what is lost on the way, each with its dB
    fits : tuple of TapsFit or SectionsFit, what each channel was fitted to
    unrounded : tuple of float array, the taps before they became integers, where they did
    shifts : tuple of int, of each channel, where taps are integers: a tap is q 2^(shift - fraction_bits)
    finer_bits : tuple of int array, of each channel's drivers (L,), where each has a scale of its own: so much less is the driver's shift
    sections : tuple of tuple of Cascade, of each channel a cascade for each of its own drivers, in the biquad form

    """

    taps: list[Real]
    bulk_delay_samples: int
    references: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    fits: tuple[TapsFit | SectionsFit, ...] = ()
    unrounded: tuple[Real, ...] = ()
    shifts: tuple[int, ...] = ()
    finer_bits: tuple[Index, ...] = ()
    sections: tuple[tuple[Cascade, ...], ...] = ()
