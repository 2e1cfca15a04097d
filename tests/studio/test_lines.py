"""Faults are found at their lines."""

from __future__ import annotations

import pytest

from designer.studio.readings import line_of

TEXT = """title = "a [[designs]] # of"  # 1

[[drivers]]
name = "left"
[[drivers]]
name = "right"
position_m = [
  0.0, 0.1, [  # 8
]]

[listener]
position_m = [1, 0, 0]

[[designs]]
name = "left"
mask = [
  { azimuth_deg = [75, 105], max_db = -10 },
]
[[designs]]
band_hz = [1, 2]
driver_spread.gain_db = 1
[[designs.mask]]
max_db = 3
[[designs.mask]]
max_db = 4
[a."b c"]
d = 1
"""


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("title", 1),
        ("drivers[0].name", 4),
        ("drivers[1].position_m[2]", 7),
        ("drivers[1].radius_m", 5),
        ("listener.position_m", 12),
        ("designs[0].mask[0].max_db", 16),
        ("designs[1].band_hz[0]", 20),
        ("designs[1].driver_spread.gain_db", 21),
        ("designs[1].mask[1].max_db", 25),
        ("designs[1].mask[0]", 22),
        ('a."b c".d', 27),
        ("drivers[2]", None),
        ("room.size_m", None),
        ("", None),
    ],
)
def test_a_key_stands_at_its_line(key: str, line: int | None) -> None:
    """Lines counted by eye in the text above; a key that is not there stands at its table, and one of no table nowhere."""
    assert line_of(TEXT, key) == line
