"""The benchmark scored: weights of any method, or of anyone, judged at each problem's frequencies against its best known value.

A score is the problem's metric of the weights W (F, L), as `designer.metrics` defines it, at each frequency alone. The gap is how far it
stays behind the best known value, whichever way is better. Weights that miss a requirement or a limit by more than KEPT_DB have a
score, but no gap: another problem was solved. A curve of cancellation gain is a requirement where effort is scored; elsewhere it only tells
a method how far to go, and is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designer.acoustics.scene import Scene
from designer.acoustics.scene_of_problem import scene
from designer.arrays import Complex
from designer.designs import design_channel
from designer.errors import UsageError
from designer.metrics import BY_NAME, Realised
from designer.problem.benchmark import BenchmarkProblem
from designer.problem.methods import AUTO, formulations
from designer.problem.replacing import replaced, with_method
from designer.requirements.plain import plain_in
from designer.writing.csv_text import csv_text

KEPT_DB = 1e-3
"""Largest miss of a requirement or a limit that counts as kept."""
CURVE, EFFORT = "cancellation_gain_db", "effort_db"
REGIONS = ("bright_regions", "dark_regions")


@dataclass(frozen=True, kw_only=True)
class Weighted(Realised):
    """Weights at the scene's frequencies in the place of realised filters."""

    weights: Complex  # (F, L)

    @cached_property
    def full(self) -> Complex:
        """Responses of all drivers (F, L)."""
        return self.weights


@dataclass(frozen=True)
class Score:
    """One frequency of one problem.

    Attributes
    ----------
    by : str, the method or the file
    missed : str, the requirement or limit that is missed most; empty where all are kept
    missed_db : float, by how much

    """

    by: str
    design: str
    frequency_hz: float
    metric: str
    score_db: float
    best_db: float
    missed: str
    missed_db: float

    @property
    def gap_db(self) -> float:
        """How far it is behind the best known value; NaN where a requirement or a limit is missed."""
        return np.nan if self.missed else BY_NAME[self.metric].better * (self.best_db - self.score_db)


def benchmark_scene(problem: BenchmarkProblem) -> Scene:
    """Scene at the frequencies of the best known values."""
    return scene(problem.load()).at(np.array(list(problem.best_db)))


def weights_of_method(problem: BenchmarkProblem, place: Scene, method: str) -> Complex | None:
    """Weights (F, L) of a method in the problem's scene; None where the problem's channel cannot take it.

    A method that knows no regions of the sphere designs for the azimuths of the circle.

    Raises
    ------
    SolverError : where a cone program ends without a certified answer

    """
    loaded = place.problem
    if method != AUTO and not formulations()[method].regions and loaded.designs[0].is_beam:
        loaded = replaced(loaded, {f"designs[0].{key}": None for key in REGIONS}, "benchmark")
    try:
        table = with_method(loaded, method)[0].designs[0]
    except UsageError:
        return None
    return design_channel(table, place).weights


def scores(problem: BenchmarkProblem, place: Scene, weights: Complex, by: str) -> list[Score]:
    """Scores of weights (F, L) at each frequency of the problem's scene.

    Parameters
    ----------
    by : str, what the weights are of

    """
    return [score_at(problem, place, at, w, by) for at, w in enumerate(weights)]


def score_at(problem: BenchmarkProblem, place: Scene, at: int, w: Complex, by: str) -> Score:
    """Score of weights (L,) at one of the frequencies of the problem's scene, by its index."""
    design, metric = place.problem.designs[0], BY_NAME[problem.metric]
    assert metric.compute is not None
    if problem.metric != EFFORT:
        design = design.model_copy(update={CURVE: None})
    judged = Weighted(
        design=design,
        taps=np.empty((0, 0)),
        plain=plain_in(design, place),
        scene=place.part(slice(at, at + 1)),
        weights=w[None],
    )
    missed = {name: float(miss[0]) for name, miss in judged.missed_db.items()}
    worst = max(missed, key=lambda requirement: missed[requirement], default="")
    worst_db = missed.get(worst, 0.0)
    return Score(
        by,
        problem.name,
        float(place.frequency_hz[at]),
        problem.metric,
        float(np.ravel(metric.compute(judged))[0]),
        problem.best_db[float(place.frequency_hz[at])],
        worst if worst_db > KEPT_DB else "",
        worst_db,
    )


def score_table(rows: list[Score]) -> str:
    """The scores as CSV; the gap is empty where a requirement or a limit is missed."""
    keys = ("by", "design", "frequency_hz", "metric", "score_db", "best_db", "gap_db", "missed", "missed_db")
    return csv_text({key: np.array([getattr(row, key) for row in rows]) for key in keys}, "%.6g")


def verdict(rows: Iterable[Score]) -> str:
    """One method on one problem: its largest gap in dB, or "missed" and by how many dB; "-" where it has no weights for it."""
    rows = list(rows)
    if not rows:
        return "-"
    missed_db = max((row.missed_db for row in rows if row.missed), default=0.0)
    return f"missed {missed_db:.2f}" if missed_db else f"{max(row.gap_db for row in rows):z.2f}"
