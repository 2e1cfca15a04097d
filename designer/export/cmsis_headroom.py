"""How loud the inputs may be: a driver feed is at most the sum of the l1 norms of all that leads to it."""

from __future__ import annotations

import math

from designer.export.cmsis_plan import Plan
from designer.export.provenance import one_line
from designer.realization.fixed_point import output_bound


def headroom_db(plan: Plan) -> float:
    """What all inputs together must stay below full scale for no driver feed to saturate, whatever they play; at least 0."""
    peaks = [0.0] * len(plan.drivers)
    for _, route in plan.routes:
        peaks[route.driver] += float(output_bound(route.source.taps))
    return max(0.0, 20 * math.log10(max(max(peaks), 1e-300)))


def scaling(plan: Plan) -> str:
    """In words: full scale, shifts, headroom."""
    room = f"inputs {headroom_db(plan):.2f} dB below full scale cannot drive a feed beyond it"
    if plan.word.word is None:
        return f"full scale 1; float32 coefficients; {room}"
    bits = plan.word.word.fraction_bits
    shifts = ", ".join(f"{one_line(p.channel)} s={p.shift} g={p.guard}" for p in plan.paths)
    return (
        f"full scale 2^{bits}; a tap is q 2^(s - {bits}), inputs of FIR filters are lowered by g bits, sums raised by s + g and"
        f" saturated: {shifts}; {room}"
    )
