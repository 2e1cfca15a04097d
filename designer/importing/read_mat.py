"""`filters.mat` of an export: rows of taps, and sections behind their delays, under the names that three cells of it list."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.importing.coefficients import Coefficients, Collected, check_rate, number, whole
from designer.importing.files import read_bytes, refusal
from designer.importing.mat_file import Value, variables
from designer.problem.schema import Problem

EXPECTED = "filters.mat of an export, of version 5"
WHICH = ("filter_channel", "filter_driver", "filter_name")


def read_mat(path: Path, problem: Problem) -> Coefficients:
    """The filters of the file.

    Raises
    ------
    DataError : it is no such file, or its names, numbers or rate do not fit

    """
    try:
        content = variables(read_bytes(path))
    except (ValueError, struct.error, zlib.error, MemoryError, RecursionError, OverflowError) as error:
        remedy = "save it with -v7 or -v6" if "version" in str(error) else "export it again"
        raise refusal(path, f"no MAT file ({str(error)[:100]})", EXPECTED, remedy) from None
    check_rate(path, _one(path, content, "sample_rate_hz"), problem)
    found = Collected(path, problem)
    lists = [content.get(name) for name in WHICH]
    if not all(isinstance(one, list) for one in lists) or len({len(one) for one in lists if one is not None}) != 1:
        raise refusal(path, f"no cells {', '.join(WHICH)} of one length", EXPECTED, "export it again")
    for channel, driver, name in zip(*(one for one in lists if isinstance(one, list)), strict=True):
        place = found.place(channel, driver)
        if f"{name}_sos" in content:
            table = _matrix(path, content, f"{name}_sos")
            if table.shape[1] != 6 or not len(table) or not (table[:, 3] == 1.0).all():
                raise refusal(
                    path, f"{name}_sos of shape {table.shape}", "rows of b0, b1, b2, 1, a1, a2", "export it again"
                )
            delay = whole(path, _one(path, content, f"{name}_delay"), f"{name}_delay")
            found.add_sections(place, table[:, :3], table[:, 4:], delay)
        else:
            found.add_taps(place, _matrix(path, content, name).ravel())
    return found.coefficients(whole(path, _one(path, content, "bulk_delay_samples"), "bulk_delay_samples"))


def _matrix(path: Path, content: dict[str, Value], name: str) -> Real:
    value = content.get(name)
    if not isinstance(value, np.ndarray):
        raise refusal(path, f"no matrix {name[:60]}", EXPECTED, "export it again")
    return np.ascontiguousarray(value)


def _one(path: Path, content: dict[str, Value], name: str) -> float:
    value = _matrix(path, content, name)
    if value.size != 1:
        raise refusal(path, f"{value.size} numbers for {name}", "one", "export it again")
    return number(path, float(value.flat[0]), name)
