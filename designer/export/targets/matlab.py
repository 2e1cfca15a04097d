"""`matlab`: a .mat file (version 5, which MATLAB, Octave and scipy read) whose variables `filter` and `sosfilt` take as they are.

NAME of each filter in taps is a row for `filter(NAME, 1, x)`; NAME_sos of each in sections is (S, 6) for `sosfilt(NAME_sos,
x)`, behind NAME_delay samples. Delays of the channels are zeros ahead of taps, and part of NAME_delay. The cells
filter_channel, filter_driver and filter_name (N,) say which filter is which NAME.
"""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.export.coefficients import MAX_SAMPLES, Coefficients, read_bytes
from designer.export.filter_set import FilterSet
from designer.export.names import identifiers, joined
from designer.export.provenance import README, provenance, readme
from designer.export.target import Export, Target

SCALING = "none; double precision"
HEADER_BYTES = 116
WHICH = ("filter_channel", "filter_driver", "filter_name")
RESERVED = {"provenance", "sample_rate_hz", "bulk_delay_samples", "channels", "drivers", "x", "y", "s", *WHICH}
"""Names of the file's other variables, and of the recipe's."""
HOW = """In MATLAB and in Octave, with x a column of samples of one channel. A filter in taps:

    load filters.mat
    y = filter(NAME, 1, x);

A filter in sections, without a toolbox, as long as x and behind its delay:

    y = [zeros(min(NAME_delay, numel(x)), 1); x(1 : end - NAME_delay)];
    for s = 1 : size(NAME_sos, 1), y = filter(NAME_sos(s, 1:3), NAME_sos(s, 4:6), y); end

The feed of a driver is the sum of its y over the channels. The table says which filter is which variable.
"""
EXPECTED = "filters.mat of an export, of version 5"


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
            variables[name] = filters.delayed_taps(one)[None, :]
            rows.append((one.channel, one.driver, name))
        else:
            variables[f"{name}_sos"] = np.insert(np.hstack([one.cascade.b, one.cascade.a]), 3, 1.0, axis=1)
            variables[f"{name}_delay"] = float(filters.delay(one))
            rows.append((one.channel, one.driver, f"{name}_sos, {name}_delay"))
    stream = io.BytesIO()
    savemat(stream, variables, long_field_names=True, oned_as="row")  # type: ignore[arg-type]  # a stream will do
    # scipy writes the platform and the time of day into the header's text.
    header = b"MATLAB 5.0 MAT-file, written by designer export".ljust(HEADER_BYTES)
    return Export.of_words(
        {
            "filters.mat": header + stream.getvalue()[HEADER_BYTES:],
            README: readme(filters, "matlab", SCALING, HOW, rows),
        },
        filters.memory(delays=False),
        8,
        SCALING,
        names={f"{one.channel} / {one.driver}": names[joined(one)] for one in filters.filters},
    )


def read_mat(found: Coefficients) -> None:
    """The filters of the file. Raises DataError: it is no such file, or its names, numbers or rate do not fit."""
    content = _variables(found)
    found.check_rate(_number(found, content, "sample_rate_hz"))
    lists = [content.get(name) for name in WHICH]
    texts = [[str(cell[0]) for cell in one.flat if np.size(cell) == 1] for one in lists if _is_cells(one)]
    if len(texts) != len(WHICH) or len(set(map(len, texts))) != 1:
        raise found.refusal(f"no cells {', '.join(WHICH)} of one length", EXPECTED)
    for channel, driver, name in zip(*texts, strict=True):
        place = found.place(channel, driver)
        if f"{name}_sos" in content:
            table = _matrix(found, content, f"{name}_sos")
            if table.shape[1] != 6 or not len(table) or not (table[:, 3] == 1.0).all():
                raise found.refusal(f"{name}_sos of shape {table.shape}", "rows of b0, b1, b2, 1, a1, a2")
            delay = found.whole(_number(found, content, f"{name}_delay"), f"{name}_delay")
            found.add_sections(place, table[:, :3], table[:, 4:], delay)
        else:
            found.add_taps(place, _matrix(found, content, name).ravel())
    bulk = _number(found, content, "bulk_delay_samples")
    found.bulk_delay_samples = found.whole(bulk, "bulk_delay_samples")


def _variables(found: Coefficients) -> dict[str, Any]:
    """The file's variables, after their shapes have been looked at."""
    from scipy.io import loadmat, whosmat

    content = read_bytes(found.path)
    try:
        if sum(math.prod(shape) for _, shape, _ in whosmat(io.BytesIO(content))) > MAX_SAMPLES:  # type: ignore[arg-type]  # as above
            raise ValueError("more numbers than filters have")
        return loadmat(io.BytesIO(content))  # type: ignore[arg-type]  # as above
    except Exception as error:
        remedy = "save it with -v7 or -v6" if isinstance(error, NotImplementedError) else "export it again"
        raise found.refusal(f"no MAT file ({' '.join(str(error).split())[:100]})", EXPECTED, remedy) from None


def _is_cells(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == object


def _matrix(found: Coefficients, content: dict[str, Any], name: str) -> Real:
    value = content.get(name)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu" or value.ndim != 2:
        raise found.refusal(f"no matrix {name[:60]}", EXPECTED)
    return np.ascontiguousarray(value, dtype=float)


def _number(found: Coefficients, content: dict[str, Any], name: str) -> float:
    value = _matrix(found, content, name)
    if value.size != 1:
        raise found.refusal(f"{value.size} numbers for {name}", "one")
    return found.number(float(value.flat[0]), name)


MATLAB = Target(
    place=170,
    name="matlab",
    summary="MATLAB and Octave: a .mat for filter and sosfilt",
    write=write_matlab,
    files="mat",
    read=read_mat,
    endings=(".mat",),
    in_folders=("filters.mat",),
)
