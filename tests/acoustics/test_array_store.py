"""What is stored on disk is what was computed, or nothing: after damage, a kill, a full folder, and beside other processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from designs.small_problems import load, speaker
from numpy.typing import NDArray

import designer
from designer.acoustics import array_store, content
from designer.acoustics.array_store import ArrayStore, cache_folder
from designer.acoustics.content import digest
from designer.acoustics.head_models import Sphere

KEY, OTHER = "a" * 40, "b" * 40


def never() -> NDArray[Any]:
    raise AssertionError("computed anew")


@pytest.fixture(autouse=True)
def all_is_worth_storing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the clock says of how long it took to compute."""
    monkeypatch.setattr(array_store, "WORTH_S", -1e9)


@pytest.mark.parametrize("dtype", [float, complex, np.float32, np.int64, bool])
@pytest.mark.parametrize("shape", [(7,), (3, 5, 2), (0, 4), (1,)])
def test_an_array_comes_back_bit_for_bit(tmp_path: Path, dtype: type, shape: tuple[int, ...]) -> None:
    """Of each type and shape, transposed too, from another object on the same folder; it cannot be written to."""
    value: NDArray[Any] = np.random.default_rng(1).normal(size=shape).astype(dtype).T
    made = ArrayStore(tmp_path).array(lambda: KEY, lambda: value)
    read = ArrayStore(tmp_path).array(lambda: KEY, never)
    for array in (made, read):
        assert array.dtype == value.dtype
        np.testing.assert_array_equal(array, value)
        assert array.flags.c_contiguous
        assert not array.flags.writeable


def test_special_numbers_come_back(tmp_path: Path) -> None:
    """NaN with its bits, infinities, the smallest number, and both zeros."""
    value = np.array([np.nan, np.inf, -np.inf, 5e-324, -0.0, 0.0])
    ArrayStore(tmp_path).array(lambda: KEY, lambda: value.copy())
    assert ArrayStore(tmp_path).array(lambda: KEY, never).tobytes() == value.tobytes()


def _flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: whole[:40],
        lambda whole: whole[:-1],
        lambda whole: whole + b"x",
        lambda whole: _flipped(whole, 3),
        lambda whole: _flipped(whole, 20),
        lambda whole: _flipped(whole, len(whole) - 5),
        lambda whole: b"\0" * len(whole),
    ],
)
def test_a_damaged_file_is_computed_anew(
    tmp_path: Path, damage: Callable[[bytes], bytes], capfd: pytest.CaptureFixture[str]
) -> None:
    """Cut, longer, empty, a bit of the checksum, of the header or of the numbers turned: the right array, whole again, and no word."""
    value = np.arange(5.0)
    ArrayStore(tmp_path).array(lambda: KEY, lambda: value.copy())
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    np.testing.assert_array_equal(ArrayStore(tmp_path).array(lambda: KEY, lambda: value.copy()), value)
    np.testing.assert_array_equal(ArrayStore(tmp_path).array(lambda: KEY, never), value)
    assert capfd.readouterr() == ("", "")


