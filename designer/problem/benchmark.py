"""The benchmark of the library: problems with the metric that each is scored by, and its best known value at each frequency."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from pathlib import Path

from designer.errors import UsageError
from designer.problem.library import library_folder
from designer.problem.messages import nearest
from designer.problem.read import load
from designer.problem.schema import Problem

INDEX_FILE, BEST_FILE = "index.toml", "best.csv"


@dataclass(frozen=True, kw_only=True)
class BenchmarkProblem:
    """One problem of the benchmark.

    Attributes
    ----------
    name : str, of its file, and in the column `design` of tables
    metric : str, of `designer.metrics`, which it is scored by
    known_by : str, "closed form", "exhaustive" or "certified bound"
    how : str, how the best known value is computed
    source : str, where the set-up was published
    tolerance_db : float, by how much a score may pass the best known value: rounding, and what a grid lets through
    best_db : dict of float, frequency in Hz -> best known value in dB

    """

    name: str
    metric: str
    known_by: str
    how: str
    source: str
    tolerance_db: float
    best_db: dict[float, float]

    @property
    def file(self) -> Path:
        """Path of the problem file."""
        return benchmark_folder() / f"{self.name}.toml"

    def load(self) -> Problem:
        """The problem, of one channel."""
        return load(self.file)


@dataclass(frozen=True)
class Benchmark:
    """All problems of a version."""

    version: str
    problems: tuple[BenchmarkProblem, ...]
    sha256: dict[str, str]
    """Name of each file but the index -> its hash."""

    def named(self, names: list[str]) -> list[BenchmarkProblem]:
        """Problems of these names in the benchmark's order; all without a name.

        Raises
        ------
        UsageError : a name is none of them

        """
        known = [problem.name for problem in self.problems]
        for name in names:
            if name not in known:
                close = nearest(name, known)
                raise UsageError(f'--problem: got "{name}"; expected one of {", ".join(known)}{close and f"; {close}"}')
        return [problem for problem in self.problems if not names or problem.name in names]


def benchmark_folder() -> Path:
    """The folder that holds the benchmark: in the wheel, or in the checkout's `problems/`."""
    return library_folder() / "benchmark"


def benchmark() -> Benchmark:
    """The benchmark that comes with the tool."""
    folder = benchmark_folder()
    index = tomllib.loads((folder / INDEX_FILE).read_text(encoding="utf-8"))
    best_db: dict[str, dict[float, float]] = {}
    with (folder / BEST_FILE).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            best_db.setdefault(row["design"], {})[float(row["frequency_hz"])] = float(row["best_db"])
    problems = tuple(BenchmarkProblem(**entry, best_db=best_db[entry["name"]]) for entry in index["problems"])
    return Benchmark(index["version"], problems, index["sha256"])
