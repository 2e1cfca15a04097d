"""The command, run inside the test's own process: what it prints, and the exit code that it ends with."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import pytest
import typer.main

from designer import cli


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Ended]
get_command = cache(typer.main.get_command)
"""The options of all commands, read from their signatures once and not at each run."""


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Ended:
    monkeypatch.setattr(sys, "argv", ["designer", *arguments])
    monkeypatch.setattr(typer.main, "get_command", get_command)
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:  # its code is what each test looks at
        cli.main()
    out, err = capsys.readouterr()
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return Ended(code or 0, out, err)
