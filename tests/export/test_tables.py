"""`csv`: read back bit for bit by Python's own reader."""

from __future__ import annotations

import csv
import io

import numpy as np

from designer.export.filter_set import FilterSet, filters_of
from designer.export.targets.tables import write_csv


def test_taps_return_bit_for_bit_and_names_keep_their_signs() -> None:
    """Values are Python's shortest exact text; a name may hold a comma, a quote or a hash."""
    taps = np.random.default_rng(1).standard_normal((2, 7)) * 10.0 ** np.arange(-3, 4)
    drivers = ('left, "big"', "#2")
    filters = FilterSet("t", 48000.0, ("a",), drivers, filters_of({"a": taps}, drivers, {}), "fir", 3)
    text = write_csv(filters).files["coefficients.csv"].decode()
    rows = list(csv.reader(io.StringIO("\n".join(line for line in text.splitlines() if not line.startswith("# ")))))
    assert rows[0] == ["channel", "driver", "tap", "value"]
    assert [row[1] for row in rows[1::7]] == list(drivers)
    assert np.array_equal(np.array([float(row[3]) for row in rows[1:]]).reshape(2, 7), taps)
