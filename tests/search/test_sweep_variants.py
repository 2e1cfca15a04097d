"""Named variants: files of keys that are set together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from toml_text import pair, toml

import designer
from designer.errors import DataError, UsageError
from designer.search.sweep_plan import Plan, variations
from designer.search.sweep_surface import varied_data

PAIR = designer.loads(toml(pair()))
WIDE = """
designs.left.max_effort_db = 6
"drivers.*.radius_m" = 0.02
[realization]
taps = 128
[[designs]]
"""
LIST = """
[[drivers]]
name = "left"
position_m = [0.0, -0.2, 0.0]
[[drivers]]
name = "right"
position_m = [0.0, 0.3, 0.0]
"""


def test_files_of_keys(tmp_path: Path) -> None:
    """A dotted key adds to its table, a key in quotes takes stars, a list replaces the list; each file is a value named by its stem, and
    every one goes with every value of another key.
    """
    (tmp_path / "close.toml").write_text(WIDE.replace("[[designs]]\n", ""))
    (tmp_path / "wide.toml").write_text(LIST)
    option = f"layout=@{tmp_path}/close.toml,@{tmp_path}/wide.toml"
    tasks = list(Plan(PAIR, variations(PAIR, [option, "grid.frequencies=33,65"])).tasks())
    assert [tuple(task.varied.values()) for task in tasks] == [("close", 33), ("close", 65), ("wide", 33), ("wide", 65)]
    close, wide = (varied_data(PAIR, tasks[n].changes) for n in (0, 2))
    before = PAIR.model_dump(exclude_unset=True)
    assert close["designs"] == [{**before["designs"][0], "max_effort_db": 6.0}]
    assert close["drivers"] == [{**driver, "radius_m": 0.02} for driver in before["drivers"]]
    assert close["realization"] == {**before["realization"], "taps": 128}
    assert [driver["position_m"][1] for driver in wide["drivers"]] == [-0.2, 0.3]
    assert wide["designs"] == before["designs"]
    (tmp_path / "wide.toml").write_text(LIST.replace("0.3", "0.31"))
    again = list(Plan(PAIR, variations(PAIR, [option, "grid.frequencies=33,65"])).tasks())
    assert [a.point == b.point for a, b in zip(tasks, again, strict=True)] == [True, True, False, False]


def test_an_enclosure_replaces_the_enclosure() -> None:
    """In Python variants are a mapping; a table with a model of its own takes nothing of the one before."""
    variants: dict[str, dict[str, Any]] = {
        "ball": {"enclosure": {"model": "sphere", "radius_m": 0.08}},
        "free": {"enclosure": {"model": "free-field"}},
    }
    table = designer.sweep(PAIR, {"body": variants})
    assert table["body"].tolist() == ["ball", "free"]
    assert table["status"].isin(["done", "missed", "infeasible"]).all()
    ball = PAIR.replace("enclosure", {"model": "sphere", "radius_m": 0.08})
    by_hand = designer.design(ball).scalars["left"].values
    assert table["left.mean_cancellation_gain_db"][0] == by_hand["mean_cancellation_gain_db"]


def test_what_is_no_variant(tmp_path: Path) -> None:
    """A missing file, a key that names nothing, values beside files, and a place that another option sets."""
    (tmp_path / "a.toml").write_text("grid.frequencis = 3\n")
    (tmp_path / "b.toml").write_text("grid.frequencies = 33\n")
    (tmp_path / "c.toml").write_text("grid = \n")
    cases = [
        ([f"v=@{tmp_path}/x.toml"], DataError, r"x\.toml: cannot be read: No such file or directory; expected a file of keys"),
        ([f"v=@{tmp_path}/a.toml"], UsageError, r"nearest known: grid\.frequencies"),
        ([f"v=@{tmp_path}/c.toml"], DataError, r"c\.toml: is no TOML: "),
        ([f"v=@{tmp_path}/b.toml,6"], UsageError, r'got "6" beside files; expected files alone, as @close'),
        ([f"v=@{tmp_path}/b.toml", "grid.frequencies=9,17"], UsageError, r"both set grid\.frequencies; expected one of them"),
        ([f"v=@{tmp_path}/b.toml,@{tmp_path}/../{tmp_path.name}/b.toml"], UsageError, r'got two variants "b"; expected files of'),
    ]  # fmt: skip
    for options, kind, message in cases:
        with pytest.raises(kind, match=message):
            variations(PAIR, options)
