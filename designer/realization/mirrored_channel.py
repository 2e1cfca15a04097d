"""A channel that is another one's mirror image, as the right of a pair mostly is of the left, takes its sections over.

The search for sections has many ends, and rounding in the weights decides between them: two searches would give two loudspeakers
that measure differently, in twice the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.arrays import Index
from designer.realization.cascade import Cascade
from designer.realization.held_sections import largest_excess_db
from designer.realization.held_wishes import HELD_DB, Held
from designer.realization.realized import SectionsFit
from designer.realization.section_problem import SectionProblem

ALIKE = 1e-6
"""Two channels' weights that differ by less, relative to the largest, are one's mirror image of the other."""


@dataclass(frozen=True)
class Image:
    """A channel whose mirror image another one is: its place among the channels, and which of its drivers each driver mirrors."""

    channel: int
    drivers: Index  # (L,)

    def of(self, filters: Sequence[Cascade]) -> tuple[Cascade, ...]:
        """The other channel's filters, from those of this one."""
        return tuple(filters[l] for l in self.drivers)


def mirror_image(
    problem: SectionProblem, arrival: Index, wishes: Sequence[Held], fits: Sequence[SectionsFit]
) -> Image | None:
    """The first channel before that has the same weights in the drivers' mirrored order, weighed alike, and whose sections
    hold these wishes as well as their own; None where there is none.
    """
    for channel, other in enumerate(fits):
        if other.problem.wanted.shape != problem.wanted.shape:
            continue
        away = np.abs(problem.wanted[:, :, None] - other.problem.wanted[:, None, :]).max(axis=0)
        drivers = away.argmin(axis=1)
        turned = other.problem.symbol[:, drivers][:, :, drivers]
        alike = (
            np.unique(drivers).size == drivers.size
            and (arrival == other.arrival[drivers]).all()
            and away.min(axis=1).max() <= ALIKE * np.abs(problem.wanted).max()
            and np.abs(turned - problem.symbol).max() <= ALIKE * np.abs(problem.symbol).max()
        )
        if alike:
            image = Image(channel, drivers)
            own = largest_excess_db(image.of(other.filters), problem, wishes)
            if own <= max(HELD_DB, largest_excess_db(other.filters, other.problem, other.wishes) + HELD_DB):
                return image
    return None
