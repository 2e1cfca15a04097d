"""`matlab`: a .mat file (version 5, which MATLAB, Octave and scipy read) whose variables `filter` and `sosfilt` take as they are.

NAME of each filter in taps is a row for `filter(NAME, 1, x)`; NAME_sos of each in sections is (S, 6) for `sosfilt(NAME_sos,
x)`, behind NAME_delay samples. Delays of the channels are zeros ahead of taps, and part of NAME_delay. The cells
filter_channel, filter_driver and filter_name (N,) say which filter is which NAME.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.export.filter_set import Filter, FilterSet
from designer.export.memory import memory
from designer.export.names import identifiers, joined
from designer.export.provenance import provenance
from designer.export.readme import README, readme
from designer.export.responses import delayed_taps
from designer.export.target import Export, Target

SCALING = "none; double precision"
HEADER_BYTES = 116
RESERVED = {"provenance", "sample_rate_hz", "bulk_delay_samples", "channels", "drivers", "x", "y", "s"} | {
    f"filter_{what}" for what in ("channel", "driver", "name")
}
"""Names of the file's other variables, and of the recipe's."""
HOW = """In MATLAB and in Octave, with x a column of samples of one channel. A filter in taps:

    load filters.mat
    y = filter(NAME, 1, x);

A filter in sections, without a toolbox, as long as x and behind its delay:

    y = [zeros(min(NAME_delay, numel(x)), 1); x(1 : end - NAME_delay)];
    for s = 1 : size(NAME_sos, 1), y = filter(NAME_sos(s, 1:3), NAME_sos(s, 4:6), y); end

The feed of a driver is the sum of its y over the channels. The table says which filter is which variable.
"""


def write_matlab(filters: FilterSet) -> Export:
    """`filters.mat` and README.txt."""
    from scipy.io import savemat

    names = identifiers((joined(one) for one in filters.filters), longest=56, reserved=RESERVED)
    variables: dict[str, Any] = {
        "provenance": "\n".join(provenance(filters, "matlab", SCALING)),
        "sample_rate_hz": filters.sample_rate_hz,
        "bulk_delay_samples": float(filters.bulk_delay_samples),
        "channels": np.array(filters.channels, dtype=object),
        "drivers": np.array(filters.drivers, dtype=object),
        "filter_channel": np.array([one.channel for one in filters.filters], dtype=object),
        "filter_driver": np.array([one.driver for one in filters.filters], dtype=object),
        "filter_name": np.array([names[joined(one)] for one in filters.filters], dtype=object),
    }
    rows = [("channel", "driver", "variable")]
    for one in filters.filters:
        name = names[joined(one)]
        if one.cascade is None:
            variables[name] = delayed_taps(filters, one)[None, :]
            rows.append((one.channel, one.driver, name))
        else:
            variables[f"{name}_sos"] = second_order_sections(one)
            variables[f"{name}_delay"] = float(one.cascade.delay_samples + filters.delays.get(one.channel, 0))
            rows.append((one.channel, one.driver, f"{name}_sos, {name}_delay"))
    stream = io.BytesIO()
    savemat(stream, variables, long_field_names=True, oned_as="row")  # type: ignore[arg-type]  # a stream will do
    # scipy writes the platform and the time of day into the header's text.
    header = b"MATLAB 5.0 MAT-file, written by designer export".ljust(HEADER_BYTES)
    used = memory(filters, delays=False)
    return Export(
        {
            "filters.mat": header + stream.getvalue()[HEADER_BYTES:],
            README: readme(filters, "matlab", SCALING, HOW, rows),
        },
        8 * used.coefficients,
        8 * used.state,
        used.multiply_adds,
        SCALING,
        names={f"{one.channel} / {one.driver}": names[joined(one)] for one in filters.filters},
    )


def second_order_sections(one: Filter) -> Real:
    """b0, b1, b2, 1, a1, a2 of each section (S, 6)."""
    assert one.cascade is not None
    return np.concatenate([one.cascade.b, np.ones((len(one.cascade.b), 1)), one.cascade.a], axis=1)


MATLAB = Target("matlab", "MATLAB and Octave: a .mat for filter and sosfilt", write_matlab)
