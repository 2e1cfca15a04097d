"""`designer docs`: the book of the installation or the checkout, at the entry of a name."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from command import run

from designer.cli import docs
from designer.problem.message_codes import CODES

INVENTORY = """key-eardesign-max_effort_db std:label -1 reference/made/problem-file/designs.html#key-eardesign-max-effort-db max_effort_db
key-export-targets std:label -1 reference/made/problem-file/export.html#$ targets
command-export std:label -1 reference/made/commands.html#$ designer export
table-export std:label -1 reference/made/problem-file/export.html#$ [export]
code-missing-key std:label -1 reference/made/codes.html#$ missing-key
target-c-q15 std:label -1 reference/made/targets.html#$ c-q15
theory/power-ratio std:doc -1 theory/power-ratio.html Power ratio
"""


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a first page and an inventory as Sphinx writes it, in the place of the installed book."""
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "index.html").write_text("<p>book</p>", encoding="utf-8")
    head = b"# Sphinx inventory version 2\n# Project: book\n# Version: 1\n# compressed by zlib\n"
    (folder / "objects.inv").write_bytes(head + zlib.compress(INVENTORY.encode()))
    monkeypatch.setattr(docs, "PACKAGED", folder)
    return folder


@pytest.mark.parametrize(
    ("topic", "address"),
    [
        ([], "index.html"),
        (["max_effort_db"], "reference/made/problem-file/designs.html#key-eardesign-max-effort-db"),
        (["export"], "reference/made/commands.html#command-export"),
        (["C-Q15"], "reference/made/targets.html#target-c-q15"),
        (["theory/power-ratio"], "theory/power-ratio.html"),
    ],
)
def test_the_address_of_a_name(
    book: Path, topic: list[str], address: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first page, or the entry of a key, a command before a table of its name, a target in any case, and a page."""
    ended = run(capsys, monkeypatch, "docs", *topic, "--no-browser")
    assert (ended.code, ended.out.strip()) == (0, f"{book.as_uri()}/{address}")


def test_a_code_is_explained_and_opened(
    book: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the code means is printed above the address of its entry."""
    ended = run(capsys, monkeypatch, "docs", "missing-key", "--no-browser")
    assert ended.code == 0
    assert ended.out == f"{CODES['missing-key']}\n{book.as_uri()}/reference/made/codes.html#code-missing-key\n"


def test_a_name_that_is_none(book: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt name ends with 2, and names the nearest."""
    ended = run(capsys, monkeypatch, "docs", "max_efort_db", "--no-browser")
    assert ended.code == 2
    assert "got 'max_efort_db'" in ended.err
    assert 'nearest known: "max_effort_db"' in ended.err


def test_no_book(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without a book ends with 2, and says what makes it."""
    monkeypatch.setattr(docs, "PACKAGED", tmp_path)
    monkeypatch.setattr(docs, "BUILT", tmp_path)
    ended = run(capsys, monkeypatch, "docs")
    assert ended.code == 2
    assert "python docs/build.py" in ended.err


def test_without_a_book_a_code_is_found_in_any_case_and_by_its_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installation that has no book explains codes; what is none is said to be none."""
    monkeypatch.setattr(docs, "PACKAGED", tmp_path)
    monkeypatch.setattr(docs, "BUILT", tmp_path)
    ended = run(capsys, monkeypatch, "docs", "Missing-Key")
    assert (ended.code, ended.out) == (0, f"{CODES['missing-key']}\n")
    ended = run(capsys, monkeypatch, "docs", "mising-key")
    assert ended.code == 2
    assert "'mising-key' is no message's code; nearest known: \"missing-key\"" in ended.err
