"""Whether the order of the spherical harmonics suffices for a beam's regions: where it does not, by how much, and what helps."""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real
from designer.evaluation.words import hz, spans
from designer.problem.schema import MAX_ORDER
from designer.targets.region_power import RegionPower

ORDER_TOLERANCE_DB = 0.05  # what the power ratio between regions may change by at a finer order


def order_warnings(regions: RegionPower, w: Complex, frequency_hz: Real) -> tuple[str, ...]:
    """One line where the order does not suffice for weights (F, L) at the regions' own frequencies (F,), none where it does."""
    error_db = np.abs(regions.order_error_db(w))
    short = error_db > ORDER_TOLERANCE_DB
    if not short.any():
        return ()
    worst = int(np.argmax(error_db))
    if regions.order < regions.automatic_order:
        remedy = f"raise region_order to {regions.automatic_order}, or leave it out"
    elif regions.order < MAX_ORDER:
        remedy = f"raise region_order above {regions.order} (at most {MAX_ORDER}), or end the band lower"
    else:
        remedy = "end the band lower"
    return (
        f"region_order: order {regions.order} of spherical harmonics does not suffice {spans(frequency_hz, short)}: the power"
        f" ratio between the regions is off by up to {error_db[worst]:.2f} dB (at {hz(float(frequency_hz[worst]))}); allowed:"
        f" {ORDER_TOLERANCE_DB:g} dB; {remedy}",
    )
