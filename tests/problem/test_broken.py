"""Bad problem files: each of `problems/broken/` ends with its faults and their message, exit code 3, and nothing written."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from command import run
from toml_text import pair, toml

import designer
from designer.errors import ProblemError
from problem.broken_cases import BROKEN, WITHOUT_FILE, copied, faults, kind_and_path, messages, refusal

FAULTS = faults()
MESSAGES = messages()
EVERY_COMMAND = {"no-such-file", "latin-1", "not-toml", "unknown-key", "head-file-missing", "everything-at-once"}
"""One of each stage that refuses a file: `check` says what `design` says, and neither writes."""
PROMISED = {
    "a driver in the head": "driver-inside-the-head",
    "a driver in the sphere": "driver-inside-the-sphere",
    "a file that is not TOML": "not-toml",
    "a head's path that does not exist": "head-file-missing",
    "a mask with no azimuth": "mask-without-an-azimuth",
    "a missing key": "missing-key",
    "a negative distance": "negative-distance",
    "a path that does not exist": "no-such-file",
    "a band above Nyquist": "band-above-nyquist",
    "a device in a wall": "device-in-a-wall",
    "a listener outside the room": "listener-outside-the-room",
    "a reverberation time that the room cannot have": "room-with-a-short-rt60",
    "walls that absorb more than all": "room-absorption-in-percent",
    "a wrong type": "wrong-type",
    "all faults at once": "everything-at-once",
    "an ear in the device": "ear-inside-the-device",
    "an empty file": "empty-file",
    "an unknown key": "unknown-key",
    "an unknown kind": "unknown-kind",
    "an unsorted target curve": "curve-unsorted",
    "infinity": "infinity",
    "NaN": "nan",
    "two drivers at one place": "drivers-at-one-place",
    "two drivers of one name": "drivers-of-one-name",
}


def test_each_file_has_its_faults() -> None:
    """No broken problem without the faults that it is to have and their message, and no fault or message without its problem."""
    assert {file.stem for file in BROKEN.iterdir()} | WITHOUT_FILE == set(FAULTS) == set(MESSAGES)
    assert set(PROMISED.values()) <= set(FAULTS)


@pytest.mark.parametrize("case", FAULTS)
def test_message(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each bad file is refused for its faults with its exact message, in Python and by the command: exit code 3, nothing written.

    Each fault stands in a line of its own, with what is allowed or what to do beside what was found.
    """
    name = copied(case, tmp_path)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    refused = refusal(case)
    assert [kind_and_path(fault) for fault in refused.faults] == FAULTS[case]
    assert str(refused) == MESSAGES[case]
    first, *lines = str(refused).split("\n")
    assert first == f"{name}: {len(refused.faults)} fault{'s' if len(lines) != 1 else ''}"
    assert lines == [f"  {fault}" for fault in refused.faults]
    assert all("; " in line for line in lines)
    commands = [["check", name], ["check", name, "-o", "figures"], ["design", name], ["design", name, "-o", "new"]]
    for command in commands if case in EVERY_COMMAND else commands[2:3]:
        ended = run(capsys, monkeypatch, *command)
        assert (ended.code, ended.out) == (3, "")
        assert ended.err.startswith(f"error: {refused}\nmore: designer docs ")
        assert [code for code in refused.codes if not re.search(rf"\b{code}\b", ended.err.splitlines()[-1])] == []
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("case", ["unknown-key"])
def test_message_of_the_installed_command(case: str, tmp_path: Path) -> None:
    """A process of its own ends the same way: the message on the error stream, without a traceback, and exit code 3."""
    name = copied(case, tmp_path)
    command = [sys.executable, "-m", "designer.cli", "design", name]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    expected = f"error: {MESSAGES[case]}\nmore: designer docs unknown-key\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "", expected)
    assert [file.name for file in tmp_path.iterdir()] == ([] if case in WITHOUT_FILE else [name])


def test_too_many_displacements() -> None:
    """1,001 displacements are refused, and the message does not repeat them."""
    problem = pair()
    problem["listener"]["ear_cloud_m"] = [[0, 0, 0]] * 1001
    with pytest.raises(ProblemError) as refused:  # the whole message is compared below
        designer.loads(toml(problem), source="far.toml")
    assert str(refused.value) == (
        "far.toml: 1 fault\n"
        "  listener.ear_cloud_m: got 1001 entries, [[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [...;"
        " expected a list of 1 to 1000 lists of 3 numbers from -10000 to 10000 (x, y, z)"
    )


def test_too_many_drivers() -> None:
    """257 drivers are refused."""
    problem = pair()
    problem["drivers"] = [{"name": f"d{n}", "position_m": [0.0, n * 1e-3, 0.0]} for n in range(257)]
    problem["designs"][0] |= {"drivers": ["d0", "d1"]}
    with pytest.raises(
        ProblemError, match=r"^many: 1 fault\n  drivers: got 257 entries, .*; expected a list of 1 to 256"
    ):
        designer.loads(toml(problem), source="many")


def test_a_valid_distance_may_be_infinite_and_no_other() -> None:
    """`azimuth_distance_m` alone may be inf: every other number of the file is refused with its path."""
    problem = pair()
    problem["grid"]["azimuth_distance_m"] = float("inf")
    assert designer.loads(toml(problem)).azimuth_distance_m == float("inf")
    problem["grid"]["azimuth_distance_m"] = float("-inf")
    with pytest.raises(ProblemError, match=r"grid\.azimuth_distance_m: got -inf; expected a number above 0"):
        designer.loads(toml(problem))


def test_paths_are_named_as_given(tmp_path: Path) -> None:
    """The message calls the file what the caller called it, whether that is a string or a path, near or far."""
    for given in (tmp_path / "away.toml", str(tmp_path / "away.toml"), "no/such/place.toml", "null\0character.toml"):
        with pytest.raises(ProblemError) as refused:  # the start of the message is compared below
            designer.load(given)
        assert str(refused.value).startswith(f"{given}: 1 fault\n  ")
        assert refused.value.file == str(given)
