"""The file is the only state: text, undo, snapshots, faults, and a command that makes each state."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import designer
from designer.comparison.key_differences import changes_between
from designer.errors import EXIT_DONE, EXIT_INFEASIBLE, EXIT_MISSED, ProblemError, UsageError
from designer.studio.document import Document

if TYPE_CHECKING:
    from command import Command

FILE = Path("problems/smart-speaker.toml")


@pytest.fixture
def document() -> Document:
    """The smart speaker, as on disk."""
    return Document(FILE.read_text(), FILE.parent, str(FILE))


def test_an_edit_keeps_every_other_line(document: Document) -> None:
    """A dragged point changes the lines of the two curves that it is of, and no other character of the file."""
    before = document.text.splitlines()
    assert document.move("curve:0:2", 1700.0, 13.0)
    after = document.text.splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 2
    for old, new in changed:
        assert old.replace("[2000, 12]", "[1700.0, 13.0]").replace(" ", "") == new.replace(" ", "").replace(
            "[500.0,4.0]", "[500,4]"
        )


def test_undo_and_redo_walk_the_same_texts(document: Document) -> None:
    """Each step back gives the text before it, each step forth the one after; a new edit ends what was to be redone."""
    texts = [document.text]
    for values in ({"designs.left.max_effort_db": 9}, {"realization.taps": 256}, {"title": "another"}):
        assert document.set(values)
        texts.append(document.text)
    assert len(set(texts)) == 4
    for text in texts[-2::-1]:
        assert document.undo()
        assert document.text == text
    assert not document.undo()
    for text in texts[1:]:
        assert document.redo()
        assert document.text == text
    assert not document.redo()
    document.undo()
    document.set({"realization.taps": 128})
    assert document.state()["redo"] is None
    assert document.state()["undo"] == "set realization.taps"


def test_of_large_texts_fewer_steps_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The history is bounded in letters, the newest steps stay, and one always does."""
    monkeypatch.setattr("designer.studio.document.MOST_LETTERS", 1000)
    document = Document("x = 0", Path(), "large.toml")
    for n in range(1, 9):
        document.edit(f"x = {n} #".ljust(300, "-"))
    back = [document.text[4] for _ in range(20) if document.undo()]
    assert back == ["7", "6", "5"]
    document.edit("y" * 5000)
    document.edit("z")
    assert document.undo() and document.text == "y" * 5000 and not document.undo()


def test_nothing_changed_is_no_step(document: Document) -> None:
    """The value that a key has already is not recorded; the version stays."""
    version = document.version
    assert not document.set({"designs.left.max_effort_db": 13.0})
    assert document.version == version
    assert document.state()["undo"] is None
    assert not document.dirty


def test_a_key_that_the_file_lacks_is_put_into_its_table(document: Document) -> None:
    """A table that is not there comes with it; null takes the key out again."""
    document.set({"virtualizer.angle_deg": 40})
    document.set({"designs.left.driver_spread.gain_db": 1.0})
    problem = designer.loads(document.text, folder=FILE.parent)
    assert problem.virtualizer is not None
    assert problem.virtualizer.angle_deg == 40.0
    assert problem.designs[0].driver_spread is not None
    assert problem.designs[0].driver_spread.gain_db == 1.0
    document.set({"designs.left.driver_spread": None})
    assert designer.loads(document.text, folder=FILE.parent).designs[0].driver_spread is None


def test_every_fault_stands_beside_its_key_and_the_last_good_state_stays(document: Document) -> None:
    """Two faults typed at once are both told, as the loader tells them; what was good before is what stays judged."""
    good = document.good
    text = document.text.replace("taps = 512", "taps = 1").replace("max_effort_db = 13.0", "max_effort_db = 999.0", 1)
    document.edit(text)
    with pytest.raises(ProblemError) as error:
        designer.loads(text, folder=FILE.parent)
    assert [fault["key"] for fault in document.faults] == ["designs[0].max_effort_db", "realization.taps"]
    assert [fault["message"] for fault in document.faults] == [str(fault) for fault in error.value.faults]
    assert document.problem is None
    assert document.good is good
    assert document.state()["faults"] == document.faults
    assert document.set({"realization.taps": 256})  # one fault mended by its key while another is there
    assert [fault["key"] for fault in document.faults] == ["designs[0].max_effort_db"]
    with pytest.raises(UsageError, match="got a state with faults"):
        document.snapshot("A")


def test_a_text_that_is_no_toml_names_its_line(document: Document) -> None:
    """Its one fault has the line of the text; no key can be set until it is mended."""
    lines = document.text.splitlines()
    lines[3] = "sample_rate_hz = = 48000"
    document.edit("\n".join(lines))
    assert document.faults[0].get("line") == 4
    with pytest.raises(UsageError, match=r"not TOML.*mend the text first"):
        document.set({"realization.taps": 64})


def test_a_key_that_names_nothing_is_refused_with_the_nearest(document: Document) -> None:
    """As `--set` refuses it; nothing is recorded."""
    with pytest.raises(UsageError, match="max_effort_db"):
        document.set({"designs.left.max_efort_db": 3})
    assert document.state()["undo"] is None


