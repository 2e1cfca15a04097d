"""A session as its tabs see it: answers, other tabs, the file on disk, saving, connections that end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from designer.problem.library import SCHEMA_FILE, schema_text
from designer.studio.tab import Tab, encoded
from studio.serving import Message, Page, Studio, served

PAIR = Path(__file__).parents[2].joinpath("problems", "laptop-pair.toml").read_text(encoding="utf-8")
TEXT = PAIR + "\n[realization]\ntaps = 512  # of each filter\n"
TAPS = "realization.taps"


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    file = tmp_path / "pair.toml"
    file.write_text(TEXT)
    with served(file) as studio:
        yield studio


@pytest.fixture
def page(studio: Studio) -> Iterator[Page]:
    with studio.page() as page:
        page.next("judged", version=1)
        yield page


def with_taps(taps: int) -> str:
    changed = TEXT.replace("taps = 512", f"taps = {taps}")
    assert changed != TEXT
    return changed


def test_hello_is_answered_by_state_and_verdict(studio: Studio) -> None:
    """The first channel of the file is looked at where the tab names none."""
    with studio.socket() as socket:
        page = Page(socket)
        state = page.ask("hello", 7)
        assert (state["is"], state["text"], state["dirty"], state["autosave"]) == ("state", TEXT, False, False)
        assert page.next("judged")["channel"] == state["channels"][0]["name"] == "left"


def test_a_tab_has_curves_to_look_at_before_there_is_a_verdict(tmp_path: Path) -> None:
    """Those of the first channel are asked for before any tab is there, and wait for it; those of another when it is shown."""
    file = tmp_path / "pair.toml"
    file.write_text(TEXT)
    with served(file, judges=False) as studio, studio.page() as page:
        live = page.next("live")
        assert (live["channel"], live["version"], live["values"]) == ("left", 1, {})
        with studio.page("right") as other:
            assert other.next("live")["channel"] == "right"
        studio.engine.judges = True
        page.ask("set", 1, values={TAPS: 256}, phase="drop")
        page.next("judged", version=2)


def test_a_change_is_answered_told_and_judged(studio: Studio, page: Page) -> None:
    """`state` with the id to who asked and without it to the other tab; then the verdict on that version to both."""
    with studio.page() as other:
        state = page.ask("set", 11, values={TAPS: 256}, phase="drop")
        assert (state["is"], state["version"], state["dirty"]) == ("state", 2, True)
        assert "taps = 256" in state["text"]
        told = other.next("state", version=2)
        assert "id" not in told
        assert told["text"] == state["text"]
        assert page.next("judged")["version"] == other.next("judged", version=2)["version"] == 2


def test_a_drag_is_live_and_in_no_history(studio: Studio, page: Page) -> None:
    """Answered by `live` with its id; the other tab gets the same without; the text stays."""
    with studio.page() as other:
        live = page.ask("set", 12, values={TAPS: 300}, phase="drag", channel="left")
        assert (live["is"], live["values"]) == ("live", {TAPS: 300})
        told = other.next("live")
        assert "id" not in told
        assert told["values"] == live["values"]
        page.send("set", values={}, phase="cancel")
        page.next("judged", version=1)
        assert page.ask("hello", 13)["text"] == TEXT
        assert ("cancel",) in studio.engine.asked


def test_tabs_hear_of_the_channel_that_they_look_at(studio: Studio, page: Page) -> None:
    """Each tab's channel is judged, the first asker's first, and shown to nobody else."""
    with studio.page("right") as other:
        assert other.next("judged")["channel"] == "right"
        page.send("text", text=with_taps(128))
        assert page.next("judged", version=2)["channel"] == "left"
        assert other.next("judged", version=2)["channel"] == "right"
        assert {m["channel"] for m in page.heard if m["is"] == "judged"} == {"left"}
        page.send("show", channel="right")
        assert page.next("judged")["channel"] == "right"


def test_a_tab_that_looks_at_no_channel_sees_the_first(studio: Studio, page: Page) -> None:
    """The engine is never asked for a channel that is gone."""
    page.send("show", channel="gone")
    assert page.next("judged")["channel"] == "left"
    assert {channel for kind, *_, channels in studio.engine.asked if kind == "judge" for channel in channels} == {
        "left"
    }


def test_undo_redo_snapshots_and_recall(page: Page) -> None:
    """Each is a step of the document, seen in the answer."""
    page.ask("set", 1, values={TAPS: 256}, phase="drop")
    assert page.ask("snapshot", 2, name="A")["snapshots"][0]["name"] == "A"
    state = page.ask("undo", 3)
    assert (state["text"], state["undo"], state["snapshots"][0]["differences"][0]["there"]) == (TEXT, None, "256")
    assert "taps = 256" in page.ask("redo", 4)["text"]
    page.ask("undo", 5)
    assert "taps = 256" in page.ask("recall", 6, name="A")["text"]
    assert page.ask("lay", 7, names=["A"])["laid"] == ["A"]
    assert page.ask("forget", 8, name="A")["snapshots"] == []


def test_laying_a_snapshot_over_has_the_panels_made_anew(studio: Studio, page: Page) -> None:
    """The same version is judged again, with its overlays, and its verdict stays known."""
    page.ask("snapshot", 1, name="B")
    before = len([asked for asked in studio.engine.asked if asked[0] == "judge"])
    page.ask("lay", 2, names=["B"])
    page.next("judged", version=1)
    assert len([asked for asked in studio.engine.asked if asked[0] == "judge"]) == before + 1
    assert page.ask("save", 3)["is"] == "done"


BAD_REQUESTS = [
    ("", "no JSON"),
    ("[" * 100_000, "no JSON"),
    ('{"do": "move", "x": NaN}', "NaN is no number of JSON"),
    ("[]", "does not fit the protocol"),
    ('{"do": "text", "text": "# \\ud83d"}', "surrogates not allowed"),
    ('{"do": "format the disk"}', "does not fit the protocol"),
    ('{"do": "move", "handle": "driver:left", "x": "near", "y": 0, "phase": "drop"}', "x: Input should be a valid number"),
    ('{"do": "snapshot", "name": "../E"}', "name: Input should be 'A', 'B', 'C' or 'D'"),
    ('{"do": "set", "values": {"nonsense": 1}, "phase": "drop"}', "nonsense"),
    ('{"do": "move", "handle": "none", "x": 0, "y": 0, "phase": "drop"}', "none"),
    ('{"do": "hand", "over": "everything"}', "does not fit the protocol"),
]  # fmt: skip


def test_a_bad_request_is_an_error_and_nothing_else(page: Page) -> None:
    """The session goes on after each, and the document is as it was."""
    for number, (text, message) in enumerate(BAD_REQUESTS, start=101):
        page.socket.send(text)
        assert message in page.next("error")["message"], text
        assert page.ask("hello", number)["version"] == 1, text


def test_an_error_has_the_id_of_its_request(page: Page) -> None:
    """Also where the request fits nothing."""
    assert page.ask("set", 21, values={"nonsense": 1}, phase="drop")["is"] == "error"
    assert page.ask("nothing", 22)["is"] == "error"


def test_a_request_that_comes_again_is_done_once(studio: Studio, page: Page) -> None:
    """A tab that lost its connection before the answer asks again from a new one: one step, the same answer."""
    page.ask("set", 31, values={TAPS: 256}, phase="drop")
    with studio.page() as again:
        state = again.ask("set", 31, values={TAPS: 256}, phase="drop")
        assert state["version"] == 2
        again.ask("undo", 32)
        assert again.ask("undo", 32)["text"] == TEXT
        assert again.ask("redo", 33)["version"] == 4


def test_a_closed_tab_loses_nothing(studio: Studio) -> None:
    """What it changed is there when it comes back, with undo and snapshots."""
    with studio.page() as page:
        page.ask("set", 41, values={TAPS: 256}, phase="drop")
        page.ask("snapshot", 42, name="C")
    with studio.page() as page:
        state = page.heard[-1]
        assert "taps = 256" in state["text"]
        assert state["undo"]
        assert state["snapshots"][0]["name"] == "C"
        assert page.next("judged")["version"] == 2


def test_a_tab_that_does_not_read_gets_the_newest_only() -> None:
    """What waits for it does not grow with every drag; answers that it asked for all wait."""
    tab = Tab()
    for n in range(200):
        tab.put({"is": "live", "id": n, "channel": "left", "n": n})
        tab.put({"is": "live", "channel": "right", "n": n})
        tab.put({"is": "state", "version": n})
        tab.put({"is": "working", "stage": "designs"})
    tab.put({"is": "state", "id": 7, "version": 3})
    tab.put({"is": "error", "id": 8, "message": "no"})

    async def read() -> list[Message]:
        return [json.loads(await tab.next()) for _ in range(6)]

    messages = asyncio.run(asyncio.wait_for(read(), 10))
    assert [message.get("n", message.get("version")) for message in messages] == [199, 199, 199, None, 3, None]


def test_saving_keeps_comments_and_says_where(studio: Studio, page: Page) -> None:
    """The file has the value in its place and every other byte as it was."""
    page.ask("set", 1, values={TAPS: 256}, phase="drop")
    done = page.ask("save", 2)
    assert (done["is"], done["path"]) == ("done", str(studio.file))
    assert studio.file.read_text() == with_taps(256)
    assert page.heard[-2]["is"] == "state"
    assert page.heard[-2]["dirty"] is False


def test_a_faulty_state_is_not_saved_unasked(studio: Studio, page: Page) -> None:
    """It is a question, with the fault in words; asked again with `despite` it is saved."""
    page.ask("text", 1, text=TEXT + "\nnonsense = 1\n")
    question = page.ask("save", 2)
    assert (question["is"], question["about"]) == ("question", "faulty")
    assert "nonsense" in question["message"]
    assert studio.file.read_text() == TEXT
    assert page.ask("save", 3, despite=True)["is"] == "done"
    assert studio.file.read_text().endswith("nonsense = 1\n")


def test_an_infeasible_state_is_not_saved_over_a_good_one_unasked(studio: Studio, page: Page) -> None:
    """A save waits for the verdict; over a file that was infeasible itself nothing is asked."""
    studio.engine.status = lambda document: 4 if "taps = 64" in document.text else 0
    page.ask("text", 1, text=with_taps(64))
    question = page.ask("save", 2)
    assert (question["is"], question["about"]) == ("question", "infeasible")
    assert studio.file.read_text() == TEXT
    assert page.ask("save", 3, despite=True)["is"] == "done"
    page.ask("text", 4, text=with_taps(64) + "# a comment\n")
    assert page.ask("save", 5)["is"] == "done"


def test_a_state_that_cannot_be_judged_is_not_saved_unasked(studio: Studio, page: Page) -> None:
    """Where the engine ends with an error there is no verdict."""
    studio.engine.status = lambda document: None if document.version > 1 else 0
    page.ask("text", 1, text=with_taps(64))
    question = page.ask("save", 2)
    assert (question["is"], question["about"]) == ("question", "unjudged")


def test_an_editor_s_save_is_shown_at_once(studio: Studio, page: Page) -> None:
    """In every tab, as a step that can be undone, and judged."""
    studio.file.write_text(with_taps(128))
    state = page.next("state", version=2)
    assert (state["text"], state["dirty"], state["on_disk"]) == (with_taps(128), False, "same")
    page.next("judged", version=2)
    state = page.ask("undo", 1)
    assert (state["text"], state["dirty"]) == (TEXT, True)


def test_an_editor_s_save_over_unsaved_changes_is_a_question(studio: Studio, page: Page) -> None:
    """Nothing is taken and nothing written before it is answered; `reload` is a step that can be undone."""
    page.ask("set", 1, values={TAPS: 256}, phase="drop")
    studio.file.write_text(with_taps(128))
    question = page.next("question")
    assert question["about"] == "disk"
    state = page.next("state", on_disk="changed")
    assert "taps = 256" in state["text"]
    assert page.ask("save", 2)["about"] == "disk"
    assert studio.file.read_text() == with_taps(128)
    state = page.ask("reload", 3)
    assert (state["text"], state["dirty"], state["on_disk"]) == (with_taps(128), False, "same")
    assert "taps = 256" in page.ask("undo", 4)["text"]
    assert page.ask("save", 5)["is"] == "done"
    assert "taps = 256" in studio.file.read_text()


def test_a_tab_that_is_opened_later_is_asked_too(studio: Studio, page: Page) -> None:
    """A new tab shows the question about an editor's save, not the tag beside the file's name alone."""
    page.ask("set", 1, values={TAPS: 64}, phase="drop")
    studio.file.write_text(with_taps(128))
    question = page.next("question")
    with studio.page() as later:
        assert later.next("question") == question


def test_saving_over_an_editor_s_save_is_done_when_said(studio: Studio, page: Page) -> None:
    """With `despite`; and not where the change came after the question."""
    page.ask("set", 1, values={TAPS: 256}, phase="drop")
    studio.file.write_text(with_taps(128))  # not looked at yet, perhaps
    assert page.ask("save", 2, despite=True)["about"] == "disk"
    assert page.ask("save", 3, despite=True)["is"] == "done"
    assert studio.file.read_text() == with_taps(256)


def test_an_editor_s_save_over_a_faulty_text_is_named_first(studio: Studio, page: Page) -> None:
    """The question is about the file on disk; that the text has a fault stands beside it."""
    page.ask("text", 1, text=TEXT + "nonsense = 1")
    studio.file.write_text(with_taps(128))
    question = page.next("question")
    assert question["about"] == "disk"
    assert "the text here has a fault" in question["message"]


def test_a_deleted_file_is_a_question_and_nothing_is_lost(studio: Studio, page: Page) -> None:
    """The text stays, and a save writes it again."""
    studio.file.unlink()
    assert page.next("question")["about"] == "gone"
    state = page.next("state", on_disk="new")
    assert (state["text"], state["dirty"]) == (TEXT, True)
    assert page.ask("save", 1)["about"] == "gone"
    assert page.ask("save", 2, despite=True)["is"] == "done"
    assert studio.file.read_text() == TEXT


def test_autosave_writes_what_is_judged_good(studio: Studio, page: Page) -> None:
    """After each verdict; what is infeasible or faulty waits, and that is said once."""
    studio.engine.status = lambda document: 4 if "taps = 64" in document.text else 0
    assert page.ask("autosave", 1, on=True)["autosave"] is True
    page.ask("set", 2, values={TAPS: 256}, phase="drop")
    page.next("state", dirty=False, version=2)
    assert studio.file.read_text() == with_taps(256)
    page.ask("text", 3, text=with_taps(64))
    assert page.next("question")["about"] == "infeasible"
    page.ask("text", 4, text=with_taps(64) + "nonsense")
    page.ask("text", 5, text=with_taps(96))
    page.next("state", dirty=False, version=5)
    assert studio.file.read_text() == with_taps(96)
    assert len([message for message in page.heard if message["is"] == "question"]) == 1


def test_a_file_that_begins_with_faults_is_shown(tmp_path: Path) -> None:
    """Its text and its faults; what is mended is judged and saved."""
    file = tmp_path / "broken.toml"
    file.write_text(TEXT.replace("sample_rate_hz", "sample_rate"))
    with served(file) as studio, studio.page() as page:
        state = page.heard[-1]
        assert state["faults"]
        assert state["text"] == file.read_text()
        page.ask("text", 1, text=TEXT)
        page.next("judged", version=2)
        assert page.ask("save", 2)["is"] == "done"
    assert file.read_text() == TEXT


def test_a_new_file_is_written_with_its_schema(tmp_path: Path) -> None:
    """As `designer new` does: only when it is saved, and beside it the schema that its first line names."""
    file = tmp_path / "bar.toml"
    text = f"#:schema ./{SCHEMA_FILE}\n{TEXT.partition(chr(10))[2]}"
    with served(file, text, origin="designer new bar.toml") as studio, studio.page() as page:
        assert page.heard[-1]["on_disk"] == "new"
        page.next("judged", version=1)
        assert list(tmp_path.iterdir()) == []
        assert page.ask("save", 1)["is"] == "done"
    assert file.read_text() == text
    assert (tmp_path / SCHEMA_FILE).read_text() == schema_text()


def test_numbers_that_json_does_not_know_are_texts() -> None:
    """A browser takes every message."""
    message: dict[str, Any] = {"is": "live", "values": [float("inf"), {"a": float("nan")}, 1.5]}
    assert json.loads(encoded(message)) == {"is": "live", "values": ["inf", {"a": "nan"}, 1.5]}
