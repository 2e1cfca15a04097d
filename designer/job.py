"""The pipeline: a problem to a design, a design to a folder, a folder to a design, and any coefficients judged in any scene."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from designer.acoustics.scene import Scene
from designer.arguments import checked_arguments
from designer.designs import ChannelDesign
from designer.designs.all_channels import Designer, all_channels
from designer.errors import EXIT_DONE, EXIT_INFEASIBLE, EXIT_MISSED, DataError, UsageError
from designer.evaluation import realisation_study
from designer.evaluation.realisation_study import ChannelStudy
from designer.evaluation.refinement import realize_judged
from designer.evaluation.scalars import costs_db
from designer.evaluation.short_look import promises_db
from designer.evaluation.words import verdict
from designer.export.latency import check_latency, excess_samples
from designer.export.limits import chosen_form, within_limits
from designer.export.of_design import check_targets
from designer.folders.read import read, read_problem
from designer.folders.write import Drawn, write
from designer.problem import load
from designer.problem.messages import shown
from designer.problem.schema import DesignTable, Problem
from designer.progress import listening
from designer.realization.remedies import remedy
from designer.report import notebook
from designer.requirements.slacks import SLACK_TOLERANCE_DB
from designer.result import Channel, Result, evaluate
from designer.stereo.placed_source import chain_outcome
from designer.stereo.with_chain import chain_judge, result_of
from designer.writing import sweep_stale

if TYPE_CHECKING:
    import pandas as pd

    from designer.report.canvas import Printed


__all__ = ["Design", "design", "evaluate", "open_folder", "studied", "study"]

SAME_TAPS = 1e-6
"""Difference of taps that are designed again, of the largest: another machine rounds otherwise."""


class Design(Result):
    """A designed problem that can be saved; made by `designer.design` or `designer.open`."""

    @property
    def status(self) -> int:
        """The exit code, of the stereo chain too: 4 where the limits forbid its angle or level, 7 where its filters miss them."""
        code = super().status
        if code in (EXIT_DONE, EXIT_MISSED) and chain_outcome(self).infeasible:
            return EXIT_INFEASIBLE
        return EXIT_MISSED if code == EXIT_DONE and chain_outcome(self).missed else code

    def __repr__(self) -> str:
        """At most 12 lines: title, status in words, each channel's gain and effort, form and latency."""
        return notebook.text(self)

    def _repr_html_(self) -> str:
        """Verdicts and gain figures, as a notebook shows them."""
        return notebook.html(self)

    @checked_arguments()
    def save(self, folder: str | Path, *, report: bool = True, force: bool = False, overlay: str | Path | Sequence[str | Path] = (),
             figures: Drawn = "core") -> Path:  # fmt: skip
        """Write the whole design folder: it appears whole or not at all.

        Parameters
        ----------
        report : bool, draw the figures and write the page too, which takes most of the time
        force : bool, replace files of an older design that were edited since
        overlay : str, Path, or sequence of these, design folders, and text files of frequency in Hz and level in dB, which the page
            lays over its figures
        figures : str, which figures it has as files: "all", "core" (the layout, and each channel's gain, response and polar plots) or
            "none"

        Raises
        ------
        UsageError : the folder holds files that this tool did not write, or that were edited; or other figures than these
        DataError : an overlay cannot be read
        OutputError : it cannot be written; what was there is as it was

        Examples
        --------
        >>> import designer, tempfile, pathlib
        >>> design = designer.design(designer.load("problems/laptop-pair.toml"))
        >>> with tempfile.TemporaryDirectory() as parent:
        ...     folder = design.save(pathlib.Path(parent) / "laptop")
        ...     sorted(path.name for path in folder.iterdir())  # doctest: +NORMALIZE_WHITESPACE
        ['coefficients.csv', 'designer-manifest.json', 'figures', 'filters.wav', 'metrics.csv', 'report.html', 'response.csv',
         'summary.json', 'weights.csv']

        """
        over = [overlay] if isinstance(overlay, str | Path) else overlay
        return write(self, Path(folder), report=report, force=force, overlay=over, drawn=figures)

    @checked_arguments()
    def figure(self, *names: str) -> Printed:
        """A figure, drawn by matplotlib.

        Parameters
        ----------
        names : str, a channel's name and a kind of figure, or a kind alone where it is of no channel

        Raises
        ------
        UsageError : there is none of this name; naming those that there are

        Examples
        --------
        >>> import designer
        >>> design = designer.design(designer.load("problems/laptop-pair.toml"))
        >>> design.figure("left", "gain").axes[0].get_ylabel()
        'Cancellation gain in dB'

        """
        from designer.report.figures import picture_named

        return picture_named(self, names).draw()