def test_a_snapshot_keeps_comes_back_and_tells_its_differences(document: Document) -> None:
    """What differs is told as key, here and there; recalling one is a step that can be undone."""
    document.snapshot("B")
    kept = document.text
    document.set({"designs.left.max_effort_db": 9, "realization.taps": 256})
    assert {(row["key"], row["here"], row["there"]) for row in document.differences("B")} == {
        ("designs[left].max_effort_db", "9", "13"),
        ("realization.taps", "256", "512"),
    }
    document.lay(["B"])
    document.recall("B")
    assert document.text == kept
    assert document.differences("B") == []
    assert document.state()["laid"] == ["B"]
    document.undo()
    assert document.text != kept
    document.forget("B")
    assert document.state()["laid"] == []
    with pytest.raises(UsageError, match=r"snapshot B: it was not taken; expected .*; take it first"):
        document.recall("B")


def test_what_is_on_disk_decides_what_saving_asks(document: Document) -> None:
    """A fault, a change on disk, a state that is not judged or not feasible each hinder; a good judged state does not."""
    assert document.hinders(EXIT_DONE) is None
    assert (document.hinders(None) or ("",))[0] == "unjudged"
    assert (document.hinders(EXIT_INFEASIBLE) or ("",))[0] == "infeasible"
    document.edit(document.text.replace("taps = 512", "taps = 1"))
    about, message, _ = document.hinders(EXIT_DONE) or ("", "", "")
    assert about == "faulty"
    assert "realization.taps: got 1" in message
    document.saw("another program's text")
    about, message, _ = document.hinders(EXIT_DONE) or ("", "", "")
    assert about == "disk"
    assert "realization.taps: got 1" in message
    assert document.on_disk == "changed"
    document.reload(FILE.read_text())
    assert (document.on_disk, document.dirty, document.hinders(EXIT_DONE)) == ("same", False, None)
    document.saw(None)
    assert (document.hinders(EXIT_DONE) or ("",))[0] == "gone"


def test_the_state_is_json(document: Document) -> None:
    """With a far field, whose distance has no end, too."""
    document.set({"grid.azimuth_distance_m": "inf"})
    assert document.problem is not None
    state = json.loads(json.dumps(document.state(), allow_nan=False))
    assert state["data"]["grid"]["azimuth_distance_m"] == "inf"
    assert state["version"] == 2
    assert [channel["name"] for channel in state["channels"]] == ["left", "right", "centre"]


EDITS: dict[str, tuple[list[tuple[str, float, float]], dict[str, Any]]] = {
    "a curve and a driver": ([("curve:0:2", 1700.0, 13.0), ("driver:0:layout-plan", -0.06, 0.05)], {}),
    "a table more": ([], {"virtualizer.angle_deg": 40, "realization.word": "q31"}),
    "a mask line less, a limit gone": ([], {"designs.centre.mask": None, "designs.left.max_effort_db": None}),
    "names with spaces": ([], {"title": 'a "new" title', "drivers[1].name": "the front"}),
}


@pytest.mark.parametrize("name", EDITS)
def test_the_command_makes_the_same_problem(name: str) -> None:
    """Its `--set` options, given to the file on disk, make the state's tables."""
    from designer.cli.application import with_set

    document = Document(FILE.read_text(), FILE.parent, str(FILE))
    moves, values = EDITS[name]
    for move in moves:
        document.move(*move)
    if "drivers[1].name" in values:
        document.set({f"designs[{i}].drivers": ["left", "the front", "right"] for i in range(2)} | values)
    elif values:
        document.set(values)
    words = shlex.split(document.command)
    assert words[:3] == ["designer", "design", str(FILE)]
    assert words[3::2] == ["--set"] * (len(words) // 2 - 1)
    problem = with_set(designer.load(FILE), words[4::2])
    assert document.problem is not None
    assert problem.model_dump(exclude_unset=True) == document.problem.model_dump(exclude_unset=True)
    commanded = document.as_commanded()
    assert commanded is not None
    assert (commanded.text, commanded.changes) == (problem.text, problem.changes)


def test_the_command_runs_and_makes_the_same_design(tmp_path: Path, designer_command: Command) -> None:
    """`designer new` and the state's `designer design` write the taps that the state's own problem has, to the last bit."""
    origin = "designer new pair.toml --shape pair --width 0.3 --distance 1.5"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        assert designer_command(*shlex.split(origin)[1:])[0] == 0
        text = Path("pair.toml").read_text()
        document = Document(text, Path(), "pair.toml", origin=origin)
        assert document.on_disk == "new"
        document.move("curve:0:1", 700.0, 6.0)
        document.set({"realization.taps": 448, "grid.frequencies": 33})
        first, second = document.command.split(" && ")
        assert first == origin
        assert designer_command(*shlex.split(second)[1:], "--quick").code in (EXIT_DONE, EXIT_INFEASIBLE, EXIT_MISSED)
        assert document.problem is not None
        design, again = designer.design(document.problem), designer.open("out/pair")
    assert design.taps["left"].shape == (2, 448)
    for channel in design.taps:
        assert (design.taps[channel] == again.taps[channel]).all()


def test_differences_name_tables_as_a_person_would() -> None:
    """By a name that is its own, and counted where the name changes."""
    before = designer.load(FILE)
    after = before.replace(
        {"drivers.front.max_gain_db": 9, "designs.centre.name": "middle", "designs.centre.fade_octaves": 1.0}
    )
    assert changes_between(before, after) == {
        "drivers.front.max_gain_db": 9.0, "designs.centre.name": "middle", "designs.centre.fade_octaves": 1.0,
    }  # fmt: skip
