"""The job of `designer benchmark`: methods and anyone's weights scored on the problems of the benchmark."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from designer.arguments import checked_arguments
from designer.arrays import Complex
from designer.errors import UsageError
from designer.problem.benchmark import benchmark as known_benchmark
from designer.problem.methods import check_methods
from designer.search.benchmark import Score, benchmark_scene, scores, verdict, weights_of_method
from designer.search.benchmark_weights import Table, conjugate_warning, read_weights, weights_in

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Scored:
    """Scores of methods and weights.

    Attributes
    ----------
    rows : tuple of Score, problem by problem
    verdicts : tuple of list of str, a problem's name and the verdict on each method and file
    warnings : tuple of str, weights that look like those of the other time factor

    """

    rows: tuple[Score, ...]
    verdicts: tuple[list[str], ...]
    warnings: tuple[str, ...] = ()


def score_all(
    methods: Sequence[str],
    tables: Mapping[str, Table | Mapping[str, Complex]],
    problems: Sequence[str] = (),
    progress: Callable[[str], None] | None = None,
) -> Scored:
    """Score methods, and weights by the name of who made them.

    Parameters
    ----------
    tables : mapping of str to mapping, name of a problem -> (F, L) complex array, or what `read_weights` returns
    problems : sequence of str, names; all without one
    progress : callable, optional, called with the name of each problem

    Raises
    ------
    UsageError : a method or a problem that there is not, or nothing to score
    DataError : weights that lack a driver or a frequency

    """
    check_methods(list(methods), "--method")
    rows: list[Score] = []
    verdicts: list[list[str]] = []
    warnings: list[str] = []
    for entry in known_benchmark().named(list(problems)):
        if progress:
            progress(entry.name)
        place = benchmark_scene(entry)
        parts: list[list[Score]] = []
        for name in methods:
            w = weights_of_method(entry, place, name)
            parts.append([] if w is None else scores(entry, place, w, name))
        for name, table in tables.items():
            if entry.name not in table:
                parts.append([])
                continue
            weights = table[entry.name]
            w = weights_in({entry.name: weights}, entry, place, Path(name)) if isinstance(weights, dict) else _of_array(
                weights, (place.frequency_hz.size, len(place.drivers)), entry.name
            )  # fmt: skip
            parts.append(scores(entry, place, w, name))
            warnings.append(conjugate_warning(entry, place, w, parts[-1]))
        rows += [row for part in parts for row in part]
        verdicts.append([entry.name, *map(verdict, parts)])
    if not rows:
        raise UsageError(
            "got nothing to score; expected a method or weights that fit one of these problems; choose another method, or problems"
        )
    return Scored(tuple(rows), tuple(verdicts), tuple(filter(None, warnings)))


def _of_array(weights: Complex, shape: tuple[int, int], problem: str) -> Complex:
    array = np.asarray(weights, dtype=complex)
    if array.shape != shape or not np.isfinite(array).all():
        expected = f"finite numbers {shape}: its frequencies, its drivers"
        raise UsageError(f'--weights: got an array {array.shape} for "{problem}"; expected {expected}')
    return array


@checked_arguments()
def benchmark(
    methods: Sequence[str] = ("auto",),
    *,
    weights: str | Path | Mapping[str, ArrayLike] | None = None,
    problems: Sequence[str] = (),
    progress: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Score methods, or anyone's weights, on problems whose best value is known: a table with a row a frequency.

    Parameters
    ----------
    methods : sequence of str, of the problem file's `method`; empty for weights alone
    weights : str, Path, mapping of str to array_like, or None, a CSV of the columns design, driver, frequency_hz, real and imag, or name of
        a problem -> (F, L) complex array over its frequencies and drivers; time factor e^{+jωt}
    problems : sequence of str, names; all without one
    progress : callable or None, called with the name of each problem as it begins

    Returns
    -------
    DataFrame : by (the method, the file, or "weights"), design, frequency_hz in Hz, metric, score_db, best_db, gap_db (how far it is behind
        the best known value in dB, NaN where a requirement or a limit is missed), missed (its name), missed_db

    Raises
    ------
    UsageError : a method or a problem that there is not, weights of another shape, or nothing to score
    DataError : a file that cannot be read, or lacks a driver or a frequency
    SolverError : a cone program ended without a certified answer

    Examples
    --------
    >>> import designer
    >>> table = designer.benchmark(["delay-and-sum", "superdirective"], problems=["end-fire-pair"])
    >>> table.groupby("by").gap_db.max().round(1).to_dict()
    {'delay-and-sum': 6.0, 'superdirective': 0.0}

    """
    import pandas as pd

    tables: dict[str, Table | Mapping[str, Complex]] = {}
    if isinstance(weights, str | Path):
        tables[str(weights)] = read_weights(Path(weights), [entry.name for entry in known_benchmark().problems])
    elif weights is not None:
        known_benchmark().named(list(weights))
        tables["weights"] = {name: np.asarray(array, dtype=complex) for name, array in weights.items()}
    scored = score_all(methods, tables, problems, progress)
    return pd.DataFrame([{**asdict(row), "gap_db": row.gap_db} for row in scored.rows])[
        ["by", "design", "frequency_hz", "metric", "score_db", "best_db", "gap_db", "missed", "missed_db"]
    ]
