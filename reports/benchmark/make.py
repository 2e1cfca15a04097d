"""Makes this folder's table and page: each method of the tool and two libraries' weights on the benchmark's problems.

    python reports/benchmark/make.py

writes benchmark.csv and README.md beside it. A test computes a part of the table again.
"""

from __future__ import annotations

import csv
import importlib.util
import math
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Real
from designer.metrics import BY_NAME
from designer.problem import geometry
from designer.problem.benchmark import BenchmarkProblem, benchmark
from designer.problem.methods import method_names
from designer.requirements.channel_target import dark_azimuths
from designer.search.benchmark import Score, benchmark_scene, score_at, score_table, scores, weights_of_method

HERE = Path(__file__).parent
FAR_M = 10_000.0
"""Where a point stands for a direction."""
LOADS_DB = np.linspace(-140.0, 40.0, 46)
"""Noise of a rival's sensors, relative to the power at the bright points; it has the best at each frequency."""
ATTENUATIONS_DB = np.linspace(20.0, 40.0, 21)
FINER = 10
"""Steps into which the neighbourhood of the best is divided, twice."""
SOLVED_DB = 0.11
"""A problem counts as solved within this: the margin that the power ratio keeps of a ratio's largest value is 0.1 dB."""
DELAY_AND_SUM, MAX_SINR, CHEBWIN = "pyroomacoustics delay and sum", "pyroomacoustics max SINR", "scipy chebwin"
ACROSS = 3
"""Problems beside each other in a table: 420 px hold no more."""
PARTED = {"pyroomacoustics": "pyroom&shy;acoustics", "superdirective": "super&shy;directive"}
"""Words that may break there."""

WHY = """# The benchmark's table

Version {version} of `problems/benchmark/`: how many of the {count} problems each method solves, how many it takes without solving them,
and of how many it misses a requirement or a limit, so that its score counts for nothing; it does not take the others. Solved is within
{solved_db} dB of the best known value at every frequency. Weights are judged as complex numbers at each frequency, before any filter is
made of them.

"""
MATRIX = """
## How far each stays behind

In dB at the worst frequency, 0.00 where the best known value is reached; bold is solved. In brackets: by how many dB a requirement or a
limit is missed. **-**: the method does not take such a channel, or the library has no model of the body or of the power over the
sphere. Problems are those of the numbers below.

"""
PROBLEMS = """
## The problems

Each with what it is scored by, its best known value in dB at each frequency, how it is known, and the source of its set-up.

"""
ENDING = """
## How to read it

- *auto* is what a file without a method gets. Its 0.10 dB are the margin that the power ratio keeps of the largest ratio where no
  limit binds. On Dolph's line *auto* takes the nulls' mean power for its objective, not their largest.
- A method that knows no regions of the sphere designs for the azimuths of the circle where a problem is about the sphere: the
  directivity of *acoustic-contrast* falls short by what this is worth.
- `dipole`, `crosstalk-pair` and `optimal-source-distribution` have one dark point: there the power ratio, pressure matching and a
  noise level chosen at each frequency are one family of weights, and all of them arrive.
- A method scored by what it does not aim at stands far behind without being wrong: *superdirective* knows no white noise
  without a floor, *delay-and-sum* nothing but white noise.
- *robust-taps* begins at the power ratio's weights, which are judged here; what it adds are taps.
- `{max_sinr}` is `Beamformer.rake_max_sinr_weights` of pyroomacoustics over the problem's own bright and dark points
  in free field, with the level of sensor noise that is best at each frequency. It adds up the dark points' steering vectors before
  it squares them, so that one dark point is solved, and many are not.
- `{delay_and_sum}` is its `rake_delay_and_sum_weights`.
- `{chebwin}` is `scipy.signal.windows.chebwin`, its attenuation the best there is.

`designer benchmark --method NAME` makes a column again, `designer benchmark --weights FILE.csv` one of anyone's weights. Every
frequency is in [benchmark.csv](benchmark.csv).
"""


