"""The command, run inside the test's own process: what it prints, and the exit code that it ends with."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from designer import cli


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Ended]


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Ended:
    monkeypatch.setattr(sys, "argv", ["designer", *arguments])
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:  # its code is what each test looks at
        cli.main()
    out, err = capsys.readouterr()
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return Ended(code or 0, out, err)
