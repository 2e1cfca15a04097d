"""A text with faults is a state as any other: shown as it is, its faults at their lines, and mended key by key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from designer.errors import UsageError
from designer.studio.document import Document

FILE = Path("problems/smart-speaker.toml")


def test_a_table_with_a_fault_is_mended_key_by_key() -> None:
    """A fourth driver without a place is in the tables that a form shows; its key is set though no problem before had that driver."""
    document = Document(FILE.read_text(encoding="utf-8"), FILE.parent, str(FILE))
    document.set({"drivers": [*document.state()["data"]["drivers"], {"name": "back"}]})
    state = document.state()
    assert [driver["name"] for driver in state["data"]["drivers"]] == ["left", "front", "right", "back"]
    (fault,) = state["faults"]
    assert fault["key"] == "drivers[3].position_m"
    assert fault["line"] == 1 + document.text.splitlines().index('name = "back"') - 1
    document.set({"drivers[3].position_m": [-0.0875, 0, 0]})
    assert document.faults == [] and document.problem is not None
    assert document.problem.drivers[3].position_m == [-0.0875, 0.0, 0.0]
    assert 'name = "left"                       # the listener\'s left' in document.text


def test_a_key_that_nothing_knows_is_refused_or_taken_out() -> None:
    """A new key must be one that its table knows; one that the text has misspelt can be taken out."""
    text = FILE.read_text(encoding="utf-8")
    document = Document(text.replace("max_effort_db", "max_efort_db", 1), FILE.parent, str(FILE))
    document.edit(text)
    document.edit(text.replace("max_effort_db", "max_efort_db", 1))
    with pytest.raises(UsageError, match="which is no key"):
        document.set({"designs[1].max_efort_db": 3})
    document.set({"designs[0].max_efort_db": None})
    assert document.faults == [] and "max_efort_db" not in document.text


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("deep = " + "[" * 2000, "lists or tables nested more than 32 deep, at line 1"),
        ("deep = " + "[" * 330 + "]" * 330, "lists or tables nested more than 32 deep, at line 1"),
        ("long = " + "1" * 5000, "a whole number of thousands of digits"),
    ],
)
def test_a_text_that_the_parser_gives_up_on_is_shown_and_left_again(line: str, fault: str) -> None:
    """Its state is that of any text with a fault: the last good tables beside it, no key set in it, and one step back."""
    text = FILE.read_text(encoding="utf-8")
    document = Document(text, FILE.parent, str(FILE))
    document.edit(f"{line}\n{text}")
    state = document.state()
    assert fault in state["faults"][0]["message"]
    assert state["data"]["sample_rate_hz"] == 48000 and state["text"].startswith(line[:9])
    with pytest.raises(UsageError, match=re.escape(f"{fault}; mend the text first")):
        document.set({"title": "x"})
    assert document.undo() and document.state()["faults"] == []


def test_a_whole_number_beyond_every_float_is_a_fault_of_its_key() -> None:
    """It has 400 digits, which JSON may hold."""
    document = Document(FILE.read_text(encoding="utf-8"), FILE.parent, str(FILE))
    document.set({"drivers[0].max_gain_db": 10**400})
    (fault,) = document.faults
    assert fault["key"] == "drivers[0].max_gain_db"


@pytest.mark.parametrize("key", ["designs[0].name", "designs[0]"])
def test_no_key_is_set_in_a_table_that_is_no_list_now(key: str) -> None:
    """One bracket too few makes a table of a list."""
    text = FILE.read_text(encoding="utf-8")
    document = Document(text, FILE.parent, str(FILE))
    before, first, *_ = text.split("[[designs]]")
    document.edit(f"{before}[designs]{first}")
    with pytest.raises(UsageError, match="the text has no such place now; mend its faults first"):
        document.set({key: "x"})