def points_m(entry: BenchmarkProblem, place: Scene) -> tuple[Real, Real] | None:
    """Bright and dark points (N, 3) in free field; None where a problem is about a body, or the sphere's power."""
    problem, design = place.problem, place.problem.designs[0]
    if problem.body.model_name not in ("free-field", "baffle") or entry.name == "dolph-line":
        return None
    if design.is_beam:
        far = math.isinf(problem.azimuth_distance_m)
        radius_m = FAR_M if far else problem.azimuth_distance_m
        dark = geometry.direction(place.azimuth_deg[dark_azimuths(design, place.azimuth_deg)])
        return radius_m * geometry.direction(np.array([design.look_deg])), radius_m * dark
    if design.is_ear:
        ears = geometry.ears_m(problem.listener, problem.listener.head_radius_m, place.displacements_m)
        return ears[:, 0], ears[:, 1]
    sides = []
    for names in (design.bright, design.dark):
        name = (names or [""])[0]
        spot = problem.place(name)
        if spot is not None:
            sides.append(spot.points_m())
        else:
            listener = problem.heard_by(name).listener
            cloud = np.array(listener.ear_cloud_m, dtype=float)
            sides.append(geometry.ears_m(listener, listener.head_radius_m, cloud).reshape(-1, 3))
    return sides[0], sides[1]


def beamformer(place: Scene) -> Any:
    """Pyroomacoustics' beamformer of the problem's drivers at its frequencies."""
    from pyroomacoustics.beamforming import Beamformer

    places_m = np.array([driver.position_m for driver in place.problem.drivers], dtype=float)
    beam = Beamformer(places_m.T, place.problem.sample_rate_hz, N=64, Lg=64)
    beam.frequencies = place.frequency_hz
    return beam


def delay_and_sum(entry: BenchmarkProblem, place: Scene) -> list[Score]:
    """Its weights, conjugated: it listens, w^H x, and drivers play, h w."""
    sides = points_m(entry, place)
    if sides is None:
        return []
    beam = beamformer(place)
    beam.rake_delay_and_sum_weights(SimpleNamespace(images=sides[0].T), attn=False)
    return scores(entry, place, beam.weights.T.conj(), DELAY_AND_SUM)


def max_sinr(entry: BenchmarkProblem, place: Scene) -> list[Score]:
    """Its weights with the best level of the sensors' noise at each frequency."""
    sides = points_m(entry, place)
    if sides is None or entry.metric == "directivity_index_db":
        return []
    bright, dark = (SimpleNamespace(images=side.T) for side in sides)
    one_sensor = (4 * np.pi * float(np.linalg.norm(sides[0].mean(axis=0)))) ** -2
    beam, best = beamformer(place), []
    for at, frequency_hz in enumerate(place.frequency_hz):
        beam.frequencies = np.array([frequency_hz])

        def score_of(load_db: float, at: int = at) -> Score:
            beam.rake_max_sinr_weights(bright, dark, R_n=10 ** (load_db / 10) * one_sensor * np.eye(len(place.drivers)))
            return score_at(entry, place, at, beam.weights[:, 0].conj(), MAX_SINR)

        best.append(best_over(LOADS_DB, score_of))
    return best


def chebwin(entry: BenchmarkProblem, place: Scene) -> list[Score]:
    """Dolph's window with the best attenuation."""
    from scipy.signal.windows import chebwin as window

    def score_of(attenuation_db: float) -> Score:
        with warnings.catch_warnings():  # it warns that it suits no spectral analysis below 45 dB
            warnings.simplefilter("ignore", UserWarning)
            w = window(len(place.drivers), attenuation_db) + 0j
        return score_at(entry, place, 0, w, CHEBWIN)

    return [best_over(ATTENUATIONS_DB, score_of)] if entry.name == "dolph-line" else []


RIVALS: dict[str, Callable[[BenchmarkProblem, Scene], list[Score]]] = {
    DELAY_AND_SUM: delay_and_sum,
    MAX_SINR: max_sinr,
    CHEBWIN: chebwin,
}


def best_over(values: Real, score_of: Callable[[float], Score]) -> Score:
    """The smallest gap over a parameter, or where all miss something the smallest miss: on a grid, and twice finer about its best."""

    def rank(row: Score) -> tuple[bool, float]:
        return bool(row.missed), row.missed_db if row.missed else row.gap_db

    step = float(values[1] - values[0])
    for _ in range(3):
        rows = [score_of(float(value)) for value in values]
        at = min(range(len(rows)), key=lambda i: rank(rows[i]))
        values = values[at] + step * np.linspace(-1, 1, 2 * FINER + 1)
        step /= FINER
    return rows[at]


