"""`designer.check`: a problem in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from designer.arguments import checked_arguments
from designer.problem import load
from designer.problem.checks import warnings
from designer.problem.driver_ways import ways_of
from designer.problem.explain import explain
from designer.problem.schema import Problem

if TYPE_CHECKING:
    from designer.job import Design


@dataclass(frozen=True, repr=False)
class Explanation:
    """A problem in words: printed, it shows them.

    Attributes
    ----------
    lines : tuple of str, how it was understood
    warnings : tuple of str, what is odd in it
    figures : tuple of Path, that were drawn

    """

    lines: tuple[str, ...]
    warnings: tuple[str, ...]
    figures: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        return "\n".join([*self.lines, *(f"warning: {warning}" for warning in self.warnings)])


@checked_arguments()
def check(
    problem: Problem | Design | str | Path,
    folder: str | Path | None = None,
    *,
    reach: bool = False,
    force: bool = False,
) -> Explanation:
    """Read and explain a problem.

    Parameters
    ----------
    problem : Problem, Design, str or Path, a problem, its file, a design or its folder
    folder : str, Path or None, where the layout and each measured set are drawn; None for nowhere
    reach : bool, tabulate the largest cancellation gain that each design can reach, in words
    force : bool, replace files of the folder that were edited since they were written

    Raises
    ------
    ProblemError : with every fault of the file
    DataError : a data file cannot be used
    UsageError, OutputError : the folder cannot be written

    Examples
    --------
    >>> import designer
    >>> explanation = designer.check("problems/laptop-pair.toml")
    >>> explanation.lines[1]
    'enclosure: free-field; 48000 Hz, 343 m/s'

    """
    checked = _problem_of(problem)
    lines = list(explained(checked, reach=reach))
    drawn: list[Path] = []
    if folder is not None:
        from designer.report.figures import write_problem

        drawn = write_problem(checked, Path(folder), with_reach=reach, force=force)
    texts = {kind: tuple(line for of_kind, line in lines if of_kind == kind) for kind in ("", "warning")}
    return Explanation(texts[""], texts["warning"], tuple(drawn))


def explained(
    problem: Problem, *, reach: bool = False, progress: Callable[[str], None] = lambda _: None
) -> Iterator[tuple[str, str]]:
    """Lines of `check`, each with its kind: "" or "warning"."""
    several_ways = any(len(ways_of(table, problem).ways) > 1 for table in problem.designs)
    if reach or several_ways or problem.data_files:
        from designer.acoustics.scene_of_problem import scene

        whole = scene(problem)
    if several_ways:
        from designer.evaluation.words import players

        yield from (("", line) for line in explain(problem, players(problem, whole)))
    else:
        yield from (("", line) for line in explain(problem))
    yield from (("warning", line) for line in warnings(problem))
    if problem.data_files:
        from designer.acoustics.measured.device import explain_device
        from designer.acoustics.measured.drivers import explain_drivers
        from designer.acoustics.measured.head_facts import explain_heads

        device = whole.measured_device
        heads = explain_heads(whole)
        drivers = explain_drivers(problem, whole.responses) if device is None else explain_device(device)
        yield from (("", line) for line in (*heads, *drivers))
        yield from (("warning", line) for line in whole.warnings)
    if reach:
        from designer.evaluation.reach_words import explain_reach, realised_misses
        from designer.job import design
        from designer.stereo.reachable_angle import explain_angle

        progress("designing what is required, and what is within reach")
        result = design(problem, progress=progress)
        lines = explain_reach(problem, whole, realised_misses(result.scalars), result.remedies)
        yield from (("", line) for line in (*lines, *explain_angle(problem, whole)))


def _problem_of(item: Problem | Design | str | Path) -> Problem:
    """As `designer.job.problem_of`, which takes longer to import than a file to explain."""
    if isinstance(item, str | Path) and Path(item).is_file():
        return load(item)
    from designer.job import problem_of

    return problem_of(item)
