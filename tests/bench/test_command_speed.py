"""Whole commands: CPU seconds over those of importing what they compute with, wall time and memory.

The smallest of five, turn by turn with the imports, one thread of linear algebra, the disk's cache empty but where a row says so.
`UPDATE_BENCH=1 pytest -m bench -n 0 tests/bench/test_command_speed.py` writes the table that README shows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from designer.writing.csv_text import csv_text

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "reports" / "bench" / "commands.csv"
COLUMNS = ("command", "cpu_over_imports", "at_most", "cpu_s", "wall_s", "peak_mb")
IMPORTS = "import numpy, scipy.linalg, scipy.signal, pandas, clarabel, pydantic, typer"
DESIGNER = "from designer.cli import main; main()"
ROUNDS = 5
SIX_TAPS = (192, 256, 320, 384, 448, 512)
AGAIN = "designer design soundbar-kemar.toml, the second time"
LIMITS = {
    "designer design smart-speaker.toml": 3.0,
    "designer design couch.toml": 3.5,
    "designer design soundbar-kemar.toml": 5.0,
    AGAIN: 3.0,
    "designer design smart-speaker.toml --quick": 2.0,
    "designer check smart-speaker.toml": 1.0,
    "designer compare, six saved designs": 5.0,
}
"""Row of the table -> CPU seconds that it may take, over those of the imports."""


@dataclass(frozen=True)
class Cost:
    """Cost of a process and of those that it started and waited for."""

    cpu_s: float
    wall_s: float
    peak_mb: float


def cost(arguments: Sequence[str], cache: Path) -> Cost:
    """Run Python with some arguments; it has to end well."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "DESIGNER_CACHE": str(cache)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled once
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, state, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(state)
    assert process.returncode == 0, arguments
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return Cost(used.ru_utime + used.ru_stime, time.perf_counter() - begin, used.ru_maxrss / unit)


def rows(place: Path) -> dict[str, tuple[list[str], Path]]:
    """Row of the table -> arguments of Python, and its cache, made anew for each round."""

    def designed(name: str, *options: str) -> list[str]:
        return ["-c", DESIGNER, "design", f"problems/{name}.toml", "-o", str(place / name), *options]

    six = [str(place / f"{taps}-taps") for taps in SIX_TAPS]
    empty = place / "empty"
    return {
        "designer design smart-speaker.toml": (designed("smart-speaker"), empty),
        "designer design couch.toml": (designed("couch"), empty),
        "designer design soundbar-kemar.toml": (designed("soundbar-kemar"), place / "filled"),
        AGAIN: (designed("soundbar-kemar"), place / "filled"),
        "designer design smart-speaker.toml --quick": (designed("smart-speaker", "--quick"), empty),
        "designer check smart-speaker.toml": (["-c", DESIGNER, "check", "problems/smart-speaker.toml"], empty),
        "designer compare, six saved designs": (
            ["-c", DESIGNER, "compare", *six, "-o", str(place / "comparison")],
            empty,
        ),
    }


def test_commands_cost_what_was_promised(tmp_path: Path) -> None:
    """Each row of the table within its limit."""
    text = (ROOT / "problems" / "smart-speaker.toml").read_text(encoding="utf-8")
    for taps in SIX_TAPS:
        problem = tmp_path / f"{taps}.toml"
        problem.write_text(text.replace("taps = 512", f"taps = {taps}"), encoding="utf-8")
        folder = str(tmp_path / f"{taps}-taps")
        done = subprocess.run(
            [sys.executable, "-c", DESIGNER, "design", str(problem), "-o", folder, "--quick"],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        assert done.returncode in (0, 7), done.stderr  # so few taps may miss what the weights meet
    imports: list[Cost] = []
    costs: dict[str, list[Cost]] = {name: [] for name in LIMITS}
    for _ in range(ROUNDS):
        imports.append(cost(["-c", IMPORTS], tmp_path / "none"))
        for name, (arguments, cache) in rows(tmp_path).items():
            if name != AGAIN:
                shutil.rmtree(cache, ignore_errors=True)
            costs[name].append(cost(arguments, cache))
    rival = min(each.cpu_s for each in imports)
    table = []
    for name, limit in LIMITS.items():
        least = np.min([astuple(each) for each in costs[name]], axis=0)
        table.append((name, round(float(least[0]) / rival, 2), limit, *np.round(least, 2).tolist()))
        print(*(f"{key} {value}" for key, value in zip(COLUMNS, table[-1], strict=True)), sep="; ")
    if os.environ.get("UPDATE_BENCH"):
        columns = {key: np.array(column) for key, column in zip(COLUMNS, zip(*table, strict=True), strict=True)}
        TABLE.parent.mkdir(parents=True, exist_ok=True)
        TABLE.write_text(csv_text(columns, "%g"), encoding="utf-8")
    assert {name: ratio for name, ratio, limit, *_ in table if ratio > limit} == {}