@checked_arguments()
def design(
    problem: Problem, *, progress: Callable[[str], None] | None = None, keep_going: bool = False,
    by: Designer | None = None,
) -> Design:  # fmt: skip
    """Design every channel of a problem and realise its filters.

    The formulation is solved on the design's frequencies and on those half way between, so that the taps have
    something to follow there; `weights` and the outcome are of the design's own frequencies.

    Parameters
    ----------
    problem : Problem, from `designer.load`
    progress : callable, optional, called with the name of each stage as it begins
    keep_going : bool, design the other channels where the solver stops at one; `failures` then says which and why, and `problem` is the
        problem without it
    by : callable or None, designs a channel (its table, the scene), as what keeps its answers; None for `designer.designs.design_channel`

    Raises
    ------
    SolverError : a solver ended without a certified answer; with `keep_going` only where it did for every channel
    DataError : a data file that the problem names cannot be used
    UsageError : an export target that the problem names cannot hold its filters
    ProblemError : a reference driver that the problem names is silent in the band, or a room without pyroomacoustics

    Examples
    --------
    >>> import designer
    >>> design = designer.design(designer.load("problems/laptop-pair.toml"))
    >>> design.status, design.drivers, design.taps["left"].shape
    (0, ('left', 'right'), (2, 512))

    """
    is_delay_stated = problem.realization.bulk_delay_samples is not None
    problem = within_limits(problem)
    check_targets(problem)
    seconds: dict[str, float] = {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        if progress:
            progress(name)
        begin = time.perf_counter()
        with listening(progress if name == "scene" else None):
            yield
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - begin

    fine, channels, failures = all_channels(problem, stage=stage, keep_going=keep_going, by=by)
    problem = fine.problem
    with stage("realisation"):
        run = partial(result_of, Design, channels, [_channel(channel.design, channel, fine) for channel in channels])
        choice, fine = chosen_form(channels, fine, None if problem.virtualizer is None else chain_judge(fine, run))
        problem = fine.problem
        realised, refinements = realize_judged(channels, fine, problem.realization)
    with stage("virtualisation") if problem.virtualizer is not None else nullcontext():
        result = run(fine, realised)
    late = excess_samples(result, problem.export.targets)
    delay, is_free = realised.bulk_delay_samples, choice is None and problem.realization.form == "fir"
    if 0 < late <= delay and is_free and not is_delay_stated:
        with stage("realisation"):  # the chain's wait is known now: the bulk delay leaves it room
            problem = problem.replace({"realization.bulk_delay_samples": delay - late})
            fine = replace(fine, problem=problem)
            realised, refinements = realize_judged(channels, fine, problem.realization)
            result = run(fine, realised)
    check_latency(result, problem.export.targets)
    names = [table.name for table in problem.designs]
    result = replace(
        result,
        seconds=seconds,
        study_source=lambda curves: realisation_study.study(channels, realised, fine, curves=curves),
        promises_source=cache(lambda: promises_db(channels, fine, realised, problem.realization)),
        failures=failures,
        refinements=refinements,
        choice=choice,
        scene=fine,
    )
    with stage("evaluation"):
        _ = result.evaluation, result.scalars
    missed = [n for n, name in enumerate(names) if channels[n].feasible and result.misses(name)]
    if missed:
        with stage("remedies"):
            for n in missed:
                result.remedies[names[n]] = choice.remedy if choice else remedy(channels[n], fine, problem.realization)
    if problem.room is not None:
        with stage("room"):
            _ = result.room
    return result


def _channel(table: DesignTable, solved: ChannelDesign, fine: Scene) -> Channel:
    """A channel's record; the outcome is judged on the design's own frequencies, every second of those solved."""
    inside = np.flatnonzero(solved.in_band)
    on_grid = inside % 2 == 0
    requirements = {**solved.slacks_db, **solved.excesses_db}
    slack = np.max([*(values[on_grid] for values in requirements.values()), np.zeros(int(on_grid.sum()))], axis=0)
    return Channel(
        table=table,
        method=solved.method,
        plain=solved.plain,
        plain_names=solved.plain_names,
        frequency_hz=solved.frequency_hz[inside],
        slacks_db=requirements,
        certificate=solved.solution.certificate,
        feasible=bool(slack.max() <= SLACK_TOLERANCE_DB),
        verdict=verdict(
            table,
            fine.problem.head_places,
            solved.frequency_hz[inside][on_grid],
            {requirement: values[on_grid] for requirement, values in solved.slacks_db.items()},
            {limit: values[on_grid] for limit, values in solved.excesses_db.items()},
            {limit: values[on_grid] for limit, values in solved.binding.items()},
            {requirement: values[on_grid] for requirement, values in solved.azimuths_deg.items()},
            solved.reachable_gain_db[on_grid],
            solved.out_of_reach[on_grid],
        ),
        weights_costs_db=costs_db(table, solved.weights, solved.plain, fine),
    )


@checked_arguments()
def open_folder(folder: str | Path) -> Design:
    """Read a design folder back.

    Raises
    ------
    DataError : the folder is not a design folder, or a file of it is missing or broken

    Examples
    --------
    >>> import designer, tempfile, pathlib
    >>> design = designer.design(designer.load("problems/laptop-pair.toml"))
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     again = designer.open(design.save(pathlib.Path(parent) / "laptop"))
    >>> bool((again.taps["left"] == design.taps["left"]).all())
    True

    """
    place = _at_its_place(folder)
    opened = Design(**read(place))
    return replace(
        opened, study_source=lambda curves: _studied_again(opened, place) if curves else opened.study_source(False)
    )


def design_of(item: Design | str | Path) -> Design:
    """A design, or that of a design folder; errors as `designer.open`."""
    return item if isinstance(item, Design) else open_folder(item)


def problem_of(item: Problem | Design | str | Path) -> Problem:
    """A problem, that of a design, of a design folder, or of a problem file.

    Raises
    ------
    DataError : nothing is there, or a folder that is no design folder
    ProblemError : with every fault of the file

    """
    if isinstance(item, Problem):
        return item
    if isinstance(item, Result):
        return item.problem
    place = _at_its_place(item)
    if not place.exists():
        raise DataError(f"{item}: no such file or folder; expected a design folder or a problem file")
    return read_problem(place) if place.is_dir() else load(item)


def _at_its_place(folder: str | Path) -> Path:
    """Its path; a kill between two moves may have left it beside its place."""
    place = Path(folder)
    if not place.exists():
        sweep_stale(place.absolute().parent)
    return place


def studied(design: Design) -> Design:
    """The design with its study over taps or sections, and over words, which `figures` and the page then show.

    Raises
    ------
    UsageError : its filters were read and not fitted
    DataError : it was opened from a folder, and this version designs other filters of its problem

    """
    if design.imported_from:
        raise UsageError(
            f"{design.imported_from}: got imported filters; expected a design, whose filters a study fits anew; run"
            " `designer design` on the problem"
        )
    whole = design.study_source(True)
    return replace(design, study_source=lambda curves: whole)


@checked_arguments()
def study(design: Design | str | Path) -> pd.DataFrame:
    """A design's cancellation gain over the length of its filters and of their words, each fitted anew.

    Parameters
    ----------
    design : Design, str or Path, a design or its folder; `designer study` adds it to the folder

    Returns
    -------
    DataFrame : channel, axis ("taps", "sections" or "bits"), value, way (how they are rounded; empty where they are not), median_db,
        fifth_percentile_db, worst_db

    Raises
    ------
    UsageError : its filters were read and not fitted
    DataError : this version designs other filters of its problem

    Examples
    --------
    >>> import designer
    >>> table = designer.study(designer.design(designer.load("problems/laptop-pair.toml")))
    >>> longest = table[table.axis == "taps"].groupby("channel").value.max()
    >>> int(longest["left"]) >= 512
    True

    """
    import pandas as pd

    anew = studied(design_of(design))
    rows = [
        {"channel": name, "axis": point.axis, "value": point.value, "way": point.way, **asdict(point.gains)}
        for name, channel in anew.study.items()
        for point in channel.curves
    ]
    return pd.DataFrame(rows)


def _studied_again(opened: Design, folder: Path) -> dict[str, ChannelStudy]:
    """The study of an opened design, of one that is made again: what its filters were fitted to is in no file."""
    again = design(opened.problem)
    for name, taps in opened.taps.items():
        if np.abs(again.taps[name] - taps).max() > SAME_TAPS * np.abs(taps).max():
            raise DataError(
                f"{folder}: got filters of {shown(name)} that this version does not design from the problem; expected the same filters,"
                " which a study fits anew; run `designer design` on the problem again"
            )
    return again.study_source(True)
