"""What the studio calls judged is what `designer.design` says, whatever it kept from before."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, cast

import pytest

import designer
from designer import designs
from designer.errors import EXIT_BAD_INPUT, EXIT_INFEASIBLE
from designer.report.channel_curves import gain_figure
from designer.studio.panels import judged_panels, verdict
from designer.studio.worker import Judge, JudgeRequest, Source

pytestmark = pytest.mark.usefixtures("judged")

FILE = Path("problems/smart-speaker.toml")


def source(**values: Any) -> Source:
    """The smart speaker with other values and fewer frequencies, as a process reads it."""
    changes = {"grid.frequencies": 97} | {key.replace("__", "."): value for key, value in values.items()}
    text = designer.load(FILE).replace(changes).text
    return Source(text, FILE.parent.absolute(), str(FILE))


def judge(judge: Judge, base: Source, *channels: str, **laid: Source) -> dict[str, dict[str, Any]]:
    """Channel -> its message."""
    messages: list[dict[str, Any]] = []
    judge.answer(
        JudgeRequest(base=base, version=1, channels=channels, laid=cast(Any, laid)),
        lambda message: messages.append(dict(message)),
    )
    return {message["channel"]: message for message in messages if message["is"] == "judged"}


@pytest.fixture(scope="module")
def warm() -> Judge:
    """A process that has judged the file as it is."""
    process = Judge()
    judge(process, source(), "left")
    return process


def test_numbers_are_the_designs_to_a_billionth(warm: Judge) -> None:
    """Of every channel, after another state was judged by the same process, whose channels it keeps where they are the same."""
    base = source(designs__left__max_effort_db=10.0)
    messages = judge(warm, base, "left", "right", "centre")
    design = designer.design(designer.loads(base.text, folder=base.folder))
    assert list(messages) == list(design.channels)
    for name, message in messages.items():
        values = design.scalars[name].values
        assert [number["name"] for number in message["numbers"]] == list(values)
        for number in message["numbers"]:
            assert number["value"] == pytest.approx(values[number["name"]], abs=1e-9, rel=1e-9)
        assert message["verdict"]["words"] == design.sentence(name)
        assert message["verdict"]["status"] == design.status
        assert message["warnings"] == design.warnings


def test_a_channel_that_did_not_change_is_not_designed_again(warm: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three channels, the one whose curve moved; all three where a driver did; none for what only the taps depend on."""
    counts: Counter[str] = Counter()
    design = designs.design_channel

    def counted(table: Any, scene: Any) -> Any:
        counts[table.name] += 1
        return design(table, scene)

    monkeypatch.setattr(designs, "design_channel", counted)
    judge(warm, source(designs__left__cancellation_gain_db=[[500, 5], [6000, 9]]), "left")
    assert counts == {"left": 1}
    counts.clear()
    judge(warm, source(realization__taps=256), "left")
    assert counts == {}
    judge(
        warm,
        Source(source().text.replace("[0.0875, 0.0, 0.0]", "[0.0, 0.0, 0.0875]"), FILE.parent.absolute(), "x"),
        "left",
    )
    assert counts == {"left": 1, "right": 1, "centre": 1}


def test_a_snapshot_lies_over_the_panels(warm: Judge) -> None:
    """Its gain and target, its effort, its tone by number and name, its map's levels; the figure's own lines stay."""
    other = source(designs__left__max_effort_db=6.0)
    message = judge(warm, source(), "left", B=other)["left"]
    panels = message["panels"]
    gain = panels["gain"]["panels"][0]
    assert [line["name"] for line in gain["lines"] if line.get("design") == 1] == ["B", "B target"]
    design = designer.design(designer.loads(source().text))
    own = [line["name"] for line in gain_figure(design, "left")["panels"][0]["lines"]]  # type: ignore[typeddict-item] # curves
    assert [line["name"] for line in gain["lines"] if "design" not in line] == own
    assert [line["name"] for line in panels["effort"]["panels"][0]["lines"] if line.get("design") == 1] == ["B"]
    assert len([line for line in panels["ear"]["panels"][0]["lines"] if line.get("design") == 1]) == 1
    assert [line.get("design") for line in panels["impulse"]["panels"][0]["lines"]] == [1, 1, 1, None, None, None]
    (laid,) = panels["map"]["panels"][0]["others"]
    assert laid["overlay"] == "B"
    assert laid["z"][2:4] == panels["map"]["panels"][0]["z"][2:4]  # of as many numbers and rows


def test_every_panel_is_there_and_short_of_title(warm: Judge) -> None:
    """Seven panels, all JSON; titles fit a panel of 320 pixels."""
    message = judge(warm, source(), "centre")["centre"]
    assert set(message["panels"]) == {"gain", "effort", "map", "polar", "impulse", "ear", "layout"}
    for shown in message["panels"].values():
        assert shown["title"] == ""
        assert all(len(panel["title"]) <= 31 for panel in shown["panels"])
    json.dumps(message, allow_nan=False)


def test_what_cannot_be_met_is_named(warm: Judge) -> None:
    """A curve out of reach is infeasible, with exit code 4 and the requirement in words; the panels are there all the same."""
    message = judge(warm, source(designs__left__cancellation_gain_db=[[500, 40], [6000, 40]]), "left", "right")
    left, right = message["left"]["verdict"], message["right"]["verdict"]
    assert (left["outcome"], left["status"]) == ("infeasible", EXIT_INFEASIBLE)
    assert left["missed"][0].startswith("the curve missed by up to 2"), left["missed"]
    assert left["met"] < left["required"]
    assert (right["outcome"], right["missed"]) == ("met", [])
    assert message["left"]["panels"]


def test_a_design_that_fails_is_an_answer(warm: Judge) -> None:
    """A data file that is none, and a state with faults: told in the verdict of each channel, with the exit code of the command."""
    broken = Source(source().text.replace('head = "sphere"', 'head = "none.sofa"'), FILE.parent.absolute(), "x")
    for base, words in ((broken, "none.sofa"), (Source("title = 3", FILE.parent.absolute(), "x"), "sample_rate_hz")):
        messages = judge(warm, base, "left", "centre")
        assert [message["verdict"]["outcome"] for message in messages.values()] == ["failed", "failed"]
        assert messages["left"]["verdict"]["status"] == EXIT_BAD_INPUT
        assert words in messages["left"]["verdict"]["words"]
        assert messages["left"]["panels"] == {}


def test_panels_are_the_registrys_figures() -> None:
    """The gain of the panel is that of the design folder's figure, number for number."""
    design = designer.design(designer.loads(source().text))
    (ours,), (theirs,) = judged_panels(design, "left", {})["gain"]["panels"], gain_figure(design, "left")["panels"]
    for line, other in zip(ours["lines"], theirs["lines"], strict=True):  # type: ignore[typeddict-item] # curves
        assert (line["y"] == other["y"]).all() or line["name"] == "target"
    assert verdict(design, "left")["outcome"] == "met"
