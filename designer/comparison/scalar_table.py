"""The table of scalars: one row a number, the best of each row, and how far each is from the first design."""

from __future__ import annotations

from dataclasses import dataclass

from designer.comparison.entry import SharedChannel

ROWS = (  # the number's name, its words, and whether more of it is better (1) or less (-1)
    ("least_margin_to_target_db", "Least margin to the target curve", 1),
    ("least_region_power_ratio_db", "Least power ratio between regions of the sphere", 1),
    ("mean_cancellation_gain_db", "Mean cancellation gain", 1),
    ("least_cancellation_gain_db", "Least cancellation gain", 1),
    ("least_worst_cancellation_gain_db", "Least gain at any one point", 1),
    ("moved_head_median_db", "Head moved: median gain", 1),
    ("moved_head_5th_percentile_db", "Head moved: 5th percentile", 1),
    ("largest_effort_db", "Largest effort", -1),
    ("largest_driver_gain_db", "Largest gain of a driver", -1),
    ("least_white_noise_gain_db", "Least white-noise gain", 1),
    ("largest_tone_deviation_db", "Largest deviation of tone, 100 Hz to 16 kHz", -1),
)
ALIKE_DB = 0.05
"""Numbers that a table of one decimal hardly tells apart are equally good."""


@dataclass(frozen=True)
class Row:
    """One number of every entry; None where an entry has none.

    Attributes
    ----------
    differences_db : from the first entry that has the number
    best : whether an entry is as good as any; nobody is where all are alike

    """

    key: str
    words: str
    values_db: tuple[float | None, ...]
    differences_db: tuple[float | None, ...]
    best: tuple[bool, ...]


def scalar_rows(channel: SharedChannel) -> list[Row]:
    """The rows of one channel, without those that no entry has."""
    numbers = [entry.numbers(channel.name) for entry in channel.entries]
    return [
        ranked(key, words, tuple(of_one.get(key) for of_one in numbers), sign)
        for key, words, sign in ROWS
        if any(key in of_one for of_one in numbers)
    ]


def ranked(key: str, words: str, values_db: tuple[float | None, ...], sign: int) -> Row:
    """A row: where more is better `sign` is 1, where less is, -1."""
    known = [value for value in values_db if value is not None]
    top, bottom = max(sign * value for value in known), min(sign * value for value in known)
    told_apart = top - bottom > ALIKE_DB
    return Row(
        key,
        words,
        values_db,
        tuple(None if value is None else value - known[0] for value in values_db),
        tuple(value is not None and told_apart and sign * value >= top - ALIKE_DB for value in values_db),
    )
