"""One table declares every number that is reported; what reads it shows a number more when an entry is added."""

from __future__ import annotations

import numpy as np
import pytest
from comparison.two_designs import made

from designer import metrics
from designer.comparison.entry import shared_channels
from designer.comparison.numbers import scalar_rows, tidy_table
from designer.evaluation.tables import METRICS
from designer.report.page import number_rows


def test_every_number_is_defined_once() -> None:
    """Names are unique, end in a unit or are ratios, and carry a label and a definition; limits are keys of a design."""
    every = (*metrics.CURVES, *metrics.NUMBERS, *metrics.ROOM)
    assert len({one.name for one in every}) == len(every) == len(metrics.BY_NAME)
    for one in every:
        assert one.label and one.definition
        assert one.unit or one in metrics.ROOM
        assert not one.limit or one.limit in {"max_effort_db", "min_white_noise_gain_db"}
    assert (
        "channel",
        "frequency_hz",
        *(one.name for one in metrics.CURVES if not one.needs & metrics.OF_SEVERAL),
        "status",
    ) == METRICS


def test_a_new_number_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry more in the table stands among a design's numbers, on its page, in the comparison's table and CSV, and in the sweep."""

    def median_db(realised: metrics.Realised) -> float:
        return float(np.median(metrics.BY_NAME["cancellation_gain_db"].compute(realised)[realised.target.in_band]))  # type: ignore[misc]

    new = metrics.Metric(
        "median_cancellation_gain_db", "Median cancellation gain", "over the band", 1, compute=median_db
    )
    monkeypatch.setattr(metrics, "NUMBERS", (*metrics.NUMBERS, new))
    monkeypatch.setitem(metrics.BY_NAME, new.name, new)
    entries = [made("first"), made("other", cancellation_gain_db=[[500, 9]])]
    values = [entry.result.scalars["left"].values for entry in entries]
    for entry, own in zip(entries, values, strict=True):
        table = entry.result.metrics
        assert own[new.name] == pytest.approx(table.cancellation_gain_db[table.slack_db.notna()].median())
    assert (new.label, [new.text(own[new.name]) for own in values]) in number_rows(values)
    (channel,), _ = shared_channels(entries)
    (row,) = (row for row in scalar_rows(channel) if row.key == new.name)
    assert row.values_db == tuple(own[new.name] for own in values)
    assert (tidy_table([channel], {}, 3).metric == new.name).sum() == 2
    assert new in metrics.shown_on("sweep")
