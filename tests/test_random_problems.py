"""Random problems over the whole schema: designed, or refused with faults; finite numbers, no violation unsaid, the same every time.

A problem whose certificate breaks a constraint says so: it is infeasible as asked, with its dB. What takes long is in `--long`, where
each problem has a process of its own, 60 seconds and 4 GB.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_measured import problem_with_measured_drivers
from random_problems import problem
from toml_text import toml

import designer
from designer.errors import DataError, DesignerError, ProblemError, UsageError
from designer.folders.summary import summary
from designer.writing import MANIFEST

SLOW = (5, 7, 8, 9, 10, 11, 21, 31, 33, 42, 46, 47, 48, 49, 51, 54, 56, 60)
"""Cylinders, cones, rooms and many sections, which take 0.15 s to several: `--long` runs them."""
SHORT = [seed for seed in range(61) if seed not in SLOW]
LONG = range(500)
MEASURED = (0, 1, 3, 4, 5)
MOST_VIOLATION = 1e-3
TRIVIAL = 1e-9
MOST_SECONDS = 60
BUSY = 10
"""Wall-clock seconds for each of the CPU."""
MOST_BYTES = 4_000_000_000


def small(tables: dict[str, Any]) -> dict[str, Any]:
    """The problem with a few frequencies, azimuths and draws, so that it is designed in a moment."""
    tables["grid"] |= {"frequencies": min(tables["grid"]["frequencies"], 9), "azimuth_step_deg": 30.0}
    tables["tolerance"]["draws"] = 1
    if "room" in tables:  # dead walls have few images
        tables["room"].pop("rt60_s", None)
        tables["room"]["absorption"] = 0.7
    return tables


def faults_of(design: designer.Design) -> list[str]:
    """What a design must not have."""
    found = [] if "NaN" not in json.dumps(summary(design, Path("folder"), {})) else ["NaN in summary.json"]
    tables = {"metrics": design.metrics, "response": design.response}
    for name, table in tables.items():
        for column in table.columns:
            if table[column].dtype.kind != "f":
                continue
            values = table[column].to_numpy()
            if column in ("target_db", "slack_db"):  # empty outside the band
                values = values[~np.isnan(values)]
            if np.isnan(values).any():
                found.append(f"NaN in {name}.{column}")
    for name, channel in design.channels.items():
        if not np.isfinite(design.taps[name]).all() or not np.isfinite(design.weights[name]).all():
            found.append(f"{name}: taps or weights are not finite")
        if any((slack < -TRIVIAL).any() or np.isnan(slack).any() for slack in channel.slacks_db.values()):
            found.append(f"{name}: slack is negative or NaN")
        violation = channel.certificate.violation
        if not (violation >= 0).all():
            found.append(f"{name}: violation is negative or NaN")
        if violation.max() > MOST_VIOLATION and channel.feasible:
            found.append(f"{name}: a violation of {violation.max():.3g} beside {channel.verdict.sentence!r}")
    return found


def judged(tables: dict[str, Any]) -> str:
    """Design; "refused" where the problem or its data are, with a sentence; else what is wrong, or nothing."""
    try:
        made = designer.loads(toml(tables))
    except ProblemError as error:
        assert all(str(fault) for fault in error.faults)
        return "refused"
    try:
        return "; ".join(faults_of(designer.design(made)))
    except ProblemError as error:  # what only the weights show: a reference that is silent in the band
        assert [fault for fault in error.faults if "silent" not in str(fault)] == []
        return "refused"
    except UsageError as error:  # a target that cannot hold what is to be designed, found before the design
        assert str(error).startswith("target ")
        return "refused"
    except DataError as error:  # a measured set that cannot be used, or does not cover the band
        assert str(error)
        return "refused" if any("response" in driver for driver in tables["drivers"]) else f"DataError: {error}"
    except DesignerError as error:
        assert len(str(error)) < 1500
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("seed", SHORT)
def test_any_problem(seed: int) -> None:
    """Each of 43: no traceback, no warning, no NaN, no negative slack, no violation that the verdict leaves out."""
    assert judged(small(problem(seed))) in ("", "refused")


@pytest.mark.parametrize("seed", MEASURED)
def test_any_measured_problem(seed: int, tmp_path: Path) -> None:
    """Each of five with measured drivers, alike: designed, or refused with what is wrong with its keys or its files."""
    assert judged(small(problem_with_measured_drivers(seed, tmp_path))) in ("", "refused")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100))
def test_any_measured_problem_of_a_hundred(seed: int, tmp_path: Path) -> None:
    """A hundred of them."""
    assert judged(small(problem_with_measured_drivers(seed, tmp_path))) in ("", "refused")


def test_most_are_designed() -> None:
    """The generator is of use: at least two thirds of its problems are valid."""
    valid, seeds = 0, LONG[::5]
    for seed in seeds:
        try:
            designer.loads(toml(problem(seed)))
            valid += 1
        except ProblemError:
            pass
    assert valid > len(seeds) * 2 / 3


@pytest.mark.parametrize("seed", [2, 28])
def test_the_same_bytes_and_a_page(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Designed twice, all files are the same byte for byte but for the folder's name; no NaN in them; and they are opened again."""
    text = toml(small(problem(seed)))
    first, second = (designer.design(designer.loads(text)).save(tmp_path / name / "x") for name in ("a", "b"))
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert Path("report.html") in files
    for file in files:
        if file.name == MANIFEST:  # hashes of what is compared here, the folder's name in summary.json included
            continue
        one, other = ((folder / file).read_bytes() for folder in (first, second))
        assert one.replace(str(first).encode(), b"") == other.replace(str(second).encode(), b""), file

    def never(constant: str) -> None:
        raise AssertionError(f"{constant} in summary.json")

    json.loads(
        (first / "summary.json").read_text(encoding="utf-8"), parse_constant=lambda c: never(c) if c == "NaN" else 0
    )
    opened = designer.open(first)
    assert all(np.isfinite(taps).all() for taps in opened.taps.values())


def _alone(seed: int, pipe: Any) -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))  # of a busy machine too
    try:
        pipe.send(judged(problem(seed)))
    except BaseException as error:  # whatever it is, it is what the test is about
        pipe.send(f"{type(error).__name__}: {error}")


@pytest.mark.long
@pytest.mark.parametrize("seed", LONG)
def test_any_problem_alone(seed: int) -> None:
    """Each of 500 as it was drawn, in its own process: no traceback, no more than 60 seconds of CPU, no more than 4 GB."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_alone, args=(seed, there))
    process.start()
    try:
        assert here.poll(BUSY * MOST_SECONDS), f"nothing after {BUSY * MOST_SECONDS} s"
        assert here.recv() in ("", "refused")
    finally:
        process.kill()
        process.join()
