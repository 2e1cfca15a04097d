"""The numbers that decide: gain and effort to a resolution, over drawn devices pair by pair, and layouts on one scale."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from toml_text import pair, toml

import designer
from comparison.two_designs import made
from designer.comparison.channel_group import channel_groups
from designer.comparison.decision import decisions, drawn_difference
from designer.comparison.entry import Entry, shared_channels
from designer.report.comparison_layouts import LayoutsView, layouts_figure
from designer.report.mirrors import mirrors


@pytest.fixture(scope="module")
def entries(judged: None) -> list[Entry]:
    """A target of 6 dB, one of 9 dB, the first again, and one that 1 dB of effort does not reach."""
    first = made("first")
    return [
        first,
        made("more", cancellation_gain_db=[[500, 9], [4000, 9]]),
        Entry("again", first.result, ""),
        made("short", max_effort_db=1.0),
    ]


def test_a_sentence_a_design(entries: list[Entry]) -> None:
    """Each difference is that of the printed numbers; what is within 0.5 dB is equal; what is infeasible comes last, and marked."""
    (channel,), _ = shared_channels(entries)
    told = decisions(entries, channel_groups([channel], [{}] * 4))
    assert [look for look, _ in told] == ["", "", "short"]
    values = [entry.result.scalars["left"].values for entry in entries]
    gain, effort = (
        round(values[1][key], 1) - round(values[0][key], 1)
        for key in ("mean_cancellation_gain_db", "largest_effort_db")
    )
    assert gain > 0.5 and effort > 0.5
    text = told[0][1]
    assert text.startswith(f"more: {gain:.1f} dB more gain (") and f"{effort:.1f} dB more effort" in text
    assert re.search(r"\(\+\d\.\d dB in the median of \d+ drawn devices, more in (all|\d+ %) of them\)", text)
    assert told[1][1] == "again: equal gain and effort, against first."
    assert told[2][1].startswith("short: ") and "less effort" in told[2][1]


def test_the_reference_meets_its_requirements(entries: list[Entry]) -> None:
    """Where the first design is infeasible the others are held against the first that is not."""
    swapped = [entries[3], entries[0], entries[1]]
    (channel,), _ = shared_channels(swapped)
    told = decisions(swapped, channel_groups([channel], [{}] * 3))
    assert [text.split(":")[0] for _, text in told] == ["more", "short"]
    assert all(text.endswith("against first.") for _, text in told)


def test_draws_are_compared_pair_by_pair(entries: list[Entry]) -> None:
    """Median and share are those of a loop over draws; the same draws in both leave less spread than either design has; against itself a
    design differs in none.
    """
    first, more, again, _ = entries
    over = [entry.result.tolerances["left"].gain_db for entry in (first, more)]
    differences = [sum(b) / len(b) - sum(a) / len(a) for a, b in zip(*over, strict=True)]
    middle = sorted(differences)[len(differences) // 2 - 1 : len(differences) // 2 + 1]
    actual = drawn_difference(first, more, "left")
    assert actual is not None
    assert actual.median_db == pytest.approx(sum(middle) / 2, abs=1e-9)
    assert actual.share == sum(difference > 0 for difference in differences) / len(differences)
    unpaired = np.std(over[0].mean(axis=1)) ** 2 + np.std(over[1].mean(axis=1)) ** 2
    assert np.std(differences) ** 2 < unpaired
    alike = drawn_difference(first, again, "left")
    assert alike is not None and (alike.median_db, alike.share, str(alike)) == (0.0, 0.0, "+0.0")


def test_mirror_images_share_their_rows() -> None:
    """Two ears of a symmetric device are one group, of which each number is the worse of both; of an asymmetric one they are two."""
    tables: dict[str, Any] = pair()
    tables["designs"].append(tables["designs"][0] | {"name": "right", "ear": "right"})
    entries = []
    for effort in (9.0, 6.0):
        for table in tables["designs"]:
            table["max_effort_db"] = effort
        entries.append(Entry(f"{effort:g}", designer.design(designer.loads(toml(tables))), ""))
    channels, _ = shared_channels(entries)
    twins = [{name: twin.name for name, twin in mirrors(entry.result).items()} for entry in entries]
    (group,) = channel_groups(channels, twins)
    assert group.name == "left and right"
    for row in group.rows:
        for entry, value in zip(entries, row.values_db, strict=True):
            both = [entry.result.scalars[name].values[row.key] for name in ("left", "right")]
            assert value in both
    assert [group.name for group in channel_groups(channels, [twins[0], {}])] == ["left", "right"]


def test_layouts_are_on_one_scale() -> None:
    """Each panel has the same axes, holds every driver of its design at its place, and nothing is drawn where no layout differs."""
    wide = pair()
    wide["drivers"][1]["position_m"] = [0.0, 0.3, 0.1]
    problems = [designer.loads(toml(tables)) for tables in (pair(), wide)]
    entries = tuple(Entry(str(n), None, "", required_problem=problem) for n, problem in enumerate(problems))  # type: ignore[arg-type]
    view = LayoutsView(entries)
    assert view.differ and not LayoutsView(entries[:1] * 2).differ
    panels = layouts_figure(view)["panels"]
    assert panels[0]["x"] == panels[1]["x"] and panels[0]["y"] == panels[1]["y"]  # type: ignore[typeddict-item] # drawings
    for panel, problem in zip(panels, problems, strict=True):
        points = {(float(s["x"][0]), float(s["y"][0])) for s in panel["shapes"] if s["form"] == "points"}  # type: ignore[typeddict-item]
        assert points == {(driver.position_m[1], driver.position_m[2]) for driver in problem.drivers}
        (low, high) = panel["x"]["range"]  # type: ignore[typeddict-item]
        assert all(low < x < high for x, _ in points)
