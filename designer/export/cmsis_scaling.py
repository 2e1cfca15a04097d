"""Full scale and shifts of an exported C, in words."""

from __future__ import annotations

from designer.export.cmsis_plan import Plan
from designer.export.provenance import one_line


def scaling(plan: Plan) -> str:
    """Full scale and shifts, in words."""
    if plan.word.word is None:
        return "full scale 1; float32 coefficients"
    bits = plan.word.word.fraction_bits
    shifts = ", ".join(f"{one_line(p.channel)} s={p.shift} g={p.guard}" for p in plan.paths)
    return (
        f"full scale 2^{bits}; a tap is q 2^(s - {bits}), inputs of FIR filters are lowered by g bits, sums raised by s + g and"
        f" saturated: {shifts}"
    )