def measured(names: Iterable[str] = ()) -> list[Score]:
    """Rows of some problems, or of all: each method, and the rivals that are installed."""
    rows = []
    for entry in benchmark().named(list(names)):
        place = benchmark_scene(entry)
        for method in method_names():
            w = weights_of_method(entry, place, method)
            rows += [] if w is None else scores(entry, place, w, method)
        for rival, scores_of in RIVALS.items():
            if rival == CHEBWIN or importlib.util.find_spec("pyroomacoustics") is not None:
                rows += scores_of(entry, place)
    return rows


def read(text: str) -> list[Score]:
    """The table back."""
    return [
        Score(
            row["by"],
            row["design"],
            float(row["frequency_hz"]),
            row["metric"],
            float(row["score_db"]),
            float(row["best_db"]),
            row["missed"],
            float(row["missed_db"]),
        )
        for row in csv.DictReader(text.splitlines())
    ]


def page(rows: list[Score]) -> str:
    """The page, in Markdown: what each method solves, how far it stays behind on each problem, and the problems."""
    entries, methods = benchmark().problems, [*method_names(), *RIVALS]
    parts = {
        (by, entry.name): [row for row in rows if (row.by, row.design) == (by, entry.name)]
        for by in methods
        for entry in entries
    }
    summary = ["| method | solved | not solved | missed |", "|---|---|---|---|"]
    for by in methods:
        kinds = [_kind(parts[by, entry.name]) for entry in entries]
        counts = [str(kinds.count(kind)) for kind in ("solved", "behind", "missed")]
        summary.append(f"| {_words(by)} | {' | '.join(counts)} |")
    matrix = []
    for first in range(0, len(entries), ACROSS):
        names = [entry.name for entry in entries[first : first + ACROSS]]
        lines = ["| method | " + " | ".join(f"{first + n}" for n in range(1, len(names) + 1)) + " |"]
        lines.append("|---" * (len(names) + 1) + "|")
        lines += [f"| {_words(by)} | " + " | ".join(_cell(parts[by, name]) for name in names) + " |" for by in methods]
        matrix.append("\n".join(lines) + "\n")
    known = []
    for number, entry in enumerate(entries, 1):
        best = ", ".join(f"{value:.2f} at {f:g} Hz" for f, value in entry.best_db.items())
        label = BY_NAME[entry.metric].label.lower()
        known.append(
            f"{number}. **{entry.name}**, {label}: {best}. {entry.known_by.capitalize()}: {entry.how}. Source: {entry.source}."
        )
    ending = ENDING.format(max_sinr=MAX_SINR, delay_and_sum=DELAY_AND_SUM, chebwin=CHEBWIN)
    why = WHY.format(version=benchmark().version, count=len(entries), solved_db=SOLVED_DB)
    return why + "\n".join(summary) + "\n" + MATRIX + "\n".join(matrix) + PROBLEMS + "\n".join(known) + "\n" + ending


def _words(by: str) -> str:
    """A method's name, whose long words may break."""
    for whole, parted in PARTED.items():
        by = by.replace(whole, parted)
    return by


def _kind(rows: list[Score]) -> str:
    """Whether a problem is "solved", "missed" or neither; empty where there are no weights for it."""
    if not rows:
        return ""
    if any(row.missed for row in rows):
        return "missed"
    return "solved" if all(row.gap_db < SOLVED_DB for row in rows) else "behind"


def _cell(rows: list[Score]) -> str:
    kind = _kind(rows)
    if kind == "missed":
        return f"({max(row.missed_db for row in rows if row.missed):.1f})"
    if not kind:
        return "-"
    gap_db = max(row.gap_db for row in rows)
    gap = f"{gap_db:z.1f}" if gap_db >= 1 else f"{gap_db:z.2f}"
    return f"**{gap}**" if kind == "solved" else gap


if __name__ == "__main__":
    text = score_table(measured())
    (HERE / "benchmark.csv").write_text(text, encoding="utf-8")
    (HERE / "README.md").write_text(page(read(text)), encoding="utf-8")
