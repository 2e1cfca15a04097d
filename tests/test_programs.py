"""A test whose program is missing says which package has it, and fails where nothing may be skipped."""

from __future__ import annotations

import programs
import pytest


def test_a_missing_program_skips_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is what a reader installs."""
    monkeypatch.delenv(programs.STRICT, raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"^needs no-package \(Debian\)$"):
        programs.need("no-such-program", "no-package")


def test_a_missing_program_fails_where_programs_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable turns the skip into a failure with the same reason."""
    monkeypatch.setenv(programs.STRICT, "1")
    with pytest.raises(pytest.fail.Exception, match=r"needs no-package \(Debian\)"):
        programs.need("no-such-program", "no-package")


def test_a_program_that_is_there_is_named_by_its_path() -> None:
    """The shell that every machine of this project has."""
    assert programs.need("sh", "dash").endswith("/sh")


def test_a_missing_module_skips_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for what is imported."""
    monkeypatch.delenv(programs.STRICT, raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"^needs no-wheel \(PyPI\)$"):
        programs.need_module("no_such_module", "no-wheel")
    assert programs.need_module("json", "none").__name__ == "json"
