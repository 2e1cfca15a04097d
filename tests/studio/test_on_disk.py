"""The problem file on disk, as an editor, a person and the studio itself change it."""

from __future__ import annotations

import errno
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from designer.errors import DataError, OutputError, UsageError
from designer.studio import on_disk
from designer.studio.on_disk import GONE_S, LOOK_S, UNFINISHED_S, Change, OnDisk, text_of


class Watched:
    """A file that is looked at as time goes by."""

    def __init__(self, path: Path) -> None:
        self.now_s = 0.0
        self.disk = OnDisk(path, lambda: self.now_s)

    def changes(self, seconds: float) -> list[tuple[float, Change]]:
        """Changes that are told within some seconds, and when."""
        begin_s, told = self.now_s, []
        while self.now_s < begin_s + seconds - 1e-9:
            self.now_s += LOOK_S
            if change := self.disk.look():
                told.append((self.now_s - begin_s, change))
        return told


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.toml"
    path.write_text("a = 1  # one\n")
    return path


def in_place(path: Path, text: str) -> None:
    path.write_text(text)


def replaced(path: Path, text: str) -> None:
    other = path.with_name("#editor")
    other.write_text(text)
    other.replace(path)


def deleted_first(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text)


@pytest.mark.parametrize("save", [in_place, replaced, deleted_first])
def test_an_editor_s_save_is_told_at_once(file: Path, save: Callable[[Path, str], None]) -> None:
    """However editors save: within three looks, once."""
    watched = Watched(file)
    assert watched.changes(0.5) == []
    save(file, "a = 2\n")
    ((when_s, change),) = watched.changes(2.0)
    assert change == Change("a = 2\n")
    assert when_s <= 3 * LOOK_S


def test_half_of_a_file_is_waited_for(file: Path) -> None:
    """A text that stops in the middle is not told while the rest may come."""
    watched = Watched(file)
    file.write_text("a = [1,\n")
    assert watched.changes(UNFINISHED_S - 2 * LOOK_S) == []
    file.write_text("a = [1, 2]\n")
    assert [change for _, change in watched.changes(1.0)] == [Change("a = [1, 2]\n")]


def test_a_file_that_stays_empty_or_broken_is_told(file: Path) -> None:
    """After a second it is what somebody wants there."""
    watched = Watched(file)
    for text in ("", "a = [1,\n"):
        file.write_text(text)
        ((when_s, change),) = watched.changes(3.0)
        assert change == Change(text)
        assert when_s >= UNFINISHED_S


def test_a_file_that_goes_and_comes_back_is_not_gone(file: Path) -> None:
    """Between the two moves of an editor nothing is told; a file that stays away is."""
    watched = Watched(file)
    file.rename(file.with_name("a.toml~"))
    assert watched.changes(GONE_S - 2 * LOOK_S) == []
    file.with_name("a.toml~").rename(file)
    assert watched.changes(2.0) == []
    file.unlink()
    ((when_s, change),) = watched.changes(3.0)
    assert change == Change(None)
    assert when_s >= GONE_S


def test_the_same_text_again_is_no_change(file: Path) -> None:
    """As after `touch`, or a checkout of the same version."""
    watched = Watched(file)
    replaced(file, file.read_text())
    assert watched.changes(2.0) == []


def test_the_studio_s_own_save_is_no_change(file: Path) -> None:
    """It is read back as no one else's."""
    watched = Watched(file)
    watched.disk.write("a = 3\n")
    assert file.read_text() == "a = 3\n"
    assert watched.changes(2.0) == []
    assert watched.disk.changed() is None


def test_saving_keeps_the_file_s_rights_and_leaves_nothing_beside_it(file: Path) -> None:
    """The mode stays; no hidden folder stays."""
    file.chmod(0o640)
    OnDisk(file, lambda: 0.0).write("é = 1\r\n# b\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert file.read_bytes() == "é = 1\r\n# b\n".encode()
    assert [path.name for path in file.parent.iterdir()] == ["a.toml"]


def test_a_change_just_before_a_save_is_seen(file: Path) -> None:
    """Without waiting, whole or not: nothing is to be written over it unasked."""
    watched = Watched(file)
    file.write_text("a = [4")
    assert watched.disk.changed() == Change("a = [4")
    assert watched.disk.changed() is None


def test_a_save_that_fails_leaves_the_file_and_the_watch_as_they_were(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is an error, and the next change is told."""

    def full(path: Path, text: bytes) -> NoReturn:
        raise OSError(errno.ENOSPC, "no space left on device")

    watched = Watched(file)
    with monkeypatch.context() as patch, pytest.raises(OutputError, match="no space left"):
        patch.setattr(Path, "write_bytes", full)
        watched.disk.write("a = 5\n")
    assert file.read_text() == "a = 1  # one\n"
    file.write_text("a = 6\n")
    assert [change for _, change in watched.changes(1.0)] == [Change("a = 6\n")]


def test_a_link_is_neither_read_nor_replaced(file: Path, tmp_path: Path) -> None:
    """A file that becomes a link to another is a fault, and a save through it is refused."""
    secret = tmp_path / "secret"
    secret.write_text("b = 1\n")
    watched = Watched(file)
    file.unlink()
    file.symlink_to(secret)
    ((_, change),) = watched.changes(3.0)
    assert change.text is None
    assert "got a link" in change.fault
    with pytest.raises(UsageError, match="links are not followed"):
        watched.disk.write("a = 7\n")
    assert secret.read_text() == "b = 1\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"a = '\xff'", "byte 5 is not UTF-8"), (b"x" * 101, "got 101 bytes; expected at most 100")],
)
def test_what_is_no_problem_file_is_refused(
    file: Path, content: bytes, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with what was found."""
    monkeypatch.setattr(on_disk, "MAX_BYTES", 100)
    file.write_bytes(content)
    with pytest.raises(DataError, match=message):
        text_of(file)
    with pytest.raises(DataError, match="got no file"):
        text_of(file.parent)
    with pytest.raises(DataError, match="no such file"):
        text_of(file.with_name("none"))
