"""The impulse responses of what is stored: integers back to numbers, for judging what rounding costs."""

from __future__ import annotations

import numpy as np

from designer.arrays import Real
from designer.export.cmsis_plan import Plan, Route
from designer.export.cmsis_sections import StoredSections
from designer.export.cmsis_taps import StoredTaps
from designer.realization.cascade import Cascade


def stored_responses(plan: Plan) -> dict[str, Real]:
    """Channel -> (L, T), without a channel's own delay; the output's rounding is not in it."""
    count = max(one.taps.size for one in plan.filters.filters)
    found: dict[str, Real] = {path.channel: np.zeros((len(plan.drivers), count)) for path in plan.paths}
    for path, route in plan.routes:
        response = _response(plan, route, count)[:count]
        found[path.channel][route.driver, : response.size] = response
    return found


def _response(plan: Plan, route: Route, count: int) -> Real:
    bits = 0 if plan.word.word is None else plan.word.word.fraction_bits
    if isinstance(route.stored, StoredTaps):
        return route.stored.values.astype(float) * 2.0 ** (route.stored.shift - bits)
    if isinstance(route.stored, StoredSections):
        values = route.stored.values.astype(float) * 2.0 ** (route.stored.post_shift - bits)
        assert route.source.cascade is not None
        cascade = Cascade(values[:, :3], -values[:, 3:], route.source.cascade.delay_samples)
        return cascade.impulse_response(count) * 2.0**route.stored.shift
    return route.source.taps
