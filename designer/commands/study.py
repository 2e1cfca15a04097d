"""`designer.study`: the gain over taps, sections and word lengths."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from designer import job
from designer.arguments import checked_arguments

if TYPE_CHECKING:
    import pandas as pd


@checked_arguments()
def study(design: job.Design | str | Path) -> pd.DataFrame:
    """A design's cancellation gain over the length of its filters and of their words, each fitted anew.

    Parameters
    ----------
    design : Design, str or Path, a design or its folder; `designer study` adds it to the folder

    Returns
    -------
    DataFrame : channel, axis ("taps", "sections" or "bits"), value, way (how they are rounded; empty where they are not), median_db,
        fifth_percentile_db, worst_db

    Raises
    ------
    UsageError : its filters were read and not fitted
    DataError : this version designs other filters of its problem

    Examples
    --------
    >>> import designer
    >>> table = designer.study(designer.design(designer.load("problems/laptop-pair.toml")))
    >>> longest = table[table.axis == "taps"].groupby("channel").value.max()
    >>> int(longest["left"]) >= 512
    True

    """
    import pandas as pd

    studied = job.studied(job.design_of(design))
    rows = [
        {"channel": name, "axis": point.axis, "value": point.value, "way": point.way, **asdict(point.gains)}
        for name, channel in studied.study.items()
        for point in channel.curves
    ]
    return pd.DataFrame(rows)
