"""Several measured drivers of one problem: one level, one time, and a polarity that one of them does not share.

Read alone, each driver is brought to 0 dB. Among drivers from one kind of file the file's levels can be compared, so they
get one common gain instead, which brings the loudest to 0 dB. Drivers from different kinds of file cannot be compared:
each kind keeps its own gain, and that is a warning. The same with time: where files state the geometry, and a delay was
taken off that the distance does not explain (the latency of the measurement), the drivers of one kind get the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from designer.acoustics.directivity import MeasuredDirectivity


def common_reference(
    drivers: Mapping[str, MeasuredDirectivity],
) -> tuple[dict[str, MeasuredDirectivity], tuple[str, ...]]:
    """The drivers by name on one level and time, and warnings about what differs between them."""
    out = dict(drivers)
    warnings: list[str] = []
    relative = sorted({m.summary.kind for m in drivers.values() if m.level == "relative"})
    for kind in relative:
        names = [name for name, m in drivers.items() if m.summary.kind == kind and m.level == "relative"]
        gain_db = min(drivers[name].summary.gain_db for name in names)  # the loudest needs the least
        for name in names:
            out[name] = out[name].with_gain_db(gain_db)
    if len({m.summary.kind for m in drivers.values()}) > 1 and relative:
        found = "; ".join(f"{name}: {m.summary.kind}, {m.summary.gain_db:+.1f} dB" for name, m in out.items())
        warnings.append(
            "levels of drivers from different kinds of file cannot be compared, so each kind was brought to 0 dB on axis: "
            f"{found}; measure all drivers alike if their relative level matters"
        )
    for kind in sorted({m.summary.kind for m in drivers.values() if m.time == "absolute"}):
        names = [name for name, m in drivers.items() if m.summary.kind == kind and m.time == "absolute"]
        removed = [drivers[name].summary.delay_removed_s for name in names]
        if any(removed):
            latency_s = float(np.median([delay for delay in removed if delay]))
            for name in names:
                out[name] = out[name].with_delay_removed_s(latency_s)
    positive = [name for name, m in drivers.items() if m.summary.polarity > 0]
    negative = [name for name, m in drivers.items() if m.summary.polarity < 0]
    if positive and negative:
        few, many = sorted([positive, negative], key=len)
        warnings.append(
            f"polarity of {', '.join(few)} is opposite to that of {', '.join(many)}: on-axis pressure starts "
            f"{'downwards' if few is negative else 'upwards'} where theirs does not; "
            "if the driver is not wired so on purpose, swap its terminals or negate its file"
        )
    return out, tuple(warnings)
