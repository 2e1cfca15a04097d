"""`designer.reach`: the most that a layout can do, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from designer import job
from designer.acoustics.scene_of_problem import scene
from designer.arguments import checked_arguments
from designer.designs.reach import EFFORTS_DB
from designer.designs.reach import reach as reach_of
from designer.problem.schema import Problem

if TYPE_CHECKING:
    import pandas as pd


@checked_arguments()
def reach(
    problem: Problem | job.Design | str | Path,
    frequency_hz: ArrayLike | None = None,
    *,
    efforts_db: Sequence[float] = EFFORTS_DB,
) -> pd.DataFrame:
    """The largest cancellation gain that each design's layout can reach, all its other requirements and limits kept.

    Parameters
    ----------
    problem : Problem, Design, str or Path, a problem, its file, a design or its folder
    frequency_hz : (F,) array_like, in Hz; by default those of the design's grid in each band; those outside a design's band are left
        out of its rows
    efforts_db : sequence of float, limits of effort, in dB

    Returns
    -------
    DataFrame : channel, frequency_hz, asked_db (NaN without a curve), reach_db and as_modelled_db (within the design's own limits, of
        drivers that differ as a product line's, and as modelled), effort_0_db, effort_3_db, ... (of the product line, at these
        efforts); -inf where the other requirements do not hold together

    Examples
    --------
    >>> import designer
    >>> table = designer.reach("problems/laptop-pair.toml", [1000.0, 2000.0], efforts_db=[0, 12])
    >>> list(table.columns)  # doctest: +NORMALIZE_WHITESPACE
    ['channel', 'frequency_hz', 'asked_db', 'reach_db', 'as_modelled_db', 'effort_0_db', 'effort_12_db']
    >>> bool((table.effort_12_db >= table.effort_0_db).all())
    True

    """
    import pandas as pd

    loaded = job.problem_of(problem)
    whole, chosen_hz = scene(loaded), None if frequency_hz is None else np.asarray(frequency_hz, dtype=float)
    parts = []
    for design in loaded.designs:
        bound = reach_of(design, whole, chosen_hz, tuple(efforts_db))
        columns: dict[str, object] = {
            "channel": bound.name,
            "frequency_hz": bound.frequency_hz,
            "asked_db": np.nan if bound.required_db is None else bound.required_db,
            "reach_db": bound.product_line_db,
            "as_modelled_db": bound.bound_db,
        }
        columns |= {f"effort_{effort:g}_db": gain for effort, gain in zip(bound.effort_db, bound.gain_db, strict=True)}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)
