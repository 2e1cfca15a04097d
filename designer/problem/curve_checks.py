"""Faults of a curve over frequency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from designer.errors import Fault
from designer.problem.message_codes import coded
from designer.problem.messages import number, shown

MAX_CURVE_DB = 200.0


@coded("curve-points")
def curve_faults(path: str, curve: Sequence[Sequence[float]] | None) -> Iterator[Fault]:
    """Frequencies above 0 that rise, and gains that are no typing error."""
    if curve is None:
        return
    frequencies, gains = ([point[n] for point in curve] for n in (0, 1))
    rising, limit = all(b > a for a, b in pairwise(frequencies)), number(MAX_CURVE_DB)
    rising_curve = "[[frequency_hz, gain_db], ...] with frequencies that rise"
    gain_range = f"gains from -{limit} to {limit}"
    for holds, quantity, values, expected, remedy in (
        (min(frequencies) > 0, "frequencies", frequencies, "frequencies above 0", "leave such points out"),
        (rising, "frequencies", frequencies, rising_curve, "sort the curve"),
        (max(map(abs, gains)) <= MAX_CURVE_DB, "gains", gains, gain_range, "each point is [frequency_hz, gain_db]"),
    ):
        if not holds:
            yield Fault(path, f"got the {quantity} {shown(values)}", expected, remedy)
