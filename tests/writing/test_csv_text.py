"""Tables as text are, byte for byte, what pandas writes."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as drawn
from numpy.typing import NDArray

from designer.writing.csv_text import csv_text

FORMATS = [("%r", None), ("%.7g", "%.7g")]
EXTREME = [
    0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, np.inf, -np.inf, np.nan, 1e15, 1e16, 1e17,
    123456.75, 1234567.5, 12345675.0, 9999999.5, 0.0001, 0.00001, 0.1, 1 / 3, np.nextafter(1.0, 2.0), -1e-4,
]  # fmt: skip


def by_pandas(columns: dict[str, NDArray[Any]], float_format: str | None) -> str:
    text: str = pd.DataFrame(columns).to_csv(index=False, float_format=float_format, lineterminator="\n")
    return text


@pytest.mark.parametrize(("number", "float_format"), FORMATS)
def test_any_bits_of_a_float(number: str, float_format: str | None) -> None:
    """20,000 random bit patterns, and extreme numbers, each once and each often."""
    bits = np.random.default_rng(5).integers(0, 2**64, 20_000, dtype=np.uint64)
    once = np.concatenate([bits.view(float), EXTREME])
    often = np.resize(np.array(EXTREME), once.size)
    finite = np.resize(np.array([-1.5, 2.25, 1e22]), once.size)
    columns = {"once": once, "often": often, "finite": finite, "zeros": np.resize(np.array([0.0, -0.0]), once.size)}
    assert csv_text(columns, number) == by_pandas(columns, float_format)


@settings(max_examples=30)
@given(drawn.arrays(float, st.integers(1, 30), elements=st.floats()), st.data())
def test_random_tables(values: NDArray[Any], data: st.DataObject) -> None:
    """Floats, whole numbers and text with commas, quotes, line ends and percent signs, in either format."""
    size = values.size
    words = st.text(alphabet='ab,"\n%sé ', max_size=4)
    texts = np.array(data.draw(st.lists(words, min_size=size, max_size=size)), dtype=object)
    whole = data.draw(drawn.arrays(np.int64, size))
    columns = {'odd, "name"': texts, "value": values, "%d": whole, "again": values[::-1]}
    for number, float_format in FORMATS:
        assert csv_text(columns, number) == by_pandas(columns, float_format)


def test_the_shortest_digits_are_read_back_as_they_were() -> None:
    """By Python's own reader, bit for bit."""
    values = np.random.default_rng(6).normal(size=500) * 10.0 ** np.random.default_rng(7).integers(-300, 300, 500)
    rows = list(csv.reader(io.StringIO(csv_text({"value": values}))))
    assert [float(cell) for (cell,) in rows[1:]] == values.tolist()
