"""Where sets stand: as far apart as the loss allows, from one end of a key's range to the other.

An interval [a, b] of a key *holds* when the filters that are played between a set at a and one at b lose at most the limit at all
its checked places. From a set at a the next goes to the farthest b whose interval holds; b is searched by the law that losses of
interpolated filters follow, which grow as the square of the distance and faster: from b with loss L the next guess is
a + (b - a) √(limit / L).

**Fewest.** Where an interval that lies within one that holds holds too, no other choice needs fewer sets: let u_k be the sets of any
choice whose intervals hold, and g_k these; from g_k >= u_k follows that [g_k, u_k+1] lies within [u_k, u_k+1] and holds, hence
g_k+1 >= u_k+1. Uniform spacing is such a choice, whose step is set by the place where filters change fastest; it never needs fewer sets,
and as many times more as the mean of 1 / step falls short of its largest. The law of inclusion is checked and not presumed: uniform
spacing with a set less is tried on the same places, and taken where it holds (`designer.search.bank`).

**One set** alone serves a range over which filters change little. A place is searched from which neither end is too far: the middle
first, then the middle of the half towards the ends that lose too much, until ends on both sides do. The whole proof decides.

The last interval ends at the range's end, shorter than it could be. `evened` stretches all the others by what it lacks: with the
density of sets 1 / step constant in each interval, sets stand where its integral passes whole numbers of equal parts. As many sets, and a
smaller loss everywhere.

**Two keys.** The grid is a product, which is what a firmware interpolates in. Along each key an interval holds when it does on LINES
values of the other, with a share of the limit, as errors along both keys add in the middle of a cell. The largest of SHARES whose grid
holds in the middles of all cells and edges is taken.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np

from designer.arrays import Real
from designer.errors import UsageError

CLOSEST = 1 / 2048
"""Share of a range below which two sets are not brought nearer: what still changes there is a jump."""
PRECISION = 0.03
"""Share of a step to which the farthest place is searched."""
FINER = 10
"""Times as fine as the sets that a proof's grid is."""
LEAST_PLACES = {1: 41, 2: 21}
"""Places of a proof along each of one key or two, however few the sets are."""
LINES = 5
LONE_PLACES = 4
"""Places that are tried for a set that is alone."""
SHARES = (1.0, 0.7, 0.5, 0.35, 0.25, 0.12)
FRACTIONS = (0.5, 0.2, 0.8)
"""Places of an interval that a search looks at, the most telling first; the proof looks at all tenths."""
TENTHS = (0.5, 0.3, 0.7, 0.2, 0.8, 0.4, 0.6, 0.1, 0.9)

Values = tuple[float, ...]
Loss = Callable[[float, float], float]
"""Loss in dB between a set at one value of a key and one at another: the largest, or the first above the limit."""


class JumpError(UsageError):
    """Filters change by more than the limit between places that are as good as the same.

    Attributes
    ----------
    place : str, value of the key next to the jump

    """

    def __init__(self, start: float, loss_db: float) -> None:
        super().__init__(f"{loss_db:.2f}")
        self.place = f"{start:.6g}"


def farthest(start: float, guess: float, end: float, closest: float, loss: Loss, limit_db: float) -> float:
    """The farthest value, at most `end`, whose interval from `start` holds.

    Raises
    ------
    JumpError : not even the closest does

    """
    holds, fails, trial = start, np.inf, min(start + max(guess, closest), end)
    while True:
        loss_db = loss(start, trial)
        growth = float(np.sqrt(limit_db / max(loss_db, limit_db / 16)))
        if loss_db <= limit_db:
            holds = trial
            if trial == end:
                return end
            ahead = start + (trial - start) * min(max(0.98 * growth, 1.1), 3.0)
        else:
            fails = trial
            if fails - start <= closest:
                raise JumpError(start, loss_db)
            ahead = start + (trial - start) * min(max(0.98 * growth, 0.3), 0.95)
        if fails - holds <= max(PRECISION * (holds - start), closest / 4) and holds > start:
            return float(holds)
        if not holds < ahead < min(fails, np.nextafter(end, np.inf)):
            ahead = end if fails == np.inf else (holds + fails) / 2
        trial = max(float(ahead), start + closest)


def spaced(low: float, high: float, loss: Loss, limit_db: float) -> Real:
    """Values (S,) of a key from one end of its range to the other, as few as the loss allows.

    Raises
    ------
    JumpError : filters jump

    """
    values, step, closest = [low], high - low, CLOSEST * (high - low)
    while values[-1] < high:
        start = values[-1]
        values.append(farthest(start, step, high, closest, loss, limit_db))
        step = values[-1] - start
    return np.array(values)


def lone_place(
    lows: Sequence[float], highs: Sequence[float], loss: Callable[[Values, Values], float], limit_db: float
) -> Values | None:
    """Values of the keys from which one set serves all ends of their ranges; None where none is found.

    Parameters
    ----------
    lows, highs : sequence of float, ends of each key's range
    loss : callable, loss in dB of a set at some values (first) at others (second)

    """
    left, right = np.array(lows, dtype=float), np.array(highs, dtype=float)
    ends = list(itertools.product(*zip(lows, highs, strict=True)))
    for _ in range(LONE_PLACES):
        middle = (left + right) / 2
        place = tuple(middle.tolist())
        losing = [end for end in ends if loss(place, end) > limit_db]
        if not losing:
            return place
        below, above = (np.all(np.array(losing) == side, axis=0) for side in (lows, highs))
        if not (below | above).any():
            return None
        left, right = np.where(above, middle, left), np.where(below, middle, right)
    return None


def evened(values: Real) -> Real:
    """As many values, with the lack of the last interval spread over all."""
    steps = np.diff(values)
    if steps.size < 2:
        return values
    full = steps.copy()
    full[-1] = max(full[-1], full[-2])
    parts = np.concatenate([[0.0], np.cumsum(steps / full)])
    return np.asarray(np.interp(np.linspace(0, parts[-1], values.size), parts, values))


def proof_values(values: Sequence[float] | Real, keys: int = 1) -> Real:
    """Values (P,) of a proof's grid over so many keys: those of the sets, with FINER equal steps or more between each two."""
    values = np.asarray(values, dtype=float)
    steps = max(FINER, -(-(LEAST_PLACES[keys] - 1) // (values.size - 1)))
    return np.interp(np.arange(steps * (values.size - 1) + 1) / steps, np.arange(values.size), values)