def test_a_kill_while_a_file_is_written_leaves_none(tmp_path: Path) -> None:
    """A process that dies between the halves of a file: no array, nothing read of it, and the part goes once it is old."""
    code = (
        "import os, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from designer.acoustics import array_store\n"
        "array_store.WORTH_S = -1e9\n"
        "array_store._checksum = lambda *parts: os._exit(9)\n"
        "array_store.ArrayStore(Path(sys.argv[1])).write('a' * 40, np.arange(1000.0))\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 9
    (part,) = tmp_path.iterdir()
    store = ArrayStore(tmp_path)
    assert store.read(KEY) is None
    os.utime(part, (0.0, 0.0))
    store.write(OTHER, np.arange(3.0))
    assert [path.name for path in tmp_path.iterdir()] == [f"{OTHER}.array"]


def test_the_oldest_files_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for eight of 1 kB, the ninth leaves six; one that was read lately stays."""
    monkeypatch.setattr(array_store, "MAX_BYTES", 9_000)
    monkeypatch.setattr(array_store, "WRITTEN_SHARE", 10.0)
    store = ArrayStore(tmp_path)
    keys = [f"{n:040d}" for n in range(9)]
    for n, key in enumerate(keys[:8]):
        store.write(key, np.full(110, float(n)))
        os.utime(tmp_path / f"{key}.array", (n + 1.0, n + 1.0))
    assert store.read(keys[0]) is not None
    store.write(keys[8], np.zeros(110))
    left = {path.stem for path in tmp_path.iterdir()}
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 9_000
    assert {keys[0], keys[8]} <= left
    assert keys[1] not in left


def test_one_process_does_not_fill_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a hundred arrays, as a sweep of layouts makes them, those of half of the folder's size are written."""
    monkeypatch.setattr(array_store, "MAX_BYTES", 100_000)
    store = ArrayStore(tmp_path)
    for n in range(100):
        store.write(f"{n:040d}", np.zeros(1000))
    assert len(list(tmp_path.iterdir())) == 50_000 // 8128


def test_a_folder_that_cannot_be_written_stores_nothing(tmp_path: Path) -> None:
    """A file in the place of the folder: values are computed, and nothing is said."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    store = ArrayStore(tmp_path / "file")
    for _ in range(2):
        np.testing.assert_array_equal(store.array(lambda: KEY, lambda: np.arange(3.0)), np.arange(3.0))


def test_a_folder_of_another_user_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose files' times cannot be changed: what it holds is what it holds."""
    ArrayStore(tmp_path).write(KEY, np.arange(3.0))

    def refused(*_: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "utime", refused)
    np.testing.assert_array_equal(ArrayStore(tmp_path).array(lambda: KEY, never), np.arange(3.0))


def test_many_at_once_read_and_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight writers and readers of the same keys, in a folder that is cleaned all the time: each reads what belongs to the key."""
    monkeypatch.setattr(array_store, "MAX_BYTES", 60_000)
    monkeypatch.setattr(array_store, "WRITTEN_SHARE", 1e9)

    def work(seed: int) -> bool:
        store, draw = ArrayStore(tmp_path), np.random.default_rng(seed)
        for n in draw.integers(0, 12, 60).tolist():
            array = store.array(lambda n=n: f"{n:040d}", lambda n=n: np.full(1000, float(n)))  # type: ignore[misc]
            if not (array == n).all():
                return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(8)))


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"DESIGNER_CACHE": "off"}, None),
        ({"DESIGNER_CACHE": "Off"}, None),
        ({"DESIGNER_CACHE": "there"}, Path("there")),
        ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, Path("/x/loudspeaker-filter-designer")),
        ({"XDG_CACHE_HOME": "", "HOME": "/h"}, Path("/h/.cache/loudspeaker-filter-designer")),
        ({"HOME": "~"}, None),  # as os.path.expanduser leaves it to a user who has none
        ({"XDG_CACHE_HOME": "here", "HOME": "/h"}, None),
    ],
)
def test_the_folder_is_where_the_platform_has_it(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: Path | None
) -> None:
    """As DESIGNER_CACHE says, else as the XDG base directories do."""
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DESIGNER_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == expected


@dataclass
class Kept:
    gain: float
    places: NDArray[Any]


def test_equal_content_has_an_equal_digest_and_other_content_another() -> None:
    """Of copies; and of a bit, a type, a shape, an order, a nesting, a name that differ."""
    array = np.arange(6.0)
    assert digest(Kept(1.0, array), [1, "a"]) == digest(Kept(1.0, array.copy()), [1, "a"])
    assert digest(array[::2]) == digest(array[::2].copy())
    values = [
        array,
        array.reshape(2, 3),
        array.reshape(3, 2),
        array.astype(np.float32),
        np.nextafter(array, 9.0),
        array.tolist(),
        tuple(array[:5].tolist()),
        [array.tolist()],
        Kept(1.0, array),
        Kept(1, array),
        Sphere("sphere", 0.0875),
        Sphere("sphere", 0.088),
        Sphere,
        "ab",
        ["a", "b"],
        [["a"], "b"],
        b"ab",
        Path("ab"),
        {"a": "b"},
        0,
        0.0,
        -0.0,
        False,
        None,
        "",
    ]
    assert len({digest(value) for value in values}) == len(values)
    with pytest.raises(TypeError, match="set: a value whose content has no digest"):
        digest({1})


def test_other_code_has_other_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte in a source of a room, another number of threads, and other rooms."""
    for room in ("acoustics", "problem"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "field.py").write_text("a = 1\n", encoding="utf-8")
    monkeypatch.setattr(content, "PACKAGE", tmp_path)
    version = content.code_version.__wrapped__
    versions = [version("acoustics"), version("acoustics", "problem")]
    (tmp_path / "acoustics" / "field.py").write_text("a = 2\n", encoding="utf-8")
    versions.append(version("acoustics"))
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    versions.append(version("acoustics"))
    assert len(set(versions)) == 4
    assert version("acoustics") == versions[-1]


def test_a_design_is_the_same_with_what_was_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Off, into an empty folder, and from it, with no field evaluated: weights and taps bit for bit."""
    problem = load(speaker())
    without = designer.design(problem)
    monkeypatch.setenv("DESIGNER_CACHE", str(tmp_path / "cache"))
    first = designer.design(problem)
    assert list((tmp_path / "cache").iterdir())
    for name in ("ears_in_field", "device_of"):  # whatever makes a field
        monkeypatch.setattr(sys.modules["designer.acoustics.scene"], name, lambda *_, **__: never())
    second = designer.design(problem)
    for other in (first, second):
        for name in without.taps:
            assert other.taps[name].tobytes() == without.taps[name].tobytes()
            assert other.weights[name].tobytes() == without.weights[name].tobytes()
        assert other.metrics.equals(without.metrics)
