"""A bank of sections side by side: denominators that all sets share, and numerators of each.

    H(z) = z^-delay ( x_0 + Σ_s (x_s1 + x_s2 z^-1) / (1 + a_s1 z^-1 + a_s2 z^-2) )

In a cell the filter has the numerators Σ u_i x_i, and its delay is Σ u_i delay_i. Being linear in x, its impulse response behind the
delay is Σ u_i of those of the sets: the `taps` that a FilterBank holds are these, cut where the poles have died away, and all that is
asked of a bank of taps (its proof, its responses, SOFA) is asked of them. No value of the keys moves a pole, so that every filter between
the sets is as stable as the sets are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from designer.arrays import Real
from designer.bank.delay_filter import DELAY_LATENCY
from designer.bank.filter_bank import Axis, FilterBank
from designer.realization.cascade import pole_radii, settled_length


@dataclass(frozen=True)
class SectionBank(FilterBank):
    """Sets of sections over one or two keys.

    Attributes
    ----------
    numerators : mapping of str to float array, channel -> (S_1, [S_2,] L, 1 + 2N): x_0, and x_s1, x_s2 of each section
    denominators : mapping of str to float array, channel -> a_s1, a_s2 (L, N, 2) of all sets

    """

    numerators: Mapping[str, Real] = field(default_factory=dict)
    denominators: Mapping[str, Real] = field(default_factory=dict)

    def __repr__(self) -> str:
        """One line."""
        return f"{super().__repr__()[:-1]}; {self.sections} sections a driver>"

    @property
    def sections(self) -> int:
        """Sections of each driver in each channel, the most of any channel."""
        return max(int(a.shape[1]) for a in self.denominators.values())

    def coefficients(self, channel: str, values: Sequence[float]) -> tuple[Real, Real]:
        """Numerators (L, 1 + 2N) and delays (L,) of a channel at values of the keys."""
        corners = list(self.corners(values))
        parts = (self.numerators[channel], self.delay_samples[channel])
        numerators, delay = (np.asarray(sum(share * part[place] for place, share in corners)) for part in parts)
        return numerators, delay


def section_bank(
    axes: Sequence[Axis],
    drivers: Sequence[str],
    sample_rate_hz: float,
    numerators: Mapping[str, Real],
    denominators: Mapping[str, Real],
    delay_samples: Mapping[str, Real],
    bulk_delay_samples: int,
) -> SectionBank:
    """The bank of sets of numerators (S_1, [S_2,] L, 1 + 2N) behind delays (S_1, [S_2,] L) >= 0; the bulk delay is theirs, without the
    delay filter's.
    """
    length = settled_length(max(float(pole_radii(a.reshape(-1, 2)).max(initial=0.0)) for a in denominators.values()))
    taps = {name: impulse_responses(x, denominators[name], length) for name, x in numerators.items()}
    return SectionBank(
        tuple(axes),
        tuple(drivers),
        sample_rate_hz,
        taps,
        dict(delay_samples),
        bulk_delay_samples + DELAY_LATENCY,
        numerators=dict(numerators),
        denominators=dict(denominators),
    )


def impulse_responses(numerators: Real, denominators: Real, length: int) -> Real:
    """First samples (..., L, length) of sections with numerators (..., L, 1 + 2N) and denominators (L, N, 2), without their delay."""
    from scipy.signal import lfilter  # slow to import

    impulse = np.zeros(length)
    impulse[0] = 1.0
    out = np.empty((*numerators.shape[:-1], length))
    for l, sections in enumerate(denominators):
        poles = [lfilter([1.0], [1.0, *a], impulse) for a in sections]
        late = [np.concatenate([[0.0], pole[:-1]]) for pole in poles]
        basis = np.array([impulse, *(row for pair in zip(poles, late, strict=True) for row in pair)])
        out[..., l, :] = numerators[..., l, :] @ basis
    return out
